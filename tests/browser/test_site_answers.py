"""What a plain page keeps is what the course in Jupyter keeps: the same files, verdicts and reviews."""

import base64
import json
import random
import re
from datetime import UTC, date, datetime, timedelta

import pytest
from icalendar import Calendar
from safequiz import spaced
from safequiz.bank import bank_names, load_bank
from safequiz.item import practice_view, public_view
from safequiz.responses import FILE_NAME, FIRST, AnswersError, Store, fitting, parse, to_json

from tests.answers_corpus import EMOJI, FAMILY, REFUSED, TAKEN, file, quiz
from tests.answers_fuzz import mutated

from .conftest import COURSE, STATIC

pytestmark = pytest.mark.browser
BANKS = [load_bank(name) for name in bank_names()]
ITEMS = [item for bank in BANKS for item in bank.items]
POOL = [(bank, item) for bank in BANKS for item in bank.practice if item.kind != "reflection"]
NATIONS = ("england", "wales", "scotland", "northern-ireland")

ADDRESS = "http://course.test/"
SCRIPT = "\n".join(
    [
        (STATIC / "quiz.js").read_text(encoding="utf-8"),
        (COURSE / "safesite" / "static" / "answers.js").read_text(encoding="utf-8"),
        (COURSE / "safesite" / "static" / "file.js").read_text(encoding="utf-8"),
        "const makers = {};",
        (COURSE / "safesite" / "static" / "review.js").read_text(encoding="utf-8"),
        """
        const bytesOf = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
        const tried = (action) => {
          try { return { done: action() ?? null }; } catch (error) {
            return { failed: error.message, refused: error instanceof AnswersError };
          }
        };
        const full = () => { throw new DOMException("full", "QuotaExceededError"); };
        const shut = () => { throw new DOMException("shut", "SecurityError"); };
        const setItem = Storage.prototype.setItem;
        const jam = () => { Storage.prototype.setItem = full; };
        const fill = () => {
          for (let size = 2 ** 23; size >= 1; size /= 2) {
            try { localStorage.setItem(`fill-${size}`, "x".repeat(size)); } catch { /* half of it may fit */ }
          }
        };
        const makeRoom = () => {
          Storage.prototype.setItem = setItem;
          Object.keys(localStorage).forEach((name) => { if (name !== KEY) localStorage.removeItem(name); });
        };
        const newStore = (storage) => new Store(storage, () => new Date("2026-11-21T09:30:00.123Z"));
        Object.assign(window, { parseAnswers, toJson, fitting, makers, weightOf, merge });
        Object.assign(window, { bytesOf, tried, shut, newStore, jam, fill, makeRoom });
        """,
    ]
)
PAGE = f'<!doctype html><html lang="en"><title>Answers</title><script type="module">{SCRIPT}</script></html>'


@pytest.fixture
def context(browser):
    """Return a browser with an empty storage, in which every page has the functions of the site."""
    made = browser.new_context()
    made.route("**/*", lambda route: route.fulfill(body=PAGE, content_type="text/html"))
    yield made
    made.close()


def tab(context, address=ADDRESS):
    """Open a page with a store of its own."""
    page = context.new_page()
    page.goto(address)
    page.evaluate("() => { window.store = newStore(localStorage); }")
    return page


@pytest.fixture
def page(context):
    """Return one such page."""
    return tab(context)


@pytest.fixture(scope="module")
def functions(browser):
    """Return a page for functions that keep nothing."""
    made = browser.new_context()
    made.route("**/*", lambda route: route.fulfill(body=PAGE, content_type="text/html"))
    page = made.new_page()
    page.goto(ADDRESS)
    yield page
    made.close()


def packed(data: bytes) -> str:
    """Return bytes as a page can take them."""
    return base64.b64encode(data).decode()


# --- reading and writing a file ----------------------------------------------------------------


def read_in(page, data):
    """Return what `toJson(parseAnswers(data))` gives on the page, or the error."""
    return page.evaluate("(data) => tried(() => toJson(parseAnswers(bytesOf(data))))", packed(data))


@pytest.mark.parametrize(("data", "_points"), TAKEN.values(), ids=TAKEN)
def test_what_the_course_reads_the_page_reads_and_writes_to_the_same_byte(functions, data, _points):
    assert read_in(functions, data) == {"done": to_json(parse(data)).decode()}


