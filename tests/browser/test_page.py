"""The quiz on a plain page, with a model that answers when it is told to: what is said, kept and seen."""

import json

import pytest
from safequiz.item import practice_view
from safequiz.marking import released_questions
from safequiz.spaced import reminders
from safequiz.widget import checklist, nation_chooser

from .conftest import QUIZ, one_of_each
from .test_kinds import VIEWS
from .test_panels import FINDER

pytestmark = pytest.mark.browser
WRITTEN = next(item.id for item in QUIZ.items if item.kind == "reflection")
LATE = "Not saved yet. The course may have stopped. Keep this page open, and reload it only after copying"


@pytest.fixture
def show(plain_page):
    """Return a function that shows a quiz in a fresh window and gives the page."""
    views = {
        "marked": released_questions(QUIZ)["items"],
        "practice": [practice_view(item, ()) for item in one_of_each()],
    }

    def made(mode="marked", clock=False, **window):
        return plain_page({"quiz": {"title": "Quiz", "mode": mode, "items": views[mode]}}, clock, **window)

    return made


def said(page):
    """Return what the line at the foot says."""
    return page.locator(".ssq-status").text_content()


def sent(page):
    """Return the response as the page last sent it."""
    return json.loads(page.evaluate("() => localStorage.getItem('response')") or "{}")


def test_saved_is_not_said_while_later_words_wait_to_be_sent(show):
    page = show(clock=True)
    area = page.get_by_role("textbox")
    area.press_sequentially("I would")
    page.clock.run_for(700)
    area.press_sequentially(" tell")
    page.evaluate("() => answer()")
    assert said(page) == "Saving…"
    page.clock.run_for(700)
    assert sent(page) == {WRITTEN: "I would tell"}
    page.evaluate("() => answer()")
    assert said(page) == "Saved."


def test_words_typed_just_before_the_page_is_left_are_sent(show):
    page = show()
    page.get_by_role("textbox").press_sequentially("I would tell")
    page.reload()
    assert sent(page) == {WRITTEN: "I would tell"}


def test_a_kernel_that_never_answers_is_told_however_often_the_learner_answers(show):
    page = show(clock=True)
    for number in range(2):
        page.locator("fieldset").nth(number).locator("input").first.check()
        page.clock.run_for(5000)
    assert said(page).startswith(LATE)


def test_a_kernel_that_is_slow_but_answers_is_not_called_stopped(show):
    page = show(clock=True)
    for number in range(3):
        page.locator("fieldset").nth(number).locator("input").first.check()
        page.clock.run_for(5000)
        page.evaluate("(older) => answer(true, '', older)", number)
    assert said(page) == "Saving…"
    page.evaluate("() => answer()")
    assert said(page) == "Saved."


def test_a_screen_reader_hears_saved_once_and_again_after_trouble(show):
    page = show()
    spoken = []

    def hear(words):
        spoken.append(words)

    page.expose_function("hear", hear)
    page.evaluate("""() => new MutationObserver(() => hear(document.querySelector(".ssq-spoken").textContent))
      .observe(document.querySelector(".ssq-spoken"), { childList: true })""")
    for number, note in enumerate(["", "", "Not saved: the disk is full.", ""]):
        page.locator("fieldset").nth(number).locator("input").first.check()
        page.evaluate("(note) => answer(!note, note)", note)
    page.wait_for_timeout(100)
    assert spoken == ["Saved.", "Not saved: the disk is full.", "Saved."]


@pytest.mark.parametrize(("width", "height"), [(320, 568), (375, 667)])
def test_what_has_the_focus_is_never_behind_the_foot(show, width, height):
    page = show(viewport={"width": width, "height": height})
    page.evaluate("(late) => answer(false, late)", f"{LATE} what you wrote.")
    for _ in range(30):
        page.keyboard.press("Tab")
        place = page.evaluate("""() => {
          const [input, foot] = [document.activeElement, document.querySelector(".ssq-foot")];
          const edges = [input.getBoundingClientRect().bottom, foot.getBoundingClientRect().top];
          return input.matches(".ssq *") && edges;
        }""")
        if not place:
            break
        assert place[0] <= place[1], page.evaluate("() => document.activeElement.id")
    assert not place, "the walk did not come to its end"


RING = "(row) => { const s = getComputedStyle(row); return [s.outlineStyle, s.outlineWidth, s.boxShadow]; }"


def test_in_forced_colours_a_chosen_option_shows_whether_it_has_the_focus(show):
    page = show("practice", forced_colors="active")
    page.get_by_role("radio").first.focus()
    page.keyboard.press("Space")
    row = page.locator(".ssq-option").first
    focused = row.evaluate(RING)
    page.evaluate("() => document.activeElement.blur()")
    assert focused[:2] == ["solid", "3px"]
    assert row.evaluate(RING)[0] == "none"


def test_the_dark_edge_of_the_focus_stays_on_an_option_shown_as_the_key(show):
    page = show("practice")
    card = page.locator("fieldset").first
    for option in card.get_by_role("radio").all():
        option.check()
        card.get_by_role("button", name="Check").click()
        if card.locator(".ssq-is-key").count():
            break
    card.locator(".ssq-is-key input").focus()
    page.keyboard.press("Shift")
    assert "rgb(27, 36, 48) 0px 0px 0px 2px" in card.locator(".ssq-is-key").evaluate(RING)[2]


#: Every mode, and what is pressed in it so that all it has to press is on the page.
MODES = {
    "marked": ({"title": "Q", "mode": "marked", "items": released_questions(QUIZ)["items"]}, []),
    "practice": (
        {
            "title": "Q",
            "mode": "practice",
            "items": [*(practice_view(item, ()) for item in one_of_each()), *VIEWS],
        },
        ["Check", "radio", "Check", "Choose", "radio", "Choose"],
    ),
    "nation": (nation_chooser().quiz, []),
    "checklist": (checklist("Do this now", "whatsapp").quiz, []),
    "calendar": (reminders().quiz, []),
    "finder": (FINDER, ["Next", "radio", "Next", "radio", "Next"]),
}
UNSHIELDED = """() => [...document.querySelectorAll(".ssq *")]
  .filter((element) => element.tabIndex >= 0 || element.hasAttribute("tabindex"))
  .map((element) => element.hasAttribute("data-lm-suppress-shortcuts") ? "" : element.outerHTML)"""


@pytest.mark.parametrize("mode", MODES)
def test_whatever_takes_focus_keeps_the_one_key_commands_of_jupyter_away(plain_page, mode):
    quiz, presses = MODES[mode]
    page = plain_page({"quiz": quiz})
    for press in [None, *presses]:
        if press == "radio":  # the last option of every question on the page
            page.evaluate("""() => document.querySelectorAll(".ssq input[type=radio]")
                .forEach((input) => input.click())""")
        elif press:
            for button in page.get_by_role("button", name=press, exact=True).all():
                button.click()
        shielded = page.evaluate(UNSHIELDED)
        assert shielded
        assert not any(shielded), press
    if presses:
        assert page.locator(".ssq-review, .ssq-outcome").count() == 1, "not all of it was seen"
