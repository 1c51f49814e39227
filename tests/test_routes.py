"""The report finder: every set of answers leads to somebody who can help, in a safe order."""

import json
import re

import pytest
from safecourse.facts import FACTS_FOLDER, NATION_NAMES, load_facts
from safecourse.routes import load_routes, read_routes
from safecourse.yamlfile import AuthorError
from safequiz.report_finder import Finder, packed

ROUTES = load_routes()
ALL = [(answers, ROUTES.outcome(answers)) for answers in ROUTES.combinations()]
TEXT = (FACTS_FOLDER / "routes.yaml").read_text(encoding="utf-8")
POLICE = {"police-101", "police-scotland", "psni"}
CHILD_PICTURES = {
    "nude-image-under-18-shared",
    "sextortion-under-18",
    "zoom-bombing-child-abuse-images",
    "child-abuse-images-found",
}


def answers(**given):
    """Return a whole set of answers: those given, and otherwise somebody in England with no danger."""
    return {
        "what": "not-sure",
        "whom": "child",
        "where": "app",
        "danger": "no",
        "nation": "england",
        **given,
    }


def problem(tmp_path, old, new):
    """Return what the reader says of this course's routes with one change."""
    assert TEXT.count(old), old
    path = tmp_path / "routes.yaml"
    path.write_text(TEXT.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(AuthorError) as caught:
        read_routes(path)
    return str(caught.value)


def line_of(text):
    """Return the number of the line on which `text` first stands in routes.yaml."""
    return TEXT[: TEXT.index(text)].count("\n") + 1


def test_every_set_of_answers_names_somebody_and_a_first_step():
    assert len(ALL) == 16 * 6 * 5 * 3 * 5
    for _, outcome in ALL:
        assert outcome.contacts and outcome.first and outcome.keep and outcome.never
        assert len(set(outcome.contacts)) == len(outcome.contacts)


def test_every_question_may_be_answered_with_not_sure():
    assert all("not-sure" in question.ids for question in ROUTES.questions)


def test_every_route_is_reached():
    reached = {route for _, outcome in ALL for route in outcome.routes}
    assert reached == {"immediate-danger", *(route.id for route in ROUTES.file.routes)}
    assert len(reached) == 20  # the nineteen situations, and the way for who cannot name it


def test_emergency_comes_first_whenever_there_is_danger_or_may_be():
    for given, outcome in ALL:
        if given["danger"] == "no":
            assert "police-999" not in outcome.contacts and not outcome.urgent
        else:
            assert outcome.contacts[0] == "police-999" and outcome.urgent
            assert outcome.routes[0] == "immediate-danger"


def test_after_the_emergency_the_rest_is_what_it_would_be_without_danger():
    for given, outcome in ALL:
        calm = ROUTES.outcome({**given, "danger": "no"})
        assert outcome.contacts[-len(calm.contacts) :] == calm.contacts


def test_who_cannot_say_what_happened_gets_somebody_to_talk_to():
    talk = {"childline", "nspcc-helpline", "school-safeguarding-lead", "school-leadership", *POLICE}
    for given, outcome in ALL:
        if given["what"] == "not-sure" and given["danger"] == "no":
            assert outcome.contacts[0] in talk


def test_with_the_nation_not_known_each_police_is_there_by_name():
    for given, outcome in ALL:
        if given["nation"] == "not-sure" and given["danger"] == "no":
            in_scotland = ROUTES.outcome({**given, "nation": "scotland"})
            in_northern_ireland = ROUTES.outcome({**given, "nation": "northern-ireland"})
            for police, there in (("police-scotland", in_scotland), ("psni", in_northern_ireland)):
                assert police not in there.contacts or police in outcome.contacts


def test_nobody_is_sent_to_a_service_of_another_nation():
    contacts = load_facts().contacts
    for given, outcome in ALL:
        if given["nation"] in NATION_NAMES:
            assert all(given["nation"] in contacts[name].nations for name in outcome.contacts)


def test_scams_go_to_report_fraud_except_in_scotland():
    for given, outcome in ALL:
        if given["what"] == "scam" and given["nation"] in NATION_NAMES:
            scotland = given["nation"] == "scotland"
            assert ("police-scotland" in outcome.contacts) == scotland
            assert ("report-fraud" in outcome.contacts) == (not scotland)


def test_school_staff_start_with_the_safeguarding_lead_for_a_pupil():
    # Two things cannot wait: money goes to the bank, and child abuse shown in a call to the police.
    before = {"scam": {"your-bank-159"}, "call-child-abuse": {"police-uk-finder", *POLICE}}
    for given, outcome in ALL:
        if given["whom"] == "pupil" and given["danger"] == "no":
            ahead = outcome.contacts[: outcome.contacts.index("school-safeguarding-lead")]
            assert set(ahead) <= before.get(given["what"], set())


def test_a_child_can_report_grooming_and_blackmail_for_themselves():
    for what in ("asks", "blackmail", "picture"):
        for nation in NATION_NAMES:
            outcome = ROUTES.outcome(answers(what=what, whom="me", nation=nation))
            assert {"ceop-safety-centre", "childline"} <= set(outcome.contacts)
            assert "nspcc-helpline" not in outcome.contacts  # that one is for adults
            assert "not your fault" in outcome.first


def test_ceop_is_not_given_bullying_lies_or_scams():
    for given, outcome in ALL:
        if given["what"] in {"message", "messages", "pupils", "lies", "scam", "hate", "stalking"}:
            assert "ceop-safety-centre" not in outcome.contacts


def test_only_a_young_person_is_first_in_line_for_report_remove_and_only_adults_for_stopncii():
    for _, outcome in ALL:
        child = bool(CHILD_PICTURES & set(outcome.routes))
        assert not (child and {"stopncii", "revenge-porn-helpline"} & set(outcome.contacts))
        assert not (outcome.routes[-1] == "sextortion-adult" and "report-remove" in outcome.contacts)


def test_no_outcome_for_a_picture_of_a_child_says_to_keep_or_send_a_copy():
    copying = re.compile(r"\b(screenshots?|copy|copies|save|download|forward|send|print)\b", re.I)
    harmless = re.compile(
        r"^(Screenshots of (words|names and words) are fine|Copy the web address only|"
        r"Let the young person send it to Report Remove)"
    )
    for _, outcome in ALL:
        if CHILD_PICTURES & set(outcome.routes):
            kept = [part for text in outcome.keep for part in re.split(r"(?<=[.])\s", text)]
            assert not [part for part in kept if copying.search(part) and not harmless.match(part)]
            assert any("copy" in text and "Do not" in text for text in outcome.never)


def test_what_may_be_kept_as_a_screenshot_comes_with_the_warning_about_pictures_of_children():
    for _, outcome in ALL:
        if any("screenshot" in text.lower() for text in outcome.keep):
            assert any("sexual picture of a child" in text or "copy, save" in text for text in outcome.never)


def test_what_happens_next_is_a_dated_fact_for_every_contact_shown():
    shown = {name for _, outcome in ALL for name in outcome.contacts}
    assert shown == set(ROUTES.file.after)
    for contact_id, fact_id in ROUTES.file.after.items():
        fact = load_facts().fact(fact_id)
        assert ROUTES.after(contact_id) == fact.says
        assert set(load_facts().contact(contact_id).nations) <= set(fact.nations)
    with pytest.raises(KeyError):
        ROUTES.after("lucy-faithfull-foundation")


def test_a_picture_of_an_adult_is_noted_and_only_words_are_screenshots():
    for whom in ("adult", "staff"):
        kept = " ".join(ROUTES.outcome(answers(what="picture", whom=whom)).keep)
        assert "Note the web address" in kept and "Leave the picture alone" in kept
        assert "screenshots of words only" in kept and "screenshots of the pages" not in kept


def test_an_answer_that_is_not_offered_is_refused():
    with pytest.raises(KeyError, match="no such answer to 'nation': france"):
        ROUTES.outcome(answers(nation="france"))
    with pytest.raises(KeyError, match="danger"):
        ROUTES.outcome({"whom": "me"})


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "scotland: [police-scotland]",
            "scotland: [police-of-scotland]",
            "no such contact: police-of-scotland",
        ),
        ("after:\n", "after:\n  nobody: rp-next-police\n", "after: no such contact: nobody"),
        ("police-999: rp-next-999", "police-999: rp-next-nothing", "after: no such fact: rp-next-nothing"),
        (
            "contacts: [police-999, silent-55",
            "contacts: [police-998, silent-55",
            "no such contact: police-998",
        ),
        ("what: [asks]", "what: [asks-nicely]", "no such answer to 'what': asks-nicely"),
        ("      - whom: [pupil, staff]", "      - whom: [teacher]", "no such answer to 'whom': teacher"),
        ("      message: []\n", "", "'message' is missing"),
        ("      scotland: [police-scotland]\n", "", "police: 'scotland' is missing"),
        ('      - {id: "no", text: "No"}\n', "", "danger: 'no' must be among the answers"),
        ("      - {id: england, text: England}\n", "", "nation: 'england' must be among the answers"),
        ("  - id: whom\n", "  - id: where\n", "the questions must be danger, what, whom, where, nation"),
        ("- id: stalking\n    what", "- id: hate-motivated\n    what", "'hate-motivated' is there twice"),
        ("  police:\n    by: nation", "  childline:\n    by: nation", "'childline' is a contact"),
        ("confidence: high", "confidence: low", "'confidence' must be one of 'high' or 'medium'"),
        ("    keep:\n", "    keeps:\n", "unknown field 'keeps'"),
        ("topic: Whom to tell\n", "", "'topic' is missing"),
        (
            "  samaritans: rp-next-listen\n",
            "",
            "no 'after' for the contact samaritans: what happens next?",
        ),
    ],
)
def test_each_mistake_of_an_author_is_refused_with_file_and_line(tmp_path, old, new, said):
    text = problem(tmp_path, old, new)
    assert said in text
    assert re.match(r"routes\.yaml, line \d+: ", text)


