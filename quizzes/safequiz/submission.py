"""What stands in submitted/CODE/NAME: our released notebook, and of the pupil's only their answers.

From a pupil comes data, never code. What nbgrader marks and an instructor opens is the released notebook,
with a written answer put in as plain text. So a pupil's notebook, whatever is in it, is never run or shown.
"""

from __future__ import annotations

import json
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .errors import UserError
from .marking import read_released, released_name
from .responses import FILE_NAME, LARGEST_FILE, AnswersError, AnswersFile, fitting, parse, to_json

#: nbgrader marks a submission again when this file's time is later than before.
TIMESTAMP = "timestamp.txt"
#: For who handed in nothing: earlier than any answer, so that any answer that comes later counts.
NEVER = datetime(1970, 1, 1, tzinfo=UTC)

# What no keyboard types: control characters, and those that turn the direction of all that follows.
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class NotReleased(UserError):
    """The quiz has not been released in this course folder."""


def as_plain_text(text: str) -> str:
    """Return HTML that shows `text` letter for letter in Markdown, formgrader and feedback.

    Every character but letters, digits and those beyond ASCII becomes a number, spaces and line ends
    too. What is left cannot be a tag, a link, a formula, a template or one of nbgrader's own marks.
    """
    shown = _UNSEEN.sub("\ufffd", re.sub(r"\r\n?", "\n", text))
    numbers = re.sub(r"[^A-Za-z0-9\x80-\U0010ffff]", lambda match: f"&#{ord(match[0])};", shown)
    return f'<pre class="tex2jax_ignore" style="white-space: pre-wrap">{numbers}</pre>'


@dataclass(frozen=True)
class Released:
    """What `release` made of the quiz `name`: its notebook and its questions, without the key."""

    name: str
    notebook: str
    questions: bytes
    items: list[dict[str, Any]]
    content: str

    @classmethod
    def read(cls, folder: Path, name: str) -> Released:
        """Return the release in the course folder. Raises NotReleased, and UserError when it is damaged."""
        home = folder / "release" / name
        try:
            questions = read_released(home, name)
            notebook = (home / f"{name}.ipynb").read_text(encoding="utf-8")
        except FileNotFoundError:
            raise NotReleased(
                f"'{name}' has not been released here. First: python3 -m quizzes release {name}"
            ) from None
        data = (home / released_name(name)).read_bytes()
        return cls(name, notebook, data, questions["items"], questions["content"])

    def responses(self, answers: AnswersFile | None) -> dict[str, Any]:
        """Return the responses that fit the released questions."""
        return fitting(self.items, answers.responses(self.name)) if answers else {}

    def submission(self, answers: AnswersFile | None) -> dict[str, bytes]:
        """Return the files of a submission: only ours, and of the pupil's only their answers."""
        saved = saved_at(answers, self.name)
        files = {
            f"{self.name}.ipynb": self._filled_in(self.responses(answers)).encode(),
            released_name(self.name): self.questions,
            TIMESTAMP: f"{saved:%Y-%m-%d %H:%M:%S} UTC\n".encode(),
        }
        return files | ({FILE_NAME: to_json(answers)} if answers else {})

    def _filled_in(self, responses: Mapping[str, Any]) -> str:
        notebook = json.loads(self.notebook)
        for cell in notebook["cells"]:
            written = responses.get(cell["metadata"].get("nbgrader", {}).get("grade_id"))
            if cell["cell_type"] == "markdown" and isinstance(written, str):
                cell["source"] = [as_plain_text(written)]
        return notebook_text(notebook)


def notebook_text(notebook: dict[str, Any]) -> str:
    """Return a notebook as nbformat writes it, without the second that it takes to import nbformat."""
    return json.dumps(notebook, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def read_answers(file: Path, name: str) -> AnswersFile | None:
    """Return the part of an answers file that is of the quiz `name`, or None when it has none.

    Links, folders and devices are not opened. Raises AnswersError, and OSError when there is no such file.
    """
    try:
        answers = parse(plain_bytes(file))
        if name not in answers.quizzes:
            return None
        own = AnswersFile(schema=answers.schema_, quizzes={name: answers.quizzes[name]})
        saved_at(own, name)
        return own
    except AnswersError as error:
        raise AnswersError(f"{file.name} cannot be used: {error}") from None


def plain_bytes(file: Path) -> bytes:
    """Return the first 256 KB, and one byte more, of a plain file. Raises AnswersError, OSError."""
    if not stat.S_ISREG(file.lstat().st_mode):
        raise AnswersError("it is a link or no plain file, so it was not opened")
    with file.open("rb") as opened:
        return opened.read(LARGEST_FILE + 1)


def saved_at(answers: AnswersFile | None, name: str) -> datetime:
    """Return when the answers to the quiz `name` were saved (UTC), NEVER without any. Raises AnswersError."""
    if not answers or name not in answers.quizzes:
        return NEVER
    saved = datetime.fromisoformat(answers.quizzes[name].saved_at)
    if saved > NEVER:
        return saved
    raise AnswersError("it says it was saved on a day that cannot be")


def is_ours(home: Path, released: Released) -> bool:
    """Tell whether the folder `home` is just what we would write: safe to mark, and of this wording."""
    try:
        there = files_in(home)
        answers = parse(there[FILE_NAME]) if FILE_NAME in there else None
        return there == released.submission(answers)
    except (AnswersError, OSError):
        return False


def files_in(home: Path) -> dict[str, bytes]:
    """Return the contents of a folder of small plain files; OSError when it is anything else."""
    found = {}
    for entry in home.iterdir():
        info = entry.lstat()
        if not stat.S_ISREG(info.st_mode) or info.st_size > 10 * LARGEST_FILE:
            raise OSError(f"{entry} is not one of our files")
        found[entry.name] = entry.read_bytes()
    return found
