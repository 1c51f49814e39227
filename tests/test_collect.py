"""Collecting takes answers and nothing else, names every file it can't use, and loses nobody's work."""

import json
import os
import shutil
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest
from nbconvert.filters import markdown2html
from safequiz import assignment
from safequiz.bank import load_quiz
from safequiz.collect import CollectError, collect, is_collected
from safequiz.marking import released_questions
from safequiz.submission import NotReleased, as_plain_text

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


def test_a_folder_per_pupil_is_collected_with_the_answer_in_its_cell(course, inbox):
    hand_in(inbox, "p01", answers({CHOICE.id: ["x"], WRITTEN: "Tell <b>someone</b>."}))

    report = collect(NAME, inbox, course)

    assert (report.collected, report.refused, report.blank) == (["p01"], {}, [])
    assert cell(course, "p01").source == as_plain_text("Tell <b>someone</b>.")
    stamp = (submission(course, "p01") / "timestamp.txt").read_text(encoding="utf-8")
    assert stamp == "2026-11-21 09:30:00 UTC\n"
    assert is_collected(NAME, "p01", course)


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
    assert any("class.csv" in note for note in report.notes)
    assert "say whose it is" in report.refused["my-answers.json"]


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
    assert set(report.refused) == {"p01", "p02", "p03.answers.json", "p04"}


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
    assert not is_collected(NAME, "p01", course)

    report = collect(NAME, course / "submitted", course)

    assert (report.collected, report.moved) == (["p01"], ["p01"])
    assert is_collected(NAME, "p01", course)
    kept = course / "received" / "p01" / f"{NAME}-1" / f"{NAME}.ipynb"
    assert kept.read_text(encoding="utf-8") == "PUPIL"
    assert collect(NAME, course / "submitted", course).unchanged == ["p01"]


def test_a_stopped_run_is_put_right_by_the_next(course, inbox):
    hand_in(inbox, "p01", answers({WRITTEN: "First."}))
    collect(NAME, inbox, course)
    working = course / "submitted" / ".collecting"
    (working / "old" / "p01").mkdir(parents=True)
    submission(course, "p01").rename(working / "old" / "p01" / NAME)
    (working / "new" / "p01" / NAME).mkdir(parents=True)

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


def test_a_folder_that_is_missing_packed_empty_or_the_course_itself_is_refused(course, inbox, tmp_path):
    for path, why in (
        (tmp_path / "nowhere", "no folder"),
        (tmp_path / "class.zip", "Unpack it"),
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
    assert f"Left alone, as it is of the quiz {other}: {other}.p01.answers.json." in report.notes


def test_what_whoever_marks_calls_a_file_counts_before_what_it_says(course, inbox):
    handed_in_from_page(inbox, "p01.answers.json", answers({WRITTEN: "One."}), "p98")
    handed_in_from_page(inbox, f"{NAME}.p02.answers.json", answers({WRITTEN: "Two."}), "p99")

    assert collect(NAME, inbox, course).collected == ["p01", "p02"]


@pytest.mark.parametrize(
    "text", [answers(), '{"schema": 1, "qui', answers()[:-1] + ', "pupil": "not a code"}', "[" * 300_000]
)
def test_a_file_of_a_web_page_that_does_not_say_whose_it_is_is_refused(course, inbox, text):
    hand_in(inbox, "p01", answers())
    (inbox / f"{NAME}.answers.json").write_text(text, encoding="utf-8")

    report = collect(NAME, inbox, course)

    assert report.collected == ["p01"]
    assert report.refused == {
        f"{NAME}.answers.json": "it does not say whose it is: call it CODE.answers.json"
    }


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
    assert is_collected(NAME, "p01", course)


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_a_link_called_like_the_file_of_a_web_page_is_not_opened(course, inbox, tmp_path):
    handed_in_from_page(tmp_path, "secret.json", answers({WRITTEN: "SECRET"}), "p09")
    (inbox / f"{NAME}.answers.json").symlink_to(tmp_path / "secret.json")
    os.mkfifo(inbox / f"{NAME}.answers (1).json")
    hand_in(inbox, "p01", answers())

    report = collect(NAME, inbox, course)

    assert report.collected == ["p01"]
    assert set(report.refused) == {f"{NAME}.answers.json", f"{NAME}.answers (1).json"}
