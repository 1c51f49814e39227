"""What a learner scores who does not read but guesses by habit, and what chance alone would give.

Pure. A question here is a stem and options of which exactly one is right: a `single` item, or a step of a
`scenario`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from math import sqrt

from .item import Item
from .prose import ABSOLUTE, content_words


@dataclass(frozen=True)
class Question:
    """One choice to make: the item, the place in it, what is asked, and the options, one of them the key."""

    item: Item
    place: tuple[str | int, ...]
    stem: str
    options: tuple[str, ...]
    key: int


#: Which options (by number) a habit would choose. Where it can't decide, it says several, and guesses.
Habit = Callable[[Question], list[int]]


def questions(items: Iterable[Item], steps: bool = True) -> Iterator[Question]:
    """Return the questions with one right answer in `items`; without `steps`, of `single` items alone."""
    for item in items:
        if item.kind == "single":
            texts = tuple(option.text for option in item.options)
            (key,) = (place for place, option in enumerate(item.options) if option.key)
            yield Question(item, ("options",), item.stem, texts, key)
        for number, step in enumerate(item.steps if steps else ()):
            texts = tuple(choice.text for choice in step.choices)
            (key,) = (place for place, choice in enumerate(step.choices) if choice.worth == "best")
            yield Question(item, ("steps", number), step.text, texts, key)


def longest(question: Question) -> list[int]:
    """Choose the option with the most letters."""
    return _highest([len(text) for text in question.options])


def shortest(question: Question) -> list[int]:
    """Choose the option with the fewest letters."""
    return _highest([-len(text) for text in question.options])


def echo(question: Question) -> list[int]:
    """Choose the option that shares the most words with the stem."""
    asked = content_words(question.stem)
    return _highest([len(asked & content_words(text)) for text in question.options])


def absolute(question: Question) -> list[int]:
    """Choose among the options that hold an absolute, such as 'always'."""
    return [place for place, text in enumerate(question.options) if ABSOLUTE.search(text)]


def at_place(number: int) -> Habit:
    """Return the habit of choosing the option at this place, counted from 0."""
    return lambda question: [number] if number < len(question.options) else []


def _highest(scores: list[int]) -> list[int]:
    return [place for place, score in enumerate(scores) if score == max(scores)]


@dataclass(frozen=True)
class Score:
    """What a habit scores, what chance would on the same questions, and the standard error of chance."""

    got: float
    expected: float
    error: float

    @property
    def beyond(self) -> float:
        """How many standard errors above chance the habit is; below chance it is negative.

        With an error under one question, two errors are too few questions to say anything: then it is 0.
        """
        return (self.got - self.expected) / self.error if self.error >= 1 else 0.0


def score(asked: Iterable[Question], habit: Habit) -> Score:
    """Return what `habit` scores on the questions on which it says anything.

    Were the key placed blindly, a habit that leaves m of n options to choose from would hold it m times in n,
    and then hit it once in m: on average 1/n, with variance 1/(m n) - 1/n². Questions are independent, so
    averages and variances add up (a Poisson-binomial law when m is 1); the error is the variance's root.
    """
    got = expected = variance = 0.0
    for question in asked:
        chosen, size = habit(question), len(question.options)
        if chosen:
            got += (question.key in chosen) / len(chosen)
            expected += 1 / size
            variance += 1 / (len(chosen) * size) - 1 / size**2
    return Score(got, expected, sqrt(variance))
