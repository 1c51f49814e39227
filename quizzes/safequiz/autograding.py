"""Plain `nbgrader autograde`, and formgrader's button, mark here as `grade` does, and start no kernel.

nbgrader_config.py puts these parts in the place of nbgrader's own. Together they see to it that of what a
pupil handed in only the answers file is read.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import NotebookExporter
from nbgrader.preprocessors import NbGraderPreprocessor

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
    exceptions; so Marks checks that this was done.
    """
    home = Path(notebooks[0]).resolve().parent
    clear_up(home.parent.parent)
    put_in_order(home, Released.read(home.parent.parent.parent, home.name))
    notebooks[:] = [str(Path(notebooks[0]).with_name(f"{home.name}.ipynb"))]


class ReadNothing(NotebookExporter):
    """Starts from an empty notebook, whatever file nbgrader names."""

    def from_filename(self, filename: str, resources: dict | None = None, **settings: Any) -> Any:
        """Return an empty notebook after the preprocessors. Opens no file."""
        return self.from_notebook_node(nbformat.v4.new_notebook(), resources=resources, **settings)


class Marks(NbGraderPreprocessor):
    """Saves the marks, and puts in the released notebook with the pupil's answers and marks.

    Raises NotMarked, upon which nbgrader says so and goes on with the next pupil.
    """

    def preprocess(self, nb: Any, resources: dict) -> tuple[Any, dict]:
        """Return the marked notebook in place of `nb`."""
        name, code = resources["nbgrader"]["assignment"], resources["nbgrader"]["student"]
        folder = Path.cwd()  # nbgrader stays in the course folder while it works
        home, released = folder / "submitted" / code / name, Released.read(folder, name)
        [scored] = Scorer(Marker(load_quiz(name)))([read_hand_in(home)])
        problem = scored.problem or ("" if is_ours(home, released) else f"{home} could not be put in order")
        if problem:
            raise NotMarked(str(Mark(code, problem=problem)))
        with gradebook.opened(folder) as book:
            assigned = book.assigned(name)
            check_fits(load_quiz(name), assigned)
            marked = Work(folder, released, book, assigned).save_one(scored)
        return nbformat.reads(marked.decode(), as_version=4), resources
