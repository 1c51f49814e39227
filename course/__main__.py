"""Open the course: python3 -m course [lab] [--port N] [--no-browser]."""

from __future__ import annotations

import argparse
import os
import sys

from course import launcher


def parse(words=None):
    """Read the command's words."""
    parser = argparse.ArgumentParser(
        prog="python3 -m course",
        description="Open the course in your browser. The first start sets it up and needs the internet; "
        "later starts do not. Press Ctrl-C in this window to close the course.",
        epilog="Learners: python3 -m course. Teachers and authors: python3 -m course lab.",
    )
    parser.add_argument(
        "door",
        nargs="?",
        choices=["lab"],
        metavar="lab",
        help="open JupyterLab, for teachers and authors, in place of the lessons' pages",
    )
    parser.add_argument("--port", type=port, metavar="N", help="use this port (if left out, 8866; lab: 8888)")
    parser.add_argument("--no-browser", action="store_true", help="print the address and open no browser")
    return parser.parse_args(words)


def port(word):
    """Return a port number, or refuse the word."""
    if not (word.isdecimal() and 1 <= int(word) <= 65535):
        raise argparse.ArgumentTypeError(f"{word} is not a port: give a number from 1 to 65535")
    return int(word)


def main():
    """Check what can be checked at once, set the course up if need be, and serve it."""
    options = parse()
    launcher.check_python()
    from course import serve

    door = serve.DOORS[options.door or "voila"]
    serve.check_port(door, options.port)  # before a first start's minute or two, not after
    python = launcher.prepare()
    words = ["--port", options.port] if options.port else []
    words += ["--no-browser"] if options.no_browser else []
    os.chdir(launcher.ROOT)
    return launcher.run(python, ["-m", "course.serve", door.name, *words])


if __name__ == "__main__":
    sys.exit(launcher.guarded(main))
