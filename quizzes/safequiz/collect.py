"""Gather what pupils hand in, ready to be marked. From a pupil comes data, never code.

Of everything a pupil sends, only the answers file is read, and only this quiz's part of it is kept.
What is marked, and what an instructor opens, is the released notebook, with a written answer put in as
plain text. So a pupil's notebook, whatever is in it, is never run, copied or shown.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from .bank import COURSE
from .downloads import ANOTHER, DRAFT, HIDDEN, Handed, Label, contents, is_zip, walk
from .errors import UserError, listed
from .responses import FILE_NAME, AnswersError, AnswersFile, to_json, write_whole
from .roster import Roster, read_roster, write_roster
from .spreadsheet import write_csv
from .submission import (
    SET_ASIDE,
    Released,
    clear_up,
    holds,
    is_ours,
    of_the_exchange,
    own_answers,
    plain_bytes,
    put,
    saved_at,
)
from .whose import KEPT, LEFT, REFUSED, SAME, TAKEN, Met, NobodysError, sort_out, whose

_MOST_FILES = 200_000
_MOST_LINES = 40
_MOST_CODES = 20
_COLUMNS = ["found in", "file", "pupil", "what became of it", "why"]


class CollectError(UserError):
    """Nothing could be collected at all; the message says why in one sentence."""


@dataclass
class Report:
    """What became of everybody's work. Each pupil's code is in one of the first three."""

    collected: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    #: Code or file name -> why it was not collected. It may be somebody's mark that is missing.
    refused: dict[str, str] = field(default_factory=dict)
    #: Of those above, who handed in no answer to this quiz, and so gets 0 throughout.
    blank: list[str] = field(default_factory=list)
    #: Whose folder in submitted/ `collect` had not made; it was moved to received/.
    moved: list[str] = field(default_factory=list)
    #: Sentences about what an instructor should know, such as which of two files was taken.
    notes: list[str] = field(default_factory=list)
    #: Every file that was met.
    files: list[Met] = field(default_factory=list)
    #: Who is in the roster, and of whom nothing has come that can be marked, now or before.
    missing: list[str] = field(default_factory=list)
    #: What is wrong with the roster, a sentence each.
    roster: list[str] = field(default_factory=list)
    #: The table of all files, when it could be written.
    table: Path | None = None

    @property
    def faulty(self) -> bool:
        """Whether somebody has to mend something."""
        return bool(self.refused or self.roster)

    def refuse(self, who: str, why: str) -> None:
        """Say that a pupil's work, or a file, was not collected, and why."""
        said = self.refused.get(who, "")
        if why not in said.split("; "):
            self.refused[who] = f"{said}; {why}" if said else why

    def __str__(self) -> str:
        """Return the report as lines for a terminal, what needs doing last."""
        became = Counter(one.became for one in self.files)
        lines = [f"{len(self.collected)} collected, {len(self.unchanged)} unchanged since last time."]
        if self.files:
            counts = ", ".join(f"{number} {what}" for what, number in sorted(became.items()))
            lines.append(f"Files: {len(self.files)} met, {counts}.")
        if self.table:
            lines.append(f"What became of each: {self.table}")
        if self.blank:
            lines.append(f"No answer to this quiz, so 0 throughout: {listed(self.blank, _MOST_CODES)}.")
        if self.missing:
            lines.append(f"In the roster, with nothing collected: {listed(self.missing, _MOST_CODES)}.")
        if self.moved:
            lines.append(
                f"Moved, unopened, from submitted/ to {SET_ASIDE}/: {listed(self.moved, _MOST_CODES)}."
            )
        lines += self._left_alone()
        lines += _some(self.notes)
        lines += _some([f"Roster, {fault}." for fault in self.roster])
        lines += _some([f"NOT collected, {who}: {why}." for who, why in self.refused.items()])
        return "\n".join(printable(line) for line in lines)

    def _left_alone(self) -> list[str]:
        reasons = defaultdict(list)
        for one in self.files:
            if one.became == LEFT and one.label.otherwise != HIDDEN:
                reasons[one.why].append(str(one.handed))
        return [f"Left alone, {why}: {listed(names, 3)}." for why, names in reasons.items()]


