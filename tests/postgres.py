"""A PostgreSQL server of the tests' own, in a folder that goes afterwards.

It listens on no port, only on a socket in that folder, which no other account of the machine can open.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MISSING = "No PostgreSQL server was found: install it (on Debian or Ubuntu: sudo apt install postgresql)."
# Nothing need outlive the machine, so no write waits for the disk; and no test waits for ever.
_SETTINGS = [
    *["fsync=off", "synchronous_commit=off", "full_page_writes=off"],
    *["listen_addresses=", "statement_timeout=20s"],
]


def find_programs() -> Path | None:
    """Return the folder of initdb and pg_ctl, or None. Debian keeps them off PATH, one folder a version."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda place: float(place.parent.name))
    on_path = shutil.which("pg_ctl")
    found = [folder for folder in folders if (folder / "initdb").is_file() and (folder / "pg_ctl").is_file()]
    return found[-1] if found else Path(on_path).resolve().parent if on_path else None


@contextmanager
def server(programs: Path) -> Iterator[str]:
    """Start a server with an empty database, yield its address for SQLAlchemy, and stop it.

    Raises RuntimeError with the server's own words when it does not start.
    """
    home = Path(tempfile.mkdtemp(prefix="pg-"))  # short, as the path of a socket may not be long
    user = _not_root(home)
    control = [programs / "pg_ctl", "--pgdata", home / "data", "--silent", "--wait"]
    settings = " ".join(f"-c {setting}" for setting in [*_SETTINGS, f"unix_socket_directories={home}"])
    try:
        make = [programs / "initdb", "--pgdata", home / "data", "--username=tests", "--no-sync"]
        _run([*make, "--encoding=UTF8", "--no-locale"], user)  # whatever the machine's own language
        _run([*control, "--log", home / "log", "-o", settings, "start"], user)
        try:
            yield f"postgresql+psycopg://tests@/postgres?host={home}"
        finally:
            _run([*control, "--mode=immediate", "stop"], user)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _not_root(home: Path) -> str | None:
    # PostgreSQL refuses to run as root. Debian's package makes a user for it.
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return None
    shutil.chown(home, "postgres")
    return "postgres"


def _run(words: list, user: str | None) -> None:
    settings = {"user": user, "cwd": "/", "stdin": subprocess.DEVNULL, "timeout": 60}
    done = subprocess.run(words, capture_output=True, text=True, check=False, **settings)
    if done.returncode:
        raise RuntimeError(f"{Path(words[0]).name}: {done.stdout}{done.stderr}")
