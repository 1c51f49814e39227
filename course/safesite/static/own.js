// The pages about the learner's own: what has been tried (home), what is kept on this device (answers), the family
// plan and the certificate. All of it is made here from what is kept here.

const NEXT = 2; // settings still to make that the plan shows of an app: more would be a list, and no plan
const site = data.site;
const ownPages = { home, answers: keptHere, plan, certificate };

queueMicrotask(() => ownPages[html.dataset.page]?.());

/** Of these items, how many have a response kept under one of the names. */
function counted(answers, items, ...names) {
  return items.filter((id) => names.some((name) => Object.hasOwn(answers.quizzes[name]?.responses ?? {}, id))).length;
}

/** A question tried again and left open was still tried: its first try is kept. */
function tried(answers, { practice: { name, items } }) {
  return counted(answers, items, name, name + FIRST);
}

function fill(id, title, ...parts) {
  const section = document.querySelector(`#${id}`);
  section.setAttribute("aria-labelledby", `${id}-title`);
  section.replaceChildren(h("h2", { id: `${id}-title` }, title), h("div", { class: "ssq" }, ...parts));
}

function today() {
  const now = new Date();
  return dated(Date.UTC(now.getFullYear(), now.getMonth(), now.getDate())); // the day here, not in Greenwich
}

const printButton = () => h("div", { class: "ssq-buttons no-print" }, button(t("Print"), () => window.print()));

// --- home --------------------------------------------------------------------------------------

function home() {
  show(atStart.answers);
  follow(show);

  function show(answers) {
    for (const place of document.querySelectorAll("[data-lesson]")) {
      const lesson = site.lessons.find(({ id }) => id === place.dataset.lesson);
      const done = lesson ? tried(answers, lesson) : 0;
      place.textContent = done ? t("{done} of {all} questions tried", { done, all: lesson.practice.items.length }) : "";
    }
  }
}

// --- your answers ------------------------------------------------------------------------------

function keptHere() {
  const list = h("div");
  const region = h("div", { class: "ssq-feedback", role: "status" });
  fill("kept", t("What is kept on this device"), atStart.note ? h("p", { class: "ssq-bad" }, atStart.note) : null, list);
  fill("keep", t("Keep, move or clear it"), ...saving(), ...loading(), ...clearing(), region);
  show(atStart.answers);
  follow(show);

  function show(answers) {
    const groups = summary(answers);
    list.replaceChildren(...groups.length ? groups : [h("p", null, t("Nothing is kept on this device yet."))]);
  }

  function say(tone, ...texts) {
    region.className = `ssq-feedback ssq-${tone}`;
    tell(region, ...texts.map((text) => h("p", null, text)));
  }

  function saving() {
    return [
      h("h3", null, t("Save to a file")),
      h("p", null, t("The file holds all your answers. Keep it safe: whoever has it can read them.")),
      h("div", { class: "ssq-buttons" }, button(t("Save my answers as a file"), () => {
        saveFile("my-answers.json", "application/json", toJson(store.open().answers));
        say("ok", t("Saved as {file}, in the downloads folder of this device.", { file: "my-answers.json" }));
      })),
    ];
  }

  function loading() {
    const input = h("input", { type: "file", id: "load", class: "field", accept: ".json,application/json" });
    input.addEventListener("change", async () => {
      const [file] = input.files;
      if (!file) return;
      try {
        say("ok", await load(file));
      } catch (error) {
        say("missing", t("Nothing was loaded from {file}.", { file: file.name }), error.message);
      }
      input.value = ""; // so that the same file can be chosen again
    });
    return [
      h("h3", null, t("Load from a file")),
      h("label", { for: "load" }, t("Answers file, such as my-answers.json")),
      h("p", { class: "ssq-hint", id: "load-hint" },
        t("What is kept here stays. Of two answers to one question, the later one counts.")),
      describedBy(input, "load-hint"),
    ];
  }

  async function load(file) {
    const unreadable = () => { throw new Error(t("This file could not be read.")); };
    const bytes = await file.slice(0, LARGEST_FILE + 1).arrayBuffer().catch(unreadable);
    const note = merge(store, parseAnswers(new Uint8Array(bytes)));
    show(store.open().answers);
    return note || t("The answers in {file} are now on this device too.", { file: file.name });
  }

  function clearing() {
    const box = h("div", { class: "own-clear" });
    const ask = button(t("Clear everything on this device"), () => {
      clear(region);
      const question = h("p", { tabindex: "-1" }, t("Clear all answers, ticks and where you live? This cannot be undone."));
      box.replaceChildren(question, h("div", { class: "ssq-buttons" },
        button(t("Yes, clear everything"), clearAll), button(t("Cancel"), back, { class: "ssq-again" })));
      question.focus();
    });
    back();
    return [
      h("h3", null, t("Clear")),
      h("p", null, t("On a device that others use, save a file if you want one, and then clear.")),
      box,
    ];

    function back(event) {
      box.replaceChildren(h("div", { class: "ssq-buttons" }, ask));
      if (event) ask.focus();
    }

    function clearAll(event) {
      back(event);
      try {
        store.clear();
        say("ok", t("Everything has been cleared from this device."));
      } catch (error) {
        say("missing", error.message);
      }
      show(store.open().answers);
    }
  }
}

