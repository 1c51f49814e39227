"""Chats to mark, steps to order, stories, questions that differ by nation: by keyboard, by name, at any size.

The items are spelled out here, so that a reworded bank changes nothing.
"""

import json
import re

import nbformat
import pytest
from safequiz.bank import Bank
from safequiz.item import Item, practice_view
from safequiz.marking import released_name, released_questions
from safequiz.responses import FILE_NAME

from .conftest import DOORS, axe, notebook, open_quiz, saved

pytestmark = pytest.mark.browser
EVERY_DOOR = pytest.mark.parametrize("door", DOORS)
STOCK = {"objective": "o", "use": "practice", "audience": ["pupil"], "facts": ["gr-secrecy"], "points": 2}
ITEMS = [
    Item.model_validate(STOCK | fields)
    for fields in (
        {
            "id": "k-chat",
            "kind": "spot",
            "stem": "Mark the warning signs.",
            "scene": "A chat in a building game",
            "options": [
                {"id": "hi", "by": "Jess", "at": "16:02", "text": "Hi! Nice tower.", "rationale": "Praise."},
                {"id": "hush", "by": "Jess", "text": "Tell nobody.", "key": True, "rationale": "Cuts off."},
                {"id": "ok", "by": "Nia", "text": "Why?", "rationale": "Nia may ask."},
                {"id": "move", "by": "Jess", "text": "Come here.", "key": True, "rationale": "Away."},
            ],
        },
        {
            "id": "k-steps",
            "kind": "order",
            "stem": "Put the first minute in order.",
            "options": [
                {"id": "mute", "text": "Mute everyone.", "rationale": "Quiet first."},
                {"id": "remove", "text": "Remove the person.", "rationale": "Then them."},
                {"id": "lock", "text": "Lock the meeting.", "rationale": "Then the door."},
                {"id": "write", "text": "Write it down.", "rationale": "Last."},
            ],
        },
        {
            "id": "k-place",
            "kind": "nation",
            "stem": "Whom do you tell?",
            "options": [
                {"id": "one", "text": "Force one.", "nations": ["england", "wales"], "rationale": "One."},
                {"id": "two", "text": "Force two.", "nations": ["scotland"], "rationale": "Two."},
                {"id": "six", "text": "Force six.", "nations": ["northern-ireland"], "rationale": "Six."},
            ],
        },
        {
            "id": "k-story",
            "kind": "scenario",
            "stem": "Jess sends coins.",
            "steps": [
                {
                    "id": "coins",
                    "text": "What do you do with them?",
                    "choices": [
                        {
                            "id": "leave",
                            "text": "Leave them.",
                            "worth": "best",
                            "to": "asks",
                            "rationale": "No debt.",
                        },
                        {
                            "id": "take",
                            "text": "Take them.",
                            "worth": "risky",
                            "to": "asks",
                            "rationale": "A debt.",
                        },
                    ],
                },
                {
                    "id": "asks",
                    "text": "She asks for a secret.",
                    "choices": [
                        {
                            "id": "keep",
                            "text": "Keep it.",
                            "worth": "partly",
                            "to": "end",
                            "rationale": "Hm.",
                        },
                        {"id": "say", "text": "Say no.", "worth": "best", "to": "end", "rationale": "Yours."},
                    ],
                },
            ],
            "endings": [{"id": "end", "text": "The chat is over."}],
        },
    )
]
VIEWS = [practice_view(item, ()) for item in ITEMS]
(MARKED,) = Bank(
    "kinds", "01-kinds", "Kinds", {}, {}, tuple(item.model_copy(update={"use": "marked"}) for item in ITEMS)
).quizzes


@pytest.fixture
def folder(folder):
    """Return a folder with a practice notebook and a marked notebook of ITEMS."""
    items = [item.model_dump(mode="json", exclude_none=True) for item in ITEMS]
    (folder / "items.json").write_text(json.dumps(items), encoding="utf-8")
    cell = (
        "import json; from safequiz.item import Item; from safequiz.widget import practice_of\n"
        'items = [Item.model_validate(item) for item in json.load(open("items.json"))]\n'
        'practice_of("kinds-practice", "Kinds", items)'
    )
    nbformat.write(notebook(cell), folder / "kinds.ipynb")
    nbformat.write(notebook('from safequiz import marked\nmarked("kinds")'), folder / "kinds-marked.ipynb")
    (folder / released_name("kinds")).write_text(json.dumps(released_questions(MARKED)), encoding="utf-8")
    return folder


