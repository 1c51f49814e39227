"""Collecting takes answers and nothing else, names every file it can't use, and loses nobody's work."""

import csv
import json
import os
import shutil
import subprocess
import sys
import tracemalloc
import zipfile
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest
from nbconvert.filters import markdown2html
from safequiz import assignment
from safequiz.bank import load_quiz
from safequiz.collect import CollectError, collect
from safequiz.marking import released_questions
from safequiz.submission import NotReleased, Released, as_plain_text, is_ours

NAME = "grooming-signs"
CONFIG = Path(assignment.__file__).resolve().parents[1] / "nbgrader_config.py"
QUIZ = load_quiz(NAME)
VERSION = released_questions(QUIZ)["content"]
WRITTEN = next(item.id for item in QUIZ.items if item.kind == "reflection")
CHOICE = next(item for item in QUIZ.items if item.kind == "single")
HOSTILE = {
    "script": "<script>window.evil = 1</script>",
    "image": "<img src=x onerror='window.evil = 1'>",
    "link": "[x](javascript:alert(1)) <https://x.example> www.x.example",
    "formula": "$$\\frac{1}{2}$$ and \\(x^2\\) and $x$",
    "end of pre": "</pre><b>bold</b></PRE ><pre>",
    "fence": "a\n\n```\ncode\n```\n\n    indented",
    "template": "{{ 7 * 7 }} {% raw %} {# gone #}",
    "markdown": "# head\n- list\n> quote\n**bold** _i_ `c` ![i](attachment:a.png)\n===",
    "entity": "&lt;i&gt; &#60; &amp;",
    "nbgrader": "### BEGIN MARK SCHEME\nBEGIN SOLUTION\nBEGIN HIDDEN TESTS",
    "plain": "  Ça va, naïve 日本 👋 it's me.\n\n\nBye.",
}


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    folder = tmp_path_factory.mktemp("released")
    shutil.copy(CONFIG, folder)
    assignment.release(NAME, folder)
    return folder


@pytest.fixture
def course(released, tmp_path):
    return Path(shutil.copytree(released, tmp_path / "course"))


@pytest.fixture
def inbox(tmp_path):
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


def answers(responses=None, saved="2026-11-21T09:30:00Z", quiz=NAME, content=VERSION):
    entry = {"content": content, "saved_at": saved, "responses": responses or {}}
    return json.dumps({"schema": 1, "quizzes": {quiz: entry}})


def hand_in(inbox, code, text, name="my-answers.json"):
    path = inbox / code / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def submission(course, code):
    return course / "submitted" / code / NAME


def cell(course, code):
    cells = nbformat.read(submission(course, code) / f"{NAME}.ipynb", 4).cells
    return next(cell for cell in cells if cell.id == WRITTEN)


class Shown(HTMLParser):
    """What a browser would show of a page, and which elements it would make."""

    def __init__(self, page):
        super().__init__()
        self.text, self.tags, self._inside = "", [], False
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self._inside = True

    def handle_endtag(self, tag):
        self._inside = False

    def handle_data(self, data):
        if self._inside:
            self.text += data


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_whatever_a_pupil_writes_is_shown_as_text(text):
    shown = Shown(markdown2html(as_plain_text(text)))

    assert shown.text == text
    assert shown.tags == ["pre"]


def test_what_would_steer_a_screen_is_replaced():
    assert Shown(as_plain_text("a\x00b\x1b[2Jc\u202ed\r\ne")).text == "a\ufffdb\ufffd[2Jc\ufffdd\ne"


def is_in_order(course, code):
    return is_ours(course / "submitted" / code / NAME, Released.read(course, NAME))


def test_a_folder_per_pupil_is_collected_with_the_answer_in_its_cell(course, inbox):
    hand_in(inbox, "p01", answers({CHOICE.id: ["x"], WRITTEN: "Tell <b>someone</b>."}))

    report = collect(NAME, inbox, course)

    assert (report.collected, report.refused, report.blank) == (["p01"], {}, [])
    assert cell(course, "p01").source == as_plain_text("Tell <b>someone</b>.")
    stamp = (submission(course, "p01") / "timestamp.txt").read_text(encoding="utf-8")
    assert stamp == "2026-11-21 09:30:00 UTC\n"
    assert is_in_order(course, "p01")


def test_of_what_a_pupil_sends_only_this_quizs_answers_are_kept(course, inbox):
    both = json.loads(answers({WRITTEN: "Mine."}))
    both["quizzes"]["diary"] = json.loads(answers({"d-1": "secret"}, quiz="diary"))["quizzes"]["diary"]
    hand_in(inbox, "p01", json.dumps(both))
    hand_in(inbox, "p01", '{"cells": "PUPIL"}', f"{NAME}.ipynb")
    hand_in(inbox, "p01", "raise SystemExit  # PUPIL", "safequiz.py")
    hand_in(inbox, "p01", "PUPIL", "more/deep.txt")

    collect(NAME, inbox, course)

    home = submission(course, "p01")
    assert {path.name for path in home.iterdir()} == {
        f"{NAME}.ipynb",
        f"{NAME}.quiz.json",
        "my-answers.json",
        "timestamp.txt",
    }
    everything = "".join(path.read_text(encoding="utf-8") for path in home.iterdir())
    assert "PUPIL" not in everything
    assert "secret" not in everything


def test_single_files_and_a_tree_that_nbgrader_collected_are_read_too(course, inbox):
    (inbox / "p01.answers.json").write_text(answers({WRITTEN: "One."}), encoding="utf-8")
    (inbox / "p02.answers (1).json").write_text(answers({WRITTEN: "Two."}), encoding="utf-8")
    hand_in(inbox, "p03", answers({WRITTEN: "Three."}), f"{NAME}/my-answers.json")
    hand_in(inbox, "p04", answers({WRITTEN: "Four."}), "my-answers (2).json")

    assert collect(NAME, inbox, course).collected == ["p01", "p02", "p03", "p04"]
    assert cell(course, "p03").source == as_plain_text("Three.")


