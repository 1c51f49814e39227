// An answers file that a learner loads. It comes from anyone: it is read strictly, or refused, and nothing in it is run.

/** The answers in a file's bytes. Throws AnswersError; nothing in the file is run or trusted. */
function parseAnswers(bytes) {
  if (bytes.length > LARGEST_FILE) throw new AnswersError(t("This is larger than 256 KB, so it is not an answers file."));
  let text;
  let raw;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new AnswersError(t("This is not text (UTF-8), so it is damaged or not an answers file."));
  }
  try {
    raw = JSON.parse(text);
  } catch {
    throw new AnswersError(t("This is not whole JSON, so it is damaged or not an answers file."));
  }
  if (namesTwice(text)) throw new AnswersError(t("This names one thing twice, so it is unclear which answer counts."));
  if (isRecord(raw) && Object.hasOwn(raw, "quizzes") && !isSchema(raw.schema)) {
    throw new AnswersError(t("This was made for another version of the course, which keeps answers in another form."));
  }
  if (hasFraction(text)) throw new AnswersError(t("This does not have the form of an answers file."));
  return formed(raw);
}

/** Tell whether a number in this JSON has a fraction or an exponent: JSON.parse takes 1.0 and 1e0 for 1, Python does not. */
function hasFraction(text) {
  return /\d[.eE]/.test(text.replace(/"(?:[^"\\]+|\\.)*"/g, ""));
}

/** Tell whether an object in this JSON, which is known to be whole, has a key twice: of the two JSON.parse drops one. */
function namesTwice(text) {
  const open = [];
  for (const [sign, key, colon] of text.matchAll(/("(?:[^"\\]+|\\.)*")\s*(:?)|[{}]/g)) {
    if (sign === "{") open.push(new Set());
    else if (sign === "}") open.pop();
    else if (colon) {
      const name = JSON.parse(key);
      if (open.at(-1).has(name)) return true;
      open.at(-1).add(name);
    }
  }
  return false;
}

/**
 * Take the answers of a file into a store. Of two responses to an item the one from the quiz saved later counts, but of
 * two first tries the earlier. Returns and throws what `Store.saveAll` does.
 */
function merge(store, { quizzes, nation }) {
  return store.change((answers) => {
    const made = { ...answers.quizzes };
    for (const [name, theirs] of Object.entries(quizzes)) {
      made[name] = Object.hasOwn(made, name) ? together(made[name], theirs, name.endsWith(FIRST)) : theirs;
    }
    return { ...answers, quizzes: made, nation: answers.nation ?? nation };
  }, () => t("Not loaded: with these, your answers would be larger than 256 KB. Nothing was changed."));
}

/** One quiz of two: what is kept here and what a file holds. */
function together(ours, theirs, first) {
  const later = theirs.saved_at > ours.saved_at;
  const theirsCount = first ? theirs.saved_at < ours.saved_at : later;
  const [below, above] = theirsCount ? [ours, theirs] : [theirs, ours];
  return { ...(later ? theirs : ours), responses: { ...below.responses, ...above.responses } };
}
