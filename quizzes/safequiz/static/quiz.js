// What a lesson lets the learner do, on the page: questions, a nation chooser, a checklist, a report finder, a
// calendar file. It uses only model.get, set, save_changes, on and off, so the same module runs in Jupyter and on
// a plain page. Nothing is loaded, all text goes in as text, and marks are made elsewhere.

const LATE = 8000; // ms without an answer from the kernel before the learner is told
const SPOKEN = 5000; // ms until what was read out is taken away again
const FEW = 3; // contacts the finder shows at once; more would push each other out of sight
const PAUSE = 600; // ms without another key press before what keys change is sent

/** A sentence, each `{name}` in it filled from `values`. Pages in another language have their own in its place. */
function t(text, values = {}) {
  return text.replace(/\{(\w+)\}/g, (hole, name) => values[name] ?? hole);
}

const words = {
  practice: () => t("Practice. Your choices are kept for you, and nobody marks them."),
  marked: () => t("Your answers are saved as you go. Nothing is sent from here."),
  choose: () => t("Choose an answer first."),
  saving: () => t("Saving…"),
  saved: () => t("Saved."),
  late: () =>
    t("Not saved yet. The course may have stopped. Keep this page open, and reload it only after copying what you wrote."),
  chose: () => t("You chose:"),
  checked: () => t("Checked:"),
  place: (number, all) => t("Question {number} of {all}", { number, all }),
  done: (done, all) => t("{done} of {all} done", { done, all }),
};

// A sign and a word, so that nothing hangs on colour.
const signs = { ok: ["✔", () => t("Yes.")], part: ["◐", () => t("Partly.")], no: ["✘", () => t("Not quite.")] };
const worths = { best: ["ok", () => t("Best choice.")], partly: ["part", signs.part[1]], risky: ["no", () => t("Risky.")] };

// A kind of question is one function of the item and of `at`, where it stands on the page. It returns its box, its
// value, how to show a value, the first thing to focus, what to say when nothing was chosen, and what to tell on Check.
const kinds = {
  single: choice, multiple: choice, spot: chat, order: sequence, scenario: story, nation: byNation, reflection: reply,
};
const modes = { practice: questions, marked: questions, nation: chooser, checklist, finder, calendar };

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

function button(label, action, attributes) {
  const made = h("button", { type: "button", ...attributes }, label);
  made.addEventListener("click", action);
  return made;
}

/** Options as rows, each of them one label. `value` is the list of ids chosen. */
function rowsOf(id, options, type = "radio") {
  const inputs = options.map((option, place) => h("input", { type, id: `${id}-${place}`, name: id, value: option.id }));
  return {
    inputs,
    rows: options.map((option, place) =>
      h("label", { class: "ssq-option", for: `${id}-${place}` }, inputs[place], h("span", null, option.text))),
    value: () => inputs.filter((input) => input.checked).map((input) => input.value),
    show: (value) => inputs.forEach((input) => { input.checked = Boolean(value?.includes(input.value)); }),
  };
}

function shuffled(options) {
  const mixed = [...options];
  for (let last = mixed.length - 1; last > 0; last--) {
    const other = Math.floor(Math.random() * (last + 1));
    [mixed[last], mixed[other]] = [mixed[other], mixed[last]];
  }
  return mixed;
}

const same = (one, other) => one.length === other.length && one.every((id, place) => id === other[place]);

/** "England, Wales and Scotland" */
const listed = (names) => names.length < 2 ? names.join()
  : t("{names} and {last}", { names: names.slice(0, -1).join(", "), last: names.at(-1) });

const named = (nations) => nations.map(({ id, name }) => ({ id, text: name }));

const language = () => document.documentElement.lang || "en";

const dated = (day) => new Date(day).toLocaleDateString(language() === "en" ? "en-GB" : [language(), "en-GB"],
  { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });

/** Let a screen reader read a new step once, and show it from its beginning however tall it is. */
function goTo(step, beginning = step) {
  step.focus({ preventScroll: true });
  beginning.scrollIntoView({ block: "nearest" });
}

/** Say in `region` what is missing, as a link to it. */
function refusal(region, text, target) {
  const link = h("a", { href: `#${target.id}` }, text);
  link.addEventListener("click", (event) => { event.preventDefault(); target.focus(); });
  region.className = "ssq-feedback ssq-missing";
  region.replaceChildren(h("p", null, link));
  link.focus();
}

function clear(region) {
  region.replaceChildren();
  region.className = "ssq-feedback";
}

function signed(tone, word = signs[tone][1]) {
  return h("p", { class: `ssq-verdict ssq-${tone}-word` }, h("span", { "aria-hidden": "true" }, `${signs[tone][0]} `), word());
}

/** `label` ends in a colon, which not every language writes alike. */
function labelled(label, text, attributes) {
  return h("p", attributes, h("b", null, `${label} `), text);
}

/** A text in quotation marks, of which it may have its own. */
const quoted = (text) => h("q", null, text.replace(/^"([^"]*)"$/, "$1"));

function reason(label, option) {
  return h("p", { class: "ssq-reason" }, `${label} `, quoted(option.text), " ", option.rationale);
}

function verdict(item, chosen) {
  const keys = item.options.filter((option) => option.key).map((option) => option.id);
  const hits = chosen.filter((id) => keys.includes(id)).length;
  if (hits === keys.length && chosen.length === keys.length) return "ok";
  return hits > 0 ? "part" : "no";
}

/** The reasons for what was chosen, then for what belongs to the key and was not. */
function reasons(item, chosen, labels) {
  const mine = item.options.filter((option) => chosen.includes(option.id));
  const missed = item.options.filter((option) => option.key && !chosen.includes(option.id));
  const missedLabel = mine.some((option) => option.key) ? labels.also : labels.better;
  return [...mine.map((option) => reason(labels.mine, option)), ...missed.map((option) => reason(missedLabel, option))];
}

