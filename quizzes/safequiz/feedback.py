"""The page that a pupil gets back: what they answered, why each option is right or not, and whom to talk to.

One page is one file that asks nothing of any other: no script, no picture, no font. It holds what one pupil
answered and earned, and nothing of anybody else.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from markupsafe import Markup
from safecourse.facts import NATION_NAMES, load_facts
from safecourse.routes import load_routes
from safecourse.show import nations_of
from safecourse.words import day

from .bank import ADULTS, COURSE, MarkedQuiz, load_quiz
from .errors import UserError
from .item import Item, content_hash, public_view
from .pages import TEMPLATES, style, templates
from .responses import AnswersError, Response
from .results import ItemMark, PupilResult, results
from .scoring import score
from .submission import SECRET, TIMESTAMP, as_seen, plain_bytes
from .taught import Lesson, read_lesson

#: What nbgrader's release_feedback looks for beside a page.
_BESIDE = (TIMESTAMP, SECRET)
#: What nbgrader puts as a comment where nothing was written. The page says it in its own words.
_NO_RESPONSE = "No response."
#: Who they can tell at school, by nation.
_AT_SCHOOL = "school-safeguarding-lead"
_FOR_CHILDREN = "childline"
#: Headings of the lesson named with one question; more would not help to find it.
_MOST_HEADINGS = 2
#: Answered questions kept ready for the next pupil with the same answer; some 4 KB each.
_MOST_KEPT = 2000

_RIGHT = {True: ("ok", "Right"), False: ("no", "Not right")}
_TO_MARK = {True: ("ok", "One to mark"), False: ("no", "Not one to mark")}
_FIRST = {True: ("ok", "Comes first"), False: ("no", "Does not come first")}
_FOLLOWS = {True: ("ok", "Follows the step above"), False: ("no", "Does not follow the step above")}
_WORTH = {"best": ("ok", "Best choice"), "partly": ("part", "Partly good"), "risky": ("no", "Risky")}


@dataclass(frozen=True, slots=True)
class Row:
    """An option, a line, a step or a choice: how good it is (`ok`, `part`, `no`, or ""), and why."""

    text: str
    tone: str
    word: str
    why: str = ""
    #: "Your answer" or the like, where it is.
    mine: str = ""
    #: Who wrote a line of a chat, and when.
    by: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """Rows under what is said above them, numbered where their order counts."""

    title: str
    rows: list[Row]
    numbered: bool = False
    #: What is said below them.
    end: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """How good a whole answer is (`ok`, `part`, `no`, `wait`, or ""), and in a word or two."""

    tone: str
    word: str


@dataclass(frozen=True)
class Written:
    """What became of one pupil's page."""

    code: str
    #: How many answers a person has yet to mark.
    waiting: int = 0
    problem: str = ""

    def __str__(self) -> str:
        """Return one line for a terminal."""
        if self.problem:
            return f"{self.code}: {self.problem}"
        return f"{self.code}: {_count(self.waiting, 'answer')} to be marked by a person, so this may change"


def write_feedback(name: str, folder: Path = COURSE) -> Iterator[Written]:
    """Write feedback/CODE/NAME/NAME.html for everybody marked; yield what became of each, by code.

    It is where nbgrader puts its own page, which this replaces. Each is written whole or not at all, and only
    if it changed. Raises UserError when nobody has been marked, and what `results` raises.
    """
    pages, marked = pages_of(name), 0
    for result in results(name, folder):
        if not result.marks:
            continue
        marked += 1
        if result.code == ".." or Path(result.code).name != result.code:
            yield Written(result.code, problem="it has no page, as no folder can have this code")
            continue
        home, graded = (folder / step / result.code / name for step in ("feedback", "autograded"))
        if not graded.is_dir():
            yield Written(result.code, problem=f"it has no new page: {result.problem}")
            continue
        try:
            home.mkdir(parents=True, exist_ok=True)
            for beside in _BESIDE:
                if (graded / beside).exists():
                    _write(home / beside, plain_bytes(graded / beside))
            if not (home / SECRET).exists():  # release_feedback would stop there, for the whole class
                _write(home / SECRET, secrets.token_hex(16).encode())
            _write(home / f"{name}.html", pages.page(result).encode())
        except (OSError, AnswersError) as error:
            yield Written(result.code, problem=f"the page could not be written: {error}")
        else:
            lacks = f"the page shows no answers: {result.problem}" if result.problem else ""
            yield Written(result.code, result.waiting, lacks)
    if not marked:
        raise UserError(f"Nobody has been marked for '{name}'. First: python3 -m quizzes grade {name}")


