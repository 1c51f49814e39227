"""The feedback page in a browser: for every reader, on screen and paper, and whatever a pupil wrote."""

import re
from itertools import pairwise

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import expect
from safequiz.feedback import pages_of

from tests.test_feedback import HOSTILE, NAME, ORDERS, asked, pupil, with_mark

from .test_site import AXE_RUN, BY_COLOUR, TOO_WIDE, WATCH

pytestmark = pytest.mark.browser
#: Written without a space, so that no line of it can be broken, and in a script that runs from right to left.
HARD = f"{HOSTILE} {'x' * 300} \u202e\u05d0\u05d1\u05d2 \\frac{{1}}{{2}}"
#: Of each quiz, the kinds that are answered.
KINDS = {
    NAME: ("single", "multiple", "spot", "nation", "scenario", "reflection"),
    ORDERS: ("order", "reflection"),
}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """The pages of p01: with an answer to each kind of question, and of who handed in nothing."""
    folder, paths = tmp_path_factory.mktemp("feedback"), {}
    for name, quiz, result in (
        (NAME, NAME, answered(NAME)),
        (ORDERS, ORDERS, answered(ORDERS)),
        ("nothing", NAME, pupil()),
    ):
        paths[name] = folder / f"{name}.html"
        paths[name].write_text(pages_of(quiz).page(result), encoding="utf-8")
    return paths


def answered(name):
    items = [asked(name, kind)[1] for kind in KINDS[name]]
    result = pupil(name, {item.id: answer_to(item) for item in items})
    return with_mark(result, items[-1], comment=HARD)


def answer_to(item):
    """Return a response that is not all right: two options, a list upside down, one decision of a story."""
    return {
        "reflection": HARD,
        "nation": ["scotland", item.key_in("wales")],
        "scenario": [item.steps[0].choices[0].id] if item.steps else [],
        "order": [option.id for option in reversed(item.options)],
        "single": [next((option.id for option in item.options if not option.key), "")],
    }.get(item.kind, [option.id for option in item.options[:2]])


@pytest.fixture
def opened(window, files):
    """Return a function that opens one of the pages; it must ask for nothing and ask the reader nothing."""
    heard = []

    def made(name, **options):
        page = window(**options)
        page.context.add_init_script(WATCH)
        page.on("dialog", lambda dialog: (heard.append(dialog.message), dialog.dismiss()))
        page.on("console", lambda said: heard.append(said.text))
        page.on("request", lambda request: heard.append(request.url))
        page.goto(files[name].as_uri())
        heard.remove(files[name].as_uri())
        assert page.evaluate("() => refused") == []
        return page

    yield made
    assert [each for each in heard if each != "data:,"] == []


def test_what_a_pupil_wrote_is_text_and_neither_runs_nor_asks_for_anything(opened):
    page = opened(NAME)
    written = page.locator("blockquote")

    expect(written).to_have_count(2)  # the answer, and what the teacher says of it
    for each in written.all():
        assert each.text_content() == HARD.replace("\u202e", "\ufffd")
    assert page.locator("script, img").count() == 0


@pytest.mark.parametrize("name", [NAME, ORDERS, "nothing"])
def test_axe_finds_nothing_in_the_light_in_the_dark_and_on_paper(opened, name):
    page = opened(name)
    page.evaluate(AXE_SCRIPT)
    for fold in page.locator("details").all():
        fold.evaluate("fold => { fold.open = true; }")

    assert page.evaluate(AXE_RUN) == []
    page.emulate_media(color_scheme="dark")
    assert page.evaluate(AXE_RUN, BY_COLOUR) == []
    page.emulate_media(color_scheme="light", media="print")
    assert page.evaluate(AXE_RUN, BY_COLOUR) == []


@pytest.mark.parametrize("name", [NAME, ORDERS, "nothing"])
def test_no_screen_has_to_be_scrolled_sideways(opened, name):
    page = opened(name)
    page.evaluate("() => document.querySelectorAll('details').forEach((fold) => { fold.open = true; })")

    for width in (320, 390, 1280):
        page.set_viewport_size({"width": width, "height": 700})
        assert page.evaluate(TOO_WIDE) == ""
    page.evaluate("() => { document.documentElement.style.fontSize = '200%'; }")
    page.set_viewport_size({"width": 640, "height": 700})
    assert page.evaluate(TOO_WIDE) == ""


def test_a_screen_reader_meets_headings_in_order_lists_and_words_for_every_sign(opened):
    page = opened(NAME)
    levels = [int(each) for each in re.findall(r"\[level=(\d)\]", page.locator("body").aria_snapshot())]
    first = page.get_by_role("region", name="Question 1 of 9")
    mine = first.get_by_role("listitem").filter(has_text="Your answer")

    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    for landmark in ("banner", "navigation", "main", "contentinfo"):
        expect(page.get_by_role(landmark)).to_have_count(1)
    expect(mine).to_have_count(1)
    assert "Your answer Not right" in mine.aria_snapshot()
    assert "paragraph: Right" in first.aria_snapshot()
    assert not re.search("[✔✘◐]", page.locator("main").aria_snapshot())


def test_the_list_of_questions_leads_to_each_by_keyboard_and_the_focus_is_seen(opened):
    page = opened(NAME)
    link = page.get_by_role("link", name="Question 3: ")
    page.keyboard.press("Tab")
    assert page.evaluate("() => getComputedStyle(document.activeElement).outlineWidth") == "3px"
    link.focus()
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="Question 3 of 9")).to_be_in_viewport()
    fold = page.locator("summary").nth(2)
    page.keyboard.press("Tab")
    expect(fold).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("details").nth(2).get_by_role("link").first).to_be_visible()


def test_links_in_lists_are_large_enough_for_a_thumb(opened):
    page = opened(NAME, viewport={"width": 390, "height": 844})
    page.evaluate("() => document.querySelectorAll('details').forEach((fold) => { fold.open = true; })")

    heights = page.locator(".now a, .overview a, .cards a, summary").evaluate_all(
        "all => all.map((each) => each.getBoundingClientRect().height)"
    )
    assert min(heights) >= 44


def test_on_paper_the_answers_stay_and_what_is_only_for_a_screen_goes(opened):
    page = opened(NAME)
    page.emulate_media(media="print")

    expect(page.locator(".now p").first).to_contain_text("999")
    expect(page.locator(".now a[href='#help']")).to_be_hidden()
    expect(page.locator("details").first).to_be_hidden()
    expect(page.get_by_text("Your answer", exact=True).first).to_be_visible()
    assert page.evaluate("() => getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.pdf(format="A4").startswith(b"%PDF")


def test_in_forced_colours_the_answer_is_still_told_apart(opened):
    page = opened(NAME, forced_colors="active")
    widths = {
        which: page.locator(which).first.evaluate("row => getComputedStyle(row).borderTopWidth")
        for which in (".row.mine", ".row:not(.mine)")
    }

    assert widths == {".row.mine": "3px", ".row:not(.mine)": "1px"}
