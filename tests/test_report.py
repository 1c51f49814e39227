"""The report on a class: what the page says and to whom, what it never holds, and the table beside it."""

import contextlib
import csv
import re
import shutil
import xml.etree.ElementTree as ElementTree
from base64 import b64encode
from dataclasses import replace
from datetime import date
from hashlib import sha256
from html import unescape
from pathlib import Path

import pytest
from safequiz import assignment
from safequiz.analysis import FEW, READABLE, analyse
from safequiz.bank import load_quiz
from safequiz.collect import collect
from safequiz.errors import UserError
from safequiz.grading import grade
from safequiz.report import report_page, write_report
from safequiz.responses import QuizAnswers, to_json
from safequiz.submission import AnswersFile
from safequiz.taught import read_lesson

from .test_analysis import FUN_QUIZ, KINDS, ONE_HOUR, QUIZ, THREAD, WRITTEN, all_right, pupil, right, wrong

CONFIG = Path(assignment.__file__).resolve().parents[1] / "nbgrader_config.py"
LESSON = read_lesson(QUIZ.bank.lesson)
DAY = date(2026, 11, 21)
HOSTILE = (
    '</dd></dl><script>alert("hi")</script> **b** $x^2$ {{ 7 * 7 }} <img src=x onerror=alert(1)> \u202e\x07'
)


def page(results, quiz=QUIZ, **options):
    return report_page(analyse(quiz, results), LESSON, DAY, **options)


def words(html):
    """What a reader reads of a page, or of a part of it."""
    html = re.sub(r"(?s)<(style|svg)\b.*?</\1>", " ", html)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split()).replace(" .", ".").replace(" ,", ",")


def card(html, title):
    """What one of the three cards on top says."""
    return words(html.split(f">{title}</h2>")[1].split("</section>")[0])


def a_class(size, quiz=QUIZ, **changes):
    """A class of which one in three is wrong in the first item, if that is a single one; all is marked."""
    first = quiz.items[0]
    for n in range(size):
        slip = {first.id: wrong(first)} if n % 3 == 0 and first.kind == "single" else {}
        yield pupil(f"p{n:04}", all_right(quiz) | slip, quiz, read=2.0, **changes)


# --- what it says ----------------------------------------------------------------------------


def test_the_first_thing_told_is_how_they_did_what_to_teach_again_and_who_needs_somebody():
    made = [*a_class(24), pupil("waits"), pupil("low", {ONE_HOUR.id: right(ONE_HOUR)}), pupil("blank", {})]
    html = page([*made, pupil("gone", marks={}, responses={})])

    assert html.index("How did they do?") < html.index("What do I teach again?") < html.index("Who needs me?")
    assert "of the points That is the mean of 26 pupils." in card(html, "How did they do?")
    assert "This may change" in card(html, "How did they do?")
    belief = QUIZ.bank.misconceptions[QUIZ.item(FUN_QUIZ.id).options[0].misconception]
    assert card(html, "What do I teach again?").startswith(f"{belief} 8 of 25 pupils.")
    assert card(html, "Who needs me?") == (
        "1 written answer waits for you, from waits. Read them soon : somebody may have written that they "
        "are not safe. Less than half of the points: low. Handed in, but answered nothing: blank. Nothing "
        "handed in, or not marked yet: gone."
    )


def test_a_class_that_needs_nothing_is_told_so():
    html = page(pupil(f"p{n}", read=3.0) for n in range(FEW))

    assert card(html, "How did they do?").startswith("100% of the points")
    assert card(html, "What do I teach again?") == "No wrong idea is held by as many as 1 in 5."
    assert card(html, "Who needs me?").startswith("Nobody waits for you")
    assert "Nobody gave an answer that stands for a wrong idea." in words(html)


def test_each_wrong_idea_is_told_with_its_questions_and_where_the_lesson_teaches_it():
    html = page(a_class(24))

    assert "8 of 24 pupils, in question 1." in words(html)
    assert f"Taught in lesson 1, Grooming signs, under {LESSON.teaches(FUN_QUIZ)[0]}." in words(html)


def test_a_small_class_gets_no_percentages_and_no_verdict_on_a_question():
    html = page(a_class(12))

    assert "12 pupils only. With fewer than 20, chance decides much." in words(html)
    assert "about 9 in 10" in words(html)
    assert not re.search(r"\d%", words(html.split('id="questions"')[1].split("The rules behind")[0]))
    assert "too few are marked to say" in words(html)


def test_a_class_of_which_nobody_answered_is_told_who_they_are():
    html = page([pupil("p1", {})])

    assert "Nothing can be said yet" in card(html, "How did they do?")
    assert "Handed in, but answered nothing: p1." in card(html, "Who needs me?")