/** The facts that an answer rests on, folded. They are put in when they are first shown: dates take a browser long. */
function sources(item) {
  if (!item.sources?.length) return null;
  const fold = h("details", { class: "ssq-sources" }, h("summary", null, t("Where this comes from")));
  return { fold, fill: () => fold.children.length > 1 || fold.append(h("ul", null, ...item.sources.map(source))) };
}

function source({ says, url, name, checked }) {
  const [before, after] = t("{source}, checked {date}", { date: dated(checked) }).split("{source}");
  return h("li", null, `${says} ${before}`, h("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, name), after);
}

function render({ model, el }) {
  const timers = new Set();
  const stops = [];
  const page = {
    model,
    quiz: model.get("quiz"),
    // Jupyter loads this module once per quiz, so counting would give every quiz of a page the same ids, and
    // a choice in one would undo the choice in another.
    uid: `ssq-${crypto.getRandomValues(new Uint32Array(2)).join("-")}`,
    later(action, ms) { const timer = setTimeout(() => { timers.delete(timer); action(); }, ms); timers.add(timer); return timer; },
    drop(timer) { clearTimeout(timer); timers.delete(timer); },
    /** Fill a live region so that the same words are read out again. */
    announce(region, ...children) { region.replaceChildren(); return page.later(() => region.replaceChildren(...children), 50); },
    listen(target, event, action) { target.addEventListener(event, action); stops.push(() => target.removeEventListener(event, action)); },
    follow(trait, action) { model.on(`change:${trait}`, action); stops.push(() => model.off(`change:${trait}`, action)); },
    atEnd(action) { stops.push(action); },
  };
  el.append(modes[page.quiz.mode](page));
  return () => {
    stops.forEach((stop) => stop());
    timers.forEach(clearTimeout);
  };
}

/** Put `action` off until nothing has changed for a while; `flush` does at once what is still to be done. */
function putOff({ later, drop }, action) {
  let timer;
  return { start, flush, waiting: () => timer !== undefined };

  function start() {
    drop(timer);
    timer = later(flush, PAUSE);
  }

  function flush() {
    if (timer === undefined) return;
    drop(timer);
    timer = undefined;
    action();
  }
}

/** A page that is closed, or a phone's tab that is put away, may never come back to send what was just changed. */
function beforeLeaving({ listen, atEnd }, flush) {
  listen(window, "pagehide", flush);
  listen(document, "visibilitychange", flush);
  atEnd(flush);
}

// A group, not a section: a page with eight quizzes would have eight landmarks of one name.
function frame({ quiz, uid }, ...parts) {
  return h("div", { role: "group", class: `ssq ssq-${quiz.mode}`, "aria-labelledby": `${uid}-title` },
    h("p", { class: "ssq-title", id: `${uid}-title` }, quiz.title), ...parts);
}

/**
 * The line at the foot, and the sending of what it tells about. `waiting` says whether more is yet to be sent, and
 * `unsaved` what the learner has chosen that cannot be sent as it stands.
 */
function saving({ model, later, drop, follow }, waiting = () => false, unsaved = () => "") {
  const status = h("p", { class: "ssq-status" });
  const spoken = h("p", { class: "ssq-spoken", role: "status" });
  let told; // what was read out last
  let sent = 0; // the last response this view sent, 0 before the first
  let lateTimer;
  follow("status", showStatus);
  showStatus();
  return { send, say, hint, foot: (...parts) => h("div", { class: "ssq-foot" }, ...parts, status, spoken) };

  function send(traits) {
    sent = (model.get("sent") ?? 0) + 1;
    for (const [name, value] of Object.entries({ ...traits, sent })) model.set(name, value);
    say(words.saving());
    lateTimer ??= later(tellLate, LATE); // not put off by more answers: without a kernel none of them is saved
    try { model.save_changes(); } catch { fail(words.late()); }
  }

  function tellLate() {
    lateTimer = undefined;
    fail(words.late());
  }

  function notLate() {
    drop(lateTimer);
    lateTimer = undefined;
  }

  function say(text, bad = false) {
    status.classList.toggle("ssq-bad", bad);
    if (status.textContent !== text) status.textContent = text;
    // "Saved." is read out once, and again after something else; more would drown the questions.
    if (text !== told && (bad || text.startsWith(words.saved()))) {
      spoken.textContent = told = text;
      later(() => spoken.replaceChildren(), SPOKEN); // heard by now; left there, it would be met twice
    }
  }

  /** Each time that something is not saved is read out. */
  function fail(text) {
    told = undefined;
    say(text, true);
  }

  /** Show a word of help, but never in the place of trouble. */
  function hint(text) {
    if (!status.classList.contains("ssq-bad")) say(text);
  }

  function showStatus() {
    const { sent: answered, saved, note } = model.get("status") ?? {};
    if (sent > 0) notLate(); // the kernel answers
    if (answered < sent) { lateTimer = later(tellLate, LATE); return; } // the newer one is still on its way
    if (waiting()) return; // more has been typed since
    if (sent > 0 && saved) {
      if (unsaved()) say(unsaved(), true);
      else say(note ? `${words.saved()} ${note}` : words.saved());
    } else if (note) fail(note);
  }
}

// --- questions ---------------------------------------------------------------------------------

function questions(page) {
  const { model, quiz, uid, follow } = page;
  const practice = quiz.mode === "practice";
  const progress = h("p", { class: "ssq-progress" });
  const cards = quiz.items.map(card);
  const keep = saving(page, () => cards.some((made) => made.waiting()), unsaved);
  showProgress();
  follow("response", restore);
  beforeLeaving(page, () => cards.forEach((made) => made.flush()));
  return frame(page,
    h("p", { class: "ssq-note" }, words[quiz.mode]()),
    ...cards.map((made) => made.box),
    keep.foot(practice ? null : progress));

  function unsaved() {
    const place = cards.findIndex((made) => made.unsaved());
    return place < 0 ? "" : t("Question {number}. {problem}", { number: place + 1, problem: cards[place].unsaved() });
  }

  function send(id, value) {
    const response = { ...model.get("response") };
    if (value.length) response[id] = value; else delete response[id];
    keep.send({ response });
    showProgress();
  }

  /** Keep what was thought before any reason was read, so that a later review knows where to begin. */
  function record(id, value) {
    const checked = model.get("checked") ?? {};
    if (!Object.hasOwn(checked, id)) keep.send({ checked: { ...checked, [id]: value } });
  }

  function showProgress() {
    const response = model.get("response") ?? {};
    const done = cards.filter((made) => made.done(response[made.id] ?? [])).length;
    progress.textContent = t("{done} of {all} answered", { done, all: cards.length });
  }

  function restore() {
    const response = model.get("response") ?? {};
    cards.forEach((made) => made.show(response[made.id]));
    showProgress();
  }

  function card(item, index) {
    const id = `${uid}-${index}`;
    const feedback = h("div", { class: "ssq-feedback", role: "status" });
    const from = practice ? sources(item) : null;
    let telling;
    const check = button(t("Check"), () => {
      const value = made.value();
      if (!value.length) return refuse();
      tell(value);
      if (!made.written) record(item.id, value);
    }, { class: "ssq-check" });
    const again = button(t("Try again"), () => {
      forget();
      if (!made.written) { made.show(undefined); send(item.id, []); }
      made.first().focus();
    }, { class: "ssq-again" });
    const at = {
      ...page, id, practice, forget, refuse, reveal,
      count: quiz.items.length > 1 ? h("span", { class: "ssq-count" }, words.place(index + 1, quiz.items.length)) : null,
      say: (text, bad) => keep.say(text, bad),
      hint: (text) => keep.hint(text),
      send: (value) => send(item.id, value),
      answer: (value) => { forget(); send(item.id, value); },
      record: (value) => record(item.id, value),
    };
    const made = {
      id: item.id, check: t("Check"), done: (value) => value.length > 0, mark: () => {},
      flush: () => {}, waiting: () => false, unsaved: () => "",
      ...kinds[item.kind](item, at),
    };
    if (practice && made.check) {
      check.textContent = made.check;
      made.box.append(h("div", { class: "ssq-buttons" }, check, again));
    }
    made.box.append(feedback, ...(from ? [from.fold] : []));
    forget();
    made.show(model.get("response")?.[item.id]);
    return made;

    function forget() {
      page.drop(telling);
      clear(feedback);
      made.mark([]);
      again.hidden = true;
      if (from) from.fold.hidden = true;
    }

    function reveal() {
      again.hidden = false;
      if (from) {
        from.fold.hidden = false;
        page.later(from.fill, 100); // after the verdict, which somebody waits for
      }
    }

    function refuse() {
      refusal(feedback, made.missing(), made.first());
    }

    function tell(value) {
      const [tone, ...parts] = made.tell(value);
      feedback.className = `ssq-feedback ssq-${tone}`;
      made.mark(value);
      reveal();
      telling = page.announce(feedback, ...parts);
    }
  }
}

/** The head of a question: its number, its stem and a hint. */
function head(item, at, hint) {
  return [at.count, h("span", { class: "ssq-stem" }, item.stem), hint ? h("span", { class: "ssq-hint" }, hint) : null];
}

/** Show on each row of `options` whether it is right, once there is an answer to judge. */
function markRows(rows, options, value, isKey) {
  rows.forEach((row, place) => {
    const right = isKey(options[place]);
    row.classList.toggle("ssq-is-key", value.length > 0 && right);
    row.classList.toggle("ssq-is-off", value.includes(options[place].id) && !right);
  });
}

function choice(item, at) {
  const many = item.kind === "multiple";
  const options = item.shuffle ? shuffled(item.options) : item.options;
  const { inputs, rows, value, show } = rowsOf(at.id, options, many ? "checkbox" : "radio");
  const box = h("fieldset", { class: "ssq-card" },
    h("legend", null, ...head(item, at, many && t("You may choose more than one."))), ...rows);
  box.addEventListener("change", () => at.answer(value()));
  return {
    box, value, show,
    first: () => inputs[0],
    missing: () => many ? t("Choose at least one answer first.") : words.choose(),
    mark: (chosen) => markRows(rows, options, chosen, (option) => option.key),
    tell(chosen) {
      const tone = verdict(item, chosen);
      return [tone, signed(tone),
        ...reasons(item, chosen, { mine: words.chose(), also: t("Also part of the answer:"), better: t("A better answer:") })];
    },
  };
}

function chat(item, at) {
  const senders = [...new Set(item.options.map((option) => option.by))];
  const tags = item.options.map(() => h("span", { class: "ssq-tag", "aria-hidden": "true" }));
  const lines = item.options.map((option, place) => button(null, () => {
    press(place, !pressed(place));
    at.answer(value());
  }, { class: "ssq-line", id: `${at.id}-${place}` }));
  lines.forEach((line, place) => {
    const { by, at: time, text } = item.options[place];
    line.append(h("span", { class: "ssq-by" }, `${[by, time].filter(Boolean).join(", ")}: `), tags[place], h("span", { class: "ssq-said" }, text));
    // Only two people talk from two sides; a profile, or a group of friends, is one column.
    if (senders.length === 2 && by === senders[1]) line.classList.add("ssq-line-right");
  });
  const pressed = (place) => lines[place].getAttribute("aria-pressed") === "true";
  const value = () => item.options.filter((_, place) => pressed(place)).map((option) => option.id);
  return {
    box: h("fieldset", { class: "ssq-card" },
      h("legend", null, ...head(item, at, t("You may mark more than one line."))),
      h("p", { class: "ssq-scene", id: `${at.id}-scene` }, item.scene),
      h("ol", { class: "ssq-chat", role: "list", "aria-labelledby": `${at.id}-scene` }, ...lines.map((line) => h("li", null, line)))),
    value,
    show: (marked) => lines.forEach((_, place) => press(place, Boolean(marked?.includes(item.options[place].id)))),
    first: () => lines[0],
    missing: () => t("Mark at least one line first."),
    mark: (marked) => markRows(lines, item.options, marked, (option) => option.key),
    tell(marked) {
      const tone = verdict(item, marked);
      return [tone, signed(tone),
        ...reasons(item, marked, { mine: t("You marked:"), also: t("Also one to mark:"), better: t("One to mark:") })];
    },
  };

  function press(place, on) {
    lines[place].setAttribute("aria-pressed", String(on));
    tags[place].textContent = on ? t("Marked") : t("Mark");
  }
}

function sequence(item, at) {
  const start = item.options.map((option) => option.id);
  const option = Object.fromEntries(item.options.map((step) => [step.id, step]));
  const spoken = h("p", { class: "ssq-spoken", role: "status" });
  const list = h("ol", { class: "ssq-order", role: "list" });
  const rows = Object.fromEntries(item.options.map((step, place) => [step.id, row(step, place)]));
  const now = () => [...list.children].map((child) => child.dataset.step);
  let quiet;
  let moved = false; // the order at the start is no answer
  let dragging = false;
  put(start);
  return {
    box: h("fieldset", { class: "ssq-card" },
      h("legend", null, ...head(item, at, t("Use Up and Down, or drag a step by its handle."))), list, spoken),
    value: () => moved ? now() : [],
    show(value) {
      if (dragging) return;
      const fits = value?.length === start.length && start.every((id) => value.includes(id));
      moved = fits;
      put(fits ? value : start);
    },
    first: () => list.querySelector("button:not([aria-disabled])"),
    missing: () => t("Move at least one step first."),
    mark(value) {
      now().forEach((id, place) => {
        const right = value.length > 0 && follows(value, place);
        rows[id].classList.toggle("ssq-follows", right);
        rows[id].classList.toggle("ssq-strays", value.length > 0 && !right);
        rows[id].querySelector(".ssq-place").textContent = value.length ? placeWords(right, place) : "";
      });
    },
    tell(value) {
      const pairs = value.slice(1).filter((_, place) => follows(value, place + 1)).length;
      const tone = same(value, item.order) ? "ok" : pairs > 0 ? "part" : "no";
      return [tone, signed(tone), h("p", null, t("The right order:")),
        h("ol", { class: "ssq-right-order" }, ...item.order.map((id) => h("li", null, quoted(option[id].text), " ", option[id].rationale)))];
    },
  };

  function row(step, place) {
    const grip = h("span", { class: "ssq-grip", "aria-hidden": "true" });
    const made = h("li", { class: "ssq-step" }, grip,
      h("span", { class: "ssq-step-text" }, step.text, h("span", { class: "ssq-place" })),
      h("span", { class: "ssq-moves" },
        button(t("↑ Up"), () => move(-1),
          { class: "ssq-again", id: `${at.id}-${place}-up`, "aria-label": t("Move up: {step}", { step: step.text }) }),
        button(t("↓ Down"), () => move(1),
          { class: "ssq-again", id: `${at.id}-${place}-down`, "aria-label": t("Move down: {step}", { step: step.text }) })));
    made.dataset.step = step.id;
    grip.addEventListener("pointerdown", drag);
    return made;

    function move(way) {
      if (!shift(made, way)) {
        return readOut(way < 0 ? t("This step is the first.") : t("This step is the last."));
      }
      done();
      made.scrollIntoView({ block: "nearest" });
    }

    function done() {
      moved = true;
      edges();
      at.answer(now());
      readOut(t("Step moved to {place} of {all}.", { place: now().indexOf(step.id) + 1, all: start.length }));
    }

    function drag(event) {
      if (!event.isPrimary || event.button !== 0 || dragging) return;
      event.preventDefault(); // or the text around would be selected
      const before = now();
      dragging = true;
      grip.setPointerCapture(event.pointerId);
      made.classList.add("ssq-dragged");
      grip.addEventListener("pointermove", over);
      for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) grip.addEventListener(end, drop);

      function over({ clientY }) {
        while (made.previousElementSibling && clientY < middle(made.previousElementSibling)) shift(made, -1);
        while (made.nextElementSibling && clientY > middle(made.nextElementSibling)) shift(made, 1);
        made.scrollIntoView({ block: "nearest" });
      }

      function drop({ type }) {
        grip.removeEventListener("pointermove", over);
        for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) grip.removeEventListener(end, drop);
        made.classList.remove("ssq-dragged");
        dragging = false;
        if (type === "pointercancel") put(before);
        else if (!same(before, now())) done();
      }
    }
  }

  function readOut(text) {
    at.announce(spoken, text);
    at.drop(quiet);
    quiet = at.later(() => spoken.replaceChildren(), SPOKEN);
  }

  function middle(element) {
    const { top, height } = element.getBoundingClientRect();
    return top + height / 2;
  }

  /** Move a row one place by moving its neighbour: the row itself keeps the focus, and the finger that drags it. */
  function shift(made, way) {
    const other = way < 0 ? made.previousElementSibling : made.nextElementSibling;
    if (!other) return false;
    if (way < 0) made.after(other); else made.before(other);
    return true;
  }

  function put(order) {
    if (!same(order, now())) list.replaceChildren(...order.map((id) => rows[id]));
    edges();
  }

  /** A button that is of no use now keeps its focus: it is called disabled, and does nothing. */
  function edges() {
    [...list.children].forEach((child, place) => {
      const [up, down] = child.querySelectorAll("button");
      for (const [made, off] of [[up, place === 0], [down, place === start.length - 1]]) {
        if (off) made.setAttribute("aria-disabled", "true"); else made.removeAttribute("aria-disabled");
      }
    });
  }

  function follows(value, place) {
    return item.order.indexOf(value[place]) === (place ? item.order.indexOf(value[place - 1]) + 1 : 0);
  }

  function placeWords(right, place) {
    if (place === 0) return right ? t("✔ Comes first") : t("✘ Does not come first");
    return right ? t("✔ Follows the step above") : t("✘ Does not follow the step above");
  }
}

