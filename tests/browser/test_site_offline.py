"""The plain pages where something is missing: storage, the connection, a server, a fast device, a screen."""

import json
import re
import shutil

import pytest
from playwright.sync_api import expect
from safequiz.responses import parse
from safesite import build as building

from tests.ports import free_port

from .conftest import served
from .site_pages import (
    ELSEWHERE,
    KEY,
    READY,
    answer,
    any_response,
    card,
    kept,
    open_context,
    opened,
    questions,
    shown,
)

pytestmark = pytest.mark.browser
LESSON = "01-grooming-signs.html"
QUIZ = "quiz-grooming-signs.html"


def of_kind(site, path, kind, number=0):
    """Return a question of a kind: slot, place in it, and the question."""
    return [each for each in questions(site, path) if each[2]["kind"] == kind][number]


def status(page, slot):
    """Return the line at the foot of a slot's questions."""
    return page.locator(f'[data-slot="{slot}"] .ssq-status')


# --- storage ---------------------------------------------------------------------------------

SHUT = """Object.defineProperty(window, "localStorage", {
  get() { throw new DOMException("Access is denied", "SecurityError"); },
});"""
FULL = """Storage.prototype.setItem = () => { throw new DOMException("full", "QuotaExceededError"); };"""


def test_where_a_browser_keeps_nothing_that_is_said_and_answers_last_until_the_page_closes(window, site):
    page = window(accept_downloads=True)
    page.add_init_script(SHUT)
    opened(page, site, LESSON)
    slot, place, view = of_kind(site, LESSON, "single")
    expect(status(page, slot)).to_have_text(
        "This browser keeps nothing for this page. Your answers stay until you close it."
    )
    box = card(page, slot, place)
    answer(box, view, any_response(view))
    expect(status(page, slot)).to_have_text(
        "Not saved: this browser keeps nothing for this page. Your answers stay until you close it."
    )
    box.get_by_role("button", name="Check", exact=True).press("Enter")
    expect(box.locator(".ssq-verdict")).to_be_visible()
    assert shown(box, view) == any_response(view)

    opened(page, site, QUIZ)
    slot, place, view = of_kind(site, QUIZ, "single")
    answer(card(page, slot, place), view, any_response(view))
    page.get_by_role("button", name="Save my answers as a file").press("Enter")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save all the same").press("Enter")
    saved = parse(download.value.path().read_bytes())
    assert saved.responses("grooming-signs") == {view["id"]: any_response(view)}

    for path in ("index.html", "family-plan.html", "certificate.html", "whom-to-tell.html"):
        opened(page, site, path)
        assert page.locator(".slot-failed").count() == 0
    opened(page, site, "your-answers.html")
    expect(page.locator("#kept")).to_contain_text("This browser keeps nothing for this page.")


def test_where_a_browser_has_no_room_that_is_said_and_what_was_kept_stays(window, site):
    page = opened(window(), site, LESSON)
    slot, place, view = of_kind(site, LESSON, "single")
    answer(card(page, slot, place), view, any_response(view))
    before = kept(page)
    page.evaluate(f"() => {{ window.setItem = Storage.prototype.setItem; {FULL} }}")
    other_slot, other_place, other = of_kind(site, LESSON, "multiple")
    answer(card(page, other_slot, other_place), other, any_response(other))
    expect(status(page, other_slot)).to_have_text(re.compile(r"^Not saved: this browser has no room left\."))
    assert kept(page) == before
    assert shown(card(page, other_slot, other_place), other) == any_response(other)

    page.evaluate("() => { Storage.prototype.setItem = window.setItem; }")
    third_slot, third_place, third = of_kind(site, LESSON, "single", 1)
    answer(card(page, third_slot, third_place), third, any_response(third))
    expect(status(page, third_slot)).to_have_text("Saved.")
    assert kept(page).responses("grooming-signs-practice") == {
        each["id"]: any_response(each) for each in (view, other, third)
    }


@pytest.mark.parametrize("value", ['{"beach": true}', "not ours", '{"schema": 0, "quizzes": {}}'])
def test_what_another_program_left_there_is_set_aside_unchanged_and_said(window, site, value):
    page = opened(window(), site, "index.html")
    page.evaluate("([key, value]) => localStorage.setItem(key, value)", [KEY, value])
    opened(page, site, LESSON)
    slot, place, view = of_kind(site, LESSON, "single")
    name = f"{KEY}-damaged"
    sentence = f"could not be read. They are still there, unchanged, as {name}."
    expect(status(page, slot)).to_contain_text(sentence)
    answer(card(page, slot, place), view, any_response(view))
    assert kept(page).responses("grooming-signs-practice") == {view["id"]: any_response(view)}
    assert page.evaluate("(name) => localStorage.getItem(name)", name) == value


