"""The browser for the tests that need one: started once; skipped without Chromium, failed so when CI=true."""

from __future__ import annotations

import os

import pytest

from tests.chromium import CHROMIUM_WORDS, MISSING, find_chromium, in_ci


def require_chromium() -> str:
    """Return the browser's path; without one, skip the test, or fail it when CI=true."""
    path = find_chromium()
    if path is None:
        (pytest.fail if in_ci() else pytest.skip)(MISSING)
    return path


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("browser"):
        require_chromium()


@pytest.fixture(scope="session")
def chromium_path() -> str:
    return require_chromium()


@pytest.fixture(scope="session")
def browser(chromium_path):
    """One headless Chromium for the whole run. Open a context of your own in it, and close that.

    Playwright's event loop then runs in this process: a test that needs asyncio.run needs another one.
    """
    from playwright.sync_api import sync_playwright

    as_root = hasattr(os, "geteuid") and os.geteuid() == 0
    words = [*CHROMIUM_WORDS, "--no-sandbox"] if as_root else CHROMIUM_WORDS
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=chromium_path, args=words)
        yield chromium
        chromium.close()
