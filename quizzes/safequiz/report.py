"""The report on a class, for whoever teaches it: one page that stands alone, and a table of every answer.

Pupils are told by their codes. What they wrote is shown as text, and never as anything else.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pygal
from markupsafe import Markup
from pygal.etree import etree
from pygal.style import Style
from safecourse.facts import FACTS_FOLDER, NATION_NAMES
from safecourse.words import day

from . import spreadsheet
from .analysis import FEW, READABLE, Analysis, Held, ItemAnalysis, Part, analyse, held_parts, parts
from .bank import ADULTS, COURSE, MarkedQuiz, load_quiz
from .errors import UserError
from .gradebook import settings
from .item import Item, content_hash, public_view
from .pages import TEMPLATES, style, templates
from .responses import Response, write_whole
from .results import PupilResult, results
from .submission import as_seen
from .taught import Lesson, read_lesson

_LOOK = FACTS_FOLDER.parent / "jupyter/share/nbconvert/templates/safe-online/static/look.css"
#: A larger class has its table of marks in the CSV file alone.
_LONGEST_TABLE = 300
#: More codes than these would hide what else a list says; the CSV file has them all.
_MOST_CODES = 12
#: A misconception held by this share of the class stands out; a pupil with less than the other is named.
_OFTEN, _LOW = 0.2, 0.5
#: So many bars can be told apart; what is held by fewer pupils is folded away.
_MOST_BARS = 10

_COLUMNS = [
    *["code", "question", "item", "objective", "response"],
    *["earned", "possible", "waiting", "misconception", "note"],
]


def write_report(
    name: str, folder: Path = COURSE, out: Path | None = None, key_changed: bool | None = None
) -> tuple[Path, Path]:
    """Write NAME.html and NAME.csv into `out`, or reports/ in the course folder; return where they are.

    Each is written whole or not at all. `key_changed` says whether the key is another than on release, None
    where that is not known. Raises UserError when nobody has been marked, or a file cannot be written;
    FileNotFoundError where there is no course; and what `results` and `read_lesson` raise.
    """
    quiz = load_quiz(name)
    lesson = read_lesson(quiz.bank.lesson)
    settings(folder)  # makes no folder where there is no course
    home = out or folder / "reports"
    page, table = home / f"{name}.html", home / f"{name}.csv"
    try:
        home.mkdir(parents=True, exist_ok=True)
        with spreadsheet.table(table) as write:
            write(_COLUMNS)
            analysis = analyse(quiz, _noting(results(name, folder), quiz, write))
            if not analysis.pupils and not analysis.blank:
                raise UserError(
                    f"Nobody has been marked for '{name}'. First: python3 -m quizzes grade {name}"
                )
        write_whole(page, report_page(analysis, lesson, date.today(), key_changed).encode())
    except OSError as error:
        raise UserError(
            f"The report cannot be written to {home} ({error.strerror}). "
            f"If {page.name} or {table.name} is open in another program, close it there, and try again."
        ) from None
    return page, table


def report_page(analysis: Analysis, lesson: Lesson, today: date, key_changed: bool | None = None) -> str:
    """Return the whole page; `lesson` is that of the quiz's bank. Its size does not grow with the class."""
    shares = analysis.shares
    made = templates(
        people=partial(_people, adults=analysis.quiz.id.endswith(ADULTS)),
        share=partial(_share, few=analysis.few),
        listed=_listed,
        as_seen=as_seen,
    )
    return made.get_template("report.html.j2").render(
        analysis=analysis,
        quiz=analysis.quiz,
        lesson=lesson,
        today=day(today),
        key_changed=key_changed,
        adults=analysis.quiz.id.endswith(ADULTS),
        mean=statistics.fmean(shares) if shares else None,
        median=statistics.median(shares) if shares else None,
        to_mark=sum(pupil.waiting for pupil in analysis.pupils),
        **style(_LOOK, TEMPLATES / "report.css"),
        charts=_charts(analysis),
        taught={held.id: _taught(held, analysis.quiz, lesson) for held in analysis.misconceptions},
        common=_common(analysis),
        low=[pupil.code for pupil in analysis.pupils if pupil.share is not None and pupil.share < _LOW],
        written=next((found.number for found in analysis.items if found.waiting), 1),
        waiting=[pupil.code for pupil in analysis.pupils if pupil.waiting],
        tells_apart=_tells_apart,
        FEW=FEW,
        READABLE=READABLE,
        most_bars=_MOST_BARS,
        most_codes=_MOST_CODES,
        longest_table=_LONGEST_TABLE,
    )


