"""An item: one question with everything it needs, and what of it a learner may see.

Pure data. No file, no widget, no clock.
"""

from __future__ import annotations

import hashlib
import json
import textwrap
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Literal

from pydantic import Field
from safecourse.facts import NATION_NAMES, Id, Nation, Text
from safecourse.yamlfile import Strict

Kind = Literal["single", "multiple", "reflection", "spot", "order", "scenario", "nation"]
Audience = Literal["parent", "pupil", "teacher"]
Worth = Literal["best", "partly", "risky"]
#: A written reply longer than this is cut by the page and refused by the reader of answers.
LONGEST_REPLY = 5000
#: The most ids that a response to one item can hold: the lines of the longest `spot`.
MOST_IDS = 10


class Option(Strict):
    """One choice, line or step. Its id never changes; a distractor names the misconception it stands for.

    `by` and `at` belong to the lines of a `spot` item: who wrote it, or the part of a profile, and when.
    `nations` belongs to a `nation` item: where this choice is right.
    """

    id: Id
    text: Text
    key: bool = False
    rationale: str = ""
    misconception: Id | None = None
    by: Text | None = None
    at: Text | None = None
    nations: Annotated[tuple[Nation, ...], Field(strict=False)] = ()


class Choice(Strict):
    """One way on from a step of a story: to another step, or to an ending."""

    id: Id
    text: Text
    worth: Worth
    to: Id
    rationale: Text
    misconception: Id | None = None


class Step(Strict):
    """A point of a story at which the learner decides."""

    id: Id
    text: Text
    choices: Annotated[tuple[Choice, ...], Field(min_length=2, max_length=4, strict=False)]


class Ending(Strict):
    """Where a story may end: what came of it, and why."""

    id: Id
    text: Text


