"""The commands that build and show the plain pages: what they say, and what they refuse."""

from __future__ import annotations

import http.client
import re
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from safecourse import notebooks, teaching
from safecourse.words import Words
from safecourse.yamlfile import AuthorError, Fault
from safequiz import cli
from safequiz.errors import UserError
from safesite import __main__ as command
from safesite import build as building
from safesite import catalogue
from safesite.build import ADDRESS, Site

from course import __main__ as course
from course import launcher, serve
from tests.ports import free_port

ROOT = launcher.ROOT


@pytest.fixture
def little(monkeypatch):
    """Let `build` write a site of three files."""
    welsh = Words("cy", asked={"words": {"Yes": "Ie", "No": ""}, "facts": {"Rain is wet.": ""}})
    files = {"index.html": b"home", "01-kites.html": b"kites" * 400, "sw.js": b"// stay-safe-online-"}
    monkeypatch.setattr(building, "make", lambda address=ADDRESS: Site(files, (welsh,)))


# python3 -m safesite


def test_building_tells_how_many_pages_where_they_are_and_what_the_heaviest_lesson_weighs(tmp_path):
    done = subprocess.run(
        [sys.executable, "-P", "-m", "safesite", "build", "--out", "made"],
        cwd=tmp_path,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    first, second, *rest = done.stdout.splitlines()
    pages = len(list((tmp_path / "made").rglob("*.html")))
    assert re.fullmatch(rf"{pages} pages in \d+ s: {re.escape(str(tmp_path / 'made'))}", first)
    assert re.fullmatch(
        r"The heaviest lesson is \d\d-[a-z-]+\.html: \d\d\.\d kB as it travels \(gzip\)\.", second
    )
    assert all(re.match(r"[a-z]{2}: \d+ sentences are in English\.", line) for line in rest)


@pytest.mark.usefixtures("little")
def test_building_counts_what_other_languages_say_in_english(tmp_path, capsys):
    assert command.main(["build", "--out", str(tmp_path / "site")]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == (
        "cy: 2 sentences are in English. python3 -m quizzes check lists them."
    )


@pytest.mark.usefixtures("little")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--out", "full"], "holds something else: choose an empty or new folder with --out."),
        (["--out", "full/photo.jpg"], "holds something else: choose an empty or new folder with --out."),
        (["--address", "example.org"], "'example.org' is no address of a folder: it should be like https://"),
    ],
    ids=["a folder of photos", "a photo", "no address"],
)
def test_what_cannot_be_built_is_said_in_one_sentence(tmp_path, monkeypatch, capsys, words, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "photo.jpg").write_bytes(b"mine")

    assert command.main(["build", *words]) == 1
    out, wrong = capsys.readouterr()
    assert out == ""
    assert wrong.count("\n") == 1
    assert said in wrong
    assert (tmp_path / "full" / "photo.jpg").read_bytes() == b"mine"


@pytest.mark.usefixtures("little")
def test_a_folder_that_cannot_be_written_is_named(tmp_path, capsys):
    (tmp_path / "file").write_text("x", encoding="utf-8")

    assert command.main(["build", "--out", str(tmp_path / "file" / "site")]) == 1
    wrong = capsys.readouterr().err
    assert wrong.count("\n") == 1
    assert str(tmp_path / "file") in wrong


def test_a_lesson_that_fails_is_said_in_one_sentence_and_what_was_built_stays(tmp_path, monkeypatch, capsys):
    def failing(_):
        raise UserError("07-kites.ipynb, cell 'wind': KeyError: 'no such fact: kite'")

    monkeypatch.setattr(building, "make", failing)
    for name in ("index.html", building.LIST):
        (tmp_path / name).write_text("index.html\n", encoding="utf-8")

    assert command.main(["build", "--out", str(tmp_path)]) == 1
    assert capsys.readouterr().err == "07-kites.ipynb, cell 'wind': KeyError: 'no such fact: kite'\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == [building.LIST, "index.html"]


