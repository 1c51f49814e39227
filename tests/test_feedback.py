"""A pupil gets one page back: their answers, why each option is right or not, and whom to talk to."""

import contextlib
import json
import os
import shutil
import sqlite3
from base64 import b64encode
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path

import pytest
from safecourse.facts import NATION_NAMES, load_facts
from safecourse.words import day
from safequiz import assignment
from safequiz.bank import bank_names, load_bank, load_quiz
from safequiz.errors import UserError
from safequiz.feedback import pages_of, write_feedback
from safequiz.grading import grade
from safequiz.marking import released_questions
from safequiz.results import ItemMark, PupilResult
from safequiz.scoring import score
from safequiz.steps import StepError, gradebook, run
from safequiz.taught import read_lesson, shown_by

CONFIG = Path(assignment.__file__).resolve().parents[1] / "nbgrader_config.py"
#: Between them these two hold every kind.
NAME, ORDERS = "abusive-messages", "where-to-report"
HOSTILE = "</blockquote><script>alert(1)</script> $x$ {{ 7 * 7 }} **b** <img src=x onerror=alert(1)>"


class Shown(HTMLParser):
    """What a browser would show of a page: its text, and its elements with their attributes."""

    def __init__(self, page):
        super().__init__()
        self.text, self.elements, self._style = "", [], False
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        self._style = tag == "style"

    def handle_data(self, data):
        if not self._style:
            self.text += data

    @property
    def words(self):
        return " ".join(self.text.split())

    def question(self, number):
        """Return the words about one question."""
        return (
            self.words.split(f" Question {number} of ")[1]
            .split(" Question ")[0]
            .split(" Whom to talk to ")[0]
        )


def pupil(name=NAME, responses=None, **changes):
    """Return the result of p01, who gave `responses`: marked, but for what a person has to read."""
    quiz, marks = load_quiz(name), {}
    for item in quiz.items:
        given = (responses or {}).get(item.id)
        if item.kind == "reflection":
            marks[item.id] = ItemMark(None if given else 0.0, None, 0.0, item.points, bool(given), "")
        else:
            scored = score(item, given)
            earned = scored.earned if scored else 0.0
            marks[item.id] = ItemMark(earned, None, earned, item.points, False, "")
    result = PupilResult(
        code="p01",
        first_name="Zoë",
        last_name="O'Neil",
        email="zoe@school.example",
        lms_user_id="lms-77",
        timestamp=datetime(2026, 11, 21, 9, 30),
        penalty=0.0,
        marks=marks,
        responses=responses or {},
        content=released_questions(quiz)["content"] if responses else "",
    )
    return replace(result, **changes)


def with_mark(result, item, **changes):
    """Return `result` with another mark for one item."""
    return replace(result, marks={**result.marks, item.id: replace(result.marks[item.id], **changes)})


def shown(result, name=NAME):
    return Shown(pages_of(name).page(result))


def asked(name, kind):
    """Return the place of the first question of a kind, counted from 1, and the item."""
    return next((place, item) for place, item in enumerate(load_quiz(name).items, 1) if item.kind == kind)


def said(kind, respond, name=NAME):
    """Return the words about the question of a kind, answered with `respond(item)`, and the item."""
    place, item = asked(name, kind)
    return shown(pupil(name, {item.id: respond(item)}), name).question(place), item


def spaced(text):
    return " ".join(text.split())


# --- the questions -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", [quiz.id for bank in bank_names() for quiz in load_bank(bank).quizzes])
def test_every_word_of_every_question_with_its_reasons_is_there_but_the_markers_notes_are_not(name):
    first = load_quiz(name).items[0]
    response = [first.options[0].id] if first.options else [first.steps[0].choices[0].id]
    words = shown(pupil(name, {first.id: response}), name).words

    for item in load_quiz(name).items:
        for place, text in item.texts:
            if place[0] != "endings":
                assert spaced(text) in words, (item.id, place)
        for line in item.rubric:
            assert spaced(line) not in words


