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
from rad.rationales.prompt import MOST_REASONS
from rad.runtime import records
from rad.runtime.files import Journal
from rad.types import Example, Rationale, Reason

FILE = "further.jsonl"
BATCH = 1000  # drafts whose facts are counted at once


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
        lacking = [draft for draft in drafts if draft.rationale_id not in there]
        for start in range(0, len(lacking), BATCH):
            part = lacking[start : start + BATCH]
            about = facts.about_all([examples[draft.query_id].query for draft in part], len(LETTERS) + MOST_REASONS)
            for draft, candidates in zip(part, about, strict=True):
                in_draft = {replace(reason, weight=1.0) for reason in draft.reasons}
                others = tuple(fact for fact in candidates if fact not in in_draft)[: len(LETTERS)]
                there[draft.rationale_id] = others
                journal.append(Further(draft.rationale_id, others))
    return there
