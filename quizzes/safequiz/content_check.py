"""The content check: what keeps lessons and items good, as rules that explain themselves.

Pure: takes the material, returns findings, prints nothing. What would break a quiz or mislead a learner is
refused when a bank is read (`rules.py`); here is what makes an item too easy, too hard or too old.

An item may waive a rule: `waive: {cue-words: The word is the name of the app.}`. Then the rule does not see
that item. So a rule over a whole bank can be waived too, and a waiver that changes nothing can be found.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from pathlib import Path

from . import guessing, prose
from .guessing import Habit, Question, Score
from .item import Item
from .material import Material, Page, Sheet

#: Under which a measured grade may stay. Pupils from 11 read their items alone.
LESSON_GRADE = STEM_GRADE = ITEM_GRADE = 7.0
PUPIL_ITEM_GRADE = 6.0
FEWEST_ITEMS = 3
#: From this share of common words on, two items ask the same thing.
DUPLICATE = 0.6
#: Chance is left behind at this many standard errors.
ERRORS = 2.0
START_PAGE = "00-"


@dataclass(frozen=True, order=True)
class Finding:
    """One thing for an author to mend: where, by which rule, what; and the items that could waive it."""

    path: Path
    line: int
    problem: str
    items: tuple[str, ...] = ()
    rule: str = ""

    def __str__(self) -> str:
        """Return `bank.yaml, line 12: what is wrong`."""
        return f"{self.path.name}, line {self.line}: {self.problem}"


@dataclass(frozen=True)
class Rule:
    """What must hold, why in one line, and how to find where it does not."""

    says: str
    find: Callable[[Material], Iterator[Finding]]
    warns: bool = False


def review(material: Material, only: Collection[str] = ()) -> list[Finding]:
    """Return what the rules find (all of them, or `only` some), by rule in the order of the table."""
    found: list[Finding] = []
    for name, rule in RULES.items():
        if not only or name in only:
            seen = material if name == WAIVER else material.without_waivers_of(name)
            found += sorted(_named(name, rule.find(seen)))
    return found


def _named(rule: str, findings: Iterator[Finding]) -> Iterator[Finding]:
    return (Finding(found.path, found.line, found.problem, found.items, rule) for found in findings)


# Facts


def _unused(material: Material) -> Iterator[Finding]:
    named = set(material.routes.names) if material.routes else set()
    for page in (*material.lessons, *material.pages):
        named |= page.shows
    for _, item in material.items:
        named.update(item.facts)
    for entry in (*material.facts.facts.values(), *material.facts.contacts.values()):
        if not {entry.id, getattr(entry, "group", entry.id)} & named:
            yield Finding(*material.places[entry.id], f"{entry.id} is shown by no page, item or route")


def _overdue(material: Material) -> Iterator[Finding]:
    routes = material.routes.dated if material.routes else ()
    overdue = [entry for entry in routes if entry.check_again < material.today]
    for entry in (*material.facts.overdue(material.today), *overdue):
        problem = f"{entry.id} was to be checked again by {entry.check_again}: {entry.source}"
        yield Finding(*material.places[entry.id], problem)


def _typed(pattern: re.Pattern, what: str) -> Callable[[Material], Iterator[Finding]]:
    def find(material: Material) -> Iterator[Finding]:
        for page in (*material.lessons, *material.pages):
            for passage in page.passages:
                for found in pattern.finditer(passage.text):
                    name = f"cell '{passage.name}' " if passage.name else ""
                    yield Finding(page.path, passage.line, f"{name}holds {what}: {found.group().strip()}")
        for sheet, item in material.items:
            rubric = ((("rubric", number), line) for number, line in enumerate(item.rubric))
            for place, text in (*item.texts, *rubric):
                for found in pattern.finditer(text):
                    problem = f"{item.id} holds {what}: {found.group().strip()}"
                    yield Finding(sheet.path, sheet.line(item, place), problem, (item.id,))

    return find


# Objectives, banks and lessons


def _objective_items(material: Material) -> Iterator[Finding]:
    for sheet in material.sheets:
        for objective in sheet.bank.objectives:
            served = sum(item.objective == objective for item in sheet.bank.items)
            if served < FEWEST_ITEMS:
                line = sheet.source.line(("objectives", objective))
                yield Finding(
                    sheet.path, line, f"objective '{objective}' has {served} of {FEWEST_ITEMS} items"
                )


def _objective_lesson(material: Material) -> Iterator[Finding]:
    lessons = {lesson.path.stem: lesson for lesson in material.lessons}
    for sheet in material.sheets:
        lesson = lessons.get(sheet.bank.lesson)
        for objective, sentence in sheet.bank.objectives.items():
            if lesson and sentence.rstrip(".") not in lesson.prose:
                line = sheet.source.line(("objectives", objective))
                yield Finding(sheet.path, line, f"{lesson.path.name} does not name objective '{objective}'")


def _bank_and_lesson(material: Material) -> Iterator[Finding]:
    lessons = {lesson.path.stem for lesson in material.lessons}
    for sheet in material.sheets:
        if sheet.bank.lesson not in lessons:
            line = sheet.source.line(("lesson",))
            yield Finding(sheet.path, line, f"there is no lesson called '{sheet.bank.lesson}'")
    served = {sheet.bank.lesson for sheet in material.sheets}
    for lesson in material.lessons:
        if lesson.path.stem not in served and not lesson.path.name.startswith(START_PAGE):
            yield Finding(lesson.path, 1, "no bank is for this lesson")


# Reading age


def _names(material: Material) -> set[str]:
    """Return the names that are not ours to word: of laws and settings, and older ones still met."""
    facts = material.facts.facts.values()
    named = {
        name for fact in facts for name in (fact.formal, *fact.formerly, fact.where and fact.title) if name
    }
    return named | {name for contact in material.facts.contacts.values() for name in contact.formerly}


def _lesson_grade(material: Material) -> Iterator[Finding]:
    names = _names(material)
    for lesson in material.lessons:
        grade = prose.grade(prose.without_names(prose.plain(lesson.prose), names))
        if grade > LESSON_GRADE:
            hardest = sorted(_grades(lesson, names), reverse=True)[:3]
            cells = ", ".join(f"'{name}' ({each})" for each, _, name in hardest)
            problem = f"reads at grade {grade}, over {LESSON_GRADE}; hardest cells: {cells}"
            yield Finding(lesson.path, hardest[0][1], problem)


def _grades(lesson: Page, names: set[str]) -> Iterator[tuple[float, int, str]]:
    for passage in lesson.passages:
        text = prose.plain(passage.text)
        yield prose.grade(prose.without_names(text, names)), passage.line, passage.name


def _stem_grade(material: Material) -> Iterator[Finding]:
    names = _names(material)
    for sheet, item in material.items:
        grade = prose.grade(prose.without_names(prose.sentences([item.stem]), names))
        if grade > STEM_GRADE:
            problem = f"{item.id}: the stem reads at grade {grade}, over {STEM_GRADE}"
            yield Finding(sheet.path, sheet.line(item, ("stem",)), problem, (item.id,))


def _item_grade(material: Material) -> Iterator[Finding]:
    names = _names(material)
    for sheet, item in material.items:
        limit = PUPIL_ITEM_GRADE if "pupil" in item.audience else ITEM_GRADE
        grade = prose.grade(prose.without_names(prose.sentences(text for _, text in item.texts), names))
        if grade > limit:
            yield Finding(
                sheet.path, sheet.line(item), f"{item.id} reads at grade {grade}, over {limit}", (item.id,)
            )


# What gives a key away


def _samples(material: Material) -> Iterator[tuple[str, Sheet, list[Question]]]:
    """Yield each bank's questions, then all together: what is chance in each may be none in all."""
    together: list[Question] = []
    for sheet in material.sheets:
        asked = list(guessing.questions(sheet.bank.items))
        together += asked
        yield f"'{sheet.bank.id}'", sheet, asked
    if len(material.sheets) > 1:
        yield "all banks together", material.sheets[0], together