@pytest.mark.parametrize(("data", "_said"), REFUSED.values(), ids=REFUSED)
def test_what_the_course_refuses_the_page_refuses_in_one_plain_sentence(functions, data, _said):
    with pytest.raises(AnswersError):
        parse(data)
    read = read_in(functions, data)
    assert read["refused"]
    assert re.fullmatch(r"This [^.\n]+\.", read["failed"])


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("larger than 256 KB", "larger than 256 KB"),
        ("UTF-16", "not text"),
        ("cut short", "not whole JSON"),
        ("an item twice", "one thing twice"),
        ("a newer schema", "another version of the course"),
        ("an unknown field", "does not have the form"),
    ],
)
def test_the_sentence_says_what_is_wrong_with_the_file(functions, name, said):
    assert said in read_in(functions, REFUSED[name][0])["failed"]


def test_files_of_chance_are_judged_alike(functions):
    lot = random.Random(20261121)
    files = [mutated(lot) for _ in range(1000)]
    read = functions.evaluate(
        "(files) => files.map((data) => tried(() => toJson(parseAnswers(bytesOf(data)))).done ?? null)",
        [packed(data) for data in files],
    )
    for data, found in zip(files, read, strict=True):
        try:
            expected = to_json(parse(data)).decode()
        except AnswersError:
            expected = None
        assert found == expected, data


def a_way(item, lot, best=False):
    """Return the choices of one way through a story, to its end."""
    chosen, step = [], item.steps[0]
    while step:
        ways = [choice for choice in step.choices if choice.worth == "best"] if best else list(step.choices)
        choice = lot.choice(ways)
        chosen.append(choice.id)
        step = item.step(choice.to)
    return chosen


def right_answer(item, lot):
    """Return a response that earns every point."""
    if item.kind == "reflection":
        return "I would ring."
    if item.kind == "order":
        return [option.id for option in item.options]
    if item.kind == "nation":
        nation = lot.choice(NATIONS)
        return [nation, item.key_in(nation)]
    if item.kind == "scenario":
        return a_way(item, lot, best=True)
    return sorted(item.key)


def some_answer(item, lot):
    """Return a response as a learner may give it."""
    ids = [option.id for option in item.options]
    if item.kind == "reflection":
        return lot.choice(["A word.", f"{EMOJI} " * 3000, "x" * 6000])
    if item.kind == "scenario":
        way = a_way(item, lot)
        return way[: lot.randint(1, len(way))]
    if item.kind == "nation":
        return [lot.choice(NATIONS), lot.choice(ids)]
    if item.kind == "order":
        return lot.sample(ids, len(ids))
    return lot.sample(ids, 1 if item.kind == "single" else lot.randint(1, len(ids)))


BLANKS = [
    " \n\t",
    "\x1c\x1d\x1e\x1f",
    "\x85\xa0\u1680",
    "\u2000\u200a\u2028\u2029\u202f\u205f\u3000",
    "\ufeff",
    "\u200b",
]
HOSTILE = [
    *([], "", 0, 1, True, False, None, {}, {"0": "a"}, "a", "constructor", [None], [0, True], [""], ["gone"]),
    *(["__proto__"], ["constructor", "tostring"], ["wales", "gone"], ["wales"], *BLANKS),
]


def stale_or_hostile(item, lot):
    """Return a response that fits partly, or not at all."""
    valid = some_answer(item, lot)
    if isinstance(valid, str):
        return lot.choice([*HOSTILE, [valid]])
    return lot.choice(
        [*HOSTILE, [*valid, "gone"], ["gone", *valid], valid[:-1], valid * 2, valid[::-1], [*valid, valid[0]],
         [option.id for option in item.options], " ".join(valid)]
    )  # fmt: skip


@pytest.mark.parametrize(
    "view", [public_view, lambda item: practice_view(item, ())], ids=["marked", "practice"]
)
def test_the_same_part_of_any_responses_fits_every_item_there_is(functions, view):
    lot = random.Random(1)
    views = [view(item) for item in ITEMS]
    assert {one["kind"] for one in views} == {
        *("single", "multiple", "reflection", "spot", "order", "scenario", "nation"),
    }
    makers = [right_answer, some_answer, some_answer, *[stale_or_hostile] * 12]
    rounds = [{item.id: made(item, lot) for item in ITEMS if lot.random() < 0.95} for made in makers]
    found = functions.evaluate(
        "([views, rounds]) => rounds.map((given) => fitting(views, given))", [views, rounds]
    )
    for given, fit in zip(rounds, found, strict=True):
        assert fit == fitting(views, given)


def test_every_hostile_response_is_judged_alike_by_an_item_of_each_kind(functions):
    first = {item.kind: public_view(item) for item in ITEMS}
    pairs = [[view, given] for view in first.values() for given in HOSTILE]
    found = functions.evaluate(
        "(pairs) => pairs.map(([view, given]) => fitting([view], { [view.id]: given }))", pairs
    )
    assert found == [fitting([view], {view["id"]: given}) for view, given in pairs]


