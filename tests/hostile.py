"""What a pupil may hand in to stop the class, to spy or to raise a mark, and what comes of it: one table.

Each case is an honest pupil's folder with one thing changed. Only the answers file in it is read, so most end
in the honest mark. The rest end in one problem, which names the pupil and no other.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import nbformat
from safequiz.bank import BANK_FOLDER, load_quiz
from safequiz.marking import released_questions
from safequiz.responses import FILE_NAME
from safequiz.submission import TIMESTAMP

NAME = "grooming-signs"
NOTEBOOK = f"{NAME}.ipynb"
QUIZ = load_quiz(NAME)
SCORED = [item for item in QUIZ.items if item.kind != "reflection"]
WRITTEN = next(item for item in QUIZ.items if item.kind == "reflection")
KEYS = {item.id: [option.id for option in item.options if option.key] for item in SCORED}
#: Three answers, all right, to items of 1, 1 and 2 points; five items unanswered.
THREE_RIGHT = {item.id: KEYS[item.id] for item in SCORED[:3]}
HONEST = 4.0
#: Every box ticked. It earns a third of two items' 2 points: they let one tick several, and 2 in 5 are wrong.
EVERY_BOX = {item.id: [option.id for option in item.options] for item in SCORED}
MB = 2**20

#: A change to a pupil's folder, given that and a folder of other people's, which has to stay as it is.
Change = Callable[[Path, Path], object]


#: The ways to a mark: `collect` and `grade`, `grade` alone, `nbgrader autograde` alone.
DOORS = ("collected", "uncollected", "nbgrader")
#: What nbgrader says of a folder in which it sees no notebook.
PASSED_OVER = "No notebooks were matched"


@dataclass(frozen=True)
class Case:
    """A change, and how it ends: in a mark, or in a problem with these words in it."""

    change: Change
    ends: float | str = HONEST
    #: How it ends with no `collect` before, if otherwise.
    uncollected: float | str | None = None
    #: How it ends then in nbgrader's own autograde, if otherwise again.
    in_nbgrader: float | str | None = None

    def end(self, door: str) -> float | str:
        """Return how it ends at one of DOORS."""
        ends = [self.ends, self.uncollected, self.in_nbgrader][: 1 + DOORS.index(door)]
        return [end for end in ends if end is not None][-1]


def answers(responses=THREE_RIGHT, saved="2026-11-21T09:30:00Z", **more) -> bytes:
    """Return an answers file, with the fields `more` at its top."""
    entry = {"content": released_questions(QUIZ)["content"], "saved_at": saved, "responses": responses}
    return json.dumps({"schema": 1, "quizzes": {NAME: entry}} | more).encode()


def honest_work(home: Path, released: Path) -> Path:
    """Make `home` the folder of a pupil who answered in what was released, and return it."""
    shutil.copytree(released, home)
    (home / FILE_NAME).write_bytes(answers())
    return home


def kernel_trap(jupyter: Path) -> Path:
    """Make a kernel that leaves a sign when it is started, for JUPYTER_PATH; return the path of the sign."""
    sign, kernel = jupyter / "kernel-started", jupyter / "kernels" / "python3"
    kernel.mkdir(parents=True)
    leave_sign = f"import pathlib; pathlib.Path({str(sign)!r}).touch()"
    spec = {"argv": [sys.executable, "-c", leave_sign], "display_name": "trap", "language": "python"}
    (kernel / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")
    return sign


def holding(file: str, data: bytes | str) -> Change:
    """Have a file of this name hold `data`."""
    made = data.encode() if isinstance(data, str) else data

    def change(home, _outside):
        (home / file).parent.mkdir(parents=True, exist_ok=True)
        (home / file).write_bytes(made)

    return change


def without(file: str) -> Change:
    """Take the file away."""
    return lambda home, _outside: (home / file).unlink()


def linked(file: str, to: str) -> Change:
    """Have the file be a link to another: from the folder of other people's, or from the root."""

    def change(home, outside):
        (home / file).unlink(missing_ok=True)
        (home / file).symlink_to(outside / to)

    return change


def linked_work(home: Path, outside: Path) -> None:
    """Have the folder be a link to another's."""
    shutil.rmtree(home)
    home.symlink_to(outside / NAME)


def linked_pupil(home: Path, outside: Path) -> None:
    """Have the folder called by the pupil's code be a link to where another's is."""
    pupil = home.parent if home.name == NAME else home
    shutil.rmtree(pupil)
    pupil.symlink_to(outside)