function story(item, at) {
  const { steps } = item;
  const trail = h("ol", { class: "ssq-trail", "aria-label": t("What you chose") });
  const stage = h("div", { class: "ssq-stage" });
  const back = button(t("Go back one step"), () => move(path.slice(0, -1), path.at(-1)), { class: "ssq-again" });
  let path = [];
  let radios = draw();
  const unsaved = () => !at.practice && radios.inputs.some((input) => input.checked)
    ? t("Press Choose to go on. This choice is not saved yet.") : "";
  stage.addEventListener("change", () => {
    at.forget();
    if (unsaved()) at.hint(unsaved());
  });
  return {
    unsaved,
    box: h("div", { class: "ssq-card", role: "group", "aria-labelledby": `${at.id}-stem` },
      h("div", { class: "ssq-legend", id: `${at.id}-stem` }, ...head(item, at)), trail, stage),
    check: "", // the end of the story is the check
    value: () => path,
    done: (value) => walk(value).over,
    show(value) {
      const { taken } = walk(value ?? []);
      if (same(taken.map(({ choice }) => choice.id), path)) return;
      path = taken.map(({ choice }) => choice.id);
      radios = draw();
      at.forget();
      if (walk(path).over) at.reveal();
    },
    first: () => radios.inputs[0],
    missing: words.choose,
  };

  /** Follow a path as far as it leads: the decisions taken, and the step or the ending it comes to. */
  function walk(choices) {
    const taken = [];
    let step = steps[0];
    let ending;
    for (const id of choices) {
      const choice = step?.choices.find((one) => one.id === id);
      if (!choice) break;
      taken.push({ step, choice });
      step = steps.find((one) => one.id === choice.to);
      ending = item.endings?.find((one) => one.id === choice.to);
    }
    return { taken, step, ending, over: !step };
  }

  function move(next, before) {
    path = next;
    radios = draw(before);
    at.answer(path);
    const { over } = walk(path);
    if (over) { at.reveal(); if (at.practice) at.record(path); }
    goTo(stage.firstElementChild, stage.querySelector("legend") ?? stage.firstElementChild.firstElementChild);
  }

  function draw(before) {
    const { taken, step, ending, over } = walk(path);
    const reviewed = over && at.practice;
    trail.replaceChildren(...taken.map(({ choice }) => h("li", null, `${words.chose()} `, quoted(choice.text))));
    trail.hidden = taken.length === 0 || reviewed; // the review says it all again
    if (over) {
      const text = `${at.id}-end`;
      stage.replaceChildren(
        h("div", { role: "group", tabindex: "-1", "aria-labelledby": text },
          h("p", { class: "ssq-ending", id: text },
            at.practice ? ending?.text ?? "" : t("That is the end of the story. Your choices are saved."))),
        reviewed ? h("ol", { class: "ssq-review" }, ...taken.map(review)) : "",
        h("div", { class: "ssq-buttons" }, reviewed ? button(t("Try another way"), () => move([])) : "", back));
      return { inputs: [back] };
    }
    const { inputs, rows, value, show } = rowsOf(at.id, step.choices);
    show([before]);
    stage.replaceChildren(
      h("fieldset", { tabindex: "-1" }, h("legend", null, step.text), ...rows),
      h("div", { class: "ssq-buttons" },
        button(t("Choose"), () => value().length ? move([...path, ...value()]) : at.refuse()), taken.length ? back : ""));
    return { inputs };
  }

  function review({ step, choice }) {
    const [tone, word] = worths[choice.worth];
    const better = choice.worth === "best" ? null : step.choices.find((one) => one.worth === "best");
    return h("li", null, signed(tone, word), reason(words.chose(), choice),
      better ? reason(t("A better choice:"), better) : null);
  }
}

