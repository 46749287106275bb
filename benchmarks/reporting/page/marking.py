"""Rationales with their words marked as the metrics count them, and the differences of two texts.

A value that a rationale's reasons state of purchases is *supported* where every purchase that they cite has it. It is
*unsupported* where one does not, or where no reason claims it. It is *wanted* where a reason only wants or avoids it,
which no history can prove. A text without reasons is held against the purchases that each sentence cites, or against
the whole history.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.metrics.grounding.text_agreement import claims_of
from benchmarks.metrics.specificity._text import LONGEST
from rad.rationales.claims import CITATION, Matcher, Mention
from rad.types import Example, Item, Rationale

_WORD = re.compile(r"\s*\S+")


@dataclass(frozen=True)
class Piece:
    """A stretch of text. ``kind``: plain, supported, unsupported, wanted, citation, added or removed.

    ``detail`` explains the kind; ``purchase`` is the number (from 1) that a citation names.
    """

    kind: str
    text: str
    detail: str = ""
    purchase: int | None = None


def marked(rationale: Rationale, example: Example, items: Mapping[str, Item], matcher: Matcher) -> Iterator[Piece]:
    """The text of a rationale, its first 2,000 characters, in pieces: claims, citations and the rest."""
    text = rationale.text[:LONGEST]
    spans = [(m.start, m.end, *_judged(m, rationale, example, items)) for m in matcher.find(text)]
    length = len(example.query.history)
    for m in CITATION.finditer(text):
        places = [int(k) for k in re.findall(r"\d+", m.group(1))]
        bad = [k for k in places if not 1 <= k <= length]
        spans.append((m.start(), m.end(), *(("unsupported", "no such purchase") if bad else ("citation", ""))))
    end = 0
    for start, stop, kind, detail in sorted(spans):
        if start < end:
            continue
        if start > end:
            yield Piece("plain", text[end:start])
        one = re.fullmatch(r"\[\s*(\d+)\s*\]", text[start:stop]) if kind == "citation" else None
        yield Piece(kind, text[start:stop], detail, int(one[1]) if one else None)
        end = stop
    rest = text[end:]
    if len(rationale.text) > LONGEST:
        rest += f" … ({len(rationale.text) - LONGEST:,} more characters)"
    if rest:
        yield Piece("plain", rest)


def _judged(m: Mention, rationale: Rationale, example: Example, items: Mapping[str, Item]) -> tuple[str, str]:
    """Whether a value that the text names is supported, and a line that explains it."""
    history = example.query.history

    def has(places: Sequence[int]) -> list[bool]:
        cited = [items.get(history[k].item_id) if 0 <= k < len(history) else None for k in places]
        return [item is not None and any(v in item.attributes.get(a, ()) for a, v in m.claims) for item in cited]

    if not rationale.reasons:
        if any(has(m.citations or range(len(history)))):
            return "supported", "a purchase has it"
        return "unsupported", "none of the cited purchases has it" if m.citations else "no purchase has it"
    stating = [r for r in rationale.reasons if (r.evidence.attribute, r.evidence.value) in m.claims]
    if stating:
        is_true = all(has([k for r in stating for k in r.evidence.history] or [-1]))
        is_true = is_true and (not m.citations or any(has(m.citations)))
        return ("supported", "the cited purchases have it") if is_true else ("unsupported", "a cited purchase lacks it")
    if claims_of(rationale).isdisjoint(m.claims):
        return "unsupported", "claimed by no reason"
    return "wanted", "what the user is said to want or avoid"


def differences(before: str, after: str) -> Iterator[Piece]:
    """Both texts in one, word by word: what stayed, what was removed, what was added."""
    a, b = _WORD.findall(before), _WORD.findall(after)
    for tag, i, j, k, n in difflib.SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if tag == "equal":
            yield Piece("plain", "".join(a[i:j]))
            continue
        if i < j:
            yield Piece("removed", "".join(a[i:j]))
        if k < n:
            yield Piece("added", "".join(b[k:n]))