def test_what_every_object_has_is_no_response(functions):
    view = {"id": "constructor", "kind": "reflection", "options": []}
    assert functions.evaluate("(view) => fitting([view], {})", view) == {}


# --- the store ---------------------------------------------------------------------------------

KEEP = """([content, name, responses, changed]) =>
  tried(() => store.saveAll(content, { [name]: { responses, changed: new Set(changed) } }))"""
NOTHING_KEPT = "This browser keeps nothing for this page. Your answers stay until you close it."
BLOCKED = "Not saved: this" + NOTHING_KEPT.removeprefix("This")


def keep(page, name, responses, changed=None, content="0123abcd"):
    """Save on the page; return {"done": note} or {"failed": sentence}."""
    changed = list(responses) if changed is None else list(changed)
    return page.evaluate(KEEP, [content, name, responses, changed])


def opened(page):
    """Return the answers and the note of the page's store."""
    found = page.evaluate("() => store.open()")
    return found["answers"], found["note"]


def responses(page, name):
    """Return what the page's store has of one quiz."""
    return opened(page)[0]["quizzes"].get(name, {}).get("responses", {})


def stored(page, key="stay-safe-online"):
    """Return the text that the browser keeps under this name."""
    return page.evaluate("(key) => localStorage.getItem(key)", key)


def put(page, text, key="stay-safe-online"):
    """Put a text into the browser behind the store's back."""
    page.evaluate("([key, text]) => localStorage.setItem(key, text)", [key, text])


def test_what_is_kept_is_an_answers_file_and_nothing_else(page):
    assert opened(page) == ({"schema": 1, "quizzes": {}}, "")
    assert page.evaluate("() => localStorage.length") == 0
    assert keep(page, "q", {"one": ["b"], "note": f"I {EMOJI}"}) == {"done": ""}
    assert page.evaluate("() => tried(() => store.saveNation('wales'))") == {"done": ""}
    text = stored(page).encode()
    assert to_json(parse(text)) == text
    assert json.loads(text) == {
        "schema": 1,
        "nation": "wales",
        "quizzes": {
            "q": {
                "content": "0123abcd",
                "saved_at": "2026-11-21T09:30:00Z",
                "responses": {"one": ["b"], "note": f"I {EMOJI}"},
            }
        },
    }
    assert page.evaluate("() => Object.keys(localStorage)") == ["stay-safe-online"]


def test_what_is_kept_is_there_after_the_page_is_opened_again(page):
    keep(page, "q", {"one": ["b"]})
    page.reload()
    page.evaluate("() => { window.store = newStore(localStorage); }")
    assert responses(page, "q") == {"one": ["b"]}


def test_the_same_saves_leave_the_same_file_as_on_a_disk(page, tmp_path):
    lot = random.Random(7)
    disk = Store(tmp_path / FILE_NAME)
    items = [f"item-{number}" for number in range(6)] + ["constructor", "10"]
    for _ in range(60):
        quizzes = {}
        for name in lot.sample(["a", "a-first", "review-x", "constructor"], lot.randint(1, 2)):
            given = {item: [lot.choice("abc")] for item in lot.sample(items, lot.randint(0, 5))}
            quizzes[name] = (given, set(lot.sample(items, lot.randint(0, 6))))
        content = f"{lot.randrange(16**8):08x}"
        disk.save_all(content, quizzes)
        page.evaluate(
            """([content, quizzes]) => store.saveAll(content, Object.fromEntries(quizzes.map(
                ([name, responses, changed]) => [name, { responses, changed: new Set(changed) }])))""",
            [content, [[name, given, list(changed)] for name, (given, changed) in quizzes.items()]],
        )
        if lot.random() < 0.2:
            nation = lot.choice([*NATIONS, ""])
            disk.save_nation(nation)
            page.evaluate("(nation) => store.saveNation(nation)", nation)
    on_disk = (tmp_path / FILE_NAME).read_text(encoding="utf-8")
    assert stored(page) == re.sub(r'"saved_at": "[^"]+"', '"saved_at": "2026-11-21T09:30:00Z"', on_disk)


def test_saving_some_items_leaves_other_items_and_quizzes_alone(page):
    keep(page, "q", {"one": ["a"]})
    keep(page, "q", {"two": ["b"]})
    keep(page, "r", {"three": ["c"]})
    keep(page, "q", {}, {"one"})
    assert responses(page, "q") == {"two": ["b"]}
    assert responses(page, "r") == {"three": ["c"]}