@pytest.mark.parametrize(
    "text", [None, answers(), answers({WRITTEN: " \n"}), answers({WRITTEN: "x"}, quiz="other")]
)
def test_no_answers_is_a_submission_too_and_leaves_the_answer_cell_untouched(course, inbox, text):
    (inbox / "p01").mkdir()
    if text:
        hand_in(inbox, "p01", text)
    hand_in(inbox, "p02", answers({WRITTEN: "x"}))

    report = collect(NAME, inbox, course)

    assert report.collected == ["p01", "p02"]
    assert report.blank == ["p01"]
    untouched = nbformat.read(course / "release" / NAME / f"{NAME}.ipynb", 4).cells[-1]
    assert cell(course, "p01").source == untouched.source


BAD = {
    "cut short": ('{"schema": 1, "qui', "not whole JSON"),
    "empty": ("", "not whole JSON"),
    "later schema": ('{"schema": 2, "quizzes": {}}', "schema"),
    "a notebook": ('{"cells": []}', "form of an answers file"),
    "too large": (" " * 300_000, "larger than 256 KB"),
    "a day that cannot be": (answers(saved="2026-02-30T09:30:00Z"), "saved_at"),
    "before there were quizzes": (answers(saved="1969-01-01T00:00:00Z"), "a day that cannot be"),
}


@pytest.mark.parametrize(("text", "why"), BAD.values(), ids=BAD)
def test_a_bad_file_is_named_with_its_reason_and_the_rest_goes_on(course, inbox, text, why):
    hand_in(inbox, "p01", answers({WRITTEN: "One."}))
    hand_in(inbox, "p02", text)
    hand_in(inbox, "p03", answers({WRITTEN: "Three."}))

    report = collect(NAME, inbox, course)

    assert report.collected == ["p01", "p03"]
    assert list(report.refused) == ["p02"]
    assert why in report.refused["p02"]
    assert "NOT collected, p02" in str(report)
    assert not submission(course, "p02").exists()


@pytest.mark.parametrize(
    "code", ["a b", "ann@school", "Zoë", "-rf", "a" * 65, "con", "NUL.txt", "end.", "_x", "a'b", "[a]"]
)
def test_a_code_that_could_do_harm_is_refused(course, inbox, code):
    hand_in(inbox, "p01", answers())
    try:
        hand_in(inbox, code, answers())
    except OSError:
        pytest.skip("this system has no such names")

    report = collect(NAME, inbox, course)

    assert report.collected == ["p01"]
    assert "a code is 1 to 64 letters" in report.refused[code]


def test_hidden_folders_are_passed_over_and_other_files_are_named(course, inbox):
    hand_in(inbox, "p01", answers())
    hand_in(inbox, ".ipynb_checkpoints", answers())
    (inbox / "class.csv").write_text("x", encoding="utf-8")
    (inbox / "my-answers.json").write_text(answers(), encoding="utf-8")

    report = collect(NAME, inbox, course)

    assert report.collected == ["p01"]
    assert "Left alone, no answers file: class.csv." in str(report)
    assert "ipynb_checkpoints" not in str(report)
    assert "does not say whose it is" in report.refused["my-answers.json"]


