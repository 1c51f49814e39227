"""The command for instructors and authors: python3 -m quizzes STEP. Words in, words out; no logic."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel
from safecourse.facts import FACTS_FOLDER, ContactsFile, FactsFile
from safecourse.yamlfile import AuthorError

from . import bank as banks
from .content_check import RULES, review
from .errors import UserError
from .material import read_material
from .responses import SCHEMA_FILE, AnswersFile

T = TypeVar("T")

COURSE = banks.COURSE

_GUIDE = """\
Mark a quiz in these steps, in this order. Each says what it did and what to do next.

  check [--overdue]     Read every fact, lesson and question, and name each fault. Changes nothing.
                        Lists, as no fault, what is not translated yet.
                        With --overdue, only list the facts whose day to be checked again has passed.
  release NAME          Make the quiz that learners get, without its key: quizzes/release/NAME.
                        Pupils answer on its web page; in Jupyter, in a copy of that folder.
  collect NAME PATH...  Take in what they hand in: quizzes/submitted/CODE/NAME. Each PATH is a folder, a
                        ZIP or an answers file, as Moodle, Canvas, Classroom, Teams or e-mail gave it
                        to you. Do it again whenever more arrives. Says what it could not take, and why.
                        With --roster FILE, the list of your pupils tells whose work is whose.
  grade NAME            Mark the whole class: quizzes/gradebook.db, which nbgrader and its formgrader
                        read too. Says which written answers you have yet to read, and how to open them.
                        With --scheduler ADDRESS, other machines help (see quizzes/README.md).
  report NAME           Make a page for you: how it went, what to teach again, and what they wrote.
                        quizzes/reports/NAME.html
  feedback NAME         Make a page for each pupil: quizzes/feedback/CODE/NAME/NAME.html.
  export [NAME]         Write the marks to a table: quizzes/grades.csv, or --out FILE.
                        With --to moodle or canvas, in the form that it takes in; with --to
                        classroom, as a list to type from.
  scale                 Install what marking on PostgreSQL or on several machines needs. Few need it.

For authors:

  tidy [--check]        Run every lesson and keep it in one form, write the facts into the teaching
                        pages, and bring the catalogues of other languages in step; with --check only
                        say what is not as it should be.
  schemas               Remake the schemas of facts, questions and answers files, with which an
                        editor, or another program, checks them.

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
        usage="python3 -m quizzes STEP [NAME] [PATH...]",
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
    grade = _step(steps, "grade", _grade, "Mark what was collected.")
    feedback = _step(steps, "feedback", _feedback, "Make a page of feedback for each pupil.")
    report = _step(steps, "report", _report, "Make a page on how the class did, and what to teach again.")
    for step in (release, collect, grade, feedback, report):
        step.add_argument("name", metavar="NAME", help="the quiz, such as grooming-signs-adults")
    collect.add_argument(
        "paths", metavar="PATH", type=_path, nargs="+", help="a folder, a ZIP or an answers file"
    )
    collect.add_argument("--roster", metavar="FILE", type=_path, help="a table (CSV) of your pupils")
    grade.add_argument(
        "--scheduler", metavar="ADDRESS", help="a Dask scheduler such as tcp://10.0.0.5:8786, or local"
    )
    export = _step(steps, "export", _export, "Write the marks to a table.")
    export.add_argument("name", metavar="NAME", nargs="?", help="the quiz; if left out, all quizzes")
    export.add_argument(
        "--to",
        metavar="FORM",
        default="csv",
        help="csv (if left out), moodle, canvas or classroom",
    )
    export.add_argument("--out", metavar="FILE", type=_path, help="if left out, a name for it in quizzes")
    _step(steps, "scale", _scale, "Install what marking on PostgreSQL or on several machines needs.")
    tidy = _step(steps, "tidy", _tidy, "Run every lesson and keep it in one form.")
    tidy.add_argument("--check", action="store_true", help="change nothing, only say what is not tidy")
    _step(steps, "schemas", _schemas, "Remake the schemas of facts, questions and answers files.")
    return parser


def _path(word: str) -> Path:
    # Windows hands ~ on as it is.
    return Path(word).expanduser()


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
    print(f"Hand out the address of the quiz's web page (quiz-{options.name}.html) and each pupil's code.")
    print("In a Jupyter that has this course, hand out a copy of that folder instead.")
    print("Then, when they hand in:")
    print(f"  python3 -m quizzes collect {options.name} PATH")
    return 0


