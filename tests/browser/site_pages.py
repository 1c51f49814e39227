"""A page of the site in a browser: open it, answer its questions by keyboard alone, read what is answered."""

from __future__ import annotations

import html
import re
from typing import Any

from playwright.sync_api import Locator, Page
from safequiz.responses import parse, to_json

#: What opens when somebody leaves; the tests answer for it.
ELSEWHERE = "https://www.bbc.co.uk/weather"
#: What a page keeps answers under, in the storage of the browser.
KEY = "stay-safe-online"
#: True once a page of the site has all its parts.
READY = """() => document.querySelector("#tools button") &&
  [...document.querySelectorAll("[data-slot]")].every((slot) => slot.querySelector(".ssq"))"""


def open_context(browser, **options):
    """Open a context in which leaving leads to a page of ours, as no test may ask another site."""
    options = {"viewport": {"width": 1000, "height": 800}, "service_workers": "block"} | options
    context = browser.new_context(**options)
    context.route(
        re.compile(r"^https://www\.bbc\.co\.uk/"),
        lambda route: route.fulfill(body="<title>Weather</title>Weather", content_type="text/html"),
    )
    return context


def opened(page, site, path):
    """Open a page of the site, and wait until all of its parts are there."""
    page.goto(site.url + path)
    page.wait_for_function(READY)
    return page


def laid_out(page):
    """Have the page lay out at once what it else lays out only once it comes near the window."""
    page.evaluate("""() => {
      const sheet = new CSSStyleSheet();
      sheet.insertRule("* { content-visibility: visible !important; }");
      document.adoptedStyleSheets.push(sheet);
    }""")


def questions(site, path):
    """Return what is asked on a page: slot, place in it, and the question."""
    return [
        (number, place, view)
        for number, slot in enumerate(site.pages[path].data["slots"])
        for place, view in enumerate(slot.get("quiz", {}).get("items", []))
    ]


def kept(page):
    """Return what the browser keeps, read as strictly as a file; it must be the very bytes of one."""
    text = page.evaluate("(key) => localStorage.getItem(key)", KEY)
    answers = parse(text.encode())
    assert to_json(answers).decode() == text
    return answers


def spaced(text: str) -> str:
    """Return a text with every run of spaces as one."""
    return re.sub(r"\s+", " ", html.unescape(text)).strip()


def card(page: Page, slot: int, place: int) -> Locator:
    """Return the box of a question: the number of its slot, and its place there."""
    return page.locator(f'[data-slot="{slot}"] > .ssq > .ssq-card').nth(place)


def answer(box: Locator, view: dict[str, Any], response: list[str] | str) -> None:
    """Answer a question that is not answered yet."""
    kind = view["kind"]
    if kind in ("single", "multiple"):
        for chosen in response:
            _option(box, chosen).press("Space")
    elif kind == "spot":
        ids = [option["id"] for option in view["options"]]
        for chosen in response:
            box.locator(".ssq-line").nth(ids.index(chosen)).press("Enter")
    elif kind == "order":
        for place, step in enumerate(response):
            up = box.locator(f'[data-step="{step}"] button').first
            for _ in range(_steps(box).index(step) - place):
                up.press("Enter")
    elif kind == "scenario":
        for chosen in response:
            _option(box, chosen).press("Space")
            box.get_by_role("button", name="Choose", exact=True).press("Enter")
    elif kind == "nation":
        for group, chosen in zip(box.locator(".ssq-sub").all(), response, strict=True):
            _option(group, chosen).press("Space")
    else:
        box.locator("textarea").focus()
        box.page.keyboard.type(response)
        box.page.keyboard.press("Tab")


def shown(box: Locator, view: dict[str, Any]) -> list[str] | str:
    """Return the response to a question as the page shows it; an `order` always has one."""
    kind = view["kind"]
    if kind in ("single", "multiple"):
        ticked = _ticked(box)
        return [option["id"] for option in view["options"] if option["id"] in ticked]
    if kind == "spot":
        pressed = box.locator(".ssq-line").evaluate_all("all => all.map((line) => line.ariaPressed)")
        options = zip(view["options"], pressed, strict=True)
        return [option["id"] for option, on in options if on == "true"]
    if kind == "order":
        return _steps(box)
    if kind == "scenario":
        return _way(view, box.locator(".ssq-trail q").all_text_contents())
    return _ticked(box) if kind == "nation" else box.locator("textarea").input_value()


def any_response(view: dict[str, Any]) -> list[str] | str:
    """Return a response to a question that nobody could find there by chance."""
    kind = view["kind"]
    ids = [option["id"] for option in view["options"]]
    if kind == "single":
        return ids[-1:]
    if kind in ("multiple", "spot"):
        return ids[1:3]
    if kind == "order":
        return ids[::-1]
    if kind == "nation":
        return ["wales", ids[0]]
    if kind == "reflection":
        return "I would listen, and stay calm."
    way, here = [], view["steps"][0]
    while here:
        way.append(here["choices"][-1]["id"])
        here = next((step for step in view["steps"] if step["id"] == here["choices"][-1]["to"]), None)
    return way


def _option(box: Locator, value: str) -> Locator:
    return box.locator(f'input[value="{value}"]')


def _steps(box: Locator) -> list[str]:
    return box.locator(".ssq-step").evaluate_all("steps => steps.map((step) => step.dataset.step)")


def _ticked(box: Locator) -> list[str]:
    return box.locator("input:checked").evaluate_all("inputs => inputs.map((input) => input.value)")


def _way(view: dict[str, Any], texts: list[str]) -> list[str]:
    way, here = [], view["steps"][0]
    for text in texts:
        choice = next(choice for choice in here["choices"] if choice["text"].strip('"') == text.strip('"'))
        way.append(choice["id"])
        here = next((step for step in view["steps"] if step["id"] == choice["to"]), None)
    return way