def _some(lines: list[str]) -> list[str]:
    rest = len(lines) - _MOST_LINES
    return [*lines[:_MOST_LINES], f"... and {rest} more like these."] if rest > 0 else lines


def printable(line: str) -> str:
    """Return `line` so that a file's name, which comes from outside, cannot steer a terminal or fill it."""
    return "".join(char if char.isprintable() else "?" for char in line)[:400]


def collect(
    name: str, paths: Path | Sequence[Path], folder: Path = COURSE, roster: Path | None = None
) -> Report:
    """Put every pupil's answers found in `paths` into submitted/ of the course folder.

    Each path is a folder, a ZIP or an answers file, as it came from a platform or a mailbox. Whose a file is
    says its name CODE.answers.json, or its folder's name CODE; else the roster, a CSV file, when it was named
    by a platform; else the code that its own name or the file has. Links are not followed.
    A file that cannot be used is reported, with the pupil's code or its name, and the rest goes on. Nobody
    is given a 0 for it. The newest of several hand-ins counts, and the others are kept in received/.

    Raises CollectError when nothing can be collected: no such path, nobody's work in it; NotReleased; and
    RosterError for a roster that cannot be read.
    """
    released = Released.read(folder, name)
    known = read_roster(roster) if roster else None
    paths = [paths] if isinstance(paths, Path) else paths
    for path in paths:
        _check_path(path, folder)
    report = Report(roster=list(known.faults) if known else [])
    submitted = folder / "submitted"
    with tempfile.TemporaryDirectory(prefix="collect-") as scratch:
        handed_in = _find(name, paths, known, Path(scratch), report)
        _refuse_twins(handed_in, submitted, report)
        clear_up(submitted)
        for code, files in sorted(handed_in.items()):
            try:
                _collect_one(code, files, released, submitted, report)
            except (AnswersError, OSError) as error:
                report.refuse(code, str(error))
                _refuse_rest(files, str(error))
        clear_up(submitted)
    if known:
        report.missing = sorted(code for code in known.pupils if not (submitted / code / name).exists())
        _import(known, folder, report)
    _write_table(report, folder / SET_ASIDE / f"{name}.report.csv")
    return report


def _check_path(path: Path, folder: Path) -> None:
    if not path.exists():
        raise CollectError(f"There is no folder or file {path}.")
    if path.is_dir() and folder.resolve().is_relative_to(path.resolve()):
        raise CollectError(f"{path} holds the course itself. Name the folder that pupils' work was saved in.")


def _find(
    name: str, paths: Sequence[Path], roster: Roster | None, scratch: Path, report: Report
) -> dict[str, list[Met]]:
    """Return the files of answers under `paths` by pupil; the report gets all that is none of them."""
    handed_in: dict[str, list[Met]] = defaultdict(list)
    for path in paths:
        met = sort_out(_unpacked(path, scratch), name, roster)
        for one in met:
            one.found_in = str(path)
            if one.pupil:
                handed_in[one.pupil].append(one)
            elif one.became == REFUSED:
                report.refuse(one.label.own or str(one.handed), one.why)
        for code in _without_answers(met, name, roster, report):
            handed_in[code] += []
        report.files += [one for one in met if one.handed.place[-1]]
    if not any(handed_in.values()) and not report.refused:
        where = " and ".join(map(str, paths))
        raise CollectError(
            f"{where} holds no answers: there should be folders called CODE, or CODE.answers.json."
        )
    return handed_in


