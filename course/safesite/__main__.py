"""Build the site, or serve one that is built. Started by `python3 -m course build` and `preview`."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from safecourse.yamlfile import AuthorError
from safequiz.errors import UserError

from .build import ADDRESS, build
from .preview import serve


def main(words: Sequence[str] | None = None) -> int:
    """Do one of the two; return 0, or 1 when something needs mending, which is said in a sentence."""
    options = _parser().parse_args(words)
    try:
        return options.step(options)
    except (AuthorError, UserError) as error:
        print(error, file=sys.stderr)
    except OSError as error:
        print(f"{error.strerror}: {error.filename}" if error.filename else error, file=sys.stderr)
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="safesite", description=__doc__)
    steps = parser.add_subparsers(required=True)
    made = steps.add_parser("build")
    made.add_argument("--out", type=Path, default=Path("site"))
    made.add_argument("--address", default=ADDRESS)
    made.set_defaults(step=_build)
    shown = steps.add_parser("serve")
    shown.add_argument("folder", type=Path)
    shown.add_argument("port", type=int)
    shown.set_defaults(step=lambda options: serve(options.folder, options.port))
    return parser


def _build(options: argparse.Namespace) -> int:
    started = time.monotonic()
    out = options.out.absolute()
    site = build(out, options.address)
    weights = site.weights
    lessons = {path: size for path, size in weights.items() if path[:2].isdigit()}
    heaviest = max(lessons, key=lessons.__getitem__)
    print(f"{len(weights)} pages in {time.monotonic() - started:.0f} s: {out}")
    print(f"The heaviest lesson is {heaviest}: {lessons[heaviest] / 1000:.1f} kB as it travels (gzip).")
    for words in site.words:
        missing = sum(not found for asked in words.asked.values() for found in asked.values())
        if missing:
            print(
                f"{words.language}: {missing} sentences are in English. python3 -m quizzes check lists them."
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
