"""Read an item bank and refuse what would mislead a learner, with file and line.

All mistakes of a bank are found in one run. A school's own bank, in its own folder, reads the same way.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field
from safecourse.facts import Facts, Id, Text, load_facts
from safecourse.yamlfile import Source, Strict, read

from .item import Item, Option

BANK_FOLDER = Path(__file__).resolve().parent.parent / "bank"

_VERDICT = re.compile(
    r"^(yes|no|right|wrong|correct|incorrect|true|false|good|great|excellent|perfect|exactly|sorry|"
    r"well done|not quite|partly)\b"
    r"(?=\s*[,.!:;–—-]|\s*$)",
    re.IGNORECASE,
)
_OPENING_VERDICT = re.compile(
    r"^(correct|incorrect|well done|not quite|"
    r"(that|this)( is|'s) (right|wrong|correct|incorrect|true|false))\b",
    re.IGNORECASE,
)
_CATCH_ALL = re.compile(r"\b(all|none|both|neither) of (the )?(above|these|below)\b", re.IGNORECASE)
_LINK = re.compile(
    r"https?://|www\.|\b[\w.-]+@[\w-]+\.\w+|\b[\w-]+\.(co\.uk|org\.uk|gov\.uk|police\.uk|org|com|net)\b", re.I
)
_PHONE = re.compile(r"\b(999|112|101|111)\b|(?:\d[ -]?){6,}")
_TELLTALE_ID = re.compile(r"(^|-)(right|wrong|correct|incorrect|key|answer|true|false|best|distractor)(-|$)")


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


@dataclass(frozen=True)
class Bank:
    """The items of one lesson with their objectives and misconceptions."""

    id: str
    lesson: str
    title: str
    objectives: dict[str, str]
    misconceptions: dict[str, str]
    items: tuple[Item, ...]

    def item(self, item_id: str) -> Item:
        """Return one item, or raise KeyError with a sentence that names it."""
        for item in self.items:
            if item.id == item_id:
                return item
        raise KeyError(f"{self.id}: no such item: {item_id}")

    @property
    def practice(self) -> tuple[Item, ...]:
        """The items that show their rationale at once."""
        return tuple(item for item in self.items if item.use == "practice")

    @property
    def marked(self) -> tuple[Item, ...]:
        """The items of the marked quiz, in order."""
        return tuple(item for item in self.items if item.use == "marked")


def read_bank(path: Path, facts: Facts) -> Bank:
    """Return the bank at `path`, every item checked against `facts`.

    Raises AuthorError that lists all faults: file, line and what to mend.
    """
    source = read(path)
    header = source.build(_Header, source.data)
    raw = source.data.get("items")
    items: list[Item] = []
    for index, data in enumerate(raw if isinstance(raw, list) else []):
        place = ("items", index)
        item = source.build(Item, data, place)
        if item:
            items.append(item)
            for where, problem in _item_faults(item, header, facts):
                source.fault(place + where, problem)
    if header:
        _check_whole(source, header, raw)
    _check_points(source, items, raw)
    source.finish()
    return Bank(
        header.bank, header.lesson, header.title, header.objectives, header.misconceptions, tuple(items)
    )


@cache
def load_bank(name: str) -> Bank:
    """Return this project's bank called `name`, read once; FileNotFoundError lists the banks there are."""
    path = BANK_FOLDER / f"{name}.yaml"
    if not path.is_file():
        there = ", ".join(sorted(bank.stem for bank in BANK_FOLDER.glob("*.yaml"))) or "none"
        raise FileNotFoundError(f"there is no bank called '{name}'; banks here: {there}")
    return read_bank(path, load_facts())


def _check_whole(source: Source, header: _Header, raw: list[Any]) -> None:
    if header.bank != source.path.stem:
        source.fault(("bank",), f"'bank' is '{header.bank}' but the file is called {source.path.name}")
    ids = [data.get("id") if isinstance(data, dict) else None for data in raw]
    for index, item_id in enumerate(ids):
        if item_id is not None and item_id in ids[:index]:
            source.fault(("items", index, "id"), f"item id '{item_id}' is there twice")
    used = [data.get("objective") for data in raw if isinstance(data, dict)]
    for objective in header.objectives:
        if objective not in used:
            source.fault(("objectives", objective), f"objective '{objective}' has no item")


def _check_points(source: Source, items: list[Item], raw: Any) -> None:
    # nbgrader shows points to learners. Were they set by the size of the key, they would tell it.
    several = [item for item in items if item.use == "marked" and item.kind == "multiple"]
    for item in several:
        if item.points != several[0].points:
            index = next(place for place, data in enumerate(raw) if data.get("id") == item.id)
            source.fault(
                ("items", index, "points"),
                f"{item.id}: marked items of kind 'multiple' carry the same points "
                f"({several[0].id} has {several[0].points}), or points would hint at the key",
            )


