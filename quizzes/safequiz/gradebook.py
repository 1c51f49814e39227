"""nbgrader's gradebook, opened once for a whole class, and read and written in bulk.

The tables and what stands in them are nbgrader 0.9's. They are taken as the database itself describes them,
so that marking a class need not wait the two seconds that nbgrader takes to be imported.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count, islice
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import URL, Interval, MetaData, Row, Table, bindparam, create_engine, select
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, InvalidRequestError, NoSuchModuleError
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from .errors import UserError

T = TypeVar("T")

CONFIG_NAME = "nbgrader_config.py"
#: How many pupils are read, marked and written at a time. More gain little, and this keeps memory flat.
AT_A_TIME = 500
#: How many seconds to wait for another program that is writing to the gradebook.
PATIENCE = 30.0

_TABLES = [
    *["assignment", "notebook", "base_cell", "grade_cells", "solution_cells", "source_cell"],
    *["student", "submitted_assignment", "submitted_notebook", "grade", "comment"],
]


def some_at_a_time(everything: Iterable[T]) -> Iterator[list[T]]:
    """Yield lists of at most AT_A_TIME of what `everything` holds."""
    rest = iter(everything)
    while some := list(islice(rest, AT_A_TIME)):
        yield some


class GradebookError(UserError):
    """A gradebook that cannot be used; the message says why and what to do."""


@dataclass(frozen=True)
class Cell:
    """A marked cell as the gradebook has it: its row, and the most it can earn."""

    id: str
    points: float


@dataclass(frozen=True)
class Source:
    """A cell of the instructor's version: what nbgrader puts back before it marks."""

    text: str
    checksum: str
    locked: bool


@dataclass(frozen=True)
class Assigned:
    """A released quiz as the gradebook has it. Cells go by their names, which are the ids of items."""

    name: str
    id: str
    notebook: str
    duedate: datetime | None
    grades: dict[str, Cell]
    solutions: dict[str, str]
    sources: dict[str, Source]


@dataclass(frozen=True)
class Marked:
    """What marking makes of one submission: of each item a score, or None where a person has to read."""

    code: str
    timestamp: datetime | None
    scores: Mapping[str, float | None]
    #: Of each item with an answer of its own cell: nbgrader's "No response.", or None.
    comments: Mapping[str, str | None]


@dataclass
class Stored:
    """What the gradebook holds of one pupil's submission; rows of `grade` and `comment` by cell."""

    submission: Row | None = None
    notebook: Row | None = None
    grades: dict[str, Row] = field(default_factory=dict)
    comments: dict[str, Row] = field(default_factory=dict)


#: (pupil's code, score, seconds late) -> points taken off, or None.
Penalty = Callable[[str, float, float], float | None]


def settings(folder: Path) -> Config:
    """Return nbgrader's settings of the course in `folder`. Raises FileNotFoundError when it is no course."""
    if not (folder / CONFIG_NAME).is_file():
        raise FileNotFoundError(f"{folder} is no course folder: it holds no {CONFIG_NAME}")
    return PyFileConfigLoader(CONFIG_NAME, path=str(folder)).load_config()


def database(folder: Path) -> str:
    """Return the address of the gradebook: nbgrader's `db_url`, or gradebook.db in the course folder."""
    url = settings(folder).CourseDirectory.get("db_url")
    return url if isinstance(url, str) and url else f"sqlite:///{folder.resolve() / 'gradebook.db'}"


@contextmanager
def opened(folder: Path, address: str = "") -> Iterator[Book]:
    """Open the gradebook of the course in `folder`, or that at `address`, and close it.

    Raises GradebookError.
    """
    try:
        url = make_url(address or database(folder))
    except ArgumentError:
        raise GradebookError(
            f"db_url in {folder / CONFIG_NAME} is no address of a database, such as sqlite:////FOLDER/gradebook.db"
        ) from None
    lite = url.get_backend_name() == "sqlite"
    shown = url.database if lite else url.render_as_string(hide_password=True)
    if lite and not Path(url.database or "").is_file():
        raise GradebookError(f"There is no gradebook yet, {shown}. First: python3 -m quizzes release NAME")
    try:
        engine = create_engine(url, connect_args=_patience(url))
    except (NoSuchModuleError, ModuleNotFoundError) as error:
        raise GradebookError(
            f"The gradebook, {shown}, needs a driver that is not installed ({error}). "
            "For PostgreSQL: python3 -m quizzes scale"
        ) from None
    try:
        with engine.connect() as connection:
            yield Book(connection)
    except DBAPIError as error:
        reason = str(error.orig).partition("\n")[0].rstrip(".")
        again = "Close formgrader and whatever else has it open, and try again."
        raise GradebookError(f"The gradebook, {shown}, cannot be used: {reason}. {again}") from error
    finally:
        engine.dispose()


