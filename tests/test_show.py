"""Facts and contacts as a lesson shows them."""

import json
import re

import pytest
from safecourse import by_nation, facts
from safecourse import show as showing
from safecourse.facts import Contact, Fact, Facts

STOCK = {
    "nations": ["england", "wales", "scotland", "northern-ireland"],
    "source": "https://example.org/",
    "source_name": "Example",
    "checked": "2026-11-21",
    "check_again": "2027-05-21",
    "confidence": "high",
}


def fact(fact_id, **fields):
    """Return a fact, as a file gives it."""
    given = STOCK | {"id": fact_id, "group": "law-threats", "says": f"Says {fact_id}."} | fields
    return Fact.model_validate_json(json.dumps(given))


KNOWN = Facts(
    facts={
        entry.id: entry
        for entry in (
            fact("everywhere"),
            fact(
                "in-scotland",
                nations=["scotland"],
                formal="The Act, section 1",
                formerly=["the old name", "an older one"],
            ),
            fact("in-england-wales", nations=["england", "wales"]),
            fact(
                "a-setting",
                group="fizz",
                title="Who can write to you",
                where="Settings > Privacy.",
                set_to="Friends",
                under_18="Friends",
            ),
        )
    },
    contacts={
        "police-ni": Contact.model_validate_json(
            json.dumps(
                STOCK
                | {
                    "id": "police-ni",
                    "nations": ["northern-ireland"],
                    "name": "Police",
                    "what_for": "Crime.",
                    "not_for": "Danger",
                    "how": [{"kind": "step", "label": "In person", "value": "Go in."}],
                    "audience": ["anyone"],
                }
            )
        )
    },
    topics={},
)


@pytest.fixture(autouse=True)
def known(monkeypatch):
    """KNOWN in place of the project's facts."""
    monkeypatch.setattr(showing, "load_facts", lambda: KNOWN)


def test_what_holds_everywhere_comes_first_then_each_nation_under_its_name():
    text = repr(by_nation("law-threats", "police-ni"))
    places = [
        text.index(words) for words in ("Says everywhere", "England and Wales", "Says in-england-wales")
    ]
    places += [text.index(words) for words in ("Scotland", "Says in-scotland", "Northern Ireland", "Go in.")]
    assert places == sorted(places)


def test_each_nations_part_stands_open_and_names_its_nations_for_the_chooser():
    markdown = by_nation("law-threats")._repr_markdown_()
    assert re.findall(r'<details open data-nation="([a-z -]+)">', markdown) == ["england wales", "scotland"]


def test_a_part_under_a_nations_name_does_not_repeat_it():
    assert "(Scotland)" not in repr(by_nation("law-threats"))
    assert "(Scotland)" in repr(facts("in-scotland"))


def test_a_rule_of_law_gives_its_legal_name_and_the_old_ones_after_the_plain_words():
    assert (
        "- Says in-scotland. Its name in law: The Act, section 1. "
        "Older names you may meet: the old name; an older one." in repr(facts("in-scotland"))
    )


def test_a_setting_says_what_to_choose_and_where_and_when_it_was_checked():
    assert repr(facts("fizz")) == (
        "- Who can write to you. Says a-setting. Set it to: Friends. Where: Settings > Privacy. "
        "Under 18: Friends. Checked 21 November 2026."
    )


def test_an_unknown_id_is_named():
    with pytest.raises(KeyError, match="no such group of facts: odd"):
        by_nation("odd")