def test_a_nation_can_be_forgotten(page):
    page.evaluate("() => { store.saveNation('scotland'); store.saveNation(''); }")
    assert opened(page)[0] == {"schema": 1, "quizzes": {}}


def test_two_tabs_do_not_undo_each_other(context):
    one, two = tab(context), tab(context)
    # A browser takes some milliseconds to tell one tab what another has stored. No reader is as quick.
    heard = "(id) => store.open().answers.quizzes.q.responses[id]"
    for turn in range(5):
        keep(one, "q", {f"one-{turn}": ["a"]})
        two.wait_for_function(heard, arg=f"one-{turn}")
        keep(two, "q", {f"two-{turn}": ["b"]})
        one.wait_for_function(heard, arg=f"two-{turn}")
    two.evaluate("() => store.saveNation('wales')")
    one.wait_for_function("() => store.open().answers.nation === 'wales'")
    keep(one, "r", {"three": ["c"]})
    two.wait_for_function("() => store.open().answers.quizzes.r")
    assert len(responses(two, "q")) == 10
    assert opened(two)[0]["nation"] == "wales"
    assert responses(one, "r") == {"three": ["c"]}


def test_a_tab_hears_of_the_other_until_it_no_longer_asks(context):
    one, two = tab(context), tab(context)
    one.evaluate("() => { window.heard = 0; window.stop = store.follow(() => { heard += 1; }); }")
    keep(two, "q", {"one": ["a"]})
    one.wait_for_function("() => heard === 1")
    two.evaluate("() => localStorage.setItem('something else', '1')")
    two.evaluate("() => store.clear()")
    one.wait_for_function("() => heard === 2")
    two.evaluate("() => localStorage.clear()")
    one.wait_for_function("() => heard === 3")
    one.evaluate("() => stop()")
    keep(two, "q", {"one": ["a"]})
    one.wait_for_timeout(200)
    assert one.evaluate("() => heard") == 3


@pytest.mark.parametrize(
    "text",
    ['{"schema": 1, "quizzes"', '{"nbformat": 4}', "", "dark", '{"schema": 0, "quizzes": {}}'],
    ids=["damaged", "foreign", "empty", "a word", "no version there ever was"],
)
@pytest.mark.parametrize("first", ["open", "save"])
def test_what_cannot_be_read_is_set_aside_unchanged_and_the_learner_is_told(page, text, first):
    put(page, text)
    note = opened(page)[1] if first == "open" else keep(page, "q", {"one": ["a"]})["done"]
    assert "stay-safe-online-damaged" in note
    assert stored(page, "stay-safe-online-damaged") == text
    assert keep(page, "q", {"one": ["a"]}) == {"done": ""}
    assert stored(page, "stay-safe-online-damaged") == text
    assert responses(page, "q") == {"one": ["a"]}
    assert opened(page)[1] == note, "as long as this page is open it goes on saying so"


def test_an_old_page_leaves_the_answers_of_a_later_version_alone(page):
    later = '{"schema": 2, "quizzes": {}, "more": true}'
    put(page, later)
    assert opened(page)[1] == "This page is older than the answers on this device. Reload it."
    said = keep(page, "q", {"one": ["a"]})["failed"]
    assert said == "Not saved: this page is older than the answers on this device. Reload it."
    assert page.evaluate("() => Object.entries(localStorage)") == [["stay-safe-online", later]]
    assert responses(page, "q") == {"one": ["a"]}, "until it is closed the page has them"


def test_nothing_that_was_set_aside_is_ever_written_over(page):
    texts = ["{one", "{two", "{three", "{one"]
    for text in texts:
        put(page, text)
        page.evaluate("() => newStore(localStorage).open()")
    kept = page.evaluate("() => Object.entries(localStorage)")
    assert dict(kept) == {
        "stay-safe-online-damaged": "{one",
        "stay-safe-online-damaged-2": "{two",
        "stay-safe-online-damaged-3": "{three",
    }


def test_half_an_emoji_and_foreign_fields_never_reach_the_storage(page):
    page.evaluate(
        "() => store.saveAll('0123abcd', { q: { responses: { a: 'x \\ud83d' }, changed: new Set(['a']) } })"
    )
    assert responses(page, "q") == {"a": "x ?"}


