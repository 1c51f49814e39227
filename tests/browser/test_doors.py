"""The quiz in JupyterLab, Notebook 7 and Voilà: by keyboard, by screen reader names, at every size, dark."""

import json
import re
import shutil
import subprocess
import sys

import nbformat
import pytest
from safequiz.responses import FILE_NAME

from .conftest import BANK, COURSE, DOORS, QUIZ, axe, notebook, one_of_each, open_quiz, saved, write_folder

pytestmark = pytest.mark.browser
EVERY_DOOR = pytest.mark.parametrize("door", DOORS)
SINGLE, MULTIPLE, REFLECTION = one_of_each()


def cells(page):
    """Return how many cells the notebook has."""
    return page.locator(".jp-Notebook .jp-Cell").count()


@EVERY_DOOR
def test_one_key_commands_of_the_notebook_leave_the_quiz_alone(page, server, folder, door):
    quiz = open_quiz(page, server, door, folder / "practice.ipynb")
    before = cells(page)
    kernel = None
    if door != "voila":
        kernel = page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.id")
    check = quiz.get_by_role("button", name="Check", exact=True)
    kinds = {
        "radio": lambda: quiz.get_by_role("radio").first,
        "checkbox": lambda: quiz.get_by_role("checkbox").first,
        "text": lambda: quiz.get_by_role("textbox"),
        "button": lambda: check.first,
        "fold": lambda: (check.first.click(), quiz.locator("summary").first)[1],
        "second button": lambda: quiz.get_by_role("button", name="Try again").first,
        "link": lambda: (check.nth(1).click(), quiz.locator(".ssq-missing a"))[1],
    }
    for kind, element in kinds.items():
        element().focus()
        for key in ("x", "a", "b", "d", "d", "0", "0", "ArrowDown", "ArrowUp", "ArrowRight", "ArrowLeft"):
            page.keyboard.press(key)
            inside = page.evaluate("() => Boolean(document.activeElement.closest('.ssq'))")
            assert inside, f"{key} on the {kind} took the focus away"
            assert cells(page) == before, f"{key} on the {kind} changed the notebook"
    page.wait_for_timeout(300)
    assert page.locator(".jp-Dialog").count() == 0
    assert quiz.get_by_role("textbox").input_value() == "xabdd00"
    quiz.get_by_role("checkbox").last.check()
    saved(quiz)  # the kernel still answers
    if door != "voila":
        assert (
            page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.id")
            == kernel
        )


@pytest.mark.parametrize("door", ["lab", "notebook"])
def test_one_key_commands_leave_the_folds_and_links_of_a_lesson_alone(page, server, folder, door):
    nbformat.write(
        notebook(
            "from safecourse import contacts, facts",
            'contacts("childline")',
            'facts("methods", fold="All the moves")',
            'from safequiz import practice\npractice("grooming-signs", "gs-first-look")',
        ),
        folder / "lesson.ipynb",
    )
    open_quiz(page, server, door, folder / "lesson.ipynb")
    before = cells(page)
    for element in (
        page.locator("summary", has_text="All the moves"),
        page.get_by_role("link", name="0800 1111"),
    ):
        element.focus()
        for key in ("x", "a", "b", "d", "d"):
            page.keyboard.press(key)
            assert cells(page) == before, key


@pytest.mark.parametrize("door", ["lab", "notebook"])
def test_a_lesson_opened_and_not_yet_run_keeps_its_folds_and_its_nations(page, server, door):
    place = "lab/tree" if door == "lab" else "notebooks"
    page.goto(f"{server.url}/{place}/course/04-abusive-messages.ipynb?reset")
    page.wait_for_selector("summary[data-lm-suppress-shortcuts]")
    assert page.locator("details[data-nation]").count() > 0
    before = cells(page)
    fold = page.locator("summary").first
    fold.focus()
    for key in ("x", "a", "b", "d", "d"):
        page.keyboard.press(key)
        assert cells(page) == before, key


