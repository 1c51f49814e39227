"""The course as plain pages: every page for every reader, every question by keyboard, answers that travel."""

import html
import json
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from bs4 import BeautifulSoup
from playwright.sync_api import expect
from safecourse.facts import load_facts
from safecourse.notebooks import lessons
from safecourse.words import Words, languages, read_words, speaking
from safequiz import assignment
from safequiz.bank import bank_names, load_bank
from safequiz.marking import released_questions
from safequiz.responses import FILE_NAME, Store, parse, to_json
from safequiz.scoring import WORTH
from safequiz.widget import practice
from safesite.lessons import read_lesson

from .by_keyboard import ELSEWHERE, answer, any_response, card, shown
from .conftest import COURSE

pytestmark = pytest.mark.browser
KEY = "stay-safe-online"  # in the browser's storage
LESSON = "01-grooming-signs.html"
QUIZZES = {quiz.id: quiz for name in bank_names() for quiz in load_bank(name).quizzes}
WIDTHS = {"320 px": 320, "390 px": 390, "1280 px at 200 % zoom": 640, "1280 px": 1280}

#: Runs in each page before anything of its own.
WATCH = """
window.refused = [];
document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => {
  refused.push(`${violatedDirective}: ${blockedURI}`);
});
"""
READY = """() => document.querySelector("#tools button") &&
  [...document.querySelectorAll("[data-slot]")].every((slot) => slot.querySelector(".ssq"))"""
AXE_RUN = """(rules) => axe.run(document, rules ? { runOnly: rules } : {}).then(({ violations }) =>
  violations.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map(({ target }) => target)}`))"""
#: What colours and paper can change; the rest of a page is the same in the light.
BY_COLOUR = ["color-contrast", "link-in-text-block", "heading-order", "landmark-one-main", "region"]
TOO_WIDE = """() => {
  const { clientWidth, scrollWidth } = document.documentElement;
  return scrollWidth > clientWidth ? `${scrollWidth} in ${clientWidth}` : "";
}"""


@pytest.fixture
def window(browser):
    """Return a function that opens a browser window of its own; a script error in one fails the test."""
    contexts, errors = [], []

    def made(**options):
        context = open_context(browser, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda error: errors.append(str(error)))
        return page

    yield made
    for context in contexts:
        context.close()
    assert errors == []


def open_context(browser, **options):
    """Open a context in which leaving leads to a page of ours, as no test may ask another site."""
    options = {"viewport": {"width": 1000, "height": 800}, "service_workers": "block"} | options
    context = browser.new_context(**options)
    context.route(
        re.compile(r"^https://www\.bbc\.co\.uk/"),
        lambda route: route.fulfill(body="<title>Weather</title>Weather", content_type="text/html"),
    )
    return context


def opened(page, site, path):
    """Open a page of the site, and wait until all of its parts are there."""
    page.goto(site.url + path)
    page.wait_for_function(READY)
    return page


def questions(site, path):
    """Return what is asked on a page: slot, place in it, and the question."""
    return [
        (number, place, view)
        for number, slot in enumerate(site.pages[path].data["slots"])
        for place, view in enumerate(slot.get("quiz", {}).get("items", []))
    ]


def kept(page):
    """Return what the browser keeps, read as strictly as a file; it must be the very bytes of one."""
    text = page.evaluate("(key) => localStorage.getItem(key)", KEY)
    answers = parse(text.encode())
    assert to_json(answers).decode() == text
    return answers


# --- every page ------------------------------------------------------------------------------


@dataclass
class Visit:
    """What there was to see of one page."""

    complaints: list[str] = field(default_factory=list)  # of the browser
    asked: list[str] = field(default_factory=list)
    cookies: list[dict] = field(default_factory=list)
    tree: str = ""  # as a screen reader has it
    headings: int = 0
    axe: dict[str, list[str]] = field(default_factory=dict)
    wide: dict[str, str] = field(default_factory=dict)
    left_for: str = ""


@pytest.fixture(scope="module")
def visits(browser, site):
    """Open every page once: look at it in every medium and at every width, then leave it by Escape."""
    context = open_context(browser, reduced_motion="reduce")
    context.add_init_script(WATCH)
    page = context.new_page()
    page.set_default_timeout(15_000)
    made = {}
    page.on("console", lambda said: made[path].complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: made[path].complaints.append(str(error)))
    page.on("request", lambda request: made[path].asked.append(request.url))
    for path in site.paths:
        visit = made[path] = Visit()
        look_at(opened(page, site, path), visit)
        visit.cookies = context.cookies()
        for _ in range(3):
            page.keyboard.press("Escape")
        page.wait_for_url(re.compile(r"^https:"))
        visit.left_for = page.url
    context.close()
    return made


