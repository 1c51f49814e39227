// Puts the questions on a page of the course, and does what every page can: be left at once, show its text larger,
// tell of a newer version, print whole. A file after this one may add to `makers` before anything is mounted, and
// use `data`, `store`, `atStart`, `models`, `follow` and `tell`.

const html = document.documentElement;
const siteTop = new URL(`${html.dataset.root ?? ""}.`, location.href); // the folder that all pages are in

// --- leaving -----------------------------------------------------------------------------------

const LEAVING = "stay-safe-online-leaving"; // in the tab's own storage, for the moment it goes back through its history
const PATIENCE = 700; // ms; then the address opens, whatever the browser has made of its history
const PRESSES = 5000; // ms in which Escape has to be pressed three times

const noticeBox = document.querySelector("#notice");
const pressMore = document.createElement("span");
let leftFor; // where the page has been left for
let presses = [];
let forget;

if (isLeaving()) goAway();
document.addEventListener("click", (event) => {
  const link = event.target.closest("a.leave");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  leave(link.href);
}, true);
document.addEventListener("keydown", countEscape, true);
window.addEventListener("pageshow", ({ persisted }) => {
  if (persisted && (leftFor || isLeaving())) goAway(); // a page that was put away runs nothing else when it comes back
});
// A browser forgets a page that it has put away and that is spoken to: none of ours shows for a moment on the way back.
let putAway;
try {
  putAway = new BroadcastChannel(LEAVING);
  putAway.addEventListener("message", () => {});
} catch { /* not there, or blocked */ }
markOurs();
window.navigation?.addEventListener("currententrychange", markOurs); // a link within the page makes an entry too

function countEscape({ key, repeat, isComposing, timeStamp }) {
  const link = document.querySelector("a.leave");
  if (key !== "Escape" || repeat || isComposing || !link) return;
  presses = [...presses.filter((earlier) => timeStamp - earlier < PRESSES), timeStamp];
  if (presses.length === 3) return leave(link.href);
  pressMore.textContent = presses.length === 1
    ? t("Press Escape twice more to leave this page.") : t("Press Escape once more to leave this page.");
  noticeBox?.append(pressMore);
  clearTimeout(forget);
  forget = setTimeout(() => pressMore.remove(), PRESSES);
}

/** Other pages of the same origin may not be of this course, and may not tell their address. */
function markOurs() {
  const entry = window.navigation?.currentEntry;
  if (entry && entry.getState()?.course !== siteTop.href) {
    window.navigation.updateCurrentEntry({ state: { ...entry.getState(), course: siteTop.href } });
  }
}

/** The first page of this course in the tab's history from which only pages of it lead here. */
function firstOfOurs() {
  const entries = window.navigation.entries();
  let place = window.navigation.currentEntry.index;
  while (entries[place - 1]?.getState()?.course === siteTop.href) place -= 1;
  return entries[place];
}

function leave(href) {
  hide(href);
  const { navigation } = window;
  if (!navigation?.currentEntry || location.protocol === "file:") return location.replace(href);
  const first = firstOfOurs();
  if (first.key !== navigation.currentEntry.key) goBack(first);
  else if (navigation.canGoForward) goAway();
  else location.replace(href);
}

function goBack(first) {
  try {
    sessionStorage.setItem(LEAVING, Date.now());
  } catch { // blocked: the first page would not know what to do
    return location.replace(leftFor);
  }
  putAway?.postMessage("");
  goAtLast();
  // Within one page nothing is loaded again that could go on.
  window.navigation.traverseTo(first.key).finished.then(goAway, () => {});
}

function isLeaving() {
  try { return Date.now() - sessionStorage.getItem(LEAVING) < PRESSES; } catch { return false; }
}

/** Put the page without words in the place of this one; it drops the pages of ours that come after. */
function goAway() {
  leaveNoMark();
  hide(leftFor ?? document.querySelector("a.leave").href);
  goAtLast();
  location.replace(new URL("away.html", siteTop));
}

function hide(href) {
  leftFor = href;
  html.hidden = true;
  document.title = new URL(href).hostname;
}

function goAtLast() {
  setTimeout(() => { leaveNoMark(); location.replace(leftFor); }, PATIENCE);
}

function leaveNoMark() {
  try { sessionStorage.removeItem(LEAVING); } catch { /* blocked */ }
}

// --- what the page holds -----------------------------------------------------------------------

const data = readData();

/**
 * The data, with what stands on the page itself put in: "~7" is the text of the marked element number 7, under the
 * name `url` its address, and "~" the one after that which was last under the same name.
 */
