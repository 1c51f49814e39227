"""Each rule of the content check fires where it should and nowhere else, and can be waived with a reason."""

import json
from datetime import date

import pytest
from safecourse.facts import FACTS_FOLDER
from safecourse.yamlfile import AuthorError
from safequiz import cli, guessing, prose
from safequiz.bank import BANK_FOLDER, load_bank
from safequiz.content_check import RULES, review
from safequiz.material import read_material
from safesite import catalogue

TODAY = date(2026, 11, 21)

FACTS = """\
topic: Kites
facts:
  - &one
    id: ki-wind
    group: wind
    says: A kite needs wind.
    nations: [england, wales, scotland, northern-ireland]
    source: https://kites.example/wind
    source_name: Kites
    checked: 2026-11-01
    check_again: 2027-11-01
    confidence: high
"""
SECOND_FACT = FACTS[FACTS.index("  - &one") :].replace("&one\n    ", "").replace("ki-wind", "ki-rope")
LAW = SECOND_FACT.replace("ki-rope", "ki-law").replace(
    "says", "formerly: [improper use of a network]\n    says"
)
CONTACTS = """\
topic: Whom to ask
contacts:
  - id: kite-club
    name: The kite club
    what_for: Asking.
    not_for: Buying.
    how: [{kind: url, label: Site, value: "https://kites.example"}]
    nations: [england, wales, scotland, northern-ireland]
    audience: [anyone]
    source: https://kites.example/
    source_name: Kites
    checked: 2026-11-01
    check_again: 2027-11-01
    confidence: high
"""
ROUTES = """\
topic: Whom to ask
questions:
  - id: danger
    text: Danger?
    options: [{id: "yes", text: "Yes"}, {id: "no", text: "No"}, &u {id: not-sure, text: "?"}]
  - {id: what, text: What?, options: [*u, {id: other, text: Other}]}
  - {id: whom, text: Who?, options: [*u, {id: other, text: Other}]}
  - {id: where, text: Where?, options: [*u, {id: other, text: Other}]}
  - id: nation
    text: Nation?
    options:
      - {id: england, text: England}
      - {id: wales, text: Wales}
      - {id: scotland, text: Scotland}
      - {id: northern-ireland, text: Northern Ireland}
      - *u
sets: {}
after: {kite-club: ki-rope}
emergency:
  id: storm
  surely: Come down.
  perhaps: Come down all the same.
  contacts: [kite-club]
  keep: [The line.]
  never: [Climb.]
  nations: [england, wales, scotland, northern-ireland]
  source: https://kites.example/
  source_name: Kites
  checked: 2026-11-01
  check_again: 2027-11-01
  confidence: high
routes:
  - id: lost
    what: [not-sure, other]
    title: A kite is lost
    ways: [{whom: [not-sure, other], first: Look up., contacts: [kite-club]}]
    keep: [The line.]
    never: [Climb.]
    nations: [england, wales, scotland, northern-ireland]
    source: https://kites.example/
    source_name: Kites
    checked: 2026-11-01
    check_again: 2026-11-20
    confidence: high
"""
PROSE = """\
# Kites

- **Reviewed:** 21 November 2026

## By the end you can

- Fly a kite in a light wind.

You hold the line. The wind does the rest. A cat may sit by you and look on."""
CODE = 'facts("wind")\ncontacts("kite-club")'
PAGE = """\
# Kites, for teachers

<!-- facts: ki-wind -->

- A kite needs wind. Ring 0800 1111 in 2026.

<!-- end -->

Take the class out."""
BANK = """\
bank: kites
lesson: 01-kites
title: Kites
objectives:
  fly-it: Fly a kite in a light wind.
misconceptions:
  more-is-better: More is better.
items:
"""
ITEM = """\
  - id: {id}
    objective: fly-it
    kind: single
    use: practice
    audience: [{audience}]
    stem: {stem}
    facts: [ki-wind]
    options:
"""
OPTION = """\
      - id: {id}
        text: {text}
        {verdict}
        rationale: The kite shows it.
"""