def test_a_wrong_choice_is_told_apart_from_the_right_one_in_words():
    words, item = said("single", lambda item: [next(o.id for o in item.options if not o.key)])
    mine = next(option for option in item.options if not option.key)
    right = next(option for option in item.options if option.key)

    assert f"✘ Not quite. 0 of {item.points} point" in words
    assert f"{mine.text} Your answer ✘ Not right {spaced(mine.rationale)}" in words
    assert f"{right.text} ✔ Right {spaced(right.rationale)}" in words
    assert words.count("Your answer") == 1


def test_half_of_a_multiple_is_partly_right():
    words, item = said("multiple", lambda item: [next(o.id for o in item.options if o.key)])

    assert "◐ Partly right." in words
    assert words.count("Your answer ✔ Right") == 1
    assert words.count("✔ Right") == len(item.key)


def test_the_lines_of_a_chat_say_who_wrote_them_and_which_were_to_be_marked():
    words, item = said("spot", lambda item: [line.id for line in item.options if line.key])
    line = next(line for line in item.options if line.key)

    assert "✔ Right." in words
    assert spaced(item.scene) in words
    assert (
        f"{', '.join(filter(None, (line.by, line.at)))}: {line.text} You marked this ✔ One to mark" in words
    )


def test_a_list_put_in_order_stands_beside_the_right_order():
    words, item = said("order", lambda item: [*(o.id for o in item.options[1:]), item.options[0].id], ORDERS)
    theirs, right = words.split("The right order")
    first, *rest = item.options

    assert f"1. {rest[0].text} ✘ Does not come first" in theirs
    assert f"2. {rest[1].text} ✔ Follows the step above" in theirs
    assert f"{len(item.options)}. {first.text} ✘ Does not follow the step above" in theirs
    assert f"1. {first.text} {spaced(first.rationale)}" in right


def test_what_differs_by_nation_says_what_is_right_where():
    words, item = said("nation", lambda item: ["scotland", item.key_in("wales")])
    mine = next(option for option in item.options if "wales" in option.nations)

    assert "Your answer is for Scotland." in words
    assert (
        f"{mine.text} Your answer ✘ Not right in Scotland, but right in England, Wales and Northern Ireland"
        in words
    )
    assert "✔ Right in Scotland" in words
    assert "✘ Not right in any nation" in words


def test_without_an_answer_to_it_a_nation_question_names_all_four():
    place, _ = asked(NAME, "nation")
    _, other = asked(NAME, "single")
    words = shown(pupil(NAME, {other.id: sorted(other.key)})).question(place)

    assert "No answer. 0 of" in words
    assert "✔ Right in England, Wales and Northern Ireland" in words
    assert "✔ Right in Scotland" in words
    assert "Your answer" not in words


def test_a_story_tells_what_each_decision_was_worth_and_how_it_ends():
    words, item = said("scenario", lambda item: [item.steps[0].choices[0].id])
    worth = {"best": "✔ Best choice", "partly": "◐ Partly good", "risky": "✘ Risky"}
    mine, step = item.steps[0].choices[0], item.steps[-1]

    assert f"{mine.text} You chose this {worth[mine.worth]} {spaced(mine.rationale)}" in words
    assert words.count("You chose this") == 1
    assert [
        f"{c.text} {worth[c.worth]}" for c in step.choices if f"{c.text} {worth[c.worth]}" not in words
    ] == []
    assert f"How it ends: {spaced(item.endings[0].text)}" in words


def test_a_written_answer_waits_until_a_person_has_read_it():
    place, item = asked(NAME, "reflection")
    result = pupil(NAME, {item.id: "Breathe.\n\nTell Mum."})
    page = pages_of(NAME).page(result)

    assert "Breathe.\n\nTell Mum." in page
    assert f"… Waiting to be read. Up to {item.points} points, once your teacher has read it." in Shown(
        page
    ).question(place)
    assert "1 answer waits for your teacher. So your points may still change." in Shown(page).words


