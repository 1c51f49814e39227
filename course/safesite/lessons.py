"""A lesson as the sections of a page: its text, and what each of its cells shows.

Cells are run here and now, as they are three lines of our own, and what they show must be what is stored: so
the page, the notebook and the facts say the same.
"""

from __future__ import annotations

import ast
import contextlib
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import nbformat
from nbconvert import HTMLExporter
from nbconvert.preprocessors import TagRemovePreprocessor
from safecourse.notebooks import COURSE
from safecourse.show import Sources
from safecourse.words import ENGLISH, asking, is_prose, language, said_all, sentence
from safequiz.errors import UserError
from safequiz.spaced import calendar_plan
from safequiz.widget import Panel, Quiz

from .plain import TEMPLATES, environment, plain

#: A cell with this tag speaks of Jupyter; the site says it in its own way.
JUPYTER_ONLY = "jupyter-only"
#: Where the part for teachers begins, in every lesson.
TEACHERS = "for-teachers"
#: The start page of the course is the home page of the site.
START = "00-start-here"

_MARK = re.compile(r"^(\s*(?:[-*]|\d+\.)\s+|#+\s+|>\s?)?(.*)$")
_ANCHOR = re.compile(r'<a class="anchor-link"[^>]*>[^<]*</a>')
_HEADING = re.compile(r'<h(\d) id="([^"]*)">(.*?)</h\1>', re.DOTALL)
_HEADING_ID = re.compile(r'<h(\d) id="[^"]*">')
_TO_HEADING = re.compile(r'href="#([^"]+)"')
_LINK = re.compile(r"\]\((\d\d-[a-z-]+)\.ipynb(#[^)]*)?\)")


@dataclass(frozen=True)
class Section:
    """A heading and the cells under it, up to the next: the id of its first cell, its level, words and HTML.

    Where a widget goes, the HTML has a slot with the number of its data in `slots`, counted from 0.
    """

    id: str
    level: int
    heading: str
    html: str
    slots: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True)
class Lesson:
    """A lesson read in one language."""

    id: str
    title: str
    promise: str
    minutes: int
    sections: tuple[Section, ...]

    @property
    def name(self) -> str:
        """What the lesson is called in a list: its title up to the colon."""
        return self.title.split(":")[0]

    @property
    def for_teachers(self) -> tuple[Section, ...]:
        """The part for teachers, which the site has on the lesson's teaching page."""
        found: list[Section] = []
        for section in self.sections:
            if section.id == TEACHERS or (found and section.level > 2):
                found.append(section)
            elif found:
                break
        return tuple(found)

    def section(self, section_id: str) -> Section:
        """Return one section. Raises KeyError for one that is not there."""
        for section in self.sections:
            if section.id == section_id:
                return section
        raise KeyError(f"{self.id}: no such section: {section_id}")


def placed(sections: Iterable[Section]) -> tuple[list[Section], list[dict[str, Any]]]:
    """Return these sections with their slots numbered as on one page, and the data of the slots."""
    shown: list[Section] = []
    slots: list[dict[str, Any]] = []
    for section in sections:
        numbers = count(len(slots))
        html = re.sub(
            r'data-slot="\d+"', lambda _, numbers=numbers: f'data-slot="{next(numbers)}"', section.html
        )
        shown.append(replace(section, html=html))
        slots += section.slots
    return shown, slots