def _unpacked(path: Path, scratch: Path) -> list[Handed]:
    """Return what lies under `path`, and in its ZIPs, which nbgrader's plug-in unpacks into `scratch`."""
    found: list[Handed] = []
    for handed in walk(path):
        if handed.path and is_zip(handed.place[-1]):
            from .zip_plugins import AnswersExtractor  # nbgrader takes two seconds

            into = Path(tempfile.mkdtemp(dir=scratch))
            AnswersExtractor().extract(str(handed.path), str(into))
            found += [replace(one, place=(*handed.place[:-1], *one.place)) for one in contents(into)]
        else:
            found.append(handed)
        if len(found) > _MOST_FILES:
            why = f"{path} holds more than {_MOST_FILES:,} files."
            raise CollectError(f"{why} Name the folder that pupils' work was saved in.")
    return found


def _without_answers(met: list[Met], name: str, roster: Roster | None, report: Report) -> list[str]:
    """Return who handed in our folder unanswered, or an empty one, in a folder of their own, called CODE."""
    folders: dict[str, list[Met]] = defaultdict(list)
    for one in met:
        parts = [part for part in one.handed.place if not is_zip(part)]
        own = len(parts) == 2 or (len(parts) == 3 and parts[1] == name)  # deeper, it may be a class's
        if own and one.label.otherwise not in (ANOTHER, HIDDEN, DRAFT):
            folders[parts[0]].append(one)
    codes = []
    for folder, inside in folders.items():
        if any(one.became != LEFT for one in inside):
            continue
        files = [one.handed.place[-1].lower() for one in inside]
        try:
            code = whose(Label(own=folder), lambda: "", roster)
        except NobodysError as error:
            report.refuse(folder, str(error))
            continue
        if any(files) and not any(file.endswith(".ipynb") for file in files):
            report.refuse(code, "its folder holds no answers to this quiz, but something else")
        else:
            codes.append(code)
    return codes


def _refuse_twins(handed_in: dict[str, list[Met]], submitted: Path, report: Report) -> None:
    # On Windows and macOS the two would share a folder, and one would get the other's mark.
    there = {entry.name for entry in submitted.iterdir()} if submitted.is_dir() else set()
    alike = Counter(code.casefold() for code in there | set(handed_in))
    for code in [code for code in handed_in if alike[code.casefold()] > 1]:
        why = "another code differs from it only in capitals"
        report.refuse(code, why)
        _refuse_rest(handed_in.pop(code), why)


def _refuse_rest(files: list[Met], why: str) -> None:
    for one in files:
        if one.became != REFUSED:
            one.refuse(why)


def _collect_one(code: str, files: list[Met], released: Released, submitted: Path, report: Report) -> None:
    home = submitted / code / released.name
    kept = submitted.parent / SET_ASIDE / code
    for place in (submitted, home.parent, home, kept.parent, kept):
        if place.is_symlink():
            raise OSError(f"{place} is a link, and links are not followed")
    before = Met(Handed(("what was collected before",), home / FILE_NAME), Label(), code)
    is_new = all(one.handed.path != before.handed.path for one in files)
    hand_ins = weigh([*files, before] if is_new else files, released.name)
    for older in hand_ins[1:]:
        if older.file.became == KEPT:
            _keep(older, kept, released.name)
    newest = hand_ins[0] if hand_ins else None
    unusable = [one for one in files if one.became == REFUSED]
    if unusable and (not newest or newest.file is before):
        stands = ["what was collected before stands"] if newest else []
        report.refuse(code, "; ".join([*(one.why for one in unusable), *stands]))
        return
    for one in unusable:
        report.refuse(str(one.handed), f"{one.why}; what counts for {code} is {newest}, which may be older")
    report.notes += [f"{code}: {note}." for note in _notes(code, files, hand_ins, before)]
    _put(code, newest.answers if newest else None, home, released, report)


def _notes(code: str, files: list[Met], hand_ins: list[HandIn], before: Met) -> Iterator[str]:
    sent = [hand_in for hand_in in hand_ins if hand_in.file is not before]
    if sent and hand_ins[0].file is before:
        yield f"what was collected before is newer ({hand_ins[0].when}), and was kept"
    elif len(sent) > 1:
        yield f"several answers files; took {sent[0].file.handed.place[-1]}, saved last ({sent[0].when})"
    for one in files:
        if one.label.own == code and one.label.stated not in ("", code):
            yield f"{one.handed} says it is of {one.label.stated}; what you called it or its folder counts"


