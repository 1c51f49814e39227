"""Whatever a pupil hands in costs one plain sentence at most: no mark of another's, no run, no other file.

One class holds every case of the corpus between two honest pupils. It is marked once at each door.
"""

import contextlib
import hashlib
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from types import SimpleNamespace

import pytest
from jupyter_client.kernelspec import KernelSpecManager
from safequiz import assignment
from safequiz.bank import BANK_FOLDER
from safequiz.collect import collect
from safequiz.grading import codes_in, grade, read_hand_in
from safequiz.marking import released_name
from safequiz.responses import FILE_NAME
from safequiz.submission import SECRET, TIMESTAMP

from tests.hostile import (
    CASES,
    CODES,
    DOORS,
    HONEST,
    KEYS,
    NAME,
    NOTEBOOK,
    PASSED_OVER,
    answers,
    honest_work,
    kernel_trap,
    running,
)

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="links, pipes, and names of every kind")

EVERYBODY = CASES | CODES
NEIGHBOURS = ("aaa", "zzz")


@pytest.fixture(scope="module")
def doors(tmp_path_factory):
    """The class as it came out of each door, and what stood around it before."""
    top = tmp_path_factory.mktemp("hostile")
    course, inbox, outside = top / "collected", top / "inbox", top / "outside"
    course.mkdir()
    shutil.copy(assignment.COURSE / "nbgrader_config.py", course)
    released = assignment.release(NAME, course)
    (honest_work(outside / NAME, released) / FILE_NAME).write_bytes(answers(KEYS))
    shutil.copy(outside / NAME / FILE_NAME, outside / "answers.json")
    shutil.copy(released / NOTEBOOK, outside / "notebook.ipynb")
    for door in DOORS[1:]:
        shutil.copytree(course, top / door)
        hand_in_all(top / door / "submitted", NAME, released, outside)
    hand_in_all(inbox, "", released, outside)
    before = around(outside)
    sign = kernel_trap(top / "jupyter")
    stock = subprocess.Popen(
        [sys.executable, "-m", "nbgrader", "autograde", NAME],
        cwd=top / "nbgrader",
        env=os.environ | {"JUPYTER_PATH": str(top / "jupyter")},
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    report = collect(NAME, inbox, course)
    marks = {"collected": list(grade(NAME, course)), "uncollected": list(grade(NAME, top / "uncollected"))}
    _, log = stock.communicate(timeout=120)
    ends = {
        "collected": report.refused | ends_of(marks["collected"]),
        "uncollected": ends_of(marks["uncollected"]),
        "nbgrader": ends_in_nbgrader(top / "nbgrader", log),
    }
    yield SimpleNamespace(top=top, ends=ends, marks=marks, outside=outside, before=before, sign=sign)
    shutil.rmtree(top, ignore_errors=True)  # 300 MB


def hand_in_all(place, below, released, outside):
    for code in (*EVERYBODY, *NEIGHBOURS):
        home = honest_work(place / code / below, released)
        if code in EVERYBODY:
            EVERYBODY[code].change(home, outside)


def around(outside):
    """What no pupil may touch: path -> a digest."""
    return {
        path: hashlib.sha256(path.read_bytes()).hexdigest()
        for folder in (outside, BANK_FOLDER, BANK_FOLDER.parent / "safequiz")
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def ends_of(marks):
    """Code -> points, or the problem. Nobody may be in it twice."""
    ends = {mark.code: mark.problem or mark.earned for mark in marks}
    assert len(ends) == len(marks)
    return ends


def ends_in_nbgrader(course, log):
    """Code -> the points in its gradebook of those whose work it kept; what it said of the others."""
    trouble = (
        rf"processing assignment: .+?/submitted/(.+?)/{NAME}\n(.+?)\[AutogradeApp \| [A-Z]+\] (?!Traceback)"
    )
    said = dict(re.findall(trouble, log, re.DOTALL))
    reasons = {code: re.findall(r"NOT marked, (.+)\n", lines) or ["error"] for code, lines in said.items()}
    passed_over = re.findall(rf"({PASSED_OVER}) by '.+/submitted/(.+)/{NAME}/", log)
    kept, points = codes_in(course / "autograded", NAME), in_gradebook(course)
    return (
        {code: reason for code, [reason] in reasons.items()}
        | {code: said for said, code in passed_over}
        | {code: points[code] for code in kept}
    )


def in_gradebook(course):
    """Code -> the sum of the automatic scores, or None."""
    with contextlib.closing(sqlite3.connect(course / "gradebook.db")) as book:
        return dict(
            book.execute(
                "select student_id, sum(auto_score) from submitted_assignment s "
                "join submitted_notebook n on n.assignment_id = s.id join grade g on g.notebook_id = n.id "
                "group by student_id"
            )
        )


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("code", EVERYBODY, ids=ascii)
def test_each_ends_in_the_honest_mark_or_in_one_named_problem(doors, door, code):
    expected, end = EVERYBODY[code].end(door), doors.ends[door][code]

    if isinstance(expected, str):
        assert expected in str(end)
    else:
        assert end == pytest.approx(expected)


@pytest.mark.parametrize("door", DOORS)
def test_the_honest_pupils_before_and_after_get_their_marks(doors, door):
    assert [doors.ends[door][code] for code in NEIGHBOURS] == [HONEST, HONEST]


@pytest.mark.parametrize("door", DOORS)
def test_the_gradebook_holds_no_mark_for_whom_a_problem_was_named(doors, door):
    points = in_gradebook(doors.top / door)

    assert {code: earned for code, earned in points.items() if earned is not None} == {
        code: end for code, end in doors.ends[door].items() if not isinstance(end, str)
    }


def test_nothing_of_theirs_was_run_and_no_kernel_was_started(doors):
    assert not doors.sign.exists()
    assert not list(doors.top.rglob("it-ran*"))
    assert around(doors.outside) == doors.before


def test_a_kernel_or_a_line_of_theirs_that_ran_would_have_left_its_sign(tmp_path):
    sign = kernel_trap(tmp_path / "jupyter")
    found = KernelSpecManager(kernel_dirs=[str(tmp_path / "jupyter" / "kernels")]).get_kernel_spec("python3")
    home = tmp_path / "home"
    home.mkdir()
    (home / NOTEBOOK).write_text(
        json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    )
    running("raise SystemExit")(home, tmp_path)
    code = json.loads((home / NOTEBOOK).read_text(encoding="utf-8"))["cells"][0]["source"]

    subprocess.run(found.argv, check=True)
    subprocess.run([sys.executable, "-c", code], check=True)

    assert sign.exists()
    assert (tmp_path / "it-ran").exists()


@pytest.mark.parametrize("door", DOORS)
def test_marked_work_holds_our_files_and_nothing_of_theirs_but_answers(doors, door):
    allowed = {NOTEBOOK, released_name(NAME), FILE_NAME, TIMESTAMP, SECRET}
    marked = [path for path in (doors.top / door / "autograded").glob("*/*/*")]

    assert {path.name for path in marked} <= allowed
    assert all(path.is_file() and not path.is_symlink() for path in marked)
    assert not [path for path in marked if b"OUTSIDE" in path.read_bytes()]


def test_what_nbgrader_found_of_theirs_is_kept_unopened(doors):
    kept = doors.top / "nbgrader" / "received"

    assert "os._exit(1)" in (kept / "ends-kernel" / f"{NAME}-1" / NOTEBOOK).read_text(encoding="utf-8")
    assert (kept / "huge" / f"{NAME}-1" / FILE_NAME).stat().st_size == 2**30
    assert (kept / "link-to-passwords" / f"{NAME}-1" / FILE_NAME).is_symlink()


def test_grading_after_nbgrader_finds_nothing_to_do(doors):
    marks = [mark for mark in grade(NAME, doors.top / "nbgrader") if mark.code != "no-notebook"]

    assert [mark.code for mark in marks if mark.changed] == []


def test_what_is_said_of_a_pupil_is_one_line_that_cannot_steer_a_terminal(doors):
    said = [str(mark) for door in ("collected", "uncollected") for mark in doors.marks[door]]

    assert [line for line in said if not line.isprintable()] == []


def test_a_folder_whose_name_is_two_lines_is_named(tmp_path):
    assert "give the folder another name" in read_hand_in(tmp_path / "two\nlines" / NAME).problem


@pytest.mark.parametrize("code", ["../evil", "..", "/etc", "", "a/b"])
def test_a_code_in_a_file_that_leads_elsewhere_is_refused(tmp_path, doors, code):
    course, inbox = tmp_path / "course", tmp_path / "inbox"
    shutil.copytree(doors.top / "collected" / "release", course / "release")
    inbox.mkdir()
    (inbox / f"{NAME}.answers.json").write_bytes(answers(pupil=code))
    (inbox / "zzz.answers.json").write_bytes(answers())

    report = collect(NAME, inbox, course)

    assert report.collected == ["zzz"]
    assert list(report.refused) == [f"{NAME}.answers.json"]
