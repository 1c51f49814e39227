"""Write the marks of a quiz as a table that a gradebook, or a person, can take in.

Moodle and Canvas change a mark for every row they read, so their tables hold final marks only: Moodle would
store an empty cell of a new column as 0, and Canvas would clear the mark that is there. Who has no mark, or
waits for a person, is named instead. The tables for people, csv and classroom, have a row for everybody.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from . import gradebook
from .bank import COURSE, load_quiz, quiz_names
from .errors import UserError, listed
from .results import PupilResult, results
from .spreadsheet import is_formula, write_csv

#: The columns of nbgrader's own export, and one more.
COLUMNS = [
    *["assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email"],
    *["raw_score", "late_submission_penalty", "score", "max_score", "needs_manual_grade"],
]

#: More codes than these would hide what a note says.
_MOST_CODES = 30
_ROSTER = "To add them, in the course folder: nbgrader db student import ROSTER.csv"


class ExportError(UserError):
    """Nothing could be exported; the message says why in one sentence."""


@dataclass(frozen=True)
class Exported:
    """The file that was written, and sentences on what to do with it and who is not in it."""

    path: Path
    notes: list[str]

    def __str__(self) -> str:
        """Return lines for a terminal."""
        return "\n".join([f"Marks: {self.path}", *self.notes])


@dataclass(frozen=True)
class _Class:
    """A quiz and everybody in the gradebook, with their marks."""

    name: str
    title: str
    duedate: datetime | None
    possible: float
    pupils: list[PupilResult]

    @classmethod
    def read(cls, name: str, folder: Path) -> _Class:
        with gradebook.opened(folder) as book:
            quiz = book.assigned(name)
        possible = sum(cell.points for cell in quiz.grades.values())
        return cls(name, load_quiz(name).title, quiz.duedate, possible, list(results(name, folder)))

    @property
    def final(self) -> list[PupilResult]:
        """Those whose marks will not change by themselves."""
        return [pupil for pupil in self.pupils if pupil.marks and not pupil.waiting]

    def waiting(self) -> list[str]:
        """Return a sentence that names those of whom a person has yet to read an answer, or nothing."""
        codes = [pupil.code for pupil in self.pupils if pupil.marks and pupil.waiting]
        return (
            [f"No final mark yet, as an answer waits for a person: {listed(codes, _MOST_CODES)}."]
            if codes
            else []
        )

    def unmarked(self) -> list[str]:
        """Return a sentence that names those of whom nothing was marked, or nothing."""
        codes = [pupil.code for pupil in self.pupils if not pupil.marks]
        return (
            [f"No mark, as nothing of theirs has been marked: {listed(codes, _MOST_CODES)}."] if codes else []
        )


@dataclass
class _Table:
    header: Sequence[str]
    rows: Iterable[Sequence[Any]]
    notes: list[str] = field(default_factory=list)


def export(
    name: str | None = None, to: str = "csv", path: Path | None = None, folder: Path = COURSE
) -> Exported:
    """Write the marks of the quiz `name`, or for csv of all released quizzes, in the format `to`.

    Formats: csv (nbgrader's own table), moodle, canvas, classroom. Without a `path` the file is grades.csv,
    NAME.csv or NAME.FORMAT.csv in the course folder. Points are rounded to two decimals, late penalties
    taken off. Whose answer waits for a person has no mark yet; but csv counts that answer as 0, as nbgrader's
    own table does, and its column needs_manual_grade says so.

    Raises ExportError when the format is unknown, nothing has been marked, or the file cannot be written;
    GradebookError when the gradebook cannot be used, and FileNotFoundError for an unknown quiz.
    """
    if to not in FORMATS:
        raise ExportError(f"There is no format called '{to}'. The formats: {', '.join(FORMATS)}.")
    if name is None and to != "csv":
        raise ExportError(f"Name the quiz to export: python3 -m quizzes export NAME --to {to}")
    names = [name] if name else [one for one in quiz_names() if (folder / "release" / one).is_dir()]
    classes = [_Class.read(one, folder) for one in sorted(names)]
    if not any(pupil.marks for one in classes for pupil in one.pupils):
        raise ExportError(f"Nothing has been marked yet. First: python3 -m quizzes grade {name or 'NAME'}")
    tables = [FORMATS[to](one) for one in classes]
    path = path or folder / _file_name(name, to)
    try:
        write_csv(path, tables[0].header, (row for table in tables for row in table.rows))
    except OSError as error:
        reason = f"{path} cannot be written: {error.strerror}."
        raise ExportError(f"{reason} Close it where it is open, or name another file.") from error
    return Exported(path, [note for table in tables for note in table.notes])


def _file_name(name: str | None, to: str) -> str:
    if name is None:
        return "grades.csv"
    return f"{name}.csv" if to == "csv" else f"{name}.{to}.csv"


def points(value: float) -> float:
    """Return points to two decimals, so that three thirds of a point are no 0.9999."""
    return round(value, 2)


def _csv(quiz: _Class) -> _Table:
    """Return nbgrader's own table: a row for everybody; who was not marked has no score, and not 0."""
    notes = [f"{quiz.name}: {note}" for note in quiz.waiting()]
    return _Table(COLUMNS, (_csv_row(quiz, pupil) for pupil in quiz.pupils), notes)


def _csv_row(quiz: _Class, pupil: PupilResult) -> list[Any]:
    marks: list[Any] = [None, None, None]
    if pupil.marks:
        raw = sum(mark.earned for mark in pupil.marks.values())
        marks = [points(raw), points(pupil.penalty), points(pupil.earned)]
    who = [pupil.code, pupil.last_name, pupil.first_name, pupil.email]
    waits = pupil.waiting > 0 if pupil.marks else None
    return [quiz.name, quiz.duedate, pupil.timestamp, *who, *marks, points(quiz.possible), waits]


def _moodle(quiz: _Class) -> _Table:
    """Return what Moodle's Grades, Import, CSV file takes: a column that identifies, and the marks.

    There is one such column, filled for everybody, because Moodle gives the marks of a row whose
    identifier is empty to the pupil of the row above, and stops the whole import at one it does not know.
    """
    by_email = all(pupil.email for pupil in quiz.final) and not all(pupil.lms_user_id for pupil in quiz.final)
    column, identify = ("Email address", _email) if by_email else ("ID number", _lms_user_id)
    pupils, notes = _matchable(quiz.final, identify, column)
    lacking = [pupil.code for pupil in pupils if not by_email and not pupil.lms_user_id]
    if lacking:
        notes.append(
            "Moodle will stop at these, unless their code is their ID number there: "
            f"{listed(lacking, _MOST_CODES)}. "
            f"The gradebook has neither an lms_user_id nor an e-mail address for everybody. {_ROSTER}"
        )
    how = (
        f"In Moodle: Grades, Import, CSV file. Identify the user by '{column}', and map '{quiz.title}' to a "
        f"grade item out of {quiz.possible:g} points: a new one that Moodle makes itself is out of 100."
    )
    rows = ([identify(pupil), points(pupil.earned)] for pupil in pupils)
    return _Table([column, quiz.title], rows, [how, *notes, *quiz.waiting(), *quiz.unmarked()])


def _canvas(quiz: _Class) -> _Table:
    """Return what Canvas's Grades, Import takes, with its row of the points possible.

    Canvas reads `ID` as a number, even `12b` and `012` as 12, so only a number goes there; any other
    lms_user_id is taken for the SIS one. Where both are unknown it goes by the login, and then by the name.
    """
    pupils, notes = _matchable(quiz.final, _canvas_id, "id or login")
    lacking = [pupil.code for pupil in pupils if not pupil.lms_user_id and not pupil.email]
    if lacking:
        notes.append(
            "Canvas will ask who these are, as there is neither an lms_user_id nor an e-mail address, and "
            f"the code stands for the login: {listed(lacking, _MOST_CODES)}. {_ROSTER}"
        )
    how = (
        f"In Canvas: Grades, Import. It shows each change before it is made. Without an assignment called "
        f"'{quiz.title}' it makes one. A number as lms_user_id has to be the ID in Canvas's own export."
    )
    header = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", quiz.title]
    possible = ["    Points Possible", None, None, None, None, points(quiz.possible)]
    rows = [possible, *map(_canvas_row, pupils)]
    return _Table(header, rows, [how, *notes, *quiz.waiting(), *quiz.unmarked()])


def _canvas_row(pupil: PupilResult) -> list[Any]:
    is_number = re.fullmatch(r"[1-9][0-9]*", pupil.lms_user_id)
    ids = [pupil.lms_user_id, ""] if is_number else ["", pupil.lms_user_id]
    name = ", ".join(part for part in (pupil.last_name, pupil.first_name) if part) or pupil.code
    return [name, *ids, pupil.email or pupil.code, "", points(pupil.earned)]


def _classroom(quiz: _Class) -> _Table:
    """Return a list of everybody to type marks in from, in the order in which Classroom shows pupils.

    Google documents no import of marks from a file: they come from Google Forms, from a program, or by hand.
    """
    how = (
        "Google Classroom imports no file of marks. Open this one in Google Sheets beside the assignment, "
        f"which should be out of {quiz.possible:g}, have Classroom sort by last name, and type the marks in."
    )
    header = ["Last name", "First name", "Email address", "Code", "Grade", "Points", "Note"]
    pupils = sorted(quiz.pupils, key=lambda pupil: (pupil.last_name.casefold(), pupil.first_name.casefold()))
    notes = [how, *quiz.waiting(), *quiz.unmarked()]
    nameless = [pupil.code for pupil in pupils if not pupil.email and not pupil.last_name]
    if nameless:
        notes.append(
            f"Only the code is known, no name and no e-mail address: {listed(nameless, _MOST_CODES)}. "
            f"{_ROSTER}"
        )
    return _Table(header, (_classroom_row(quiz, pupil) for pupil in pupils), notes)


def _classroom_row(quiz: _Class, pupil: PupilResult) -> list[Any]:
    who = [pupil.last_name, pupil.first_name, pupil.email, pupil.code]
    if not pupil.marks:
        return [*who, None, points(quiz.possible), "not marked"]
    if pupil.waiting:
        return [*who, None, points(quiz.possible), "an answer waits for a person"]
    return [*who, points(pupil.earned), points(quiz.possible), ""]


#: What can be named after --to.
FORMATS: dict[str, Callable[[_Class], _Table]] = {
    "csv": _csv,
    "moodle": _moodle,
    "canvas": _canvas,
    "classroom": _classroom,
}


def _email(pupil: PupilResult) -> str:
    return pupil.email


def _lms_user_id(pupil: PupilResult) -> str:
    return pupil.lms_user_id or pupil.code


def _canvas_id(pupil: PupilResult) -> str:
    return pupil.lms_user_id or pupil.email or pupil.code


def _matchable(
    pupils: list[PupilResult], identify: Callable[[PupilResult], str], called: str
) -> tuple[list[PupilResult], list[str]]:
    """Return those whom a gradebook can tell apart, and sentences on the others, who are left out."""
    times = Counter(identify(pupil).casefold() for pupil in pupils)
    twins = [pupil.code for pupil in pupils if times[identify(pupil).casefold()] > 1]
    signs = [pupil.code for pupil in pupils if is_formula(identify(pupil))]
    notes = []
    if twins:
        notes.append(
            f"Left out, as two have the same {called}, so mend that first: {listed(twins, _MOST_CODES)}."
        )
    if signs:
        why = f"as a spreadsheet would take their {called} for a formula, so enter it by hand"
        notes.append(f"Left out, {why}: {listed(signs, _MOST_CODES)}.")
    without = {*twins, *signs}
    return [pupil for pupil in pupils if pupil.code not in without], notes
