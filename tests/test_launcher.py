"""The three commands on a machine that has only Python: what they make, and what they say when they cannot.

One tiny course is set up for the whole file, with a package of our own in place of the real ones: no network.
"""

from __future__ import annotations

import ast
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from course import launcher, serve
from tests import __main__ as runner
from tests.ports import free_port

ROOT = launcher.ROOT
CLI = "import os, sys\nprint(os.getcwd(), sys.argv[1:])\nsys.exit(3)\n"
posix = pytest.mark.skipif(os.name == "nt", reason="signals are POSIX's")


def clean_environment(wheels: Path, **more: str) -> dict[str, str]:
    """Return our environment without this machine's own pip settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "PYTHON"))}
    kept |= {
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": wheels.as_uri(),
        "PIP_RETRIES": "0",
    }
    return kept | more


def make_wheel(folder: Path, version: str) -> None:
    """Make a package that pip installs: it stands in for safequiz."""
    info = f"tiny_quiz-{version}.dist-info"
    with zipfile.ZipFile(folder / f"tiny_quiz-{version}-py3-none-any.whl", "w") as wheel:
        wheel.writestr("safequiz/__init__.py", f"version = {version!r}\n")
        wheel.writestr("safequiz/cli.py", CLI)
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: tiny-quiz\nVersion: {version}\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")


class Course:
    """A copy of the commands, with one small package to install."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.venv = root / ".venv"
        self.pins = root / "requirements.txt"
        self.wheels = root / "wheels"
        self.wheels.mkdir(parents=True)
        for version in ("1.0", "2.0"):
            make_wheel(self.wheels, version)
        for name in ("course", "quizzes", "tests"):
            (root / name).mkdir()
            for path in (ROOT / name).glob("*.py"):
                if not path.name.startswith("test_"):
                    shutil.copy(path, root / name)
        (root / "pyproject.toml").write_text("", encoding="utf-8")
        (root / "tests" / "requirements.txt").write_text("tiny-quiz==1.0\n", encoding="utf-8")
        self.want("1.0")

    def want(self, version: str) -> None:
        self.pins.write_text(f"# a comment\ntiny-quiz=={version}\n", encoding="utf-8")

    def start(self, *words: str, **more: str) -> subprocess.Popen:
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "encoding": "utf-8"}
        settings = clean_environment(self.wheels, **more)
        return subprocess.Popen([sys.executable, *words], cwd=self.root, env=settings, **streams)

    def run(self, *words: str, **more: str) -> SimpleNamespace:
        return outcome(self.start(*words, **more))

    def prepare(self, *extras: str, **more: str) -> SimpleNamespace:
        return self.run("-c", PREPARE.format(extras), **more)


PREPARE = """
import sys
from course import launcher
sys.exit(launcher.guarded(lambda: print(launcher.prepare(*{!r}))))
"""


def outcome(process: subprocess.Popen) -> SimpleNamespace:
    said, complaint = process.communicate(timeout=60)
    return SimpleNamespace(code=process.returncode, said=said, complaint=complaint)


def refused(result: SimpleNamespace) -> str:
    """Assert that a command failed with one sentence and nothing else, and return the sentence."""
    assert result.code == 1
    assert result.complaint.count("\n") == 1
    assert "Traceback" not in result.complaint + result.said
    return result.complaint.strip()


@pytest.fixture(scope="module")
def first_start(tmp_path_factory):
    """Two windows start the same fresh course at the same moment."""
    course = Course(tmp_path_factory.mktemp("course") / "a folder with spaces")
    windows = [course.start("-c", PREPARE.format(())) for _ in range(2)]
    return course, [outcome(window) for window in windows]


@pytest.fixture
def course(first_start):
    """The tiny course, set up and with its first pins."""
    course, _ = first_start
    course.want("1.0")
    assert course.prepare().code == 0
    return course


