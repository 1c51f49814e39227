"""Facts and contacts: dated, sourced, read from YAML. No notebook, no widget, no clock.

A fact that is used must be here; a fact that is here must have a source. Whether one is
overdue depends on the day, so the caller says which day it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import Field, model_validator

from .yamlfile import AuthorError, Fault, Strict, read

FACTS_FOLDER = Path(__file__).resolve().parent.parent / "facts"

Id = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=80)]
Text = Annotated[str, Field(min_length=1)]
Nation = Literal["england", "wales", "scotland", "northern-ireland"]
NATION_NAMES = {
    "england": "England",
    "wales": "Wales",
    "scotland": "Scotland",
    "northern-ireland": "Northern Ireland",
}


class Dated(Strict):
    """What every fact and contact carries: where it holds, where it comes from, and how fresh it is.

    `low` confidence has no place here: what is not sure is not taught.
    """

    id: Id
    nations: Annotated[tuple[Nation, ...], Field(min_length=1, strict=False)]
    source: Annotated[str, Field(pattern=r"^https?://\S+$")]
    source_name: Text
    checked: date
    check_again: date
    confidence: Literal["high", "medium"]

    @property
    def everywhere(self) -> bool:
        """Whether it holds in all of the UK."""
        return len(self.nations) == len(NATION_NAMES)

    @model_validator(mode="after")
    def _is_checked_again_later(self) -> Dated:
        if self.check_again <= self.checked:
            raise ValueError(f"{self.id}: check_again must be later than checked")
        return self


class Fact(Dated):
    """One checked statement in plain words, of one group of its topic.

    A setting says in `says` what it protects from, and in `where`, `set_to` and `under_18` where to find it,
    what to choose, and what somebody under 18 has from the start; its group is the app. A rule of law gives
    its legal name as `formal`, and in `formerly` the names that people still meet.
    """

    group: Id
    says: Text
    title: Text | None = None
    listen_for: Text | None = None
    do: Text | None = None
    as_of: Text | None = None
    where: Text | None = None
    set_to: Text | None = None
    under_18: Text | None = None
    formal: Text | None = None
    formerly: Annotated[tuple[Text, ...], Field(strict=False)] = ()


class How(Strict):
    """One way to reach somebody."""

    kind: Literal["phone", "textphone", "url", "email", "app", "form", "chat", "step", "in-person"]
    label: Text
    value: Text

    @property
    def href(self) -> str:
        """The address behind a link to it, or "" where there is nothing to tap."""
        if self.kind == "phone":
            # "999, then press 55" is for a person to read; only a bare number can be dialled.
            return f"tel:{self.value.replace(' ', '')}" if re.fullmatch(r"[\d ]+", self.value) else ""
        return {"email": f"mailto:{self.value}", "url": self.value}.get(self.kind, "")


class Contact(Dated):
    """Whom to turn to, for what, how, and what they are not for."""

    name: Text
    what_for: Text
    not_for: Text
    how: Annotated[tuple[How, ...], Field(min_length=1, strict=False)]
    hours: Text | None = None
    cost: Text | None = None
    audience: Annotated[tuple[Literal["child", "parent", "school", "anyone"], ...], Field(strict=False)]
    formerly: Annotated[tuple[Text, ...], Field(strict=False)] = ()


class FactsFile(Strict):
    """A file of facts about one topic. `names` gives groups that learners see by name, such as an app's."""

    topic: Text
    names: dict[Id, Text] = Field(default_factory=dict)
    facts: Annotated[tuple[Fact, ...], Field(min_length=1, strict=False)]


class ContactsFile(Strict):
    """The file of contacts."""

    topic: Text
    contacts: Annotated[tuple[Contact, ...], Field(min_length=1, strict=False)]


_File = TypeVar("_File", FactsFile, ContactsFile)