def _write(path: Path, data: bytes) -> None:
    if path.is_file() and path.read_bytes() == data:
        return
    made = path.with_name(f".{path.name}.part")
    made.write_bytes(data)
    if path.exists():
        path.chmod(0o644)  # nbgrader's own may be read-only, which Windows does not replace
    os.replace(made, path)


@cache
def pages_of(name: str) -> FeedbackPages:
    """Return the pages of the quiz `name`. Raises FileNotFoundError for an unknown one, and UserError."""
    quiz = load_quiz(name)
    return FeedbackPages(quiz, read_lesson(quiz.bank.lesson))


class FeedbackPages:
    """The pages of one quiz. What several pupils have in common is made once."""

    def __init__(self, quiz: MarkedQuiz, lesson: Lesson):
        """Prepare the pages of `quiz`, whose bank's lesson is `lesson`."""
        facts, adults = load_facts(), quiz.id.endswith(ADULTS)
        made = templates(day=day, count=_count, nations=nations_of)
        self._quiz, self._frame = quiz, made.get_template("feedback.html.j2")
        self._content = content_hash(public_view(item) for item in quiz.items)
        whom = list(_help(lesson, adults))
        self._same = {
            "quiz": quiz,
            "lesson": lesson,
            "total": len(quiz.items),
            "taught": {item.id: lesson.teaches(item)[:_MOST_HEADINGS] for item in quiz.items},
            "sources": {item.id: [facts.fact(name) for name in item.facts] for item in quiz.items},
            "adults": adults,
            "marker": "whoever marks" if adults else "your teacher",
            "urgent": whom[0]["contact"].how[0],
            "stop": facts.fact("gr-stop-keep-block-tell").says,
            **style(TEMPLATES / "feedback.css"),
        }
        self._parts = made.get_template("feedback_parts.html.j2").make_module(self._same)
        self._same["help"] = self._parts.whom_to_talk_to(whom)
        # Many in a class give the same answer and earn the same for it.
        self._question = lru_cache(_MOST_KEPT)(self._question)

    def page(self, result: PupilResult) -> str:
        """Return the whole page for one pupil, who has marks. Of `result` it shows no name and no address."""
        by_hand = any(mark.manual is not None for mark in result.marks.values())
        other_wording = result.content not in ("", self._content)
        # Who has yet to hand in is not told what is right.
        asked = self._quiz.items if result.responses or result.problem or by_hand or other_wording else ()
        verdicts, questions = [], []
        for number, item in enumerate(asked, start=1):
            response, mark = result.responses.get(item.id, ()), result.marks.get(item.id)
            verdicts.append(_verdict(item, response, mark, result.problem))
            given = response if isinstance(response, str) else tuple(response)
            questions.append(self._question(number, given, mark, verdicts[-1]))
        return self._frame.render(
            self._same,
            result=result,
            code=as_seen(result.code),
            problem=as_seen(result.problem),
            handed_in=f"{day(result.timestamp)}, {result.timestamp:%H:%M} UTC" if result.timestamp else "",
            other_wording=other_wording,
            verdicts=verdicts,
            questions=questions,
        )

    def _question(
        self, number: int, response: tuple[str, ...] | str, mark: ItemMark | None, verdict: Verdict
    ) -> Markup:
        item = self._quiz.items[number - 1]
        comment = mark.comment if mark and mark.comment != _NO_RESPONSE else ""
        written = as_seen(response) if isinstance(response, str) else ""
        parts = _PARTS[item.kind](item, response)
        return self._parts.question(item, number, verdict, parts, mark, written, as_seen(comment))


def _verdict(item: Item, response: Response, mark: ItemMark | None, problem: str) -> Verdict:
    if problem:
        return Verdict("", "Not shown")
    if not response:
        return Verdict("", "No answer")
    if item.kind == "reflection":
        waits = mark is None or mark.waiting
        return Verdict("wait", "Waiting to be read") if waits else Verdict("", "Read")
    share = score(item, response)
    if share.earned == share.possible:
        return Verdict("ok", "Right")
    return Verdict("part", "Partly right") if share.earned else Verdict("no", "Not quite")


