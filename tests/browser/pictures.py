"""Take the README's pictures from the running course: python3 -m tests.browser.pictures."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.bench.first_quiz import LESSON, ROOT, voila
from tests.chromium import CHROMIUM_WORDS
from tests.conftest import require_chromium

PICTURES = ROOT / "course" / "pictures"


def main() -> None:
    """Write `lesson-phone.png` (the first question, answered) and `lesson-wide.png` (the page's top)."""
    PICTURES.mkdir(exist_ok=True)
    copy = Path(tempfile.mkdtemp())  # so that nobody's own answers are shown or changed
    shutil.copytree(ROOT / "course", copy / "course", ignore=shutil.ignore_patterns("my-answers*"))
    with sync_playwright() as playwright, voila(copy, True, sys.executable) as address:
        browser = playwright.chromium.launch(
            executable_path=require_chromium(), args=[*CHROMIUM_WORDS, "--no-sandbox"]
        )
        phone = browser.new_page(viewport={"width": 390, "height": 844})
        phone.goto(f"{address}/{LESSON}")
        quiz = phone.locator(".ssq-practice").first
        quiz.get_by_role("radio").nth(2).check()
        quiz.get_by_role("button", name="Check", exact=True).click()
        quiz.locator(".ssq-verdict").wait_for()
        quiz.evaluate("quiz => window.scrollTo(0, quiz.getBoundingClientRect().top + window.scrollY + 80)")
        phone.wait_for_timeout(500)
        phone.screenshot(path=PICTURES / "lesson-phone.png")
        wide = browser.new_page(viewport={"width": 1280, "height": 800})
        wide.goto(f"{address}/{LESSON}")
        wide.locator(".ssq-practice").first.wait_for()
        wide.wait_for_timeout(500)
        wide.screenshot(path=PICTURES / "lesson-wide.png")
        browser.close()
    shutil.rmtree(copy)


if __name__ == "__main__":
    main()