@pytest.fixture
def practice_page(plain_page):
    """Return a function that shows ITEMS for practice on a page without Jupyter."""

    def made(**window):
        return plain_page({"quiz": {"title": "Kinds", "mode": "practice", "items": VIEWS}}, **window)

    return made


@pytest.fixture
def marked_page(plain_page):
    """Return a function that shows ITEMS marked on a page without Jupyter."""
    quiz = {"title": "Kinds", "mode": "marked", "items": released_questions(MARKED)["items"]}
    return lambda **window: plain_page({"quiz": quiz}, **window)


def focus(page):
    """Return the name of what has the focus: its label, or its words."""
    return page.evaluate(
        """() => {
          const it = document.activeElement;
          return it.getAttribute("aria-label") ?? it.labels?.[0]?.textContent ?? it.textContent;
        }"""
    )


def tab_to(page, name, most=60):
    """Press Tab until what is called `name` has the focus."""
    for _ in range(most):
        if re.search(name, focus(page)):
            return
        page.keyboard.press("Tab")
    pytest.fail(f"Tab does not come to {name}; it stands on {focus(page)}")


def do_all_by_keyboard(page, quiz):
    """Answer every item by keys alone: the chat rightly, the steps backwards, Scotland, and a risky story."""
    quiz.locator(".ssq-line").first.focus()
    tab_to(page, "Tell nobody")
    page.keyboard.press("Space")
    tab_to(page, "Come here")
    page.keyboard.press("Enter")
    for step in ("Write it down", "Lock the meeting", "Remove the person"):
        tab_to(page, f"Move up: {step}")
        for _ in range(3):
            page.keyboard.press("Enter")
        assert focus(page) == f"Move up: {step}."
    tab_to(page, "England")
    while focus(page) != "Scotland":
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    tab_to(page, "Force one")
    page.keyboard.press("Space")
    tab_to(page, "^Leave them")
    page.keyboard.press("ArrowDown")
    tab_to(page, "^Choose$")
    page.keyboard.press("Enter")
    quiz.get_by_text("She asks for a secret.").wait_for()
    tab_to(page, "^Keep it")
    page.keyboard.press("Space")
    tab_to(page, "^Choose$")
    page.keyboard.press("Enter")


ANSWERS = {
    "k-chat": ["hush", "move"],
    "k-steps": ["remove", "lock", "write", "mute"],
    "k-place": ["scotland", "one"],
    "k-story": ["take", "keep"],
}


def stored(folder, name):
    """Return the responses in the answers file."""
    return json.loads((folder / FILE_NAME).read_text(encoding="utf-8"))["quizzes"][name]["responses"]


@EVERY_DOOR
def test_every_kind_is_answered_by_keyboard_saved_and_there_after_a_reload(page, server, folder, door):
    quiz = open_quiz(page, server, door, folder / "kinds-marked.ipynb")
    do_all_by_keyboard(page, quiz)
    quiz.get_by_text("That is the end of the story.").wait_for()
    quiz.locator(".ssq-progress", has_text="4 of 4 answered").wait_for()
    saved(quiz)
    kept = stored(folder, "kinds")
    assert {name: kept[name] for name in ("k-chat", "k-place", "k-story")} == {
        name: ANSWERS[name] for name in ("k-chat", "k-place", "k-story")
    }
    assert sorted(kept["k-steps"]) == sorted(ANSWERS["k-steps"])
    quiz = open_quiz(page, server, door, folder / "kinds-marked.ipynb")
    pressed = quiz.locator("[aria-pressed=true]")
    assert pressed.count() == 2
    assert [step.get_attribute("data-step") for step in quiz.locator(".ssq-step").all()] == kept["k-steps"]
    assert quiz.get_by_role("radio", name="Scotland").is_checked()
    assert quiz.get_by_role("radio", name="Force one.").is_checked()
    assert quiz.get_by_text("That is the end of the story.").is_visible()


