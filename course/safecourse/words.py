"""The course in another language: sentences looked up in gettext catalogues, English where there is none.

A language is a folder of catalogues (`course/cy/*.po`, and `quizzes/bank/cy/*.po` for questions), which
people write with any gettext editor. English sentences are the keys, so one that has changed in English is
no longer found: a reader never meets a translation of what a fact or a law used to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel

COURSE = Path(__file__).resolve().parent.parent
FOLDERS = (COURSE, COURSE.parent / "quizzes" / "bank")
ENGLISH = "en"

#: What of a fact, a contact or a quiz holds words for readers. All else is ids, addresses and numbers.
_PROSE = {
    *("title", "says", "where", "set_to", "under_18", "listen_for", "do", "formal"),  # of a fact
    *("name", "what_for", "not_for", "how", "label", "value", "hours", "cost"),  # of a contact
    *("stem", "scene", "text", "by", "rationale", "note", "hint", "unsure", "why", "next", "texts"),
}
_LEFT = re.compile(r"https?:|\S+@\S+$|\W*\w?\W*$|[\d\W]+$")

Model = TypeVar("Model", bound=BaseModel)


@dataclass
class Words:
    """One language's sentences, and those asked for: catalogue -> English -> the other language, or ""."""

    language: str
    known: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    asked: dict[str, dict[str, str]] = field(default_factory=dict)

    def find(self, text: str, catalogue: str) -> str:
        """Return the sentence in this language, or else in English; remember that it was asked for."""
        if self.language == ENGLISH:
            return text
        found = self.known.get(catalogue, {}).get(text, "")
        self.asked.setdefault(catalogue, {})[text] = found
        return found or text


_spoken: ContextVar[Words] = ContextVar("_spoken", default=Words(ENGLISH))  # noqa: B039 - English keeps nothing
_catalogue: ContextVar[str] = ContextVar("_catalogue", default="facts")


def languages() -> list[str]:
    """Return the languages that there are catalogues for, English first."""
    there = (path.name for folder in FOLDERS for path in folder.glob("[a-z][a-z]") if any(path.glob("*.po")))
    return [ENGLISH, *sorted(set(there))]


def read_words(language: str) -> Words:
    """Return the catalogues of `language`. What is marked fuzzy is not used: nobody has agreed to it yet."""
    return Words(
        language,
        {
            path.stem: {
                message.id: message.string
                for message in read_catalogue(path)
                if message.id and message.string and not message.fuzzy
            }
            for path in catalogues(language)
        },
    )


def catalogues(language: str) -> list[Path]:
    """Return the files of a language's catalogues."""
    return [path for folder in FOLDERS for path in sorted((folder / language).glob("*.po"))]


def read_catalogue(path: Path) -> Any:
    """Return one catalogue (a babel Catalog).

    Raises AuthorError, with file and line, for a file that is none, and for a translation whose `{places}`
    are not those of the English.
    """
    from babel.messages.pofile import PoFileError, read_po  # only other languages pay for it

    from .yamlfile import AuthorError, Fault

    try:
        with path.open("rb") as file:
            made = read_po(file, locale=path.parent.name, abort_invalid=True)
    except PoFileError as error:
        reason = str(error).rpartition(" on ")[0]  # it counts lines from 0, and names the line too
        raise AuthorError([Fault(path, error.lineno + 1, f"not a catalogue: {reason}")]) from None
    except UnicodeDecodeError:
        raise AuthorError([Fault(path, 1, "not a catalogue: it is not UTF-8 text")]) from None
    faults = [
        Fault(path, message.lineno or 1, f"the places in braces are not those of: {message.id}")
        for message in made
        if message.id and message.string and _places(message.id) != _places(message.string)
    ]
    if faults:
        raise AuthorError(faults)
    return made


def _places(text: str) -> list[str]:
    return sorted(re.findall(r"\{\w*\}", text))


@contextmanager
def speaking(words: Words) -> Iterator[Words]:
    """Say everything in this language meanwhile."""
    token = _spoken.set(words)
    try:
        yield words
    finally:
        _spoken.reset(token)


@contextmanager
def asking(catalogue: str) -> Iterator[None]:
    """Ask for what is `said` meanwhile under this catalogue's name."""
    token = _catalogue.set(catalogue)
    try:
        yield
    finally:
        _catalogue.reset(token)


def language() -> str:
    """Return the language that is spoken now."""
    return _spoken.get().language


def t(text: str, **values: Any) -> str:
    """Return a sentence of the course's own, in the language spoken now, with its `{places}` filled."""
    found = sentence(text, "words")
    return found.format(**values) if values else found


def sentence(text: str, catalogue: str = "") -> str:
    """Return one sentence of the content in the language spoken now."""
    return _spoken.get().find(text, catalogue or _catalogue.get())


def is_prose(text: str) -> bool:
    """Tell whether a text has anything to translate: not an address, a number or a time."""
    return not _LEFT.match(text)


def said(thing: Model) -> Model:
    """Return a fact or contact with its words in the language spoken now."""
    if language() == ENGLISH:
        return thing
    return type(thing).model_construct(
        **{
            name: _said(value, name) if name in _PROSE else value
            for name, value in ((name, getattr(thing, name)) for name in type(thing).model_fields)
        }
    )


def said_all(quiz: Any, catalogue: str) -> Any:
    """Return the data of a quiz, as the page gets it, with its words in the language spoken now."""
    if language() == ENGLISH:
        return quiz
    with asking(catalogue):
        return _said(quiz, "")


def _said(value: Any, name: str) -> Any:
    if isinstance(value, BaseModel):
        return said(value)
    if isinstance(value, dict):
        # The name of a source is the title of a page that is in English.
        left = {"name"} if "url" in value else set()
        made = {
            key: each if key in left else _said(each, key) for key, each in value.items() if key != "sources"
        }
        if "sources" in value:  # the facts beside a question
            with asking("facts"):
                made["sources"] = _said(value["sources"], "sources")
        return made
    if isinstance(value, (list, tuple)):
        return type(value)(_said(each, name) for each in value)
    if isinstance(value, str) and name in _PROSE and is_prose(value):
        return sentence(value)
    return value


def day(when: date) -> str:
    """Return a day as readers say it: `21 November 2026`."""
    if language() == ENGLISH:
        return f"{when.day} {when:%B %Y}"
    from babel.dates import format_date

    return format_date(when, "d MMMM y", locale=language())