function readData() {
  const marked = document.querySelectorAll("[data-t]");
  const last = {};
  const made = JSON.parse(document.querySelector("#data").textContent, function (key, value) {
    if (typeof value !== "string" || !value.startsWith("~")) return value;
    const name = Array.isArray(this) ? "" : key;
    last[name] = value === "~" ? last[name] + 1 : Number(value.slice(1));
    const element = marked[last[name]];
    return name === "url" ? element.getAttribute("href") : element.textContent.trim().replace(/\s+/g, " ");
  });
  // Questions name their sources by number.
  const items = (made.slots ?? []).flatMap(({ quiz, pool }) => quiz?.items ?? pool?.map(({ view }) => view) ?? []);
  for (const item of items) item.sources &&= item.sources.map((place) => made.sources[place]);
  return made;
}

// --- larger text -------------------------------------------------------------------------------

const largerButton = button(t("Larger text"), () => showLarger(!isLarger()));
document.querySelector("#tools")?.append(largerButton);
document.addEventListener("click", ({ target }) => {
  const link = target.closest("a[href]");
  if (link && isLarger()) passSize(link); // also one that was made since
}, true);
showLarger(new URLSearchParams(location.search).get("text") === "large");

function isLarger() {
  return html.classList.contains("larger");
}

function showLarger(on) {
  html.classList.toggle("larger", on);
  largerButton.setAttribute("aria-pressed", String(on));
  const here = sized(location.href);
  if (here !== location.href) history.replaceState(history.state, "", here);
  for (const link of document.links) passSize(link);
}

function passSize(link) {
  const inPage = link.getAttribute("href").startsWith("#");
  if (inPage || !link.href.startsWith(siteTop.href) || !link.pathname.endsWith(".html")) return;
  const address = sized(link.href);
  if (address !== link.href) link.href = address;
}

function sized(address) {
  const url = new URL(address);
  if (isLarger()) url.searchParams.set("text", "large");
  else if (url.searchParams.has("text")) url.searchParams.delete("text");
  return url.href;
}

// --- what is kept, and the questions -----------------------------------------------------------

const store = new Store(deviceStorage());
const atStart = store.open();
const models = [];
const makers = {};
const waiting = [...(data.slots ?? []).entries()]; // slots that are still plain text

function deviceStorage() {
  try { return window.localStorage; } catch { return undefined; } // blocked
}

/** Do `action` with the answers whenever another page may have changed them. */
function follow(action) {
  store.follow(() => action(store.open().answers));
}

/** What quiz.js asks of a model, over plain values on the page. This one keeps nothing. */
class Model {
  #state;
  #heard = {};

  constructor({ quiz }, { answers, note }) {
    this.#state = { quiz, nation: answers.nation ?? "", response: {}, sent: 0, status: { sent: 0, saved: false, note } };
    this.nationKnown = this.get("nation");
  }

