"""A review asks most about what went wrong, mixes the lessons, and the calendar says when."""

import json
from datetime import date

import pytest
from icalendar import Calendar
from safequiz import practice, reminders, review
from safequiz.bank import Bank
from safequiz.item import Item
from safequiz.responses import FILE_NAME, Store
from safequiz.spaced import WHEN, calendar, pick


def item(item_id):
    """Return a practice item whose key is `a`."""
    return Item.model_validate(
        {
            "id": item_id,
            "objective": "o",
            "kind": "single",
            "use": "practice",
            "audience": ["parent"],
            "stem": "?",
            "facts": ["f"],
            "options": [
                {"id": "a", "text": "A", "key": True, "rationale": "r"},
                {"id": "b", "text": "B", "misconception": "m", "rationale": "r"},
            ],
        }
    )


ONE = Bank("one", "01-one", "One", {}, {}, tuple(item(f"one-{number}") for number in range(20)))
TWO = Bank("two", "02-two", "Two", {}, {}, tuple(item(f"two-{number}") for number in range(20)))


def ids(*, banks=(ONE, TWO), tries, when="one-week", number=10):
    """Return the ids of one review."""
    return [item.id for item in pick(banks, tries, when, number)]


def test_a_review_draws_ten_items_from_every_lesson_and_not_one_twice():
    picked = ids(tries={})
    assert len(picked) == len(set(picked)) == 10
    assert 4 <= sum(name.startswith("one") for name in picked) <= 6


def test_what_was_got_wrong_comes_up_more_often_than_what_was_got_right():
    wrong = {f"one-{number}": ["b"] for number in range(10)}
    right = {f"one-{number}": ["a"] for number in range(10, 20)}
    drawn = [ids(banks=(ONE,), tries=wrong | right, when=str(lot)) for lot in range(40)]
    picked = [name for names in drawn for name in names]
    again = sum(name in wrong for name in picked)
    assert again > 2 * (len(picked) - again)


def test_the_same_answers_give_the_same_review_and_each_review_is_another():
    assert ids(tries={}) == ids(tries={})
    assert ids(tries={}) != ids(tries={}, when="six-months")


def test_a_try_that_no_longer_fits_counts_as_none():
    assert ids(tries={"one-3": ["gone"]}) == ids(tries={})


def test_written_questions_are_left_out_because_nobody_reads_them():
    written = item("one-w").model_copy(update={"kind": "reflection", "options": ()})
    assert ids(banks=(Bank("one", "01-one", "One", {}, {}, (written, item("one-x"))),), tries={}) == ["one-x"]


def test_a_review_holds_at_most_two_stories():
    steps = [
        {
            "id": "s",
            "text": "?",
            "choices": [
                {"id": "x", "text": "X", "worth": "best", "to": "e", "rationale": "r"},
                {"id": "y", "text": "Y", "worth": "risky", "to": "e", "rationale": "r"},
            ],
        }
    ]
    told = {"kind": "scenario", "options": [], "steps": steps, "endings": [{"id": "e", "text": "."}]}
    stories = [
        Item.model_validate(item(f"story-{number}").model_dump(mode="json", exclude_none=True) | told)
        for number in range(9)
    ]
    bank = Bank("one", "01-one", "One", {}, {}, (*stories, *ONE.items[:8]))
    picked = ids(banks=(bank,), tries={})
    assert len(picked) == 10
    assert sum(name.startswith("story") for name in picked) == 2


def test_answering_a_review_does_not_change_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    widget = review("one-week")
    before = [view["id"] for view in widget.quiz["items"]]
    chosen = next(view for view in widget.quiz["items"] if view["kind"] == "single")
    worst = [option["id"] for option in chosen["options"] if not option["key"]][:1]
    widget.response, widget.checked = {chosen["id"]: worst}, {chosen["id"]: worst}
    widget.sent += 1
    assert [view["id"] for view in review("one-week").quiz["items"]] == before
    assert Store(tmp_path / FILE_NAME).first_tries() == {chosen["id"]: worst}
    assert "review-one-week-first" in json.loads((tmp_path / FILE_NAME).read_text())["quizzes"]


def test_a_review_begun_keeps_its_questions_whatever_is_tried_in_the_lessons_meanwhile(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    widget = review("one-week")
    begun = [view for view in widget.quiz["items"] if view["kind"] == "single"][:4]
    widget.response = {view["id"]: [view["options"][0]["id"]] for view in begun}
    widget.sent += 1
    for bank in ("grooming-signs", "privacy-settings"):
        lesson = practice(bank)
        lesson.checked = {
            view["id"]: [next(option["id"] for option in view["options"] if not option["key"])]
            for view in lesson.quiz["items"]
            if view["kind"] == "single"
        }
        lesson.sent += 1
    again = {view["id"] for view in review("one-week").quiz["items"]}
    assert {view["id"] for view in begun} <= again


def test_another_time_is_answered_with_the_times_there_are():
    with pytest.raises(
        KeyError, match="no such review: never; there are: one-week, three-months, six-months"
    ):
        review("never")


def test_the_calendar_holds_a_day_for_each_review_counted_from_today():
    events = Calendar.from_ical(calendar(date(2026, 11, 30))).walk("VEVENT")
    assert [event.start for event in events] == [date(2026, 12, 7), date(2027, 2, 28), date(2027, 5, 30)]
    assert len({event["uid"] for event in events}) == len(WHEN)
    assert all(event.walk("VALARM") for event in events)


def test_what_is_printed_of_the_reminders_is_the_same_every_day():
    assert str(date.today().year) not in repr(reminders())
    assert "in three months" in repr(reminders())