@pytest.fixture
def taken():
    """A port that something else holds."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        yield holder.getsockname()[1]


def test_a_first_start_says_what_it_does_and_how_long_it_took(first_start):
    course, results = first_start
    said = "".join(result.said for result in results)
    assert said.count("Setting up the course in .venv") == 1
    assert "Installing the course's packages:\n  1 of 1 fetched (" in said
    assert "Set up in " in said
    assert "tiny_quiz-1.0" in (course.venv / "install.log").read_text(encoding="utf-8")


def test_two_first_starts_at_once_set_the_course_up_once(first_start):
    course, results = first_start
    assert [(result.code, result.complaint) for result in results] == [(0, ""), (0, "")]
    assert sorted(result.said.startswith("The course is being set up in another") for result in results) == [
        False,
        True,
    ]
    assert all(Path(result.said.splitlines()[-1]).parent.parent == course.venv for result in results)


def test_a_second_start_is_quiet_needs_no_network_and_changes_nothing(course):
    before = {path: path.stat().st_mtime_ns for path in course.venv.iterdir()}
    result = course.prepare(PIP_FIND_LINKS="nowhere")
    assert result.said.splitlines() == [str(launcher.Environment(course.root).python)]
    assert {path: path.stat().st_mtime_ns for path in course.venv.iterdir()} == before


def test_changed_pins_are_installed_at_the_next_start(course):
    course.want("2.0")
    assert "1 of 1 fetched" in course.prepare().said
    python = launcher.Environment(course.root).python
    installed = subprocess.check_output([python, "-c", "import safequiz; print(safequiz.version)"], text=True)
    assert installed.strip() == "2.0"


def test_the_test_tools_are_installed_when_asked_for_and_once(course):
    assert "Installing the test tools" in course.prepare("tests").said
    assert len(course.prepare("tests").said.splitlines()) == 1


def test_a_failed_fetch_of_the_test_tools_leaves_the_course_working(course):
    tools = course.root / "tests" / "requirements.txt"
    tools.write_text("absent==1.0\n", encoding="utf-8")
    assert "be online" in refused(course.prepare("tests"))
    assert len(course.prepare().said.splitlines()) == 1
    tools.write_text("tiny-quiz==1.0\n", encoding="utf-8")


@posix
def test_a_start_stopped_half_way_is_quiet_and_the_next_one_finishes_it(course):
    with socket.socket() as silent:  # an index that takes the call and never says a word
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        index = f"http://127.0.0.1:{silent.getsockname()[1]}"
        course.want("2.0")
        window = course.start("-c", PREPARE.format(()), PIP_NO_INDEX="0", PIP_INDEX_URL=index)
        silent.accept()
        window.send_signal(signal.SIGINT)
        result = outcome(window)
    assert (result.code, result.complaint) == (130, "\nStopped.\n")
    assert (course.venv / "unfinished").exists()
    assert course.prepare().code == 0
    assert not (course.venv / "unfinished").exists()


def test_an_environment_made_in_another_folder_is_not_taken_for_ours(course, tmp_path):
    copy = launcher.Environment(tmp_path)
    shutil.copytree(course.root, tmp_path, dirs_exist_ok=True, symlinks=True)
    assert launcher.Environment(course.root).is_ready(["course"])
    assert not copy.is_ready(["course"])


def test_no_network_at_the_first_start_is_said_in_a_sentence(course):
    course.want("2.0")
    dead = {"PIP_NO_INDEX": "0", "PIP_FIND_LINKS": "", "PIP_INDEX_URL": f"http://127.0.0.1:{free_port()}"}
    sentence = refused(course.prepare(**dead))
    assert "be online for this first start, which is needed once" in sentence
    assert ".venv/install.log" in sentence


def test_a_python_without_venv_is_told_which_package_to_install(course, tmp_path):
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\nsys.modules['ensurepip'] = None\n", encoding="utf-8"
    )
    (course.venv / "unfinished").touch()
    sentence = refused(course.prepare(PYTHONPATH=str(tmp_path)))
    (course.venv / "unfinished").unlink()
    assert "sudo apt install python3-venv" in sentence


def test_an_old_python_is_told_which_one_is_needed(monkeypatch):
    monkeypatch.setattr(launcher.sys, "version_info", (3, 10, 4, "final", 0))
    with pytest.raises(launcher.Trouble, match=r"needs Python 3\.11 or newer, and this is Python 3\.10"):
        launcher.check_python()


@pytest.mark.parametrize(
    "name",
    [
        "course/__main__.py",
        "course/launcher.py",
        "quizzes/__main__.py",
        "tests/__main__.py",
        "tests/chromium.py",
    ],
)
def test_an_old_python_can_read_far_enough_to_be_told(name):
    ast.parse((ROOT / name).read_text(encoding="utf-8"), feature_version=(3, 8))


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(launcher.Trouble, match=r"cannot be set up in .*file.*folder of your own"):
        launcher.prepare(root=tmp_path / "file")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_said_in_a_sentence(course):
    log = course.venv / "install.log"
    log.unlink()
    log.symlink_to("/dev/full")
    course.want("2.0")
    assert refused(course.prepare()).startswith("The disk is full")
    log.unlink()
    (course.venv / "unfinished").unlink()  # nothing was written, and setting up afresh takes seconds


@pytest.mark.parametrize(
    ("pip_said", "sentence"),
    [
        (
            "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device",
            "disk is full",
        ),
        (
            "ERROR: Could not install packages due to an OSError: [Errno 13] Permission denied: 'x'",
            "cannot be written",
        ),
        (
            "ERROR: Could not install packages due to an OSError: [WinError 32] The process cannot",
            "is in use",
        ),
        (
            "WARNING: Retrying (Retry(total=4)) after connection broken by 'ProxyError('Cannot connect'",
            "be online",
        ),
        (
            "pip._vendor.urllib3.exceptions.ReadTimeoutError: HTTPSConnectionPool: Read timed out.",
            "be online",
        ),
        (
            "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self signed certificate",
            "not trusted",
        ),
        ("error: subprocess-exited-with-error", "could not be set up: .venv/install.log says why"),
    ],
)
def test_what_pip_wrote_becomes_a_sentence(tmp_path, pip_said, sentence):
    env = launcher.Environment(tmp_path)
    env.folder.mkdir()
    env.log.write_text(pip_said, encoding="utf-8")
    assert sentence in env.fault()


def test_windows_keeps_its_python_elsewhere(tmp_path, monkeypatch):
    monkeypatch.setattr(launcher, "os", SimpleNamespace(name="nt"))
    assert launcher.Environment(tmp_path).python == tmp_path / ".venv" / "Scripts" / "python.exe"


def test_a_taken_port_is_named(course, taken):
    sentence = refused(course.run("-m", "course", "--port", str(taken)))
    assert sentence == f"Port {taken} is in use: choose another port with --port."


def test_the_usual_port_taken_hints_that_the_course_is_open_already(course):
    with contextlib.suppress(OSError), socket.socket() as holder:
        holder.bind(("127.0.0.1", 8866))  # when this fails, something holds it already
        holder.listen()
        sentence = refused(course.run("-m", "course"))
    assert "may already be open at http://127.0.0.1:8866/voila/render/00-start-here.ipynb" in sentence


@pytest.mark.parametrize("word", ["0", "65536", "-1", "eighty"])
def test_a_port_that_is_none_is_refused(course, word):
    result = course.run("-m", "course", f"--port={word}")
    assert (result.code, "Traceback" in result.complaint) == (2, False)
    assert f"{word} is not a port: give a number from 1 to 65535" in result.complaint


def test_quizzes_hands_on_the_words_the_folder_and_the_exit_code(course):
    result = course.run("-m", "quizzes", "grade", "--all")
    assert (result.code, result.said) == (3, f"{course.root} ['grade', '--all']\n")


SERVE = """
import sys
from pathlib import Path
from course import launcher, serve
port = int(sys.argv[1])
def command(port):
    return {command}
