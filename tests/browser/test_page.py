"""The quiz on a plain page, with a model that answers when it is told to: what is said, kept and seen."""

import json
from pathlib import Path

import pytest
import safequiz
from safequiz.item import practice_view
from safequiz.marking import released_questions

from .conftest import BANK, one_of_each

pytestmark = pytest.mark.browser
STATIC = Path(safequiz.__file__).parent / "static"
WRITTEN = next(item.id for item in BANK.marked if item.kind == "reflection")
LATE = "Not saved yet. The course may have stopped. Keep this page open, and reload it only after copying"
MODEL = """
const first = JSON.parse(document.querySelector("#state").textContent);
const state = { response: {}, sent: 0, status: {}, ...first };
const heard = {};
window.model = {
  get: (name) => state[name],
  set: (name, value) => { state[name] = value; (heard[`change:${name}`] ?? []).forEach((tell) => tell()); },
  on: (event, tell) => { (heard[event] ??= []).push(tell); },
  off: (event, tell) => { heard[event] = heard[event].filter((other) => other !== tell); },
  save_changes: () => { localStorage.setItem("response", JSON.stringify(state.response)); },
};
window.answer = (saved = true, note = "", sent = state.sent) => model.set("status", { sent, saved, note });
"""


@pytest.fixture
def show(browser, tmp_path):
    """Return a function that shows a quiz in a fresh window and gives the page."""
    contexts = []

    def made(mode="marked", clock=False, **window):
        views = {
            "marked": released_questions(BANK)["items"],
            "practice": [practice_view(item, ()) for item in one_of_each()],
        }
        state = json.dumps({"quiz": {"title": "Quiz", "mode": mode, "items": views[mode]}})
        script = (STATIC / "quiz.js").read_text(encoding="utf-8").replace("export default", "const quiz =")
        path = tmp_path / f"{mode}.html"
        path.write_text(
            '<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
            f"<style>{(STATIC / 'quiz.css').read_text(encoding='utf-8')}</style><main></main>"
            f'<script type="application/json" id="state">{state}</script>'
            f'<script type="module">{MODEL}{script}\n'
            'quiz.render({ model, el: document.querySelector("main") });</script>',
            encoding="utf-8",
        )
        contexts.append(browser.new_context(**window))
        page = contexts[-1].new_page()
        if clock:
            page.clock.install()
        page.goto(path.as_uri())
        page.locator(".ssq").wait_for()
        return page

    yield made
    for context in contexts:
        context.close()


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
