"""nbgrader's own `nbgrader export`, made to write the table that `python3 -m quizzes export` writes.

It stands apart from export.py, which need not wait the two seconds that nbgrader takes to be imported.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook
from nbgrader.plugins import ExportPlugin

from .export import COLUMNS, points
from .spreadsheet import write_csv
from .submission import NEVER


class MarksFile(ExportPlugin):
    """The marks of every assignment in the gradebook, also of those that are no quizzes of ours.

    nbgrader's exporter does not quote, so a comma in a name shifts every mark after it; it runs what a
    name says in a spreadsheet, and gives 0 to who handed in nothing.
    """

    def export(self, gradebook: Gradebook) -> None:
        """Write the marks to `self.to`, or to grades.csv. Raises OSError."""
        write_csv(Path(self.to or "grades.csv"), COLUMNS, self._rows(gradebook))

    def _rows(self, book: Gradebook) -> Iterator[list[Any]]:
        students = sorted(book.students, key=lambda student: student.id)
        for assignment in sorted(book.assignments, key=lambda assignment: assignment.name):
            if _wanted(assignment.name, self.assignment):
                handed_in = {one.student_id: one for one in book.assignment_submissions(assignment.name)}
                for student in students:
                    if _wanted(student.id, self.student):
                        yield _row(assignment, student, handed_in.get(student.id))


def _wanted(name: str, only: list) -> bool:
    return not only or name in map(str, only)


def _row(assignment: Any, student: Any, submission: Any) -> list[Any]:
    timestamp, marks, waits = None, [None, None, None], None
    if submission is not None:
        timestamp = submission.timestamp if submission.timestamp != NEVER.replace(tzinfo=None) else None
        penalty = submission.late_submission_penalty or 0.0
        marks = [points(score) for score in (submission.score, penalty, max(0.0, submission.score - penalty))]
        waits = bool(submission.needs_manual_grade)
    who = [student.id, student.last_name, student.first_name, student.email]
    return [
        *[assignment.name, assignment.duedate, timestamp],
        *[*who, *marks, points(assignment.max_score), waits],
    ]
