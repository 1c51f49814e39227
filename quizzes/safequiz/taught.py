"""Which sections of a lesson teach what an item asks.

Lessons are read as the JSON that they are: nobody who marks needs notebook software for it.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from safecourse.facts import FACTS_FOLDER, load_facts

from .errors import UserError
from .item import Item

#: Where every lesson says whom to call, now and later.
HELP = ("if-this-is-happening-now", "if-you-are-worried")
#: The part of a lesson that is not for pupils and parents.
_FOR_TEACHERS = "for-teachers"


@dataclass(frozen=True)
class Section:
    """A heading of a lesson: its cell's id, its words, and the ids and groups shown under it, in order."""

    id: str
    heading: str
    shows: tuple[str, ...]


@dataclass(frozen=True)
class Lesson:
    """A lesson as far as marking speaks of it: its title up to the colon, and its number (0: none)."""

    name: str
    number: int
    sections: tuple[Section, ...]

    def teaches(self, item: Item) -> list[str]:
        """Return the headings under which the facts behind `item` stand.

        First come those with the item's first fact, which is what it is about, by name or in its group; and
        then where most facts are.
        """
        facts = load_facts()
        wanted = [{fact_id, facts.fact(fact_id).group} for fact_id in item.facts]
        found = {}
        for section in self.sections:
            taught = [not names.isdisjoint(section.shows) for names in wanted]
            if any(taught) and _is_for(section, item):
                found[section.heading] = (item.facts[0] in section.shows, taught[0], sum(taught))
        return sorted(found, key=found.get, reverse=True)

    @property
    def contacts(self) -> list[str]:
        """The ids of the contacts that the lesson names for help, the most urgent first."""
        known = load_facts().contacts
        shows = {section.id: section.shows for section in self.sections}
        shown = (name for part in HELP for name in shows.get(part, ()))
        return [name for name in dict.fromkeys(shown) if name in known]


@cache
def read_lesson(lesson_id: str) -> Lesson:
    """Return the lesson with this id, such as `01-grooming-signs`. Raises UserError when it can't be read."""
    path = FACTS_FOLDER.parent / f"{lesson_id}.ipynb"
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    except (OSError, ValueError, LookupError) as error:
        raise UserError(
            f"The lesson {path} can't be read ({error}). Get a fresh copy of the course."
        ) from None
    title, *sections = _sections(cells)
    number = re.match(r"\d+", lesson_id)
    return Lesson(title.heading.split(":")[0], int(number[0]) if number else 0, tuple(sections))


def _sections(cells: Iterable[dict]) -> Iterator[Section]:
    """Yield the sections of a notebook; the first is its title."""
    here = Section("", "", ())
    for cell in cells:
        source = "".join(cell["source"])
        heading = re.match(r"#+ +(.*)", source) if cell["cell_type"] == "markdown" else None
        if heading:
            if here.id:
                yield here
            here = Section(cell["id"], heading[1].strip(), ())
        elif cell["cell_type"] == "code":
            here = Section(here.id, here.heading, here.shows + tuple(shown_by(source)))
    yield here


def shown_by(code: str) -> Iterator[str]:
    """Yield the names in the calls of a lesson's cell, in order; `sources` names topics, and shows none."""
    try:
        tree = ast.parse(code)
    except SyntaxError:  # the lesson's own tests run it
        return
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") != "sources":
            yield from (word.value for word in call.args if isinstance(word, ast.Constant))


def _is_for(section: Section, item: Item) -> bool:
    return section.id != _FOR_TEACHERS or "teacher" in item.audience
