"""The answers file: read it strictly, write it so that nothing saved is ever lost.

One small JSON file beside the notebook holds the responses to every quiz in that folder. The same
format is what a learner hands in, so it is data from strangers: it is parsed, checked and never run.

    {"schema": 1,
     "quizzes": {"grooming-signs": {"content": "1a2b3c4d", "saved_at": "2026-11-21T09:30:00Z",
                                    "responses": {"gs-secrecy": ["talk-today"], "gs-note": "I would ..."}}}}

`"nation": "scotland"` beside them, if the learner has said where they live; `"pupil": "p01"` in a file to be
handed in, if the pupil has typed a code. For other programs the form is written down in answers.schema.json,
which `python3 -m quizzes schemas` makes from the models here.
"""

from __future__ import annotations

import codecs
import contextlib
import json
import os
import re
import tempfile
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from filelock import FileLock, Timeout
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator
from safecourse.facts import Nation

from .item import LONGEST_REPLY, MOST_IDS

FILE_NAME = "my-answers.json"
SCHEMA = 1
SCHEMA_FILE = Path(__file__).with_name("answers.schema.json")
#: What the name of a quiz ends with that holds the first tries at practice items.
FIRST = "-first"
#: What the name of a review begins with.
REVIEW = "review-"
LARGEST_FILE = 256 * 1024

#: What a learner answered to one item: the ids of options (of an `order`, in the order given; of a `nation`
#: item, the nation and then the option), of the choices of a story in turn, or the text of a reflection.
Response = list[str] | str

_Id = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,80}$")]


def _no_half_emoji(reply: Any) -> Any:
    # A browser can send a lone half of an emoji; it has no UTF-8 form.
    return reply.encode("utf-8", "replace").decode() if isinstance(reply, str) else reply


_Reply = Annotated[str, BeforeValidator(_no_half_emoji), Field(max_length=LONGEST_REPLY)]


#: A pupil's code: a folder is called so on any system.
CODE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9_-])?")
_Code = Annotated[str, Field(pattern=f"^{CODE.pattern}$")]

_DAY = "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_TIME = "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"

# pydantic refuses a key that is no id, but its schema does not say so.
_NO_OTHER_KEYS = {"additionalProperties": False}

_BEYOND_THE_SCHEMA = (
    "Refused too: a file larger than 256 KB, as it is or indented by one space; text that is not UTF-8, or "
    "begins with a byte-order mark; an object that names one key twice; a schema of 1.0 or 1e0; a day that "
    "never was, such as 30 February. In a reply, half an emoji (a lone surrogate) is read as a question mark."
)


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class QuizAnswers(_Record):
    """The responses to one quiz, the content they were given to, and when they were last saved (UTC)."""

    content: Annotated[
        str, Field(pattern=r"^[0-9a-f]{8}$", description="The version of the questions that were answered.")
    ]
    saved_at: Annotated[
        str,
        Field(
            pattern=f"^{_DAY}T{_TIME}Z$",
            description="When the last response was saved, in UTC.",
            json_schema_extra={"format": "date-time"},
        ),
    ]

    @field_validator("saved_at")
    @classmethod
    def _is_a_real_time(cls, text: str) -> str:
        datetime.fromisoformat(text)
        return text

    responses: Annotated[
        dict[_Id, Annotated[list[_Id], Field(max_length=MOST_IDS)] | _Reply],
        Field(
            description="Item id -> the ids of options or choices, in the order given; or what was written. "
            "A `nation` item: the nation, then the option.",
            json_schema_extra=_NO_OTHER_KEYS,
        ),
    ]


class AnswersFile(_Record):
    """The responses of one learner to any number of quizzes."""

    model_config = ConfigDict(
        title="Answers file of Stay Safe Online",
        json_schema_extra={
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$comment": _BEYOND_THE_SCHEMA,
        },
    )

    schema_: Annotated[Literal[1], Field(alias="schema", description="The version of this form.")]
    quizzes: Annotated[
        dict[_Id, QuizAnswers],
        Field(
            description="Quiz -> its answers. Practice, first tries and reviews have names of their own.",
            json_schema_extra=_NO_OTHER_KEYS,
        ),
    ]
    nation: Annotated[Nation | None, Field(description="Where the learner says they live.")] = None
    pupil: Annotated[_Code | None, Field(description="Whose answers these are: a code, never a name.")] = None

    def responses(self, quiz: str) -> dict[str, Response]:
        """Return the responses to one quiz; none, if the file holds nothing of it."""
        return dict(self.quizzes[quiz].responses) if quiz in self.quizzes else {}


class AnswersError(ValueError):
    """An answers file that cannot be used; the message says why in plain words."""


