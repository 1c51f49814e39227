// What a learner's answers are, and how this browser keeps them. The form is that of the answers file, so what is kept
// can be saved, handed in and loaded again as it stands.

const KEY = "stay-safe-online";
const LARGEST_FILE = 256 * 1024; // bytes
const LONGEST_REPLY = 5000; // characters
const MOST_IDS = 10;
const FIRST = "-first"; // what the name of a quiz ends with that holds the first tries at practice items
const NATIONS = ["england", "wales", "scotland", "northern-ireland"];

const isId = matches(/^[a-z0-9-]{1,80}$/);
const isContent = matches(/^[0-9a-f]{8}$/);
const isCode = matches(/^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9_-])?$/); // whose answers, in a file handed in
const looksLikeTime = matches(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
// The marking leaves out a reply of nothing but these; what trim() takes for blank differs a little.
const isBlank = matches(/^[\t-\r\x1c- \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]*$/);

/** Something that is no answers file; the message says why in plain words. */
class AnswersError extends Error {}

/** The same answers, known to have the right form, and nothing else. Throws AnswersError. */
function formed(raw) {
  const fits = hasFields(raw, ["schema", "quizzes"], ["nation", "pupil"]) && isSchema(raw.schema)
    && (raw.nation == null || NATIONS.includes(raw.nation)) && (raw.pupil == null || isCode(raw.pupil))
    && isRecord(raw.quizzes) && Object.entries(raw.quizzes).every(([name, quiz]) => isId(name) && isQuiz(quiz));
  if (!fits) throw new AnswersError(t("This does not have the form of an answers file."));
  return {
    schema: 1,
    quizzes: each(raw.quizzes, ({ content, saved_at, responses }) => ({ content, saved_at, responses: each(responses, whole) })),
    ...raw.nation != null && { nation: raw.nation },
    ...raw.pupil != null && { pupil: raw.pupil },
  };
}

function isQuiz(quiz) {
  return hasFields(quiz, ["content", "saved_at", "responses"]) && isContent(quiz.content) && isTime(quiz.saved_at)
    && isRecord(quiz.responses) && Object.entries(quiz.responses).every(([id, response]) => isId(id) && isResponse(response));
}

function isResponse(response) {
  return Array.isArray(response)
    ? response.length <= MOST_IDS && response.every(isId)
    : typeof response === "string" && firstOf(response, LONGEST_REPLY) === response;
}

function isTime(text) {
  const time = looksLikeTime(text) ? new Date(text) : NaN;
  // Some browsers take 30 February for 2 March.
  return !isNaN(time) && text >= "0001" && time.toISOString() === text.replace("Z", ".000Z");
}

function isSchema(value) {
  return value === 1;
}

function matches(pattern) {
  return (value) => typeof value === "string" && pattern.test(value);
}

function isRecord(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function hasFields(value, needed, allowed = []) {
  return isRecord(value) && needed.every((name) => Object.hasOwn(value, name))
    && Object.keys(value).every((name) => needed.includes(name) || allowed.includes(name));
}

function each(record, change) {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]));
}

/** A lone half of an emoji has no UTF-8 form. */
function whole(response) {
  return typeof response === "string" ? response.replace(/\p{Surrogate}/gu, "?") : response;
}

/** The first `count` characters, an emoji counting as one. */
function firstOf(text, count) {
  return text.length > count ? [...text].slice(0, count).join("") : text;
}

/** An answers file's text: sorted, so that equal answers are equal bytes. */
function toJson(answers) {
  return `${written(answers, "\n")}\n`;
}

// JSON.stringify would put ids that are numbers first.
function written(value, line) {
  if (typeof value !== "object") return JSON.stringify(value);
  const inner = `${line} `;
  const [open, close] = Array.isArray(value) ? "[]" : "{}";
  const parts = Array.isArray(value)
    ? value.map((part) => written(part, inner))
    : Object.keys(value).sort().map((name) => `${JSON.stringify(name)}: ${written(value[name], inner)}`);
  return parts.length ? open + inner + parts.join(`,${inner}`) + line + close : open + close;
}

/** The part of `responses` that fits the items in `views`: known ids, right kinds. What no longer fits is left out. */
function fitting(views, responses) {
  const fits = views.map((view) => [view.id, fit(view, responses[view.id])]);
  return Object.fromEntries(fits.filter(([, response]) => response.length));
}

function fit(view, response) {
  if (view.kind === "reflection") {
    return typeof response === "string" && !isBlank(response) ? firstOf(response, LONGEST_REPLY) : "";
  }
  if (!Array.isArray(response)) return [];
  if (view.kind === "scenario") return walked(view.steps, response);
  const known = view.options.map(({ id }) => id);
  if (view.kind === "nation") {
    const fits = response.length === 2 && view.nations.some(({ id }) => id === response[0]) && known.includes(response[1]);
    return fits ? response : [];
  }
  const chosen = known.filter((id) => response.includes(id));
  // A step that is new or gone makes another question of it.
  if (view.kind === "order") return response.length === known.length && chosen.length === known.length ? response : [];
  return view.kind === "single" && chosen.length !== 1 ? [] : chosen;
}

/** The choices of a story as far as they lead from its first step. */
function walked(steps, response) {
  let here = steps[0];
  const end = response.findIndex((id) => {
    const choice = here?.choices.find((one) => one.id === id);
    here = choice && steps.find((step) => step.id === choice.to);
    return !choice;
  });
  return end < 0 ? response : response.slice(0, end);
}

