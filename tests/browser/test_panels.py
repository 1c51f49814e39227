"""The nation chooser, the checklist, the report finder and the calendar file, as learners use them."""

import re

import nbformat
import pytest
from icalendar import Calendar
from safecourse.routes import load_routes
from safequiz.report_finder import packed
from safequiz.spaced import reminders
from safequiz.widget import checklist, nation_chooser

from .conftest import DOORS, axe, notebook, open_quiz

pytestmark = pytest.mark.browser
EVERY_DOOR = pytest.mark.parametrize("door", DOORS)
BLOCKS = (
    '<details open data-nation="england wales"><summary>England and Wales</summary>Here.</details>'
    '<details open data-nation="scotland"><summary>Scotland</summary>There.</details>'
)
ROW = {
    "name": "Lock",
    "set_to": "on",
    "where": "Settings",
    "why": "So.",
    "under_18": "",
    "checked": "2026-11-21",
}
FINDER = {
    "title": "Find out whom to tell",
    "mode": "finder",
    "note": "Three questions.",
    "unsure": "Not sure? Choose the last one.",
    "questions": [
        {
            "id": "danger",
            "text": "Is anyone in danger now?",
            "hint": "",
            "options": [{"id": "yes", "text": "Yes"}, {"id": "no", "text": "No"}],
        },
        {
            "id": "nation",
            "text": "Where do you live?",
            "hint": "",
            "options": [{"id": "scotland", "text": "Scotland"}, {"id": "wales", "text": "Wales"}],
        },
    ],
    "table": [0, 1],
    "outcomes": [[1, 1, 1], [2, 1, 2]],
    "danger": {"yes": 0},
    "texts": ["Ring.", "Breathe.", "Tell Scotland", "Tell Wales", "The words.", "A <private> picture.", ""],
    "routes": [
        {"title": 6, "keep": [], "never": []},
        {"title": 2, "keep": [4], "never": [5]},
        {"title": 3, "keep": [], "never": []},
    ],
    "orders": [[0, 5], [1], [2, 0, 1, 3, 4]],
    "ids": ["a", "b", "c", "d", "e", "f"],
    "contacts": {
        "a": {"nations": "", "name": "Emergency", "what_for": "Danger.", "not_for": "Questions.",
              "hours": "Always",
              "how": [{"label": "Call", "value": "999", "href": "tel:999"}],
              "cost": "Free", "next": "They come.", "checked": "2026-11-21"},
        "b": {"nations": "Scotland", "name": "Police Scotland", "what_for": "Crime.", "not_for": "",
              "hours": "", "how": [{"label": "Site", "value": "scotland.police.uk",
                       "href": "https://www.scotland.police.uk/"}],
              "cost": "", "next": "", "checked": "2026-11-21"},
        "c": {"name": "Police", "what_for": "Crime.", "not_for": "", "hours": "", "how": [],
              "cost": "", "next": "", "checked": "2026-11-21"},
        "d": {"name": "School", "what_for": "Pupils.", "not_for": "", "hours": "", "how": [],
              "cost": "", "next": "", "checked": "2026-11-21"},
        "f": {"name": "Text relay", "what_for": "Deaf callers.", "not_for": "", "hours": "", "how": [],
              "cost": "", "next": "", "checked": "2026-11-21"},
        "e": {"name": "Helpline", "what_for": "Talking.", "not_for": "", "hours": "", "how": [],
              "cost": "", "next": "", "checked": "2026-11-21"},
    },
}  # fmt: skip

WHOM = {
    "id": "whom",
    "text": "Whom is it about?",
    "hint": "",
    "options": [{"id": "me", "text": "Me"}, {"id": "friend", "text": "A friend"}],
}
THREE = FINDER | {"questions": [*FINDER["questions"], WHOM], "table": [0, 0, 1, 1]}


def focused(page):
    """Return the words of what has the focus."""
    return page.evaluate("() => document.activeElement.textContent")


