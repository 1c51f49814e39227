"""The benchmark of marking: the class that it makes, and that it tells of every difference."""

import sys

import pytest
from safequiz.bank import load_quiz

from .bench.grading import QUIZ, compare, main, watch
from .classes import make_class


def test_a_difference_from_stock_is_counted_and_told(capsys):
    place = ("grade", "p00000", "item")
    found = {
        "stock": {place: [{"auto_score": 1.0}]},
        "grade": {place: [{"auto_score": 0.5}]},
        "autograde": {},
    }
    assert compare(found) == 2
    assert "grade differs from stock: grade, p00000, item: [{'auto_score': 1.0}]" in capsys.readouterr().out


def test_a_seed_makes_the_same_class_again_and_another_seed_another(tmp_path):
    quiz = load_quiz(QUIZ)
    refused = [
        make_class(tmp_path / name, quiz, 40, seed) for name, seed in (("a", 1), ("same", 1), ("b", 2))
    ]
    assert refused == [["bad00000", "bad00001"]] * 3
    first, same, other = (
        {file.name: file.read_bytes() for file in (tmp_path / name).iterdir()} for name in ("a", "same", "b")
    )
    assert len(first) == 42
    assert first == same != other


def test_a_command_that_fails_ends_the_benchmark_with_what_it_said(tmp_path):
    with pytest.raises(SystemExit, match="no such quiz"):
        watch([sys.executable, "-c", "raise SystemExit('no such quiz')"], tmp_path)


def test_a_class_of_one_is_too_small_to_tell_what_each_further_pupil_costs(capsys):
    with pytest.raises(SystemExit):
        main(["--n", "1"])
    assert "1 is too few: at least 2" in capsys.readouterr().err
