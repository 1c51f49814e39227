"""What pupils hand in, as it comes out of a platform or a mailbox: what the names say, and safe unpacking.

How each names what a class handed in, and where that was looked up:

- Moodle (its `mod/assign/classes/downloader.php`): a folder `Ann Lee_123_assignsubmission_file` for each
  pupil, with an underscore more at its end in older versions; or no folders, and files called
  `Ann Lee_123_assignsubmission_file_my-answers.json`. Of a name it leaves out control characters and
  & < > " ` | ' : \\ /, and _ becomes a space. The number is of this one assignment, and no pupil's. When
  marking is blind, the name is `Participant` for all.
- Canvas (its `lib/content_zipper.rb`): `leeann_LATE_1234_5678_my-answers-1.json`: the last name and the
  first, with nothing but letters, digits and _ left of them; LATE; the pupil's id in Canvas; the file's id;
  and the file's own name, which gets -1 when it is handed in again (unverified). When marking is blind,
  `anon_x1y2z_5678_my-answers.json`.
- Microsoft Teams (programs that read its folders): `Submitted files/Ann Lee/ASSIGNMENT/Version 1/` in the
  library Student Work, and drafts in `Working files`. Unverified: what they are called in other languages.
- Google Classroom (programs that read its folders): `Ann Lee - my-answers.json` for the copies it made, and
  a file's own name for the rest. Unverified: that its ZIPs tell equal names apart as `my-answers(1).json`.
- Browsers, mailboxes and desks: `my-answers (1).json`, `my-answers(1).json`, `my-answers_.json`,
  `my-answers - Copy.json`, `my-answers copy 2.json`, `Copy of my-answers.json`, `my-answers 1.json`,
  `my-answers.json.txt`, and `my-answers.json.json` where Windows hides endings.
  Unverified, and harmless where it is not so.
"""

from __future__ import annotations

import json
import os
import re
import stat
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from .marking import released_name
from .responses import FILE_NAME, LARGEST_FILE

#: In a folder that something was unpacked into: what all of it was called.
CONTENTS = "contents.json"

#: What is never anybody's work.
HIDDEN, DRAFT = "a hidden file of some program", "a draft in Working files, which was not handed in"
#: The rest of a pupil's folder in submitted/, or of a course.
ANOTHER = "it is in the folder of another quiz"
LINK = "it is a link, and links are not followed"
_TOO_LARGE = "it is larger than 256 KB, so it is not an answers file"
_DEEPEST = 12
_LONGEST_NAME = 255
# Answers are packed to a fifth or so. What unpacks to far more is not a class, but meant to fill a disk.
_MOST_GROWTH, _MOST_GROWTH_FROM = 100, 2**20
_LONGEST_LIST = 50 * 2**20


@dataclass(frozen=True)
class Handed:
    """A file that was met."""

    #: What its folders and it are called, from the path that was given. An empty folder holds "".
    place: tuple[str, ...]
    #: Where its bytes are, unless nobody needs them.
    path: Path | None = None
    #: Why it was not opened, or "".
    fault: str = ""

    def __str__(self) -> str:
        """Return its place in one line."""
        return "/".join(self.place)


@dataclass(frozen=True)
class Label:
    """What the names of a file and of its folders say of it."""

    #: What it is, if it is no file of answers to this quiz; or "".
    otherwise: str = ""
    #: That somebody's answers may be in it all the same.
    to_mend: bool = False
    #: What a person who marks called it by: CODE.answers.json, or the folder it is in.
    own: str = ""
    #: That `own` is a folder's name.
    by_folder: bool = False
    #: The code in NAME.CODE.answers.json.
    stated: str = ""
    #: What a platform calls the pupil.
    person: str = ""
    #: The pupil's id on that platform.
    lms_id: str = ""


