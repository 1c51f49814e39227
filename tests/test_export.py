"""What a gradebook imports is right to the cell: nobody gets another's mark, or a 0 that was not earned."""

import csv
import json
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from safequiz import assignment
from safequiz.bank import load_quiz
from safequiz.collect import collect
from safequiz.export import ExportError, export
from safequiz.grading import grade
from safequiz.marking import released_questions
from safequiz.spreadsheet import safe, write_csv

NAME = "grooming-signs"
CONFIG = Path(assignment.__file__).resolve().parents[1] / "nbgrader_config.py"
QUIZ = load_quiz(NAME)
SCORED = [item for item in QUIZ.items if item.kind != "reflection"]
WRITTEN = next(item for item in QUIZ.items if item.kind == "reflection")
KEYS = {item.id: [option.id for option in item.options if option.key] for item in SCORED}
FIRST = SCORED[0]
FULL = sum(item.points for item in QUIZ.items)
SCORE = sum(item.points for item in SCORED)
CLASS = {"ann": KEYS, "ben": {FIRST.id: KEYS[FIRST.id]}, "cat": KEYS | {WRITTEN.id: "Stop."}, "eve": {}}
LATE = 0.5
ROSTER = """\
INSERT INTO student (id, last_name, lms_user_id) VALUES ('dan', 'Davies', '104');
UPDATE student SET last_name = 'O''Neil, Jr', first_name = 'Zoë "Zee"' WHERE id = 'ann';
UPDATE student SET last_name = '=HYPERLINK("https://x.example")', first_name = '日本
Line two' WHERE id = 'ben';
UPDATE student SET last_name = 'Evans' WHERE id = 'eve';
UPDATE student SET email = id || '@school.example';
UPDATE student SET lms_user_id = '101' WHERE id = 'ann';
UPDATE student SET lms_user_id = '102' WHERE id = 'ben';
UPDATE student SET lms_user_id = 'S-103' WHERE id = 'cat';
UPDATE student SET lms_user_id = 'S-105' WHERE id = 'eve';
"""


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """Ann has all right, Ben one; Cat has an answer that a person has to read; Eve left everything empty."""
    course, inbox = tmp_path_factory.mktemp("course"), tmp_path_factory.mktemp("inbox")
    shutil.copy(CONFIG, course)
    assignment.release(NAME, course)
    assignment.release(f"{NAME}-adults", course)
    for code, responses in CLASS.items():
        answered = {"content": released_questions(QUIZ)["content"], "saved_at": "2026-11-21T09:30:00Z"}
        quizzes = {NAME: answered | {"responses": responses}}
        (inbox / f"{code}.answers.json").write_text(
            json.dumps({"schema": 1, "quizzes": quizzes}), encoding="utf-8"
        )
    collect(NAME, inbox, course)
    assert [mark.problem for mark in grade(NAME, course)] == [""] * len(CLASS)
    return course


@pytest.fixture
def bare(graded, tmp_path):
    """The class by codes alone; Ann handed in late."""
    course = Path(shutil.copytree(graded, tmp_path / "course"))
    ann = "SELECT id FROM submitted_assignment WHERE student_id = 'ann'"
    late = f"UPDATE submitted_notebook SET late_submission_penalty = {LATE} WHERE assignment_id IN ({ann})"
    change(course, late)
    return course


@pytest.fixture
def course(bare):
    """The class with names, addresses and ids; Dan handed in nothing."""
    change(bare, ROSTER)
    return bare


def change(course, statements):
    book = sqlite3.connect(course / "gradebook.db")
    book.executescript(statements)
    book.commit()
    book.close()


def table(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=1+1", "'=1+1"),
        ("+44 20", "'+44 20"),
        ("-ann", "'-ann"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("\n=1", "'\n=1"),
        ("  =1", "'  =1"),
        ("\ufeff=1", "'\ufeff=1"),
        ("\uff1d1+1", "'\uff1d1+1"),
        ("\uff20x", "'\uff20x"),
        ("\tplain", "'\tplain"),
        ("-1.5", "'-1.5"),
        (-1.5, -1.5),
        (0, 0),
        (None, None),
        ("", ""),
        ("Zoë = me", "Zoë = me"),
        ("O'Neil", "O'Neil"),
        ("ann@school.example", "ann@school.example"),
    ],
)
def test_a_cell_that_a_spreadsheet_might_run_becomes_text_and_a_number_stays_one(cell, written):
    assert safe(cell) == written


