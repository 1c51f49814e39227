"""What a class's answers say about the class, about each item, and about what to teach again.

Pure: no file, no page, no clock.
"""

from __future__ import annotations

import statistics
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain, combinations
from math import sqrt

from . import scoring
from .bank import MarkedQuiz
from .item import Item, content_hash, public_view
from .responses import Response
from .results import PupilResult

#: With fewer pupils than this, chance decides too much: no item is judged, and none is correlated.
FEW = 20
#: A correlation below this is negative even when it is rounded as the report shows it.
WRONG_WAY = -0.05
#: The share of its points above which an item is said to be easy, and below which it is said to be hard.
EASY, HARD = 0.95, 0.3
#: That nobody chose a distractor says something where others of its item were chosen so often on average: by
#: chance one would then be left out once in twenty times.
SURPRISING = 3
#: Of so few who chose a distractor, nothing is said about how else they did.
FEW_CHOOSERS = 5
#: What is written is shown for a class of at most so many; of a larger one the report's table has it.
READABLE = 300


@dataclass(frozen=True)
class Part:
    """What a response can hold: an option, a step to be put in order, or a choice of a story.

    `worth` is "right", "partly" or "wrong", and "" where that depends on the rest of the response. `heading`
    is the point of the story at which it is offered.
    """

    id: str
    sign: str
    text: str
    worth: str
    misconception: str | None
    heading: str = ""


@dataclass(frozen=True)
class PartCount:
    """How many held a part rightly, and how many in such a way that it stands for its misconception.

    Of a step to be put in order: how many put it straight after the one it should follow, and how many not.
    """

    part: Part
    right: int
    wrong: int

    @property
    def chosen(self) -> int:
        """How many chose an option."""
        return self.right + self.wrong


@dataclass(frozen=True)
class ItemAnalysis:
    """One item: shares are from 0 to 1, and None where nothing can be said."""

    number: int
    item: Item
    answered: int
    #: How many handed in answers, but none to this item.
    silent: int
    #: How many answers a person has yet to mark.
    waiting: int
    #: How many have points for it.
    marked: int
    #: The share of its points that were earned, of those marked; no response earns none.
    facility: float | None
    #: Correlation of its points with those of the other items that no person marks, from -1 to 1.
    discrimination: float | None
    parts: tuple[PartCount, ...]
    #: Why somebody should look at it, a sentence each.
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class ObjectiveAnalysis:
    """The share of the points that were earned in all items of one objective, of those marked, or None."""

    text: str
    items: tuple[int, ...]
    share: float | None


@dataclass(frozen=True)
class Held:
    """A misconception: how many pupils gave an answer that stands for it, of how many that could have."""

    id: str
    sentence: str
    pupils: int
    asked: int
    #: Number of the item -> how many held it there; the most first.
    items: Mapping[int, int]


@dataclass(frozen=True)
class Pupil:
    """One pupil's points; `share` is of what has been marked so far, or None."""

    code: str
    earned: float
    possible: float
    share: float | None
    waiting: int
    answered: int


@dataclass(frozen=True)
class Written:
    """What one pupil wrote; `earned` is None as long as a person has yet to mark it."""

    code: str
    text: str
    earned: float | None


@dataclass
class Analysis:
    """What a class's results say. Lists of pupils are by code."""

    quiz: MarkedQuiz
    #: Everybody who handed in answers and was marked.
    pupils: list[Pupil] = field(default_factory=list)
    #: Who was marked, but handed in no answer to this quiz.
    blank: list[str] = field(default_factory=list)
    #: Who has nothing marked.
    unmarked: list[str] = field(default_factory=list)
    #: Who answered another wording than the quiz has now.
    reworded: list[str] = field(default_factory=list)
    #: Code -> why the answers cannot be shown.
    unreadable: dict[str, str] = field(default_factory=dict)
    items: tuple[ItemAnalysis, ...] = ()
    #: In the order of the bank.
    objectives: tuple[ObjectiveAnalysis, ...] = ()
    #: What to teach again: the most held first.
    misconceptions: tuple[Held, ...] = ()
    #: Item id -> what was written, unless the class is too large for that.
    written: dict[str, list[Written]] = field(default_factory=dict)

    @cached_property
    def content(self) -> str:
        """The version of the questions as they are now."""
        return content_hash(map(public_view, self.quiz.items))

    @property
    def few(self) -> bool:
        """Whether there are too few pupils to judge items by."""
        return len(self.pupils) < FEW

    @property
    def shares(self) -> list[float]:
        """The share of the points that each pupil earned, of what has been marked."""
        return [pupil.share for pupil in self.pupils if pupil.share is not None]

    @property
    def tenths(self) -> list[int]:
        """How many pupils earned up to one tenth of the points, up to two, and so on."""
        counts = Counter(min(9, int(share * 10 + 1e-9)) for share in self.shares)
        return [counts[tenth] for tenth in range(10)]


