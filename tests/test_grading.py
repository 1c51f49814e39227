"""A class is marked in one go: everybody earns what they should, or is named with the reason."""

import json
import os
import shutil
import sqlite3
import stat
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
from nbgrader.converters import Autograde
from safequiz import assignment, gradebook, grading
from safequiz.bank import load_quiz
from safequiz.collect import collect
from safequiz.errors import UserError
from safequiz.grading import GradingError, grade
from safequiz.marking import Marker, key_changed, key_hash, released_questions
from safequiz.steps import course as course_of
from safequiz.steps import gradebook as book_of
from safequiz.submission import as_plain_text

NAME = "grooming-signs"
QUIZ = load_quiz(NAME)
VERSION = released_questions(QUIZ)["content"]
SCORED = [item for item in QUIZ.items if item.kind != "reflection"]
WRITTEN = next(item for item in QUIZ.items if item.kind == "reflection")
FULL = sum(item.points for item in SCORED)
CONFIG = Path(assignment.__file__).resolve().parents[1] / "nbgrader_config.py"
ALL_RIGHT = {item.id: sorted(item.key) for item in SCORED}
FIRST_RIGHT = {SCORED[0].id: sorted(SCORED[0].key)}


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    folder = tmp_path_factory.mktemp("released")
    shutil.copy(CONFIG, folder)
    assignment.release(NAME, folder)
    return folder


@pytest.fixture
def course(released, tmp_path):
    return Path(shutil.copytree(released, tmp_path / "course"))


def answers(responses, saved="2026-11-21T09:30:00Z"):
    entry = {"content": VERSION, "saved_at": saved, "responses": responses}
    return json.dumps({"schema": 1, "quizzes": {NAME: entry}})


def hand_in(course, **responses):
    """Collect what each pupil answered: pupil's code -> responses."""
    inbox = course.parent / "inbox"
    inbox.mkdir(exist_ok=True)
    for code, given in responses.items():
        (inbox / f"{code}.answers.json").write_text(answers(given), encoding="utf-8")
    assert collect(NAME, inbox, course).refused == {}


def marks(course):
    return {mark.code: mark for mark in grade(NAME, course)}


def notebook(course, code):
    return course / "autograded" / code / NAME / f"{NAME}.ipynb"


def test_everybody_earns_what_they_should(course):
    hand_in(course, ann=ALL_RIGHT | {WRITTEN.id: "Stop. Tell someone."}, ben=FIRST_RIGHT, cat={})

    found = marks(course)

    possible = FULL + WRITTEN.points
    assert [str(found[code]) for code in ("ann", "ben", "cat")] == [
        f"ann: {FULL} of {possible}, 1 written answer to read",
        f"ben: {SCORED[0].points} of {possible}",
        f"cat: 0 of {possible}",
    ]


def test_marking_again_what_has_not_changed_writes_nothing(course):
    hand_in(course, ann=ALL_RIGHT, ben={})
    marks(course)
    book, file = course / "gradebook.db", notebook(course, "ann")
    before = book.read_bytes(), file.stat().st_mtime_ns, file.stat().st_ino

    again = marks(course)

    assert (book.read_bytes(), file.stat().st_mtime_ns, file.stat().st_ino) == before
    assert not any(mark.changed for mark in again.values())


def test_what_formgrader_opens_has_the_marks_the_answer_and_the_markers_notes(course):
    hand_in(course, ann=FIRST_RIGHT | {WRITTEN.id: 'Say "no" to <b>\u202ethem</b>.'})
    marks(course)

    read = nbformat.read(notebook(course, "ann"), as_version=4)

    nbformat.validate(read)
    cells = {cell.id: cell for cell in read.cells}
    assert cells[SCORED[0].id].outputs[0].data["text/plain"] == f"{float(SCORED[0].points)}"
    assert cells[SCORED[1].id].outputs[0].data["text/plain"] == "0.0"
    assert "marking.score(" in cells[SCORED[0].id].source
    assert cells[WRITTEN.id].source == as_plain_text('Say "no" to <b>\u202ethem</b>.')
    assert "what to look for" in cells[f"{WRITTEN.id}-question"].source
    assert SCORED[0].stem[:40] in cells["quiz"].outputs[0].data["text/plain"]


def test_marked_notebooks_are_read_only_as_nbgraders_are(course):
    hand_in(course, ann={})
    marks(course)

    assert stat.S_IMODE(notebook(course, "ann").stat().st_mode) & 0o222 == 0