def test_two_codes_that_differ_only_in_capitals_are_both_refused(course, inbox):
    (inbox / "Ann.answers.json").write_text(answers(), encoding="utf-8")
    (inbox / "ann").mkdir()

    assert set(collect(NAME, inbox, course).refused) == {"Ann", "ann"}


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_links_are_not_followed(course, inbox, tmp_path):
    secret = tmp_path / "secret"
    hand_in(secret, "p09", answers({WRITTEN: "SECRET"}))
    (inbox / "p01").symlink_to(secret / "p09")
    (inbox / "p02").mkdir()
    (inbox / "p02" / "my-answers.json").symlink_to(secret / "p09" / "my-answers.json")
    (inbox / "p03.answers.json").symlink_to(secret / "p09" / "my-answers.json")
    (inbox / "p04").mkdir()
    os.mkfifo(inbox / "p04" / "my-answers.json")
    hand_in(inbox, "p05", answers())

    report = collect(NAME, inbox, course)

    assert report.collected == ["p05"]
    assert set(report.refused) == {"p01", "p02", "p03", "p04"}


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_nothing_is_written_through_a_link(course, inbox, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (course / "submitted").mkdir()
    (course / "submitted" / "p01").symlink_to(elsewhere)
    hand_in(inbox, "p01", answers())

    assert "is a link" in collect(NAME, inbox, course).refused["p01"]
    assert not any(elsewhere.iterdir())


def test_the_newest_of_two_files_wins_and_the_report_says_so(course, inbox):
    hand_in(inbox, "p01", answers({WRITTEN: "Old."}, "2026-11-20T09:00:00Z"))
    hand_in(inbox, "p01", answers({WRITTEN: "New."}, "2026-11-21T09:00:00Z"), "my-answers (1).json")

    report = collect(NAME, inbox, course)

    assert cell(course, "p01").source == as_plain_text("New.")
    assert report.notes == [
        "p01: several answers files; took my-answers (1).json, saved last (21 November 2026, 09:00 UTC)."
    ]


def test_two_files_of_one_time_that_differ_are_not_guessed_at(course, inbox):
    hand_in(inbox, "p01", answers({WRITTEN: "This."}))
    (inbox / "p01.answers.json").write_text(answers({WRITTEN: "That."}), encoding="utf-8")

    assert "differ, but say they were saved at the same time" in collect(NAME, inbox, course).refused["p01"]


def test_collecting_again_changes_nothing_until_something_newer_comes(course, inbox):
    hand_in(inbox, "p01", answers({WRITTEN: "First."}))
    collect(NAME, inbox, course)

    again = collect(NAME, inbox, course)
    hand_in(inbox, "p01", answers({WRITTEN: "Older."}, "2026-11-01T00:00:00Z"))
    older = collect(NAME, inbox, course)
    kept = cell(course, "p01").source
    hand_in(inbox, "p01", answers({WRITTEN: "Newer."}, "2026-11-22T00:00:00Z"))
    newer = collect(NAME, inbox, course)

    assert (again.collected, again.unchanged, again.notes) == ([], ["p01"], [])
    assert (older.unchanged, kept) == (["p01"], as_plain_text("First."))
    assert "is newer (21 November 2026, 09:30 UTC), and was kept" in older.notes[0]
    assert (newer.collected, newer.notes) == (["p01"], [])
    assert cell(course, "p01").source == as_plain_text("Newer.")
    stamp = (submission(course, "p01") / "timestamp.txt").read_text(encoding="utf-8")
    assert stamp == "2026-11-22 00:00:00 UTC\n"


def test_answers_that_come_after_none_did_take_their_place(course, inbox):
    (inbox / "p01").mkdir()
    hand_in(inbox, "p02", answers())
    collect(NAME, inbox, course)
    hand_in(inbox, "p01", answers({WRITTEN: "Late."}))

    assert collect(NAME, inbox, course).collected == ["p01"]
    assert cell(course, "p01").source == as_plain_text("Late.")


def test_what_nbgrader_collected_is_made_safe_in_place_and_the_original_is_kept(course):
    home = submission(course, "p01")
    home.mkdir(parents=True)
    (home / f"{NAME}.ipynb").write_text("PUPIL", encoding="utf-8")
    (home / "my-answers.json").write_text(answers({WRITTEN: "Mine."}), encoding="utf-8")
    assert not is_in_order(course, "p01")

    report = collect(NAME, course / "submitted", course)

    assert (report.collected, report.moved) == (["p01"], ["p01"])
    assert is_in_order(course, "p01")
    kept = course / "received" / "p01" / f"{NAME}-1" / f"{NAME}.ipynb"
    assert kept.read_text(encoding="utf-8") == "PUPIL"
    assert collect(NAME, course / "submitted", course).unchanged == ["p01"]


def test_a_stopped_run_is_put_right_by_the_next(course, inbox):
    hand_in(inbox, "p01", answers({WRITTEN: "First."}))
    collect(NAME, inbox, course)
    working = course / "submitted" / ".collecting"
    (working / "old").mkdir(parents=True)
    submission(course, "p01").rename(working / "old" / f"p01@{NAME}")
    (working / "new" / f"p01@{NAME}").mkdir(parents=True)

    assert collect(NAME, inbox, course).unchanged == ["p01"]
    assert not working.exists()


def test_answers_to_an_earlier_wording_are_taken_and_pointed_out(course, inbox):
    hand_in(inbox, "p01", answers({WRITTEN: "x"}, content="00000000"))

    report = collect(NAME, inbox, course)

    assert report.collected == ["p01"]
    assert "another wording" in report.notes[0]


def test_what_is_printed_of_a_name_cannot_steer_the_terminal(course, inbox):
    hand_in(inbox, "p01", answers())
    try:
        (inbox / "x\x1b[2J.txt").write_text("x", encoding="utf-8")
    except OSError:
        pytest.skip("this system has no such names")

    assert "\x1b" not in str(collect(NAME, inbox, course))


def test_a_path_that_is_missing_empty_or_the_course_itself_is_refused(course, inbox, tmp_path):
    for path, why in (
        (tmp_path / "nowhere", "no folder or file"),
        (inbox, "holds no answers"),
        (course, "holds the course itself"),
        (tmp_path, "holds the course itself"),
    ):
        with pytest.raises(CollectError, match=why):
            collect(NAME, path, course)


def test_a_folder_of_strangers_makes_no_submissions(course, inbox):
    for name in ("photos", "music"):
        (inbox / name).mkdir()

    with pytest.raises(CollectError, match="holds no answers"):
        collect(NAME, inbox, course)
    assert not (course / "submitted").exists()


def test_a_quiz_must_be_released_first(inbox, tmp_path):
    hand_in(inbox, "p01", answers())

    with pytest.raises(NotReleased, match=f"python3 -m quizzes release {NAME}"):
        collect(NAME, inbox, tmp_path / "other")


def handed_in_from_page(inbox, name, text, pupil=None):
    """Put in a file as a quiz's web page makes it, with the pupil's code if one was typed."""
    whole = json.loads(text) | ({"pupil": pupil} if pupil else {})
    (inbox / name).write_text(json.dumps(whole), encoding="utf-8")


def test_the_file_of_a_quizs_web_page_says_in_its_name_or_within_whose_it_is(course, inbox):
    handed_in_from_page(inbox, f"{NAME}.p01.answers.json", answers({WRITTEN: "One."}), "p01")
    handed_in_from_page(inbox, f"{NAME}.p02.answers (1).json", answers({WRITTEN: "Two."}), "p02")
    handed_in_from_page(inbox, f"{NAME}.answers.json", answers({WRITTEN: "Three."}), "p03")
    handed_in_from_page(inbox, f"{NAME}.answers (2).json", answers({WRITTEN: "Four."}), "p04")
    handed_in_from_page(inbox, f"{NAME}.p.5-b.answers.json", answers({WRITTEN: "Five."}), "p.5-b")

    report = collect(NAME, inbox, course)

    assert (report.collected, report.refused) == (["p.5-b", "p01", "p02", "p03", "p04"], {})
    for code, text in (("p02", "Two."), ("p03", "Three."), ("p04", "Four."), ("p.5-b", "Five.")):
        assert cell(course, code).source == as_plain_text(text)


def test_the_file_of_a_web_page_may_lie_in_a_folder_of_the_pupil(course, inbox):
    (inbox / "p04").mkdir()
    handed_in_from_page(inbox, f"p04/{NAME}.p04.answers.json", answers({WRITTEN: "Four."}), "p04")
    (inbox / "p05").mkdir()
    handed_in_from_page(inbox, f"p05/{NAME}.answers (1).json", answers({WRITTEN: "Five."}), "")

    report = collect(NAME, inbox, course)

    assert (report.collected, report.blank, report.refused) == (["p04", "p05"], [], {})
    assert cell(course, "p05").source == as_plain_text("Five.")


@pytest.mark.parametrize("other", ["privacy-settings", f"{NAME}-adults"])
def test_the_file_of_another_quiz_is_named_and_makes_no_pupil(course, inbox, other):
    handed_in_from_page(inbox, f"{NAME}.p01.answers.json", answers({WRITTEN: "One."}), "p01")
    handed_in_from_page(inbox, f"{other}.p01.answers.json", answers(), "p01")

    report = collect(NAME, inbox, course)

    assert (report.collected, report.blank, report.refused) == (["p01"], [], {})
    assert f"Left alone, answers to another quiz, {other}: {other}.p01.answers.json." in str(report)


def test_what_whoever_marks_calls_a_file_counts_before_what_it_says(course, inbox):
    handed_in_from_page(inbox, "p01.answers.json", answers({WRITTEN: "One."}), "p98")
    handed_in_from_page(inbox, f"{NAME}.p02.answers.json", answers({WRITTEN: "Two."}), "p99")

    assert collect(NAME, inbox, course).collected == ["p01", "p02"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (answers(), "it does not say whose it is: call it CODE.answers.json, with the pupil's code"),
        ('{"schema": 1, "qui', "it cannot be used: it is not whole JSON"),
        (answers()[:-1] + ', "pupil": "not a code"}', "it cannot be used: it does not have the form"),
        ("[" * 300_000, "it cannot be used: it is larger than 256 KB"),
    ],
    ids=["no code", "cut short", "no true code", "too large"],
)
def test_a_file_of_a_web_page_that_does_not_say_whose_it_is_is_refused(course, inbox, text, why):
    hand_in(inbox, "p01", answers())
    (inbox / f"{NAME}.answers.json").write_text(text, encoding="utf-8")

    report = collect(NAME, inbox, course)

    assert report.collected == ["p01"]
    assert list(report.refused) == [f"{NAME}.answers.json"]
    assert report.refused[f"{NAME}.answers.json"].startswith(why)


