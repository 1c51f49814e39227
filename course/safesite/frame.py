"""The frame of a page: everything that it needs is in it, and one policy lets nothing else in."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote, urlsplit

import minify_html
import rcssmin
import rjsmin
from markupsafe import Markup
from safecourse.notebooks import COURSE
from safecourse.words import ENGLISH, language, t
from safequiz.widget import STATIC as WIDGET

from .once import said_once
from .pages import LEAVE, Page, path_of, render, root

STATIC = Path(__file__).parent / "static"
LOOK = COURSE / "jupyter/share/nbconvert/templates/safe-online/static/look.css"
#: What a language calls itself.
LANGUAGES = {"en": "English", "cy": "Cymraeg"}
#: Pages that search engines need not list.
UNLISTED = ("404.html", "your-answers.html")

_CORE = (WIDGET / "quiz.js", STATIC / "answers.js", STATIC / "page.js")
#: What pages run: the widget's own module, what is kept, what every page can do, and what a kind adds.
SCRIPTS = {
    "lesson": _CORE,
    "review": (*_CORE, STATIC / "review.js"),
    "quiz": (*_CORE, STATIC / "hand-in.js"),
    "own": (*_CORE, STATIC / "file.js", STATIC / "own.js"),
    "away": (STATIC / "away.js",),
}
#: Runs before anything is shown. Until the page has opened, what is far below is not laid out. A page that is
#: only met again on the way out is not seen.
_FIRST = (
    "document.documentElement.className='opening';try{if(Date.now()-sessionStorage.getItem('stay-safe-online-leaving')<5000)"
    "document.documentElement.hidden=true}catch{}"
)
_SENTENCE = re.compile(r"""(\bt\()("(?:[^"\\]|\\.)*")""")
_STYLES = (LOOK, WIDGET / "quiz.css", STATIC / "site.css")
#: Kinds of page that need own.css besides; without it the lessons are lighter.
_OWN = ("home", "quiz", "teachers", "answers", "plan", "certificate")


@dataclass(frozen=True)
class Frame:
    """What all pages of a site share: where it will be published, its pages by language, and its scripts."""

    address: str
    paths: Mapping[str, Collection[str]]
    #: (what a page runs, language) -> its text.
    scripts: Mapping[tuple[str, str], str]

    def around(self, page: Page) -> bytes:
        """Return a page of the language spoken now, whole."""
        body, data = said_once(page.body, _sources_once(page.data))
        name = PurePosixPath(page.path).name
        there = {
            spoken: path_of(name, spoken)
            for spoken, paths in self.paths.items()
            if path_of(name, spoken) in paths
        }
        # The page for what is not here is shown at any depth.
        to_top = urlsplit(self.address).path if name == "404.html" else root()
        style = _style(page.kind in _OWN)
        program = self.scripts[page.script, language()]
        html = render(
            "page.html.j2",
            page=page,
            body=Markup(body),
            lang=language(),
            root=to_top,
            policy=policy([_FIRST, program], [style]),
            icon=_icon(),
            languages=LANGUAGES,
            translations={spoken: to_top + path for spoken, path in there.items() if spoken != language()},
            address="" if page.path in UNLISTED else self._public(page.path),
            alternates={spoken: self._public(path) for spoken, path in there.items() if len(there) > 1},
            social=f"{self.address}social.png",
        )
        html = minify_html.minify(html, keep_comments=True, keep_html_and_head_opening_tags=True)
        parts = {
            "first": f"<script>{_FIRST}</script>",
            "style": f"<style>{style}</style>",
            "data": f'<script type="application/json" id="data">{_json(data)}</script>',
            "script": f'<script type="module">{program}</script>',
        }
        for part, text in parts.items():
            html = html.replace(f"<!--{part}-->", text)
        return html.encode()

    def away(self) -> bytes:
        """Return the page without words, which stands in a tab's history once somebody has left quickly."""
        program = self.scripts["away", ENGLISH]
        return render(
            "away.html.j2", policy=policy([program], []), leave=LEAVE, script=Markup(program)
        ).encode()

    def _public(self, path: str) -> str:
        return self.address + path.removesuffix("index.html")


def policy(scripts: Iterable[str], styles: Iterable[str]) -> str:
    """Return the policy of a page: it runs these scripts, uses these styles, and asks no other site.

    No script of ours sends or fetches anything. `connect-src` is for auditing tools, which ask for robots.txt
    from within the page.
    """
    return (
        f"default-src 'none'; script-src {_hashes(scripts)}; style-src {_hashes(styles)}; "
        "connect-src 'self'; img-src 'self' data:; manifest-src 'self'; worker-src 'self'; "
        "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types course"
    )


def script(kind: str) -> str:
    """Return what pages of a kind run, in the language spoken now.

    Comments and spaces are taken out; but for its sentences nothing is renamed or moved.
    """
    source = "\n".join(path.read_text(encoding="utf-8") for path in SCRIPTS[kind])
    return rjsmin.jsmin(in_words(source, t))


def in_words(source: str, find: Callable[[str], str]) -> str:
    """Return a script with its sentences, which are the arguments of `t("...")`, as `find` has them."""
    return _SENTENCE.sub(lambda call: f"{call[1]}{_json(find(json.loads(call[2])))}", source)


def _hashes(texts: Iterable[str]) -> str:
    digests = (hashlib.sha256(text.encode()).digest() for text in texts)
    return " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests) or "'none'"


@cache
def _style(own: bool) -> str:
    paths = (*_STYLES, STATIC / "own.css") if own else _STYLES
    return rcssmin.cssmin("\n".join(path.read_text(encoding="utf-8") for path in paths))


@cache
def _icon() -> str:
    drawn = (STATIC / "icon.svg").read_text(encoding="utf-8").strip()
    return f"data:image/svg+xml,{quote(drawn, safe='/:=,()' + chr(39))}"


def _json(data: Any) -> str:
    # No text in it can end the script element that holds it.
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def _sources_once(data: dict[str, Any]) -> dict[str, Any]:
    """Return a page's data with the facts beside its questions in one list, named there by number."""
    known: dict[str, int] = {}

    def place(source: dict[str, Any]) -> int:
        return known.setdefault(json.dumps(source, ensure_ascii=False), len(known))

    def listed(value: Any) -> Any:
        if isinstance(value, dict):
            return {
                key: [place(source) for source in each] if key == "sources" else listed(each)
                for key, each in value.items()
            }
        return [listed(each) for each in value] if isinstance(value, (list, tuple)) else value

    made = listed(data)
    return made | {"sources": [json.loads(source) for source in known]}