def test_a_changed_key_is_told_and_one_that_is_not_known_to_have_changed_is_not():
    changed, same, unknown = (words(page(a_class(3), key_changed=value)) for value in (True, False, None))

    assert "The key has changed since this quiz was released. Marking goes by the key in force." in changed
    assert "The key has changed" not in same + unknown


def test_answers_to_another_wording_and_answers_that_cannot_be_shown_are_told_by_code():
    odd = replace(pupil("bad"), responses={}, content="", problem="my-answers.json is damaged")
    html = words(page([pupil("old", content="0123abcd"), odd]))

    assert "1 pupil answered another wording than the quiz has now: old." in html
    assert "Answers that cannot be shown: bad, my-answers.json is damaged." in html


def test_a_remark_on_a_question_is_told_and_marked_in_the_chart():
    html = page(a_class(36))

    assert "! Question 1" in html
    assert "Nobody chose C or D." in words(html)


def test_how_a_question_tells_apart_is_told_in_words_and_no_finer_than_one_decimal():
    some = [pupil(f"s{n}", {THREAD.id: right(THREAD)}, read=2.0) for n in range(12)]

    assert "well (1.0)" in words(page([pupil(f"p{n}", read=2.0) for n in range(12)] + some))
    assert "cannot be said, as all earned the same" in words(page(pupil(f"p{n}") for n in range(FEW)))


@pytest.mark.parametrize("kind", ["single", "multiple", "spot", "order", "nation", "scenario"])
def test_every_kind_of_question_is_told_with_its_answers_and_what_each_stands_for(kind):
    item = KINDS[kind]
    quiz = next(quiz for quiz in QUIZZES if item in quiz.items)
    html = words(page(a_class(3, quiz), quiz))

    steps = [way for step in item.steps for way in step.choices]
    for part in (*item.options, *steps):
        assert " ".join(part.text.split()) in html
        if part.misconception:
            assert quiz.bank.misconceptions[part.misconception] in html


QUIZZES = [load_quiz(name) for name in ("keep-it-fresh", "keep-it-fresh-adults")]
QUIZZES += [
    load_quiz(f"{name}{end}")
    for name in ("privacy-settings", "abusive-messages", "where-to-report", "zoom-meeting-security")
    for end in ("", "-adults")
]


def test_grown_ups_are_called_people():
    quiz = load_quiz("grooming-signs-adults")

    assert "That is the mean of 3 people." in words(page(a_class(3, quiz), quiz))


# --- what it never holds ---------------------------------------------------------------------


def test_the_page_is_whole_in_itself_and_lets_nothing_run():
    html = page(a_class(24))
    style = re.search(r"(?s)<style>(.*?)</style>", html)[1]
    digest = b64encode(sha256(style.encode()).digest()).decode()

    assert f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:;" in html
    assert len(re.findall(r"<style", html)) == 1
    html = html.replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert not re.search(r"<script|<link rel=\"style|\bstyle=|\bsrc=|\bon\w+=|url\(|@import|https?://", html)


def test_the_charts_are_well_formed_and_named_and_hold_only_shapes_and_words():
    html = page(a_class(24))
    charts = re.findall(r"(?s)<svg.*?</svg>", html)
    names = [ElementTree.fromstring(chart).attrib["aria-label"] for chart in charts]

    assert len(charts) == 4 + 8
    assert len(set(names)) == len(names)
    assert set(re.findall(r"<(\w+)", "".join(charts))) == {"svg", "g", "rect", "text"}
    assert all('role="img"' in chart for chart in charts)


def test_the_same_class_makes_the_same_page():
    assert page(a_class(24)) == page(a_class(24))


def test_what_a_pupil_wrote_is_shown_as_text_and_so_is_a_code():
    html = page([pupil("<b>p1</b>", all_right() | {WRITTEN.id: HOSTILE})])

    assert "<script" not in html
    assert "<img" not in html
    assert "<b>p1" not in html
    assert HOSTILE.replace("\u202e", "\ufffd").replace("\x07", "\ufffd") in unescape(html)


def test_names_and_addresses_of_pupils_are_never_told():
    html = page(a_class(3))

    assert not [word for word in ("Zoe", "Surname", "zoe@example.org", "4711") if word in html]


def test_a_page_does_not_grow_with_the_class():
    some, more = page(a_class(301)), page(a_class(900))

    assert abs(len(more) - len(some)) < 2000
    assert "the marks of each are only in the table, grooming-signs.csv" in words(some)
    assert f"With more than {READABLE} pupils, what they wrote is not shown here." in words(some)
    assert "Everybody's marks" in page(a_class(300))