def test_a_written_answer_that_was_read_has_its_mark_the_comment_and_a_good_reply():
    place, item = asked(NAME, "reflection")
    read = {"manual": 2.5, "earned": 2.5, "waiting": False, "comment": "Kind words, Sam."}
    words = shown(with_mark(pupil(NAME, {item.id: "Tell Mum."}), item, **read))

    assert f"Read. 2.5 of {item.points} points, given by your teacher." in words.question(place)
    assert "A comment from your teacher Kind words, Sam." in words.question(place)
    assert f"What a good reply says: {spaced(item.rationale)}" in words.question(place)
    assert "points, so far" not in words.words


def test_nbgraders_own_word_for_nothing_written_is_not_shown_as_a_comment():
    _, answered = asked(NAME, "single")
    _, written = asked(NAME, "reflection")
    result = with_mark(pupil(NAME, {answered.id: sorted(answered.key)}), written, comment="No response.")

    assert "No response" not in shown(result).words


def test_a_mark_that_a_person_is_asked_to_look_at_again_is_not_final():
    place, item = asked(NAME, "single")
    words = shown(with_mark(pupil(NAME, {item.id: sorted(item.key)}), item, manual=1.0, waiting=True))

    assert "and your teacher has yet to look at it again." in words.question(place)
    assert "points, so far" in words.words


# --- around the questions ----------------------------------------------------------------------


def test_the_top_says_whose_it_is_when_it_was_handed_in_and_the_points():
    _, item = asked(NAME, "single")
    words = shown(pupil(NAME, {item.id: sorted(item.key)})).words
    possible = sum(item.points for item in load_quiz(NAME).items)

    assert (
        f"Code p01 Handed in 21 November 2026, 09:30 UTC Points {item.points} of {possible} points" in words
    )


def test_points_taken_off_are_said():
    _, item = asked(NAME, "single")

    assert (
        "1 point was taken off, because the answers came after the day they were due."
        in shown(pupil(NAME, {item.id: sorted(item.key)}, penalty=1.0)).words
    )


def test_who_handed_in_nothing_is_met_kindly_and_is_not_told_the_key():
    words = shown(pupil(timestamp=None)).words

    assert "Code p01 Handed in Nothing yet Points None yet" in words
    assert "you are not in trouble for it" in words
    assert "lesson 4 of the course, Abusive messages" in words
    assert "Whom to talk to" in words
    assert not [
        option.rationale
        for item in load_quiz(NAME).items
        for option in item.options
        if spaced(option.rationale) in words
    ]


def test_answers_to_an_earlier_wording_are_said_to_be_so_even_if_none_of_them_fits():
    words = shown(pupil(content="0badc0de")).words

    assert "Some words of this quiz have changed since you answered." in words
    assert "Question 1 of 9" in words


def test_answers_that_cannot_be_read_are_said_to_be_so():
    words = shown(pupil(problem="my-answers.json cannot be used: it is not whole JSON")).words

    assert (
        "Your answers cannot be shown here: my-answers.json cannot be used: it is not whole JSON. "
        "Please tell your teacher. Your points stay as they are." in words
    )
    assert "Not shown. 0 of" in words


def test_each_question_names_where_the_lesson_teaches_it_and_what_it_stands_on():
    place, item = asked(NAME, "single")
    fact = load_facts().fact(item.facts[0])
    page = shown(pupil(NAME, {item.id: sorted(item.key)}))
    heading = read_lesson("04-abusive-messages").teaches(item)[0]

    assert f"In the lesson: Abusive messages, under {heading}" in page.question(place)
    assert f"{fact.source_name}, checked {day(fact.checked)}." in page.question(place)
    assert fact.source in [attributes.get("href") for _, attributes in page.elements]


