"""What a widget asks or shows, as plain HTML: for readers without scripts, and for a page still opening."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader
from safecourse.words import t

TEMPLATES = Path(__file__).parent / "templates"


@cache
def environment() -> Environment:
    """Return the templates of the site. Everything put into one is escaped, unless it says otherwise."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["t"] = t
    return made


def plain(quiz: dict[str, Any]) -> str:
    """Return the questions of a quiz, its settings or its routes, with every word that its JSON holds."""
    ways = _ways(quiz) if quiz["mode"] == "finder" else []
    return environment().get_template("plain.html.j2").render(quiz=quiz, ways=ways)


def _ways(quiz: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the finder's routes: for each way through one, what to do first and whom to tell, in order."""
    found: dict[int, dict[int, list[int]]] = {}
    for route, first, order in quiz["outcomes"]:
        ids = quiz["orders"][order]
        ways = found.setdefault(route, {})
        # With the nation not known all of them are named, so the longest order has everybody.
        ways[first] = max(ways.get(first, []), ids, key=len)
    texts, contacts = quiz["texts"], quiz["contacts"]
    return [
        {
            "title": texts[quiz["routes"][route]["title"]],
            "ways": [
                {"first": texts[first], "names": [contacts[quiz["ids"][place]]["name"] for place in ids]}
                for first, ids in ways.items()
            ],
            "keep": [texts[place] for place in quiz["routes"][route]["keep"]],
            "never": [texts[place] for place in quiz["routes"][route]["never"]],
        }
        for route, ways in sorted(found.items())
    ]