function byNation(item, at) {
  const options = item.shuffle ? shuffled(item.options) : item.options;
  const places = named(item.nations);
  const where = rowsOf(`${at.id}-where`, places);
  const what = rowsOf(at.id, options);
  const nameOf = (nation) => places.find(({ id }) => id === nation).text;
  const value = () => where.value().length && what.value().length ? [...where.value(), ...what.value()] : [];
  const box = h("fieldset", { class: "ssq-card" },
    h("legend", null, ...head(item, at)),
    group("where", t("Where do you live?"), h("div", { class: "ssq-row" }, ...where.rows)),
    group("what", t("Your answer for where you live"), ...what.rows));
  const unsaved = () => !at.practice && what.value().length && !where.value().length
    ? t("Choose where you live too. This answer is not saved yet.") : "";
  box.addEventListener("change", () => {
    at.forget();
    if (value().length) at.send(value());
    else if (unsaved()) at.say(unsaved(), true);
  });
  at.listen(document, "ssq-nation", () => {
    if (value().length) return;
    preset();
    if (value().length) at.answer(value());
  });
  return {
    box, value, unsaved,
    show(saved) {
      const half = !value().length && box.querySelector(":checked");
      if (half && !saved?.length) return; // it is not taken away when another answer is sent
      what.show(saved?.slice(1));
      if (saved?.length) where.show(saved);
      else if (!where.value().length) preset();
    },
    first: () => where.value().length ? what.inputs[0] : where.inputs[0],
    missing: () => where.value().length ? words.choose() : t("Choose where you live first."),
    mark: ([nation, ...chosen]) => markRows(what.rows, options, chosen, (option) => option.nations?.includes(nation)),
    tell([nation, id]) {
      const mine = item.options.find((option) => option.id === id);
      const right = item.options.find((option) => option.nations.includes(nation));
      const tone = mine === right ? "ok" : "no";
      return [tone, signed(tone), reason(words.chose(), mine), mine === right ? null : within(nameOf(nation), right),
        h("details", { class: "ssq-sources" }, h("summary", null, t("The other nations")), ...item.options.map((option) => {
          const nations = listed(option.nations.filter((other) => other !== nation).map(nameOf));
          if (!nations) return null;
          return option === right
            ? h("p", { class: "ssq-reason" }, t("In {nations}: the same.", { nations }))
            : within(nations, option);
        }))].filter(Boolean);
    },
  };

  function within(nations, option) {
    return reason(t("In {nations}:", { nations }), option);
  }

  function group(name, label, ...rows) {
    const id = `${at.id}-${name}-label`;
    return h("div", { role: "radiogroup", class: "ssq-sub", "aria-labelledby": id }, h("p", { class: "ssq-sub-label", id }, label), ...rows);
  }

  function preset() {
    where.show([nationOf(at.model)]);
  }
}

