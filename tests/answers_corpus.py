"""Files that may be handed in, and what becomes of each: one table, for every reader of answers files.

The files answer the quiz `q`, whose seven items, one of each kind, stand here too.
"""

import json

from safequiz.item import Item

_REASON = {"rationale": "Because.", "misconception": "idea"}


def item(item_id, kind, points=1, **fields):
    """Return a marked item; `fields` are what its kind needs."""
    shown = {"objective": "goal", "use": "marked", "audience": ["pupil"], "stem": "What?", "facts": ["fact"]}
    return Item(id=item_id, kind=kind, points=points, **shown, **fields)


def options(*ids, key=()):
    """Return options with these ids; those in `key` earn credit."""
    return [{"id": name, "text": name, "key": name in key} for name in ids]


def step(step_id, worths, to):
    """Return a step of a story: `worths` maps each choice to its worth; all lead to the step `to`."""
    ways = [{"id": way, "text": way, "worth": worth, "to": to, **_REASON} for way, worth in worths.items()]
    return {"id": step_id, "text": step_id, "choices": ways}


ITEMS = (
    item("one", "single", options=options("a", "b", key="a")),
    item("many", "multiple", 2, options=options("a", "b", "c", key="ab")),
    item("lines", "spot", 2, scene="A chat", options=options("a", "b", "c", key="a")),
    item("steps", "order", 2, options=options("a", "b", "c")),
    item(
        "where",
        "nation",
        options=[
            {"id": "a", "text": "a", "nations": ["wales", "england"]},
            {"id": "b", "text": "b", "nations": ["scotland", "northern-ireland"]},
        ],
    ),
    item(
        "story",
        "scenario",
        2,
        steps=[
            step("s1", {"tell": "best", "wait": "risky"}, "s2"),
            step("s2", {"keep": "best", "ask": "partly"}, "end"),
        ],
        endings=[{"id": "end", "text": "It ends."}],
    ),
    item("note", "reflection", rubric=["Says whom to tell."]),
)

RIGHT = {
    "one": ["a"],
    "many": ["a", "b"],
    "lines": ["a"],
    "steps": ["a", "b", "c"],
    "where": ["wales", "a"],
    "story": ["tell", "keep"],
    "note": "I would ring.",
}


def quiz(**changes):
    """Return the answers to one quiz: good ones, but for `changes`."""
    return {"content": "0123abcd", "saved_at": "2026-11-21T09:30:00Z", "responses": RIGHT} | changes


def file(quizzes=None, schema="1", more=""):
    """Return the bytes of a file from its quizzes and two pieces of JSON."""
    made = json.dumps({"q": quiz()} if quizzes is None else quizzes)
    return f'{{"schema": {schema}, "quizzes": {made}{more}}}'.encode()


def one(**changes):
    """Return the bytes of a file whose quiz has these fields."""
    return file({"q": quiz(**changes)})


def answered(**responses):
    """Return the bytes of a file with these responses and no others."""
    return one(responses=responses)


def at(place):
    """Return what is said of a fault at this place."""
    return f"it does not have the form of an answers file (at '{place}')"


KB = 1024
EMOJI = "\N{GRINNING FACE}"
FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
CONTROLS = "\x7f" * 100
RIGHT_TO_LEFT = "\u202eevil\u2066"

EMPTY = "it is empty, so it is not whole JSON"
TOO_LARGE = "it is larger than 256 KB, so it is not an answers file"
NOT_UTF8 = "it is not UTF-8 text, so it is damaged or of another kind"
MARKED = "it begins with a byte-order mark, so another program has changed it"
NOT_WHOLE = "it is not whole JSON, so it is damaged or of another kind (line "
TWICE = "it names one thing twice, so it is unclear which answer counts"
TOO_DEEP = "it is nested too deeply to be an answers file"
TOO_LONG_A_NUMBER = "it holds a number too long to be an answer"
NO_VERSION = "its schema is not a whole number; this version reads schema 1"

