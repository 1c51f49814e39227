"""What stands in submitted/CODE/NAME: our released notebook, and of the pupil's only their answers.

From a pupil comes data, never code. What is marked, and what an instructor opens, is the released notebook,
with a written answer put in as plain text. So a pupil's notebook, whatever is in it, is never run or shown.
"""

from __future__ import annotations

import contextlib
import json
import re
import secrets
import shutil
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from .errors import UserError
from .marking import read_released, released_name
from .responses import FILE_NAME, LARGEST_FILE, AnswersError, AnswersFile, fitting, parse, to_json

#: nbgrader marks a submission again when this file's time is later than before.
TIMESTAMP = "timestamp.txt"
#: Where nbgrader's exchange was used: by this it gives feedback back to the right person.
SECRET = "submission_secret.txt"
#: For who handed in nothing: earlier than any answer, so that any answer that comes later counts.
NEVER = datetime(1970, 1, 1, tzinfo=UTC)
#: Where a submission that we did not make is moved when its place is needed.
SET_ASIDE = "received"
_WORKING = ".collecting"

# What no keyboard types: control characters, and those that turn the direction of all that follows.
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class NotReleased(UserError):
    """The quiz has not been released in this course folder."""


def as_seen(text: str) -> str:
    """Return `text` with one kind of line end, and a mark for each character that would not be seen."""
    return _UNSEEN.sub("\ufffd", re.sub(r"\r\n?", "\n", text))


def as_plain_text(text: str) -> str:
    """Return HTML that shows `text` letter for letter in Markdown, formgrader and feedback.

    Every character but letters, digits and those beyond ASCII becomes a number, spaces and line ends
    too. What is left cannot be a tag, a link, a formula, a template or one of nbgrader's own marks.
    """
    numbers = re.sub(r"[^A-Za-z0-9\x80-\U0010ffff]", lambda match: f"&#{ord(match[0])};", as_seen(text))
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
        try:
            json.loads(notebook)["cells"]
        except (ValueError, LookupError, TypeError):
            raise UserError(
                f"{home / name}.ipynb is damaged. First, once more: python3 -m quizzes release {name}"
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
        written = {name: as_plain_text(text) for name, text in responses.items() if isinstance(text, str)}
        return self._form.fill(written)

    @cached_property
    def _form(self) -> Form:
        form = Form(json.loads(self.notebook))
        for cell in form.cells:
            if cell["cell_type"] == "markdown" and cell["metadata"].get("nbgrader", {}).get("solution"):
                form.make_hole(cell["source"], cell["metadata"]["nbgrader"]["grade_id"])
        return form


class Form:
    """A notebook of which one pupil's copy differs from another's in a few words only.

    So it is made into text once, with holes, and for each pupil only the holes are filled.
    """

    def __init__(self, notebook: dict[str, Any]):
        """Take a notebook as nbformat's JSON has it."""
        self._notebook = notebook
        self._hole = secrets.token_hex(16)  # nobody can have written it
        #: Of each hole, what stands there if nothing is put in.
        self._stubs: dict[str, str] = {}

    @property
    def cells(self) -> list[dict[str, Any]]:
        """The cells, to be changed before the form is filled for the first time."""
        return self._notebook["cells"]

    def make_hole(self, lines: list[str], name: str) -> None:
        """Make a hole called `name` of the lines of a cell or an output."""
        self._stubs[name] = _quoted("".join(lines))
        lines[:] = [f"{self._hole}{name}{self._hole}"]

    def fill(self, texts: Mapping[str, str]) -> str:
        """Return the notebook's text with `texts`, by hole, put in."""
        filled = self._stubs | {name: _quoted(text) for name, text in texts.items()}
        return "".join(filled[part] if at % 2 else part for at, part in enumerate(self._parts))

    @cached_property
    def _parts(self) -> list[str]:
        """Text and names of holes, in turn."""
        return notebook_text(self._notebook).split(self._hole)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]


