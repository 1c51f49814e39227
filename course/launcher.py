"""Make `.venv` once, from the pinned requirements, and say what is going on meanwhile.

The three commands share it. Standard library only, and it must still parse on Python 3.8,
so that an old Python is told what is missing in a sentence and not in a traceback.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import importlib.util
import os
import queue
import re
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

OLDEST_PYTHON = (3, 11)
ROOT = Path(__file__).resolve().parent.parent

#: Sets of packages, and where each is pinned.
REQUIREMENTS = {
    "course": "requirements.txt",
    "site": "course/safesite/requirements.txt",
    "scale": "quizzes/safequiz/requirements.txt",
    "tests": "tests/requirements.txt",
}

LOG = " (details in .venv/install.log)."

# What pip or venv wrote to install.log, and what the reader can do about it. The first that fits is told.
FAULTS = (
    (
        r"No space left on device|\[Errno 28\]|\[WinError 112\]|Disk quota exceeded",
        f"The disk is full: free about 1 GB and run the same command again{LOG}",
    ),
    (
        r"CERTIFICATE_VERIFY_FAILED|SSLCertVerificationError",
        "Packages could not be fetched because this network's certificate is not trusted: ask whoever runs "
        f"the network, or try another one{LOG}",
    ),
    (
        r"connection broken by|NewConnectionError|ConnectTimeoutError|ReadTimeoutError|Max retries exceeded|"
        r"NameResolutionError|name resolution|ProxyError|timed out|HTTP error 5\d\d|\(from versions: none\)",
        f"Packages could not be fetched: be online for this first start, which is needed once{LOG}",
    ),
    (
        r"\[WinError (?:5|32)\]",
        f"A file in .venv is in use: close the course in every window and run the same command again{LOG}",
    ),
    (
        r"Permission denied|\[Errno 13\]|Read-only file system",
        f"The folder .venv cannot be written: start from a copy of the course in a folder of your own{LOG}",
    ),
)
OTHER_FAULT = "The course could not be set up: .venv/install.log says why."


class Trouble(Exception):
    """Something the reader can put right, told in one sentence."""


def guarded(command):
    """Run a command's main function: a trouble is one sentence, Ctrl-C is quiet. Return the exit code."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, ValueError):
            stream.reconfigure(errors="replace")
    try:
        return command() or 0
    except Trouble as trouble:
        print(trouble, file=sys.stderr, flush=True)
        return 1
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr, flush=True)
        return 130


def prepare(*extras, root=ROOT):
    """Return the Python of `.venv`, made or brought up to date first when the pinned packages changed.

    `extras` name further sets of packages: "site" to build the web pages, "scale" to mark on PostgreSQL or on
    several machines, "tests" for the tests. When nothing changed this reads three small files and returns: no
    network, no lock, nothing written.
    """
    check_python()
    env = Environment(root)
    sets = ["course", *extras]
    with writing(env.folder):
        if not env.is_ready(sets):
            with env.lock():
                env.make_ready(sets)
    # nbgrader, in JupyterLab too, starts the program `alembic` by its name alone.
    os.environ["PATH"] = os.pathsep.join([str(Path(env.python).parent), os.environ.get("PATH", "")])
    return env.python


def check_python():
    """Refuse a Python older than the course needs."""
    if sys.version_info[:2] < OLDEST_PYTHON:
        raise Trouble(
            "The course needs Python {}.{} or newer, and this is Python {}.{}: install a newer one and start "
            "with that.".format(*(OLDEST_PYTHON + tuple(sys.version_info[:2])))
        )


def check_venv_module():
    """Refuse a Python that cannot make a virtual environment, as Debian's cannot before python3-venv."""
    if not all(importlib.util.find_spec(name) for name in ("venv", "ensurepip")):
        raise Trouble(
            "This Python lacks its venv module: install it (on Debian or Ubuntu: sudo apt install "
            "python3-venv) and run the same command again."
        )


def wait(python, arguments):
    """Run `python ARGUMENTS` to its end, and return its exit code."""
    sys.stdout.flush()
    return subprocess.run(
        [str(python)] + [str(word) for word in arguments], cwd=str(ROOT), check=False
    ).returncode


def run(python, arguments):
    """Go on as `python ARGUMENTS`, and return its exit code. On POSIX this process becomes it."""
    command = [str(python)] + [str(word) for word in arguments]
    sys.stdout.flush()
    sys.stderr.flush()
    if os.name != "nt":
        os.execv(command[0], command)
    child = subprocess.Popen(command)
    while True:
        try:
            return child.wait()
        except KeyboardInterrupt:  # the console told the child as well: it decides when to stop
            continue


@contextlib.contextmanager
def writing(folder):
    """Turn what the disk refuses, while `.venv` is being made, into one sentence."""
    try:
        yield
    except OSError as error:
        raise Trouble(disk_trouble(error, folder)) from error


