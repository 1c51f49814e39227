"""The widget's Python side: what reaches the page, what is saved, what is printed."""

import json

import pytest
from safequiz import marked, practice
from safequiz.bank import load_bank
from safequiz.errors import UserError
from safequiz.marking import released_name, released_questions
from safequiz.responses import FILE_NAME

BANK = load_bank("grooming-signs")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return an empty folder that holds the released questions, as the working folder."""
    questions = json.dumps(released_questions(BANK))
    (tmp_path / released_name(BANK.id)).write_text(questions, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def answer(widget, item_id, value):
    """Send one response as the page does."""
    widget.response = {**widget.response, item_id: value}
    widget.sent += 1


def first(kind, items):
    """Return the first of `items` that is of `kind`."""
    return next(item for item in items if item.kind == kind)


def test_a_marked_quiz_sends_the_page_no_key_and_nothing_made_from_it(folder):
    widget = marked(BANK.id)
    answer(widget, BANK.marked[0].id, [BANK.marked[0].options[0].id])
    sent = json.dumps(widget.get_state(), default=str)
    for item in BANK.marked:
        secrets = [option.rationale for option in item.options] + [item.rationale, *item.rubric, *item.facts]
        secrets += [option.misconception or "" for option in item.options]
        assert not [secret for secret in secrets if secret and json.dumps(secret)[1:-1] in sent], item.id
    for view in widget.quiz["items"]:
        assert set(view) == {"id", "kind", "stem", "shuffle", "options"}
        assert all(set(option) == {"id", "text"} for option in view["options"])
    assert set(widget.quiz) == {"title", "mode", "items"}
    assert set(widget.keys) - {"quiz", "response", "sent", "status"} == set(anywidget_keys())


def anywidget_keys():
    """Return the traits that every widget sends."""
    import anywidget

    return {*anywidget.AnyWidget(_esm="export default {}").keys, "_css"}


def test_saved_is_said_only_when_the_file_holds_the_response(folder):
    widget = marked(BANK.id)
    assert widget.status["saved"] is False
    item = first("single", BANK.marked)
    answer(widget, item.id, [item.options[1].id])
    assert widget.status == {"sent": 1, "saved": True, "note": ""}
    stored = json.loads((folder / FILE_NAME).read_text(encoding="utf-8"))
    assert stored["quizzes"][BANK.id]["responses"] == {item.id: [item.options[1].id]}


def test_responses_come_back_in_another_kernel(folder):
    item = first("reflection", BANK.marked)
    answer(marked(BANK.id), item.id, "I would tell a teacher.")
    assert marked(BANK.id).response == {item.id: "I would tell a teacher."}


def test_a_page_opened_before_another_saved_takes_none_of_its_answers_away(folder):
    one, two = BANK.marked[:2]
    this, other = marked(BANK.id), marked(BANK.id)  # as in two kernels, each with the same file
    answer(other, one.id, [one.options[0].id])
    answer(this, two.id, [two.options[0].id])
    both = {one.id: [one.options[0].id], two.id: [two.options[0].id]}
    assert marked(BANK.id).response == both
    answer(other, one.id, [])
    assert marked(BANK.id).response == {two.id: both[two.id]}


def test_what_could_not_be_read_at_the_start_is_not_lost_by_the_next_answer(folder, monkeypatch):
    one, two = BANK.marked[:2]
    answer(marked(BANK.id), one.id, [one.options[0].id])

    def refused(_):
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as for_now:
        for_now.setattr("safequiz.responses.Store._read", refused)
        widget = marked(BANK.id)
    assert widget.status["note"].startswith("Your earlier answers could not be read: this file or folder may")
    answer(widget, two.id, [two.options[0].id])
    assert set(marked(BANK.id).response) == {one.id, two.id}


def test_answers_come_back_to_a_file_that_was_damaged_or_lost_meanwhile(folder):
    one, two = BANK.marked[:2]
    widget = marked(BANK.id)
    answer(widget, one.id, [one.options[0].id])
    (folder / FILE_NAME).write_bytes(b"{")
    answer(widget, two.id, [two.options[0].id])
    assert widget.status["note"].startswith("Your answers file could not be read.")
    assert set(marked(BANK.id).response) == {one.id, two.id}


def test_half_an_emoji_from_the_page_does_not_stop_a_reply_from_being_saved(folder):
    item = first("reflection", BANK.marked)
    widget = marked(BANK.id)
    answer(widget, item.id, "I would tell \ud83d")
    assert widget.status["saved"] is True
    assert marked(BANK.id).response == {item.id: "I would tell ?"}


def test_a_save_that_fails_is_said_and_keeps_what_was_saved(folder, monkeypatch):
    widget = marked(BANK.id)
    one, two = BANK.marked[:2]
    answer(widget, one.id, [one.options[0].id])

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("safequiz.responses.write_whole", full)
    answer(widget, two.id, [two.options[0].id])
    assert widget.status["saved"] is False
    assert widget.status["note"].startswith("Not saved: the disk is full.")
    monkeypatch.undo()
    monkeypatch.chdir(folder)
    assert marked(BANK.id).response == {one.id: [one.options[0].id]}


def test_a_damaged_answers_file_is_named_in_the_widget(folder):
    (folder / FILE_NAME).write_bytes(b"{")
    note = marked(BANK.id).status["note"]
    (aside,) = folder.glob("my-answers.damaged-*.json")
    assert note == f"Your answers file could not be read. It is kept, unchanged, as {aside.name}."


def test_what_the_page_sends_is_checked_against_the_quiz(folder):
    widget = marked(BANK.id)
    answer(widget, "no-such-item", ["x"])
    answer(widget, BANK.marked[0].id, ["no-such-option"])
    stored = json.loads((folder / FILE_NAME).read_text(encoding="utf-8"))
    assert stored["quizzes"][BANK.id]["responses"] == {}


def test_practice_is_kept_apart_from_the_marked_quiz(folder):
    item = first("single", BANK.practice)
    answer(practice(BANK.id, item.id), item.id, [item.options[0].id])
    stored = json.loads((folder / FILE_NAME).read_text(encoding="utf-8"))
    assert set(stored["quizzes"]) == {f"{BANK.id}-practice"}
    assert marked(BANK.id).response == {}


def test_a_marked_item_cannot_be_shown_as_practice(folder):
    with pytest.raises(ValueError, match=f"{BANK.marked[0].id} is marked: its key must not reach a page"):
        practice(BANK.id, BANK.marked[0].id)


def test_a_marked_quiz_without_its_questions_says_which_file_is_missing(folder):
    (folder / released_name(BANK.id)).unlink()
    with pytest.raises(FileNotFoundError, match=r"grooming-signs\.quiz\.json should be in the same folder"):
        marked(BANK.id)


def test_damaged_questions_are_said_in_one_sentence(folder):
    (folder / released_name(BANK.id)).write_text("{", encoding="utf-8")
    with pytest.raises(UserError, match=r"grooming-signs\.quiz\.json is damaged: get a fresh copy"):
        marked(BANK.id)


def test_the_repr_is_the_quiz_in_plain_text_and_shows_no_response(folder):
    item = first("single", BANK.practice)
    widget = practice(BANK.id, item.id)
    before = repr(widget)
    answer(widget, item.id, [item.options[0].id])
    assert repr(widget) == before == repr(practice(BANK.id, item.id))
    words = " ".join(before.split())
    assert item.stem in words
    assert all(option.text in words for option in item.options)
    assert not any(option.rationale in words for option in item.options)