def item(name, stem, key, *others, place=0, audience="pupil", more=""):
    """Return one item in YAML. The key stands at `place`."""
    texts = list(others)
    texts.insert(place, key)
    made = ITEM.format(id=name, stem=stem, audience=audience) + "".join(
        OPTION.format(
            id=f"o{number}",
            text=text,
            verdict="key: true" if number == place else "misconception: more-is-better",
        )
        for number, text in enumerate(texts)
    )
    return made + more


ITEMS = [
    item("ki-string", "The string goes slack. What now?", "Walk back.", "Sit on the grass.", "Sing a song."),
    item(
        "ki-tree",
        "A tree is near. What is your place?",
        "In the field.",
        "Under it.",
        "Up on a branch.",
        place=1,
    ),
    item(
        "ki-rain",
        "Dark clouds come up. What is best?",
        "Go home soon.",
        "Fly it high up.",
        "Wait and see.",
        place=2,
    ),
]


def write(folder, files):
    """Write a little course: its facts, a lesson, a teaching page and a bank, each replaced by `files`."""
    cells = [
        {"cell_type": "markdown", "id": "title", "metadata": {}, "source": files.get("prose", PROSE)},
        {"cell_type": "code", "id": "show", "metadata": {}, "source": files.get("code", CODE), "outputs": []},
    ]
    texts = {
        "facts/kites.yaml": files.get("facts", FACTS),
        "facts/contacts.yaml": CONTACTS,
        "01-kites.ipynb": json.dumps({"cells": cells}, indent=1),
        "teaching/01-kites.md": files.get("page", PAGE),
        "bank/kites.yaml": files.get("head", BANK) + "".join(files.get("items", ITEMS)),
        **files.get("more", {}),
    }
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


def findings(folder, **files):
    """Return what the check finds in the little course: [(rule, place and problem)]."""
    write(folder, files)
    found = review(read_material(folder, folder / "bank", files.get("today", TODAY)))
    return [(each.rule, str(each)) for each in found]


def test_a_good_course_has_no_findings(tmp_path):
    assert findings(tmp_path) == []


def with_item(*parts, **named):
    """Return ITEMS with one more."""
    return [*ITEMS, item("ki-more", *parts, **named)]


