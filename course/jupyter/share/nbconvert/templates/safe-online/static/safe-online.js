// The page's own script: loaded before Voilà's, so that it can watch the connection Voilà opens.
(() => {
  "use strict";
  const byId = (id) => document.getElementById(id);
  const say = (text) => { const el = byId("lesson-status"); if (el) el.textContent = text; };
  let leaving = false;
  let tapped = 0;

  // Voilà calls this every ten seconds while a slow cell runs.
  window.voila_heartbeat = () => say("Still opening the lesson. Please wait.");

  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href]");
    if (!link) return;
    if (!/^https?:$/.test(link.protocol) || link.hasAttribute("download")) tapped = Date.now();
    if (link.classList.contains("leave") && !(event.ctrlKey || event.metaKey || event.shiftKey)) {
      event.preventDefault();
      document.body.hidden = true;         // at once, also on a slow line
      location.replace(link.href);         // the back button does not return to this page
    }
  }, true);

  // On "beforeunload" Voilà ends the lesson's kernel. Standing alone it sets no token for that request, and so
  // refuses it itself: the token is any text that the request and the cookie share, so the page may choose it.
  if (!/(^|; )_xsrf=/.test(document.cookie)) {
    const token = [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, "0")).join("");
    document.cookie = `_xsrf=${token}; path=/; SameSite=Strict`;
  }
  // A tap on a telephone, mail or download link says "beforeunload" too, yet the page stays:
  // someone who calls for help must not lose the quiz.
  window.addEventListener("beforeunload", (event) => {
    if (Date.now() - tapped < 2000) event.stopImmediatePropagation();
    else leaving = true;
  });
  window.addEventListener("pagehide", () => { leaving = true; });
  window.addEventListener("pageshow", () => { leaving = false; });

  // --- the connection to the kernel ------------------------------------------------------------
  let dead = false;
  const lost = (is) => {
    const box = byId("lesson-lost");
    if (!box || leaving || box.hidden === !is) return;
    box.hidden = !is;
    box.textContent = "";
    if (!is) return;
    const link = document.createElement("a");
    link.href = location.href.split("#")[0];
    link.textContent = "Reload the page";
    // Refilled after it is shown, or some screen readers stay silent.
    setTimeout(() => box.replaceChildren("The lesson has lost its connection. Answers marked as saved are safe. ", link, " to go on."), 50);
  };
  const check = async (kernel) => {
    try {
      const reply = await fetch(kernel, { cache: "no-store", credentials: "same-origin" });
      dead ||= reply.status === 404;       // anything else may mend: Voilà tries again by itself
      lost(dead || !reply.ok);
    } catch { lost(true); }
  };
  // Voilà keeps its connection to itself and says nothing when it ends.
  window.WebSocket = class extends window.WebSocket {
    constructor(...args) {
      super(...args);
      const kernel = /^ws(s?:.*\/api\/kernels\/[\w-]+)\/channels/.exec(String(args[0]));
      if (!kernel) return;
      this.addEventListener("open", () => { if (!dead) lost(false); });
      this.addEventListener("close", () => { if (!leaving) check("http" + kernel[1]); });
      this.addEventListener("message", ({ data }) => {
        // A kernel that fell over is started again empty: it answers, but knows no question.
        const text = typeof data === "string" ? data : data.byteLength < 4096 ? new TextDecoder().decode(data) : "";
        if (/"execution_state":\s*"(restarting|autorestarting|dead)"/.test(text)) { dead = true; lost(true); }
      });
    }
  };

  // --- once the text is there ------------------------------------------------------------------
  document.addEventListener("DOMContentLoaded", () => {
    // Only a table that really scrolls becomes a stop for the Tab key.
    const sized = new ResizeObserver((entries) => {
      for (const { target } of entries) {
        const wide = target.scrollWidth > target.clientWidth + 1;
        for (const [name, value] of [["tabindex", "0"], ["role", "group"], ["aria-label", "Table. Scroll sideways to read it all."]])
          wide ? target.setAttribute(name, value) : target.removeAttribute(name);
      }
    });
    for (const box of document.querySelectorAll(".scroll")) sized.observe(box);

    const slots = [...document.querySelectorAll(".slot")];
    const ready = () => slots.every((slot) => slot.querySelector(".lm-Widget *"));
    const done = () => { watch.disconnect(); clearTimeout(late); say("The lesson is open."); byId("lesson-status")?.classList.add("quiet"); };
    const watch = new MutationObserver(() => { if (ready()) done(); });
    const late = setTimeout(() => say("The questions did not open. You can read the text. Reload the page to try again."), 60000);
    if (ready()) done();
    else watch.observe(byId("lesson"), { childList: true, subtree: true });
  });
})();
