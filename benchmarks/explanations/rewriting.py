"""Rationales whose text is their reasons in the words of :mod:`rad.rationales.text`: other reasons, another text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rad.rationales import text
from rad.rationales.strengths import LEVELS, WORDS, levels
from rad.types import Query, Rationale, Reason


def in_form(rationale: Rationale) -> bool:
    """Whether the text states the reasons and nothing else. A rationale without reasons is in no form."""
    if not rationale.reasons:
        return False
    in_text, _, prose = text.read(rationale.text)
    return not prose and [reason for reason, _ in in_text] == [replace(r, weight=1.0) for r in rationale.reasons]


def rewritten(rationale: Rationale, query: Query, reasons: Sequence[Reason]) -> Rationale:
    """The rationale with other reasons, their weights rounded to the five strengths, and the text that states them."""
    r = rationale
    return text.rationale(query, reasons, r.origin, r.drafter, r.drafter_version, r.rationale_id)


def reversed_text(rationale: Rationale) -> str:
    """The same sentences, the last first: what they say, and so what ranks, is the same."""
    each, rest = levels(rationale.reasons)
    parts = [text.sentence(reason, level) for reason, level in zip(rationale.reasons, each, strict=True) if level]
    return " ".join([*([text.REST.format(WORDS[LEVELS.index(rest)])] if rest else []), *reversed(parts)])