/**
 * The answers this browser keeps. Before each write they are read again, so that two tabs do not undo each other. What
 * cannot be written stays with the page, is in what `open` returns, and goes along with the next write that succeeds.
 */
class Store {
  #storage;
  #clock;
  #unkept = []; // changes: answers -> answers
  #note = "";

  /** `storage` is the browser's localStorage, or undefined where even asking for it is refused. */
  constructor(storage, clock = () => new Date()) {
    this.#storage = storage;
    this.#clock = clock;
  }

  /** The answers, and a sentence for the learner ("" when all is well). Throws nothing. */
  open() {
    const { stored, trouble } = this.#read();
    const note = trouble && (trouble.atStart ?? trouble.message);
    return { answers: formed(inTurn(this.#unkept, stored)), note: note || this.#note };
  }

  /**
   * Keep for each quiz the `responses` to the items `changed`, and those not kept yet; what is kept of others stays.
   * Returns a sentence or "". Throws an Error for the learner to read when it is not kept beyond this page.
   */
  saveAll(content, quizzes) {
    const now = `${this.#clock().toISOString().slice(0, 19)}Z`;
    return this.change((answers) => {
      const made = { ...answers.quizzes };
      for (const [name, { responses, changed }] of Object.entries(quizzes)) {
        const kept = Object.hasOwn(made, name) ? Object.entries(made[name].responses) : [];
        const others = Object.fromEntries(kept.filter(([id]) => !changed.has(id)));
        made[name] = { content, saved_at: now, responses: { ...responses, ...others } };
      }
      return { ...answers, quizzes: made };
    });
  }

  /** Keep where the learner lives ("" forgets it). Returns and throws what `saveAll` does. */
  saveNation(nation) {
    return this.change((answers) => ({ ...answers, nation: nation || undefined }));
  }

  /** Forget everything, what was set aside too. Throws an Error for the learner to read. */
  clear() {
    this.#unkept = [];
    this.#note = "";
    try {
      const names = Array.from({ length: this.#storage.length }, (_, place) => this.#storage.key(place));
      const ours = names.filter((name) => name === KEY || name.startsWith(`${KEY}-damaged`));
      ours.forEach((name) => this.#storage.removeItem(name));
    } catch {
      throw new Error(t("This browser does not let this page clear anything. Clear this site in the settings of the browser."));
    }
  }

  /** Call `action` when another tab has changed what is kept. Returns a function that ends it. */
  follow(action) {
    const heard = ({ key }) => { if (key === KEY || key === null) action(); }; // null: all of this site was cleared
    window.addEventListener("storage", heard);
    return () => window.removeEventListener("storage", heard);
  }

  /** Do `change` (answers -> answers) to what is kept. Returns and throws what `saveAll` does. */
  change(change, tooLarge = () => t("Not saved: your answers together are larger than 256 KB. Shorten a long reply.")) {
    const { stored, trouble, note } = this.#read();
    const changes = [...this.#unkept, change];
    let text;
    try {
      text = toJson(formed(inTurn(changes, stored)));
    } catch { // a fault of ours: the learner must not be left to think that it was saved
      throw new Error(t("Not saved, through a fault in the course. What was saved before is safe."));
    }
    if (new TextEncoder().encode(text).length > LARGEST_FILE) throw new Error(tooLarge());
    this.#unkept = changes;
    if (trouble) throw trouble;
    try {
      this.#storage.setItem(KEY, text);
    } catch (error) {
      throw isFull(error) ? noRoom() : blocked();
    }
    this.#unkept = [];
    return note;
  }

  /** What is stored, or nothing and the trouble with it; and a note, if something was set aside now. Throws nothing. */
  #read() {
    const nothing = { schema: 1, quizzes: {} };
    let text;
    try {
      text = this.#storage.getItem(KEY);
    } catch {
      return { stored: nothing, trouble: blocked(), note: "" };
    }
    try {
      return { stored: text === null ? nothing : formed(JSON.parse(text)), note: "" };
    } catch {
      // A page of an older version may still be open, or come from a cache: it leaves alone what it cannot know.
      if (isLater(text)) return { stored: nothing, trouble: tooOld(), note: "" };
      try {
        return { stored: nothing, note: this.#setAside(text) };
      } catch (error) {
        return { stored: nothing, trouble: isFull(error) ? noRoom() : blocked(), note: "" };
      }
    }
  }

  #setAside(text) {
    let name = `${KEY}-damaged`;
    for (let number = 2; ![null, text].includes(this.#storage.getItem(name)); number++) name = `${KEY}-damaged-${number}`;
    this.#storage.setItem(name, text);
    this.#storage.removeItem(KEY);
    this.#note = t("The answers kept on this device could not be read. They are still there, unchanged, as {name}.", { name });
    return this.#note;
  }
}

function inTurn(changes, answers) {
  return changes.reduce((made, change) => change(made), answers);
}

function isLater(text) {
  try { return JSON.parse(text).schema > 1; } catch { return false; }
}

function isFull(error) {
  return /quota/i.test(error?.name);
}

function noRoom() {
  return new Error(t("Not saved: this browser has no room left. Make some, then answer again. Until then keep this page open."));
}

function tooOld() {
  return Object.assign(new Error(t("Not saved: this page is older than the answers on this device. Reload it.")),
    { atStart: t("This page is older than the answers on this device. Reload it.") });
}

function blocked() {
  return Object.assign(new Error(t("Not saved: this browser keeps nothing for this page. Your answers stay until you close it.")),
    { atStart: t("This browser keeps nothing for this page. Your answers stay until you close it.") });
}
