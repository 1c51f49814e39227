"""The roster: which code is whose, in the CSV form of `nbgrader db student import`. Nobody needs to have one.

Its columns are id, and any of first_name, last_name, email and lms_user_id. It tells whose a file is that a
platform has named after a person. It is never guessed with: who is meant is one pupil, or a person must say.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from .downloads import Label
from .errors import UserError
from .responses import CODE

_COLUMNS = ("id", "first_name", "last_name", "email", "lms_user_id")
_LARGEST = 10 * 2**20
_LONGEST_FIELD = 128  # what nbgrader's gradebook holds
_WINDOWS_KEEPS = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


class RosterError(UserError):
    """A roster that cannot be read at all; the message says why and what to do."""


def code_fault(code: str) -> str:
    """Return why `code` is no pupil's code, or ""."""
    if CODE.fullmatch(code) and not _WINDOWS_KEEPS.fullmatch(code):
        return ""
    return "a code is 1 to 64 letters (a to z), digits and . _ - , and starts with a letter or digit"


@dataclass
class Roster:
    """The pupils of a class, as a roster has them."""

    #: Code -> the other columns that the file has; None where nothing is written.
    pupils: dict[str, dict[str, str | None]]
    #: What is wrong with single lines, a sentence each. Those pupils are left out.
    faults: list[str] = field(default_factory=list)
    _known: dict[tuple[str, str], set[str]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._known = defaultdict(set)
        for code, about in self.pupils.items():
            for how in _known_as(code, about):
                self._known[how].add(code)

    def code(self, text: str) -> str:
        """Return the code that `text` is, whatever its capitals; or ""."""
        found = self._find("id", _plain(text))
        return next(iter(found)) if found else ""

    def called(self, label: Label) -> set[str]:
        """Return the codes of all who may be meant by a platform's name or id, or by an instructor's name."""
        if label.lms_id and (found := self._find("lms_user_id", _plain(label.lms_id))):
            return found
        found = self._find("name", _letters(label.person))
        if label.own:
            found = found | self._find("name", _letters(label.own))
            for kind in ("id", "email", "lms_user_id"):
                found = found | self._find(kind, _plain(label.own))
        return found | self._find("email", _plain(label.person))

    def knows(self, code: str, label: Label) -> bool:
        """Tell whether the roster has of a pupil what a platform has: a name, or an id."""
        about = self.pupils[code]
        named = bool(about.get("first_name") or about.get("last_name"))
        return bool((label.person and named) or (label.lms_id and about.get("lms_user_id")))

    def _find(self, kind: str, value: str) -> set[str]:
        return self._known.get((kind, value), set()) if value else set()


def _known_as(code: str, about: dict[str, str | None]) -> Iterator[tuple[str, str]]:
    yield "id", _plain(code)
    for kind in ("email", "lms_user_id"):
        if value := about.get(kind):
            yield kind, _plain(value)
    first, last = about.get("first_name") or "", about.get("last_name") or ""
    if first or last:
        yield "name", _letters(f"{first} {last}")
        yield "name", _letters(f"{last} {first}")


def _plain(text: str) -> str:
    """Return `text` so that two ways to write one thing are equal: forms of Unicode, capitals, spaces."""
    return " ".join(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).split())


def _letters(text: str) -> str:
    """Return only the letters and digits of a name, as Canvas does with all and Moodle with some marks."""
    return "".join(char for char in _plain(text) if unicodedata.category(char)[0] in "LMN")


def read_roster(path: Path) -> Roster:
    """Return the pupils in a CSV file: UTF-8 or UTF-16; commas, semicolons or tabs between its fields.

    Raises RosterError when the file as a whole cannot be used, and OSError when there is none.
    """
    with path.open("rb") as opened:
        data = opened.read(_LARGEST + 1)
    if len(data) > _LARGEST:
        raise RosterError(f"{path.name} is larger than 10 MB, so it is no roster.")
    text = _text(data, path.name)
    heading = text.partition("\n")[0]
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=_between(heading), strict=True)
    try:
        columns = ["_".join(re.split(r"[\s_-]+", column.strip().casefold())) for column in next(rows, [])]
        if columns.count("id") != 1:
            needs = f"A roster's columns: {', '.join(_COLUMNS)}."
            raise RosterError(f"{path.name} should have one column called id. {needs}")
        return _sifted([(rows.line_num, row) for row in rows], columns)
    except csv.Error as error:
        raise RosterError(f"{path.name}, line {rows.line_num}, is not as CSV should be: {error}.") from None


def _text(data: bytes, name: str) -> str:
    # In an older encoding a name could be read wrongly, and nobody would see it. So none is tried.
    encoding = "utf-16" if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        raise RosterError(f"{name} is not UTF-8 text. In Excel, save it as 'CSV UTF-8'.") from None


def _between(heading: str) -> str:
    return max(",;\t", key=heading.count)


def _sifted(rows: list[tuple[int, list[str]]], columns: list[str]) -> Roster:
    """Return the roster in `rows`, each with its line; what is wrong with one leaves the others alone."""
    good: dict[str, list[tuple[int, str, dict[str, str | None]]]] = defaultdict(list)
    faults = []
    if len(columns) > 1 and not set(columns) & set(_COLUMNS[1:]):
        names = f"{', '.join(_COLUMNS[1:-1])} or {_COLUMNS[-1]}"
        faults.append(f"line 1: no column is called {names}, so it names nobody")
    for line, row in rows:
        fields = [" ".join(value.split()) for value in row]
        if not any(fields):
            continue
        about: dict[str, str | None] = {
            column: value or None
            for column, value in zip(columns, fields, strict=False)
            if column in _COLUMNS
        }
        code = about.pop("id", None) or ""
        if fault := _line_fault(code, fields, columns):
            faults.append(f"line {line}: {fault}")
        elif (line, code, about)[1:] not in [other[1:] for other in good[code.casefold()]]:
            good[code.casefold()].append((line, code, about))
    for same in good.values():
        if len(same) > 1:
            lines = " and ".join(str(line) for line, _, _ in same)
            faults.append(f"lines {lines}: they have the same id, {same[0][1]}, for different pupils")
    return Roster({same[0][1]: same[0][2] for same in good.values() if len(same) == 1}, faults)


def _line_fault(code: str, fields: list[str], columns: list[str]) -> str:
    if len(fields) > len(columns):
        more = f"it has {len(fields)} fields, and the heading has {len(columns)}"
        return f"{more}: put quotation marks round a field with a comma in it"
    if not code:
        return "it has no id"
    if fault := code_fault(code):
        return f"its id is '{code[:80]}', and {fault}"
    if any(len(value) > _LONGEST_FIELD for value in fields):
        return f"one of its fields is longer than {_LONGEST_FIELD} characters"
    return ""


def write_roster(roster: Roster, folder: Path) -> None:
    """Put the pupils into the gradebook of the course in `folder`, as `nbgrader db student import` does.

    A column that the roster lacks is left as it is there. Raises StepError when the gradebook cannot be used.
    """
    from nbgrader.api import Student  # takes two seconds

    from .steps import gradebook

    with gradebook(folder) as book:
        there = {student.id: student for student in book.students}
        for code, about in roster.pupils.items():
            if code not in there:
                book.db.add(Student(id=code, **about))
                continue
            for column, value in about.items():
                setattr(there[code], column, value)
        book.db.commit()