class Item(Strict):
    """One question.

    `single`, `multiple`, `spot`: the options with `key` earn credit. `order`: the options stand in the right
    order. `nation`: an option is right where its `nations` say. `scenario`: steps and endings in place of
    options, the first step first. `reflection`: a rubric, and a person who reads.
    """

    id: Id
    objective: Id
    kind: Kind
    use: Literal["practice", "marked"]
    audience: Annotated[tuple[Audience, ...], Field(min_length=1, strict=False)]
    points: Annotated[int, Field(ge=1, le=5)] = 1
    stem: Text
    shuffle: bool = False
    facts: Annotated[tuple[Id, ...], Field(min_length=1, strict=False)]
    scene: Text | None = None
    options: Annotated[tuple[Option, ...], Field(strict=False)] = ()
    story: Id | None = None
    steps: Annotated[tuple[Step, ...], Field(strict=False)] = ()
    endings: Annotated[tuple[Ending, ...], Field(strict=False)] = ()
    rubric: Annotated[tuple[Text, ...], Field(strict=False)] = ()
    rationale: str = ""
    #: Name of a rule of the content check -> why it does not hold here.
    waive: Annotated[dict[Id, Text], Field(default_factory=dict)]

    @property
    def key(self) -> frozenset[str]:
        """The ids of the options that earn credit, of a kind that has such."""
        return frozenset(option.id for option in self.options if option.key)

    def key_in(self, nation: str) -> str | None:
        """Return the id of the option that is right in `nation`, of a `nation` item."""
        return next((option.id for option in self.options if nation in option.nations), None)

    def step(self, step_id: str) -> Step | None:
        """Return the step of this id, or None when the id is an ending's."""
        return next((step for step in self.steps if step.id == step_id), None)

    def path(self, chosen: Iterable[str]) -> tuple[list[Choice], Step | None]:
        """Return the choices of a story as far as `chosen` leads, and the step it stops at (None: the end).

        An id that is no choice of the step reached ends the way there.
        """
        taken: list[Choice] = []
        here = self.steps[0] if self.steps else None
        for choice_id in chosen:
            found = [choice for choice in (here.choices if here else ()) if choice.id == choice_id]
            if not found:
                break
            taken += found
            here = self.step(found[0].to)
        return taken, here

    @property
    def texts(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """Every text of the item that a learner may come to read, with its place in the item."""
        yield ("stem",), self.stem
        if self.scene:
            yield ("scene",), self.scene
        for index, option in enumerate(self.options):
            for name in ("by", "at"):
                if getattr(option, name):
                    yield ("options", index, name), getattr(option, name)
            yield ("options", index, "text"), option.text
            yield ("options", index, "rationale"), option.rationale
        for index, step in enumerate(self.steps):
            yield ("steps", index, "text"), step.text
            for number, choice in enumerate(step.choices):
                yield ("steps", index, "choices", number, "text"), choice.text
                yield ("steps", index, "choices", number, "rationale"), choice.rationale
        for index, ending in enumerate(self.endings):
            yield ("endings", index, "text"), ending.text
        if self.rationale:
            yield ("rationale",), self.rationale


def public_view(item: Item) -> dict[str, Any]:
    """Return all that a learner may see of a marked item: named fields, nothing else.

    Points are not among them: nbgrader shows those, and the bank sees to it that they hint at nothing.
    """
    view: dict[str, Any] = {
        "id": item.id,
        "kind": item.kind,
        "stem": item.stem,
        "shuffle": item.shuffle,
        "options": [{"id": option.id, "text": option.text} for option in _shown(item)],
    }
    if item.kind == "spot":
        view["scene"] = item.scene
        view["options"] = [
            {"id": line.id, "text": line.text, "by": line.by, "at": line.at or ""} for line in item.options
        ]
    if item.kind == "nation":
        view["nations"] = [{"id": nation, "name": name} for nation, name in NATION_NAMES.items()]
    if item.kind == "scenario":
        view["steps"] = [
            {
                "id": step.id,
                "text": step.text,
                "choices": [
                    # Which ending a story has would tell, so all that is said is that it ends.
                    {"id": way.id, "text": way.text, "to": way.to if item.step(way.to) else ""}
                    for way in step.choices
                ],
            }
            for step in item.steps
        ]
    return view


def practice_view(item: Item, sources: Iterable[dict[str, str]]) -> dict[str, Any]:
    """Return a practice item with its key and rationales, which the page shows at once.

    `sources` are the facts that its rationales stand on: a list of `{"says", "name", "url", "checked"}`.
    """
    view = public_view(item) | {"rationale": item.rationale, "sources": list(sources)}
    for shown, option in zip(view["options"], _shown(item), strict=True):
        shown |= {"key": option.key, "rationale": option.rationale}
        if item.kind == "nation":
            shown["nations"] = list(option.nations)
    if item.kind == "order":
        view["order"] = [option.id for option in item.options]
    if item.kind == "scenario":
        view["endings"] = [{"id": ending.id, "text": ending.text} for ending in item.endings]
        for shown, step in zip(view["steps"], item.steps, strict=True):
            for way, choice in zip(shown["choices"], step.choices, strict=True):
                way |= {"to": choice.to, "worth": choice.worth, "rationale": choice.rationale}
    return view


def _shown(item: Item) -> list[Option]:
    """Return the options as they are first shown; steps to be ordered are mixed, the same way for all."""
    if item.kind != "order":
        return list(item.options)
    return sorted(item.options, key=lambda option: hashlib.sha256(f"{item.id} {option.id}".encode()).digest())


def mixes_into_order(item: Item) -> bool:
    """Tell whether the steps of an `order` item would be shown in their right order.

    The bank refuses such an item. To show another mix instead would tell whoever knows how they are mixed.
    """
    return _shown(item) == list(item.options)


def content_hash(views: Iterable[dict[str, Any]]) -> str:
    """Return eight hex digits that change when any of `views` does.

    Of public views it says nothing about the key, so it may travel with a marked quiz.
    """
    text = json.dumps(list(views), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:8]


_SIGNS = {"single": "( )", "nation": "( )", "multiple": "[ ]", "spot": "[ ]", "order": "__ "}


def plain_text(title: str, views: Iterable[dict[str, Any]]) -> str:
    """Return the questions as text: title, stems and options, never the key."""
    lines = [title]
    for number, view in enumerate(views, start=1):
        lines += ["", *_wrapped(f"{number}. ", view["stem"])]
        lines += _question(view)
    return "\n".join(lines)


def _question(view: dict[str, Any]) -> Iterator[str]:
    if view["kind"] == "reflection":
        yield "   ____"
        return
    if view["kind"] == "spot":
        yield from _wrapped("   ", f"{view['scene']}:")
    if view["kind"] == "nation":
        yield from _wrapped("   Where do you live? ", "  ".join(f"( ) {n['name']}" for n in view["nations"]))
    for option in view["options"]:
        said = ", ".join(filter(None, (option.get("by"), option.get("at"))))
        text = f"{said}: {option['text']}" if said else option["text"]
        yield from _wrapped(f"   {_SIGNS[view['kind']]} ", text)
    for step in view.get("steps", ()):
        yield from _wrapped("   ", step["text"])
        for choice in step["choices"]:
            yield from _wrapped("   ( ) ", choice["text"])


def _wrapped(opening: str, text: str) -> list[str]:
    # Feedback and notebooks show this in a box that does not wrap, and on GitHub it scrolls sideways.
    return textwrap.wrap(
        text, 80, initial_indent=opening, subsequent_indent=" " * len(opening), break_on_hyphens=False
    )