@dataclass(frozen=True)
class Facts:
    """All facts and contacts by id, in the order of their files."""

    facts: dict[str, Fact]
    contacts: dict[str, Contact]
    topics: dict[str, tuple[str, ...]]
    names: dict[str, str] = field(default_factory=dict)

    def group_name(self, group: str) -> str:
        """Return what learners call a group, such as `WhatsApp` for `whatsapp`."""
        return self.names.get(group) or group.replace("-", " ")

    def topic(self, name: str) -> list[Dated]:
        """Return the entries of one file (`grooming` for grooming.yaml); an unknown one raises KeyError."""
        if name not in self.topics:
            raise KeyError(f"no such topic of facts: {name}")
        return [self.facts.get(entry_id) or self.contacts[entry_id] for entry_id in self.topics[name]]

    def fact(self, fact_id: str) -> Fact:
        """Return the fact, or raise KeyError with a sentence that names it."""
        if fact_id not in self.facts:
            raise KeyError(f"no such fact: {fact_id}")
        return self.facts[fact_id]

    def contact(self, contact_id: str) -> Contact:
        """Return the contact, or raise KeyError with a sentence that names it."""
        if contact_id not in self.contacts:
            raise KeyError(f"no such contact: {contact_id}")
        return self.contacts[contact_id]

    def group(self, name: str) -> list[Fact]:
        """Return the facts of one group; an unknown group raises KeyError."""
        found = [fact for fact in self.facts.values() if fact.group == name]
        if not found:
            raise KeyError(f"no such group of facts: {name}")
        return found

    def named(self, name: str) -> list[Fact]:
        """Return the fact of this id, or the facts of this group; an unknown name raises KeyError."""
        return [self.facts[name]] if name in self.facts else self.group(name)

    def entries(self, name: str) -> list[Dated]:
        """Return the entries of a topic or a group, or the one of this id; another name raises KeyError."""
        if name in self.topics:
            return self.topic(name)
        return [self.contacts[name]] if name in self.contacts else [*self.named(name)]

    def overdue(self, today: date) -> list[Dated]:
        """Return the facts and contacts whose day to be checked again has passed."""
        everything: Iterable[Dated] = (*self.facts.values(), *self.contacts.values())
        return [entry for entry in everything if entry.check_again < today]


def read_facts(folder: Path = FACTS_FOLDER) -> Facts:
    """Return every fact and contact under `folder` (`*.yaml`; contacts in `contacts.yaml`, no routes).

    Raises AuthorError naming all faults of all files: file, line and what to mend.
    """
    facts: dict[str, Fact] = {}
    contacts: dict[str, Contact] = {}
    topics: dict[str, tuple[str, ...]] = {}
    names: dict[str, str] = {}
    faults: list[Fault] = []
    for path in sorted(set(folder.glob("*.yaml")) - {folder / "routes.yaml"}):
        known = contacts if path.name == "contacts.yaml" else facts
        model, name = (ContactsFile, "contacts") if known is contacts else (FactsFile, "facts")
        try:
            built = _read_file(path, model, name, known)
            entries = {entry.id: entry for entry in getattr(built, name)}
            known.update(entries)
            names.update(getattr(built, "names", {}))
            topics[path.stem] = tuple(entries)
        except AuthorError as error:
            faults += error.faults
    if faults:
        raise AuthorError(faults)
    return Facts(facts, contacts, topics, names)


@cache
def load_facts() -> Facts:
    """Return this project's facts and contacts, read once."""
    return read_facts()


def _read_file(path: Path, model: type[_File], name: str, known: dict) -> _File:
    source = read(path)
    built = source.build(model, source.data)
    entries = source.data.get(name)
    ids: list[object] = []
    for index, entry in enumerate(entries if isinstance(entries, list) else []):
        entry_id = entry.get("id") if isinstance(entry, dict) else None
        if isinstance(entry_id, str) and (entry_id in ids or entry_id in known):
            source.fault((name, index, "id"), f"'{entry_id}' is there twice")
        ids.append(entry_id)
    source.finish()
    return built
