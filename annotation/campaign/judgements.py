"""The questions of the review form, how their answers are written down, and the one reader of judgements.

A :class:`rad.types.Judgement` holds its answer as a string; here is what each string means.

===============  ========  ==========================================================================
question         kind      answer
===============  ========  ==========================================================================
``plausibility``  ordinal  ``1`` .. ``5``
``trust``         ordinal  ``1`` .. ``5``
``verdict``       nominal  one of :data:`VERDICTS`
``errors``        set      JSON list of :data:`ERRORS`, sorted, each once; ``[]`` where there is none
``unsupported``   spans    JSON list of ``[start, end, label]``, characters of the draft's text, end excluded
``strike``        set      JSON list of the numbers of the draft's reasons, of :data:`NUMBERS`, that do not hold
``weaken``        set      the same of reasons that are weaker than the draft says
``strengthen``    set      the same of reasons that are stronger
``add_fact``      set      JSON list of the letters of further facts, of :data:`LETTERS`, that are reasons, too
``edited``        text     the corrected text
``comment``       text     what the reviewer tells the lead; releases are without it
===============  ========  ==========================================================================

Forms of campaigns under version 1 of the guidelines had no question on single reasons, so their files have no answers.
Who answered stands in the pseudonym (:mod:`annotation.campaign.pseudonyms`). In the files of judges two more answers
exist: ``abstained`` and ``invalid``.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from annotation.campaign.folder import Campaign
from annotation.campaign.pseudonyms import Group, group_of
from rad import registry
from rad.errors import RadError
from rad.rationales.prompt import MOST_REASONS
from rad.runtime import records
from rad.runtime.files import write_jsonl
from rad.types import Judgement

Kind = Literal["ordinal", "nominal", "set", "spans", "text"]
Span = tuple[int, int, str]
Value = str | frozenset[str] | tuple[Span, ...]
Key = tuple[str, str]  # rationale id and pseudonym: who answered on what

FILE = "judgements.jsonl"
JUDGES = "judge-*.jsonl"  # one file a judge, beside FILE
SCALE = ("1", "2", "3", "4", "5")
VERDICT_LABELS = {
    "accept": "Accept as it is",
    "accept_edited": "Accept with my correction",
    "reject": "Reject",
    "unsure": "I cannot tell",
}
ERROR_LABELS = {  # in the order of the form
    "hallucinated": "Says what is not in the history",
    "contradicts": "Contradicts the history",
    "generic": "Would fit almost anybody",
    "names_item": "Names the item that was bought",
    "hindsight": "Speaks as if the purchase were known",
    "wrong_weight": "A weak reason is told as a strong one, or the other way round",
    "language": "Hard to read",
}
SPAN_LABELS = {"unsupported": "Not supported by the history", "wrong": "Wrong"}
NUMBERS = tuple(str(k + 1) for k in range(MOST_REASONS))  # of the draft's reasons
LETTERS = tuple("ABCDEFGHIJKL")  # of further facts
EDITS: Mapping[str, tuple[str, ...]] = {  # question on single reasons -> its answers
    "strike": NUMBERS,
    "weaken": NUMBERS,
    "strengthen": NUMBERS,
    "add_fact": LETTERS,
}
VERDICTS, ERRORS = tuple(VERDICT_LABELS), tuple(sorted(ERROR_LABELS))
QUESTIONS: Mapping[str, Kind] = {
    "plausibility": "ordinal",
    "trust": "ordinal",
    "verdict": "nominal",
    "errors": "set",
    "unsupported": "spans",
    "strike": "set",
    "weaken": "set",
    "strengthen": "set",
    "add_fact": "set",
    "edited": "text",
    "comment": "text",
}
OPTIONS: Mapping[str, tuple[str, ...]] = {
    "plausibility": SCALE,
    "trust": SCALE,
    "verdict": VERDICTS,
    "errors": ERRORS,
    **EDITS,
}
OF_JUDGES = ("plausibility", "trust", "verdict", "errors")  # the questions that judges answer, too
ABSTAINED, INVALID = "abstained", "invalid"


@dataclass(frozen=True, slots=True)
class Form:
    """What one reviewer answered on one draft: when, and what it says if it is submitted."""

    answered_at: str
    judgements: Sequence[Judgement]


@dataclass(frozen=True, slots=True)
class Answered:
    """One judgement with its answer read. ``value`` is None where a judge abstained or answered something invalid."""

    judgement: Judgement
    group: Group
    value: Value | None


def value_of(question: str, answer: str, length: int | None = None) -> Value:
    """Read an answer.

    Args:
        question: One of :data:`QUESTIONS`.
        answer: The string of a judgement.
        length: Characters of the draft's text, where it is known.

    Returns:
        A string, a set of codes, or spans (start, end, label), by the kind of the question.

    Raises:
        ValueError: The question does not exist, or the answer is none of its answers.
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


