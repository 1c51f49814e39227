"""Quizzes as data: items, scoring, the widget that shows them, and marking through nbgrader."""

from __future__ import annotations

from importlib import import_module
from typing import Any

#: What a lesson may ask for -> the module that has it. Each is loaded when it is first asked for, so that the
#: commands need no widgets. No module may bear one of these names: once loaded, it would hide the function.
_MODULES = {
    "checklist": "widget",
    "finder": "report_finder",
    "marked": "widget",
    "nation_chooser": "widget",
    "practice": "widget",
    "reminders": "spaced",
    "review": "spaced",
}
__all__ = ["checklist", "finder", "marked", "marking", "nation_chooser", "practice", "reminders", "review"]


def __getattr__(name: str) -> Any:
    """Return what a lesson asks for, from its module."""
    if name not in _MODULES:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    return getattr(import_module(f".{_MODULES[name]}", __name__), name)
