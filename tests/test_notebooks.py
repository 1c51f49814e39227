"""Lessons are stored as nbval needs them, name their objectives, and hold no logic."""

import copy
import re

import nbformat
import pytest
from safecourse.notebooks import lessons, problems, tidy, tidy_lessons
from safequiz.bank import BANK_FOLDER, load_bank

LESSONS = {path.stem: nbformat.read(path, as_version=4) for path in lessons()}
BANKS = pytest.mark.parametrize(
    "bank", [load_bank(path.stem) for path in sorted(BANK_FOLDER.glob("*.yaml"))], ids=lambda bank: bank.id
)
NAMES = pytest.mark.parametrize("name", LESSONS)


def text(notebook):
    """Return the words of a lesson's text cells."""
    return "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


@NAMES
def test_a_lesson_is_run_in_order_tidy_and_holds_its_text(name):
    (path,) = [path for path in lessons() if path.stem == name]
    assert problems(path) == []


@NAMES
def test_tidying_changes_nothing(name):
    assert tidy(LESSONS[name]) == LESSONS[name]


@NAMES
def test_cell_ids_are_words(name):
    for cell in LESSONS[name].cells:
        assert re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", cell.id), cell.id


@NAMES
def test_no_number_or_address_is_typed_into_prose(name):
    prose = text(LESSONS[name])
    assert not re.search(r"\b(999|101|112)\b|\b0\d{3,4} ?\d{3,}", prose)
    assert not re.search(r"https?://|www\.|@", prose)


@NAMES
def test_a_text_cell_holds_under_150_words(name):
    for cell in LESSONS[name].cells:
        if cell.cell_type == "markdown":
            assert len(cell.source.split()) < 150, cell.id


@NAMES
def test_every_link_between_lessons_leads_somewhere(name):
    here = {path.name for path in lessons()}
    for target in re.findall(r"\]\(([^)#]+\.ipynb)", text(LESSONS[name])):
        assert target in here


@BANKS
def test_every_objective_of_a_bank_is_named_in_its_lesson(bank):
    prose = text(LESSONS[bank.lesson])
    for sentence in bank.objectives.values():
        assert sentence.rstrip(".") in prose


@BANKS
def test_the_items_a_lesson_shows_are_practice_items_shown_once(bank):
    source = "\n".join(cell.source for cell in LESSONS[bank.lesson].cells if cell.cell_type == "code")
    calls = re.findall(rf'practice\("{bank.id}"([^)]*)\)', source)
    shown = re.findall(r'"([a-z0-9-]+)"', " ".join(calls))
    assert len(calls) >= 4
    assert sorted(shown) == sorted(item.id for item in bank.practice)


STORED = nbformat.v4.new_notebook(
    cells=[
        nbformat.v4.new_code_cell(
            "1 + 1",
            id="sum",
            execution_count=1,
            outputs=[nbformat.v4.new_output("execute_result", {"text/plain": "2"}, execution_count=1)],
        )
    ]
)


def stored(tmp_path, change):
    """Write STORED, tidied and then changed, and return what is wrong with it."""
    notebook = tidy(copy.deepcopy(STORED))
    change(notebook.cells[0])
    path = tmp_path / "01-little.ipynb"
    nbformat.write(notebook, path)
    return "\n".join(problems(path))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda cell: cell.update(outputs=[]), "its output has been stripped"),
        (lambda cell: cell.update(execution_count=None), "not run in order"),
        (lambda cell: cell.update(source="1\n2\n3\n4"), "more than three lines"),
        (lambda cell: cell.metadata.update(tags=["x"], execution={"t": 1}), "not tidy"),
        (
            lambda cell: cell.outputs.append(nbformat.v4.new_output("stream", text="x")),
            "a printed line is stored",
        ),
    ],
)
def test_a_notebook_that_would_check_nothing_is_refused_by_cell(tmp_path, change, said):
    found = stored(tmp_path, change)
    assert said in found
    assert "01-little.ipynb" in found
    assert "python3 -m quizzes tidy" in found


def test_a_tidied_notebook_has_no_problem(tmp_path):
    assert stored(tmp_path, lambda _: None) == ""


def test_tidy_runs_a_lesson_and_keeps_its_text(tmp_path):
    notebook = copy.deepcopy(STORED)
    notebook.cells[0].update(outputs=[], execution_count=None)
    nbformat.write(notebook, tmp_path / "01-little.ipynb")
    assert tidy_lessons(folder=tmp_path) == []
    kept = nbformat.read(tmp_path / "01-little.ipynb", as_version=4)
    assert kept.cells[0].outputs[0].data["text/plain"] == "2"
