"""Gather what pupils hand in, ready for nbgrader to mark. From a pupil comes data, never code.

Of everything a pupil sends, only the answers file is read, and only this quiz's part of it is kept.
What nbgrader marks and an instructor opens is the released notebook, with a written answer put in as
plain text. So a pupil's notebook, whatever is in it, is never run, copied or shown.
"""

from __future__ import annotations

import contextlib
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from .assignment import COURSE
from .bank import quiz_names
from .errors import UserError
from .responses import CODE, FILE_NAME, AnswersError, AnswersFile, parse
from .submission import Released, files_in, is_ours, plain_bytes, read_answers, saved_at

#: Where a submission that `collect` did not make is moved when its place is needed.
SET_ASIDE = "received"
_WORKING = ".collecting"

_WINDOWS_KEEPS = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
# A browser that saves a file for the second time calls it `my-answers (1).json`.
_IN_FOLDER = re.compile(rf"{re.escape(Path(FILE_NAME).stem)}( ?\(\d+\))?\.json", re.IGNORECASE)
_ENDING = ".answers.json"
_SINGLE = re.compile(r"(?P<code>.+?)\.answers( ?\(\d+\))?\.json", re.IGNORECASE)


class CollectError(UserError):
    """Nothing could be collected at all; the message says why in one sentence."""


@dataclass
class Report:
    """What became of everybody's work. Each pupil's code is in one of the first three."""

    collected: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    #: Code or file name -> why it was not collected. These pupils have no mark until it is mended.
    refused: dict[str, str] = field(default_factory=dict)
    #: Of those above, who handed in no answer to this quiz, and so gets 0 throughout.
    blank: list[str] = field(default_factory=list)
    #: Whose folder in submitted/ `collect` had not made; it was moved to received/.
    moved: list[str] = field(default_factory=list)
    #: Sentences about what an instructor should know, such as which of two files was taken.
    notes: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        """Return the report as lines for a terminal, what needs doing last."""
        lines = [f"{len(self.collected)} collected, {len(self.unchanged)} unchanged since last time."]
        if self.blank:
            lines.append(f"No answer to this quiz, so 0 throughout: {', '.join(self.blank)}.")
        if self.moved:
            lines.append(f"Moved, unopened, from submitted/ to {SET_ASIDE}/: {', '.join(self.moved)}.")
        lines += self.notes
        lines += [f"NOT collected, {who}: {why}." for who, why in self.refused.items()]
        return "\n".join(_printable(line) for line in lines)


def _printable(line: str) -> str:
    # A file's name comes from outside too, and must not steer a terminal or fill it.
    return "".join(char if char.isprintable() else "?" for char in line)[:400]


def collect(name: str, path: Path, folder: Path = COURSE) -> Report:
    """Put every pupil's answers found in `path` into submitted/ of the course folder.

    `path` holds a folder per pupil, named with the pupil's code, with my-answers.json directly in it or in
    its folder NAME; or files CODE.answers.json, or as a quiz's web page names them; or is nbgrader's own
    `submitted`. Links are not followed.
    A file that cannot be read is reported by code, and that pupil is left out, never given a 0.

    Raises CollectError when nothing can be collected: no such folder, nothing released, nobody's work in it.
    """
    released = Released.read(folder, name)
    handed_in, report = _find(name, path, folder)
    submitted = folder / "submitted"
    _clear_up(submitted)
    for code, files in sorted(handed_in.items()):
        try:
            _collect_one(code, files, released, submitted, report)
        except (AnswersError, OSError) as error:
            report.refused[code] = str(error)
    _clear_up(submitted)
    return report


def is_collected(name: str, code: str, folder: Path = COURSE) -> bool:
    """Tell whether submitted/CODE/NAME is just what `collect` would write: safe to mark, nothing stale.

    Raises CollectError when the quiz has not been released.
    """
    return is_ours(folder / "submitted" / code / name, Released.read(folder, name))


def _find(name: str, path: Path, folder: Path) -> tuple[dict[str, list[Path]], Report]:
    """Return the answers files under `path` by pupil, and a report of what is there besides."""
    _check_path(path, folder)
    found: dict[str, list[Path]] = {}
    report = Report()
    for entry in sorted(path.iterdir()):
        single = _SINGLE.fullmatch(entry.name)
        if entry.name.startswith("."):
            continue
        if entry.is_symlink():
            report.refused[entry.name] = "it is a link, and links are not followed"
        elif entry.is_dir():
            try:
                found.setdefault(entry.name, []).extend(_answers_in(entry, name))
            except OSError as error:
                report.refused[entry.name] = str(error)
        elif single and (other := _other_quiz(single["code"], name)):
            report.notes.append(f"Left alone, as it is of the quiz {other}: {entry.name}.")
        elif single and (code := _whose(single["code"], entry, name)):
            found.setdefault(code, []).append(entry)
        elif single:
            report.refused[entry.name] = f"it does not say whose it is: call it CODE{_ENDING}"
        elif _IN_FOLDER.fullmatch(entry.name):
            report.refused[entry.name] = f"call it CODE{_ENDING}, with the pupil's code, to say whose it is"
        else:
            report.notes.append(f"Left alone, as no folder and no answers file: {entry.name}.")
    if not any(found.values()) and not report.refused:
        raise CollectError(f"{path} holds no answers: there should be folders called CODE, or CODE{_ENDING}.")
    report.refused |= {code: fault for code in found if (fault := _fault(code, found))}
    return {code: files for code, files in found.items() if code not in report.refused}, report