LONG = (
    "Considering international regulations, manufacturers recommend experienced instructors "
    "accompany inexperienced participants throughout introductory activities."
)
LONG_BUT_PLAIN = (
    "Which of the wide green fields by the old church on the hill near the farm is best for your class "
    "when the wind is high and the sky is dark?"
)
FIRES = {
    "unused fact": (
        "unused",
        {"facts": FACTS + SECOND_FACT.replace("group: wind", "group: rope")},
        "kites.yaml, line 13: ki-rope is shown by no page",
    ),
    "unused contact, though a list of sources is called so": (
        "unused",
        {"code": 'facts("wind")\nsources("kite-club")'},
        "contacts.yaml, line 3: kite-club",
    ),
    "overdue": (
        "overdue",
        {"today": date(2028, 1, 1)},
        "kites.yaml, line 3: ki-wind was to be checked again by 2027-11-01: https://kites.example/wind",
    ),
    "an overdue route": (
        "overdue",
        {"facts": FACTS + SECOND_FACT, "more": {"facts/routes.yaml": ROUTES}},
        "routes.yaml, line 33: lost was to be checked again by 2026-11-20: https://kites.example/",
    ),
    "phone number in a lesson": (
        "typed-phone",
        {"prose": PROSE + " Ring 0800 1111."},
        "01-kites.ipynb, line 5: cell 'title' holds a phone number: 0800 1111",
    ),
    "short number in a teaching page": (
        "typed-phone",
        {"page": PAGE + "\nCall 101."},
        "01-kites.md, line 10: holds a phone number: 101",
    ),
    "a bank's short number in a lesson": (
        "typed-phone",
        {"prose": PROSE + " Ring 159."},
        "cell 'title' holds a phone number: 159",
    ),
    "e-mail address in a lesson": (
        "typed-address",
        {"prose": PROSE + " Write to club@kites.example."},
        "holds an address: club@kites.example",
    ),
    "address in a teaching page": (
        "typed-address",
        {"page": PAGE + "\nSee ceop.police.uk today."},
        "01-kites.md, line 10: holds an address: police.uk",
    ),
    "year in a lesson": ("typed-year", {"prose": PROSE + " Since 2024."}, "holds a year: 2024"),
    "year in an item": (
        "typed-year",
        {"items": [*ITEMS[:2], ITEMS[2].replace("The kite shows it.", "So it was in 2024.", 1)]},
        "kites.yaml, line 60: ki-rain holds a year: 2024",
    ),
    "year in a rubric": (
        "typed-year",
        {
            "items": [
                *ITEMS,
                ITEM.format(id="ki-say", stem="What do you say?", audience="pupil")
                .replace("single", "reflection")
                .replace("    options:\n", "    rationale: A kind word.\n    rubric: [In 2024 it was so.]\n"),
            ]
        },
        "ki-say holds a year: 2024",
    ),
    "objective with two items": (
        "objective-items",
        {"items": ITEMS[:2]},
        "kites.yaml, line 5: objective 'fly-it' has 2 of 3 items",
    ),
    "objective not in its lesson": (
        "objective-lesson",
        {"head": BANK.replace("light wind", "gale")},
        "kites.yaml, line 5: 01-kites.ipynb does not name objective 'fly-it'",
    ),
    "bank without lesson": (
        "bank-lesson",
        {"head": BANK.replace("01-kites", "07-kites")},
        "kites.yaml, line 2: there is no lesson called '07-kites'",
    ),
    "lesson without bank": (
        "bank-lesson",
        {"more": {"02-boats.ipynb": '{"cells": []}'}},
        "02-boats.ipynb, line 1: no bank is for this lesson",
    ),
    "hard lesson": (
        "lesson-grade",
        {"prose": f"{PROSE}\n\n{LONG * 3}"},
        "01-kites.ipynb, line 5: reads at grade",
    ),
    "hard stem": (
        "stem-grade",
        {"items": with_item(LONG_BUT_PLAIN, "This one.", "That one.", "All three.", audience="teacher")},
        "kites.yaml, line 74: ki-more: the stem reads at grade",
    ),
    "hard item for pupils": (
        "item-grade",
        {"items": with_item("Why so?", "It helps.", "It rains.", LONG, place=1)},
        "kites.yaml, line 69: ki-more reads at grade",
    ),
    "hard item for adults": (
        "item-grade",
        {"items": with_item("Why so?", "It helps.", "It rains.", LONG, place=1, audience="parent")},
        "over 7.0",
    ),
    "two distractors with absolutes": (
        "absolutes",
        {"items": with_item("Is it good?", "It may be.", "It never is.", "It always is.")},
        "kites.yaml, line 81: ki-more: 'never', 'always' in 2 distractors, and no such word in the key",
    ),
    "a word that stem and key share": (
        "cue-words",
        {"items": with_item("The tail is torn. Then?", "Mend tails.", "Go on.", "Give up.", place=1)},
        "kites.yaml, line 81: ki-more: of all options, the key alone takes up 'tails' from the stem",
    ),
    "an option within another": (
        "overlap",
        {"items": with_item("What now?", "Stop.", "Pull the line.", "Pull the line in slowly.")},
        "kites.yaml, line 85: ki-more: 'Pull the line.' and 'Pull the line in slowly.' overlap",
    ),
    "an option nearly as another": (
        "overlap",
        {
            "items": with_item(
                "What now?", "Stop.", "Red, blue, pink, green, grey.", "Grey, green, blue, red, pink, brown."
            )
        },
        "overlap",
    ),
    "negative stem": (
        "negative-stem",
        {"items": with_item("Which of these is not safe?", "A storm.", "A breeze.", "A field.")},
        "kites.yaml, line 74: ki-more: the question turns on 'not'",
    ),
    "near duplicate": (
        "near-duplicate",
        {"items": [*ITEMS, ITEMS[0].replace("ki-string", "ki-cord").replace("string", "cord")]},
        "kites.yaml, line 69: ki-cord shares",
    ),
}


