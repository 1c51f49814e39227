"""Facts are read strictly: what is not sourced is not taught."""

from datetime import date

import pytest
from safecourse.facts import load_facts, read_facts
from safecourse.show import Shown
from safecourse.yamlfile import AuthorError

GOOD = """\
topic: Online grooming
facts:
  - id: gr-secrecy
    group: methods
    says: Asks a child to keep the chats secret.
    nations: [england, wales, scotland, northern-ireland]
    source: https://www.childnet.com/
    source_name: Childnet
    checked: 2026-11-21
    check_again: 2027-05-21
    confidence: high
"""


def problem(tmp_path, text):
    """Return what the reader says of `text` as a facts file."""
    (tmp_path / "grooming.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(AuthorError) as caught:
        read_facts(tmp_path)
    return str(caught.value)


def test_a_whole_fact_is_read(tmp_path):
    (tmp_path / "grooming.yaml").write_text(GOOD, encoding="utf-8")
    facts = read_facts(tmp_path)
    assert facts.fact("gr-secrecy").checked == date(2026, 11, 21)
    assert facts.topic("grooming") == [facts.fact("gr-secrecy")]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("    source: https://www.childnet.com/\n", "", "grooming.yaml, line 3: 'source' is missing"),
        (
            "https://www.childnet.com/",
            "a leaflet",
            "line 7: 'source' does not have the right form: 'a leaflet'",
        ),
        ("confidence: high", "confidence: low", "line 11: 'confidence' must be one of 'high' or 'medium'"),
        (
            "check_again: 2027-05-21",
            "check_again: 2026-05-21",
            "gr-secrecy: check_again must be later than checked",
        ),
        ("    group: methods", "    colour: red\n    group: methods", "line 4: unknown field 'colour'"),
        ("[england, wales, scotland, northern-ireland]", "[uk]", "line 6: 'nations' must be one of"),
        ("says: Asks a child to keep the chats secret.", "says: ''", "line 5: 'says' is empty"),
        (
            "says: Asks a child to keep the chats secret.",
            "says: 7",
            "line 5: 'says' must be text; put it in quotes",
        ),
        ("checked: 2026-11-21", "checked: soon", "line 9: 'checked'"),
        (
            "check_again: 2027-05-21",
            "check_again: 2027-02-30",
            "line 10: 'check_again': Input should be a valid",
        ),
        ("  - id: gr-secrecy", "  - id: [gr-secrecy]", "line 3: 'id' must be text"),
        (
            "check_again: 2027-05-21",
            "check_again: 2026-05-21\n    colour: red",
            "line 3: gr-secrecy: check_again must be later than checked\ngrooming.yaml, line 11: unknown",
        ),
        ("facts:\n", "facts: none\nrest:\n", "line 2: 'facts'"),
        ("topic: Online grooming", "topic: [", "is not YAML"),
        ("topic: Online grooming", "topic: &a [*a]", "line 1: is not YAML"),
        ("id: gr-secrecy", f"id: {'g' * 81}", "line 3: 'id' is longer than 80 letters"),
        (GOOD, "just words", "line 1: must hold named fields"),
        ("    group: methods", "    group: methods\n    group: risk", "line 5: 'group' is there twice"),
    ],
)
def test_each_mistake_in_a_fact_is_refused_with_file_and_line(tmp_path, old, new, said):
    assert old in GOOD
    assert said in problem(tmp_path, GOOD.replace(old, new))


def test_a_list_whose_only_entry_has_a_fault_is_not_called_empty(tmp_path):
    assert problem(tmp_path, GOOD.replace("group: methods", "group: A B")).splitlines() == [
        "grooming.yaml, line 4: 'group' does not have the right form: 'A B'"
    ]


def test_a_repeated_id_is_refused(tmp_path):
    again = GOOD + GOOD.split("facts:\n")[1]
    assert "grooming.yaml, line 12: 'gr-secrecy' is there twice" in problem(tmp_path, again)


def test_a_file_that_is_not_text_is_named(tmp_path):
    (tmp_path / "grooming.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(AuthorError, match=r"grooming.yaml, line 1: cannot be read"):
        read_facts(tmp_path)


def test_a_fact_becomes_overdue_the_day_after_it_should_be_checked_again(tmp_path):
    (tmp_path / "grooming.yaml").write_text(GOOD, encoding="utf-8")
    facts = read_facts(tmp_path)
    assert facts.overdue(date(2027, 5, 21)) == []
    assert [entry.id for entry in facts.overdue(date(2027, 5, 22))] == ["gr-secrecy"]


def test_a_fact_that_is_used_but_absent_is_refused():
    facts = load_facts()
    for ask in (facts.fact, facts.contact, facts.group, facts.topic):
        with pytest.raises(KeyError, match="no-such-thing"):
            ask("no-such-thing")


def test_emergency_and_child_contacts_show_the_numbers_people_know():
    contacts = load_facts().contacts
    numbers = {name: [how.value for how in contacts[name].how if how.kind == "phone"] for name in contacts}
    assert numbers["police-999"] == ["999"]
    assert numbers["police-101"] == ["101"]
    assert numbers["childline"] == ["0800 1111"]
    assert numbers["nspcc-helpline"] == ["0808 800 5000"]


def test_what_is_shown_reads_as_plain_text_too():
    shown = Shown('> **Childline**\n>\n> - Call: <a href="tel:08001111" data-x="y">**0800 1111**</a>')
    assert repr(shown) == "Childline\n\n- Call: 0800 1111"
