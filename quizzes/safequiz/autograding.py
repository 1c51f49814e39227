"""Plain `nbgrader autograde`, and formgrader's button, mark here as `grade` does, and start no kernel.

nbgrader_config.py puts these parts in the place of nbgrader's own. Together they see to it that of what a
pupil handed in only the answers file is read.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import NotebookExporter
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import NbGraderPreprocessor
from nbgrader.utils import rmtree

from . import gradebook
from .bank import load_quiz
from .errors import UserError
from .grading import Mark, Scorer, Work, check_fits, read_hand_in
from .marking import Marker
from .submission import Released, clear_up, is_ours, put_in_order


class NotMarked(UserError):
    """One pupil's work that cannot be marked; the message names the pupil and the reason."""


def put_submission_in_order(assignment: str, student: str, notebooks: list[str]) -> None:
    """Set aside what a pupil handed in, and put our notebook with their answers in its place.

    nbgrader calls this for each submission, before it copies anything, with the notebooks it found there
    (`assignment` and `student` may be patterns), and then goes by what stands in that list. It ignores
    exceptions; so PutMarks checks that this was done.
    """
    # Not resolve(), as a notebook may be a link. In a folder called * nbgrader finds everybody's notebooks.
    homes = sorted({Path(notebook).absolute().parent for notebook in notebooks})
    clear_up(homes[0].parents[1])
    for home in homes:
        put_in_order(home, Released.read(home.parents[2], home.name))
    notebooks[:] = [str(home / f"{home.name}.ipynb") for home in homes]


def _clear_half_done(course: CourseDirectory) -> None:
    # nbgrader makes a pupil's folder in autograded/ first and marks last, but takes any folder there for
    # marked work.
    name = course.assignment_id
    for home in Path(course.root).glob(f"autograded/{course.student_id}/{name}"):
        try:
            done = json.loads((home / f"{name}.ipynb").read_bytes())["cells"]
        except (OSError, ValueError, LookupError):
            done = False
        if not done:
            rmtree(home)


class ReadNothing(NotebookExporter):
    """Starts from an empty notebook, whatever file nbgrader names."""

    def __init__(self, **settings: Any):
        """Come before nbgrader looks for what is left to do. Raises OSError."""
        super().__init__(**settings)
        if self.parent and getattr(self.parent, "coursedir", None):
            _clear_half_done(self.parent.coursedir)

    def from_filename(self, filename: str, resources: dict | None = None, **settings: Any) -> Any:
        """Return an empty notebook after the preprocessors. Opens no file."""
        return self.from_notebook_node(nbformat.v4.new_notebook(), resources=resources, **settings)


class PutMarks(NbGraderPreprocessor):
    """Saves the marks, and puts in the released notebook with the pupil's answers and marks.

    Raises NotMarked, upon which nbgrader says so and goes on with the next pupil.
    """

    def preprocess(self, nb: Any, resources: dict) -> tuple[Any, dict]:
        """Return the marked notebook in place of `nb`."""
        name, code = resources["nbgrader"]["assignment"], resources["nbgrader"]["student"]
        folder = Path.cwd()  # nbgrader stays in the course folder while it works
        home, released = folder / "submitted" / code / name, Released.read(folder, name)
        quiz = load_quiz(name)
        [scored] = Scorer(Marker(quiz))([read_hand_in(home)])
        problem = scored.problem or ("" if is_ours(home, released) else f"{home} could not be put in order")
        if problem:
            raise NotMarked(str(Mark(code, problem=problem)))
        with gradebook.opened(folder, resources["nbgrader"]["db_url"]) as book:
            assigned = book.assigned(name)
            check_fits(quiz, assigned)
            marked = Work(folder, released, book, assigned).save_one(scored)
        return nbformat.reads(marked.decode(), as_version=4), resources