function reply(item, at) {
  const area = h("textarea", { id: `${at.id}-0`, rows: "5", maxlength: "5000" });
  const sending = putOff(at, () => at.send(area.value.trim() ? area.value : ""));
  area.addEventListener("input", () => {
    at.forget();
    at.say(words.saving());
    sending.start();
  });
  area.addEventListener("blur", sending.flush);
  // A browser brings only the caret into view, and the rest of the box may stay behind the foot.
  area.addEventListener("keyup", ({ key }) => { if (key === "Tab") area.scrollIntoView({ block: "nearest" }); });
  return {
    box: h("div", { class: "ssq-card" }, h("label", { class: "ssq-legend", for: `${at.id}-0` }, ...head(item, at)), area),
    check: t("Show a good reply"),
    written: true, // never cleared for the learner, never right or wrong
    first: () => area,
    missing: () => t("Write a few words first."),
    flush: sending.flush,
    waiting: sending.waiting,
    value: () => area.value.trim(),
    // What is being typed is never replaced by an older text on its way back.
    show: (value) => { if (!sending.waiting() && document.activeElement !== area) area.value = value ?? ""; },
    tell: () => ["ok", labelled(t("A good reply might hold this:"), item.rationale)],
  };
}

// --- the nation chooser ------------------------------------------------------------------------

