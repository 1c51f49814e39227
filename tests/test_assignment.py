"""A released quiz is whole for the pupil, and holds nothing that helps to guess the key."""

import html
import json
import re
import shutil
from pathlib import Path

import nbformat
import pytest
from safequiz import assignment, bank
from safequiz.assignment import ReleaseError, build_source, leaks, release
from safequiz.bank import Bank
from safequiz.item import Item, Option
from safequiz.marking import released_questions

NAME = "small"
SECRECY = Item(
    id="sm-secrecy",
    objective="spot",
    kind="single",
    use="marked",
    audience=("pupil",),
    points=2,
    stem='A new friend writes: "Keep *this* between us." What is it?',
    facts=("gr-secrecy",),
    options=(
        Option(id="sign", text="A warning sign.", key=True, rationale="Secrecy cuts you off from help."),
        Option(id="normal", text="Normal.", misconception="only-privacy", rationale="You did not choose it."),
        Option(id="proof", text="Proof.", misconception="sure-already", rationale="It is a reason to look."),
    ),
)
NOTE = Item(
    id="sm-note",
    objective="spot",
    kind="reflection",
    use="marked",
    audience=("pupil",),
    points=3,
    stem="What would you say to a friend who is 13 & scared?",
    facts=("gr-secrecy",),
    rubric=("1 point: is kind.", '1 point: names "someone" to tell.'),
    rationale="A good reply is calm.",
)
SMALL = Bank(
    id=NAME,
    lesson="01-small",
    title="A small quiz",
    objectives={"spot": "Spot it."},
    misconceptions={"only-privacy": "It is only privacy.", "sure-already": "Now I am sure."},
    items=(SECRECY, NOTE),
)
(QUIZ,) = SMALL.quizzes
CONFIG = Path(assignment.__file__).resolve().parents[1] / "nbgrader_config.py"


@pytest.fixture
def small(monkeypatch):
    """SMALL in place of the project's banks."""
    monkeypatch.setattr(assignment, "load_quiz", {NAME: QUIZ}.__getitem__)


