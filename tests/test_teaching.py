"""Teaching pages hold the facts of course/facts, and every timetable fills its lesson."""

import re

import pytest
from safecourse import notebooks, teaching
from safecourse.facts import load_facts
from safecourse.teaching import blocks, fill, pages, problems, tidy_pages
from safequiz import cli
from safequiz.bank import BANK_FOLDER, load_bank
from safesite import catalogue

PAGE = """\
# Notice early

Before.

<!-- facts: gr-secrecy, meaning -->
<!-- end -->

Between.

<!-- contacts: childline -->
old
<!-- end -->

After.
"""


def write(folder, text):
    """Write `text` as a teaching page."""
    path = folder / "01-page.md"
    path.write_text(text, encoding="utf-8")
    return path


def test_facts_and_contacts_are_filled_in_as_markdown():
    filled = fill(PAGE)
    fact, contact = load_facts().fact("gr-secrecy"), load_facts().contact("childline")
    first, second = (filled[block.start : block.end] for block in blocks(filled))
    assert f"**{fact.title}.** {fact.says.strip()}" in first
    assert f"[{fact.source_name}](<{fact.source}>)" in first
    assert first.count("\n- ") == 1 + len(load_facts().group("meaning"))
    assert re.search(r"Checked \d+ \w+ \d{4}\.$", first.strip())
    assert f"> **{contact.name}**" in second
    assert "[**0800 1111**](<tel:08001111>)" in second
    assert "<a " not in filled
    assert "old" not in second


def test_what_the_author_typed_stays():
    filled = fill(PAGE)
    assert [
        line for line in filled.splitlines() if line in {"# Notice early", "Before.", "Between.", "After."}
    ] == [
        "# Notice early",
        "Before.",
        "Between.",
        "After.",
    ]
    assert filled.endswith("<!-- end -->\n\nAfter.\n")


def test_to_fill_a_page_again_changes_nothing(tmp_path):
    path = write(tmp_path, fill(PAGE))
    assert fill(path.read_text(encoding="utf-8")) == path.read_text(encoding="utf-8")
    assert problems(path) == []


def test_tidy_fills_a_page_and_tidy_check_only_reports(tmp_path):
    path = write(tmp_path, PAGE)
    said = [str(problem) for problem in tidy_pages(check=True, folder=tmp_path)]
    assert said == [
        "01-page.md, line 5: not what course/facts holds. Run: python3 -m quizzes tidy",
        "01-page.md, line 10: not what course/facts holds. Run: python3 -m quizzes tidy",
    ]
    assert path.read_text(encoding="utf-8") == PAGE
    assert tidy_pages(folder=tmp_path) == []
    assert path.read_text(encoding="utf-8") == fill(PAGE)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("facts: gr-secrecy", "facts: gr-odd", "line 5: no such group of facts: gr-odd"),
        ("contacts: childline", "contacts: odd", "line 10: no such contact: odd"),
        ("facts: gr-secrecy, meaning", "facts:", "line 5: names no facts"),
        ("<!-- end -->\n\nBetween", "Between", "line 5: needs '<!-- end -->' below it, on a line of its own"),
        ("<!-- end -->\n\nAfter", "After", "line 10: needs '<!-- end -->' below it"),
        ("<!-- contacts: childline", "  <!--contacts childline", "line 10: needs '<!-- end -->' below it"),
    ],
)
def test_a_block_that_cannot_be_filled_is_named_with_its_line(tmp_path, old, new, said):
    assert old in PAGE
    text = PAGE.replace(old, new, 1)
    write(tmp_path, text)
    found = "\n".join(str(problem) for problem in tidy_pages(check=True, folder=tmp_path))
    assert f"01-page.md, {said}" in found


@pytest.mark.parametrize("path", pages(), ids=lambda path: path.stem)
def test_every_teaching_page_holds_the_facts_of_today(path):
    assert [str(problem) for problem in problems(path)] == []


SECTIONS = [
    "Objectives",
    "Curriculum links",
    "Before you teach",
    "The 50 minutes",
    "Starter",
    "Discussion questions",
    "For different pupils",
    "Likely misconceptions, and how the questions show them",
    "Keeping pupils safe",
    "If a pupil tells you something",
    "Letter home",
]


@pytest.mark.parametrize("path", pages(), ids=lambda path: path.stem)
def test_every_teaching_page_has_the_same_sections(path):
    assert re.findall(r"(?m)^## (.+)$", path.read_text(encoding="utf-8")) == SECTIONS


def test_the_command_tidies_the_pages_with_the_lessons(tmp_path, monkeypatch, capsys):
    path = write(tmp_path, PAGE)
    monkeypatch.setattr(notebooks, "tidy_lessons", lambda check: [])
    monkeypatch.setattr(teaching, "tidy_pages", lambda check: tidy_pages(check, tmp_path))
    monkeypatch.setattr(catalogue, "tidy_catalogues", lambda: None)
    assert cli.main(["tidy", "--check"]) == 1
    assert capsys.readouterr().out.startswith("01-page.md, line 5: not what course/facts holds")
    assert cli.main(["tidy"]) == 0
    assert path.read_text(encoding="utf-8") == fill(PAGE)


def test_a_block_that_cannot_be_filled_keeps_no_other_from_it(tmp_path):
    path = write(tmp_path, PAGE.replace("gr-secrecy", "gr-odd"))
    assert len(tidy_pages(folder=tmp_path)) == 1
    assert "Childline" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", pages(), ids=lambda path: path.stem)
def test_the_timetable_of_a_page_adds_up_to_50_minutes(path):
    plan = path.read_text(encoding="utf-8").partition("## The 50 minutes")[2].partition("\n## ")[0]
    assert sum(map(int, re.findall(r"(?m)^\| *(\d+)", plan))) == 50


@pytest.mark.parametrize("path", pages(), ids=lambda path: path.stem)
def test_the_items_that_a_page_names_are_there(path):
    known = {item.id for bank in BANK_FOLDER.glob("*.yaml") for item in load_bank(bank.stem).items}
    named = set(re.findall(r"`([a-z]{2}-[a-z0-9-]+)`", path.read_text(encoding="utf-8")))
    assert named
    assert named - known == set()
