"""The bank's reader refuses what would mislead a learner, with file and line."""

from itertools import permutations

import pytest
from safecourse.facts import Facts, load_facts
from safecourse.yamlfile import AuthorError
from safequiz.bank import BANK_FOLDER, load_bank, load_quiz, quiz_names, read_bank

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


SINGLE = GOOD[GOOD.index("  - id: gs-secrecy") : GOOD.index("  - id: gs-note")]
_MULTIPLE = (
    SINGLE.replace("kind: single", "kind: multiple\n    points: 2")
    .replace("use: practice", "use: marked")
    .replace("misconception: one-sign-is-proof", "key: true")
)
#: Two marked multiples that differ in points.
MULTIPLES = _MULTIPLE + _MULTIPLE.replace("gs-secrecy", "gs-other").replace("points: 2", "points: 3")


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
        "line 12: 'kind' must be one of 'single', 'multiple', 'reflection', 'spot', 'order', 'scenario' or",
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
    found = problems(tmp_path, GOOD.replace(SINGLE, MULTIPLES))
    assert found.startswith("little.yaml, line 34: gs-other: marked items of kind 'multiple' carry the same")


LINES = """\
  - id: gs-chat
    objective: spot-the-signs
    kind: spot
    use: practice
    audience: [parent]
    stem: Mark the warning signs.
    scene: A chat in a game
    facts: [gr-secrecy]
    options:
      - {id: hello, by: Max, at: "16:02", text: Hi!, misconception: one-sign-is-proof, rationale: A greeting}
      - {id: secret, by: Max, text: Tell nobody., key: true, rationale: It cuts a child off.}
      - {id: hi, by: You, text: Hi., misconception: one-sign-is-proof, rationale: A greeting.}
      - {id: bye, by: Max, text: Bye., misconception: one-sign-is-proof, rationale: It is a greeting.}
"""
STEPS = """\
  - id: gs-steps
    objective: spot-the-signs
    kind: order
    use: practice
    audience: [parent]
    stem: What comes first?
    facts: [gr-secrecy]
    options:
      - {id: stop, text: Stop., rationale: It ends the talk.}
      - {id: keep, text: Keep., rationale: It can be shown.}
      - {id: tell, text: Tell., rationale: Help can begin.}
"""
PLACES = """\
  - id: gs-places
    objective: spot-the-signs
    kind: nation
    use: practice
    audience: [parent]
    stem: Whom do you tell?
    facts: [gr-secrecy]
    options:
      - {id: a, text: Apple., nations: [england, wales], misconception: one-sign-is-proof, rationale: Why a.}
      - {id: b, text: Berry., nations: [scotland], misconception: one-sign-is-proof, rationale: Why b.}
      - {id: c, text: Cherry, nations: [northern-ireland], misconception: one-sign-is-proof, rationale: So.}
"""
STORY = """\
  - id: gs-story
    objective: spot-the-signs
    kind: scenario
    story: coins
    use: practice
    audience: [parent]
    stem: Jess sends coins.
    facts: [gr-secrecy]
    steps:
      - id: first
        text: What now?
        choices:
          - {id: ask, text: Ask., worth: best, to: second, rationale: It opens a talk.}
          - {id: wait, text: Wait., worth: risky, to: second, rationale: It may grow.,
             misconception: one-sign-is-proof}
      - id: second
        text: And now?
        choices:
          - {id: hear, text: Listen., worth: best, to: calm, rationale: It helps., }
          - {id: shout, text: Shout., worth: risky, to: cold, rationale: It hurts.,
             misconception: one-sign-is-proof}
    endings:
      - {id: calm, text: You talk.}
      - {id: cold, text: You start again tomorrow.}
"""
KINDS = GOOD.replace("  - id: gs-note", LINES + STEPS + PLACES + STORY + "  - id: gs-note")

