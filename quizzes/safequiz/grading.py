"""Mark a whole class at once, and say plainly what became of every pupil.

The marks, and the notebooks that formgrader opens, are those that nbgrader's own autograde leaves; but one
gradebook is opened for all, rows are written in bulk, and no kernel is started. What should stand there is
worked out from the answers and compared with what does. So a run that was stopped, even by a power cut, is
finished by the next, and where nothing has changed nothing is written.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from . import gradebook
from .bank import COURSE, MarkedQuiz, load_quiz
from .errors import UserError
from .marked_notebook import MarkedNotebook
from .marking import Marker, Marks, released_name
from .responses import FILE_NAME, AnswersError
from .submission import SECRET, TIMESTAMP, Released, holds, own_part, plain_bytes

#: nbgrader's own limit.
LONGEST_CODE = 128
# In a page of formgrader, or where nbgrader looks for a folder, these could be more than text.
_NOT_IN_A_CODE = re.compile(r"[<>&\"'`\\*?\[\]{}]")


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
    #: Whether the gradebook or the marked notebook changed.
    changed: bool = False

    def __str__(self) -> str:
        """Return one line for a terminal."""
        if self.problem:
            # A folder's name comes from outside too, and must not steer a terminal.
            code = self.code if self.code.isprintable() else ascii(self.code)
            return f"{code}: NOT marked, {self.problem}"
        waiting = {0: "", 1: ", 1 written answer to read"}.get(
            self.to_read, f", {self.to_read} written answers to read"
        )
        return f"{self.code}: {self.earned:g} of {self.possible:g}{waiting}"


@dataclass(frozen=True, slots=True)
class HandIn:
    """What is read of one pupil's folder, or the problem that stands in the way."""

    code: str
    #: The answers file as it is; None when there is none.
    answers: bytes | None = None
    #: The file that says when it was handed in, and what it says (UTC, without a zone).
    time_file: bytes | None = None
    time: datetime | None = None
    #: What nbgrader's exchange needs to give feedback back.
    secret: bytes | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Scored:
    """What scoring makes of a hand-in: its marks and the quiz's own part of its answers, or the problem."""

    hand_in: HandIn
    marks: Marks | None = None
    answers: bytes | None = None
    problem: str = ""

    @property
    def code(self) -> str:
        """The pupil's code."""
        return self.hand_in.code


#: Like `map`: a function of a list, lists -> what it makes of each list, in turn.
Mapper = Callable[[Callable[[list[HandIn]], list[Scored]], Iterable[list[HandIn]]], Iterable[list[Scored]]]


def grade(name: str, folder: Path = COURSE, mapper: Mapper = map) -> Iterator[Mark]:
    """Mark everybody's collected work on the quiz `name`; yield what became of each, by code.

    What a person gave is never overwritten. `mapper` may have the scoring done elsewhere.

    Raises GradingError when nobody's work has been collected, or the release and the bank no longer fit;
    NotReleased; and GradebookError.
    """
    quiz, released = load_quiz(name), Released.read(folder, name)
    codes = codes_in(folder / "submitted", name)
    if not codes:
        raise GradingError(
            f"Nothing has been collected for '{name}'. First: python3 -m quizzes collect {name} PATH"
        )
    with gradebook.opened(folder) as book:
        assigned = book.assigned(name)
        check_fits(quiz, assigned)
        work = Work(folder, released, book, assigned)
        hand_ins = (
            [read_hand_in(folder / "submitted" / code / name) for code in some]
            for some in gradebook.some_at_a_time(codes)
        )
        for scored in mapper(Scorer(Marker(quiz)), hand_ins):
            yield from work.save(scored)


def codes_in(step: Path, name: str) -> list[str]:
    """Return the codes of those who have a folder for the quiz `name` in `step`, such as submitted/."""
    if not step.is_dir():
        return []
    # A dot in front is ours: work that is not finished.
    return sorted(
        home.name
        for home in os.scandir(step)
        if not home.name.startswith(".") and Path(home.path, name).is_dir()
    )


def read_hand_in(home: Path) -> HandIn:
    """Return what `home`, submitted/CODE/NAME, holds for marking: small files, and nothing else of it."""
    code = home.parent.name
    if len(code) > LONGEST_CODE or not code.isprintable() or _NOT_IN_A_CODE.search(code):
        return HandIn(code, problem="its folder's name is no code for a pupil: give the folder another name")
    if home.is_symlink() or home.parent.is_symlink():
        return HandIn(code, problem="its folder is a link, and links are not followed")
    try:
        time_file = _bytes(home / TIMESTAMP)
        return HandIn(code, _bytes(home / FILE_NAME), time_file, _time(time_file), _bytes(home / SECRET))
    except (AnswersError, OSError) as error:
        return HandIn(code, problem=str(error))


def _bytes(file: Path) -> bytes | None:
    try:
        return plain_bytes(file)
    except FileNotFoundError:
        return None
    except AnswersError as error:
        raise AnswersError(f"{file.name} cannot be used: {error}") from None


def _time(data: bytes | None) -> datetime | None:
    if data is None:
        return None
    try:
        text = data.decode().strip()
        if text.endswith(" UTC"):  # ours, and nbgrader's
            when = datetime.fromisoformat(text.removesuffix(" UTC"))
        else:
            from dateutil.parser import parse  # as nbgrader, where the exchange has another zone

            when = parse(text)
        return when.astimezone(UTC).replace(tzinfo=None) if when.tzinfo else when
    except (ValueError, ArithmeticError):  # dateutil lets those of decimal through
        raise AnswersError(f"{TIMESTAMP} holds no time: delete that file, or collect again") from None


