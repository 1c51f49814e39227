// Under a marked quiz: what has no answer yet, and the answers to this quiz as a file for the teacher. Nothing is sent.

// No folder on Windows can have such a name, so collect refuses it.
const KEPT_BY_WINDOWS = /^(con|prn|aux|nul|com\d|lpt\d)(\..*)?$/i;

queueMicrotask(handIn);

function handIn() {
  const section = document.querySelector("#hand-in");
  const [model] = models;
  if (!section || !model) return;
  const { name, content } = data.slots[0];
  const { items } = model.get("quiz");
  const open = h("div", { class: "hand-in-open" });
  const region = h("div", { class: "ssq-feedback", role: "status" });
  const code = h("input", {
    type: "text", id: "pupil-code", class: "field", maxlength: "64", autocomplete: "off", autocapitalize: "off",
    spellcheck: "false", "aria-describedby": "pupil-code-hint pupil-code-fault",
  });
  const fault = h("p", { id: "pupil-code-fault", class: "ssq-bad" });
  section.replaceChildren(
    h("h2", { id: "hand-in-title" }, t("Hand in your answers")),
    h("div", { class: "ssq", role: "group", "aria-labelledby": "hand-in-title" },
      open,
      h("label", { for: code.id }, t("Pupil code, if your teacher gave you one")),
      h("p", { class: "ssq-hint", id: "pupil-code-hint" },
        t("The code is in the file and in its name. Never write your own name here.")),
      code, fault,
      h("div", { class: "ssq-buttons" }, button(t("Save my answers as a file"), askFirst)),
      region));
  code.addEventListener("input", () => { sayFault(""); clear(region); });
  model.on("change:response", () => { showOpen(); clear(region); }); // what it says is about the answers as they were
  showOpen();

  function unanswered() {
    const response = model.get("response");
    return items.flatMap((item, place) => isAnswered(item, response[item.id]) ? [] : [place]);
  }

  function showOpen() {
    const places = unanswered();
    open.replaceChildren(...places.length === 0
      ? [h("p", null, t("Every question has an answer."))]
      : [h("p", null, t("Questions without an answer: {count} of {all}", { count: places.length, all: items.length })),
        h("ul", { role: "list" }, ...places.map((place) => h("li", null, linkTo(place))))]);
  }

  function linkTo(place) {
    const number = place + 1;
    const link = h("a", { href: `#question-${number}` }, t("Question {number}: {stem}", { number, stem: items[place].stem }));
    link.addEventListener("click", (event) => { event.preventDefault(); goToQuestion(place); });
    return link;
  }

  function sayFault(text) {
    fault.textContent = text;
    if (text) code.setAttribute("aria-invalid", "true"); else code.removeAttribute("aria-invalid");
  }

  function askFirst() {
    const pupil = code.value.trim();
    if (pupil && (!isCode(pupil) || KEPT_BY_WINDOWS.test(pupil))) {
      clear(region);
      sayFault(t("A code is up to 64 letters (a to z), digits and . _ - and starts with a letter or a digit."));
      return code.focus();
    }
    const places = unanswered();
    if (!places.length) return save(pupil);
    region.className = "ssq-feedback ssq-missing";
    const question = h("p", { tabindex: "-1" },
      t("Questions without an answer: {count}. You can save the file all the same.", { count: places.length }));
    region.replaceChildren(question,
      h("div", { class: "ssq-buttons" },
        button(t("Go to the first of them"), () => goToQuestion(places[0])),
        button(t("Save all the same"), () => save(pupil), { class: "ssq-again" })));
    question.focus();
  }

  function save(pupil) {
    const kept = store.open().answers.quizzes[name];
    const file = [name, pupil, "answers.json"].filter(Boolean).join(".");
    saveFile(file, "application/json", toJson({
      schema: 1,
      quizzes: {
        [name]: {
          content: kept?.content ?? content,
          saved_at: kept?.saved_at ?? new Date().toISOString().replace(/\.\d+/, ""),
          responses: fitting(items, model.get("response")),
        },
      },
      ...(pupil ? { pupil } : {}),
    }));
    region.className = "ssq-feedback ssq-ok";
    const saidFirst = h("p", { tabindex: "-1" }, t("Saved as {file}.", { file }));
    region.replaceChildren(saidFirst,
      h("p", null, t("Give this file to your teacher. Where it is: the downloads folder of this device.")),
      h("p", null, t("Your answers also stay on this device until you clear them."), " ",
        h("a", { href: "your-answers.html" }, t("See or clear what is kept"))));
    saidFirst.focus();
  }
}

function isAnswered({ kind, steps }, response) {
  if (!response?.length) return false;
  if (kind !== "scenario") return true;
  let step = steps[0];
  for (const id of response) {
    const to = step?.choices.find((choice) => choice.id === id)?.to;
    step = steps.find((other) => other.id === to);
  }
  return !step; // the story has come to its end
}

function goToQuestion(place) {
  const card = document.querySelectorAll('[data-slot="0"] > .ssq > .ssq-card')[place];
  const control = card.querySelector("input:checked") ?? card.querySelector("input, textarea, button:not([aria-disabled])");
  card.scrollIntoView({ block: "start" });
  control.focus({ preventScroll: card.clientHeight < window.innerHeight / 2 });
}