@pytest.mark.parametrize(
    ("name", "given", "content"),
    [
        ("Q", {}, "0123abcd"),
        ("q", {}, "no"),
        ("q", {"a": 3}, "0123abcd"),
        ("q", {"a": "x" * 5001}, "0123abcd"),
    ],
    ids=["a bad name", "a bad content", "a bad response", "a reply too long"],
)
def test_through_a_fault_of_ours_nothing_that_could_not_be_read_again_is_kept(page, name, given, content):
    keep(page, "q", {"one": ["a"]})
    before = stored(page)
    assert "through a fault in the course" in keep(page, name, given, content=content)["failed"]
    assert stored(page) == before
    assert keep(page, "q", {"two": ["b"]}) == {"done": ""}


SHUT = {
    "there is none": "undefined",
    "everything is refused": "new Proxy({}, { get: shut })",
    "reading is refused": "{ getItem: shut, setItem: shut }",
    "writing is refused": "{ getItem: () => null, setItem: shut }",
}


@pytest.mark.parametrize("storage", SHUT.values(), ids=SHUT)
def test_where_the_browser_keeps_nothing_the_answers_stay_with_the_page(page, storage):
    page.evaluate(f"() => {{ window.store = newStore({storage}); }}")
    answers, note = opened(page)
    assert answers == {"schema": 1, "quizzes": {}}
    assert note == ("" if storage == SHUT["writing is refused"] else NOTHING_KEPT)
    assert keep(page, "q", {"one": ["a"]})["failed"] == BLOCKED
    assert keep(page, "q", {"two": ["b"]})["failed"] == BLOCKED
    assert keep(page, "q", {}, {"one"})["failed"] == BLOCKED
    assert page.evaluate("() => tried(() => store.saveNation('wales'))")["failed"] == BLOCKED
    answers, _ = opened(page)
    assert answers["nation"] == "wales"
    assert answers["quizzes"]["q"]["responses"] == {"two": ["b"]}
    assert parse(page.evaluate("() => toJson(store.open().answers)").encode())


@pytest.mark.parametrize("how", ["fill", "jam"], ids=["really full", "said to be full"])
def test_what_a_full_browser_could_not_keep_goes_along_once_there_is_room(page, how):
    keep(page, "q", {"one": ["a"], "two": ["a"]})
    before = stored(page)
    page.evaluate(f"() => {how}()")
    reply = "A longer reply than the room that is left. " * 20
    for given, changed in (({"note": reply}, {"note"}), ({}, {"one"})):
        failed = keep(page, "q", {"two": ["b"], **given}, {"two", *changed})["failed"]
        assert "this browser has no room left" in failed
    assert stored(page) == before, "what was saved before is untouched"
    assert responses(page, "q") == {"two": ["b"], "note": reply}
    page.evaluate("() => makeRoom()")
    assert keep(page, "r", {"three": ["c"]}) == {"done": ""}
    assert parse(stored(page).encode()).responses("q") == {"two": ["b"], "note": reply}


def test_what_another_tab_saved_meanwhile_is_not_lost_to_one_that_could_not_save(context):
    one, two = tab(context), tab(context)
    # A browser takes some milliseconds to tell one tab what another has stored.
    heard = "([quiz, id, value]) => store.open().answers.quizzes[quiz]?.responses[id]?.[0] === value"
    one.evaluate("() => jam()")
    keep(one, "q", {"one": ["a"]})
    keep(two, "q", {"two": ["b"]})
    one.wait_for_function(heard, arg=["q", "two", "b"])
    assert responses(one, "q") == {"one": ["a"], "two": ["b"]}
    one.evaluate("() => makeRoom()")
    keep(one, "r", {"three": ["c"]})
    two.wait_for_function(heard, arg=["r", "three", "c"])
    assert responses(two, "q") == {"one": ["a"], "two": ["b"]}
    keep(two, "q", {"one": ["later"]})
    one.wait_for_function(heard, arg=["q", "one", "later"])
    keep(one, "r", {"three": ["d"]})
    two.wait_for_function(heard, arg=["r", "three", "d"])
    assert responses(two, "q") == {"one": ["later"], "two": ["b"]}, "it went along once, and not again"


def test_what_cannot_be_read_nor_set_aside_is_left_where_it_is(page):
    put(page, "{damaged")
    page.evaluate("() => jam()")
    assert "no room left" in opened(page)[1]
    assert "no room left" in keep(page, "q", {"one": ["a"]})["failed"]
    assert stored(page) == "{damaged"
    assert responses(page, "q") == {"one": ["a"]}


def test_answers_too_large_to_be_read_again_are_not_kept(page):
    for number in range(52):
        keep(page, "q", {f"item-{number}": "x" * 4900})
    before = stored(page)
    failed = keep(page, "q", {"more": "x" * 5000, "and-more": "x" * 4000})["failed"]
    assert failed.startswith("Not saved:")
    assert "256 KB" in failed
    assert stored(page) == before
    assert keep(page, "q", {"more": "x"}) == {"done": ""}


