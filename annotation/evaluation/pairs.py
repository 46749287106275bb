"""Pairwise comparison: two models' rationales for one query, one above the other, and which of them people prefer.

``comparisons.jsonl`` has a :class:`rad.types.Judgement` for each answer. Its rationale_id names the pair,
``FIRST+SECOND`` by the drafts' ids, as the two stood on the page. Its answer is one of :data:`ANSWERS`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

from annotation.campaign import judgements
from annotation.campaign.folder import Campaign
from annotation.campaign.pseudonyms import group_of
from rad.errors import RadError
from rad.runtime.files import write_jsonl
from rad.types import Judgement, Rationale

FILE = "comparisons.jsonl"
Preference = Literal["first", "alike", "second"]
ANSWERS: dict[Preference, str] = {"first": "The first", "alike": "Both alike", "second": "The second"}
QUESTIONS = {
    "plausible": "Which is more plausible as the reason why?",
    "trusted": "Which would you rather rely on, if a shop explained itself like this?",
}


@dataclass(frozen=True, slots=True)
class Pair:
    """Two drafts for one query, of different drafters."""

    first: Rationale
    second: Rationale

    @property
    def pair_id(self) -> str:
        """``FIRST+SECOND`` by the drafts' ids."""
        return f"{self.first.rationale_id}+{self.second.rationale_id}"


def pairs(drafts: Iterable[Rationale]) -> list[Pair]:
    """All pairs, in the order of hashes. A hash says, too, which stands first. Equal texts are not compared."""
    by_query: dict[str, list[Rationale]] = {}
    for draft in drafts:
        by_query.setdefault(draft.query_id, []).append(draft)
    all_pairs = []
    for of_query in by_query.values():
        ordered = sorted(of_query, key=lambda draft: draft.rationale_id)  # ids are hashes
        all_pairs += [Pair(*two) for two in combinations(ordered, 2) if _differ(*two)]
    return sorted(all_pairs, key=lambda pair: hashlib.sha256(pair.pair_id.encode()).digest())


def _differ(one: Rationale, other: Rationale) -> bool:
    return one.drafter != other.drafter and one.text != other.text


def read(campaign: Campaign) -> list[Judgement]:
    """The answers pulled so far, checked; nothing before the first pull.

    Raises:
        RadError: A line answers no question of :data:`QUESTIONS`, or with none of :data:`ANSWERS`.
    """
    path = campaign.file(FILE)
    numbered = list(judgements.numbered(path)) if path.exists() else []
    for where, one in numbered:
        if one.question not in QUESTIONS or one.answer not in ANSWERS or "+" not in one.rationale_id:
            raise RadError(f"{where}: {one.question} '{one.answer}' on {one.rationale_id} is no answer on a pair")
        try:
            group_of(one.annotator)
        except ValueError as error:
            raise RadError(f"{where}: {error}") from None
    return [one for _, one in numbered]


def write(campaign: Campaign, answers: Sequence[Judgement]) -> None:
    """Write the answers, whole or not at all."""
    write_jsonl(campaign.file(FILE), answers)
