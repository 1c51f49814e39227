"""How fast a class is marked, and whether every mark is the one that stock nbgrader gives.

    python3 tests/bench/grading.py [--n 300] [--runs 3] [--quiz keep-it-fresh]
                                   [--differences 1000] [--scale 24000] [--feedback]

Makes a class of --n pupils (tests/classes.py), takes it in with `collect`, and marks it in three ways, each a
command of its own, in turn, on the same submissions and an empty gradebook:

    stock      nbgrader autograde NAME, without our settings for it: a kernel runs each released notebook
    grade      python3 -m quizzes grade NAME, without the launcher's look whether all is installed
    autograde  nbgrader autograde NAME, with our settings

What is said per submission is what each further one costs: a class of one is marked too, and the seconds of
both, start included, are taken from each other. The quiz has nine items, one of them a reflection; no quiz of
this course has ten. Memory is what a command and all its children hold at once (PSS on Linux, else USS),
looked at every 50 ms. Medians over --runs.

A difference is something that is not the same after `grade`, or after `autograde`, as after stock: a row of
the gradebook (student, submission, notebook, grade, comment; ids aside), a total as nbgrader adds it up, or a
file in autograded/, of whose notebook the texts, the marks and nbgrader's own data count. With --differences,
a class of that size is marked once each way besides, in a part for each processor.

With --scale, a class of that size is marked with `grade` alone. With --feedback, the pages of --n pupils are
written with `feedback`, and those of 20 by stock nbgrader's generate_feedback.

Courses stand in the folder for temporary files. One JSON line last; progress goes to stderr. On a machine
that does other work too, or whose disk does, the figures are worth little.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import platform
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from course import launcher  # noqa: E402 - found through the line above, from whichever folder this is run

#: It has an item of every kind.
QUIZ = "keep-it-fresh"
#: Of so many pupils stock nbgrader writes the feedback.
SAMPLE = 20
LOOK_EVERY = 0.05

BOOK, RELEASED_BOOK = "gradebook.db", "gradebook.released.db"
_OURS = "import sys; from pathlib import Path; from safequiz.cli import main; "
_OURS += "sys.exit(main(sys.argv[2:], Path(sys.argv[1])))"
_WITHOUT_OURS = '\nfor ours in ("Autograde", "GenerateFeedback"):\n    c.pop(ours, None)\n'


def say(text: str) -> None:
    """Tell of progress."""
    print(text, file=sys.stderr, flush=True)


# --- courses -----------------------------------------------------------------------------------


class Courses:
    """Makes courses of one released quiz, each with the collected work of a class of its own."""

    def __init__(self, folder: Path, name: str):
        """Release the quiz `name`."""
        from safequiz import assignment
        from safequiz.bank import load_quiz

        self._quiz, self._config = load_quiz(name), assignment.COURSE / "nbgrader_config.py"
        self._folder, self._released = folder, folder / "released"
        self._released.mkdir()
        shutil.copy(self._config, self._released)
        assignment.release(name, self._released)

    def make(self, called: str, n: int, seed: int = 1) -> Course:
        """Return a new course with the work of `n` pupils; of a file that must be refused there is none."""
        from safequiz.collect import collect

        from tests.classes import make_class

        say(f"  a class of {n}")
        home, inbox = self._folder / called, self._folder / f"{called}-inbox"
        shutil.copytree(self._released, home)
        (home / BOOK).rename(home / RELEASED_BOOK)
        refused = make_class(inbox, self._quiz, n, seed)
        report = collect(self._quiz.id, inbox, home)
        assert (len(report.collected), sorted(report.refused)) == (n, refused), str(report)
        shutil.rmtree(inbox)
        return Course(home, self._quiz.id, n, self._config.read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Course:
    """A course folder with the work of `n` pupils."""

    folder: Path
    name: str
    n: int
    config: str

    def run(self, way: Way) -> Run:
        """Do it `way`, as if it had not been done before."""
        if (self.folder / way.makes).exists():
            shutil.rmtree(self.folder / way.makes)
        if way.makes == "autograded":
            shutil.copy(self.folder / RELEASED_BOOK, self.folder / BOOK)
        config = self.config + (_WITHOUT_OURS if way.is_stock else "")
        (self.folder / "nbgrader_config.py").write_text(config, encoding="utf-8")
        return watch([*way.words(self.folder), self.name], self.folder)


@dataclass(frozen=True)
class Way:
    """A command for a course, and the folder in it that the command makes."""

    step: str
    makes: str
    is_nbgrader: bool
    is_stock: bool

    def words(self, folder: Path) -> list[str]:
        """Return the command, but for the name of the quiz."""
        before = ["-m", "nbgrader"] if self.is_nbgrader else ["-c", _OURS, str(folder)]
        return [sys.executable, *before, self.step]


STOCK = Way("autograde", "autograded", is_nbgrader=True, is_stock=True)
GRADE = Way("grade", "autograded", is_nbgrader=False, is_stock=False)
AUTOGRADE = Way("autograde", "autograded", is_nbgrader=True, is_stock=False)
STOCK_FEEDBACK = Way("generate_feedback", "feedback", is_nbgrader=True, is_stock=True)
FEEDBACK = Way("feedback", "feedback", is_nbgrader=False, is_stock=False)

MARKING = {"stock": STOCK, "grade": GRADE, "autograde": AUTOGRADE}


# --- a command, watched --------------------------------------------------------------------------


@dataclass(frozen=True)
class Run:
    """What a command took: seconds, and bytes of memory at its worst moment."""

    seconds: float
    memory: int


def watch(command: list[str], folder: Path) -> Run:
    """Run `command` in `folder`. Raises SystemExit with the end of what it wrote when it fails."""
    # nbgrader starts the program `alembic` by its name alone.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    # Kernels of everybody on a machine would write into one history, and wait for each other.
    env = os.environ | {"PATH": path, "IPYTHONDIR": str(folder / ".ipython")}
    with tempfile.TemporaryFile() as log:
        started = time.perf_counter()
        process = subprocess.Popen(command, cwd=folder, env=env, stdout=log, stderr=subprocess.STDOUT)
        peak = Peak(process.pid)
        code = process.wait()
        seconds = time.perf_counter() - started
        peak.stop()
        if code:
            log.seek(0)
            raise SystemExit(f"{command} failed:\n{log.read().decode(errors='replace')[-3000:]}")
    return Run(seconds, peak.bytes)


class Peak(threading.Thread):
    """Looks, until it is stopped, at what a process and all that it started hold together."""

    def __init__(self, pid: int):
        """Begin to look."""
        super().__init__(daemon=True)
        self.bytes = 0
        self._pid, self._over = pid, threading.Event()
        self.start()

    def run(self) -> None:
        """Note the most that was seen."""
        while not self._over.wait(LOOK_EVERY):
            self.bytes = max(self.bytes, memory_of_all(self._pid))

    def stop(self) -> None:
        """Look no more."""
        self._over.set()
        self.join()


def memory_of_all(pid: int) -> int:
    """Return how many bytes a process and its children hold; what they share counts once, where it can."""
    import psutil

    total = 0
    with suppress(psutil.NoSuchProcess):
        parent = psutil.Process(pid)
        for process in [parent, *parent.children(recursive=True)]:
            with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                held = process.memory_full_info()
                total += getattr(held, "pss", held.uss)
    return total


# --- what marking left, compared -----------------------------------------------------------------

_WHOSE = """
    join submitted_notebook n on n.id = t.notebook_id
    join submitted_assignment s on s.id = n.assignment_id
    join base_cell c on c.id = t.cell_id"""
#: Each row with whose it is, and of which cell.
_ROWS = {
    "student": "select t.id as whose, '' as of, t.* from student t",
    "submitted_assignment": "select t.student_id as whose, '' as of, t.* from submitted_assignment t",
    "submitted_notebook": "select s.student_id as whose, '' as of, t.* from submitted_notebook t "
    "join submitted_assignment s on s.id = t.assignment_id",
    "grade": f"select s.student_id as whose, c.name as of, t.* from grade t {_WHOSE}",
    "comment": f"select s.student_id as whose, c.name as of, t.* from comment t {_WHOSE}",
}

#: (table, or what else; pupil's code; cell or file) -> all that is said of it.
Left = dict[tuple[str, str, str], list[Any]]


def left_by(course: Course) -> Left:
    """Return what marking `course` has left, but for ids, which differ from one run to the next."""
    from safequiz.steps import gradebook

    left: Left = defaultdict(list)
    with closing(sqlite3.connect(course.folder / BOOK)) as book:
        book.row_factory = sqlite3.Row
        for table, query in _ROWS.items():
            for row in map(dict, book.execute(query)):
                left[table, row.pop("whose"), row.pop("of")].append(without_ids(row))
    with gradebook(course.folder) as book:
        for row in book.submission_dicts(course.name):
            left["total", row["student"], ""].append(without_ids(row))
    for file in (course.folder / "autograded").glob(f"*/{course.name}/*"):
        what = notebook_cells(file) if file.suffix == ".ipynb" else file.read_bytes()
        left["file", file.parent.parent.name, file.name].append(what)
    return left


def without_ids(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row without its own id and those of others."""
    return {column: value for column, value in row.items() if column != "id" and not column.endswith("_id")}