def _collect(options: argparse.Namespace, folder: Path) -> int:
    from .collect import collect

    _refuse_unknown(options.name)
    report = collect(options.name, options.paths, folder, roster=options.roster)
    print(report)
    print(f"Next: python3 -m quizzes grade {options.name}")
    return int(report.faulty)


def _grade(options: argparse.Namespace, folder: Path) -> int:
    from .grading import codes_in, grade
    from .marking import key_changed

    _refuse_unknown(options.name)
    marked = changed = waiting = problems = 0
    with _mapper(options.scheduler) as mapper:
        found = grade(options.name, folder, mapper)
        for mark in _counted(found, len(codes_in(folder / "submitted", options.name))):
            if mark.problem:
                problems += 1
                _say(str(mark))
            marked, changed = marked + (not mark.problem), changed + mark.changed
            waiting += mark.to_read
    print(f"{marked} of {marked + problems} marked, {changed} of them new or changed.")
    if key_changed(banks.load_quiz(options.name), folder):
        print("The key is not that of the day of release. All marks are by the key as it is now.")
    if waiting:
        print(f"Written answers that wait for you: {waiting}. To read and mark them:")
        print("  python3 -m course lab")
        print("  then, in its menu: Nbgrader, Formgrader, Manual Grading.")
    print(f"Next: python3 -m quizzes report {options.name}, then python3 -m quizzes feedback {options.name}")
    return int(bool(problems))


def _mapper(scheduler: str | None) -> AbstractContextManager[Any]:
    if not scheduler:
        return nullcontext(map)
    from .cluster import mapper

    return mapper(scheduler)


def _counted(found: Iterable[T], total: int) -> Iterator[T]:
    """Yield what `found` does, with a bar on a terminal that says how far it has come."""
    from tqdm import tqdm

    yield from tqdm(found, total=total, unit=" pupils", leave=False, disable=None)


def _say(line: str) -> None:
    from tqdm import tqdm

    tqdm.write(line)  # above the bar, and not across it


def _feedback(options: argparse.Namespace, folder: Path) -> int:
    from .feedback import write_feedback
    from .grading import codes_in
    from .marking import key_changed

    _refuse_unknown(options.name)
    pages = problems = waiting = 0
    total = len(codes_in(folder / "autograded", options.name))
    for page in _counted(write_feedback(options.name, folder), total):
        if page.problem:
            problems += 1
            _say(str(page))
        pages, waiting = pages + (not page.problem), waiting + bool(page.waiting)
    print(f"{pages} pages in {folder / 'feedback'}")
    if key_changed(banks.load_quiz(options.name), folder):
        print("The key is not that of the day of release, and these pages go by the key as it is now.")
        print(f"If you have not marked since, do: python3 -m quizzes grade {options.name}. Then this again.")
    if waiting:
        print(f"On {waiting} of them an answer waits for you, so make them again once you have marked it.")
    return int(bool(problems))


def _report(options: argparse.Namespace, folder: Path) -> int:
    from .marking import key_changed
    from .report import write_report

    _refuse_unknown(options.name)
    changed = key_changed(banks.load_quiz(options.name), folder)
    page, table = write_report(options.name, folder, key_changed=changed)
    print(f"Report: {page}\nEvery answer, as a table: {table}")
    return 0


def _export(options: argparse.Namespace, folder: Path) -> int:
    from .export import export

    if options.name:
        _refuse_unknown(options.name)
    print(export(options.name, options.to, options.out, folder))
    return 0


def _scale(_options: argparse.Namespace, _folder: Path) -> int:
    # quizzes/__main__.py has installed it by now.
    print("Ready for PostgreSQL and for --scheduler. How to use them: quizzes/README.md")
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
    """Return the JSON schemas, path -> text, made from the models that read the files."""
    models: dict[Path, type[BaseModel]] = {
        banks.BANK_FOLDER / "bank.schema.json": banks.BankFile,
        FACTS_FOLDER / "facts.schema.json": FactsFile,
        FACTS_FOLDER / "contacts.schema.json": ContactsFile,
        SCHEMA_FILE: AnswersFile,
    }
    return {path: json.dumps(model.model_json_schema(), indent=2) + "\n" for path, model in models.items()}


def _schemas(_options: argparse.Namespace, _folder: Path) -> int:
    for path, text in schemas().items():
        path.write_text(text, encoding="utf-8", newline="\n")
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