#: Name of a file -> its bytes and the points that it earns in the quiz `q`, of 10.
TAKEN = {
    # --- what the course itself writes
    "a good file": (file(), 10),
    "nothing answered": (file({}), 0),
    "a quiz without responses": (one(responses={}), 0),
    "half of it right": (answered(many=["a"], steps=["b", "c", "a"], story=["wait", "ask"]), 2.5),
    "a reply with everything in it": (answered(note=f'I would ring.\r\n\t{EMOJI} "quoted" \\ / {FAMILY}'), 0),
    "a nation": (file(more=', "nation": "northern-ireland"'), 10),
    "a nation that is null": (file(more=', "nation": null'), 10),
    **{
        f"the code {code}": (file(more=f', "pupil": "{code}"'), 10)
        for code in ("p01", "7", "Ann", "class-3b.p_07", "a..b", "p-", "x" * 64)
    },
    "a code that is null": (file(more=', "pupil": null'), 10),
    "practice, first tries and a review": (
        file({name: quiz() for name in ("q-practice", "q-first", "review-1")}),
        0,
    ),
    # --- answers to something else: what does not fit counts as not chosen
    "only another quiz": (file({"r": quiz()}), 0),
    "another quiz besides": (file({"q": quiz(), "r": quiz(responses={"one": ["b"]})}), 10),
    "quizzes out of order": (file({name: quiz() for name in ("z", "q", "a-first", "10", "9")}), 10),
    "another version of the questions": (one(content="ffffffff"), 10),
    "an item that the quiz does not have": (answered(**RIGHT, gone=["a"]), 10),
    "an option that the item does not have": (answered(one=["gone"], many=["a", "b", "gone"]), 2),
    "a reply in place of options": (answered(one="a", many="ab", steps="abc", where="wales a"), 0),
    "options in place of a reply": (answered(note=["a"]), 0),
    "an empty list and an empty reply": (answered(one=[], note=""), 0),
    "two options where one counts": (answered(one=["a", "b"]), 0),
    "one option twice": (answered(one=["a", "a"], many=["a", "a"]), 2),
    "every option": (answered(many=["a", "b", "c"], lines=["a", "b", "c"]), 1),
    "a step twice": (answered(steps=["a", "b", "b"]), 0),
    "a step missing": (answered(steps=["a", "b"]), 0),
    "another nation": (answered(where=["france", "a"]), 0),
    "a nation and no option": (answered(where=["wales"]), 0),
    "a story broken off": (answered(story=["tell"]), 1),
    "a story gone on after its end": (answered(story=["tell", "keep", "tell"]), 2),
    "a story begun in the middle": (answered(story=["keep"]), 0),
    "ten ids": (answered(many=[f"o-{number}" for number in range(10)]), 0),
    "ids of eighty letters": (answered(**{"i" * 80: ["o" * 80]}), 0),
    "ids that are numbers, or begin oddly": (answered(**{"10": ["2"], "9": ["1"], "-": ["-"]}), 0),
    "a quiz named like a part of every object": (file({"constructor": quiz()}), 0),
    "ids named like a part of every object": (answered(constructor=["constructor"]), 0),
    # --- text
    "control letters and line separators": (
        answered(note="\x00\x01\x1b[2J\x1f\x7f\x85\u2028\u2029\ufeff\b\f\n\r\t"),
        0,
    ),
    "letters that turn the direction": (answered(note=RIGHT_TO_LEFT), 0),
    "HTML, a formula and a template": (answered(note="<script>alert(1)</script> $x$ {{ 7 * 7 }}"), 0),
    "letters escaped": (file().replace(b'"one"', b'"o\\u006ee"'), 10),
    "a pair of halves, escaped": (answered(note=EMOJI), 0),
    "a pair of halves, as UTF-8": (file().replace(b"ring", EMOJI.encode()), 10),
    "lone halves of an emoji": (answered(note="one \ud83d two \ude00\ud83d"), 0),
    "a reply of 5000 letters": (answered(note="x" * 5000), 0),
    "a reply of 5000 emoji": (answered(note=EMOJI * 5000), 0),
    "a reply of 5000 lone halves": (answered(note="\ud83d" * 5000), 0),
    "replies of escapes only": (answered(note="\\" * 5000, other='"' * 5000), 0),
    "white space around": (b" \n\r\t" + file() + b"\n \n", 10),
    "exactly 256 KB": (file() + b" " * (256 * KB - len(file())), 10),
    # --- times
    "the first year": (one(saved_at="0001-01-01T00:00:00Z"), 10),
    "the last year": (one(saved_at="9999-12-31T23:59:59Z"), 10),
    "29 February of a leap year": (one(saved_at="2028-02-29T23:59:59Z"), 10),
}