def notebook_cells(file: Path) -> list[tuple[Any, ...]]:
    """Return of each cell of a marked notebook its kind, its text, nbgrader's data, and what it earned."""
    cells = json.loads(file.read_text(encoding="utf-8"))["cells"]
    own = [cell["metadata"].get("nbgrader", {}) for cell in cells]
    return [
        (cell["cell_type"], "".join(cell["source"]), data, data.get("grade") and shown(cell))
        for cell, data in zip(cells, own, strict=True)
    ]


def shown(cell: dict[str, Any]) -> list[str]:
    """Return what a cell shows, as text."""
    return ["".join(output["data"]["text/plain"]) for output in cell.get("outputs", [])]


def differing(one: Left, other: Left) -> list[str]:
    """Return a line for each place where two runs left different things."""
    places = sorted(one.keys() | other.keys())
    return [
        f"{', '.join(place)}: {one.get(place)} and {other.get(place)}"[:1000]
        for place in places
        if one.get(place) != other.get(place)
    ]


def compare(found: dict[str, Left]) -> int:
    """Return in how many places our ways differ from stock, and tell of the first of them."""
    wrong = [
        f"  {way} differs from stock: {line}"
        for way in found
        for line in differing(found["stock"], found[way])
    ]
    for line in wrong[:10]:
        print(line, flush=True)
    return len(wrong)


