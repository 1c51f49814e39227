"""What the plain web pages cost a reader, beside stock Voilà and JupyterLab on the same machine and lesson.

    python3 tests/bench/front_door.py [--rounds 3] [--only weight,first,build,readers]

weight   Each lesson page in bytes as it travels (gzip -9), and what is asked for until its first quiz works.
         What the browser fetches by itself later (the worker that keeps the course offline) is told apart.
first    Lesson 01 over slow 4G (1.6 Mb/s down, 0.75 up, 150 ms) with a processor four times slower, in a new
         browser window each time. Seconds from the start of the navigation, on the page's own clock:
         first_quiz_usable_s   the first question stands on the page, and a touch on it is taken
         first_reason_s        a script in the page took the first option and pressed Check at that moment,
                               and the reason is shown (after a wait of 50 ms for screen readers)
         by_mouse_s            the same once with Playwright's mouse, which looks and waits before each click
         The pages come gzipped from a static server. Voilà is stock: no settings or template of ours.
         JupyterLab has our settings (they compress what it sends); Run All is started by the page's own
         command as soon as the kernel is idle: nobody's search for the menu is in it.
build    Seconds to build the site into an empty folder, again with nothing changed, and into another folder;
         whether every file is the same in all three.
readers  500 readers at once, each with a connection of its own, for the whole of lesson 01: from a static
         server (nginx, if it is on PATH), then from stock Voilà, for at most --limit seconds and only while
         4 GB of memory are free.

Needs Chromium; fetches the test tools if they are not there yet. Medians; one JSON line last.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import hashlib
import importlib.util
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections import Counter
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from course import launcher  # noqa: E402 - found through the line above, from whichever folder this is run
from tests.chromium import CHROMIUM_WORDS, MISSING, find_chromium  # noqa: E402
from tests.ports import free_port  # noqa: E402

HOST = "127.0.0.1"
LESSON = "01-grooming-signs"
READERS = 500
LEAST_FREE = 4 * 2**30
TOKEN = "front-door"

SLOW_4G = {
    "offline": False,
    "downloadThroughput": 1.6e6 / 8,
    "uploadThroughput": 0.75e6 / 8,
    "latency": 150,
}

#: Notes, on the page's own clock, when the first radio of the first practice quiz is there, and when its
#: verdict is shown. With `press` it chooses the radio and presses Check at once.
PROBE = """(press => {
  if (window !== window.top) return;
  const seen = window.seen = {};
  seen.done = new Promise((resolve) => { seen.tell = resolve; });
  const find = (words) => document.querySelector(".ssq-practice")?.querySelector(words);
  const shown = () => requestAnimationFrame(() => setTimeout(() => {
    seen.tell({ radio: seen.radio, verdict: performance.now() / 1000, at: Date.now() / 1000 });
  }));
  const look = () => {
    const radio = find("input[type=radio]");
    if (!radio) return;
    if (!("radio" in seen)) {
      seen.radio = performance.now() / 1000;
      if (press) {
        radio.click();
        radio.closest(".ssq-practice").querySelector("button.ssq-check").click();
      }
    }
    if (find(".ssq-verdict")) { watch.disconnect(); shown(); }
  };
  const watch = new MutationObserver(look);
  watch.observe(document, { childList: true, subtree: true });
})"""

#: True once JupyterLab has a kernel that waits for work; running cells earlier does nothing.
KERNEL_IS_IDLE = """() => {
  const panel = window.jupyterapp?.shell.currentWidget;
  return panel?.sessionContext?.isReady && panel.sessionContext.session?.kernel?.status === "idle";
}"""


# --- the site, and servers ---------------------------------------------------------------------


def build(out: Path, address: str | None = None) -> float:
    """Build the site as `python3 -m course build` does, and return the seconds it took."""
    words = ["--address", address] if address else []
    started = time.perf_counter()
    command = [sys.executable, "-P", "-m", "safesite", "build", "--out", out, *words]
    if subprocess.run(command, check=False, stdout=subprocess.DEVNULL).returncode:
        raise SystemExit("the site was not built")
    return time.perf_counter() - started


def zipped(site: Path) -> None:
    """Put a gzipped copy beside every file that is text, as hosts of static pages do."""
    for path in [path for path in site.rglob("*") if path.is_file()]:
        if path.suffix not in (".png", ".zip", ".gz"):
            path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes(), 9, mtime=0))


@dataclass
class Asked:
    """One request that came: when, for what, for which use, from which page, and how much was sent."""

    at: float
    path: str
    use: str
    by: str
    sent: int


class Pages(SimpleHTTPRequestHandler):
    """Gives the files of a folder, gzipped where there is such a copy, and notes who asked for what."""

    protocol_version = "HTTP/1.1"
    extensions_map = SimpleHTTPRequestHandler.extensions_map | {
        ".html": "text/html; charset=utf-8",
        ".webmanifest": "application/manifest+json",
    }

    def __init__(self, *words, asked: list[Asked], **more):
        """Serve one connection."""
        self.asked = asked
        super().__init__(*words, **more)

    def do_GET(self):
        """Send one file, whole."""
        path = Path(self.translate_path(self.path))
        path = path / "index.html" if path.is_dir() else path
        found = path.is_file()
        path = path if found else Path(self.directory) / "404.html"
        packed = path.with_name(f"{path.name}.gz")
        is_packed = "gzip" in self.headers.get("Accept-Encoding", "") and packed.is_file()
        data = (packed if is_packed else path).read_bytes()
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", self.guess_type(str(path)))
        self.send_header("Content-Length", str(len(data)))
        if is_packed:
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        self.wfile.write(data)
        use, by = (self.headers.get(name, "") for name in ("Sec-Fetch-Dest", "Referer"))
        self.asked.append(Asked(time.time(), self.path, use, by, len(data)))

    def log_message(self, *_):
        """Keep the screen for the figures."""


class PagesServer(ThreadingHTTPServer):
    """A thread for each connection; a window that is closed meanwhile is no fault."""

    daemon_threads = True

    def handle_error(self, request, client_address):
        """Tell of a fault of ours."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