KIND_REFUSALS = {
    "no scene": ("    scene: A chat in a game\n", "", "gs-chat: a spot item needs a 'scene'"),
    "a line of nobody": (
        "hello, by: Max, at",
        "hello, at",
        "gs-chat, option 'hello': 'by' is missing: who wrote it",
    ),
    "no warning sign": (
        "key: true, rationale: It cuts",
        "misconception: one-sign-is-proof, rationale: It cuts",
        "gs-chat: 'spot' needs a line with 'key: true': a warning sign",
    ),
    "a shuffled chat": (
        "    scene:",
        "    shuffle: true\n    scene:",
        "the lines of a chat stand in their order",
    ),
    "three lines": (
        "      - {id: hi, by: You, text: Hi., misconception: one-sign-is-proof, rationale: A greeting.}\n",
        "",
        "gs-chat: needs four to ten options; it has 3",
    ),
    "a scene in a single": (
        "    kind: single\n",
        "    kind: single\n    scene: A chat\n",
        "gs-secrecy: a single has no 'scene'",
    ),
    "an author of an option": (
        "id: stop, text",
        "id: stop, by: Max, text",
        "gs-steps, option 'stop': only a spot item's lines have 'by'",
    ),
    "a key in an order": (
        "{id: stop,",
        "{id: stop, key: true,",
        "gs-steps, option 'stop': a order item's options have no 'key'",
    ),
    "an id that tells the place of a step": (
        "{id: stop,",
        "{id: step-1,",
        "gs-steps, option 'step-1': the id reaches the learner, so it must not tell right from wrong",
    ),
    "an id that tells the worth of a choice": (
        "{id: shout,",
        "{id: risky-shout,",
        "gs-story, choice 'risky-shout': the id reaches the learner, so it must not tell right from wrong",
    ),
    "an address in the name of who wrote a line": (
        "by: You,",
        "by: 'www.example.org',",
        "gs-chat: 'by' holds a link or an address",
    ),
    "a shuffled order": (
        "    stem: What comes first?",
        "    shuffle: true\n    stem: What comes first?",
        "gs-steps: the steps are mixed, in one way for all",
    ),
    "two steps": (
        "      - {id: tell, text: Tell., rationale: Help can begin.}\n",
        "",
        "gs-steps: needs three to seven options; it has 2",
    ),
    "a step's unknown misconception": (
        "{id: stop,",
        "{id: stop, misconception: odd,",
        "gs-steps, option 'stop': no such misconception: odd",
    ),
    "a nation without a key": (
        "nations: [scotland], ",
        "",
        "gs-places: in Scotland exactly one option must be right; 0 name it",
    ),
    "a nation with two keys": (
        "nations: [scotland]",
        "nations: [scotland, wales]",
        "gs-places: in Wales exactly one option must be right; 2 name it",
    ),
    "right everywhere": (
        PLACES,
        PLACES.replace("nations: [england, wales]", "nations: [england, wales, scotland, northern-ireland]")
        .replace("nations: [scotland], ", "")
        .replace("nations: [northern-ireland], ", ""),
        "gs-places: the same option is right everywhere; make it a 'single'",
    ),
    "nations elsewhere": (
        "id: stop, text",
        "id: stop, nations: [wales], text",
        "gs-steps, option 'stop': only a nation item's options have 'nations'",
    ),
    "a choice of a nation without misconception": (
        "nations: [scotland], misconception: one-sign-is-proof,",
        "nations: [scotland],",
        "gs-places, option 'b': a distractor must name its misconception",
    ),
    "a way to nowhere": (
        "to: calm",
        "to: clam",
        "gs-story, step 'second': leads to 'clam', which is no step or ending",
    ),
    "an ending nobody reaches": ("to: calm", "to: cold", "gs-story: no choice leads to 'calm'"),
    "a circle": ("to: calm", "to: first", "gs-story: the story goes in a circle at 'first'"),
    "one decision": (
        "to: second, rationale: It may",
        "to: cold, rationale: It may",
        "gs-story: every way through needs 2 to 4 decisions; it has 1 to 2",
    ),
    "two best choices": (
        "text: Wait., worth: risky",
        "text: Wait., worth: best",
        "gs-story, step 'first': needs exactly one choice with 'worth: best'",
    ),
    "a risky choice without misconception": (
        "rationale: It hurts.,\n             misconception: one-sign-is-proof",
        "rationale: It hurts.",
        "gs-story, choice 'shout': a distractor must name its misconception",
    ),
    "a best choice with misconception": (
        "rationale: It opens a talk.}",
        "rationale: It opens a talk., misconception: one-sign-is-proof}",
        "gs-story, choice 'ask': the key cannot stand for a misconception",
    ),
    "a choice's verdict": (
        "rationale: It opens a talk.",
        "rationale: 'Yes, it opens a talk.'",
        "gs-story, choice 'ask': the rationale opens with a verdict",
    ),
    "a choice id twice": ("{id: shout,", "{id: ask,", "gs-story: choice id 'ask' is there twice"),
    "a step id twice": (
        "      - id: second",
        "      - id: first",
        "gs-story: step id 'first' is there twice",
    ),
    "no endings": (STORY[STORY.index("    endings") :], "", "gs-story: a scenario needs endings"),
    "no steps": (
        STORY[STORY.index("    steps") : STORY.index("    endings")],
        "",
        "gs-story: a scenario needs steps",
    ),
    "a shuffled story": (
        "    story: coins",
        "    story: coins\n    shuffle: true",
        "gs-story: a story is told in its order",
    ),
    "a marked story that branches": (
        "    story: coins\n    use: practice",
        "    story: coins\n    use: marked",
        "gs-story, step 'second': in a marked story all choices lead the same way",
    ),
    "a marked item for pupils and adults": (
        "    use: marked\n    audience: [pupil]",
        "    use: marked\n    audience: [pupil, parent]",
        "gs-note: a marked item is for pupils or for adults, not for both",
    ),
    "a link in a choice": ("text: Ask.,", "text: See www.example.org.,", "gs-story: 'text' holds a link"),
}


