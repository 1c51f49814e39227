"""What pupils wrote, and what their folders are called, is text in formgrader, and no kernel is started."""

import os
import shutil
import subprocess
import sys
from types import SimpleNamespace
from urllib.parse import quote

import pytest
from safequiz import assignment
from safequiz.collect import collect
from safequiz.steps import gradebook

from tests.hostile import NAME, THREE_RIGHT, WRITTEN, answers, honest_work, kernel_trap
from tests.ports import free_port

from .conftest import wait_until_it_answers

pytestmark = pytest.mark.browser

WROTE = """</pre><script>window.evil = 1; alert(1)</script>
<img src="https://evil.example/x" onerror="alert(2)">
# head ![i](https://evil.example/y) [link](javascript:alert(3)) <https://evil.example>
$\\href{javascript:alert(4)}{x}$ $$\\frac{1}{2}$$ {{ 7 * 7 }} <style>* { display: none }</style>"""
#: `collect` refuses such codes. Folders that are called so come into submitted/ by hand alone.
CALLED = ["<img src=x onerror=alert(5)>", '"><script>alert(6)<script>']
#: nbgrader's page asks for it, whatever a pupil wrote.
MATHJAX = "https://cdnjs.cloudflare.com/ajax/libs/mathjax/"


@pytest.fixture(scope="module")
def formgrader(tmp_path_factory):
    """A Jupyter server with formgrader, in a course where nobody has been marked yet."""
    top = tmp_path_factory.mktemp("formgrader")
    course, inbox = top / "course", top / "inbox"
    course.mkdir()
    shutil.copy(assignment.COURSE / "nbgrader_config.py", course)
    released = assignment.release(NAME, course)
    inbox.mkdir()
    (inbox / "p01.answers.json").write_bytes(answers(THREE_RIGHT | {WRITTEN.id: WROTE}))
    collect(NAME, inbox, course)
    for code in CALLED:
        honest_work(course / "submitted" / code / NAME, released)
    port, sign = free_port(), kernel_trap(top / "jupyter")
    words = ["--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}", "--ServerApp.open_browser=False"]
    words += ["--IdentityProvider.token=", "--allow-root", f"--ServerApp.root_dir={course}"]
    env = os.environ | {"HOME": str(top), "JUPYTER_PATH": str(top / "jupyter")}
    with (top / "server.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyter_server", *words], cwd=course, env=env, stdout=log, stderr=log
        )
        try:
            url = f"http://127.0.0.1:{port}"
            wait_until_it_answers(f"{url}/api", process)
            yield SimpleNamespace(url=f"{url}/formgrader", course=course, sign=sign)
        finally:
            process.terminate()
            process.wait(20)


@pytest.fixture
def page(browser, formgrader):
    """A page in formgrader. A dialog fails the test, and so does a request to elsewhere; none is let out."""
    dialogs, requests = [], []
    context = browser.new_context(base_url=formgrader.url)

    def elsewhere(route):
        if route.request.url.startswith(formgrader.url.removesuffix("formgrader")):
            return route.continue_()
        requests.append(route.request.url)
        return route.abort()

    context.route("**/*", elsewhere)
    made = context.new_page()
    made.set_default_timeout(20_000)
    made.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    yield made
    assert made.evaluate("() => window.evil") is None
    context.close()
    assert dialogs == []
    assert [url for url in requests if not url.startswith(MATHJAX)] == []


def autograde(page, code):
    """Click the button in a pupil's row, and return what formgrader then says."""
    row = page.locator("#main-table tr", has=page.get_by_text(code, exact=True))
    row.locator(".autograde a").click()
    said = page.locator(".modal-body")
    said.wait_for()
    text = said.inner_text()
    page.locator(".modal-footer button").click()
    said.wait_for(state="detached")
    return text


def test_its_button_marks_without_a_kernel_and_what_was_written_is_text(page, formgrader):
    page.goto(f"{formgrader.url}/manage_submissions/{NAME}")

    assert f"Successfully autograded '{NAME}' for student 'p01'" in autograde(page, "p01")
    page.locator("#main-table tr", has_text="p01").get_by_text("needs manual grading").wait_for()
    with gradebook(formgrader.course) as book:
        [submission] = [one.id for one in book.notebook_submissions(NAME, NAME) if one.student.id == "p01"]
    page.goto(f"{formgrader.url}/submissions/{submission}")
    written = page.locator(".nbgrader_cell pre.tex2jax_ignore")
    written.wait_for()

    assert written.inner_text() == WROTE
    assert written.locator("*").count() == 0
    assert page.locator("a[href^='javascript'], [src*='evil.example']").count() == 0
    assert not formgrader.sign.exists()


@pytest.mark.parametrize("code", CALLED)
def test_what_a_folder_is_called_is_text_on_every_page_that_names_it(page, formgrader, code):
    page.goto(f"{formgrader.url}/manage_submissions/{NAME}")
    said = autograde(page, code)

    assert f"for student '{code}'" in said
    assert "give the folder another name" in said
    for place in (
        "manage_students",
        f"manage_students/{quote(code)}",
        f"manage_students/{quote(code)}/{NAME}",
    ):
        page.goto(f"{formgrader.url}/{place}")
        page.get_by_text(code).first.wait_for()
    assert not formgrader.sign.exists()
