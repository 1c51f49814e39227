"""What Lighthouse and the HTML checker of the W3C (vnu) say of the plain web pages.

    python3 tests/bench/audit.py [--rounds 3] [--only lighthouse,html]

lighthouse  The four categories on a simulated middling phone over slow 4G, for the home page, a lesson, the
            finder and a marked quiz. Medians of the rounds; each audit that costs points is told.
html        Errors and warnings over every page, with their places.

Both come from npm, at pinned versions, into a temporary folder. A part that this machine cannot run is named
under "skipped" with the reason. Needs Chromium; one JSON line last.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections import Counter
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from course import launcher  # noqa: E402 - found through the line above, from whichever folder this is run
from tests.bench.front_door import (  # noqa: E402
    HOST,
    browser_words,
    build,
    chosen,
    has_tools,
    pages_server,
    zipped,
)
from tests.chromium import MISSING, find_chromium  # noqa: E402
from tests.ports import free_port  # noqa: E402

PACKAGES = {"lighthouse": "12.8.2", "vnu-jar": "26.9.27"}  # Lighthouse 13 needs Node 22
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
PAGES = ("index.html", "01-grooming-signs.html", "whom-to-tell.html", "quiz-grooming-signs.html")


def installed(folder: Path, package: str) -> Path:
    """Put an npm package into `folder`, and return where it is. Raises Skipped when that cannot be."""
    npm = shutil.which("npm")
    if not npm:
        raise Skipped("npm is not installed")
    command = [npm, "install", "--no-save", "--no-audit", "--no-fund", "--loglevel=error", "--prefix", folder]
    command.append(f"{package}@{PACKAGES[package]}")
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    if done.returncode:
        raise Skipped(f"npm could not install {package}: {done.stderr.strip()[-300:]}")
    return folder / "node_modules" / package


class Skipped(Exception):
    """A part cannot run on this machine; the message says what is missing."""


# --- Lighthouse --------------------------------------------------------------------------------


def lighthouse(place: Path, options) -> dict:
    """Return each page's four scores, and every audit that costs points."""
    node = shutil.which("node")
    if not node:
        raise Skipped("node is not installed")
    program = [node, installed(place / "npm", "lighthouse") / "cli" / "index.js"]
    port = free_port()
    address = f"http://{HOST}:{port}/"  # a canonical link to another origin would cost a point
    build(place / "site", address)
    zipped(place / "site")
    scores, faults = {}, {}
    with pages_server(place / "site", port):
        for name in PAGES:
            reports = [
                report(program, f"{address}{name.removesuffix('index.html')}", place)
                for _ in range(options.rounds)
            ]
            scores[name] = {
                kind: round(100 * statistics.median(each["categories"][kind]["score"] for each in reports))
                for kind in CATEGORIES
            }
            found: dict[str, dict] = {}
            for each in reports:
                for kind in CATEGORIES:
                    found |= {f"{kind}: {name}": words for name, words in costing(each, kind).items()}
            faults[name] = found
            print(f"  {name}: {scores[name]}", flush=True)
            for title, words in found.items():
                print(f"    {title}: {json.dumps(words, ensure_ascii=False)}", flush=True)
    lowest = {kind: min(row[kind] for row in scores.values()) for kind in CATEGORIES}
    return {"version": PACKAGES["lighthouse"], "lowest": lowest, "scores": scores, "faults": faults}


def report(program: list, url: str, place: Path) -> dict:
    """Return Lighthouse's report of one page."""
    out = place / "report.json"
    words = [
        url,
        "--quiet",
        "--output=json",
        f"--output-path={out}",
        f"--only-categories={','.join(CATEGORIES)}",
        "--no-enable-error-reporting",
        f"--chrome-flags={' '.join(['--headless=new', '--disable-gpu', *browser_words()])}",
    ]
    env = os.environ | {"CHROME_PATH": find_chromium()}
    done = subprocess.run(
        [str(word) for word in [*program, *words]], env=env, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"Lighthouse failed on {url}: {done.stderr.strip()[-500:]}")
    made = json.loads(out.read_text(encoding="utf-8"))
    if made.get("runtimeError"):
        raise SystemExit(f"Lighthouse failed on {url}: {made['runtimeError']['message']}")
    return made


