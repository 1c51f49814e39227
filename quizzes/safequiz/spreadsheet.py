"""Tables for people and gradebooks: CSV files that no spreadsheet takes for a program."""

from __future__ import annotations

import csv
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_SIGNS = ("=", "+", "-", "@")
_STEERING = ("\t", "\r", "\n", "\0")
# A spreadsheet passes over these before it looks for a sign.
_UNSEEN = " \t\r\n\0\v\f\u00a0\u200b\u2060\u3000\ufeff"


def is_formula(value: Any) -> bool:
    """Tell whether a spreadsheet might run the cell `value` as a formula. A number never is one.

    These are the beginnings that OWASP names under CSV injection: the signs = + - @, their full-width forms,
    tab and line ends; here also behind spaces.
    """
    if not isinstance(value, str):
        return False
    first = unicodedata.normalize("NFKC", value.lstrip(_UNSEEN)[:1])
    return value.startswith(_STEERING) or first.startswith(_SIGNS)


def safe(value: Any) -> Any:
    """Return `value`, with an apostrophe in front where a spreadsheet might run it.

    The cost: a text such as `-ann` or `-1.5` reads `'-ann` wherever the file is read by a program, and an
    id changed so matches nobody. A mark is a number, and stays as it is.
    """
    return f"'{value}" if is_formula(value) else value


@contextmanager
def table(path: Path) -> Iterator[Callable[[Iterable[Any]], None]]:
    """Yield what writes a row. The rows are at `path` once the block has ended well, and nowhere otherwise.

    None makes an empty cell; fields are quoted where they must be. UTF-8 with a byte order mark, without
    which Excel takes the file for its own old encoding and breaks names such as Zoë; Moodle and Canvas read
    such a file too. Raises OSError.
    """
    made = path.with_name(f".{path.name}.part")
    try:
        with made.open("w", encoding="utf-8-sig", errors="replace", newline="") as file:
            writer = csv.writer(file)
            yield lambda row: writer.writerow(map(safe, row))
        made.replace(path)
    finally:
        made.unlink(missing_ok=True)


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write a whole table to `path`, as `table` does. Raises OSError."""
    with table(path) as write:
        write(header)
        for row in rows:
            write(row)
