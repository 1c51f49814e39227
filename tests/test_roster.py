"""A roster says whose a file is, or that nobody can tell; it never guesses, and a bad line stops no other."""

import contextlib
import shutil
from pathlib import Path

import pytest
from nbgrader.apps.dbapp import DbStudentImportApp
from safequiz import assignment
from safequiz.downloads import Label
from safequiz.responses import AnswersError
from safequiz.roster import Roster, RosterError, read_roster, write_roster
from safequiz.steps import gradebook
from safequiz.whose import NobodysError, whose

CONFIG = Path(assignment.__file__).resolve().parents[1] / "nbgrader_config.py"
HEAD = "id,first_name,last_name,email,lms_user_id\n"
CLASS = HEAD + (
    "p01,Ann,Lee,ann@school.org,1234\n"
    "p02,Zoë,O'Brien,zoe@school.org,5678\n"
    "p03,Mary Ann,Smith-Jones,,\n"
    "p04,Ann,Lee,other@school.org,\n"
    "p05,,,,\n"
    "p06,Łukasz,मीना,,\n"
)


@pytest.fixture
def file(tmp_path):
    def write(text, encoding="utf-8"):
        path = tmp_path / "class.csv"
        path.write_bytes(text.encode(encoding) if isinstance(text, str) else text)
        return path

    return write


@pytest.fixture
def roster(file):
    return read_roster(file(CLASS))


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (CLASS, "utf-8"),
        (CLASS, "utf-8-sig"),
        (CLASS.replace(",", ";"), "utf-8-sig"),
        (CLASS.replace(",", "\t"), "utf-16"),
        (CLASS.replace("\n", "\r\n"), "utf-8"),
        (CLASS.replace("id,first_name", " ID , First_Name", 1), "utf-8"),
        (CLASS.replace("first_name,last_name", "First name,Last-Name", 1), "utf-8"),
        (CLASS.replace("\n", ",class 7\n").replace("lms_user_id,class 7", "lms_user_id,form"), "utf-8"),
        (CLASS + "\n,,,,\n", "utf-8"),
        (CLASS + "p05,,,,\n", "utf-8"),
    ],
    ids=[
        "plain",
        "BOM",
        "semicolons",
        "UTF-16",
        "CRLF",
        "capitals",
        "headings as people write them",
        "more columns",
        "blank lines",
        "twice alike",
    ],
)
def test_a_roster_is_read_as_spreadsheets_write_it(file, text, encoding):
    roster = read_roster(file(text, encoding))

    assert roster.faults == []
    assert list(roster.pupils) == ["p01", "p02", "p03", "p04", "p05", "p06"]
    assert roster.pupils["p02"] == {
        "first_name": "Zoë",
        "last_name": "O'Brien",
        "email": "zoe@school.org",
        "lms_user_id": "5678",
    }
    assert set(roster.pupils["p05"].values()) == {None}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (CLASS.encode("cp1252", "replace"), "not UTF-8 text. In Excel, save it as 'CSV UTF-8'"),
        (CLASS.encode("utf-16")[:-1], "not UTF-8 text"),
        ("name,email\nAnn,a@b\n", "should have one column called id"),
        ("id,id\np01,p02\n", "should have one column called id"),
        ("", "should have one column called id"),
        (HEAD + 'p01,"Ann\n', "line 2, is not as CSV should be"),
        (HEAD + 'p01,"Ann"x,Lee\n', "line 2, is not as CSV should be"),
        ("id\n" + "x" * 11_000_000, "larger than 10 MB"),
    ],
    ids=["cp1252", "odd UTF-16", "no id", "two ids", "empty", "open quote", "stray quote", "too large"],
)
def test_a_file_that_is_no_roster_is_refused_in_one_sentence(file, text, why):
    with pytest.raises(RosterError, match=why):
        read_roster(file(text))


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (",Bob,Stone,,", "line 3: it has no id"),
        ("bob@school.org,Bob,Stone,,", "line 3: its id is 'bob@school.org', and a code is 1 to 64 letters"),
        ("../evil,,,,", "line 3: its id is '../evil'"),
        ("=1+1,,,,", "line 3: its id is '=1+1'"),
        ("con,,,,", "line 3: its id is 'con'"),
        ("b" * 300 + ",,,,", "line 3: its id is 'bbb"),
        ("p02,Stone, Bob,Bob,,", "line 3: it has 6 fields, and the heading has 5: put quotation marks round"),
        ("p02,Bob," + "x" * 200 + ",,", "line 3: one of its fields is longer than 128"),
    ],
)
def test_a_bad_line_is_named_and_the_rest_goes_on(file, line, why):
    roster = read_roster(file(f"{HEAD}p01,Ann,Lee,,\n{line}\np09,Zoë,Ash,,\n"))

    assert list(roster.pupils) == ["p01", "p09"]
    assert len(roster.faults) == 1
    assert roster.faults[0].startswith(why)


def test_a_roster_whose_headings_name_nobody_says_so(file):
    roster = read_roster(file("id,Forename,Surname\np01,Ann,Lee\n"))

    assert roster.faults == [
        "line 1: no column is called first_name, last_name, email or lms_user_id, so it names nobody"
    ]
    assert list(roster.pupils) == ["p01"]


@pytest.mark.parametrize("twin", ["p01,Bob,Stone,,", "P01,Ann,Lee,,"])
def test_an_id_that_two_pupils_have_is_neithers(file, twin):
    roster = read_roster(file(f"{HEAD}p01,Ann,Lee,,\n{twin}\np09,Zoë,Ash,,\n"))

    assert list(roster.pupils) == ["p09"]
    assert roster.faults == ["lines 2 and 3: they have the same id, p01, for different pupils"]