def read_lesson(path: Path, elsewhere: Callable[[dict[str, Any]], str]) -> Lesson:
    """Return the lesson in the notebook at `path`, in the language spoken now.

    `elsewhere` gives, for a slot with a page of its own, the HTML that leads there; for others "". Raises
    UserError for a cell that fails, or that shows something else than the notebook holds.
    """
    notebook = nbformat.read(path, as_version=4)
    slots: dict[str, dict[str, Any]] = {}
    for cell, shown in _run(path, notebook):
        if isinstance(shown, Panel):
            slot = slot_of(shown)
            html = elsewhere(slot)
            if not html:
                html = f'<div class="slot" data-slot="0">{plain(slot["quiz"])}</div>'
                slots[cell.id] = slot
            cell.outputs = [nbformat.v4.new_output("execute_result", {"text/html": html})]
        elif language() != ENGLISH:
            data = {"text/markdown": shown._repr_markdown_()}
            if isinstance(shown, Sources):
                data = {"text/html": _in_english(path.stem)}
            cell.outputs = [nbformat.v4.new_output("execute_result", data)]
    with asking(path.stem):
        for cell in notebook.cells:
            if cell.cell_type == "markdown" and JUPYTER_ONLY not in cell.metadata.get("tags", ()):
                cell.source = _LINK.sub(_page, _in_language(cell.source))
    head = next(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    title, promise = _title(head)
    minutes = re.search(r"\*\*.+?:\*\* .*?(\d+)", head)
    return Lesson(path.stem, title, promise, int(minutes[1]) if minutes else 0, _sections(notebook, slots))


def _in_english(lesson_id: str) -> str:
    """Return a link in place of a list of sources: these are in English, and so is their list."""
    url = f"../{page_of(lesson_id)}#where-this-comes-from"
    return environment().get_template("sources.html.j2").render(url=url)


def slot_of(panel: Panel) -> dict[str, Any]:
    """Return what the page needs of a widget: the same JSON, and where its responses are kept."""
    name = panel.name if isinstance(panel, Quiz) else ""
    quiz = said_all(panel.quiz, name.removesuffix("-practice") if name.endswith("-practice") else "facts")
    if quiz["mode"] == "calendar":  # its days are counted from when a reader takes it
        quiz = {name: value for name, value in quiz.items() if name != "text"}
        return {"make": "reminders", "quiz": quiz, **calendar_plan()}
    if name:
        return {"quiz": quiz, "name": name, "content": panel.content}
    return {"quiz": quiz}


def _run(path: Path, notebook: nbformat.NotebookNode) -> Iterator[tuple[nbformat.NotebookNode, Any]]:
    """Run the code cells in turn; yield each that shows something, and what."""
    names: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as nowhere, contextlib.chdir(nowhere), asking("facts"):
        # An empty folder: nobody's own answers may end up in a page.
        for cell in notebook.cells:
            if cell.cell_type != "code":
                continue
            place = f"{path.name}, cell '{cell.id}'"
            try:
                tree = ast.parse(cell.source)
                last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
                exec(compile(tree, place, "exec"), names)
                shown = eval(compile(ast.Expression(last.value), place, "eval"), names) if last else None
            except Exception as error:
                raise UserError(f"{place}: {type(error).__name__}: {error}") from error
            if last is None:
                continue
            stored = cell.outputs[0].get("data", {}).get("text/plain") if cell.outputs else None
            if language() == ENGLISH and stored != repr(shown):
                raise UserError(f"{place}: what is stored is not what it shows. Run: python3 -m quizzes tidy")
            yield cell, shown


def _in_language(markdown: str) -> str:
    """Return Markdown in the language spoken now, line by line; a line that lacks is marked as English."""
    if language() == ENGLISH:
        return markdown
    lines = []
    for line in markdown.splitlines():
        mark, text = _MARK.match(line).groups()
        found = sentence(text) if is_prose(text) else text
        if is_prose(text) and found == text:
            found = f'<span lang="{ENGLISH}">{text}</span>'
        lines.append((mark or "") + found)
    return "\n".join(lines)


def _page(link: re.Match[str]) -> str:
    lesson, anchor = link.groups()
    if language() != ENGLISH and not is_translated(lesson):
        return f"](../{lesson}.html{anchor or ''})"
    return f"]({page_of(lesson)}{anchor or ''})"


def is_translated(lesson: str) -> bool:
    """Tell whether a lesson has a catalogue in the language spoken now."""
    return (COURSE / language() / f"{lesson}.po").is_file()


def page_of(lesson: str) -> str:
    """Return the name of a lesson's page."""
    return "index.html" if lesson == START else f"{lesson}.html"


def _title(text: str) -> tuple[str, str]:
    lines = [re.sub(r"[*`]|</?span[^>]*>", "", line).strip() for line in text.splitlines() if line.strip()]
    return lines[0].lstrip("# "), "".join(lines[1:2])


@cache
def _exporter() -> HTMLExporter:
    exporter = HTMLExporter(template_name="lesson", extra_template_basedirs=[str(TEMPLATES)])
    exporter.register_preprocessor(
        TagRemovePreprocessor(remove_cell_tags={JUPYTER_ONLY}, enabled=True), enabled=True
    )
    return exporter


def _sections(notebook: nbformat.NotebookNode, slots: Mapping[str, dict[str, Any]]) -> tuple[Section, ...]:
    html, _ = _exporter().from_notebook_node(notebook)
    html = _ANCHOR.sub("", html)
    made: list[Section] = []
    anchors: dict[str, str] = {}
    for cell_id, body in re.findall(r"<!--cell ([\w-]+)-->(.*?)<!--/cell-->", html, re.DOTALL):
        heading = _HEADING.match(body.strip())
        own = (slots[cell_id],) if cell_id in slots else ()
        if heading or not made:
            level, anchor, words = heading.groups() if heading else (0, cell_id, "")
            anchors[anchor] = cell_id
            made.append(
                Section(cell_id, int(level), re.sub(r"<[^>]+>", "", words).strip(), body.strip(), own)
            )
        else:
            last = made[-1]
            made[-1] = replace(last, html=last.html + body.strip(), slots=last.slots + own)
    # A section's anchor is its cell's id, which no rewording changes.
    return tuple(
        replace(
            section,
            html=_TO_HEADING.sub(
                lambda link: f'href="#{anchors.get(link[1], link[1])}"',
                _HEADING_ID.sub(r"<h\1>", section.html),
            ),
        )
        for section in made
    )


def to_html(markdown: str) -> str:
    """Return Markdown as HTML, as nbconvert makes it of a lesson's text."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(markdown, id="text")])
    return _sections(notebook, {})[0].html
