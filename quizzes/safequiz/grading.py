"""Mark, give feedback and export with stock nbgrader, and say plainly what became of every pupil.

nbgrader does the marking. What is added: nothing is marked that `collect` did not make, one pupil's
trouble never hides another's marks, and an error of ours is never a pupil's 0.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbgrader.api import Assignment, Gradebook, MissingEntry, SubmittedAssignment
from nbgrader.converters import Autograde, GenerateFeedback
from nbgrader.plugins import ExportPlugin
from nbgrader.utils import parse_utc

from .assignment import COURSE
from .collect import is_collected
from .errors import UserError
from .steps import StepError, gradebook, run
from .submission import NEVER, TIMESTAMP


class GradingError(UserError):
    """Nothing could be marked at all; the message says why in one sentence."""


@dataclass(frozen=True)
class Mark:
    """What became of one pupil: a score, or the problem that stands in its way."""

    code: str
    earned: float = 0.0
    possible: float = 0.0
    #: How many written answers a person has yet to mark.
    to_read: int = 0
    problem: str = ""

    def __str__(self) -> str:
        """Return one line for a terminal."""
        if self.problem:
            return f"{self.code}: NOT marked, {self.problem}"
        waiting = {0: "", 1: ", 1 written answer to read"}.get(
            self.to_read, f", {self.to_read} written answers to read"
        )
        return f"{self.code}: {self.earned:g} of {self.possible:g}{waiting}"


def grade(name: str, folder: Path = COURSE) -> Iterator[Mark]:
    """Mark everybody's collected work on the quiz `name`, one pupil after another.

    Who was marked before and has handed in nothing newer is not marked again. Raises GradingError when
    nobody's work has been collected, and CollectError when the quiz is not released.
    """
    codes = _codes(folder, "submitted", name)
    if not codes:
        raise GradingError(
            f"Nothing has been collected for '{name}'. First: python3 -m quizzes collect {name} PATH"
        )
    with gradebook(folder) as book:
        if name not in {assignment.name for assignment in book.assignments}:
            raise GradingError(f"The gradebook is new. First, once more: python3 -m quizzes release {name}")
    for code in codes:
        if is_collected(name, code, folder):
            yield _grade_one(name, code, folder)
        else:
            again = f"python3 -m quizzes collect {name} {folder / 'submitted'}"
            yield Mark(code, problem=f"it was put there by hand or for an earlier wording. First: {again}")


def feedback(name: str, folder: Path = COURSE) -> Iterator[Mark]:
    """Write a feedback page for everybody marked, into feedback/CODE/NAME; yield what each page says.

    Raises GradingError when nobody has been marked.
    """
    codes = _codes(folder, "autograded", name)
    if not codes:
        raise GradingError(f"Nobody has been marked for '{name}'. First: python3 -m quizzes grade {name}")
    for code in codes:
        try:
            run(GenerateFeedback, folder, name, code, force=True)
            _keep_to_itself(folder / "feedback" / code / name / f"{name}.html")
            yield _mark(name, code, folder)
        except StepError as error:
            yield Mark(code, problem=str(error))


def export(path: Path, folder: Path = COURSE) -> Path:
    """Write the marks of all quizzes to the CSV file `path`; see MarksFile.

    Raises GradingError when nothing has been marked, OSError when the file cannot be written.
    """
    if not any((folder / "autograded").glob("*/*")):
        raise GradingError("Nothing has been marked yet. First: python3 -m quizzes grade NAME")
    with gradebook(folder) as book:
        MarksFile(to=str(path)).export(book)
    return path


def _keep_to_itself(page: Path) -> None:
    # nbgrader's page loads MathJax from another site, which would learn who reads it. We have no formulas.
    text = page.read_text(encoding="utf-8")
    page.write_text(re.sub(r"<script[^>]*\ssrc=[^>]*>\s*</script>", "", text), encoding="utf-8", newline="\n")


def _codes(folder: Path, step: str, name: str) -> list[str]:
    # A dot in front is ours: work that is not finished.
    return sorted(
        home.parent.name for home in (folder / step).glob(f"*/{name}") if not home.parent.name.startswith(".")
    )


def _grade_one(name: str, code: str, folder: Path) -> Mark:
    try:
        run(Autograde, folder, name, code, force=not _is_marked(name, code, folder))
    except StepError as error:
        return Mark(code, problem=str(error))
    troubles = _troubles(folder / "autograded" / code / name / f"{name}.ipynb")
    if troubles:
        _ask_for_a_person(name, code, folder, troubles)
        cell, trouble = next(iter(troubles.items()))
        return Mark(code, problem=f"{cell} gave no number: {trouble}. Mend it and grade again")
    return _mark(name, code, folder)


def _is_marked(name: str, code: str, folder: Path) -> bool:
    """Tell whether the gradebook has whole marks for just this submission.

    nbgrader asks only whether a folder is there, so a run that was stopped would leave a 0 for good.
    """
    try:
        nbformat.read(folder / "autograded" / code / name / f"{name}.ipynb", as_version=4)
    except (OSError, ValueError):  # not there, or cut short
        return False
    handed_in = parse_utc(
        (folder / "submitted" / code / name / TIMESTAMP).read_text(encoding="utf-8").strip()
    )
    with gradebook(folder) as book:
        try:
            submission = book.find_submission(name, code)
        except MissingEntry:
            return False
        scored = [grade for grade in _grades(submission) if grade.cell_type == "code"]
        return submission.timestamp == handed_in and all(grade.auto_score is not None for grade in scored)


def _troubles(notebook: Path) -> dict[str, str]:
    """Return the marked cells that did not show one number, with what they showed instead.

    nbgrader would give those 0, or full marks.
    """
    found = {}
    for cell in nbformat.read(notebook, as_version=4).cells:
        if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("grade"):
            shown = [_shown(output) for output in cell.outputs]
            if len(shown) != 1 or not re.fullmatch(r"\d+(\.\d+)?", shown[0]):
                found[cell.metadata["nbgrader"]["grade_id"]] = "; ".join(shown) or "it showed nothing"
    return found


def _shown(output: Any) -> str:
    if output.output_type == "error":
        return f"{output.ename}: {output.evalue}"
    return str(output.get("text") or output.get("data", {}).get("text/plain", "")).strip()


def _ask_for_a_person(name: str, code: str, folder: Path, cells: dict[str, str]) -> None:
    with gradebook(folder) as book:
        for cell in cells:
            grade = book.find_grade(cell, name, name, code)
            grade.auto_score, grade.needs_manual_grade = None, True
        book.db.commit()


def _mark(name: str, code: str, folder: Path) -> Mark:
    with gradebook(folder) as book:
        submission = book.find_submission(name, code)
        waiting = sum(grade.needs_manual_grade for grade in _grades(submission))
        return Mark(code, submission.score, submission.max_score, waiting)


def _grades(submission: SubmittedAssignment) -> list[Any]:
    return [grade for notebook in submission.notebooks for grade in notebook.grades]


class MarksFile(ExportPlugin):
    """nbgrader's table of marks, as a CSV file that every spreadsheet reads alike.

    Its columns, and one more: needs_manual_grade. Fields are quoted where they must be. UTF-8 with a
    byte order mark, without which Excel takes the file for its own old encoding and breaks names such
    as Zoë. A text that a spreadsheet would run as a formula gets an apostrophe in front.
    Who handed in nothing has an empty score, not 0.
    """

    def export(self, gradebook: Gradebook) -> None:
        """Write the marks to `self.to`, or to grades.csv. Raises OSError."""
        with Path(self.to or "grades.csv").open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(_COLUMNS)
            for assignment in gradebook.assignments:
                for student in gradebook.students:
                    if self._wanted(assignment.name, self.assignment) and self._wanted(
                        student.id, self.student
                    ):
                        writer.writerow(map(_safe, _row(gradebook, assignment, student)))

    def _wanted(self, name: str, only: list) -> bool:
        return not only or name in map(str, only)


_COLUMNS = [
    *["assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email"],
    *["raw_score", "late_submission_penalty", "score", "max_score", "needs_manual_grade"],
]


def _row(book: Gradebook, assignment: Assignment, student: Any) -> list[Any]:
    try:
        submission = book.find_submission(assignment.name, student.id)
    except MissingEntry:
        timestamp, marks, waiting = None, [None, None, None], None
    else:
        timestamp = submission.timestamp if submission.timestamp != NEVER.replace(tzinfo=None) else None
        penalty = submission.late_submission_penalty or 0.0
        marks = [submission.score, penalty, max(0.0, submission.score - penalty)]
        waiting = submission.needs_manual_grade
    who = [student.id, student.last_name, student.first_name, student.email]
    return [assignment.name, assignment.duedate, timestamp, *who, *marks, assignment.max_score, waiting]


def _safe(value: Any) -> Any:
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return f"'{value}"
    return value