@pytest.mark.parametrize(("rule", "files", "said"), FIRES.values(), ids=FIRES)
def test_a_rule_fires(tmp_path, rule, files, said):
    found = findings(tmp_path, **files)
    assert {name for name, _ in found} == {rule}
    assert any(said in problem for _, problem in found), found


SILENT = {
    "a fact that only a route names": {
        "facts": FACTS + SECOND_FACT.replace("group: wind", "group: rope"),
        "more": {"facts/routes.yaml": ROUTES.replace("2026-11-20", "2027-11-20")},
    },
    "a fact that only its group names": {"facts": FACTS + SECOND_FACT},
    "a fact that is to be checked today": {"today": date(2027, 11, 1)},
    "a number that is no phone number": {"prose": PROSE + " Ages 7 to 11, about 1,999 of 2000,5 or £2000."},
    "a link to a lesson": {"prose": PROSE + " See [the next](02-boats.ipynb)."},
    "the first page": {"more": {"00-start.ipynb": '{"cells": []}'}},
    "an old legal name": {
        "facts": FACTS + LAW,
        "prose": PROSE + (" You may still hear of improper use of a network." * 60),
    },
    "one distractor with an absolute": {
        "items": with_item("Is it good?", "It may be.", "It never is.", "It is not yet.")
    },
    "absolutes in the key as well": {
        "items": with_item(
            "Is it good?", "It always may be.", "It never is.", "It will always rain.", place=1
        )
    },
    "a word that a distractor shares too": {
        "items": with_item("The tail is torn. Then?", "Mend tails.", "Cut the tail.", "Give up.", place=1)
    },
    "a distractor that shares as many words": {
        "items": with_item("The tail is torn. Then?", "Mend tails.", "It was torn.", "Give up.", place=1)
    },
    "the name of somebody": {
        "items": with_item("You fly with Mo. Then?", "Ask Mo.", "Go on.", "Give up.", place=1)
    },
    "a word that many items use": {
        "items": [text.replace("What ", "With a tail, what ") for text in ITEMS]
        + [item("ki-more", "The tail is torn. Then?", "Mend tails.", "Go on.", "Give up.", place=1)]
    },
    "an option that says the contrary": {
        "items": with_item("What now?", "Wait.", "Pull the line.", "Do not pull the line.")
    },
    "one word in common, among others that do not count": {
        "items": with_item("What now?", "Wait.", "Pull it in if you like.", "Mend the line and pull it.")
    },
    "options that differ in a number": {
        "items": with_item("How long?", "A good while.", "About 5 hours.", "About 6 hours.")
    },
    "a story in which somebody does not": {
        "items": with_item("Mo does not look. He says 'Why not?' What is it?", "Fog.", "Rain.", "Hail.")
    },
    "a condition with a not": {"items": with_item("Which is best if it is not safe?", "A.", "B.", "C.")},
    "at least": {"items": with_item("Which takes at least an hour?", "Fog.", "Rain.", "Hail.")},
}


@pytest.mark.parametrize("files", SILENT.values(), ids=SILENT)
def test_the_check_is_silent_about(tmp_path, files):
    assert findings(tmp_path, **files) == []


def test_a_step_of_a_story_is_a_question_too(tmp_path):
    story = """\
  - id: ki-story
    objective: fly-it
    kind: scenario
    use: practice
    audience: [pupil]
    stem: You and Mo are out.
    facts: [ki-wind]
    steps:
      - id: first
        text: The tail is torn. What is not wise?
        choices:
          - {id: a, text: Mend tails., worth: best, to: second, rationale: It helps.}
          - {id: b, text: Always run., worth: risky, to: second, rationale: Bad., misconception: all}
          - {id: c, text: Always run on., worth: partly, to: second, rationale: Bad., misconception: all}
      - id: second
        text: Now it flies. What do you do?
        choices:
          - {id: d, text: Hold it., worth: best, to: end, rationale: It helps.}
          - {id: e, text: Drop out., worth: risky, to: end, rationale: Bad., misconception: all}
    endings:
      - {id: end, text: It was a good day.}
"""
    assert findings(tmp_path, items=[*ITEMS, story.replace(": all}", ": more-is-better}")]) == [
        (
            "absolutes",
            "kites.yaml, line 81: ki-story: 'Always', 'Always' in 2 distractors, and no such word in the key",
        ),
        (
            "cue-words",
            "kites.yaml, line 77: ki-story: of all options, the key alone takes up 'tails' from the stem",
        ),
        ("overlap", "kites.yaml, line 82: ki-story: 'Always run.' and 'Always run on.' overlap"),
        ("negative-stem", "kites.yaml, line 77: ki-story: the question turns on 'not'"),
    ]