def notebook_text(notebook: dict[str, Any]) -> str:
    """Return a notebook as nbformat writes it, without the second that it takes to import nbformat."""
    return json.dumps(notebook, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def read_answers(file: Path, name: str) -> AnswersFile | None:
    """Return the part of an answers file that is of the quiz `name`, or None when it has none.

    Links, folders and devices are not opened. Raises AnswersError, and OSError when there is no such file.
    """
    try:
        return own_answers(plain_bytes(file), name)
    except AnswersError as error:
        raise AnswersError(f"{file.name} cannot be used: {error}") from None


def own_answers(data: bytes, name: str) -> AnswersFile | None:
    """Return the part of an answers file's bytes that is of the quiz `name`, or None. Raises AnswersError."""
    return _part(parse(data), name)


def own_part(data: bytes, name: str) -> tuple[AnswersFile | None, bytes | None]:
    """Return what `own_answers` does, and its bytes: `data` itself where it holds nothing else."""
    whole = parse(data)
    own = _part(whole, name)
    return own, data if own == whole else to_json(own) if own else None


def _part(answers: AnswersFile, name: str) -> AnswersFile | None:
    if name not in answers.quizzes:
        return None
    own = AnswersFile(schema=answers.schema_, quizzes={name: answers.quizzes[name]})
    saved_at(own, name)
    return own


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
    """Tell whether the folder `home` is just what we would write for answers of this wording: safe to open.

    The time may be another's, as nbgrader's exchange has its own.
    """
    try:
        there = files_in(home)
        answers = own_answers(there[FILE_NAME], released.name) if FILE_NAME in there else None
        as_they_are = {name: there[name] for name in (TIMESTAMP, SECRET) if name in there}
        return TIMESTAMP in there and there == released.submission(answers) | as_they_are
    except (AnswersError, OSError):
        return False


def put_in_order(home: Path, released: Released) -> None:
    """Have the folder `home` hold only our files and the pupil's answers, as marking finds them.

    Whatever else it held is set aside, unopened. Raises OSError.
    """
    if home.parent.is_symlink():
        raise OSError(f"{home.parent} is a link, and links are not followed")
    answers, found, kept = None, None, {}
    try:
        if home.is_symlink():
            raise AnswersError("its folder is a link, and links are not followed")
        kept = of_the_exchange(home)
        found = plain_bytes(home / FILE_NAME)
        answers = own_answers(found, released.name)
    except FileNotFoundError:
        pass
    except AnswersError as error:  # what cannot be read must not be taken for no answer
        kept[FILE_NAME] = f"{FILE_NAME}: {error}\n".encode() if found is None else found
    files = released.submission(answers) | kept
    if not holds(home, files):
        put(home, files, keep=True)


def of_the_exchange(home: Path) -> dict[str, bytes]:
    """Return what nbgrader's exchange has put beside a hand-in: its time and its secret. Raises OSError."""
    found = {}
    for name in (TIMESTAMP, SECRET):
        with contextlib.suppress(FileNotFoundError, AnswersError):
            found[name] = plain_bytes(home / name)
    return found


def holds(home: Path, files: Mapping[str, bytes]) -> bool:
    """Tell whether the folder `home` holds just `files`."""
    try:
        return files_in(home) == files
    except OSError:
        return False


def files_in(home: Path) -> dict[str, bytes]:
    """Return the contents of a folder of small plain files; OSError when it is anything else."""
    if home.is_symlink():
        raise OSError(f"{home} is a link, and links are not followed")
    found = {}
    for entry in home.iterdir():
        info = entry.lstat()
        if not stat.S_ISREG(info.st_mode) or info.st_size > 10 * LARGEST_FILE:
            raise OSError(f"{entry} is not one of our files")
        found[entry.name] = entry.read_bytes()
    return found


def put(home: Path, files: Mapping[str, bytes], keep: bool) -> None:
    """Put `files` at `home`, submitted/CODE/NAME, whole or not at all.

    What stood there goes to received/CODE with `keep`, and else is gone. Raises OSError.
    """
    new, old = _beside(home, "new"), _beside(home, "old")
    new.mkdir(parents=True)
    for name, data in files.items():
        (new / name).write_bytes(data)
    home.parent.mkdir(exist_ok=True)
    if not home.exists():
        new.rename(home)
        return
    old.parent.mkdir(exist_ok=True)
    home.rename(old)
    new.rename(home)
    if keep:
        _set_aside(old, home)
    else:
        shutil.rmtree(old)


def clear_up(submitted: Path) -> None:
    """Undo what a stopped run left: unfinished work goes, and what it was to replace comes back."""
    working = submitted / _WORKING
    for old in (working / "old").glob("*@*"):
        code, _, name = old.name.rpartition("@")
        home = submitted / code / name
        if home.exists():
            _set_aside(old, home)
        else:
            home.parent.mkdir(exist_ok=True)
            old.rename(home)
    shutil.rmtree(working / "new", ignore_errors=True)
    for folder in (working / "old", working):
        with contextlib.suppress(OSError):  # what another run has there is somebody's answers
            folder.rmdir()


def _set_aside(old: Path, home: Path) -> None:
    place = home.parent.parent.parent / SET_ASIDE / home.parent.name
    place.mkdir(parents=True, exist_ok=True)
    number = 1
    while (place / f"{home.name}-{number}").exists():
        number += 1
    old.rename(place / f"{home.name}-{number}")


def _beside(home: Path, mark: str) -> Path:
    # The leading dot keeps it out of nbgrader's sight.
    return home.parent.parent / _WORKING / mark / f"{home.parent.name}@{home.name}"