def parse(data: bytes) -> AnswersFile:
    """Return the answers in `data` (UTF-8 JSON, at most 256 KB), which `to_json` can write to be read again.

    Raises AnswersError with one plain sentence; nothing of the file is run or trusted.
    """
    if len(data) > LARGEST_FILE:
        raise AnswersError("it is larger than 256 KB, so it is not an answers file")
    raw = _from_json(data)
    if isinstance(raw, dict) and "quizzes" in raw and "schema" in raw:
        _check_version(raw["schema"])
    try:
        answers = AnswersFile.model_validate(raw)
    except ValidationError as error:
        where = error.errors(include_url=False, include_context=False, include_input=False)[0]["loc"]
        place = ".".join(_shown(part) for part in where[:4]) or "the top"
        raise AnswersError(f"it does not have the form of an answers file (at '{place}')") from None
    # Written by us it grows, by less than three times; and what we take we must be able to read again.
    if len(data) > LARGEST_FILE // 3 and len(to_json(answers)) > LARGEST_FILE:
        raise AnswersError("indented as the course writes it, it is larger than 256 KB")
    return answers


def _from_json(data: bytes) -> Any:
    if not data.strip():
        raise AnswersError("it is empty, so it is not whole JSON")
    if data.startswith(codecs.BOM_UTF8):
        raise AnswersError("it begins with a byte-order mark, so another program has changed it")
    try:
        return json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_no_twins,
            parse_constant=_no_constant,
            parse_int=_small_int,
        )
    except UnicodeDecodeError:
        raise AnswersError("it is not UTF-8 text, so it is damaged or of another kind") from None
    except RecursionError:
        raise AnswersError("it is nested too deeply to be an answers file") from None
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise AnswersError(f"it is not whole JSON, so it is damaged or of another kind ({place})") from None


def _check_version(schema: Any) -> None:
    # To Python `true` and `1.0` equal 1 too.
    if type(schema) is not int:
        raise AnswersError(f"its schema is not a whole number; this version reads schema {SCHEMA}")
    if schema != SCHEMA:
        raise AnswersError(f"its schema is {schema}; this version reads schema {SCHEMA}")


def _shown(part: str | int) -> str:
    # A key in a stranger's file may be 200 KB long, or hold what no terminal or report can take.
    return json.dumps(str(part)[:40])[1:-1][:40]


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise AnswersError("it names one thing twice, so it is unclear which answer counts")
    return made


def _no_constant(name: str) -> None:
    raise AnswersError(f"it holds {name}, which is not JSON")


def _small_int(digits: str) -> int:
    if len(digits) > 9:
        raise AnswersError("it holds a number too long to be an answer")
    return int(digits)


def fitting(views: Iterable[dict[str, Any]], responses: Mapping[str, Any]) -> dict[str, Response]:
    """Return the part of `responses` that fits the items in `views`: known ids, right kinds.

    An item the quiz no longer has, or an option that was taken out, is left out, not guessed at.
    """
    fit = {view["id"]: _fit(view, responses.get(view["id"])) for view in views}
    return {item_id: response for item_id, response in fit.items() if response}


def _fit(view: dict[str, Any], response: Any) -> Response:
    kind = view["kind"]
    if kind == "reflection":
        return response[:LONGEST_REPLY] if isinstance(response, str) and response.strip() else ""
    if not isinstance(response, list):
        return []
    known = [option["id"] for option in view["options"]]
    if kind == "scenario":
        return _way(view["steps"], response)
    if kind == "nation":
        nations = [nation["id"] for nation in view["nations"]]
        fits = len(response) == 2 and response[0] in nations and response[1] in known
        return response if fits else []
    if kind == "order":
        # A step that is new or gone makes another question of it.
        return response if len(response) == len(known) and set(response) == set(known) else []
    chosen = [option for option in known if option in response]
    return chosen if kind != "single" or len(chosen) == 1 else []


def _way(steps: list[dict[str, Any]], response: list[str]) -> list[str]:
    """Return the choices of a story as far as `response` leads from its first step."""
    taken: list[str] = []
    here = steps[0]["id"] if steps else ""
    for choice in response:
        ways = next((step["choices"] for step in steps if step["id"] == here), ())
        to = next((way["to"] for way in ways if way["id"] == choice), None)
        if to is None:
            break
        taken.append(choice)
        here = to
    return taken