# --- a file that is loaded ---------------------------------------------------------------------


def merged(page, quizzes, nation=None):
    """Merge a file with these quizzes: name -> (saved at this hour, responses)."""
    made = {
        name: quiz(saved_at=f"2026-11-21T{hour:02}:00:00Z", content=f"0000000{hour % 10}", responses=given)
        for name, (hour, given) in quizzes.items()
    }
    more = f', "nation": "{nation}"' if nation else ""
    return page.evaluate(
        "(data) => tried(() => merge(store, parseAnswers(bytesOf(data))))",
        packed(file(made, more=more)),
    )


@pytest.mark.parametrize("order", [1, -1], ids=["the newer loaded last", "the newer loaded first"])
def test_of_two_responses_the_later_counts_and_the_other_fills_gaps(page, order):
    files = [
        {"q": (8, {"one": ["a"], "two": ["a"]}), "old": (8, {"x": ["a"]})},
        {"q": (9, {"two": ["b"], "three": ["b"]}), "new": (9, {"y": ["b"]})},
    ]
    for one in files[::order]:
        assert merged(page, one) == {"done": ""}
    assert responses(page, "q") == {"one": ["a"], "two": ["b"], "three": ["b"]}
    assert responses(page, "old") == {"x": ["a"]}
    assert responses(page, "new") == {"y": ["b"]}
    assert opened(page)[0]["quizzes"]["q"]["saved_at"] == "2026-11-21T09:00:00Z"
    assert opened(page)[0]["quizzes"]["q"]["content"] == "00000009"


@pytest.mark.parametrize("order", [1, -1], ids=["the earlier loaded first", "the earlier loaded last"])
def test_of_two_first_tries_the_earlier_counts(page, order):
    files = [
        {f"q{FIRST}": (8, {"one": ["a"], "two": ["a"]})},
        {f"q{FIRST}": (9, {"two": ["b"], "three": ["b"]})},
    ]
    for one in files[::order]:
        merged(page, one)
    assert responses(page, f"q{FIRST}") == {"one": ["a"], "two": ["a"], "three": ["b"]}
    assert opened(page)[0]["quizzes"][f"q{FIRST}"]["saved_at"] == "2026-11-21T09:00:00Z"


@pytest.mark.parametrize("name", ["q", f"q{FIRST}"])
def test_of_two_saved_at_the_same_time_what_is_on_the_device_counts(page, name):
    merged(page, {name: (8, {"one": ["a"]})})
    merged(page, {name: (8, {"one": ["b"], "two": ["b"]})})
    assert responses(page, name) == {"one": ["a"], "two": ["b"]}


def test_where_the_learner_lives_is_taken_from_a_file_only_if_the_device_does_not_know(page):
    merged(page, {}, nation="wales")
    merged(page, {}, nation="scotland")
    assert opened(page)[0]["nation"] == "wales"


def test_loading_the_same_file_twice_changes_nothing(page):
    lot = random.Random(3)
    quizzes = {
        name: (lot.randint(1, 20), {f"i-{number}": [lot.choice("ab")] for number in range(4)})
        for name in ("a", f"a{FIRST}", "b")
    }
    keep(page, "a", {"i-0": ["own"], "i-9": ["own"]})
    merged(page, quizzes, nation="wales")
    before = stored(page)
    merged(page, quizzes, nation="wales")
    assert stored(page) == before


def test_a_file_that_would_make_too_much_of_it_is_refused_and_nothing_changes(page):
    keep(page, "q", {f"item-{number}": "x" * 4900 for number in range(30)})
    before = stored(page)
    failed = merged(page, {"r": (8, {f"item-{number}": "x" * 4900 for number in range(30)})})["failed"]
    assert failed.startswith("Not loaded:")
    assert stored(page) == before
    assert "r" not in opened(page)[0]["quizzes"]


def test_a_file_can_be_loaded_into_a_page_that_keeps_nothing(page):
    page.evaluate("() => { window.store = newStore(undefined); }")
    assert merged(page, {"q": (8, {"one": ["a"]})})["failed"] == BLOCKED
    assert responses(page, "q") == {"one": ["a"]}


def test_clearing_takes_away_all_of_ours_and_nothing_of_others(page):
    for text in ("{one", "{two"):
        put(page, text)
        page.evaluate("() => store.open()")
    put(page, "mine", key="another-site")
    keep(page, "q", {"one": ["a"]})
    assert page.evaluate("() => tried(() => store.clear())") == {"done": None}
    assert page.evaluate("() => Object.keys(localStorage)") == ["another-site"]
    assert opened(page) == ({"schema": 1, "quizzes": {}}, "")