@EVERY_DOOR
def test_the_whole_quiz_can_be_done_by_keyboard(page, server, folder, door):
    quiz = open_quiz(page, server, door, folder / "practice.ipynb")
    quiz.get_by_role("radio").first.focus()
    page.keyboard.press("Space")
    assert quiz.get_by_role("radio").nth(0).is_checked()
    page.keyboard.press("ArrowDown")
    assert quiz.get_by_role("radio").nth(1).is_checked()
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.textContent") == "Check"
    page.keyboard.press("Enter")
    status = quiz.locator(".ssq-card").nth(0).get_by_role("status")
    status.get_by_text(re.compile("Yes|Not quite")).wait_for()
    assert SINGLE.options[1].rationale in status.inner_text()
    assert next(option.rationale for option in SINGLE.options if option.key) in status.inner_text()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # try again
    assert page.evaluate("() => document.activeElement.type") == "radio"
    assert status.inner_text() == ""
    assert quiz.get_by_role("radio", checked=True).count() == 0
    reached = []
    for _ in range(30):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate(
                "() => [document.activeElement.tagName, document.activeElement.type ?? ''].join(' ')"
            )
        )
        if reached[-1] == "TEXTAREA textarea":
            break
    assert reached.count("INPUT checkbox") == len(MULTIPLE.options)
    page.keyboard.type("I would listen.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    quiz.get_by_text(REFLECTION.rationale).wait_for()


@EVERY_DOOR
def test_quizzes_on_one_page_leave_each_others_answers_alone(page, server, folder, door):
    open_quiz(page, server, door, folder / "several.ipynb")
    page.locator(".ssq").nth(2).wait_for()
    for quiz in page.locator(".ssq").all():
        quiz.locator(".ssq-option").nth(1).click()  # the label: it must lead to its own input
    for quiz in page.locator(".ssq").all():
        assert quiz.get_by_role("radio").nth(1).is_checked()
        assert quiz.get_by_role("radio", checked=True).count() == 1
    ids = page.evaluate("() => [...document.querySelectorAll('.ssq [id]')].map((element) => element.id)")
    assert len(ids) == len(set(ids)) > 9


@EVERY_DOOR
def test_check_with_nothing_chosen_moves_to_a_link_that_leads_back(page, server, folder, door):
    quiz = open_quiz(page, server, door, folder / "practice.ipynb")
    quiz.get_by_role("button", name="Check", exact=True).first.press("Enter")
    assert page.evaluate("() => document.activeElement.textContent") == "Choose an answer first."
    page.keyboard.press("Enter")
    assert page.evaluate("() => document.activeElement.type") == "radio"


@EVERY_DOOR
def test_a_screen_reader_hears_the_question_the_options_and_the_reason(page, server, folder, door):
    quiz = open_quiz(page, server, door, folder / "practice.ipynb")
    group = quiz.get_by_role("group", name=re.compile(re.escape(SINGLE.stem)))
    assert group.get_by_role("radio").count() == len(SINGLE.options)
    for option in SINGLE.options:
        assert group.get_by_role("radio", name=option.text, exact=True).count() == 1
    many = quiz.get_by_role("group", name=re.compile(re.escape(MULTIPLE.stem) + ".*more than one"))
    assert many.get_by_role("checkbox").count() == len(MULTIPLE.options)
    assert quiz.get_by_role("textbox", name=re.compile(re.escape(REFLECTION.stem))).count() == 1
    assert quiz.get_by_role("status").count() == 4  # one per question, one for saving
    name = quiz.evaluate("quiz => document.getElementById(quiz.getAttribute('aria-labelledby')).textContent")
    assert name == "Check yourself"


@EVERY_DOOR
def test_axe_finds_nothing_in_the_quiz_before_and_after_answering(page, server, folder, door):
    quiz = open_quiz(page, server, door, folder / "practice.ipynb")
    assert axe(page) == []
    quiz.get_by_role("radio").first.check()
    quiz.get_by_role("button", name="Check", exact=True).first.click()
    quiz.get_by_role("button", name="Check", exact=True).last.click()
    quiz.locator(".ssq-verdict").wait_for()
    assert axe(page) == []


@pytest.mark.parametrize("door", ["lab", "notebook"])
def test_axe_finds_nothing_in_the_quiz_under_a_dark_theme(page, server, folder, door):
    quiz = open_quiz(page, server, door, folder / "practice.ipynb")
    page.evaluate(
        "() => window.jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Dark'})"
    )
    page.wait_for_selector("body[data-jp-theme-light='false']", state="attached")
    quiz.get_by_role("radio").first.check()
    quiz.get_by_role("button", name="Check", exact=True).first.click()
    quiz.locator(".ssq-verdict").wait_for()
    assert axe(page) == []
    page.evaluate(
        "() => window.jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Light'})"
    )


#: Each lesson, and how many widgets it shows.
LESSONS = {
    path.stem: sum(
        bool(re.search(r"\b(practice|nation_chooser|checklist|finder|review|reminders)\(", cell.source))
        for cell in nbformat.read(path, as_version=4).cells
        if cell.cell_type == "code"
    )
    for path in sorted(COURSE.glob("[0-9][0-9]-*.ipynb"))
}
SIZES = {"320 px": (320, 1), "390 px": (390, 1), "200 % zoom": (640, 2), "1280 px": (1280, 1)}


@pytest.mark.parametrize("door", ["notebook", "voila"])
@pytest.mark.parametrize(("width", "scale"), SIZES.values(), ids=SIZES)
def test_nothing_is_cut_off_at_any_size_and_targets_are_large(browser, server, folder, door, width, scale):
    context = browser.new_context(viewport={"width": width, "height": 700}, device_scale_factor=scale)
    page = context.new_page()
    quiz = open_quiz(page, server, door, folder / "practice.ipynb")
    quiz.get_by_role("radio").first.check()
    quiz.get_by_role("button", name="Check", exact=True).first.click()
    quiz.locator(".ssq-verdict").wait_for()
    box = quiz.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    assert box["width"] >= min(width * 0.75, 480)
    assert quiz.evaluate("quiz => quiz.scrollWidth <= quiz.clientWidth")
    if door == "voila":
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width
    for target in quiz.locator("button:visible, .ssq-option, summary:visible, textarea").all():
        assert target.bounding_box()["height"] >= 44
    context.close()


@pytest.mark.parametrize(
    ("lesson", "scheme"), [*((lesson, "light") for lesson in LESSONS), (list(LESSONS)[1], "dark")]
)
def test_a_lesson_in_voila_asks_nobody_else_and_passes_axe_as_a_whole_page(browser, server, lesson, scheme):
    context = browser.new_context(
        viewport={"width": 390, "height": 800}, color_scheme=scheme, reduced_motion="reduce"
    )
    page = context.new_page()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("websocket", lambda socket: asked.append(socket.url))
    page.goto(f"{server.url}/voila/render/course/{lesson}.ipynb")
    page.get_by_role("heading", level=1).wait_for()
    page.locator(".ssq").nth(LESSONS[lesson] - 1).wait_for(timeout=60_000)
    page.wait_for_load_state("networkidle")
    own = ("data:", "blob:", server.url, server.url.replace("http", "ws"))
    assert [url for url in asked if not url.startswith(own)] == []
    assert len(asked) > 10
    if scheme == "dark":  # as it opens, which once is enough: below it is seen with all that it can show
        assert axe(page, None) == []
    for option in page.locator(".ssq fieldset .ssq-option:last-of-type").all():
        option.click()
    for check in page.locator(".ssq-check").all():
        check.click()
    page.evaluate("() => document.querySelectorAll('details').forEach((fold) => { fold.open = true; })")
    page.wait_for_timeout(200)
    assert axe(page, None) == []
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 390
    assert page.evaluate("() => document.documentElement.lang") == "en-GB"
    context.close()


def test_every_answer_of_a_whole_lesson_comes_back_after_a_reload(page, server, folder):
    shutil.copy(COURSE / "01-grooming-signs.ipynb", folder)  # a folder of its own: nothing is answered yet
    address = f"{server.url}/voila/render/{folder.name}/01-grooming-signs.ipynb"
    page.goto(address)
    quizzes = page.locator(".ssq-practice")
    quizzes.nth(11).wait_for(timeout=30_000)
    for quiz in quizzes.all():
        for group in quiz.locator("fieldset.ssq-card:has(> .ssq-option)").all():
            group.locator(".ssq-option").last.click()
        for line in quiz.locator(".ssq-chat .ssq-line").all():
            line.click()
        for steps in quiz.locator(".ssq-order").all():
            steps.get_by_role("button", name="Move down").first.click()
        for place in quiz.locator(".ssq-sub").all():
            place.locator(".ssq-option").last.click()
        for story in quiz.locator(".ssq-stage").all():
            while story.get_by_role("button", name="Choose", exact=True).count():
                story.locator(".ssq-option").last.click()
                story.get_by_role("button", name="Choose", exact=True).click()
        for area in quiz.get_by_role("textbox").all():
            area.fill("I would listen.")
            area.blur()
        saved(quiz)
    kept = json.loads((folder / FILE_NAME).read_text(encoding="utf-8"))["quizzes"]
    assert set(kept["grooming-signs-practice"]["responses"]) == {item.id for item in BANK.practice}
    steps = page.locator(".ssq-step").evaluate_all("steps => steps.map((step) => step.dataset.step)")
    page.goto(address)
    quizzes.nth(11).wait_for(timeout=30_000)
    for group in page.locator("fieldset.ssq-card:has(> .ssq-option)").all():
        assert group.locator("input").last.is_checked()
        assert group.locator("input:checked").count() == 1
    assert page.locator(".ssq-line[aria-pressed=false]").count() == 0
    assert page.locator(".ssq-step").evaluate_all("steps => steps.map((step) => step.dataset.step)") == steps
    for place in page.locator(".ssq-sub").all():
        assert place.locator("input").last.is_checked()
    stories = [item for item in BANK.practice if item.kind == "scenario"]
    assert page.locator(".ssq-ending").count() == len(stories)
    assert {area.input_value() for area in page.locator(".ssq textarea").all()} == {"I would listen."}


def test_answers_given_in_one_door_are_there_in_the_next(page, server, folder):
    quiz = open_quiz(page, server, "voila", folder / "practice.ipynb")
    quiz.get_by_role("radio").nth(1).check()
    quiz.get_by_role("checkbox").nth(0).check()
    quiz.get_by_role("textbox").fill("I would listen.")
    quiz.get_by_role("textbox").blur()
    saved(quiz)
    quiz = open_quiz(page, server, "notebook", folder / "practice.ipynb")
    assert quiz.get_by_role("radio").nth(1).is_checked()
    assert quiz.get_by_role("checkbox").nth(0).is_checked()
    assert quiz.get_by_role("textbox").input_value() == "I would listen."
    assert quiz.locator(".ssq-verdict").count() == 0


def test_a_marked_quiz_lets_no_key_onto_the_page_or_over_the_wire(page, server, folder):
    carried = []
    page.on("websocket", lambda socket: socket.on("framereceived", carried.append))

    def keep(response):
        if "/static/" not in response.url and "/extensions/" not in response.url:
            carried.append(response.body() if response.ok and response.status != 204 else b"")

    page.on("response", keep)
    quiz = open_quiz(page, server, "voila", folder / "marked.ipynb")
    for group in quiz.locator("fieldset").all():
        group.locator("input").first.check()
    quiz.get_by_role("textbox").fill("I would tell a teacher.")
    quiz.get_by_role("textbox").blur()
    quiz.locator(".ssq-progress", has_text="9 of 9 answered").wait_for()
    saved(quiz)
    whole = "".join(part if isinstance(part, str) else part.decode("utf-8", "replace") for part in carried)
    whole += page.content()
    assert QUIZ.items[0].stem in whole
    for item in QUIZ.items:
        for secret in [*item.rubric, *item.facts, *(option.rationale for option in item.options)]:
            assert secret not in whole
            assert json.dumps(secret)[1:-1] not in whole
        for option in item.options:
            assert not option.misconception or option.misconception not in whole
    assert quiz.get_by_role("button").count() == 0
    stored = json.loads((folder / FILE_NAME).read_text(encoding="utf-8"))["quizzes"]["grooming-signs"][
        "responses"
    ]
    assert set(stored) == {item.id for item in QUIZ.items}


def test_killing_the_kernel_loses_nothing_that_was_said_to_be_saved(page, server, folder):
    quiz = open_quiz(page, server, "voila", folder / "marked.ipynb")
    quiz.locator("fieldset").nth(0).locator("input").nth(1).check()
    saved(quiz)
    quiz.get_by_role("textbox").fill("I would tell a teacher.")
    quiz.get_by_role("textbox").blur()
    saved(quiz)
    assert server.kill_kernels() >= 1
    quiz.locator("fieldset").nth(1).locator("input").nth(0).check()
    late = quiz.locator(".ssq-status", has_text="Not saved yet")
    late.wait_for(timeout=15_000)
    quiz = open_quiz(page, server, "voila", folder / "marked.ipynb")
    assert quiz.locator("fieldset").nth(0).locator("input").nth(1).is_checked()
    assert quiz.get_by_role("textbox").input_value() == "I would tell a teacher."
    assert quiz.locator("fieldset").nth(1).locator("input:checked").count() == 0


def test_a_damaged_answers_file_is_named_on_the_page_and_kept(page, server, folder):
    (folder / FILE_NAME).write_bytes(b'{"schema": 1, "quizz')
    quiz = open_quiz(page, server, "voila", folder / "practice.ipynb")
    (aside,) = folder.glob("my-answers.damaged-*.json")
    quiz.locator(".ssq-status", has_text=f"It is kept, unchanged, as {aside.name}").wait_for()
    assert aside.read_bytes() == b'{"schema": 1, "quizz'


@pytest.fixture
def small_disk(server):
    """Return a folder on a disk of its own of 256 kB, holding the notebooks."""
    place = server.root / "small-disk"
    place.mkdir()
    mounted = sys.platform == "linux" and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(place)], capture_output=True, check=False
    )
    if not mounted or mounted.returncode:
        pytest.skip("a small disk can only be made by root on Linux")
    yield write_folder(place)
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_full_disk_is_said_on_the_page_and_loses_nothing_already_saved(page, server, small_disk):
    quiz = open_quiz(page, server, "voila", small_disk / "marked.ipynb")
    quiz.locator("fieldset").nth(0).locator("input").nth(1).check()
    saved(quiz)
    before = (small_disk / FILE_NAME).read_bytes()
    with (small_disk / "filler").open("wb", buffering=0) as filler, pytest.raises(OSError, match="No space"):
        while True:
            filler.write(b"x" * 4096)
    quiz.get_by_role("textbox").fill("I would tell a teacher.")
    quiz.get_by_role("textbox").blur()
    quiz.locator(
        ".ssq-status", has_text="Not saved: the disk is full. What was saved before is safe."
    ).wait_for()
    assert (small_disk / FILE_NAME).read_bytes() == before
    (small_disk / "filler").unlink()
    quiz.locator("fieldset").nth(1).locator("input").nth(0).check()
    saved(quiz)
    responses = json.loads((small_disk / FILE_NAME).read_text(encoding="utf-8"))["quizzes"][QUIZ.id][
        "responses"
    ]
    assert len(responses) == 3  # the reply that did not fit was not forgotten
