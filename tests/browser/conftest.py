"""One real Jupyter server with Lab, Notebook and Voilà, as on Binder, in an empty home; one page per test.

And the course as plain pages, built once and served.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import nbformat
import psutil
import pytest
import safequiz
from axe_playwright_python.sync_playwright import Axe
from safequiz.bank import load_bank, load_quiz
from safequiz.marking import released_name, released_questions
from safesite import build as building
from safesite.frame import in_words
from safesite.pages import Page

from tests.ports import free_port

from .site_pages import open_context

COURSE = Path(__file__).resolve().parents[2] / "course"
STATIC = Path(safequiz.__file__).parent / "static"
BANK = load_bank("grooming-signs")
QUIZ = load_quiz("grooming-signs")
DOORS = ("lab", "notebook", "voila")


def one_of_each():
    """Return a practice item of each kind, in the order single, multiple, reflection."""
    return [
        next(item for item in BANK.practice if item.kind == kind)
        for kind in ("single", "multiple", "reflection")
    ]


def notebook(*sources: str) -> nbformat.NotebookNode:
    """Return a notebook: a heading, then one code cell per source."""
    cells = [nbformat.v4.new_markdown_cell("# A lesson", id="title")]
    cells += [nbformat.v4.new_code_cell(text, id=f"code-{number}") for number, text in enumerate(sources)]
    made = nbformat.v4.new_notebook(cells=cells)
    made.metadata["kernelspec"] = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return made


def write_folder(folder: Path) -> Path:
    """Put a practice notebook, a marked notebook and its released questions into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    ids = ", ".join(f'"{item.id}"' for item in one_of_each())
    nbformat.write(
        notebook("from safequiz import marked, practice", f'practice("grooming-signs", {ids})'),
        folder / "practice.ipynb",
    )
    singles = [item.id for item in BANK.practice if item.kind == "single"][:3]
    nbformat.write(
        notebook(
            "from safequiz import practice", *(f'practice("grooming-signs", "{name}")' for name in singles)
        ),
        folder / "several.ipynb",
    )
    nbformat.write(notebook('from safequiz import marked\nmarked("grooming-signs")'), folder / "marked.ipynb")
    (folder / released_name(BANK.id)).write_text(json.dumps(released_questions(QUIZ)), encoding="utf-8")
    return folder


#: True once the front end has a kernel that waits for work; running cells earlier does nothing.
KERNEL_IS_IDLE = """() => {
  const panel = window.jupyterapp?.shell.currentWidget;
  return panel?.sessionContext?.isReady && panel.sessionContext.session?.kernel?.status === "idle";
}"""


@dataclass
class Server:
    """A running Jupyter server: its address, the folder it serves, and the process."""

    url: str
    root: Path
    process: subprocess.Popen

    def kill_kernels(self) -> int:
        """Kill -9 every kernel, and return how many there were."""
        kernels = [
            child
            for child in psutil.Process(self.process.pid).children(recursive=True)
            if any("ipykernel" in word for word in child.cmdline())
        ]
        for kernel in kernels:
            kernel.kill()
        return len(kernels)


def wait_until_it_answers(url: str, process: subprocess.Popen, seconds: float = 60) -> None:
    """Wait for an answer from `url`; fail when the process ends or time is up."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert process.poll() is None, "the server stopped"
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    pytest.fail(f"no answer from {url}")


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """Return a Jupyter server on a fresh folder, with the course's own Jupyter settings."""
    home = tmp_path_factory.mktemp("home")
    root = tmp_path_factory.mktemp("root")
    shutil.copytree(COURSE, root / "course", ignore=shutil.ignore_patterns("my-answers*", "__pycache__"))
    port = free_port()
    env = os.environ | {
        "HOME": str(home),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_PATH": str(COURSE / "jupyter" / "share"),
        "JUPYTER_CONFIG_PATH": str(COURSE / "jupyter" / "etc"),
    }
    words = [
        "jupyterlab", "--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}",
        "--IdentityProvider.token=", "--ServerApp.password=", "--LabApp.expose_app_in_browser=True",
        "--JupyterNotebookApp.expose_app_in_browser=True", f"--ServerApp.root_dir={root}",
        "--ServerApp.open_browser=False",
    ]  # fmt: skip
    log = (home / "server.log").open("w")
    process = subprocess.Popen([sys.executable, "-m", *words], env=env, cwd=root, stdout=log, stderr=log)
    try:
        url = f"http://127.0.0.1:{port}"
        wait_until_it_answers(f"{url}/api", process)
        yield Server(url, root, process)
    finally:
        process.terminate()
        process.wait(20)
        log.close()


@pytest.fixture
def folder(server, request):
    """Return a fresh folder under the server's root, named after the test."""
    name = "".join(letter if letter.isalnum() else "-" for letter in request.node.name)[:60]
    return write_folder(server.root / f"{name}-{time.time_ns()}")


