"""Read an item bank and refuse what would mislead a learner, with file and line.

All mistakes of a bank are found in one run. A school's own bank, in its own folder, reads the same way.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field
from safecourse.facts import Facts, Id, Text, load_facts
from safecourse.yamlfile import Source, Strict, read

from .item import Item
from .responses import FIRST, REVIEW
from .rules import item_faults

BANK_FOLDER = Path(__file__).resolve().parent.parent / "bank"
#: nbgrader's course folder, in which quizzes are released and marked.
COURSE = BANK_FOLDER.parent
#: What the name of a quiz for adults ends with.
ADULTS = "-adults"
#: Names of other things in an answers file end so.
_RESERVED = (ADULTS, "-practice", FIRST)


class _BankFields(Strict):
    bank: Id
    lesson: Id
    title: Text
    objectives: dict[Id, Text]
    misconceptions: dict[Id, Text]


class BankFile(_BankFields):
    """A bank as its author writes it: `quizzes/bank/NAME.yaml`."""

    items: Annotated[tuple[Item, ...], Field(min_length=1, strict=False)]


class _Header(_BankFields):
    """A bank whose items are read one by one later, so that no fault hides another."""

    items: Annotated[list[Any], Field(min_length=1)]


class _Items:
    """Something with an id and items of its own."""

    id: str
    items: tuple[Item, ...]

    def item(self, item_id: str) -> Item:
        """Return one item, or raise KeyError with a sentence that names it."""
        for item in self.items:
            if item.id == item_id:
                return item
        raise KeyError(f"{self.id}: no such item: {item_id}")


@dataclass(frozen=True)
class Bank(_Items):
    """The items of one lesson with their objectives and misconceptions."""

    id: str
    lesson: str
    title: str
    objectives: dict[str, str]
    misconceptions: dict[str, str]
    items: tuple[Item, ...]

    @property
    def practice(self) -> tuple[Item, ...]:
        """The items that show their rationale at once."""
        return tuple(item for item in self.items if item.use == "practice")

    @property
    def marked(self) -> tuple[Item, ...]:
        """The items of the marked quizzes, in order."""
        return tuple(item for item in self.items if item.use == "marked")

    @property
    def quizzes(self) -> tuple[MarkedQuiz, ...]:
        """The marked quizzes: one for pupils, and one for adults, of those items that are for them."""
        pupils = tuple(item for item in self.marked if "pupil" in item.audience)
        adults = tuple(item for item in self.marked if "pupil" not in item.audience)
        both = (
            MarkedQuiz(self.id, self.title, self, pupils),
            MarkedQuiz(self.id + ADULTS, f"{self.title}, for adults", self, adults),
        )
        return tuple(quiz for quiz in both if quiz.items)


@dataclass(frozen=True)
class MarkedQuiz(_Items):
    """A quiz that is released, handed in and marked: some of a bank's items, under a name of its own."""

    id: str
    title: str
    bank: Bank
    items: tuple[Item, ...]


def read_bank(path: Path, facts: Facts) -> Bank:
    """Return the bank at `path`, every item checked against `facts`.

    Raises AuthorError that lists all faults: file, line and what to mend.
    """
    return build_bank(read(path), facts)


def build_bank(source: Source, facts: Facts) -> Bank:
    """Return the bank that stands in `source`; faults as `read_bank` has them."""
    header = source.build(_Header, source.data)
    raw = source.data.get("items")
    items: dict[int, Item] = {}
    for index, data in enumerate(raw if isinstance(raw, list) else []):
        place = ("items", index)
        item = source.build(Item, data, place)
        if item:
            items[index] = item
            for where, problem in item_faults(item, header, facts.facts):
                source.fault(place + where, problem)
    if header:
        _check_whole(source, header, raw)
    _check_points(source, items)
    source.finish()
    return Bank(
        header.bank,
        header.lesson,
        header.title,
        header.objectives,
        header.misconceptions,
        tuple(items.values()),
    )


def bank_names() -> list[str]:
    """Return the names of this project's banks, without reading one."""
    return sorted(path.stem for path in BANK_FOLDER.glob("*.yaml"))


@cache
def load_bank(name: str) -> Bank:
    """Return this project's bank called `name`, read once; FileNotFoundError lists the banks there are."""
    path = BANK_FOLDER / f"{name}.yaml"
    if not path.is_file():
        there = ", ".join(bank_names()) or "none"
        raise FileNotFoundError(f"there is no bank called '{name}'; banks here: {there}")
    return read_bank(path, load_facts())


def quiz_names() -> list[str]:
    """Return the names that marked quizzes may have, without reading a bank."""
    return [name + end for name in bank_names() for end in ("", ADULTS)]


def load_quiz(name: str) -> MarkedQuiz:
    """Return the marked quiz called `name`; FileNotFoundError lists the banks, or the quizzes of the bank."""
    bank = load_bank(name.removesuffix(ADULTS))
    for quiz in bank.quizzes:
        if quiz.id == name:
            return quiz
    there = ", ".join(quiz.id for quiz in bank.quizzes) or "none"
    raise FileNotFoundError(f"the bank '{bank.id}' has no marked quiz '{name}'; its quizzes: {there}")


def _check_whole(source: Source, header: _Header, raw: list[Any]) -> None:
    if header.bank != source.path.stem:
        source.fault(("bank",), f"'bank' is '{header.bank}' but the file is called {source.path.name}")
    if header.bank.endswith(_RESERVED) or header.bank.startswith(REVIEW) or header.bank == "checklist":
        source.fault(("bank",), f"a bank cannot be called '{header.bank}': answers are kept under such names")
    ids = [data.get("id") if isinstance(data, dict) else None for data in raw]
    for index, item_id in enumerate(ids):
        if item_id is not None and item_id in ids[:index]:
            source.fault(("items", index, "id"), f"item id '{item_id}' is there twice")
    used = [data.get("objective") for data in raw if isinstance(data, dict)]
    for objective in header.objectives:
        if objective not in used:
            source.fault(("objectives", objective), f"objective '{objective}' has no item")


def _check_points(source: Source, items: dict[int, Item]) -> None:
    # nbgrader shows points to learners. Were they set by the size of the key, they would tell it.
    for kind in ("multiple", "spot"):
        several = {place: item for place, item in items.items() if (item.use, item.kind) == ("marked", kind)}
        first = next(iter(several.values()), None)
        for place, item in several.items():
            if item.points != first.points:
                source.fault(
                    ("items", place, "points"),
                    f"{item.id}: marked items of kind '{kind}' carry the same points "
                    f"({first.id} has {first.points}), or points would hint at the key",
                )
