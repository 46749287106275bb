"""The questions of the review form, how their answers are written down, and the strict reader of judgements.

A :class:`rad.types.Judgement` holds its answer as a string; here is what each string means.

===============  ========  ==========================================================================
question         kind      answer
===============  ========  ==========================================================================
``plausibility``  ordinal  ``1`` .. ``5``
``trust``         ordinal  ``1`` .. ``5``
``verdict``       nominal  one of :data:`VERDICTS`
``errors``        set      JSON list of :data:`ERRORS`, sorted, each once; ``[]`` where nothing is wrong
``unsupported``   spans    JSON list of ``[start, end, label]``, characters of the draft's text, end excluded
``edited``        text     the corrected text
===============  ========  ==========================================================================

Who answered stands in the pseudonym: ``r-`` and 8 hex digits is a person, ``simulated-...`` a program that stands in
for one and never counts as one, ``adj-...`` an adjudicator. Judges (``judge:...``) are programs that score drafts, in
files of their own, where two more answers exist: ``abstained`` and ``invalid``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from rad import registry
from rad.errors import RadError
from rad.runtime import records
from rad.types import Judgement

Kind = Literal["ordinal", "nominal", "set", "spans", "text"]
Group = Literal["people", "simulated", "adjudicators", "judges"]

SCALE = ("1", "2", "3", "4", "5")
VERDICTS = ("accept", "accept_edited", "reject", "unsure")
ERRORS = ("contradicts", "generic", "hallucinated", "hindsight", "language", "names_item", "wrong_weight")
QUESTIONS: Mapping[str, Kind] = {
    "plausibility": "ordinal",
    "trust": "ordinal",
    "verdict": "nominal",
    "errors": "set",
    "unsupported": "spans",
    "edited": "text",
}
OPTIONS: Mapping[str, tuple[str, ...]] = {
    "plausibility": SCALE,
    "trust": SCALE,
    "verdict": VERDICTS,
    "errors": ERRORS,
}
ABSTAINED, INVALID = "abstained", "invalid"
_PSEUDONYMS: tuple[tuple[Group, re.Pattern[str]], ...] = (
    ("people", re.compile(r"r-[0-9a-f]{8}")),
    ("simulated", re.compile(r"simulated-[\w-]+", re.ASCII)),
    ("adjudicators", re.compile(r"adj-[\w-]+", re.ASCII)),
    ("judges", re.compile(r"judge:[\w.-]+", re.ASCII)),
)


@dataclass(frozen=True, slots=True)
class Answered:
    """One judgement with its answer read: a string, a frozenset of codes, or a tuple of (start, end, label)."""

    judgement: Judgement
    group: Group
    value: Any


def group_of(annotator: str) -> Group:
    """Who answered. ``ValueError`` where the name is no pseudonym: names of people must not reach files."""
    for group, pattern in _PSEUDONYMS:
        if pattern.fullmatch(annotator):
            return group
    raise ValueError(
        f"annotator {annotator!r} is no pseudonym (r- and 8 hex digits; simulated-..., adj-..., judge:...)"
    )


def value_of(question: str, answer: str, length: int | None = None) -> Any:
    """The value that ``answer`` stands for. ``length`` is that of the draft's text, where it is known.

    ``ValueError`` with the cause where the question does not exist or the answer is not one of its answers.
    """
    kind = QUESTIONS.get(question)
    if kind is None:
        raise ValueError(registry.unknown("question", [question], QUESTIONS))
    if kind == "text":
        return answer
    if kind in ("ordinal", "nominal"):
        if answer not in OPTIONS[question]:
            raise ValueError(f"{question}: {answer!r} is not one of {', '.join(OPTIONS[question])}")
        return answer
    try:
        value = json.loads(answer)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, list):
        raise ValueError(f"{question}: {answer[:80]!r} is not a JSON list")
    return _codes(question, value) if kind == "set" else _spans(question, value, length)


def _codes(question: str, value: list[Any]) -> frozenset[str]:
    if wrong := [code for code in value if code not in OPTIONS[question]]:
        raise ValueError(f"{question}: {wrong[0]!r} is not one of {', '.join(OPTIONS[question])}")
    if value != sorted(set(value)):
        raise ValueError(f"{question}: the codes must be sorted and each stand once, got {json.dumps(value)}")
    return frozenset(value)


def _spans(question: str, value: list[Any], length: int | None) -> tuple[tuple[int, int, str], ...]:
    for span in value:
        if not isinstance(span, list) or [type(x) for x in span] != [int, int, str]:
            raise ValueError(f"{question}: {json.dumps(span)[:80]} is not [start, end, label]")
        start, end, _ = span
        if not 0 <= start < end or (length is not None and end > length):
            limit = "" if length is None else f" of {length} characters"
            raise ValueError(f"{question}: [{start}, {end}] is no span of the draft's text{limit}")
    return tuple((start, end, label) for start, end, label in value)


def checked(
    judgements: Iterable[tuple[str, Judgement]], lengths: Mapping[str, int] | None = None, judge: bool = False
) -> Iterator[Answered]:
    """The judgements with their answers read. The string with each (``file:line``) begins the message of an error.

    ``lengths`` are those of the drafts' texts by rationale id; a rationale that is not among them is refused.
    ``judge`` says that the judgements are those of judges, of whom people's files must have none and judges' files
    nothing else. :class:`RadError` on an unknown question, an answer outside its options, a name that is no
    pseudonym, and a second answer of one reviewer to one question on one rationale.
    """
    first: dict[tuple[str, str, str], str] = {}
    for where, one in judgements:
        key = one.rationale_id, one.annotator, one.question
        if key in first:
            raise RadError(
                f"{where}: {one.annotator} answered {one.question} on {one.rationale_id} before ({first[key]}): "
                "keep one of the two"
            )
        first[key] = where
        if lengths is not None and one.rationale_id not in lengths:
            raise RadError(f"{where}: rationale {one.rationale_id} is not among the drafts")
        try:
            group = group_of(one.annotator)
            if (group == "judges") != judge:
                there = "in judge-<name>.jsonl" if group == "judges" else "in judgements.jsonl"
                raise ValueError(f"answers of {one.annotator} belong {there}")
            none = judge and one.question in QUESTIONS and one.answer in (ABSTAINED, INVALID)
            length = None if lengths is None else lengths[one.rationale_id]
            value = None if none else value_of(one.question, one.answer, length)
        except ValueError as error:
            raise RadError(f"{where}: {error}") from None
        if one.seconds is not None and one.seconds < 0:
            raise RadError(f"{where}: seconds must not be negative, got {one.seconds:g}")
        yield Answered(one, group, value)


def read(path: Path, lengths: Mapping[str, int] | None = None, judge: bool = False) -> list[Answered]:
    """The judgements of a file, checked as by :func:`checked`; errors name file and line."""
    numbered = ((f"{path}:{number}", one) for number, one in records.read(path, Judgement))
    return list(checked(numbered, lengths, judge))