def test_two_files_of_one_pupil_are_weighed_however_they_are_called(course, inbox):
    handed_in_from_page(inbox, f"{NAME}.p01.answers.json", answers({WRITTEN: "Old."}), "p01")
    handed_in_from_page(
        inbox, f"{NAME}.answers.json", answers({WRITTEN: "New."}, "2026-11-22T09:00:00Z"), "p01"
    )

    report = collect(NAME, inbox, course)

    assert report.collected == ["p01"]
    assert cell(course, "p01").source == as_plain_text("New.")
    assert f"took {NAME}.answers.json" in report.notes[0]


def test_the_code_in_a_file_is_not_passed_on(course, inbox):
    handed_in_from_page(inbox, f"{NAME}.answers.json", answers({WRITTEN: "x"}), "p01")
    collect(NAME, inbox, course)

    kept = json.loads((submission(course, "p01") / "my-answers.json").read_text(encoding="utf-8"))
    assert set(kept) == {"schema", "quizzes"}
    assert is_in_order(course, "p01")


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_a_link_called_like_the_file_of_a_web_page_is_not_opened(course, inbox, tmp_path):
    handed_in_from_page(tmp_path, "secret.json", answers({WRITTEN: "SECRET"}), "p09")
    (inbox / f"{NAME}.answers.json").symlink_to(tmp_path / "secret.json")
    os.mkfifo(inbox / f"{NAME}.answers (1).json")
    hand_in(inbox, "p01", answers())

    report = collect(NAME, inbox, course)

    assert report.collected == ["p01"]
    assert set(report.refused) == {f"{NAME}.answers.json", f"{NAME}.answers (1).json"}


ROSTER = (
    "id,first_name,last_name,email,lms_user_id\n"
    "p01,Ann,Lee,ann@school.org,1234\n"
    "p02,Zoë,O'Brien,zoe@school.org,5678\n"
)
DOWNLOADS = {
    "Moodle": [
        "Ann Lee_77_assignsubmission_file_/my-answers.json",
        "Zoë OBrien_78_assignsubmission_file/mine/my-answers (1).json",
    ],
    "Moodle without folders": [
        "Ann Lee_77_assignsubmission_file_my-answers.json",
        f"Zoë OBrien_78_assignsubmission_file_{NAME}.answers.json",
    ],
    "Canvas": ["leeann_1234_990001_my-answers.json", "obrienzoë_LATE_5678_990002_my-answers-1.json"],
    "Canvas, ids alone": ["x_1234_990001_my-answers.json", "y_5678_990002_my-answers.json"],
    "Teams": [
        "Submitted files/Ann Lee/Quiz 1/Version 1/my-answers.json",
        "Submitted files/O'Brien, Zoë/Quiz 1/Version 2/my-answers.json",
    ],
    "Classroom": [
        "Quiz 1/Ann Lee - my-answers.json",
        "Quiz 1/Zoë O\u2019Brien - Copy of my-answers.json",
    ],
    "e-mail": [f"{NAME}.p01.answers.json", f"{NAME}.p02.answers(1).json"],
    "folders by name": ["Ann Lee/my-answers.json", "zoe\u0308 o'brien/my-answers.json"],
    "folders by address": ["ann@school.org/my-answers.json", "ZOE@school.org/my-answers.json"],
    "by hand": ["p01/my-answers.json", "P02.answers.json"],
}