class Store:
    """The answers file of one folder. Every write is whole or not at all, and flushed to the disk."""

    def __init__(self, path: Path):
        self.path = path
        self._lock = FileLock(path.with_name(f".{path.name}.lock"), timeout=10)

    def open(self) -> tuple[AnswersFile, str]:
        """Return what is saved, and a sentence for the learner ("" when all is well).

        A file that cannot be read is set aside under a new name, never overwritten. Raises nothing:
        a quiz must open even on a disk that can't be read.
        """
        note = ""
        try:
            try:
                answers = self._read()
            except AnswersError:
                with self._locked():
                    answers, note = self._read_or_set_aside()
        except OSError as error:
            return _empty(), f"Your earlier answers could not be read: {_reason(error)}."
        return answers or _empty(), note

    def load(self, quiz: str) -> tuple[dict[str, Response], str]:
        """Return the saved responses to `quiz` and the sentence that `open` has."""
        answers, note = self.open()
        return answers.responses(quiz), note

    def _peek(self) -> AnswersFile:
        """Return what is saved as far as it can be read. Raises nothing, and changes nothing."""
        try:
            return self._read() or _empty()
        except (AnswersError, OSError):
            return _empty()

    def nation(self) -> str:
        """Return where the learner said they live, or "". Raises nothing, and changes nothing."""
        return self._peek().nation or ""

    def first_tries(self, leave_out: str = "") -> dict[str, Response]:
        """Return the first response checked for each practice item, by item id.

        A try in a review, which comes later, counts before one in a lesson. What the quiz `leave_out` holds
        does not count. Raises nothing, and changes nothing.
        """
        quizzes = self._peek().quizzes
        tries = [name for name in quizzes if name.endswith(FIRST) and name != leave_out]
        found: dict[str, Response] = {}
        for name in sorted(tries, key=lambda name: (name.startswith(REVIEW), quizzes[name].saved_at)):
            found |= quizzes[name].responses
        return found

    def save_nation(self, nation: str) -> str:
        """Keep where the learner lives ("" forgets it). Returns and raises what `save` does."""
        with self._locked():
            answers, note = self._read_or_set_aside()
            answers = answers or _empty()
            self._write(answers.model_copy(update={"nation": nation or None}))
        return note

    def save(self, quiz: str, content: str, responses: dict[str, Response], changed: set[str]) -> str:
        """Put `responses` to the items `changed` into the file, and those it does not hold.

        What the file holds of other items and quizzes stays: another page may have saved it meanwhile.

        Returns a sentence that names a damaged file which was set aside, or "". When this returns, the
        answers are on the disk. Raises OSError when they are not; what was saved before is untouched.
        """
        return self.save_all(content, {quiz: (responses, changed)})

    def save_all(self, content: str, quizzes: dict[str, tuple[dict[str, Response], set[str]]]) -> str:
        """Do for each quiz what `save` does for one, in one write: quiz -> its responses and what changed."""
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        with self._locked():
            answers, note = self._read_or_set_aside()
            answers = answers or _empty()
            for quiz, (responses, changed) in quizzes.items():
                kept = answers.responses(quiz).items()
                merged = responses | {item: value for item, value in kept if item not in changed}
                answers.quizzes[quiz] = QuizAnswers(content=content, saved_at=now, responses=merged)
            self._write(answers)
        return note

    def _write(self, answers: AnswersFile) -> None:
        data = to_json(answers)
        if len(data) > LARGEST_FILE:  # the next start could not read it
            raise OSError("the answers file would be larger than 256 KB")
        write_whole(self.path, data)

    @contextlib.contextmanager
    def _locked(self):
        try:
            with self._lock:
                yield
        except Timeout:
            raise OSError("another program is holding the answers file") from None

    def _read(self) -> AnswersFile | None:
        try:
            return parse(self.path.read_bytes())
        except FileNotFoundError:
            return None

    def _read_or_set_aside(self) -> tuple[AnswersFile | None, str]:
        try:
            return self._read(), ""
        except AnswersError:
            aside = _free_name(self.path)
            os.replace(self.path, aside)
            return None, f"Your answers file could not be read. It is kept, unchanged, as {aside.name}."


def _empty() -> AnswersFile:
    return AnswersFile(schema=SCHEMA, quizzes={})


def to_json(answers: AnswersFile) -> bytes:
    """Return an answers file's bytes: sorted, so that equal answers are equal bytes."""
    text = json.dumps(
        answers.model_dump(by_alias=True, exclude_none=True), indent=1, sort_keys=True, ensure_ascii=False
    )
    return text.encode() + b"\n"


def write_whole(path: Path, data: bytes) -> None:
    """Write `data` to `path` so that a crash leaves the old file or the new one, never a part.

    Raises OSError (disk full, folder not writable, file held by another program).
    """
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        _replace(name, path)
    except OSError:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise
    _sync_folder(path.parent)


def _replace(name: str, path: Path, tries: int = 6) -> None:
    # Windows refuses to replace a file that a virus scanner or an editor has open for a moment.
    for attempt in range(tries):
        try:
            return os.replace(name, path)
        except PermissionError:
            if attempt == tries - 1:
                raise
            time.sleep(0.05 * 2**attempt)


def _sync_folder(folder: Path) -> None:
    # Without this a power cut can undo the rename. Windows can't open a folder, and needs no such step.
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _free_name(path: Path) -> Path:
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    number = 0
    while True:
        number += 1
        aside = path.with_name(f"{path.stem}.damaged-{stamp}-{number}{path.suffix}")
        if not aside.exists():
            return aside


def _reason(error: OSError) -> str:
    """Return why a file could not be used, in words a parent can act on."""
    known = {
        28: "the disk is full",
        30: "this folder can only be read",
        13: "this file or folder may not be used, or another program has it open",
        122: "your space on this disk is used up",
    }
    return known.get(error.errno or 0) or (error.strerror or str(error)).lower()


def not_saved(error: OSError) -> str:
    """Return the sentence that tells a learner their last answer is not on the disk."""
    return f"Not saved: {_reason(error)}. What was saved before is safe. Mend that, then answer again."