def test_two_tabs_at_once_keep_each_others_answers_and_show_them(window, site):
    one = opened(window(), site, LESSON)
    other = one.context.new_page()
    opened(other, site, LESSON)
    first, second = of_kind(site, LESSON, "single"), of_kind(site, LESSON, "reflection")
    for page, (slot, place, view) in ((one, first), (other, second)):
        answer(card(page, slot, place), view, any_response(view))
    for page, (slot, place, view) in ((other, first), (one, second)):
        if view["kind"] == "single":
            expect(card(page, slot, place).locator("input:checked")).to_have_value(any_response(view)[0])
        else:
            expect(card(page, slot, place).locator("textarea")).to_have_value(any_response(view))
    assert set(kept(one).responses("grooming-signs-practice")) == {first[2]["id"], second[2]["id"]}
    home = one.context.new_page()
    opened(home, site, "index.html")
    slot, place, view = of_kind(site, LESSON, "multiple")
    answer(card(one, slot, place), view, any_response(view))
    expect(home.locator('[data-lesson="01-grooming-signs"]')).to_contain_text("3 of ")


# --- without a server ------------------------------------------------------------------------


def test_from_a_folder_the_course_works_as_from_a_server(window, site):
    page, complaints = window(), []
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.goto((site.folder / "index.html").as_uri())
    page.wait_for_function(READY)
    page.get_by_role("button", name="Larger text").press("Enter")
    page.locator("main").get_by_role("link", name="Grooming signs").press("Enter")
    page.wait_for_url(re.compile(r"^file:.*/01-grooming-signs\.html"))
    page.wait_for_function(READY)
    expect(page.locator("html")).to_have_class("larger")
    slot, place, view = of_kind(site, LESSON, "single")
    answer(card(page, slot, place), view, any_response(view))
    expect(status(page, slot)).to_have_text("Saved.")
    page.reload()
    page.wait_for_function(READY)
    expect(page.locator("html")).to_have_class("larger")
    assert shown(card(page, slot, place), view) == any_response(view)
    page.get_by_role("link", name="Your answers").click()
    page.wait_for_function(READY)
    expect(page.locator("#kept")).to_contain_text("Practice questions tried: 1 of")
    for link in ("Whom to tell", "Cymraeg", "English", "Family plan", "For teachers"):
        page.get_by_role("link", name=link, exact=True).first.click()
        page.wait_for_function(READY)
        assert page.url.startswith(site.folder.as_uri())
    assert complaints == []
    for _ in range(3):
        page.keyboard.press("Escape")
    page.wait_for_url(ELSEWHERE)


# --- a slow device ---------------------------------------------------------------------------


def test_on_a_device_four_times_as_slow_a_question_can_be_answered(window, site):
    page = window()
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": 4})
    opened(page, site, LESSON)
    slot, place, view = of_kind(site, LESSON, "multiple")
    box = card(page, slot, place)
    answer(box, view, any_response(view))
    box.get_by_role("button", name="Check", exact=True).press("Enter")
    expect(box.locator(".ssq-verdict")).to_be_visible()
    assert kept(page).responses("grooming-signs-practice") == {view["id"]: any_response(view)}


# --- without a connection --------------------------------------------------------------------

IN_CHARGE = """() => navigator.serviceWorker.controller?.state === "activated" """


@pytest.fixture
def copy(site, tmp_path):
    """Return a copy of the site on a server of its own, to be changed: its folder and its address."""
    folder = tmp_path / "site"
    shutil.copytree(site.folder, folder)
    with served(folder, free_port()) as url:
        yield folder, url


def visited(browser, url):
    """Open the first page in a window of its own, and wait until all pages are kept on the device."""
    page = open_context(browser, service_workers="allow").new_page()
    page.set_default_timeout(20_000)
    page.goto(url)
    page.wait_for_function(IN_CHARGE)
    return page


def test_after_one_visit_every_page_opens_without_a_connection(browser, site):
    page = visited(browser, site.url)
    expect(page.locator("#notice")).to_be_empty()  # the first version brings nothing new
    page.context.set_offline(True)
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    for path in ("", *site.paths):
        response = page.goto(site.url + path)
        assert response.status == 200, path
        assert response.from_service_worker, path
        assert page.locator("h1").count() == 1, path
    opened(page, site, f"{LESSON}?text=large")
    slot, place, view = of_kind(site, LESSON, "single")
    answer(card(page, slot, place), view, any_response(view))
    expect(status(page, slot)).to_have_text("Saved.")
    for path in ("no-such-page.html", "cy/no-such-page.html"):
        page.goto(site.url + path)
        expect(page.get_by_role("heading", level=1)).to_have_text("This page is not here")
    page.get_by_role("link", name="Keep it fresh").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Keep it fresh")
    page.context.close()


