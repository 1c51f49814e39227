"""Run nbgrader's own steps on a course folder: its config, its gradebook, none of its chatter.

Everything that imports nbgrader starts here, so that `check` need not.
"""

from __future__ import annotations

import os
import re
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nbgrader.api import Gradebook
from nbgrader.converters.base import BaseConverter
from nbgrader.coursedir import CourseDirectory
from nbgrader.utils import capture_log
from sqlalchemy.exc import DBAPIError, SAWarning
from traitlets.config import Config

from .errors import UserError
from .gradebook import settings

# nbgrader starts the program `alembic` by its name alone; it stands beside this Python.
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])


class StepError(UserError):
    """A step of nbgrader that failed; the message is its own reason."""


@contextmanager
def known_warnings_off() -> Iterator[None]:
    """Silence what SQLAlchemy 2.1 says of nbgrader 0.9.6's habit of making rows before adding them.

    The rows are added a line later and the marks come out right, so it would only hide true warnings.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"Object of type <\w+> not in session", SAWarning)
        yield


def course(folder: Path) -> tuple[CourseDirectory, Config]:
    """Return nbgrader's view of the course in `folder` and its config.

    Raises FileNotFoundError when the folder holds no nbgrader_config.py.
    """
    config = settings(folder)
    return CourseDirectory(config=config), config


@contextmanager
def gradebook(folder: Path) -> Iterator[Gradebook]:
    """Open the gradebook of the course in `folder`, and close it. Raises StepError when it cannot be used."""
    directory, _ = course(folder)
    try:
        with known_warnings_off(), Gradebook(directory.db_url, directory.course_id) as opened:
            yield opened
    except DBAPIError as error:
        reason = f"The gradebook, {folder / 'gradebook.db'}, cannot be used: {error.orig}."
        raise StepError(f"{reason} Close formgrader and whatever else has it open, and try again.") from error


def run(step: type[BaseConverter], folder: Path, name: str, code: str = "*", force: bool = False) -> None:
    """Run one nbgrader step on the quiz `name`, for one pupil's code or for all.

    Raises StepError with nbgrader's reason. nbgrader removes what a failed step had written.
    """
    directory, config = course(folder)
    directory.assignment_id, directory.student_id = name, code
    with known_warnings_off():
        result = capture_log(step(coursedir=directory, config=config, force=force))
    if not result["success"]:
        raise StepError(_reason(result.get("log", ""), result["error"]))


def _reason(log: str, trace: str) -> str:
    # The log holds the first error in full; the trace of the last one only says that there was one.
    lines = [line.strip() for line in f"{trace}\n{log}".splitlines()]
    raised = [line for line in lines if re.match(r"[\w.]*(Error|Exception|Entry|Old|New)\b.*: ", line)]
    return (raised[-1] if raised else lines[-1]).removeprefix("nbgrader.converters.base.NbGraderException: ")
