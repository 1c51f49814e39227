"""The command says what to do next, or in one sentence what to mend."""

import shutil
import subprocess
import sys
from datetime import date
from types import SimpleNamespace

import pytest
from safequiz import bank, cli

STEPS = ["check", "release", "collect", "grade", "report", "feedback", "export", "scale"]


@pytest.fixture
def banks(tmp_path, monkeypatch):
    """A folder of banks of our own, in place of the project's."""
    folder = tmp_path / "bank"
    shutil.copytree(bank.BANK_FOLDER, folder)
    monkeypatch.setattr(bank, "BANK_FOLDER", folder)
    return folder


def test_help_is_a_guide_in_the_order_of_the_work(capsys):
    with pytest.raises(SystemExit) as stopped:
        cli.main(["--help"])

    said = capsys.readouterr().out
    places = [said.index(f"\n  {step}") for step in STEPS]
    assert stopped.value.code == 0
    assert places == sorted(places)


def test_check_reads_everything_without_loading_nbgrader():
    code = (
        "import sys; from safequiz import cli; cli._check_translations = lambda: None;"
        "told = cli.main(['check']);"
        "sys.exit(told or 'nbgrader' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.endswith(": all well\n")


def test_check_names_every_fault_with_file_and_line(banks, capsys):
    path = banks / "grooming-signs.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("kind: single", "kind: quiz", 2), encoding="utf-8")

    assert cli.main(["check"]) == 1
    faults = capsys.readouterr().err.splitlines()
    assert len(faults) == 2
    assert all(fault.startswith("grooming-signs.yaml, line ") for fault in faults)


def test_overdue_facts_are_warnings_not_faults(monkeypatch, capsys):
    monkeypatch.setattr(cli, "_check_translations", lambda: None)  # it makes every page
    monkeypatch.setattr(cli, "date", SimpleNamespace(today=lambda: date(2100, 1, 1)))

    assert cli.main(["check"]) == 0
    said = capsys.readouterr().out
    assert "Warning: " in said
    assert "was to be checked again by" in said


def test_overdue_facts_can_be_listed_alone_for_a_weekly_reminder(monkeypatch, capsys):
    assert cli.main(["check", "--overdue"]) == 0
    monkeypatch.setattr(cli, "date", SimpleNamespace(today=lambda: date(2100, 1, 1)))
    assert cli.main(["check", "--overdue"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1].startswith("- ")
    assert "all well" not in lines[-1]


def test_the_schemas_that_editors_use_are_those_of_the_readers():
    for path, text in cli.schemas().items():
        assert path.read_text(encoding="utf-8") == text, "run: python3 -m quizzes schemas"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["release", "nope"], "There is no quiz called 'nope'. The quizzes here: "),
        (["collect", "nope", "."], "There is no quiz called 'nope'. The quizzes here: "),
        (["collect", "grooming-signs", "."], "First: python3 -m quizzes release grooming-signs"),
        (["grade", "grooming-signs"], "First: python3 -m quizzes release grooming-signs"),
        (["feedback", "grooming-signs"], "is no course folder: it holds no nbgrader_config.py"),
        (["report", "grooming-signs"], "is no course folder: it holds no nbgrader_config.py"),
        (["export"], "First: python3 -m quizzes grade NAME"),
        (["release", "grooming-signs"], "is no course folder: it holds no nbgrader_config.py"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_step_that_cannot_be_done_says_why_in_one_sentence(tmp_path, capsys, words, said):
    assert cli.main(words, tmp_path) == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert said in lines[0]


def test_a_path_that_is_missing_is_named(tmp_path, capsys):
    shutil.copytree(cli.COURSE / "bank", tmp_path / "bank")
    (tmp_path / "release" / "grooming-signs").mkdir(parents=True)
    for name in ("grooming-signs.ipynb", "grooming-signs.quiz.json"):
        (tmp_path / "release" / "grooming-signs" / name).write_text(
            '{"quiz": "grooming-signs", "title": "T", "items": [], "content": "00000000", "cells": []}',
            encoding="utf-8",
        )

    assert cli.main(["collect", "grooming-signs", str(tmp_path / "nowhere")], tmp_path) == 1
    assert capsys.readouterr().err == f"There is no folder or file {tmp_path / 'nowhere'}.\n"
