"""However a run of `grade` ends, the next leaves what an uninterrupted run leaves; no person's mark goes."""

import contextlib
import dataclasses
import itertools
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
import sqlalchemy
from safequiz import assignment, gradebook, grading
from safequiz.collect import collect
from safequiz.gradebook import GradebookError
from safequiz.grading import grade
from safequiz.steps import gradebook as nbgraders

from tests.hostile import HONEST, KEYS, NAME, QUIZ, SCORED, THREE_RIGHT, WRITTEN, answers

WROTE = {WRITTEN.id: "Tell someone."}
FIRST = {"ann": KEYS | WROTE, "ben": THREE_RIGHT | WROTE, "cat": {}}
#: Ben hands in again, and Dan for the first time.
LATER = {"ben": KEYS | WROTE, "dan": THREE_RIGHT}
NEEDS_FORK = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a copy of this process")
FULL = sum(item.points for item in SCORED)


@pytest.fixture(scope="module")
def half_done(tmp_path_factory):
    """A course in which a person has marked Ann and Ben, and then more was collected."""
    top = tmp_path_factory.mktemp("half-done")
    course = top / "course"
    course.mkdir()
    shutil.copy(assignment.COURSE / "nbgrader_config.py", course)
    assignment.release(NAME, course)
    hand_in(top / "first", course, FIRST, "2026-11-21T09:30:00Z")
    assert [mark.problem for mark in grade(NAME, course)] == ["", "", ""]
    with nbgraders(course) as book:
        for code in ("ann", "ben"):
            by_hand = book.find_grade(WRITTEN.id, NAME, NAME, code)
            by_hand.manual_score, by_hand.extra_credit, by_hand.needs_manual_grade = 2.5, 0.5, False
            book.find_comment(WRITTEN.id, NAME, NAME, code).manual_comment = "Well said."
        book.db.commit()
    hand_in(top / "later", course, LATER, "2026-11-22T09:30:00Z")
    return course


@pytest.fixture
def course(half_done, tmp_path):
    return Path(shutil.copytree(half_done, tmp_path / "course"))


def hand_in(inbox, course, pupils, saved):
    inbox.mkdir()
    for code, responses in pupils.items():
        (inbox / f"{code}.answers.json").write_bytes(answers(responses, saved))
    assert collect(NAME, inbox, course).collected == sorted(pupils)


def rows(course):
    """(code, item) -> what the gradebook holds of it: marks, comments, time, points taken off."""
    with contextlib.closing(sqlite3.connect(course / "gradebook.db")) as book:
        found = book.execute(
            """select s.student_id, b.name, g.auto_score, g.manual_score, g.extra_credit,
            g.needs_manual_grade, d.auto_comment, d.manual_comment, s.timestamp, n.late_submission_penalty
            from submitted_assignment s join submitted_notebook n on n.assignment_id = s.id
            join grade g on g.notebook_id = n.id join base_cell b on b.id = g.cell_id
            left join (select * from comment c join base_cell o on o.id = c.cell_id) d
            on d.notebook_id = n.id and d.name = b.name"""
        )
        return {row[:2]: row[2:] for row in found}


def state(course):
    """All that marking leaves: the rows, and the marked files by path within the course."""
    marked = (path for path in (course / "autograded").rglob("*") if path.is_file())
    return rows(course), {path.relative_to(course): path.read_bytes() for path in marked}


@pytest.fixture(scope="module")
def finished(half_done, tmp_path_factory):
    """What an uninterrupted run leaves."""
    course = shutil.copytree(half_done, tmp_path_factory.mktemp("finished") / "course")
    return SimpleNamespace(marks={mark.code: mark for mark in grade(NAME, course)}, state=state(course))


def test_a_person_s_mark_stays_and_after_new_answers_they_are_asked_to_look_again(finished):
    held, _ = finished.state

    assert held["ann", WRITTEN.id][:6] == (None, 2.5, 0.5, 0, None, "Well said.")
    assert held["ben", WRITTEN.id][:6] == (None, 2.5, 0.5, 1, None, "Well said.")
    assert {code: (mark.earned, mark.to_read, mark.changed) for code, mark in finished.marks.items()} == {
        "ann": (FULL + 3.0, 0, False),
        "ben": (FULL + 3.0, 1, True),
        "cat": (0.0, 0, False),
        "dan": (HONEST, 0, True),
    }


def test_marking_again_what_has_not_changed_writes_nothing(course, finished):
    list(grade(NAME, course))
    book, before = course / "gradebook.db", times(course)
    digest = book.read_bytes()

    again = list(grade(NAME, course))

    assert [mark.code for mark in again if mark.changed] == []
    assert times(course) == before
    assert book.read_bytes() == digest


def times(course):
    marked = (course / "autograded").rglob("*")
    return {path: path.stat().st_mtime_ns for path in [*marked, course / "gradebook.db"]}


@pytest.mark.parametrize("torn", [b"", b'{"cells": [', None], ids=["emptied", "cut short", "gone"])
def test_a_marked_notebook_that_was_damaged_is_mended(course, finished, torn):
    list(grade(NAME, course))
    notebook = course / "autograded" / "ann" / NAME / f"{NAME}.ipynb"
    notebook.chmod(0o644)
    notebook.unlink() if torn is None else notebook.write_bytes(torn)

    changed = [mark.code for mark in grade(NAME, course) if mark.changed]

    assert changed == ["ann"]
    assert state(course) == finished.state


#: With 1 all of the 170 moments are tried, in half a minute.
EVERY = 17


def in_a_copy(work):
    """Do `work` in a copy of this process, and return the id of that."""
    child = os.fork()
    if not child:
        try:
            work()
        finally:
            os._exit(0)
    return child


