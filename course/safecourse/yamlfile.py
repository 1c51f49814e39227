"""Read an author's YAML file against a model, and name every fault in it with its line.

Knows nothing of facts or items: they bring their own models and their own rules.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

Place = tuple[str | int, ...]
Model = TypeVar("Model", bound=BaseModel)

_BOOL = "tag:yaml.org,2002:bool"


class Strict(BaseModel):
    """A record that cannot be changed and has no field but its own."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True, strict=True)


@dataclass(frozen=True, order=True)
class Fault:
    """One thing for an author to mend: the file, the line (from 1) and what is wrong, in plain words."""

    path: Path
    line: int
    problem: str

    def __str__(self) -> str:
        """Return `bank.yaml, line 12: what is wrong`."""
        return f"{self.path.name}, line {self.line}: {self.problem}"


class AuthorError(Exception):
    """Everything that is wrong with one author's file; `faults` lists it by line."""

    def __init__(self, faults: Iterable[Fault]):
        self.faults = sorted(set(faults))
        super().__init__("\n".join(str(fault) for fault in self.faults))


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """YAML's safe loader, but `no` and `on` stay words: authors write prose here."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != _BOOL]
    for first, resolvers in _Loader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(_BOOL, re.compile(r"^(?:true|false)$"), list("tf"))


@dataclass
class Source:
    """A YAML file as plain data, the line of every place in it, and the faults found so far."""

    path: Path
    data: Any = None
    faults: list[Fault] = field(default_factory=list)
    _lines: dict[Place, int] = field(default_factory=dict)

    def line(self, place: Place) -> int:
        """Return the line of `place`, or of the nearest enclosing place that has one."""
        while place and place not in self._lines:
            place = place[:-1]
        return self._lines.get(place, 1)

    def fault(self, place: Place, problem: str) -> None:
        """Record a fault at `place`."""
        self.faults.append(Fault(self.path, self.line(place), problem))

    def build(self, model: type[Model], data: Any, place: Place = ()) -> Model | None:
        """Return `data` as a `model`, recording its faults; None when it cannot be built.

        An unknown field is a fault, but does not hide the faults behind it.
        """
        try:
            return model.model_validate(data)
        except ValidationError as error:
            problems = _without_echoes(error.errors())
            unknown = [problem["loc"] for problem in problems if problem["type"] == "extra_forbidden"]
            for problem in problems:
                self.fault(place + problem["loc"], _in_words(problem))
            if len(unknown) < len(problems):
                return None
            return self.build(model, _without(data, unknown), place)

    def finish(self) -> None:
        """Raise AuthorError if any fault was recorded."""
        if self.faults:
            raise AuthorError(self.faults)


def read(path: Path) -> Source:
    """Return the file at `path` as a Source; a repeated field is one of its faults.

    Raises AuthorError when the file cannot be read at all or is not YAML.
    """
    source = Source(path)
    try:
        loader = _Loader(path.read_text(encoding="utf-8"))
        try:
            node = loader.get_single_node()
            source.data = _plain(node, (), loader, source) if node else None
        finally:
            loader.dispose()
    except (OSError, UnicodeDecodeError) as error:
        raise AuthorError([Fault(path, 1, f"cannot be read: {error}")]) from error
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        reason = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise AuthorError([Fault(path, mark.line + 1 if mark else 1, f"is not YAML: {reason}")]) from error
    if not isinstance(source.data, dict):
        raise AuthorError([Fault(path, 1, "must hold named fields, such as 'bank: grooming-signs'")])
    return source


def _plain(node: yaml.Node, place: Place, loader: _Loader, source: Source) -> Any:
    source._lines.setdefault(place, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        made: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            here = (*place, key)
            source._lines[here] = key_node.start_mark.line + 1
            if key in made:
                source.fault(here, f"'{key}' is there twice")
            made[key] = _plain(value_node, here, loader, source)
        return made
    if isinstance(node, yaml.SequenceNode):
        return [_plain(child, (*place, index), loader, source) for index, child in enumerate(node.value)]
    try:
        return loader.construct_object(node)
    except ValueError:  # such as the 30th of February: what the field must be is for its model to say
        return str(node.value)


def _without_echoes(problems: list[Any]) -> list[Any]:
    # A list whose every entry has a fault is called empty too, which it is not.
    places = {problem["loc"][:end] for problem in problems for end in range(len(problem["loc"]))}
    return [problem for problem in problems if problem["type"] != "too_short" or problem["loc"] not in places]


def _without(data: Any, places: list[Place]) -> Any:
    drop = {place[-1] for place in places if len(place) == 1}
    if isinstance(data, dict):
        return {
            key: _without(value, [place[1:] for place in places if place[0] == key and len(place) > 1])
            for key, value in data.items()
            if key not in drop
        }
    if isinstance(data, list):
        return [
            _without(value, [place[1:] for place in places if place[0] == index and len(place) > 1])
            for index, value in enumerate(data)
        ]
    return data


def _in_words(problem: dict[str, Any]) -> str:
    name = next((part for part in reversed(problem["loc"]) if isinstance(part, str)), "this")
    kind = problem["type"]
    if kind == "extra_forbidden":
        return f"unknown field '{name}'"
    if kind == "model_type":
        return "must hold named fields, such as 'id: ...'"
    if kind == "missing":
        return f"'{name}' is missing"
    if kind in {"string_too_short", "too_short"}:
        return f"'{name}' is empty"
    if kind == "string_too_long":
        return f"'{name}' is longer than {problem['ctx']['max_length']} letters"
    if kind == "string_type":
        return f"'{name}' must be text; put it in quotes if it looks like a number or a date"
    if kind == "literal_error":
        return f"'{name}' must be one of {problem['ctx']['expected']}"
    if kind == "string_pattern_mismatch":
        return f"'{name}' does not have the right form: {problem['input']!r}"
    if kind == "value_error":
        return str(problem["ctx"]["error"])
    return f"'{name}': {problem['msg']}"