def _scores_by(habit: Habit, what: str) -> Callable[[Material], Iterator[Finding]]:
    def find(material: Material) -> Iterator[Finding]:
        for name, sheet, asked in _samples(material):
            score = guessing.score(asked, habit)
            if score.beyond > ERRORS:
                hits = [question for question in asked if question.key in habit(question)]
                yield _over_a_bank(sheet, f"in {name}, {what} is the key", score, hits)

    return find


def _key_place(material: Material) -> Iterator[Finding]:
    for name, sheet, asked in _samples(material):
        still = [question for question in asked if not question.item.shuffle]
        for number in range(max((len(question.options) for question in still), default=0)):
            score = guessing.score(still, guessing.at_place(number))
            if abs(score.beyond) > ERRORS:
                yield _over_a_bank(sheet, f"in {name}, option {number + 1} is the key", score, still)


def _absolutes(material: Material) -> Iterator[Finding]:
    """Look for 'always' and its like where they tell a distractor: in one item, and over a bank.

    Plain speech is full of such words. One of them in one distractor is a weak cue, and to name each such
    item would drown the rest: in the first bank that was four items in ten. It is a flaw where a learner gets
    on by striking out every option with such a word: two distractors of one item go and the key stays; or,
    over a bank, the keys hold such words less often than chance would have it.
    """
    for sheet, item in material.items:
        for options in _option_sets(item):
            marked = [option for option in options if prose.ABSOLUTE.search(option.text)]
            if len(marked) > 1 and not any(option.key for option in marked):
                words = ", ".join(f"'{prose.ABSOLUTE.search(option.text).group()}'" for option in marked)
                problem = f"{item.id}: {words} in {len(marked)} distractors, and no such word in the key"
                yield Finding(sheet.path, sheet.line(item, marked[0].place), problem, (item.id,))
    for name, sheet, asked in _samples(material):
        score = guessing.score(asked, guessing.absolute)
        if score.beyond < -ERRORS:
            yield _over_a_bank(sheet, f"in {name}, an option with an absolute is the key", score, asked)


