"""Each text stands in a page once: where the page shows it, the page's data refers to it.

A lesson says most of what its questions say again as data: options, reasons, facts, sources. Said twice, a
page would be a third larger, and the two could differ.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from bs4 import BeautifulSoup, Comment, NavigableString, Tag
from safequiz.errors import UserError

#: What a reference begins with; `page.js` puts the text, or the address, of the element in its place.
MARK = "~"
#: A reference and the mark on the element take about as much room as a text of this many letters.
_SHORT = 8


def said_once(html: str, data: Any) -> tuple[str, Any]:
    """Return `html` with marks on the elements whose text `data` holds too, and `data` referring to them.

    `~7` stands for the text of the marked element number 7 (from 0, in the order of the page), or under the
    name `url` for its address; and `~` for the one after that which stood last under the same name in `data`.
    Raises UserError for a text that looks like a reference.
    """
    soup = BeautifulSoup(html, "html.parser")
    links = {(link.get("href"), _spaced(link.get_text())): link for link in reversed(soup.find_all("a"))}
    found: dict[Any, Tag] = {}
    wanted = set()
    for text, url in _texts(data):
        if url and (url, text) in links:
            found[url, text] = links[url, text]
        elif len(text) > _SHORT and text == _spaced(text):
            wanted.add(text)
    for node in list(soup.find_all(string=True)):
        text = _spaced(node)
        if text in wanted and not isinstance(node, Comment):
            found[text] = _around(node, text, soup)
            wanted.remove(text)
    for element in found.values():
        element["data-t"] = ""
    order = {id(element): place for place, element in enumerate(soup.select("[data-t]"))}
    places = {key: order[id(element)] for key, element in found.items()}
    last: dict[str, int] = {}

    def refer(place: int, name: str) -> str:
        follows = place == last.get(name, -2) + 1
        last[name] = place
        return MARK if follows else f"{MARK}{place}"

    return str(soup), _referring(data, "", places, refer)


def _around(node: NavigableString, text: str, soup: BeautifulSoup) -> Tag:
    """Return an element that holds this text and nothing else."""
    if len(node.parent.contents) == 1 and node.parent is not soup:
        return node.parent
    element = soup.new_tag("span")
    before, after = re.match(r"(\s*).*?(\s*)$", node, re.DOTALL).groups()
    node.replace_with(before, element, after)
    element.append(NavigableString(text))
    return element


def _texts(data: Any) -> Iterator[tuple[str, str]]:
    """Yield each text in `data`; with the name of a source its address, with others ""."""
    if isinstance(data, dict):
        for key, value in data.items():
            if key.isdigit():
                raise UserError(f"a name in a page's data may not be a number, which JSON puts first: {key}")
            for text, _ in _texts(value):
                yield text, (data.get("url", "") if key == "name" and text == value else "")
    elif isinstance(data, (list, tuple)):
        for value in data:
            yield from _texts(value)
    elif isinstance(data, str):
        if data.startswith(MARK):
            raise UserError(f"a text may not begin with '{MARK}', which stands for a reference: {data[:60]}")
        yield data, ""


def _referring(data: Any, name: str, places: dict[Any, int], refer: Callable[[int, str], str]) -> Any:
    # In the order in which JSON.parse meets them, for that is what "the last one" means.
    if isinstance(data, dict):
        link = places.get((data.get("url"), data.get("name")))
        return {
            key: refer(link, key)
            if link is not None and key in ("name", "url")
            else _referring(value, key, places, refer)
            for key, value in data.items()
        }
    if isinstance(data, (list, tuple)):
        return [_referring(value, "", places, refer) for value in data]
    # Under "url" a reference is to an address, so a text that is one stays.
    known = isinstance(data, str) and name != "url" and data in places
    return refer(places[data], name) if known else data


def _spaced(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()
