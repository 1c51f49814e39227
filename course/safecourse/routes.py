"""Whom to turn to, worked out from five answers. Pure: the data is in `course/facts/routes.yaml`.

The first answers choose a route and a way through it; the nation, and where it happened, choose what a named
set stands for. In danger, or perhaps in danger, the emergency contacts come in front.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from .facts import FACTS_FOLDER, NATION_NAMES, Dated, Facts, Id, Text, load_facts
from .yamlfile import Place, Source, Strict, read

ROUTES_FILE = FACTS_FOLDER / "routes.yaml"

#: In this order the page asks.
QUESTIONS = ("danger", "what", "whom", "where", "nation")
UNSURE = "not-sure"
#: What the code itself takes for granted of two questions.
_MUST_OFFER = {"danger": {"yes", "no"}, "nation": set(NATION_NAMES)}

Ids = Annotated[tuple[Id, ...], Field(strict=False)]
Texts = Annotated[tuple[Text, ...], Field(min_length=1, strict=False)]


class Choice(Strict):
    """One answer that may be given to a question."""

    id: Id
    text: Text


class Question(Strict):
    """One question of the finder. `not-sure` is among the answers to every one."""

    id: Literal["danger", "what", "whom", "where", "nation"]
    text: Text
    hint: Text | None = None
    options: Annotated[tuple[Choice, ...], Field(min_length=2, strict=False)]

    @property
    def ids(self) -> tuple[str, ...]:
        """The answers by id."""
        return tuple(option.id for option in self.options)


class Set(Strict):
    """A name that stands for other contacts in other places: by nation, or by where it happened."""

    by: Literal["nation", "where"]
    stands_for: dict[Id, Ids]


class Way(Strict):
    """Whom to turn to, in order, for some answers to whom and where; a nation may have its own order."""

    whom: Ids
    where: Ids = ()
    first: Text
    contacts: Annotated[tuple[Id, ...], Field(min_length=1, strict=False)]
    instead: dict[Id, Ids] = Field(default_factory=dict)


class Advice(Dated):
    """What to keep and what to leave alone, dated and sourced like a fact."""

    keep: Texts
    never: Texts


class Emergency(Advice):
    """What stands in front of every route when someone is in danger (`surely`) or may be (`perhaps`)."""

    contacts: Annotated[tuple[Id, ...], Field(min_length=1, strict=False)]
    surely: Text
    perhaps: Text


class Route(Advice):
    """One situation: the answers it holds for, and the ways through it."""

    what: Ids
    whom: Ids = ()
    title: Text
    ways: Annotated[tuple[Way, ...], Field(min_length=1, strict=False)]


class RoutesFile(Strict):
    """The whole of routes.yaml."""

    topic: Text
    questions: Annotated[tuple[Question, ...], Field(strict=False)]
    sets: dict[Id, Set]
    after: dict[Id, Id]
    emergency: Emergency
    routes: Annotated[tuple[Route, ...], Field(min_length=1, strict=False)]


@dataclass(frozen=True)
class Outcome:
    """What the finder answers: the routes it follows, what to do first, and whom to turn to in order."""

    routes: tuple[str, ...]
    title: str
    urgent: bool
    first: str
    contacts: tuple[str, ...]
    keep: tuple[str, ...]
    never: tuple[str, ...]


@dataclass(frozen=True)
class Routes:
    """The finder's questions and routes, checked against the contacts and facts they name."""

    file: RoutesFile
    facts: Facts

    @property
    def questions(self) -> tuple[Question, ...]:
        """The questions, in the order in which the page asks them."""
        return self.file.questions

    @property
    def dated(self) -> tuple[Advice, ...]:
        """What of it has a source, and a day to be checked again."""
        return (self.file.emergency, *self.file.routes)

    @property
    def names(self) -> frozenset[str]:
        """The ids of the contacts and facts that the finder may show."""
        contacts = {contact_id for _, _, contact_ids in _lists(self.file) for contact_id in contact_ids}
        return frozenset({*contacts, *self.file.after, *self.file.after.values()})

    def combinations(self) -> Iterator[dict[str, str]]:
        """Yield every set of answers, the last question changing first."""
        for answers in product(*(question.ids for question in self.questions)):
            yield dict(zip(QUESTIONS, answers, strict=True))

    def outcome(self, answers: Mapping[str, str]) -> Outcome:
        """Return whom to turn to. Raises KeyError for a question left out or an answer not offered."""
        for question in self.questions:
            if answers[question.id] not in question.ids:
                raise KeyError(f"no such answer to '{question.id}': {answers[question.id]}")
        found = _find(self.file, answers)
        if found is None:
            raise KeyError(f"no route for {_said(answers)}")
        route, way = found
        nation, danger = answers["nation"], answers["danger"]
        contacts = self._contacts(way.instead.get(nation, way.contacts), answers)
        if danger == "no":
            return Outcome((route.id,), route.title, False, way.first, contacts, route.keep, route.never)
        emergency = self.file.emergency
        return Outcome(
            routes=(emergency.id, route.id),
            title=route.title,
            urgent=True,
            first=emergency.surely if danger == "yes" else emergency.perhaps,
            contacts=tuple(dict.fromkeys((*self._contacts(emergency.contacts, answers), *contacts))),
            keep=(*emergency.keep, *route.keep),
            never=(*emergency.never, *route.never),
        )

    def after(self, contact_id: str) -> str:
        """Return what happens once this contact was told. Raises KeyError for one the finder never shows."""
        return self.facts.fact(self.file.after[contact_id]).says

    def _contacts(self, names: Iterable[str], answers: Mapping[str, str]) -> tuple[str, ...]:
        nation = answers["nation"]
        listed = (
            contact_id
            for name in names
            for contact_id in _stands_for(self.file.sets.get(name), name, answers)
        )
        serving = (
            contact_id
            for contact_id in listed
            if nation not in NATION_NAMES or nation in self.facts.contact(contact_id).nations
        )
        return tuple(dict.fromkeys(serving))


