"""The plain pages: whole, true to the lessons, the same every time, and with no word of a key.

The site is built once for all these tests.
"""

import base64
import gzip
import hashlib
import json
import os
import re
import struct
import subprocess
import sys
import zipfile
import zlib
from dataclasses import dataclass, field
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from posixpath import dirname, join, normpath
from types import SimpleNamespace
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

import nbformat
import pytest
import segno
from bs4 import BeautifulSoup
from markupsafe import Markup
from safecourse.notebooks import lessons
from safecourse.words import Words, read_catalogue, read_words, speaking, t
from safequiz.bank import bank_names, load_bank
from safequiz.errors import UserError
from safequiz.marking import released_questions
from safesite import build as building
from safesite import catalogue
from safesite.build import ADDRESS, build, make
from safesite.frame import SCRIPTS
from safesite.lessons import read_lesson
from safesite.once import said_once
from safesite.pages import Page, path_of

PAGES = "stay-safe-online/"
UNLISTED = {"404.html", "your-answers.html", "away.html"}
SHIPPED = sorted(path.stem for path in lessons() if path.stem != "00-start-here")


@pytest.fixture(scope="module")
def made():
    """The whole site as it is published, and what its pages were before they had their frame."""
    unframed = []
    real = building.pages

    def noted(*words):
        for page in real(*words):
            unframed.append(page)
            yield page

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(building, "pages", noted)
        return SimpleNamespace(site=make(), unframed=unframed)


@pytest.fixture(scope="module")
def site(made):
    """The whole site as it is published."""
    return made.site


@dataclass
class Seen(HTMLParser):
    """What a page holds: its elements in order, its anchors, its title, and the text of its scripts."""

    html: str
    elements: list = field(default_factory=list)
    texts: dict = field(default_factory=dict)

    def __post_init__(self):
        super().__init__()
        self.feed(self.html)

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_data(self, data):
        if self.elements:
            place = len(self.elements) - 1
            self.texts[place] = self.texts.get(place, "") + data

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]

    def text(self, tag, **wanted):
        """Return the text right after the first such element."""
        for place, (name, attributes) in enumerate(self.elements):
            if name == tag and wanted.items() <= attributes.items():
                return self.texts.get(place, "")
        return ""

    def meta(self, name, key="name"):
        return next((each["content"] for each in self.all("meta") if each.get(key) == name), None)

    def link(self, rel):
        return next((each["href"] for each in self.all("link") if each.get("rel") == rel), None)

    @property
    def ids(self):
        return [attributes["id"] for _, attributes in self.elements if "id" in attributes]

    @property
    def data(self):
        return json.loads(self.text("script", id="data") or "{}")

    @property
    def addresses(self):
        return [each[name] for _, each in self.elements for name in ("href", "src") if each.get(name)]


@pytest.fixture(scope="module")
def pages(site):
    """Every page of the site, by path."""
    return {path: Seen(data.decode()) for path, data in site.files.items() if path.endswith(".html")}


@pytest.fixture(scope="module")
def framed(pages):
    """Every page but the one without words, which has no frame."""
    return {path: page for path, page in pages.items() if path != "away.html"}


