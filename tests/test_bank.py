"""The bank's reader refuses what would mislead a learner, with file and line."""

import pytest
from safecourse.facts import Facts, load_facts
from safecourse.yamlfile import AuthorError
from safequiz.bank import BANK_FOLDER, load_bank, read_bank

FACTS = Facts(facts={"gr-secrecy": load_facts().fact("gr-secrecy")}, contacts={}, topics={})

GOOD = """\
bank: little
lesson: 01-grooming-signs
title: A little bank
objectives:
  spot-the-signs: Spot warning signs in a conversation.
misconceptions:
  privacy-equals-secrecy: Secrecy is only normal privacy.
  one-sign-is-proof: One sign is proof of a crime.
items:
  - id: gs-secrecy
    objective: spot-the-signs
    kind: single
    use: practice
    audience: [parent]
    stem: A new friend wants the chats kept secret. What is this?
    facts: [gr-secrecy]
    options:
      - id: sign
        text: A sign to talk today.
        key: true
        rationale: Secrecy cuts a child off from help.
      - id: privacy
        text: Ordinary privacy.
        misconception: privacy-equals-secrecy
        rationale: Privacy is a child's own choice.
      - id: proof
        text: Proof of a crime.
        misconception: one-sign-is-proof
        rationale: One sign is a reason to look closer.
  - id: gs-note
    objective: spot-the-signs
    kind: reflection
    use: marked
    audience: [pupil]
    stem: What would you say to a friend?
    facts: [gr-secrecy]
    rubric:
      - Is kind.
"""


def read(tmp_path, text):
    """Return `text` read as the bank `little`."""
    path = tmp_path / "little.yaml"
    path.write_text(text, encoding="utf-8")
    return read_bank(path, FACTS)


def problems(tmp_path, text):
    """Return what the reader says of `text`."""
    with pytest.raises(AuthorError) as caught:
        read(tmp_path, text)
    return str(caught.value)


def test_a_good_bank_is_read(tmp_path):
    bank = read(tmp_path, GOOD)
    assert bank.item("gs-secrecy").key == {"sign"}
    assert [item.id for item in bank.marked] == ["gs-note"]


REFUSALS = {
    "unknown field": (
        "    kind: single",
        "    kind: single\n    colour: red",
        "line 13: unknown field 'colour'",
    ),
    "unknown field in an option": (
        "        key: true",
        "        key: true\n        why: x",
        "line 21: unknown field 'why'",
    ),
    "repeated item": ("id: gs-note", "id: gs-secrecy", "line 30: item id 'gs-secrecy' is there twice"),
    "repeated option id": (
        "- id: proof",
        "- id: privacy",
        "line 26: gs-secrecy: option id 'privacy' is there twice",
    ),
    "repeated option text": (
        "Proof of a crime.\n        mis",
        "Ordinary privacy.\n        mis",
        "line 27: gs-secrecy: option text",
    ),
    "two keys in a single": (
        "        misconception: one-sign-is-proof",
        "        key: true",
        "line 17: gs-secrecy: 'single' needs exactly one",
    ),
    "no key": (
        "        key: true",
        "        misconception: one-sign-is-proof",
        "'single' needs exactly one option with 'key: true'; it has 0",
    ),
    "one key in a multiple": (
        "kind: single",
        "kind: multiple",
        "'multiple' needs two or more options with 'key: true'; it has 1",
    ),
    "a key in a reflection": (
        "    rubric:",
        "    options: [{id: a, text: A, key: true, rationale: B.}]\n    rubric:",
        "line 37: gs-note: a reflection has no options and no key",
    ),
    "a rubric beside options": (
        "    stem: A new",
        "    rubric: [x]\n    stem: A new",
        "line 15: gs-secrecy: only a reflection has a rubric",
    ),
    "a rationale beside options": (
        "    stem: A new",
        "    rationale: x\n    stem: A new",
        "line 15: gs-secrecy: the rationale goes beside each option",
    ),
    "no rubric": ("    rubric:\n      - Is kind.\n", "", "line 30: gs-note: a reflection needs a rubric"),
    "practice reflection without a rationale": (
        "use: marked",
        "use: practice",
        "line 30: gs-note: a practice reflection needs a rationale",
    ),
    "reflection rationale with a verdict": (
        "    rubric:",
        "    rationale: Well done, that is kind.\n    rubric:",
        "line 37: gs-note: the rationale opens with a verdict",
    ),
    "no rationale": (
        "        rationale: Privacy is a child's own choice.\n",
        "",
        "line 22: gs-secrecy, option 'privacy': 'rationale' is missing",
    ),
    "distractor without misconception": (
        "        misconception: one-sign-is-proof\n",
        "",
        "line 26: gs-secrecy, option 'proof': a distractor must name its misconception",
    ),
    "unlisted misconception": (
        "        misconception: one-sign-is-proof",
        "        misconception: odd",
        "no such misconception: odd",
    ),
    "key with a misconception": (
        "        key: true",
        "        key: true\n        misconception: one-sign-is-proof",
        "the key cannot stand for a misconception",
    ),
    "opening verdict": (
        "rationale: Secrecy cuts",
        "rationale: Yes, secrecy cuts",
        "line 21: gs-secrecy, option 'sign': the rationale opens with a verdict",
    ),
    "all of the above": (
        "text: Proof of a crime.",
        "text: All of the above",
        "must not be 'all of the above'",
    ),
    "link": ("stem: A new", "stem: See www.example.org. A new", "line 15: gs-secrecy: 'stem' holds a link"),
    "phone number": (
        "cuts a child off from help.",
        "is why you ring 0800 1111.",
        "line 21: gs-secrecy: 'rationale' holds a phone number",
    ),
    "unknown objective": (
        "    objective: spot-the-signs\n    kind: single",
        "    objective: odd\n    kind: single",
        "line 11: gs-secrecy: no such objective: odd",
    ),
    "unused objective": (
        "  spot-the-signs: Spot",
        "  other: Other.\n  spot-the-signs: Spot",
        "line 5: objective 'other' has no item",
    ),
    "unknown fact": (
        "facts: [gr-secrecy]\n    options",
        "facts: [gr-odd]\n    options",
        "line 16: gs-secrecy: no such fact: gr-odd",
    ),
    "no fact": ("facts: [gr-secrecy]\n    options", "facts: []\n    options", "line 16: 'facts' is empty"),
    "telling id": ("- id: sign", "- id: right-one", "the id reaches the learner"),
    "too few options": (
        GOOD[GOOD.index("      - id: proof") : GOOD.index("  - id: gs-note")],
        "",
        "needs three to six options; it has 2",
    ),
    "no distractor": ("      - id: privacy\n", "      - id: privacy\n", None),
    "empty text": ("text: Ordinary privacy.", "text: ''", "line 23: 'text' is empty"),
    "wrong kind": (
        "kind: single",
        "kind: essay",
        "line 12: 'kind' must be one of 'single', 'multiple' or 'reflection'",
    ),
    "missing stem": ("    stem: What would you say to a friend?\n", "", "line 30: 'stem' is missing"),
    "wrong file name": (
        "bank: little",
        "bank: large",
        "line 1: 'bank' is 'large' but the file is called little.yaml",
    ),
}
REFUSALS["a list for an objective"] = (
    "objective: spot-the-signs\n",
    "objective: [spot-the-signs]\n",
    "'objective' must be text",
)
REFUSALS["id of a misconception"] = (
    "- id: privacy\n",
    "- id: privacy-equals-secrecy\n",
    "line 22: gs-secrecy, option 'privacy-equals-secrecy': the id reaches the learner",
)
REFUSALS["no distractor"] = (
    GOOD[GOOD.index("    kind: single") : GOOD.index("  - id: gs-note")],
    GOOD[GOOD.index("    kind: single") : GOOD.index("  - id: gs-note")]
    .replace("misconception: privacy-equals-secrecy", "key: true")
    .replace("misconception: one-sign-is-proof", "key: true")
    .replace("kind: single", "kind: multiple"),
    "line 17: gs-secrecy: needs at least one distractor",
)


