"""What platforms make of file names is understood, and nothing in a ZIP is believed."""

import os
import stat
import struct
import time
import warnings
import zipfile

import pytest
from safequiz.downloads import HIDDEN, LINK, Label, contents, extract, read_label, walk

NAME = "grooming-signs"
QUIZZES = {"privacy-settings", f"{NAME}-adults"}
GOOD = b'{"schema": 1}'

LABELS = {
    "my-answers.json": Label(by_folder=True),
    "p01/my-answers.json": Label(own="p01", by_folder=True),
    f"p01/{NAME}/my-answers.json": Label(own="p01", by_folder=True),
    "class/p01/my-answers.json": Label(own="p01", by_folder=True),
    "class.zip/p01/my-answers.json": Label(own="p01", by_folder=True),
    "class.zip/my-answers.json": Label(by_folder=True),
    "p01.answers.json": Label(own="p01"),
    "class/p01.answers.json": Label(own="p01"),
    "p01.answers (1).json": Label(own="p01"),
    "p01.answers(2).json": Label(own="p01"),
    "p01.answers_.json": Label(own="p01"),
    "p01.answers - Copy.json": Label(own="p01"),
    "p01.answers copy 2.json": Label(own="p01"),
    "p01.answers.json.txt": Label(own="p01"),
    "p01.answers.json.json": Label(own="p01"),
    "p01.answers 1.json": Label(own="p01"),
    "P01.ANSWERS.JSON": Label(own="P01"),
    "Copy of p01.answers.json": Label(own="p01"),
    "y7_12_3_b.answers.json": Label(own="y7_12_3_b"),
    f"{NAME}.p01.answers.json": Label(stated="p01", by_folder=True),
    f"{NAME}.p.5-b.answers (1).json": Label(stated="p.5-b", by_folder=True),
    f"p04/{NAME}.p01.answers.json": Label(own="p04", by_folder=True, stated="p01"),
    f"{NAME}.answers.json": Label(by_folder=True),
    # Moodle, with folders and without, older and newer, and when marking is blind
    "Ann Lee_12_assignsubmission_file_/my-answers.json": Label(person="Ann Lee"),
    f"Ann Lee_12_assignsubmission_file/mine/{NAME}.p01.answers.json": Label(person="Ann Lee", stated="p01"),
    "Ann Lee_12_assignsubmission_file_p01.answers.json": Label(person="Ann Lee", stated="p01"),
    "Ann Lee_12_assignsubmission_file_my-answers.json": Label(person="Ann Lee"),
    "Ann Lee_12_assignsubmission_file_work.zip/my-answers.json": Label(person="Ann Lee"),
    f"Participant_12_assignsubmission_file_/{NAME}.p01.answers.json": Label(stated="p01"),
    "Ann Lee_12_assignsubmission_onlinetext_/onlinetext.html": Label("no answers file", person="Ann Lee"),
    # Canvas
    "leeann_1234_567890_my-answers.json": Label(person="leeann", lms_id="1234"),
    f"leeann_LATE_1234_567890_{NAME}.p01.answers-2.json": Label(person="leeann", lms_id="1234", stated="p01"),
    "leeann_1234_567890_work.zip/my-answers.json": Label(person="leeann", lms_id="1234"),
    f"anon_Ab1Cd_567890_{NAME}.p01.answers.json": Label(stated="p01"),
    "LATE_anon_Ab1Cd_567890_my-answers.json": Label(),
    # Teams
    "Student Work/Submitted files/Lee, Ann/Quiz 1/Version 2/my-answers.json": Label(person="Lee, Ann"),
    "Ann Lee/Quiz 1/Version 1/my-answers.json": Label(person="Ann Lee"),
    # Classroom
    "Quiz 1/Ann Lee - my-answers.json": Label(person="Ann Lee"),
    "Ann - Mary Lee - Copy of my-answers.json": Label(person="Ann - Mary Lee"),
    "Quiz 1/my-answers(1).json": Label(own="Quiz 1", by_folder=True),
}

OTHERS = {
    f"{NAME}.ipynb": ("a notebook, which is not read", False),
    "quiz (1).ipynb": ("a notebook, which is not read", False),
    f"{NAME}.quiz.json": ("no answers file", False),
    "my-answers.damaged-20261121-093000-1.json": ("no answers file", False),
    "picture.png": ("no answers file", False),
    "Thumbs.db": ("no answers file", False),
    "privacy-settings.p01.answers.json": ("answers to another quiz, privacy-settings", False),
    f"p01/{NAME}-adults.p01.answers.json": (f"answers to another quiz, {NAME}-adults", False),
    ".DS_Store": (HIDDEN, False),
    ".ipynb_checkpoints/my-answers.json": (HIDDEN, False),
    "__MACOSX/p01/._my-answers.json": (HIDDEN, False),
    "Student Work/Working files/Ann Lee/Quiz/my-answers.json": ("a draft in Working files", False),
    "quiz answers.eml": ("an e-mail: open it", True),
    "FW quiz.msg": ("an e-mail: open it", True),
    "class.zip/inner.zip": ("a ZIP inside a ZIP", True),
    "work.7z": ("packed in a way that is not read here", True),
    "work.tar.gz": ("packed in a way that is not read here", True),
    "ann.json": ("not called as an answers file is", True),
}