@EVERY_DOOR
def test_one_key_commands_of_the_notebook_leave_every_kind_alone(page, server, folder, door):
    quiz = open_quiz(page, server, door, folder / "kinds.ipynb")
    before = page.locator(".jp-Notebook .jp-Cell").count()
    for element in (
        quiz.locator(".ssq-line").first,
        quiz.get_by_role("button", name="Move down").first,
        quiz.get_by_role("radio", name="Wales"),
        quiz.get_by_role("button", name="Choose", exact=True),
    ):
        element.focus()
        for key in ("x", "a", "b", "d", "d", "0", "0", "ArrowDown", "ArrowUp"):
            page.keyboard.press(key)
            assert page.evaluate("() => Boolean(document.activeElement.closest('.ssq'))"), key
            assert page.locator(".jp-Notebook .jp-Cell").count() == before, key
    assert page.locator(".jp-Dialog").count() == 0


@EVERY_DOOR
def test_a_marked_quiz_of_every_kind_lets_no_key_onto_the_page_or_over_the_wire(page, server, folder, door):
    carried = []

    def keep(frame):
        carried.append(frame)

    page.on("websocket", lambda socket: socket.on("framereceived", keep))
    quiz = open_quiz(page, server, door, folder / "kinds-marked.ipynb")
    do_all_by_keyboard(page, quiz)
    saved(quiz)
    whole = page.content() + "".join(
        part if isinstance(part, str) else part.decode("utf-8", "replace") for part in carried
    )
    assert "Put the first minute in order." in whole
    for item in ITEMS:
        for secret in [
            text for where, text in item.texts if where[-1] == "rationale" or where[0] == "endings"
        ]:
            assert secret not in whole
    assert '"worth"' not in whole
    assert '"nations": [' not in whole.replace('"nations": [{', "")


def test_reasons_of_every_kind_show_on_check_and_at_the_end_of_a_story(practice_page):
    page = practice_page()
    quiz = page.locator(".ssq")
    do_all_by_keyboard(page, quiz)
    for check in quiz.get_by_role("button", name="Check", exact=True).all():
        check.press("Enter")
    cards = quiz.locator(".ssq-card")
    cards.nth(0).get_by_text("Yes.").wait_for()
    cards.nth(0).get_by_text("Cuts off.").first.wait_for()
    cards.nth(1).get_by_text("Then the door.").wait_for()
    cards.nth(2).get_by_text("Not quite.").wait_for()
    assert "In Scotland: " in cards.nth(2).inner_text()
    story = cards.nth(3).inner_text()
    for words in ("The chat is over.", "Risky.", "A debt.", "Partly.", "A better choice", "Yours."):
        assert words in story
    checked = page.evaluate("() => model.get('checked')")
    assert checked["k-chat"] == ANSWERS["k-chat"]
    assert checked["k-story"] == ANSWERS["k-story"]
    cards.nth(3).get_by_role("button", name="Try another way").press("Enter")
    assert cards.nth(3).get_by_role("radio", name="Leave them.").is_visible()
    assert page.evaluate("() => model.get('checked')['k-story']") == ANSWERS["k-story"]


def test_a_story_can_be_taken_back_a_step_and_says_where_it_was(practice_page):
    page = practice_page()
    card = page.locator(".ssq-card").nth(3)
    card.get_by_role("radio", name="Take them.").check()
    card.get_by_role("button", name="Choose", exact=True).click()
    assert card.get_by_role("list", name="What you chose").inner_text() == "You chose: Take them."
    assert "She asks for a secret." in focus(page)
    card.get_by_role("button", name="Go back one step").click()
    assert card.get_by_role("radio", name="Take them.").is_checked()
    assert json.loads(page.evaluate("() => localStorage.getItem('response')")) == {}


def test_a_story_without_a_choice_moves_to_a_link_that_leads_back(practice_page):
    page = practice_page()
    card = page.locator(".ssq-card").nth(3)
    card.get_by_role("button", name="Choose", exact=True).press("Enter")
    assert focus(page) == "Choose an answer first."
    page.keyboard.press("Enter")
    assert focus(page) == "Leave them."


def test_what_was_missing_is_no_longer_asked_for_once_a_story_has_a_choice(practice_page):
    card = practice_page().locator(".ssq-card").nth(3)
    card.get_by_role("button", name="Choose", exact=True).press("Enter")
    card.get_by_role("radio", name="Take them.").check()
    assert card.get_by_text("Choose an answer first.").count() == 0


