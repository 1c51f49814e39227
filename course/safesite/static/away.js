// The page without words, which stands in the tab's history where the course was. It goes on to the address each time
// it is shown. The address goes on top of it, which drops all that came after it. While a page loads, a browser would
// put the address in its place instead: so it waits.
window.addEventListener("pageshow", () => setTimeout(() => location.assign(document.documentElement.dataset.leave)));
