"""Break answers files at random: does one crash the reader of answers, or earn what no item gives?

    python3 tests/bench/fuzz_answers.py [--runs 100000] [--seed 1]

Needs the packages of the tests, and fetches them if they are not there yet. With atheris (pip install
atheris==3.0.0, on Linux) the run is guided by which lines of the reader and the scorer a file reaches, and
half of the files are atheris's own. Without, it says so, and breaks files at random. A fault ends the run,
and the error quotes the file. One JSON line last.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from course import launcher  # noqa: E402 - found through the line above, from whichever folder this is run


def at_random(runs: int, seed: int) -> None:
    """Try `runs` files of our own mutations. Raises what the first fault raises."""
    from tests.answers_fuzz import mutated, verdict

    lot = random.Random(seed)
    for _ in range(runs):
        verdict(mutated(lot))


def guided(runs: int, seed: int, folder: Path) -> None:
    """Let atheris try `runs` files, kept in the empty `folder`, and end this process: 0 means no fault."""
    import atheris

    with atheris.instrument_imports(include=["safequiz.responses", "safequiz.scoring"]):
        from tests.answers_corpus import TAKEN
        from tests.answers_fuzz import mutated, verdict

    def mutation(data: bytes, longest: int, number: int) -> bytes:
        # Half of the files are atheris's own, so that it can build on what reached new lines.
        made = mutated(random.Random(number)) if number % 2 else atheris.Mutate(data, longest)
        return made[:longest]

    for number, (data, _) in enumerate(TAKEN.values()):
        (folder / str(number)).write_bytes(data)
    words = [f"-runs={runs}", f"-seed={seed}", "-max_len=8192", f"-artifact_prefix={folder}/", str(folder)]
    atheris.Setup([sys.argv[0], *words], verdict, custom_mutator=mutation)
    atheris.Fuzz()


def main() -> int:
    """Run, and print one JSON line last."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=100_000, help="how many files to try (default: 100000)")
    parser.add_argument("--seed", type=int, default=1, help="another number gives other files (default: 1)")
    parser.add_argument("--guided", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if importlib.util.find_spec("safequiz") is None:  # go on with the Python that has the course
        return launcher.run(launcher.prepare("tests"), [__file__, *sys.argv[1:]])
    if options.guided:
        guided(options.runs, options.seed, options.guided)
    started = time.perf_counter()
    has_atheris = importlib.util.find_spec("atheris") is not None
    if has_atheris:  # it ends its process, so it gets one of its own
        with tempfile.TemporaryDirectory(prefix="fuzz-answers-") as folder:
            command = [sys.executable, __file__, *sys.argv[1:], "--guided", folder]
            if subprocess.run(command, check=False).returncode:
                return 1
    else:
        print("atheris is not installed: these files are broken at random, guided by nothing.", flush=True)
        at_random(options.runs, options.seed)
    seconds = round(time.perf_counter() - started, 1)
    print(json.dumps({"runs": options.runs, "guided": has_atheris, "faults": 0, "seconds": seconds}))
    return 0


if __name__ == "__main__":
    sys.exit(launcher.guarded(main))
