"""An item: one question with everything it needs, and what of it a learner may see.

Pure data. No file, no widget, no clock.
"""

from __future__ import annotations

import hashlib
import json
import textwrap
from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import Field
from safecourse.facts import Id, Text
from safecourse.yamlfile import Strict

Audience = Literal["parent", "pupil", "teacher"]
#: A written reply longer than this is cut by the page and refused by the reader of answers.
LONGEST_REPLY = 5000


class Option(Strict):
    """One choice. Its id never changes; a distractor names the misconception it stands for."""

    id: Id
    text: Text
    key: bool = False
    rationale: str = ""
    misconception: Id | None = None


class Item(Strict):
    """One question: `single` and `multiple` have options, `reflection` has a rubric instead."""

    id: Id
    objective: Id
    kind: Literal["single", "multiple", "reflection"]
    use: Literal["practice", "marked"]
    audience: Annotated[tuple[Audience, ...], Field(min_length=1, strict=False)]
    points: Annotated[int, Field(ge=1, le=5)] = 1
    stem: Text
    shuffle: bool = False
    facts: Annotated[tuple[Id, ...], Field(min_length=1, strict=False)]
    options: Annotated[tuple[Option, ...], Field(strict=False)] = ()
    rubric: Annotated[tuple[Text, ...], Field(strict=False)] = ()
    rationale: str = ""

    @property
    def key(self) -> frozenset[str]:
        """The ids of the options that earn credit."""
        return frozenset(option.id for option in self.options if option.key)


def public_view(item: Item) -> dict[str, Any]:
    """Return all that a learner may see of a marked item: named fields, nothing else.

    Points are not among them: nbgrader shows those, and the bank sees to it that they hint at nothing.
    """
    return {
        "id": item.id,
        "kind": item.kind,
        "stem": item.stem,
        "shuffle": item.shuffle,
        "options": [{"id": option.id, "text": option.text} for option in item.options],
    }


def practice_view(item: Item, sources: Iterable[dict[str, str]]) -> dict[str, Any]:
    """Return a practice item with its key and rationales, which the page shows at once.

    `sources` says where its facts come from: a list of `{"name", "url", "checked"}`.
    """
    return public_view(item) | {
        "options": [
            {"id": option.id, "text": option.text, "key": option.key, "rationale": option.rationale}
            for option in item.options
        ],
        "rationale": item.rationale,
        "sources": list(sources),
    }


def content_hash(views: Iterable[dict[str, Any]]) -> str:
    """Return eight hex digits that change when any of `views` does.

    Of public views it says nothing about the key, so it may travel with a marked quiz.
    """
    text = json.dumps(list(views), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def plain_text(title: str, views: Iterable[dict[str, Any]]) -> str:
    """Return the questions as text: title, stems and options, never the key."""
    lines = [title]
    for number, view in enumerate(views, start=1):
        lines += ["", *_wrapped(f"{number}. ", view["stem"])]
        sign = {"single": "( )", "multiple": "[ ]"}.get(view["kind"])
        for option in view["options"]:
            lines += _wrapped(f"   {sign} ", option["text"])
        if not sign:
            lines.append("   ____")
    return "\n".join(lines)


def _wrapped(opening: str, text: str) -> list[str]:
    # Feedback and notebooks show this in a box that does not wrap, and on GitHub it scrolls sideways.
    return textwrap.wrap(text, 80, initial_indent=opening, subsequent_indent=" " * len(opening))