#: Name of a file -> its bytes and how the reason begins for which it is refused.
REFUSED = {
    # --- not whole, or not text
    "empty": (b"", EMPTY),
    "white space only": (b" \n\r\n\t ", EMPTY),
    "cut short": (file()[:40], NOT_WHOLE),
    "cut short by one byte": (file()[:-1], NOT_WHOLE),
    "two files in one": (file() + file(), NOT_WHOLE),
    "rubbish at the end": (file() + b"<!-- -->", NOT_WHOLE),
    "larger than 256 KB": (file() + b" " * (256 * KB + 1 - len(file())), TOO_LARGE),
    "256 KB of zeros and one more": (bytes(256 * KB + 1), TOO_LARGE),
    "NUL bytes": (bytes(1000), NOT_WHOLE),
    "a NUL byte at the end": (file() + b"\0", NOT_WHOLE),
    "UTF-16": (file().decode().encode("utf-16"), NOT_UTF8),
    "UTF-16 without a mark": (file().decode().encode("utf-16-le"), NOT_WHOLE),
    "UTF-32": (file().decode().encode("utf-32"), NOT_UTF8),
    "Latin-1": (file().replace(b"ring", b"r\xefng"), NOT_UTF8),
    "half an emoji as UTF-8": (file().replace(b"ring", b"\xed\xa0\xbd"), NOT_UTF8),
    "an overlong letter": (file().replace(b"ring", b"\xc1\xb8"), NOT_UTF8),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(100), NOT_UTF8),
    "a byte-order mark": (b"\xef\xbb\xbf" + file(), MARKED),
    "nothing but a byte-order mark": (b"\xef\xbb\xbf", MARKED),
    "a space that is not JSON's": ("\u00a0".encode() + file(), NOT_WHOLE),
    "a comma at the end": (file(more=","), NOT_WHOLE),
    "single quotes": (file().replace(b'"', b"'"), NOT_WHOLE),
    "a comment": (b"// mine\n" + file(), NOT_WHOLE),
    "a raw line end in a reply": (file().replace(b"ring", b"\n"), NOT_WHOLE),
    "a raw control letter in a reply": (file().replace(b"ring", b"\x1b"), NOT_WHOLE),
    "half an escape": (file().replace(b"ring", b"\\u12"), NOT_WHOLE),
    "NaN": (file(schema="NaN"), "it holds NaN, which is not JSON"),
    "Infinity": (file(more=', "x": Infinity'), "it holds Infinity, which is not JSON"),
    "minus Infinity": (file(schema="-Infinity"), "it holds -Infinity, which is not JSON"),
    # --- one thing twice
    "a key twice": (file(more=', "schema": 1'), TWICE),
    "a key twice, once escaped": (file(more=', "\\u0073chema": 1'), TWICE),
    "a quiz twice": (b'{"schema": 1, "quizzes": {"q": {}, "q": {}}}', TWICE),
    "an item twice": (file().replace(b'"one": ["a"]', b'"one": ["a"], "one": ["b"]'), TWICE),
    "a key twice deep in what is unknown": (file(more=', "x": [[{"a": 1, "a": 1}]]'), TWICE),
    # --- too deep
    "deep nesting": (b"[" * 100_000, TOO_DEEP),
    "deep nesting, closed": (file(more=', "x": ' + "[" * 100_000 + "]" * 100_000), TOO_DEEP),
    "deep objects": (file(more=', "x": ' + '{"a":' * 40_000 + "1" + "}" * 40_000), TOO_DEEP),
    "lists in lists": (file(more=', "x": ' + "[" * 50 + "]" * 50), at("x")),
    "a schema in fifty lists": (file(schema="[" * 50 + "]" * 50), NO_VERSION),
    # --- another version
    "a newer schema": (file(schema="2"), "its schema is 2; this version reads schema 1"),
    "a newer schema of another form": (b'{"schema": 2, "quizzes": []}', "its schema is 2; this version"),
    "a schema of 0": (file(schema="-0"), "its schema is 0; this version reads schema 1"),
    "a schema below 0": (file(schema="-1"), "its schema is -1; this version reads schema 1"),
    "a schema of 01": (file(schema="01"), NOT_WHOLE),
    "a schema of 1.0": (file(schema="1.0"), NO_VERSION),
    "a schema of 1e0": (file(schema="1e0"), NO_VERSION),
    "a schema a hair above 1": (file(schema="1.00000000000000000001"), NO_VERSION),
    "a schema beyond numbers": (file(schema="1e999"), NO_VERSION),
    "a schema that is true": (file(schema="true"), NO_VERSION),
    "a schema that is false": (file(schema="false"), NO_VERSION),
    "a schema that is null": (file(schema="null"), NO_VERSION),
    "a schema in quotes": (file(schema='"1"'), NO_VERSION),
    "a schema that is a list": (file(schema="[1]"), NO_VERSION),
    "a huge number": (file(schema="1" * 400), TOO_LONG_A_NUMBER),
    "a number that Python would not turn into one": (file(schema="9" * 5000), TOO_LONG_A_NUMBER),
    "no schema": (b'{"quizzes": {}}', at("schema")),
    # --- another form
    "no quizzes": (b'{"schema": 1}', at("quizzes")),
    "an object with nothing in it": (b"{}", at("schema")),
    "a notebook": (b'{"cells": [], "nbformat": 4}', at("schema")),
    "a list": (b"[]", at("the top")),
    "null": (b"null", at("the top")),
    "a text": (b'"schema"', at("the top")),
    "a number": (b"1", at("the top")),
    "quizzes in a list": (file([]), at("quizzes")),
    "quizzes that are null": (b'{"schema": 1, "quizzes": null}', at("quizzes")),
    "an unknown field": (file(more=', "name": "Sam"'), at("name")),
    "a very long key": (file(more=f', "{"k" * 200_000}": 1'), at("k" * 40)),
    "a long key of control letters": (file(more=f', "{CONTROLS}": 1'), at("\\u007f" * 6 + "\\u00")),
    "a key with a line end and an escape": (file(more=', "a\\nb\\u001b[2J": 1'), at("a\\nb\\u001b[2J")),
    "a key with half an emoji": (file(more=', "\\ud83d": 1'), at("the top")),
    "a key that turns the direction": (file(more=f', "{RIGHT_TO_LEFT}": 1'), at("\\u202eevil\\u2066")),
    "an empty key": (file(more=', "": 1'), at("the top")),
    "__proto__ at the top": (file(more=', "__proto__": {}'), at("__proto__")),
    "__proto__ as a quiz": (file({"__proto__": quiz()}), at("quizzes.__proto__.[key]")),
    "__proto__ in a quiz": (file({"q": {"__proto__": quiz()}}), at("quizzes.q.content")),
    "__proto__ as an item": (answered(__proto__=["a"]), at("quizzes.q.responses.__proto__")),
    "an unknown field in a quiz": (one(points=3), at("quizzes.q.points")),
    "a quiz without content": (
        file({"q": {"saved_at": "2026-11-21T09:30:00Z", "responses": {}}}),
        at("quizzes.q.content"),
    ),
    "a quiz that is null": (file({"q": None}), at("quizzes.q")),
    "content in capitals": (one(content="0123ABCD"), at("quizzes.q.content")),
    "content too long": (one(content="0123abcde"), at("quizzes.q.content")),
    "content with a line end": (one(content="0123abcd\n"), at("quizzes.q.content")),
    "content that is a number": (one(content=12345678), at("quizzes.q.content")),
    "responses in a list": (one(responses=[["a"]]), at("quizzes.q.responses")),
    "a path as a quiz": (file({"../q": quiz()}), at("quizzes.../q.[key]")),
    "a path as an item": (answered(**{"../x": ["a"]}), at("quizzes.q.responses.../x")),
    "an empty id": (answered(**{"": ["a"]}), at("quizzes.q.responses.")),
    "an id in capitals": (answered(one=["A"]), at("quizzes.q.responses.one")),
    "an id with a line end": (answered(**{"one\n": ["a"]}), at("quizzes.q.responses.one\\n")),
    "an id in other digits": (answered(one=["\u0663"]), at("quizzes.q.responses.one")),
    "an id of 81 letters": (answered(one=["o" * 81]), at("quizzes.q.responses.one")),
    "an id with half an emoji": (answered(one=["\ud83d"]), at("quizzes.q.responses.one")),
    "eleven ids": (answered(one=[f"o-{number}" for number in range(11)]), at("quizzes.q.responses.one")),
    "a number as a response": (answered(one=3), at("quizzes.q.responses.one")),
    "true as a response": (answered(one=True), at("quizzes.q.responses.one")),
    "null as a response": (answered(one=None), at("quizzes.q.responses.one")),
    "an object as a response": (answered(one={"0": "a"}), at("quizzes.q.responses.one")),
    "a number in a list": (answered(one=[1]), at("quizzes.q.responses.one")),
    "a list in a list": (answered(one=[["a"]]), at("quizzes.q.responses.one")),
    "a reply of 5001 letters": (answered(note="x" * 5001), at("quizzes.q.responses.note")),
    "a reply of 5001 emoji": (answered(note=EMOJI * 5001), at("quizzes.q.responses.note")),
    "a reply of a quarter of a megabyte": (answered(note="\n" * 120_000), at("quizzes.q.responses.note")),
    "a nation that is none of ours": (file(more=', "nation": "france"'), at("nation")),
    "a nation in a list": (file(more=', "nation": ["wales"]'), at("nation")),
    # --- a code that would be no good as a folder's name
    **{
        f"no code: {json.dumps(code)}": (file(more=f', "pupil": {json.dumps(code)}'), at("pupil"))
        for code in [
            *["../p01", "a/b", "a\\b", "C:p01", "..", ".p", "p.", "p01\0", "p01\n", "", " ", "-p", "x" * 65],
            *["Sam Smith", "Zo\u00eb", "<b>", "\u0667", "\ud83d", 7, True, ["p01"], {}],
        ]
    },
    # --- times that never were, or are not in UTC as we write it
    "a day that never was": (one(saved_at="2026-02-30T09:30:00Z"), at("quizzes.q.saved_at")),
    "29 February of no leap year": (one(saved_at="2026-02-29T09:30:00Z"), at("quizzes.q.saved_at")),
    "a thirteenth month": (one(saved_at="2026-13-01T09:30:00Z"), at("quizzes.q.saved_at")),
    "a year 0": (one(saved_at="0000-01-01T00:00:00Z"), at("quizzes.q.saved_at")),
    "a year of five digits": (one(saved_at="10000-01-01T00:00:00Z"), at("quizzes.q.saved_at")),
    "hour 24": (one(saved_at="2026-11-21T24:00:00Z"), at("quizzes.q.saved_at")),
    "hour 25": (one(saved_at="2026-11-21T25:00:00Z"), at("quizzes.q.saved_at")),
    "second 60": (one(saved_at="2026-11-21T09:30:60Z"), at("quizzes.q.saved_at")),
    "a time with fractions": (one(saved_at="2026-11-21T09:30:00.5Z"), at("quizzes.q.saved_at")),
    "UTC in another form": (one(saved_at="2026-11-21T09:30:00+00:00"), at("quizzes.q.saved_at")),
    "a time elsewhere": (one(saved_at="2026-11-21T09:30:00+01:00"), at("quizzes.q.saved_at")),
    "a time without a zone": (one(saved_at="2026-11-21T09:30:00"), at("quizzes.q.saved_at")),
    "a small z": (one(saved_at="2026-11-21T09:30:00z"), at("quizzes.q.saved_at")),
    "a time in other digits": (one(saved_at="٢٠٢٦-11-21T09:30:00Z"), at("quizzes.q.saved_at")),
    "a time with a line end": (one(saved_at="2026-11-21T09:30:00Z\n"), at("quizzes.q.saved_at")),
    "a time as a number": (one(saved_at=20261121), at("quizzes.q.saved_at")),
}

#: Of those refused, what the JSON Schema alone would let through: the rules that it names in its $comment.
BEYOND_THE_SCHEMA = {
    "larger than 256 KB",
    "a byte-order mark",
    "a key twice",
    "a key twice, once escaped",
    "an item twice",
    "a schema of 1.0",
    "a schema of 1e0",
    "a schema a hair above 1",
    "a day that never was",
    "29 February of no leap year",
    "a year 0",
}
