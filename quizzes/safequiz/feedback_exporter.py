"""Our feedback page for `nbgrader generate_feedback` and for formgrader's button, in place of nbgrader's own.

It is set in nbgrader_config.py. Only this imports nbconvert, so that the command need not.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nbconvert.exporters import Exporter
from traitlets import default

from .errors import UserError
from .feedback import pages_of
from .results import results


class FeedbackExporter(Exporter):
    """Writes a pupil's page from the gradebook and the answers. The marked notebook is not read."""

    output_mimetype = "text/html"

    @default("file_extension")
    def _file_extension_default(self) -> str:
        return ".html"

    def from_filename(self, filename: str, resources: dict[str, Any], **_options: Any) -> tuple[str, dict]:
        """Return the page of whom nbgrader names in `resources`, and where to write it.

        Raises FileNotFoundError for a quiz that is not ours, and UserError for a pupil without marks.
        """
        name, code = resources["nbgrader"]["assignment"], resources["nbgrader"]["student"]
        course = self.parent.coursedir
        for result in results(name, Path(course.root), only=code, address=course.db_url):
            if result.marks:
                return pages_of(name).page(result), resources | {"output_extension": self.file_extension}
        raise UserError(f"{code} has no marks for '{name}'. First: python3 -m quizzes grade {name}")