def read_routes(path: Path = ROUTES_FILE, facts: Facts | None = None) -> Routes:
    """Return the routes in `path`; the contacts and facts they name must be in `facts` (else this project's).

    Raises AuthorError naming every fault with file and line: among them a contact that is not there or has no
    word on what happens next, answers that lead nowhere, and a route that no answers lead to.
    """
    facts = facts or load_facts()
    source = read(path)
    file = source.build(RoutesFile, source.data)
    if file is not None:
        for place, problem in _faults(file, facts):
            source.fault(place, problem)
    source.finish()
    assert file is not None
    routes = Routes(file, facts)
    _all_lead_somewhere(routes, source)
    return routes


@cache
def load_routes() -> Routes:
    """Return this project's routes, read once."""
    return read_routes()


def _find(file: RoutesFile, answers: Mapping[str, str]) -> tuple[Route, Way] | None:
    for route in file.routes:
        if answers["what"] not in route.what or (route.whom and answers["whom"] not in route.whom):
            continue
        for way in route.ways:
            if answers["whom"] in way.whom and (not way.where or answers["where"] in way.where):
                return route, way
    return None


def _stands_for(names: Set | None, name: str, answers: Mapping[str, str]) -> tuple[str, ...]:
    if names is None:
        return (name,)
    answer = answers[names.by]
    if answer in names.stands_for:
        return names.stands_for[answer]
    return tuple(contact_id for contact_ids in names.stands_for.values() for contact_id in contact_ids)


def _said(answers: Mapping[str, str]) -> str:
    return ", ".join(f"{question}: {answers[question]}" for question in QUESTIONS)