def _patience(url: URL) -> dict[str, Any]:
    if url.get_driver_name() == "pysqlite":
        return {"timeout": PATIENCE}
    if url.get_driver_name() in ("psycopg", "psycopg2"):  # which would wait for ever
        return {"connect_timeout": round(PATIENCE), "options": f"-c lock_timeout={PATIENCE:g}s"}
    return {}


class Book:
    """An open gradebook."""

    def __init__(self, connection: Connection):
        self._connection = connection
        self._tables = _tables(connection)

    def _rows(self, statement: Any) -> Sequence[Row]:
        return self._connection.execute(statement).all()

    def assigned(self, name: str) -> Assigned:
        """Return the released quiz `name`. Raises GradebookError when the gradebook does not have it."""
        tables = self._tables
        notebook, assignment, base = tables["notebook"], tables["assignment"], tables["base_cell"]
        found = self._rows(
            select(assignment.c.id, assignment.c.duedate, notebook.c.id.label("notebook"))
            .join(notebook, notebook.c.assignment_id == assignment.c.id)
            .where(assignment.c.name == name, notebook.c.name == name)
        )
        if not found:
            raise GradebookError(f"The gradebook is new. First, once more: python3 -m quizzes release {name}")
        here = found[0]
        grade, solution, source = tables["grade_cells"], tables["solution_cells"], tables["source_cell"]
        of_it = base.c.notebook_id == here.notebook
        grades = self._rows(
            select(base.c.name, base.c.id, grade.c.max_score)
            .join(grade, grade.c.id == base.c.id)
            .where(of_it)
        )
        solutions = self._rows(
            select(base.c.name, base.c.id).join(solution, solution.c.id == base.c.id).where(of_it)
        )
        sources = self._rows(select(source).where(source.c.notebook_id == here.notebook))
        return Assigned(
            name,
            here.id,
            here.notebook,
            here.duedate,
            {row.name: Cell(row.id, row.max_score) for row in grades},
            {row.name: row.id for row in solutions},
            {row.name: Source(row.source, row.checksum, row.locked) for row in sources},
        )

    def students(self, only: str = "") -> Sequence[Row]:
        """Return everybody, or `only` that code: id, first_name, last_name, email, lms_user_id."""
        student = self._tables["student"]
        wanted = select(student).order_by(student.c.id)
        return self._rows(wanted.where(student.c.id == only) if only else wanted)

    def stored(self, quiz: Assigned, codes: Sequence[str]) -> dict[str, Stored]:
        """Return what is held of the submissions of `codes` (some hundreds); who has none is left out."""
        submission, notebook = self._tables["submitted_assignment"], self._tables["submitted_notebook"]
        made = self._rows(
            select(submission).where(
                submission.c.assignment_id == quiz.id, submission.c.student_id.in_(codes)
            )
        )
        found = {row.id: Stored(row) for row in made}
        books = self._rows(
            select(notebook).where(
                notebook.c.assignment_id.in_(list(found)), notebook.c.notebook_id == quiz.notebook
            )
        )
        of = {row.id: found[row.assignment_id] for row in books}
        for row in books:
            of[row.id].notebook = row
        for kind in ("grade", "comment"):
            table = self._tables[kind]
            for row in self._rows(select(table).where(table.c.notebook_id.in_(list(of)))):
                getattr(of[row.notebook_id], f"{kind}s")[row.cell_id] = row
        return {held.submission.student_id: held for held in found.values()}

    def save(self, quiz: Assigned, marked: Sequence[Marked], renewed: set[str], penalty: Penalty) -> set[str]:
        """Bring the gradebook in step with `marked`, in one transaction; return whose marks that changed.

        The rows are those that nbgrader's own marking would leave. What a person gave is never touched; but
        where the mark beneath it has changed, or the whole submission (`renewed`), they are asked to look
        again. `penalty` says what is taken off for work handed in late.
        """
        codes = [one.code for one in marked]
        held, rows = self.stored(quiz, codes), _Rows(quiz, penalty)
        for code in sorted(set(codes) - self._known(codes)):
            rows.add("student", id=code)
        for one in marked:
            rows.bring_in_step(one, held.get(one.code, Stored()), one.code in renewed)
        for table, new in rows.new.items():
            self._connection.execute(self._tables[table].insert(), new)
        for (table, columns), changed in rows.changed.items():
            here = self._tables[table]
            values = {column: bindparam(f"new_{column}") for column in columns}
            self._connection.execute(
                here.update().where(here.c.id == bindparam("row")).values(values), changed
            )
        self._connection.commit()
        return rows.touched

    def _known(self, codes: Sequence[str]) -> set[str]:
        student = self._tables["student"]
        return {row.id for row in self._rows(select(student.c.id).where(student.c.id.in_(codes)))}


#: Address of a database -> its tables. nbgrader opens a gradebook again for every pupil.
_known_tables: dict[str, Mapping[str, Table]] = {}