def analyse(quiz: MarkedQuiz, results: Iterable[PupilResult]) -> Analysis:
    """Return what `results` say about the class, in one pass; a pupil costs some numbers of memory.

    Who handed in no answer at all counts in no figure: they tell nothing about an item.
    """
    found = Analysis(quiz, written={item.id: [] for item in quiz.items if item.kind == "reflection"})
    tallies = {number: _Tally(item) for number, item in enumerate(quiz.items, start=1)}
    beliefs = _Beliefs()
    for result in results:
        if not result.marks:
            found.unmarked.append(result.code)
        elif not _took_part(result):
            found.blank.append(result.code)
        else:
            _note_pupil(found, result)
            total = sum(tally.in_total(result) for tally in tallies.values())
            wrong = {number: tally.note(result, total) for number, tally in tallies.items()}
            beliefs.note(wrong, [tally for tally in tallies.values() if tally.item.id in result.responses])
    found.items = tuple(tally.analysis(number) for number, tally in tallies.items())
    found.objectives = tuple(_objectives(quiz, tallies))
    found.misconceptions = tuple(beliefs.held(quiz.bank.misconceptions))
    return found


def parts(item: Item) -> tuple[Part, ...]:
    """Return what a response to `item` can hold, in the order of the bank; nothing of a reflection."""
    if item.kind == "scenario":
        return tuple(
            Part(way.id, f"{number}{_letter(n)}", way.text, _WORTH[way.worth], way.misconception, step.text)
            for number, step in enumerate(item.steps, start=1)
            for n, way in enumerate(step.choices)
        )
    if item.kind == "order":
        return tuple(
            Part(step.id, str(place), step.text, "", step.misconception)
            for place, step in enumerate(item.options, start=1)
        )
    return tuple(
        Part(
            option.id,
            _letter(place),
            f"{option.by}: {option.text}" if option.by else option.text,
            "" if item.kind == "nation" and option.nations else "right" if option.key else "wrong",
            option.misconception,
        )
        for place, option in enumerate(item.options)
    )


_WORTH = {"best": "right", "partly": "partly", "risky": "wrong"}


def _letter(place: int) -> str:
    return chr(ord("A") + place)


def held_parts(item: Item, response: Response) -> dict[str, bool]:
    """Return what a response holds: id of a part -> whether rightly so.

    Of an `order` it holds every step, rightly where it stands straight after the one it should follow.
    """
    if item.kind == "reflection":
        return {}
    if item.kind == "scenario":
        return {choice.id: choice.worth == "best" for choice in item.path(response)[0]}
    if item.kind == "nation":
        nation, chosen = response
        return {chosen: chosen == item.key_in(nation)}
    if item.kind == "order":
        right, given = _before([option.id for option in item.options]), _before(response)
        return {step: given.get(step) == before for step, before in right.items()}
    return {chosen: chosen in item.key for chosen in response}


def _before(steps: Sequence[str]) -> dict[str, str]:
    """Return for each step the one that stands straight before it, "" for the first."""
    return dict(zip(steps, ["", *steps[:-1]], strict=True))