@pytest.mark.parametrize(("path", "label"), LABELS.items(), ids=LABELS)
def test_names_say_whose_a_file_is(path, label):
    assert read_label(tuple(path.split("/")), NAME, QUIZZES) == label


@pytest.mark.parametrize(("path", "expected"), OTHERS.items(), ids=OTHERS)
def test_what_is_no_answers_file_is_told_apart_from_what_may_hold_one(path, expected):
    label = read_label(tuple(path.split("/")), NAME, QUIZZES)

    assert label.otherwise.startswith(expected[0])
    assert label.to_mend == expected[1]


@pytest.mark.parametrize(
    "part", ["_(1)", "-1", "_1", " copy 2", " - copy", ".answers", "_12345", "copy of ", " - "]
)
def test_a_name_made_to_be_hard_to_read_is_read_at_once(part):
    start = time.perf_counter()
    read_label((f"p01.answers{part * 60}!"[:255],) * 2, NAME, QUIZZES)

    assert time.perf_counter() - start < 0.5


@pytest.fixture
def box(tmp_path):
    """Packs entries into a ZIP and unpacks it: what was met, by name, and no trace of it elsewhere."""
    into = tmp_path / "a" / "b" / "into"
    into.mkdir(parents=True)
    path = tmp_path / "a" / "class.zip"

    def unpack(*entries, change=lambda data: data, method=zipfile.ZIP_DEFLATED):
        with warnings.catch_warnings(), zipfile.ZipFile(path, "w", method) as archive:
            warnings.simplefilter("ignore")  # that a name is there twice
            for name, data in entries:
                archive.writestr(name, data)
        path.write_bytes(change(path.read_bytes()))
        before = set(tmp_path.rglob("*"))
        extract(path, into)
        assert {made.parent for made in set(tmp_path.rglob("*")) - before} == {into}
        return {"/".join(entry.place[1:]): entry for entry in contents(into)}

    return unpack


def test_of_a_zip_only_what_can_be_answers_is_written_under_names_of_ours(box):
    met = box(("p01/my-answers.json", GOOD), ("p01/quiz.ipynb", b"{}"), ("p02/", b""), ("x.png", b"x"))

    assert list(met) == ["p01/my-answers.json", "p01/quiz.ipynb", "x.png"]
    assert met["p01/my-answers.json"].path.name == "1.json"
    assert met["p01/my-answers.json"].path.read_bytes() == GOOD
    assert [entry.path for entry in met.values()][1:] == [None, None]


@pytest.mark.parametrize("name", [".", ".\\.", "nameless"])
def test_an_entry_without_a_name_stops_nothing(box, name):
    met = box(
        (name, b"{}"), ("p02.answers.json", GOOD), change=lambda data: data.replace(b"nameless", b"\0ameless")
    )

    assert met["p02.answers.json"].path.read_bytes() == GOOD


def info(name, mode=stat.S_IFREG | 0o644):
    entry = zipfile.ZipInfo(name)
    entry.external_attr = mode << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


BAD_ENTRIES = {
    "up": ("../../my-answers.json", "leads out of the ZIP"),
    "up in the middle": ("p02/../../../my-answers.json", "leads out of the ZIP"),
    "up as Windows writes it": ("..\\..\\my-answers.json", "leads out of the ZIP"),
    "from the root": ("/etc/my-answers.json", "leads out of the ZIP"),
    "from a drive": ("C:\\p02\\my-answers.json", "leads out of the ZIP"),
    "300 characters": (f"{'a' * 300}.answers.json", "longer than 255 characters"),
    "deep": ("a/" * 40 + "my-answers.json", "12 folders deep"),
    "link": (info("p02.answers.json", stat.S_IFLNK | 0o777), LINK),
    "fifo": (info("p02.answers.json", stat.S_IFIFO | 0o644), "no plain file"),
}


@pytest.mark.parametrize(("name", "why"), BAD_ENTRIES.values(), ids=BAD_ENTRIES)
def test_an_entry_that_would_do_harm_is_refused_by_name_and_the_rest_goes_on(box, name, why):
    met = box((name, b"/etc/passwd"), ("p01.answers.json", GOOD))

    good = met.pop("p01.answers.json")
    assert (good.fault, good.path.read_bytes()) == ("", GOOD)
    (bad,) = met.values()
    assert why in bad.fault
    assert bad.path is None