def packed(folder, path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.rglob("*")):
            archive.write(file, file.relative_to(folder))
    return path


@pytest.fixture
def roster(tmp_path):
    path = tmp_path / "roster.csv"
    path.write_text(ROSTER, encoding="utf-8")
    return path


@pytest.fixture
def no_import(monkeypatch):
    """Do not put the roster into the gradebook: test_roster.py does."""
    monkeypatch.setattr("safequiz.collect.write_roster", lambda *_: None)


@pytest.mark.parametrize("form", ["folder", "zip", "zip in folder"])
@pytest.mark.parametrize("names", DOWNLOADS.values(), ids=DOWNLOADS)
@pytest.mark.usefixtures("no_import")
def test_a_platforms_download_reaches_the_right_pupils(course, inbox, tmp_path, roster, names, form):
    for name, text in zip(names, ("One.", "Two."), strict=True):
        hand_in(inbox, ".", answers({WRITTEN: text}), name)
    path = inbox if form == "folder" else packed(inbox, tmp_path / "class.zip")
    if form == "zip in folder":
        (tmp_path / "got").mkdir()
        path = path.rename(tmp_path / "got" / path.name).parent

    report = collect(NAME, path, course, roster)

    assert (report.collected, report.refused) == (["p01", "p02"], {})
    assert cell(course, "p01").source == as_plain_text("One.")
    assert cell(course, "p02").source == as_plain_text("Two.")


@pytest.mark.parametrize("name", ["Ann Lee", "O'Brien", "ann@school.org", "Zoë"])
def test_a_name_as_people_write_it_needs_a_roster_and_is_never_dropped(course, inbox, name):
    hand_in(inbox, "p01", answers())
    hand_in(inbox, name, answers())

    report = collect(NAME, inbox, course)

    assert report.collected == ["p01"]
    assert f"or give a roster that says whose '{name}' is" in report.refused[name]


@pytest.mark.usefixtures("no_import")
def test_who_is_not_in_the_roster_is_named_and_not_collected(course, inbox, roster):
    hand_in(inbox, "p01", answers())
    hand_in(inbox, "p99", answers())
    hand_in(inbox, ".", answers(), f"{NAME}.p98.answers.json")
    hand_in(inbox, ".", answers(), f"Ann Lee - {NAME}.p02.answers.json")

    report = collect(NAME, inbox, course, roster)

    assert report.collected == ["p01"]
    assert report.refused == {
        "p99": "'p99' is not in the roster",
        f"{NAME}.p98.answers.json": "its code, p98, is not in the roster",
        f"Ann Lee - {NAME}.p02.answers.json": "the roster says it is p01's, but the file says p02",
    }


@pytest.mark.usefixtures("no_import")
def test_a_bad_line_of_the_roster_is_named_with_the_rest_of_the_report(course, inbox, roster):
    roster.write_text(ROSTER + "ann lee,,,,\n", encoding="utf-8")
    hand_in(inbox, "p01", answers())

    report = collect(NAME, inbox, course, roster)

    assert report.collected == ["p01"]
    assert report.faulty
    assert "Roster, line 4: its id is 'ann lee'" in str(report)


def test_a_gradebook_that_cannot_take_the_roster_stops_no_collecting(course, inbox, roster):
    (course / "nbgrader_config.py").unlink()
    hand_in(inbox, "p01", answers())

    report = collect(NAME, inbox, course, roster)

    assert report.collected == ["p01"]
    assert "it could not be put into the gradebook" in report.roster[0]


@pytest.mark.usefixtures("no_import")
def test_a_file_named_after_a_person_leaves_no_name_in_the_submission(course, inbox, roster):
    hand_in(inbox, ".", answers({WRITTEN: "x"}), "Ann Lee_77_assignsubmission_file_my-answers.json")
    collect(NAME, inbox, course, roster)

    everything = [path.read_bytes() for path in (course / "submitted").rglob("*") if path.is_file()]
    assert len(everything) == 4
    assert b"Lee" not in b"".join(everything)


def test_the_folder_of_a_class_is_no_pupil(course, inbox):
    for code in ("p01", "p02"):
        hand_in(inbox, "class7", answers(), f"{NAME}.{code}.answers.json")

    assert collect(NAME, inbox, course).collected == ["p01", "p02"]


def test_a_folder_counts_before_the_code_in_a_files_name_and_the_report_says_so(course, inbox):
    hand_in(inbox, "p04", answers(), f"{NAME}.p40.answers.json")

    report = collect(NAME, inbox, course)

    assert report.collected == ["p04"]
    assert f"p04: p04/{NAME}.p40.answers.json says it is of p40; what you called it" in report.notes[0]


def received(course, code="p01"):
    return sorted(path.name for path in (course / "received" / code).glob("*"))


def test_older_hand_ins_are_kept_once_with_nothing_but_this_quizs_answers(course, inbox):
    old = json.loads(answers({WRITTEN: "Old."}, "2026-11-20T09:00:00Z"))
    old["quizzes"]["diary"] = json.loads(answers({"d-1": "secret"}, quiz="diary"))["quizzes"]["diary"]
    hand_in(inbox, "p01", json.dumps(old | {"pupil": "p01"}))
    hand_in(inbox, "p01", answers({WRITTEN: "New."}), "my-answers (1).json")
    hand_in(inbox, "p01", answers({WRITTEN: "New."}), "my-answers (2).json")

    report = collect(NAME, inbox, course)
    collect(NAME, inbox, course)

    (kept,) = received(course)
    assert kept.startswith(f"{NAME}-20261120-090000-")
    text = (course / "received" / "p01" / kept).read_text(encoding="utf-8")
    assert "Old." in text
    assert "secret" not in text
    became = {str(one.handed): (one.became, one.why) for one in report.files}
    assert became == {
        "p01/my-answers.json": ("kept", f"received/p01/{kept}"),
        "p01/my-answers (1).json": ("taken", ""),
        "p01/my-answers (2).json": ("same as the one taken", ""),
    }


