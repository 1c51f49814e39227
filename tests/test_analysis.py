"""What a class's answers say: each number by hand, each remark by a class made for it."""

import statistics
from dataclasses import replace
from datetime import datetime
from itertools import combinations, permutations, product

import pytest
from safequiz import scoring
from safequiz.analysis import FEW, READABLE, Written, analyse, chance, held_parts, parts
from safequiz.bank import load_quiz, quiz_names
from safequiz.item import content_hash, public_view
from safequiz.results import ItemMark, PupilResult

#: Eight items that are scored, of 10 points together, and a reflection of 3.
QUIZ = load_quiz("grooming-signs")
FUN_QUIZ, ONE_HOUR, THREAD, *_, WRITTEN = QUIZ.items
KINDS = {item.kind: item for name in quiz_names() for item in load_quiz(name).items}


def right(item):
    """A response that earns all the points."""
    return {
        "nation": lambda: ["wales", item.key_in("wales")],
        "scenario": lambda: [
            next(way.id for way in step.choices if way.worth == "best") for step in item.steps
        ],
        "reflection": lambda: "I would tell my aunt.",
    }.get(item.kind, lambda: [option.id for option in item.options if option.key or item.kind == "order"])()


def wrong(item, place=0):
    """A response to a single item: the distractor at this place among the distractors."""
    return [[option.id for option in item.options if not option.key][place]]


def all_right(quiz=QUIZ):
    return {item.id: right(item) for item in quiz.items}


def pupil(code, responses=None, quiz=QUIZ, read=None, **changes):
    """The result of one pupil: marked, but for what they wrote, for which `read` is what a person gave."""
    responses, marks = all_right(quiz) if responses is None else responses, {}
    for item in quiz.items:
        given = responses.get(item.id)
        if item.kind == "reflection":
            waits = bool(given) and read is None
            marks[item.id] = ItemMark(
                None if given else 0.0, read, read or 0.0 if given else 0.0, item.points, waits, ""
            )
        else:
            scored = scoring.score(item, given)
            earned = scored.earned if scored else 0.0
            marks[item.id] = ItemMark(earned, None, earned, item.points, False, "")
    made = PupilResult(
        code=code,
        first_name="Zoe",
        last_name="Surname",
        email="zoe@example.org",
        lms_user_id="4711",
        timestamp=datetime(2026, 11, 20, 9, 30),
        penalty=0.0,
        marks=marks,
        responses=responses,
        content=content_hash(map(public_view, quiz.items)),
    )
    return replace(made, **changes)


def of_item(analysis, item):
    return next(found for found in analysis.items if found.item.id == item.id)


def counts(found):
    """Part -> how many chose it."""
    return {count.part.id: count.chosen for count in found.parts}


def one_of(kind, *responses):
    """What is found of the item of this kind, in a class that answered only that, with these responses."""
    item = KINDS[kind]
    quiz = replace(QUIZ, items=(item,), bank=next(_banks_of(item)))
    made = [pupil(f"p{n}", {item.id: response}, quiz) for n, response in enumerate(responses)]
    return analyse(quiz, made)


def _banks_of(item):
    return (load_quiz(name).bank for name in quiz_names() if item in load_quiz(name).items)


# --- who counts ------------------------------------------------------------------------------


def test_who_handed_in_nothing_is_named_and_counts_in_no_figure():
    found = analyse(QUIZ, [pupil("p1"), pupil("p2", {}), pupil("p3", marks={}, responses={})])

    assert [each.code for each in found.pupils] == ["p1"]
    assert (found.blank, found.unmarked) == (["p2"], ["p3"])
    assert of_item(found, FUN_QUIZ).facility == 1.0


def test_results_are_read_once_as_they_come():
    assert len(analyse(QUIZ, (pupil(f"p{n}") for n in range(3))).pupils) == 3


def test_who_answered_another_wording_is_named():
    found = analyse(QUIZ, [pupil("p1"), pupil("p2", content="0123abcd"), pupil("p3", content="")])

    assert found.reworded == ["p2"]