def _over_a_bank(sheet: Sheet, what: str, score: Score, asked: list[Question]) -> Finding:
    spread = f"{score.expected:.1f}, give or take {ERRORS * score.error:.1f}"
    problem = f"{what} {score.got:.1f} times; chance gives {spread}"
    items = sorted({question.item.id for question in asked})
    return Finding(sheet.path, sheet.source.line(("items",)), problem, tuple(items))


def _cue_words(material: Material) -> Iterator[Finding]:
    """Look for words of the stem that the key alone takes up, when no distractor takes up as many.

    A word that many items of the bank use ('tell', 'picture') points nowhere, and a person of the story
    has to be called something; a rarer word does point.
    """
    for sheet in material.sheets:
        common = _common_words(sheet.bank.items)
        for question in guessing.questions(sheet.bank.items):
            people = prose.names(" ".join((question.item.stem, question.stem, *question.options)))
            stem = prose.content_words(question.stem) - common - people - prose.NEGATIONS
            shared = [stem & prose.content_words(text) for text in question.options]
            key = shared.pop(question.key)
            cues = key.difference(*shared)
            if cues and all(len(key) > len(other) for other in shared):
                words = re.findall(r"[\w'’]+", question.options[question.key])
                said = ", ".join(f"'{word}'" for word in words if prose.content_words(word) & cues)
                problem = f"{question.item.id}: of all options, the key alone takes up {said} from the stem"
                place = question.place + (question.key,) * (question.place[-1] == "options")
                yield Finding(sheet.path, sheet.line(question.item, place), problem, (question.item.id,))


def _common_words(items: Collection[Item]) -> frozenset[str]:
    """Return the words that more than a tenth of the items use, and more than two of them."""
    used = Counter(word for item in items for word in _asked_words(item))
    return frozenset(word for word, times in used.items() if times > max(2, len(items) / 10))


def _asked_words(item: Item) -> frozenset[str]:
    """Return the words a learner reads before answering."""
    read = (text for place, text in item.texts if place[-1] != "rationale" and place[0] != "endings")
    return prose.content_words(" ".join(read))


# How an item asks


@dataclass(frozen=True)
class _Option:
    place: tuple[str | int, ...]
    text: str
    key: bool


def _option_sets(item: Item) -> Iterator[list[_Option]]:
    """Yield the options that stand side by side to choose from: of an item, or of each step of a story."""
    if item.kind in {"single", "multiple", "nation"}:
        yield [_Option(("options", n), each.text, each.key) for n, each in enumerate(item.options)]
    for number, step in enumerate(item.steps):
        place = ("steps", number, "choices")
        yield [_Option((*place, n), each.text, each.worth == "best") for n, each in enumerate(step.choices)]


def _overlap(material: Material) -> Iterator[Finding]:
    for sheet, item in material.items:
        for options in _option_sets(item):
            for one, other in combinations(options, 2):
                if prose.overlap(one.text, other.text):
                    problem = f"{item.id}: '{one.text}' and '{other.text}' overlap"
                    yield Finding(sheet.path, sheet.line(item, other.place), problem, (item.id,))