def test_the_line_named_is_the_line_of_the_mistake(tmp_path):
    text = problem(tmp_path, "scotland: [police-scotland]", "scotland: [police-of-scotland]")
    assert f"routes.yaml, line {line_of('scotland: [police-scotland]')}: police: no such contact" in text


def test_a_contact_with_no_word_on_what_happens_next_is_named_once_where_it_is_first_named(tmp_path):
    text = problem(tmp_path, "  stop-it-now: rp-next-stop-it-now\n", "")
    line = line_of("contacts: [public-page, police, iwf-report, app, stop-it-now]") - 1
    assert text.count("no 'after' for the contact stop-it-now") == 1
    assert f"routes.yaml, line {line}: no 'after' for the contact stop-it-now" in text


def test_answers_that_lead_nowhere_are_named(tmp_path):
    text = problem(tmp_path, "      - whom: [child, adult, not-sure]", "      - whom: [child, not-sure]")
    assert "no route for what: asks, whom: adult, where: app" in text
    assert f"line {line_of('routes:')}" in text


def test_a_way_that_no_answers_lead_to_is_named(tmp_path):
    text = problem(tmp_path, "      - whom: [pupil, staff]", "      - whom: [me]")
    assert "child-groomed-or-sexual-requests: no answers lead to this way" in text


