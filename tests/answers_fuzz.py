"""Answers files broken at random, and what none of them may do."""

import json
import random
from copy import deepcopy

from safequiz.bank import bank_names, load_bank
from safequiz.item import LONGEST_REPLY, public_view
from safequiz.responses import AnswersError, fitting, parse, to_json
from safequiz.scoring import score

from .answers_corpus import ITEMS, REFUSED, TAKEN

QUIZZES = {"q": ITEMS} | {quiz.id: quiz.items for name in bank_names() for quiz in load_bank(name).quizzes}
VIEWS = {name: [public_view(item) for item in items] for name, items in QUIZZES.items()}

_SEEDS = [data for data, _ in [*TAKEN.values(), *REFUSED.values()] if len(data) < 2000]
_ODD_TEXTS = ["", " ", "\x00", "\x1b[2J", "\ud83d", "\u202e", "\ufeff", "\u2028", "../x", "a\n", "A", "é"]
_ODD_TEXTS += ["__proto__", "\N{GRINNING FACE}", "=1+1", "<script>", "2026-02-30T00:00:00Z", "1", "9" * 30]
_ODD_TEXTS += ["i" * 80, "i" * 81, "x" * LONGEST_REPLY, "x" * (LONGEST_REPLY + 1)]
_ODD_VALUES = [None, True, False, 0, 1, 2, -1, 1.0, 0.5, 1e308, 10**8, 10**40, [], {}, [[]], {"a": []}]
_ODD_VALUES += [[None], ["a"] * 11, [""], *_ODD_TEXTS]
_ODD_BYTES = [b'"', b"{", b"}", b"[", b"]", b",", b":", b"\\", b"\n", b"\0", b" ", b"-", b"1", b"0", b"e9"]
_ODD_BYTES += [b".5", b"null", b"true", b"NaN", b"-Infinity", b"1e999", b"1" * 5000, b"[" * 3000]
_ODD_BYTES += [b'{"a":' * 3000, b"//", b'"schema": 1, ', b'"quizzes": {}, ', b'"a": [], ', b"\\u0000"]
_ODD_BYTES += [b"\\ud83d", b"\\ud83d\\ude00", b"\xf0\x9f\x98\x80", b"\xed\xa0\xbd", b"\xef\xbb\xbf", b"\xff"]


def verdict(data: bytes) -> str:
    """Return "" for a file that is taken, or the sentence that refuses it.

    Raises AssertionError, with the bytes, at a fault of ours: an error, a mark out of range, answers that
    cannot be read again, or a sentence that a terminal or a report could not take.
    """
    try:
        return _verdict(data)
    except Exception as error:
        raise AssertionError(f"{error!r}, for the file {data!r}") from error


def _verdict(data: bytes) -> str:
    try:
        answers = parse(data)
    except AnswersError as error:
        said = str(error)
        assert said.isascii() and said.isprintable() and len(said) < 300, said
        return said
    assert parse(to_json(answers)) == answers
    for name in answers.quizzes.keys() & QUIZZES.keys():
        fit = fitting(VIEWS[name], answers.responses(name))
        for item in QUIZZES[name]:
            response = fit.get(item.id)
            if item.kind == "reflection":
                assert response is None or (isinstance(response, str) and len(response) <= LONGEST_REPLY)
            elif response is not None:
                mark = score(item, response)
                assert 0 <= mark.earned <= mark.possible == item.points, (item.id, response, mark)
    return ""


def mutated(lot: random.Random) -> bytes:
    """Return a file as it might be handed in: of some quiz, whole or broken in up to six places."""
    if lot.random() < 0.2:
        return _bytes_broken(lot, lot.choice(_SEEDS))
    file = _good_file(lot)
    for _ in range(lot.choice((0, 0, 1, 1, 2))):
        _tree_broken(lot, file)
    text = json.dumps(file, indent=lot.choice((None, 1)), ensure_ascii=lot.random() < 0.5)
    if lot.random() < 0.1:
        text = _line_doubled(lot, text)
    data = text.encode("utf-8", "surrogatepass")
    return _bytes_broken(lot, data) if lot.random() < 0.4 else data


def _good_file(lot: random.Random) -> dict:
    name = lot.choice(list(QUIZZES))
    responses = {view["id"]: _response(lot, view) for view in VIEWS[name] if lot.random() < 0.9}
    time = f"2026-{lot.randint(1, 12):02}-{lot.randint(1, 28):02}T09:30:00Z"
    file = {"schema": 1, "quizzes": {name: {"content": "0123abcd", "saved_at": time, "responses": responses}}}
    if lot.random() < 0.3:
        file["pupil"] = lot.choice(("p01", "7B-12", "a" * 64))
    return file


def _response(lot: random.Random, view: dict) -> list[str] | str:
    if view["kind"] == "reflection":
        return "I would tell a teacher, and keep what was sent. " * lot.randint(0, 4)
    if view["kind"] == "scenario":
        return [lot.choice(step["choices"])["id"] for step in view["steps"]][: lot.randint(0, 10)]
    ids = [option["id"] for option in view["options"]]
    if view["kind"] == "single":
        return [lot.choice(ids)]
    if view["kind"] == "nation":
        return [lot.choice(view["nations"])["id"], lot.choice(ids)]
    return lot.sample(ids, len(ids) if view["kind"] == "order" else lot.randint(0, len(ids)))


def _tree_broken(lot: random.Random, file: dict) -> None:
    """Change one value, key or element, anywhere in `file`."""
    node = file
    while True:
        places = list(node) if isinstance(node, dict) else list(range(len(node)))
        if not places:
            return
        place = lot.choice(places)
        inner = node[place]
        if not isinstance(inner, dict | list) or not inner or lot.random() < 0.15:
            break
        node = inner
    change, odd = lot.randrange(6), deepcopy(lot.choice(_ODD_VALUES))
    if change == 0:
        node[place] = odd
    elif change == 1:
        node[place] = [node[place]]
    elif change == 2:
        del node[place]
    elif isinstance(node, list):
        node.insert(place, lot.choice((deepcopy(node[place]), odd)))
    elif change == 3:
        node[lot.choice(_ODD_TEXTS)] = node.pop(place)
    elif change == 4:
        node[lot.choice(_ODD_TEXTS)] = odd
    else:
        node[place] = deepcopy(node[lot.choice(places)])


def _line_doubled(lot: random.Random, text: str) -> str:
    lines = text.split("\n")
    place = lot.randrange(len(lines))
    return "\n".join([*lines[: place + 1], *lines[place:]])


def _bytes_broken(lot: random.Random, data: bytes) -> bytes:
    """Cut, double, swap or put in some bytes, at up to four places."""
    for _ in range(lot.randint(1, 4)):
        start = lot.randint(0, len(data))
        end = min(len(data), start + lot.choice((0, 1, 1, 2, 5, 30)))
        middle = lot.choice((b"", lot.choice(_ODD_BYTES), lot.choice(_ODD_BYTES), data[start:end] * 2))
        if lot.random() < 0.1:
            middle = bytes([lot.randrange(256)])
        data = data[:start] + middle + data[end:]
    return data[: lot.randrange(len(data) + 1)] if lot.random() < 0.02 else data
