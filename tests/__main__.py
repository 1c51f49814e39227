"""Check everything: python3 -m tests. Words of your own go to pytest alone: python3 -m tests -k scoring."""

from __future__ import annotations

import os
import subprocess
import sys

from course import launcher
from tests.chromium import MISSING, find_chromium, in_ci


def main():
    """Make the environment, then take every step, however the one before it ended."""
    words = sys.argv[1:]
    os.chdir(launcher.ROOT)
    python = str(launcher.prepare("site", "scale", "tests"))
    use_chromium()
    failed = [name for name, step in steps(words) if not passes(name, [python, "-P", "-m", *step])]
    if failed:
        print(f"\nFailed: {', '.join(failed)}.", file=sys.stderr, flush=True)
    return 1 if failed else 0


def steps(words):
    """Return the steps: each has a name and a module with its words."""
    if words:
        return [("pytest", ["pytest", *words])]
    lessons = sorted(f"course/{path.name}" for path in (launcher.ROOT / "course").glob("*.ipynb"))
    # Two at a time: the browser waits much, and CI has two cores. A file stays whole, as a notebook must.
    together = ["-n", "2", "--dist", "loadfile"]
    return [
        ("lint", ["ruff", "check"]),
        ("format", ["ruff", "format", "--check"]),
        ("quiz bank and facts", ["safequiz.cli", "check"]),
        ("tests and lessons", ["pytest", *together, "--nbval", "tests", *lessons]),
    ]


def passes(name, command):
    """Announce a step, run it, and tell whether it passed."""
    print(f"\n== {name}: {' '.join(command[3:])}", flush=True)
    return subprocess.run(command, check=False).returncode == 0


def use_chromium():
    """Tell pytest which browser to use, or say loudly that there is none."""
    path = find_chromium()
    if path:
        os.environ["CHROME_BIN"] = path
    elif in_ci():
        raise launcher.Trouble(f"CI must run the browser tests. {MISSING}")
    else:
        print(f"\n*** BROWSER TESTS ARE SKIPPED. {MISSING} ***", flush=True)


if __name__ == "__main__":
    sys.exit(launcher.guarded(main))
