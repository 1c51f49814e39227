"""The questions on the plain pages: each kind by keyboard, answers to and from Jupyter, and marking."""

import json
import re
import shutil
import subprocess
import sys

import pytest
from bs4 import BeautifulSoup
from playwright.sync_api import expect
from safequiz import assignment
from safequiz.bank import bank_names, load_bank
from safequiz.marking import released_questions
from safequiz.responses import FILE_NAME, Store, parse
from safequiz.scoring import WORTH
from safequiz.widget import practice

from .conftest import COURSE
from .site_pages import READY, answer, any_response, card, kept, opened, questions, shown, spaced

pytestmark = pytest.mark.browser
LESSON = "01-grooming-signs.html"
QUIZZES = {quiz.id: quiz for name in bank_names() for quiz in load_bank(name).quizzes}

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


def test_every_page_has_the_very_questions_that_the_lesson_in_jupyter_has(
    window, site, tmp_path, monkeypatch
):
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
            same = (as_json(widget.quiz), widget.name, widget.content) == (
                quiz,
                slot["name"],
                slot["content"],
            )
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
    expect(page.locator('[data-lesson="01-grooming-signs"]')).to_contain_text(
        f" of {len(given)} questions tried"
    )


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
            "all => all.every(({ open, dataset }) => open === dataset.nation.split(' ').includes('scotland'))"
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
        fold = page.locator(
            f'[data-slot="{number}"] .ssq-group', has=page.get_by_text(group["name"], exact=True)
        )
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
    why = "it does not say whose it is: call it CODE.answers.json, with the pupil's code."
    assert f"NOT collected, {name}: {why}" in collected.stdout
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


def test_no_key_and_no_reason_of_a_marked_question_is_anywhere_in_a_quizs_page(window, site):
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
    for path in (f"quiz-{name}.html" for name in QUIZZES):
        raw = (site.folder / path).read_text(encoding="utf-8")
        # As text, with the marks of its elements gone, and as the data is written.
        whole = spaced(BeautifulSoup(raw, "html.parser").get_text()) + json.dumps(raw, ensure_ascii=False)
        leaks += [f"{path}: {secret}" for secret in secrets if secret in whole]
    assert leaks == []
