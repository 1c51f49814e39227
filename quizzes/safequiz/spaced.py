"""Come back later: a review drawn across the lessons, and a calendar file that says when.

To recall something after a while keeps it better than to read it again, so a review asks, and asks most
about what went wrong the first time.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from dateutil.relativedelta import relativedelta
from icalendar import Alarm, Calendar, Event

from .bank import Bank, bank_names, load_bank
from .item import Item, public_view
from .responses import FILE_NAME, FIRST, REVIEW, Response, Store, fitting
from .scoring import score
from .widget import Panel, Quiz, practice_of

#: When to come back, after the day the calendar file is made: in words, and as `relativedelta` counts.
WHEN = {
    "one-week": ("one week", {"weeks": 1}),
    "three-months": ("three months", {"months": 3}),
    "six-months": ("six months", {"months": 6}),
}
QUESTIONS = 10
#: A review should take about ten minutes, and a story takes as long as several questions.
MOST_STORIES = 2
#: How likely an item is to come up, by what became of the first try at it.
_WRONG, _NEW, _RIGHT = 6.0, 2.0, 1.0


def pick(
    banks: Sequence[Bank],
    tries: Mapping[str, Response],
    when: str,
    number: int = QUESTIONS,
    begun: Collection[str] = (),
) -> list[Item]:
    """Return the items of one review: `number` of them, or as many as there are, mixed across the banks.

    `tries` holds the learner's first response by item id. An item got wrong or partly wrong is three times
    as likely as one not tried yet, and six times as likely as one got right. No lesson gives more than its
    even share and one, and no review more than `MOST_STORIES`. The same tries, `when` and `begun` give the
    same review. The items `begun`, by id, are in it whatever the tries say: the learner has answered them.
    """
    keyed = [
        (item.id in begun, draw(when, item.id) ** (1 / _weight(item, tries)), item, bank)
        for bank in banks
        for item in bank.practice
        if item.kind != "reflection"  # nobody is there to read it
    ]
    # Weighted sampling without replacement, as by Efraimidis and Spirakis (2006), Inf. Process. Lett. 97.
    keyed.sort(key=lambda entry: entry[:2], reverse=True)
    share = math.ceil(number / max(1, len(banks))) + 1
    given: Counter[str] = Counter()
    stories = 0
    picked: list[Item] = []
    for is_begun, _, item, bank in keyed:
        a_story_too_many = item.kind == "scenario" and stories == MOST_STORIES
        fits = given[bank.id] < share and not a_story_too_many
        if len(picked) < number and (is_begun or fits):
            given[bank.id] += 1
            stories += item.kind == "scenario"
            picked.append(item)
    return sorted(picked, key=lambda item: draw(when, item.id))


def _weight(item: Item, tries: Mapping[str, Response]) -> float:
    response = fitting([public_view(item)], tries).get(item.id)
    result = score(item, response) if isinstance(response, list) else None
    if result is None:
        return _NEW
    return _RIGHT if result.earned == result.possible else _WRONG


def draw(when: str, item_id: str) -> float:
    """Return a number between 0 and 1 that looks drawn by lot, and is the same every time."""
    digest = hashlib.sha256(f"{when} {item_id}".encode()).digest()
    return (int.from_bytes(digest[:8], "big") + 1) / (2**64 + 1)


def review(when: str) -> Quiz:
    """Return the review of one of `WHEN` as a practice quiz; another raises KeyError, which names them."""
    if when not in WHEN:
        raise KeyError(f"no such review: {when}; there are: {', '.join(WHEN)}")
    name = f"{REVIEW}{when}"
    banks = [load_bank(bank) for bank in bank_names()]
    store = Store(Path.cwd() / FILE_NAME)
    answers, _ = store.open()
    begun = {*answers.responses(name), *answers.responses(name + FIRST)}
    items = pick(banks, store.first_tries(leave_out=name + FIRST), when, begun=begun)
    return practice_of(name, review_title(when), items)


def review_title(when: str) -> str:
    """Return the title of one of the reviews."""
    return f"After {WHEN[when][0]}: questions from all the lessons"


def calendar_plan() -> dict[str, Any]:
    """Return what a calendar file holds but for its days: for each reminder a text, and how long to wait."""
    return {
        "prodid": "-//Stay Safe Online//Keep it fresh//EN",
        "summary": "Stay safe online: ten questions",
        "reminders": [
            {"description": f"It is {words} since the course. Open lesson 6, Keep it fresh.", **gap}
            for words, gap in WHEN.values()
        ],
    }


def calendar(today: date) -> str:
    """Return an iCalendar file (RFC 5545) with a reminder for each of `WHEN`, counted from `today`."""
    plan = calendar_plan()
    made = Calendar()
    made.add("prodid", plan["prodid"])
    made.add("version", "2.0")
    for reminder in plan["reminders"]:
        gap = relativedelta(**{unit: number for unit, number in reminder.items() if unit != "description"})
        event = Event()
        event.add("uid", str(uuid4()))  # two people may put theirs into one shared calendar
        event.add("dtstamp", datetime.combine(today, time(), UTC))
        event.add("dtstart", today + gap)
        event.add("dtend", today + gap + timedelta(days=1))
        event.add("summary", plan["summary"])
        event.add("description", reminder["description"])
        event.add("transp", "TRANSPARENT")  # the day stays free for other things
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", plan["summary"])
        alarm.add("trigger", timedelta(hours=18))
        event.add_component(alarm)
        made.add_component(event)
    return made.to_ical().decode()


class Reminders(Panel):
    """A calendar file to take away. Nothing is kept or sent."""

    def __repr__(self) -> str:
        """Return what the file holds, without the days, which differ every day."""
        return f"{self.quiz['title']}\n{self.quiz['note']}"


def reminders() -> Reminders:
    """Return a button that saves the calendar file made today."""
    words = [words for words, _ in WHEN.values()]
    note = f"Three reminders, for any calendar: in {words[0]}, in {words[1]} and in {words[2]} from today."
    return Reminders(
        quiz={
            "title": "Put the three reviews in your calendar",
            "mode": "calendar",
            "note": note,
            "label": "Save the calendar file",
            "file_name": "stay-safe-online.ics",
            "text": calendar(date.today()),
        }
    )