def disk_trouble(error, folder):
    """Say in one sentence what the disk refused."""
    if error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)):
        return "The disk is full: free about 1 GB and run the same command again."
    return (
        f"The course cannot be set up in {folder} ({error}): start from a copy of the course in a folder "
        "of your own."
    )


class Environment:
    """The folder `.venv`: what is in it, and how it gets there.

    A stamp is written when a set of requirements is wholly installed, and never before. While something is
    being installed the file `unfinished` exists, so a run that was stopped half way is seen by the next one,
    which starts the folder afresh: pip takes a package that it half wrote for a whole one.
    """

    def __init__(self, root=ROOT):
        """Describe the environment of the course in `root`; nothing is made yet."""
        self.root = Path(root)
        self.folder = self.root / ".venv"
        self.python = self.folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
        self.log = self.folder / "install.log"
        self.unfinished = self.folder / "unfinished"

    def requirements(self, name):
        """Return the requirements file of a set."""
        return self.root / REQUIREMENTS[name]

    def stamp(self, name):
        """Return the file that says a set is installed."""
        return self.folder / f"installed-{name}"

    def fingerprint(self, name):
        """Return what a set's stamp must say: it changes with the pins, the Python and the place.

        The place counts because the course itself is installed as a link to this folder: a copy of the
        folder would otherwise run the lessons of the old one.
        """
        digest = hashlib.sha256(f"{self.root}\n{sys.version_info[:2]}\n".encode("utf-8", "surrogateescape"))
        names = ["course"] if name == "course" else ["course", name]
        for path in [self.root / "pyproject.toml"] + [self.requirements(each) for each in names]:
            digest.update(path.read_bytes())
        return digest.hexdigest()

    def is_ready(self, sets):
        """Tell whether every set is installed as it stands in the requirements today."""
        return self.is_sound() and all(self.is_installed(name) for name in sets)

    def is_sound(self):
        """Tell whether `.venv` is whole: its Python is there and no installing was cut off."""
        return self.python.exists() and not self.unfinished.exists()

    def is_installed(self, name):
        """Tell whether one set is installed as it stands in the requirements today."""
        try:
            return self.stamp(name).read_text(encoding="utf-8", errors="replace") == self.fingerprint(name)
        except FileNotFoundError:
            return False

    @contextlib.contextmanager
    def lock(self):
        """Hold `.venv` for this process alone. The lock ends with the process, however that ends."""
        self.folder.mkdir(exist_ok=True)
        with (self.folder / "lock").open("a", encoding="utf-8") as file:
            said = False
            while not try_lock(file):
                if not said:
                    print("The course is being set up in another window. Waiting for it.", flush=True)
                    said = True
                time.sleep(0.2)
            self._lock_file = file
            yield

    def make_ready(self, sets):
        """Install what is missing. Call it with the lock held."""
        if self.is_ready(sets):  # another window has just done it
            return
        started = time.monotonic()
        if not (self.is_sound() and self.made_by_this_python()):
            self.make_folder()
        for name in sets:
            if not self.is_installed(name):
                self.install(name)
        print(f"Set up in {time.monotonic() - started:.0f} seconds.", flush=True)

    def made_by_this_python(self):
        """Tell whether `.venv` has the same Python version as the one that runs now."""
        with contextlib.suppress(FileNotFoundError):
            settings = (self.folder / "pyvenv.cfg").read_text(encoding="utf-8", errors="replace")
            version = re.search(r"^version\s*=\s*(\d+)\.(\d+)\b", settings, re.MULTILINE)
            return version is not None and tuple(map(int, version.groups())) == sys.version_info[:2]
        return False

    def make_folder(self):
        """Make `.venv` from nothing, whatever is there."""
        check_venv_module()
        print("Setting up the course in .venv. This is needed once and takes a minute or two.", flush=True)
        for path in self.folder.iterdir():
            if path.name != "lock":
                remove(path)
        self.unfinished.touch()
        # A Python that runs from inside another virtual environment makes ours from the one beneath it.
        base = getattr(sys, "_base_executable", None) or sys.executable
        with self.log.open("w", encoding="utf-8") as log:
            made = subprocess.run([base, "-m", "venv", str(self.folder)], stdout=log, stderr=log, check=False)
        if made.returncode:
            raise Trouble(self.fault())
        self.unfinished.unlink()

    def install(self, name):
        """Install one set with pip, showing how far it is, and stamp it."""
        fingerprint = self.fingerprint(name)  # before pip reads the files: a change meanwhile installs again
        progress = Progress(name, count_pins(self.requirements(name)))
        self.unfinished.touch()
        status = self.run_pip(self.requirements(name), progress)
        if status and progress.installing:
            raise Trouble(self.fault())
        self.unfinished.unlink()  # all of it is in place, or pip gave up before it touched anything
        if status:
            raise Trouble(self.fault())
        write_whole(self.stamp(name), fingerprint)

    def run_pip(self, requirements, progress):
        """Run pip over one requirements file; its words go to install.log. Return its exit code.

        The lock file names every package, so pip need not work out what else is wanted (--no-deps), and
        Python compiles what it uses when it uses it (--no-compile): together they halve the wait.
        """
        command = [self.python, "-m", "pip", "install", "--no-input", "--disable-pip-version-check"]
        command += ["--progress-bar", "off", "--no-compile", "--no-deps"]
        command += ["-r", requirements.relative_to(self.root)]
        with self.log.open("w", encoding="utf-8") as log, Lines(command, self.root, self._lock_file) as lines:
            for line in lines:
                if line:
                    log.write(line)
                    log.flush()
                progress.see(line)
            progress.end()
            return lines.status()

    def fault(self):
        """Say in one sentence why pip (or venv) gave up, from install.log."""
        said = self.log.read_text(encoding="utf-8", errors="replace")
        for pattern, sentence in FAULTS:
            if re.search(pattern, said):
                return sentence
        return OTHER_FAULT


