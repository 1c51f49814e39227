"""Make the marked quiz of a bank into an nbgrader assignment, and release it without its key."""

from __future__ import annotations

import html
import json
import re
import shutil
import tempfile
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from .bank import COURSE, Bank, MarkedQuiz, load_quiz
from .errors import UserError
from .item import Item
from .marking import key_file, key_hash, released_name, released_questions
from .responses import FILE_NAME, write_whole

_INTRO = """\
# {title}

1. If you see no questions below, open the **Run** menu and choose **Run All Cells**.
2. Answer the questions. Your answers are saved as you go, in a file called `{answers}`. You can stop and
   come back later.
3. Nothing is sent from here. When you have finished, hand in the file `{answers}`, or this whole folder,
   in the way your teacher told you.

If a question upsets you, you may stop. You can talk to an adult you trust, today or at any time.
"""
_END = "That is the end of the quiz. All that follows is for whoever marks it."
_RUBRIC = """\

<!-- BEGIN MARK SCHEME -->
**For the marker: what to look for**

{rubric}

{rationale}
<!-- END MARK SCHEME -->"""
_SCORE = """\
### BEGIN HIDDEN TESTS
from safequiz import marking
marking.score("{quiz}", "{item}")
### END HIDDEN TESTS"""


class ReleaseError(UserError):
    """A quiz that cannot be released; the message says why in one sentence."""


def build_source(quiz: MarkedQuiz) -> NotebookNode:
    """Return the source notebook of a marked quiz.

    The rubric and the calls that mark stand between nbgrader's marks for what is taken out on release;
    keys and rationales of options are not in it at all.
    """
    introduction = _INTRO.format(title=_as_prose(quiz.title), answers=FILE_NAME)
    cells = [
        _locked(new_markdown_cell(introduction), "introduction"),
        _locked(new_code_cell(f'from safequiz import marked\nmarked("{quiz.id}")'), "quiz"),
        _locked(new_markdown_cell(_END), "end"),
    ]
    for number, item in enumerate(quiz.items, start=1):
        if item.kind == "reflection":
            cells += _written_cells(number, item)
        else:
            cells.append(_scored_cell(number, item, quiz))
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel, "language_info": {"name": "python"}})


def _scored_cell(number: int, item: Item, quiz: MarkedQuiz) -> NotebookNode:
    # The stem, as a comment, tells a reader of marks or feedback which question this is.
    stem = textwrap.wrap(f"Question {number}. {item.stem}", 100)
    comment = "\n".join(f"# {line}" for line in stem)
    cell = new_code_cell(f"{comment}\n{_SCORE.format(quiz=quiz.id, item=item.id)}")
    return _marked_by_nbgrader(cell, item.id, grade=True, locked=True, points=item.points)


def _written_cells(number: int, item: Item) -> list[NotebookNode]:
    # The answer gets a cell of its own: nbgrader knows an unanswered cell by its unchanged text.
    rubric = "\n".join(f"- {_as_prose(line)}" for line in item.rubric)
    note = _RUBRIC.format(rubric=rubric, rationale=_as_prose(item.rationale))
    question = new_markdown_cell(f"**Question {number}.** {_as_prose(item.stem)}\n{note}")
    answer = _marked_by_nbgrader(
        new_markdown_cell(""), item.id, grade=True, solution=True, points=item.points
    )
    answer.metadata["editable"] = False  # what is typed here is not read: see collect
    return [_locked(question, f"{item.id}-question"), answer]


def _locked(cell: NotebookNode, cell_id: str) -> NotebookNode:
    return _marked_by_nbgrader(cell, cell_id, locked=True)


def _marked_by_nbgrader(cell: NotebookNode, cell_id: str, **settings: Any) -> NotebookNode:
    stock = {"schema_version": 3, "grade": False, "solution": False, "locked": False, "task": False}
    cell.id = cell_id
    cell.metadata["nbgrader"] = stock | {"grade_id": cell_id} | settings
    if cell.cell_type == "code":
        cell.metadata["jupyter"] = {"source_hidden": True}
    return cell


def _as_prose(text: str) -> str:
    """Return `text` so that Markdown shows just these characters."""
    return re.sub(r"[\\`*_{}\[\]<>#+|$~^&=]", lambda match: f"&#{ord(match[0])};", text)


