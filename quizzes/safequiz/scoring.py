"""Score a response against an item. No files, no widgets, no clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from .item import Item, Worth

#: What one decision of a story earns of its share.
WORTH: dict[Worth, float] = {"best": 1.0, "partly": 0.5, "risky": 0.0}


@dataclass(frozen=True, slots=True)
class Score:
    """Points earned of points possible."""

    earned: float
    possible: float


def score(item: Item, response: Sequence[str] | None) -> Score | None:
    """Return the score, or None when the item has not been answered yet.

    `single`: the key earns all points. `multiple` and `spot`: each option of the key that was chosen counts
    for one share, each distractor chosen takes one share away, never below nothing; so choosing everything
    does not pay. `order`: each two steps that rightly follow each other earn one share. `nation`, answered
    by a nation and an option: what is right in that nation earns all. `scenario`: each decision earns its
    worth (best 1, partly one half, risky nothing) as a share of the decisions on the way taken; decisions
    not reached yet, on the shortest way to an ending, earn nothing. Rounded to two decimals, as gradebooks
    show them.

    Raises ValueError for a reflection, which a person marks, and for an id the item does not have, or that
    stands where it cannot: that is a fault in our records, not a wrong answer.
    """
    if item.kind == "reflection":
        raise ValueError(f"{item.id}: a reflection is marked by a person")
    if not response:
        return None
    share = _SHARES[item.kind](item, response)
    return Score(earned=round(share * item.points, 2), possible=float(item.points))


def _single(item: Item, response: Sequence[str]) -> float:
    return float(_options(item, response) == item.key)


def _several(item: Item, response: Sequence[str]) -> float:
    chosen = _options(item, response)
    return max(0, len(chosen & item.key) - len(chosen - item.key)) / len(item.key)


def _order(item: Item, response: Sequence[str]) -> float:
    if len(_options(item, response)) < len(response):
        raise ValueError(f"{item.id}: a step stands there twice")
    right = list(pairwise(option.id for option in item.options))
    return sum(pair in right for pair in pairwise(response)) / len(right)


def _nation(item: Item, response: Sequence[str]) -> float:
    nation, *options = response
    key = item.key_in(nation)
    if not key:
        raise ValueError(f"{item.id}: no such nation: {nation}")
    if len(options) != 1:
        raise ValueError(f"{item.id}: needs one option for {nation}, not {len(options)}")
    return float(_options(item, options) == {key})


def _scenario(item: Item, response: Sequence[str]) -> float:
    taken, here = item.path(response)
    if len(taken) < len(response):
        raise ValueError(f"{item.id}: the story has no such way: {', '.join(response)}")
    return sum(WORTH[choice.worth] for choice in taken) / (len(taken) + _left(item, here.id if here else ""))


def _left(item: Item, step_id: str) -> int:
    """Return how many decisions the shortest way from a step to an ending holds."""
    step = item.step(step_id)
    return 1 + min(_left(item, choice.to) for choice in step.choices) if step else 0


def _options(item: Item, response: Sequence[str]) -> frozenset[str]:
    chosen = frozenset(response)
    unknown = chosen - {option.id for option in item.options}
    if unknown:
        raise ValueError(f"{item.id}: no such option: {', '.join(sorted(unknown))}")
    return chosen


_SHARES = {
    "single": _single,
    "multiple": _several,
    "spot": _several,
    "order": _order,
    "nation": _nation,
    "scenario": _scenario,
}
