"""Marks come from here alone."""

import pytest
from safequiz.item import Item
from safequiz.scoring import Score, score


def item(kind, points, options):
    """Return an item whose options are given as id -> is it in the key."""
    return Item.model_validate(
        {
            "id": "gs-x",
            "objective": "o",
            "kind": kind,
            "use": "marked",
            "audience": ["pupil"],
            "points": points,
            "stem": "?",
            "facts": ["f"],
            "rubric": ["r"] if kind == "reflection" else [],
            "options": [
                {"id": name, "text": name, "key": key, "rationale": "r"} for name, key in options.items()
            ],
        }
    )


SINGLE = item("single", 1, {"sign": True, "privacy": False})
MULTIPLE = item("multiple", 2, {"a": True, "b": True, "c": True, "x": False, "y": False})


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        (frozenset({"sign"}), Score(1.0, 1.0)),
        (frozenset({"privacy"}), Score(0.0, 1.0)),
        (frozenset(), None),
        (None, None),
    ],
    ids=["key", "distractor", "left blank", "never opened"],
)
def test_a_single_choice_earns_all_or_nothing_and_a_blank_has_no_score(response, expected):
    assert score(SINGLE, response) == expected


@pytest.mark.parametrize(
    ("chosen", "earned"),
    [
        ("abc", 2.0),
        ("ab", 1.33),
        ("a", 0.67),
        ("abcx", 1.33),
        ("abcxy", 0.67),
        ("ax", 0.0),
        ("x", 0.0),
        ("axy", 0.0),
    ],
)
def test_a_multiple_choice_earns_a_share_per_key_less_a_share_per_distractor(chosen, earned):
    assert score(MULTIPLE, frozenset(chosen)) == Score(earned, 2.0)


def test_choosing_everything_never_earns_everything():
    assert score(MULTIPLE, frozenset("abcxy")).earned < 2


def test_an_option_the_item_never_had_is_a_fault_not_a_wrong_answer():
    with pytest.raises(ValueError, match="gs-x: no such option: typo"):
        score(SINGLE, frozenset({"typo"}))


def test_a_reflection_is_left_to_a_person():
    with pytest.raises(ValueError, match="gs-x: a reflection is marked by a person"):
        score(item("reflection", 3, {}), frozenset({"a"}))
