"""The notebook that formgrader shows after marking: the instructor's version, with answers and marks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from .gradebook import Source
from .item import plain_text
from .marking import Marks
from .submission import Form, Released, as_plain_text


class MarkedNotebook:
    """Writes marked notebooks of one released quiz."""

    def __init__(self, released: Released, sources: Mapping[str, Source]):
        """Make the notebook of `released`, with locked cells as in `sources`, the gradebook's by name."""
        self._form, run = Form(json.loads(released.notebook)), 0
        self._scored: list[str] = []
        title = json.loads(released.questions)["title"]
        questions = f"{plain_text(title, released.items)}\n\n[marked {released.content}]"
        for cell in self._form.cells:
            settings = cell["metadata"].get("nbgrader", {})
            name = settings.get("grade_id", "")
            if source := sources.get(name):
                settings["checksum"] = source.checksum
                if source.locked:  # with the lines that nbgrader took out on release
                    cell["source"] = source.text.splitlines(keepends=True)
            if cell["cell_type"] == "code":
                run += 1
                shown = questions.splitlines(keepends=True)
                cell["execution_count"], cell["outputs"] = run, [_result(run, shown)]
                if settings.get("grade"):
                    self._scored.append(name)
                    self._form.make_hole(shown, name)
            elif settings.get("solution"):
                self._form.make_hole(cell["source"], name)

    def fill(self, marks: Marks) -> bytes:
        """Return the notebook of one pupil."""
        shown = {name: repr(marks.scores[name]) for name in self._scored}
        written = {name: as_plain_text(text) for name, text in marks.written.items()}
        return self._form.fill(shown | written).encode()


def _result(run: int, lines: list[str]) -> dict[str, Any]:
    return {
        "output_type": "execute_result",
        "execution_count": run,
        "data": {"text/plain": lines},
        "metadata": {},
    }
