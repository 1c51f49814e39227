"""Whatever is handed in as an answers file ends in an honest score or in one plain sentence."""

import json
import random
import re
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from safequiz import responses
from safequiz.bank import BANK_FOLDER
from safequiz.item import LONGEST_REPLY, MOST_IDS, public_view
from safequiz.responses import CODE, LARGEST_FILE, SCHEMA_FILE, AnswersError, fitting, parse, to_json
from safequiz.scoring import score

from .answers_corpus import BEYOND_THE_SCHEMA, ITEMS, NO_VERSION, REFUSED, TAKEN, TWICE, answered, at
from .answers_fuzz import mutated, verdict

# Python's `$` also matches before a last line end, where JSON Schema's does not.
FORM = Draft202012Validator(json.loads(SCHEMA_FILE.read_text(encoding="utf-8").replace('$"', r'\\Z"')))
ALIKE = settings(derandomize=True, database=None, deadline=None, max_examples=60)


@pytest.mark.parametrize(("data", "points"), TAKEN.values(), ids=TAKEN)
def test_a_file_of_the_right_form_is_taken_and_earns_what_it_should(data, points):
    fit = fitting([public_view(item) for item in ITEMS], parse(data).responses("q"))
    marks = [score(item, fit.get(item.id)) for item in ITEMS if item.kind != "reflection"]
    assert sum(mark.earned for mark in marks if mark) == points
    assert verdict(data) == ""


@pytest.mark.parametrize(("data", "said"), REFUSED.values(), ids=REFUSED)
def test_any_other_file_is_refused_in_one_plain_sentence(data, said):
    with pytest.raises(AnswersError) as refusal:
        parse(data)
    assert str(refusal.value).startswith(said)
    assert verdict(data) == str(refusal.value)


def compact(responses):
    """Return the bytes of a file without a space in it."""
    return json.dumps(json.loads(answered(**responses)), separators=(",", ":")).encode()


def test_what_would_outgrow_the_limit_once_we_write_it_is_refused():
    data = compact({f"{number:x}": ["a"] for number in range(13_000)})
    assert len(data) < LARGEST_FILE
    with pytest.raises(AnswersError, match="indented as the course writes it, it is larger than 256 KB"):
        parse(data)


def test_to_write_a_file_makes_it_less_than_three_times_as_large():
    data = compact({f"{number:x}": ["a"] for number in range(1000)})
    assert 2 < len(to_json(parse(data))) / len(data) < 3


def test_a_fault_deep_in_a_huge_file_is_found_and_named_without_quoting_it():
    many = {f"{number:x}": 0 for number in range(20_000)}
    assert verdict(answered(**many)) == at("quizzes.q.responses.0")


# --- the schema for other programs ---------------------------------------------------------------


def test_the_schema_that_is_shipped_is_made_from_the_reader_and_is_itself_valid():
    shipped = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    assert shipped == responses.AnswersFile.model_json_schema(), "run: python3 -m quizzes schemas"
    assert shipped["properties"]["schema"]["const"] == responses.SCHEMA
    Draft202012Validator.check_schema(shipped)


def no_constant(name):
    raise ValueError(f"{name} is not JSON")


@pytest.mark.parametrize("name", [*TAKEN, *REFUSED])
def test_the_schema_and_the_reader_agree_but_for_the_rules_that_the_schema_names(name):
    data, _ = (TAKEN | REFUSED)[name]
    try:
        raw = json.loads(data.decode("utf-8-sig"), parse_constant=no_constant)
    except (ValueError, RecursionError):
        assert name in REFUSED
    else:
        assert FORM.is_valid(raw) == (name in TAKEN or name in BEYOND_THE_SCHEMA)


IDS = st.from_regex(r"[a-z0-9-]{1,80}", fullmatch=True)
REPLIES = st.text(st.characters(exclude_categories=()), max_size=LONGEST_REPLY)  # half an emoji among them
QUIZ = st.fixed_dictionaries(
    {
        "content": st.from_regex(r"[0-9a-f]{8}", fullmatch=True),
        "saved_at": st.datetimes().map(lambda time: f"{time.isoformat(timespec='seconds')}Z"),
        "responses": st.dictionaries(IDS, st.lists(IDS, max_size=MOST_IDS) | REPLIES, max_size=12),
    }
)
FILE = st.fixed_dictionaries(
    {"schema": st.just(1), "quizzes": st.dictionaries(IDS, QUIZ, max_size=3)},
    optional={
        "nation": st.sampled_from(["england", "wales", "scotland", "northern-ireland", None]),
        "pupil": st.from_regex(CODE, fullmatch=True) | st.none(),
    },
)


@ALIKE
@given(FILE)
def test_every_file_that_follows_the_written_rules_is_taken_and_comes_back_as_it_was(raw):
    assert FORM.is_valid(raw)
    data = json.dumps(raw).encode()
    assert verdict(data) == ""
    # Half an emoji becomes a question mark, and a field that is null is left out.
    same = json.loads(re.sub(r"[\ud800-\udfff]", "?", json.dumps(raw, ensure_ascii=False)))
    same = {name: value for name, value in same.items() if value is not None}
    assert json.loads(to_json(parse(data))) == same


def test_of_files_broken_at_random_the_reader_takes_those_that_the_schema_accepts():
    lot, seen = random.Random(20261121), Counter()
    while seen.total() < 2000:
        data = mutated(lot)
        try:
            raw = json.loads(data.decode(), parse_constant=no_constant)
        except (ValueError, RecursionError):
            continue
        accepts, said = FORM.is_valid(raw), verdict(data)
        seen[accepts] += 1
        if accepts:
            assert not said or said in (TWICE, NO_VERSION) or said.endswith(".saved_at')"), data
        else:
            assert said, data
    assert min(seen.values()) > 500


@pytest.mark.parametrize(
    "text",
    [
        responses.__doc__[responses.__doc__.index("{") : responses.__doc__.index('`"nation"')],
        *re.findall(r"```json\n(.+?)```", (BANK_FOLDER.parent / "README.md").read_text("utf-8"), re.DOTALL),
    ],
)
def test_every_example_in_the_documents_is_an_answers_file(text):
    assert FORM.is_valid(json.loads(text))
    assert verdict(text.encode()) == ""


def test_the_readme_shows_an_example():
    assert "```json" in (BANK_FOLDER.parent / "README.md").read_text(encoding="utf-8")


# --- a hundred thousand broken files -------------------------------------------------------------


def test_of_a_hundred_thousand_broken_files_none_crashes_the_reader_or_earns_what_no_item_gives():
    ends = Counter()

    @settings(ALIKE, max_examples=200)
    @given(st.integers(0, 2**64))
    def some(seed):
        lot = random.Random(seed)
        ends.update(verdict(mutated(lot)) for _ in range(500))

    some()
    assert ends.total() >= 100_000
    assert ends[""] > ends.total() / 10
    assert len(ends) > 1000  # the places of the faults among them