def _negative(material: Material) -> Iterator[Finding]:
    for sheet, item in material.items:
        steps = ((("steps", number), step.text) for number, step in enumerate(item.steps))
        for place, text in ((("stem",), item.stem), *steps):
            word = prose.negative_ask(text)
            if word and item.kind != "reflection":
                problem = f"{item.id}: the question turns on '{word}'"
                yield Finding(sheet.path, sheet.line(item, place), problem, (item.id,))


def _near_duplicates(material: Material) -> Iterator[Finding]:
    asked = [(sheet, item, _asked_words(item)) for sheet, item in material.items]
    for (_, first, words), (sheet, second, others) in combinations(asked, 2):
        if prose.alike(words, others) >= DUPLICATE:
            share = f"{prose.alike(words, others):.0%}"
            problem = f"{second.id} shares {share} of its words with {first.id}"
            yield Finding(sheet.path, sheet.line(second), problem, (first.id, second.id))


# Waivers


def _idle_waivers(material: Material) -> Iterator[Finding]:
    @cache
    def waivable(rule: str) -> set[str]:
        return {item for found in RULES[rule].find(material) for item in found.items}

    for sheet, item in material.items:
        for rule in item.waive:
            if rule not in RULES or rule == WAIVER:
                problem = f"{item.id} waives '{rule}', which is no rule; the rules: {', '.join(RULES)}"
            elif item.id not in waivable(rule):
                problem = f"{item.id} waives '{rule}', which finds nothing in it"
            else:
                continue
            yield Finding(sheet.path, sheet.line(item, ("waive", rule)), problem)


WAIVER = "waiver"
#: Every rule: its name -> what it says in one line, and how it looks.
RULES: dict[str, Rule] = {
    "unused": Rule("What is here must be used: a fact nobody reads grows old unseen.", _unused, warns=True),
    "overdue": Rule("Open the source again, mend the fact, and set both its dates.", _overdue, warns=True),
    "typed-phone": Rule(
        "A phone number is a fact: put it in course/facts and show it.", _typed(prose.PHONE, "a phone number")
    ),
    "typed-address": Rule(
        "An address is a fact: put it in course/facts and show it.", _typed(prose.ADDRESS, "an address")
    ),
    "typed-year": Rule(
        "A year is a fact, and grows old: put it in course/facts.", _typed(prose.YEAR, "a year")
    ),
    "objective-items": Rule("One or two items can't show whether an objective is met.", _objective_items),
    "objective-lesson": Rule("A lesson says, word for word, what its items will ask.", _objective_lesson),
    "bank-lesson": Rule(
        "Each bank is for one lesson, and each lesson but the first page has one.", _bank_and_lesson
    ),
    "lesson-grade": Rule(
        "Readers from 12 on should follow: shorter sentences, shorter words.", _lesson_grade
    ),
    "stem-grade": Rule(
        "A stem tests the subject, not reading: shorter sentences, shorter words.", _stem_grade
    ),
    "item-grade": Rule("An item with all its reasons must be as easy to read as its stem.", _item_grade),
    "key-longest": Rule(
        "Who always takes the longest option must not gain by it.",
        _scores_by(guessing.longest, "the longest option"),
    ),
    "key-shortest": Rule(
        "Nor must who always takes the shortest: a key may be as long as its distractors.",
        _scores_by(guessing.shortest, "the shortest option"),
    ),
    "key-echo": Rule(
        "Who always takes the option that sounds like the stem must not gain by it.",
        _scores_by(guessing.echo, "the option with most words of the stem"),
    ),
    "key-place": Rule("The key stands in each place about as often as chance would put it.", _key_place),
    "absolutes": Rule(
        "'Always', 'never' and the like in distractors alone tell which options to strike out.", _absolutes
    ),
    "cue-words": Rule("A word that only stem and key share points at the key.", _cue_words),
    "overlap": Rule("When one option says what another says, both are right or neither is.", _overlap),
    "negative-stem": Rule("Ask for what is so: a 'not' is easily read over.", _negative),
    "near-duplicate": Rule(
        "Two items that ask the same in the same words count one thing twice.", _near_duplicates
    ),
    WAIVER: Rule("A waiver names a rule that would fire; any other hides the next fault.", _idle_waivers),
}