@contextmanager
def pages_server(site: Path, port: int | None = None):
    """Serve `site` gzipped from a thread; yield the address, and the growing list of what is asked for."""
    asked: list[Asked] = []
    server = PagesServer((HOST, port or 0), partial(Pages, directory=str(site), asked=asked))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://{HOST}:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()


@dataclass
class Place:
    """The temporary folder of this run: the site, a copy of the lessons, an empty home."""

    folder: Path
    site: Path = field(init=False)
    lessons: Path = field(init=False)

    def __post_init__(self):
        """Name the folders; nothing is made yet."""
        self.site, self.lessons = self.folder / "site", self.folder / "work" / "course"

    def fill(self) -> None:
        """Build the site, and copy the lessons as they are now: what readers do must not touch ours."""
        print("Building the site:", flush=True)
        build(self.site)
        zipped(self.site)
        left_out = shutil.ignore_patterns("my-answers*", "__pycache__", "safesite")
        shutil.copytree(ROOT / "course", self.lessons, ignore=left_out)

    def renew_lesson(self) -> None:
        """Put the lesson back as it was, with no answers beside it."""
        shutil.copy(ROOT / "course" / f"{LESSON}.ipynb", self.lessons)
        for path in self.lessons.glob("my-answers*"):
            path.unlink()

    def environment(self) -> dict[str, str]:
        """Return an environment without anybody's Jupyter settings."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("JUPYTER_")}
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        return kept | {"HOME": str(home)}


@contextmanager
def served(command: list, alive: str, **more):
    """Run a server until `alive` answers, yield its process, and leave nothing of it behind."""
    import psutil

    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    server = subprocess.Popen([str(word) for word in command], **quiet, **more)
    try:
        give_up = time.monotonic() + 120
        while True:
            try:
                urllib.request.urlopen(alive, timeout=5).close()
                break
            except OSError as error:
                if server.poll() is not None or time.monotonic() > give_up:
                    raise SystemExit(f"{command[0]} did not start") from error
                time.sleep(0.1)
        yield server
    finally:
        family = []
        with suppress(psutil.NoSuchProcess):
            family = psutil.Process(server.pid).children(recursive=True)
        server.terminate()
        with suppress(subprocess.TimeoutExpired):
            server.wait(10)
        for each in [*family, server]:
            with suppress(psutil.NoSuchProcess, OSError):
                each.kill()
        server.wait()


@contextmanager
def stock_voila(place: Place):
    """Serve the lessons with stock Voilà; yield the lesson's address and the process."""
    port = free_port()
    words = ["voila", place.lessons, "--no-browser", "--port", port, f"--Voila.ip={HOST}"]
    command = [sys.executable, "-m", *words]
    address = f"http://{HOST}:{port}/voila"
    with served(command, f"{address}/static/voila.js", cwd=place.folder, env=place.environment()) as server:
        yield f"{address}/render/{LESSON}.ipynb", server