@pytest.fixture
def page(browser):
    """Return a page in a context of its own; a script error on it fails the test."""
    context = browser.new_context(viewport={"width": 1000, "height": 900})
    made = context.new_page()
    made.set_default_timeout(20_000)
    errors = []
    made.on("pageerror", lambda error: errors.append(str(error)))
    yield made
    context.close()
    # Notebook 7.6 itself throws these two at every start, with no extension of ours installed.
    assert not [error for error in errors if "schema" not in error and "open-path" not in error]


def open_quiz(page, server: Server, door: str, path: Path):
    """Open the notebook at `path` through a door, run it, and return the quiz on the page."""
    name = path.relative_to(server.root).as_posix()
    if door == "voila":
        page.goto(f"{server.url}/voila/render/{name}")
    else:
        page.goto(f"{server.url}/{'lab/tree' if door == 'lab' else 'notebooks'}/{name}?reset")
        page.wait_for_selector(".jp-Notebook .jp-CodeCell")
        page.wait_for_function(KERNEL_IS_IDLE)
        page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")
    quiz = page.locator(".ssq")
    quiz.first.wait_for(timeout=30_000)
    return quiz.first


def axe(page, context=".ssq"):
    """Return axe's violations as `rule: elements`, so that a failure can be read."""
    found = Axe().run(page, context=context).response["violations"]
    return [f"{rule['id']}: {[node['target'] for node in rule['nodes']][:3]}" for rule in found]


def saved(quiz):
    """Wait until the quiz says that the last response is on the disk."""
    quiz.locator(".ssq-status", has_text=re.compile(r"^Saved\.")).wait_for(timeout=20_000)


#: A model with no kernel behind it: a test answers for the kernel, with `answer()`.
MODEL = """
const first = JSON.parse(document.querySelector("#state").textContent);
const state = { response: {}, sent: 0, status: {}, ...first };
const heard = {};
window.model = {
  get: (name) => state[name],
  set: (name, value) => { state[name] = value; (heard[`change:${name}`] ?? []).forEach((tell) => tell()); },
  on: (event, tell) => { (heard[event] ??= []).push(tell); },
  off: (event, tell) => { heard[event] = heard[event].filter((other) => other !== tell); },
  save_changes: () => { localStorage.setItem("response", JSON.stringify(state.response)); },
};
window.answer = (saved = true, note = "", sent = state.sent) => model.set("status", { sent, saved, note });
"""


@pytest.fixture
def plain_page(browser, tmp_path):
    """Return a function that shows a widget's state on a page without Jupyter, in a window of its own."""
    contexts = []

    def made(state, clock=False, head="", words=None, **window):
        script = (STATIC / "quiz.js").read_text(encoding="utf-8").replace("export default", "const quiz =")
        script = in_words(script, lambda text: (words or {}).get(text) or text)
        path = tmp_path / f"{len(contexts)}.html"
        path.write_text(
            '<!doctype html><html lang="en"><meta charset="utf-8"><title>Quiz</title>'
            '<meta name="viewport" content="width=device-width">'
            f"<style>{(STATIC / 'quiz.css').read_text(encoding='utf-8')}</style>{head}<main></main>"
            f'<script type="application/json" id="state">{json.dumps(state)}</script>'
            f'<script type="module">{MODEL}{script}\n'
            'quiz.render({ model, el: document.querySelector("main") });</script>',
            encoding="utf-8",
        )
        contexts.append(browser.new_context(**window))
        page = contexts[-1].new_page()
        page.set_default_timeout(10_000)
        if clock:
            page.clock.install()
        page.goto(path.as_uri())
        page.locator(".ssq").wait_for()
        return page

    yield made
    for context in contexts:
        context.close()


@dataclass
class Site:
    """The course as plain pages: its address, its folder, and what each page was made of, by path."""

    url: str
    folder: Path
    pages: dict[str, Page]

    @property
    def paths(self) -> list[str]:
        """Return every page that a learner may open, as the built folder has them."""
        found = (path.relative_to(self.folder).as_posix() for path in self.folder.rglob("*.html"))
        return sorted(path for path in found if path != "away.html")


@contextlib.contextmanager
def served(folder: Path, port: int):
    """Serve a built site as `python3 -m course preview` does, and yield its address."""
    process = subprocess.Popen([sys.executable, "-m", "safesite", "serve", str(folder), str(port)])
    try:
        url = f"http://127.0.0.1:{port}/"
        wait_until_it_answers(url, process)
        yield url
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """Return the site, built once and served."""
    folder, port, made = tmp_path_factory.mktemp("course-site") / "site", free_port(), {}

    def pages(*words):
        for page in all_pages(*words):
            made[page.path] = page
            yield page

    with pytest.MonkeyPatch.context() as patch:
        all_pages = building.pages
        patch.setattr(building, "pages", pages)
        building.build(folder, f"http://127.0.0.1:{port}/")
    with served(folder, port) as url:
        yield Site(url, folder, made)


@pytest.fixture
def window(browser):
    """Return a function that opens a browser window of its own; a script error in one fails the test."""
    contexts, errors = [], []

    def made(**options):
        context = open_context(browser, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda error: errors.append(str(error)))
        return page

    yield made
    for context in contexts:
        context.close()
    assert errors == []
