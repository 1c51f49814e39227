"""The widget's Python side: what reaches the page, what is saved, what is printed."""

import json

import pytest
import safequiz
from safecourse.facts import load_facts
from safequiz import checklist, marked, nation_chooser, practice
from safequiz.bank import load_bank, load_quiz
from safequiz.errors import UserError
from safequiz.marking import released_name, released_questions
from safequiz.responses import FILE_NAME, parse

BANK = load_bank("grooming-signs")
QUIZ = load_quiz("grooming-signs")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return an empty folder that holds the released questions, as the working folder."""
    questions = json.dumps(released_questions(QUIZ))
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
    answer(widget, QUIZ.items[0].id, [QUIZ.items[0].options[0].id])
    sent = json.dumps(widget.get_state(), default=str)
    for item in QUIZ.items:
        secrets = [option.rationale for option in item.options] + [item.rationale, *item.rubric, *item.facts]
        secrets += [option.misconception or "" for option in item.options]
        assert not [secret for secret in secrets if secret and json.dumps(secret)[1:-1] in sent], item.id
    for view in widget.quiz["items"]:
        assert set(view) == {"id", "kind", "stem", "shuffle", "options"}
        assert all(set(option) == {"id", "text"} for option in view["options"])
    assert set(widget.quiz) == {"title", "mode", "items"}
    assert set(widget.keys) - {"quiz", "response", "checked", "nation", "sent", "status"} == set(
        anywidget_keys()
    )


def anywidget_keys():
    """Return the traits that every widget sends."""
    import anywidget

    return {*anywidget.AnyWidget(_esm="export default {}").keys, "_css"}


def test_saved_is_said_only_when_the_file_holds_the_response(folder):
    widget = marked(BANK.id)
    assert widget.status["saved"] is False
    item = first("single", QUIZ.items)
    answer(widget, item.id, [item.options[1].id])
    assert widget.status == {"sent": 1, "saved": True, "note": ""}
    stored = json.loads((folder / FILE_NAME).read_text(encoding="utf-8"))
    assert stored["quizzes"][BANK.id]["responses"] == {item.id: [item.options[1].id]}


def test_responses_come_back_in_another_kernel(folder):
    item = first("reflection", QUIZ.items)
    answer(marked(BANK.id), item.id, "I would tell a teacher.")
    assert marked(BANK.id).response == {item.id: "I would tell a teacher."}


def test_a_page_opened_before_another_saved_takes_none_of_its_answers_away(folder):
    one, two = QUIZ.items[:2]
    this, other = marked(BANK.id), marked(BANK.id)  # as in two kernels, each with the same file
    answer(other, one.id, [one.options[0].id])
    answer(this, two.id, [two.options[0].id])
    both = {one.id: [one.options[0].id], two.id: [two.options[0].id]}
    assert marked(BANK.id).response == both
    answer(other, one.id, [])
    assert marked(BANK.id).response == {two.id: both[two.id]}


def test_what_could_not_be_read_at_the_start_is_not_lost_by_the_next_answer(folder, monkeypatch):
    one, two = QUIZ.items[:2]
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
    one, two = QUIZ.items[:2]
    widget = marked(BANK.id)
    answer(widget, one.id, [one.options[0].id])
    (folder / FILE_NAME).write_bytes(b"{")
    answer(widget, two.id, [two.options[0].id])
    assert widget.status["note"].startswith("Your answers file could not be read.")
    assert set(marked(BANK.id).response) == {one.id, two.id}


def test_half_an_emoji_from_the_page_does_not_stop_a_reply_from_being_saved(folder):
    item = first("reflection", QUIZ.items)
    widget = marked(BANK.id)
    answer(widget, item.id, "I would tell \ud83d")
    assert widget.status["saved"] is True
    assert marked(BANK.id).response == {item.id: "I would tell ?"}


def test_a_save_that_fails_is_said_and_keeps_what_was_saved(folder, monkeypatch):
    widget = marked(BANK.id)
    one, two = QUIZ.items[:2]
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
    answer(widget, QUIZ.items[0].id, ["no-such-option"])
    stored = json.loads((folder / FILE_NAME).read_text(encoding="utf-8"))
    assert stored["quizzes"][BANK.id]["responses"] == {}


def test_practice_is_kept_apart_from_the_marked_quiz(folder):
    item = first("single", BANK.practice)
    answer(practice(BANK.id, item.id), item.id, [item.options[0].id])
    stored = json.loads((folder / FILE_NAME).read_text(encoding="utf-8"))
    assert set(stored["quizzes"]) == {f"{BANK.id}-practice"}
    assert marked(BANK.id).response == {}


def test_a_marked_item_cannot_be_shown_as_practice(folder):
    with pytest.raises(ValueError, match=f"{QUIZ.items[0].id} is marked: its key must not reach a page"):
        practice(BANK.id, QUIZ.items[0].id)


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


def test_the_first_try_at_a_practice_item_is_kept_apart_from_later_ones(folder):
    item = first("single", BANK.practice)
    right, wrong = sorted(item.options, key=lambda option: not option.key)[:2]
    widget = practice(BANK.id, item.id)
    widget.response, widget.checked = {item.id: [wrong.id]}, {item.id: [wrong.id]}
    widget.sent += 1
    answer(widget, item.id, [right.id])
    quizzes = json.loads((folder / FILE_NAME).read_text())["quizzes"]
    assert quizzes[f"{BANK.id}-practice"]["responses"] == {item.id: [right.id]}
    assert quizzes[f"{BANK.id}-practice-first"]["responses"] == {item.id: [wrong.id]}
    assert practice(BANK.id, item.id).checked == {item.id: [wrong.id]}


def test_a_marked_quiz_keeps_no_first_tries(folder):
    widget = marked(QUIZ.id)
    widget.checked = {QUIZ.items[0].id: [QUIZ.items[0].options[0].id]}
    answer(widget, QUIZ.items[0].id, [QUIZ.items[0].options[0].id])
    assert list(json.loads((folder / FILE_NAME).read_text())["quizzes"]) == [QUIZ.id]


def test_a_nation_chosen_once_is_known_to_every_widget_and_can_be_taken_back(folder):
    chooser = nation_chooser()
    chooser.nation = "wales"
    chooser.sent += 1
    assert chooser.status == {"sent": 1, "saved": True, "note": ""}
    assert nation_chooser().nation == practice(BANK.id).nation == "wales"
    chooser.nation = "atlantis"
    chooser.sent += 1
    assert nation_chooser().nation == ""


def test_the_first_cell_of_a_lesson_can_be_run_again(folder):
    for name in ("checklist", "finder", "marked", "nation_chooser", "practice", "reminders", "review"):
        getattr(safequiz, name)
    assert safequiz.finder().quiz["mode"] == "finder"
    assert safequiz.finder().quiz["mode"] == "finder"
    with pytest.raises(AttributeError, match="has no attribute 'odd'"):
        getattr(safequiz, "odd")  # noqa: B009 - as an import does


def test_the_chooser_is_printed_with_the_names_of_the_nations(folder):
    assert "England, Wales, Scotland, Northern Ireland" in repr(nation_chooser())


def test_ticks_of_a_checklist_are_kept_row_by_row(folder):
    widget = checklist("Do this now", "whatsapp")
    rows = [row["id"] for row in widget.quiz["groups"][0]["rows"]]
    other = checklist("And this", rows[1])
    answer(widget, rows[0], ["done"])
    answer(other, rows[1], ["done"])
    assert checklist("Do this now", "whatsapp").response == {rows[0]: ["done"], rows[1]: ["done"]}
    shown = widget.quiz["groups"][0]["rows"]
    assert all(row["name"] in repr(widget) and row["where"] in repr(widget) for row in shown)


def test_the_first_of_two_tries_on_two_pages_is_the_one_kept(folder):
    item = first("single", BANK.practice)
    one, two = (option.id for option in item.options[:2])
    pages = practice(BANK.id, item.id), practice(BANK.id, item.id)
    for page, chosen in zip(pages, (one, two), strict=True):
        page.response, page.checked = {item.id: [chosen]}, {item.id: [chosen]}
        page.sent += 1
    quizzes = json.loads((folder / FILE_NAME).read_text())["quizzes"]
    assert quizzes[f"{BANK.id}-practice"]["responses"] == {item.id: [two]}
    assert quizzes[f"{BANK.id}-practice-first"]["responses"] == {item.id: [one]}


def test_first_tries_come_back_too_when_the_file_was_lost(folder):
    item = first("single", BANK.practice)
    chosen = [item.options[0].id]
    widget = practice(BANK.id, item.id)
    widget.response, widget.checked = {item.id: chosen}, {item.id: chosen}
    widget.sent += 1
    (folder / FILE_NAME).unlink()
    widget.sent += 1
    assert practice(BANK.id, item.id).checked == {item.id: chosen}


def test_a_fault_of_ours_is_not_called_saved(folder, monkeypatch):
    widget = practice(BANK.id)
    monkeypatch.setattr(widget._store, "save_all", lambda *_: parse(b"[]"))
    answer(widget, first("single", BANK.practice).id, ["x"])
    item = first("single", BANK.practice)
    answer(widget, item.id, [item.options[0].id])
    assert widget.status["saved"] is False
    assert "Not saved, through a fault in the course." in widget.status["note"]


@pytest.mark.parametrize(
    "data", ["{", "{}", "[]", '{"title": "T", "items": [{"kind": "spot"}]}', '{"title": "T", "items": 3}']
)
def test_released_questions_of_another_form_are_called_damaged(folder, data):
    (folder / released_name(QUIZ.id)).write_text(data, encoding="utf-8")
    with pytest.raises(UserError, match="is damaged: get a fresh copy of the quiz's folder"):
        marked(QUIZ.id)


def test_a_fact_that_is_no_setting_cannot_be_ticked_off(folder):
    with pytest.raises(ValueError, match="gr-secrecy is no setting: it needs 'where' and 'set_to'"):
        checklist("Do this now", "gr-secrecy")


def test_beside_an_answer_stand_the_facts_it_rests_on_with_their_sources(folder):
    item = first("single", BANK.practice)
    (view,) = practice(BANK.id, item.id).quiz["items"]
    known = [load_facts().fact(fact_id) for fact_id in item.facts]
    assert [(source["says"], source["url"]) for source in view["sources"]] == [
        (fact.says, fact.source) for fact in known
    ]
