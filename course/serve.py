"""Serve the course on this machine alone, until Ctrl-C. Runs in `.venv`; standard library only.

Voilà shows the lessons as pages, JupyterLab shows everything. Either is started as a child, asked until it
answers, and stopped with us. Neither can be reached from another machine.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import http.client
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import webbrowser
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from course.launcher import ROOT, Trouble, guarded

HOST = "127.0.0.1"
FIRST_PAGE = "00-start-here.ipynb"
#: Where a preview is built: apart from `site`, which may be meant for another address.
PREVIEW = ROOT / ".venv" / "preview"
LOG = ROOT / ".venv" / "course.log"
LONGEST_LOG = 1_000_000
SECONDS_TO_START = 120


@dataclass(frozen=True)
class Door:
    """One way into the course: how its server is started, and where its first page is."""

    name: str
    port: int
    page: str
    folder: Path  # where the server runs: nbgrader looks for its settings there
    alive: str  # a page the server can give without a kernel or a token
    command: Callable[[int], list[str]]


def voila_command(port: int) -> list[str]:
    """Return Voilà's words: the folder of lessons, and what must not depend on a reader's own settings."""
    return [
        "voila",
        str(ROOT / "course"),
        f"--Voila.ip={HOST}",
        f"--Voila.port={port}",
        "--Voila.port_retries=0",
        "--Voila.base_url=/",
        "--Voila.open_browser=False",
        "--Voila.log_level=WARN",
    ]


def lab_command(port: int) -> list[str]:
    """Return JupyterLab's words. Its token goes by the environment: other users can read a command."""
    words = [
        "jupyterlab",
        f"--ServerApp.ip={HOST}",
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        "--ServerApp.base_url=/",
        "--ServerApp.open_browser=False",
        f"--ServerApp.root_dir={ROOT}",
        "--Application.log_level=WARN",
    ]
    as_root = hasattr(os, "geteuid") and os.geteuid() == 0  # in a container, as a rule
    return [*words, "--ServerApp.allow_root=True"] if as_root else words


def preview_command(port: int) -> list[str]:
    """Return the words that serve the plain web pages, which must have been built before."""
    return ["safesite", "serve", str(PREVIEW), str(port)]


DOORS = {
    "voila": Door("voila", 8866, f"voila/render/{FIRST_PAGE}", ROOT, "/voila/static/voila.js", voila_command),
    "lab": Door("lab", 8888, f"lab/tree/course/{FIRST_PAGE}", ROOT / "quizzes", "/api", lab_command),
    "preview": Door("preview", 8877, "index.html", ROOT, "/index.html", preview_command),
}


def main(words: list[str] | None = None) -> int:
    """Serve one door until Ctrl-C. Return the exit code."""
    options = parse(words)
    door = DOORS[options.door]
    port = options.port or door.port
    check_port(door, options.port)
    token = (os.environ.get("JUPYTER_TOKEN") or secrets.token_hex(24)) if door.name == "lab" else None
    address = address_of(door, port, token)
    for name in ("SIGTERM", "SIGHUP", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.default_int_handler)
    try:
        with server(door, port, token) as child:
            wait_until_ready(door, port, child)
            print(f"Course ready: {address}", flush=True)
            print("To close the course, press Ctrl-C here.", flush=True)
            if not options.no_browser and has_screen():
                webbrowser.open(address)
            status = child.wait()
    except KeyboardInterrupt:
        print("\nCourse closed.", flush=True)
        return 0
    raise Trouble(f"The course stopped by itself (exit code {status}): {shown(LOG)} says why.")


def parse(words: list[str] | None) -> argparse.Namespace:
    """Read what the course command passes on."""
    parser = argparse.ArgumentParser(prog="course.serve", description=__doc__)
    parser.add_argument("door", choices=list(DOORS))
    parser.add_argument("--port", type=int)
    parser.add_argument("--no-browser", action="store_true")
    return parser.parse_args(words)


def address_of(door: Door, port: int, token: str | None = None) -> str:
    """Return the address of a door's first page."""
    return f"http://{HOST}:{port}/{door.page}" + (f"?token={token}" if token else "")