def all_ways(course: Course) -> dict[str, Left]:
    """Mark `course` once in each way; return what each left."""
    found = {}
    for called, way in MARKING.items():
        course.run(way)
        found[called] = left_by(course)
    return found


# --- the parts of a run ----------------------------------------------------------------------------


def medians(runs: Iterable[Run]) -> Run:
    """Return the median seconds and the median memory."""
    runs = list(runs)
    return Run(statistics.median(run.seconds for run in runs), statistics.median(run.memory for run in runs))


def each(many: Run, one: Run, n: int) -> float:
    """Return the seconds that each further submission took in a class of `n`."""
    return (many.seconds - one.seconds) / (n - 1)


def tell(called: str, many: Run, one: Run, n: int) -> None:
    """Print what marking a class of `n` took."""
    print(
        f"{called:<10} {many.seconds:9.2f} s for {n}, {one.seconds:5.2f} s for 1, "
        f"{1000 * each(many, one, n):9.2f} ms each further one, {many.memory / 2**20:6.0f} MB at most",
        flush=True,
    )


def marking(one: Course, many: Course, runs: int) -> tuple[dict[str, Any], dict[str, Run]]:
    """Mark two classes in every way; return the figures, and what `grade` took for each class."""
    taken: dict[str, list[tuple[Run, Run]]] = {called: [] for called in MARKING}
    found: dict[str, Left] = {}
    for turn in range(runs):
        for called, way in MARKING.items():
            taken[called].append((one.run(way), many.run(way)))
            found[called] = left_by(many)
            say(f"  run {turn + 1}, {called}: {taken[called][-1][1].seconds:.2f} s")
    first = {called: medians(pair[0] for pair in pairs) for called, pairs in taken.items()}
    whole = {called: medians(pair[1] for pair in pairs) for called, pairs in taken.items()}
    per = {called: each(whole[called], first[called], many.n) for called in MARKING}
    for called in MARKING:
        tell(called, whole[called], first[called], many.n)
    figures = {
        "ratio_per_submission": ratio(per["stock"], per["grade"]),
        "ratio_command": ratio(whole["stock"].seconds, whole["grade"].seconds),
        "ratio_autograde": ratio(per["stock"], per["autograde"]),
        "ratio_autograde_command": ratio(whole["stock"].seconds, whole["autograde"].seconds),
        "memory_ratio": ratio(whole["grade"].memory, whole["stock"].memory),
        "differences": compare(found),
        "compared": many.n,
    }
    for called in MARKING:
        figures |= {
            f"{called}_ms_per_submission": round(1000 * per[called], 3),
            f"{called}_command_seconds": round(whole[called].seconds, 3),
            f"{called}_seconds_for_one": round(first[called].seconds, 3),
            f"{called}_memory_mb": round(whole[called].memory / 2**20, 1),
        }
    return figures, {"one": first["grade"], "many": whole["grade"]}


