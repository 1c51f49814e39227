"""Quizzes as data: items, scoring, the widget that shows them, and marking through nbgrader."""

from __future__ import annotations

from typing import Any

__all__ = ["checklist", "finder", "marked", "marking", "nation_chooser", "practice", "reminders", "review"]


def practice(name: str, *item_ids: str, **options: Any):
    """Return a practice quiz widget; see `safequiz.widget.practice`."""
    from .widget import practice as make

    return make(name, *item_ids, **options)


def marked(name: str):
    """Return a marked quiz widget; see `safequiz.widget.marked`."""
    from .widget import marked as make

    return make(name)


def checklist(title: str, *ids_or_groups: str):
    """Return settings to tick off; see `safequiz.widget.checklist`."""
    from .widget import checklist as make

    return make(title, *ids_or_groups)


def nation_chooser():
    """Return the question where the learner lives; see `safequiz.widget.nation_chooser`."""
    from .widget import nation_chooser as make

    return make()


def finder():
    """Return the report finder; see `safequiz.finder.finder`."""
    from .finder import finder as make

    return make()


def review(when: str):
    """Return a mixed review; see `safequiz.spaced.review`."""
    from .spaced import review as make

    return make(when)


def reminders():
    """Return a calendar file to take away; see `safequiz.spaced.reminders`."""
    from .spaced import reminders as make

    return make()
