"""Scoring on a Dask cluster gives the same marks, whichever worker dies, and its faults are one sentence."""

import importlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import tracemalloc
from functools import partial
from pathlib import Path

import pytest
from safequiz import assignment, cluster, gradebook
from safequiz.bank import load_quiz
from safequiz.cluster import ClusterError
from safequiz.collect import collect
from safequiz.grading import grade
from safequiz.marking import released_questions

from tests.chromium import in_ci
from tests.ports import free_port

find = importlib.import_module if in_ci() else pytest.importorskip
dask, distributed = find("dask"), find("distributed")

NAME = "grooming-signs"
CONFIG = Path(assignment.__file__).resolve().parents[1] / "nbgrader_config.py"
QUIZ = load_quiz(NAME)
CODES = [f"p{number:02}" for number in range(24)]
ROWS = {
    "grade": "g.auto_score, g.manual_score, g.extra_credit, g.needs_manual_grade",
    "comment": "g.auto_comment, g.manual_comment",
}


class Cluster:
    """A scheduler, and workers of one thread, each a process of its own that can be killed."""

    def __init__(self, folder):
        self.folder = folder
        self.address = f"tcp://127.0.0.1:{free_port()}"
        where = ["--host", "127.0.0.1", "--port", self.address.rpartition(":")[2]]
        self.scheduler = self._start("scheduler", *where, "--dashboard-address", "127.0.0.1:0")
        self.workers = []

    def have_workers(self, count, **environment):
        """Start what is lacking, and wait until the scheduler knows them."""
        self.workers = [worker for worker in self.workers if worker.poll() is None]
        words = ["worker", self.address, "--host", "127.0.0.1", "--no-nanny", "--nthreads", "1"]
        while len(self.workers) < count:
            self.workers.append(self._start(*words, "--no-dashboard", **environment))
        with distributed.Client(self.address, timeout=20, set_as_default=False) as client:
            client.wait_for_workers(count, timeout=20)

    def stop_workers(self):
        for worker in self.workers:
            kill(worker)

    def _start(self, kind, *words, **environment):
        command = [sys.executable, "-P", "-m", f"distributed.cli.dask_{kind}", *words]
        with (self.folder / "log").open("a") as log:
            own = {"DASK_TEMPORARY_DIRECTORY": str(self.folder)}
            env = os.environ | own | environment
            return subprocess.Popen(command, cwd=self.folder, env=env, stdout=log, stderr=log)


def kill(process):
    process.kill()
    process.wait()


@pytest.fixture(scope="module")
def remote(tmp_path_factory):
    cluster = Cluster(tmp_path_factory.mktemp("cluster"))
    yield cluster
    cluster.stop_workers()
    kill(cluster.scheduler)


@pytest.fixture(scope="module")
def local():
    """The map of a cluster of this machine. Its scheduler gives up on work with which one worker died."""
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 0}),
        cluster.mapper("local") as own,
    ):
        yield own


@pytest.fixture(scope="module")
def collected(tmp_path_factory):
    """A class of which each answered otherwise, one nothing, and one what cannot be read."""
    course, inbox = tmp_path_factory.mktemp("course"), tmp_path_factory.mktemp("inbox")
    shutil.copy(CONFIG, course)
    assignment.release(NAME, course)
    content = released_questions(QUIZ)["content"]
    for number, code in enumerate(CODES):
        responses = {item.id: responded(item, number) for item in QUIZ.items[: number % 10]}
        entry = {"content": content, "saved_at": "2026-11-21T09:30:00Z", "responses": responses}
        text = json.dumps({"schema": 1, "quizzes": {NAME: entry}})
        (inbox / f"{code}.answers.json").write_text(text, encoding="utf-8")
    collect(NAME, [inbox], course)
    (course / "submitted" / "p07" / NAME / "my-answers.json").write_text('{"schema": 1, "quiz')
    return course


def responded(item, number):
    if item.kind == "reflection":
        return f"Pupil {number} <b>writes</b>."
    return [item.options[number % len(item.options)].id]


@pytest.fixture(scope="module")
def plain(collected, tmp_path_factory):
    """What a run without a cluster leaves: the marks it says, the gradebook's rows, and the marked files."""
    course = shutil.copytree(collected, tmp_path_factory.mktemp("plain") / "course")
    return outcome(course)


def outcome(course, mapper=map):
    marks = [str(mark) for mark in grade(NAME, course, mapper)]
    files = {
        str(file.relative_to(course)): file.read_bytes() for file in (course / "autograded").rglob("*.*")
    }
    return marks, rows(course), files


def rows(course):
    """What the gradebook holds of each pupil and cell, without the ids that differ in every gradebook."""
    book = sqlite3.connect(course / "gradebook.db")
    try:
        return {
            table: book.execute(
                f"SELECT s.student_id, s.timestamp, n.late_submission_penalty, b.name, {columns} "
                f"FROM {table} g JOIN base_cell b ON b.id = g.cell_id "
                "JOIN submitted_notebook n ON n.id = g.notebook_id "
                "JOIN submitted_assignment s ON s.id = n.assignment_id ORDER BY 1, 4"
            ).fetchall()
            for table, columns in ROWS.items()
        }
    finally:
        book.close()


@pytest.fixture
def course(collected, tmp_path, monkeypatch):
    """The class, to be marked in a dozen lists."""
    monkeypatch.setattr(gradebook, "AT_A_TIME", 2)
    return shutil.copytree(collected, tmp_path / "course")