def _options(item: Item, chosen: Sequence[str]) -> list[Part]:
    rows = [
        Row(option.text, *_RIGHT[option.key], option.rationale, _mine(option.id in chosen))
        for option in item.options
    ]
    return [Part("", rows)]


def _lines(item: Item, marked: Sequence[str]) -> list[Part]:
    rows = [
        Row(
            line.text,
            *_TO_MARK[line.key],
            line.rationale,
            _mine(line.id in marked, "You marked this"),
            ", ".join(filter(None, (line.by, line.at))),
        )
        for line in item.options
    ]
    return [Part(item.scene or "", rows)]


def _steps(item: Item, order: Sequence[str]) -> list[Part]:
    steps = {option.id: option for option in item.options}
    before = dict(zip(steps, [None, *steps], strict=False))
    theirs = [
        Row(steps[here].text, *(_FIRST if above is None else _FOLLOWS)[before[here] == above])
        for above, here in zip([None, *order], order, strict=False)
    ]
    right = [Row(option.text, "", "", option.rationale) for option in item.options]
    return [Part("Your order", theirs, True)] * bool(order) + [Part("The right order", right, True)]


def _by_nation(item: Item, response: Sequence[str]) -> list[Part]:
    nation, chosen = response or ("", "")
    rows = [
        Row(option.text, *_where(option.nations, nation), option.rationale, _mine(option.id == chosen))
        for option in item.options
    ]
    return [Part(f"Your answer is for {NATION_NAMES[nation]}." if nation else "", rows)]


def _where(nations: tuple[str, ...], nation: str) -> tuple[str, str]:
    *others, last = (NATION_NAMES[each] for each in nations) if nations else ("",)
    names = f"{', '.join(others)} and {last}" if others else last
    if not nations:
        return "no", "Not right in any nation"
    if nation in ("", *nations):
        return "ok", f"Right in {names}"
    return "no", f"Not right in {NATION_NAMES[nation]}, but right in {names}"


def _story(item: Item, way: Sequence[str]) -> list[Part]:
    """Return each decision; those not reached too, by the way that every choice of a marked story takes."""
    parts, step, chosen, last = [], item.steps[0], dict(enumerate(way)), ""
    while step:
        mine = chosen.get(len(parts))
        rows = [
            Row(
                choice.text,
                *_WORTH[choice.worth],
                choice.rationale,
                _mine(choice.id == mine, "You chose this"),
            )
            for choice in step.choices
        ]
        parts.append(Part(step.text, rows))
        last = next((choice.to for choice in step.choices if choice.id == mine), step.choices[0].to)
        step = item.step(last)
    end = next((ending.text for ending in item.endings if ending.id == last), "")
    return [*parts[:-1], Part(parts[-1].title, parts[-1].rows, end=end)]


def _mine(is_mine: bool, words: str = "Your answer") -> str:
    return words if is_mine else ""


_PARTS: dict[str, Callable[[Item, Sequence[str]], list[Part]]] = {
    "single": _options,
    "multiple": _options,
    "spot": _lines,
    "order": _steps,
    "nation": _by_nation,
    "scenario": _story,
    "reflection": lambda _item, _text: [],
}


def _help(lesson: Lesson, adults: bool) -> Iterator[dict[str, Any]]:
    """Yield whom to talk to: those whom the lesson names, and first of all the person at school.

    Pupils find Childline before the police's other numbers and forms.
    """
    routes = load_routes()
    first = (_AT_SCHOOL,) if adults else (_AT_SCHOOL, _FOR_CHILDREN)
    for contact_id in dict.fromkeys((*lesson.contacts[:1], *first, *lesson.contacts)):
        contact = routes.facts.contact(contact_id)
        after = routes.after(contact_id) if contact_id in routes.file.after else ""
        nations = "" if contact.everywhere else nations_of(contact)
        yield {"contact": contact, "after": after, "nations": nations}


def _count(number: float, noun: str) -> str:
    """Return `1 point`, `2.5 points`."""
    return f"{number:g} {noun}{'' if number == 1 else 's'}"
