"""Release, collect and mark the quizzes: python3 -m quizzes STEP."""

from __future__ import annotations

import sys

from course import launcher


def main():
    """Set up if need be, then let safequiz do what the words say, in the folder we were called from."""
    extras = ["scale"] if sys.argv[1:2] == ["scale"] else []
    return launcher.run(launcher.prepare(*extras), ["-P", "-m", "safequiz.cli", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(launcher.guarded(main))