def test_clearing_forgets_what_only_the_page_had_and_says_if_the_browser_would_not(page):
    page.evaluate("() => { window.store = newStore(new Proxy({}, { get: shut })); }")
    keep(page, "q", {"one": ["a"]})
    assert (
        "does not let this page clear anything" in page.evaluate("() => tried(() => store.clear())")["failed"]
    )
    assert opened(page)[0] == {"schema": 1, "quizzes": {}}


# --- the review --------------------------------------------------------------------------------


def slot(when, number=spaced.QUESTIONS):
    """Return the review's slot, as the page of a review has it."""
    pool = [
        {"bank": bank.id, "draw": spaced.draw(when, item.id), "view": practice_view(item, ())}
        for bank, item in POOL
    ]
    return {
        "make": "review",
        "name": f"review-{when}",
        "when": when,
        "number": number,
        "stories": spaced.MOST_STORIES,
        "title": "After a while",
        "content": "0123abcd",
        "pool": pool,
    }


def test_every_try_is_judged_right_or_wrong_as_the_marking_does(functions):
    lot = random.Random(5)
    makers = [right_answer] * 4 + [some_answer] * 30 + [stale_or_hostile] * 12
    tried = [(item, made(item, lot)) for _, item in POOL for made in makers]
    weights = functions.evaluate(
        "(pairs) => pairs.map(([view, given]) => weightOf(view, { [view.id]: given }))",
        [[practice_view(item, ()), given] for item, given in tried],
    )
    for (item, given), weight in zip(tried, weights, strict=True):
        assert weight == spaced._weight(item, {item.id: given}), (item.id, given)
    assert {item.kind for item, _ in tried} >= {"single", "multiple", "spot", "order", "scenario", "nation"}


def some_history(lot, when):
    """Return the answers of a learner who has worked through parts of the course."""
    mood = lot.choice([right_answer, some_answer, stale_or_hostile, None])
    worked = lot.random()

    def given():
        answers = {}
        for _, item in POOL:
            if lot.random() < worked:
                value = (mood or lot.choice([right_answer, some_answer]))(item, lot)
                if isinstance(value, list) and all(isinstance(each, str) and each for each in value):
                    answers[item.id] = [each for each in value if re.fullmatch("[a-z0-9-]+", each)][:10]
        return dict(lot.sample(sorted(answers.items()), len(answers)))

    names = [
        *(f"{bank.id}-practice{FIRST}" for bank in BANKS),
        f"review-six-months{FIRST}",
        f"review-one-week{FIRST}",
    ]
    names = lot.sample(names, lot.randint(0, len(names)))
    quizzes = {
        name: quiz(saved_at=f"2026-11-{lot.randint(1, 28):02}T00:00:00Z", responses=given()) for name in names
    }
    some = [item.id for _, item in POOL if lot.random() < lot.choice([0, 0, 0.03, 0.1, 0.5])]
    quizzes[f"review-{when}"] = quiz(responses={item_id: ["a"] for item_id in some} | {"gone-by-now": ["a"]})
    return file(quizzes)


@pytest.mark.parametrize("when", spaced.WHEN)
def test_the_page_draws_the_review_that_the_course_draws(functions, tmp_path, when):
    lot = random.Random(when)
    files = [some_history(lot, when) for _ in range(40)]
    found = functions.evaluate(
        """([slot, files]) => files.map((data) => {
          const made = makers.review(slot, parseAnswers(bytesOf(data)));
          return { ...made, quiz: { ...made.quiz, items: made.quiz.items.map(({ id }) => id) } };
        })""",
        [slot(when), [packed(data) for data in files]],
    )
    name = f"review-{when}"
    different = set()
    for data, made in zip(files, found, strict=True):
        (tmp_path / FILE_NAME).write_bytes(data)
        store = Store(tmp_path / FILE_NAME)
        answers, note = store.open()
        assert note == ""
        begun = {*answers.responses(name), *answers.responses(name + FIRST)}
        items = spaced.pick(BANKS, store.first_tries(leave_out=name + FIRST), when, begun=begun)
        ids = [item.id for item in items]
        assert made == {
            "quiz": {"title": "After a while", "mode": "practice", "items": ids},
            "name": name,
            "content": "0123abcd",
        }
        different.add(tuple(ids))
    assert len(different) > 20


