"""Claims out of free text: one public matcher over the attribute values of a catalogue.

>>> from rad.types import Item
>>> items = [Item("i", "toy", "Scarf", "", {"colour": ("dark red", "red"), "material": ("wool",)})]
>>> for mention in Matcher(items).find("Likes dark red [2]. Wants Wool."):
...     print(mention.surface, mention.claims, mention.citations)
dark red (('colour', 'dark red'),) (1,)
Wool (('material', 'wool'),) ()

The text is cut into words (:mod:`rad.features.bm25`); punctuation, case and "and" do not count. From left to right the
longest value that begins at a word is taken. So values match whole words only and never overlap. Time is linear in
the text. Values are matched as they are written in the catalogue: no synonyms and no stemming, so that anyone gets the
same claims.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from rad.features.bm25 import WORD
from rad.types import Item

CITATION = re.compile(r"\[\s*(\d{1,6}(?:\s*(?:[,;&\u2013-]|and|to)\s*\d{1,6})*)\s*\]")
"""``[2]``, ``[2, 5]`` or ``[2-5]``: places in the history, counted from 1."""
_CITED = re.compile(r"(\d+)(?:\s*(?:-|\u2013|to)\s*(\d+))?")
_LONGEST_RANGE = 100  # places; of a longer range only the two ends are read
SENTENCE_END = re.compile(r"[.!?;](?=\s|$)|\n")
_FUNCTION_WORDS = (
    "a all am an any are as at be best both but by can do does for from get go had has have he her his how i if in is "
    "it its just like may me more most my new no none nor not now of off on one only or other our out over own same "
    "she so some such than that the their them then there they this to too under up us user very was we well were what "
    "when which who why will with you your"
)
FUNCTION_WORDS = frozenset(_FUNCTION_WORDS.split())
_CLAIMS = ""  # the key of a trie node under which its claims stand; no word is empty


@dataclass(frozen=True, slots=True)
class Mention:
    """A stretch ``[start, end)`` of a text that names an attribute value.

    ``claims`` has every (attribute, value) of that name, in order: a category may be called the same on two levels.
    ``citations`` are the history indices (from 0) cited in the same sentence; -1 is a citation of ``[0]``.
    """

    start: int
    end: int
    surface: str
    claims: tuple[tuple[str, str], ...]
    citations: tuple[int, ...]


def citations(text: str) -> tuple[int, ...]:
    """History indices (from 0) that ``text`` cites as ``[k + 1]``, distinct, in order of appearance."""
    return tuple(dict.fromkeys(index for _, index in _cited(text)))


def sentences(text: str) -> list[tuple[int, int]]:
    """The stretches between sentence ends; a point inside a number or a name does not end a sentence."""
    ends = [match.end() for match in SENTENCE_END.finditer(text)]
    return [pair for pair in zip([0, *ends], [*ends, len(text)], strict=True) if pair[0] < pair[1]]


def _cited(text: str) -> list[tuple[int, int]]:
    return [(m.start(), k - 1) for m in CITATION.finditer(text) for k in _places(m.group(1))]


def _places(inside: str) -> list[int]:
    """The numbers in a citation, those of a range included."""
    out: list[int] = []
    for match in _CITED.finditer(inside):
        first, last = int(match[1]), int(match[2] or match[1])
        out += range(first, last + 1) if 0 <= last - first <= _LONGEST_RANGE else (first, last)
    return out


class Matcher:
    """Finds attribute values of ``items`` in texts. Build it once; it is safe to share.

    Two kinds of one-word values are matched only as the catalogue spells them: function words ("The", "All"), and those
    of at most two letters ("SE").
    """

    def __init__(self, items: Iterable[Item]) -> None:
        claims = {(name, value) for item in items for name, values in item.attributes.items() for value in values}
        self._trie: dict[str, Any] = {}
        self._exact: dict[str, list[tuple[str, str]]] = {}
        for claim in sorted(claims):
            words = [word for _, _, word in _words(claim[1])]
            if len(words) == 1 and (words[0] in FUNCTION_WORDS or len(words[0]) <= 2):
                self._exact.setdefault(words[0], []).append(claim)
                continue
            node = self._trie
            for word in words:
                node = node.setdefault(word, {})
            if words:
                node.setdefault(_CLAIMS, []).append(claim)

    def find(self, text: str) -> list[Mention]:
        """The mentions in ``text``, from left to right."""
        words = _words(text, CITATION)
        ends = [end for _, end in sentences(text)] or [len(text)]
        cited: dict[int, dict[int, None]] = {}  # sentence -> its citations, once each, in order
        for start, index in _cited(text):
            cited.setdefault(bisect_right(ends, start), {})[index] = None
        near = {sentence: tuple(indices) for sentence, indices in cited.items()}
        out = []
        k = 0
        while k < len(words):
            length, claims = self._longest(text, words, k)
            if not claims:
                k += 1
                continue
            start, end = words[k][0], words[k + length - 1][1]
            citations = near.get(bisect_right(ends, start), ())
            out.append(Mention(start, end, text[start:end], tuple(claims), citations))
            k += length
        return out

    def _longest(self, text: str, words: list[tuple[int, int, str]], k: int) -> tuple[int, list[tuple[str, str]]]:
        node: dict[str, Any] = self._trie
        best: tuple[int, list[tuple[str, str]]] = (0, [])
        for last in range(k, len(words)):  # as deep as the trie, whatever the length of the text
            if (deeper := node.get(words[last][2])) is None:
                break
            node = deeper
            if _CLAIMS in node:
                best = (last - k + 1, node[_CLAIMS])
        if not best[0] and (exact := self._exact.get(words[k][2])):
            surface = text[words[k][0] : words[k][1]]
            same = [claim for claim in exact if claim[1] == surface]
            return (1, same) if same else (0, [])
        return best


def _words(text: str, leave_out: re.Pattern[str] | None = None) -> list[tuple[int, int, str]]:
    """Start, end and lowercase form of each word; "and" is left out, and so are the numbers of citations."""
    if leave_out is not None:
        text = leave_out.sub(lambda match: " " * len(match.group()), text)
    words = [(m.start(), m.end(), m.group().lower()) for m in WORD.finditer(text)]
    return [word for word in words if word[2] != "and"] or words
