"""How long until a learner can answer: from `git clone`, and from opening a lesson beside stock Voilà.

    python3 tests/bench/first_quiz.py [--rounds 5]

Needs git and Chromium; fetches the test tools if they are not there yet. Clones this repository's last
commit twice: the first clone warms the package cache, the second is measured. Then it opens lesson 01 in turn
with our template and with stock Voilà's, on the same machine and notebook. Medians; one JSON line last.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from course import launcher  # noqa: E402 - found through the line above, from whichever folder this is run
from tests.chromium import CHROMIUM_WORDS, MISSING, find_chromium  # noqa: E402
from tests.ports import free_port  # noqa: E402

LESSON = "voila/render/01-grooming-signs.ipynb"


def seconds_to_ready(folder: Path) -> float:
    """Start the course in `folder`, and return the seconds until it says that it is ready."""
    started = time.perf_counter()
    command = [sys.executable, "-m", "course", "--no-browser", "--port", str(free_port())]
    course = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True)
    for line in course.stdout:
        print(f"  {line.rstrip()}", flush=True)
        if line.startswith("Course ready:"):
            break
    else:
        raise SystemExit("the course did not start")
    took = time.perf_counter() - started
    course.terminate()
    course.communicate(timeout=30)
    return took


def clone(folder: Path) -> float:
    """Clone the last commit into `folder`, and return the seconds it took."""
    started = time.perf_counter()
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)
    return time.perf_counter() - started


def python_of(folder: Path) -> Path:
    """Return the Python that the course made in `folder`."""
    return folder / ".venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


@contextmanager
def voila(folder: Path, ours: bool, python: Path | str):
    """Serve the lessons of `folder` with our template or with stock Voilà; yield the address."""
    port = free_port()
    env = {name: value for name, value in os.environ.items() if not name.startswith("JUPYTER_")}
    if ours:
        env["JUPYTER_PATH"] = str(folder / "course/jupyter/share")
        env["JUPYTER_CONFIG_PATH"] = str(folder / "course/jupyter/etc")
    words = ["-m", "voila", "course", "--no-browser", "--port", str(port), "--Voila.ip=127.0.0.1"]
    server = subprocess.Popen(
        [python, *words], cwd=folder, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        address = f"http://127.0.0.1:{port}"
        for _ in range(300):
            try:
                urllib.request.urlopen(address, timeout=5).close()
                break
            except OSError:
                time.sleep(0.1)
        yield address
    finally:
        server.terminate()
        server.wait(20)


def first_answer(browser, address: str) -> tuple[float, list[str]]:
    """Return the seconds from opening the lesson until a reason is shown, and each request to others."""
    context = browser.new_context()
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("websocket", lambda socket: asked.append(socket.url))
    started = time.perf_counter()
    page.goto(f"{address}/{LESSON}", wait_until="commit")
    quiz = page.locator(".ssq-practice").first
    quiz.get_by_role("radio").first.check(timeout=60_000)
    quiz.get_by_role("button", name="Check", exact=True).click()
    quiz.locator(".ssq-verdict").wait_for()
    took = time.perf_counter() - started
    page.wait_for_load_state("networkidle")
    context.close()
    own = urlsplit(address).netloc
    return took, [
        url for url in asked if urlsplit(url).netloc not in ("", own) and not url.startswith("blob:")
    ]


def main() -> int:
    """Measure, and print one JSON line last."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5, help="how often each page is opened (default: 5)")
    options = parser.parse_args()
    chromium = find_chromium()
    if not chromium:
        raise SystemExit(MISSING)
    if importlib.util.find_spec("playwright") is None:  # go on with the Python that has the test tools
        return launcher.run(launcher.prepare("tests"), [__file__, *sys.argv[1:]])
    from playwright.sync_api import sync_playwright

    place = Path(tempfile.mkdtemp(prefix="first-quiz-"))
    try:
        clone(place / "warm")
        print("First clone, to warm the package cache:", flush=True)
        seconds_to_ready(place / "warm")
        print("Second clone, measured:", flush=True)
        first = clone(place / "course") + seconds_to_ready(place / "course")
        second = statistics.median(seconds_to_ready(place / "course") for _ in range(3))
        words = (
            [*CHROMIUM_WORDS, "--no-sandbox"]
            if hasattr(os, "geteuid") and os.geteuid() == 0
            else CHROMIUM_WORDS
        )
        python = python_of(place / "course")
        times: dict[bool, list[float]] = {True: [], False: []}
        others: dict[bool, list[str]] = {True: [], False: []}
        with (
            sync_playwright() as playwright,
            voila(place / "course", True, python) as ours,
            voila(place / "course", False, python) as stock,
        ):
            browser = playwright.chromium.launch(executable_path=chromium, args=words)
            for turn in range(options.rounds + 1):
                for is_ours, address in ((True, ours), (False, stock)):
                    took, asked = first_answer(browser, address)
                    others[is_ours] += asked
                    if turn:  # the first of each only warms the disk
                        times[is_ours].append(took)
                        print(f"  {'ours ' if is_ours else 'stock'} {took:.2f} s", flush=True)
            browser.close()
    finally:
        shutil.rmtree(place, ignore_errors=True)
    ours_median, stock_median = statistics.median(times[True]), statistics.median(times[False])
    figures = {
        "clone_to_ready_seconds": round(first, 1),
        "second_start_seconds": round(second, 2),
        "first_quiz_seconds": round(ours_median, 2),
        "stock_first_quiz_seconds": round(stock_median, 2),
        "ratio_to_stock": round(ours_median / stock_median, 2),
        "off_origin_requests": len(others[True]),
        "stock_off_origin_requests": len(others[False]),
        "rounds": options.rounds,
    }
    print(json.dumps(figures))
    return 0


if __name__ == "__main__":
    sys.exit(launcher.guarded(main))