def count_pins(requirements):
    """Return how many packages a requirements file names."""
    lines = requirements.read_text(encoding="utf-8").splitlines()
    return sum(1 for line in lines if line.strip() and not line.lstrip().startswith("#"))


def try_lock(file):
    """Take the lock on an open file if it is free, and tell whether it is ours now."""
    try:
        if os.name == "nt":
            import msvcrt

            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        # Some network folders know no locks: better to go on without one than never to start.
        return error.errno not in (errno.EACCES, errno.EAGAIN, errno.EDEADLK)
    return True


def remove(path):
    """Remove a file, a link or a whole folder."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def write_whole(path, text):
    """Write a small file so that it is there wholly or not at all."""
    part = path.with_name(path.name + ".part")
    part.write_text(text, encoding="utf-8")
    os.replace(part, path)


class Lines:
    """A command's output, line by line, with an empty line whenever a second passes in silence."""

    def __init__(self, command, folder, lock_file):
        """Start the command in `folder`. Where it can, it holds the lock too, in case we are killed first."""
        keep = {} if os.name == "nt" else {"pass_fds": [lock_file.fileno()]}
        self.process = subprocess.Popen(
            [str(word) for word in command],
            cwd=str(folder),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            env=dict(os.environ, PYTHONUTF8="1", PIP_USER="0"),  # a user's --user habit fails in here
            **keep,
        )
        self.said = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        for line in self.process.stdout:
            self.said.put(line)
        self.said.put(None)

    def __iter__(self):
        """Yield each line as it comes, and "" for every second without one."""
        while True:
            try:
                line = self.said.get(timeout=1)
            except queue.Empty:
                line = ""
            if line is None:
                return
            yield line

    def status(self):
        """Wait for the end and return the exit code."""
        return self.process.wait()

    def __enter__(self):
        """Return the lines themselves."""
        return self

    def __exit__(self, *_):
        """Leave no pip behind when we are stopped half way."""
        if self.process.poll() is None:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout=10)


class Progress:
    """How far pip is, in our words: one line rewritten on a screen, a line now and then in a log."""

    WORDS = {"course": "the course's packages", "site": "what builds the pages", "tests": "the test tools"}  # noqa: RUF012

    def __init__(self, name, total):
        """Count up to `total` packages of the named set."""
        self.total = total
        self.fetched = 0
        self.installing = False
        self.started = time.monotonic()
        self.screen = sys.stdout.isatty()
        self.width = 0
        print(f"Installing {self.WORDS.get(name, name)}:", flush=True)

    def see(self, line):
        """Take one line of pip's, or "" for a second gone by."""
        words = line.strip()
        milestone = False
        if words.startswith("Installing collected packages"):
            self.installing = milestone = True
        elif re.match(r"(Collecting|Processing|Obtaining|Ignoring|Requirement already satisfied)\b", words):
            self.fetched = min(self.fetched + 1, self.total)
            milestone = self.fetched % max(1, self.total // 4) == 0
        if milestone or self.screen:
            fetched = f"{self.fetched} of {self.total} fetched"
            self.show("all fetched, putting them in place" if self.installing else fetched)

    def show(self, text):
        """Show one state: over the last one on a screen, on a line of its own in a log."""
        text = f"  {text} ({time.monotonic() - self.started:.0f} s)"
        if self.screen:
            print("\r" + text.ljust(self.width), end="", flush=True)
        else:
            print(text, flush=True)
        self.width = len(text)

    def end(self):
        """Leave the line."""
        if self.screen:
            print(flush=True)