def test_a_bank_with_every_kind_is_read(tmp_path):
    bank = read(tmp_path, KINDS)
    assert {item.kind for item in bank.items} >= {
        "single",
        "reflection",
        "spot",
        "order",
        "nation",
        "scenario",
    }


@pytest.mark.parametrize(("old", "new", "said"), KIND_REFUSALS.values(), ids=KIND_REFUSALS)
def test_each_mistake_in_one_of_the_kinds_is_refused_with_file_and_line(tmp_path, old, new, said):
    assert old in KINDS
    found = problems(tmp_path, KINDS.replace(old, new, 1))
    assert said in found
    assert "little.yaml, line" in found


def test_steps_that_would_be_shown_in_their_right_order_are_refused(tmp_path):
    """One of the six orders of three steps is how their ids mix, whatever the right order is."""
    said = 0
    for one, two, three in permutations(STEPS.splitlines()[-3:]):
        text = KINDS.replace("\n".join(STEPS.splitlines()[-3:]), "\n".join((one, two, three)))
        try:
            read(tmp_path, text)
        except AuthorError as error:
            assert "gs-steps: these ids would mix into the right order; change the id of a step" in str(error)
            said += 1
    assert said == 1


def test_an_entry_that_is_no_item_hides_no_other_fault(tmp_path):
    found = problems(tmp_path, GOOD.replace(SINGLE, "  - oops\n" + MULTIPLES))
    assert "gs-other: marked items of kind 'multiple' carry the same points" in found
    assert "little.yaml, line 10: must hold named fields" in found


@pytest.mark.parametrize("name", ["x-adults", "x-practice", "x-first", "review-x", "checklist"])
def test_a_bank_named_like_something_else_in_an_answers_file_is_refused(tmp_path, name):
    assert f"a bank cannot be called '{name}'" in problems(
        tmp_path, GOOD.replace("bank: little", f"bank: {name}")
    )


def test_no_two_items_of_the_project_share_an_id():
    ids = [item.id for path in BANK_FOLDER.glob("*.yaml") for item in read_bank(path, load_facts()).items]
    assert len(ids) == len(set(ids))


def test_at_least_three_stories_are_told_from_the_childs_the_parents_and_the_teachers_side():
    sides: dict[str, set[str]] = {}
    for path in BANK_FOLDER.glob("*.yaml"):
        for item in read_bank(path, load_facts()).items:
            if item.story:
                sides.setdefault(item.story, set()).update(item.audience)
    assert sum(told == {"pupil", "parent", "teacher"} for told in sides.values()) >= 3


def test_the_course_holds_a_hundred_and_thirty_items_twenty_of_them_at_least_in_each_lesson():
    counts = [len(read_bank(path, load_facts()).items) for path in BANK_FOLDER.glob("*.yaml")]
    assert len(counts) == 6
    assert min(counts) >= 20
    assert sum(counts) >= 130


def test_every_marked_quiz_can_be_named():
    assert set(quiz_names()) == {
        quiz.id for path in BANK_FOLDER.glob("*.yaml") for quiz in read_bank(path, load_facts()).quizzes
    }


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
    with pytest.raises(
        FileNotFoundError, match=r"there is no bank called 'odd'; banks here: .*grooming-signs"
    ):
        load_bank("odd")


def test_a_bank_without_a_quiz_for_adults_says_which_quizzes_it_has(tmp_path, monkeypatch):
    little = read(tmp_path, GOOD)
    monkeypatch.setattr("safequiz.bank.load_bank", {"little": little}.__getitem__)
    assert [item.id for item in load_quiz("little").items] == ["gs-note"]
    with pytest.raises(FileNotFoundError, match="has no marked quiz 'little-adults'; its quizzes: little"):
        load_quiz("little-adults")


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
def test_pupils_and_adults_each_have_a_marked_quiz_of_eight_scored_items_and_a_reflection(path):
    bank = read_bank(path, load_facts())
    assert [quiz.id for quiz in bank.quizzes] == [bank.id, f"{bank.id}-adults"]
    for quiz in bank.quizzes:
        kinds = [item.kind for item in quiz.items]
        assert kinds.count("reflection") == 1
        assert len(kinds) == 9
