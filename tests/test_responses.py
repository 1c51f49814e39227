"""Nothing that was said to be saved is ever lost, and nothing a stranger sends is trusted."""

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from safequiz import responses
from safequiz.responses import FILE_NAME, AnswersError, Store, fitting, not_saved, parse, to_json

GOOD = {
    "schema": 1,
    "quizzes": {
        "grooming-signs": {
            "content": "0123abcd",
            "saved_at": "2026-11-21T09:30:00Z",
            "responses": {"gs-secrecy": ["sign"], "gs-note": "I would tell a teacher."},
        }
    },
}
DAMAGED = b'{"schema": 1, "quizzes": {"grooming-si'


def store(folder):
    """Return the answers file of `folder`."""
    return Store(Path(folder) / responses.FILE_NAME)


def test_what_is_written_is_what_is_read():
    data = to_json(parse(json.dumps(GOOD).encode()))
    assert json.loads(data) == GOOD
    assert to_json(parse(data)) == data


def test_half_an_emoji_in_a_reply_is_replaced_and_the_rest_is_kept():
    data = json.dumps(GOOD).replace("teacher.", "teacher \\ud83d").encode()
    assert parse(data).quizzes["grooming-signs"].responses["gs-note"] == "I would tell a teacher ?"


VIEWS = [
    {"id": "one", "kind": "single", "options": [{"id": "a"}, {"id": "b"}]},
    {"id": "many", "kind": "multiple", "options": [{"id": "a"}, {"id": "b"}]},
    {"id": "text", "kind": "reflection", "options": []},
    {"id": "lines", "kind": "spot", "options": [{"id": "a"}, {"id": "b"}]},
    {"id": "steps", "kind": "order", "options": [{"id": "a"}, {"id": "b"}, {"id": "c"}]},
    {"id": "where", "kind": "nation", "nations": [{"id": "wales"}], "options": [{"id": "a"}, {"id": "b"}]},
    {
        "id": "story",
        "kind": "scenario",
        "options": [],
        "steps": [
            {"id": "s1", "choices": [{"id": "a", "to": "s2"}, {"id": "b", "to": "calm"}]},
            {"id": "s2", "choices": [{"id": "c", "to": "calm"}, {"id": "d", "to": ""}]},
        ],
    },
]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (
            {"one": ["a"], "many": ["b", "a"], "text": "Hello"},
            {"one": ["a"], "many": ["a", "b"], "text": "Hello"},
        ),
        ({"one": ["a", "b"]}, {}),
        ({"one": ["gone"], "many": ["a", "gone"]}, {"many": ["a"]}),
        ({"one": "a", "many": "a", "text": ["a"]}, {}),
        ({"other": ["a"], "text": "  "}, {}),
        ({}, {}),
        ({"lines": ["b", "a"], "steps": ["c", "a", "b"]}, {"lines": ["a", "b"], "steps": ["c", "a", "b"]}),
        ({"steps": ["a", "b"]}, {}),
        ({"steps": ["a", "b", "b"]}, {}),
        ({"where": ["wales", "b"]}, {"where": ["wales", "b"]}),
        ({"where": ["france", "b"]}, {}),
        ({"where": ["b"]}, {}),
        ({"story": ["a", "d"]}, {"story": ["a", "d"]}),
        ({"story": ["b", "c"]}, {"story": ["b"]}),
        ({"story": ["c"]}, {}),
    ],
    ids=[
        *["all", "two for one", "options since removed", "wrong kinds", "unknown and blank", "nothing"],
        *[
            "lines and steps",
            "a step missing",
            "a step twice",
            "a nation",
            "no nation of ours",
            "half a pair",
        ],
        *["a whole way", "beyond the end", "no such way"],
    ],
)
def test_only_responses_that_fit_the_quiz_are_kept(given, kept):
    assert fitting(VIEWS, given) == kept


def test_saved_responses_come_back(tmp_path):
    assert store(tmp_path).save("q", "0123abcd", {"one": ["a"]}, {"one"}) == ""
    assert store(tmp_path).load("q") == ({"one": ["a"]}, "")
    assert store(tmp_path).load("other") == ({}, "")


