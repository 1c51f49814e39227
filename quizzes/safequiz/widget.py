"""The quiz widget: a thin edge between a page, a bank and the answers file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import anywidget
from safecourse.facts import NATION_NAMES, Fact, Facts, load_facts
from safecourse.words import day
from traitlets import Dict, Int, Unicode

from .bank import load_bank
from .item import Item, content_hash, plain_text, practice_view
from .marking import read_released
from .responses import FILE_NAME, FIRST, Response, Store, fitting, not_saved

STATIC = Path(__file__).parent / "static"
FAULT = "Not saved, through a fault in the course. What was saved before is safe."


class Panel(anywidget.AnyWidget):
    """What the module shows on a page; `quiz["mode"]` says which of its pieces."""

    _esm = STATIC / "quiz.js"
    _css = STATIC / "quiz.css"

    #: `{"title", "mode", ...}`, never changed after the start.
    quiz = Dict().tag(sync=True)
    #: Where the learner lives, or "" as long as they have not said so.
    nation = Unicode("").tag(sync=True)
    #: How many times the page has sent something, so that an answer to an older one is not mistaken.
    sent = Int(0).tag(sync=True)
    #: `{"sent", "saved": bool, "note": str}`: what became of what was sent as number `sent`.
    status = Dict().tag(sync=True)

    def _keep(self, change: dict[str, Any]) -> None:
        """Save what the page has sent, and tell it what became of that."""
        try:
            saved, note = True, self._save()
        except OSError as error:
            saved, note = False, not_saved(error)
        except ValueError:  # a fault of ours: the learner must not be left to think that it was saved
            saved, note = False, FAULT
        self.status = {"sent": change["new"], "saved": saved, "note": note}

    def _save(self) -> str:
        """Save what the page has sent; return a sentence for the learner, or "". Raises OSError."""
        raise NotImplementedError  # a panel that keeps nothing is sent nothing


class Quiz(Panel):
    """Questions on a page. The page sends `response`; `status` answers once the disk holds it."""

    #: Item id -> list of ids, or text. Written by the page.
    response = Dict().tag(sync=True)
    #: Practice item id -> what the learner answered when they first asked to check it. Written by the page.
    checked = Dict().tag(sync=True)

    def __init__(
        self, name: str, quiz: dict[str, Any], content: str, folder: Path, views: list[dict[str, Any]]
    ):
        """Show `quiz`, keeping responses to `views` under `name` in the answers file of `folder`.

        `content` is the version of the questions: eight hex digits.
        """
        #: What its responses are kept under, and the version of its questions.
        self.name, self.content = name, content
        self._views = views
        self._store = Store(folder / FILE_NAME)
        answers, note = self._store.open()
        names = (name, name + FIRST) if quiz["mode"] == "practice" else (name,)
        #: What the file holds of this widget's doing. Another page or kernel may have saved more since.
        self._known = {each: fitting(views, answers.responses(each)) for each in names}
        super().__init__(
            quiz=quiz,
            response=self._known[name],
            checked=self._known.get(name + FIRST, {}),
            nation=answers.nation or "",
            status={"sent": 0, "saved": False, "note": note},
        )
        self.observe(self._keep, "sent")

    def _save(self) -> str:
        kept: dict[str, tuple[dict[str, Response], set[str]]] = {}
        for name, known in self._known.items():
            first = name.endswith(FIRST)
            response = fitting(self._views, self.checked if first else self.response)
            changed = {item for item in response | known if response.get(item) != known.get(item)}
            if response or not first:
                # A first try that another page has kept meanwhile stays: it was the first.
                kept[name] = (response, set() if first else changed)
        note = self._store.save_all(self.content, kept)
        self._known |= {name: response for name, (response, _) in kept.items()}
        return note

    def __repr__(self) -> str:
        """Return the questions as text and the hash of their content; no responses, no key."""
        # A practice view holds the key, so a changed key shows here; a marked view does not hold it.
        version = f"[{self.quiz['mode']} {content_hash(self._views)}]"
        return f"{plain_text(self.quiz['title'], self._views)}\n\n{version}"


class Checklist(Quiz):
    """Settings to see to, with a box to tick for each that is done."""

    def __repr__(self) -> str:
        """Return every row as text, and the hash of their content."""
        lines = [self.quiz["title"], self.quiz["note"]]
        for group in self.quiz["groups"]:
            lines += ["", group["name"]]
            for row in group["rows"]:
                told = (("Where", "where"), ("Why", "why"), ("Under 18s", "under_18"))
                lines.append(f"[ ] {row['name']}: {row['set_to']}")
                lines += [f"    {word}: {row[name]}" for word, name in told if row[name]]
                lines.append(f"    Checked: {day(date.fromisoformat(row['checked']))}")
        return "\n".join([*lines, "", f"[checklist {content_hash(self.quiz['groups'])}]"])


class NationChooser(Panel):
    """Where the learner lives: asked once, kept in the answers file, followed by every page."""

    def __init__(self, folder: Path):
        """Show the chooser; the choice is kept in the answers file of `folder`."""
        self._store = Store(folder / FILE_NAME)
        nations = [{"id": nation, "name": name} for nation, name in NATION_NAMES.items()]
        super().__init__(
            quiz={"title": "Where do you live?", "mode": "nation", "nations": nations},
            nation=self._store.nation(),
            status={"sent": 0, "saved": False, "note": ""},
        )
        self.observe(self._keep, "sent")

    def _save(self) -> str:
        return self._store.save_nation(self.nation if self.nation in NATION_NAMES else "")

    def __repr__(self) -> str:
        """Return the question as text."""
        names = ", ".join(NATION_NAMES.values())
        return f"Where do you live? {names}.\nUntil you say so, this page shows all four."


def practice(name: str, *item_ids: str, title: str = "Check yourself") -> Quiz:
    """Return a practice quiz of the bank `name` with these items, in this order (none: all of them).

    Rationales show at once and no mark is kept; chosen options are remembered in the folder.
    Raises AuthorError for a faulty bank, KeyError for an unknown item, ValueError for a marked one.
    """
    bank = load_bank(name)
    items = [bank.item(item_id) for item_id in item_ids] or bank.practice
    whole = content_hash(practice_view(item, ()) for item in bank.practice)
    return practice_of(f"{name}-practice", title, items, whole)


def practice_of(name: str, title: str, items: Sequence[Item], content: str = "") -> Quiz:
    """Return a practice quiz of these items, kept under `name`. Raises ValueError for a marked item."""
    facts = load_facts()
    for item in items:
        if item.use != "practice":
            raise ValueError(f"{item.id} is marked: its key must not reach a page")
    views = [practice_view(item, sources_of(item.facts, facts)) for item in items]
    quiz = {"title": title, "mode": "practice", "items": views}
    return Quiz(name, quiz, content or content_hash(views), Path.cwd(), views)


def marked(name: str) -> Quiz:
    """Return the marked quiz `name` from the released questions beside this notebook.

    They hold no key and no rationale. Raises FileNotFoundError when the folder has no such quiz.
    """
    released = read_released(Path.cwd(), name)
    quiz = {"title": released["title"], "mode": "marked", "items": released["items"]}
    return Quiz(name, quiz, released["content"], Path.cwd(), released["items"])


def checklist(title: str, *ids_or_groups: str) -> Checklist:
    """Return the settings of these facts or groups of facts as rows to tick, one part for each group.

    Raises KeyError for an id that is not there, and ValueError for a fact that is no setting.
    """
    known = load_facts()
    groups: dict[str, list[Fact]] = {}
    for name in ids_or_groups:
        for fact in known.named(name):
            groups.setdefault(fact.group, []).append(fact)
    shown = [
        {"id": group, "name": known.group_name(group), "rows": [_setting(fact) for fact in facts]}
        for group, facts in groups.items()
    ]
    note = "Tick what you have done. Your ticks are kept for you."
    quiz = {"title": title, "mode": "checklist", "note": note, "groups": shown}
    # A row is kept as an item of its own, so that two lists, or two pages, leave each other's ticks alone.
    views = [
        {"id": row["id"], "kind": "single", "options": [{"id": "done"}]}
        for group in shown
        for row in group["rows"]
    ]
    return Checklist("checklist", quiz, content_hash(shown), Path.cwd(), views)


def nation_chooser() -> NationChooser:
    """Return the question where the learner lives, which every page that differs by nation asks."""
    return NationChooser(Path.cwd())


def _setting(fact: Fact) -> dict[str, str]:
    if not (fact.where and fact.set_to):
        raise ValueError(f"{fact.id} is no setting: it needs 'where' and 'set_to'")
    return {
        "id": fact.id,
        "name": fact.title or fact.id,
        "set_to": fact.set_to,
        "where": fact.where,
        "why": fact.says,
        "under_18": fact.under_18 or "",
        "checked": fact.checked.isoformat(),
    }


def sources_of(fact_ids: tuple[str, ...], facts: Facts) -> list[dict[str, str]]:
    """Return the facts that an item's rationales stand on, each with its source."""
    return [
        {
            "says": fact.says,
            "name": fact.source_name,
            "url": fact.source,
            "checked": fact.checked.isoformat(),
        }
        for fact in map(facts.fact, fact_ids)
    ]