def costing(made: dict, kind: str) -> dict:
    """Return the audits of a category that cost points: the score, what was seen, and the first places."""
    found = {}
    for row in made["categories"][kind]["auditRefs"]:
        audit = made["audits"][row["id"]]
        if row["weight"] and audit["score"] is not None and audit["score"] < 1:
            places = [place_of(item) for item in (audit.get("details") or {}).get("items", [])[:5]]
            found[row["id"]] = {
                "score": audit["score"],
                "weight": row["weight"],
                "title": audit["title"],
                "seen": audit.get("displayValue") or audit.get("explanation") or "",
                "places": [words for words in places if words],
            }
    return found


def place_of(item: dict) -> str:
    """Return where on the page an audit points."""
    seen = item.get("node") or {}
    words = [seen.get(name) for name in ("selector", "snippet", "explanation")]
    return " | ".join(str(word) for word in [*words, item.get("url"), item.get("description")] if word)[:500]


# --- the HTML checker --------------------------------------------------------------------------


def html(place: Path, options) -> dict:
    """Return every error of vnu with its page and line, and its warnings counted by what they say."""
    java = shutil.which("java")
    if not java or subprocess.run([java, "-version"], capture_output=True, check=False).returncode:
        raise Skipped("Java is not installed")
    jar = next(installed(place / "npm", "vnu-jar").rglob("vnu.jar"))
    site = place / "plain"
    build(site)
    pages = sorted(site.rglob("*.html"))
    done = subprocess.run(
        [java, "-jar", str(jar), "--format", "json", *map(str, pages)],
        capture_output=True,
        text=True,
        check=False,
    )
    said = json.loads(done.stderr)["messages"]
    errors, warnings = [], Counter()
    for each in said:
        if each["type"] == "info":
            warnings[each["message"]] += each.get("subType") == "warning"
            continue
        name = each["url"].rpartition("/plain/")[2]
        where = f"{name}:{each.get('lastLine', 0)}:{each.get('lastColumn', 0)}"
        errors.append(f"{where}: {each['message']} | {each.get('extract', '').strip()[:200]}")
    for line in errors:
        print(f"  {line}", flush=True)
    return {
        "version": PACKAGES["vnu-jar"],
        "pages": len(pages),
        "errors": errors,
        "warnings": sum(warnings.values()),
        "warnings_by_words": dict(+warnings),
    }


# --- the run -----------------------------------------------------------------------------------

PARTS = {"lighthouse": lighthouse, "html": html}


def main() -> int:
    """Check, and print one JSON line last."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3, help="how often Lighthouse runs (default: 3)")
    parser.add_argument(
        "--only", type=partial(chosen, PARTS), default=list(PARTS), help="parts, with commas between them"
    )
    options = parser.parse_args()
    if "lighthouse" in options.only and not find_chromium():
        raise SystemExit(MISSING)
    if not has_tools():  # go on with the Python that has them
        return launcher.run(launcher.prepare("site", "tests"), [__file__, *sys.argv[1:]])
    figures: dict[str, dict] = {"skipped": {}}
    place = Path(tempfile.mkdtemp(prefix="audit-"))
    try:
        for name in options.only:
            print(f"{name}:", flush=True)
            try:
                figures[name] = PARTS[name](place, options)
            except Skipped as reason:
                figures["skipped"][name] = str(reason)
                print(f"  skipped: {reason}", flush=True)
    finally:
        shutil.rmtree(place, ignore_errors=True)
    print(json.dumps(figures, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    sys.exit(launcher.guarded(main))
