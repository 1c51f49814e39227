"""nbgrader's zip_collect, for answers files: what `collect` does with a platform's download, as its plug-ins.

    c.ZipCollectApp.extractor_plugin = "safequiz.zip_plugins.AnswersExtractor"
    c.ZipCollectApp.collector_plugin = "safequiz.zip_plugins.AnswersCollector"

`nbgrader zip_collect NAME` then takes what lies in downloaded/NAME/archive, and no file there stops the
class. What it puts into submitted/ is as pupils sent it; `collect NAME submitted` makes it ready to be
marked.
"""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from pathlib import Path

from nbgrader.plugins import ExtractorPlugin, FileNameCollectorPlugin
from traitlets import Unicode

from .collect import printable, weigh
from .downloads import contents, extract
from .responses import FILE_NAME, AnswersError
from .roster import read_roster
from .whose import TAKEN, sort_out


class AnswersExtractor(ExtractorPlugin):
    """Takes out of ZIPs and folders what can be answers, and lists all the rest with the reason."""

    def extract(self, archive_path: str, extracted_path: str) -> None:
        """Copy what can be answers from a folder, a ZIP or a file into a folder. Raises OSError."""
        extract(Path(archive_path), Path(extracted_path))


class AnswersCollector(FileNameCollectorPlugin):
    """Says whose an extracted file is. Of several hand-ins of one pupil it takes the newest."""

    roster = Unicode("", help="A CSV file with columns id, first_name, last_name, email, lms_user_id.").tag(
        config=True
    )

    def collect(self, submitted_file: str) -> dict[str, str] | None:
        """Return the pupil's code, what answers are called, and when they were saved; None to skip a file.

        The log names what is skipped, with the reason. Raises RosterError, and OSError for a missing roster.
        """
        path = Path(submitted_file)
        return self._to_take(path.parent).get(path.name)

    @cache  # noqa: B019 - one of these is made for one run
    def _to_take(self, folder: Path) -> dict[str, dict[str, str]]:
        name = self.parent.coursedir.assignment_id
        met = sort_out(contents(folder), name, read_roster(Path(self.roster)) if self.roster else None)
        files = defaultdict(list)
        for one in met:
            files[one.pupil].append(one)
        files.pop("", None)
        taken = {}
        for code in sorted(files):
            try:
                hand_ins = weigh(files[code], name)
            except AnswersError as error:
                self.log.warning(printable(f"Not collected, {code}: {error}."))
                continue
            for newest in hand_ins[:1]:
                taken[newest.file.handed.path.name] = {
                    "student_id": code,
                    "file_id": FILE_NAME,
                    "timestamp": f"{newest.saved:%Y-%m-%d %H:%M:%S} UTC",
                }
        for one in met:
            if one.became != TAKEN:
                self.log.warning(printable(f"Not collected, {one.handed}: {one.became}, {one.why}."))
        return taken
