"""The plain pages in Firefox, steered by WebDriver BiDi, which it speaks itself: no driver is needed.

Skipped without Firefox (140 or later): on Debian `sudo apt install firefox-esr`, or set FIREFOX_BIN.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import time

import pytest
import websocket
from axe_playwright_python.base import AXE_SCRIPT

from tests.ports import free_port

from .conftest import served
from .site_pages import ELSEWHERE, KEY, READY, any_response, questions

FIREFOX = shutil.which(os.environ.get("FIREFOX_BIN", "firefox-esr")) or shutil.which("firefox")
pytestmark = pytest.mark.skipif(FIREFOX is None, reason="needs Firefox: apt install firefox-esr")
LESSON = "01-grooming-signs.html"
PREFERENCES = {
    "app.normandy.enabled": False,
    "app.update.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "remote.active-protocols": 1,
    "services.settings.server": "data:,",
    "toolkit.telemetry.server": "",
}
KEYS = {"Space": " ", "Enter": "\ue006", "Escape": "\ue00c", "Tab": "\ue004"}


class Tab:
    """A tab of a Firefox."""

    def __init__(self, port: int):
        """Wait for the browser that listens on `port`, and take its first tab."""
        end = time.monotonic() + 60
        while True:
            try:
                self.socket = websocket.create_connection(
                    f"ws://127.0.0.1:{port}/session", timeout=60, suppress_origin=True
                )
                break
            except OSError:
                assert time.monotonic() < end, "Firefox did not start"
                time.sleep(0.2)
        self.number = 0
        self.complaints: list[str] = []
        self.call("session.new", capabilities={})
        self.call("session.subscribe", events=["log.entryAdded", "network.beforeRequestSent"])
        self.call("network.addIntercept", phases=["beforeRequestSent"], urlPatterns=[ELSEWHERE_PATTERN])
        self.id = self.call("browsingContext.getTree")["contexts"][0]["context"]

    def call(self, method, **words):
        """Send a command and return its result; take in meanwhile what the browser tells."""
        self.number += 1
        mine = self.number
        self.socket.send(json.dumps({"id": mine, "method": method, "params": words}))
        while True:
            heard = json.loads(self.socket.recv())
            if heard.get("id") == mine:
                assert heard["type"] == "success", f"{method}: {heard.get('message')}"
                return heard["result"]
            if heard.get("method") == "log.entryAdded" and heard["params"]["level"] == "error":
                self.complaints.append(heard["params"]["text"])
            if heard.get("method") == "network.beforeRequestSent" and heard["params"]["isBlocked"]:
                self._weather(heard["params"]["request"]["request"])

    def _weather(self, request):
        # Nobody's answer is waited for: the next call takes it in.
        self.number += 1
        body = {"type": "string", "value": "<title>Weather</title>Weather"}
        header = {"name": "Content-Type", "value": {"type": "string", "value": "text/html"}}
        words = {"request": request, "statusCode": 200, "headers": [header], "body": body}
        call = {"id": self.number, "method": "network.provideResponse", "params": words}
        self.socket.send(json.dumps(call))

    def run(self, function, *values):
        """Call a function in the page with these values, and return what it returns, as JSON has it."""
        found = self.call(
            "script.callFunction",
            functionDeclaration=f"async (text) => JSON.stringify(await ({function})(...JSON.parse(text)))",
            arguments=[{"type": "string", "value": json.dumps(values)}],
            target={"context": self.id},
            awaitPromise=True,
        )
        assert found["type"] == "success", found["exceptionDetails"]["text"]
        return json.loads(found["result"].get("value", "null"))

    def until(self, function, *values):
        """Wait until the function returns something true, and return that."""
        end = time.monotonic() + 30
        while True:
            try:
                if found := self.run(function, *values):
                    return found
            except AssertionError:  # the page was just changing
                pass
            assert time.monotonic() < end, f"{function} {values}: never in {self.run('() => location.href')}"
            time.sleep(0.05)

    def open(self, url):
        """Open an address, and wait for a page of the course to have all its parts."""
        self.call("browsingContext.navigate", context=self.id, url=url, wait="complete")
        self.until(f"() => Boolean(({READY})())")

    def press(self, *names):
        """Press keys, one after the other."""
        keys = [KEYS.get(name, name) for name in names]
        actions = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        source = {"type": "key", "id": "keyboard", "actions": actions}
        self.call("input.performActions", context=self.id, actions=[source])

    def click(self, selector):
        """Click on an element. No key that is sent this way would press a button."""
        middle = self.run(
            """(selector) => {
              const element = document.querySelector(selector);
              element.scrollIntoView({ block: "center" });
              const { x, y, width, height } = element.getBoundingClientRect();
              return [Math.round(x + width / 2), Math.round(y + height / 2)];
            }""",
            selector,
        )
        move = {"type": "pointerMove", "x": middle[0], "y": middle[1]}
        actions = [move, *({"type": kind, "button": 0} for kind in ("pointerDown", "pointerUp"))]
        source = {"type": "pointer", "id": "mouse", "actions": actions}
        self.call("input.performActions", context=self.id, actions=[source])

    def resize(self, width, height):
        """Make the page so wide and high."""
        self.call("browsingContext.setViewport", context=self.id, viewport={"width": width, "height": height})


ELSEWHERE_PATTERN = {"type": "string", "pattern": ELSEWHERE}


@pytest.fixture(scope="module")
def firefox(tmp_path_factory):
    """Return the tab of one Firefox for all tests, with a profile of its own."""
    profile, port = tmp_path_factory.mktemp("firefox"), free_port()
    lines = (f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in PREFERENCES.items())
    (profile / "user.js").write_text("".join(lines), encoding="utf-8")
    process = subprocess.Popen(
        [FIREFOX, "--headless", "--no-remote", "--profile", profile, f"--remote-debugging-port={port}"],
        env=os.environ | {"HOME": str(profile)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield Tab(port)
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture
def tab(firefox):
    """Return the tab; a page that makes the browser complain fails the test."""
    firefox.complaints.clear()
    yield firefox
    # It may still be on its way to the icon when a page is left.
    assert [text for text in firefox.complaints if "icon-192.png" not in text] == []


WIDE = "() => Math.max(0, document.documentElement.scrollWidth - document.documentElement.clientWidth)"


def test_every_page_opens_whole_without_a_complaint_and_never_scrolls_sideways(tab, site):
    wide = {}
    for path in site.paths:
        tab.open(site.url + path)
        assert tab.run("() => document.querySelectorAll('h1').length") == 1, path
        for width in (320, 1280):
            tab.resize(width, 700)
            wide[path, width] = tab.run(WIDE)
    tab.resize(1000, 800)
    assert {place: by for place, by in wide.items() if by} == {}


@pytest.mark.parametrize("path", ["index.html", LESSON, "whom-to-tell.html", "quiz-grooming-signs.html"])
def test_axe_finds_no_fault(tab, site, path):
    tab.open(site.url + path)
    found = tab.run(
        f"async () => {{ {AXE_SCRIPT}; const {{ violations }} = await axe.run(document); "
        "return violations.map(({ id, nodes }) => `${id}: ${nodes[0].target}`); }"
    )
    assert found == []


FOCUS = "(selector) => { document.querySelector(selector).focus(); return true; }"


@pytest.mark.parametrize("door", ["server", "folder"])
def test_a_question_is_answered_and_the_answer_is_there_after_a_reload(tab, site, door):
    url = site.url + LESSON if door == "server" else (site.folder / LESSON).as_uri()
    tab.open(url)
    slot, place, view = next(each for each in questions(site, LESSON) if each[2]["kind"] == "single")
    (chosen,) = any_response(view)
    box = f'[data-slot="{slot}"] > .ssq > .ssq-card:nth-of-type({place + 1})'
    option = f'{box} input[value="{chosen}"]'
    tab.click(option)
    tab.press("Tab")
    assert tab.run("() => document.activeElement.textContent") == "Check"
    tab.click(f"{box} .ssq-check")
    tab.until("(box) => document.querySelector(`${box} .ssq-verdict`)?.textContent", box)
    kept = json.loads(tab.run("(key) => localStorage.getItem(key)", KEY))["quizzes"]
    assert kept["grooming-signs-practice"]["responses"] == {view["id"]: [chosen]}
    tab.open(url)
    assert tab.run("(option) => document.querySelector(option).checked", option)
    tab.run("() => localStorage.clear()")


def test_larger_text_goes_along_a_link(tab, site):
    tab.open(f"{site.url}index.html")
    tab.click("#tools button")
    assert tab.run(FOCUS, ".site a[href*=whom-to-tell]")
    tab.press("Enter")
    tab.until(f"() => location.pathname.endsWith('whom-to-tell.html') && Boolean(({READY})())")
    assert tab.run("() => document.documentElement.className") == "larger"


def test_escape_three_times_leaves_and_going_back_does_not_show_the_course(tab, site):
    tab.open(f"{site.url}index.html")
    tab.open(site.url + LESSON)
    tab.press("Escape", "Escape", "Escape")
    tab.until("() => document.title === 'Weather'")
    assert tab.run("() => location.href") == ELSEWHERE


def test_after_one_visit_the_course_opens_while_no_server_is_there(tab, site):
    with served(site.folder, free_port()) as url:
        tab.open(url)
        tab.until("() => navigator.serviceWorker.controller?.state === 'activated'")
    for path in ("index.html", "04-abusive-messages.html", "cy/index.html", "quiz-grooming-signs.html"):
        tab.open(url + path)
    tab.open(f"{url}no-such-page.html")
    assert re.match("This page is not here", tab.run("() => document.querySelector('h1').textContent"))
