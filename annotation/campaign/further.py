"""Further facts: those that reviewers see beside the reasons of a draft, under letters.

``further.jsonl`` has a line a draft, written when it is pushed. So a letter stands for one fact for as long as the
campaign is kept, whatever a later version counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from annotation.campaign.folder import Campaign
from annotation.campaign.judgements import LETTERS
from rad.rationales.facts import Facts
from rad.runtime import records
from rad.runtime.files import Journal
from rad.types import Example, Rationale, Reason

FILE = "further.jsonl"


@dataclass(frozen=True, slots=True)
class Further:
    """The further facts of one draft, in the order of their letters."""

    rationale_id: str
    facts: tuple[Reason, ...]


def read(campaign: Campaign) -> dict[str, tuple[Reason, ...]]:
    """The facts by rationale id; none of campaigns that were pushed before there were any.

    Raises:
        RadError: A line is not of this form.
    """
    path = campaign.file(FILE)
    return {one.rationale_id: one.facts for _, one in records.read(path, Further)} if path.exists() else {}


def write(
    campaign: Campaign, drafts: Iterable[Rationale], examples: Mapping[str, Example], facts: Facts
) -> dict[str, tuple[Reason, ...]]:
    """The same, after adding those of ``drafts`` that are not there yet."""
    with Journal(campaign.file(FILE)) as journal:  # drops a line that a kill cut short
        there = read(campaign)
        for draft in drafts:
            if draft.rationale_id not in there:
                one = Further(draft.rationale_id, _facts(draft, examples[draft.query_id], facts))
                there[one.rationale_id] = one.facts
                journal.append(one)
    return there


def _facts(draft: Rationale, example: Example, facts: Facts) -> tuple[Reason, ...]:
    in_draft = {replace(reason, weight=1.0) for reason in draft.reasons}
    candidates = facts.about(example.query, len(LETTERS) + len(in_draft))
    return tuple(fact for fact in candidates if fact not in in_draft)[: len(LETTERS)]