function describedBy(element, id) {
  element.setAttribute("aria-describedby", id);
  return element;
}

/** What is kept, lesson by lesson, in words and counts; nothing that is there is left out. */
function summary(answers) {
  const left = new Set(Object.keys(answers.quizzes));
  const take = (...names) => names.forEach((name) => left.delete(name));
  const countAll = (...names) => new Set(names.flatMap((name) => Object.keys(answers.quizzes[name]?.responses ?? {}))).size;
  const groups = [];
  for (const lesson of site.lessons) {
    const lines = [];
    const { name, items } = lesson.practice;
    const done = tried(answers, lesson);
    if (done) lines.push(t("Practice questions tried: {done} of {all}", { done, all: items.length }));
    take(name, name + FIRST);
    for (const quiz of lesson.marked) {
      const answered = counted(answers, quiz.items, quiz.name);
      const values = { title: quiz.title, done: answered, all: quiz.items.length };
      if (answered) lines.push(t("Quiz “{title}”: {done} of {all} answered", values));
      take(quiz.name);
    }
    group(lesson, lines);
  }
  for (const review of site.reviews) {
    const done = countAll(review.name, review.name + FIRST);
    take(review.name, review.name + FIRST);
    group(review, done ? [t("Questions tried: {done}", { done })] : []);
  }
  const rest = [];
  const ticks = countAll("checklist");
  take("checklist");
  if (ticks) rest.push(t("Settings ticked: {done}", { done: ticks }));
  if (answers.nation) rest.push(t("Where you live: {nation}", { nation: nationNames()[answers.nation] }));
  const others = [...left].reduce((sum, name) => sum + countAll(name), 0);
  if (others) rest.push(t("Answers to questions that are no longer here: {done}", { done: others }));
  if (rest.length) groups.push(h("h3", null, t("Also kept")), listOf(rest));
  return groups;

  function group({ title, url }, lines) {
    if (lines.length) groups.push(h("h3", null, h("a", { href: url }, title)), listOf(lines));
  }
}

const listOf = (lines) => h("ul", null, ...lines.map((line) => h("li", null, line)));

function nationNames() {
  return { england: t("England"), wales: t("Wales"), scotland: t("Scotland"), "northern-ireland": t("Northern Ireland") };
}

// --- the family plan ---------------------------------------------------------------------------

