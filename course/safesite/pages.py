"""Every page of the site but for its frame, in the language spoken now."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import segno
from markupsafe import Markup
from safecourse.facts import load_facts
from safecourse.notebooks import COURSE, lessons
from safecourse.words import ENGLISH, language, t
from safequiz.bank import Bank, MarkedQuiz, bank_names, load_bank
from safequiz.errors import UserError
from safequiz.item import content_hash, practice_view
from safequiz.marking import released_questions
from safequiz.report_finder import finder
from safequiz.responses import REVIEW
from safequiz.spaced import MOST_STORIES, QUESTIONS, WHEN, draw, review_title
from safequiz.widget import sources_of

from .lessons import START, Lesson, Section, is_translated, page_of, placed, read_lesson, slot_of, to_html
from .plain import environment, plain

TEACHING = COURSE / "teaching"
FINDER = "whom-to-tell.html"
REPORTING = "05-where-to-report"
ZIP = "stay-safe-online.zip"
#: Where "Leave this page" goes: a page that anybody may have open, and that says nothing of this one.
LEAVE = "https://www.bbc.co.uk/weather"


@dataclass(frozen=True)
class Page:
    """One page: its path from the site's top, what it runs, its texts as HTML, and its scripts' data."""

    path: str
    kind: str
    script: str
    title: str
    description: str
    body: Markup
    data: Mapping[str, Any] = field(default_factory=dict)


def read_lessons() -> list[Lesson]:
    """Return the lessons that there are in the language spoken now."""
    english = language() == ENGLISH
    return [read_lesson(path, elsewhere) for path in lessons() if english or is_translated(path.stem)]


def pages(read: list[Lesson], in_english: list[Lesson], address: str) -> Iterator[Page]:
    """Yield every page in the language spoken now, of the lessons `read` in it.

    `in_english` has all lessons; `address` is where the site will be published.
    """
    english = language() == ENGLISH
    by_id = {lesson.id: lesson for lesson in read}
    if not {START, REPORTING} <= by_id.keys():
        raise UserError(f"{language()}: the home page and the finder need {START} and {REPORTING}")
    start = by_id.pop(START)
    banks = [load_bank(name) for name in bank_names()]
    about = {lesson.id: _about(lesson, banks if english else []) for lesson in by_id.values()}
    yield _home(start, about if english else _with_english(about, in_english))
    yield _finder()
    for lesson in by_id.values():
        yield _lesson(lesson, about[lesson.id])
        yield _teaching(lesson, about[lesson.id])
    if not english:
        return
    for bank in banks:
        for quiz in bank.quizzes:
            yield _quiz(quiz, about[bank.lesson])
    for when in WHEN:
        yield _review(when, banks, list(about.values()))
    site = _site(about, list(by_id.values())) | {"help": _help()}
    for kind, path in (("answers", "your-answers"), ("plan", "family-plan"), ("certificate", "certificate")):
        yield _page(f"{path}.html", kind, "own", {"site": site}, f"{kind}.html.j2")
    yield _teachers(list(about.values()), address)
    there = [each | {"url": address + each["url"]} for each in about.values()]
    yield _page("404.html", "missing", "lesson", {}, "missing.html.j2", lessons=there)


def path_of(name: str, spoken: str = "") -> str:
    """Return the path of a page in a language, or in the one spoken now."""
    spoken = spoken or language()
    return name if spoken == ENGLISH else f"{spoken}/{name}"


def root() -> str:
    """Return the way from a page in the language spoken now to the site's top."""
    return "" if language() == ENGLISH else "../"


def render(template: str, **values: Any) -> str:
    """Return a template filled, with what all of them may name."""
    return environment().get_template(template).render(_common() | values)


def _common() -> dict[str, Any]:
    return {
        "root": root(),
        "home": path_of("index.html"),
        "finder": path_of(FINDER),
        "zip": ZIP,
        "leave": LEAVE,
    }


def _page(path: str, kind: str, script: str, data: Mapping[str, Any], template: str, **values: Any) -> Page:
    """Return a page whose template says its title and description too."""
    filled = environment().get_template(template).make_module(_common() | values)
    return Page(path, kind, script, filled.title, filled.description, Markup(filled), data)