def test_two_entries_of_one_name_are_both_refused(box):
    met = box(("p01.answers.json", b"1"), ("p01.answers.json", b"2"), ("p02.answers.json", GOOD))

    assert "more than one file of this name" in met["p01.answers.json"].fault
    assert met["p02.answers.json"].path


def locked(data):
    """Set the bit that says an entry is encrypted, in the entry called p01 and in the list."""
    at, listed = data.index(b"PK\x03\x04"), data.index(b"PK\x01\x02")
    changed = bytearray(data)
    changed[at + 6] |= 1
    changed[listed + 8] |= 1
    return bytes(changed)


def claiming(size):
    """Claim that the first entry unpacks to `size` bytes."""

    def change(data):
        at, listed = data.index(b"PK\x03\x04"), data.index(b"PK\x01\x02")
        changed = bytearray(data)
        struct.pack_into("<L", changed, at + 22, size)
        struct.pack_into("<L", changed, listed + 24, size)
        return bytes(changed)

    return change


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (locked, "locked with a password"),
        (claiming(10**9), "larger than 256 KB"),
        (claiming(5), "damaged"),
        (lambda data: data.replace(GOOD[:6], b"xxxxxx"), "damaged"),
    ],
    ids=["password", "claims 1 GB", "claims too little", "changed"],
)
def test_an_entry_that_lies_or_is_locked_is_refused_by_name(box, change, why):
    met = box(
        ("p01.answers.json", GOOD), ("p02.answers.json", b"{}"), change=change, method=zipfile.ZIP_STORED
    )

    assert why in met["p01.answers.json"].fault
    assert met["p02.answers.json"].path.read_bytes() == b"{}"


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_ways_to_pack_that_can_grow_beyond_measure_are_not_read(box, method):
    assert "not read here" in box(("p01.answers.json", GOOD), method=method)["p01.answers.json"].fault


def test_a_bomb_fills_no_disk(box):
    """90 KB that would unpack to 64 MB."""
    met = box(*((f"p{n}.answers.json", bytes(256 * 1024)) for n in range(256)))

    written = [entry for entry in met.values() if entry.path]
    assert len(met) == 256
    assert sum(entry.path.stat().st_size for entry in written) < 10 * 2**20
    assert all("far more than answers do" in entry.fault for entry in met.values() if not entry.path)


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data[: len(data) // 2],
        lambda data: b"",
        lambda data: b"This is no ZIP." * 50,
        lambda data: data[:-10] + struct.pack("<L", 2**31) + data[-6:],
    ],
    ids=["cut short", "empty", "no ZIP", "endless list"],
)
def test_what_is_no_whole_zip_is_refused_as_one(box, change):
    met = box(("p01.answers.json", GOOD), ("p02.answers.json", GOOD), change=change)

    assert list(met) == [""]
    assert "no whole ZIP" in met[""].fault


def test_a_name_in_utf_8_is_read_even_when_the_zip_does_not_say_so(box):
    def old(data):
        listed = data.index(b"PK\x01\x02")
        changed = bytearray(data)
        changed[7] = changed[listed + 9] = 0
        return bytes(changed)

    assert list(box(("Zoë.answers.json", GOOD), change=old)) == ["Zoë.answers.json"]


def test_a_zip_inside_a_zip_is_not_opened(box):
    met = box(("inner.zip", b"PK\x05\x06" + bytes(18)))

    assert (met["inner.zip"].path, met["inner.zip"].fault) == (None, "")


@pytest.mark.skipif(os.name == "nt", reason="links and pipes need POSIX")
def test_a_walk_names_what_it_does_not_open(tmp_path):
    (tmp_path / "in" / "empty").mkdir(parents=True)
    (tmp_path / "in" / "my-answers.json").mkdir()
    (tmp_path / "in" / "file.txt").write_text("x", encoding="utf-8")
    (tmp_path / "in" / "link").symlink_to(tmp_path)
    (tmp_path / "in" / "passwd.json").symlink_to("/etc/passwd")
    os.mkfifo(tmp_path / "in" / "pipe")
    (tmp_path / "in" / "/".join("d" * 14)).mkdir(parents=True)

    met = {str(entry): entry.fault for entry in walk(tmp_path / "in")}

    assert met.pop("d/d/d/d/d/d/d/d/d/d/d/d/d").startswith("it lies more than 12 folders deep")
    assert met == {
        "empty/": "",
        "file.txt": "",
        "link": LINK,
        "my-answers.json": "it is a folder where a file should be, so it was not opened",
        "passwd.json": LINK,
        "pipe": "it is no plain file, so it was not opened",
    }
