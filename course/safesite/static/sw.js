// Keeps the whole course on the device, so that it opens without a connection. A version is stored whole or not at all.

const FILES = __FILES__;
// Other courses may share this origin: only caches of this folder are ours. No address holds a space.
const OURS = `stay-safe-online-${registration.scope} `;
const CACHE = `${OURS}__VERSION__`;

addEventListener("install", (event) => {
  event.waitUntil(keepAll());
  skipWaiting();
});
addEventListener("activate", (event) => event.waitUntil(takeOver()));
addEventListener("fetch", (event) => {
  const { method, url } = event.request;
  if (method === "GET" && new URL(url).origin === location.origin) event.respondWith(answer(event.request));
});

async function keepAll() {
  const responses = await Promise.all(FILES.map(fetched));
  const cache = await caches.open(CACHE);
  await Promise.all(responses.map((response, place) => cache.put(FILES[place], response)));
}

async function fetched(path) {
  const response = await fetch(path, { cache: "no-cache" });
  const missing = path === "404.html" && response.status === 404; // as a host may well answer for it
  if (!response.ok && !missing) throw new Error(`${path}: ${response.status}`);
  // No browser opens a page from a redirected response, which is how some hosts answer "lesson.html".
  return response.redirected || missing ? new Response(response.body, { headers: response.headers }) : response;
}

async function takeOver() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith(OURS) && name !== CACHE).map((name) => caches.delete(name)));
  await clients.claim();
}

async function answer(request) {
  const cache = await caches.open(CACHE).catch(() => undefined); // without it the course is still there online
  const find = (path) => cache?.match(path, { ignoreSearch: true, ignoreVary: true });
  const { pathname } = new URL(request.url);
  // Some hosts leave "index.html" out of an address, and some ".html".
  const kept = await find(pathname) ?? await find(`${pathname}${pathname.endsWith("/") ? "index" : ""}.html`);
  if (kept) return kept;
  try {
    return await fetch(request);
  } catch (error) {
    const lost = request.mode === "navigate" ? await find("404.html") : undefined;
    if (lost) return lost;
    throw error;
  }
}