@pytest.fixture
def folder(folder):
    """Return a folder with a lesson that asks for the nation twice and differs by it."""
    cells = (
        "from safecourse import by_nation\nfrom safequiz import checklist, nation_chooser",
        "nation_chooser()",
        'by_nation("police-scotland", "psni")',
        'checklist("Do this now", "whatsapp")',
    )
    nbformat.write(notebook(*cells), folder / "nations.ipynb")
    return folder


@EVERY_DOOR
def test_a_nation_is_chosen_once_and_the_others_fold_away_but_stay(page, server, folder, door):
    quiz = open_quiz(page, server, door, folder / "nations.ipynb")
    blocks = page.locator("details[data-nation]")
    blocks.nth(1).wait_for()
    assert [block.get_attribute("open") is not None for block in blocks.all()] == [True, True]
    quiz.get_by_role("radio", name="England").focus()
    for _ in range(2):
        page.keyboard.press("ArrowRight")
    quiz.locator(".ssq-status", has_text="Saved.").wait_for()
    assert quiz.get_by_role("radio", name="Scotland").is_checked()
    assert blocks.filter(has_text="Police Scotland").first.evaluate("block => block.open")
    other = page.locator('details[data-nation="northern-ireland"]')
    assert not other.evaluate("block => block.open")
    assert other.locator("summary").is_visible()
    quiz = open_quiz(page, server, door, folder / "nations.ipynb")
    assert quiz.get_by_role("radio", name="Scotland").is_checked()
    page.wait_for_function(
        "() => document.querySelector('details[data-nation=northern-ireland]')?.open === false"
    )
    quiz.get_by_role("radio", name="Show all").check()
    page.wait_for_function("() => document.querySelector('details[data-nation=northern-ireland]').open")
    assert axe(page) == []


def test_every_chooser_on_a_page_follows_and_what_is_drawn_later_too(plain_page):
    page = plain_page({"quiz": nation_chooser().quiz}, head=BLOCKS)
    page.get_by_role("radio", name="Wales").check()
    page.evaluate("""() => document.body.insertAdjacentHTML("beforeend",
        '<div><details open data-nation="northern-ireland"><summary>Late</summary>x</details></div>')""")
    page.wait_for_function("() => !document.querySelector('[data-nation=northern-ireland]').open")
    page.evaluate("""() => { document.documentElement.dataset.ssqNation = "scotland";
        document.dispatchEvent(new CustomEvent("ssq-nation", { detail: "scotland" })); }""")
    assert page.get_by_role("radio", name="Scotland").is_checked()


def test_a_nation_chosen_by_arrow_keys_folds_at_every_step_and_is_sent_where_they_stop(plain_page):
    page = plain_page({"quiz": nation_chooser().quiz}, clock=True, head=BLOCKS)
    blocks = page.locator("details[data-nation]")
    page.evaluate(
        "() => { window.told = []; document.addEventListener('ssq-nation', (e) => told.push(e.detail)); }"
    )
    page.get_by_role("radio", name="England").focus()
    page.keyboard.press("Space")
    assert [block.get_attribute("open") is not None for block in blocks.all()] == [True, False]
    for _ in range(2):
        page.keyboard.press("ArrowRight")
    assert [block.get_attribute("open") is not None for block in blocks.all()] == [False, True]
    assert page.evaluate("() => model.get('sent')") == 0
    assert page.locator(".ssq-status").text_content() == "Saving…"
    page.clock.run_for(700)
    assert page.evaluate("() => [model.get('sent'), model.get('nation')]") == [1, "scotland"]
    assert page.evaluate("() => told") == [
        "scotland"
    ]  # a question on the page takes over no nation passed by


LEAVING = {
    "focus goes": "() => document.activeElement.blur()",
    "the tab is put away": "() => document.dispatchEvent(new Event('visibilitychange'))",
    "the page is left": "() => window.dispatchEvent(new Event('pagehide'))",
}