# No two of these match one text in two ways, or a name made for it would be tried for years.
_AGAIN = r"(?:[ -]?\(\d+\)|[ -]\d+|_\d*| - copy| copy)*"
_END = rf"{_AGAIN}\.json(?:\.(?:txt|json))?"
_NO_OWNER = re.compile(rf"{re.escape(Path(FILE_NAME).stem)}{_END}", re.IGNORECASE)
_OWNER = re.compile(rf"(?P<stem>.+?)\.answers{_END}", re.IGNORECASE)
_JSON = re.compile(r".*\.json(\.txt)?", re.IGNORECASE | re.DOTALL)
_DAMAGED = re.compile(rf"{re.escape(Path(FILE_NAME).stem)}\.damaged-[\d-]+\.json", re.IGNORECASE)
_MOODLE = re.compile(
    r"(?P<person>[^_]+)_\d+_assignsubmission_(?:file|onlinetext)(?:_(?P<file>.*))?", re.DOTALL
)
# Real ids are long. A code such as y7_12_3_b is somebody's own.
_CANVAS = re.compile(
    r"(?:(?!LATE_)(?P<person>\w+?)_)?(?:LATE_)?(?:(?P<lms_id>\d{2,})|anon_\w+?)_\d{4,}_(?P<file>.+)",
    re.DOTALL,
)
_CLASSROOM = re.compile(r"(?P<person>.+) - (?P<file>(?!copy(?! of )).+)", re.IGNORECASE | re.DOTALL)
_BLIND = "participant"
_VERSION = re.compile(r"version \d+", re.IGNORECASE)
_MAIL = (".eml", ".msg")
_PACKED = (".7z", ".rar", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".zipx")


def is_zip(name: str) -> bool:
    """Tell whether a file is called as a ZIP is."""
    return name.lower().endswith(".zip")


def can_be_answers(name: str) -> bool:
    """Tell whether a file is called so that answers may be in it."""
    return bool(_JSON.fullmatch(name))


def read_label(place: tuple[str, ...], name: str, quizzes: Collection[str]) -> Label:
    """Return what the names in `place` say of a file, when answers to the quiz `name` are looked for.

    `quizzes` are the names of all quizzes: what was handed in for another one is left alone.
    """
    *folders, file = place
    if any((part.startswith(".") and part != "..") or part == "__MACOSX" for part in place):
        return Label(HIDDEN)
    if "working files" in (folder.lower() for folder in folders):
        return Label(DRAFT)
    given = _by_platform(folders, file)
    if any(folder in quizzes for folder in folders):
        return Label(ANOTHER, person=given.person, lms_id=given.lms_id)
    file = re.sub(r"^(copy of )+", "", given.file, flags=re.IGNORECASE)
    owner = _OWNER.fullmatch(file)
    if not owner and not _NO_OWNER.fullmatch(file):
        what, to_mend = _what_else(file, name)
        return Label(what, to_mend, person=given.person, lms_id=given.lms_id)
    stated, own = _codes(owner["stem"] if owner else "", name)
    if own.partition(".")[0] in quizzes:
        return Label(
            f"answers to another quiz, {own.partition('.')[0]}", person=given.person, lms_id=given.lms_id
        )
    if given.known:
        return Label(stated=stated or own, person=given.person, lms_id=given.lms_id)
    return Label(own=own or _home(folders, name), by_folder=not own, stated=stated)


def _codes(stem: str, name: str) -> tuple[str, str]:
    """Return the code in NAME.CODE, and else what is no name of the quiz."""
    if stem in ("", name):
        return "", ""
    return (stem.removeprefix(f"{name}."), "") if stem.startswith(f"{name}.") else ("", stem)


def _home(folders: list[str], name: str) -> str:
    """Return the folder that may be named after a pupil: nbgrader has one called NAME in it."""
    real = [folder for folder in folders if not is_zip(folder)]
    return next((folder for folder in reversed(real) if folder != name), "")


@dataclass(frozen=True)
class _Given:
    """What a platform made of the names: whose it is, as far as it says, and what the pupil called it."""

    file: str
    known: bool = False
    person: str = ""
    lms_id: str = ""


def _by_platform(folders: list[str], file: str) -> _Given:
    for part in folders:
        if found := _MOODLE.fullmatch(part) or (is_zip(part) and _CANVAS.fullmatch(part)):
            return _given(found, file)
    if found := _MOODLE.fullmatch(file) or _CANVAS.fullmatch(file) or _CLASSROOM.fullmatch(file):
        return _given(found, found["file"] or "")
    lower = [folder.lower() for folder in folders]
    if "submitted files" in lower[:-1]:
        return _Given(file, True, folders[lower.index("submitted files") + 1])
    if len(folders) > 2 and _VERSION.fullmatch(folders[-1]):
        return _Given(file, True, folders[-3])
    return _Given(file)