def test_what_was_collected_before_is_kept_when_something_newer_takes_its_place(course, inbox):
    hand_in(inbox, "p01", answers({WRITTEN: "First."}))
    collect(NAME, inbox, course)
    hand_in(inbox, "p01", answers({WRITTEN: "Second."}, "2026-11-22T09:00:00Z"))
    collect(NAME, inbox, course)

    (kept,) = received(course)
    assert "First." in (course / "received" / "p01" / kept).read_text(encoding="utf-8")


def test_an_older_answer_never_counts_in_silence_beside_a_file_that_cannot_be_read(course, inbox):
    hand_in(inbox, "p01", answers({WRITTEN: "Old."}))
    hand_in(inbox, "p01", '{"schema": 1, "qui', "my-answers (1).json")

    report = collect(NAME, inbox, course)

    assert report.collected == ["p01"]
    assert cell(course, "p01").source == as_plain_text("Old.")
    (who, why) = next(iter(report.refused.items()))
    assert who == "p01/my-answers (1).json"
    assert "cannot be used: it is not whole JSON" in why
    assert (
        "counts for p01 is p01/my-answers.json, saved 21 November 2026, 09:30 UTC, which may be older" in why
    )


def test_a_file_that_cannot_be_read_leaves_what_was_collected_before(course, inbox):
    hand_in(inbox, "p01", answers({WRITTEN: "Old."}))
    collect(NAME, inbox, course)
    hand_in(inbox, "p01", "{}")

    report = collect(NAME, inbox, course)

    assert report.refused["p01"].endswith("; what was collected before stands")
    assert cell(course, "p01").source == as_plain_text("Old.")


def test_a_folder_with_only_what_may_hold_answers_is_no_zero(course, inbox):
    hand_in(inbox, "p01", answers())
    hand_in(inbox, "p02", answers(), "ann.json")
    hand_in(inbox, "p03", "From: x", "quiz.eml")
    hand_in(inbox, "p04", "{}", f"{NAME}.ipynb")

    report = collect(NAME, inbox, course)

    assert (report.collected, report.blank) == (["p01", "p04"], ["p01", "p04"])
    assert "not called as an answers file is" in report.refused["p02/ann.json"]
    assert "an e-mail: open it" in report.refused["p03/quiz.eml"]


def test_who_sent_a_platform_something_else_is_named(course, inbox):
    hand_in(inbox, "p01", answers())
    hand_in(inbox, "Ann Lee_77_assignsubmission_file_", "{}", "quiz (1).ipynb")

    assert collect(NAME, inbox, course).refused == {
        "Ann Lee_77_assignsubmission_file_/quiz (1).ipynb": (
            "a notebook, which is not read, and no answers to this quiz came with it"
        )
    }


def test_what_stands_in_the_folder_of_another_quiz_is_left_alone_and_is_nobodys(course, inbox):
    hand_in(inbox, f"p01/{NAME}", answers())
    hand_in(inbox, "p01/privacy-settings", answers(quiz="privacy-settings"))
    hand_in(inbox, "p01/privacy-settings", "{}", "privacy-settings.quiz.json")

    report = collect(NAME, inbox, course)

    assert (report.collected, report.blank, report.refused) == (["p01"], ["p01"], {})
    assert "it is in the folder of another quiz" in str(report)


def test_a_notebook_deep_in_the_folder_of_a_class_makes_nobody_of_the_class(course, inbox):
    hand_in(inbox, "7B/p01", answers())
    hand_in(inbox, "7B/p02", "{}", "quiz.ipynb")

    report = collect(NAME, inbox, course)

    assert (report.collected, report.blank) == (["p01"], ["p01"])
    assert "7B/p02/quiz.ipynb" in str(report)


def test_a_long_list_of_pupils_says_how_many_more_there_are(course, inbox):
    hand_in(inbox, "p99", answers({WRITTEN: "Mine."}))
    for number in range(25):
        (inbox / f"p{number:02}").mkdir()

    assert f"0 throughout: {', '.join(f'p{n:02}' for n in range(20))} and 5 more." in str(
        collect(NAME, inbox, course)
    )


def test_one_code_that_two_people_typed_is_neithers(course, inbox):
    ours = f"{NAME}.p01.answers.json"
    for who in ("Ann Lee_77", "Bob Day_78"):
        hand_in(inbox, f"{who}_assignsubmission_file_", answers({WRITTEN: who}), ours)
    hand_in(inbox, "Cat Ash_79_assignsubmission_file_", answers(), f"{NAME}.p02.answers.json")

    report = collect(NAME, inbox, course)

    assert report.collected == ["p02"]
    assert set(report.refused.values()) == {
        "'Ann Lee' and 'Bob Day' sent files with one code, p01: call each CODE.answers.json, with their own"
    }
    assert not submission(course, "p01").exists()


def test_another_kind_of_file_in_a_pupils_folder_is_no_zero(course, inbox):
    hand_in(inbox, "p01", answers())
    hand_in(inbox, "p02", "my answers", "answers.docx")
    (inbox / "p03").mkdir()

    report = collect(NAME, inbox, course)

    assert report.refused == {"p02": "its folder holds no answers to this quiz, but something else"}
    assert report.blank == ["p01", "p03"]
    assert not submission(course, "p02").exists()


