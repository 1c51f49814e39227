// The quiz on the page. It uses only model.get, set, save_changes, on and off, so the same module runs in
// Jupyter and on a plain page. Nothing is loaded, all text goes in as text, and marks are made elsewhere.

const LATE = 8000; // ms without an answer from the kernel before the learner is told
const SPOKEN = 5000; // ms until what was read out is taken away again
const PAUSE = 600; // ms without a key press before a written reply is sent

/** Make an element. Jupyter's one-key commands (x cuts a cell) must not reach what can take focus. */
function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  if (/^(input|button|textarea|a|summary)$/.test(tag) || element.hasAttribute("tabindex")) {
    element.setAttribute("data-lm-suppress-shortcuts", "true");
  }
  element.append(...children.filter((child) => child != null));
  return element;
}

/** Fill a live region so that the same words are read out again. Returns the timer. */
function announce(region, ...children) {
  region.replaceChildren();
  return setTimeout(() => region.replaceChildren(...children), 50);
}

const words = {
  practice: "Practice. Your choices are kept for you, and nobody marks them.",
  marked: "Your answers are saved as you go. Nothing is sent from here.",
  choose: "Choose an answer first.",
  chooseMany: "Choose at least one answer first.",
  write: "Write a few words first.",
  saving: "Saving…",
  saved: "Saved.",
  late: "Not saved yet. The course may have stopped. Keep this page open, and reload it only after copying what you wrote.",
};

function shuffled(options) {
  const mixed = [...options];
  for (let last = mixed.length - 1; last > 0; last--) {
    const other = Math.floor(Math.random() * (last + 1));
    [mixed[last], mixed[other]] = [mixed[other], mixed[last]];
  }
  return mixed;
}

function verdict(item, chosen) {
  const keys = item.options.filter((option) => option.key).map((option) => option.id);
  const hits = chosen.filter((id) => keys.includes(id)).length;
  if (hits === keys.length && chosen.length === keys.length) return ["ok", "✔", "Yes"];
  return hits > 0 ? ["part", "◐", "Partly"] : ["no", "✘", "Not quite"];
}

/** The reasons for what was chosen, then for what belongs to the key and was not. */
function reasons(item, chosen) {
  const mine = item.options.filter((option) => chosen.includes(option.id));
  const missed = item.options.filter((option) => option.key && !chosen.includes(option.id));
  const missedLabel = mine.some((option) => option.key) ? "Also part of the answer" : "A better answer";
  const row = (label) => (option) => h("p", { class: "ssq-reason" }, `${label}: `, h("q", null, option.text), " ", option.rationale);
  return [...mine.map(row("You chose")), ...missed.map(row(missedLabel))];
}

function sources(item) {
  if (!item.sources?.length) return null;
  return h("details", { class: "ssq-sources" },
    h("summary", null, "Where this comes from"),
    h("ul", null, ...item.sources.map((source) =>
      h("li", null, h("a", { href: source.url, target: "_blank", rel: "noopener noreferrer" }, source.name), ` (checked ${source.checked})`))));
}