def _put(code: str, answers: AnswersFile | None, home: Path, released: Released, report: Report) -> None:
    """Make submitted/CODE/NAME what it should be, and say so."""
    if answers and answers.quizzes[released.name].content != released.content:
        report.notes.append(f"{code}: answered another wording of the questions than the one released now.")
    if not released.responses(answers):
        report.blank.append(code)
    made = released.submission(answers)
    there = home.exists()
    if there and _holds_answers(home, released.name, answers):
        made |= of_the_exchange(home)
    if there and holds(home, made):
        report.unchanged.append(code)
        return
    foreign = there and not is_ours(home, released)
    put(home, made, keep=foreign)
    if foreign:
        report.moved.append(code)
    report.collected.append(code)


def _holds_answers(home: Path, name: str, answers: AnswersFile | None) -> bool:
    try:
        return own_answers(plain_bytes(home / FILE_NAME), name) == answers
    except FileNotFoundError:
        return answers is None
    except (AnswersError, OSError):
        return False


@dataclass(frozen=True)
class HandIn:
    """Answers to the quiz in a file that a pupil handed in."""

    saved: datetime
    file: Met
    answers: AnswersFile

    @property
    def when(self) -> str:
        """When they were saved, for people."""
        return f"{self.saved:%d %B %Y, %H:%M} UTC"

    def __str__(self) -> str:
        """Return which file it is, and when it was saved."""
        return f"{self.file.handed}, saved {self.when}"


def weigh(files: Iterable[Met], name: str) -> list[HandIn]:
    """Return one pupil's hand-ins that answer the quiz `name`, the newest first; that one counts.

    Says in `files` what became of each. Raises AnswersError when two differ and are the newest both.
    """
    hand_ins = []
    for one in files:
        if one.became or not one.handed.path:
            continue
        try:
            answers = own_answers(plain_bytes(one.handed.path), name)
        except (AnswersError, OSError) as error:
            one.refuse(f"{one.handed.place[-1]} cannot be used: {error}")
            continue
        if answers:
            hand_ins.append(HandIn(saved_at(answers, name), one, answers))
        else:
            one.became, one.why = LEFT, "it holds no answer to this quiz"
    hand_ins.sort(key=lambda hand_in: hand_in.saved, reverse=True)
    for hand_in in hand_ins:
        hand_in.file.became = SAME if hand_in.answers == hand_ins[0].answers else KEPT
        if hand_in.file.became == KEPT and hand_in.saved == hand_ins[0].saved:
            both = f"{hand_ins[0].file.handed} and {hand_in.file.handed}"
            raise AnswersError(f"{both} differ, but say they were saved at the same time")
    if hand_ins:
        hand_ins[0].file.became = TAKEN
    return hand_ins


def _keep(hand_in: HandIn, place: Path, name: str) -> None:
    """Put answers that do not count into the folder `place`, once."""
    data = to_json(hand_in.answers)
    path = place / f"{name}-{hand_in.saved:%Y%m%d-%H%M%S}-{hashlib.sha256(data).hexdigest()[:8]}.json"
    if not path.exists():
        place.mkdir(parents=True, exist_ok=True)
        write_whole(path, data)
    hand_in.file.why = f"{SET_ASIDE}/{place.name}/{path.name}"


def _import(roster: Roster, folder: Path, report: Report) -> None:
    try:
        write_roster(roster, folder)
    except (UserError, OSError) as error:
        report.roster.append(f"it could not be put into the gradebook: {error}")


def _write_table(report: Report, path: Path) -> None:
    """Write what became of every file."""
    try:
        path.parent.mkdir(exist_ok=True)
        rows = ([one.found_in, str(one.handed), one.pupil, one.became, one.why] for one in report.files)
        write_csv(path, _COLUMNS, (map(printable, row) for row in rows))
        report.table = path
    except OSError as error:
        report.notes.append(
            f"{path} could not be written ({error.strerror}). If it is open, close it and collect again."
        )