def _faults(file: RoutesFile, facts: Facts) -> Iterator[tuple[Place, str]]:
    yield from _question_faults(file)
    offered = {question.id: set(question.ids) for question in file.questions}
    for name, names in file.sets.items():
        if name in facts.contacts:
            yield ("sets", name), f"'{name}' is a contact, so it cannot name a set"
        # With the nation not known, all of them count; where it happened has an answer of its own for that.
        needed = set(NATION_NAMES) if names.by == "nation" else offered.get("where", set())
        for answer in sorted(needed - set(names.stands_for)):
            yield ("sets", name, "stands_for"), f"{name}: '{answer}' is missing"
        for answer in names.stands_for:
            if answer not in needed:
                yield (
                    ("sets", name, "stands_for", answer),
                    f"{name}: no such answer to '{names.by}': {answer}",
                )
    for contact_id, fact_id in file.after.items():
        yield from _unknown(("after", contact_id), "after", (contact_id,), facts.contacts)
        if fact_id not in facts.facts:
            yield ("after", contact_id), f"after: no such fact: {fact_id}"
    seen: set[str] = set()
    for index, route in enumerate(file.routes):
        place = ("routes", index)
        if route.id in seen:
            yield (*place, "id"), f"'{route.id}' is there twice"
        seen.add(route.id)
        for question in ("what", "whom"):
            yield from _not_offered(place, route.id, question, getattr(route, question), offered)
        for number, way in enumerate(route.ways):
            here = (*place, "ways", number)
            for question in ("whom", "where"):
                yield from _not_offered(here, route.id, question, getattr(way, question), offered)
            for nation in way.instead:
                if nation not in offered.get("nation", set()):
                    yield (*here, "instead", nation), f"{route.id}: no such answer to 'nation': {nation}"
    lacking = facts.contacts.keys() - file.after.keys()
    for place, owner, names in _lists(file):
        # Only a way may name a set.
        known = {*facts.contacts, *file.sets} if place[0] == "routes" else facts.contacts
        yield from _unknown(place, owner, names, known)
        for index, name in enumerate(names):
            if name in lacking:
                lacking -= {name}
                yield (*place, index), f"no 'after' for the contact {name}: what happens next?"


def _lists(file: RoutesFile) -> Iterator[tuple[Place, str, Ids]]:
    """Yield every list of contacts (or, in a way, sets): its place, whose it is, and the list."""
    for name, names in file.sets.items():
        for answer, ids in names.stands_for.items():
            yield ("sets", name, "stands_for", answer), name, ids
    yield ("emergency", "contacts"), file.emergency.id, file.emergency.contacts
    for index, route in enumerate(file.routes):
        for number, way in enumerate(route.ways):
            here = ("routes", index, "ways", number)
            yield (*here, "contacts"), route.id, way.contacts
            for nation, ids in way.instead.items():
                yield (*here, "instead", nation), route.id, ids


def _question_faults(file: RoutesFile) -> Iterator[tuple[Place, str]]:
    asked = tuple(question.id for question in file.questions)
    if asked != QUESTIONS:
        yield ("questions",), f"the questions must be {', '.join(QUESTIONS)}, in this order"
    for index, question in enumerate(file.questions):
        place = ("questions", index, "options")
        for number, option_id in enumerate(question.ids):
            if option_id in question.ids[:number]:
                yield (*place, number), f"{question.id}: '{option_id}' is there twice"
        for answer in sorted({UNSURE, *_MUST_OFFER.get(question.id, ())} - set(question.ids)):
            yield place, f"{question.id}: '{answer}' must be among the answers"


def _not_offered(
    place: Place, route: str, question: str, answers: Iterable[str], offered: Mapping[str, set[str]]
) -> Iterator[tuple[Place, str]]:
    for answer in answers:
        if answer not in offered.get(question, set()):
            yield (*place, question), f"{route}: no such answer to '{question}': {answer}"


def _unknown(
    place: Place, route: str, names: Iterable[str], known: Iterable[str]
) -> Iterator[tuple[Place, str]]:
    for index, name in enumerate(names):
        if name not in known:
            yield (*place, index), f"{route}: no such contact: {name}"


def _all_lead_somewhere(routes: Routes, source: Source) -> None:
    """Raise AuthorError for answers that lead nowhere, and for a route or way that no answers lead to."""
    taken: set[int] = set()
    nowhere: dict[str, None] = {}
    for answers in routes.combinations():
        found = _find(routes.file, answers)
        if found is None:
            nowhere[
                ", ".join(f"{question}: {answers[question]}" for question in ("what", "whom", "where"))
            ] = None
            continue
        taken.add(id(found[1]))
        if not routes.outcome(answers).contacts:
            source.fault(("routes",), f"{found[0].id}: nobody to turn to for {_said(answers)}")
    for answers in nowhere:
        source.fault(("routes",), f"no route for {answers}")
    for index, route in enumerate(routes.file.routes):
        for number, way in enumerate(route.ways):
            if id(way) not in taken:
                source.fault(("routes", index, "ways", number), f"{route.id}: no answers lead to this way")
    source.finish()
