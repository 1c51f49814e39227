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