def look_at(page, visit):
    """Note down everything about the page that is open."""
    visit.tree = page.locator("body").aria_snapshot()
    visit.headings = page.get_by_role("heading", level=1).count()
    page.evaluate(AXE_SCRIPT)
    visit.axe["light"] = page.evaluate(AXE_RUN)
    page.emulate_media(color_scheme="dark")
    visit.axe["dark"] = page.evaluate(AXE_RUN, BY_COLOUR)
    page.emulate_media(color_scheme="light", media="print")
    visit.axe["print"] = page.evaluate(AXE_RUN, BY_COLOUR)
    page.emulate_media(media="screen")
    for name, width in WIDTHS.items():
        page.set_viewport_size({"width": width, "height": 700})
        visit.wide[name] = page.evaluate(TOO_WIDE)
    page.evaluate("() => { document.documentElement.style.fontSize = '200%'; }")
    visit.wide["text at 200 %"] = page.evaluate(TOO_WIDE)
    page.set_viewport_size({"width": 1000, "height": 800})
    visit.complaints += page.evaluate("() => refused")


def faults(visits, found):
    """Return what `found` makes of each visit, for the pages where that is anything."""
    return {path: fault for path, visit in visits.items() if (fault := found(visit))}


def test_no_page_has_a_fault_that_axe_can_see_in_light_in_dark_or_on_paper(visits):
    assert faults(visits, lambda visit: {name: found for name, found in visit.axe.items() if found}) == {}
    assert len(visits) > 40


def test_no_page_scrolls_sideways_at_any_width_nor_with_text_twice_as_large(visits):
    assert faults(visits, lambda visit: {name: wide for name, wide in visit.wide.items() if wide}) == {}


def test_every_page_has_one_title_and_the_same_landmarks_in_the_same_order(visits):
    def landmarks(visit):
        found = re.findall(r"^- (banner|navigation|main|contentinfo)\b", visit.tree, re.MULTILINE)
        return [] if found == ["banner", "navigation", "main", "contentinfo"] else found

    assert faults(visits, landmarks) == {}
    assert faults(visits, lambda visit: visit.headings != 1) == {}


def test_whatever_can_be_used_has_a_name_in_the_accessibility_tree(visits):
    nameless = r"^\s*- (?:button|link|textbox|radio|checkbox|combobox|navigation)(?::.*| \[.*)?$"
    assert faults(visits, lambda visit: re.findall(nameless, visit.tree, re.MULTILINE)) == {}


def test_no_page_makes_the_browser_complain(visits):
    assert faults(visits, lambda visit: visit.complaints) == {}


def test_a_page_is_one_request_and_nobody_else_is_asked_and_no_cookie_set(site, visits):
    for path, visit in visits.items():
        before = visit.asked[: visit.asked.index(ELSEWHERE)]
        assert [url for url in before if not url.startswith("data:")] == [site.url + path], path
        assert visit.cookies == [], path


def test_escape_three_times_leaves_from_every_page(visits):
    assert faults(visits, lambda visit: visit.left_for.rstrip("/") != ELSEWHERE) == {}


def test_an_address_that_is_none_shows_the_page_that_says_so_however_deep(window, site):
    page = window()
    for path in ("nothing.html", "deep/down/nothing"):
        assert page.goto(site.url + path).status == 404
        expect(page.get_by_role("heading", level=1)).to_have_text("This page is not here")
        expect(page.get_by_role("button", name="Larger text")).to_be_visible()
    page.get_by_role("link", name="Grooming signs").click()
    expect(page).to_have_url(f"{site.url}{LESSON}")


# --- by keyboard -----------------------------------------------------------------------------

#: Everything that Tab has to come to: of radio buttons with one name any one.
STOPS = """() => {
  const stops = [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex='0']")]
    .filter((stop) => stop.checkVisibility({ visibilityProperty: true }) && stop.tabIndex >= 0);
  window.missed = new Map(stops.map((stop) => [stop, stop.type === "radio" ? stop.name : stop]));
  return new Set(missed.values()).size;
}"""
#: Note where the focus is; return what is wrong with that, or that it has come to the end.
STOP = """() => {
  const stop = document.activeElement;
  if (stop === document.body) return "end";
  const known = missed.get(stop);
  for (const [other, name] of missed) if (name === known) missed.delete(other);
  const box = stop.getBoundingClientRect();
  const name = `${stop.localName} ${(stop.ariaLabel ?? stop.innerText ?? "").trim().slice(0, 40)}`;
  if (!stop.matches(":focus-visible")) return `${name}: no ring`;
  const { outlineStyle, outlineWidth } = getComputedStyle(stop);
  if (outlineStyle === "none" || outlineWidth === "0px") return `${name}: no outline`;
  if (box.bottom > innerHeight + 1 || box.top < -1) {
    return box.height < innerHeight ? `${name}: out of sight (${box.top} to ${box.bottom} of ${innerHeight})` : "";
  }
  // A corner or two may be round, or lie outside a label that is broken over two lines.
  const [line] = stop.getClientRects();
  const seen = [[.5, .5], [.1, .5], [.5, .15], [.5, .85]].filter(([across, down]) => {
    const top = document.elementFromPoint(line.left + line.width * across, line.top + line.height * down);
    return stop.contains(top) || top?.contains(stop) || stop.labels?.[0]?.contains(top);
  });
  return seen.length < 4 ? `${name}: covered` : "";
}"""


