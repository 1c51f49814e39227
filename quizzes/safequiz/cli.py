"""The command for instructors and authors: python3 -m quizzes STEP. Words in, words out; no logic."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from datetime import date
from itertools import groupby
from pathlib import Path

from pydantic import BaseModel
from safecourse.facts import FACTS_FOLDER, ContactsFile, FactsFile
from safecourse.yamlfile import AuthorError

from . import bank as banks
from .content_check import RULES, review
from .errors import UserError
from .material import read_material

COURSE = banks.BANK_FOLDER.parent

_GUIDE = """\
Mark a quiz in these steps, in this order. Each says what it did and what to do next.

  check [--overdue]     Read every fact, lesson and question, and name each fault. Changes nothing.
                        Lists, as no fault, what is not translated yet.
                        With --overdue, only list the facts whose day to be checked again has passed.
  release NAME          Make the quiz that learners get, without its key: quizzes/release/NAME.
                        Give whoever takes it that folder.
  collect NAME PATH     Take in what they hand in: quizzes/submitted/CODE/NAME. PATH is a folder that
                        holds a folder per pupil, named with a code (not a real name), or files
                        CODE.answers.json. Do it again whenever more arrives.
  grade NAME            Mark it with nbgrader: quizzes/gradebook.db. Says which written answers
                        you have yet to read, and how to open them.
  feedback NAME         Make a page for each pupil: quizzes/feedback/CODE/NAME/NAME.html.
  export [FILE]         Write all marks to a table: quizzes/grades.csv, or FILE.

For authors:

  tidy [--check]        Run every lesson and keep it in one form, write the facts into the teaching
                        pages, and bring the catalogues of other languages in step; with --check only
                        say what is not as it should be.
  schemas               Remake the schemas with which an editor checks facts and questions.