def test_a_table_is_read_back_as_it_was_and_excel_knows_its_encoding(tmp_path):
    rows = [["a, b", 'say "x"'], ["two\nlines", "日本 Zoë"], ["", "semi;colon"]]

    write_csv(tmp_path / "t.csv", ["one", "two"], rows)

    assert table(tmp_path / "t.csv") == [["one", "two"], *rows]
    assert (tmp_path / "t.csv").read_bytes().startswith(b"\xef\xbb\xbfone,two\r\n")


def test_the_table_has_everybody_and_who_was_not_marked_has_no_score(course):
    header, *rows = table(export(NAME, folder=course).path)
    by_code = {row[3]: dict(zip(header, row, strict=True)) for row in rows}

    assert header[:7] == [
        *["assignment", "duedate", "timestamp", "student_id"],
        *["last_name", "first_name", "email"],
    ]
    assert list(by_code) == ["ann", "ben", "cat", "dan", "eve"]
    assert by_code["ann"] == {
        "assignment": NAME,
        "duedate": "",
        "timestamp": "2026-11-21 09:30:00",
        "student_id": "ann",
        "last_name": "O'Neil, Jr",
        "first_name": 'Zoë "Zee"',
        "email": "ann@school.example",
        "raw_score": str(float(SCORE)),
        "late_submission_penalty": str(LATE),
        "score": str(SCORE - LATE),
        "max_score": str(float(FULL)),
        "needs_manual_grade": "False",
    }
    assert by_code["ben"]["last_name"] == '\'=HYPERLINK("https://x.example")'
    assert by_code["cat"]["needs_manual_grade"] == "True"
    assert export(NAME, folder=course).notes == [
        f"{NAME}: No final mark yet, as an answer waits for a person: cat."
    ]
    assert [by_code["dan"][name] for name in ("timestamp", "raw_score", "score", "needs_manual_grade")] == [
        ""
    ] * 4
    assert by_code["eve"]["score"] == "0.0"


def test_all_quizzes_go_into_one_table_and_nbgraders_own_command_writes_the_same(course):
    words = [sys.executable, "-m", "nbgrader", "export", "--to", "stock.csv"]
    run = subprocess.run(words, cwd=course, capture_output=True, text=True, encoding="utf-8", check=False)

    assert run.returncode == 0, run.stderr[-2000:]
    assert export(folder=course).path == course / "grades.csv"
    assert (course / "stock.csv").read_bytes() == (course / "grades.csv").read_bytes()
    rows = table(course / "grades.csv")[1:]
    assert [row[0] for row in rows] == [NAME] * 5 + [f"{NAME}-adults"] * 5


def test_moodle_gets_one_column_that_identifies_and_only_final_marks(course):
    exported = export(NAME, "moodle", folder=course)

    assert exported.path == course / f"{NAME}.moodle.csv"
    assert table(exported.path) == [
        ["ID number", QUIZ.title],
        ["101", str(SCORE - LATE)],
        ["102", str(float(FIRST.points))],
        ["S-105", "0.0"],
    ]
    assert f"'ID number', and map '{QUIZ.title}' to a grade item out of {FULL} points" in str(exported)
    assert "No final mark yet, as an answer waits for a person: cat." in exported.notes
    assert "No mark, as nothing of theirs has been marked: dan." in exported.notes
    assert "Moodle will stop" not in str(exported)


def test_moodle_goes_by_address_where_an_id_is_lacking_and_everybody_has_an_address(course):
    change(course, "UPDATE student SET lms_user_id = NULL WHERE id = 'ben'")

    rows = table(export(NAME, "moodle", folder=course).path)

    assert [row[0] for row in rows] == [
        "Email address",
        *["ann@school.example", "ben@school.example", "eve@school.example"],
    ]


def test_moodle_never_gets_an_empty_identifier_as_it_would_mark_the_pupil_above(bare):
    exported = export(NAME, "moodle", folder=bare)

    assert [row[0] for row in table(exported.path)] == ["ID number", "ann", "ben", "eve"]
    assert "unless their code is their ID number there: ann, ben, eve." in str(exported)


def test_canvas_gets_its_own_columns_and_the_points_possible(course):
    exported = export(NAME, "canvas", folder=course)

    header, possible, *rows = table(exported.path)
    assert header == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", QUIZ.title]
    assert possible == ["    Points Possible", "", "", "", "", str(float(FULL))]
    assert rows == [
        ['O\'Neil, Jr, Zoë "Zee"', "101", "", "ann@school.example", "", str(SCORE - LATE)],
        [
            '\'=HYPERLINK("https://x.example"), 日本\nLine two',
            *["102", "", "ben@school.example", "", str(float(FIRST.points))],
        ],
        ["Evans", "", "S-105", "eve@school.example", "", "0.0"],
    ]
    assert "No final mark yet, as an answer waits for a person: cat." in exported.notes