def walk(page, key):
    """Press `key` until the focus has gone round; return what was wrong on the way, and what was left out."""
    page.evaluate("() => { document.activeElement.blur(); getSelection().removeAllRanges(); }")
    count = page.evaluate(STOPS)
    wrong = []
    for _ in range(count + 60):  # boxes that scroll are stops too
        page.keyboard.press(key)
        found = page.evaluate(STOP)
        if found == "end":
            break
        wrong += [found] if found else []
    else:
        wrong.append(f"after {count + 60} times {key} there is no end")
    missed = page.evaluate("() => [...missed.keys()].map((stop) => stop.outerHTML.slice(0, 120))")
    return wrong, missed, count


@pytest.mark.parametrize("size", [(1000, 800), (390, 700)], ids=["wide", "phone"])
@pytest.mark.parametrize("path", ["index.html", LESSON, "whom-to-tell.html", "quiz-grooming-signs-adults.html"])
def test_tab_comes_to_every_control_in_sight_and_out_again(window, site, path, size):
    page = opened(window(viewport={"width": size[0], "height": size[1]}), site, path)
    for key in ("Tab", "Shift+Tab"):
        wrong, missed, count = walk(page, key)
        assert (wrong, missed) == ([], []), key
        assert count > 10


def test_the_skip_link_is_first_and_leads_past_the_strip_and_the_links(window, site):
    page = opened(window(), site, LESSON)
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the page")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.closest('main') !== null")


# --- leaving ---------------------------------------------------------------------------------


def history(page):
    """Return the addresses and titles that the tab's Back and Forward lead to, in order, and where it stands."""
    found = page.context.new_cdp_session(page).send("Page.getNavigationHistory")
    return [(entry["url"], entry["title"]) for entry in found["entries"]], found["currentIndex"]


@pytest.mark.parametrize("how", ["Escape", "the button"])
@pytest.mark.parametrize("before", ["about:blank", "https://www.bbc.co.uk/news"])
def test_who_has_left_finds_no_page_of_the_course_by_going_back_or_forward(window, site, how, before):
    page = window()
    page.goto(before)
    opened(page, site, "index.html")
    page.get_by_role("link", name="Grooming signs").click()
    page.wait_for_function(READY)
    page.get_by_text("On this page").click()
    page.get_by_role("link", name="A new friend in a game").click()
    page.get_by_role("link", name="Whom to tell", exact=True).click()
    page.wait_for_function(READY)
    page.go_back()  # so that there is something to go forward to
    page.wait_for_function(READY)
    if how == "Escape":
        for _ in range(3):
            page.keyboard.press("Escape")
    else:
        page.get_by_role("link", name="Leave this page").click()
    page.wait_for_url(ELSEWHERE)
    expect(page).to_have_title("Weather")
    entries, place = history(page)
    assert place == len(entries) - 1  # nothing to go forward to
    ours = [entry for entry in entries if entry[0].startswith(site.url)]
    assert [url for url, _ in ours if not url.endswith("/away.html")] == []
    assert [title for _, title in ours if re.search(r"[A-Za-z]{4}", title.replace("127.0.0.1", ""))] == []
    if ours:
        page.go_back()
        page.wait_for_url(ELSEWHERE)
        expect(page).to_have_title("Weather")


def test_the_first_presses_say_how_many_more_and_other_keys_leave_nobody(window, site):
    page = opened(window(), site, LESSON)
    notice = page.locator("#notice")
    page.keyboard.press("Escape")
    expect(notice).to_have_text("Press Escape twice more to leave this page.")
    page.keyboard.press("Escape")
    expect(notice).to_have_text("Press Escape once more to leave this page.")
    page.keyboard.press("a")
    assert page.url == site.url + LESSON
    page.keyboard.press("Escape")
    page.wait_for_url(ELSEWHERE)


def test_a_click_for_a_new_tab_is_left_to_the_browser(window, site):
    page = opened(window(), site, LESSON)
    with page.context.expect_page() as other:
        page.get_by_role("link", name="Leave this page").click(modifiers=["Control"])
    other.value.wait_for_url(ELSEWHERE)
    assert page.url == site.url + LESSON
    expect(page.get_by_role("heading", level=1)).to_be_visible()