def test_saving_some_items_leaves_other_items_and_quizzes_alone(tmp_path):
    store(tmp_path).save("q", "0123abcd", {"one": ["a"]}, {"one"})
    store(tmp_path).save("q", "0123abcd", {"two": ["b"]}, {"two"})
    store(tmp_path).save("r", "0123abcd", {"three": ["c"]}, {"three"})
    store(tmp_path).save("q", "0123abcd", {}, {"one"})
    assert store(tmp_path).load("q")[0] == {"two": ["b"]}
    assert store(tmp_path).load("r")[0] == {"three": ["c"]}


@pytest.mark.parametrize("content", [DAMAGED, b'{"nbformat": 4}'], ids=["damaged", "foreign"])
@pytest.mark.parametrize("first", ["load", "save"])
def test_a_file_that_cannot_be_read_is_set_aside_whole_and_named(tmp_path, content, first):
    (tmp_path / "my-answers.json").write_bytes(content)
    said = (
        store(tmp_path).load("q")[1] if first == "load" else store(tmp_path).save("q", "0123abcd", {}, set())
    )
    (aside,) = tmp_path.glob("my-answers.damaged-*.json")
    assert aside.name in said
    assert aside.read_bytes() == content


def test_two_damaged_files_within_a_second_are_both_kept(tmp_path):
    for content in (b"{one", b"{two"):
        (tmp_path / "my-answers.json").write_bytes(content)
        store(tmp_path).load("q")
    assert {path.read_bytes() for path in tmp_path.glob("*.damaged-*")} == {b"{one", b"{two"}


def test_a_file_that_cannot_be_opened_is_said_and_left(tmp_path):
    (tmp_path / "my-answers.json").mkdir()
    found, note = store(tmp_path).load("q")
    assert found == {}
    assert note.startswith("Your earlier answers could not be read:")


def test_many_writers_at_once_lose_nothing(tmp_path):
    def write(number):
        for turn in range(5):
            store(tmp_path).save("q", "0123abcd", {f"item-{number}-{turn}": ["a"]}, {f"item-{number}-{turn}"})

    threads = [threading.Thread(target=write, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(store(tmp_path).load("q")[0]) == 30


def test_another_program_holding_the_file_is_said(tmp_path):
    here = store(tmp_path)
    here._lock.timeout = 0.05
    with store(tmp_path)._lock, pytest.raises(OSError, match="another program is holding the answers file"):
        here.save("q", "0123abcd", {}, set())


def test_a_file_too_large_to_be_read_again_is_not_written(tmp_path):
    here = store(tmp_path)
    for number in range(52):
        here.save("q", "0123abcd", {f"item-{number}": "x" * 4900}, {f"item-{number}"})
    with pytest.raises(OSError, match="larger than 256 KB"):
        here.save("q", "0123abcd", {"one-more": "x" * 5000, "and-more": "x" * 4000}, {"one-more", "and-more"})
    assert len(here.load("q")[0]) == 52


def test_a_disk_that_fails_leaves_what_was_saved_and_no_litter(tmp_path, monkeypatch):
    store(tmp_path).save("q", "0123abcd", {"one": ["a"]}, {"one"})
    before = (tmp_path / "my-answers.json").read_bytes()

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        store(tmp_path).save("q", "0123abcd", {"one": ["b"]}, {"one"})
    assert (tmp_path / "my-answers.json").read_bytes() == before
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (28, "the disk is full"),
        (30, "this folder can only be read"),
        (13, "this file or folder may not be used, or another program has it open"),
        (122, "your space on this disk is used up"),
    ],
)
def test_a_failed_save_is_said_in_words_a_parent_can_act_on(number, words):
    said = not_saved(OSError(number, "E"))
    assert said.startswith(f"Not saved: {words}.")
    assert "What was saved before is safe." in said


def test_a_file_held_for_a_moment_by_another_program_is_tried_again(tmp_path, monkeypatch):
    real, refusals = os.replace, iter([True, True])

    def held(source, target):
        if next(refusals, False):
            raise PermissionError(13, "held")
        real(source, target)

    monkeypatch.setattr(responses.os, "replace", held)
    store(tmp_path).save("q", "0123abcd", {"one": ["a"]}, {"one"})
    assert store(tmp_path).load("q")[0] == {"one": ["a"]}