def test_who_is_in_the_roster_and_handed_in_nothing_is_listed(course, inbox, tmp_path):
    hand_in(inbox, "p01", answers())
    roster = tmp_path / "class.csv"
    roster.write_text("id,first_name,last_name\np01,Ann,Lee\np02,Bob,Day\n", encoding="utf-8")

    report = collect(NAME, inbox, course, roster)

    assert report.missing == ["p02"]
    assert "In the roster, with nothing collected: p02." in str(report)


@pytest.fixture
def mixed(inbox):
    """A download with something of everything: 14 files."""
    hand_in(inbox, "p01", answers({WRITTEN: "One."}))
    hand_in(inbox, "p01", answers({WRITTEN: "Old."}, "2026-11-20T09:00:00Z"), "my-answers (1).json")
    hand_in(inbox, "p01", "{}", f"{NAME}.ipynb")
    hand_in(inbox, "p02", '{"schema": 1, "qui')
    hand_in(inbox, "p03", answers())
    hand_in(inbox, "P03", answers())
    hand_in(inbox, "p04", answers({"x": ["y"]}, quiz="other"))
    hand_in(inbox, ".", answers(), "-rf.answers.json")
    hand_in(inbox, ".", answers(), "my-answers.json")
    hand_in(inbox, ".", answers(), "privacy-settings.p01.answers.json")
    hand_in(inbox, ".", "x", "=cmd|x.txt")
    hand_in(inbox, ".", "x", ".DS_Store")
    hand_in(inbox / "pack", ".", answers(), "p05.answers.json")
    hand_in(inbox / "pack", ".", answers(), "Ann Lee - my-answers.json")
    packed(inbox / "pack", inbox / "class.zip")
    shutil.rmtree(inbox / "pack")
    return inbox


def test_every_file_is_accounted_for_on_the_terminal_and_in_a_table(course, mixed):
    report = collect(NAME, mixed, course)

    with report.table.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(report.files) == 14
    assert Counter(row["what became of it"] for row in rows) == {
        "taken": 2,
        "kept": 1,
        "left alone": 5,
        "refused": 6,
    }
    assert "Files: 14 met, 1 kept, 5 left alone, 6 refused, 2 taken." in str(report)
    assert all(row["why"] for row in rows if row["what became of it"] != "taken")
    assert {row["pupil"] for row in rows if row["what became of it"] == "taken"} == {"p01", "p05"}
    assert "'=cmd|x.txt" in {row["file"] for row in rows}
    assert set(report.refused) == {
        *["p02", "p03", "P03", "-rf", "my-answers.json", "class.zip/Ann Lee - my-answers.json"],
    }


def everything_in(course):
    return {
        path.relative_to(course): (path.stat().st_mtime_ns, path.read_bytes())
        for path in course.rglob("*")
        if path.is_file() and path.suffix != ".csv"
    }


def test_a_second_run_changes_nothing(course, mixed):
    first = collect(NAME, mixed, course)
    before, table = everything_in(course), first.table.read_bytes()

    second = collect(NAME, mixed, course)

    assert everything_in(course) == before
    assert second.table.read_bytes() == table
    assert (second.collected, second.unchanged) == ([], ["p01", "p04", "p05"])
    assert second.refused == first.refused


def test_several_paths_are_collected_together_and_the_newest_counts(course, inbox, tmp_path):
    hand_in(inbox, "p01", answers({WRITTEN: "Old."}))
    hand_in(tmp_path / "more", "p01", answers({WRITTEN: "New."}, "2026-11-22T09:00:00Z"))
    late = hand_in(tmp_path, "late", answers(), "p02.answers.json")
    zipped = packed(tmp_path / "more", tmp_path / "more.zip")

    report = collect(NAME, [inbox, zipped, late], course)

    assert report.collected == ["p01", "p02"]
    assert cell(course, "p01").source == as_plain_text("New.")
    assert {one.found_in for one in report.files} == {str(inbox), str(zipped), str(late)}


def test_a_table_that_is_open_elsewhere_is_said_and_stops_nothing(course, inbox):
    hand_in(inbox, "p01", answers())
    (course / "received" / f"{NAME}.report.csv").mkdir(parents=True)

    report = collect(NAME, inbox, course)

    assert report.collected == ["p01"]
    assert "could not be written" in report.notes[0]
    assert "If it is open, close it and collect again" in report.notes[0]


def test_a_long_report_is_cut_on_the_terminal_and_points_to_the_table(course, inbox):
    hand_in(inbox, "p00", answers())
    for number in range(60):
        hand_in(inbox, f"q{number}", "{")

    report = collect(NAME, inbox, course)

    assert str(report).count("NOT collected") == 40
    assert "... and 20 more like these." in str(report)
    assert str(report.table) in str(report)


def test_a_code_that_was_collected_in_other_capitals_is_refused(course, inbox, tmp_path):
    hand_in(inbox, "p01", answers())
    collect(NAME, inbox, course)
    hand_in(tmp_path / "more", "P01", answers())

    assert "differs from it only in capitals" in collect(NAME, tmp_path / "more", course).refused["P01"]


def test_a_file_of_1_gb_is_refused_without_being_read(course, inbox, monkeypatch):
    hand_in(inbox, "p01", answers())
    with hand_in(inbox, "p02", "").open("wb") as file:
        file.truncate(10**9)
    with (inbox / "class.zip").open("wb") as file:
        file.truncate(10**9)

    tracemalloc.start()
    report = collect(NAME, inbox, course)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert report.collected == ["p01"]
    assert "larger than 256 KB" in report.refused["p02"]
    assert "no whole ZIP" in report.refused["class.zip"]
    assert peak < 100_000_000


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_nothing_in_the_files_place_but_a_file_is_opened(course, inbox, tmp_path):
    hand_in(inbox, "p01", answers())
    (inbox / "p02" / "my-answers.json").mkdir(parents=True)
    for code, target in (("p03", "/etc/passwd"), ("p04", "/dev/zero"), ("p05", course / "source")):
        (inbox / code).mkdir()
        (inbox / code / "my-answers.json").symlink_to(target)

    report = collect(NAME, inbox, course)

    assert report.collected == ["p01"]
    assert {who: why[:12] for who, why in report.refused.items()} == {
        "p02": "it is a fold",
        **dict.fromkeys(("p03", "p04", "p05"), "it is a link"),
    }