def killed_at(course, moment):
    """Run `grade` in a process that kills itself, as by kill -9, at a moment; tell whether it got there.

    Moments are counted: each statement to the gradebook and each change to a file or folder, before it is
    done.
    """
    left = iter(range(moment, -1, -1))

    def count(*_):
        if next(left) == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def audit(event, words):
        opens = event == "open" and isinstance(words[2], int) and words[2] & (os.O_WRONLY | os.O_RDWR)
        if opens or event in ("os.mkdir", "os.remove", "os.rmdir", "os.chmod", "os.rename"):
            count()

    def run():
        sqlalchemy.event.listen(sqlalchemy.Engine, "before_cursor_execute", count)
        sqlalchemy.event.listen(sqlalchemy.Engine, "commit", count)
        sys.addaudithook(audit)
        list(grade(NAME, course))

    _, status = os.waitpid(in_a_copy(run), 0)
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


@NEEDS_FORK
def test_a_run_that_is_killed_anywhere_is_finished_by_the_next(half_done, finished, tmp_path):
    tried, different = [], []
    for moment in itertools.count(step=EVERY):
        course = shutil.copytree(half_done, tmp_path / str(moment))
        if not killed_at(course, moment):
            break
        tried.append(moment)
        list(grade(NAME, course))
        if state(course) != finished.state:
            different.append(moment)

    assert different == []
    assert len(tried) >= 10


@NEEDS_FORK
def test_two_runs_at_once_leave_nothing_that_the_next_does_not_put_right(course, finished):
    for child in [in_a_copy(lambda: list(grade(NAME, course))) for _ in range(2)]:
        os.waitpid(child, 0)

    list(grade(NAME, course))

    assert state(course) == finished.state


def test_nbgraders_own_autograde_finishes_what_was_killed_too(course):
    """It makes the folder first, then an empty notebook, and marks last."""
    list(grade(NAME, course))
    for code, left in {
        "ann": None,
        "ben": b'{"cells": [], "metadata": {}}',
        "dan": b'{"cells": [{"cell',
    }.items():
        notebook = course / "autograded" / code / NAME / f"{NAME}.ipynb"
        notebook.unlink()
        if left:
            notebook.write_bytes(left)
    done = rows(course)
    with contextlib.closing(sqlite3.connect(course / "gradebook.db")) as book:
        book.execute("update grade set auto_score = null")
        book.commit()

    words = [sys.executable, "-m", "nbgrader", "autograde", NAME]
    subprocess.run(words, cwd=course, capture_output=True, check=True)

    for (code, item), held in rows(course).items():
        assert held[0] == (None if code == "cat" else done[code, item][0]), (code, item)
    assert {len(data) > 1000 for path, data in state(course)[1].items() if path.suffix == ".ipynb"} == {True}


@pytest.fixture
def locked(course):
    """Return a function that has another program hold the gradebook, until its connection is closed."""
    with contextlib.ExitStack() as stack:

        def lock():
            other = sqlite3.connect(course / "gradebook.db", isolation_level=None, check_same_thread=False)
            other.execute("BEGIN EXCLUSIVE")
            return stack.enter_context(contextlib.closing(other))

        yield lock


def test_a_locked_gradebook_is_waited_for(course, finished, locked, monkeypatch):
    monkeypatch.setattr(gradebook, "PATIENCE", 20.0)
    timer = threading.Timer(0.3, locked().close)
    timer.start()

    marks = {mark.code: mark for mark in grade(NAME, course)}

    timer.join()
    assert marks == finished.marks
    assert state(course) == finished.state


def test_a_gradebook_that_stays_locked_is_named_and_nothing_is_lost(course, finished, locked, monkeypatch):
    monkeypatch.setattr(gradebook, "PATIENCE", 0.1)
    other = locked()

    with pytest.raises(GradebookError, match=r"gradebook\.db, cannot be used: database is locked\. Close"):
        list(grade(NAME, course))

    other.close()
    list(grade(NAME, course))
    assert state(course) == finished.state


def test_a_gradebook_locked_half_way_keeps_what_was_marked_and_the_next_run_does_the_rest(
    course, finished, locked, monkeypatch
):
    monkeypatch.setattr(gradebook, "PATIENCE", 0.1)
    monkeypatch.setattr(gradebook, "AT_A_TIME", 2)
    run = grade(NAME, course)
    done = [next(run), next(run)]
    other = locked()

    with pytest.raises(GradebookError, match="database is locked"):
        list(run)

    other.close()
    assert [(mark.code, mark.changed) for mark in done] == [("ann", False), ("ben", True)]
    assert [mark.changed for mark in grade(NAME, course)] == [False, False, False, True]
    assert state(course) == finished.state


def test_a_changed_key_renews_marks_and_keeps_what_a_person_gave(course, monkeypatch):
    list(grade(NAME, course))
    item = SCORED[0]
    wrong = next(option.id for option in item.options if not option.key)
    turned = [option.model_copy(update={"key": option.id == wrong}) for option in item.options]
    quiz = dataclasses.replace(QUIZ, items=[item.model_copy(update={"options": turned}), *QUIZ.items[1:]])
    monkeypatch.setattr(grading, "load_quiz", lambda _: quiz)

    marks = {mark.code: mark for mark in grade(NAME, course)}

    held = rows(course)
    assert held["ann", item.id][0] == 0.0
    assert held["ann", WRITTEN.id][1:4] == (2.5, 0.5, 0)
    assert marks["ann"].earned == FULL - item.points + 3.0
    assert not marks["cat"].changed
