"""Quizzes as data: items, scoring, the widget that shows them, and marking through nbgrader."""

from __future__ import annotations

from typing import Any

__all__ = ["marked", "marking", "practice"]


def practice(name: str, *item_ids: str, **options: Any):
    """Return a practice quiz widget; see `safequiz.widget.practice`."""
    from .widget import practice as make

    return make(name, *item_ids, **options)


def marked(name: str):
    """Return a marked quiz widget; see `safequiz.widget.marked`."""
    from .widget import marked as make

    return make(name)