def _other_quiz(stem: str, name: str) -> str:
    """Return the quiz whose web page called a file so, if it is another than `name`; or ""."""
    first = stem.partition(".")[0]
    return first if first != name and first in quiz_names() else ""


def _whose(stem: str, file: Path, name: str) -> str:
    """Return the code of the pupil that a single file is of, or "".

    A quiz's web page calls the file NAME.CODE.answers.json, and has the code in it too; or NAME.answers.json,
    when the pupil gave none. Whoever marks may call it CODE.answers.json, which counts before what it says.
    """
    if stem == name:
        with contextlib.suppress(AnswersError, OSError):
            return parse(plain_bytes(file)).pupil or ""
        return ""
    return stem.removeprefix(f"{name}.")


def _check_path(path: Path, folder: Path) -> None:
    if path.suffix.lower() == ".zip":
        raise CollectError(f"{path.name} is packed. Unpack it, and name the folder that makes.")
    if not path.is_dir():
        raise CollectError(f"There is no folder {path}.")
    if folder.resolve().is_relative_to(path.resolve()):
        raise CollectError(f"{path} holds the course itself. Name the folder that pupils' work was saved in.")


def _answers_in(home: Path, name: str) -> Iterator[Path]:
    for place in (home, home / name):
        if place.is_dir() and not place.is_symlink():
            yield from sorted(entry for entry in place.iterdir() if _is_answers(entry.name, name))


def _is_answers(file: str, name: str) -> bool:
    """Tell whether a file in a pupil's own folder has their answers: the course's name, or the web page's."""
    single = _SINGLE.fullmatch(file)
    return bool(_IN_FOLDER.fullmatch(file) or (single and f"{single['code']}.".startswith(f"{name}.")))


def _fault(code: str, codes: dict[str, list[Path]]) -> str:
    if not CODE.fullmatch(code) or _WINDOWS_KEEPS.fullmatch(code):
        return "a code is 1 to 64 letters (a to z), digits and . _ - , and starts with a letter or digit"
    if sum(other.casefold() == code.casefold() for other in codes) > 1:
        return "another code differs from it only in capitals"
    return ""


def _collect_one(code: str, files: list[Path], released: Released, submitted: Path, report: Report) -> None:
    home = submitted / code / released.name
    if home.is_symlink() or home.parent.is_symlink():
        raise OSError(f"{home} is a link, and links are not followed")
    answers, note = _newest(files, home / FILE_NAME, released.name)
    if note:
        report.notes.append(f"{code}: {note}.")
    if answers and answers.quizzes[released.name].content != released.content:
        report.notes.append(f"{code}: answered another wording of the questions than the one released now.")
    if not released.responses(answers):
        report.blank.append(code)
    made = released.submission(answers)
    if is_ours(home, released):
        if files_in(home) == made:
            report.unchanged.append(code)
            return
        _replace(home, made)
    elif _replace(home, made, keep=True):
        report.moved.append(code)
    report.collected.append(code)


def _newest(files: list[Path], before: Path, name: str) -> tuple[AnswersFile | None, str]:
    """Return the latest answers to the quiz in `files`, or in what was collected before, and a note.

    One bad file refuses them all: which is the pupil's last word is not to be guessed.
    """
    read = {file: answers for file in files if (answers := read_answers(file, name))}
    with contextlib.suppress(AnswersError, OSError):
        if before not in read and (answers := read_answers(before, name)):
            read[before] = answers
    if not read:
        return None, ""
    latest = max(saved_at(answers, name) for answers in read.values())
    best = [file for file, answers in read.items() if saved_at(answers, name) == latest]
    if any(read[file] != read[best[0]] for file in best):
        names = " and ".join(f"{file.parent.name}/{file.name}" for file in best)
        raise AnswersError(f"{names} differ, but say they were saved at the same time")
    when = f"{latest:%d %B %Y, %H:%M} UTC"
    if best == [before] and files:
        return read[before], f"what was collected before is newer ({when}), and was kept"
    note = f"several answers files; took {best[0].name}, saved last ({when})"
    return read[best[0]], note if len(set(read) - {before}) > 1 else ""


def _replace(home: Path, files: dict[str, bytes], keep: bool = False) -> bool:
    """Put `files` at `home` whole or not at all; tell whether what stood there was kept elsewhere."""
    new, old = _beside(home, "new"), _beside(home, "old")
    new.mkdir(parents=True)
    for name, data in files.items():
        (new / name).write_bytes(data)
    home.parent.mkdir(exist_ok=True)
    there = home.exists()
    if there:
        old.parent.mkdir(parents=True)
        home.rename(old)
    new.rename(home)
    if there and keep:
        _set_aside(old, home)
    elif there:
        shutil.rmtree(old)
    return there and keep


def _set_aside(old: Path, home: Path) -> None:
    place = home.parent.parent.parent / SET_ASIDE / home.parent.name
    place.mkdir(parents=True, exist_ok=True)
    number = 1
    while (place / f"{home.name}-{number}").exists():
        number += 1
    old.rename(place / f"{home.name}-{number}")


def _beside(home: Path, mark: str) -> Path:
    # The leading dot keeps it out of nbgrader's sight.
    return home.parent.parent / _WORKING / mark / home.parent.name / home.name


def _clear_up(submitted: Path) -> None:
    """Undo what a stopped run left: unfinished work goes, and what it was to replace comes back."""
    for old in (submitted / _WORKING / "old").glob("*/*"):
        home = submitted / old.parent.name / old.name
        if home.exists():
            _set_aside(old, home)
        else:
            old.rename(home)
    shutil.rmtree(submitted / _WORKING, ignore_errors=True)