def test_canvas_is_given_the_code_where_nothing_else_is_known(bare):
    exported = export(NAME, "canvas", folder=bare)

    assert table(exported.path)[2][:4] == ["ann", "", "", "ann"]
    assert "the code stands for the login: ann, ben, eve." in str(exported)


@pytest.mark.parametrize(
    ("known", "columns"), [("12", ["12", ""]), ("012", ["", "012"]), ("12b", ["", "12b"]), ("١٢", ["", "١٢"])]
)
def test_canvas_gets_only_a_plain_number_as_its_own_id_as_it_would_cut_others_short(course, known, columns):
    change(course, f"UPDATE student SET lms_user_id = '{known}' WHERE id = 'ann'")

    assert table(export(NAME, "canvas", folder=course).path)[2][1:3] == columns


def test_classroom_gets_a_list_to_type_from_with_everybody_in_its_order(course):
    exported = export(NAME, "classroom", folder=course)

    header, *rows = table(exported.path)
    full = str(float(FULL))
    assert header == ["Last name", "First name", "Email address", "Code", "Grade", "Points", "Note"]
    assert [row[3:] for row in rows] == [
        ["cat", "", full, "an answer waits for a person"],
        ["ben", str(float(FIRST.points)), full, ""],
        ["dan", "", full, "not marked"],
        ["eve", "0.0", full, ""],
        ["ann", str(SCORE - LATE), full, ""],
    ]
    assert "Google Classroom imports no file of marks." in exported.notes[0]


def test_classroom_says_of_whom_only_the_code_is_known(bare):
    exported = export(NAME, "classroom", folder=bare)

    assert "Only the code is known, no name and no e-mail address: ann, ben, cat, eve." in str(exported)


@pytest.mark.parametrize("to", ["moodle", "canvas"])
def test_two_pupils_with_one_id_and_an_id_like_a_formula_are_left_out_and_named(course, to):
    twins = "UPDATE student SET lms_user_id = 'X1' WHERE id = 'ann'; UPDATE student SET lms_user_id = 'x1'"
    change(course, f"{twins} WHERE id = 'ben'; UPDATE student SET lms_user_id = '-5' WHERE id = 'eve'")

    exported = export(NAME, to, folder=course)

    assert len(table(exported.path)) == {"moodle": 1, "canvas": 2}[to]
    assert "so mend that first: ann, ben." in str(exported)
    assert "for a formula, so enter it by hand: eve." in str(exported)


def test_a_persons_mark_counts_and_then_nobody_waits(course):
    change(
        course, "UPDATE grade SET manual_score = 2.505, needs_manual_grade = 0 WHERE needs_manual_grade = 1"
    )

    exported = export(NAME, "moodle", folder=course)

    assert ["S-103", str(round(SCORE + 2.505, 2))] in table(exported.path)
    assert "waits" not in str(exported)


def test_a_long_list_of_pupils_is_cut_short_with_their_number(course):
    change(course, "".join(f"INSERT INTO student (id) VALUES ('z{n:03}');" for n in range(100)))

    assert "z028 and 71 more." in str(export(NAME, "moodle", folder=course))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            [NAME, "blackboard"],
            "There is no format called 'blackboard'. The formats: csv, moodle, canvas, classroom.",
        ),
        ([None, "moodle"], "Name the quiz to export: python3 -m quizzes export NAME --to moodle"),
    ],
)
def test_what_cannot_be_exported_is_said_in_one_sentence(graded, words, said):
    with pytest.raises(ExportError) as refused:
        export(*words, folder=graded)

    assert str(refused.value) == said


@pytest.mark.parametrize("place", ["nowhere/table.csv", "release"])
def test_a_file_that_cannot_be_written_is_named(graded, place):
    with pytest.raises(ExportError) as refused:
        export(NAME, "csv", graded / place, graded)

    assert str(refused.value).startswith(f"{graded / place} cannot be written: ")
    assert str(refused.value).endswith(". Close it where it is open, or name another file.")


def test_where_nobody_was_marked_the_step_before_is_named(graded, tmp_path):
    course = Path(shutil.copytree(graded, tmp_path / "course"))
    change(course, "DELETE FROM grade; DELETE FROM comment; DELETE FROM submitted_notebook")

    with pytest.raises(
        ExportError, match=f"^Nothing has been marked yet. First: python3 -m quizzes grade {NAME}$"
    ):
        export(NAME, folder=course)
    with pytest.raises(ExportError, match=r"python3 -m quizzes grade NAME$"):
        export(folder=tmp_path)
