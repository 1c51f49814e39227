"""Build the site: `python3 -m course build`. The same lessons, facts and questions give the same bytes."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import re
import shutil
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from xml.sax.saxutils import escape

from safecourse.words import ENGLISH, Words, languages, read_words, speaking
from safequiz.errors import UserError

from .frame import LANGUAGES, STATIC, UNLISTED, Frame, script
from .pages import ZIP, Page, pages, qr_code, read_lessons

#: Where the site is published: shared links, the sitemap and QR codes name it.
ADDRESS = "https://stay-safe-online.github.io/course/"

#: Names every file of a built site: a folder that holds anything else is never replaced.
LIST = "files.txt"


@dataclass(frozen=True)
class Site:
    """All files of a site by path, and the other languages' words with what its pages asked them for."""

    files: dict[str, bytes]
    words: tuple[Words, ...]

    @property
    def weights(self) -> dict[str, int]:
        """Each page's size in bytes as it travels (gzip, level 9)."""
        pages = {path: data for path, data in self.files.items() if path.endswith(".html")}
        return {path: len(gzip.compress(data, 9, mtime=0)) for path, data in pages.items()}


def build(out: Path, address: str = ADDRESS) -> Site:
    """Write the whole site to the folder `out` and return it; what an earlier build left there goes.

    `address` is where it will be published. Raises UserError for a folder that holds something else, for a
    lesson that fails, and for an address that is none; OSError when the disk refuses.
    """
    if not re.fullmatch(r"https?://[^\s/?#\"'<>]+/([^\s?#\"'<>]+/)?", address):
        raise UserError(f"'{address}' is no address of a folder: it should be like {ADDRESS}")
    out = out.resolve()
    if out.exists() and not (out.is_dir() and _is_ours(out)):
        raise UserError(f"{out} holds something else: choose an empty or new folder with --out.")
    site = make(address)
    new, old = (out.with_name(f".{out.name}.{mark}") for mark in ("new", "old"))
    for left in (new, old):
        shutil.rmtree(left, ignore_errors=True)
    for path, data in site.files.items():
        target = new / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    if out.exists():
        out.rename(old)
    new.rename(out)
    shutil.rmtree(old, ignore_errors=True)
    return site


def _is_ours(folder: Path) -> bool:
    """Tell whether all that is in a folder was put there by a build, so that it may go."""
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}
    listed = folder / LIST
    return not there or (listed.is_file() and there <= {LIST, *listed.read_text(encoding="utf-8").split()})


def make(address: str = ADDRESS) -> Site:
    """Return the whole site, nothing written."""
    spoken = {name: read_words(name) for name in languages()}
    if unnamed := sorted(spoken.keys() - LANGUAGES.keys()):
        raise UserError(
            f"What the language calls itself is missing: add '{unnamed[0]}' to LANGUAGES in frame.py."
        )
    in_english = read_lessons()
    made: dict[str, list[Page]] = {}
    scripts = {("away", ENGLISH): script("away")}
    for name, words in spoken.items():
        with speaking(words):
            read = in_english if name == ENGLISH else read_lessons()
            made[name] = list(pages(read, in_english, address))
            scripts |= {(kind, name): script(kind) for kind in sorted({page.script for page in made[name]})}
    paths = {name: {page.path for page in some} for name, some in made.items()}
    frame = Frame(address, paths, scripts)
    files = {path.name: path.read_bytes() for path in (*STATIC.glob("*.png"), STATIC / "icon.svg")}
    for name, words in spoken.items():
        with speaking(words):
            files |= {page.path: frame.around(page) for page in made[name]}
    files["away.html"] = frame.away()
    files |= _qr_codes((page.path for page in made[ENGLISH] if page.kind == "lesson"), address)
    listed = sorted(path for some in paths.values() for path in some if path not in UNLISTED)
    files["sitemap.xml"] = _sitemap(listed, address)
    files["robots.txt"] = f"User-agent: *\nAllow: /\nSitemap: {address}sitemap.xml\n".encode()
    files["manifest.webmanifest"] = _manifest()
    files["sw.js"] = _worker(files)
    files[ZIP] = _zipped(files)
    files[LIST] = "".join(f"{path}\n" for path in sorted(files)).encode()
    return Site(
        dict(sorted(files.items())), tuple(words for words in spoken.values() if words.language != ENGLISH)
    )


def _qr_codes(paths: Iterable[str], address: str) -> dict[str, bytes]:
    files = {}
    for path in paths:
        for kind in ("svg", "png"):
            drawn = io.BytesIO()
            qr_code(address + path).save(drawn, kind=kind, scale=10, light="#fff")
            files[f"qr/{PurePosixPath(path).stem}.{kind}"] = drawn.getvalue()
    return files


def _sitemap(paths: Iterable[str], address: str) -> bytes:
    places = (escape(address + path.removesuffix("index.html")) for path in paths)
    rows = "".join(f"<url><loc>{place}</loc></url>\n" for place in places)
    head = '<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
    return f"{head}{rows}</urlset>\n".encode()


def _manifest() -> bytes:
    def icon(size: int, **more: str) -> dict[str, str]:
        return {"src": f"icon-{size}.png", "sizes": f"{size}x{size}", "type": "image/png", **more}

    made = {
        "name": "Stay safe online",
        "short_name": "Stay safe",
        "description": "A free course for families and schools in the UK.",
        "lang": "en-GB",
        "id": "./",
        "start_url": "./",
        "scope": "./",
        "display": "standalone",
        "background_color": "#ffffff",
        "theme_color": "#0b4f6c",
        "icons": [icon(192), icon(512), icon(512, purpose="maskable")],
    }
    return (json.dumps(made, indent=1) + "\n").encode()


def _worker(files: Mapping[str, bytes]) -> bytes:
    """Return the service worker of exactly these files: what it keeps for offline, and their version."""
    source = (STATIC / "sw.js").read_text(encoding="utf-8")
    digest = hashlib.sha256(source.encode())
    # Pictures for slides and for other sites are no part of reading the course.
    kept = [path for path in sorted(files) if not path.startswith(("qr/", "social", "robots", "sitemap"))]
    for path in kept:
        digest.update(f"{path} {len(files[path])}\n".encode() + files[path])
    source = source.replace("__VERSION__", digest.hexdigest()[:16])
    return source.replace("__FILES__", json.dumps(kept)).encode()


def _zipped(files: Mapping[str, bytes]) -> bytes:
    """Return the site as one file for a memory stick, in a folder of its own."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for path, data in sorted(files.items()):
            info = zipfile.ZipInfo(
                f"stay-safe-online/{path}", (2026, 1, 1, 0, 0, 0)
            )  # the same bytes every time
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            info.create_system = 3  # as on Linux, wherever it is built
            archive.writestr(info, data)
    return packed.getvalue()