# --- the files, from a course with a gradebook -----------------------------------------------


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course in which three have been marked: all right; one answer wrong, one hostile; no answers."""
    folder, inbox = tmp_path_factory.mktemp("course"), tmp_path_factory.mktemp("inbox")
    shutil.copy(CONFIG, folder)
    assignment.release(QUIZ.id, folder)
    classmates = {
        "p1": all_right(),
        "p2": {FUN_QUIZ.id: wrong(FUN_QUIZ), WRITTEN.id: f"=1+1 {HOSTILE}"},
        "p3": {},
    }
    for code, responses in classmates.items():
        answers = QuizAnswers(content="0123abcd", saved_at="2026-11-20T09:30:00Z", responses=responses)
        data = to_json(AnswersFile(schema=1, quizzes={QUIZ.id: answers}))
        (inbox / f"{code}.answers.json").write_bytes(data)
    collect(QUIZ.id, [inbox], folder)
    with contextlib.suppress(UserError):
        write_report(QUIZ.id, folder)
    unmarked = sorted(folder.glob("reports/*"))
    assert [mark.problem for mark in grade(QUIZ.id, folder)] == [""] * 3
    assert unmarked == []
    return folder


def table(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_the_report_and_its_table_are_written_beside_each_other(course):
    html, rows = write_report(QUIZ.id, course)

    assert (html, rows) == (course / "reports" / f"{QUIZ.id}.html", course / "reports" / f"{QUIZ.id}.csv")
    assert "2 pupils answered another wording" in words(html.read_text(encoding="utf-8"))
    assert sorted(path.name for path in html.parent.iterdir()) == [rows.name, html.name]


def test_the_table_has_a_row_for_each_pupil_and_question(course, tmp_path):
    rows = table(write_report(QUIZ.id, course, tmp_path)[1])
    first = next(row for row in rows if (row["code"], row["item"]) == ("p2", FUN_QUIZ.id))

    assert len(rows) == 3 * len(QUIZ.items)
    option = next(option for option in FUN_QUIZ.options if [option.id] == wrong(FUN_QUIZ))
    assert first == {
        "code": "p2",
        "question": "1",
        "item": FUN_QUIZ.id,
        "objective": QUIZ.bank.objectives[FUN_QUIZ.objective],
        "response": option.text,
        "earned": "0.0",
        "possible": "1.0",
        "waiting": "",
        "misconception": QUIZ.bank.misconceptions[option.misconception],
        "note": "answered another wording",
    }
    assert {row["note"] for row in rows if row["code"] == "p3"} == {"handed in no answers"}


def test_an_answer_to_be_marked_has_no_points_and_no_spreadsheet_runs_it(course, tmp_path):
    path = write_report(QUIZ.id, course, tmp_path)[1]
    written = next(row for row in table(path) if (row["code"], row["item"]) == ("p2", WRITTEN.id))

    assert (written["earned"], written["possible"], written["waiting"]) == ("", "3.0", "yes")
    assert written["response"].startswith("'=1+1 </dd>")
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")


def test_who_is_in_the_gradebook_with_nothing_marked_has_a_row_that_says_so(course, tmp_path, monkeypatch):
    gone = pupil("gone", marks={}, responses={})
    monkeypatch.setattr("safequiz.report.results", lambda *_: iter([pupil("p1"), gone]))
    rows = table(write_report(QUIZ.id, course, tmp_path)[1])

    assert [row["note"] for row in rows if row["code"] == "gone"] == ["nothing is marked"]


# --- what goes wrong -------------------------------------------------------------------------


def test_a_class_that_nobody_has_marked_is_refused_and_leaves_no_table(course, tmp_path, monkeypatch):
    monkeypatch.setattr("safequiz.report.results", lambda *_: iter([pupil("p1", marks={}, responses={})]))

    with pytest.raises(UserError, match=r"Nobody has been marked for 'grooming-signs'. First: python3 -m"):
        write_report(QUIZ.id, course, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_written_is_named_and_nothing_is_left_half_written(course, tmp_path):
    (tmp_path / f"{QUIZ.id}.csv").mkdir()

    with pytest.raises(UserError, match=r"cannot be written to .* open in another program"):
        write_report(QUIZ.id, course, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [f"{QUIZ.id}.csv"]


def test_a_folder_that_is_no_course_is_refused_and_left_alone(tmp_path):
    with pytest.raises(FileNotFoundError, match="is no course folder"):
        write_report(QUIZ.id, tmp_path)
    assert list(tmp_path.iterdir()) == []
