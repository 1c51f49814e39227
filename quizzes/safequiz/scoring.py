"""Score a response against an item. No files, no widgets, no clock."""

from __future__ import annotations

from dataclasses import dataclass

from .item import Item


@dataclass(frozen=True, slots=True)
class Score:
    """Points earned of points possible."""

    earned: float
    possible: float


def score(item: Item, response: frozenset[str] | None) -> Score | None:
    """Return the score, or None when the item has not been answered yet.

    `single`: the key earns all points. `multiple`: each option of the key that was chosen counts for
    one share, each distractor chosen takes one share away, never below nothing; so choosing everything
    does not pay. Rounded to two decimals, as gradebooks show them.

    Raises ValueError for a reflection, which a person marks, and for an option id the item does not
    have: that is a fault in our records, not a wrong answer.
    """
    if item.kind == "reflection":
        raise ValueError(f"{item.id}: a reflection is marked by a person")
    if not response:
        return None
    unknown = response - {option.id for option in item.options}
    if unknown:
        raise ValueError(f"{item.id}: no such option: {', '.join(sorted(unknown))}")
    if item.kind == "single":
        share = float(response == item.key)
    else:
        share = max(0, len(response & item.key) - len(response - item.key)) / len(item.key)
    return Score(earned=round(share * item.points, 2), possible=float(item.points))
