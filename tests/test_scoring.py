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
        (["sign"], Score(1.0, 1.0)),
        (["privacy"], Score(0.0, 1.0)),
        ([], None),
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
    assert score(MULTIPLE, list(chosen)) == Score(earned, 2.0)


def test_choosing_everything_never_earns_everything():
    assert score(MULTIPLE, list("abcxy")).earned < 2


def test_an_option_the_item_never_had_is_a_fault_not_a_wrong_answer():
    with pytest.raises(ValueError, match="gs-x: no such option: typo"):
        score(SINGLE, ["typo"])


def test_a_reflection_is_left_to_a_person():
    with pytest.raises(ValueError, match="gs-x: a reflection is marked by a person"):
        score(item("reflection", 3, {}), ["a"])


SPOT = item("spot", 2, {"a": True, "b": True, "x": False, "y": False})
ORDER = item("order", 4, {"a": False, "b": False, "c": False, "d": False, "e": False})
NATION = Item.model_validate(
    item("nation", 1, {}).model_dump()
    | {
        "options": [
            {"id": "a", "text": "A", "nations": ["england", "wales"], "rationale": "r"},
            {"id": "b", "text": "B", "nations": ["scotland"], "rationale": "r"},
            {"id": "c", "text": "C", "nations": ["northern-ireland"], "rationale": "r"},
        ]
    }
)
STORY = Item.model_validate(
    item("scenario", 2, {}).model_dump()
    | {
        "steps": [
            {
                "id": "s1",
                "text": "?",
                "choices": [
                    {"id": "best-1", "text": "B", "worth": "best", "to": "s2", "rationale": "r"},
                    {"id": "part-1", "text": "P", "worth": "partly", "to": "s3", "rationale": "r"},
                ],
            },
            {
                "id": "s2",
                "text": "?",
                "choices": [
                    {"id": "best-2", "text": "B", "worth": "best", "to": "end", "rationale": "r"},
                    {"id": "risk-2", "text": "R", "worth": "risky", "to": "s3", "rationale": "r"},
                ],
            },
            {
                "id": "s3",
                "text": "?",
                "choices": [
                    {"id": "best-3", "text": "B", "worth": "best", "to": "end", "rationale": "r"},
                    {"id": "risk-3", "text": "R", "worth": "risky", "to": "end", "rationale": "r"},
                ],
            },
        ],
        "endings": [{"id": "end", "text": "."}],
    }
)


@pytest.mark.parametrize(
    ("marked", "earned"), [("ab", 2.0), ("a", 1.0), ("abx", 1.0), ("abxy", 0.0), ("x", 0.0)]
)
def test_marked_lines_earn_as_a_multiple_choice_does(marked, earned):
    assert score(SPOT, list(marked)) == Score(earned, 2.0)


@pytest.mark.parametrize(
    ("given", "earned"),
    [("abcde", 4.0), ("bcdea", 3.0), ("abced", 2.0), ("edcba", 0.0), ("deabc", 3.0), ("acebd", 0.0)],
    ids=["in order", "first one last", "last two swapped", "backwards", "two runs", "no pair"],
)
def test_each_two_steps_that_rightly_follow_each_other_earn_a_share(given, earned):
    assert score(ORDER, list(given)) == Score(earned, 4.0)


@pytest.mark.parametrize(
    ("nation", "option", "earned"),
    [
        ("wales", "a", 1),
        ("england", "a", 1),
        ("scotland", "a", 0),
        ("scotland", "b", 1),
        ("northern-ireland", "b", 0),
    ],
)
def test_what_is_right_where_the_learner_lives_earns_all(nation, option, earned):
    assert score(NATION, [nation, option]) == Score(earned, 1.0)


@pytest.mark.parametrize(
    ("way", "earned"),
    [
        (["best-1", "best-2"], 2.0),
        (["part-1", "best-3"], 1.5),
        (["part-1", "risk-3"], 0.5),
        (["best-1", "risk-2", "best-3"], 1.33),
        (["best-1"], 1.0),
        (["part-1"], 0.5),
        (["best-1", "risk-2"], 0.67),
    ],
    ids=[
        "best",
        "partly",
        "partly, risky",
        "a detour",
        "not ended",
        "not ended, partly",
        "not ended, long way",
    ],
)
def test_each_decision_of_a_story_earns_its_worth_and_those_not_reached_nothing(way, earned):
    assert score(STORY, way) == Score(earned, 2.0)


@pytest.mark.parametrize(
    ("asked", "response", "said"),
    [
        (NATION, ["france", "a"], "gs-x: no such nation: france"),
        (NATION, ["wales", "z"], "gs-x: no such option: z"),
        (NATION, ["wales", "a", "b"], "gs-x: needs one option for wales, not 2"),
        (NATION, ["wales"], "gs-x: needs one option for wales, not 0"),
        (ORDER, ["a", "z"], "gs-x: no such option: z"),
        (ORDER, list("abcdeab"), "gs-x: a step stands there twice"),
        (STORY, ["best-2"], "gs-x: the story has no such way: best-2"),
        (STORY, ["best-1", "best-2", "best-3"], "gs-x: the story has no such way: best-1, best-2, best-3"),
    ],
)
def test_what_an_item_never_had_is_a_fault_not_a_wrong_answer(asked, response, said):
    with pytest.raises(ValueError, match=said):
        score(asked, response)
