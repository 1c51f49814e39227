"""What the pages that marking makes have in common: texts are escaped, and nothing is run or fetched."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

TEMPLATES = Path(__file__).parent / "templates"


def templates(**filters: Callable[..., Any]) -> Environment:
    """Return our templates, with filters of these names; what they are given is escaped."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    made.filters |= filters
    return made


def style(*files: Path) -> dict[str, Markup]:
    """Return `style`, the text of these stylesheets, and its `digest`, by which a page allows it alone."""
    text = "".join(file.read_text(encoding="utf-8") for file in files)
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return {"style": Markup(text), "digest": Markup(digest)}