def _taught(held: Held, quiz: MarkedQuiz, lesson: Lesson) -> str:
    """Return the heading under which the lesson teaches what most who hold it got wrong, or ""."""
    headings = lesson.teaches(quiz.items[next(iter(held.items)) - 1])
    return headings[0] if headings else ""


def _common(analysis: Analysis) -> list[Held]:
    """Return what to teach again first: at most three misconceptions that stand out in the class."""
    return [held for held in analysis.misconceptions[:3] if held.pupils >= _OFTEN * len(analysis.pupils)]


def _people(number: int, adults: bool) -> str:
    one, more = ("person", "people") if adults else ("pupil", "pupils")
    return f"{number:,} {one if number == 1 else more}"


def _share(share: float | None, few: bool) -> str:
    """Return a share of points in words; of few pupils, no more exactly than these allow."""
    if share is None:
        return "not marked yet"
    if not few:
        return f"{share:.0%}"
    return {0: "none", 1: "all"}.get(share) or f"about {round(share * 10)} in 10"


def _listed(codes: Sequence[str]) -> Markup:
    """Return codes as text; of a long list its beginning, and how many more there are."""
    one = Markup('<span class="code">{}</span>')
    # Each with its comma, or a line could begin with one.
    said = [
        f"{as_seen(code)}{',' if code != codes[:_MOST_CODES][-1] else ''}" for code in codes[:_MOST_CODES]
    ]
    shown = Markup(" ").join(map(one.format, said))
    more = len(codes) - _MOST_CODES
    return Markup("{} and {:,} more").format(shown, more) if more > 0 else shown


def _tells_apart(found: ItemAnalysis) -> str:
    """Return in words how well an item tells those who know more from those who know less."""
    if found.marked < FEW:
        return "too few are marked to say"
    if found.discrimination is None:
        return "cannot be said, as all earned the same"
    value = round(found.discrimination, 1) + 0.0  # + 0.0: a small negative number would read -0.0
    words = {0.3: "well", 0.2: "a little", 0.0: "hardly"}
    return f"{next((word for least, word in words.items() if value >= least), 'the wrong way')} ({value:.1f})"


# --- charts --------------------------------------------------------------------------------


etree.to_etree()  # with lxml, where that happens to be installed, pygal writes other XML
_DRAWN = {"g", "rect", "text"}
_NOT_DRAWN = {"background", "tooltip-overlay"}


@dataclass(frozen=True)
class _Bar:
    """One bar of a chart: `says` stands at its end, and `accent` makes it stand out."""

    label: str
    value: float
    says: str
    accent: bool = False


def _charts(analysis: Analysis) -> dict[str, Markup]:
    """Return the charts by name: "marks", "teach", "objectives", "items", and the number of each item."""
    share, common = partial(_share, few=analysis.few), _common(analysis)
    tenths = [
        _Bar(f"{10 * tenth} to {10 * tenth + 10}%", count, str(count))
        for tenth, count in reversed(list(enumerate(analysis.tenths)))
    ]
    teach = [
        _Bar(str(place), held.pupils, str(held.pupils), held in common)
        for place, held in enumerate(analysis.misconceptions[:_MOST_BARS], start=1)
    ]
    objectives = [
        _Bar(f"Objective {place}", objective.share or 0, share(objective.share))
        for place, objective in enumerate(analysis.objectives, start=1)
    ]
    items = [
        _Bar(
            f"{'! ' if found.remarks else ''}Question {found.number}",
            found.facility,
            share(found.facility),
            bool(found.remarks),
        )
        for found in sorted(analysis.items, key=lambda found: found.facility or 0)
        if found.facility is not None
    ]
    made = {
        "marks": _chart("marks", "How many earned which share of the points", tenths),
        "teach": _chart("teach", "How many hold each wrong idea", teach),
        "objectives": _chart("objectives", "Share of the points earned, by objective", objectives, 1),
        "items": _chart("items", "Share of the points earned, by question, the hardest first", items, 1),
    }
    for found in analysis.items:
        if found.parts:
            title = f"Question {found.number}: how many chose each answer"
            if found.item.kind == "order":
                title = f"Question {found.number}: how many put each step where it belongs"
            made[str(found.number)] = _chart(f"item-{found.number}", title, _part_bars(found), found.answered)
    return made