def _given(found: re.Match[str], file: str) -> _Given:
    person = found["person"] or ""
    return _Given(
        file, True, "" if person.lower() == _BLIND else person, found.groupdict().get("lms_id") or ""
    )


def _what_else(file: str, name: str) -> tuple[str, bool]:
    """Return what a file is that is not called as answers are, and whether answers may be in it."""
    ending = Path(file).suffix.lower()
    if not file:
        return "an empty folder", False
    if ending == ".ipynb":
        return "a notebook, which is not read", False
    if ending in _MAIL:
        return "an e-mail: open it, and save the file that came with it", True
    if is_zip(file):
        return "a ZIP inside a ZIP, which is not opened: unpack it", True
    if ending in _PACKED:
        return "packed in a way that is not read here: unpack it", True
    if can_be_answers(file) and file != released_name(name) and not _DAMAGED.fullmatch(file):
        return f"not called as an answers file is: call it CODE.answers.json, or {FILE_NAME}", True
    return "no answers file", False


def walk(path: Path) -> Iterator[Handed]:
    """Yield every file under `path`, or `path` itself when it is a file, in the order of their names.

    What is no plain file is named with a fault, and not opened; nothing outside `path` is looked at.
    """
    if path.is_dir():
        yield from _walk(path, ())
    else:
        yield Handed((path.name,), path)


def _walk(folder: Path, place: tuple[str, ...]) -> Iterator[Handed]:
    try:
        with os.scandir(folder) as entries:
            inside = sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        yield Handed(place, fault=f"this folder cannot be read ({error.strerror})")
        return
    if place and not inside:
        yield Handed((*place, ""))
    for entry in inside:
        here = (*place, entry.name)
        if entry.is_symlink():
            yield Handed(here, fault=LINK)
        elif entry.is_dir(follow_symlinks=False):
            yield from _folder(Path(entry.path), here)
        elif entry.is_file(follow_symlinks=False):
            yield Handed(here, Path(entry.path))
        else:
            yield Handed(here, fault="it is no plain file, so it was not opened")


def _folder(folder: Path, place: tuple[str, ...]) -> Iterator[Handed]:
    if can_be_answers(folder.name):
        yield Handed(place, fault="it is a folder where a file should be, so it was not opened")
    elif len(place) > _DEEPEST:
        yield Handed(place, fault=f"it lies more than {_DEEPEST} folders deep, so it was not opened")
    else:
        yield from _walk(folder, place)


def extract(source: Path, into: Path) -> None:
    """Copy what can be answers from `source` into the folder `into`, and list there all that was met.

    `source` is a folder, a ZIP or a file; ZIPs in it are unpacked, but none inside another ZIP. The copies
    are called 1.json and so on: no name from outside becomes a path. `contents` reads the list.
    Raises OSError when `into` cannot be written to.
    """
    met: list[Handed] = []
    for handed in walk(source):
        if handed.path and is_zip(handed.place[-1]):
            entries: Iterable[tuple[Handed, bytes | None]] = _unpack(handed)
        else:
            entries = [_small(handed)]
        for entry, data in entries:
            path = into / f"{len(met) + 1}.json" if data is not None else None
            if path and data is not None:
                path.write_bytes(data)
            met.append(replace(entry, path=path))
    listed = [
        {"place": entry.place, "file": entry.path.name if entry.path else "", "fault": entry.fault}
        for entry in met
    ]
    (into / CONTENTS).write_text(json.dumps(listed), encoding="utf-8")


def contents(into: Path) -> list[Handed]:
    """Return what `extract` met. Raises FileNotFoundError when it was not used on the folder `into`."""
    listed = json.loads((into / CONTENTS).read_text(encoding="utf-8"))
    return [
        Handed(tuple(entry["place"]), into / entry["file"] if entry["file"] else None, entry["fault"])
        for entry in listed
    ]