def check_port(door: Door, port: int | None) -> None:
    """Refuse a port that is taken, or that this user may not use. None is the door's own port."""
    try:
        reserve(port or door.port)
    except OSError as error:
        raise Trouble(port_trouble(error, door, port)) from error


def port_trouble(error: OSError, door: Door, port: int | None) -> str:
    """Say in one sentence why a port cannot be had, and what to do."""
    other = "choose another port with --port."
    if error.errno == errno.EACCES and port and port < 1024:
        return f"Port {port} is kept for the system: {other}"
    if error.errno not in (errno.EADDRINUSE, errno.EACCES):
        return f"Port {port or door.port} cannot be used ({error}): {other}"
    if port:
        return f"Port {port} is in use: {other}"
    address = address_of(door, door.port)
    return f"Port {door.port} is in use: the course may already be open at {address}; if it is not, {other}"


def reserve(port: int) -> None:
    """Take a port for a moment. Raise OSError when something holds it."""
    with socket.socket() as caller, socket.socket() as taken:
        if os.name == "nt":
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            # A port closed a moment ago is free. With this option macOS also calls a port free that
            # something else holds for all addresses, so ask whether anyone answers.
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            caller.settimeout(1)
            if caller.connect_ex((HOST, port)) == 0:
                raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))
        taken.bind((HOST, port))
        taken.listen()


@contextlib.contextmanager
def server(door: Door, port: int, token: str | None):
    """Run a door's server, its warnings in course.log, and leave nothing of it behind."""
    command = [sys.executable, "-P", "-m", *door.command(port)]
    # A group of its own: Ctrl-C comes to us alone, and JupyterLab does not ask "Shut down? (y/n)".
    apart = {"start_new_session": True} if os.name != "nt" else {"creationflags": 0x00000200}
    with open_log() as log:
        streams = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log}
        child = subprocess.Popen(command, cwd=door.folder, env=environment(token), **streams, **apart)
    try:
        yield child
    finally:
        stop(child)


def environment(token: str | None) -> dict[str, str]:
    """Return our environment with the course's own Jupyter settings and templates first in line."""
    settings = dict(os.environ)
    for name, folder in (("JUPYTER_PATH", "share"), ("JUPYTER_CONFIG_PATH", "etc")):
        before = [settings[name]] if settings.get(name) else []
        settings[name] = os.pathsep.join([str(ROOT / "course" / "jupyter" / folder), *before])
    if token:
        settings["JUPYTER_TOKEN"] = token
    return settings


def open_log():
    """Open course.log, emptied when it has grown long; nowhere, when it cannot be written."""
    try:
        long = LOG.exists() and LOG.stat().st_size > LONGEST_LOG
        return LOG.open("wb" if long else "ab")
    except OSError:
        return Path(os.devnull).open("wb")


def wait_until_ready(door: Door, port: int, child: subprocess.Popen) -> None:
    """Wait until the server answers. Raise when it gives up or takes too long."""
    give_up = time.monotonic() + SECONDS_TO_START
    while not answers(door, port):
        if child.poll() is not None or time.monotonic() > give_up:
            raise Trouble(f"The course did not start: {shown(LOG)} says why.")
        time.sleep(0.05)


def answers(door: Door, port: int) -> bool:
    """Tell whether the server answers yet. Asked directly: a proxy setting must not matter here."""
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", door.alive)
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def stop(child: subprocess.Popen) -> None:
    """Stop a server: politely, then firmly. Its kernels notice and end by themselves."""
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(timeout=5)
        except (subprocess.TimeoutExpired, KeyboardInterrupt):
            child.kill()
            child.wait()


def has_screen() -> bool:
    """Tell whether a browser can show itself. Without a screen, Linux would open one made of text here."""
    return sys.platform in ("win32", "darwin") or any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY")))


def shown(path: Path) -> str:
    """Return a path as a reader sees it from the course's folder."""
    return path.relative_to(ROOT).as_posix()


if __name__ == "__main__":
    sys.exit(guarded(main))
