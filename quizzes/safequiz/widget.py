"""The quiz widget: a thin edge between a page, a bank and the answers file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anywidget
from safecourse.facts import Facts, load_facts
from traitlets import Dict, Int

from .bank import load_bank
from .item import content_hash, plain_text, practice_view
from .marking import read_released
from .responses import FILE_NAME, Store, fitting, not_saved

STATIC = Path(__file__).parent / "static"


class Quiz(anywidget.AnyWidget):
    """Questions on a page. The page sends `response`; `status` answers once the disk holds it."""

    _esm = STATIC / "quiz.js"
    _css = STATIC / "quiz.css"

    #: `{"title", "mode": "practice" | "marked", "items": [views]}`, never changed after the start.
    quiz = Dict().tag(sync=True)
    #: Item id -> list of option ids, or text. Written by the page.
    response = Dict().tag(sync=True)
    #: How many times the page has sent a response, so that an answer to an older one is not mistaken.
    sent = Int(0).tag(sync=True)
    #: `{"sent", "saved": bool, "note": str}`: what became of the response numbered `sent`.
    status = Dict().tag(sync=True)

    def __init__(self, name: str, quiz: dict[str, Any], content: str, folder: Path, **traits: Any):
        """Show `quiz`, keeping responses under `name` in the answers file of `folder`.

        `content` is the version of the questions: eight hex digits.
        """
        self._name, self._content = name, content
        self._views = quiz["items"]
        self._store = Store(folder / FILE_NAME)
        saved, note = self._store.load(name)
        #: What the file holds of this widget's doing. Another page or kernel may have saved more since.
        self._known = fitting(self._views, saved)
        super().__init__(
            quiz=quiz,
            response=self._known,
            status={"sent": 0, "saved": False, "note": note},
            **traits,
        )
        self.observe(self._save, "sent")

    def _save(self, change: dict[str, Any]) -> None:
        response = fitting(self._views, self.response)
        changed = {item for item in response | self._known if response.get(item) != self._known.get(item)}
        try:
            note = self._store.save(self._name, self._content, response, changed)
        except OSError as error:
            self.status = {"sent": change["new"], "saved": False, "note": not_saved(error)}
            return
        self._known = response
        self.status = {"sent": change["new"], "saved": True, "note": note}

    def __repr__(self) -> str:
        """Return the questions as text and the hash of their content; no responses, no key."""
        # A practice view holds the key, so a changed key shows here; a marked view does not hold it.
        version = f"[{self.quiz['mode']} {content_hash(self._views)}]"
        return f"{plain_text(self.quiz['title'], self._views)}\n\n{version}"


def practice(name: str, *item_ids: str, title: str = "Check yourself") -> Quiz:
    """Return a practice quiz of the bank `name` with these items, in this order (none: all of them).

    Rationales show at once and no mark is kept; chosen options are remembered in the folder.
    Raises AuthorError for a faulty bank, KeyError for an unknown item, ValueError for a marked one.
    """
    bank, facts = load_bank(name), load_facts()
    items = [bank.item(item_id) for item_id in item_ids] or bank.practice
    for item in items:
        if item.use != "practice":
            raise ValueError(f"{item.id} is marked: its key must not reach a page")
    views = [practice_view(item, _sources(item.facts, facts)) for item in items]
    whole = content_hash(practice_view(item, ()) for item in bank.practice)
    quiz = {"title": title, "mode": "practice", "items": views}
    return Quiz(f"{name}-practice", quiz, whole, Path.cwd())


def marked(name: str) -> Quiz:
    """Return the marked quiz `name` from the released questions beside this notebook.

    They hold no key and no rationale. Raises FileNotFoundError when the folder has no such quiz.
    """
    released = read_released(Path.cwd(), name)
    quiz = {"title": released["title"], "mode": "marked", "items": released["items"]}
    return Quiz(name, quiz, released["content"], Path.cwd())


def _sources(fact_ids: tuple[str, ...], facts: Facts) -> list[dict[str, str]]:
    seen = {}
    for fact in map(facts.fact, fact_ids):
        seen[fact.source] = {
            "name": fact.source_name,
            "url": fact.source,
            "checked": fact.checked.isoformat(),
        }
    return list(seen.values())