def _tables(connection: Connection) -> Mapping[str, Table]:
    url = str(connection.engine.url)
    if url not in _known_tables:
        found = MetaData()
        try:
            found.reflect(connection, only=_TABLES)
        except InvalidRequestError:
            again = "First: python3 -m quizzes release NAME"
            raise GradebookError(f"{url} is no gradebook of nbgrader: it lacks its tables. {again}") from None
        # SQLite has no such type: as the database describes it, it would be a time since 1970.
        found.tables["submitted_assignment"].c.extension.type = Interval()
        _known_tables[url] = found.tables
    return _known_tables[url]


class _Rows:
    """The rows to write so that the gradebook says what was marked, as nbgrader would have left them."""

    def __init__(self, quiz: Assigned, penalty: Penalty):
        self._quiz, self._penalty = quiz, penalty
        #: Table -> new rows; parents come before children.
        self.new: dict[str, list[dict[str, Any]]] = {}
        #: (table, columns that change) -> rows.
        self.changed: dict[tuple[str, tuple[str, ...]], list[dict[str, Any]]] = {}
        self.touched: set[str] = set()
        self._code = ""
        self._ids = uuid.uuid4().hex[:16], count()

    def bring_in_step(self, marked: Marked, held: Stored, renewed: bool) -> None:
        """Note the rows of one pupil that are new, or differ."""
        self._code = marked.code
        if held.submission is None:
            submission = self.add(
                "submitted_assignment",
                assignment_id=self._quiz.id,
                student_id=marked.code,
                timestamp=marked.timestamp,
            )
        else:
            submission = held.submission.id
            if marked.timestamp:  # as in nbgrader, a submission without a time leaves the one that is there
                renewed |= self._change("submitted_assignment", held.submission, timestamp=marked.timestamp)
        book = held.notebook.id if held.notebook else self._new_id()
        late = self._taken_off(marked, held)
        if held.notebook is None:
            self.add(
                "submitted_notebook",
                id=book,
                assignment_id=submission,
                notebook_id=self._quiz.notebook,
                flagged=False,
                late_submission_penalty=late,
            )
        else:
            self._change("submitted_notebook", held.notebook, late_submission_penalty=late)
        self._grades(marked, held, book, renewed)
        self._comments(marked, held, book)

    def _grades(self, marked: Marked, held: Stored, book: str, renewed: bool) -> None:
        for name, cell in self._quiz.grades.items():
            score, row = marked.scores[name], held.grades.get(cell.id)
            if row is None:
                self.add(
                    "grade",
                    notebook_id=book,
                    cell_id=cell.id,
                    auto_score=score,
                    needs_manual_grade=score is None,
                )
            elif renewed or row.auto_score != score:
                waits = score is None or row.manual_score is not None
                self._change("grade", row, auto_score=score, needs_manual_grade=waits)

    def _comments(self, marked: Marked, held: Stored, book: str) -> None:
        for name, cell in self._quiz.solutions.items():
            row = held.comments.get(cell)
            if row is None:
                self.add("comment", notebook_id=book, cell_id=cell, auto_comment=marked.comments[name])
            else:
                self._change("comment", row, auto_comment=marked.comments[name])

    def _taken_off(self, marked: Marked, held: Stored) -> float | None:
        due, extension = self._quiz.duedate, held.submission.extension if held.submission else None
        handed_in = marked.timestamp or (held.submission.timestamp if held.submission else None)
        if not due or not handed_in or handed_in <= (due := due + (extension or timedelta())):
            return None
        score = sum(
            earned(marked.scores[name], held.grades.get(cell.id)) for name, cell in self._quiz.grades.items()
        )
        off = self._penalty(marked.code, score, (handed_in - due).total_seconds())
        return None if off is None else min(max(off, 0), score)

    def add(self, table: str, **values: Any) -> str:
        """Note a new row, and return its id."""
        row = {"id": self._new_id()} | values
        self.new.setdefault(table, []).append(row)
        self.touched.add(self._code)
        return row["id"]

    def _new_id(self) -> str:
        # 32 hex digits, as nbgrader's are. These ascend, as a large index takes such in faster.
        first, rest = self._ids
        return f"{first}{next(rest):016x}"

    def _change(self, table: str, row: Row, **values: Any) -> bool:
        if all(getattr(row, name) == value for name, value in values.items()):
            return False
        to = {f"new_{name}": value for name, value in values.items()}
        self.changed.setdefault((table, tuple(values)), []).append({"row": row.id} | to)
        self.touched.add(self._code)
        return True


def earned(auto: float | None, row: Any = None) -> float:
    """Return the points that count: a person's before the automatic ones, and what a person gave on top.

    `row` has `manual_score` and `extra_credit`, as in nbgrader's table of grades.
    """
    manual, extra = (row.manual_score, row.extra_credit) if row is not None else (None, None)
    given = auto if manual is None else manual
    return 0.0 if given is None else given + (extra or 0.0)
