"""One class, from released notebook to table of marks, through nbgrader's own commands.

Everyone earns exactly what they should. Marking takes over a second a pupil, so the class is marked
once and every test looks at the same result.
"""

import contextlib
import csv
import shutil
import sqlite3
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output
from safequiz import assignment, cli
from safequiz.bank import load_quiz
from safequiz.collect import collect
from safequiz.grading import GradingError, _troubles, export, feedback, grade
from safequiz.steps import gradebook
from safequiz.widget import marked

NAME = "grooming-signs"
CONFIG = Path(assignment.__file__).resolve().parents[1] / "nbgrader_config.py"
QUIZ = load_quiz(NAME)
SCORED = [item for item in QUIZ.items if item.kind != "reflection"]
WRITTEN = next(item for item in QUIZ.items if item.kind == "reflection")
HOSTILE = '</pre><script>alert("hi")</script> $x$ {{ 7 * 7 }}\n\n### BEGIN MARK SCHEME'
STRAY = 'import sys, warnings\nprint("noise", file=sys.stderr)\nwarnings.warn("careful")\nprint("more")'


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
    "raw": {item.id: key(item) for item in SCORED} | {WRITTEN.id: "Not placed."},
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


def nbgrader(course, *words):
    command = [sys.executable, "-m", "nbgrader", *words]
    return subprocess.run(command, cwd=course, capture_output=True, text=True, encoding="utf-8", check=False)


@pytest.fixture(scope="module")
def marked_class(tmp_path_factory):
    """The class after stock autograde, a person's mark for one written answer, feedback and export."""
    course, inbox = tmp_path_factory.mktemp("course"), tmp_path_factory.mktemp("inbox")
    shutil.copy(CONFIG, course)
    released = assignment.release(NAME, course)
    for code, responses in RESPONSES.items():
        home = course / "submitted" / "raw" / NAME if code == "raw" else inbox / code
        shutil.copytree(released, home)
        answer(home, responses)
    add_stray_cell(course / "submitted" / "raw" / NAME / f"{NAME}.ipynb")
    report = collect(NAME, inbox, course)
    run = nbgrader(course, "autograde", NAME)
    result = SimpleNamespace(course=course, report=report, run=run, grades=rows(course))
    with gradebook(course) as book:
        by_hand = book.find_grade(WRITTEN.id, NAME, NAME, "all-right")
        by_hand.manual_score, by_hand.needs_manual_grade = 2.5, False
        book.update_or_create_student("all-right", last_name="O'Neil, Jr", first_name="Zoë", email="=1+1")
        book.db.commit()
    result.feedback = {mark.code: mark for mark in feedback(NAME, course)}
    with export(course / "marks.csv", course).open(encoding="utf-8-sig", newline="") as file:
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


def page(marked_class, code):
    path = marked_class.course / "feedback" / code / NAME / f"{NAME}.html"
    return path.read_text(encoding="utf-8")


def test_the_whole_class_is_collected_and_nbgrader_marks_it_without_a_fault(marked_class):
    assert marked_class.report.collected == sorted(set(RESPONSES) - {"raw"})
    assert marked_class.report.blank == ["blank", "no-file"]
    assert marked_class.report.refused == {}
    assert marked_class.run.returncode == 0, marked_class.run.stderr[-2000:]


@pytest.mark.parametrize("code", RESPONSES)
def test_everyone_earns_what_they_should(marked_class, code):
    expected = {item.id: (pytest.approx(EARNED[code](item)), False) for item in SCORED}

    assert {name: got for name, got in marked_class.grades[code].items() if name != WRITTEN.id} == expected


def test_only_a_written_answer_waits_for_a_person_and_no_answer_is_0(marked_class):
    waiting = {code: marked_class.grades[code][WRITTEN.id] for code in RESPONSES}

    assert {code for code, (_, waits) in waiting.items() if waits} == {"all-right", "all-wrong"}
    assert all(score == 0 for score, _ in waiting.values())


def test_marked_work_is_the_released_notebook_with_the_answer_and_the_rubric(marked_class):
    path = marked_class.course / "autograded" / "all-wrong" / NAME / f"{NAME}.ipynb"
    cells = {cell.id: cell for cell in nbformat.read(path, 4).cells}

    assert WRITTEN.rubric[0].split()[-1].strip(".") in cells[f"{WRITTEN.id}-question"].source
    assert "<script>" not in cells[WRITTEN.id].source


def test_feedback_shows_the_answer_as_text_and_nothing_meant_for_markers(marked_class):
    class Scripts(HTMLParser):
        found = ()

        def handle_starttag(self, tag, attributes):
            if tag == "script" and dict(attributes).get("type") != "text/x-mathjax-config":
                self.found += (attributes,)

    for code in RESPONSES:
        scripts, text = Scripts(), page(marked_class, code)
        scripts.feed(text)
        assert scripts.found == ()
        assert "//cdn" not in text
        assert not [line for line in WRITTEN.rubric if line in text]
        assert "marking.score" not in text
    assert "&lt;script&gt;alert(" in page(marked_class, "all-wrong")
    assert marked_class.feedback["all-right"].to_read == 0
    assert marked_class.feedback["all-wrong"].to_read == 1


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
    assert [code for code, row in table.items() if row["needs_manual_grade"] == "True"] == ["all-wrong"]