/** The nation chosen on this page, or else the one remembered; "" for none. */
function nationOf(model) {
  return document.documentElement.dataset.ssqNation ?? model.get("nation") ?? "";
}

function chooser(page) {
  const { model, uid, quiz, listen, follow, atEnd } = page;
  // An arrow key chooses at every step on its way: the page shows each, and hears of the one where it stops.
  const sending = putOff(page, () => {
    tellPage(value()[0]);
    keep.send({ nation: value()[0] });
  });
  const keep = saving(page, sending.waiting);
  const { rows, value, show } = rowsOf(uid, [...named(quiz.nations), { id: "", text: t("Show all") }]);
  const box = h("fieldset", { class: "ssq-card" },
    h("legend", null, h("span", { class: "ssq-stem" }, quiz.title),
      h("span", { class: "ssq-hint" }, t("Law and helpers differ. Pages show your nation first."))),
    h("div", { class: "ssq-row" }, ...rows));
  box.addEventListener("change", () => {
    showOnly(value()[0]);
    keep.say(words.saving());
    sending.start();
  });
  box.addEventListener("focusout", ({ relatedTarget }) => { if (!box.contains(relatedTarget)) sending.flush(); });
  beforeLeaving(page, sending.flush);
  listen(document, "ssq-nation", () => show([nationOf(model)]));
  follow("nation", () => { if (model.get("nation") !== nationOf(model)) tellPage(model.get("nation")); });
  // Cells of a notebook are drawn one by one, and some of them again.
  const watch = new MutationObserver((changes) => changes.forEach(({ addedNodes }) => addedNodes.forEach(fold)));
  watch.observe(document.body, { childList: true, subtree: true });
  atEnd(() => watch.disconnect());
  show([nationOf(model)]);
  if (nationOf(model)) tellPage(nationOf(model));
  return h("div", { class: "ssq ssq-nation" }, box, keep.foot());

  function showOnly(nation) {
    document.documentElement.dataset.ssqNation = nation;
    fold(document.body);
  }

  function tellPage(nation) {
    showOnly(nation);
    document.dispatchEvent(new CustomEvent("ssq-nation", { detail: nation }));
  }

  function fold(node) {
    if (!(node instanceof Element)) return;
    const nation = nationOf(model);
    for (const block of [node, ...node.querySelectorAll("[data-nation]")]) {
      if (block.dataset.nation) block.open = !nation || block.dataset.nation.split(" ").includes(nation);
    }
  }
}

// --- the checklist -----------------------------------------------------------------------------

function checklist(page) {
  const { model, quiz, uid, follow } = page;
  const keep = saving(page);
  const progress = h("p", { class: "ssq-progress" });
  const groups = quiz.groups.map(group);
  const total = quiz.groups.reduce((sum, { rows }) => sum + rows.length, 0);
  follow("response", restore);
  restore();
  return frame(page, quiz.note ? h("p", { class: "ssq-note" }, quiz.note) : null, ...groups.map((made) => made.box), keep.foot(progress));

  function restore() {
    const response = model.get("response") ?? {};
    groups.forEach((made) => made.show(Object.keys(response)));
    progress.textContent = words.done(groups.reduce((sum, made) => sum + made.value().length, 0), total);
  }

  function group({ name, rows }, index) {
    const count = h("span", { class: "ssq-hint" });
    const { inputs, rows: labels, value, show } = rowsOf(`${uid}-${index}`, rows.map((row) => ({ id: row.id, text: nameOf(row) })), "checkbox");
    const box = h("details", { class: "ssq-card ssq-group", open: quiz.groups.length === 1 },
      h("summary", null, h("span", { class: "ssq-stem" }, name), " ", count),
      ...rows.map((row, place) => setting(row, labels[place], inputs[place])));
    box.addEventListener("change", ({ target }) => {
      const response = { ...model.get("response") };
      if (target.checked) response[target.value] = ["done"]; else delete response[target.value];
      keep.send({ response });
      restore();
    });
    return { box, value, show(ticked) { show(ticked); count.textContent = words.done(value().length, rows.length); } };
  }

  function nameOf({ name, set_to: to }) {
    return `${name}: ${to}`;
  }

  function setting(row, label, input) {
    const details = [
      [t("Where:"), row.where], [t("Why:"), row.why], [t("Under 18s:"), row.under_18],
      [words.checked(), row.checked && dated(row.checked)],
    ].filter(([, text]) => text).map(([label, text], place) => labelled(label, text, { id: `${input.id}-${place}` }));
    input.setAttribute("aria-describedby", details.map((detail) => detail.id).join(" "));
    return h("div", { class: "ssq-setting" }, label, ...details);
  }
}