@pytest.fixture(scope="module")
def released_once(tmp_path_factory):
    folder = tmp_path_factory.mktemp("released")
    shutil.copy(CONFIG, folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(assignment, "load_quiz", {NAME: QUIZ}.__getitem__)
        release(NAME, folder)
    return folder


@pytest.fixture
def course(released_once, tmp_path, small):
    """A course folder from which SMALL has just been released."""
    return Path(shutil.copytree(released_once, tmp_path / "course"))


def strings(data):
    """Every string of parsed JSON, and apart from them the names of fields."""
    if isinstance(data, str):
        return [data], set()
    parts = data.values() if isinstance(data, dict) else data if isinstance(data, list) else []
    texts, names = [], set(data) if isinstance(data, dict) else set()
    for part in parts:
        more, others = strings(part)
        texts, names = texts + more, names | others
    return texts, names


def readable(folder):
    """All text and all field names in a folder of JSON files, with entities and wrapped lines undone."""
    texts, names = strings([json.loads(path.read_text(encoding="utf-8")) for path in folder.iterdir()])
    text = re.sub(r"(?m)^# ", "", html.unescape("\n".join(texts)))
    return " ".join(text.split()), names


def test_the_source_has_one_marked_cell_per_item_named_after_it():
    cells = {cell.id: cell for cell in build_source(QUIZ).cells}

    assert list(cells) == ["introduction", "quiz", "end", "sm-secrecy", "sm-note-question", "sm-note"]
    scored, written = cells["sm-secrecy"].metadata.nbgrader, cells["sm-note"].metadata.nbgrader
    assert (scored.grade, scored.locked, scored.solution, scored.points) == (True, True, False, 2)
    assert (written.grade, written.locked, written.solution, written.points) == (True, False, True, 3)
    nbformat.validate(build_source(QUIZ))


def test_a_stem_is_shown_letter_for_letter():
    question = {cell.id: cell for cell in build_source(QUIZ).cells}["sm-note-question"]

    assert "13 &#38; scared" in question.source


def test_a_release_holds_the_notebook_and_the_questions_and_no_more(course):
    released = course / "release" / NAME

    assert {path.name for path in released.iterdir()} == {"small.ipynb", "small.quiz.json"}
    questions = json.loads((released / "small.quiz.json").read_text(encoding="utf-8"))
    assert questions == released_questions(QUIZ)
    cells = {cell.id: cell for cell in nbformat.read(released / "small.ipynb", 4).cells}
    assert cells["quiz"].source == 'from safequiz import marked\nmarked("small")'
    assert all(line.startswith("# ") for line in cells["sm-secrecy"].source.splitlines())
    assert cells["sm-note-question"].source.rstrip().endswith("13 &#38; scared?")
    assert cells["sm-note"].source.startswith("*No answer is here.")
    assert all(cell.metadata.deletable is False for cell in cells.values())
    assert all(cell.metadata.editable is False for cell in cells.values())


def test_nothing_in_the_real_release_tells_the_key(tmp_path):
    shutil.copy(CONFIG, tmp_path)
    for path in bank.BANK_FOLDER.glob("*.yaml"):
        whole = bank.load_bank(path.stem)
        released = [readable(release(quiz.id, tmp_path)) for quiz in whole.quizzes]
        text, names = " ".join(text for text, _ in released), set().union(*(names for _, names in released))
        rationales = [text for item in whole.items for where, text in item.texts if where[-1] == "rationale"]
        rationales += [ending.text for item in whole.items for ending in item.endings]
        rubrics = [line for item in whole.items for line in (*item.rubric, item.rationale)]
        for secret in filter(None, [*rationales, *rubrics, *whole.misconceptions.values()]):
            assert " ".join(secret.split()) not in text
        for misconception in whole.misconceptions:
            assert not re.search(rf"(?<![\w-]){misconception}(?![\w-])", text)
        assert not names & {
            "key",
            "rationale",
            "misconception",
            "rubric",
            "facts",
            "objective",
            "worth",
            "endings",
            "order",
        }
        assert "marking" not in text
        assert all(item.stem in text for item in whole.marked)


@pytest.mark.parametrize(
    ("added", "found"),
    [
        ("Secrecy cuts you\noff from help.", "a rationale or the rubric of sm-secrecy"),
        ("1 point: names &#34;someone&#34; to tell.", "a rationale or the rubric of sm-note"),
        ("see only-privacy", "the misconception 'only-privacy'"),
        ("Now I am sure.", "the misconception 'sure-already'"),
        ("marking.score('small', 'sm-secrecy')", "a call that marks"),
    ],
    ids=["rationale", "rubric in entities", "misconception id", "misconception", "marking"],
)
def test_a_leak_into_the_notebook_is_found(course, added, found):
    released = course / "release" / NAME
    path = released / "small.ipynb"
    notebook = nbformat.read(path, 4)
    notebook.cells[0].source += added
    nbformat.write(notebook, path)

    assert leaks(QUIZ, released) == [f"small.ipynb holds {found}"]


def test_a_leak_into_the_questions_and_a_stray_file_are_found(course):
    released = course / "release" / NAME
    path = released / "small.quiz.json"
    questions = json.loads(path.read_text(encoding="utf-8"))
    questions["items"][0]["options"][0]["key"] = True
    path.write_text(json.dumps(questions), encoding="utf-8")
    (released / "notes.txt").write_text("x", encoding="utf-8")

    assert leaks(QUIZ, released) == [
        "notes.txt has no place in it",
        "small.quiz.json is not just the questions",
    ]


def test_a_release_that_leaks_is_taken_back_and_the_one_before_stays(course, monkeypatch):
    before = (course / "release" / NAME / "small.ipynb").read_bytes()
    told = SECRECY.model_copy(update={"stem": "Secrecy cuts you off from help. True?"})
    leaky = Bank(NAME, "01-small", "A", SMALL.objectives, SMALL.misconceptions, (told, NOTE))
    monkeypatch.setattr(assignment, "load_quiz", {NAME: leaky.quizzes[0]}.__getitem__)

    with pytest.raises(ReleaseError, match="a learner could read the key"):
        release(NAME, course)

    assert (course / "release" / NAME / "small.ipynb").read_bytes() == before
    assert "cuts you off" not in readable(course / "source" / NAME)[0]


def test_once_work_is_marked_items_cannot_be_added_and_the_release_stays(course, monkeypatch):
    from safequiz.steps import gradebook

    before = (course / "release" / NAME / "small.ipynb").read_bytes()
    with gradebook(course) as book:
        book.update_or_create_student("p01")
        book.update_or_create_submission(NAME, "p01")
    less = Bank(NAME, "01-small", "A", SMALL.objectives, SMALL.misconceptions, (SECRECY,))
    monkeypatch.setattr(assignment, "load_quiz", {NAME: less.quizzes[0]}.__getitem__)

    with pytest.raises(ReleaseError, match="has already been marked"):
        release(NAME, course)

    assert (course / "release" / NAME / "small.ipynb").read_bytes() == before


def test_a_folder_that_is_no_course_is_named(tmp_path, small):
    with pytest.raises(FileNotFoundError, match=r"holds no nbgrader_config\.py"):
        release(NAME, tmp_path)