def test_newer_answers_are_marked_and_a_mark_by_a_person_is_kept_to_be_looked_at_again(course):
    hand_in(course, ann={WRITTEN.id: "First."})
    marks(course)
    by_hand(course, "update grade set manual_score = 2.5, needs_manual_grade = 0 where auto_score is null")
    assert marks(course)["ann"].to_read == 0

    (course.parent / "inbox" / "ann.answers.json").write_text(
        answers(FIRST_RIGHT | {WRITTEN.id: "Second."}, saved="2026-11-21T10:00:00Z"), encoding="utf-8"
    )
    collect(NAME, course.parent / "inbox", course)
    mark = marks(course)["ann"]

    assert (mark.earned, mark.to_read, mark.changed) == (SCORED[0].points + 2.5, 1, True)
    assert "Second" in notebook(course, "ann").read_text(encoding="utf-8")


def by_hand(course, statement):
    with sqlite3.connect(course / "gradebook.db") as book:
        assert book.execute(statement).rowcount > 0
    book.close()


def test_a_key_that_changed_since_the_release_is_the_one_in_force(course, monkeypatch):
    hand_in(course, ann=FIRST_RIGHT)
    assert marks(course)["ann"].earned == SCORED[0].points
    assert key_changed(QUIZ, course) is False
    item = SCORED[0]
    wrong = next(option.id for option in item.options if not option.key)
    mended = item.model_copy(
        update={
            "options": tuple(o.model_copy(update={"key": o.id == wrong}) for o in item.options),
        }
    )
    changed = replace(QUIZ, items=(mended, *QUIZ.items[1:]))
    monkeypatch.setattr(grading, "load_quiz", lambda name: changed)

    assert marks(course)["ann"].earned == 0
    assert key_changed(changed, course) is True
    assert key_hash(changed) != key_hash(QUIZ)


def test_whether_the_key_changed_is_not_known_where_no_release_noted_it(tmp_path):
    assert key_changed(QUIZ, tmp_path) is None


def test_a_marker_gives_points_and_leaves_what_was_written_to_a_person():
    made = Marker(QUIZ).mark(
        FIRST_RIGHT | {WRITTEN.id: " Tell. ", "no-such-item": ["x"], SCORED[1].id: ["no-such"]}
    )

    assert made.scores[SCORED[0].id] == SCORED[0].points
    assert made.scores[SCORED[1].id] == 0
    assert made.scores[WRITTEN.id] is None
    assert made.written == {WRITTEN.id: " Tell. "}
    assert Marker(QUIZ).mark({}).scores[WRITTEN.id] == 0


TROUBLE = {
    "damaged": ("my-answers.json", b'{"schema": 1,', "my-answers.json cannot be used: it is not whole JSON"),
    "too large": ("my-answers.json", b" " * 300_000, "it is larger than 256 KB"),
    "no time": ("timestamp.txt", b"soon", "timestamp.txt holds no time: delete that file, or collect again"),
    "not text": ("timestamp.txt", b"\xff\xfe", "timestamp.txt holds no time"),
    "odd numbers": ("timestamp.txt", b"mon" + b"9" * 60 + b"h\n-/:EST", "timestamp.txt holds no time"),
}


@pytest.mark.parametrize(("file", "data", "said"), TROUBLE.values(), ids=TROUBLE)
def test_what_cannot_be_read_is_one_problem_of_one_pupil(course, file, data, said):
    hand_in(course, ann=FIRST_RIGHT, ben=FIRST_RIGHT)
    (course / "submitted" / "ann" / NAME / file).write_bytes(data)

    found = marks(course)

    assert said in found["ann"].problem
    assert str(found["ann"]).startswith("ann: NOT marked, ")
    assert found["ben"].earned == SCORED[0].points
    assert not notebook(course, "ann").exists()


def test_earlier_marks_stay_when_newer_answers_cannot_be_read(course):
    hand_in(course, ann=FIRST_RIGHT)
    marks(course)
    kept = notebook(course, "ann").read_bytes()
    (course / "submitted" / "ann" / NAME / "my-answers.json").write_bytes(b"{")

    assert marks(course)["ann"].problem
    assert notebook(course, "ann").read_bytes() == kept


