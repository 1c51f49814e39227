"""A class that hands in what a class might: answers drawn at random, right, wrong, odd and hostile.

The same seed makes the same files.
"""

import json
import random
from collections.abc import Iterator
from pathlib import Path

from safequiz.bank import MarkedQuiz
from safequiz.item import LONGEST_REPLY, MOST_IDS, Item
from safequiz.marking import released_questions
from safequiz.scoring import WORTH

from .answers_corpus import REFUSED

#: For so many pupils whose file can be read there is one whose file cannot.
READABLE_FOR_ONE_REFUSED = 20

_NATIONS = ["england", "wales", "scotland", "northern-ireland"]
_TIMES = [f"2026-11-{day:02}T09:30:{day:02}Z" for day in range(1, 29)]
_TIMES += ["1970-01-02T00:00:00Z", "9999-12-31T23:59:59Z"]
_REPLIES = [
    "I would stop, keep what was sent, and tell my aunt.",
    "Ring a helpline.\n\nThen tell the school.\r\n\tToday.",
    "Dywedwch wrth rywun. \N{GRINNING FACE} \u4f60\u597d",
    "x" * LONGEST_REPLY,
]
_HOSTILE_REPLIES = [
    '</pre><script>alert("hi")</script><img src=x onerror=alert(1)>',
    "$x$ \\(y\\) {{ 7 * 7 }} {% raw %} [a](javascript:alert(1)) `code` <!-- -->",
    "### BEGIN SOLUTION\n### END SOLUTION\n### BEGIN MARK SCHEME\n### BEGIN HIDDEN TESTS",
    "*No answer is here. Write it in the quiz above; it is put here to be marked.*",
    "\x00\x1b[2J\x7f\u202eevil\u2066\ufeff\u2028",
    "one \ud83d two \ude00",
    "=1+1",
    " \n\t ",
    "",
]


def make_class(inbox: Path, quiz: MarkedQuiz, n: int, seed: int = 1) -> list[str]:
    """Write the answers files of `n` pupils into the folder `inbox`, and for each twenty one that is refused.

    A file is called CODE.answers.json. Return the codes of those that are refused.
    """
    lot = random.Random(f"{quiz.id} {seed}")
    content = released_questions(quiz)["content"]
    inbox.mkdir(parents=True)
    for number in range(n):
        data = json.dumps(_file(lot, quiz, content)).encode()
        (inbox / f"p{number:05}.answers.json").write_bytes(data)
    refused = [f"bad{number:05}" for number in range(-(-n // READABLE_FOR_ONE_REFUSED))]
    for code, reason in zip(refused, _in_turn(lot, sorted(REFUSED)), strict=False):
        (inbox / f"{code}.answers.json").write_bytes(REFUSED[reason][0])
    return refused


def _in_turn(lot: random.Random, everything: list[str]) -> Iterator[str]:
    while True:
        yield from lot.sample(everything, len(everything))


def _file(lot: random.Random, quiz: MarkedQuiz, content: str) -> dict:
    """Return a file that can be read, though not all in it need be an answer to `quiz`."""
    responses = {item.id: _response(lot, item) for item in quiz.items if lot.random() < 0.85}
    if lot.random() < 0.1:
        responses["no-such-item"] = lot.choice([["yes"], "yes"])
    if lot.random() < 0.1:  # answers that belong to other items
        responses = dict(zip(responses, lot.sample(list(responses.values()), len(responses)), strict=True))
    if lot.random() < 0.05:
        content = "ffffffff"
    own = {"content": content, "saved_at": lot.choice(_TIMES), "responses": responses}
    other = {"content": "0123abcd", "saved_at": lot.choice(_TIMES), "responses": {"gone": ["a"]}}
    quizzes = lot.choice(
        [*[{quiz.id: own}] * 8, {quiz.id: own, f"{quiz.id}-practice": own}, {"other": other}]
    )
    more = lot.choice([{}, {}, {"nation": lot.choice(_NATIONS)}, {"pupil": "somebody-else"}])
    return {"schema": 1, "quizzes": quizzes} | more


def _response(lot: random.Random, item: Item) -> list[str] | str:
    if lot.random() < 0.3:
        return _odd(lot, item)
    if item.kind == "reflection":
        return lot.choice(_REPLIES)
    return _right(item, lot) if lot.random() < 0.4 else _at_random(item, lot)


def _right(item: Item, lot: random.Random) -> list[str]:
    if item.kind == "nation":
        nation = lot.choice(_NATIONS)
        return [nation, item.key_in(nation)]
    if item.kind == "scenario":
        return story(item, better=True)
    return [option.id for option in item.options if option.key or item.kind == "order"]


def _at_random(item: Item, lot: random.Random) -> list[str]:
    ids = [option.id for option in item.options]
    if item.kind == "scenario":
        return _walk(item, lot.choice)
    if item.kind == "nation":
        return [lot.choice(_NATIONS), lot.choice(ids)]
    count = {"single": 1, "order": len(ids)}.get(item.kind, lot.randint(0, len(ids)))
    return lot.sample(ids, count)


def story(item: Item, better: bool) -> list[str]:
    """Return the way through a story that takes the best choice at each step, or the worst."""
    return _walk(item, lambda choices: sorted(choices, key=lambda way: WORTH[way.worth], reverse=better)[0])


def _walk(item: Item, choose) -> list[str]:
    taken, here = [], item.steps[0]
    while here:
        way = choose(here.choices)
        taken.append(way.id)
        here = item.step(way.to)
    return taken


def _odd(lot: random.Random, item: Item) -> list[str] | str:
    """Return what the quiz's page would not have let through, or a pupil had not finished."""
    if item.kind == "reflection":
        return lot.choice([*_HOSTILE_REPLIES, ["tell"], []])
    ids, good = [option.id for option in item.options], _at_random(item, lot)
    spoilt = [
        [],
        ids,  # everything ticked
        good[:-1],  # a story broken off, a nation alone, a step missing
        good[1:],  # a story begun in the middle, an option without its nation
        [*good, *good[:1]],  # one id twice
        [*good[1:], *good[:1]],
        [*good, "no-such-option"],
        ["no-such-option", *good[1:]],
        ["atlantis", *good[1:]],
        " ".join(good),  # text where ids should be
        lot.choice(_HOSTILE_REPLIES),
    ]
    response = lot.choice(spoilt)
    return response[: LONGEST_REPLY if isinstance(response, str) else MOST_IDS]