def test_answers_that_cannot_be_shown_leave_the_marks_and_count_as_no_silence():
    found = analyse(QUIZ, [replace(pupil("p1"), responses={}, content="", problem="it is damaged")])

    assert found.unreadable == {"p1": "it is damaged"}
    assert found.pupils[0].earned == 10.0
    assert (of_item(found, FUN_QUIZ).answered, of_item(found, FUN_QUIZ).silent) == (0, 0)


# --- marks -----------------------------------------------------------------------------------


def test_a_share_is_of_what_has_been_marked_so_far():
    half = {item.id: right(item) for item in QUIZ.items[:3]}  # 4 points of 10
    waiting, read, late = analyse(
        QUIZ, [pupil("p1"), pupil("p2", half, read=1.0), pupil("p3", read=3.0, penalty=1.3)]
    ).pupils

    assert (waiting.earned, waiting.possible, waiting.share, waiting.waiting) == (10.0, 13.0, 1.0, 1)
    assert (read.earned, read.share, read.answered) == (4.0, 4 / 13, 3)
    assert (late.earned, late.share) == (pytest.approx(11.7), pytest.approx(0.9))


def test_shares_are_counted_by_tenths_and_all_points_belong_to_the_last():
    some = {item.id: right(item) for item in (FUN_QUIZ, ONE_HOUR, THREAD)}
    found = analyse(QUIZ, [pupil("p1"), pupil("p2", read=3.0), pupil("p3", some | {WRITTEN.id: "x"})])

    assert found.tenths == [0, 0, 0, 0, 1, 0, 0, 0, 0, 2]


# --- items -----------------------------------------------------------------------------------


def test_facility_is_the_share_of_the_points_earned_and_silence_earns_none():
    part = [next(iter(THREAD.key))]  # one of three: a third of its points
    found = of_item(analyse(QUIZ, [pupil("p1"), pupil("p2", all_right() | {THREAD.id: part})]), THREAD)
    silent = of_item(analyse(QUIZ, [pupil("p1"), pupil("p2", {FUN_QUIZ.id: right(FUN_QUIZ)})]), THREAD)

    assert found.facility == pytest.approx((1 + scoring.score(THREAD, part).earned / 2) / 2)
    assert (silent.facility, silent.answered, silent.silent) == (0.5, 1, 1)


def test_what_a_person_has_yet_to_mark_is_counted_and_has_no_facility():
    waiting, read = (of_item(analyse(QUIZ, [pupil("p1", read=mark)]), WRITTEN) for mark in (None, 1.5))

    assert (waiting.waiting, waiting.marked, waiting.facility) == (1, 0, None)
    assert (read.waiting, read.marked, read.facility) == (0, 1, 0.5)


def test_discrimination_is_the_correlation_with_the_points_of_the_other_items():
    full = all_right()
    groups = {
        "both": full,
        "item": {FUN_QUIZ.id: right(FUN_QUIZ)},
        "rest": {item.id: full[item.id] for item in QUIZ.items[1:]},
    }
    sizes = {"both": 12, "item": 3, "rest": 5}
    made = [pupil(f"{name}{n}", groups[name], read=3.0) for name, size in sizes.items() for n in range(size)]

    # The other items that no person marks hold 9 points.
    by_hand = statistics.correlation([1] * 12 + [1] * 3 + [0] * 5, [9] * 12 + [0] * 3 + [9] * 5)
    assert of_item(analyse(QUIZ, made), FUN_QUIZ).discrimination == pytest.approx(by_hand)
    assert of_item(analyse(QUIZ, made[:-1]), FUN_QUIZ).discrimination is None


def test_discrimination_is_not_defined_where_all_earned_the_same():
    found = analyse(QUIZ, [pupil(f"p{n}") for n in range(FEW)])

    assert {each.discrimination for each in found.items} == {None}