function plan() {
  show(atStart.answers);
  follow(show);

  function show(answers) {
    const ticked = answers.quizzes.checklist?.responses ?? {};
    const isDone = ({ id }) => Object.hasOwn(ticked, id);
    const begun = site.settings.filter(({ rows }) => rows.some(isDone));
    fill("plan", t("What we have agreed"), ...(begun.length ? [] : nothingYet()), sheet(begun, isDone), printButton());
  }

  function sheet(apps, isDone) {
    const settings = (title, wanted, most) => {
      const left = apps.map(({ name, rows }) => ({ name, rows: rows.filter(wanted).slice(0, most) }));
      const some = left.filter(({ rows }) => rows.length);
      return some.length ? [h("h3", null, title), ...some.map(group)] : [];
    };
    return h("div", { class: "sheet" },
      h("h3", null, t("If something feels wrong, we tell")),
      h("p", null, t("Nobody is in trouble for telling. It is the other person's fault.")),
      line(t("A grown-up I can always tell:")), line(t("Someone at school:")),
      h("ul", null, ...site.help.map(({ name, value, href }) => h("li", null, `${name}: `, h("a", { href }, value)))),
      ...settings(t("We have set"), isDone),
      ...settings(t("Next we set"), (row) => !isDone(row), NEXT),
      line(t("We talk about this again on:")),
      h("p", { class: "sheet-date" }, today()));
  }

  function group({ name, rows }) {
    return h("div", null, h("h4", null, name),
      listOf(rows.map((row) => t("{setting}: {value}", { setting: row.name, value: row.set_to }))));
  }

  /** A line to write on. */
  function line(text) {
    return h("p", { class: "sheet-line" }, text);
  }

  function nothingYet() {
    const urls = new Set(site.settings.map(({ url }) => url));
    const links = site.lessons.filter(({ url }) => urls.has(url)).map(({ title, url }) => h("a", { href: url }, title));
    return [h("div", { class: "no-print" },
      h("p", null, t("No setting is ticked yet. Tick what you have done in the lists of these lessons, and it stands here.")),
      listOf(links))];
  }
}

// --- the certificate ---------------------------------------------------------------------------

function certificate() {
  const half = (lesson) => 2 * tried(atStart.answers, lesson) >= lesson.practice.items.length;
  const options = site.lessons.map(({ id, title }) => ({ id, text: title }));
  const { inputs, rows, value, show } = rowsOf("lesson", options, "checkbox");
  const who = h("input", { type: "text", id: "who", class: "field", maxlength: "80", autocomplete: "off", spellcheck: "false" });
  const name = h("p", { class: "sheet-name" });
  const done = h("div");
  show(site.lessons.filter(half).map(({ id }) => id));
  fill("certificate", t("Make your certificate"),
    h("div", { class: "no-print" },
      h("label", { for: "who" }, t("Name on the certificate")),
      h("p", { class: "ssq-hint", id: "who-hint" },
        t("It is only printed. It is kept nowhere and sent nowhere. Leave it empty to write it by hand.")),
      describedBy(who, "who-hint"),
      h("fieldset", { class: "ssq-card" },
        h("legend", null, h("span", { class: "ssq-stem" }, t("Lessons worked through")),
          h("span", { class: "ssq-hint" },
            t("Ticked for you: lessons with at least half of the questions tried. Change it as you like."))),
        ...rows)),
    h("div", { class: "sheet" },
      h("p", { class: "sheet-title" }, t("Stay safe online")), name,
      h("p", null, t("has worked through these lessons:")), done, h("p", { class: "sheet-date" }, today())),
    printButton());
  document.querySelector("#certificate-title").classList.add("no-print"); // the sheet has a title of its own
  who.addEventListener("input", draw);
  inputs.forEach((input) => input.addEventListener("change", draw));
  draw();

  function draw() {
    name.textContent = who.value.trim();
    const chosen = site.lessons.filter(({ id }) => value().includes(id));
    done.replaceChildren(chosen.length
      ? listOf(chosen.map(({ title }) => title)) : h("p", { class: "ssq-hint" }, t("No lesson is ticked yet.")));
  }
}