def release(name: str, folder: Path = COURSE) -> Path:
    """Write source/NAME and release/NAME in the course folder; return the latter, which holds no key.

    Raises FileNotFoundError for an unknown quiz, AuthorError for a faulty bank, and ReleaseError when
    nbgrader refuses, or the result would tell a learner something about the key.
    After an error the folder is as it was before.
    """
    from nbgrader.converters import GenerateAssignment

    from .steps import StepError, run

    quiz = load_quiz(name)
    notebook = nbformat.writes(build_source(quiz)) + "\n"
    questions = json.dumps(released_questions(quiz), indent=1, ensure_ascii=False) + "\n"
    source, released = folder / "source" / name, folder / "release" / name
    with _undone_on_error(source, released):
        shutil.rmtree(source, ignore_errors=True)
        source.mkdir(parents=True)
        write_whole(source / f"{name}.ipynb", notebook.encode())
        write_whole(source / released_name(name), questions.encode())
        try:
            run(GenerateAssignment, folder, name, force=True)
        except StepError as error:
            raise ReleaseError(_why_not(name, str(error))) from error
        found = leaks(quiz, released)
        if found:
            raise ReleaseError(f"Not released, because a learner could read the key: {found[0]}.")
        write_whole(key_file(name, folder), key_hash(quiz).encode() + b"\n")
    return released


def _why_not(name: str, reason: str) -> str:
    if "Cannot add or remove cells" in reason:
        return (
            f"Work for '{name}' has already been marked, so its questions can be reworded but none added or "
            "taken out. Give the changed quiz a new name."
        )
    return f"nbgrader could not release '{name}': {reason}"


@contextmanager
def _undone_on_error(*folders: Path) -> Iterator[None]:
    """Put `folders` back as they were if the block raises: nbgrader removes a release that fails."""
    with tempfile.TemporaryDirectory() as safe:
        kept = {folder: Path(safe) / str(number) for number, folder in enumerate(folders)}
        for folder, copy in kept.items():
            if folder.is_dir():
                shutil.copytree(folder, copy)
        try:
            yield
        except BaseException:
            for folder, copy in kept.items():
                shutil.rmtree(folder, ignore_errors=True)
                if copy.is_dir():
                    shutil.copytree(copy, folder)
            raise


def leaks(quiz: MarkedQuiz, released: Path) -> list[str]:
    """Return what in a released folder would help a learner to the key, a line each; [] when all is well."""
    expected = {f"{quiz.id}.ipynb", released_name(quiz.id)}
    found = [f"{path.name} has no place in it" for path in released.rglob("*") if path.name not in expected]
    for file_name in sorted(expected):
        data = json.loads((released / file_name).read_text(encoding="utf-8"))
        if file_name != f"{quiz.id}.ipynb" and data != released_questions(quiz):
            found.append(f"{file_name} is not just the questions")
        text = _flat("\n".join(_strings(data)))
        found += [
            f"{file_name} holds {what}" for what, secret in _secrets(quiz.bank) if re.search(secret, text)
        ]
    return found


def _secrets(bank: Bank) -> Iterator[tuple[str, str]]:
    yield "a call that marks", r"marking\.score|HIDDEN TESTS|MARK SCHEME"
    for misconception, sentence in bank.misconceptions.items():
        yield f"the misconception '{misconception}'", rf"(?<![\w-]){misconception}(?![\w-])"
        yield f"the misconception '{misconception}'", re.escape(_flat(sentence))
    for item in bank.items:
        secret = [text for where, text in item.texts if where[-1] == "rationale" or where[0] == "endings"]
        for text in (*secret, *item.rubric):
            if text:
                yield f"a rationale or the rubric of {item.id}", re.escape(_flat(text))


def _strings(data: Any) -> Iterator[str]:
    """Yield every string of parsed JSON, names of fields included; lines of a cell stay together."""
    if isinstance(data, str):
        yield data
    elif isinstance(data, list) and data and all(isinstance(part, str) for part in data):
        yield "".join(data)
    elif isinstance(data, list):
        for part in data:
            yield from _strings(part)
    elif isinstance(data, dict):
        for name, part in data.items():
            yield name
            yield from _strings(part)


def _flat(text: str) -> str:
    """Return `text` on one line, with entities and the marks of wrapped comments undone."""
    return " ".join(re.sub(r"(?m)^# ", "", html.unescape(text)).split())
