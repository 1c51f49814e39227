"""What every pupil answered and earned: the gradebook's marks beside the answers that were marked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from . import gradebook
from .bank import load_quiz
from .item import public_view
from .responses import FILE_NAME, AnswersError, Response, fitting
from .submission import NEVER, read_answers


@dataclass(frozen=True, slots=True)
class ItemMark:
    """What one pupil earned for one item. `auto` and `manual` are None where there is no such mark."""

    auto: float | None
    manual: float | None
    earned: float
    possible: float
    #: A person has yet to mark it.
    waiting: bool
    comment: str


@dataclass(frozen=True, slots=True)
class PupilResult:
    """One pupil and one quiz. Who handed in nothing, or was not marked, has no `marks`."""

    code: str
    first_name: str
    last_name: str
    email: str
    lms_user_id: str
    #: When it was handed in (UTC, without a zone, as nbgrader keeps it); None when nothing was.
    timestamp: datetime | None
    #: Points taken off for work handed in late.
    penalty: float
    #: Item id -> mark, in the order of the quiz.
    marks: Mapping[str, ItemMark]
    #: Item id -> response; only what fits the quiz as it is now.
    responses: Mapping[str, Response]
    #: The version of the questions that were answered, or "".
    content: str
    #: Why the answers that were marked cannot be shown, or "".
    problem: str = ""

    @property
    def earned(self) -> float:
        """The points that count, less what was taken off."""
        return max(0.0, sum(mark.earned for mark in self.marks.values()) - self.penalty)

    @property
    def possible(self) -> float:
        """The most that can be earned; 0 without marks."""
        return sum(mark.possible for mark in self.marks.values())

    @property
    def waiting(self) -> int:
        """How many answers a person has yet to mark."""
        return sum(mark.waiting for mark in self.marks.values())


def results(name: str, folder: Path, only: str = "", address: str = "") -> Iterator[PupilResult]:
    """Yield the result of everybody in the gradebook (of the course, or at `address`), by code; or of `only`.

    Some hundreds at a time are in memory. Raises GradebookError, and FileNotFoundError for an unknown quiz.
    """
    views = [public_view(item) for item in load_quiz(name).items]
    with gradebook.opened(folder, address) as book:
        quiz = book.assigned(name)
        for students in gradebook.some_at_a_time(book.students(only)):
            held = book.stored(quiz, [student.id for student in students])
            for student in students:
                stored = held.get(student.id, gradebook.Stored())
                marks = _marks(quiz, stored, [view["id"] for view in views])
                home = folder / "autograded" / student.id / name
                when = stored.submission.timestamp if stored.submission else None
                yield PupilResult(
                    student.id,
                    student.first_name or "",
                    student.last_name or "",
                    student.email or "",
                    student.lms_user_id or "",
                    when if when != NEVER.replace(tzinfo=None) else None,
                    (stored.notebook.late_submission_penalty if stored.notebook else None) or 0.0,
                    marks,
                    *(_answered(home / FILE_NAME, name, views) if marks else ({}, "", "")),
                )


def _marks(quiz: gradebook.Assigned, stored: gradebook.Stored, items: list[str]) -> dict[str, ItemMark]:
    if stored.notebook is None:
        return {}
    return {name: _mark(quiz, stored, name) for name in items if name in quiz.grades}


def _mark(quiz: gradebook.Assigned, stored: gradebook.Stored, name: str) -> ItemMark:
    cell = quiz.grades[name]
    grade, comment = stored.grades.get(cell.id), stored.comments.get(quiz.solutions.get(name, ""))
    said = (comment.manual_comment or comment.auto_comment or "") if comment else ""
    if grade is None:
        return ItemMark(None, None, 0.0, cell.points, True, said)
    earned = gradebook.earned(grade.auto_score, grade)
    waiting = grade.needs_manual_grade
    return ItemMark(grade.auto_score, grade.manual_score, earned, cell.points, waiting, said)


def _answered(file: Path, name: str, views: list[dict]) -> tuple[dict[str, Response], str, str]:
    try:
        answers = read_answers(file, name)
    except FileNotFoundError:
        there = file.parent.is_dir()
        return {}, "", "" if there else "the marked copy of them is missing, until they are marked once more"
    except (AnswersError, OSError) as error:
        return {}, "", getattr(error, "strerror", None) or str(error)
    if answers is None:
        return {}, "", ""
    return fitting(views, answers.responses(name)), answers.quizzes[name].content, ""