def _codes(question: str, value: list[str]) -> frozenset[str]:
    if unknown := [code for code in value if code not in OPTIONS[question]]:
        raise ValueError(f"{question}: {unknown[0]!r} is not one of {', '.join(OPTIONS[question])}")
    if value != sorted(set(value)):
        raise ValueError(f"{question}: the codes must be sorted and each stand once, got {json.dumps(value)}")
    return frozenset(value)


def _spans(question: str, value: list[object], length: int | None) -> tuple[Span, ...]:
    spans: list[Span] = []
    for span in value:
        if not isinstance(span, list) or [type(x) for x in span] != [int, int, str]:
            raise ValueError(f"{question}: {json.dumps(span)[:80]} is not [start, end, label]")
        start, end, label = span
        if not 0 <= start < end or (length is not None and end > length):
            limit = "" if length is None else f" of {length} characters"
            raise ValueError(f"{question}: [{start}, {end}] is no span of the draft's text{limit}")
        spans.append((start, end, label))
    return tuple(spans)


def checked(
    judgements: Iterable[tuple[str, Judgement]], lengths: Mapping[str, int] | None = None, judge: bool = False
) -> Iterator[Answered]:
    """Read the answers of judgements, strictly.

    Args:
        judgements: Each with the place that an error names (``file:line``).
        lengths: Characters of the drafts' texts by rationale id. A rationale that is not among them is refused.
        judge: Whether these are the judgements of judges, who have files of their own.

    Raises:
        RadError: A question is unknown, an answer is outside its options, or a name is no pseudonym. Or one reviewer
            answered one question on one rationale twice.
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
            no_value = judge and one.question in QUESTIONS and one.answer in (ABSTAINED, INVALID)
            length = None if lengths is None else lengths[one.rationale_id]
            value = None if no_value else value_of(one.question, one.answer, length)
        except ValueError as error:
            raise RadError(f"{where}: {error}") from None
        if one.seconds is not None and one.seconds < 0:
            raise RadError(f"{where}: seconds must not be negative, got {one.seconds:g}")
        yield Answered(one, group, value)


def numbered(path: Path) -> Iterator[tuple[str, Judgement]]:
    """Each judgement of a file, with ``file:line``. Every other reader here reads through this one."""
    return ((f"{path}:{number}", one) for number, one in records.read(path, Judgement))


def read_answers(path: Path, lengths: Mapping[str, int] | None = None, judge: bool = False) -> list[Answered]:
    """Read a file's judgements as :func:`checked` does. Errors name file and line."""
    return list(checked(numbered(path), lengths, judge))


def read(campaign: Campaign) -> list[Judgement]:
    """Read what ``pull`` has written so far; nothing before the first pull."""
    path = campaign.file(FILE)
    return [one for _, one in numbered(path)] if path.exists() else []


def read_reviewers(campaign: Campaign, lengths: Mapping[str, int]) -> list[Answered]:
    """Read what reviewers answered on a campaign's drafts, checked.

    Raises:
        RadError: Nothing was pulled yet, or :func:`checked` refuses a line.
    """
    path = campaign.file(FILE)
    if not path.exists():
        raise RadError(f"{path}: no such file: 'python -m annotation pull {campaign.path}' fetches the answers")
    return read_answers(path, lengths)


def write(campaign: Campaign, judgements: Iterable[Judgement]) -> None:
    """Write the campaign's judgements, whole or not at all."""
    write_jsonl(campaign.file(FILE), judgements)


def merged(earlier: Iterable[Judgement], there: Mapping[Key, Form]) -> tuple[list[Judgement], int]:
    """What is there now (on the server, or in the file of another tool) beside what was pulled ``earlier``.

    An earlier answer gives way to a newer one of the same person alone, be it discarded or saved as a draft. A server
    may lose records, accounts or all, and an older backup may be put back.

    Returns:
        The judgements, and how many earlier answers (forms) are not there.
    """
    by_form = defaultdict[Key, list[Judgement]](list)
    for one in earlier:
        by_form[one.rationale_id, one.annotator].append(one)
    lost = {
        key for key, form in by_form.items() if key not in there or (form[0].answered_at or "") > there[key].answered_at
    }
    lasting = [one for key in lost for one in by_form[key]]
    return lasting + [one for key, form in there.items() if key not in lost for one in form.judgements], len(lost)
