// Come back later: a review drawn across the lessons from what this browser keeps, and a calendar file that says when.
// To a page of the course both are slots that are finished here: the one needs the learner's answers, the other the day.

Object.assign(makers, { review: reviewQuiz, reminders: (slot) => reminders(slot) });

const REVIEW = "review-"; // what the name of a review begins with
const WEIGHTS = { wrong: 6, untried: 2, right: 1 }; // how likely an item is to come up, by what became of the first try

/**
 * The review of a slot as a practice quiz: `number` items of its pool. What was got wrong is three times as likely as
 * what was not tried yet, and six times as likely as what was got right. No lesson gives more than its even share and
 * one, and no review more than `stories`. What the learner has begun is in it. The same answers give the same review.
 */
function reviewQuiz(slot, answers) {
  const { name, title, content, number, stories } = slot;
  const pool = slot.pool.filter(({ view }) => view.kind !== "reflection"); // nobody is there to read it
  const tries = firstTries(answers.quizzes, name + FIRST);
  const begun = new Set([name, name + FIRST].flatMap((each) => Object.keys(answers.quizzes[each]?.responses ?? {})));
  const banks = new Set(pool.map(({ bank }) => bank)).size;
  const share = Math.ceil(number / Math.max(1, banks)) + 1;
  const given = {};
  let told = 0;
  const picked = [];
  // Weighted sampling without replacement, as by Efraimidis and Spirakis (2006), Inf. Process. Lett. 97.
  const keyed = pool.map(({ bank, draw, view }) =>
    ({ bank, draw, view, begun: begun.has(view.id), key: draw ** (1 / weightOf(view, tries)) }));
  for (const entry of keyed.sort((one, other) => other.begun - one.begun || other.key - one.key)) {
    const isStory = entry.view.kind === "scenario";
    const fits = (given[entry.bank] ?? 0) < share && !(isStory && told === stories);
    if (picked.length === number || !(entry.begun || fits)) continue;
    given[entry.bank] = (given[entry.bank] ?? 0) + 1;
    told += isStory;
    picked.push(entry);
  }
  const items = picked.sort((one, other) => one.draw - other.draw).map(({ view }) => view);
  return { quiz: { title, mode: "practice", items }, name, content };
}

/** The first response checked for each item. A try in a review, which comes later, counts before one in a lesson. */
function firstTries(quizzes, leftOut) {
  const rank = (name) => `${name.startsWith(REVIEW) ? 1 : 0} ${quizzes[name].saved_at}`;
  const names = Object.keys(quizzes).filter((name) => name.endsWith(FIRST) && name !== leftOut);
  names.sort((one, other) => rank(one) < rank(other) ? -1 : rank(one) > rank(other) ? 1 : 0);
  return Object.assign({}, ...names.map((name) => quizzes[name].responses));
}

function weightOf(view, tries) {
  const response = fitting([view], tries)[view.id];
  if (!response) return WEIGHTS.untried;
  return isRight(view, response) ? WEIGHTS.right : WEIGHTS.wrong;
}

/** Tell whether a response to a practice item, which fits it, would earn every point. */
function isRight(view, response) {
  if (view.kind === "order") return same(response, view.order);
  if (view.kind === "nation") {
    const [nation, id] = response;
    return view.options.find(({ nations }) => nations.includes(nation))?.id === id;
  }
  if (view.kind !== "scenario") return verdict(view, response) === "ok";
  let here = view.steps[0];
  return response.every((id) => {
    const choice = here.choices.find((one) => one.id === id);
    here = view.steps.find((step) => step.id === choice.to);
    return choice.worth === "best";
  }) && !here;
}

/** The calendar slot with its file, made today: a reminder for each of `slot.reminders`, counted from `today`. */
function reminders(slot, today = new Date()) {
  return { ...slot, quiz: { ...slot.quiz, text: calendarText(slot, today) } };
}

/** An iCalendar file (RFC 5545). */
function calendarText({ prodid, summary, reminders: all }, today) {
  const event = ({ description, ...gap }) => [
    "BEGIN:VEVENT",
    `UID:${uniqueId()}`, // two people may put theirs into one shared calendar
    `DTSTAMP:${compact(after(today, {}))}T000000Z`,
    `DTSTART;VALUE=DATE:${compact(after(today, gap))}`,
    `DTEND;VALUE=DATE:${compact(after(today, gap, 1))}`,
    `SUMMARY:${escaped(summary)}`,
    `DESCRIPTION:${escaped(description)}`,
    "TRANSP:TRANSPARENT", // the day stays free for other things
    "BEGIN:VALARM",
    "ACTION:DISPLAY",
    `DESCRIPTION:${escaped(summary)}`,
    "TRIGGER:PT18H",
    "END:VALARM",
    "END:VEVENT",
  ];
  const lines = ["BEGIN:VCALENDAR", "VERSION:2.0", `PRODID:${escaped(prodid)}`, ...all.flatMap(event), "END:VCALENDAR"];
  return lines.map((line) => `${folded(line)}\r\n`).join("");
}

/** The day so many months, weeks and days after `today`, as a date in UTC; of a month too short, its last day. */
function after(today, { months = 0, weeks = 0 }, days = 0) {
  const year = today.getFullYear();
  const month = today.getMonth() + months;
  const last = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  return new Date(Date.UTC(year, month, Math.min(today.getDate(), last) + 7 * weeks + days));
}

function compact(date) {
  return date.toISOString().slice(0, 10).replaceAll("-", "");
}

function escaped(text) {
  return text.replace(/[\\;,]/g, "\\$&").replace(/\r?\n/g, "\\n");
}

/** A line of at most 75 bytes; what is longer goes on in the next, after a space, and no character is torn. */
function folded(line) {
  let made = "";
  let length = 0;
  for (const letter of line) {
    const size = new TextEncoder().encode(letter).length;
    if (length + size > 75) {
      made += "\r\n ";
      length = 1;
    }
    made += letter;
    length += size;
  }
  return made;
}

/** `crypto.randomUUID` is not there on plain http. */
function uniqueId() {
  return crypto.randomUUID?.() ?? crypto.getRandomValues(new Uint32Array(4)).join("-");
}