def test_a_newer_version_is_told_of_and_shown_on_request_and_other_caches_are_left_alone(browser, site, copy):
    folder, url = copy
    page = visited(browser, url)
    page.evaluate("""async () => {
      const other = await caches.open("another-course v1");
      await other.put("/other", new Response("kept"));
    }""")
    before = page.evaluate("() => caches.keys()")
    changed = folder / "index.html"
    old, new = "Start with the one that is closest to your worry.", "Begin anywhere you like."
    text = changed.read_text(encoding="utf-8")
    assert old in text
    changed.write_text(text.replace(old, new), encoding="utf-8")
    files = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name not in ("sw.js", building.ZIP)
    }
    (folder / "sw.js").write_bytes(building._worker(files))

    page.goto(f"{url}index.html")
    expect(page.locator("#notice")).to_contain_text("This course has been updated.")
    page.get_by_role("button", name="Show the new version").press("Enter")
    expect(page.get_by_text(new)).to_be_visible()
    expect(page.locator("#notice")).to_be_empty()
    after = page.evaluate("() => caches.keys()")
    assert len(after) == len(before) == 2
    assert set(after) & set(before) == {"another-course v1"}
    assert page.evaluate("async () => (await caches.match('/other')).text()") == "kept"
    page.context.set_offline(True)
    page.reload()
    expect(page.get_by_text(new)).to_be_visible()
    page.context.close()


def test_a_version_that_arrives_only_in_part_changes_nothing(browser, site, copy):
    folder, url = copy
    page = visited(browser, url)
    before = page.evaluate("() => caches.keys()")
    worker = folder / "sw.js"
    worker.write_text(
        re.sub(r"[0-9a-f]{16}(?=`)", "f" * 16, worker.read_text(encoding="utf-8")), encoding="utf-8"
    )
    (folder / LESSON).unlink()
    refused = page.evaluate("""async () => {
      const registration = await navigator.serviceWorker.ready;
      await registration.update().catch(() => {});
      const coming = registration.installing;
      if (coming) await new Promise((done) => { coming.onstatechange = done; });
      return coming?.state ?? "redundant";
    }""")
    assert refused == "redundant"
    assert page.evaluate("() => caches.keys()") == before
    page.goto(url + LESSON)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Grooming signs")
    page.context.close()


# --- larger text, and paper ------------------------------------------------------------------


def test_larger_text_goes_along_every_link_until_it_is_switched_off(window, site):
    page = opened(window(), site, "index.html")
    size = "() => parseFloat(getComputedStyle(document.querySelector('main p')).fontSize)"
    plain = page.evaluate(size)
    larger = page.get_by_role("button", name="Larger text")
    larger.press("Enter")
    expect(larger).to_have_attribute("aria-pressed", "true")
    assert page.evaluate(size) == pytest.approx(1.25 * plain)
    for link in ("Grooming signs", "Whom to tell", "Your answers"):
        page.get_by_role("link", name=link, exact=True).first.click()
        page.wait_for_function(READY)
        expect(larger).to_have_attribute("aria-pressed", "true")
        assert page.evaluate(size) == pytest.approx(1.25 * plain)
    larger.press("Enter")
    assert page.evaluate(size) == pytest.approx(plain)
    assert "text=" not in page.url
    page.reload()
    page.wait_for_function(READY)
    assert page.evaluate(size) == pytest.approx(plain)
    assert page.evaluate("() => localStorage.length") == 0


def test_on_paper_there_is_nothing_to_press_and_what_was_folded_stands_open(window, site):
    page = opened(window(), site, LESSON)
    closed = page.locator("main details:not([open])").count()
    assert closed > 5
    page.evaluate("""() => {
      window.open_on_paper = 0;
      addEventListener("beforeprint", () => {
        open_on_paper = document.querySelectorAll("main details:not([open])").length;
      });
    }""")
    page.pdf()
    assert page.evaluate("() => open_on_paper") == 0
    assert page.locator("main details:not([open])").count() == closed
    page.emulate_media(media="print")
    for name in ("nav.site", "footer", ".leave", ".skip", "#notice"):
        expect(page.locator(name)).to_be_hidden()
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def sheets(page):
    """Return how many sheets of A4 the page prints on."""
    data = page.pdf(format="A4", prefer_css_page_size=True)
    return len(re.findall(rb"/Type\s*/Page\b", data))


def test_the_family_plan_and_the_certificate_print_on_one_sheet(window, site):
    page = opened(window(), site, "02-privacy-settings.html")
    for fold in page.locator(".ssq-checklist .ssq-group").all():
        if fold.get_attribute("open") is None:
            fold.locator("summary").press("Enter")
    boxes = page.locator(".ssq-checklist input").all()[:20]
    for box in boxes:
        box.press("Space")
    opened(page, site, "family-plan.html")
    # An app that two lists have is ticked in both.
    assert 20 <= page.locator("#plan .sheet li").count() <= 30
    assert sheets(page) == 1
    opened(page, site, "certificate.html")
    page.get_by_label("Name on the certificate").press_sequentially("Zoë Example")
    lessons = page.locator("#certificate input[type=checkbox]")
    for box in lessons.all():
        box.press("Space")
    sheet = page.locator("#certificate .sheet")
    expect(sheet.locator("li")).to_have_count(lessons.count())
    expect(sheet).to_contain_text("Zoë Example")
    assert sheets(page) == 1
    page.emulate_media(media="print")
    expect(page.get_by_label("Name on the certificate")).to_be_hidden()
    expect(sheet).to_be_visible()
    assert "Zoë" not in json.dumps(page.evaluate("() => ({ ...localStorage, ...sessionStorage })"))
    page.reload()
    page.wait_for_function(READY)
    expect(sheet).not_to_contain_text("Zoë")