// --- the report finder -------------------------------------------------------------------------

function finder(page) {
  const { model, quiz, uid, listen } = page;
  const { questions: asked } = quiz;
  let answers = asked.map(() => undefined); // the place of the option chosen, question by question
  const trail = h("ol", { class: "ssq-trail", "aria-label": t("Your answers") });
  const stage = h("div", { class: "ssq-stage" });
  const feedback = h("div", { class: "ssq-feedback", role: "status" });
  let place = 0; // the question on screen
  let resume; // where the learner was before they chose to change an answer
  draw();
  listen(document, "ssq-nation", () => {
    if (asked[place]?.id === "nation" && answers[place] === undefined) draw();
  });
  return frame(page,
    quiz.note ? h("p", { class: "ssq-note" }, quiz.note) : null,
    h("p", { class: "ssq-note" }, t("Your answers stay on this page and are not kept.")),
    h("div", { class: "ssq-card" }, trail, stage, feedback));

  function go(next) {
    place = next;
    draw();
    goTo(stage.querySelector("[tabindex]"), stage.querySelector("legend, h3"));
  }

  function draw() {
    clear(feedback);
    trail.replaceChildren(...asked.map(answered).filter(Boolean));
    trail.hidden = !trail.hasChildNodes();
    stage.replaceChildren(...(place < asked.length ? question(asked[place]) : found()));
  }

  function answered(question, number) {
    if (answers[number] === undefined || number === place) return null;
    return h("li", null, `${question.text} `, h("b", null, question.options[answers[number]].text), " ",
      button(t("Change"), () => { resume ??= place; go(number); },
        { class: "ssq-link", "aria-label": t("Change your answer: {question}", { question: question.text }) }));
  }

  function question({ id, text, hint, options }) {
    const { inputs, rows, value, show } = rowsOf(uid, options);
    const alarm = id === "danger" ? undefined : alarmOf(quiz, answers);
    const given = options[answers[place]]?.id;
    show([given ?? (id === "nation" ? nationOf(model) : undefined)]);
    const fields = h("fieldset", { tabindex: "-1" },
      h("legend", null,
        h("span", { class: "ssq-count" }, words.place(place + 1, asked.length)),
        h("span", { class: "ssq-stem" }, text), hint ? h("span", { class: "ssq-hint" }, hint) : null),
      ...rows);
    fields.addEventListener("change", () => { clear(feedback); take(); });
    return [
      // Nobody has to answer four more questions before they hear whom to ring.
      ...(alarm ? [
        warning(alarm),
        ...emergencyCards(quiz.orders[0].map((place) => quiz.ids[place])),
        h("p", null, t("When that is done, go on.")),
      ] : []),
      fields,
      h("div", { class: "ssq-buttons" },
        button(t("Next"), () => {
          if (!value().length) return refusal(feedback, words.choose(), inputs[0]);
          take(); // where the learner lives may have been chosen for them
          move(resume ?? place + 1);
        }),
        place > 0 ? button(t("Back"), () => move(place - 1), { class: "ssq-again" }) : ""),
      quiz.unsure ? h("p", { class: "ssq-hint ssq-unsure" }, quiz.unsure) : "",
    ];

    function take() {
      answers[place] = inputs.findIndex((input) => input.checked);
    }

    function move(next) {
      resume = undefined;
      go(next);
    }
  }

  function found() {
    const outcome = outcomeOf(quiz, answers);
    const made = advice(outcome);
    return [made, h("div", { class: "ssq-buttons" },
      button(t("Print"), () => printed(outcome.title, made)),
      button(t("Save as a file"), () => saved(outcome.title, made), { class: "ssq-again" }),
      button(t("Start again"), () => { answers = asked.map(() => undefined); go(0); }, { class: "ssq-again" }))];
  }

  function advice({ title, urgent, first, now, then, few, keep, never }) {
    const list = (heading, rows) => rows.length ? [h("h4", null, heading), h("ul", null, ...rows.map((row) => h("li", null, row)))] : [];
    return h("div", { class: "ssq-outcome" },
      h("h3", { tabindex: "-1" }, title),
      urgent ? warning(first) : labelled(t("First:"), first),
      ...emergencyCards(now),
      ...cards(then, few, (count) => t("More who can help: {count}", { count })),
      ...list(t("Keep"), keep),
      ...list(t("Leave alone"), never),
      h("p", { class: "ssq-hint" }, t("Shown on {date}.", { date: dated(Date.now()) })));
  }

  function emergencyCards(contacts) {
    return cards(contacts, 1, (count) => t("Other ways to reach them: {count}", { count }));
  }

  /** The first `few` of these contacts as cards, and the others folded. */
  function cards(contacts, few, label) {
    const made = contacts.map((id) => contact(quiz.contacts[id]));
    const list = (some) => h("ol", { class: "ssq-contacts", role: "list" }, ...some);
    return [
      made.length ? list(made.slice(0, few)) : "",
      made.length > few
        ? h("details", { class: "ssq-sources" }, h("summary", null, label(made.length - few)), list(made.slice(few)))
        : "",
    ];
  }

  function warning(text, ...more) {
    return h("div", { class: "ssq-urgent" },
      h("p", null, h("b", null, h("span", { "aria-hidden": "true" }, "! "), t("Urgent. Do this now."))),
      h("p", null, text), ...more);
  }

  /** A card says first what to do: who opens it frightened needs the number before the description. */
  function contact({ name, how, what_for: whatFor, not_for: notFor, hours, cost, checked, next, nations }) {
    const facts = [
      [t("For:"), whatFor], [t("Open:"), hours], [t("Cost:"), cost], [t("What happens next:"), next], [t("Not for:"), notFor],
      [words.checked(), checked && dated(checked)],
    ];
    return h("li", null, h("h4", null, name), nations ? h("p", { class: "ssq-hint" }, t("For {nations}", { nations })) : null,
      h("ul", { class: "ssq-ways", role: "list" }, ...how.map(way)),
      ...facts.filter(([, text]) => text).map(([label, text]) => labelled(label, text)));
  }

  function way({ label, value, href }) {
    const elsewhere = /^https?:/.test(href) ? { target: "_blank", rel: "noopener noreferrer" } : {};
    return h("li", null, label ? `${label}: ` : null, href ? h("a", { href, ...elsewhere }, value) : value);
  }
}

