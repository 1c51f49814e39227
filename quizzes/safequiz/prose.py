"""Measure words: what was typed that should be a fact, how hard a text reads, which words two texts share.

Pure functions on text. None of them knows of lessons or items.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

PHONE = re.compile(r"(?<![\d.,£])(?:999|112|101|111|119|159|7726|\d{5,}|(?:\d[ -]?){6,})(?![\d,])")
ADDRESS = re.compile(
    r"https?://|www\.|[\w.+-]+@[\w-]+\.\w+|\b[\w-]+\.(?:uk|org|com|net|scot|wales|app|io|info)\b", re.I
)
YEAR = re.compile(r"(?<![\d.,£])(?:19|20)\d\d(?![\d,])")
ABSOLUTE = re.compile(
    r"\b(always|never|only|all|every|everyone|everybody|everything|nobody|no one|nothing|none|"
    r"completely|totally|entirely|impossible|forever)\b",
    re.IGNORECASE,
)
_NEGATIVE = re.compile(r"\b(not|never|except|(?<!at )least|cannot)\b|n['’]t\b", re.IGNORECASE)
_TELLS_TO = re.compile(r"\s*(choose|mark|pick|put|select|find|tick|name)\b", re.IGNORECASE)
_QUOTED = re.compile(r"\"[^\"]*\"|“[^”]*”|(?<!\w)['‘][^'’]*['’](?!\w)")

_SMALL_WORDS = """
a about after all also always am an and any are as at be because been before being but by can could did do
does doing done ever every for from get gets getting got had has have having he her here hers him his how i
if in into is it its just let like may me might more most much must my of off on once one only or other our
out over own she should so some such than that the their them then there these they this those through to
too under until up us very was we were what when where which while who whom whose why will with would you
your yours
"""
_STOP_WORDS = frozenset(_SMALL_WORDS.split())
_ENDINGS = (("ies", "y"), ("ing", ""), ("edly", ""), ("ed", ""), ("ly", ""), ("es", ""), ("s", ""))


def plain(markdown: str) -> str:
    """Return what a reader reads of Markdown: no marks, no comments, every block a sentence of its own."""
    text = re.sub(r"(?s)<!--.*?-->|<[^>]+>|^```.*?^```", "", markdown, flags=re.MULTILINE)
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", text)
    text = re.sub(r"[*`]|(?<!\w)_|_(?!\w)", "", text)
    text = re.sub(r"(?m)^[> ]*(?:#+|[-+]|\d+\.)\s+", "\n\n", text)
    text = re.sub(r"(?m)^> ?", "", text)
    return sentences(re.split(r"\n\s*\n", text))


def sentences(pieces: Iterable[str]) -> str:
    """Return the pieces as one text in which none runs into the next: each ends as a sentence does."""
    ended = []
    for piece in pieces:
        words = " ".join(piece.split())
        if words:
            ended.append(words if re.search(r"[.!?]['\"’”)]*$", words) else words.rstrip(":;,") + ".")
    return " ".join(ended)


def grade(text: str) -> float:
    """Return the Flesch-Kincaid grade of plain text: the school year (US) that reads it with ease."""
    import textstat

    return round(textstat.flesch_kincaid_grade(text), 1)


def without_names(text: str, names: Iterable[str]) -> str:
    """Return `text` with each of `names` read as one short word, since nobody can word a name more simply."""
    longest_first = sorted(names, key=len, reverse=True)
    pattern = "|".join(re.escape(name) for name in longest_first)
    return re.sub(rf"(?<!\w)(?:{pattern})(?!\w)", "it", text, flags=re.IGNORECASE) if pattern else text


def content_words(text: str) -> frozenset[str]:
    """Return the words that carry meaning, each cut back to a stem so that 'asks' and 'asking' are one."""
    words = re.findall(r"[a-z0-9]+(?:'[a-z]+)?", text.lower().replace("’", "'"))
    return frozenset(_stem(word) for word in words if word not in _STOP_WORDS)


def _stem(word: str) -> str:
    if word.endswith("n't"):
        return "not"
    word = word.partition("'")[0]
    for ending, instead in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith("ss"):
            word = word.removesuffix(ending) + instead
            break
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "aeiouls":
        word = word[:-1]
    return word.removesuffix("e") if len(word) > 3 else word


def names(text: str) -> frozenset[str]:
    """Return the words that have a capital within a sentence, cut back like `content_words`."""
    return content_words(" ".join(re.findall(r"(?<=[a-z,;] )[A-Z]\w+", text)))


#: The stems of the words that turn a sentence round.
NEGATIONS = frozenset(map(_stem, ("no", "not", "never", "cannot", "nobody", "nothing", "none", "without")))


def alike(one: frozenset[str], other: frozenset[str]) -> float:
    """Return how much two sets of words have in common: 0 for nothing, 1 for everything."""
    return len(one & other) / len(one | other) if one | other else 0.0


def overlap(one: str, other: str) -> bool:
    """Tell whether one text says all that the other says, or nearly. 'Tell' and 'do not tell' differ.

    A longer text with one word that counts, such as 'Send it if you like', is too little to go by.
    """
    pair = sorted((one, other), key=lambda text: len(content_words(text)))
    words, more = map(content_words, pair)
    if not words or (words ^ more) & NEGATIONS or (len(words) == 1 and len(pair[0].split()) > 3):
        return False
    return words <= more or alike(words, more) >= 0.8


def negative_ask(text: str) -> str:
    """Return the word that turns a question round ('Which is not ...?'), or nothing.

    Only what asks counts, up to an 'if': somebody in a story, or who is quoted, may do 'not' do something.
    """
    for sentence in re.findall(r"[^.!?]+[.!?]?", _QUOTED.sub("", text)):
        if sentence.endswith("?") or _TELLS_TO.match(sentence):
            found = _NEGATIVE.search(re.split(r"\b(?:if|when|because|as)\b|[,;]", sentence)[0])
            if found:
                return found.group()
    return ""