# Over a whole bank


def bank_of(count, place, key="Mend {n}.", others=("Drop {n}.", "Lose {n}.", "Sell {n}."), stem="Kite {n}?"):
    """Return `count` items of four options, the key of number n at `place(n)`."""
    return [
        item(
            f"ki-{n}",
            stem.format(n=n),
            key.format(n=n),
            *(other.format(n=n) for other in others),
            place=place(n),
        )
        for n in range(count)
    ]


def evenly(number):
    return number % 4


def rules_found(folder, items, **files):
    """Return the rules that fire on a bank, by the whole of it."""
    return {rule for rule, said in findings(folder, items=items, **files) if "chance" in said}


def test_keys_spread_evenly_are_no_finding(tmp_path):
    assert rules_found(tmp_path, bank_of(24, evenly)) == set()


@pytest.mark.parametrize(
    ("rule", "bank"),
    {
        "key-longest": {"key": "Mend it well, {n}."},
        "key-shortest": {"key": "Go {n}."},
        "key-echo": {"key": "Kite {n}."},
        "absolutes": {"others": ("Always drop {n}.", "Lose {n}.", "Sell {n}.")},
    }.items(),
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_habit_that_beats_chance_over_a_bank_is_found(tmp_path, rule, bank):
    assert rules_found(tmp_path, bank_of(24, evenly, **bank)) == {rule}


def test_a_few_items_are_too_few_to_speak_of_chance(tmp_path):
    assert rules_found(tmp_path, bank_of(4, lambda _: 0, key="Mend it well, {n}.")) == set()


def test_a_place_that_holds_the_key_too_often_or_too_seldom_is_found(tmp_path):
    found = findings(tmp_path, items=bank_of(24, lambda n: 0 if n % 2 else evenly(n // 2)))
    said = [problem for rule, problem in found if rule == "key-place"]
    assert said == [
        "kites.yaml, line 8: in 'kites', option 1 is the key 15.0 times; chance gives 6.0, give or take 4.2"
    ]
    found = findings(tmp_path, items=bank_of(36, lambda n: n % 3))
    assert "option 4 is the key 0.0 times; chance gives 9.0" in dict(found)["key-place"]


def test_where_options_are_mixed_for_each_learner_their_place_tells_nothing(tmp_path):
    mixed = [text.replace("    facts:", "    shuffle: true\n    facts:") for text in bank_of(24, lambda _: 0)]
    assert rules_found(tmp_path, mixed) == set()


def test_what_is_chance_in_each_bank_may_be_none_in_all(tmp_path):
    """Ten keys of 24 are the longest: within chance for one bank, and beyond it when two banks do so."""
    some = bank_of(10, evenly, key="Mend it well, {n}.")
    rest = bank_of(14, evenly, others=("Drop it, {n}.", "Lose {n}.", "Sell {n}."))
    rest = [text.replace("id: ki-", "id: ki-x") for text in rest]
    other = "".join(text.replace("id: ki-", "id: ko-") for text in some + rest)
    second = BANK.replace("bank: kites", "bank: more").replace("01-", "02-") + other
    lesson = json.dumps({"cells": [{"cell_type": "markdown", "id": "title", "source": PROSE}]}, indent=1)
    assert rules_found(tmp_path, some + rest) == set()
    found = findings(tmp_path, items=some + rest, more={"bank/more.yaml": second, "02-kites.ipynb": lesson})
    assert [problem for rule, problem in found if rule == "key-longest"] == [
        "kites.yaml, line 8: in all banks together, the longest option is the key 20.0 times; "
        "chance gives 12.0, give or take 6.0"
    ]


def test_chance_is_computed_by_hand():
    """Three options, of which a habit leaves two: 1/3 on average; half a point two times in three."""
    asked = [guessing.Question(None, (), "", ("a", "b", "c"), key) for key in (0, 1)]
    got = guessing.score(asked, lambda question: [0, 2])
    assert got.got == 0.5
    assert got.expected == pytest.approx(2 / 3)
    # The mean of the squares, 2/3 of 1/4, less the square of the mean, 1/9; and that for two questions.
    assert got.error**2 == pytest.approx(2 * (2 / 3 / 4 - 1 / 9))


# Waivers


def waiving(text, **reasons):
    """Return an item that waives rules; `_` in a rule's name stands for `-`."""
    lines = "".join(f"      {rule.replace('_', '-')}: {reason}\n" for rule, reason in reasons.items())
    return f"{text}    waive:\n{lines}"


PER_ITEM = {
    rule: files for rule, files, _ in FIRES.values() if "items" in files and rule != "objective-items"
}


@pytest.mark.parametrize(("rule", "files"), PER_ITEM.items(), ids=PER_ITEM)
def test_an_item_can_waive_a_rule_with_a_reason(tmp_path, rule, files):
    *others, last = files["items"]
    assert findings(tmp_path, **files | {"items": [*others, waiving(last, **{rule: "It is so."})]}) == []


def test_items_can_waive_a_rule_over_a_bank(tmp_path):
    long = bank_of(24, evenly, key="Mend it well, {n}.")
    waived = [waiving(text, key_longest="The law calls it so.") for text in long[:20]]
    assert rules_found(tmp_path, waived + long[20:]) == set()


@pytest.mark.parametrize(
    ("waiver", "said"),
    [
        (
            {"odd": "Why not."},
            "ki-rain waives 'odd', which is no rule; the rules: unused, overdue, typed-phone",
        ),
        ({"waiver": "Why not."}, "ki-rain waives 'waiver', which is no rule"),
        ({"overlap": "Why not."}, "ki-rain waives 'overlap', which finds nothing in it"),
        ({"key_longest": "Why not."}, "ki-rain waives 'key-longest', which finds nothing in it"),
        ({"unused": "Why not."}, "ki-rain waives 'unused', which finds nothing in it"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_waiver_that_waives_nothing_is_a_fault(tmp_path, waiver, said):
    found = findings(tmp_path, items=[*ITEMS[:2], waiving(ITEMS[2], **waiver)])
    assert [rule for rule, _ in found] == ["waiver"]
    assert f"kites.yaml, line 70: {said}" in found[0][1]


def test_a_waiver_without_a_reason_is_refused(tmp_path):
    with pytest.raises(AuthorError, match="line 70: 'overlap' is empty"):
        findings(tmp_path, items=[*ITEMS[:2], waiving(ITEMS[2], overlap="''")])


# The command


@pytest.fixture
def check(tmp_path, monkeypatch, capsys):
    """Return a function that runs the command on a little course: (exit code, said, said as wrong)."""
    monkeypatch.setattr(cli, "FACTS_FOLDER", tmp_path / "facts")
    monkeypatch.setattr(cli.banks, "BANK_FOLDER", tmp_path / "bank")
    monkeypatch.setattr(catalogue, "lacking", lambda: ())  # it has no lessons to translate

    def run(*words, **files):
        write(tmp_path, files)
        code = cli.main(["check", *words])
        return code, *capsys.readouterr()

    return run


def test_the_command_says_that_all_is_well(check):
    assert check() == (0, "3 items, 1 facts: all well\n", "")


def test_the_command_explains_a_rule_once_and_names_each_place(check):
    code, _, wrong = check(items=with_item("Which is not safe?", "A storm.", "Red.", "Red or blue."))
    assert code == 1
    assert wrong.splitlines() == [
        f"overlap: {RULES['overlap'].says}",
        "  kites.yaml, line 85: ki-more: 'Red.' and 'Red or blue.' overlap",
        f"negative-stem: {RULES['negative-stem'].says}",
        "  kites.yaml, line 74: ki-more: the question turns on 'not'",
        "2 to mend. If one is as it should be, say why in its item:",
        "  waive: {RULE: the reason}",
    ]


def test_warnings_fail_nothing(check):
    code, said, wrong = check(code='facts("wind")')
    assert (code, wrong) == (0, "")
    assert said.splitlines() == [
        f"Warning: unused: {RULES['unused'].says}",
        "  contacts.yaml, line 3: kite-club is shown by no page, item or route",
        "3 items, 1 facts: all well",
    ]


def test_what_cannot_be_read_is_named_in_one_run_before_anything_is_checked(check):
    code, _, wrong = check(
        head=BANK.replace("title: Kites", "colour: red"), more={"02-boats.ipynb": '{"cells": [\n'}
    )
    assert code == 1
    assert wrong.splitlines() == [
        "02-boats.ipynb, line 2: is no notebook: Expecting value: line 2 column 1 (char 12)",
        "kites.yaml, line 1: 'title' is missing",
        "kites.yaml, line 3: unknown field 'colour'",
    ]


def test_every_rule_says_what_it_is_for_in_one_line():
    for name, rule in RULES.items():
        assert rule.says.endswith("."), name
        assert len(rule.says) < 90, name


# What is measured


@pytest.mark.parametrize(
    ("markdown", "read"),
    [
        ("## A point\n\nOne line\ngoes on.", "A point. One line goes on."),
        ("They come:\n\n- first\n- **second** one;\n1. third!", "They come. first. second one. third!"),
        ('> See [this page](02-x.ipynb#a).\n\n`code` and "so."', 'See this page. code and "so."'),
        ("<!-- facts: a -->\n\nWords <b>here</b>", "Words here."),
    ],
)
def test_markdown_is_measured_as_it_is_read(markdown, read):
    assert prose.plain(markdown) == read


def test_a_word_is_the_same_in_its_forms():
    for one, other in [("asks", "asking"), ("stop", "stopped"), ("share", "sharing"), ("stories", "story")]:
        assert prose.content_words(one) == prose.content_words(other)
    assert prose.content_words("You and the") == frozenset()
    assert prose.content_words("don't") == prose.content_words("not")


def test_a_grade_is_higher_for_longer_sentences_and_words():
    assert (
        prose.grade("The cat sat. It ran off.")
        < prose.grade("The cat sat and then it ran off.")
        < prose.grade(LONG)
    )


# The real course


@pytest.fixture(scope="module")
def singles():
    """All items with one right answer, of all banks."""
    banks = [load_bank(path.stem) for path in sorted(BANK_FOLDER.glob("*.yaml"))]
    return list(guessing.questions((each for bank in banks for each in bank.items), steps=False))


@pytest.mark.parametrize(
    "habit",
    [guessing.longest, guessing.shortest, guessing.at_place(0), guessing.echo],
    ids=["longest", "shortest", "first", "echo"],
)
def test_a_habit_scores_no_better_than_chance(singles, habit):
    """Always the longest option, the shortest, the first, or that with most words of the stem: none helps.

    Chance: of n options one is right, so a blind guess scores 1/n on average. A habit that leaves m of n
    options (a tie) guesses among those: also 1/n on average, with variance 1/(m n) - 1/n². Averages and
    variances of all items add up; the standard error is the root of the variance.
    """
    score = guessing.score(singles, habit)
    assert score.expected == pytest.approx(sum(1 / len(question.options) for question in singles))
    assert score.got <= score.expected + 2 * score.error


def test_the_course_has_nothing_to_mend():
    found = review(read_material(FACTS_FOLDER.parent, BANK_FOLDER, TODAY))
    assert [f"{each.rule}: {each}" for each in found if not RULES[each.rule].warns] == []


def test_a_fault_in_the_routes_is_named_with_the_faults_of_the_banks(tmp_path):
    write(
        tmp_path,
        {
            "facts": FACTS + SECOND_FACT,
            "more": {"facts/routes.yaml": ROUTES.replace("kite-club]", "nobody]")},
        },
    )
    with pytest.raises(AuthorError, match=r"routes\.yaml, line \d+: lost: no such contact: nobody"):
        read_material(tmp_path, tmp_path / "bank", TODAY)