def test_the_page_ends_with_those_whom_the_lesson_names_and_who_it_is_at_school_in_each_nation():
    page = shown(pupil())
    help_ids = [*read_lesson("04-abusive-messages").contacts, "school-safeguarding-lead"]
    end = page.words.split("Whom to talk to Did a question")[1]

    assert help_ids[:2] == ["police-999", "police-101"]
    for contact_id in help_ids:
        assert load_facts().contact(contact_id).name in end
    assert not [name for name in NATION_NAMES.values() if name not in end]
    assert "tel:999" in [attributes.get("href") for _, attributes in page.elements][:20]


def test_adults_are_not_told_that_a_teacher_marks():
    name = f"{NAME}-adults"
    _, item = asked(name, "reflection")
    words = shown(pupil(name, {item.id: "I would listen."}), name).words

    assert "whoever marks" in words
    assert "your teacher" not in words
    assert "Tell an adult you trust" not in words


def test_no_name_and_no_address_of_a_pupil_is_on_their_page():
    page = pages_of(NAME).page(pupil())

    assert [each for each in ("Zoë", "O'Neil", "O&#39;Neil", "zoe@school", "lms-77") if each in page] == []


def test_pages_made_one_after_the_other_share_nothing_that_somebody_wrote():
    _, item = asked(NAME, "reflection")
    pages = pages_of(NAME)
    first = pupil(NAME, {item.id: "The first one's words."})
    before = pages.page(first)
    second = pages.page(pupil(NAME, {item.id: "Other words."}, code="p02"))

    assert "first one" not in second
    assert "p01" not in second
    assert pages.page(first) == before


def test_whatever_a_pupil_or_a_marker_wrote_is_shown_as_text():
    _, item = asked(NAME, "reflection")

    def with_words(words):
        result = pupil(NAME, {item.id: words}, code=words, problem=words)
        return shown(with_mark(result, item, comment=words))

    hostile = with_words(HOSTILE)

    assert hostile.elements == with_words("plain").elements
    assert hostile.text.count(HOSTILE) == 4


def test_characters_that_would_not_be_seen_are_replaced_by_a_sign():
    _, item = asked(NAME, "reflection")

    assert "a\ufffdb\ufffd[2Jc\ufffdd\ne" in pages_of(NAME).page(
        pupil(NAME, {item.id: "a\x00b\x1b[2Jc\u202ed\r\ne"})
    )


def test_the_page_stands_alone_and_allows_nothing_but_its_own_style():
    page = pages_of(NAME).page(pupil())
    style = page.split("<style>")[1].split("</style>")[0]
    elements = Shown(page).elements
    policy = next(each["content"] for tag, each in elements if tag == "meta" and "http-equiv" in each)

    assert {tag for tag, _ in elements} & {"script", "img", "iframe", "object", "form", "base"} == set()
    assert [each["href"] for tag, each in elements if tag == "link"] == ["data:,"]
    assert [each for _, each in elements if {"style", "src", "srcset"} & set(each)] == []
    assert f"style-src 'sha256-{b64encode(sha256(style.encode()).digest()).decode()}'" in policy
    assert policy.startswith("default-src 'none';")
    assert "url(" not in style
    assert "@import" not in style


# --- lessons -----------------------------------------------------------------------------------


def test_pupils_are_not_sent_to_the_part_for_teachers():
    lesson = read_lesson("01-grooming-signs")
    bank = load_bank("grooming-signs")
    part = next(section.heading for section in lesson.sections if section.id == "for-teachers")
    by_teachers = {part in lesson.teaches(item): "teacher" in item.audience for item in bank.marked}

    assert by_teachers == {True: True, False: False} or part not in by_teachers


def test_every_lesson_with_a_marked_quiz_names_whom_to_call_first_999():
    for name in bank_names():
        assert read_lesson(load_bank(name).lesson).contacts[0] == "police-999"


def test_a_lesson_that_cannot_be_read_is_named():
    with pytest.raises(UserError, match=r"^The lesson .*99-none\.ipynb can't be read"):
        read_lesson("99-none")


def test_a_list_of_sources_or_broken_code_teaches_nothing():
    assert list(shown_by('facts("gr-secrecy", "gr-gifts", fold="More")\nsources("law")')) == [
        "gr-secrecy",
        "gr-gifts",
    ]
    assert list(shown_by("facts(")) == []