def test_a_new_learner_gets_the_review_of_one_who_has_tried_nothing(functions):
    for when in spaced.WHEN:
        items = functions.evaluate(
            "(slot) => makers.review(slot, { schema: 1, quizzes: {} }).quiz.items", slot(when)
        )
        assert items == [practice_view(item, ()) for item in spaced.pick(BANKS, {}, when)]


@pytest.mark.parametrize("number", [1, 3, 25, 1000])
def test_a_review_of_another_length_is_drawn_alike(functions, number):
    items = functions.evaluate(
        "(slot) => makers.review(slot, { schema: 1, quizzes: {} }).quiz.items.map(({ id }) => id)",
        slot("one-week", number),
    )
    assert items == [item.id for item in spaced.pick(BANKS, {}, "one-week", number)]


# --- the calendar file -------------------------------------------------------------------------

REMINDERS = {
    "make": "reminders",
    **spaced.calendar_plan(),
    "quiz": {"title": "Calendar", "mode": "calendar", "label": "Save", "file_name": "stay-safe-online.ics"},
}
DAYS = [
    *("2026-01-01", "2026-01-31", "2026-03-31", "2026-08-31", "2026-11-21", "2026-11-29", "2026-11-30"),
    *("2026-12-31", "2027-08-29", "2027-08-31", "2027-11-30", "2028-02-29", "2099-11-30"),
]


def ical_on(browser, day, slot=REMINDERS, hour="12:00", zone="Europe/London", address=ADDRESS):
    """Return the calendar file of a page that is opened at this hour of this day (UTC)."""
    context = browser.new_context(timezone_id=zone)
    context.route("**/*", lambda route: route.fulfill(body=PAGE, content_type="text/html"))
    page = context.new_page()
    page.clock.set_fixed_time(f"{day}T{hour}:00Z")
    page.goto(address)
    made = page.evaluate("(slot) => makers.reminders(slot)", slot)
    context.close()
    text = made["quiz"].pop("text")
    assert made == slot
    return text


def events(text):
    """Return each event's lines without its id, sorted; and the ids."""
    calendar = Calendar.from_ical(text)
    lines = [
        sorted(
            line
            for line in event.to_ical().decode().replace("\r\n ", "").split("\r\n")
            if not line.startswith("UID")
        )
        for event in calendar.walk("VEVENT")
    ]
    return (calendar["prodid"], calendar["version"], lines), [
        str(event["uid"]) for event in calendar.walk("VEVENT")
    ]


@pytest.mark.parametrize("day", DAYS)
def test_the_calendar_file_holds_what_the_courses_holds(browser, day):
    found, ids = events(ical_on(browser, day))
    expected, _ = events(spaced.calendar(date.fromisoformat(day)))
    assert found == expected
    assert len(set(ids)) == 3


@pytest.mark.parametrize(
    ("zone", "hour", "day", "there"),
    [
        ("Pacific/Auckland", "23:30", "2026-11-21", date(2026, 11, 22)),
        ("America/Los_Angeles", "03:30", "2026-11-21", date(2026, 11, 20)),
        ("Pacific/Auckland", "23:30", "2026-12-31", date(2027, 1, 1)),
    ],
)
def test_today_is_the_day_where_the_learner_is(browser, zone, hour, day, there):
    assert events(ical_on(browser, day, hour=hour, zone=zone))[0] == events(spaced.calendar(there))[0]


@pytest.mark.parametrize("address", ["http://course.test/", "https://course.test/"])
def test_two_learners_files_can_go_into_one_calendar(browser, address):
    ids = [each for _ in range(2) for each in events(ical_on(browser, "2026-11-21", address=address))[1]]
    assert len(set(ids)) == 6


def test_long_and_foreign_words_stand_in_the_calendar_file_as_they_were(browser):
    words = (
        f"Mae'n wythnos; agorwch, os gwelwch yn dda, \\new\\, {'x' * 160}:\nŵŷ {EMOJI * 30} {FAMILY} "
        + "ŷ" * 80
    )
    slot = REMINDERS | {"summary": words, "reminders": [{"weeks": 1, "description": words}]}
    text = ical_on(browser, "2026-11-21", slot=slot)
    assert text.endswith("END:VCALENDAR\r\n")
    assert "\n" not in text.replace("\r\n", "")
    assert max(len(line.encode()) for line in text.split("\r\n")) <= 75
    (event,) = Calendar.from_ical(text).walk("VEVENT")
    assert str(event["summary"]) == str(event["description"]) == words
    assert event["dtend"].dt - event["dtstart"].dt == timedelta(days=1)
    assert event["dtstamp"].dt == datetime(2026, 11, 21, tzinfo=UTC)
