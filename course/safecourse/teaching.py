"""Fill the facts into the teaching pages, so that none is typed there.

A page says which facts it shows, between two comments that Markdown does not show:

    <!-- facts: gr-secrecy, cu-01 -->
    <!-- end -->

and `python3 -m quizzes tidy` writes them in between, from `course/facts`, with their sources. `contacts`
works the same way. Teachers read these pages as plain Markdown, so the links are Markdown's own.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from . import show
from .facts import load_facts
from .yamlfile import Fault

TEACHING_FOLDER = Path(__file__).resolve().parent.parent / "teaching"
_BLOCK = re.compile(
    r"^<!-- *(?P<kind>facts|contacts): *(?P<names>[^>]*?) *-->\n(?P<filling>(?:(?!<!--).*\n)*?)<!-- end -->$",
    re.MULTILINE,
)
_ASKING = re.compile(r"^\s*<!-- *(facts|contacts)\b")


@dataclass(frozen=True)
class Block:
    """One place of a page that is filled in: what it asks for, its line, and where in the text it stands."""

    kind: str
    names: tuple[str, ...]
    line: int
    start: int
    end: int


def pages(folder: Path = TEACHING_FOLDER) -> list[Path]:
    """Return the teaching pages, in order."""
    return sorted(folder.glob("[0-9][0-9]-*.md"))


def blocks(text: str) -> Iterator[Block]:
    """Return the blocks of a page; `start` and `end` enclose what is filled in."""
    for found in _BLOCK.finditer(text):
        names = tuple(name.strip() for name in found["names"].split(",") if name.strip())
        line = text.count("\n", 0, found.start()) + 1
        yield Block(found["kind"], names, line, *found.span("filling"))


def fill(text: str) -> str:
    """Return a page with every block filled in afresh; one that asks for an unknown id stays as it is."""
    for block in reversed(list(blocks(text))):
        with suppress(KeyError):
            text = text[: block.start] + _filling(block) + text[block.end :]
    return text


def problems(path: Path) -> list[Fault]:
    """Return what keeps a teaching page from being committed, with its line; [] when all is well."""
    text = path.read_text(encoding="utf-8")
    found = [Fault(path, line, "needs '<!-- end -->' below it, on a line of its own") for line in _open(text)]
    for block in blocks(text):
        try:
            filling = _filling(block)
        except KeyError as error:
            found.append(Fault(path, block.line, error.args[0]))
            continue
        if filling != text[block.start : block.end]:
            found.append(Fault(path, block.line, "not what course/facts holds. Run: python3 -m quizzes tidy"))
    return found


def tidy_pages(check: bool = False, folder: Path = TEACHING_FOLDER) -> list[Fault]:
    """Fill in every teaching page in `folder`, or with `check` only report; return the problems left."""
    for path in [] if check else pages(folder):
        text = path.read_text(encoding="utf-8")
        if fill(text) != text:
            path.write_text(fill(text), encoding="utf-8", newline="\n")
    return [problem for path in pages(folder) for problem in problems(path)]


def _open(text: str) -> list[int]:
    """Return the lines of the comments that ask for something but belong to no block."""
    closed = {block.line for block in blocks(text)}
    asking = (number for number, line in enumerate(text.splitlines(), start=1) if _ASKING.match(line))
    return [number for number in asking if number not in closed]


def _filling(block: Block) -> str:
    """Return what belongs between the comments. Raises KeyError with a sentence for what is not there."""
    if not block.names:
        raise KeyError(f"names no {block.kind}")
    if block.kind == "contacts":
        return f"\n{_markdown_links(show.contacts(*block.names))}\n\n"
    return f"\n{_markdown_links(show.facts(*block.names))}\n\n{_origin(block.names)}\n\n"


def _markdown_links(shown: show.Shown) -> str:
    return re.sub(
        r'<a href="([^"]*)"[^>]*>(.*?)</a>',
        lambda link: f"[{link[2]}](<{html.unescape(link[1])}>)",
        shown._repr_markdown_(),
    )


def _origin(names: tuple[str, ...]) -> str:
    """Return where the facts come from: a page outside the lessons has no list of sources."""
    known = load_facts()
    entries = [fact for name in names for fact in known.named(name)]
    links = {entry.source: f"[{entry.source_name}](<{entry.source}>)" for entry in entries}
    oldest = min(entry.checked for entry in entries)
    return f"From: {'; '.join(links.values())}. Checked {show.day(oldest)}."