# --- a class -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def marked_class(tmp_path_factory):
    """p01 chose and wrote, p02 handed in nothing, p03 handed in but is not marked yet."""
    course = tmp_path_factory.mktemp("course")
    shutil.copy(CONFIG, course)
    assignment.release(NAME, course)
    _, choice = asked(NAME, "single")
    _, written = asked(NAME, "reflection")
    answers = {choice.id: sorted(choice.key), written.id: "Tell Mum."}
    entry = {
        "content": released_questions(load_quiz(NAME))["content"],
        "saved_at": "2026-11-21T09:30:00Z",
        "responses": answers,
    }
    for code in ("p01", "p02"):
        home = course / "submitted" / code / NAME
        home.mkdir(parents=True)
        (home / "timestamp.txt").write_text("2026-11-21 09:30:00 UTC\n", encoding="utf-8")
    (course / "submitted" / "p01" / NAME / "my-answers.json").write_text(
        json.dumps({"schema": 1, "quizzes": {NAME: entry}}), encoding="utf-8"
    )
    assert not [mark.problem for mark in grade(NAME, course) if mark.problem]
    with gradebook(course) as book:
        book.add_student("p03")
    return course


@pytest.fixture
def course(marked_class, tmp_path):
    return Path(shutil.copytree(marked_class, tmp_path / "course"))


def page_file(course, code):
    return course / "feedback" / code / NAME / f"{NAME}.html"


def test_everybody_marked_gets_a_page_where_nbgrader_would_put_it(course):
    written = list(write_feedback(NAME, course))

    assert [(one.code, one.waiting, one.problem) for one in written] == [("p01", 1, ""), ("p02", 0, "")]
    assert str(written[0]) == "p01: 1 answer to be marked by a person, so this may change"
    assert "Tell Mum." in page_file(course, "p01").read_text(encoding="utf-8")
    assert "No answers yet" in page_file(course, "p02").read_text(encoding="utf-8")
    assert not page_file(course, "p03").exists()


def test_who_has_marks_but_no_marked_copy_keeps_the_earlier_page_and_is_named(course):
    list(write_feedback(NAME, course))
    before = page_file(course, "p01").read_bytes()
    shutil.rmtree(course / "autograded" / "p01")

    written = {one.code: one.problem for one in write_feedback(NAME, course)}

    assert "the marked copy of them is missing, until they are marked once more" in written["p01"]
    assert page_file(course, "p01").read_bytes() == before


def test_who_did_not_use_the_exchange_does_not_stop_the_release_of_feedback(course):
    list(write_feedback(NAME, course))
    secrets = [page_file(course, code).with_name("submission_secret.txt") for code in ("p01", "p02")]

    assert len({secret.read_bytes() for secret in secrets}) == 2
    before = secrets[0].read_bytes()
    list(write_feedback(NAME, course))
    assert secrets[0].read_bytes() == before


def test_what_releasing_feedback_looks_for_stands_beside_the_page(course):
    graded = course / "autograded" / "p01" / NAME
    (graded / "submission_secret.txt").write_bytes(b"s3cret")
    list(write_feedback(NAME, course))
    home = page_file(course, "p01").parent

    assert (home / "timestamp.txt").read_bytes() == (graded / "timestamp.txt").read_bytes()
    assert (home / "submission_secret.txt").read_bytes() == b"s3cret"
    assert sorted(path.name for path in home.iterdir()) == sorted(
        [f"{NAME}.html", "submission_secret.txt", "timestamp.txt"]
    )


