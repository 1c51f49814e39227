"""Marks answers: pure, for a class at a time; and for nbgrader, the one number it wants from a marked cell.

nbgrader 0.9.6 gives full marks to a marked cell that shows nothing or something that is no number, and
none to one that writes a word to stderr. So `score` returns a bare number and lets nothing else speak.
"""

from __future__ import annotations

import contextlib
import io
import json
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import scoring
from .bank import MarkedQuiz, load_quiz
from .errors import UserError
from .item import Item, content_hash, plain_text, public_view
from .responses import FILE_NAME, Response, fitting, parse


def released_name(name: str) -> str:
    """Return the file name of the released questions of quiz `name`."""
    return f"{name}.quiz.json"


def released_questions(quiz: MarkedQuiz) -> dict[str, Any]:
    """Return what is released of a marked quiz: public views of its items and their version, no key."""
    views = [public_view(item) for item in quiz.items]
    return {"quiz": quiz.id, "title": quiz.title, "content": content_hash(views), "items": views}


def read_released(folder: Path, name: str) -> dict[str, Any]:
    """Return the released questions of `name` in `folder`.

    Raises FileNotFoundError when they are missing, and UserError when they are damaged.
    """
    path = folder / released_name(name)
    if not path.is_file():
        raise FileNotFoundError(
            f"The questions are missing: {path.name} should be in the same folder as this notebook."
        )
    try:
        released = json.loads(path.read_text(encoding="utf-8"))
        plain_text(released["title"], released["items"])  # what cannot be told cannot be shown either
        return {name: released[name] for name in ("quiz", "title", "content", "items")}
    except (ValueError, TypeError, LookupError, AttributeError):
        raise UserError(f"{path.name} is damaged: get a fresh copy of the quiz's folder.") from None


@dataclass(frozen=True, slots=True)
class Marks:
    """What marking makes of the answers to a quiz."""

    #: Item id -> points, or None where a person has to read what was written.
    scores: Mapping[str, float | None]
    #: Item id -> the text, of each reflection that was answered.
    written: Mapping[str, str]


class Marker:
    """Marks answers to one quiz with the key in force. Knows no file, no notebook and no gradebook."""

    def __init__(self, quiz: MarkedQuiz):
        self.name = quiz.id
        self._items = {item.id: item for item in quiz.items}
        self._views = [public_view(item) for item in quiz.items]

    def mark(self, responses: Mapping[str, Any]) -> Marks:
        """Return the marks for `responses`: item id -> response.

        No response to an item earns 0. An item that the quiz does not have is not looked at, and an option
        that the item does not have, or no longer, counts as not chosen.
        """
        fit = fitting(self._views, responses)
        scores = {item_id: self._score(item, fit.get(item_id)) for item_id, item in self._items.items()}
        return Marks(scores, {item_id: fit[item_id] for item_id, points in scores.items() if points is None})

    def _score(self, item: Item, response: Response | None) -> float | None:
        if item.kind == "reflection":
            return None if response else 0.0
        result = scoring.score(item, response)
        return result.earned if result else 0.0


def key_hash(quiz: MarkedQuiz) -> str:
    """Return eight hex digits that change when a mark could: the key, the points, or an item itself.

    Who has the questions could try keys until the digits agree, so they are not for learners.
    """
    views = [public_view(item) for item in quiz.items]
    keys = [
        [
            item.points,
            [[option.id, option.key, option.nations] for option in item.options],
            [[way.id, way.worth, way.to] for step in item.steps for way in step.choices],
        ]
        for item in quiz.items
    ]
    return content_hash([{"asked": content_hash(views), "keys": keys}])


def key_file(name: str, folder: Path) -> Path:
    """Return where `release` notes the key of quiz `name`: beside what nbgrader gives out, not in it."""
    return folder / "source" / f"{name}.key"


def key_changed(quiz: MarkedQuiz, folder: Path) -> bool | None:
    """Tell whether marks could differ from those on the day of release; None when that was not noted."""
    try:
        return key_file(quiz.id, folder).read_text(encoding="utf-8").strip() != key_hash(quiz)
    except FileNotFoundError:
        return None


def score(name: str, item_id: str, folder: Path | None = None) -> float:
    """Return the points earned for one item of quiz `name` by the answers file in `folder`.

    No file earns 0; else as Marker.mark has it. Raises AnswersError for a damaged file, so that the marker
    sees it instead of a quiet 0.
    """
    with (
        warnings.catch_warnings(),
        contextlib.redirect_stderr(io.StringIO()),
        contextlib.redirect_stdout(io.StringIO()),
    ):
        warnings.simplefilter("ignore")
        quiz = load_quiz(name)
        quiz.item(item_id)  # a KeyError that names it, if it is gone
        return Marker(quiz).mark(_responses(Path(folder or Path.cwd()), name)).scores[item_id] or 0.0


def _responses(folder: Path, name: str) -> dict[str, Any]:
    path = folder / FILE_NAME
    if not path.is_file():
        return {}
    return parse(path.read_bytes()).responses(name)