def pipe(file: str) -> Change:
    """Have the file be a pipe: who opens it waits for ever."""

    def change(home, _outside):
        (home / file).unlink(missing_ok=True)
        os.mkfifo(home / file)

    return change


def huge(file: str) -> Change:
    """Have the file be 1 GB long, of which the disk holds nothing."""

    def change(home, _outside):
        with (home / file).open("wb") as opened:
            opened.truncate(1024 * MB)

    return change


def folder(file: str) -> Change:
    """Have a folder stand in the file's place."""

    def change(home, _outside):
        (home / file).unlink()
        (home / file / "deep" / "deeper").mkdir(parents=True)

    return change


def code_cell(source: str, *outputs: dict) -> nbformat.NotebookNode:
    """Return a cell that nothing has checked."""
    shown = {"outputs": list(outputs), "execution_count": None}
    return nbformat.from_dict({"cell_type": "code", "source": source, "metadata": {}} | shown)


def edited(edit: Callable[[nbformat.NotebookNode], object]) -> Change:
    """Have the notebook edited as nbformat reads it."""

    def change(home, _outside):
        notebook = nbformat.from_dict(json.loads((home / NOTEBOOK).read_text(encoding="utf-8")))
        edit(notebook)
        (home / NOTEBOOK).write_text(json.dumps(notebook), encoding="utf-8")

    return change


def running(code: str) -> Change:
    """Have `code` first in the notebook and in each marked cell. It leaves a sign outside when it runs."""

    def change(home, outside):
        whole = f"open({str(outside / 'it-ran')!r}, 'a').write('x')\nOUTSIDE = {str(outside)!r}\n{code}"

        def edit(notebook):
            for cell in notebook.cells:
                if cell.metadata.nbgrader.grade and cell.cell_type == "code":
                    cell.source = whole
            notebook.cells.insert(0, code_cell(whole))

        edited(edit)(home, outside)

    return change


def unchanged(_home: Path, _outside: Path) -> None:
    """Change nothing."""


def both(*changes: Change) -> Change:
    """Make one change after the other."""
    return lambda home, outside: [change(home, outside) for change in changes]


