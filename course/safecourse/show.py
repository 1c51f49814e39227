"""Facts and contacts as a lesson shows them: Markdown for the page, the same words as plain text.

Lists, not tables: a table of three columns can't be read on a phone.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

from .facts import NATION_NAMES, Contact, Dated, Fact, How, load_facts
from .words import day, said, sentence, t

# In a notebook, `x` on what has the focus would cut the cell; Jupyter leaves alone what carries this.
_KEYS = 'data-lm-suppress-shortcuts="true"'


class Shown:
    """Something a lesson shows. Front ends draw the Markdown; nbval and plain readers get the text."""

    def __init__(self, markdown: str):
        self._markdown = markdown

    def _repr_markdown_(self) -> str:
        return self._markdown

    def __repr__(self) -> str:
        """Return the words without Markdown's marks."""
        text = re.sub(r"</?(details|summary|a)\b[^>]*>", "", self._markdown)
        return html.unescape(re.sub(r"(?m)^> ?|\*\*", "", text)).strip()


class Sources(Shown):
    """A list of the pages that facts come from."""


def contacts(*ids: str, fold: str = "") -> Shown:
    """Return the cards of these contacts, in this order. Raises KeyError for an id that is not there.

    `fold` is a heading to fold them under, for what most readers only look up.
    """
    known = load_facts()
    return Shown(_folded("\n\n".join(_card(known.contact(contact_id)) for contact_id in ids), fold))


def facts(*ids_or_groups: str, fold: str = "") -> Shown:
    """Return a list of facts: ids, or names of groups. Raises KeyError for one that is not there.

    `fold` is a heading to fold the list under.
    """
    rows = [fact for name in ids_or_groups for fact in load_facts().named(name)]
    return Shown(_folded("\n".join(_row(fact) for fact in rows), fold))


def by_nation(*ids: str, fold: str = "") -> Shown:
    """Return facts (ids or groups) and contacts, what holds everywhere first, then nation by nation.

    Each nation's part is a fold that stands open under its name, so nothing is hidden from a reader who has
    not said where they live. The nation chooser closes the others. Raises KeyError for an unknown id.
    """
    known = load_facts()
    parts: dict[tuple[str, ...], list[str]] = {}
    for name in ids:
        for entry in [known.contacts[name]] if name in known.contacts else known.named(name):
            shown = _card(entry) if isinstance(entry, Contact) else _row(entry, nations=False)
            parts.setdefault(() if entry.everywhere else entry.nations, []).append(shown)
    everywhere = parts.pop((), [])
    blocks = ["\n\n".join(everywhere)] if everywhere else []
    for nations in sorted(parts, key=lambda names: [list(NATION_NAMES).index(name) for name in names]):
        body = "\n\n".join(parts[nations])
        blocks.append(
            f'<details open data-nation="{" ".join(nations)}">\n'
            f"<summary {_KEYS}>{_names(nations)}</summary>\n\n{body}\n\n</details>"
        )
    return Shown(_folded("\n\n".join(blocks), fold))


def sources(*names: str, fold: str = "") -> Shown:
    """Return where facts come from, each page once: topics (files of `course/facts`), groups, or ids.

    Raises KeyError for a name that is none of these. `fold` is a heading to fold the list under.
    """
    known = load_facts()
    pages: dict[str, list[Dated]] = {}
    entries = (entry for name in names for entry in known.entries(name))
    for entry in entries:
        pages.setdefault(entry.source, []).append(entry)
    rows = []
    for url, entries in sorted(pages.items(), key=lambda page: page[1][0].source_name.lower()):
        groups = dict.fromkeys(known.group_name(getattr(entry, "group", "contact")) for entry in entries)
        oldest = min(entry.checked for entry in entries)
        names = ", ".join(sentence(group) for group in groups)
        checked = t("Checked {day}.", day=day(oldest))
        rows.append(f"- {_link(entries[0].source_name, url)}: {names}. {checked}")
    return Sources(_folded("\n".join(rows), fold))


def _folded(markdown: str, heading: str) -> str:
    # The empty lines let Markdown go on being Markdown inside the fold.
    return (
        f"<details>\n<summary {_KEYS}>{sentence(heading)}</summary>\n\n{markdown}\n\n</details>"
        if heading
        else markdown
    )


def _row(fact: Fact, nations: bool = True) -> str:
    fact = said(fact)
    parts = [f"**{fact.title}.**" if fact.title else "", fact.says]
    if fact.set_to:
        parts.append(f"**{t('Set it to:')}** {_sentence(fact.set_to)}")
    if fact.where:
        parts.append(f"**{t('Where:')}** {_sentence(fact.where)}")
    if fact.under_18:
        parts.append(f"{t('Under 18:')} {_sentence(fact.under_18)}")
    if fact.listen_for:
        parts.append(f"{t('Listen for:')} {_sentence(fact.listen_for)}")
    if fact.do:
        parts.append(f"**{t('Do:')}** {fact.do}")
    if fact.formal:
        parts.append(f"{t('Its name in law:')} {_sentence(fact.formal)}")
    if fact.formerly:
        parts.append(f"{t('Older names you may meet:')} {_sentence('; '.join(fact.formerly))}")
    if nations and not fact.everywhere:
        parts.append(f"({nations_of(fact)})")
    if fact.group == "figures":
        parts.append(f"{t('Source:')} {_link(fact.source_name, fact.source)}.")
    if fact.where:
        parts.append(t("Checked {day}.", day=day(fact.checked)))
    return "- " + " ".join(part.strip() for part in parts if part)


def _card(contact: Contact) -> str:
    # The action comes first: who opens this page frightened needs the number before the description.
    contact = said(contact)
    lines = [f"**{contact.name}**", "", *(f"- {_way(how)}" for how in contact.how), "", contact.what_for]
    details = [_sentence(f"{t('Cost:')} {contact.cost}")] if contact.cost else []
    details += [_sentence(f"{t('Open:')} {contact.hours}")] if contact.hours else []
    details += [
        _sentence(f"{t('Not for:')} {contact.not_for}"),
        t("For {nations}.", nations=nations_of(contact)),
        t("Checked {day}.", day=day(contact.checked)),
    ]
    lines += ["", " ".join(details)]
    return "\n".join(f"> {line}".rstrip() for line in lines)


def _sentence(text: str) -> str:
    return text if text.endswith(("?", "!")) else f"{text.rstrip('.')}."


def _way(how: How) -> str:
    shown = {
        "phone": f"**{how.value}**",
        "url": re.sub(r"^https?://(www\.)?", "", how.value).split("/")[0],
    }.get(how.kind, how.value)
    return f"{how.label}: {_link(shown, how.href) if how.href else how.value}"


def _link(words: str, address: str) -> str:
    return f'<a href="{html.escape(address)}" {_KEYS}>{words}</a>'


def nations_of(entry: Dated) -> str:
    """Return where an entry holds, in words: `England and Wales`, or `all of the UK`."""
    return t("all of the UK") if entry.everywhere else _names(entry.nations)


def _names(nations: Sequence[str]) -> str:
    *others, last = (t(NATION_NAMES[nation]) for nation in nations)
    return t("{names} and {last}", names=", ".join(others), last=last) if others else last
