"""Keep the catalogues of other languages in step with what the pages ask for, and say what they lack."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po
from safecourse.words import FOLDERS, read_catalogue
from safequiz.bank import bank_names

from .build import make

#: No dates and no names in it, so that equal catalogues are equal files.
_HEAD = r"""# The English sentence is the key. Use any gettext editor; what is fuzzy is not shown.
msgid ""
msgstr "Content-Type: text/plain; charset=UTF-8\n"
"""


def path_of(language: str, catalogue: str) -> Path:
    """Return where a catalogue is kept: with the questions, if it is of a bank, or else with the lessons."""
    course, bank = FOLDERS
    return (bank if catalogue in bank_names() else course) / language / f"{catalogue}.po"


def lacking() -> Iterator[str]:
    """Yield each sentence that pages in another language say in English: the catalogue, and the sentence."""
    for words in make().words:
        for catalogue, sentences in words.asked.items():
            place = path_of(words.language, catalogue)
            for sentence, found in sentences.items():
                if not found:
                    yield f"{words.language}/{place.name}: not translated yet: {sentence}"


def tidy_catalogues() -> None:
    """Add to each catalogue what the pages ask for, and take out of use what they no longer do."""
    for words in make().words:
        for catalogue, sentences in words.asked.items():
            update(path_of(words.language, catalogue), sentences)


def update(path: Path, sentences: dict[str, str]) -> None:
    """Bring one catalogue in step: new sentences come in empty, old ones stay as comments."""
    wanted = Catalog(locale=path.parent.name, charset="utf-8")
    for sentence in sentences:
        wanted.add(sentence)
    made = read_catalogue(path) if path.exists() else Catalog(locale=path.parent.name, charset="utf-8")
    for sentence in sentences:
        if sentence in made.obsolete:  # it has come back, and so does its translation
            made.add(sentence, made.obsolete.pop(sentence).string)
    made.update(wanted, no_fuzzy_matching=True)
    lines = io.BytesIO()
    write_po(lines, made, omit_header=True, width=110)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{_HEAD}\n{lines.getvalue().decode().strip()}\n", encoding="utf-8", newline="\n")