def test_answers_with_nobody_to_turn_to_are_named(tmp_path):
    text = problem(tmp_path, "northern-ireland: [police, gov-uk-act, app]", "northern-ireland: [act-early]")
    assert "extremist-content-or-radicalisation: nobody to turn to for danger: no, what: extremism" in text


def looked_up(quiz, given):
    """Return the outcome as the page looks it up: title, first step, contacts in order, keep, never."""
    index = 0
    for question in quiz["questions"]:
        if question["id"] != "danger":
            places = [option["id"] for option in question["options"]]
            index = index * len(places) + places.index(given[question["id"]])
    route, first, order = quiz["outcomes"][quiz["table"][index]]
    in_danger = given["danger"] in quiz["danger"]
    parts = [quiz["routes"][place] for place in ([0, route] if in_danger else [route])]
    contacts = [
        place for number in ([0, order] if in_danger else [order]) for place in quiz["orders"][number]
    ]
    return (
        quiz["texts"][parts[-1]["title"]],
        quiz["texts"][quiz["danger"][given["danger"]] if in_danger else first],
        [quiz["ids"][place] for place in contacts],
        [quiz["texts"][place] for part in parts for place in part["keep"]],
        [quiz["texts"][place] for part in parts for place in part["never"]],
    )


def test_the_page_can_look_up_every_outcome():
    quiz = packed(ROUTES)
    for given, outcome in ALL:
        assert looked_up(quiz, given) == (
            outcome.title,
            outcome.first,
            list(outcome.contacts),
            list(outcome.keep),
            list(outcome.never),
        )
    assert set(quiz["contacts"]) == {name for _, outcome in ALL for name in outcome.contacts}


def test_the_page_gets_few_enough_bytes_for_a_slow_phone():
    assert len(json.dumps(packed(ROUTES), separators=(",", ":")).encode()) < 120_000


def test_a_phone_number_can_be_tapped_and_a_website_opened():
    cards = packed(ROUTES)["contacts"]
    assert cards["childline"]["how"][0]["href"] == "tel:08001111"
    # "999, then press 55 when asked" is a way to call, and no number that a phone could dial.
    links = [how["href"] for card in cards.values() for how in card["how"]]
    assert all(re.fullmatch(r"tel:\d+", link) for link in links if link.startswith("tel:"))
    assert cards["psni"]["how"][2]["href"] == "https://www.psni.police.uk"
    assert cards["childline"]["next"].startswith("A counsellor listens.")


def test_the_finder_reads_whole_with_no_cell_run():
    text = repr(Finder(ROUTES))
    for route in ROUTES.file.routes:
        assert route.title in text
        assert all(way.first in text for way in route.ways)
    assert all(f"  {name}" in text or f"and {name}" in text for name in NATION_NAMES.values())
    assert re.search(r"\[finder [0-9a-f]{8}\]$", text)