WRITER = """
import sys
from pathlib import Path
from safequiz.responses import Store
store = Store(Path(sys.argv[1]))
for number in range(100_000):
    store.save("q", "0123abcd", {"text": "x" * 3000 + str(number)}, {"text"})
    print(number, flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="kill -9 is a POSIX signal")
@pytest.mark.parametrize("after", [1, 7, 20, 41, 60])
def test_killing_the_writer_loses_no_response_that_was_said_to_be_saved(tmp_path, after):
    path = tmp_path / responses.FILE_NAME
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True)
    said = [writer.stdout.readline() for _ in range(after)]
    writer.send_signal(signal.SIGKILL)
    said += writer.stdout.readlines()
    writer.wait()
    writer.stdout.close()
    last = int([line for line in said if line.endswith("\n")][-1])
    text = store(tmp_path).load("q")[0]["text"]
    assert int(text.lstrip("x")) >= last
    store(tmp_path).save("q", "0123abcd", {"text": "after"}, {"text"})  # the lock died with its holder


def test_where_the_learner_lives_is_kept_beside_the_answers_and_can_be_forgotten(tmp_path):
    store(tmp_path).save("q", "0123abcd", {"one": ["a"]}, {"one"})
    assert store(tmp_path).nation() == ""
    assert store(tmp_path).save_nation("scotland") == ""
    assert store(tmp_path).nation() == "scotland"
    assert store(tmp_path).load("q")[0] == {"one": ["a"]}
    store(tmp_path).save("q", "0123abcd", {"two": ["b"]}, {"two"})
    assert store(tmp_path).nation() == "scotland"
    store(tmp_path).save_nation("")
    assert '"nation"' not in (tmp_path / FILE_NAME).read_text()


def test_a_nation_that_is_none_of_ours_is_refused(tmp_path):
    with pytest.raises(AnswersError, match="at 'nation'"):
        parse(json.dumps({"schema": 1, "quizzes": {}, "nation": "france"}).encode())
    (tmp_path / FILE_NAME).write_text("{")
    assert store(tmp_path).nation() == ""


def test_of_two_first_tries_the_one_in_a_review_counts_however_late_the_lesson_was_saved(tmp_path):
    def tried(day, option):
        return {"content": "0123abcd", "saved_at": f"2026-11-{day}T00:00:00Z", "responses": {"one": [option]}}

    quizzes = {"review-x-first": tried(20, "new"), "a-first": tried(21, "old"), "a": tried(22, "other")}
    (tmp_path / FILE_NAME).write_text(json.dumps({"schema": 1, "quizzes": quizzes}))
    assert store(tmp_path).first_tries() == {"one": ["new"]}
    assert store(tmp_path).first_tries(leave_out="review-x-first") == {"one": ["old"]}


def test_without_an_answers_file_nothing_has_been_tried(tmp_path):
    assert store(tmp_path).first_tries() == {}
    (tmp_path / FILE_NAME).write_text("{")
    assert store(tmp_path).first_tries() == {}
    assert (tmp_path / FILE_NAME).read_text() == "{"


def test_a_file_to_be_handed_in_may_hold_the_pupils_code():
    data = to_json(parse(json.dumps(GOOD | {"pupil": "p01"}).encode()))
    assert parse(data).pupil == "p01"
    assert json.loads(data) == GOOD | {"pupil": "p01"}


def test_a_file_without_a_code_names_nobody():
    assert parse(json.dumps(GOOD).encode()).pupil is None
    assert b"pupil" not in to_json(parse(json.dumps(GOOD | {"pupil": None}).encode()))


def test_a_code_in_the_file_that_is_kept_stays_when_answers_are_saved(tmp_path):
    (tmp_path / FILE_NAME).write_bytes(json.dumps(GOOD | {"pupil": "p01"}).encode())
    store(tmp_path).save("q", "0123abcd", {"one": ["a"]}, {"one"})
    assert parse((tmp_path / FILE_NAME).read_bytes()).pupil == "p01"