@contextmanager
def lab(place: Place):
    """Serve the lessons with JupyterLab and our settings; yield its address."""
    port = free_port()
    settings = {
        "JUPYTER_PATH": str(ROOT / "course/jupyter/share"),
        "JUPYTER_CONFIG_PATH": str(ROOT / "course/jupyter/etc"),
        "JUPYTER_TOKEN": TOKEN,
    }
    words = [
        "jupyterlab", "--allow-root", f"--ServerApp.ip={HOST}", f"--ServerApp.port={port}",
        "--ServerApp.open_browser=False", "--LabApp.expose_app_in_browser=True",
        f"--ServerApp.root_dir={place.lessons.parent}",
    ]  # fmt: skip
    address, env = f"http://{HOST}:{port}", place.environment() | settings
    with served([sys.executable, "-m", *words], f"{address}/api", cwd=place.lessons.parent, env=env):
        yield address


def end_kernels(address: str) -> None:
    """End JupyterLab's kernels, so that the next window does not find one that is warm."""

    def call(path: str, method: str = "GET") -> bytes:
        words = {"Authorization": f"token {TOKEN}"}
        request = urllib.request.Request(f"{address}/api/{path}", headers=words, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.read()

    for kernel in json.loads(call("kernels")):
        call(f"kernels/{kernel['id']}", "DELETE")


# --- weight ------------------------------------------------------------------------------------


def weight(place: Place, browser, options) -> dict:
    """Weigh each lesson page, and count what is asked for until its first quiz works."""
    lessons = sorted(path.name for path in place.site.glob("0*.html"))
    rows, by_itself, after = {}, Counter(), 0
    for name in lessons:
        with pages_server(place.site) as (address, asked):
            context = browser.new_context()
            page = context.new_page()
            strange: list[str] = []
            context.on("request", lambda request, there=strange: there.append(request.url))
            page.add_init_script(f"{PROBE}(true)")
            page.goto(f"{address}/{name}")
            usable = page.evaluate("seen.done")["at"]
            page.evaluate("navigator.serviceWorker.ready.then(() => 0)")
            page.wait_for_load_state("networkidle")
            context.close()
        own = [each for each in asked if each.at <= usable and not kind_of(each)]
        later = Counter(kind_of(each) or "other" for each in asked if each not in own)
        rows[name] = {
            "gzip_bytes": len(gzip.compress((place.site / name).read_bytes(), 9, mtime=0)),
            "requests_until_usable": len(own),
            "other_origins": len(
                [url for url in strange if urlsplit(url).netloc not in ("", urlsplit(address).netloc)]
            ),
        }
        by_itself, after = later, sum(each.sent for each in asked if each not in own)
        print(f"  {name}: {rows[name]}, later: {dict(later)}", flush=True)
    return {
        "heaviest_gzip_bytes": max(row["gzip_bytes"] for row in rows.values()),
        "most_requests_until_usable": max(row["requests_until_usable"] for row in rows.values()),
        "other_origins": sum(row["other_origins"] for row in rows.values()),
        "by_itself_after_the_quiz_is_usable": dict(by_itself),
        "by_itself_kilobytes": round(after / 1000),
        "lessons": rows,
    }


def kind_of(asked: Asked) -> str:
    """Name what a browser asks for by itself; nothing for what a page needs."""
    if asked.by.endswith("/sw.js"):
        return "kept for offline"
    uses = {"serviceworker": "service worker", "manifest": "manifest"}
    return uses.get(asked.use) or ("icon" if "icon" in asked.path else "")


# --- the first quiz ----------------------------------------------------------------------------


def first(place: Place, browser, options) -> dict:
    """Time the first quiz through each of the three doors, in turn."""
    times: dict[str, list[dict]] = {"static": [], "stock_voila": [], "lab": []}
    with pages_server(place.site) as (static, _), stock_voila(place) as (voila, _), lab(place) as notebooks:
        doors = {
            "static": f"{static}/{LESSON}.html",
            "stock_voila": voila,
            "lab": f"{notebooks}/lab/tree/course/{LESSON}.ipynb?reset&token={TOKEN}",
        }
        for turn in range(options.rounds + 1):
            for door, address in doors.items():
                figures = {}
                for mouse in (False, True) if turn == 1 else (False,):
                    place.renew_lesson()
                    if door == "lab":
                        end_kernels(notebooks)
                    figures |= one_visit(browser, address, mouse=mouse, slow=turn > 0, run_all=door == "lab")
                if turn:  # the first of each only warms the disk and the servers
                    times[door].append(figures)
                    said = ", ".join(f"{name} {value:.2f}" for name, value in figures.items())
                    print(f"  {door:12} {said}", flush=True)
    made = {
        door: {
            name: round(statistics.median(row[name] for row in rows if name in row), 2) for name in rows[0]
        }
        for door, rows in times.items()
    }
    ours = made["static"]["first_quiz_usable_s"]
    for door in ("stock_voila", "lab"):
        made[door]["times_as_long_as_static"] = round(made[door]["first_quiz_usable_s"] / ours, 1)
    spread = {door: [round(row["first_quiz_usable_s"], 2) for row in rows] for door, rows in times.items()}
    return made | {"each_first_quiz_usable_s": spread, "rounds": options.rounds}


def one_visit(browser, address: str, mouse: bool, slow: bool, run_all: bool) -> dict:
    """Open the lesson in a new window and answer its first question; return the times."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(300_000)
    page.add_init_script(f"{PROBE}({json.dumps(not mouse)})")
    if slow:
        session = context.new_cdp_session(page)
        session.send("Network.enable")
        session.send("Network.emulateNetworkConditions", SLOW_4G)
        session.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    page.goto(address, wait_until="commit")
    if run_all:
        page.wait_for_selector(".jp-Notebook .jp-CodeCell", state="attached")
        page.wait_for_function(KERNEL_IS_IDLE)
        page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells'); }")
    if mouse:
        quiz = page.locator(".ssq-practice").first
        quiz.get_by_role("radio").first.check()
        quiz.get_by_role("button", name="Check", exact=True).first.click()
    seen = page.evaluate("seen.done")
    context.close()
    if mouse:
        return {"by_mouse_s": seen["verdict"]}
    return {"first_quiz_usable_s": seen["radio"], "first_reason_s": seen["verdict"]}


# --- building ----------------------------------------------------------------------------------


def building(place: Place, browser, options) -> dict:
    """Build three times, and compare every byte."""
    one, other = place.folder / "one", place.folder / "elsewhere" / "two"
    one.mkdir()
    other.parent.mkdir()
    first_time = build(one)
    before = digest(one)
    again = build(one)
    after = digest(one)
    elsewhere = build(other)
    files = [path for path in one.rglob("*") if path.is_file()]
    made = {
        "first_s": round(first_time, 1),
        "nothing_changed_s": round(again, 1),
        "other_folder_s": round(elsewhere, 1),
        "second_is_the_same": before == after,
        "other_folder_is_the_same": before == digest(other),
        "files": len(files),
        "bytes": sum(path.stat().st_size for path in files),
        "sha256": before,
    }
    print(f"  {made}", flush=True)
    return made


def digest(folder: Path) -> str:
    """Return one hash over the names and bytes of all files."""
    made = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        data = path.read_bytes()
        made.update(f"{path.relative_to(folder).as_posix()} {len(data)}\n".encode() + data)
    return made.hexdigest()


# --- 500 readers -------------------------------------------------------------------------------


def readers(place: Place, browser, options) -> dict:
    """Let 500 readers come at once: to a static server, and to stock Voilà."""
    made = {}
    with static_server(place) as (name, address):
        url = f"{address}/{LESSON}.html"
        end = (place.site / f"{LESSON}.html").read_bytes()[-500:]
        asyncio.run(crowd(url, end, 20, options.limit))  # warms the disk
        made["static"] = {"server": name} | asyncio.run(crowd(url, end, READERS, options.limit))
        print(f"  static: {made['static']}", flush=True)
    with stock_voila(place) as (url, _):
        end = b"</html>"
        alone = asyncio.run(crowd(url, end, 1, options.limit))
        print(f"  stock Voilà, one reader alone: {alone}", flush=True)
        made["stock_voila"] = asyncio.run(crowd(url, end, READERS, options.limit))
        made["stock_voila"]["one_reader_alone_s"] = alone.get("median_s")
        print(f"  stock Voilà: {made['stock_voila']}", flush=True)
    return made


@contextmanager
def static_server(place: Place):
    """Serve the site with nginx if there is one, else with our own preview; yield its name and address."""
    port, nginx = free_port(), shutil.which("nginx")
    address = f"http://{HOST}:{port}"
    command = [sys.executable, "-P", "-m", "safesite", "serve", place.site, port]
    name = "python3 -m course preview"
    if nginx:
        home = place.folder / "nginx"
        home.mkdir()
        (home / "nginx.conf").write_text(nginx_settings(home, place.site, port), encoding="utf-8")
        command = [nginx, "-p", f"{home}/", "-c", home / "nginx.conf", "-e", home / "error.log"]
        said = subprocess.run([nginx, "-v"], capture_output=True, text=True, check=False).stderr
        name = said.rpartition(": ")[2].strip()
    with served(command, f"{address}/robots.txt"):
        yield name, address


def nginx_settings(home: Path, site: Path, port: int) -> str:
    """Return settings that keep nginx inside its own folder, in the foreground."""
    as_root = hasattr(os, "geteuid") and os.geteuid() == 0
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    places = "\n".join(f"{kind}_temp_path {home}/{kind};" for kind in kinds)
    return f"""{"user root;" if as_root else ""}
daemon off;
worker_processes auto;
pid {home}/nginx.pid;
events {{ worker_connections 2048; }}
http {{
types {{ text/html html; application/javascript js; image/png png; image/svg+xml svg; }}
access_log off;
sendfile on;
{places}
server {{ listen {HOST}:{port} backlog=1024; root "{site}"; gzip_static on; error_page 404 /404.html; }}
}}
"""


async def crowd(url: str, end: bytes, count: int, limit: float) -> dict:
    """Let `count` readers ask at once for `url`, a page that ends with `end`, and tell how they fared."""
    import psutil

    def free() -> int:
        return psutil.virtual_memory().available

    start, least, stopped = free(), free(), "all answered"
    began = time.perf_counter()
    tasks = {asyncio.create_task(one_reader(url)) for _ in range(count)}
    waiting = tasks
    while waiting:
        _, waiting = await asyncio.wait(waiting, timeout=0.5)
        least = min(least, free())
        if waiting and least < LEAST_FREE:
            stopped = "less than 4 GB of memory were free"
            break
        if waiting and time.perf_counter() - began > limit:
            stopped = f"after {limit:g} seconds"
            break
    took = time.perf_counter() - began
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    faults, times = Counter(), []
    for task in tasks - waiting:
        try:
            seconds, answer = task.result()
            check_whole(answer, end)
            times.append(seconds)
        except (OSError, ValueError) as error:
            faults[str(error)] += 1
    times.sort()
    made = {
        "readers": count,
        "served": len(times),
        "failed": sum(faults.values()),
        "still_waiting": len(waiting),
        "seconds": round(took, 2),
        "ended": stopped,
        "memory_gb": round(max(0, start - least) / 2**30, 2),
    }
    if times:
        made |= {
            "median_s": round(statistics.median(times), 3),
            "p95_s": round(times[max(0, -(-len(times) * 95 // 100) - 1)], 3),
        }
    return made | ({"faults": dict(faults.most_common(3))} if faults else {})


async def one_reader(url: str) -> tuple[float, bytes]:
    """Ask for a page over a new connection; return the seconds until its last byte, and all that came."""
    there = urlsplit(url)
    started = time.perf_counter()
    incoming, outgoing = await asyncio.open_connection(there.hostname, there.port)
    try:
        words = f"GET {there.path} HTTP/1.1\r\nHost: {there.netloc}\r\nAccept-Encoding: gzip\r\n"
        outgoing.write(f"{words}Connection: close\r\n\r\n".encode())
        answer = await incoming.read()
        return time.perf_counter() - started, answer
    finally:
        outgoing.close()


def check_whole(answer: bytes, end: bytes) -> None:
    """Raise ValueError for an answer that is not the page that ends with `end`, to its last byte."""
    head, _, body = answer.partition(b"\r\n\r\n")
    first_line, *rest = head.decode("latin-1").lower().split("\r\n")
    fields = dict(line.partition(": ")[::2] for line in rest)
    if " 200 " not in f"{first_line} ":
        raise ValueError(first_line or "no answer")
    if "content-length" in fields:
        is_whole = len(body) == int(fields["content-length"])
    else:
        is_whole = body.endswith(b"0\r\n\r\n")
    if not is_whole:
        raise ValueError("a part of the page only")
    page = gzip.decompress(body) if fields.get("content-encoding") == "gzip" else body
    if end not in page[-2 * len(end) - 100 :]:
        raise ValueError("another page")


# --- the run -----------------------------------------------------------------------------------

PARTS = {"weight": weight, "first": first, "build": building, "readers": readers}


def browser_words() -> list[str]:
    """Return the words to start Chromium with."""
    as_root = hasattr(os, "geteuid") and os.geteuid() == 0
    return [*CHROMIUM_WORDS, "--no-sandbox"] if as_root else list(CHROMIUM_WORDS)


def has_tools() -> bool:
    """Tell whether this Python has what the course's own has."""
    return all(importlib.util.find_spec(name) for name in ("playwright", "safesite", "minify_html", "voila"))


def busy() -> float | None:
    """Return how busy the machine was in the last minute, where it tells: others' work slows ours."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None


def chosen(known, words: str) -> list[str]:
    """Return the parts that were asked for; raise when there is no such part."""
    names = [name.strip() for name in words.split(",")]
    if unknown := [name for name in names if name not in known]:
        raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: choose from {', '.join(known)}")
    return [name for name in known if name in names]


def main() -> int:
    """Measure, and print one JSON line last."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3, help="how often each page is opened (default: 3)")
    parser.add_argument("--limit", type=float, default=120, help="seconds for 500 readers (default: 120)")
    parser.add_argument(
        "--only", type=partial(chosen, PARTS), default=list(PARTS), help="parts, with commas between them"
    )
    options = parser.parse_args()
    chromium = find_chromium()
    if not chromium:
        raise SystemExit(MISSING)
    if not has_tools():  # go on with the Python that has them
        return launcher.run(launcher.prepare("site", "tests"), [__file__, *sys.argv[1:]])
    from playwright.sync_api import sync_playwright

    figures = {"processors": os.cpu_count()}
    folder = Path(tempfile.mkdtemp(prefix="front-door-"))
    try:
        place = Place(folder)
        place.fill()
        for name in options.only:
            print(f"{name}:", flush=True)
            load = busy()
            if name in ("weight", "first"):
                with sync_playwright() as playwright:
                    browser = playwright.chromium.launch(executable_path=chromium, args=browser_words())
                    figures[name] = PARTS[name](place, browser, options)
                    browser.close()
            else:  # Playwright's event loop would be in the way
                figures[name] = PARTS[name](place, None, options)
            figures[name]["load_before"] = load
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps(figures))
    return 0


if __name__ == "__main__":
    sys.exit(launcher.guarded(main))
