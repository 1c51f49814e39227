"""A gradebook in PostgreSQL holds what one in SQLite would: nbgrader's `db_url` is all that differs."""

import json
import shutil
from pathlib import Path

import pytest
from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI
from safequiz import assignment, gradebook
from safequiz.bank import load_quiz
from safequiz.collect import collect
from safequiz.export import export
from safequiz.gradebook import GradebookError, database
from safequiz.grading import grade
from safequiz.marking import released_questions
from safequiz.results import results
from safequiz.steps import course as course_of
from sqlalchemy import text

from tests.chromium import in_ci
from tests.postgres import MISSING, find_programs, server

NAME = "grooming-signs"
CONFIG = Path(assignment.__file__).resolve().parents[1] / "nbgrader_config.py"
QUIZ = load_quiz(NAME)
SCORED = [item for item in QUIZ.items if item.kind != "reflection"]
WRITTEN = next(item for item in QUIZ.items if item.kind == "reflection")
KEYS = {item.id: [option.id for option in item.options if option.key] for item in SCORED}
CLASS = {
    "ann": KEYS | {WRITTEN.id: "Tell <b>someone</b>. 日本"},
    "ben": {},
    "cat": {SCORED[0].id: KEYS[SCORED[0].id]},
}


@pytest.fixture(scope="module")
def address():
    programs = find_programs()
    if programs is None:
        (pytest.fail if in_ci() else pytest.skip)(MISSING)
    with server(programs) as url:
        yield url


@pytest.fixture(scope="module")
def courses(address, tmp_path_factory):
    """One class, released, collected and graded in PostgreSQL and in SQLite."""
    inbox = tmp_path_factory.mktemp("inbox")
    hand_in(inbox)
    setting = f"\nc.CourseDirectory.db_url = {address!r}\n"
    made = {}
    for name, more in {"PostgreSQL": setting, "SQLite": ""}.items():
        made[name] = tmp_path_factory.mktemp(name)
        config = CONFIG.read_text(encoding="utf-8") + more
        (made[name] / CONFIG.name).write_text(config, encoding="utf-8")
        assignment.release(NAME, made[name])
        collect(NAME, inbox, made[name])
        assert [mark.problem for mark in grade(NAME, made[name])] == [""] * len(CLASS)
    return made


def hand_in(inbox):
    for code, responses in CLASS.items():
        answered = {"content": released_questions(QUIZ)["content"], "saved_at": "2026-11-21T09:30:00Z"}
        file = json.dumps({"schema": 1, "quizzes": {NAME: answered | {"responses": responses}}})
        (inbox / f"{code}.answers.json").write_text(file, encoding="utf-8")


def rows(course):
    """What nbgrader itself reads: of each pupil the submission, the grades and the comments."""
    with Gradebook(database(course)) as book:
        return {
            submission.student_id: {
                "submission": columns(
                    submission, "timestamp", "late_submission_penalty", "score", "max_score"
                ),
                "grades": {
                    one.name: columns(one, "auto_score", "manual_score", "extra_credit", "needs_manual_grade")
                    for one in submission.notebooks[0].grades
                },
                "comments": {
                    one.name: columns(one, "auto_comment", "manual_comment")
                    for one in submission.notebooks[0].comments
                },
            }
            for submission in book.assignment_submissions(NAME)
        }


def columns(row, *names):
    return tuple(getattr(row, name) for name in names)


def test_every_row_of_a_class_is_the_same_in_postgresql_as_in_sqlite(courses):
    there = rows(courses["PostgreSQL"])

    assert there == rows(courses["SQLite"])
    assert sorted(there) == sorted(CLASS)
    assert not (courses["PostgreSQL"] / "gradebook.db").exists()


def test_results_and_the_table_of_marks_are_the_same_too(courses):
    assert list(results(NAME, courses["PostgreSQL"])) == list(results(NAME, courses["SQLite"]))
    tables = [export(NAME, folder=course).path.read_bytes() for course in courses.values()]
    assert tables[0] == tables[1]
    assert b"ann" in tables[0]


def test_formgraders_own_questions_are_answered(courses):
    """Its lists come from joins that SQLite takes more lightly than PostgreSQL."""
    directory, _ = course_of(courses["PostgreSQL"])
    formgrader = NbGraderAPI(directory)

    assert [one["num_submissions"] for one in formgrader.get_assignments()] == [len(CLASS)]
    assert {one["student"]: one["needs_manual_grade"] for one in formgrader.get_submissions(NAME)} == {
        "ann": True,
        "ben": False,
        "cat": False,
    }
    assert len(formgrader.get_notebook_submissions(NAME, NAME)) == len(CLASS)
    assert {one["id"] for one in formgrader.get_students()} == set(CLASS)
    assert [one["name"] for one in formgrader.get_student_submissions("ann")] == [NAME]


def test_a_persons_mark_is_kept_and_grading_again_changes_nothing(courses):
    course = courses["PostgreSQL"]
    with Gradebook(database(course)) as book:
        by_hand = book.find_grade(WRITTEN.id, NAME, NAME, "ann")
        by_hand.manual_score, by_hand.needs_manual_grade = 1.5, False
        book.db.commit()
    before = rows(course)

    marks = {mark.code: mark for mark in grade(NAME, course)}

    assert rows(course) == before
    assert before["ann"]["grades"][WRITTEN.id] == (None, 1.5, None, False)
    assert not any(mark.changed for mark in marks.values())
    assert marks["ann"].earned == sum(item.points for item in SCORED) + 1.5


def test_a_gradebook_that_another_program_holds_is_waited_for_and_then_named(courses, monkeypatch):
    monkeypatch.setattr(gradebook, "PATIENCE", 0.2)
    with Gradebook(database(courses["PostgreSQL"])) as book:
        book.db.execute(text("LOCK TABLE grade"))
        with pytest.raises(GradebookError, match="cannot be used: canceling statement due to lock timeout"):
            list(grade(NAME, courses["PostgreSQL"]))


def test_a_server_that_does_not_answer_is_named_without_its_password(courses, tmp_path):
    course = Path(shutil.copytree(courses["SQLite"], tmp_path / "course"))
    with (course / CONFIG.name).open("a", encoding="utf-8") as config:
        config.write('c.CourseDirectory.db_url = "postgresql+psycopg://ann:hidden@127.0.0.1:1/marks"\n')

    with pytest.raises(GradebookError) as refused:
        list(grade(NAME, course))

    assert "postgresql+psycopg://ann:***@127.0.0.1:1/marks, cannot be used" in str(refused.value)
    assert "hidden" not in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_database_without_a_gradebook_is_named(courses, address, tmp_path):
    course = Path(shutil.copytree(courses["SQLite"], tmp_path / "course"))
    with (course / CONFIG.name).open("a", encoding="utf-8") as config:
        config.write(f"c.CourseDirectory.db_url = {address.replace('/postgres?', '/template1?')!r}\n")

    with pytest.raises(GradebookError, match="is no gradebook of nbgrader"):
        list(grade(NAME, course))
