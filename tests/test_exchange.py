"""A pupil on JupyterHub fetches, answers, submits and gets feedback, all through nbgrader's own exchange.

Instructor and pupil have a home each, and are two users where root runs the tests. Between them lies a folder
that all can write to, as nbgrader wants it. What the pupil hands in is tampered with.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

import pytest
from safequiz import assignment
from safequiz.bank import load_quiz
from safequiz.collect import collect
from safequiz.feedback import write_feedback
from safequiz.grading import grade
from safequiz.steps import gradebook
from safequiz.submission import Released, is_ours

if sys.platform == "win32":
    pytest.skip("nbgrader's exchange does not work on Windows", allow_module_level=True)
import pwd

NAME, COURSE = "grooming-signs", "stay-safe-online"
CONFIG = Path(assignment.__file__).resolve().parents[1] / "nbgrader_config.py"
QUIZ = load_quiz(NAME)
SCORED = [item for item in QUIZ.items if item.kind != "reflection"]
WRITTEN = next(item for item in QUIZ.items if item.kind == "reflection")
#: All right but the first item, which is not answered.
RESPONSES = {item.id: [option.id for option in item.options if option.key] for item in SCORED[1:]} | {
    WRITTEN.id: "Stop.<script>alert(1)</script>\nTell someone."
}
EARNED = sum(item.points for item in SCORED[1:])
POSSIBLE = sum(item.points for item in QUIZ.items)

# Runs nbgrader's commands and files of Python in somebody's name, each in a process of its own. That nbgrader
# is loaded but once saves two seconds a command.
COMMANDS = """
import json, os, runpy, sys
from nbgrader.apps import NbGraderApp
for line in sys.stdin:
    words, folder, settings, user = json.loads(line)
    if not os.fork():
        if user:
            os.setgroups([]), os.setgid(user[1]), os.setuid(user[0])
        os.chdir(folder)
        os.environ.update(settings)
        sys.argv = words
        runpy.run_path(words[0]) if words[0].endswith(".py") else NbGraderApp.launch_instance(words)
        sys.exit()
    print(os.wait()[1], flush=True)
"""
ANSWER = f"""
import json, os
from pathlib import Path
from safequiz.widget import marked

os.chdir({NAME!r})
widget = marked({NAME!r})
for number, (item, response) in enumerate({RESPONSES!r}.items(), start=1):
    widget.response = widget.response | {{item: response}}
    widget.sent = number
    assert widget.status == {{"sent": number, "saved": True, "note": ""}}

evil = f"open({{os.environ['RAN']!r}} + '/{{{{}}}}', 'w').write('ran')"
path = Path("{NAME}.ipynb")
notebook = json.loads(path.read_text())
for cell in notebook["cells"]:
    if cell["cell_type"] == "code":
        cell["source"] = evil.format("cell") + "; 1000"
path.write_text(json.dumps(notebook))
for name in ("nbgrader_config.py", "sitecustomize.py", "safequiz.py"):
    Path(name).write_text(evil.format(name))
"""


class Person:
    """Somebody with a home, and a user of their own where that can be."""

    def __init__(self, hub, name, commands, user=None):
        self.home, self._commands, self._user = hub / name, commands, user and (user.pw_uid, user.pw_gid)
        self.home.mkdir()
        self._settings = {
            "HOME": str(self.home),
            "JUPYTER_CONFIG_DIR": str(self.home / ".jupyter"),
            "JUPYTER_DATA_DIR": str(self.home / ".local"),
            "JUPYTER_CONFIG_PATH": str(hub / "etc"),
            "RAN": str(hub / "ran"),
        }
        if user:
            os.chown(self.home, *self._user)

    def does(self, line, folder=None):
        job = [line.split(), str(folder or self.home), self._settings, self._user]
        self._commands.stdin.write(json.dumps(job) + "\n")
        self._commands.stdin.flush()
        assert self._commands.stdout.readline() == "0\n", f"It failed, and says above why: {line}"


def other_user():
    """The user `nobody`, where the tests may act as it and it may use this Python; or None."""
    if os.geteuid() != 0:
        return None
    try:
        user = pwd.getpwnam("nobody")
        words = [sys.executable, "-P", "-c", "import safequiz.widget"]
        subprocess.run(words, user=user.pw_uid, cwd="/", capture_output=True, check=True)
    except (KeyError, OSError, subprocess.CalledProcessError):
        return None
    return user


@pytest.fixture(scope="module")
def hub():
    """One class of one pupil, marked by nbgrader's autograde, by `grade`, and by `collect` and `grade`."""
    place = Path(tempfile.mkdtemp(prefix="hub-"))  # pytest's own folders are closed to other users
    try:
        place.chmod(0o755)
        command = [sys.executable, "-P", "-W", "ignore", "-c", COMMANDS]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        with subprocess.Popen(command, **pipes) as commands:
            done = term(place, commands)
        yield done
    finally:
        shutil.rmtree(place)