function render({ model, el }) {
  const quiz = model.get("quiz");
  // Jupyter loads this module once per quiz, so counting would give every quiz of a page the same ids, and
  // a choice in one would undo the choice in another.
  const uid = `ssq-${crypto.getRandomValues(new Uint32Array(2)).join("-")}`;
  const practice = quiz.mode === "practice";
  const timers = new Set();
  const later = (action, ms) => { const timer = setTimeout(() => { timers.delete(timer); action(); }, ms); timers.add(timer); return timer; };
  let sent = 0; // the last response this view sent, 0 before the first
  let lateTimer;

  const status = h("p", { class: "ssq-status" });
  const spoken = h("p", { class: "ssq-spoken", role: "status" });
  let speakSaved = true; // "Saved." is read out once, and again after trouble; more would drown the questions
  const progress = h("p", { class: "ssq-progress" });
  const cards = quiz.items.map((item, index) => card(item, index));

  // A group, not a section: a page with eight quizzes would have eight landmarks of one name.
  const root = h("div", { role: "group", class: `ssq ssq-${practice ? "practice" : "marked"}`, "aria-labelledby": `${uid}-title` },
    h("p", { class: "ssq-title", id: `${uid}-title` }, quiz.title),
    h("p", { class: "ssq-note" }, practice ? words.practice : words.marked),
    ...cards.map((made) => made.element),
    h("div", { class: "ssq-foot" }, practice ? null : progress, status, spoken));
  el.append(root);
  showProgress();
  showStatus();

  model.on("change:status", showStatus);
  model.on("change:response", restore);
  // A page that is closed, or a phone's tab that is put away, may never come back to send what was just typed.
  window.addEventListener("pagehide", flush);
  document.addEventListener("visibilitychange", flush);
  return () => {
    model.off("change:status", showStatus);
    model.off("change:response", restore);
    window.removeEventListener("pagehide", flush);
    document.removeEventListener("visibilitychange", flush);
    flush();
    timers.forEach(clearTimeout);
  };

  function flush() {
    cards.forEach((made) => made.flush());
  }

  function send(id, value) {
    const response = { ...model.get("response") };
    if (value.length) response[id] = value; else delete response[id];
    sent = (model.get("sent") ?? 0) + 1;
    model.set("response", response);
    model.set("sent", sent);
    say(words.saving);
    lateTimer ??= later(tellLate, LATE); // not put off by more answers: without a kernel none of them is saved
    try { model.save_changes(); } catch { say(words.late, true); }
    showProgress();
  }

  function tellLate() {
    lateTimer = undefined;
    say(words.late, true);
  }

  function notLate() {
    clearTimeout(lateTimer);
    timers.delete(lateTimer);
    lateTimer = undefined;
  }

  function say(text, bad = false) {
    status.classList.toggle("ssq-bad", bad);
    if (status.textContent !== text) status.textContent = text;
    if (bad || (speakSaved && text.startsWith(words.saved))) {
      if (spoken.textContent !== text) spoken.textContent = text;
      later(() => spoken.replaceChildren(), SPOKEN); // heard by now; left there, it would be met twice
      speakSaved = bad;
    }
  }

  function showStatus() {
    const { sent: answered, saved, note } = model.get("status") ?? {};
    if (sent > 0) notLate(); // the kernel answers
    if (answered < sent) { lateTimer = later(tellLate, LATE); return; } // the newer one is still on its way
    if (cards.some((made) => made.waiting())) return; // more has been typed since
    if (sent > 0 && saved) say(note ? `${words.saved} ${note}` : words.saved);
    else if (note) say(note, true);
  }

  function showProgress() {
    const response = model.get("response") ?? {};
    const done = quiz.items.filter((item) => response[item.id]?.length).length;
    progress.textContent = `${done} of ${quiz.items.length} answered`;
  }

  function restore() {
    const response = model.get("response") ?? {};
    cards.forEach((made) => made.show(response[made.id]));
    showProgress();
  }

  function card(item, index) {
    const id = `${uid}-${index}`;
    const count = quiz.items.length > 1 ? h("span", { class: "ssq-count" }, `Question ${index + 1} of ${quiz.items.length}`) : null;
    const feedback = h("div", { class: "ssq-feedback", role: "status" });
    const from = practice ? sources(item) : null;
    if (from) from.hidden = true;
    const buttons = h("div", { class: "ssq-buttons" });
    const made = item.kind === "reflection" ? reply() : choice();
    if (practice) {
      const check = h("button", { type: "button", class: "ssq-check" }, item.kind === "reflection" ? "Show a good reply" : "Check");
      const again = h("button", { type: "button", class: "ssq-again", hidden: true }, "Try again");
      check.addEventListener("click", () => {
        const value = made.value();
        if (!value.length) return refuse();
        tell(value);
        again.hidden = false;
        if (from) from.hidden = false;
      });
      again.addEventListener("click", () => {
        forget();
        if (item.kind !== "reflection") { made.show(undefined); send(item.id, []); }
        made.first().focus();
      });
      made.changed = forget;
      buttons.append(check, again);
    }
    made.box.append(buttons, feedback, ...(from ? [from] : []));
    made.show(model.get("response")?.[item.id]);
    return { id: item.id, element: made.box, show: made.show, flush: made.flush, waiting: made.waiting };

    function forget() {
      feedback.replaceChildren();
      feedback.className = "ssq-feedback";
      made.mark([]);
      if (from) from.hidden = true;
      const again = buttons.querySelector(".ssq-again");
      if (again) again.hidden = true;
    }

    function refuse() {
      const text = { single: words.choose, multiple: words.chooseMany, reflection: words.write }[item.kind];
      const first = made.first();
      const link = h("a", { href: `#${first.id}` }, text);
      link.addEventListener("click", (event) => { event.preventDefault(); first.focus(); });
      feedback.className = "ssq-feedback ssq-missing";
      feedback.replaceChildren(h("p", null, link));
      link.focus();
    }

    function tell(value) {
      if (item.kind === "reflection") {
        feedback.className = "ssq-feedback ssq-ok";
        timers.add(announce(feedback, h("p", null, h("b", null, "A good reply might hold this: "), item.rationale)));
        return;
      }
      const [tone, sign, word] = verdict(item, value);
      feedback.className = `ssq-feedback ssq-${tone}`;
      made.mark(value);
      timers.add(announce(feedback,
        h("p", { class: "ssq-verdict" }, h("span", { "aria-hidden": "true" }, `${sign} `), `${word}.`),
        ...reasons(item, value)));
    }

    function choice() {
      const many = item.kind === "multiple";
      const options = item.shuffle ? shuffled(item.options) : item.options;
      const inputs = options.map((option, place) => h("input", {
        type: many ? "checkbox" : "radio", id: `${id}-${place}`, name: id, value: option.id,
      }));
      const rows = options.map((option, place) =>
        h("label", { class: "ssq-option", for: `${id}-${place}` }, inputs[place], h("span", null, option.text)));
      const box = h("fieldset", { class: "ssq-card" },
        h("legend", null, count, h("span", { class: "ssq-stem" }, item.stem), many ? h("span", { class: "ssq-hint" }, "You may choose more than one.") : null),
        ...rows);
      const made = {
        box,
        changed: () => {},
        first: () => inputs[0],
        flush: () => {},
        waiting: () => false,
        value: () => inputs.filter((input) => input.checked).map((input) => input.value),
        show: (value) => inputs.forEach((input) => { input.checked = Boolean(value?.includes(input.value)); }),
        mark: (value) => rows.forEach((row, place) => {
          const option = options[place];
          row.classList.toggle("ssq-is-key", value.length > 0 && option.key);
          row.classList.toggle("ssq-is-off", value.includes(option.id) && !option.key);
        }),
      };
      box.addEventListener("change", () => { made.changed(); send(item.id, made.value()); });
      return made;
    }

    function reply() {
      const area = h("textarea", { id: `${id}-0`, rows: "5", maxlength: "5000" });
      let waiting;
      const flush = () => {
        if (!waiting) return;
        clearTimeout(waiting); timers.delete(waiting); waiting = undefined;
        send(item.id, area.value.trim() ? area.value : "");
      };
      const box = h("div", { class: "ssq-card" },
        h("label", { class: "ssq-legend", for: `${id}-0` }, count, h("span", { class: "ssq-stem" }, item.stem)), area);
      const made = {
        box,
        changed: () => {},
        first: () => area,
        flush,
        waiting: () => waiting !== undefined,
        value: () => area.value.trim(),
        // What is being typed is never replaced by an older text on its way back.
        show: (value) => { if (!waiting && document.activeElement !== area) area.value = value ?? ""; },
        mark: () => {},
      };
      area.addEventListener("input", () => {
        made.changed();
        clearTimeout(waiting);
        say(words.saving);
        waiting = later(flush, PAUSE);
      });
      area.addEventListener("blur", flush);
      return made;
    }
  }
}

export default { render };