def more_differences(courses: Courses, n: int) -> int:
    """Mark another class of `n` once in every way, in parts side by side; return how many places differ."""
    parts = os.cpu_count() or 1
    sizes = [n // parts + (part < n % parts) for part in range(parts)]
    made = [courses.make(f"part-{at}", size, seed=100 + at) for at, size in enumerate(sizes) if size]
    with ThreadPoolExecutor() as together:
        wrong = sum(compare(found) for found in together.map(all_ways, made))
    print(f"{wrong} differences in a class of {n}", flush=True)
    return wrong


def scaling(one: Run, many: Run, n: int, course: Course, runs: int) -> dict[str, Any]:
    """Mark a far larger class with `grade`; return the figures beside those of the class of `n`."""
    large = medians(course.run(GRADE) for _ in range(runs))
    tell("grade", large, one, course.n)
    return {
        "scale": course.n,
        "scale_seconds": round(large.seconds, 2),
        "scale_memory_ratio": ratio(large.memory, many.memory),
        "scale_cost_ratio": ratio(each(large, one, course.n), each(many, one, n)),
    }


def feedback(one: Course, sample: Course, many: Course, runs: int) -> dict[str, Any]:
    """Write the feedback of marked classes; return the figures."""
    for course in (one, sample, many):
        course.run(GRADE)
    ours, stock = [], []
    for turn in range(runs):
        stock.append(each(sample.run(STOCK_FEEDBACK), one.run(STOCK_FEEDBACK), sample.n))
        ours.append(each(many.run(FEEDBACK), one.run(FEEDBACK), many.n))
        say(f"  feedback, run {turn + 1}")
    stock_each, ours_each = statistics.median(stock), statistics.median(ours)
    print(f"feedback   {1000 * ours_each:9.2f} ms a pupil, stock {1000 * stock_each:.2f} ms", flush=True)
    return {
        "ratio_feedback": ratio(stock_each, ours_each),
        "feedback_ms_per_pupil": round(1000 * ours_each, 3),
        "stock_feedback_ms_per_pupil": round(1000 * stock_each, 3),
        "stock_feedback_pupils": sample.n,
    }


def ratio(above: float, below: float) -> float:
    """Return how often `below` goes into `above`, to three digits that count."""
    return float(f"{above / below:.3g}")


def machine() -> dict[str, Any]:
    """Return what the figures depend on."""
    facts = {
        "processors": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "nbgrader": version("nbgrader"),
    }
    if hasattr(os, "getloadavg"):  # others' work slows ours
        facts["load_before"] = round(os.getloadavg()[0], 2)
    return facts


def main(words: Sequence[str] | None = None) -> int:
    """Measure, and print one JSON line last."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    several = partial(at_least, 2)
    parser.add_argument("--n", type=several, default=300, help="how many pupils (default: 300)")
    parser.add_argument("--runs", type=partial(at_least, 1), default=3, help="how often (default: 3)")
    parser.add_argument("--quiz", default=QUIZ, help=f"which quiz (default: {QUIZ}, which has every kind)")
    parser.add_argument("--differences", type=several, metavar="N", help="compare another class of N too")
    parser.add_argument("--scale", type=several, metavar="N", help="mark a class of N too")
    parser.add_argument("--feedback", action="store_true", help="write feedback too")
    options = parser.parse_args(words)
    if importlib.util.find_spec("safequiz") is None:  # go on with the Python that has the course
        return launcher.run(launcher.prepare("tests"), [__file__, *sys.argv[1:]])
    figures = machine() | {"n": options.n, "runs": options.runs, "quiz": options.quiz}
    with tempfile.TemporaryDirectory(prefix="grading-") as place:
        courses = Courses(Path(place), options.quiz)
        one, many = courses.make("one", 1), courses.make("many", options.n)
        made, took = marking(one, many, options.runs)
        figures |= made
        if options.differences:
            figures["differences"] += more_differences(courses, options.differences)
            figures["compared"] += options.differences
        if options.scale:
            large = courses.make("scale", options.scale)
            figures |= scaling(took["one"], took["many"], many.n, large, options.runs)
        if options.feedback:
            figures |= feedback(one, courses.make("sample", SAMPLE), many, options.runs)
    print(json.dumps(figures))
    return 0


def at_least(least: int, word: str) -> int:
    """Return the number that `word` says; raise when it is smaller than `least`."""
    if int(word) < least:
        raise argparse.ArgumentTypeError(f"{word} is too few: at least {least}")
    return int(word)


if __name__ == "__main__":
    sys.exit(launcher.guarded(main))
