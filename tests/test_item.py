"""What of an item may reach a learner."""

import json

from safequiz.item import Item, content_hash, plain_text, practice_view, public_view

SECRECY = Item.model_validate(
    {
        "id": "gs-secrecy",
        "objective": "spot-the-signs",
        "kind": "single",
        "use": "marked",
        "audience": ["pupil"],
        "points": 2,
        "stem": "A new friend wants the chats kept secret. What is this?",
        "facts": ["gr-secrecy"],
        "options": [
            {
                "id": "sign",
                "text": "A sign to tell someone.",
                "key": True,
                "rationale": "Secrecy cuts you off.",
            },
            {
                "id": "privacy",
                "text": "Ordinary privacy.",
                "misconception": "privacy-equals-secrecy",
                "rationale": "Privacy is your own choice.",
            },
        ],
    }
)


def test_the_public_view_is_these_fields_and_no_others():
    assert public_view(SECRECY) == {
        "id": "gs-secrecy",
        "kind": "single",
        "stem": "A new friend wants the chats kept secret. What is this?",
        "shuffle": False,
        "options": [
            {"id": "sign", "text": "A sign to tell someone."},
            {"id": "privacy", "text": "Ordinary privacy."},
        ],
    }


def test_a_changed_key_does_not_change_the_hash_of_the_public_view():
    other = SECRECY.model_copy(
        update={
            "options": tuple(option.model_copy(update={"key": not option.key}) for option in SECRECY.options)
        }
    )
    assert other.key != SECRECY.key
    assert content_hash([public_view(other)]) == content_hash([public_view(SECRECY)])


def test_a_changed_key_changes_the_hash_of_the_practice_view():
    other = SECRECY.model_copy(
        update={
            "options": tuple(option.model_copy(update={"key": not option.key}) for option in SECRECY.options)
        }
    )
    assert content_hash([practice_view(other, ())]) != content_hash([practice_view(SECRECY, ())])


def test_the_practice_view_shows_why_but_names_no_misconception():
    text = json.dumps(
        practice_view(SECRECY, [{"name": "Childnet", "url": "https://example.org/", "checked": "x"}])
    )
    assert "Secrecy cuts you off." in text
    assert "privacy-equals-secrecy" not in text


def test_plain_text_is_the_whole_question_without_the_key():
    assert plain_text("Check", [public_view(SECRECY)]) == (
        "Check\n\n1. A new friend wants the chats kept secret. What is this?\n"
        "   ( ) A sign to tell someone.\n   ( ) Ordinary privacy."
    )


def item(kind, **fields):
    """Return a practice item of this kind."""
    given = {"id": "gs-x", "objective": "o", "use": "practice", "audience": ["parent"], "stem": "?"}
    return Item.model_validate(given | {"facts": ["f"], "kind": kind} | fields)


def option(name, **fields):
    """Return an option as its author writes it."""
    return {"id": name, "text": name.upper(), "rationale": f"Why {name}."} | fields


SPOT = item(
    "spot", scene="A chat", options=[option("a", by="Max", at="16:02", key=True), option("b", by="You")]
)
ORDER = item("order", options=[option(name) for name in "abcd"])
NATION = item(
    "nation",
    options=[
        option("a", nations=["england", "wales"]),
        option("b", nations=["scotland", "northern-ireland"]),
    ],
)
STORY = item(
    "scenario",
    stem="Jess sends coins.",
    steps=[
        {
            "id": "first",
            "text": "What now?",
            "choices": [
                {"id": "ask", "text": "Ask.", "worth": "best", "to": "calm", "rationale": "Why ask."},
                {"id": "wait", "text": "Wait.", "worth": "risky", "to": "cold", "rationale": "Why not."},
            ],
        }
    ],
    endings=[{"id": "calm", "text": "You talk."}, {"id": "cold", "text": "It gets worse."}],
)


def test_a_chat_is_shown_with_who_wrote_each_line_and_when_but_not_which_is_a_sign():
    view = public_view(SPOT)
    assert view["scene"] == "A chat"
    assert view["options"] == [
        {"id": "a", "text": "A", "by": "Max", "at": "16:02"},
        {"id": "b", "text": "B", "by": "You", "at": ""},
    ]
    assert [option["key"] for option in practice_view(SPOT, ())["options"]] == [True, False]


def test_steps_are_mixed_in_one_way_for_all_and_nothing_of_the_right_order_shows():
    backwards = ORDER.model_copy(update={"options": ORDER.options[::-1]})
    shown = [option["id"] for option in public_view(ORDER)["options"]]
    assert sorted(shown) == list("abcd")
    assert shown == [option["id"] for option in public_view(backwards)["options"]]
    assert "order" not in public_view(ORDER)
    assert practice_view(ORDER, ())["order"] == list("abcd")


def test_steps_in_practice_keep_their_own_reasons():
    for shown in practice_view(ORDER, ())["options"]:
        assert shown["rationale"] == f"Why {shown['id']}."


def test_where_an_option_is_right_shows_in_practice_alone():
    assert all(set(option) == {"id", "text"} for option in public_view(NATION)["options"])
    assert [nation["id"] for nation in public_view(NATION)["nations"]] == [
        *["england", "wales", "scotland", "northern-ireland"]
    ]
    assert practice_view(NATION, ())["options"][1]["nations"] == ["scotland", "northern-ireland"]


def test_a_marked_story_shows_its_steps_but_neither_worth_nor_ending():
    view = public_view(STORY)
    assert "endings" not in view
    assert view["steps"] == [
        {
            "id": "first",
            "text": "What now?",
            "choices": [{"id": "ask", "text": "Ask.", "to": ""}, {"id": "wait", "text": "Wait.", "to": ""}],
        }
    ]


def test_a_story_in_practice_shows_all_of_it():
    view = practice_view(STORY, ())
    assert view["steps"][0]["choices"][1] == {
        "id": "wait",
        "text": "Wait.",
        "to": "cold",
        "worth": "risky",
        "rationale": "Why not.",
    }
    assert view["endings"][1] == {"id": "cold", "text": "It gets worse."}


def test_plain_text_of_each_kind_can_be_read_and_answered_on_paper():
    text = plain_text("Check", [public_view(made) for made in (SPOT, ORDER, NATION, STORY)])
    assert "   A chat:\n   [ ] Max, 16:02: A\n   [ ] You: B" in text
    assert text.count("   __  ") == 4
    assert (
        "   Where do you live? ( ) England  ( ) Wales  ( ) Scotland  ( ) Northern Ireland\n   ( ) A" in text
    )
    assert "4. Jess sends coins.\n   What now?\n   ( ) Ask.\n   ( ) Wait." in text
    assert "Why" not in text