@pytest.mark.skipif(os.name == "nt", reason="such names cannot be there")
@pytest.mark.parametrize("code", ["<b>ann", "a\nb", "x" * 129, 'say "a"', "a\u202eb"])
def test_a_folder_whose_name_could_be_more_than_text_is_not_marked(course, code):
    hand_in(course, ann=FIRST_RIGHT)
    (course / "submitted" / "ann").rename(course / "submitted" / code)

    assert marks(course)[code].problem == (
        "its folder's name is no code for a pupil: give the folder another name"
    )


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_a_link_in_the_place_of_a_pupils_folder_is_not_followed(course, tmp_path):
    hand_in(course, ann=FIRST_RIGHT)
    (course / "submitted" / "ben").symlink_to(course / "submitted" / "ann")

    assert marks(course)["ben"].problem == "its folder is a link, and links are not followed"


def test_times_of_the_exchange_are_read_as_nbgrader_reads_them(course):
    hand_in(course, ann={}, ben={}, cat={}, dan={})
    for code, text in {
        "ann": "2026-11-21 09:30:00.123456 UTC",
        "ben": "2026-11-21 10:30:00 +0100",
        "cat": "2026-11-21T09:30:00",
        "dan": "2026-11-21 10:30:00+01:00 UTC",
    }.items():
        (course / "submitted" / code / NAME / "timestamp.txt").write_text(text, encoding="utf-8")
    marks(course)

    with sqlite3.connect(course / "gradebook.db") as book:
        times = [
            time for (time,) in book.execute("select timestamp from submitted_assignment order by student_id")
        ]
    book.close()
    assert [time[:19] for time in times] == ["2026-11-21 09:30:00"] * 4


def test_a_marked_notebook_that_cannot_be_written_is_named_and_made_next_time(course):
    hand_in(course, ann=FIRST_RIGHT, ben={})
    (course / "autograded").mkdir()
    (course / "autograded" / "ann").write_text("in the way", encoding="utf-8")

    assert "its marked notebook could not be written: " in marks(course)["ann"].problem
    (course / "autograded" / "ann").unlink()
    assert marks(course)["ann"].earned == SCORED[0].points
    assert notebook(course, "ann").exists()


def test_a_torn_or_strange_file_among_the_marked_is_put_right(course):
    hand_in(course, ann=FIRST_RIGHT)
    marks(course)
    whole = notebook(course, "ann").read_bytes()
    notebook(course, "ann").chmod(0o644)
    notebook(course, "ann").write_bytes(whole[:1000])
    (notebook(course, "ann").parent / "stray.txt").write_text("x", encoding="utf-8")

    assert marks(course)["ann"].changed
    assert notebook(course, "ann").read_bytes() == whole
    assert not (notebook(course, "ann").parent / "stray.txt").exists()


def test_checkpoints_that_jupyter_made_among_the_marked_are_cleared_away(course):
    hand_in(course, ann=FIRST_RIGHT)
    marks(course)
    checkpoints = notebook(course, "ann").parent / ".ipynb_checkpoints"
    checkpoints.mkdir()
    (checkpoints / "old.ipynb").write_text("{}", encoding="utf-8")

    assert (marks(course)["ann"].problem, checkpoints.exists()) == ("", False)
    assert notebook(course, "ann").exists()


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_a_link_among_the_marked_is_named_and_nothing_behind_it_is_touched(course, tmp_path):
    hand_in(course, ann=FIRST_RIGHT)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "mine.txt").write_text("mine", encoding="utf-8")
    (tmp_path / "elsewhere" / "mine.txt").chmod(0o400)
    (course / "autograded" / "ann").mkdir(parents=True)
    (course / "autograded" / "ann" / NAME).symlink_to(tmp_path / "elsewhere")

    assert "is a link, and links are not followed" in marks(course)["ann"].problem
    assert stat.S_IMODE((tmp_path / "elsewhere" / "mine.txt").stat().st_mode) == 0o400


def test_an_extension_that_somebody_granted_is_heeded(course):
    hand_in(course, ann=FIRST_RIGHT, ben=FIRST_RIGHT)
    marks(course)
    with book_of(course) as book:
        book.update_or_create_assignment(NAME, duedate="2026-11-20 12:00:00 UTC")
        book.grant_extension(NAME, "ann", hours=48)
    with (course / "nbgrader_config.py").open("a", encoding="utf-8") as config:
        config.write('c.LateSubmissionPlugin.penalty_method = "zero"\n')
    marks(course)

    with book_of(course) as book:
        taken_off = {
            code: book.find_submission(NAME, code).late_submission_penalty for code in ("ann", "ben")
        }
    assert taken_off == {"ann": 0, "ben": SCORED[0].points}


