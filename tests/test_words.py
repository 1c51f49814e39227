"""Sentences are looked up in catalogues; what is missing there is said in English, and remembered."""

import re
from datetime import date

import pytest
from safecourse import words
from safecourse.facts import Contact, load_facts
from safecourse.words import (
    Words,
    asking,
    catalogues,
    day,
    is_prose,
    language,
    languages,
    read_catalogue,
    read_words,
    said,
    said_all,
    sentence,
    speaking,
    t,
)
from safecourse.yamlfile import AuthorError

HEAD = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\n'
OTHERS = languages()[1:]


class Marked(Words):
    """A language in which every sentence is the English one between marks."""

    def find(self, text, catalogue):
        return f"«{catalogue}: {text}»"


MARKED = Marked("cy")


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Return a function that writes a catalogue, of its place and its messages, in folders of our own."""
    monkeypatch.setattr(words, "FOLDERS", (tmp_path / "course", tmp_path / "bank"))

    def written(place, text):
        path = tmp_path / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(HEAD + text, encoding="utf-8")
        return path

    return written


def message(english, other, mark=""):
    return f'{mark}msgid "{english}"\nmsgstr "{other}"\n\n'


def test_one_sentence_may_be_said_otherwise_in_another_catalogue(write):
    write("course/cy/words.po", message("Open:", "Ar agor:"))
    write("bank/cy/kites.po", message("Open:", "Agorwch:"))

    with speaking(read_words("cy")):
        assert t("Open:") == "Ar agor:"
        assert sentence("Open:", "kites") == "Agorwch:"
        with asking("kites"):
            assert sentence("Open:") == "Agorwch:"
        assert sentence("Open:") == "Open:", "facts are asked for unless something else is named"


def test_what_is_missing_is_said_in_english_and_remembered(write):
    write("course/cy/words.po", message("Yes", "Ie") + message("No", ""))

    with speaking(read_words("cy")) as spoken:
        assert [t("Yes"), t("No"), t("Perhaps")] == ["Ie", "No", "Perhaps"]

    assert spoken.asked == {"words": {"Yes": "Ie", "No": "", "Perhaps": ""}}


def test_what_nobody_has_agreed_to_is_not_used(write):
    write("course/cy/words.po", message("Yes", "Ie", "#, fuzzy\n") + message("No", "Na"))

    assert read_words("cy").known == {"words": {"No": "Na"}}


def test_a_sentence_that_is_no_longer_in_use_is_not_looked_up(write):
    write("course/cy/words.po", '#~ msgid "Yes"\n#~ msgstr "Ie"\n')

    assert read_words("cy").known == {"words": {}}


def test_english_is_said_as_it_stands_and_asks_for_nothing():
    english = Words("en", {"words": {"Yes": "No"}})

    assert english.find("Yes", "words") == "Yes"
    assert english.asked == {}


def test_a_language_is_a_folder_of_catalogues(write):
    write("course/cy/words.po", "")
    write("bank/gd/kites.po", "")
    (write("course/xx/words.po", "")).unlink()
    write("course/welsh/words.po", "")

    assert languages() == ["en", "cy", "gd"]
    assert [path.name for path in catalogues("gd")] == ["kites.po"]


def test_places_in_a_sentence_are_filled_in_the_order_of_its_language(write):
    write("course/cy/words.po", message("{done} of {all}", "o {all}: {done}"))

    with speaking(read_words("cy")):
        assert t("{done} of {all}", done=2, all=9) == "o 9: 2"
    assert t("{done} of {all}", done=2, all=9) == "2 of 9"
    assert t("{not a place}") == "{not a place}", "without values nothing is filled"


def test_after_a_language_was_spoken_english_is_spoken_again_whatever_happened():
    with pytest.raises(ZeroDivisionError), speaking(Words("cy")):
        assert language() == "cy"
        print(1 / 0)
    assert language() == "en"


@pytest.mark.parametrize(
    "text",
    [
        *["https://www.ceop.police.uk/", "http://x.example", "help@childline.example", "999", "0800 1111"],
        *["999, 101", "17:02", "A", "•", "…", "", "2026-11-21", "(5)"],
    ],
)
def test_an_address_a_number_or_a_sign_is_nothing_to_translate(text):
    assert not is_prose(text)


@pytest.mark.parametrize("text", ["Call 999", "Ok", "999, then press 55", "Write to help@childline.example"])
def test_whatever_holds_a_word_is_something_to_translate(text):
    assert is_prose(text)


CONTACT = Contact.model_validate(
    {
        "id": "kite-line",
        "name": "Kite Line",
        "what_for": "Worries about kites.",
        "not_for": "Rain.",
        "how": [
            {"kind": "phone", "label": "Phone", "value": "0800 1111"},
            {"kind": "url", "label": "Web page", "value": "https://kites.example/"},
            {"kind": "email", "label": "Email", "value": "help@kites.example"},
            {"kind": "step", "label": "At school", "value": "Ask at the office"},
        ],
        "hours": "All day",
        "audience": ["child"],
        "formerly": ["String Line"],
        "nations": ["wales", "scotland"],
        "source": "https://kites.example/about",
        "source_name": "Kite Line",
        "checked": date(2026, 11, 21),
        "check_again": date(2027, 2, 21),
        "confidence": "high",
    }
)


def test_of_a_contact_the_words_are_said_and_ids_numbers_and_addresses_stay():
    with speaking(MARKED):
        other = said(CONTACT)

    assert (other.name, other.what_for) == ("«facts: Kite Line»", "«facts: Worries about kites.»")
    assert (other.not_for, other.hours, other.cost) == ("«facts: Rain.»", "«facts: All day»", None)
    assert [how.label for how in other.how] == [f"«facts: {how.label}»" for how in CONTACT.how]
    assert [how.value for how in other.how] == [
        *["0800 1111", "https://kites.example/", "help@kites.example"],
        "«facts: Ask at the office»",
    ]
    assert [how.href for how in other.how] == [how.href for how in CONTACT.how]
    for name in ("id", "audience", "formerly", "nations", "source", "source_name", "checked", "check_again"):
        assert getattr(other, name) == getattr(CONTACT, name), name


def test_no_fact_of_the_course_loses_its_source_or_its_dates_in_another_language():
    facts = load_facts()
    kept = ("id", "nations", "source", "source_name", "checked", "check_again", "confidence")
    with speaking(MARKED):
        for thing in (*facts.facts.values(), *facts.contacts.values()):
            other = said(thing)
            assert [getattr(other, name) for name in kept] == [getattr(thing, name) for name in kept]


def test_in_english_a_fact_and_a_quiz_are_given_back_as_they_are():
    quiz = {"title": "Kites"}
    assert said(CONTACT) is CONTACT
    assert said_all(quiz, "kites") is quiz


def test_of_a_quiz_the_words_are_said_and_what_the_page_works_with_stays():
    source = {
        "says": "Wind lifts.",
        "name": "Kite Line",
        "url": "https://kites.example/",
        "checked": "2026-11-21",
    }
    quiz = {
        "title": "Check yourself",
        "mode": "practice",
        "items": [
            {
                "id": "ki-wind",
                "kind": "single",
                "stem": "What lifts a kite?",
                "options": [{"id": "the-wind", "text": "Wind", "rationale": "It does.", "at": "17:02"}],
                "sources": [source],
            }
        ],
    }
    with speaking(MARKED):
        assert said_all(quiz, "kites") == {
            "title": "«kites: Check yourself»",
            "mode": "practice",
            "items": [
                {
                    "id": "ki-wind",
                    "kind": "single",
                    "stem": "«kites: What lifts a kite?»",
                    "options": [
                        {
                            "id": "the-wind",
                            "text": "«kites: Wind»",
                            "rationale": "«kites: It does.»",
                            "at": "17:02",
                        }
                    ],
                    # The page that it names is in English, and so is its title.
                    "sources": [source | {"says": "«facts: Wind lifts.»"}],
                }
            ],
        }


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        (message("Yes", "Ie") + "Yes please\n", 7, "Unknown or misformatted keyword"),
        ('msgid "Yes"\nmsgst "Ie"\n', 5, "Unknown or misformatted keyword"),
        ("<<<<<<< HEAD\n" + message("Yes", "Ie"), 4, "Unknown or misformatted keyword"),
        ('msgid "Yes"\n\n' + message("No", "Na"), 4, "missing msgstr for msgid 'Yes'"),
    ],
    ids=["a stray line", "a keyword misspelt", "a merge left half way", "a sentence without its pair"],
)
def test_a_damaged_catalogue_is_named_with_its_line(write, text, line, why):
    write("course/cy/words.po", text)

    with pytest.raises(AuthorError) as refused:
        read_words("cy")
    assert str(refused.value) == f"words.po, line {line}: not a catalogue: {why}"


def test_a_translation_with_another_place_in_it_is_named_with_its_line(write):
    text = 'msgid "About {minutes} minutes"\nmsgstr "Tua {munudau} munud"\n'
    write("course/cy/words.po", f'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\n{text}')

    with pytest.raises(
        AuthorError, match=r"the places in braces are not those of: About {minutes} minutes"
    ) as told:
        read_words("cy")
    assert str(told.value).startswith("words.po, line ")


def test_a_catalogue_that_is_not_utf_8_is_named(write, tmp_path):
    write("course/cy/words.po", "")
    for path in catalogues("cy"):
        path.write_bytes(b'msgid "Tail"\nmsgstr "\xff"\n')

    with pytest.raises(AuthorError, match=r"words\.po, line 1: not a catalogue: it is not UTF-8 text"):
        read_words("cy")


def test_a_day_is_said_in_the_language_of_the_page():
    assert day(date(2026, 11, 21)) == "21 November 2026"
    with speaking(Words("cy")):
        assert day(date(2026, 11, 21)) == "21 Tachwedd 2026"


@pytest.mark.parametrize(
    "path", [path for name in OTHERS for path in catalogues(name)], ids=lambda path: path.stem
)
def test_a_translation_has_the_places_numbers_and_links_of_its_english(path):
    for pair in read_catalogue(path):
        if not pair.id or not pair.string:
            continue
        for what in (r"\{\w+\}", r"\]\([^)]*\)", r"https?://[^\s)]*", r"\b\d[\d ]{2,}\d\b"):
            wanted, found = (sorted(re.findall(what, text)) for text in (pair.id, pair.string))
            assert wanted == found, pair.id