  get(name) { return this.#state[name]; }

  set(name, value) {
    this.#state[name] = value;
    this.#heard[`change:${name}`]?.forEach((action) => action());
  }

  on(event, action) { (this.#heard[event] ??= new Set()).add(action); }

  off(event, action) { this.#heard[event]?.delete(action); }

  save_changes() {
    let [saved, note] = [true, ""];
    try { note = this.save(); } catch (error) { [saved, note] = [false, error.message]; }
    this.set("status", { sent: this.get("sent"), saved, note });
  }

  save() { return ""; }

  follow({ nation = "" }) {
    if (nation === this.nationKnown) return; // one that could not be saved here stays
    this.nationKnown = nation;
    this.set("nation", nation);
  }
}

class NationModel extends Model {
  save() {
    const chosen = this.get("nation");
    const note = store.saveNation(this.get("quiz").nations.some(({ id }) => id === chosen) ? chosen : "");
    this.nationKnown = chosen;
    return note;
  }
}

class QuizModel extends Model {
  constructor(slot, kept) {
    super(slot, kept);
    const { quiz, name, content } = slot;
    this.content = content;
    this.views = viewsOf(quiz);
    this.names = quiz.mode === "practice" ? { response: name, checked: name + FIRST } : { response: name };
    this.known = {}; // what storage holds of this quiz, as far as this page knows
    for (const trait of Object.keys(this.names)) this.set(trait, this.known[trait] = this.held(trait, kept.answers));
  }

  held(trait, answers) {
    return fitting(this.views, answers.quizzes[this.names[trait]]?.responses ?? {});
  }

  save() {
    const kept = {};
    const known = {};
    for (const [trait, name] of Object.entries(this.names)) {
      const responses = known[trait] = fitting(this.views, this.get(trait));
      const first = trait === "checked";
      // A first try that another page has kept meanwhile stays: it was the first.
      const changed = first ? new Set() : differing(responses, this.known[trait]);
      if (!first || Object.keys(responses).length) kept[name] = { responses, changed };
    }
    const note = store.saveAll(this.content, kept);
    this.known = known;
    return note;
  }

  follow(answers) {
    super.follow(answers);
    for (const trait of Object.keys(this.names)) {
      const mine = fitting(this.views, this.get(trait));
      const now = this.held(trait, answers);
      const unsaved = differing(mine, this.known[trait]);
      this.known[trait] = { ...now };
      for (const id of unsaved) {
        if (mine[id]) now[id] = mine[id]; else delete now[id];
      }
      if (differing(mine, now).size) this.set(trait, now);
    }
  }
}

function viewsOf({ mode, items, groups }) {
  if (mode !== "checklist") return items;
  return groups.flatMap(({ rows }) => rows.map(({ id }) => ({ id, kind: "single", options: [{ id: "done" }] })));
}

function differing(one, other) {
  const ids = Object.keys({ ...one, ...other });
  return new Set(ids.filter((id) => JSON.stringify(one[id]) !== JSON.stringify(other[id])));
}

const modelOf = { practice: QuizModel, marked: QuizModel, checklist: QuizModel, nation: NationModel };

/** The first questions at once, and those further down one by one, so that a slow device takes a touch meanwhile. */
async function mountAll() {
  follow((answers) => models.forEach((model) => model.follow(answers)));
  // Somebody sent to a part further down must not see it move.
  while (waiting.length && (models.length < 2 || location.hash)) mountNext();
  for (; waiting.length; mountNext()) await new Promise((goOn) => { setTimeout(goOn); });
  html.classList.remove("opening");
}

function mountNext() {
  const [place, slot] = waiting.shift() ?? [];
  if (!slot) return; // printed meanwhile
  const box = document.querySelector(`[data-slot="${place}"]`);
  const kept = store.open();
  try {
    models[place] = mounted(makers[slot.make]?.(slot, kept.answers) ?? slot, kept, box);
  } catch (error) {
    console.error(error);
    box?.prepend(h("p", { class: "slot-failed" }, t("This part could not be opened. The text is still right.")));
  }
}

function mounted(slot, kept, box) {
  const model = new (modelOf[slot.quiz.mode] ?? Model)(slot, kept);
  const made = h("div");
  render({ model, el: made });
  box.replaceChildren(...made.childNodes);
  return model;
}

/** Fill a live region so that the same words are read out again. */
function tell(region, ...children) {
  region.replaceChildren();
  setTimeout(() => region.replaceChildren(...children), 50);
}

// --- a newer version, and paper ----------------------------------------------------------------

function followVersions() {
  if (!location.protocol.startsWith("http")) return;
  // On a page from a file it would be one more error in the console, and of no use.
  document.head.append(h("link", { rel: "manifest", href: new URL("manifest.webmanifest", siteTop).href }));
  const workers = navigator.serviceWorker;
  if (!workers) return;
  let controlled = Boolean(workers.controller);
  workers.addEventListener("controllerchange", () => {
    if (controlled) {
      noticeBox?.replaceChildren(h("span", null, t("This course has been updated.")), " ",
        button(t("Show the new version"), () => location.reload()));
    }
    controlled = true; // the first worker of all brings nothing new
  });
  const address = new URL("sw.js", siteTop).href;
  const policy = window.trustedTypes?.createPolicy("course", { createScriptURL: () => address });
  // Without it the page works as before, only not offline.
  workers.register(policy?.createScriptURL(address) ?? address, { updateViaCache: "none" }).catch(() => {});
}

function unfoldForPaper() {
  let opened = [];
  window.addEventListener("beforeprint", () => {
    while (waiting.length) mountNext();
    opened = [...document.querySelectorAll("main details:not([open])")];
    opened.forEach((fold) => { fold.open = true; });
  });
  window.addEventListener("afterprint", () => opened.forEach((fold) => { fold.open = false; }));
}

const contents = document.querySelector(".contents");
if (contents) contents.open = matchMedia("(min-width: 76rem)").matches; // beside the text there is room for it
unfoldForPaper();
window.addEventListener("load", followVersions);
queueMicrotask(mountAll); // after the file that may come next
