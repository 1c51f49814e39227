"""Everything that the three seed pages teach is taught here, as it stands today, and tested by an item.

`seed_trace.yaml` lists their statements. This checks that what it names is there; that each statement was
read off a seed, its authors saw to.
"""

import json
import re
from pathlib import Path

import pytest
import yaml
from safequiz.bank import BANK_FOLDER, load_bank

TRACE = yaml.safe_load(Path(__file__).with_name("seed_trace.yaml").read_text(encoding="utf-8"))
COURSE = BANK_FOLDER.parents[1] / "course"
BANKS = [load_bank(path.stem) for path in sorted(BANK_FOLDER.glob("*.yaml"))]
LESSON_OF = {item.id: bank.lesson for bank in BANKS for item in bank.items}
CELLS = {
    path.stem: {cell["id"] for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]}
    for path in COURSE.glob("[0-9][0-9]-*.ipynb")
}
STATEMENTS = pytest.mark.parametrize("statement", TRACE["statements"], ids=lambda each: each["id"])
#: At least so many statements were counted in each seed when the trace was made.
COUNTED = {1: 61, 2: 73, 3: 21}


def test_every_statement_has_a_name_of_its_own():
    names = [statement["id"] for statement in TRACE["statements"]]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("seed", COUNTED)
def test_every_seed_is_covered(seed):
    assert sum(seed in statement["seeds"] for statement in TRACE["statements"]) >= COUNTED[seed]


@STATEMENTS
def test_a_statement_says_what_it_is_where_it_was_and_what_holds_today(statement):
    assert set(statement) == {"id", "says", "seeds", "changed", "lesson", "cell", "items"}
    assert statement["says"].endswith(".")
    assert statement["changed"]
    assert statement["seeds"]
    assert set(statement["seeds"]) <= {1, 2, 3}
    assert all(1 <= len(words.split()) <= 20 for words in statement["seeds"].values())


@STATEMENTS
def test_a_statement_is_taught_in_a_cell_and_tested_by_items(statement):
    assert statement["cell"] in CELLS[statement["lesson"]]
    assert statement["items"]
    assert [item for item in statement["items"] if item not in LESSON_OF] == []


@STATEMENTS
def test_an_item_is_from_the_lesson_or_from_another_that_is_named(statement):
    """The first item belongs to the lesson that teaches the statement; more may come from anywhere."""
    assert LESSON_OF.get(statement["items"][0]) == statement["lesson"]


def test_the_trace_stands_on_its_own():
    text = Path(__file__).with_name("seed_trace.yaml").read_text(encoding="utf-8")
    assert not re.search(r"\.\./|/shared", text)
