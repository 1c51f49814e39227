"""The course as plain pages: each page for every reader, by keyboard, without scripts, and in Welsh."""

import html
import json
import re
from dataclasses import dataclass, field

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import expect
from safecourse.notebooks import lessons
from safecourse.words import Words, read_words, speaking
from safesite.lessons import read_lesson

from .site_pages import (
    ELSEWHERE,
    READY,
    answer,
    any_response,
    card,
    laid_out,
    open_context,
    opened,
    questions,
    spaced,
)

pytestmark = pytest.mark.browser
LESSON = "01-grooming-signs.html"
WIDTHS = {"320 px": 320, "390 px": 390, "1280 px at 200 % zoom": 640, "1280 px": 1280}

#: Runs in each page before anything of its own.
WATCH = """
window.refused = [];
document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => {
  refused.push(`${violatedDirective}: ${blockedURI}`);
});
"""
AXE_RUN = """(rules) => axe.run(document, rules ? { runOnly: rules } : {}).then(({ violations }) =>
  violations.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map(({ target }) => target)}`))"""
#: What colours and paper can change; the rest of a page is the same in the light.
BY_COLOUR = ["color-contrast", "link-in-text-block"]
TOO_WIDE = """() => {
  const { clientWidth, scrollWidth } = document.documentElement;
  return scrollWidth > clientWidth ? `${scrollWidth} in ${clientWidth}` : "";
}"""


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
    laid_out(page)
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
    assert len(visits) > 35


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
  const stops = [...document.querySelectorAll("a[href], button, input, textarea, summary, [tabindex='0']")]
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
    return box.height < innerHeight ? `${name}: out of sight, ${box.top} to ${box.bottom}` : "";
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
    for _ in range(
        most := 3 * count + 60
    ):  # boxes that scroll are stops too, and backwards each radio button
        page.keyboard.press(key)
        found = page.evaluate(STOP)
        if found == "end":
            break
        if found:  # a page may still be scrolling, or laying itself out
            page.wait_for_timeout(100)
            wrong += [found] if (found := page.evaluate(STOP)) else []
    else:
        wrong.append(f"after {most} times {key} there is no end")
    missed = page.evaluate("() => [...missed.keys()].map((stop) => stop.outerHTML.slice(0, 120))")
    return wrong, missed, count


@pytest.mark.parametrize("size", [(1000, 800), (390, 700)], ids=["wide", "phone"])
@pytest.mark.parametrize(
    "path", ["index.html", LESSON, "whom-to-tell.html", "quiz-grooming-signs-adults.html"]
)
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
    """Return the addresses and titles in the tab's history, in order, and where it stands among them."""
    found = page.context.new_cdp_session(page).send("Page.getNavigationHistory")
    return [(entry["url"], entry["title"]) for entry in found["entries"]], found["currentIndex"]


#: A page that cannot go back through its history in 700 ms leaves all the same, as a busy machine would show.
PATIENT = """
const soon = window.setTimeout;
window.setTimeout = (action, ms, ...more) => soon(action, ms === 700 ? 60000 : ms, ...more);
"""


@pytest.mark.parametrize("how", ["Escape", "the button"])
@pytest.mark.parametrize("before", ["about:blank", "https://www.bbc.co.uk/news"])
def test_who_has_left_finds_no_page_of_the_course_by_going_back_or_forward(window, site, how, before):
    page = window()
    page.add_init_script(PATIENT)
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
    link = page.get_by_role("link", name="Leave this page")
    link.evaluate(
        "(link) => { link.href = 'robots.txt'; }"
    )  # a new tab may ask another site before a test can answer
    with page.context.expect_page() as other:
        link.click(modifiers=["Control"])
    expect(other.value).to_have_url(f"{site.url}robots.txt")
    assert page.url == site.url + LESSON
    expect(page.get_by_role("heading", level=1)).to_be_visible()


# --- without scripts -------------------------------------------------------------------------


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
    lacking, waiting = [], []
    for path, made in site.pages.items():
        page.goto(site.url + path)
        laid_out(page)
        seen = spaced(page.locator("body").inner_text())
        for slot in made.data.get("slots", []):
            lacking += [
                f"{path}: {text}" for text in texts_of(slot.get("quiz", {})) if spaced(text) not in seen
            ]
        waiting += [path] if re.search(r"\b(loading|please wait)\b", seen, re.IGNORECASE) else []
        assert page.locator("main h1").count() == 1
        for fold in page.locator("details[data-nation]").all():
            assert fold.get_attribute("open") is not None, path
    assert (lacking, waiting) == ([], [])
    page.goto(f"{site.url}whom-to-tell.html")
    seen = spaced(page.locator("main").inner_text())
    for contact in site.pages["whom-to-tell.html"].data["slots"][0]["quiz"]["contacts"].values():
        assert contact["name"] in seen
        assert all(spaced(how["value"]) in seen for how in contact["how"])


def lines_of(markdown):
    """Yield each text in Markdown of the course's own making, as a page shows it."""
    markdown = re.sub(r"<[^>]+>", "\n", markdown)
    for line in re.split(r"\n|\||\*\*|\[|\]\([^)]*\)", markdown):
        bare = re.sub(r"^[>\s]*(?:(?:-|\d+\.|#+)\s+)?|\\(?=\W)", "", line)
        if text := spaced(bare).strip("*:-()"):
            yield text


def test_without_scripts_a_lesson_shows_the_facts_and_contacts_that_its_notebook_shows(window, site):
    page = window(java_script_enabled=False)
    lacking, compared = [], 0
    for lesson in lessons():
        if lesson.stem.startswith("00"):
            continue
        page.goto(f"{site.url}{lesson.stem}.html")
        seen = spaced(page.locator("main").text_content())
        page.goto(f"{site.url}teach-{lesson.stem}.html")
        seen += spaced(page.locator("main").text_content())
        for cell in json.loads(lesson.read_text(encoding="utf-8"))["cells"]:
            for output in cell.get("outputs", []):
                texts = list(lines_of("".join(output["data"].get("text/markdown", ""))))
                lacking += [f"{lesson.stem}: {text}" for text in texts if text not in seen]
                compared += len(texts)
    assert lacking == []
    assert compared > 3000


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
        left[path] = sorted(english & set(page.evaluate(TEXTS)))
    assert left == {path: [] for path in welsh}
    page.get_by_role("link", name="English", exact=True).click()
    expect(page.locator("html")).to_have_attribute("lang", "en")


AWAITS = (
    "This translation awaits review by a Welsh speaker. If anything is unclear, please read it in English."
)


def answer_in_welsh(box, view):
    """Answer and check, so that verdicts and reasons show."""
    if view["kind"] != "scenario":
        answer(box, view, any_response(view))
        box.locator(".ssq-check").press("Enter")
        expect(box.locator(".ssq-feedback p").first).to_be_visible()


def test_a_sentence_without_a_translation_is_shown_and_marked_as_english():
    words = read_words("cy")
    own = dict(words.known["05-where-to-report"])
    lost = next(
        text for text in own if text.endswith(".") and len(text) > 60 and not re.search(r"[*\[`]", text)
    )
    del own[lost]
    path = next(path for path in lessons() if path.stem == "05-where-to-report")
    with speaking(Words("cy", {**words.known, "05-where-to-report": own})):
        lesson = read_lesson(path, lambda slot: "")
    text = "".join(section.html for section in lesson.sections)
    assert f'<span lang="en">{html.escape(lost, quote=False)}</span>' in text