def test_nobody_collected_is_said_in_one_sentence(course):
    with pytest.raises(GradingError, match=f"First: python3 -m quizzes collect {NAME} PATH"):
        marks(course)


def test_an_item_that_left_the_bank_after_release_stops_marking(course, monkeypatch):
    hand_in(course, ann={})
    monkeypatch.setattr(grading, "load_quiz", lambda name: replace(QUIZ, items=QUIZ.items[1:]))

    with pytest.raises(GradingError, match=f"'{QUIZ.items[0].id}' was released in '{NAME}', but the bank no"):
        marks(course)


def test_points_that_changed_after_release_ask_for_a_new_release(course, monkeypatch):
    hand_in(course, ann={})
    more = QUIZ.items[0].model_copy(update={"points": 5})
    monkeypatch.setattr(grading, "load_quiz", lambda name: replace(QUIZ, items=(more, *QUIZ.items[1:])))

    with pytest.raises(GradingError, match=f"gives 5. First, once more: python3 -m quizzes release {NAME}"):
        marks(course)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}"])
def test_a_damaged_release_asks_for_another(course, text):
    hand_in(course, ann={})
    (course / "release" / NAME / f"{NAME}.ipynb").write_text(text, encoding="utf-8")

    with pytest.raises(UserError, match=f"{NAME}.ipynb is damaged. First, once more: python3 -m quizzes rel"):
        marks(course)


def test_a_gradebook_without_the_quiz_asks_for_a_release(course):
    hand_in(course, ann={})
    by_hand(course, "update assignment set name = 'another'")

    with pytest.raises(
        gradebook.GradebookError, match=f"First, once more: python3 -m quizzes release {NAME}"
    ):
        marks(course)


def no_file(path):
    path.unlink()


def other_tables(path):
    path.unlink()
    book = sqlite3.connect(path)
    book.execute("create table other (id int)")
    book.close()


def no_database(path):
    path.write_bytes(b"no database at all" * 100)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (no_file, r"There is no gradebook yet, .*gradebook.db. First: python3 -m quizzes release NAME"),
        (other_tables, r"gradebook.db is no gradebook of nbgrader: it lacks its tables. First: "),
        (no_database, r"gradebook.db, cannot be used: file is not a database. Close formgrader"),
    ],
)
def test_what_is_no_gradebook_is_named(course, spoil, said):
    hand_in(course, ann={})
    spoil(course / "gradebook.db")

    with pytest.raises(gradebook.GradebookError, match=said):
        marks(course)


def test_an_address_that_is_none_is_named(course):
    hand_in(course, ann={})
    with (course / "nbgrader_config.py").open("a", encoding="utf-8") as config:
        config.write('c.CourseDirectory.db_url = "gradebook.db"\n')

    with pytest.raises(gradebook.GradebookError, match=r"db_url in .*nbgrader_config.py is no address of a"):
        marks(course)


def test_nbgrader_told_of_another_gradebook_has_the_marks_in_that_one(course):
    hand_in(course, ann=FIRST_RIGHT)
    other = course / "other.db"
    shutil.copy(course / "gradebook.db", other)
    directory, config = course_of(course)
    directory.assignment_id, directory.db_url = NAME, f"sqlite:///{other}"
    Autograde(coursedir=directory, config=config).start()

    scores = {}
    for file in (other, course / "gradebook.db"):
        with sqlite3.connect(file) as book:
            scores[file.name] = book.execute("select sum(auto_score) from grade").fetchone()
        book.close()
    assert scores == {"other.db": (SCORED[0].points,), "gradebook.db": (None,)}


def test_a_gradebook_that_needs_a_driver_says_how_to_get_it(course):
    hand_in(course, ann={})
    with (course / "nbgrader_config.py").open("a", encoding="utf-8") as config:
        config.write('c.CourseDirectory.db_url = "nosuchthing://ann:secret@localhost/marks"\n')

    with pytest.raises(gradebook.GradebookError, match="needs a driver that is not installed") as said:
        marks(course)
    assert "secret" not in str(said.value)