def _marked(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [cell for cell in notebook.cells if cell.metadata.nbgrader.grade]


def _delete_marked_cells(notebook):
    notebook.cells = [cell for cell in notebook.cells if cell not in _marked(notebook)]


def _delete_answer_cell(notebook):
    notebook.cells = [cell for cell in notebook.cells if cell.metadata.nbgrader.grade_id != WRITTEN.id]


def _pass_and_raise_points(notebook):
    for cell in _marked(notebook):
        cell.source, cell.metadata.nbgrader.points, cell.metadata.nbgrader.locked = "100.0", 100, False
        if cell.cell_type == "code":
            cell.outputs = [
                {"output_type": "execute_result", "data": {"text/plain": "100.0"}, "metadata": {}}
            ]


def _store_50_mb(notebook):
    output = {"output_type": "stream", "name": "stdout", "text": "x" * 50 * MB}
    notebook.cells.append(code_cell("print('x' * 50 * 2**20)", output))


def _strip_metadata(notebook):
    notebook.metadata = {}
    for cell in notebook.cells:
        cell.metadata = {}


def _write_as_4_4(notebook):
    notebook.nbformat_minor = 4
    for cell in notebook.cells:
        del cell["id"]


def _say_schema(version: int) -> Callable:
    def edit(notebook):
        for cell in notebook.cells:
            cell.metadata.nbgrader.schema_version = version

    return edit


_UNUSABLE = f"{FILE_NAME} cannot be used: "
_NOT_OPENED = f"{_UNUSABLE}it is a link or no plain file, so it was not opened"
_LINK = "it is a link, and links are not followed"
_LINKED = "its folder is a link, and links are not followed"
_WRITE_GRADEBOOK = """
import pathlib, sqlite3
for file in [*pathlib.Path.cwd().glob("gradebook.db"), *pathlib.Path.cwd().parents[2].glob("gradebook.db")]:
    book = sqlite3.connect(file)
    book.execute("update grade set auto_score = 9, manual_score = 9")
    book.commit()"""
_USE_KEY = f"""
from safequiz.bank import load_quiz
from safequiz.responses import Store
import pathlib
quiz = load_quiz({NAME!r})
right = {{item.id: [option.id for option in item.options if option.key] for item in quiz.items}}
Store(pathlib.Path({FILE_NAME!r})).save({NAME!r}, "00000000", right, set(right))"""
_IGNORE_INTERRUPTS = """
import signal
signal.signal(signal.SIGINT, signal.SIG_IGN)
while True:
    pass"""
_BLANK_LATER_CELLS = """
get_ipython().input_transformers_cleanup.append(lambda lines: ["100.0\\n"])"""
_PATCH_GRADER = """
from safequiz import marking, scoring
marking.score = lambda *words: 100.0
scoring.score = lambda *words: 100.0
import nbgrader.utils
nbgrader.utils.determine_grade = lambda *words: (100.0, 100.0)"""
_LEAVE_SIGN = "import pathlib\npathlib.Path(__file__).with_name('it-ran-here').touch()\nraise SystemExit(1)\n"
_KEY = str(BANK_FOLDER / f"{NAME}.yaml")

#: Code of the pupil -> what was done. They stand between the pupils aaa and zzz, whose work is honest.
CASES = {
    # --- the answers file
    "cut-short": Case(holding(FILE_NAME, answers()[:100]), f"{_UNUSABLE}it is not whole JSON"),
    "empty": Case(holding(FILE_NAME, b""), f"{_UNUSABLE}it is empty"),
    "huge": Case(huge(FILE_NAME), f"{_UNUSABLE}it is larger than 256 KB"),
    "a-folder": Case(
        folder(FILE_NAME),
        "it is a folder where a file should be, so it was not opened",
        _NOT_OPENED,
        _UNUSABLE,
    ),
    "a-pipe": Case(pipe(FILE_NAME), "it is no plain file, so it was not opened", _NOT_OPENED, _UNUSABLE),
    "link-to-key": Case(linked(FILE_NAME, _KEY), _LINK, _NOT_OPENED, _UNUSABLE),
    "link-to-passwords": Case(linked(FILE_NAME, "/etc/passwd"), _LINK, _NOT_OPENED, _UNUSABLE),
    "link-without-end": Case(linked(FILE_NAME, "/dev/zero"), _LINK, _NOT_OPENED, _UNUSABLE),
    "link-to-neighbour": Case(linked(FILE_NAME, "answers.json"), _LINK, _NOT_OPENED, _UNUSABLE),
    "link-to-nothing": Case(linked(FILE_NAME, "nothing"), _LINK, _NOT_OPENED, _UNUSABLE),
    "no-answers": Case(without(FILE_NAME), 0.0),
    "every-box": Case(holding(FILE_NAME, answers(EVERY_BOX)), 1.34),
    # --- the notebook's cells
    "cells-deleted": Case(edited(_delete_marked_cells)),
    "answer-cell-deleted": Case(edited(_delete_answer_cell)),
    "all-cells-deleted": Case(edited(lambda notebook: notebook.cells.clear())),
    "cell-twice": Case(edited(lambda notebook: notebook.cells.append(_marked(notebook)[0]))),
    "all-cells-twice": Case(edited(lambda notebook: notebook.cells.extend(list(notebook.cells)))),
    "cells-that-pass": Case(edited(_pass_and_raise_points)),
    "old-schema": Case(edited(_say_schema(1))),
    "later-schema": Case(edited(_say_schema(99))),
    "metadata-stripped": Case(edited(_strip_metadata)),
    "nbformat-4-4": Case(edited(_write_as_4_4)),
    "unknown-kernel": Case(
        edited(lambda notebook: notebook.metadata.update(kernelspec={"name": "no-such", "display_name": "?"}))
    ),
    "stored-50-mb": Case(edited(_store_50_mb)),
    # --- the notebook as a program
    "never-ends": Case(running("while True:\n    pass")),
    "ignores-interrupts": Case(running(_IGNORE_INTERRUPTS)),
    "ends-kernel": Case(running("import os\nos._exit(1)")),
    "prints-50-mb": Case(running("for _ in range(500_000):\n    print('x' * 100)")),
    "prints-50-mb-line": Case(running("print('x' * 50 * 2**20)")),
    "writes-outside": Case(running("open(OUTSIDE + '/answers.json', 'w').write('gone')")),
    "reads-key": Case(running(f"open(OUTSIDE + '/key', 'w').write(open({_KEY!r}).read())")),
    "uses-key": Case(running(_USE_KEY)),
    "writes-gradebook": Case(running(_WRITE_GRADEBOOK)),
    "blanks-later-cells": Case(running(_BLANK_LATER_CELLS)),
    "patches-grader": Case(running(_PATCH_GRADER)),
    # --- the notebook as a file
    "second-copy": Case(lambda home, _: (home / NOTEBOOK).rename(home / f"{NAME} (1).ipynb")),
    "two-copies": Case(lambda home, _: shutil.copy(home / NOTEBOOK, home / f"{NAME} (1).ipynb")),
    "no-notebook": Case(without(NOTEBOOK), in_nbgrader=PASSED_OVER),
    "broken-notebook": Case(holding(NOTEBOOK, '{"cells": [')),
    "empty-notebook": Case(holding(NOTEBOOK, "")),
    "huge-notebook": Case(huge(NOTEBOOK)),
    "notebook-a-folder": Case(folder(NOTEBOOK)),
    "notebook-a-pipe": Case(pipe(NOTEBOOK)),
    "notebook-a-link": Case(linked(NOTEBOOK, "notebook.ipynb")),
    "notebook-link-loop": Case(linked(NOTEBOOK, "/dev/zero")),
    # --- what lies beside it
    "own-modules": Case(
        both(
            *(
                holding(file, _LEAVE_SIGN)
                for file in (
                    "sitecustomize.py",
                    "safequiz.py",
                    "nbgrader/__init__.py",
                    "nbgrader_config.py",
                    "jupyter_config.py",
                )
            )
        )
    ),
    "own-questions": Case(holding(f"{NAME}.quiz.json", '{"quiz": "mine"}')),
    "pickle": Case(holding("my-answers.pkl", b"cos\n_exit\n(I1\ntR.")),
    "link-beside": Case(linked("data.csv", "/dev/zero")),
    "pipe-beside": Case(pipe("data.csv")),
    "deep-folders": Case(holding("d/" * 200 + "end", "x")),
    "linked-work": Case(linked_work, _LINK, _LINKED, _UNUSABLE),
    "linked-pupil": Case(linked_pupil, _LINK, _LINKED),
    "time-nonsense": Case(
        holding(TIMESTAMP, "soon"), uncollected=f"{TIMESTAMP} holds no time", in_nbgrader="error"
    ),
    "time-a-pipe": Case(pipe(TIMESTAMP), HONEST, f"{TIMESTAMP} cannot be used", HONEST),
    "time-without-end": Case(linked(TIMESTAMP, "/dev/zero"), HONEST, f"{TIMESTAMP} cannot be used", HONEST),
}


_NO_CODE = "a code is 1 to 64 letters"
_GIVE_ANOTHER = "is no code for a pupil: give the folder another name"

#: What an honest pupil's folder is called -> how it ends.
CODES = {
    "Ann Lee": Case(unchanged, _NO_CODE, HONEST),
    "Zo\u00eb": Case(unchanged, _NO_CODE, HONEST),
    "Zoe\u0308": Case(unchanged, _NO_CODE, HONEST),
    "\u65e5\u672c": Case(unchanged, _NO_CODE, HONEST),
    "=1+1": Case(unchanged, _NO_CODE, HONEST),
    "-rf": Case(unchanged, _NO_CODE, HONEST),
    "x" * 128: Case(unchanged, _NO_CODE, HONEST),
    "x" * 250: Case(unchanged, _NO_CODE, _GIVE_ANOTHER),
    "Twin": Case(unchanged, "another code differs from it only in capitals", HONEST),
    "twin": Case(unchanged, "another code differs from it only in capitals", HONEST),
    "<img src=x onerror=alert(1)>": Case(unchanged, _NO_CODE, _GIVE_ANOTHER),
    "O'Brien": Case(unchanged, _NO_CODE, _GIVE_ANOTHER),
    'a"b': Case(unchanged, _NO_CODE, _GIVE_ANOTHER),
    "a\x1b[2Jb": Case(unchanged, _NO_CODE, _GIVE_ANOTHER),
    "a\u202eb": Case(unchanged, _NO_CODE, _GIVE_ANOTHER),
    "*": Case(unchanged, _NO_CODE, _GIVE_ANOTHER),
    "[ab]": Case(unchanged, _NO_CODE, _GIVE_ANOTHER, PASSED_OVER),
    "{x}": Case(unchanged, _NO_CODE, _GIVE_ANOTHER),
}