NOWHERE = "Choose where you live too. This answer is not saved yet."
NOT_CHOSEN = "Press Choose to go on. This choice is not saved yet."


def foot(page):
    """Return what the line at the foot shows, and what was last read out, if that was just now."""
    return page.locator(".ssq-status").text_content(), page.locator(".ssq-spoken").last.text_content()


def test_an_answer_without_a_nation_is_said_not_to_be_saved_until_it_is(marked_page):
    page = marked_page()
    page.get_by_role("radio", name="Force one.").check()
    assert foot(page) == (NOWHERE, NOWHERE)
    assert page.locator(".ssq-status.ssq-bad").count() == 1
    page.locator(".ssq-line").first.click()
    page.evaluate("() => answer()")
    assert foot(page) == (f"Question 3. {NOWHERE}", f"Question 3. {NOWHERE}")
    page.get_by_role("radio", name="Wales").check()
    page.evaluate("() => answer()")
    assert foot(page) == ("Saved.", "Saved.")
    assert page.evaluate("() => model.get('response')['k-place']") == ["wales", "one"]


def test_where_the_learner_lives_alone_is_no_answer_and_raises_no_alarm(marked_page):
    page = marked_page()
    page.get_by_role("radio", name="Wales").check()
    page.locator(".ssq-line").first.click()
    page.evaluate("() => answer()")
    assert foot(page)[0] == "Saved."


def test_a_choice_in_a_story_is_not_taken_for_saved_before_choose_is_pressed(marked_page):
    page = marked_page()
    line = page.locator(".ssq-line").first
    line.click()
    page.evaluate("() => answer()")
    page.get_by_role("radio", name="Take them.").check()
    assert foot(page) == (NOT_CHOSEN, "Saved.")  # a word of help, not read out
    assert page.locator(".ssq-bad").count() == 0
    line.click()
    page.evaluate("() => answer()")
    assert foot(page) == (f"Question 4. {NOT_CHOSEN}", f"Question 4. {NOT_CHOSEN}")
    assert page.locator(".ssq-status.ssq-bad").count() == 1
    page.get_by_role("button", name="Choose", exact=True).click()
    page.evaluate("() => answer()")
    assert foot(page) == ("Saved.", "Saved.")


def test_the_help_with_a_story_does_not_hide_trouble(marked_page):
    page = marked_page()
    page.locator(".ssq-line").first.click()
    page.evaluate("() => answer(false, 'Not saved: the disk is full.')")
    page.get_by_role("radio", name="Take them.").check()
    assert foot(page)[0] == "Not saved: the disk is full."


def test_practice_raises_no_alarm_about_what_is_not_finished(practice_page):
    page = practice_page()
    page.get_by_role("radio", name="Force one.").check()
    page.get_by_role("radio", name="Take them.").check()
    assert foot(page)[0] == ""
    page.locator(".ssq-line").first.click()
    page.evaluate("() => answer()")
    assert foot(page)[0] == "Saved."


def test_try_again_keeps_where_the_learner_lives_and_clears_the_answer(practice_page):
    page = practice_page()
    card = page.locator(".ssq-card").nth(2)
    card.get_by_role("radio", name="Wales").check()
    card.get_by_role("radio", name="Force six.").check()
    card.get_by_role("button", name="Check", exact=True).click()
    card.get_by_role("button", name="Try again").click()
    chosen = card.get_by_role("radio", checked=True)
    assert [radio.get_attribute("value") for radio in chosen.all()] == ["wales"]
    assert focus(page) == "Force one."
    assert "k-place" not in page.evaluate("() => model.get('response')")


def test_check_sends_once_and_only_what_was_thought_first(practice_page):
    page = practice_page()
    page.locator(".ssq-line").first.click()
    page.evaluate(
        """() => {
          window.sets = [];
          const { set, save_changes: save } = model;
          model.set = (name, value) => { sets.push(name); set(name, value); };
          model.save_changes = () => { sets.push("save"); save(); };
        }"""
    )
    check = page.get_by_role("button", name="Check", exact=True).first
    check.click()
    page.locator(".ssq-verdict").wait_for()
    check.click()
    assert page.evaluate("() => sets") == ["checked", "sent", "save"]
    assert page.evaluate("() => model.get('checked')") == {"k-chat": ["hi"]}