@pytest.mark.parametrize("leave", LEAVING.values(), ids=LEAVING)
def test_a_nation_just_chosen_is_sent_at_once_when(plain_page, leave):
    page = plain_page({"quiz": nation_chooser().quiz}, clock=True)
    page.get_by_role("radio", name="Wales").check()
    page.evaluate(leave)
    assert page.evaluate("() => [model.get('sent'), model.get('nation')]") == [1, "wales"]
    page.clock.run_for(700)
    assert page.evaluate("() => model.get('sent')") == 1


@EVERY_DOOR
def test_ticks_are_kept_and_counted(page, server, folder, door):
    open_quiz(page, server, door, folder / "nations.ipynb")
    listed = page.locator(".ssq-checklist")
    box = listed.get_by_role("checkbox").first
    box.wait_for()
    box.focus()
    page.keyboard.press("x")  # cuts no cell
    page.keyboard.press("Space")
    listed.locator(".ssq-status", has_text="Saved.").wait_for()
    assert re.match(r"1 of \d+ done", listed.locator(".ssq-progress").inner_text())
    open_quiz(page, server, door, folder / "nations.ipynb")
    box.wait_for()
    assert box.is_checked()


def test_every_row_of_a_checklist_is_an_answer_of_its_own(plain_page):
    groups = [
        {"id": group, "name": group, "rows": [ROW | {"id": f"{group}-{number}"} for number in (1, 2)]}
        for group in ("phone", "chat")
    ]
    listed = {"title": "Do this now", "mode": "checklist", "note": "", "groups": groups}
    page = plain_page({"quiz": listed, "response": {"chat-2": ["done"]}})
    for fold in page.locator("summary").all():
        fold.click()
    boxes = page.get_by_role("checkbox")
    assert [box.is_checked() for box in boxes.all()] == [False, False, False, True]
    assert page.locator(".ssq-progress").inner_text() == "1 of 4 done"
    assert page.locator("summary").all_text_contents() == ["phone 0 of 2 done", "chat 1 of 2 done"]
    boxes.first.check()
    assert page.evaluate("() => model.get('response')") == {"phone-1": ["done"], "chat-2": ["done"]}
    boxes.last.uncheck()
    assert page.evaluate("() => model.get('response')") == {"phone-1": ["done"]}
    assert page.locator(".ssq-progress").inner_text() == "1 of 4 done"


def test_a_setting_is_read_out_with_where_to_find_it(plain_page):
    listed = checklist("Do this now", "whatsapp").quiz
    page = plain_page({"quiz": listed, "response": {}})
    row = listed["groups"][0]["rows"][0]
    box = page.get_by_role("checkbox").first
    described = box.evaluate(
        """box => box.getAttribute("aria-describedby").split(" ")
            .map((id) => document.getElementById(id).textContent)"""
    )
    assert f"Where: {row['where']}" in described
    assert axe(page) == []


def test_the_calendar_file_can_be_saved(plain_page):
    page = plain_page({"quiz": reminders().quiz})
    with page.expect_download() as taken:
        page.get_by_role("link", name="Save the calendar file").press("Enter")
    assert taken.value.suggested_filename == "stay-safe-online.ics"
    assert len(Calendar.from_ical(taken.value.path().read_bytes()).walk("VEVENT")) == 3
    assert axe(page) == []


def answer(page, *options):
    """Answer the finder's next questions by keyboard."""
    for option in options:
        page.get_by_role("radio", name=option).focus()
        page.keyboard.press("Space")
        page.get_by_role("button", name="Next").press("Enter")


def answer_by_id(page, quiz, given):
    """Answer all the finder's questions by the ids of their options."""
    for question, option_id in zip(quiz["questions"], given, strict=True):
        text = next(option["text"] for option in question["options"] if option["id"] == option_id)
        page.get_by_role("radio", name=text, exact=True).check()
        page.get_by_role("button", name="Next").click()


def test_the_finder_leads_by_keyboard_to_whom_to_tell_first(plain_page):
    page = plain_page({"quiz": FINDER})
    answer(page, "Yes", "Wales")
    assert focused(page) == "Tell Wales"
    assert page.get_by_text("Urgent. Do this now.").is_visible()
    first = page.locator(".ssq-contacts > li").first
    assert first.get_by_role("link", name="999").get_attribute("href") == "tel:999"
    assert first.get_by_text("They come.").is_visible()
    assert axe(page) == []