def _part_bars(found: ItemAnalysis) -> list[_Bar]:
    if found.item.kind == "order":
        return [_Bar(f"Step {count.part.sign}", count.right, str(count.right)) for count in found.parts]
    return [
        _Bar(
            f"{count.part.sign}, right" if count.part.worth == "right" else count.part.sign,
            count.chosen,
            str(count.chosen),
            count.part.worth in ("wrong", "partly"),
        )
        for count in found.parts
    ]


def _chart(name: str, title: str, bars: Sequence[_Bar], most: float = 0) -> Markup:
    """Return horizontal bars as SVG without script, style or address; the page's stylesheet paints it.

    `most` is the value of a full bar; 0 stands for the largest there is. Without bars there is no chart.
    """
    if not bars:
        return Markup()
    chart = pygal.HorizontalBar(
        width=400,
        height=30 * len(bars) + 8,
        margin=4,
        margin_right=110,
        spacing=6,
        range=(0, most or max(bar.value for bar in bars) or 1),
        style=Style(label_font_size=16, value_font_size=16),
        show_legend=False,
        show_x_labels=False,  # pygal turns a bar chart on its side, and this name with it: these are numbers
        print_values=True,
        print_values_position="top",
        js=(),
        disable_xml_declaration=True,
    )
    chart.x_labels = [bar.label for bar in reversed(bars)]
    values = [
        {
            "value": bar.value,
            "formatter": lambda _, says=bar.says: says,
            "node": {"class": "accent" if bar.accent else "bar"},
        }
        for bar in reversed(bars)
    ]
    chart.add("", values)
    chart.add_xml_filter(partial(_bare, name=name, title=title))
    return Markup(chart.render())


def _bare(svg: Any, name: str, title: str) -> Any:
    """Take out of pygal's drawing what its scripts would need, its own style and its remarks, and name it."""
    for parent in list(svg.iter()):
        for child in list(parent):
            if child.tag not in _DRAWN or _NOT_DRAWN & set(child.attrib.get("class", "").split()):
                parent.remove(child)
    svg.attrib.update({"id": f"chart-{name}", "class": "chart", "role": "img", "aria-label": title})
    return svg


# --- the table -----------------------------------------------------------------------------


def _noting(found: Iterable[PupilResult], quiz: MarkedQuiz, write: Any) -> Iterator[PupilResult]:
    """Yield each result, and write its rows to the table on the way: no class is held in memory."""
    rows = _Rows(quiz)
    for result in found:
        for row in rows.of(result):
            write(row)
        yield result


class _Rows:
    """The rows of the table: one for each pupil and item, or one with the reason why there are none."""

    def __init__(self, quiz: MarkedQuiz):
        self._bank, self._content = quiz.bank, content_hash(map(public_view, quiz.items))
        self._items = [(item, {part.id: part for part in parts(item)}) for item in quiz.items]

    def of(self, result: PupilResult) -> Iterator[list[Any]]:
        """Yield the rows of one pupil; their cells are by _COLUMNS."""
        if not result.marks:
            yield [result.code, *[None] * 8, "nothing is marked"]
            return
        for number, (item, known) in enumerate(self._items, start=1):
            mark, response = result.marks.get(item.id), result.responses.get(item.id)
            held = held_parts(item, response) if response else {}
            wrong = dict.fromkeys(known[part].misconception for part, right in held.items() if not right)
            yield [
                result.code,
                number,
                item.id,
                self._bank.objectives[item.objective],
                as_seen(_in_words(item, known, response)) if response else None,
                mark.earned if mark and not mark.waiting else None,
                mark.possible if mark else None,
                "yes" if mark and mark.waiting else None,
                " / ".join(self._bank.misconceptions[name] for name in wrong if name),
                self._note(result),
            ]

    def _note(self, result: PupilResult) -> str:
        if result.problem or not result.responses:
            return result.problem or "handed in no answers"
        return "answered another wording" if result.content not in ("", self._content) else ""


def _in_words(item: Item, known: Mapping[str, Part], response: Response) -> str:
    """Return a response as a reader would say it."""
    if isinstance(response, str):
        return response
    texts = (known[each].text if each in known else NATION_NAMES[each] for each in response)
    return (" > " if item.kind in ("order", "scenario") else " / ").join(texts)