# --- what was chosen -------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["single", "multiple", "spot"])
def test_options_are_counted_with_the_misconception_each_stands_for(kind):
    item = KINDS[kind]
    wrong_one = next(option for option in item.options if not option.key)
    found = one_of(kind, right(item), [wrong_one.id])

    assert counts(found.items[0]) == {
        option.id: int(option.key) + (option == wrong_one) for option in item.options
    }
    assert [(held.id, held.pupils, held.asked) for held in found.misconceptions] == [
        (wrong_one.misconception, 1, 2)
    ]


def test_a_line_of_a_chat_is_told_with_who_wrote_it():
    line = KINDS["spot"].options[0]

    assert parts(KINDS["spot"])[0].text == f"{line.by}: {line.text}"


def test_a_step_is_counted_where_it_comes_straight_after_the_right_one():
    item = next(item for name in quiz_names() for item in load_quiz(name).items if item.id == "wr-four-steps")
    first, second, third, last = (option.id for option in item.options)

    assert held_parts(item, [second, third, last, first]) == {
        first: False,
        second: False,
        third: True,
        last: True,
    }
    assert held_parts(item, [first, second, third, last]) == dict.fromkeys([first, second, third, last], True)


def test_a_choice_of_a_story_is_counted_at_the_step_at_which_it_is_offered():
    item = KINDS["scenario"]
    taken = [step.choices[0].id for step in item.steps]
    found = one_of("scenario", taken, taken[:1]).items[0]

    assert [counts(found)[way] for way in taken] == [2] + [1] * (len(taken) - 1)
    assert [count.part.heading for count in found.parts] == [
        step.text for step in item.steps for _ in step.choices
    ]
    assert found.parts[0].part.sign == "1A"


def test_an_answer_about_a_nation_is_right_where_it_is_right():
    item = KINDS["nation"]
    welsh, scots = item.key_in("wales"), item.key_in("scotland")
    found = one_of("nation", ["wales", welsh], ["scotland", welsh], ["scotland", scots]).items[0]
    by_part = {count.part.id: (count.right, count.wrong) for count in found.parts}

    assert (by_part[welsh], by_part[scots]) == ((1, 1), (1, 0))


def test_what_is_written_is_kept_for_a_class_that_can_be_read_and_for_no_larger():
    few = analyse(QUIZ, [pupil("p1"), pupil("p2", {FUN_QUIZ.id: right(FUN_QUIZ)}), pupil("p3", read=2.0)])
    many = analyse(QUIZ, [pupil(f"p{n}") for n in range(READABLE + 1)])

    text = "I would tell my aunt."
    assert few.written == {WRITTEN.id: [Written("p1", text, None), Written("p3", text, 2.0)]}
    assert many.written == {}


def test_every_part_of_a_response_is_known_whatever_the_item():
    for name in quiz_names():
        for item in load_quiz(name).items:
            assert set(held_parts(item, right(item))) <= {part.id for part in parts(item)}


# --- what to teach again ---------------------------------------------------------------------


def test_a_pupil_counts_once_for_a_misconception_however_often_they_show_it():
    shared = {}
    for item in QUIZ.items:
        for option in item.options:
            if option.misconception:
                shared.setdefault(option.misconception, {}).setdefault(item.id, [option.id])
    name, twice = next((name, items) for name, items in shared.items() if len(items) > 1)
    found = analyse(QUIZ, [pupil("p1", all_right() | twice), pupil("p2"), pupil("p3", {})])

    assert [(held.id, held.pupils, held.asked) for held in found.misconceptions if held.id == name] == [
        (name, 1, 2)
    ]
    assert next(held.items for held in found.misconceptions if held.id == name) == {
        number: 1 for number, item in enumerate(QUIZ.items, start=1) if item.id in twice
    }