STRANGE = {
    "space": "a b",
    "composed": "Zo\u00eb",
    "decomposed": "Zoe\u0308",
    "300 characters": "a" * 300,
    "control": "p\x1b[2J1",
    "bell": "p\x07",
    "right to left": "p\u202e10",
    "no width": "p\u200b1",
    "formula": "=1+1",
    "device": "NUL",
}


@pytest.mark.parametrize("code", STRANGE.values(), ids=STRANGE)
def test_a_strange_code_is_refused_by_name_wherever_it_stands(course, inbox, tmp_path, code):
    whole = json.loads(answers()) | {"pupil": code}
    hand_in(inbox, ".", json.dumps(whole), f"{NAME}.answers.json")
    hand_in(inbox, "p01", answers())
    with zipfile.ZipFile(inbox / "class.zip", "w") as archive:
        archive.writestr(f"{code}/my-answers.json", answers())
        archive.writestr(f"{NAME}.{code}.answers.json", answers())
    before = {path for path in tmp_path.rglob("*") if "submitted" not in path.parts}

    report = collect(NAME, inbox, course)

    assert report.collected == ["p01"]
    assert [one.became for one in report.files] == ["refused", "refused", "refused", "taken"]
    assert all(char.isprintable() or char == "\n" for char in str(report))
    after = {path for path in tmp_path.rglob("*") if "submitted" not in path.parts}
    assert after - before == {course / "received", report.table}


@pytest.mark.skipif(os.name == "nt", reason="this system has no such names")
def test_a_name_that_is_no_text_is_shown_as_question_marks(course, inbox):
    hand_in(inbox, "p01", answers())
    Path(os.fsdecode(os.fsencode(inbox) + b"/Zo\xeb.json")).write_text("{}", encoding="utf-8")

    report = collect(NAME, inbox, course)

    assert "NOT collected, Zo?.json:" in str(report)
    assert "Zo?.json" in report.table.read_text(encoding="utf-8-sig")


def test_a_folder_of_too_many_files_is_refused_before_anything_is_collected(course, inbox, monkeypatch):
    monkeypatch.setattr("safequiz.collect._MOST_FILES", 2)
    for code in ("p01", "p02", "p03"):
        hand_in(inbox, code, answers())

    with pytest.raises(CollectError, match="holds more than 2 files"):
        collect(NAME, inbox, course)
    assert not (course / "submitted").exists()


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="who may read everything cannot be refused")
def test_a_folder_that_may_not_be_read_is_named(course, inbox):
    hand_in(inbox, "p01", answers())
    hand_in(inbox, "p02", answers())
    (inbox / "p02").chmod(0)

    report = collect(NAME, inbox, course)
    (inbox / "p02").chmod(0o755)

    assert "cannot be read" in report.refused["p02"]


def test_nbgraders_own_zip_collect_takes_a_class_and_is_stopped_by_no_file(course, inbox, roster):
    hand_in(inbox, "Ann Lee_77_assignsubmission_file_", answers({WRITTEN: "Old."}, "2026-11-20T09:00:00Z"))
    hand_in(inbox, "Ann Lee_77_assignsubmission_file_", answers({WRITTEN: "New."}), "my-answers (1).json")
    hand_in(inbox, "O'Brien", answers())
    hand_in(inbox, ".", "{", f"{NAME}.p02.answers.json")
    hand_in(inbox, ".", "{}", "quiz (1).ipynb")
    for text in ("This.", "That."):
        hand_in(inbox, text, answers({WRITTEN: text}), "p03.answers.json")
    archive = course / "downloaded" / NAME / "archive"
    archive.mkdir(parents=True)
    with zipfile.ZipFile(packed(inbox, archive / "class.zip"), "a") as whole:
        whole.writestr("../../../evil.answers.json", answers())
    (archive / "broken.zip").write_bytes(b"PK")
    roster.write_text(f"{ROSTER}p03,,,,\n", encoding="utf-8")
    with (course / "nbgrader_config.py").open("a", encoding="utf-8") as file:
        file.write(
            'c.ZipCollectApp.extractor_plugin = "safequiz.zip_plugins.AnswersExtractor"\n'
            'c.ZipCollectApp.collector_plugin = "safequiz.zip_plugins.AnswersCollector"\n'
            f"c.AnswersCollector.roster = {str(roster)!r}\n"
        )

    run = subprocess.run(
        [sys.executable, "-m", "nbgrader", "zip_collect", NAME],
        cwd=course,
        capture_output=True,
        text=True,
        check=False,
    )
    report = collect(NAME, course / "submitted", course)

    assert run.returncode == 0, run.stderr
    for why in (
        "class.zip/Ann Lee_77_assignsubmission_file_/my-answers.json: kept",
        "class.zip/O'Brien/my-answers.json: refused, 'O'Brien' is not in the roster",
        f"class.zip/{NAME}.p02.answers.json: refused, {NAME}.p02.answers.json cannot be used",
        "class.zip/quiz (1).ipynb: left alone, a notebook",
        "class.zip/../../../evil.answers.json: refused, its name leads out of the ZIP",
        "broken.zip: refused, it is no whole ZIP",
        "p03: class.zip/That./p03.answers.json and class.zip/This./p03.answers.json differ",
    ):
        assert why in run.stderr
    assert (report.collected, report.refused) == (["p01"], {})
    assert cell(course, "p01").source == as_plain_text("New.")
    assert is_in_order(course, "p01")
