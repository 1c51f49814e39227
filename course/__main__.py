"""Open the course: python3 -m course [lab] [--port N] [--no-browser]."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

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
        choices=["lab", "build", "preview"],
        metavar="lab | build | preview",
        help="lab: open JupyterLab, for teachers and authors. build: write it as plain web pages, for "
        "any web server or a memory stick. preview: build these pages and open them here",
    )
    parser.add_argument(
        "--port", type=port, metavar="N", help="use this port (if left out, 8866; lab: 8888; preview: 8877)"
    )
    parser.add_argument("--no-browser", action="store_true", help="print the address and open no browser")
    parser.add_argument("--out", metavar="FOLDER", help="build: the folder to write (if left out, site)")
    parser.add_argument("--address", metavar="URL", help="build: where the pages will be published")
    options = parser.parse_args(words)
    if options.door != "build" and (options.out or options.address):
        parser.error("--out and --address belong to build")
    if options.door == "build" and (options.port or options.no_browser):
        parser.error("build opens nothing, so it takes no --port and no --no-browser")
    return options


def port(word):
    """Return a port number, or refuse the word."""
    if not (word.isdecimal() and 1 <= int(word) <= 65535):
        raise argparse.ArgumentTypeError(f"{word} is not a port: give a number from 1 to 65535")
    return int(word)


def main():
    """Check what can be checked at once, set the course up if need be, and build or serve it."""
    options = parse()
    launcher.check_python()
    if options.door == "build":
        words = [
            f"--{name}={value}"
            for name, value in (("out", out(options)), ("address", options.address))
            if value
        ]
        return build(launcher.run, words)
    from course import serve

    door = serve.DOORS[options.door or "voila"]
    serve.check_port(door, options.port)  # before a first start's minute or two, not after
    if door.name == "preview":
        address = f"http://{serve.HOST}:{options.port or door.port}/"
        status = build(launcher.wait, [f"--out={serve.PREVIEW}", f"--address={address}"])
        if status:
            return status
    python = launcher.prepare()
    words = ["--port", options.port] if options.port else []
    words += ["--no-browser"] if options.no_browser else []
    os.chdir(launcher.ROOT)
    return launcher.run(python, ["-m", "course.serve", door.name, *words])


def out(options):
    """Return the folder to write: one that was named counts from where the command was given."""
    return Path.cwd() / options.out if options.out else launcher.ROOT / "site"


def build(run, words):
    """Write the site, through `run`; return the exit code."""
    return run(launcher.prepare("site"), ["-P", "-m", "safesite", "build", *words])


if __name__ == "__main__":
    sys.exit(launcher.guarded(main))