class Scorer:
    """Scores hand-ins. It holds all that it needs, so it can be sent to another machine."""

    def __init__(self, marker: Marker):
        self._marker = marker

    def __call__(self, hand_ins: list[HandIn]) -> list[Scored]:
        """Return each hand-in with its marks or its problem. Raises nothing for what a pupil sent."""
        return [self._one(hand_in) for hand_in in hand_ins]

    def _one(self, hand_in: HandIn) -> Scored:
        if hand_in.problem:
            return Scored(hand_in, problem=hand_in.problem)
        name, answers, data = self._marker.name, None, None
        try:
            if hand_in.answers is not None:
                answers, data = own_part(hand_in.answers, name)
        except AnswersError as error:
            return Scored(hand_in, problem=f"{FILE_NAME} cannot be used: {error}")
        return Scored(hand_in, self._marker.mark(answers.responses(name) if answers else {}), data)


def check_fits(quiz: MarkedQuiz, assigned: gradebook.Assigned) -> None:
    """Raise GradingError when the bank no longer has what was released, or gives other points for it."""
    items = {item.id: item for item in quiz.items}
    for name, cell in assigned.grades.items():
        if name not in items:
            raise GradingError(
                f"'{name}' was released in '{quiz.id}', but the bank no longer has it. Put it back, or give "
                "the changed quiz a new name."
            )
        if cell.points != items[name].points:
            raise GradingError(
                f"'{name}' was released for {cell.points:g} points, and the bank now gives "
                f"{items[name].points:g}. First, once more: python3 -m quizzes release {quiz.id}"
            )


class Work:
    """Writes what scoring made: rows first, then the marked notebooks.

    In this order a run that stops between the two asks a person twice to look again at a mark, and the other
    way round it would not ask at all.
    """

    def __init__(self, folder: Path, released: Released, book: gradebook.Book, quiz: gradebook.Assigned):
        self._folder, self._released, self._book, self._quiz = folder, released, book, quiz
        self._notebook = MarkedNotebook(released, quiz.sources)

    def save(self, scored: list[Scored]) -> Iterator[Mark]:
        """Save a list; yield what became of each."""
        good = [one for one in scored if one.marks]
        changed = self._save_rows(good, renewed={one.code for one in good if self._is_renewed(one)})
        problems = {one.code: one.problem for one in scored if one.problem}
        for one in good:
            try:
                if _replace(self._home(one.code), self._files(one)):
                    changed.add(one.code)
            except OSError as error:
                problems[one.code] = f"its marked notebook could not be written: {error}"
        held = self._book.stored(self._quiz, [one.code for one in good])
        for one in scored:
            if one.code in problems:
                yield Mark(one.code, problem=problems[one.code])
            else:
                yield self._mark(one.code, held[one.code], one.code in changed)

    def save_one(self, scored: Scored) -> bytes:
        """Save the marks of one pupil, as after new answers; return the marked notebook."""
        self._save_rows([scored], renewed={scored.code})
        return self._notebook.fill(scored.marks)

    def _save_rows(self, scored: list[Scored], renewed: set[str]) -> set[str]:
        return self._book.save(self._quiz, [self._row(one) for one in scored], renewed, self._penalty)

    def _home(self, code: str) -> Path:
        return self._folder / "autograded" / code / self._quiz.name

    def _is_renewed(self, one: Scored) -> bool:
        try:
            return self._home(one.code).is_dir() and _bytes(self._home(one.code) / FILE_NAME) != one.answers
        except (AnswersError, OSError):
            return True

    def _row(self, one: Scored) -> gradebook.Marked:
        comments = {
            name: None if name in one.marks.written else "No response." for name in self._quiz.solutions
        }
        return gradebook.Marked(one.code, one.hand_in.time, one.marks.scores, comments)

    def _files(self, one: Scored) -> dict[str, bytes]:
        name = self._quiz.name
        files = {
            f"{name}.ipynb": self._notebook.fill(one.marks),
            released_name(name): self._released.questions,
            FILE_NAME: one.answers,
            TIMESTAMP: one.hand_in.time_file,
            SECRET: one.hand_in.secret,
        }
        return {name: data for name, data in files.items() if data is not None}

    def _mark(self, code: str, held: gradebook.Stored, changed: bool) -> Mark:
        rows = [held.grades[cell.id] for cell in self._quiz.grades.values()]
        got = sum(gradebook.earned(row.auto_score, row) for row in rows)
        possible = sum(cell.points for cell in self._quiz.grades.values())
        return Mark(code, got, possible, sum(row.needs_manual_grade for row in rows), changed=changed)

    @cached_property
    def _late(self) -> Any:
        from nbgrader.preprocessors import AssignLatePenalties  # two seconds, and only where work is late

        step = AssignLatePenalties(config=gradebook.settings(self._folder))
        step.init_plugin()
        return step.plugin_inst

    def _penalty(self, code: str, score: float, seconds_late: float) -> float | None:
        return self._late.late_submission_penalty(code, score, seconds_late)


def _replace(home: Path, files: dict[str, bytes]) -> bool:
    """Have `home` hold just `files`, read-only as nbgrader makes them; tell whether it did not before."""
    if holds(home, files):
        return False
    if home.is_symlink():
        raise OSError(f"{home} is a link, and links are not followed")
    if home.is_dir():
        for file in home.rglob("*"):  # Jupyter keeps checkpoints in a folder there
            if file.is_file() and not file.is_symlink():
                file.chmod(stat.S_IRUSR | stat.S_IWUSR)  # or Windows would keep it
        shutil.rmtree(home)
    home.parent.mkdir(parents=True, exist_ok=True)
    home.mkdir()
    for name, data in files.items():
        handle = os.open(
            home / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o444
        )
        with os.fdopen(handle, "wb") as file:
            file.write(data)
    return True
