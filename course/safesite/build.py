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

from safecourse.words import ENGLISH, Words, languages, read_words, speaking
from safequiz.errors import UserError

from .frame import STATIC, UNLISTED, Frame, script
from .pages import ZIP, Page, pages, qr_code

#: Where the site is published: shared links, the sitemap and QR codes name it.
ADDRESS = "https://stay-safe-online.github.io/course/"


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
    if out.exists() and not (out.is_dir() and (_is_site(out) or not any(out.iterdir()))):
        raise UserError(f"{out} holds something else: choose an empty or new folder with --out.")
    site = make(address)
    new = out.with_name(f".{out.name}.new")
    shutil.rmtree(new, ignore_errors=True)
    for path, data in site.files.items():
        target = new / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    shutil.rmtree(out, ignore_errors=True)
    new.rename(out)
    return site


def _is_site(folder: Path) -> bool:
    return (folder / "sw.js").is_file() and (folder / "index.html").is_file()


def make(address: str = ADDRESS) -> Site:
    """Return the whole site, nothing written."""
    spoken = {name: read_words(name) for name in languages()}
    made: dict[str, list[Page]] = {}
    scripts = {("away", ENGLISH): script("away")}
    for name, words in spoken.items():
        with speaking(words):
            made[name] = list(pages(address))
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
    rows = "".join(f"<url><loc>{address}{path.removesuffix('index.html')}</loc></url>\n" for path in paths)
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
    for path, data in sorted(files.items()):
        digest.update(f"{path} {len(data)}\n".encode() + data)
    # Pictures for slides and for other sites are no part of reading the course.
    kept = [path for path in sorted(files) if not path.startswith(("qr/", "social", "robots", "sitemap"))]
    source = source.replace("__VERSION__", digest.hexdigest()[:16])
    return source.replace("__FILES__", json.dumps(["./", *kept])).encode()


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
            archive.writestr(info, data)
    return packed.getvalue()