def elsewhere(slot: dict[str, Any]) -> str:
    """Return a link for what has a page of its own, or "": the finder, and reviews with all questions."""
    if slot["quiz"]["mode"] == "finder":
        return render("elsewhere.html.j2", url=FINDER, words=t("Open the report finder"))
    if slot.get("name", "").startswith(REVIEW):
        return render("elsewhere.html.j2", url=f"{slot['name']}.html", words=slot["quiz"]["title"])
    return ""


def _about(lesson: Lesson, banks: list[Bank]) -> dict[str, Any]:
    """Return what other pages say of a lesson."""
    bank = next((bank for bank in banks if bank.lesson == lesson.id), None)
    practice = [slot for slot in _slots(_for_all(lesson)) if slot["quiz"]["mode"] == "practice"]
    return {
        "id": lesson.id,
        "name": lesson.name,
        "promise": lesson.promise,
        "minutes": lesson.minutes,
        "url": page_of(lesson.id),
        "lang": "",
        "practice": {
            "name": practice[0]["name"] if practice else "",
            "items": [item["id"] for slot in practice for item in slot["quiz"]["items"]],
        },
        "marked": [
            {
                "name": quiz.id,
                "title": quiz.title,
                "label": t("Marked quiz for pupils") if quiz.id == bank.id else t("Marked quiz for adults"),
                "url": f"quiz-{quiz.id}.html",
                "items": [item.id for item in quiz.items],
            }
            for quiz in (bank.quizzes if bank else ())
        ],
    }


def _with_english(about: dict[str, dict[str, Any]], in_english: list[Lesson]) -> dict[str, dict[str, Any]]:
    """Return all lessons: those that are not in the language spoken now as they are in English."""
    rest = (lesson for lesson in in_english if lesson.id not in {START, *about})
    english = {
        each.id: _about(each, []) | {"lang": ENGLISH, "url": f"../{page_of(each.id)}"} for each in rest
    }
    return dict(sorted({**about, **english}.items()))


def _for_all(lesson: Lesson) -> list[Section]:
    teachers = lesson.for_teachers
    return [section for section in lesson.sections if section not in teachers]


def _slots(sections: list[Section]) -> list[dict[str, Any]]:
    return [slot for section in sections for slot in section.slots]


def _site(about: dict[str, dict[str, Any]], read: list[Lesson]) -> dict[str, Any]:
    """Return what a page tells of everything that a learner may have answered or ticked."""
    wanted = ("id", "url", "practice", "marked")
    groups = {
        group["id"]: group | {"url": page_of(lesson.id)}
        for lesson in read
        for slot in _slots(list(lesson.sections))
        for group in slot["quiz"].get("groups", ())
    }
    return {
        "lessons": [{"title": each["name"]} | {key: each[key] for key in wanted} for each in about.values()],
        "reviews": [
            {"name": REVIEW + when, "title": _after(when), "url": f"{REVIEW}{when}.html"} for when in WHEN
        ],
        "settings": list(groups.values()),
    }


def _help() -> list[dict[str, str]]:
    """Return whom to call, for a sheet of paper: the first number of each."""
    facts = load_facts()
    found = []
    for contact in map(facts.contact, ("police-999", "police-101", "childline", "nspcc-helpline")):
        phone = next(how for how in contact.how if how.kind == "phone" and how.href)
        found.append({"name": contact.name, "value": phone.value, "href": phone.href})
    return found


def _after(when: str) -> str:
    return t("After {time}: ten questions", time=t(WHEN[when][0]))


def _home(start: Lesson, about: dict[str, dict[str, Any]]) -> Page:
    sections, slots = placed(start.sections)
    parts = {section.id: section.html for section in sections}
    data = {"slots": slots, "site": _site(about, [])}
    return _page(
        path_of("index.html"), "home", "own", data, "home.html.j2",
        lesson=start, parts=parts, lessons=list(about.values()),
    )  # fmt: skip


def _lesson(lesson: Lesson, known: dict[str, Any]) -> Page:
    sections, slots = placed(_for_all(lesson))
    script = "review" if any("make" in slot for slot in slots) else "lesson"
    return _page(
        path_of(known["url"]), "lesson", script, {"slots": slots}, "lesson.html.j2",
        lesson=lesson, sections=sections, marked=known["marked"], teaching=f"teach-{lesson.id}.html",
    )  # fmt: skip


