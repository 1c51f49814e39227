"""The one number that nbgrader wants from a marked cell, and the released questions it is about.

nbgrader 0.9.6 gives full marks to a marked cell that shows nothing or something that is no number, and
none to one that writes a word to stderr. So `score` returns a bare number and lets nothing else speak.
"""

from __future__ import annotations

import contextlib
import io
import json
import warnings
from pathlib import Path
from typing import Any

from . import scoring
from .bank import MarkedQuiz, load_quiz
from .errors import UserError
from .item import content_hash, plain_text, public_view
from .responses import FILE_NAME, fitting, parse


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


def score(name: str, item_id: str, folder: Path | None = None) -> float:
    """Return the points earned for one item of quiz `name` by the answers file in `folder`.

    No file, or no response to this item, earns 0. An option the item no longer has counts as not
    chosen. Raises AnswersError for a damaged file, so that the marker sees it instead of a quiet 0.
    """
    with (
        warnings.catch_warnings(),
        contextlib.redirect_stderr(io.StringIO()),
        contextlib.redirect_stdout(io.StringIO()),
    ):
        warnings.simplefilter("ignore")
        item = load_quiz(name).item(item_id)
        response = _responses(Path(folder or Path.cwd()), name)
        chosen = fitting([public_view(item)], response).get(item_id)
        result = scoring.score(item, chosen)
        return result.earned if result else 0.0


def _responses(folder: Path, name: str) -> dict[str, Any]:
    path = folder / FILE_NAME
    if not path.is_file():
        return {}
    return parse(path.read_bytes()).responses(name)
