"""Whose is a file that was handed in: by what it is called, by the roster, and by what it says itself.

Nobody is guessed at. Where more than one pupil may be meant, or none, a person is told why and decides.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from .bank import quiz_names
from .downloads import HIDDEN, Handed, Label, read_label
from .responses import AnswersError, parse
from .roster import Roster, code_fault
from .submission import plain_bytes

#: What may become of a file that was met.
TAKEN, KEPT, SAME, LEFT, REFUSED = "taken", "kept", "same as the one taken", "left alone", "refused"


class NobodysError(Exception):
    """It is not clear whose a file is; the message says why."""


@dataclass
class Met:
    """A file that was met, whose it is, what became of it, and why."""

    handed: Handed
    label: Label
    pupil: str = ""
    became: str = ""
    why: str = ""
    found_in: str = ""

    def refuse(self, why: str) -> None:
        """Say why it cannot be used."""
        self.became, self.why = REFUSED, why


def sort_out(found: Iterable[Handed], name: str, roster: Roster | None) -> list[Met]:
    """Return for each file of one download whose it is; or why it is left alone or refused.

    What could be answers to the quiz `name` has a pupil, and nothing has become of it yet.
    """
    quizzes = frozenset(quiz_names()) - {name}
    met = [Met(handed, read_label(handed.place, name, quizzes)) for handed in found]
    _let_files_of_a_class_speak(met)
    for one in met:
        _attribute(one, roster)
    _refuse_a_code_of_several(met, roster)
    _name_who_sent_something_else(met)
    return met


def _let_files_of_a_class_speak(met: list[Met]) -> None:
    """Take a folder's name for nobody's when files in it name several pupils, and none of them so."""
    codes: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for one in met:
        if one.label.by_folder and one.label.stated:
            codes[one.handed.place[:-1]].add(one.label.stated)
    for one in met:
        named = codes.get(one.handed.place[:-1], set())
        if one.label.by_folder and len(named) > 1 and one.label.own not in named:
            one.label = replace(one.label, own="")


def _attribute(one: Met, roster: Roster | None) -> None:
    label, fault = one.label, one.handed.fault
    if label.otherwise:
        one.why = label.otherwise if label.otherwise == HIDDEN else fault or label.otherwise
        one.became = REFUSED if label.to_mend or (fault and label.otherwise != HIDDEN) else LEFT
        return
    try:
        code = whose(label, lambda: _code_in(one.handed), roster)
    except NobodysError as error:
        one.refuse(fault or str(error))
        return
    if why := code_fault(code):
        one.refuse(why)
        return
    one.pupil = code
    if fault:
        one.refuse(fault)


def _code_in(handed: Handed) -> str:
    """Return the pupil's code in an answers file, or "". Raises AnswersError and OSError."""
    return parse(plain_bytes(handed.path)).pupil or "" if handed.path and not handed.fault else ""


def _refuse_a_code_of_several(met: list[Met], roster: Roster | None) -> None:
    """Refuse what several people whom only a platform names sent under one code: one of them mistyped it."""
    senders: dict[str, set[str]] = defaultdict(set)
    unsure = [one for one in met if one.pupil and _sender(one) and not (roster and roster.called(one.label))]
    for one in unsure:
        senders[one.pupil].add(_sender(one))
    for one in unsure:
        if len(sent_by := senders[one.pupil]) > 1:
            names = " and ".join(f"'{name}'" for name in sorted(sent_by))
            advice = "call each CODE.answers.json, with their own"
            one.refuse(f"{names} sent files with one code, {one.pupil}: {advice}")
            one.pupil = ""


def _name_who_sent_something_else(met: list[Met]) -> None:
    """Refuse what was left alone of somebody whom only a platform names, and who sent no answers file."""
    heard = {_sender(one) for one in met if one.became != LEFT}
    for one in met:
        if one.became == LEFT and _sender(one) and _sender(one) not in heard:
            one.refuse(f"{one.why}, and no answers to this quiz came with it")


def _sender(one: Met) -> str:
    return one.label.lms_id or one.label.person


def whose(label: Label, inside: Callable[[], str], roster: Roster | None) -> str:
    """Return the code of the pupil that a file is of; `inside` reads the code in the file, or "".

    What a person who marks called it counts first, then the roster, then what the file says.
    Raises NobodysError when nobody, or more than one pupil, may be meant.
    """
    if roster is None:
        if label.own and not code_fault(label.own):
            return label.own
    elif code := roster.code(label.own):
        return code
    try:
        stated, damage = label.stated or inside(), ""
    except (AnswersError, OSError) as error:
        stated, damage = "", f"it cannot be used: {error}"
    if roster is None:
        if stated:
            return stated
        raise NobodysError(damage or _not_said(label, roster_given=False))
    return _by_roster(label, stated, damage, roster)


def _by_roster(label: Label, stated: str, damage: str, roster: Roster) -> str:
    meant, code = roster.called(label), roster.code(stated)
    if code in meant or (len(meant) == 1 and not stated):
        return code or next(iter(meant))
    if len(meant) > 1:
        raise NobodysError(f"the roster has more than one of that name ({', '.join(sorted(meant))})")
    if meant:
        raise NobodysError(f"the roster says it is {next(iter(meant))}'s, but the file says {stated}")
    if stated and not code:
        raise NobodysError(f"its code, {stated}, is not in the roster")
    if not stated:
        raise NobodysError(damage or _not_said(label, roster_given=True))
    if roster.knows(code, label):
        who = label.person or label.lms_id
        advice = f"mend the roster, or call the file {code}.answers.json"
        raise NobodysError(f"it says it is of {code}, whom the roster does not know as '{who}': {advice}")
    return code


def _not_said(label: Label, roster_given: bool) -> str:
    advice = "call it CODE.answers.json, with the pupil's code"
    if who := label.person or label.lms_id:
        why = "is not in the roster" if roster_given else "can be anybody without a roster"
        return f"'{who}' {why}, and the file does not say whose it is: {advice}"
    if not label.own:
        return f"it does not say whose it is: {advice}"
    if roster_given:
        return f"'{label.own}' is not in the roster"
    return f"{code_fault(label.own)}; or give a roster that says whose '{label.own}' is"
