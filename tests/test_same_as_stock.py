"""nbgrader's own marking, with its kernel, stays the reference: ours leaves the same rows and notebooks.

One class is marked three ways, by stock nbgrader, by nbgrader with our settings and by `grade`. Then a person
marks, two pupils hand in again, and it is marked once more.
"""

import contextlib
import json
import shutil
import sqlite3
import subprocess
import sys
from datetime import datetime
from types import SimpleNamespace

import nbformat
import pytest
from safequiz import assignment
from safequiz.bank import load_quiz
from safequiz.collect import collect
from safequiz.grading import grade
from safequiz.marking import released_questions
from safequiz.steps import gradebook

from .classes import story

NAME = "keep-it-fresh"  # it has an item of each kind
QUIZ = load_quiz(NAME)
SCORED = [item for item in QUIZ.items if item.kind != "reflection"]
WRITTEN = next(item for item in QUIZ.items if item.kind == "reflection")
DUE, IN_TIME, LATE = datetime(2026, 11, 21, 12), "2026-11-21T09:30:00Z", "2026-11-21T12:00:01Z"
WAYS = ("stock", "nbgrader", "grade")


def right(item):
    kinds = {
        "order": lambda: [option.id for option in item.options],
        "nation": lambda: ["wales", item.key_in("wales")],
        "scenario": lambda: story(item, better=True),
    }
    return kinds.get(item.kind, lambda: sorted(item.key))()


def partly(item):
    if item.kind == "order":
        return [*right(item)[1:], right(item)[0]]
    return story(item, better=False) if item.kind == "scenario" else right(item)[:1]


def of_scored(answer):
    return {item.id: answer(item) for item in SCORED}


def every_option(item):
    """All there is to tick; for kinds in which one cannot, what no page would save."""
    return [option.id for option in item.options] if item.kind in ("multiple", "spot") else "text"


#: Code of a pupil -> responses and when they were saved.
CLASS = {
    "right": (of_scored(right) | {WRITTEN.id: "Tell someone."}, IN_TIME),
    "partly": (
        of_scored(partly) | {WRITTEN.id: "</pre><script>alert(1)</script> $x$ {{ 7 * 7 }}\n# head"},
        IN_TIME,
    ),
    "nonsense": (of_scored(every_option) | {WRITTEN.id: ["a-list"], "no-item": ["x"]}, IN_TIME),
    "blank": ({}, IN_TIME),
    "late": (of_scored(right) | {WRITTEN.id: "Late."}, LATE),
}
#: What two of them hand in when a person has marked what they wrote.
AGAIN = {
    "right": (of_scored(partly) | {WRITTEN.id: "Tell two."}, "2026-11-21T10:00:00Z"),
    "blank": (of_scored(right), LATE),
}


@pytest.fixture(scope="module")
def courses(tmp_path_factory):
    """Each way -> its course; `first` and `again` hold the rows of each after the two markings."""
    top = tmp_path_factory.mktemp("three-ways")
    made = {way: top / way for way in WAYS}
    made["grade"].mkdir()
    config = (assignment.COURSE / "nbgrader_config.py").read_text(encoding="utf-8")
    config += '\nc.LateSubmissionPlugin.penalty_method = "zero"\n'
    (made["grade"] / "nbgrader_config.py").write_text(config, encoding="utf-8")
    assignment.release(NAME, made["grade"])
    with gradebook(made["grade"]) as book:
        book.update_or_create_assignment(NAME, duedate=DUE)
    hand_in(CLASS, top / "inbox", [made["grade"]])
    for way in ("stock", "nbgrader"):
        shutil.copytree(made["grade"], made[way])
    stock = [line for line in config.splitlines() if not line.startswith("c.Autograde.")]
    (made["stock"] / "nbgrader_config.py").write_text("\n".join(stock), encoding="utf-8")
    first = mark(made)
    for course in made.values():
        mark_by_hand(course)
    hand_in(AGAIN, top / "inbox-again", made.values())
    return SimpleNamespace(made=made, first=first, again=mark(made))


def hand_in(pupils, inbox, courses):
    inbox.mkdir()
    for code, (responses, saved) in pupils.items():
        entry = {"content": released_questions(QUIZ)["content"], "saved_at": saved, "responses": responses}
        text = json.dumps({"schema": 1, "quizzes": {NAME: entry}})
        (inbox / f"{code}.answers.json").write_text(text, encoding="utf-8")
    for course in courses:
        assert collect(NAME, inbox, course).collected == sorted(pupils)