def chance(item: Item) -> float | None:
    """Return the share of the points that blind choice earns on average; None for a reflection."""
    if item.kind == "reflection":
        return None
    if item.kind == "scenario":
        return _chance_from(item, item.steps[0].id, ())
    if item.kind in ("multiple", "spot"):
        ids = [option.id for option in item.options]
        sets = chain.from_iterable(combinations(ids, size) for size in range(1, len(ids) + 1))
        return statistics.fmean(scoring.score(item, chosen).earned for chosen in sets) / item.points
    # One option in so many is right; and each step follows the right one as often, or comes first.
    return 1 / len(item.options)


def _chance_from(item: Item, step_id: str, taken: tuple[str, ...]) -> float:
    step = item.step(step_id)
    if step is None:
        return scoring.score(item, taken).earned / item.points
    return statistics.fmean(_chance_from(item, way.to, (*taken, way.id)) for way in step.choices)


def _took_part(result: PupilResult) -> bool:
    return bool(result.responses or result.problem or any(mark.earned for mark in result.marks.values()))


def _pupil(result: PupilResult) -> Pupil:
    marked = [mark for mark in result.marks.values() if not mark.waiting]
    possible = sum(mark.possible for mark in marked)
    earned = max(0.0, sum(mark.earned for mark in marked) - result.penalty)
    return Pupil(
        result.code,
        result.earned,
        result.possible,
        min(1.0, earned / possible) if possible else None,
        result.waiting,
        len(result.responses),
    )


def _note_pupil(found: Analysis, result: PupilResult) -> None:
    found.pupils.append(_pupil(result))
    if result.content and result.content != found.content:
        found.reworded.append(result.code)
    if result.problem:
        found.unreadable[result.code] = result.problem
    if len(found.pupils) > READABLE:
        found.written.clear()
    for item_id, texts in found.written.items():
        text, mark = result.responses.get(item_id), result.marks.get(item_id)
        if isinstance(text, str) and text:
            texts.append(Written(result.code, text, mark.earned if mark and not mark.waiting else None))