@pytest.mark.parametrize(
    ("place", "said"),
    [
        (0, "Mark at least one line first."),
        (1, "Move at least one step first."),
        (2, "Choose where you live first."),
    ],
)
def test_check_with_nothing_done_says_what_is_missing(practice_page, place, said):
    page = practice_page()
    page.locator(".ssq-card").nth(place).get_by_role("button", name="Check", exact=True).press("Enter")
    assert focus(page) == said


def test_a_step_can_be_dragged_by_its_handle(practice_page):
    page = practice_page()
    steps = page.locator(".ssq-step")
    names = [step.get_attribute("data-step") for step in steps.all()]
    steps.first.scroll_into_view_if_needed()
    start, end = steps.first.locator(".ssq-grip").bounding_box(), steps.nth(2).bounding_box()
    page.mouse.move(start["x"] + 10, start["y"] + 10)
    page.mouse.down()
    page.mouse.move(start["x"] + 10, end["y"] + end["height"] - 2, steps=8)
    page.mouse.up()
    assert [step.get_attribute("data-step") for step in steps.all()] == [
        names[1],
        names[2],
        names[0],
        names[3],
    ]
    assert json.loads(page.evaluate("() => localStorage.getItem('response')"))["k-steps"][2] == names[0]


def test_a_move_is_read_out_and_the_ends_of_the_list_are_named(practice_page):
    page = practice_page()
    card = page.locator(".ssq-card").nth(1)
    down = card.get_by_role("button", name="Move down").first
    down.press("Enter")
    card.get_by_text("Step moved to 2 of 4.").wait_for(state="attached")
    last = card.get_by_role("button", name="Move down").last
    assert last.get_attribute("aria-disabled") == "true"
    last.press("Enter")
    card.get_by_text("This step is the last.").wait_for(state="attached")


def test_a_screen_reader_hears_who_wrote_each_line_and_whether_it_is_marked(practice_page):
    page = practice_page()
    group = page.get_by_role(
        "group", name=re.compile(r"Mark the warning signs\..*You may mark more than one line\.")
    )
    assert group.locator("[aria-pressed=false]").count() == 4
    line = group.get_by_role("button", name=re.compile(r"^Jess, 16:02: Hi! Nice tower\.$"))
    line.click()
    assert group.get_by_role("button", pressed=True).count() == 1
    places = page.get_by_role("radiogroup", name="Where do you live?")
    assert places.get_by_role("radio").count() == 4
    assert (
        page.get_by_role("radiogroup", name="Your answer for where you live").get_by_role("radio").count()
        == 3
    )
    assert page.get_by_role("button", name="Move up: Lock the meeting.").count() == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_any_kind_before_and_after_answering(practice_page, scheme):
    # The page behind the quiz is dark too, as in Voilà.
    dark = "<style>@media (prefers-color-scheme: dark) { body { background: #12181f; } }</style>"
    page = practice_page(head=dark, color_scheme=scheme)
    page.evaluate("() => document.body.classList.add('safe-online')")
    assert axe(page) == []
    do_all_by_keyboard(page, page.locator(".ssq"))
    for check in page.get_by_role("button", name="Check", exact=True).all():
        check.click()
    page.locator(".ssq-verdict").nth(3).wait_for()
    page.evaluate("() => document.querySelectorAll('details').forEach((fold) => { fold.open = true; })")
    assert axe(page) == []


SIZES = {"320 px": (320, 1), "390 px": (390, 1), "200 % zoom": (640, 2), "1280 px": (1280, 1)}


@pytest.mark.parametrize(("width", "scale"), SIZES.values(), ids=SIZES)
def test_no_kind_is_cut_off_at_any_size_and_targets_are_large(practice_page, width, scale):
    page = practice_page(viewport={"width": width, "height": 700}, device_scale_factor=scale)
    do_all_by_keyboard(page, page.locator(".ssq"))
    for check in page.get_by_role("button", name="Check", exact=True).all():
        check.click()
    page.locator(".ssq-verdict").nth(3).wait_for()
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width
    for target in page.locator("button:visible, .ssq-option:visible, summary:visible, .ssq-grip").all():
        box = target.bounding_box()
        assert box["height"] >= 44, target.inner_text()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