# --- what the questions are, and what becomes of answers -------------------------------------

#: The page's own reading of its data, on a page that was only parsed.
READ = (COURSE / "safesite" / "static" / "page.js").read_text(encoding="utf-8")
READ = READ[READ.index("function readData() {") : READ.index("// --- larger text")]


def as_json(data):
    """Return data as a page gets it."""
    return json.loads(json.dumps(data))


def decoded(page, site, path):
    """Return the data of a page with every reference in it followed."""
    text = (site.folder / path).read_text(encoding="utf-8")
    script = """([text, script]) => {
      const page = new DOMParser().parseFromString(text, "text/html");
      return new Function("document", `${script}; return readData();`)(page);
    }"""
    return page.evaluate(script, [text, READ])


def test_every_page_has_the_very_questions_that_the_lesson_in_jupyter_has(window, site, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # nobody's answers are here
    page = window()
    different, compared = [], 0
    for path, made in site.pages.items():
        data = decoded(page, site, path)
        different += [path] if data.get("slots", []) != as_json(made.data.get("slots", [])) else []
        for slot in data.get("slots", []):
            if path.startswith("cy/") or slot.get("quiz", {}).get("mode") != "practice":
                continue
            ids, quiz = [item["id"] for item in slot["quiz"]["items"]], slot["quiz"]
            widget = practice(slot["name"].removesuffix("-practice"), *ids, title=quiz["title"])
            same = (as_json(widget.quiz), widget.name, widget.content) == (quiz, slot["name"], slot["content"])
            different += [] if same else [f"{path}: {ids}"]
            compared += 1
    assert different == []
    assert compared > 50
    assert set(site.pages) == set(site.paths)


def test_every_kind_of_question_is_answered_by_keyboard_and_there_after_a_reload(window, site):
    page = opened(window(), site, LESSON)
    given = {view["id"]: any_response(view) for _, _, view in questions(site, LESSON)}
    for slot, place, view in questions(site, LESSON):
        answer(card(page, slot, place), view, given[view["id"]])
    assert {view["kind"] for _, _, view in questions(site, LESSON)} == {
        *("single", "multiple", "spot", "order", "scenario", "nation", "reflection")
    }
    assert kept(page).responses("grooming-signs-practice") == given
    page.reload()
    page.wait_for_function(READY)
    seen = {view["id"]: shown(card(page, slot, place), view) for slot, place, view in questions(site, LESSON)}
    assert seen == given
    expect(page.locator(".ssq-status", has_text=re.compile("not saved", re.IGNORECASE))).to_have_count(0)
    opened(page, site, "index.html")
    expect(page.locator('[data-lesson="01-grooming-signs"]')).to_contain_text(f" of {len(given)} questions tried")


def test_a_checked_answer_says_why_by_keyboard_and_only_the_first_try_is_kept_for_a_review(window, site):
    page = opened(window(), site, LESSON)
    slot, place, view = next(each for each in questions(site, LESSON) if each[2]["kind"] == "single")
    box = card(page, slot, place)
    first, second = view["options"][-1], view["options"][0]
    for option in (first, second):
        answer(box, view, [option["id"]])
        page.keyboard.press("Tab")
        expect(box.get_by_role("button", name="Check", exact=True)).to_be_focused()
        page.keyboard.press("Enter")
        expect(box.get_by_role("status")).to_contain_text(option["rationale"])
    answers = kept(page)
    assert answers.responses("grooming-signs-practice-first") == {view["id"]: [first["id"]]}
    assert answers.responses("grooming-signs-practice") == {view["id"]: [second["id"]]}


def test_where_a_learner_lives_is_chosen_by_keyboard_once_for_every_page(window, site):
    page = opened(window(), site, LESSON)
    chooser = page.locator(".ssq-nation")
    chooser.get_by_role("radio", name="Scotland").press("Space")
    page.keyboard.press("Tab")
    expect(chooser.locator(".ssq-status")).to_have_text("Saved.")
    assert kept(page).nation == "scotland"
    folds = page.locator("details[data-nation]")
    for path in (LESSON, "04-abusive-messages.html", "cy/05-where-to-report.html"):
        opened(page, site, path)
        expect(page.locator('.ssq-nation input[value="scotland"]')).to_be_checked()
        assert folds.count() > 0
        assert folds.evaluate_all(
            "folds => folds.every((fold) => fold.open === fold.dataset.nation.split(' ').includes('scotland'))"
        )
    opened(page, site, LESSON)
    page.locator(".ssq-nation").get_by_role("radio", name="Show all").press("Space")
    page.keyboard.press("Tab")
    assert folds.evaluate_all("folds => folds.every((fold) => fold.open)")
    expect(chooser.locator(".ssq-status")).to_have_text("Saved.")
    assert kept(page).nation is None


def test_settings_are_ticked_by_keyboard_and_stand_in_the_family_plan(window, site):
    path = "02-privacy-settings.html"
    page = opened(window(), site, path)
    groups = [
        (number, group)
        for number, slot in enumerate(site.pages[path].data["slots"])
        for group in slot.get("quiz", {}).get("groups", [])
    ]
    ticked = {}
    for number, group in groups:
        fold = page.locator(f'[data-slot="{number}"] .ssq-group', has=page.get_by_text(group["name"], exact=True))
        if fold.get_attribute("open") is None:
            fold.locator("summary").press("Enter")
        fold.locator(f'input[value="{group["rows"][0]["id"]}"]').press("Space")
        ticked[group["rows"][0]["id"]] = ["done"]
    assert kept(page).responses("checklist") == ticked
    page.reload()
    page.wait_for_function(READY)
    boxes = page.locator(".ssq-checklist input:checked")
    assert set(boxes.evaluate_all("boxes => boxes.map((box) => box.value)")) == set(ticked)
    opened(page, site, "family-plan.html")
    for _, group in groups:
        row = group["rows"][0]
        expect(page.locator("#plan")).to_contain_text(f"{row['name']}: {row['set_to']}")


def test_the_finder_leads_by_keyboard_to_whom_to_tell_and_keeps_nothing(window, site):
    page = opened(window(), site, "whom-to-tell.html")
    quiz = site.pages["whom-to-tell.html"].data["slots"][0]["quiz"]
    for question in quiz["questions"]:
        expect(page.locator(".ssq-stage .ssq-stem")).to_have_text(question["text"])
        page.locator(".ssq-stage").get_by_role("radio").nth(1).press("Space")
        page.get_by_role("button", name="Next").press("Enter")
    outcome = page.locator(".ssq-outcome")
    expect(outcome.get_by_role("heading", level=3)).to_be_focused()
    names = {contact["name"] for contact in quiz["contacts"].values()}
    told = outcome.locator(".ssq-contacts h4").all_text_contents()
    assert told
    assert set(told) <= names
    assert page.evaluate("() => localStorage.length") == 0
    page.get_by_role("button", name="Start again").press("Enter")
    expect(page.locator(".ssq-stage .ssq-stem")).to_have_text(quiz["questions"][0]["text"])


def test_a_review_asks_ten_questions_and_is_the_same_with_its_answers_after_a_reload(window, site):
    path = "review-one-week.html"
    page = opened(window(), site, path)
    views = {entry["view"]["stem"]: entry["view"] for entry in site.pages[path].data["slots"][0]["pool"]}

    def asked():
        stems = page.locator('[data-slot="0"] > .ssq > .ssq-card .ssq-stem').all_text_contents()
        return [views[stem] for stem in stems]

    before = asked()
    assert len(before) == 10
    for place, view in enumerate(before):
        answer(card(page, 0, place), view, any_response(view))
    page.reload()
    page.wait_for_function(READY)
    assert asked() == before
    for place, view in enumerate(before):
        assert shown(card(page, 0, place), view) == any_response(view), view["id"]


# --- answers that travel ---------------------------------------------------------------------


def test_what_a_page_saves_to_a_file_is_what_the_lesson_in_jupyter_shows(window, site, tmp_path, monkeypatch):
    page = opened(window(accept_downloads=True), site, LESSON)
    asked = questions(site, LESSON)[:9]
    for slot, place, view in asked:
        answer(card(page, slot, place), view, any_response(view))
    checked = next(view for _, _, view in asked if view["kind"] == "single")
    page.get_by_role("button", name="Check", exact=True).first.press("Enter")
    opened(page, site, "your-answers.html")
    expect(page.locator("#kept")).to_contain_text(f"Practice questions tried: {len(asked)} of")
    with page.expect_download() as download:
        page.locator("#keep").get_by_role("button", name="Save my answers as a file").press("Enter")
    assert download.value.suggested_filename == FILE_NAME
    download.value.save_as(tmp_path / FILE_NAME)

    monkeypatch.chdir(tmp_path)
    widget = practice("grooming-signs")
    assert widget.response == {view["id"]: any_response(view) for _, _, view in asked}
    assert widget.checked == {checked["id"]: any_response(checked)}
    assert widget.status["note"] == ""


def test_a_file_from_jupyter_loaded_on_the_page_shows_its_answers_in_the_lessons(window, site, tmp_path):
    given = {view["id"]: any_response(view) for _, _, view in questions(site, LESSON)[:9]}
    store = Store(tmp_path / FILE_NAME)
    store.save("grooming-signs-practice", "0a1b2c3d", given, set(given))
    store.save_nation("wales")
    page = opened(window(), site, "your-answers.html")
    page.get_by_label("Answers file").set_input_files(tmp_path / FILE_NAME)
    said = page.locator("#keep").get_by_role("status")
    expect(said).to_have_text(f"The answers in {FILE_NAME} are now on this device too.")
    assert kept(page) == parse((tmp_path / FILE_NAME).read_bytes())
    opened(page, site, LESSON)
    for slot, place, view in questions(site, LESSON)[:9]:
        assert shown(card(page, slot, place), view) == given[view["id"]], view["id"]
    expect(page.locator('.ssq-nation input[value="wales"]')).to_be_checked()


def test_a_file_of_another_kind_is_refused_in_a_sentence_and_changes_nothing(window, site, tmp_path):
    page = opened(window(), site, LESSON)
    slot, place, view = questions(site, LESSON)[0]
    answer(card(page, slot, place), view, any_response(view))
    before = kept(page)
    (tmp_path / "holiday.json").write_text('{"beach": true}', encoding="utf-8")
    opened(page, site, "your-answers.html")
    page.get_by_label("Answers file").set_input_files(tmp_path / "holiday.json")
    said = page.locator("#keep").get_by_role("status")
    expect(said).to_contain_text("Nothing was loaded from holiday.json.")
    assert kept(page) == before


def test_everything_is_cleared_only_after_a_second_yes(window, site):
    page = opened(window(), site, LESSON)
    slot, place, view = questions(site, LESSON)[0]
    answer(card(page, slot, place), view, any_response(view))
    opened(page, site, "your-answers.html")
    clear = page.get_by_role("button", name="Clear everything on this device")
    clear.press("Enter")
    page.get_by_role("button", name="Cancel").press("Enter")
    expect(clear).to_be_focused()
    assert kept(page).quizzes
    clear.press("Enter")
    page.get_by_role("button", name="Yes, clear everything").press("Enter")
    expect(page.locator("#kept")).to_contain_text("Nothing is kept on this device yet.")
    assert page.evaluate("() => localStorage.length") == 0


# --- a quiz that is marked -------------------------------------------------------------------

MARKED = QUIZZES["grooming-signs-adults"]


def right(item):
    """Return the answer to a marked item that earns every point; to a written one, some words."""
    if item.kind == "reflection":
        return "Stop. Tell someone."
    if item.kind == "order":
        return [option.id for option in item.options]
    if item.kind == "nation":
        return ["wales", item.key_in("wales")]
    if item.kind != "scenario":
        return [option.id for option in item.options if option.key]
    way, here = [], item.steps[0]
    while here:
        choice = max(here.choices, key=lambda choice: WORTH[choice.worth])
        way.append(choice.id)
        here = item.step(choice.to)
    return way


def hand_in(page, folder):
    """Save the answers to the quiz that is open, and return the file."""
    with page.expect_download() as download:
        page.get_by_role("button", name="Save my answers as a file").press("Enter")
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    expect(page.locator("#hand-in").get_by_role("status")).to_contain_text("Give this file to your teacher.")
    return path


def quizzes(course, *words):
    """Take a step of marking, in a process of its own: a browser and nbgrader both want the event loop."""
    script = "import sys; from pathlib import Path; from safequiz.cli import main; " + (
        "sys.exit(main(sys.argv[2:], Path(sys.argv[1])))"
    )
    return subprocess.run(
        [sys.executable, "-c", script, str(course), *words],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


@pytest.fixture
def course(tmp_path):
    """Return a folder to mark in, with the quiz released, and one for what is handed in."""
    course, inbox = tmp_path / "course", tmp_path / "inbox"
    course.mkdir()
    inbox.mkdir()
    shutil.copy(assignment.COURSE / "nbgrader_config.py", course)
    released = quizzes(course, "release", MARKED.id)
    assert released.returncode == 0, released.stderr
    return course


def test_a_quiz_answered_by_keyboard_and_handed_in_earns_its_marks(window, site, course, tmp_path):
    path = f"quiz-{MARKED.id}.html"
    page = opened(window(accept_downloads=True), site, path)
    asked = questions(site, path)
    right_answers = {item.id: right(item) for item in MARKED.items}
    expect(page.locator("#hand-in").get_by_role("link")).to_have_count(len(asked))
    for slot, place, view in asked:
        answer(card(page, slot, place), view, right_answers[view["id"]])
    expect(page.locator("#hand-in")).to_contain_text("Every question has an answer.")
    page.reload()
    page.wait_for_function(READY)
    seen = {view["id"]: shown(card(page, slot, place), view) for slot, place, view in asked}
    assert seen == right_answers
    page.get_by_label("Pupil code").press_sequentially("p01")
    file = hand_in(page, tmp_path / "inbox")
    assert file.name == f"{MARKED.id}.p01.answers.json"
    assert parse(file.read_bytes()).pupil == "p01"
    assert list(parse(file.read_bytes()).quizzes) == [MARKED.id]

    collected = quizzes(course, "collect", MARKED.id, str(tmp_path / "inbox"))
    assert (collected.returncode, collected.stdout.splitlines()[0][:11]) == (0, "1 collected"), collected
    graded = quizzes(course, "grade", MARKED.id)
    assert graded.returncode == 0, graded.stderr
    script = (
        "import json, sys; from pathlib import Path; from safequiz.steps import gradebook\n"
        "with gradebook(Path(sys.argv[1])) as book:\n"
        "    (work,) = book.assignment_submissions(sys.argv[2])\n"
        "    print(json.dumps([work.student.id, {g.name: g.score for g in work.notebooks[0].grades}]))"
    )
    found = subprocess.run(
        [sys.executable, "-c", script, str(course), MARKED.id], capture_output=True, text=True, check=True
    )
    code, marks = json.loads(found.stdout.splitlines()[-1])
    assert code == "p01"
    written = next(item.id for item in MARKED.items if item.kind == "reflection")
    assert marks.pop(written) == 0  # a person has yet to read it
    assert marks == {item.id: item.points for item in MARKED.items if item.id != written}


def test_without_a_code_collecting_names_the_file_and_says_what_to_call_it(window, site, course, tmp_path):
    page = opened(window(accept_downloads=True), site, f"quiz-{MARKED.id}.html")
    slot, place, view = questions(site, f"quiz-{MARKED.id}.html")[0]
    answer(card(page, slot, place), view, any_response(view))
    page.get_by_role("button", name="Save my answers as a file").press("Enter")
    expect(page.get_by_text(f"Questions without an answer: {len(MARKED.items) - 1}. You can")).to_be_focused()
    page.get_by_role("button", name="Go to the first of them").press("Enter")
    assert page.evaluate("() => document.activeElement.closest('.ssq-card') !== null")
    page.get_by_role("button", name="Save my answers as a file").press("Enter")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save all the same").press("Enter")
    name = download.value.suggested_filename
    assert name == f"{MARKED.id}.answers.json"
    download.value.save_as(tmp_path / "inbox" / name)
    collected = quizzes(course, "collect", MARKED.id, str(tmp_path / "inbox"))
    assert f"NOT collected, {name}: it does not say whose it is: call it CODE.answers.json." in collected.stdout
    assert not (course / "submitted").exists() or not list((course / "submitted").iterdir())


def test_a_name_is_no_code(window, site):
    page = opened(window(), site, f"quiz-{MARKED.id}.html")
    field = page.get_by_label("Pupil code")
    for text in ("Zoë Smith", "../up", "con"):
        field.fill(text)
        page.get_by_role("button", name="Save my answers as a file").press("Enter")
        expect(page.locator("#pupil-code-fault")).to_contain_text("A code is up to 64 letters")
        expect(field).to_be_focused()
        expect(field).to_have_attribute("aria-invalid", "true")


def test_no_key_and_no_reason_of_a_marked_question_is_anywhere_in_the_site(window, site):
    page, leaks = window(), []
    for quiz in QUIZZES.values():
        path = f"quiz-{quiz.id}.html"
        released = released_questions(quiz)
        (slot,) = decoded(page, site, path)["slots"]
        assert slot["quiz"]["items"] == as_json(released["items"])
    secrets = {
        secret
        for quiz in QUIZZES.values()
        for item in quiz.items
        for secret in [
            *item.rubric,
            item.rationale,
            *(option.rationale for option in item.options),
            *(ending.text for ending in item.endings),
            *(choice.rationale for step in item.steps for choice in step.choices),
        ]
        if secret
    }
    assert len(secrets) > 200
    for path in site.paths:
        raw = (site.folder / path).read_text(encoding="utf-8")
        # As text, with the marks of its elements gone, and as the data is written.
        whole = spaced(BeautifulSoup(raw, "html.parser").get_text()) + json.dumps(raw, ensure_ascii=False)
        leaks += [f"{path}: {secret}" for secret in secrets if secret in whole]
    assert leaks == []


# --- without scripts -------------------------------------------------------------------------


def spaced(text):
    """Return a text with every run of spaces as one."""
    return re.sub(r"\s+", " ", html.unescape(text)).strip()


def texts_of(quiz):
    """Yield what a learner has to read of a quiz to answer it."""
    for view in quiz.get("items", []):
        yield view["stem"]
        yield from (option["text"] for option in view["options"])
        for step in view.get("steps", []):
            yield from (step["text"], *(choice["text"] for choice in step["choices"]))
    for group in quiz.get("groups", []):
        yield from (text for row in group["rows"] for text in (row["name"], row["set_to"], row["where"]))


def test_without_scripts_every_text_stands_on_the_page_and_nothing_says_that_it_is_still_coming(window, site):
    page = window(java_script_enabled=False)
    lacking, waiting, contacts = [], [], load_facts().contacts
    for path, made in site.pages.items():
        page.goto(site.url + path)
        seen = spaced(page.locator("body").inner_text())
        for slot in made.data.get("slots", []):
            lacking += [f"{path}: {text}" for text in texts_of(slot.get("quiz", {})) if spaced(text) not in seen]
        waiting += [path] if re.search(r"\b(loading|please wait|opening|one moment)\b", seen, re.IGNORECASE) else []
        assert page.locator("main h1").count() == 1
        for fold in page.locator("details[data-nation]").all():
            assert fold.get_attribute("open") is not None, path
    assert (lacking, waiting) == ([], [])
    page.goto(f"{site.url}whom-to-tell.html")
    seen = spaced(page.locator("main").inner_text())
    for contact in site.pages["whom-to-tell.html"].data["slots"][0]["quiz"]["contacts"].values():
        assert contact["name"] in seen
        assert all(spaced(how["value"]) in seen for how in contact["how"])
    assert len(contacts) > 10


def test_without_scripts_a_lesson_shows_what_its_notebook_shows(window, site):
    page = window(java_script_enabled=False)
    for lesson in lessons():
        path = "index.html" if lesson.stem.startswith("00") else f"{lesson.stem}.html"
        page.goto(site.url + path)
        if path == "index.html":
            continue
        seen = spaced(page.locator("main").text_content())
        cells = json.loads(lesson.read_text(encoding="utf-8"))["cells"]
        outputs = [out["data"].get("text/markdown") for cell in cells for out in cell.get("outputs", [])]
        numbers = {
            found
            for output in outputs
            if output
            for found in re.findall(r"\[([^\]]+)\]\((?:tel|https):", "".join(output))
        }
        assert len(numbers) > 3
        assert [found for found in numbers if spaced(re.sub(r"[*_`\\]", "", found)) not in seen] == [], path


# --- another language ------------------------------------------------------------------------

#: Every text on the page that stands alone, outside what is marked as English.
TEXTS = """() => {
  const walker = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT);
  const found = [document.title];
  const read = (element) => element && !element.closest("[lang=en], script, style");
  while (walker.nextNode()) {
    if (read(walker.currentNode.parentElement)) found.push(walker.currentNode.textContent);
  }
  for (const name of ["aria-label", "alt", "placeholder", "title"]) {
    for (const element of document.querySelectorAll(`[${name}]`)) {
      if (read(element)) found.push(element.getAttribute(name));
    }
  }
  return found.map((text) => text.replace(/\\s+/g, " ").trim()).filter(Boolean);
}"""


def test_welsh_pages_say_so_await_review_and_have_no_english_words_left(window, site):
    page = window(reduced_motion="reduce")
    known = read_words("cy").known
    english = {spaced(text) for some in known.values() for text, found in some.items() if text != found}
    left = {}
    welsh = [path for path in site.paths if path.startswith("cy/")]
    assert len(welsh) >= 4
    for path in welsh:
        opened(page, site, path)
        assert page.evaluate("() => document.documentElement.lang") == "cy"
        expect(page.locator(".awaiting")).to_contain_text(known["words"][AWAITS])
        expect(page.locator(".awaiting a")).to_have_attribute("lang", "en")
        if path == "cy/05-where-to-report.html":
            for slot, place, view in questions(site, path)[:6]:
                answer_in_welsh(card(page, slot, place), view)
        left |= {path: found for found in [sorted(english & set(page.evaluate(TEXTS)))] if found}
    assert left == {}
    page.get_by_role("link", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")


AWAITS = "This translation awaits review by a Welsh speaker. If anything is unclear, please read it in English."


def answer_in_welsh(box, view):
    """Answer and check, so that verdicts and reasons show."""
    if view["kind"] != "scenario":
        answer(box, view, any_response(view))
        box.locator(".ssq-check").press("Enter")
        expect(box.locator(".ssq-feedback p").first).to_be_visible()


def test_a_sentence_without_a_translation_is_shown_and_marked_as_english():
    words = read_words("cy")
    own = dict(words.known["05-where-to-report"])
    lost = next(text for text in own if text.endswith(".") and len(text) > 60 and not re.search(r"[*\[`]", text))
    del own[lost]
    path = next(path for path in lessons() if path.stem == "05-where-to-report")
    with speaking(Words("cy", {**words.known, "05-where-to-report": own})):
        lesson = read_lesson(path, lambda slot: "")
    text = "".join(section.html for section in lesson.sections)
    assert f'<span lang="en">{html.escape(lost, quote=False)}</span>' in text
    assert languages()[0] == "en"
