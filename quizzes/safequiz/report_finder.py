"""The report finder: a thin edge between a page and `safecourse.routes`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from safecourse.facts import NATION_NAMES, Contact
from safecourse.routes import UNSURE, Route, Routes, Way, load_routes
from safecourse.show import nations_of

from .item import content_hash
from .responses import FILE_NAME, Store
from .widget import Panel

TITLE = "Whom to tell"
NOTE = "Five questions. Each one has an answer for when you are not sure."
HINT = "Not sure? Choose that. You still get a next step."


class Finder(Panel):
    """Five questions, and whom to turn to in order. Nothing of it is kept."""

    def __init__(self, routes: Routes, nation: str = ""):
        """Show the finder of these routes to somebody who lives in `nation`, as far as that is known."""
        self._routes = routes
        super().__init__(quiz=packed(routes), nation=nation)

    def __repr__(self) -> str:
        """Return every situation with whom to turn to, nation by nation, and the hash of the whole."""
        return f"{_in_words(self._routes)}\n\n[finder {content_hash([self.quiz])}]"


def finder() -> Finder:
    """Return the report finder of this course."""
    return Finder(load_routes(), Store(Path.cwd() / FILE_NAME).nation())


def packed(routes: Routes) -> dict[str, Any]:
    """Return the finder as the page gets it. Every text stands in it once; the rest are places in lists.

    `table` gives the place in `outcomes` for each set of answers but the one about danger; the first question
    counts most. An outcome is `[route, first, order]`: a place in `routes`, in `texts` and in `orders`. An
    order lists places in `ids`, the ids of contacts. `danger` has the answers that put the emergency in front
    (`routes[0]` and `orders[0]`), and for each the place in `texts` of what to do first instead.
    """
    texts, ids, orders, outcomes = _Places(), _Places(), _Places(), _Places()
    emergency = routes.file.emergency
    orders[tuple(ids[contact_id] for contact_id in emergency.contacts)]
    shown = [
        {"title": texts[title], "keep": [texts[row] for row in keep], "never": [texts[row] for row in never]}
        for title, keep, never in (
            ("", emergency.keep, emergency.never),
            *((route.title, route.keep, route.never) for route in routes.file.routes),
        )
    ]
    places = {route.id: place for place, route in enumerate(routes.file.routes, 1)}
    table = []
    for answers in routes.combinations():
        if answers["danger"] == "no":
            outcome = routes.outcome(answers)
            order = orders[tuple(ids[contact_id] for contact_id in outcome.contacts)]
            table.append(outcomes[places[outcome.routes[0]], texts[outcome.first], order])
    return {
        "title": TITLE,
        "mode": "finder",
        "note": NOTE,
        "unsure": HINT,
        "questions": [
            {
                "id": question.id,
                "text": question.text,
                "hint": question.hint or "",
                "options": [{"id": option.id, "text": option.text} for option in question.options],
            }
            for question in routes.questions
        ],
        "table": table,
        "outcomes": [list(outcome) for outcome in outcomes],
        "danger": {"yes": texts[emergency.surely], UNSURE: texts[emergency.perhaps]},
        "routes": shown,
        "orders": [list(order) for order in orders],
        "texts": list(texts),
        "ids": list(ids),
        "contacts": {
            contact_id: _card(routes.facts.contact(contact_id), routes.after(contact_id))
            for contact_id in ids
        },
    }


class _Places(dict):
    """Things in the order in which they were first asked for; asking gives the place."""

    def __missing__(self, thing: object) -> int:
        self[thing] = len(self)
        return self[thing]


def _card(contact: Contact, after: str) -> dict[str, Any]:
    return {
        "name": contact.name,
        "how": [{"label": how.label, "value": how.value, "href": how.href} for how in contact.how],
        "hours": contact.hours or "",
        "cost": contact.cost or "",
        "what_for": contact.what_for,
        "not_for": contact.not_for,
        "next": after,
        "checked": contact.checked.isoformat(),
        "nations": "" if contact.everywhere else nations_of(contact),
    }


def _in_words(routes: Routes) -> str:
    emergency = routes.file.emergency
    lines = [TITLE, "", f"Is someone in danger now? {emergency.surely}", f"Not sure? {emergency.perhaps}"]
    lines += [f"In danger: {_names(emergency.contacts, routes)}."]
    for route in routes.file.routes:
        lines += ["", route.title]
        for way in route.ways:
            lines.append(f"- {' / '.join(_said(routes, 'whom', whom) for whom in way.whom)}: {way.first}")
            lines += [f"  {where}: {names}." for where, names in _orders(routes, route, way)]
        lines += [f"  Keep: {' '.join(route.keep)}", f"  Leave alone: {' '.join(route.never)}"]
    return "\n".join(lines)


def _said(routes: Routes, question_id: str, answer: str) -> str:
    question = next(question for question in routes.questions if question.id == question_id)
    return next(option.text for option in question.options if option.id == answer)


def _orders(routes: Routes, route: Route, way: Way) -> Iterator[tuple[str, str]]:
    """Yield the orders of one way and the nations that share each, as it happened in an app."""
    whom = next(whom for whom in way.whom if not route.whom or whom in route.whom)
    shared: dict[tuple[str, ...], list[str]] = {}
    for nation, name in NATION_NAMES.items():
        answers = {"what": route.what[0], "whom": whom, "where": (*way.where, "app")[0], "danger": "no"}
        outcome = routes.outcome({**answers, "nation": nation})
        shared.setdefault(outcome.contacts, []).append(name)
    for contact_ids, nations in shared.items():
        yield " and ".join(nations) if len(nations) < len(NATION_NAMES) else "UK", _names(contact_ids, routes)


def _names(contact_ids: Iterable[str], routes: Routes) -> str:
    return ", ".join(routes.facts.contact(contact_id).name.split(" (")[0] for contact_id in contact_ids)