NAME is a quiz: the name of a file in quizzes/bank, such as grooming-signs, for pupils; with -adults
at its end, such as grooming-signs-adults, it is the quiz for parents and staff. All of this works on
Windows too, where nbgrader's own way to send and collect work does not.
"""

#: Said where only the course is installed, and not what builds its pages.
_NEEDS_SITE = "This installs what that needs: python3 -m course build"


def main(words: Sequence[str] | None = None, folder: Path = COURSE) -> int:
    """Do one step in the course folder; return 0, or 1 when something needs mending."""
    _speak_utf8()
    options = _parser().parse_args(words or sys.argv[1:] or ["--help"])
    try:
        return options.step(options, folder)
    except (AuthorError, UserError) as error:
        print(error, file=sys.stderr)
    except OSError as error:
        print(f"{error.strerror}: {error.filename}" if error.strerror else error, file=sys.stderr)
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python3 -m quizzes",
        usage="python3 -m quizzes STEP [NAME] [PATH]",
        description=_GUIDE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    steps = parser.add_subparsers(
        prog="python3 -m quizzes", metavar="STEP", required=True, help=argparse.SUPPRESS
    )
    check = _step(steps, "check", _check, "Read every fact, lesson and question; name each fault by line.")
    check.add_argument(
        "--overdue", action="store_true", help="only list the facts that are due to be checked"
    )
    release = _step(steps, "release", _release, "Make the quiz that learners get, without its key.")
    collect = _step(steps, "collect", _collect, "Take in what pupils hand in. Nothing of theirs is run.")
    grade = _step(steps, "grade", _grade, "Mark what was collected, with nbgrader.")
    feedback = _step(steps, "feedback", _feedback, "Make a page of feedback for each pupil.")
    for step in (release, collect, grade, feedback):
        step.add_argument("name", metavar="NAME", help="the quiz, such as grooming-signs-adults")
    collect.add_argument("path", metavar="PATH", type=Path, help="a folder with a folder per pupil's code")
    export = _step(steps, "export", _export, "Write all marks to a table.")
    export.add_argument("file", metavar="FILE", type=Path, nargs="?", help="if left out, quizzes/grades.csv")
    tidy = _step(steps, "tidy", _tidy, "Run every lesson and keep it in one form.")
    tidy.add_argument("--check", action="store_true", help="change nothing, only say what is not tidy")
    _step(steps, "schemas", _schemas, "Remake the schemas with which an editor checks facts and questions.")
    return parser


def _step(steps, name: str, action: Callable, says: str) -> argparse.ArgumentParser:
    step = steps.add_parser(name, description=says)
    step.set_defaults(step=action)
    return step


def _speak_utf8() -> None:
    # A Windows terminal's own encoding can't write every pupil's code or author's quotation mark.
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")


def _check(options: argparse.Namespace, _folder: Path) -> int:
    material = read_material(FACTS_FOLDER.parent, banks.BANK_FOLDER, date.today())
    if options.overdue:
        for finding in review(material, only=["overdue"]):
            print(f"- {finding}")
        return 0
    found = review(material)
    for name, findings in groupby(found, key=lambda finding: finding.rule):
        out = sys.stdout if RULES[name].warns else sys.stderr
        print(f"{'Warning: ' if RULES[name].warns else ''}{name}: {RULES[name].says}", file=out)
        for finding in findings:
            print(f"  {finding}", file=out)
    to_mend = sum(not RULES[finding.rule].warns for finding in found)
    if to_mend:
        print(f"{to_mend} to mend. If one is as it should be, say why in its item:", file=sys.stderr)
        print("  waive: {RULE: the reason}", file=sys.stderr)
        return 1
    _check_translations()
    items = sum(len(sheet.bank.items) for sheet in material.sheets)
    print(f"{items} items, {len(material.facts.facts)} facts: all well")
    return 0


def _check_translations() -> None:
    # No fault of theirs fails the check: what is not translated is shown in English.
    try:
        from safesite.catalogue import lacking
    except ImportError:
        print(f"Translations were not checked. {_NEEDS_SITE}")
        return
    try:
        for sentence in lacking():
            print(sentence)
    except UserError as error:  # a lesson that has yet to be tidied
        print(f"Translations were not checked. {error}")


def _refuse_unknown(name: str) -> None:
    known = banks.quiz_names()
    if name not in known:
        raise UserError(f"There is no quiz called '{name}'. The quizzes here: {', '.join(known) or 'none'}.")


def _release(options: argparse.Namespace, folder: Path) -> int:
    from .assignment import release

    _refuse_unknown(options.name)
    released = release(options.name, folder)
    print(f"Released, without its key: {released}")
    print("Give whoever takes the quiz that folder. Then, when they hand in:")
    print(f"  python3 -m quizzes collect {options.name} PATH")
    return 0


def _collect(options: argparse.Namespace, folder: Path) -> int:
    from .collect import collect

    _refuse_unknown(options.name)
    report = collect(options.name, options.path, folder)
    print(report)
    print(f"Next: python3 -m quizzes grade {options.name}")
    return 1 if report.refused else 0


def _grade(options: argparse.Namespace, folder: Path) -> int:
    from .grading import grade

    _refuse_unknown(options.name)
    marks = []
    for mark in grade(options.name, folder):
        print(mark, flush=True)
        marks.append(mark)
    waiting = sum(mark.to_read for mark in marks)
    print(f"{sum(not mark.problem for mark in marks)} of {len(marks)} marked.")
    if waiting:
        print(f"{waiting} written answers wait for you. To read and mark them:")
        print("  python3 -m course lab")
        print("  then, in its menu: Nbgrader, Formgrader, Manual Grading.")
    print(f"Next: python3 -m quizzes feedback {options.name}, or python3 -m quizzes export")
    return int(any(mark.problem for mark in marks))


def _feedback(options: argparse.Namespace, folder: Path) -> int:
    from .grading import feedback

    _refuse_unknown(options.name)
    marks = list(feedback(options.name, folder))
    for mark in marks:
        if mark.problem or mark.to_read:
            print(mark)
    print(f"{sum(not mark.problem for mark in marks)} pages in {folder / 'feedback'}")
    return int(any(mark.problem for mark in marks))


def _export(options: argparse.Namespace, folder: Path) -> int:
    from .grading import export

    print(f"Marks: {export(options.file or folder / 'grades.csv', folder)}")
    return 0


def _tidy(options: argparse.Namespace, _folder: Path) -> int:
    from nbclient.exceptions import CellExecutionError
    from safecourse.notebooks import tidy_lessons
    from safecourse.teaching import tidy_pages

    try:
        problems = tidy_lessons(check=options.check)
    except CellExecutionError as error:
        raise UserError(f"A lesson does not run:\n{error}") from None
    problems += map(str, tidy_pages(check=options.check))
    print("\n".join(problems) or "All lessons are tidy.")
    if not options.check:
        _tidy_catalogues()
    return int(bool(problems))


def _tidy_catalogues() -> None:
    try:
        from safesite.catalogue import tidy_catalogues
    except ImportError:
        print(f"Translations were not brought in step. {_NEEDS_SITE}")
    else:
        tidy_catalogues()


def schemas() -> dict[Path, str]:
    """Return the JSON schemas for editors: path -> text. Made from the models that read the files."""
    models: dict[Path, type[BaseModel]] = {
        banks.BANK_FOLDER / "bank.schema.json": banks.BankFile,
        FACTS_FOLDER / "facts.schema.json": FactsFile,
        FACTS_FOLDER / "contacts.schema.json": ContactsFile,
    }
    return {path: json.dumps(model.model_json_schema(), indent=2) + "\n" for path, model in models.items()}


def _schemas(_options: argparse.Namespace, _folder: Path) -> int:
    for path, text in schemas().items():
        path.write_text(text, encoding="utf-8", newline="\n")
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