def test_only_a_page_that_changed_is_written_again(course):
    list(write_feedback(NAME, course))
    before = {code: page_file(course, code).stat().st_mtime_ns for code in ("p01", "p02")}
    list(write_feedback(NAME, course))
    assert before == {code: page_file(course, code).stat().st_mtime_ns for code in before}

    _, written = asked(NAME, "reflection")
    with gradebook(course) as book:
        mark = book.find_grade(written.id, NAME, NAME, "p01")
        mark.manual_score, mark.needs_manual_grade = 2.0, False
        book.db.commit()
    list(write_feedback(NAME, course))

    assert before["p01"] != page_file(course, "p01").stat().st_mtime_ns
    assert before["p02"] == page_file(course, "p02").stat().st_mtime_ns
    assert f"2 of {written.points} points, given by your teacher" in page_file(course, "p01").read_text(
        "utf-8"
    )


def test_nbgraders_old_page_is_replaced_though_it_is_read_only(course):
    old = page_file(course, "p01")
    old.parent.mkdir(parents=True)
    old.write_text("old", encoding="utf-8")
    old.chmod(0o444)
    list(write_feedback(NAME, course))

    assert old.read_text(encoding="utf-8").startswith("<!doctype html>")


def test_a_page_that_cannot_be_written_is_named_and_the_rest_goes_on(course):
    page_file(course, "p01").mkdir(parents=True)
    first, second = write_feedback(NAME, course)

    assert str(first).startswith("p01: the page could not be written: ")
    assert second.problem == ""


def test_a_run_that_fails_halfway_leaves_the_old_page_whole(course, monkeypatch):
    list(write_feedback(NAME, course))
    page_file(course, "p01").write_text("the old page", encoding="utf-8")

    def no_space(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", no_space)
    assert "No space left on device" in next(write_feedback(NAME, course)).problem
    assert page_file(course, "p01").read_text(encoding="utf-8") == "the old page"


def test_answers_that_can_no_longer_be_read_are_named_and_the_page_says_so(course):
    file = course / "autograded" / "p01" / NAME / "my-answers.json"
    file.chmod(0o644)
    file.write_text("{", encoding="utf-8")
    first, _ = write_feedback(NAME, course)

    assert first.problem.startswith("the page shows no answers: my-answers.json cannot be used: ")
    assert "cannot be shown here" in page_file(course, "p01").read_text(encoding="utf-8")


def test_a_code_that_is_no_name_of_a_folder_writes_nothing_elsewhere(course):
    with contextlib.closing(sqlite3.connect(course / "gradebook.db")) as book:
        book.execute("UPDATE student SET id = '../p02' WHERE id = 'p02'")
        book.execute("UPDATE submitted_assignment SET student_id = '../p02' WHERE student_id = 'p02'")
        book.commit()
    problems = {one.code: one.problem for one in write_feedback(NAME, course)}

    assert problems["../p02"] == "it has no page, as no folder can have this code"
    assert sorted(path.name for path in (course / "feedback").iterdir()) == ["p01"]
    assert not (course / "p02").exists()


def test_before_marking_there_is_no_feedback(course):
    with gradebook(course) as book:
        for code in ("p01", "p02"):
            book.remove_submission(NAME, code)

    with pytest.raises(
        UserError, match=f"^Nobody has been marked for '{NAME}'. First: python3 -m quizzes grade"
    ):
        list(write_feedback(NAME, course))


def test_nbgraders_own_step_and_formgraders_button_write_the_same_page(course):
    from nbgrader.converters import GenerateFeedback

    list(write_feedback(NAME, course))
    ours = page_file(course, "p01").read_bytes()
    shutil.rmtree(course / "feedback")
    notebook = course / "autograded" / "p01" / NAME / f"{NAME}.ipynb"
    notebook.chmod(0o644)
    notebook.write_text("this is not read", encoding="utf-8")
    run(GenerateFeedback, course, NAME, "p01")

    assert page_file(course, "p01").read_bytes() == ours


def test_nbgraders_own_step_says_who_is_not_marked(course):
    from nbgrader.converters import GenerateFeedback

    shutil.copytree(course / "autograded" / "p01", course / "autograded" / "p03")

    with pytest.raises(
        StepError, match=f"p03 has no marks for '{NAME}'. First: python3 -m quizzes grade {NAME}"
    ):
        run(GenerateFeedback, course, NAME, "p03")