def test_who_is_in_danger_hears_whom_to_ring_before_any_other_question(plain_page):
    page = plain_page({"quiz": FINDER})
    answer(page, "Yes")
    assert page.get_by_text("Urgent. Do this now.").is_visible()
    assert page.get_by_role("link", name="999").is_visible()
    assert page.get_by_text("Question 2 of 2").is_visible()
    assert axe(page) == []


def test_the_emergency_comes_first_and_after_a_few_the_others_are_folded_but_counted(plain_page):
    page = plain_page({"quiz": FINDER})
    answer(page, "Yes", "Wales")
    names = page.locator(".ssq-outcome h4")
    assert names.all_inner_texts()[0] == "Emergency"
    assert names.all_text_contents() == [
        *["Emergency", "Text relay", "Police", "Police Scotland", "School", "Helpline"],
    ]
    assert not page.get_by_text("Helpline").is_visible()
    page.get_by_text("More who can help: 1").focus()
    page.keyboard.press("Enter")
    assert page.get_by_text("Helpline").is_visible()
    assert page.get_by_text("Other ways to reach them: 1").is_visible()


def test_an_answer_can_be_changed_without_giving_the_others_again(plain_page):
    page = plain_page({"quiz": FINDER})
    answer(page, "Yes", "Wales")
    page.get_by_role("button", name="Change your answer: Is anyone in danger now?").press("Enter")
    answer(page, "No")
    assert focused(page) == "Tell Wales"
    page.get_by_role("button", name="Start again").press("Enter")
    assert page.get_by_text("Question 1 of 2").is_visible()
    assert page.get_by_role("radio", checked=True).count() == 0


def test_next_without_an_answer_moves_to_a_link_that_leads_back(plain_page):
    page = plain_page({"quiz": FINDER})
    page.get_by_role("button", name="Next").press("Enter")
    assert focused(page) == "Choose an answer first."
    page.keyboard.press("Enter")
    assert page.evaluate("() => document.activeElement.type") == "radio"

    page.keyboard.press("Space")
    assert page.get_by_text("Choose an answer first.").count() == 0


def chosen(page):
    """Return what is chosen in the question on the screen."""
    return page.evaluate("() => document.querySelector('.ssq :checked')?.value")


def test_going_back_keeps_what_is_chosen_and_next_goes_to_the_next_question(plain_page):
    page = plain_page({"quiz": THREE})
    answer(page, "No", "Wales")
    page.get_by_role("radio", name="A friend").check()
    for expected in ("wales", "no"):
        page.get_by_role("button", name="Back").press("Enter")
        assert chosen(page) == expected
    for expected in ("wales", "friend"):
        page.get_by_role("button", name="Next").press("Enter")
        assert chosen(page) == expected


def test_only_change_leads_back_to_where_the_learner_was(plain_page):
    page = plain_page({"quiz": THREE})
    answer(page, "No", "Wales")
    page.get_by_role("radio", name="A friend").check()
    page.get_by_role("button", name="Change your answer: Is anyone in danger now?").press("Enter")
    answer(page, "Yes")
    assert page.get_by_text("Question 3 of 3").is_visible()
    assert chosen(page) == "friend"
    page.get_by_role("button", name="Back").press("Enter")
    page.get_by_role("button", name="Change your answer: Is anyone in danger now?").press("Enter")
    answer(page, "No")
    assert page.get_by_text("Question 2 of 3").is_visible()


def test_the_finder_knows_where_the_learner_lives(plain_page):
    page = plain_page({"quiz": FINDER, "nation": "wales"})
    answer(page, "No")
    assert page.get_by_role("radio", name="Wales").is_checked()


