"""Every word of the widgets can be said in another language, and without one it is English.

The texts that come from a lesson are masked, so that any letter outside « » is a word left in English.
"""

import re

import pytest
from babel.messages.extract import extract_from_file
from safequiz.item import practice_view
from safequiz.marking import released_questions
from safequiz.spaced import reminders
from safequiz.widget import nation_chooser

from .conftest import STATIC, one_of_each
from .test_kinds import MARKED, VIEWS
from .test_panels import FINDER, ROW

pytestmark = pytest.mark.browser
WORDS = {found[1] for found in extract_from_file("javascript", STATIC / "quiz.js", keywords={"t": None})}
TABLE = {word: f"«{word}»" for word in WORDS}
DATE = "21 November 2026"
WELSH = "<script>document.documentElement.lang = 'cy';</script>"

#: The fields of a quiz that a learner reads.
READ = {
    *["title", "note", "text", "texts", "hint", "stem", "scene", "by", "rationale", "says", "name", "label"],
    *["value", "where", "why", "under_18", "set_to", "what_for", "not_for", "hours", "cost", "next"],
    *["nations", "unsure"],
}

#: Keeps each text that a learner could meet, in `window.met`.
WATCH = """<script>
window.met = new Set();
new MutationObserver(() => {
  const main = document.querySelector("main");
  if (!main) return;
  met.add(main.textContent);
  for (const name of ["aria-label", "title", "placeholder", "alt"]) {
    for (const element of main.querySelectorAll(`[${name}]`)) met.add(element.getAttribute(name));
  }
}).observe(document, { childList: true, subtree: true, characterData: true, attributes: true });
</script>"""


def masked(value, field=""):
    """Return a quiz without a letter in what a learner reads; lists of ids stay."""
    if isinstance(value, dict):
        return {name: masked(part, name) for name, part in value.items()}
    if isinstance(value, list):
        return [masked(part, "" if field == "nations" else field) for part in value]
    return re.sub("[A-Za-z]", "ω", value) if isinstance(value, str) and field in READ else value


SOURCE = {"says": "So.", "name": "Site", "url": "https://site.example/", "checked": "2026-11-21"}
SINGLE, MULTIPLE, REFLECTION = one_of_each()
VIEWS_OF_ALL = [practice_view(item, [SOURCE]) for item in (SINGLE, MULTIPLE, REFLECTION)] + VIEWS
PRACTICE = masked({"title": "Kinds", "mode": "practice", "items": VIEWS_OF_ALL})
MARKED_QUIZ = masked({"title": "Kinds", "mode": "marked", "items": released_questions(MARKED)["items"]})
GROUPS = [{"id": "chat", "name": "Chat", "rows": [ROW | {"id": "lock", "under_18": "Same."}]}]
CHECKLIST = masked({"title": "Now", "mode": "checklist", "note": "All.", "groups": GROUPS})
RIGHT = next(view["order"] for view in VIEWS if view["kind"] == "order")


def keys(item, right=True):
    """Return the ids of the options that are right, or of those that are not."""
    return [option.id for option in item.options if option.key == right]


#: What to answer, so that each verdict and each reason shows.
RESPONSES = (
    {
        SINGLE.id: keys(SINGLE)[:1],
        MULTIPLE.id: keys(MULTIPLE)[:1],
        REFLECTION.id: "ω",
        "k-chat": ["hush"],
        "k-steps": RIGHT,
        "k-place": ["england", "one"],
        "k-story": ["take", "keep"],
    },
    {
        SINGLE.id: keys(SINGLE, False)[:1],
        MULTIPLE.id: keys(MULTIPLE, False)[:1],
        "k-chat": ["hi"],
        "k-steps": RIGHT[::-1],
        "k-place": ["scotland", "six"],
        "k-story": ["leave", "say"],
    },
)


def press_all(page, selector):
    """Press each of these buttons, and let what it says be read out."""
    for button in page.locator(selector).all():
        button.press("Enter")
        page.clock.run_for(100)


def practise(page):
    """Ask to check nothing, then both RESPONSES, then move steps with no answer from the kernel."""
    press_all(page, ".ssq-check")
    page.locator(".ssq-stage button").click()
    for response in RESPONSES:
        page.evaluate("(response) => model.set('response', response)", response)
        press_all(page, ".ssq-check")
    page.evaluate("() => model.set('response', {})")
    steps = page.locator(".ssq-step")
    for button in (steps.first.locator("button").first, steps.last.locator("button").last):
        button.press("Enter")
        page.clock.run_for(100)
    steps.last.locator("button").first.click()
    page.clock.run_for(9000)
    page.evaluate("() => answer(true, 'ω')")


def do_marked(page):
    """Leave two answers half given, then go to the end of the story."""
    story = page.locator(".ssq-card").nth(3)
    page.locator("[value=one]").check()
    page.locator(".ssq-line").first.click()
    page.evaluate("() => answer()")
    story.locator("[value=take]").check()
    page.locator("[value=wales]").check()
    page.evaluate("() => answer()")
    page.locator(".ssq-line").first.click()
    page.evaluate("() => answer()")
    story.locator("button").first.click()
    story.locator("[value=say]").check()
    story.locator("button").first.click()
    page.evaluate("() => answer()")


def tick(page):
    """Tick or choose the first there is."""
    page.locator("input").first.check()
    page.clock.run_for(1000)
    page.evaluate("() => answer()")


def find(page):
    """Press Next with nothing chosen, then go through in danger, and then not."""
    go_on = page.locator(".ssq-stage > .ssq-buttons button").first
    go_on.click()
    for danger, nation in (("yes", "wales"), ("no", "scotland")):
        for option in (danger, nation):
            page.locator(f"[value={option}]").check()
            go_on.click()
        if danger == "yes":
            page.locator(".ssq-stage button").last.click()
    with page.expect_download() as taken:
        page.locator(".ssq-stage button").nth(1).click()
    page.evaluate("(name) => met.add(name)", taken.value.suggested_filename.removesuffix(".html"))