def of(label, roster, code=""):
    return whose(label, lambda: code, roster)


@pytest.mark.parametrize(
    ("label", "code"),
    [
        (Label(own="p01"), "p01"),
        (Label(own="P01"), "p01"),
        (Label(own="Zoë O'Brien"), "p02"),
        (Label(own="zoe\u0308 o\u2019brien"), "p02"),
        (Label(own="O'BRIEN, Zoë"), "p02"),
        (Label(own="zoe@School.org"), "p02"),
        (Label(own="5678"), "p02"),
        (Label(person="Zoë OBrien"), "p02"),
        (Label(person="obrienzoë"), "p02"),
        (Label(person="married", lms_id="5678"), "p02"),
        (Label(person="smithjonesmaryann"), "p03"),
        (Label(person="Mary  Ann\u00a0Smith-Jones"), "p03"),
        (Label(person="Łukasz मीना"), "p06"),
    ],
)
def test_a_platforms_name_or_id_leads_to_one_pupil(roster, label, code):
    assert of(label, roster) == code


@pytest.mark.parametrize("name", ["O'Brien", "Zoe OBrien", "ann-lee-x", "a.b", "Łukasz मना", "p99", "9999"])
def test_a_name_that_is_not_quite_a_pupils_is_nobodys(roster, name):
    for label in (Label(own=name), Label(person=name)):
        with pytest.raises(NobodysError, match=f"'{name}' is not in the roster"):
            of(label, roster)


def test_two_pupils_of_one_name_are_told_apart_by_their_codes_or_not_at_all(roster):
    both = Label(person="Ann Lee")

    with pytest.raises(NobodysError, match=r"more than one of that name \(p01, p04\)"):
        of(both, roster)
    with pytest.raises(NobodysError, match="more than one of that name"):
        of(both, roster, "p02")
    assert of(both, roster, "p04") == "p04"
    assert of(Label(person="leeann", lms_id="1234"), roster) == "p01"


@pytest.mark.parametrize(
    ("label", "inside", "why"),
    [
        (Label(person="Zoë OBrien"), "p01", "the roster says it is p02's, but the file says p01"),
        (Label(person="Zoë OBrien", stated="p01"), "", "the roster says it is p02's, but the file says p01"),
        (
            Label(person="Bob Stone"),
            "p01",
            "it says it is of p01, whom the roster does not know as 'Bob Stone'",
        ),
        (Label(lms_id="1"), "p01", "whom the roster does not know as '1': mend the roster, or call the file"),
        (Label(stated="p99"), "", "its code, p99, is not in the roster"),
        (Label(), "p99", "its code, p99, is not in the roster"),
        (Label(), "", "it does not say whose it is: call it CODE.answers.json"),
    ],
)
def test_where_roster_and_file_disagree_a_person_decides(roster, label, inside, why):
    with pytest.raises(NobodysError, match=why):
        of(label, roster, inside)


def test_a_roster_of_codes_alone_contradicts_nobody(roster):
    assert of(Label(person="Bob Stone"), roster, "p05") == "p05"
    assert of(Label(own="download"), roster, "p05") == "p05"


def test_without_a_roster_a_code_is_enough_and_a_name_is_not(roster):
    assert of(Label(own="p01", stated="p02"), None) == "p01"
    assert of(Label(stated="p02"), None) == "p02"
    assert of(Label(person="Ann Lee"), None, "p03") == "p03"
    assert of(Label(own="Ann Lee"), None, "p03") == "p03"
    for label, why in (
        (Label(person="Ann Lee"), "'Ann Lee' can be anybody without a roster"),
        (Label(own="Ann Lee"), "a code is 1 to 64 letters .* or give a roster that says whose 'Ann Lee' is"),
    ):
        with pytest.raises(NobodysError, match=why):
            of(label, None)


def test_a_damaged_file_is_somebodys_if_its_name_says_so(roster):
    def damaged():
        raise AnswersError("it is not whole JSON")

    assert whose(Label(person="Zoë OBrien"), damaged, roster) == "p02"
    with pytest.raises(NobodysError, match="it cannot be used: it is not whole JSON"):
        whose(Label(), damaged, roster)


def test_the_gradebook_then_holds_what_nbgraders_own_import_makes_of_it(roster, file, tmp_path):
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    ours.mkdir()
    shutil.copy(CONFIG, ours)
    with gradebook(ours) as book:
        book.update_or_create_student("p01", first_name="Old", email="old@school.org")
        book.update_or_create_student("p99", first_name="Stays")
    shutil.copytree(ours, theirs)

    write_roster(roster, ours)
    write_roster(Roster({"p99": {"email": "new@school.org"}}), ours)
    with contextlib.chdir(theirs):
        importer = DbStudentImportApp()
        importer.initialize([str(file(CLASS))])
        importer.start()

    rows = {course: people(course) for course in (ours, theirs)}
    assert rows[ours].pop("p99") == ("Stays", None, "new@school.org", None)
    assert rows[theirs].pop("p99") == ("Stays", None, None, None)
    assert rows[ours] == rows[theirs]
    assert rows[ours]["p02"] == ("Zoë", "O'Brien", "zoe@school.org", "5678")


def people(course):
    with gradebook(course) as book:
        return {
            student.id: (student.first_name, student.last_name, student.email, student.lms_user_id)
            for student in book.students
        }
