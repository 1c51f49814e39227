"""Each kind of item, answered in the widget and marked by nbgrader itself, in quizzes of this course."""

import contextlib
import shutil

import pytest
from safequiz import assignment
from safequiz.bank import BANK_FOLDER, load_bank
from safequiz.collect import collect
from safequiz.grading import grade
from safequiz.scoring import WORTH
from safequiz.steps import gradebook
from safequiz.widget import marked

from .classes import story

KINDS = {"single", "multiple", "spot", "order", "nation", "scenario"}


def quizzes_with_every_kind():
    """Return as few marked quizzes of this course as hold every kind, the richest first."""
    left, chosen = set(KINDS), []
    every = [quiz for path in sorted(BANK_FOLDER.glob("*.yaml")) for quiz in load_bank(path.stem).quizzes]
    for quiz in sorted(every, key=lambda quiz: -len({item.kind for item in quiz.items})):
        if left & {item.kind for item in quiz.items}:
            chosen.append(quiz)
            left -= {item.kind for item in quiz.items}
    assert not left, f"no marked quiz of the course has {left}"
    return chosen


def worst_share(item):
    """Return what share of the points the worst way through a story earns."""
    taken, _ = item.path(story(item, better=False))
    return sum(WORTH[choice.worth] for choice in taken) / len(taken)


RIGHT = {
    "single": lambda item: sorted(item.key),
    "multiple": lambda item: sorted(item.key),
    "spot": lambda item: sorted(item.key),
    "order": lambda item: [option.id for option in item.options],
    "nation": lambda item: ["scotland", item.key_in("scotland")],
    "scenario": lambda item: story(item, better=True),
}
WRONG = {
    "single": lambda item: [next(option.id for option in item.options if not option.key)],
    "multiple": lambda item: [option.id for option in item.options if not option.key],
    "spot": lambda item: [option.id for option in item.options if not option.key],
    "order": lambda item: [option.id for option in reversed(item.options)],
    "nation": lambda item: ["wales", next(o.id for o in item.options if o.id != item.key_in("wales"))],
    "scenario": lambda item: story(item, better=False),
}


@pytest.mark.parametrize("quiz", quizzes_with_every_kind(), ids=lambda quiz: quiz.id)
def test_every_kind_earns_what_it_should_through_the_whole_of_nbgrader(tmp_path, quiz):
    course, inbox = tmp_path / "course", tmp_path / "inbox"
    course.mkdir()
    shutil.copy(assignment.COURSE / "nbgrader_config.py", course)
    released = assignment.release(quiz.id, course)
    scored = [item for item in quiz.items if item.kind != "reflection"]
    for code, answers in (("right", RIGHT), ("wrong", WRONG), ("blank", {})):
        shutil.copytree(released, inbox / code)
        with contextlib.chdir(inbox / code):
            widget = marked(quiz.id)
            widget.response = {item.id: answers[item.kind](item) for item in scored} if answers else {}
            widget.sent = 1
            assert widget.status["saved"]
    collect(quiz.id, inbox, course)
    assert not [mark.problem for mark in grade(quiz.id, course) if mark.problem]
    with gradebook(course) as book:
        earned = {
            submission.student.id: {grade.name: grade.score for grade in submission.notebooks[0].grades}
            for submission in book.assignment_submissions(quiz.id)
        }
    for item in scored:
        worst = worst_share(item) * item.points if item.kind == "scenario" else 0
        assert earned["right"][item.id] == item.points, item.id
        assert earned["wrong"][item.id] == pytest.approx(worst, abs=0.006), item.id
        assert earned["blank"][item.id] == 0, item.id