def test_a_card_says_which_nation_it_is_for(plain_page):
    page = plain_page({"quiz": FINDER})
    answer(page, "No", "Scotland")
    assert page.locator(".ssq-contacts > li").inner_text().startswith("Police Scotland\n\nFor Scotland")


def test_with_the_nation_not_known_more_contacts_stand_open(plain_page):
    quiz = packed(load_routes())
    page = plain_page({"quiz": quiz})
    answer_by_id(page, quiz, ("no", "scam", "adult", "message", "not-sure"))
    shown = page.locator(".ssq-contacts > li:visible h4").all_inner_texts()
    assert any("Report Fraud" in name for name in shown)
    assert any("Police Scotland" in name for name in shown)


def test_the_finder_sends_and_keeps_nothing(plain_page):
    page = plain_page({"quiz": FINDER})
    answer(page, "No", "Scotland")
    assert page.get_by_text("Your answers stay on this page and are not kept.").is_visible()
    assert page.evaluate("() => localStorage.length") == 0
    assert page.evaluate("() => [model.get('sent'), JSON.stringify(model.get('response'))]") == [0, "{}"]


def test_what_the_finder_says_can_be_saved_whole_and_as_text(plain_page):
    page = plain_page({"quiz": FINDER})
    answer(page, "No", "Scotland")
    with page.expect_download() as taken:
        page.get_by_role("button", name="Save as a file").press("Enter")
    text = taken.value.path().read_text(encoding="utf-8")
    assert "A &lt;private&gt; picture." in text
    assert "https://www.scotland.police.uk/" in text
    assert "<script" not in text


def test_what_the_finder_says_can_be_printed_alone(plain_page):
    page = plain_page({"quiz": FINDER})
    answer(page, "No", "Scotland")
    page.context.add_init_script("window.print = () => { window.printed = true; }")
    with page.expect_popup() as opened:
        page.get_by_role("button", name="Print").press("Enter")
    sheet = opened.value
    assert "Police Scotland" in sheet.locator("body").inner_text()
    assert sheet.locator("button").count() == 0


def test_where_windows_cannot_be_opened_the_page_itself_is_printed(plain_page):
    page = plain_page({"quiz": FINDER})
    answer(page, "No", "Scotland")
    page.evaluate("() => { window.open = () => null; window.print = () => { window.printed = true; }; }")
    page.get_by_role("button", name="Print").press("Enter")
    assert page.evaluate("() => window.printed")


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_the_finder_is_whole_at_every_width(plain_page, width):
    page = plain_page({"quiz": FINDER}, viewport={"width": width, "height": 700})
    answer(page, "No", "Scotland")
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width
    for target in page.locator("button:visible").all():
        assert target.bounding_box()["height"] >= 44, target.inner_text()


SITUATIONS = {
    "a child asked for pictures": ("no", "asks", "child", "app", "scotland"),
    "a child on the way to a meeting": ("yes", "asks", "me", "app", "wales"),
    "a scam, nation not known": ("no", "scam", "adult", "message", "not-sure"),
    "a pupil's picture at school": ("no", "picture", "pupil", "app", "northern-ireland"),
    "a call broken into, perhaps in danger": ("not-sure", "call-child-abuse", "staff", "call", "england"),
    "nothing known": ("not-sure", "not-sure", "not-sure", "not-sure", "not-sure"),
}


@pytest.mark.parametrize("given", SITUATIONS.values(), ids=SITUATIONS)
def test_the_page_of_the_finder_says_what_the_routes_say(plain_page, given):
    routes = load_routes()
    quiz = packed(routes)
    page = plain_page({"quiz": quiz})
    answer_by_id(page, quiz, given)
    outcome = routes.outcome(
        dict(zip((question["id"] for question in quiz["questions"]), given, strict=True))
    )
    names = [routes.facts.contact(contact_id).name for contact_id in outcome.contacts]
    assert page.locator(".ssq-outcome h4").all_text_contents()[: len(names)] == names
    text = page.locator(".ssq-outcome").text_content()
    assert all(words in text for words in (outcome.first, *outcome.keep, *outcome.never))