def every(value):
    """Yield each pair of a name and a value in JSON."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield name, each
            yield from every(each)
    elif isinstance(value, list):
        for each in value:
            yield "", each
            yield from every(each)


# What there is


def test_there_is_a_page_for_each_lesson_each_quiz_each_review_and_everything_else(site):
    quizzes = [quiz.id for name in bank_names() for quiz in load_bank(name).quizzes]
    wanted = {
        *(f"{name}.html" for name in SHIPPED),
        *(f"teach-{name}.html" for name in SHIPPED),
        *(f"quiz-{name}.html" for name in quizzes),
        *(f"review-{when}.html" for when in ("one-week", "three-months", "six-months")),
        *("index.html", "whom-to-tell.html", "your-answers.html", "family-plan.html", "certificate.html"),
        *("teachers.html", "404.html", "away.html"),
    }
    assert {path for path in site.files if path.endswith(".html") and "/" not in path} == wanted
    assert len(quizzes) == 12


def test_every_page_says_in_one_title_and_one_description_of_its_own_what_it_is(framed):
    for what in (lambda page: page.text("title"), lambda page: page.meta("description")):
        said = [what(page) for page in framed.values()]
        assert all(said)
        assert sorted({text for text in said if said.count(text) > 1}) == []


def test_every_page_names_its_language_and_its_own_address(framed):
    for path, page in framed.items():
        (html,) = page.all("html")
        assert html["lang"] == ("cy" if path.startswith("cy/") else "en"), path
        own = ADDRESS + path.removesuffix("index.html")
        assert page.link("canonical") == (None if path in UNLISTED else own), path
        assert page.meta("og:url", "property") == (None if path in UNLISTED else own), path
        assert (page.meta("robots") == "noindex") == (path in UNLISTED), path


def test_a_page_in_two_languages_names_both_on_each(framed):
    for path in (path for path in framed if path.startswith("cy/")):
        english = path.removeprefix("cy/")
        for here in (path, english):
            others = {
                each["hreflang"]: each["href"]
                for each in framed[here].all("link")
                if each.get("rel") == "alternate"
            }
            assert others == {
                "en": ADDRESS + english.removesuffix("index.html"),
                "cy": ADDRESS + path.removesuffix("index.html"),
            }, here


def test_on_every_page_comes_first_whom_to_call_and_how_to_leave(framed):
    for path, page in framed.items():
        addresses = [each.get("href") for each in page.all("a")]
        assert addresses[:3] == ["#main", "tel:999", "https://www.bbc.co.uk/weather"], path
        assert [each.get("class") for each in page.all("a")][2] == "leave"


def test_a_lesson_travels_in_under_60_000_bytes(site):
    weights = {path: size for path, size in site.weights.items() if re.match(r"(cy/)?\d\d-", path)}
    assert {path: size for path, size in weights.items() if size >= 60_000} == {}
    assert len(weights) > 6
    assert site.weights["404.html"] == len(gzip.compress(site.files["404.html"], 9, mtime=0))


# What it may do


def test_one_policy_but_for_its_hashes_holds_on_every_page_and_lets_nothing_in(pages):
    policies = {page.meta("Content-Security-Policy", "http-equiv") for page in pages.values()}
    # A page names its own scripts and style by their hashes; the one without words has no style.
    (policy,) = {re.sub(r"(script|style)-src ('[^']+' ?)+", r"\1-src HASHES", policy) for policy in policies}
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert "unsafe" not in policy
    assert not re.search(r"https?:|\*", policy)
    assert rules["require-trusted-types-for"] == "'script'"
    assert rules["form-action"] == rules["base-uri"] == "'none'"


def test_no_script_of_a_page_sends_or_fetches_anything():
    for kind, paths in SCRIPTS.items():
        for path in paths:
            code = path.read_text(encoding="utf-8")
            found = re.search(
                r"\b(fetch|XMLHttpRequest|WebSocket|EventSource|sendBeacon|importScripts)\b", code
            )
            assert found is None, f"{kind}: {path.name}: {found}"


def test_the_policy_knows_every_script_and_style_of_every_page(pages):
    def hashed(text):
        return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

    for path, page in pages.items():
        policy = page.meta("Content-Security-Policy", "http-equiv")
        types = [each.get("type") for each in page.all("script")]
        assert types == (["module"] if path == "away.html" else [None, "application/json", "module"]), path
        scripts = [
            (attributes.get("type"), page.texts.get(place, ""))
            for place, (name, attributes) in enumerate(page.elements)
            if name == "script"
        ]
        runs = [text for kind, text in scripts if kind != "application/json"]
        styles = [] if path == "away.html" else [page.text("style")]
        assert sorted(re.findall(r"'sha256-[^']+'", policy)) == sorted(map(hashed, runs + styles)), path


def test_the_policy_comes_before_anything_that_it_is_for(pages):
    for path, page in pages.items():
        kinds = ["policy" if "http-equiv" in each else name for name, each in page.elements]
        assert kinds[:4] == ["html", "head", "meta", "policy"], path
        assert page.elements[2] == ("meta", {"charset": "utf-8"}), path


def test_nothing_on_a_page_has_a_handler_or_a_style_of_its_own_or_sends_anything(pages):
    for path, page in pages.items():
        for name, attributes in page.elements:
            assert not [each for each in attributes if each.startswith("on") or each == "style"], (path, name)
            assert name not in {"iframe", "object", "embed", "base", "form"}, path
        assert not [each for each in page.all("script") if "src" in each], path
        assert not [each for each in page.all("link") if each.get("rel") == "stylesheet"], path
        assert page.meta("referrer") == "no-referrer", path


def test_no_page_asks_another_site_for_anything(pages):
    for path, page in pages.items():
        for name, attributes in page.elements:
            for address in (attributes.get("src"), attributes.get("href") if name == "link" else None):
                if address and attributes.get("rel") not in ("canonical", "alternate"):
                    assert not re.match(r"(https?:)?//", address), (path, address)


def test_no_address_on_a_page_runs_anything(pages):
    for path, page in pages.items():
        schemes = {urlsplit(address).scheme for address in page.addresses}
        assert schemes <= {"", "http", "https", "tel", "mailto", "sms", "data"}, path


# Where it leads


def test_every_link_leads_to_a_page_and_a_place_that_are_there(site, pages):
    home = urlsplit(ADDRESS).path
    lost = []
    for path, page in pages.items():
        twice = {each for each in page.ids if page.ids.count(each) > 1}
        assert not twice, (path, twice)
        for address in page.addresses:
            ours = address.removeprefix(ADDRESS) if address.startswith(ADDRESS) else address
            if address.startswith(home):
                ours = address.removeprefix(home)
            parts = urlsplit(ours)
            if parts.scheme or parts.netloc:
                continue
            from_top = ours is not address
            target = normpath(join("" if from_top else dirname(path), unquote(parts.path)))
            target = path if not parts.path and not from_top else target
            target = "index.html" if target == "." else target
            target = f"{target}/index.html" if f"{target}/index.html" in site.files else target
            if target not in site.files or (parts.fragment and parts.fragment not in pages[target].ids):
                lost.append((path, address))
    assert lost == []


def test_no_page_speaks_of_a_notebook(site):
    for path, data in site.files.items():
        if path.endswith(".html"):
            assert b".ipynb" not in data, path


def test_every_page_can_be_reached_from_the_first(pages):
    found, open_ = set(), ["index.html"]
    while open_:
        path = open_.pop()
        if path in found or path not in pages:
            continue
        found.add(path)
        for each in pages[path].all("a"):
            target = each.get("href", "").split("#")[0]
            if target and ":" not in target:
                open_.append(normpath(join(dirname(path), target)))
    assert set(pages) - found == {"404.html", "away.html"}


def test_the_page_for_what_is_not_there_works_however_deep_it_is_shown(pages):
    relative = [each for each in pages["404.html"].addresses if not re.match(r"#|/course/|[a-z]+:", each)]
    assert relative == []


def test_the_sitemap_lists_the_pages_that_search_engines_may_list_and_no_other(site):
    names = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}
    found = ElementTree.fromstring(site.files["sitemap.xml"]).findall("s:url/s:loc", names)
    pages = {path for path in site.files if path.endswith(".html")} - UNLISTED
    wanted = {ADDRESS + path.removesuffix("index.html") for path in pages}
    assert sorted(each.text for each in found) == sorted(wanted)
    assert f"Sitemap: {ADDRESS}sitemap.xml" in site.files["robots.txt"].decode().splitlines()


# What it takes along


def listed_by_worker(files):
    return json.loads(re.search(r"const FILES = (\[.*?\]);", files["sw.js"].decode())[1])


def version(worker):
    return re.search(r"[0-9a-f]{16}", worker.decode())[0]


def test_what_is_kept_for_offline_is_there_and_has_every_page(site):
    kept = listed_by_worker(site.files)
    assert set(kept) <= set(site.files)
    assert {path for path in site.files if path.endswith(".html")} <= set(kept)
    assert not [path for path in kept if path.endswith(".zip")], "nobody waits for that on a phone"


def test_any_changed_page_is_a_new_version(site):
    last = ("sw.js", building.ZIP, building.LIST)
    files = {path: data for path, data in site.files.items() if path not in last}
    assert version(building._worker(files)) == version(site.files["sw.js"])
    for path in ("01-grooming-signs.html", "cy/index.html", "icon-192.png"):
        changed = building._worker(files | {path: files[path] + b" "})
        assert version(changed) != version(site.files["sw.js"]), path
    slide = building._worker(files | {"qr/01-grooming-signs.png": b"drawn by another zlib"})
    assert version(slide) == version(site.files["sw.js"]), "nobody is told of what is no part of reading"


def test_the_zip_holds_the_whole_site_in_one_folder(site):
    with zipfile.ZipFile(BytesIO(site.files[building.ZIP])) as archive:
        assert archive.testzip() is None
        packed = {name.removeprefix(PAGES): archive.read(name) for name in archive.namelist()}
        assert all(name.startswith(PAGES) for name in archive.namelist())
        assert {info.external_attr >> 16 & 0o777 for info in archive.infolist()} == {0o644}
    besides = (building.ZIP, building.LIST)
    assert packed == {path: data for path, data in site.files.items() if path not in besides}


def test_the_manifest_and_its_icons_are_there(site, framed):
    manifest = json.loads(site.files["manifest.webmanifest"])
    for icon in manifest["icons"]:
        data = site.files[icon["src"]]
        assert "{}x{}".format(*struct.unpack(">II", data[16:24])) == icon["sizes"]
    assert manifest["start_url"] == manifest["scope"] == "./"


def modules(png):
    """Return the dark and light squares of a QR code in a PNG of ten points to a square, as 1 and 0."""
    width, height, depth, colour = struct.unpack(">IIBB", png[16:26])
    assert (depth, colour) == (1, 0)
    chunks, place = b"", 8
    while place < len(png):
        (size,) = struct.unpack(">I", png[place : place + 4])
        if png[place + 4 : place + 8] == b"IDAT":
            chunks += png[place + 8 : place + 8 + size]
        place += size + 12
    row = (width + 7) // 8 + 1
    raw = zlib.decompress(chunks)
    lines = [bytes(row)]
    for start in range(0, height * row, row):
        above = lines[-1] if raw[start] == 2 else bytes(row)  # a line may hold how it differs from the last
        assert raw[start] in (0, 2)
        lines.append(bytes((a + b) % 256 for a, b in zip(raw[start : start + row], above, strict=True)))
    points = [[1 - (line[1 + x // 8] >> (7 - x % 8) & 1) for x in range(width)] for line in lines[1:]]
    return [line[5::10] for line in points[5::10]]


def test_each_lesson_has_a_qr_code_of_its_address_with_room_around_it(site, pages):
    for name in ("index", *SHIPPED):
        if f"qr/{name}.png" not in site.files:
            continue
        found = modules(site.files[f"qr/{name}.png"])
        wanted = [list(row) for row in segno.make(f"{ADDRESS}{name}.html", error="m", micro=False).matrix]
        assert [row[4:-4] for row in found[4:-4]] == wanted
        assert not any(map(any, [*found[:4], *found[-4:]])), "a quiet edge of four squares"
        assert site.files[f"qr/{name}.svg"].startswith(b"<?xml")
    teachers = site.files["teachers.html"].decode()
    for name in SHIPPED:
        assert f"qr/{name}.png" in site.files
        assert f"{ADDRESS}{name}.html" in teachers


# The same every time


def test_the_same_course_gives_the_same_bytes_wherever_and_however_it_is_built(site, tmp_path):
    out = tmp_path / "a folder of another name"
    subprocess.run(
        [sys.executable, "-P", "-m", "safesite", "build", "--out", str(out)],
        env=os.environ | {"PYTHONHASHSEED": "12345", "TZ": "Pacific/Auckland"},
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
    made = {path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*") if path.is_file()}
    assert made.keys() == site.files.keys()
    assert [path for path in made if made[path] != site.files[path]] == []


@pytest.fixture
def quick(site, monkeypatch):
    """Let `build` write the site that is made already."""
    monkeypatch.setattr(building, "make", lambda address=ADDRESS: site)


@pytest.mark.usefixtures("quick")
def test_what_an_earlier_build_left_goes(site, tmp_path):
    out = tmp_path / "site"
    build(out)
    (out / "09-gone.html").write_text("old", encoding="utf-8")
    with (out / building.LIST).open("a", encoding="utf-8") as listed:
        listed.write("09-gone.html\n")
    build(out)
    assert {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()} == set(site.files)
    assert list(tmp_path.iterdir()) == [out], "nothing is left beside it"


@pytest.mark.usefixtures("quick")
def test_an_empty_folder_may_be_built_in(tmp_path):
    build(tmp_path / "deep" / "empty")
    (tmp_path / "there").mkdir()
    build(tmp_path / "there")
    assert (tmp_path / "there" / "index.html").is_file()


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("name", ["photo.jpg", "index.html", "sw.js"])
def test_a_folder_that_holds_something_else_is_left_alone(tmp_path, name):
    (tmp_path / name).write_text("mine", encoding="utf-8")
    with pytest.raises(UserError, match="holds something else: choose an empty or new folder with --out"):
        build(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.usefixtures("quick")
def test_somebodys_own_web_app_is_something_else(tmp_path):
    for name in ("index.html", "sw.js", "thesis.txt"):
        (tmp_path / name).write_text("mine", encoding="utf-8")
    with pytest.raises(UserError, match="holds something else"):
        build(tmp_path)
    assert (tmp_path / "thesis.txt").read_text(encoding="utf-8") == "mine"


@pytest.mark.usefixtures("quick")
def test_a_clone_that_a_site_was_once_built_in_keeps_its_history(tmp_path):
    build(tmp_path / "clone")
    (tmp_path / "clone" / ".git").mkdir()
    (tmp_path / "clone" / ".git" / "HEAD").write_text("mine", encoding="utf-8")
    with pytest.raises(UserError, match="holds something else"):
        build(tmp_path / "clone")
    assert (tmp_path / "clone" / ".git" / "HEAD").read_text(encoding="utf-8") == "mine"


@pytest.mark.usefixtures("quick")
def test_a_link_to_a_folder_stays_a_link(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    build(tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real" / "index.html").is_file()


def test_a_language_without_a_name_of_its_own_is_refused(monkeypatch):
    monkeypatch.setattr(building, "languages", lambda: ["en", "xx"])
    with pytest.raises(UserError, match=r"add 'xx' to LANGUAGES in frame\.py"):
        building.make()


@pytest.mark.usefixtures("quick")
def test_a_file_is_no_folder_to_build_in(tmp_path):
    (tmp_path / "site").write_text("mine", encoding="utf-8")
    with pytest.raises(UserError, match="holds something else"):
        build(tmp_path / "site")
    assert (tmp_path / "site").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize(
    "address",
    [
        *["", "example.org/", "ftp://example.org/", "https://example.org", "https://example.org/course"],
        *["https://example.org/?a=b/", "https://example.org/#a/", "https://exam ple.org/", "https:///x/"],
        *['https://example.org/"/', "https://example.org/<b>/", "javascript:alert(1)//", "https://a.org/\n"],
    ],
)
def test_an_address_that_is_none_is_refused_before_anything_is_built(tmp_path, monkeypatch, address):
    monkeypatch.setattr(building, "make", lambda _: pytest.fail("built"))
    with pytest.raises(UserError, match=r"is no address of a folder: it should be like https://"):
        build(tmp_path / "site", address)
    assert not (tmp_path / "site").exists()


@pytest.mark.parametrize("address", ["http://127.0.0.1:8877/", "https://school.example/safety/", ADDRESS])
def test_an_address_of_a_folder_is_taken(tmp_path, monkeypatch, address):
    asked = []
    monkeypatch.setattr(
        building, "make", lambda wanted: asked.append(wanted) or SimpleNamespace(files={"index.html": b"x"})
    )
    build(tmp_path / "site", address)
    assert asked == [address]


# No key where it counts


#: What only the key of an item has.
KEYS = {"key", "rationale", "misconception", "worth", "rubric", "facts"}


def test_the_page_of_a_marked_quiz_holds_its_questions_and_nothing_of_the_key(site, pages):
    for name in bank_names():
        for quiz in load_bank(name).quizzes:
            path = f"quiz-{quiz.id}.html"
            html = site.files[path].decode()
            plain = BeautifulSoup(html, "html.parser")
            for script in plain.find_all("script", type="module"):
                script.decompose()  # the same on all of these pages
            text = str(plain)
            pairs = list(every(pages[path].data))
            assert not {name for name, _ in pairs} & KEYS, path
            values = [value for _, value in pairs if isinstance(value, str)]
            for item in quiz.items:
                assert item.id in values
                for part, secret in every(item.model_dump(mode="json")):
                    if part == "misconception":
                        assert secret not in values, (path, item.id)
                    elif part in ("rationale", "rubric"):
                        lines = secret if part == "rubric" else [secret]
                        assert not [line for line in lines if line and line in text], (path, item.id)


def test_the_questions_of_a_marked_quiz_are_those_that_are_released(pages):
    for name in bank_names():
        for quiz in load_bank(name).quizzes:
            (slot,) = pages[f"quiz-{quiz.id}.html"].data["slots"]
            released = released_questions(quiz)
            assert (slot["name"], slot["content"]) == (released["quiz"], released["content"])
            shown, wanted = ([item["id"] for item in each["items"]] for each in (slot["quiz"], released))
            assert shown == wanted


# Said once


def decoded(html, data):
    """Put the texts back into `data` as a page does: a small reader of references, written anew."""
    marked = BeautifulSoup(html, "html.parser").select("[data-t]")
    last = {}

    def whole(value, name):
        if isinstance(value, dict):
            return {key: whole(each, key) for key, each in value.items()}
        if isinstance(value, list):
            return [whole(each, "") for each in value]
        if not isinstance(value, str) or not value.startswith("~"):
            return value
        last[name] = last[name] + 1 if value == "~" else int(value[1:])
        element = marked[last[name]]
        return element["href"] if name == "url" else " ".join(element.get_text().split())

    return whole(data, "")


def listed(data):
    """Return data as JSON has it."""
    return json.loads(json.dumps(data))


def test_what_a_page_shows_is_referred_to_and_comes_back_whole():
    html = (
        "<p>Which colour has the sky?</p><ol><li>It is <b>blue</b> today.</li><li>Often it is grey.</li></ol>"
        "<p>  Two\n  lines of text  </p><p>Short</p><p>Read on: it has no element of its own.<br>Bye.</p>"
    )
    data = {
        "stem": "Which colour has the sky?",
        "options": [{"text": "Often it is grey.", "id": "x"}, {"text": "Nowhere on the page", "id": "y"}],
        "more": ["Two lines of text", "Short", "Often it is grey.", 7, None, True],
        "alone": "Read on: it has no element of its own.",
    }
    shown, short = said_once(html, data)

    assert decoded(shown, short) == data
    assert short["stem"] == "~0"
    assert short["options"][0]["text"].startswith("~")
    assert short["options"][1]["text"] == "Nowhere on the page"
    assert short["more"][1] == "Short", "a reference would take as much room"
    assert " ".join(BeautifulSoup(shown, "html.parser").get_text().split()) == " ".join(
        BeautifulSoup(html, "html.parser").get_text().split()
    )


def test_the_next_text_under_the_same_name_is_referred_to_by_the_mark_alone():
    sentences = ["The first sentence.", "The second sentence.", "The third sentence."]
    html = "".join(f"<p>{sentence}</p>" for sentence in sentences)
    data = [{"text": sentence} for sentence in sentences]
    shown, short = said_once(html, data)

    assert short == [{"text": "~0"}, {"text": "~"}, {"text": "~"}]
    assert decoded(shown, short) == data


def test_a_link_on_the_page_stands_for_the_name_and_the_address_of_a_source():
    html = (
        '<p>See <a href="https://a.example/?x=1&amp;y=2">A page of facts</a> or <a href="b.html">B</a>.</p>'
    )
    data = [
        {"name": "A page of facts", "url": "https://a.example/?x=1&y=2", "checked": "2026"},
        {"name": "A page of facts", "url": "https://elsewhere.example/"},
    ]
    shown, short = said_once(html, data)

    assert short[0] == {"name": "~0", "url": "~0", "checked": "2026"}
    assert short[1]["url"] == data[1]["url"], "that address is not on the page"
    assert decoded(shown, short) == data


def test_a_text_that_looks_like_a_reference_is_refused():
    with pytest.raises(
        UserError, match="a text may not begin with '~', which stands for a reference: ~5 degr"
    ):
        said_once("<p>x</p>", {"text": "~5 degrees"})
    with pytest.raises(UserError, match="a text may not begin with '~'"):
        said_once("<p>x</p>", {"name": "~5 degrees", "url": "https://kite.example/"})


def test_a_name_that_json_would_put_first_is_refused():
    with pytest.raises(
        UserError, match="a name in a page's data may not be a number, which JSON puts first: 101"
    ):
        said_once("<p>x</p>", {"contacts": {"police": "Ring them", "101": "Ring this"}})


def test_a_text_that_is_an_address_is_no_reference_to_one():
    address = "https://kite.example/wind"
    html, data = said_once(f"<p>{address}</p>", {"text": address, "url": address})
    assert data == {"text": "~0", "url": address}
    assert "<p data-t" in html


def test_a_comment_is_no_text_of_the_page():
    assert said_once("<!--Not on the page--><p>x</p>", ["Not on the page"])[1] == ["Not on the page"]


def test_every_page_of_the_course_comes_back_whole(made):
    saved = 0
    for page in made.unframed:
        data = listed(page.data)
        shown, short = said_once(page.body, data)
        assert decoded(shown, listed(short)) == data, page.path
        saved += len(json.dumps(data)) - len(json.dumps(short))
    assert saved > 300_000


def test_no_name_in_a_pages_data_is_a_number_which_a_browser_would_read_first(framed):
    for path, page in framed.items():
        assert not [name for name, _ in every(page.data) if name.isdecimal()], path


def test_every_reference_of_a_page_names_an_element_that_is_there(framed):
    for path, page in framed.items():
        marked = sum("data-t" in attributes for _, attributes in page.elements)
        places = [
            int(value[1:])
            for _, value in every(page.data)
            if isinstance(value, str) and re.fullmatch(r"~\d+", value)
        ]
        assert max(places, default=-1) < marked or not places, path


# Lessons


def no_page(_):
    return ""


@pytest.fixture(scope="module")
def read():
    """Every lesson but the start page, whose place the home page takes."""
    return [read_lesson(path, no_page) for path in lessons() if path.stem in SHIPPED]


def write_lesson(folder, *cells, name="07-kites"):
    """Write a notebook of text cells (id, text) and code cells (id, source, stored output)."""
    head = ("title", "# Kites: wind and string\n\nYou will know the wind.\n\n**Time:** about 20 minutes")
    made = []
    for cell_id, source, *stored in (head, *cells):
        if stored:
            cell = nbformat.v4.new_code_cell(source, id=cell_id)
            if stored[0] is not None:
                shown = {"data": {"text/plain": stored[0]}, "execution_count": 1}
                cell.outputs = [nbformat.v4.new_output("execute_result", **shown)]
        else:
            cell = nbformat.v4.new_markdown_cell(source, id=cell_id)
        made.append(cell)
    path = folder / f"{name}.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=made), path)
    return path


def test_a_lesson_has_its_title_its_promise_its_minutes_and_a_section_for_each_heading(tmp_path):
    cells = ("wind", "## Wind & string\n\nPull."), ("more", "And *let go*."), ("end", "## End")
    path = write_lesson(tmp_path, *cells)
    lesson = read_lesson(path, no_page)

    assert (lesson.id, lesson.name, lesson.minutes) == ("07-kites", "Kites", 20)
    assert (lesson.title, lesson.promise) == ("Kites: wind and string", "You will know the wind.")
    assert [(each.id, each.level) for each in lesson.sections] == [("title", 1), ("wind", 2), ("end", 2)]
    assert "<em>let go</em>" in lesson.section("wind").html
    with pytest.raises(KeyError, match="07-kites: no such section: rain"):
        lesson.section("rain")


def test_what_is_stored_in_a_lesson_must_be_what_its_cell_shows(tmp_path):
    for stored in ("3", None):
        path = write_lesson(tmp_path, ("sum", "1 + 1", stored))
        with pytest.raises(UserError) as refused:
            read_lesson(path, no_page)
        assert str(refused.value) == (
            "07-kites.ipynb, cell 'sum': what is stored is not what it shows. Run: python3 -m quizzes tidy"
        )
    lesson = read_lesson(write_lesson(tmp_path, ("sum", "1 + 1", "2")), no_page)
    assert "2" in lesson.sections[0].html


def test_a_cell_that_fails_is_named_with_its_reason(tmp_path):
    path = write_lesson(tmp_path, ("ok", "x = 1", None), ("oops", "x / 0", "1"))
    with pytest.raises(UserError, match=r"^07-kites\.ipynb, cell 'oops': ZeroDivisionError: division"):
        read_lesson(path, no_page)


def test_a_cell_runs_where_nobodys_answers_are(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my-answers.json").write_text("{}", encoding="utf-8")
    path = write_lesson(tmp_path, ("look", "from pathlib import Path\nlist(Path().iterdir())", "[]"))
    assert read_lesson(path, no_page).sections
    assert Path.cwd() == tmp_path


def test_what_speaks_of_jupyter_is_left_out(tmp_path):
    path = write_lesson(tmp_path, ("run", "## Press Run\n\nIn the menu."), ("end", "## End\n\nBye."))
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[1].metadata["tags"] = ["jupyter-only"]
    nbformat.write(notebook, path)
    lesson = read_lesson(path, no_page)

    assert [section.id for section in lesson.sections] == ["title", "end"]
    assert "Press Run" not in "".join(section.html for section in lesson.sections)


def test_the_anchor_of_a_section_is_the_id_of_its_cell_which_no_rewording_changes(tmp_path):
    path = write_lesson(
        tmp_path, ("go", "## Go\n\n[Down](#What-to-do-now)"), ("act", "## What to do now\n\n[Odd](#nowhere)")
    )
    lesson = read_lesson(path, no_page)

    assert 'href="#act"' in lesson.section("go").html
    assert 'href="#nowhere"' in lesson.section("act").html
    assert 'id="' not in lesson.section("act").html


def test_links_between_lessons_lead_to_their_pages(tmp_path):
    links = "[a](02-privacy-settings.ipynb) [b](05-where-to-report.ipynb#finder) [c](00-start-here.ipynb)"
    path = write_lesson(tmp_path, ("go", f"## Go\n\n{links}"))

    def addresses():
        return re.findall(r'href="([^"]*)"', read_lesson(path, no_page).section("go").html)

    assert addresses() == ["02-privacy-settings.html", "05-where-to-report.html#finder", "index.html"]
    with speaking(Words("cy")):
        assert addresses() == ["../02-privacy-settings.html", "05-where-to-report.html#finder", "index.html"]


def test_a_line_that_lacks_a_translation_is_marked_as_english(tmp_path):
    path = write_lesson(tmp_path, ("go", "## Go\n\n- One thing\n- Another thing"))
    with speaking(Words("cy", {"07-kites": {"Go": "Ewch", "One thing": "Un peth"}})) as spoken:
        html = read_lesson(path, no_page).section("go").html

    assert "Ewch" in html
    assert "<li>Un peth</li>" in html
    assert '<li><span lang="en">Another thing</span></li>' in html
    assert spoken.asked["07-kites"]["Another thing"] == ""


def test_each_lesson_sends_its_part_for_teachers_to_the_teaching_page(read, pages):
    for lesson in read:
        plan, page = pages[f"teach-{lesson.id}.html"], pages[f"{lesson.id}.html"]
        first, *more = lesson.for_teachers
        assert first.id == "for-teachers"
        assert {section.id for section in lesson.for_teachers} <= set(plan.ids)
        assert not {section.id for section in more} & set(page.ids), lesson.id
        assert f"teach-{lesson.id}.html" in page.addresses


def test_every_section_of_every_lesson_stands_on_a_page_of_its_own_name(read, pages):
    for lesson in read:
        here = {*pages[f"{lesson.id}.html"].ids, *pages[f"teach-{lesson.id}.html"].ids}
        assert {section.id for section in lesson.sections} <= here, lesson.id


# Other languages


def test_a_new_sentence_comes_into_a_catalogue_empty_and_an_old_one_stays_as_a_comment(tmp_path):
    path = tmp_path / "cy" / "kites.po"
    catalogue.update(path, {"Wind": "", "String": ""})
    text = path.read_text(encoding="utf-8")
    assert 'msgid "Wind"\nmsgstr ""\n' in text
    path.write_text(text.replace('msgid "Wind"\nmsgstr ""', 'msgid "Wind"\nmsgstr "Gwynt"'), encoding="utf-8")

    catalogue.update(path, {"String": "", "Tail": ""})

    messages = {each.id: each.string for each in read_catalogue(path) if each.id}
    assert messages == {"String": "", "Tail": ""}
    assert '#~ msgid "Wind"\n#~ msgstr "Gwynt"' in path.read_text(encoding="utf-8")

    catalogue.update(path, {"String": "", "Tail": "", "Wind": ""})  # the sentence has come back

    assert {each.id: each.string for each in read_catalogue(path) if each.id}["Wind"] == "Gwynt"


def test_a_catalogue_in_step_is_written_again_byte_for_byte(tmp_path):
    path = tmp_path / "cy" / "kites.po"
    wanted = {"Wind": "", "A sentence that is so long that it goes on in the next line of the file, " * 3: ""}
    catalogue.update(path, wanted | {"Old": ""})
    path.write_text(path.read_text(encoding="utf-8").replace('""\n\n', '"Ŵy"\n\n'), encoding="utf-8")
    catalogue.update(path, wanted)
    first = path.read_bytes()
    catalogue.update(path, wanted)

    assert path.read_bytes() == first
    assert b"\r" not in first
    assert b"POT-Creation-Date" not in first


def test_nothing_is_guessed_for_a_sentence_that_was_reworded(tmp_path):
    path = tmp_path / "cy" / "kites.po"
    path.parent.mkdir()
    path.write_text('msgid ""\nmsgstr ""\n\nmsgid "Hold the string"\nmsgstr "Daliwch"\n', encoding="utf-8")
    catalogue.update(path, {"Hold the strings": ""})

    assert [(each.id, each.string) for each in read_catalogue(path) if each.id] == [("Hold the strings", "")]


def test_a_catalogue_is_kept_with_what_it_is_of():
    course, bank = catalogue.FOLDERS
    assert catalogue.path_of("cy", "words") == course / "cy" / "words.po"
    assert catalogue.path_of("cy", "05-where-to-report") == course / "cy" / "05-where-to-report.po"
    assert catalogue.path_of("cy", "where-to-report") == bank / "cy" / "where-to-report.po"


def test_what_pages_say_in_english_is_listed_with_its_catalogue(monkeypatch):
    asked = {"words": {"Yes": "Ie", "No": ""}, "where-to-report": {"Check yourself": ""}}
    made = SimpleNamespace(words=(Words("cy", asked=asked),))
    monkeypatch.setattr(catalogue, "make", lambda: made)

    assert list(catalogue.lacking()) == [
        "cy/words.po: not translated yet: No",
        "cy/where-to-report.po: not translated yet: Check yourself",
    ]


def test_a_sentence_that_is_taken_out_of_a_catalogue_is_listed(monkeypatch):
    def one_page(*_):
        title = t("Whom to tell")
        yield Page(path_of("index.html"), "finder", "lesson", title, title, Markup("<p>x</p>"))

    welsh = read_words("cy")
    assert welsh.known["words"].pop("Whom to tell")
    monkeypatch.setattr(building, "pages", one_page)
    monkeypatch.setattr(building, "read_words", lambda name: welsh if name == "cy" else Words(name))

    assert "cy/words.po: not translated yet: Whom to tell" in list(catalogue.lacking())


def test_tidying_brings_each_catalogue_of_each_language_in_step(tmp_path, monkeypatch):
    folders = (tmp_path / "course", tmp_path / "bank")
    monkeypatch.setattr(catalogue, "FOLDERS", folders)
    asked = {"words": {"Yes": "Ie"}, "where-to-report": {"Check yourself": ""}}
    monkeypatch.setattr(catalogue, "make", lambda: SimpleNamespace(words=(Words("cy", asked=asked),)))
    catalogue.tidy_catalogues()

    there = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.po"))
    assert there == ["bank/cy/where-to-report.po", "course/cy/words.po"]


def test_a_page_in_another_language_says_that_it_awaits_review_and_where_the_english_is(framed):
    for path, page in framed.items():
        awaiting = [place for place, (_, each) in enumerate(page.elements) if each.get("class") == "awaiting"]
        assert bool(awaiting) == path.startswith("cy/"), path
        if awaiting:
            assert f"../{path.removeprefix('cy/')}" in page.addresses