class _Tally:
    """What is kept of one item while pupils pass by. A rest is a pupil's points in the other items."""

    def __init__(self, item: Item):
        self.item = item
        self._parts = parts(item)
        self._stands_for = {part.id: part.misconception for part in self._parts if part.misconception}
        self.misconceptions = frozenset(self._stands_for.values())
        self._answered = self._silent = self._waiting = 0
        #: Of everybody who has points for the item.
        self.earned, self._rests = array("d"), array("d")
        self._right: Counter[str] = Counter()
        self._wrong: Counter[str] = Counter()
        #: The sum of the rests of all who answered, and of those who held a part wrongly.
        self._rest_of_all = 0.0
        self._rest_of: Counter[str] = Counter()

    def in_total(self, result: PupilResult) -> float:
        """Return the points that count in the total with which the items are compared."""
        mark = result.marks.get(self.item.id)
        return mark.earned if mark and not mark.waiting and self.item.kind != "reflection" else 0.0

    def note(self, result: PupilResult, total: float) -> set[str]:
        """Note what one pupil did, and return the misconceptions that the response stands for."""
        mark, response = result.marks.get(self.item.id), result.responses.get(self.item.id)
        rest = total - self.in_total(result)
        if mark and mark.waiting:
            self._waiting += 1
        elif mark:
            self.earned.append(mark.earned)
            self._rests.append(rest)
        if not response:
            self._silent += not result.problem
            return set()
        self._answered += 1
        self._rest_of_all += rest
        held = held_parts(self.item, response)
        wrong = [part for part, right in held.items() if not right]
        self._right.update(part for part, right in held.items() if right)
        self._wrong.update(wrong)
        self._rest_of.update(dict.fromkeys(wrong, rest))
        return {self._stands_for[part] for part in wrong if part in self._stands_for}

    def analysis(self, number: int) -> ItemAnalysis:
        """Return what became of the item, the `number`th of its quiz."""
        made = ItemAnalysis(
            number=number,
            item=self.item,
            answered=self._answered,
            silent=self._silent,
            waiting=self._waiting,
            marked=len(self.earned),
            facility=statistics.fmean(self.earned) / self.item.points if self._any_read() else None,
            discrimination=self._discrimination(),
            parts=tuple(PartCount(part, self._right[part.id], self._wrong[part.id]) for part in self._parts),
        )
        return made if made.marked < FEW else replace(made, remarks=tuple(self._remarks(made)))

    def _any_read(self) -> bool:
        # Where a person has read nothing yet, those who wrote nothing would make it look like 0%.
        return bool(self.earned) and (not self._waiting or len(self.earned) > self._silent)

    def _discrimination(self) -> float | None:
        if len(self.earned) < FEW or min(len(set(self.earned)), len(set(self._rests))) < 2:
            return None
        return statistics.correlation(self.earned, self._rests)

    def _remarks(self, made: ItemAnalysis) -> Iterator[str]:
        if made.discrimination is not None and made.discrimination < WRONG_WAY:
            yield (
                "Who did well on the other questions did worse on this one. "
                "Read it again with its key: one of them may mislead."
            )
        blind = chance(self.item)
        if made.facility > EASY:
            yield "Nearly all its points were earned. It shows that this is known, and little else."
        elif blind is not None and made.facility <= blind + self._error():
            yield f"Blind guessing would earn about as much ({blind:.0%}). Teach this again, or reword it."
        elif made.facility < HARD:
            yield "Few of its points were earned. Teach this again, or ask whether the question is fair."
        if self.item.kind != "order":
            yield from self._distractor_remarks(made)

    def _error(self) -> float:
        """Return the standard error of the facility."""
        return statistics.pstdev(self.earned) / self.item.points / sqrt(len(self.earned))

    def _distractor_remarks(self, made: ItemAnalysis) -> Iterator[str]:
        distractors = [count for count in made.parts if count.part.worth in ("wrong", "partly")]
        idle = [count.part.sign for count in distractors if not count.chosen]
        chosen = sum(count.chosen for count in distractors)
        if idle and chosen >= SURPRISING * len(distractors):
            yield f"Nobody chose {_listed(idle)}. A wrong answer that nobody believes takes up room."
        strong = [count.part.sign for count in distractors if self._is_for_the_strong(count)]
        if strong:
            yield (
                f"Who chose {_listed(strong)} did better on the other questions than who did not. "
                "Ask some of them why."
            )

    def _is_for_the_strong(self, count: PartCount) -> bool:
        others = self._answered - count.wrong
        if min(count.wrong, others) < FEW_CHOOSERS:
            return False
        theirs = self._rest_of[count.part.id]
        return theirs / count.wrong > (self._rest_of_all - theirs) / others


class _Beliefs:
    """Which misconceptions the pupils who pass by hold. Each pupil counts once for each."""

    def __init__(self) -> None:
        self._pupils: Counter[str] = Counter()
        self._asked: Counter[str] = Counter()
        self._items: dict[str, Counter[int]] = {}

    def note(self, wrong: Mapping[int, set[str]], answered: Iterable[_Tally]) -> None:
        """Note what one pupil's responses stand for, by the item's number, and which items were answered."""
        self._pupils.update(set().union(*wrong.values()))
        self._asked.update(set().union(*(tally.misconceptions for tally in answered)))
        for number, names in wrong.items():
            for name in names:
                self._items.setdefault(name, Counter())[number] += 1

    def held(self, sentences: Mapping[str, str]) -> Iterator[Held]:
        """Yield each misconception that anybody holds, the most held first."""
        for name, pupils in sorted(self._pupils.items(), key=lambda pair: (-pair[1], pair[0])):
            items = dict(self._items[name].most_common())
            yield Held(name, sentences[name], pupils, self._asked[name], items)


def _listed(signs: Sequence[str]) -> str:
    return " or ".join(filter(None, [", ".join(signs[:-1]), signs[-1]]))


def _objectives(quiz: MarkedQuiz, tallies: Mapping[int, _Tally]) -> Iterator[ObjectiveAnalysis]:
    for name, text in quiz.bank.objectives.items():
        of_it = {number: tally for number, tally in tallies.items() if tally.item.objective == name}
        possible = sum(len(tally.earned) * tally.item.points for tally in of_it.values())
        earned = sum(sum(tally.earned) for tally in of_it.values())
        if of_it:
            yield ObjectiveAnalysis(text, tuple(of_it), earned / possible if possible else None)