def mark(made):
    """Mark each course its way, and return the rows of each."""
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "nbgrader", "autograde", NAME],
            cwd=made[way],
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
        for way in ("stock", "nbgrader")
    ]
    assert [mark.problem for mark in grade(NAME, made["grade"]) if mark.problem] == []
    for process in running:
        _, log = process.communicate(timeout=120)
        assert process.returncode == 0, log[-2000:]
    return {way: rows(course) for way, course in made.items()}


def mark_by_hand(course):
    """Do as an instructor would in formgrader: points, extra points, a comment."""
    with gradebook(course) as book:
        for code, points, more in (("right", 2.5, 0.5), ("partly", 0.0, None)):
            written = book.find_grade(WRITTEN.id, NAME, NAME, code)
            written.manual_score, written.extra_credit, written.needs_manual_grade = points, more, False
            book.find_comment(WRITTEN.id, NAME, NAME, code).manual_comment = "Well <said>."
        scored = book.find_grade(SCORED[0].id, NAME, NAME, "blank")
        scored.manual_score, scored.needs_manual_grade = 1.0, False
        book.db.commit()


_OF_NOTEBOOK = """submitted_notebook n join notebook o on o.id = n.notebook_id
    join submitted_assignment s on s.id = n.assignment_id"""
#: Table -> how to name the rows of table `t`, and what to join it with for that.
TABLES = {
    "student": ("t.id as pupil", "student t"),
    "submitted_assignment": ("t.student_id as pupil", "submitted_assignment t"),
    "submitted_notebook": (
        "s.student_id as pupil, o.name",
        f"{_OF_NOTEBOOK} join submitted_notebook t using (id)",
    ),
    **{
        table: (
            "s.student_id as pupil, b.name",
            f"{_OF_NOTEBOOK} join {table} t on t.notebook_id = n.id join base_cell b on b.id = t.cell_id",
        )
        for table in ("grade", "comment")
    },
}


def rows(course):
    """Every row of the tables, all columns but the keys, which nbgrader draws at random."""
    found = {}
    with contextlib.closing(sqlite3.connect(course / "gradebook.db")) as book:
        book.row_factory = sqlite3.Row
        for table, (named, joined) in TABLES.items():
            every = map(dict, book.execute(f"select t.*, {named} from {joined}"))
            found[table] = [
                {column: row[column] for column in row if column != "id" and not column.endswith("_id")}
                for row in every
            ]
            found[table].sort(key=lambda row: (row["pupil"], row.get("name", "")))
    return found


@pytest.mark.parametrize("way", ["nbgrader", "grade"])
@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("time", ["first", "again"])
def test_every_row_is_the_one_that_stock_nbgrader_leaves(courses, time, table, way):
    rows = getattr(courses, time)

    assert rows[way][table] == rows["stock"][table]
    assert len(rows[way][table]) >= len(CLASS)


def test_the_class_is_one_in_which_a_difference_would_show(courses):
    grades = {(row["pupil"], row["name"]): row for row in courses.again["stock"]["grade"]}
    taken_off = {
        row["pupil"]: row["late_submission_penalty"] for row in courses.again["stock"]["submitted_notebook"]
    }
    scores = {row["auto_score"] for row in grades.values()}

    assert {item.kind for item in QUIZ.items} >= {"single", "multiple", "spot", "order", "nation", "scenario"}
    assert len(scores) > 4
    assert grades["right", WRITTEN.id]["manual_score"] == 2.5
    assert grades["right", WRITTEN.id]["needs_manual_grade"] == 1
    assert grades["partly", WRITTEN.id]["needs_manual_grade"] == 0
    assert {pupil for pupil, points in taken_off.items() if points} == {"late", "blank"}


@pytest.mark.parametrize("way", ["nbgrader", "grade"])
def test_the_marked_notebooks_show_what_stock_nbgraders_show(courses, way):
    for code in CLASS:
        stock, ours = (
            nbformat.read(courses.made[each] / "autograded" / code / NAME / f"{NAME}.ipynb", 4)
            for each in ("stock", way)
        )
        assert [shown(cell) for cell in ours.cells] == [shown(cell) for cell in stock.cells]


def shown(cell):
    texts = [output.data["text/plain"] for output in cell.get("outputs", ())]
    return cell.id, cell.cell_type, cell.source, cell.metadata.nbgrader, texts


def test_nbgrader_and_grade_leave_the_same_files(courses):
    ours, bulk = (courses.made[way] / "autograded" for way in ("nbgrader", "grade"))
    files = sorted(path.relative_to(bulk) for path in bulk.rglob("*") if path.is_file())

    assert files == sorted(path.relative_to(ours) for path in ours.rglob("*") if path.is_file())
    assert [path for path in files if (ours / path).read_bytes() != (bulk / path).read_bytes()] == []