def term(place, commands):
    """All that passes between release and feedback, and where to find what is left."""
    for shared in ("exchange", "ran"):
        (place / shared).mkdir()
        (place / shared).chmod(0o777)
    (place / "etc").mkdir()
    (place / "etc" / "nbgrader_config.py").write_text(f"c.Exchange.root = {str(place / 'exchange')!r}\n")
    (place / "answer.py").write_text(ANSWER, encoding="utf-8")
    user = other_user()
    instructor, pupil = Person(place, "instructor", commands), Person(place, "pupil", commands, user)

    nbgraders = instructor.home / "course"
    nbgraders.mkdir()
    shutil.copy(CONFIG, nbgraders)
    assignment.release(NAME, nbgraders)
    ours = shutil.copytree(nbgraders, instructor.home / "ours")

    instructor.does(f"release_assignment {NAME}", nbgraders)
    pupil.does(f"fetch_assignment {NAME} --course {COURSE}")
    pupil.does(str(place / "answer.py"))
    pupil.does(f"submit {NAME} --course {COURSE}")
    instructor.does(f"collect {NAME}", ours)
    for step in ("collect", "autograde", "generate_feedback", "release_feedback"):
        instructor.does(f"{step} {NAME}", nbgraders)
    tidied = shutil.copytree(ours, instructor.home / "tidied")
    assert not [mark.problem for mark in grade(NAME, ours) if mark.problem]
    collect(NAME, [tidied / "submitted"], tidied)
    assert not [mark.problem for mark in grade(NAME, tidied) if mark.problem]
    pupil.does(f"fetch_feedback {NAME} --course {COURSE}")

    return SimpleNamespace(
        code=user.pw_name if user else pwd.getpwuid(os.getuid()).pw_name,
        courses={"autograde": nbgraders, "grade": ours, "collect and grade": tidied},
        sent=next((place / "exchange" / COURSE / "inbound").iterdir()),
        ran=place / "ran",
        feedback=list((pupil.home / NAME / "feedback").glob(f"*/{NAME}.html")),
    )


WAYS = pytest.mark.parametrize("way", ["autograde", "grade", "collect and grade"])


@WAYS
def test_the_answers_count_and_nothing_else_that_was_handed_in(hub, way):
    with gradebook(hub.courses[way]) as book:
        held = book.find_submission_notebook(NAME, NAME, hub.code)
        found = {one.name: (one.auto_score, one.needs_manual_grade) for one in held.grades}

    right = {item.id: (item.points, False) for item in SCORED[1:]}
    assert found == right | {SCORED[0].id: (0, False), WRITTEN.id: (None, True)}


@WAYS
def test_the_time_of_the_exchange_counts_and_its_secret_is_kept_for_the_feedback(hub, way):
    course = hub.courses[way]
    with gradebook(course) as book:
        held = book.find_submission(NAME, hub.code).timestamp
    given = {file: (hub.sent / file).read_text() for file in ("timestamp.txt", "submission_secret.txt")}

    assert f"{held} UTC" == given["timestamp.txt"]
    assert given == {file: (course / "autograded" / hub.code / NAME / file).read_text() for file in given}


@WAYS
def test_marked_work_is_ours_alone_with_the_text_shown_as_text(hub, way):
    home = hub.courses[way] / "autograded" / hub.code / NAME
    notebook = json.loads((home / f"{NAME}.ipynb").read_text(encoding="utf-8"))
    sources = ["".join(cell["source"]) for cell in notebook["cells"]]

    assert not {"nbgrader_config.py", "sitecustomize.py", "safequiz.py"} & {
        file.name for file in home.iterdir()
    }
    assert not [text for text in sources if str(hub.ran) in text or "<script>" in text]
    assert [text for text in sources if "&#60;script&#62;" in text]


@pytest.mark.parametrize("way", ["autograde", "collect and grade"])
def test_what_was_handed_in_is_set_aside_unopened_and_our_notebook_has_its_place(hub, way):
    course = hub.courses[way]
    kept = course / "received" / hub.code / f"{NAME}-1"

    assert {file.name: file.read_bytes() for file in kept.iterdir()} == {
        file.name: file.read_bytes() for file in hub.sent.iterdir()
    }
    assert is_ours(course / "submitted" / hub.code / NAME, Released.read(course, NAME))


def test_the_command_feedback_leaves_what_release_feedback_looks_for(hub):
    course = hub.courses["grade"]

    assert [page.problem for page in write_feedback(NAME, course)] == [""]
    assert {file.name for file in (course / "feedback" / hub.code / NAME).iterdir()} == {
        f"{NAME}.html",
        "timestamp.txt",
        "submission_secret.txt",
    }


def test_nothing_of_it_was_ever_run(hub):
    assert str(hub.ran) in (hub.sent / f"{NAME}.ipynb").read_text(encoding="utf-8")
    assert [file.name for file in hub.ran.iterdir()] == []


def test_the_pupil_gets_a_page_of_feedback_that_names_the_mark(hub):
    [page] = hub.feedback
    text = page.read_text(encoding="utf-8")

    assert re.search(rf"\b{EARNED:g}(\.0)?\s*(/|of|out of)\s*{POSSIBLE:g}\b", text)
    assert "<script>alert" not in text
