"""What an item may not do, whoever wrote it. Each fault says what to mend, and where in the item.

These are the faults that would mislead a learner or break a mark; style is for the content check.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from typing import Protocol

from safecourse.facts import NATION_NAMES

from .item import MOST_IDS, Choice, Item, Option, mixes_into_order
from .prose import ADDRESS, PHONE

#: A place in an item, such as ("options", 2, "text"), and what is wrong there.
Where = tuple[str | int, ...]
ItemFault = tuple[Where, str]

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
_TELLTALE_ID = re.compile(
    r"(^|-)(right|wrong|correct|incorrect|key|answer|true|false|best|partly|risky|harmless|distractor|"
    r"warning-sign)(-|$)"
)
#: What tells the order in the id of a step.
_TELLTALE_STEP = re.compile(r"(^|-)(first|second|third|fourth|fifth|sixth|seventh|last|\d+)(-|$)")


#: How many options an item of each kind has, at least and at most.
_OPTIONS = {"single": (3, 6), "multiple": (3, 6), "nation": (3, 6), "order": (3, 7), "spot": (4, MOST_IDS)}
_DECISIONS = (2, 4)
#: The fields that only some kinds have.
_ONLY = {
    "scene": {"spot"},
    "steps": {"scenario"},
    "endings": {"scenario"},
    "story": {"scenario"},
    "rubric": {"reflection"},
    "rationale": {"reflection"},
    "options": set(_OPTIONS),
}
_ONLY_SAYS = {
    "rubric": "only a reflection has a rubric",
    "rationale": "the rationale goes beside each option",
    "options": "a {kind} has no options and no key",
}


class Head(Protocol):
    """What an item may refer to in its bank: objectives and misconceptions, id -> sentence."""

    objectives: Mapping[str, str]
    misconceptions: Mapping[str, str]


def item_faults(item: Item, head: Head | None, facts: Collection[str]) -> Iterator[ItemFault]:
    """Yield every fault of one item: its place in the item, and what to mend.

    With no `head`, because that is faulty itself, what an item refers to there is not looked up.
    """
    if head and item.objective not in head.objectives:
        yield ("objective",), f"{item.id}: no such objective: {item.objective}"
    for index, fact in enumerate(item.facts):
        if fact not in facts:
            yield ("facts", index), f"{item.id}: no such fact: {fact}"
    for where, text in item.texts:
        for pattern, problem in (
            (ADDRESS, "holds a link or an address; those are facts, and belong in course/facts"),
            (PHONE, "holds a phone number; those are facts, and belong in course/facts"),
            (_CATCH_ALL, "must not be 'all of the above' or its like"),
        ):
            if pattern.search(text):
                yield where, f"{item.id}: '{where[-1]}' {problem}"
        if where[-1] == "rationale" and opens_with_verdict(text):
            yield where, f"{_named(item, where)}: the rationale opens with a verdict; say why, not whether"
    if item.use == "marked" and "pupil" in item.audience and len(item.audience) > 1:
        yield ("audience",), f"{item.id}: a marked item is for pupils or for adults, not for both"
    for name, kinds in _ONLY.items():
        if getattr(item, name) and item.kind not in kinds:
            says = _ONLY_SAYS.get(name, "a {kind} has no '{name}'").format(kind=item.kind, name=name)
            yield (name,), f"{item.id}: {says}"
    if item.kind in _OPTIONS:
        yield from _option_faults(item)
    yield from _KINDS[item.kind](item)
    yield from _misconception_faults(item, head.misconceptions if head else None)


def _named(item: Item, where: Where) -> str:
    if where[0] == "options":
        return f"{item.id}, option '{item.options[where[1]].id}'"
    if where[0] == "steps":
        return f"{item.id}, choice '{item.steps[where[1]].choices[where[3]].id}'"
    return item.id


def opens_with_verdict(rationale: str) -> bool:
    """Tell whether a rationale opens by saying right or wrong instead of why."""
    return bool(_VERDICT.match(rationale) or _OPENING_VERDICT.match(rationale))


def _option_faults(item: Item) -> Iterator[ItemFault]:
    fewest, most = _OPTIONS[item.kind]
    if not fewest <= len(item.options) <= most:
        yield (
            ("options",),
            f"{item.id}: needs {_WORDS[fewest]} to {_WORDS[most]} options; it has {len(item.options)}",
        )
    texts: Counter[str] = Counter()
    for index, option in enumerate(item.options):
        place = ("options", index)
        texts[option.text] += 1
        # Case is kept: 'Polish' and 'polish' may be two honest options. In a chat, two lines may be alike.
        if texts[option.text] > 1 and item.kind != "spot":
            yield (*place, "text"), f"{item.id}: option text '{option.text}' is there twice"
        if not option.rationale:
            yield place, f"{item.id}, option '{option.id}': 'rationale' is missing"
        for name in ("by", "at"):
            if getattr(option, name) and item.kind != "spot":
                yield (
                    (*place, name),
                    f"{item.id}, option '{option.id}': only a spot item's lines have '{name}'",
                )
        if option.nations and item.kind != "nation":
            yield (
                (*place, "nations"),
                f"{item.id}, option '{option.id}': only a nation item's options have 'nations'",
            )
        if option.key and item.kind in {"order", "nation"}:
            yield (
                (*place, "key"),
                f"{item.id}, option '{option.id}': a {item.kind} item's options have no 'key'",
            )
    yield from _id_faults(
        item, [(("options", index), option.id) for index, option in enumerate(item.options)]
    )


_WORDS = {3: "three", 4: "four", 6: "six", 7: "seven", 10: "ten"}


def _id_faults(item: Item, ids: list[tuple[Where, str]]) -> Iterator[ItemFault]:
    seen: Counter[str] = Counter()
    for place, name in ids:
        seen[name] += 1
        word = "option" if place[0] == "options" else "choice" if "choices" in place else place[0][:-1]
        if seen[name] > 1:
            yield (*place, "id"), f"{item.id}: {word} id '{name}' is there twice"
        named = f"{item.id}, {word} '{name}'"
        if _TELLTALE_ID.search(name) or (item.kind == "order" and _TELLTALE_STEP.search(name)):
            yield (*place, "id"), f"{named}: the id reaches the learner, so it must not tell right from wrong"


def _misconception_faults(item: Item, known: Mapping[str, str] | None) -> Iterator[ItemFault]:
    parts: list[tuple[Where, str, Option | Choice]] = [
        (("options", index), "option", option) for index, option in enumerate(item.options)
    ]
    for index, step in enumerate(item.steps):
        parts += [(("steps", index, "choices", n), "choice", choice) for n, choice in enumerate(step.choices)]
    for place, word, part in parts:
        name = f"{item.id}, {word} '{part.id}'"
        if isinstance(part, Choice):
            right, needed = part.worth == "best", part.worth != "best"
        else:
            right, needed = part.key, not part.key and item.kind != "order"
        if right and part.misconception:
            yield (*place, "misconception"), f"{name}: the key cannot stand for a misconception"
        if needed and not part.misconception:
            yield place, f"{name}: a distractor must name its misconception"
        if known is not None and part.misconception and part.misconception not in known:
            yield (*place, "misconception"), f"{name}: no such misconception: {part.misconception}"
        if part.id in (known or ()):
            yield (*place, "id"), f"{name}: the id reaches the learner, so it must not name a misconception"


def _single(item: Item) -> Iterator[ItemFault]:
    if len(item.key) != 1:
        yield (
            ("options",),
            f"{item.id}: 'single' needs exactly one option with 'key: true'; it has {len(item.key)}",
        )
    yield from _needs_distractors(item)


def _multiple(item: Item) -> Iterator[ItemFault]:
    if len(item.key) < 2:
        yield (
            ("options",),
            f"{item.id}: 'multiple' needs two or more options with 'key: true'; it has {len(item.key)}",
        )
    yield from _needs_distractors(item)


def _needs_distractors(item: Item) -> Iterator[ItemFault]:
    if len(item.key) == len(item.options):
        yield ("options",), f"{item.id}: needs at least one distractor"


def _spot(item: Item) -> Iterator[ItemFault]:
    if not item.scene:
        yield (), f"{item.id}: a spot item needs a 'scene': what the lines are, such as 'A chat in a game'"
    if item.shuffle:
        yield ("shuffle",), f"{item.id}: the lines of a chat stand in their order, so nothing is shuffled"
    for index, line in enumerate(item.options):
        if not line.by:
            yield ("options", index), f"{item.id}, option '{line.id}': 'by' is missing: who wrote it"
    if not item.key:
        yield ("options",), f"{item.id}: 'spot' needs a line with 'key: true': a warning sign"
    yield from _needs_distractors(item)


def _order(item: Item) -> Iterator[ItemFault]:
    if item.options and mixes_into_order(item):
        yield ("options",), f"{item.id}: these ids would mix into the right order; change the id of a step"
    if item.shuffle:
        yield (
            ("shuffle",),
            f"{item.id}: the steps are mixed, in one way for all, so 'shuffle' is of no use",
        )


def _nation(item: Item) -> Iterator[ItemFault]:
    for nation, name in NATION_NAMES.items():
        rights = [option for option in item.options if nation in option.nations]
        if len(rights) != 1:
            yield (
                ("options",),
                f"{item.id}: in {name} exactly one option must be right; {len(rights)} name it in 'nations'",
            )
    if sum(bool(option.nations) for option in item.options) < 2:
        yield ("options",), f"{item.id}: the same option is right everywhere; make it a 'single'"


def _scenario(item: Item) -> Iterator[ItemFault]:
    if item.shuffle:
        yield ("shuffle",), f"{item.id}: a story is told in its order, so nothing is shuffled"
    steps, endings = [step.id for step in item.steps], [ending.id for ending in item.endings]
    for name, ids in (("steps", steps), ("endings", endings)):
        if not ids:
            yield (), f"{item.id}: a scenario needs {name}"
    ids: list[tuple[Where, str]] = [(("steps", index), name) for index, name in enumerate(steps)]
    ids += [(("endings", index), name) for index, name in enumerate(endings)]
    ways: list[tuple[Where, str]] = []
    for index, step in enumerate(item.steps):
        place: Where = ("steps", index)
        ways += [((*place, "choices", n), choice.id) for n, choice in enumerate(step.choices)]
        yield from _step_faults(item, index)
    yield from _id_faults(item, ids)
    yield from _id_faults(item, ways)
    yield from _way_faults(item)


def _step_faults(item: Item, index: int) -> Iterator[ItemFault]:
    step, place = item.steps[index], ("steps", index)
    name = f"{item.id}, step '{step.id}'"
    if [choice.worth for choice in step.choices].count("best") != 1:
        yield place, f"{name}: needs exactly one choice with 'worth: best'"
    there = {step.id for step in item.steps} | {ending.id for ending in item.endings}
    for number, choice in enumerate(step.choices):
        if choice.to not in there:
            yield (
                (*place, "choices", number, "to"),
                f"{name}: leads to '{choice.to}', which is no step or ending",
            )
    if item.use == "marked" and len({choice.to for choice in step.choices}) > 1:
        yield place, f"{name}: in a marked story all choices lead the same way, or the way would tell the key"


def _way_faults(item: Item) -> Iterator[ItemFault]:
    reached: set[str] = set()
    lengths: set[int] = set()
    ways: list[tuple[str, ...]] = [(item.steps[0].id,)] if item.steps else []
    while ways:
        way = ways.pop()
        reached.add(way[-1])
        step = item.step(way[-1])
        if not step:
            lengths.add(len(way) - 1)
            continue
        for choice in step.choices:
            if choice.to in way:
                yield ("steps",), f"{item.id}: the story goes in a circle at '{choice.to}'"
                return
            ways.append((*way, choice.to))
    fewest, most = _DECISIONS
    if lengths and not (fewest <= min(lengths) and max(lengths) <= most):
        yield (
            ("steps",),
            f"{item.id}: every way through needs {fewest} to {most} decisions; "
            f"it has {min(lengths)} to {max(lengths)}",
        )
    for name in ("steps", "endings"):
        for index, part in enumerate(getattr(item, name)):
            if part.id not in reached:
                yield (name, index), f"{item.id}: no choice leads to '{part.id}'"


def _reflection(item: Item) -> Iterator[ItemFault]:
    if not item.rubric:
        yield (), f"{item.id}: a reflection needs a rubric for whoever marks it"
    if item.use == "practice" and not item.rationale:
        yield (), f"{item.id}: a practice reflection needs a rationale: what a good reply holds"


_KINDS = {
    "single": _single,
    "multiple": _multiple,
    "spot": _spot,
    "order": _order,
    "nation": _nation,
    "scenario": _scenario,
    "reflection": _reflection,
}
