"""Find Chromium, or a browser built from it, on the machine that runs the tests. Standard library only."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

# Chromium calls home when it starts. The tests must not need, or touch, the network.
CHROMIUM_WORDS = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "microsoft-edge")
MAC_PLACES = (
    "Chromium.app/Contents/MacOS/Chromium",
    "Google Chrome.app/Contents/MacOS/Google Chrome",
    "Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
)
WINDOWS_PLACES = (
    "Chromium/Application/chrome.exe",
    "Google/Chrome/Application/chrome.exe",
    "Microsoft/Edge/Application/msedge.exe",
)
MISSING = (
    "No Chromium was found: install it, or set CHROME_BIN to the program "
    "(on Debian or Ubuntu: sudo apt install chromium)."
)


def find_chromium():
    """Return the browser's path, or None. CHROME_BIN decides when it is set."""
    if os.environ.get("CHROME_BIN"):
        return shutil.which(os.environ["CHROME_BIN"])
    on_path = (shutil.which(name) for name in NAMES)
    installed = (str(place) for place in usual_places() if place.is_file())
    return next(filter(None, on_path), None) or next(installed, None)


def usual_places():
    """Return where installers put a browser that is not on PATH."""
    folders, places = [], ()
    if sys.platform == "darwin":
        folders, places = [Path("/Applications"), Path.home() / "Applications"], MAC_PLACES
    elif sys.platform == "win32":
        names = ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA")
        folders, places = [Path(os.environ[name]) for name in names if name in os.environ], WINDOWS_PLACES
    return [folder / place for folder in folders for place in places]


def in_ci():
    """Tell whether this run must not skip anything."""
    return os.environ.get("CI", "").lower() in ("true", "1")
