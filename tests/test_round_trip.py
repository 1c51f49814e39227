"""One class, from released quiz to table of marks, by the commands in the order in which they are used."""

import contextlib
import csv
import shutil
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
from nbformat.v4 import new_code_cell
from safequiz import assignment, cli
from safequiz.bank import load_quiz
from safequiz.steps import gradebook
from safequiz.widget import marked

NAME = "grooming-signs"
CONFIG = Path(assignment.__file__).resolve().parents[1] / "nbgrader_config.py"
QUIZ = load_quiz(NAME)
SCORED = [item for item in QUIZ.items if item.kind != "reflection"]
WRITTEN = next(item for item in QUIZ.items if item.kind == "reflection")
HOSTILE = '</pre><script>alert("hi")</script> $x$ {{ 7 * 7 }}\n\n### BEGIN MARK SCHEME'
STRAY = 'from pathlib import Path\nPath("ran.txt").write_text("a pupil\'s cell was run")'


def key(item):
    return [option.id for option in item.options if option.key]


def others(item):
    return [option.id for option in item.options if not option.key]


def part_right(item):
    """One of the key, and for a single item the key."""
    return key(item)[:1]


def everything(item):
    """Every box ticked; for a single item, which has no boxes, the key."""
    return key(item) + others(item) if item.kind == "multiple" else key(item)


RESPONSES = {
    "all-right": {item.id: key(item) for item in SCORED} | {WRITTEN.id: "Stop.\nTell someone."},
    "all-wrong": {item.id: others(item)[:1] for item in SCORED} | {WRITTEN.id: HOSTILE},
    "part-right": {item.id: part_right(item) for item in SCORED},
    "ticked-all": {item.id: everything(item) for item in SCORED},
    "blank": {},
    "no-file": None,
    "raw": {item.id: key(item) for item in SCORED} | {WRITTEN.id: "Fetched."},
}
EARNED = {
    "all-right": lambda item: item.points,
    "all-wrong": lambda item: 0,
    "part-right": lambda item: round(item.points / len(key(item)), 2),
    "ticked-all": lambda item: round(
        item.points * max(0, len(key(item)) - (item.kind == "multiple") * len(others(item))) / len(key(item)),
        2,
    ),
    "blank": lambda item: 0,
    "no-file": lambda item: 0,
    "raw": lambda item: item.points,
}


def answer(folder, responses):
    """Answer as the page does: it sets the response, then says that it has."""
    if responses is None:
        return
    with contextlib.chdir(folder):
        widget = marked(NAME)
        for number, item_id in enumerate(responses, start=1):
            widget.response = widget.response | {item_id: responses[item_id]}
            widget.sent = number
            assert widget.status == {"sent": number, "saved": True, "note": ""}
        if not responses:
            widget.sent = 1


def step(capsys, course, *words):
    """Do one step, and return what it said."""
    assert cli.main(words, course) == 0
    return capsys.readouterr().out


@pytest.fixture(scope="module")
def marked_class(tmp_path_factory):
    """The class after each step, with a person's mark for one written answer before the last ones."""
    course, inbox = tmp_path_factory.mktemp("course"), tmp_path_factory.mktemp("inbox")
    shutil.copy(CONFIG, course)
    released = assignment.release(NAME, course)
    for code, responses in RESPONSES.items():
        # As nbgrader's own collect leaves it, a pupil's whole folder is there already.
        home = course / "submitted" / "raw" / NAME if code == "raw" else inbox / code
        shutil.copytree(released, home)
        answer(home, responses)
    add_stray_cell(course / "submitted" / "raw" / NAME / f"{NAME}.ipynb")
    assert cli.main(["collect", NAME, str(inbox)], course) == 0
    assert cli.main(["grade", NAME], course) == 0
    result = SimpleNamespace(course=course, grades=rows(course))
    with gradebook(course) as book:
        by_hand = book.find_grade(WRITTEN.id, NAME, NAME, "all-right")
        by_hand.manual_score, by_hand.needs_manual_grade = 2.5, False
        book.update_or_create_student("all-right", last_name="O'Neil, Jr", first_name="Zoë", email="=1+1")
        book.db.commit()
    for words in (["feedback", NAME], ["report", NAME], ["export"]):
        assert cli.main(words, course) == 0
    with (course / "grades.csv").open(encoding="utf-8-sig", newline="") as file:
        result.table = {row["student_id"]: row for row in csv.DictReader(file)}
    return result


def add_stray_cell(path):
    notebook = nbformat.read(path, 4)
    notebook.cells.insert(0, new_code_cell(STRAY, id="stray"))
    nbformat.write(notebook, path)


def rows(course):
    """The gradebook: code -> item id -> (score, whether a person has to look)."""
    with gradebook(course) as book:
        return {
            submission.student.id: {
                grade.name: (grade.score, grade.needs_manual_grade)
                for grade in submission.notebooks[0].grades
            }
            for submission in book.assignment_submissions(NAME)
        }