/**
 * Where the answers lead: `table` has a place in `outcomes` for each set of them but the one about danger, the first
 * question counting most. An outcome is places in `routes`, `texts` and `orders`. Danger puts the emergency, which is
 * the first of the routes and of the orders, in front of everything else.
 */
function outcomeOf({ questions: asked, table, outcomes, routes, texts, orders, ids, danger }, answers) {
  const counted = asked.map(({ id, options }, which) => ({ id, count: options.length, place: answers[which] }));
  const index = counted.reduce((number, { id, count, place }) => id === "danger" ? number : number * count + place, 0);
  const [route, first, order] = outcomes[table[index]];
  const alarm = alarmOf({ questions: asked, texts, danger }, answers);
  const now = alarm ? orders[0] : [];
  const all = (name) => (alarm ? [routes[0], routes[route]] : [routes[route]]).flatMap((part) => part[name]).map((place) => texts[place]);
  return {
    urgent: Boolean(alarm),
    title: texts[routes[route].title],
    first: alarm || texts[first],
    now: now.map((place) => ids[place]),
    then: orders[order].filter((place) => !now.includes(place)).map((place) => ids[place]),
    // With the nation not known, whom to tell in one nation must not fold away behind another's.
    few: asked.some(({ id, options }, which) => id === "nation" && options[answers[which]].id === "not-sure") ? 2 * FEW : FEW,
    keep: all("keep"),
    never: all("never"),
  };
}

/** What to do first, if someone is or may be in danger; or else nothing. */
function alarmOf({ questions: asked, texts, danger }, answers) {
  const which = asked.findIndex(({ id }) => id === "danger");
  return texts[danger[asked[which]?.options[answers[which]]?.id]];
}

/** A copy for paper or for keeping: no classes, no ids, nothing to press, addresses in full. */
function copyOf(content) {
  const copy = content.cloneNode(true);
  for (const element of [copy, ...copy.querySelectorAll("*")]) {
    for (const { name } of [...element.attributes]) if (name !== "href") element.removeAttribute(name);
    if (element.localName === "details") element.open = true;
  }
  for (const link of copy.querySelectorAll('a[href^="http"]')) {
    if (link.textContent !== link.href) link.after(` (${link.href})`);
  }
  return copy;
}

const PAPER = "margin: 2rem auto; max-width: 40rem; padding: 0 1rem; background: #fff; color: #000; font: 1rem/1.5 system-ui, sans-serif;";

function printed(title, content) {
  const sheet = window.open("", "_blank", "width=720,height=800");
  if (!sheet) { // pop-ups are blocked
    content.querySelectorAll("details").forEach((fold) => { fold.open = true; });
    window.print();
    return;
  }
  sheet.document.title = title;
  sheet.document.documentElement.lang = language();
  sheet.document.body.style.cssText = PAPER;
  sheet.document.body.append(sheet.document.importNode(copyOf(content), true));
  // Who leaves the course in a hurry must not leave this behind.
  const close = () => sheet.close();
  sheet.addEventListener("afterprint", close);
  window.addEventListener("pagehide", close, { once: true });
  sheet.focus();
  sheet.print();
}

function saved(title, content) {
  const sheet = document.implementation.createHTMLDocument(title);
  sheet.documentElement.lang = language();
  sheet.head.prepend(h("meta", { charset: "utf-8" }), h("meta", { name: "viewport", content: "width=device-width" }));
  sheet.body.style.cssText = PAPER;
  sheet.body.append(copyOf(content));
  const name = t("what-to-do"); // of the file
  saveFile(`${name}.html`, "text/html", `<!doctype html>\n${sheet.documentElement.outerHTML}\n`);
}

/** Hand `text` to the learner as a file at once. */
function saveFile(name, type, text) {
  const link = download(name, type, text);
  document.body.append(link); // on the page, so that the page can tell a download from leaving
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000); // some browsers read it only once the learner agrees
}

/** A link that hands `text` to the learner as a file. */
function download(name, type, text, label = "") {
  return h("a", { href: URL.createObjectURL(new Blob([text], { type: `${type};charset=utf-8` })), download: name }, label);
}

// --- the calendar file -------------------------------------------------------------------------

function calendar(page) {
  const { quiz, atEnd } = page;
  const link = download(quiz.file_name, "text/calendar", quiz.text, quiz.label);
  link.className = "ssq-button";
  atEnd(() => URL.revokeObjectURL(link.href));
  return frame(page, quiz.note ? h("p", { class: "ssq-note" }, quiz.note) : null, h("p", null, link));
}

export default { render };
