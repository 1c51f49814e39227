"""The report in a browser: for every reader, on screen and on paper, and safe from what pupils write."""

import re
from itertools import pairwise

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import expect
from safequiz.bank import load_quiz

from tests.test_analysis import all_right, pupil
from tests.test_report import HOSTILE, a_class, page

from .test_site import AXE_RUN, BY_COLOUR, TOO_WIDE, WATCH

pytestmark = pytest.mark.browser
#: It asks every kind of question: eight that are scored, and one in which pupils write.
QUIZ = load_quiz("keep-it-fresh")
WRITTEN = QUIZ.items[-1]
#: Written without a space, so that no line of it can be broken.
HARD = f"{HOSTILE} {'x' * 300} [a](javascript:alert(1)) \\frac{{1}}{{2}}"
LONG_CODE = "p" * 64
OPEN_FOLDS = "() => document.querySelectorAll('details').forEach((fold) => { fold.open = true; })"


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    """The report on a class in which one pupil is hostile."""
    hostile = pupil(LONG_CODE, all_right(QUIZ) | {WRITTEN.id: HARD}, QUIZ, content="0123abcd")
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(page([*a_class(24, QUIZ), hostile], QUIZ, key_changed=True), encoding="utf-8")
    return path.as_uri()


@pytest.fixture
def opened(window, url):
    """Return a function that opens the report; it must ask for nothing and ask the reader nothing."""
    heard = []

    def made(**options):
        tab = window(**options)
        tab.context.add_init_script(WATCH)
        tab.on("dialog", lambda dialog: (heard.append(dialog.message), dialog.dismiss()))
        tab.on("console", lambda said: heard.append(said.text))
        tab.on("request", lambda request: heard.append(request.url))
        tab.goto(url)
        heard.remove(url)
        assert tab.evaluate("() => refused") == []
        return tab

    yield made
    assert [each for each in heard if each != "data:,"] == []


def test_what_a_pupil_wrote_is_text_and_neither_runs_nor_asks_for_anything(opened):
    tab = opened()
    tab.evaluate(OPEN_FOLDS)

    seen = HARD.replace("\u202e", "\ufffd").replace("\x07", "\ufffd")
    assert seen in tab.locator(".written dd").all_text_contents()
    assert tab.locator("script, img, iframe").count() == 0


def test_axe_finds_nothing_in_the_light_in_the_dark_and_on_paper(opened):
    tab = opened()
    tab.evaluate(AXE_SCRIPT)
    tab.evaluate(OPEN_FOLDS)

    assert tab.evaluate(AXE_RUN) == []
    tab.emulate_media(color_scheme="dark")
    assert tab.evaluate(AXE_RUN, BY_COLOUR) == []
    tab.emulate_media(color_scheme="light", media="print")
    assert tab.evaluate(AXE_RUN, BY_COLOUR) == []


def test_no_screen_has_to_be_scrolled_sideways(opened):
    tab = opened()
    tab.evaluate(OPEN_FOLDS)

    for width in (320, 390, 1280):
        tab.set_viewport_size({"width": width, "height": 700})
        assert tab.evaluate(TOO_WIDE) == ""
    tab.evaluate("() => { document.documentElement.style.fontSize = '200%'; }")
    tab.set_viewport_size({"width": 640, "height": 700})
    assert tab.evaluate(TOO_WIDE) == ""


def test_the_first_screen_tells_how_they_did_what_to_teach_again_and_who_needs_somebody(opened):
    tab = opened(viewport={"width": 1280, "height": 800})

    for title in ("How did they do?", "What do I teach again?", "Who needs me?"):
        expect(tab.get_by_role("region", name=title)).to_be_in_viewport(ratio=1)


def test_a_screen_reader_meets_headings_in_order_and_every_chart_and_table_by_name(opened):
    tab = opened()
    tab.evaluate(OPEN_FOLDS)
    tree = tab.locator("body").aria_snapshot()
    levels = [int(each) for each in re.findall(r"\[level=(\d)\]", tree)]

    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert tab.get_by_role("figure").count() == tab.get_by_role("img").count() == 4 + 8
    assert tree.count("- img:") == tree.count("- figure:") == tree.count("- table:") == 0
    assert tab.get_by_role("table").count() == 2 + 8
    expect(tab.get_by_role("img", name="Question 1: how many chose each answer")).to_be_visible()
    expect(tab.get_by_role("table", name="Question 1: the answers")).to_be_visible()


def test_what_scrolls_is_reached_by_keyboard_and_the_focus_is_seen(opened):
    tab = opened(viewport={"width": 320, "height": 700})
    fold = tab.locator("summary", has_text="Everybody's marks")
    fold.focus()
    tab.keyboard.press("Enter")
    tab.keyboard.press("Tab")
    region = tab.get_by_role("region", name="Everybody's marks")

    expect(region).to_be_focused()
    assert region.evaluate("each => getComputedStyle(each).outlineWidth") == "3px"
    assert region.evaluate("each => each.scrollWidth > each.clientWidth")
    tab.keyboard.press("ArrowRight")
    tab.wait_for_function("() => document.activeElement.scrollLeft > 0")


def test_bars_are_told_apart_by_words_too_and_are_seen_in_every_colour_scheme(opened):
    for options in ({}, {"color_scheme": "dark"}, {"forced_colors": "active"}):
        chart = opened(**options).get_by_role("img", name="Question 1: how many chose each answer")
        fills = chart.locator("rect").evaluate_all("bars => bars.map((bar) => getComputedStyle(bar).fill)")
        page_is = chart.page.evaluate("() => getComputedStyle(document.body).backgroundColor")

        assert chart.locator("text", has_text=", right").count() == 1
        assert len(set(fills)) == 2
        assert page_is not in fills


def test_on_paper_the_folds_are_open_and_the_list_of_links_is_gone(opened):
    tab = opened()
    tab.emulate_media(media="print")

    expect(tab.locator(".contents")).to_be_hidden()
    expect(tab.get_by_text("Who handed in no answers counts in no figure.")).to_be_visible()
    assert tab.evaluate("() => getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert tab.pdf(format="A4").startswith(b"%PDF")