def test_misconceptions_stand_in_the_order_of_how_many_hold_them():
    made = [pupil(f"p{n}", {FUN_QUIZ.id: wrong(FUN_QUIZ, n > 1)}) for n in range(5)]
    held = analyse(QUIZ, made).misconceptions

    assert [(each.pupils, each.asked) for each in held] == [(3, 5), (2, 5)]
    assert held[0].sentence == QUIZ.bank.misconceptions[held[0].id]


def test_an_objective_has_the_share_of_the_points_of_all_its_items():
    only_first = {FUN_QUIZ.id: right(FUN_QUIZ), WRITTEN.id: "I would tell."}
    found = {each.text: each for each in analyse(QUIZ, [pupil("p1"), pupil("p2", only_first)]).objectives}
    spot = found[QUIZ.bank.objectives["spot-the-signs"]]

    assert (spot.items, spot.share) == ((1, 2, 3), 5 / 8)
    assert all(each.items for each in found.values())


# --- items that misbehave --------------------------------------------------------------------


def remarks(item, *responses, rest=None):
    """The remarks on one item in a class with these responses to it; `rest` is what each did otherwise."""
    made = []
    for number, response in enumerate(responses):
        others = all_right() if rest is None or rest[number] else {THREAD.id: wrong(THREAD)}
        made.append(pupil(f"p{number:03}", others | {item.id: response}, read=2.0))
    return " ".join(of_item(analyse(QUIZ, made), item).remarks)


def test_a_question_that_the_strong_get_wrong_gets_a_remark():
    found = remarks(FUN_QUIZ, *[wrong(FUN_QUIZ)] * 12, *[right(FUN_QUIZ)] * 12, rest=[1] * 12 + [0] * 12)

    assert "Who did well on the other questions did worse on this one." in found
    assert "Who chose A did better on the other questions than who did not." in found


def test_a_question_that_nearly_all_get_right_gets_a_remark():
    assert remarks(FUN_QUIZ, *[right(FUN_QUIZ)] * 30).startswith("Nearly all its points were earned.")


def test_a_question_on_which_guessing_would_earn_as_much_gets_a_remark():
    found = remarks(FUN_QUIZ, *[right(FUN_QUIZ)] * 8, *[wrong(FUN_QUIZ)] * 24)

    assert "Blind guessing would earn about as much (25%)." in found


def test_a_question_that_earns_few_of_its_points_gets_a_remark():
    written = [pupil(f"p{n}", read=0.5) for n in range(FEW)]
    assert of_item(analyse(QUIZ, written), WRITTEN).remarks[0].startswith("Few of its points were earned.")


def test_a_distractor_that_nobody_chose_gets_a_remark_once_others_were_chosen_often_enough():
    few, enough = (remarks(FUN_QUIZ, *[right(FUN_QUIZ)] * 30, *[wrong(FUN_QUIZ)] * size) for size in (4, 9))

    assert "Nobody chose" not in few
    assert "Nobody chose C or D." in enough


def test_a_small_class_judges_no_question():
    assert remarks(FUN_QUIZ, *[wrong(FUN_QUIZ)] * (FEW - 1)) == ""


def every_response(item):
    ids = [option.id for option in item.options]
    if item.kind in ("multiple", "spot"):
        return [chosen for size in range(1, len(ids) + 1) for chosen in combinations(ids, size)]
    if item.kind == "order":
        return list(permutations(ids))
    if item.kind == "nation":
        return list(product(["england", "wales", "scotland", "northern-ireland"], ids))
    if item.kind == "scenario":
        return list(product(*[[way.id for way in step.choices] for step in item.steps]))
    return [[each] for each in ids]


@pytest.mark.parametrize("kind", ["single", "multiple", "spot", "order", "nation", "scenario"])
def test_chance_is_the_mean_of_every_response_there_is(kind):
    item = KINDS[kind]
    earned = [scoring.score(item, response).earned for response in every_response(item)]

    # Scores are rounded to two decimals.
    assert chance(item) == pytest.approx(statistics.fmean(earned) / item.points, abs=0.005)


def test_chance_says_nothing_of_what_a_person_marks():
    assert chance(WRITTEN) is None