def test_the_plain_run_marks_everybody_but_whom_it_cannot_read(plain):
    marks, held, files = plain

    assert [line.partition(":")[0] for line in marks] == CODES
    assert [line for line in marks if "NOT marked" in line] == [line for line in marks if line[:3] == "p07"]
    assert len({line.partition(":")[2] for line in marks}) > 5
    assert len(held["grade"]) == len(QUIZ.items) * (len(CODES) - 1)
    assert len(files) == 4 * (len(CODES) - 1)


def test_the_processors_of_this_machine_leave_what_a_plain_run_leaves(course, local, plain):
    assert outcome(course, local) == plain


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="Windows cannot hold a process")
def test_a_worker_killed_at_its_work_changes_nothing(course, remote, plain):
    remote.have_workers(2)

    def kills_one_at_work(lists):
        # Both are held, so neither can be done with what it was given before one is killed.
        with distributed.Client(remote.address, set_as_default=False) as client:
            for worker in remote.workers:
                worker.send_signal(signal.SIGSTOP)
            for number, one in enumerate(lists):
                if number == 3:
                    until(lambda: all(client.processing().values()))  # by worker, what it has to do
                    kill(remote.workers[0])
                    remote.workers[1].send_signal(signal.SIGCONT)
                yield one

    with cluster.mapper(remote.address, patience=20) as mapper:
        found = outcome(course, lambda function, lists: mapper(function, kills_one_at_work(lists)))

    assert found == plain
    assert [worker.poll() for worker in remote.workers] == [-signal.SIGKILL, None]


def until(true, seconds=20):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_results_come_in_order_and_only_some_lists_are_under_way(local):
    taken = []

    def lists():
        for number in range(100):
            taken.append(number)
            yield [number]

    ahead = [(total, len(taken) - total) for total in local(sum, lists())]

    assert [total for total, _ in ahead] == list(range(100))
    assert max(some for _, some in ahead) <= 2 * os.cpu_count()


def test_memory_stays_flat_as_no_list_is_kept_once_it_is_scored(local):
    held = []
    tracemalloc.start()
    try:
        for _ in local(len, ([os.urandom(500_000)] for _ in range(40))):
            held.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()

    assert held[-1] < held[10] + 1_000_000


def test_an_exception_of_the_function_is_raised_here(local):
    with pytest.raises(TypeError, match="int"):
        list(local(len, [1]))


def fails(address, function, lists, patience=20.0):
    """The sentence with which mapping fails."""
    with pytest.raises(ClusterError) as raised, cluster.mapper(address, patience) as mapper:
        list(mapper(function, lists))
    return str(raised.value)


def test_work_with_which_workers_die_is_given_up_in_a_sentence(local):
    with pytest.raises(ClusterError, match=r"^The Dask scheduler at local lost worker after worker"):
        list(local(os._exit, [1]))


def test_a_scheduler_without_workers_is_named(remote):
    remote.stop_workers()

    said = fails(remote.address, len, [[1]], patience=0.5)

    assert said.startswith(f"The Dask scheduler at {remote.address} has no workers. Start some")


def test_a_worker_with_another_version_of_the_quizzes_marks_nothing(remote, tmp_path):
    shutil.copytree(Path(cluster.__file__).parent, tmp_path / "safequiz")
    with (tmp_path / "safequiz" / "scoring.py").open("a") as module:
        module.write("# Marks otherwise.\n")
    remote.stop_workers()
    remote.have_workers(1, PYTHONPATH=str(tmp_path))
    try:
        said = fails(remote.address, len, [[1]])
    finally:
        remote.stop_workers()

    assert said.startswith("The Dask worker at tcp://127.0.0.1:")
    assert "has another version. Every machine needs the version of the quizzes that is here." in said


def test_a_scheduler_that_lacks_what_is_sent_is_named(remote):
    remote.have_workers(1)

    said = fails(remote.address, kill, [[1]])  # a function of this file, which is not installed there

    assert said.startswith(f"The Dask scheduler at {remote.address} could not pass the work on. Every")


def first(one, then):
    """Yield what a mapper takes, with something done after the first."""
    yield [one]
    then()
    yield [one]


def test_when_the_last_worker_dies_it_says_so_after_some_patience(remote):
    remote.have_workers(1)

    said = fails(remote.address, len, first(1, remote.stop_workers), patience=1)

    assert "has no workers" in said
    assert "No mark is lost" in said


def test_when_the_scheduler_dies_it_says_so(remote):
    remote.have_workers(1)

    said = fails(remote.address, len, first(1, partial(kill, remote.scheduler)), patience=5)

    assert said.startswith(f"The Dask scheduler at {remote.address} is gone. No mark is lost")


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "10.0.0.5", "http://10.0.0.5:1", ""])
def test_an_address_with_no_scheduler_is_named(address):
    said = fails(address, len, [[1]], patience=0.2)

    assert said.startswith(f"There is no Dask scheduler at '{address}': ")
    assert said.endswith("Give the address that it says when it starts, such as tcp://10.0.0.5:8786.")


def test_without_dask_the_command_that_installs_it_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)

    assert fails("local", len, [[1]]) == (
        "--scheduler needs Dask, which is not installed. First: python3 -m quizzes scale"
    )