_Where = tuple[str | int, ...]


def _item_faults(item: Item, header: _Header | None, facts: Facts) -> Iterator[tuple[_Where, str]]:
    if header and item.objective not in header.objectives:
        yield ("objective",), f"{item.id}: no such objective: {item.objective}"
    for index, fact in enumerate(item.facts):
        if fact not in facts.facts:
            yield ("facts", index), f"{item.id}: no such fact: {fact}"
    for where, text in _texts(item):
        for pattern, problem in (
            (_LINK, "holds a link or an address; those are facts, and belong in course/facts"),
            (_PHONE, "holds a phone number; those are facts, and belong in course/facts"),
            (_CATCH_ALL, "must not be 'all of the above' or its like"),
        ):
            if pattern.search(text):
                yield where, f"{item.id}: '{where[-1]}' {problem}"
    if item.kind == "reflection":
        yield from _reflection_faults(item)
    else:
        yield from _option_faults(item, header)


def _texts(item: Item) -> Iterator[tuple[_Where, str]]:
    yield ("stem",), item.stem
    yield ("rationale",), item.rationale
    for index, option in enumerate(item.options):
        yield ("options", index, "text"), option.text
        yield ("options", index, "rationale"), option.rationale


def _reflection_faults(item: Item) -> Iterator[tuple[_Where, str]]:
    if item.options:
        yield ("options",), f"{item.id}: a reflection has no options and no key"
    if not item.rubric:
        yield (), f"{item.id}: a reflection needs a rubric for whoever marks it"
    if item.use == "practice" and not item.rationale:
        yield (), f"{item.id}: a practice reflection needs a rationale: what a good reply holds"
    if opens_with_verdict(item.rationale):
        yield ("rationale",), f"{item.id}: the rationale opens with a verdict; say why, not whether"


def _option_faults(item: Item, header: _Header | None) -> Iterator[tuple[_Where, str]]:
    if item.rubric:
        yield ("rubric",), f"{item.id}: only a reflection has a rubric"
    if item.rationale:
        yield ("rationale",), f"{item.id}: the rationale goes beside each option"
    keys, others = len(item.key), len(item.options) - len(item.key)
    if item.kind == "single" and keys != 1:
        yield ("options",), f"{item.id}: 'single' needs exactly one option with 'key: true'; it has {keys}"
    if item.kind == "multiple" and keys < 2:
        yield ("options",), f"{item.id}: 'multiple' needs two or more options with 'key: true'; it has {keys}"
    if others < 1:
        yield ("options",), f"{item.id}: needs at least one distractor"
    if not 3 <= len(item.options) <= 6:
        yield ("options",), f"{item.id}: needs three to six options; it has {len(item.options)}"
    seen: Counter[str] = Counter()
    for index, option in enumerate(item.options):
        place = ("options", index)
        seen[option.id] += 1
        seen[option.text] += 1
        if seen[option.id] > 1:
            yield (*place, "id"), f"{item.id}: option id '{option.id}' is there twice"
        # Case is kept: 'Polish' and 'polish' may be two honest options.
        if seen[option.text] > 1:
            yield (*place, "text"), f"{item.id}: option text '{option.text}' is there twice"
        yield from _one_option_faults(item, option, place, header)


def _one_option_faults(
    item: Item, option: Option, place: _Where, header: _Header | None
) -> Iterator[tuple[_Where, str]]:
    name = f"{item.id}, option '{option.id}'"
    if _TELLTALE_ID.search(option.id):
        yield (*place, "id"), f"{name}: the id reaches the learner, so it must not tell right from wrong"
    if header and option.id in header.misconceptions:
        yield (*place, "id"), f"{name}: the id reaches the learner, so it must not name a misconception"
    if not option.rationale:
        yield place, f"{name}: 'rationale' is missing"
    if opens_with_verdict(option.rationale):
        yield (*place, "rationale"), f"{name}: the rationale opens with a verdict; say why, not whether"
    if option.key and option.misconception:
        yield (*place, "misconception"), f"{name}: the key cannot stand for a misconception"
    if not option.key and not option.misconception:
        yield place, f"{name}: a distractor must name its misconception"
    if header and option.misconception and option.misconception not in header.misconceptions:
        yield (*place, "misconception"), f"{name}: no such misconception: {option.misconception}"


def opens_with_verdict(rationale: str) -> bool:
    """Tell whether a rationale opens by saying right or wrong instead of why."""
    return bool(_VERDICT.match(rationale) or _OPENING_VERDICT.match(rationale))