serve.DOORS["voila"] = serve.Door("voila", port, "page", Path.cwd(), "/", command)
sys.exit(launcher.guarded(lambda: serve.main(["voila", "--no-browser", "--port", str(port)])))
"""


@posix
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_the_course_says_when_it_is_ready_and_closes_quietly(course, stop):
    port = free_port()
    source = SERVE.format(command="['http.server', str(port), '--bind', '127.0.0.1']")
    window = course.start("-c", source, str(port))
    assert window.stdout.readline() == f"Course ready: http://127.0.0.1:{port}/page\n"
    window.send_signal(stop)
    result = outcome(window)
    assert (result.code, result.complaint) == (0, "")
    assert result.said.endswith("Course closed.\n")
    serve.reserve(port)  # the server went with it


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("['this']", "The course did not start: .venv/course.log says why."),
        (
            "['timeit', '-n1', '-r1', 'import http.server as s; a = (\"127.0.0.1\", %d); "
            "s.HTTPServer(a, s.SimpleHTTPRequestHandler).handle_request()' % port]",
            "The course stopped by itself (exit code 0): .venv/course.log says why.",
        ),
    ],
    ids=["at the start", "later"],
)
def test_a_server_that_gives_up_is_noticed(course, command, sentence):
    window = course.start("-c", SERVE.format(command=command), str(free_port()))
    assert refused(outcome(window)) == sentence


def test_the_courses_own_jupyter_settings_come_before_a_readers(monkeypatch):
    monkeypatch.setenv("JUPYTER_PATH", "mine")
    monkeypatch.delenv("JUPYTER_CONFIG_PATH", raising=False)
    settings = serve.environment("secret")
    assert settings["JUPYTER_PATH"].split(os.pathsep) == [str(ROOT / "course" / "jupyter" / "share"), "mine"]
    assert settings["JUPYTER_CONFIG_PATH"] == str(ROOT / "course" / "jupyter" / "etc")
    assert settings["JUPYTER_TOKEN"] == "secret"


@pytest.mark.parametrize("door", serve.DOORS.values(), ids=serve.DOORS)
def test_no_door_opens_to_another_machine(door):
    words = door.command(4321)
    assert any(word.endswith(".ip=127.0.0.1") for word in words) or door.name == "preview"
    assert not any("token" in word for word in words)


def test_every_step_of_the_tests_is_taken_when_one_fails(monkeypatch, capfd):
    steps = [("first", ["no_such_module"]), ("second", ["this"])]
    monkeypatch.setattr(runner, "steps", lambda words: steps)
    monkeypatch.setattr(runner, "use_chromium", lambda: None)
    monkeypatch.setattr(runner.launcher, "prepare", lambda *extras: sys.executable)
    assert runner.main() == 1
    out, err = capfd.readouterr()
    assert "== second: this" in out
    assert "The Zen of Python" in out
    assert err.endswith("Failed: first.\n")


def test_words_of_your_own_go_to_pytest_alone():
    assert runner.steps(["-k", "scoring"]) == [("pytest", ["pytest", "-k", "scoring"])]


def test_without_chromium_the_tests_say_so_loudly_and_ci_fails(monkeypatch, capsys):
    monkeypatch.setenv("CHROME_BIN", "no-such-browser")
    monkeypatch.setenv("CI", "")
    runner.use_chromium()
    assert "BROWSER TESTS ARE SKIPPED" in capsys.readouterr().out
    monkeypatch.setenv("CI", "true")
    with pytest.raises(launcher.Trouble, match="CI must run the browser tests"):
        runner.use_chromium()


def test_every_direct_pin_is_in_the_lock():
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    added = {
        name: (ROOT / launcher.REQUIREMENTS[name]).read_text(encoding="utf-8").splitlines()
        for name in ("site", "scale")
    }
    for direct, locks in (
        (project["dependencies"] + extras["course"] + extras["marking"], lines),
        (extras["site"], lines + added["site"]),
        ([pin.replace("[binary]", "") for pin in extras["scale"]], lines + added["scale"]),
    ):
        assert [pin for pin in direct if pin.lower().replace(".yaml", "-yaml") not in locks] == []
    assert lines[-1] == "-e ."


def test_the_locks_agree_with_each_other():
    course = locked("requirements.txt") | locked(launcher.REQUIREMENTS["site"])
    course |= locked(launcher.REQUIREMENTS["scale"])
    tools = locked("tests/requirements.txt")
    assert {name: course[name] for name in tools if name in course and not tools[name] <= course[name]} == {}


def locked(name: str) -> dict[str, set[str]]:
    """Return the versions a lock gives each package: more than one where the machine decides."""
    versions: dict[str, set[str]] = {}
    for line in (ROOT / name).read_text(encoding="utf-8").splitlines():
        if line[:1].isalnum():
            package, version = line.split(" ;")[0].split("==")
            versions.setdefault(package, set()).add(version)
    return versions


@pytest.mark.parametrize("settings", ["voila.json", "jupyter_server_config.json"])
def test_a_kernel_that_nobody_uses_any_more_is_ended(settings):
    text = (launcher.ROOT / "course" / "jupyter" / "etc" / settings).read_text(encoding="utf-8")
    culling = json.loads(text)["MappingKernelManager"]
    assert 0 < culling["cull_interval"] < culling["cull_idle_timeout"] <= 3600
    assert culling["cull_connected"] is False


@pytest.mark.parametrize("name", ["first_quiz", "front_door", "audit"])
def test_a_benchmark_runs_from_any_folder_on_a_bare_python(tmp_path, name):
    bench = launcher.ROOT / "tests" / "bench" / f"{name}.py"
    told = subprocess.run(
        [sys.executable, "-S", bench, "--help"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert "--rounds" in told.stdout