@pytest.mark.parametrize("code", RESPONSES)
def test_everyone_earns_what_they_should(marked_class, code):
    expected = {item.id: (pytest.approx(EARNED[code](item)), False) for item in SCORED}

    assert {name: got for name, got in marked_class.grades[code].items() if name != WRITTEN.id} == expected


def test_only_a_written_answer_waits_for_a_person_and_no_answer_is_0(marked_class):
    waiting = {code: marked_class.grades[code][WRITTEN.id] for code in RESPONSES}

    assert {code for code, (_, waits) in waiting.items() if waits} == {"all-right", "all-wrong", "raw"}
    assert all(score == 0 for score, _ in waiting.values())


def test_marked_work_is_the_released_notebook_with_the_answer_and_the_rubric(marked_class):
    path = marked_class.course / "autograded" / "all-wrong" / NAME / f"{NAME}.ipynb"
    cells = {cell.id: cell for cell in nbformat.read(path, 4).cells}

    assert WRITTEN.rubric[0].split()[-1].strip(".") in cells[f"{WRITTEN.id}-question"].source
    assert "<script>" not in cells[WRITTEN.id].source


def test_a_cell_that_a_pupil_added_is_neither_run_nor_shown(marked_class):
    shown = marked_class.course / "autograded" / "raw" / NAME / f"{NAME}.ipynb"

    assert not list(marked_class.course.rglob("ran.txt"))
    assert "stray" not in {cell.id for cell in nbformat.read(shown, 4).cells}


def test_everybody_gets_a_page_and_the_class_a_report(marked_class):
    course = marked_class.course
    pages = {path.parts[-3] for path in (course / "feedback").glob(f"*/{NAME}/{NAME}.html")}

    assert pages == set(RESPONSES)
    assert "&lt;script&gt;alert(" in (course / "feedback" / "all-wrong" / NAME / f"{NAME}.html").read_text(
        encoding="utf-8"
    )
    assert (course / "reports" / f"{NAME}.html").is_file()
    assert (course / "reports" / f"{NAME}.csv").is_file()


def test_the_table_holds_every_mark_and_survives_commas_and_formulas(marked_class):
    full = sum(item.points for item in QUIZ.items)
    scored = sum(item.points for item in SCORED)
    table = marked_class.table

    assert set(table) == set(RESPONSES)
    assert float(table["all-right"]["score"]) == scored + 2.5
    assert {float(row["max_score"]) for row in table.values()} == {full}
    assert table["all-right"]["last_name"] == "O'Neil, Jr"
    assert table["all-right"]["first_name"] == "Zoë"
    assert table["all-right"]["email"] == "'=1+1"
    assert table["no-file"]["timestamp"] == ""
    waiting = [code for code, row in table.items() if row["needs_manual_grade"] == "True"]
    assert sorted(waiting) == ["all-wrong", "raw"]


def test_what_each_step_says_leads_to_the_next(marked_class, tmp_path, capsys):
    course = Path(shutil.copytree(marked_class.course, tmp_path / "course"))
    book = (course / "gradebook.db").read_bytes()

    said = step(capsys, course, "grade", NAME)

    assert said.startswith(f"{len(RESPONSES)} of {len(RESPONSES)} marked, 0 of them new or changed.\n")
    assert "Written answers that wait for you: 2. To read and mark them:" in said
    assert f"Next: python3 -m quizzes report {NAME}, then python3 -m quizzes feedback {NAME}" in said
    assert (course / "gradebook.db").read_bytes() == book
    said = step(capsys, course, "feedback", NAME)
    assert f"{len(RESPONSES)} pages in {course / 'feedback'}" in said
    assert "On 2 of them an answer waits for you, so make them again once you have marked it." in said


def test_a_key_that_changed_since_the_release_is_said(marked_class, tmp_path, capsys):
    course = Path(shutil.copytree(marked_class.course, tmp_path / "course"))
    (course / "source" / f"{NAME}.key").write_text("00000000\n", encoding="utf-8")

    assert "The key is not that of the day of release." in step(capsys, course, "grade", NAME)
    assert "these pages go by the key as it is now" in step(capsys, course, "feedback", NAME)
    step(capsys, course, "report", NAME)
    report = (course / "reports" / f"{NAME}.html").read_text(encoding="utf-8")
    assert "key" in report
    assert report != (marked_class.course / "reports" / f"{NAME}.html").read_text(encoding="utf-8")


def test_a_pupil_who_cannot_be_marked_is_named_and_the_step_says_that_it_did_not_do_all(
    marked_class, tmp_path, capsys
):
    course = Path(shutil.copytree(marked_class.course, tmp_path / "course"))
    (course / "submitted" / "blank" / NAME / "my-answers.json").write_text("{", encoding="utf-8")

    assert cli.main(["grade", NAME], course) == 1
    said = capsys.readouterr().out
    assert said.startswith("blank: NOT marked, my-answers.json cannot be used: it is not whole JSON")
    assert f"{len(RESPONSES) - 1} of {len(RESPONSES)} marked" in said