WIDGETS = {
    "practice": (PRACTICE, practise),
    "marked": (MARKED_QUIZ, do_marked),
    "checklist": (CHECKLIST, tick),
    "nation": (masked(nation_chooser().quiz), tick),
    "finder": (masked(FINDER), find),
    "calendar": (masked(reminders().quiz), lambda page: None),
}


def texts_of(plain_page, name, words):
    """Return every text that the use of a widget brings to the page."""
    quiz, use = WIDGETS[name]
    page = plain_page(
        {
            "quiz": quiz,
        },
        words=words,
        clock=True,
        head=WATCH,
    )
    use(page)
    return page.evaluate("() => [...met]")


def outside(text):
    """Return what of `text` stands outside « », and is not a date."""
    while (less := re.sub("«[^«»]*»", "", text)) != text:
        text = less
    return text.replace(DATE, "")


def test_with_a_table_every_word_is_met_and_none_is_left_in_english(plain_page):
    met = [text for name in WIDGETS for text in texts_of(plain_page, name, TABLE)]
    assert {word for text in met for word in re.findall("[A-Za-z]+", outside(text))} == set()
    together = "\n".join(met)
    assert not re.search(r"\{\w+\}", together)
    patterns = {
        word: "«" + re.sub(r"\\\{\w+\\\}", "(?:[^«»]|«[^«»]*»)+?", re.escape(word)) + "»"
        for word in sorted(WORDS)
    }
    assert [word for word, pattern in patterns.items() if not re.search(pattern, together)] == []


@pytest.mark.parametrize("words", [None, {}], ids=["no table", "an empty table"])
def test_without_a_table_it_is_english(plain_page, words):
    together = "".join(text for name in WIDGETS for text in texts_of(plain_page, name, words))
    for words_met in (
        "Question 2 of 7",
        "0 of 4 answered",
        "Not quite.",
        "ω and ω",
        "1 of 1 done",
        "Show all",
    ):
        assert words_met in together
    assert f"ωωωω, checked {DATE}" in together
    assert not re.search(r"[«»{}]|undefined", together)


def test_a_word_that_is_missing_from_the_table_or_empty_in_it_is_english(plain_page):
    table = {"Check": "", "{done} of {all} done": "{all} <b>, {done} {what}", "Why:": "Pam:"}
    page = plain_page({"quiz": CHECKLIST}, words=table)
    assert page.locator(".ssq-progress").inner_text() == "1 <b>, 0 {what}"
    assert [label.strip() for label in page.locator("b").all_text_contents()] == [
        *["Where:", "Pam:", "Under 18s:", "Checked:"],
    ]
    page = plain_page({"quiz": PRACTICE}, words=table)
    assert page.locator(".ssq-check").first.inner_text() == "Check"


def test_a_value_is_put_in_as_it_is(plain_page):
    quiz = {"title": "Kinds", "mode": "practice", "items": [dict(VIEWS[1])]}
    quiz["items"][0]["options"] = [
        option | {"text": "$& {step} {all}"} for option in quiz["items"][0]["options"]
    ]
    page = plain_page({"quiz": quiz}, words={"Move up: {step}": "{step}: lan, {step}"})
    assert page.locator(".ssq-step button").first.get_attribute("aria-label") == (
        "$& {step} {all}: lan, $& {step} {all}"
    )


def test_the_link_of_a_source_stands_where_the_sentence_has_it(plain_page):
    page = plain_page({"quiz": PRACTICE}, words={"{source}, checked {date}": "Ar {date}: {source}."})
    page.get_by_role("radio").first.check()
    page.locator(".ssq-check").first.click()  # only who has answered sees what an answer rests on
    line = page.locator(".ssq-sources li").first
    assert line.text_content() == f"ωω. Ar {DATE}: ωωωω."
    assert line.locator("a").text_content() == "ωωωω"


def test_dates_are_in_the_language_of_the_page_where_the_browser_has_it(plain_page):
    page = plain_page({"quiz": CHECKLIST}, head=WELSH)
    known = page.evaluate("() => Intl.DateTimeFormat.supportedLocalesOf('cy').length > 0")
    page_date = page.locator(".ssq-setting p").last.text_content()
    assert page_date == f"Checked: {'21 Tachwedd 2026' if known else DATE}"


@pytest.mark.parametrize("lang", ["", "en", "qx"])
def test_dates_are_english_where_no_other_language_is_known(plain_page, lang):
    head = f"<script>document.documentElement.lang = '{lang}';</script>"
    page = plain_page({"quiz": CHECKLIST}, head=head)
    assert page.locator(".ssq-setting p").last.text_content() == f"Checked: {DATE}"


@pytest.mark.parametrize(("head", "lang"), [("", "en"), (WELSH, "cy")], ids=["en", "cy"])
def test_a_sheet_printed_or_saved_is_in_the_language_of_the_page(plain_page, head, lang):
    page = plain_page({"quiz": FINDER}, head=head)
    for option in ("no", "scotland"):
        page.locator(f"[value={option}]").check()
        page.get_by_role("button", name="Next").click()
    with page.expect_download() as taken:
        page.get_by_role("button", name="Save as a file").click()
    assert f'<html lang="{lang}">' in taken.value.path().read_text(encoding="utf-8")
    page.context.add_init_script("window.print = () => {}")
    with page.expect_popup() as opened:
        page.get_by_role("button", name="Print").click()
    assert opened.value.evaluate("() => document.documentElement.lang") == lang