def _teaching(lesson: Lesson, known: dict[str, Any]) -> Page:
    """Return the page for who teaches a lesson: the plan, in English, and the lesson's part for teachers."""
    sections, slots = placed(lesson.for_teachers)
    plan = _plan(lesson, known) if language() == ENGLISH else ""
    return _page(
        path_of(f"teach-{lesson.id}.html"), "teaching", "lesson", {"slots": slots}, "teaching.html.j2",
        plan=plan, sections=sections, lesson=known,
    )  # fmt: skip


def _plan(lesson: Lesson, known: dict[str, Any]) -> str:
    """Return the teaching page of a lesson; a question that it names by id is a link to where it stands."""
    markdown = (TEACHING / f"{lesson.id}.md").read_text(encoding="utf-8")
    markdown = re.sub(r"<!--.*?-->\n?", "", markdown, flags=re.DOTALL)
    markdown = re.sub(r"^- \[ \] ", "- ☐ ", markdown, flags=re.MULTILINE)  # a field would need a name
    markdown = re.sub(r"\]\((?:\.\./)?(\d\d-[a-z-]+)\.ipynb", lambda link: f"]({page_of(link[1])}", markdown)
    html = to_html(re.sub(r"\]\((\d\d-[a-z-]+)\.md", r"](teach-\1.html", markdown))
    places = {
        item: f'<a href="{quiz["url"]}">{quiz["label"]}</a>'
        for quiz in known["marked"]
        for item in quiz["items"]
    }
    for page, sections in ((known["url"], _for_all(lesson)), ("", lesson.for_teachers)):
        for section in sections:
            link = f'<a href="{page}#{section.id}">{section.heading}</a>'
            places |= {item["id"]: link for slot in section.slots for item in slot["quiz"].get("items", ())}
    return re.sub(r"<code>([a-z0-9-]+)</code>", lambda code: places.get(code[1], code[0]), html)


def _finder() -> Page:
    slot = slot_of(finder())
    return _page(
        path_of(FINDER), "finder", "lesson", {"slots": [slot]}, "finder.html.j2",
        plain=plain(slot["quiz"]), lesson=page_of(REPORTING),
    )  # fmt: skip


def _quiz(quiz: MarkedQuiz, known: dict[str, Any]) -> Page:
    released = released_questions(quiz)
    shown = {"title": released["title"], "mode": "marked", "items": released["items"]}
    slot = {"quiz": shown, "name": released["quiz"], "content": released["content"]}
    return _page(
        f"quiz-{quiz.id}.html", "quiz", "quiz", {"slots": [slot]}, "quiz.html.j2",
        name=quiz.title, number=len(quiz.items), plain=plain(shown), lesson=known,
    )  # fmt: skip


def _review(when: str, banks: list[Bank], about: list[dict[str, Any]]) -> Page:
    facts = load_facts()
    pool = [
        {
            "bank": bank.id,
            "draw": draw(when, item.id),
            "view": practice_view(item, sources_of(item.facts, facts)),
        }
        for bank in banks
        for item in bank.practice
    ]
    slot = {
        "make": "review",
        "name": REVIEW + when,
        "title": review_title(when),
        "number": QUESTIONS,
        "stories": MOST_STORIES,
        "content": content_hash(entry["view"] for entry in pool),
        "pool": pool,
    }
    return _page(
        f"{REVIEW}{when}.html", "review", "review", {"slots": [slot]}, "review.html.j2",
        time=t(WHEN[when][0]), lessons=about,
    )  # fmt: skip


def _teachers(about: list[dict[str, Any]], address: str) -> Page:
    shown = []
    for each in about:
        where = address + each["url"]
        drawn = qr_code(where).svg_inline(scale=4, light="#fff")
        shown.append(each | {"address": where, "qr": Markup(drawn)})
    return _page("teachers.html", "teachers", "lesson", {}, "teachers.html.j2", lessons=shown)


def qr_code(text: str) -> segno.QRCode:
    """Return the QR code of an address."""
    return segno.make(text, error="m", micro=False)