@pytest.mark.parametrize(("old", "new", "said"), REFUSALS.values(), ids=REFUSALS)
def test_each_author_mistake_is_refused_with_file_and_line(tmp_path, old, new, said):
    assert old in GOOD
    found = problems(tmp_path, GOOD.replace(old, new, 1))
    assert said in found
    assert "little.yaml, line" in found


def test_marked_multiples_that_differ_in_points_are_refused(tmp_path):
    single = GOOD[GOOD.index("  - id: gs-secrecy") : GOOD.index("  - id: gs-note")]
    multiple = (
        single.replace("kind: single", "kind: multiple\n    points: 2")
        .replace("use: practice", "use: marked")
        .replace("misconception: one-sign-is-proof", "key: true")
    )
    other = multiple.replace("gs-secrecy", "gs-other").replace("points: 2", "points: 3")
    found = problems(tmp_path, GOOD.replace(single, multiple + other))
    assert found.startswith("little.yaml, line 34: gs-other: marked items of kind 'multiple' carry the same")


def test_all_mistakes_of_a_bank_are_named_in_one_run(tmp_path):
    text = GOOD
    names = [
        "unknown field",
        "no rationale",
        "distractor without misconception",
        "opening verdict",
        "unused objective",
        "no rubric",
    ]
    for name in names:
        old, new, _ = REFUSALS[name]
        text = text.replace(old, new, 1)
    found = problems(tmp_path, text).splitlines()
    assert len(found) == len(names)
    assert [int(line.split("line ")[1].split(":")[0]) for line in found] == sorted(
        int(line.split("line ")[1].split(":")[0]) for line in found
    )


def test_a_reason_may_begin_with_a_word_that_is_only_sometimes_a_verdict(tmp_path):
    read(tmp_path, GOOD.replace("Secrecy cuts a child", "No adult can help where secrecy cuts a child", 1))


def test_an_unknown_bank_is_answered_with_the_banks_there_are():
    with pytest.raises(FileNotFoundError, match="there is no bank called 'odd'; banks here: grooming-signs"):
        load_bank("odd")


@pytest.mark.parametrize("path", sorted(BANK_FOLDER.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_bank_of_the_project_is_whole(path):
    assert read_bank(path, load_facts()).items


@pytest.mark.parametrize("path", sorted(BANK_FOLDER.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_learner_cannot_score_by_habit(path):
    """The key is not the longest option, and no place holds it more than half the time."""
    bank = read_bank(path, load_facts())
    singles = [item for item in bank.items if item.kind == "single"]
    places = [next(place for place, option in enumerate(item.options) if option.key) for item in singles]
    for item in singles:
        longest = max(item.options, key=lambda option: len(option.text))
        assert not longest.key, f"{item.id}: the key is the longest option"
    assert all(places.count(place) <= len(places) / 2 for place in set(places))


@pytest.mark.parametrize("path", sorted(BANK_FOLDER.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_objective_is_served_by_three_items(path):
    bank = read_bank(path, load_facts())
    for objective in bank.objectives:
        assert sum(item.objective == objective for item in bank.items) >= 3, objective


@pytest.mark.parametrize("path", sorted(BANK_FOLDER.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_marked_quiz_is_eight_scored_items_and_a_reflection(path):
    kinds = [item.kind for item in read_bank(path, load_facts()).marked]
    assert kinds.count("reflection") == 1
    assert len(kinds) == 9