def test_nbgraders_own_export_writes_the_same_table(marked_class):
    course = marked_class.course
    run = nbgrader(course, "export", "--to", "stock.csv")

    assert run.returncode == 0, run.stderr[-2000:]
    assert (course / "stock.csv").read_bytes() == (course / "marks.csv").read_bytes()


def test_grading_again_marks_only_what_is_new_stopped_or_collected(marked_class, tmp_path):
    course = Path(shutil.copytree(marked_class.course, tmp_path / "course"))
    with gradebook(course) as book:
        # As a run leaves it that was stopped before the marks were written.
        for item in SCORED:
            book.find_grade(item.id, NAME, NAME, "ticked-all").auto_score = None
        book.db.commit()
    done = course / "autograded" / "all-right" / NAME / f"{NAME}.ipynb"
    before = done.stat().st_mtime_ns

    marks = {mark.code: mark for mark in grade(NAME, course)}

    assert done.stat().st_mtime_ns == before
    assert marks["all-right"].earned == sum(item.points for item in SCORED) + 2.5
    assert "quizzes collect" in marks["raw"].problem
    assert [code for code, mark in marks.items() if mark.problem] == ["raw"]
    assert rows(course)["ticked-all"] == marked_class.grades["ticked-all"]


@pytest.mark.parametrize(
    ("output", "trouble"),
    [
        (None, "it showed nothing"),
        (
            new_output("error", ename="KeyError", evalue="no such item", traceback=[]),
            "KeyError: no such item",
        ),
        (new_output("stream", name="stderr", text="oh"), "oh"),
        (new_output("execute_result", data={"text/plain": "'one'"}), "'one'"),
        (new_output("execute_result", data={"text/plain": "-1.0"}), "-1.0"),
    ],
    ids=["nothing", "an error", "a warning", "a word", "less than nothing"],
)
def test_a_marked_cell_that_gives_no_number_is_trouble_not_a_mark(tmp_path, output, trouble):
    settings = {"nbgrader": {"grade": True, "grade_id": "gs-x"}}
    cells = [
        new_code_cell(
            "good", metadata=settings, outputs=[new_output("execute_result", {"text/plain": "0.67"})]
        ),
        new_code_cell("bad", metadata=settings, outputs=[output] if output else []),
    ]
    nbformat.write(new_notebook(cells=cells), tmp_path / "n.ipynb")

    assert _troubles(tmp_path / "n.ipynb") == {"gs-x": trouble}


def test_one_pupils_trouble_is_named_and_hides_nobody(marked_class, tmp_path, monkeypatch):
    from safequiz import grading

    course = Path(shutil.copytree(marked_class.course, tmp_path / "course"))
    stock = grading.run

    def fails_for_blank(step, folder, name, code, **options):
        if code == "blank":
            raise grading.StepError("the disk is full")
        stock(step, folder, name, code, **options)

    monkeypatch.setattr(grading, "run", fails_for_blank)
    marks = {mark.code: mark for mark in grade(NAME, course)}

    assert str(marks["blank"]) == "blank: NOT marked, the disk is full"
    assert {"all-right", "all-wrong", "no-file"} <= {code for code, mark in marks.items() if not mark.problem}


def test_marked_work_that_was_cut_short_is_marked_again(marked_class, tmp_path):
    course = Path(shutil.copytree(marked_class.course, tmp_path / "course"))
    shutil.rmtree(course / "submitted" / "raw")
    (course / "autograded" / "all-right" / NAME / f"{NAME}.ipynb").write_text('{"cells"', encoding="utf-8")

    marks = {mark.code: mark for mark in grade(NAME, course)}

    assert not any(mark.problem for mark in marks.values())
    assert marks["all-right"].earned == sum(item.points for item in SCORED) + 2.5


def test_a_gradebook_in_use_elsewhere_is_named_without_a_traceback(marked_class, tmp_path, capsys):
    course = Path(shutil.copytree(marked_class.course, tmp_path / "course"))
    other = sqlite3.connect(course / "gradebook.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    try:
        assert cli.main(["export"], course) == 1
    finally:
        other.close()
    said = capsys.readouterr().err
    assert said.startswith(f"The gradebook, {course / 'gradebook.db'}, cannot be used: database is locked.")
    assert said.count("\n") == 1


def test_a_gradebook_that_was_lost_is_noticed_before_anybody_is_marked(marked_class, tmp_path):
    course = Path(shutil.copytree(marked_class.course, tmp_path / "course"))
    (course / "gradebook.db").unlink()

    with pytest.raises(GradingError, match=f"python3 -m quizzes release {NAME}"):
        list(grade(NAME, course))