# python3 -m course


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--out", "x"], "--out and --address belong to build"),
        (["lab", "--address", ADDRESS], "--out and --address belong to build"),
        (["preview", "--out", "x"], "--out and --address belong to build"),
        (["build", "--port", "5"], "build opens nothing, so it takes no --port and no --no-browser"),
        (["build", "--out"], "argument --out: expected one argument"),
        (["publish"], "invalid choice: 'publish'"),
        (["preview", "--port", "0"], "0 is not a port: give a number from 1 to 65535"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_words_that_do_not_belong_together_are_refused_in_one_sentence(capsys, words, said):
    with pytest.raises(SystemExit) as stopped:
        course.parse(words)
    assert stopped.value.code == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith("python3 -m course: error: ")
    assert said in last


@pytest.fixture
def asked(monkeypatch):
    """What the command would install and run, in order; each run ends with the exit code 0."""
    calls = []
    monkeypatch.setattr(launcher, "prepare", lambda *sets: calls.append(("install", *sets)) or "python")
    for name in ("run", "wait"):
        monkeypatch.setattr(
            launcher, name, lambda python, words: calls.append((python, *map(str, words))) or 0
        )
    monkeypatch.setattr(serve, "check_port", lambda door, port: calls.append(("port", door.name, port)))
    return calls


def course_main(monkeypatch, *words):
    monkeypatch.setattr(sys, "argv", ["course", *words])
    return course.main()


BUILD = ("python", "-P", "-m", "safesite", "build")


def test_building_installs_what_it_needs_and_writes_the_folder_site(monkeypatch, tmp_path, asked):
    monkeypatch.chdir(tmp_path)
    assert course_main(monkeypatch, "build") == 0
    assert asked == [("install", "site"), (*BUILD, f"--out={ROOT / 'site'}")]


def test_a_folder_that_is_named_counts_from_where_the_command_was_given(monkeypatch, tmp_path, asked):
    monkeypatch.chdir(tmp_path)
    course_main(monkeypatch, "build", "--out", "stick/course", "--address", "https://school.example/safe/")
    assert asked[-1] == (
        *BUILD,
        f"--out={tmp_path / 'stick' / 'course'}",
        "--address=https://school.example/safe/",
    )
    course_main(monkeypatch, "build", "--out", str(tmp_path / "whole"))
    assert asked[-1] == (*BUILD, f"--out={tmp_path / 'whole'}")


def test_a_preview_builds_the_site_and_then_serves_it_on_a_port_that_was_free(monkeypatch, tmp_path, asked):
    monkeypatch.chdir(tmp_path)
    assert course_main(monkeypatch, "preview", "--port", "9000", "--no-browser") == 0
    assert asked == [
        ("port", "preview", 9000),
        ("install", "site"),
        (*BUILD, f"--out={serve.PREVIEW}", "--address=http://127.0.0.1:9000/"),
        ("install",),
        ("python", "-m", "course.serve", "preview", "--port", "9000", "--no-browser"),
    ]


def test_a_preview_of_what_cannot_be_built_opens_nothing(monkeypatch, tmp_path, asked):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(launcher, "wait", lambda *_: 1)
    assert course_main(monkeypatch, "preview") == 1
    assert asked == [("port", "preview", None), ("install", "site")]


def test_what_builds_the_pages_is_pinned_beside_the_course():
    pinned = (ROOT / launcher.REQUIREMENTS["site"]).read_text(encoding="utf-8")
    course_pins = (ROOT / launcher.REQUIREMENTS["course"]).read_text(encoding="utf-8").splitlines()
    rows = [line for line in pinned.splitlines() if line and not line.startswith("#")]
    assert rows
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[^ ]+", row) for row in rows)
    assert not set(rows) & set(course_pins), "each package is pinned in one place"


# Serving what is built


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A small site that is served, with a secret beside its folder."""
    folder = tmp_path_factory.mktemp("served") / "site"
    (folder / "cy").mkdir(parents=True)
    (folder / "index.html").write_text("home", encoding="utf-8")
    (folder / "404.html").write_text("<p>This page is not here – ŵ</p>", encoding="utf-8")
    (folder / "cy" / "index.html").write_text("hafan", encoding="utf-8")
    (folder / "manifest.webmanifest").write_text("{}", encoding="utf-8")
    (folder.parent / "secret.txt").write_text("SECRET", encoding="utf-8")
    port = free_port()
    words = [sys.executable, "-P", "-m", "safesite", "serve", str(folder), str(port)]
    process = subprocess.Popen(words)
    give_up = time.monotonic() + 60
    while not answers(port):
        assert process.poll() is None
        assert time.monotonic() < give_up
        time.sleep(0.05)
    yield SimpleNamespace(port=port, folder=folder)
    process.terminate()
    process.wait(timeout=30)


def answers(port):
    try:
        return ask(port, "/").status == 200
    except OSError:
        return False


def ask(port, path, method="GET"):
    """Ask for exactly this path, with nothing made simpler on the way."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.putrequest(method, path, skip_accept_encoding=True)
    connection.endheaders()
    reply = connection.getresponse()
    body = reply.read()
    connection.close()
    return SimpleNamespace(
        status=reply.status, headers={name.lower(): value for name, value in reply.getheaders()}, body=body
    )


def test_a_page_is_served_as_it_was_just_built(server):
    for path, body in (
        ("/", b"home"),
        ("/index.html", b"home"),
        ("/cy/", b"hafan"),
        ("/?text=large", b"home"),
    ):
        reply = ask(server.port, path)
        assert (reply.status, reply.body) == (200, body)
        assert reply.headers["cache-control"] == "no-cache"
    kind = ask(server.port, "/manifest.webmanifest").headers["content-type"]
    assert kind == "application/manifest+json"


def test_what_is_not_there_is_answered_with_the_page_that_says_so(server):
    page = (server.folder / "404.html").read_bytes()
    for path in ("/nowhere.html", "/cy/deep/nowhere.html"):
        reply = ask(server.port, path)
        assert (reply.status, reply.body) == (404, page)
        assert reply.headers["content-type"] == "text/html; charset=utf-8"
        assert int(reply.headers["content-length"]) == len(page)
    assert ask(server.port, "/nowhere.html", "HEAD").body == b""


@pytest.mark.parametrize(
    "path",
    [
        *["/../secret.txt", "/cy/../../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt"],
        *["/....//secret.txt", "//../secret.txt", "/%2e%2e%5csecret.txt", "/..\\secret.txt"],
    ],
)
def test_nothing_outside_the_folder_is_served(server, path):
    reply = ask(server.port, path)
    assert reply.status == 404
    assert b"SECRET" not in reply.body


def test_nothing_can_be_written_through_the_preview(server):
    for method in ("POST", "PUT", "DELETE"):
        assert ask(server.port, "/index.html", method).status == 501
    assert (server.folder / "index.html").read_text(encoding="utf-8") == "home"


def test_a_port_that_is_taken_is_said_in_one_line(server, capsys):
    assert command.main(["serve", str(server.folder), str(server.port)]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_the_preview_is_for_this_machine_alone():
    assert serve.DOORS["preview"].command(8877) == [
        "safesite",
        "serve",
        str(ROOT / ".venv" / "preview"),
        "8877",
    ]
    source = Path(sys.modules[command.serve.__module__].__file__).read_text(encoding="utf-8")
    assert 'HOST = "127.0.0.1"' in source


# python3 -m quizzes, where it has to do with translations


@pytest.fixture
def well(monkeypatch):
    """A course in which all is well but for what a test changes: nothing is run or written."""
    monkeypatch.setattr(cli, "review", lambda _: [])
    monkeypatch.setattr(catalogue, "lacking", lambda: iter(()))
    monkeypatch.setattr(catalogue, "tidy_catalogues", lambda: None)
    monkeypatch.setattr(notebooks, "tidy_lessons", lambda check: [])
    monkeypatch.setattr(teaching, "tidy_pages", lambda check: [])


def failing_with(error):
    def lacking():
        raise error
        yield

    return lacking


@pytest.mark.usefixtures("well")
def test_check_lists_what_is_not_translated_and_all_is_well_all_the_same(monkeypatch, capsys):
    monkeypatch.setattr(catalogue, "lacking", lambda: iter(["cy/words.po: not translated yet: Yes"]))
    assert cli.main(["check"]) == 0
    out, wrong = capsys.readouterr()
    assert (out.splitlines()[0], wrong) == ("cy/words.po: not translated yet: Yes", "")
    assert out.endswith(": all well\n")


@pytest.mark.usefixtures("well")
def test_check_goes_on_where_what_builds_the_pages_is_not_installed(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "safesite.catalogue", None)
    assert cli.main(["check"]) == 0
    assert capsys.readouterr().out.splitlines()[0] == (
        "Translations were not checked. This installs what that needs: python3 -m course build"
    )


@pytest.mark.usefixtures("well")
def test_check_goes_on_when_a_lesson_has_yet_to_be_tidied(monkeypatch, capsys):
    monkeypatch.setattr(
        catalogue, "lacking", failing_with(UserError("01.ipynb: Run: python3 -m quizzes tidy"))
    )
    assert cli.main(["check"]) == 0
    assert capsys.readouterr().out.splitlines()[0] == (
        "Translations were not checked. 01.ipynb: Run: python3 -m quizzes tidy"
    )


@pytest.mark.usefixtures("well")
def test_check_names_a_damaged_catalogue_by_its_line(monkeypatch, capsys):
    fault = Fault(Path("cy/words.po"), 12, "not a catalogue: Unknown or misformatted keyword")
    monkeypatch.setattr(catalogue, "lacking", failing_with(AuthorError([fault])))
    assert cli.main(["check"]) == 1
    assert capsys.readouterr().err == f"{fault}\n"


@pytest.mark.usefixtures("well")
def test_tidy_brings_catalogues_in_step_and_with_check_changes_none(monkeypatch):
    done = []
    monkeypatch.setattr(catalogue, "tidy_catalogues", lambda: done.append("in step"))
    assert cli.main(["tidy", "--check"]) == 0
    assert done == []
    assert cli.main(["tidy"]) == 0
    assert done == ["in step"]


@pytest.mark.usefixtures("well")
def test_tidy_goes_on_where_what_builds_the_pages_is_not_installed(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "safesite.catalogue", None)
    assert cli.main(["tidy"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "All lessons are tidy.",
        "Translations were not brought in step. This installs what that needs: python3 -m course build",
    ]