def _small(handed: Handed) -> tuple[Handed, bytes | None]:
    if not handed.path or not can_be_answers(handed.place[-1]):
        return handed, None
    try:
        with handed.path.open("rb") as opened:
            data = opened.read(LARGEST_FILE + 1)
    except OSError as error:
        return replace(handed, fault=f"it cannot be read ({error.strerror})"), None
    return (replace(handed, fault=_TOO_LARGE), None) if len(data) > LARGEST_FILE else (handed, data)


def _unpack(packed: Handed) -> Iterator[tuple[Handed, bytes | None]]:
    """Yield what a ZIP holds, and the bytes of what can be answers. Nothing in it is believed.

    Read are only plain, small files that are stored or deflated, as other ways to pack can turn few bytes
    into many before they can be counted; and no more in all than a class could hand in.
    """
    assert packed.path is not None
    try:
        left = max(_MOST_GROWTH_FROM, _MOST_GROWTH * packed.path.stat().st_size)
        _refuse_a_long_list(packed.path)
        with zipfile.ZipFile(packed.path) as archive:
            names = Counter(info.filename for info in archive.infolist())
            for info in archive.infolist():
                if info.filename.endswith("/"):  # is_dir fails where there is no name
                    continue
                parts = [part for part in re.split(r"[\\/]", _decoded(info)) if part != "."] or [""]
                entry = Handed((*packed.place, *(_cut(part) for part in parts)))
                fault = _fault(info, parts, names[info.filename])
                if fault or not can_be_answers(parts[-1]):
                    yield replace(entry, fault=fault), None
                elif info.file_size > left:
                    yield replace(entry, fault="its ZIP unpacks to far more than answers do"), None
                else:
                    left -= info.file_size
                    yield _read(archive, info, entry)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, struct.error):
        yield (
            replace(packed, fault="it is no whole ZIP, or too long a one: unpack it, and name the folder"),
            None,
        )


def _refuse_a_long_list(path: Path) -> None:
    # zipfile reads the list of names into memory before it can be asked how long that is.
    with path.open("rb") as opened:
        size = opened.seek(0, os.SEEK_END)
        opened.seek(max(0, size - 2**16 - 22))
        end = opened.read()
    (length,) = struct.unpack_from("<L", end, end.rfind(b"PK\x05\x06") + 12)
    if length > _LONGEST_LIST:
        raise zipfile.BadZipFile("its list of names is too long")


def _decoded(info: zipfile.ZipInfo) -> str:
    # macOS packs names in UTF-8 without saying so, and they are then taken for those of an old PC.
    if info.flag_bits & 0x800:
        return info.filename
    try:
        return info.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return info.filename


def _cut(part: str) -> str:
    return part if len(part) <= _LONGEST_NAME else f"{part[:40]}..."


def _fault(info: zipfile.ZipInfo, parts: list[str], times: int) -> str:
    """Return why an entry of a ZIP is not read, or ""."""
    kind = stat.S_IFMT(info.external_attr >> 16)
    if ".." in parts or parts[0] == "" or re.match(r"[A-Za-z]:", parts[0]):
        return "its name leads out of the ZIP"
    if len(parts) > _DEEPEST or any(len(part) > _LONGEST_NAME for part in parts):
        return f"its name is longer than {_LONGEST_NAME} characters, or {_DEEPEST} folders deep"
    if times > 1:
        return "its ZIP holds more than one file of this name"
    if stat.S_ISLNK(kind):
        return LINK
    if kind and not stat.S_ISREG(kind) and not stat.S_ISDIR(kind):
        return "it is no plain file, so it was not opened"
    if info.flag_bits & 1:
        return "it is locked with a password"
    if not can_be_answers(parts[-1]):
        return ""
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "it is packed in a way that is not read here"
    return _TOO_LARGE if info.file_size > LARGEST_FILE else ""


def _read(archive: zipfile.ZipFile, info: zipfile.ZipInfo, entry: Handed) -> tuple[Handed, bytes | None]:
    try:
        with archive.open(info) as opened:
            return entry, opened.read(LARGEST_FILE + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError):
        return replace(entry, fault="it is damaged, so it could not be unpacked"), None
