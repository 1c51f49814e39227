"""Read everything that the content check looks at, with the line of each part: facts, banks, lessons, pages.

Lessons are read as the JSON that they are: a check needs no notebook software.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

from safecourse import teaching
from safecourse.facts import Facts, read_facts
from safecourse.routes import Routes, read_routes
from safecourse.yamlfile import AuthorError, Fault, Source, read

from .bank import Bank, build_bank
from .item import Item
from .taught import shown_by

#: The day on which a page was last read through. It is about the page, so it stands on the page.
_REVIEWED = re.compile(r"(?m)^- \*\*Reviewed:\*\* .*$")


@dataclass(frozen=True)
class Passage:
    """Words typed by an author: a text cell of a lesson, or a line of a teaching page."""

    name: str
    text: str
    line: int


@dataclass(frozen=True)
class Page:
    """A lesson or a teaching page: its passages in order, and what it shows: facts, groups, contacts."""

    path: Path
    passages: tuple[Passage, ...]
    shows: frozenset[str]

    @property
    def prose(self) -> str:
        """All that was typed, as Markdown."""
        return "\n\n".join(passage.text for passage in self.passages)


@dataclass(frozen=True)
class Sheet:
    """A bank and the file it stands in."""

    bank: Bank
    source: Source

    @property
    def path(self) -> Path:
        """The bank's file."""
        return self.source.path

    def line(self, item: Item, place: tuple[str | int, ...] = ()) -> int:
        """Return the line of a place in an item."""
        return self.source.line(("items", self._index[item.id], *place))

    def without_waivers_of(self, rule: str) -> Sheet:
        """Return the sheet without the items that waive this rule."""
        items = tuple(item for item in self.bank.items if rule not in item.waive)
        return replace(self, bank=replace(self.bank, items=items))

    @cached_property
    def _index(self) -> dict[str, int]:
        return {data["id"]: index for index, data in enumerate(self.source.data["items"])}


@dataclass(frozen=True)
class Material:
    """The whole course as a content check sees it, on the day `today`."""

    facts: Facts
    #: Where each fact and contact is defined: id -> file and line.
    places: dict[str, tuple[Path, int]]
    sheets: tuple[Sheet, ...]
    lessons: tuple[Page, ...]
    pages: tuple[Page, ...]
    #: The report finder's, of a course that has one.
    routes: Routes | None
    today: date

    @property
    def items(self) -> Iterator[tuple[Sheet, Item]]:
        """Every item, with its sheet."""
        return ((sheet, item) for sheet in self.sheets for item in sheet.bank.items)

    def without_waivers_of(self, rule: str) -> Material:
        """Return the material as this rule is to see it: without the items that waive the rule."""
        return replace(self, sheets=tuple(sheet.without_waivers_of(rule) for sheet in self.sheets))


def read_material(course: Path, banks: Path, today: date) -> Material:
    """Return the course in the folder `course`, with the banks in the folder `banks`.

    Raises AuthorError that lists the faults of all files: what can't be read can't be checked.
    """
    facts = read_facts(course / "facts")
    faults: list[Fault] = []

    def each(paths: Iterable[Path], read_one: Callable[[Path], Any]) -> Iterator[Any]:
        for path in sorted(paths):
            try:
                yield read_one(path)
            except AuthorError as error:
                faults.extend(error.faults)

    sheets = tuple(each(banks.glob("*.yaml"), lambda path: _sheet(read(path), facts)))
    lessons = tuple(each(course.glob("[0-9][0-9]-*.ipynb"), _lesson))
    pages = tuple(each(teaching.pages(course / "teaching"), _teaching_page))
    finders = tuple(each((course / "facts").glob("routes.yaml"), lambda path: read_routes(path, facts)))
    if faults:
        raise AuthorError(faults)
    return Material(
        facts=facts,
        places=dict(_places(course / "facts")),
        sheets=sheets,
        lessons=lessons,
        pages=pages,
        routes=next(iter(finders), None),
        today=today,
    )


def _sheet(source: Source, facts: Facts) -> Sheet:
    return Sheet(build_bank(source, facts), source)


def _lesson(path: Path) -> Page:
    text = path.read_text(encoding="utf-8")
    try:
        cells = json.loads(text)["cells"]
    except (ValueError, KeyError) as error:
        raise AuthorError([Fault(path, getattr(error, "lineno", 1), f"is no notebook: {error}")]) from error
    passages, shows = [], set()
    for cell in cells:
        source = "".join(cell["source"])
        if cell["cell_type"] == "code":
            shows.update(shown_by(source))
        else:
            line = text.count("\n", 0, text.find(f'"id": "{cell["id"]}"')) + 1
            passages.append(Passage(cell["id"], _REVIEWED.sub("", source), line))
    return Page(path, tuple(passages), frozenset(shows))


def _teaching_page(path: Path) -> Page:
    text = path.read_text(encoding="utf-8")
    filled, shows = set(), set()
    for block in teaching.blocks(text):
        shows.update(block.names)
        filled.update(range(block.line, block.line + text.count("\n", block.start, block.end) + 2))
    lines = enumerate(text.splitlines(), start=1)
    passages = (Passage("", line, number) for number, line in lines if number not in filled)
    return Page(path, tuple(passages), frozenset(shows))


def _places(folder: Path) -> Iterator[tuple[str, tuple[Path, int]]]:
    for path in sorted(folder.glob("*.yaml")):
        source = read(path)
        if "emergency" in source.data:
            yield source.data["emergency"]["id"], (path, source.line(("emergency",)))
        for name in ("facts", "contacts", "routes"):
            for index, entry in enumerate(source.data.get(name, ())):
                if isinstance(entry, dict) and "id" in entry:
                    yield entry["id"], (path, source.line((name, index)))
