"""A rationale that nobody chose: the last purchases in order, with strengths that are the same for everybody.

What ranks as well from it as from a model's reasons does not listen to them: ``choice`` is the difference.

>>> from rad.data.load import open_dataset
>>> from rad.rationales import text
>>> from rad.rationales.facts import Facts
>>> data = open_dataset("world:users=60,items=200")
>>> facts = Facts.of(data.examples["train"], data.items)
>>> text.write(recency_template(facts, data.examples["test"][0].query, 2))
'[19] has 3 other owners: what else they have is most likely. [19] reads like 6 other items: these are most likely. \
Something unexplained is likely.'
"""

from __future__ import annotations

from benchmarks.explanations.changes.candidate_facts import CandidateFacts
from rad.rationales.facts import Facts
from rad.rationales.strengths import LEVELS, weighted
from rad.types import EvidenceKind, Query, Reason

KINDS: tuple[EvidenceKind, ...] = ("co_purchase", "similar")
REST = 16  # the level of the unexplained: that of the third last purchase


def recency_template(facts: Facts, query: Query, k: int) -> tuple[Reason, ...]:
    """The template of one query; of many, :func:`of_candidates` counts at once."""
    return of_candidates(CandidateFacts(facts, [query]), 0, k)


def of_candidates(candidates: CandidateFacts, row: int, k: int) -> tuple[Reason, ...]:
    """What goes with and what reads like the last purchases, as far as both are sound facts.

    The last purchase has the level 64, the one before 32, then 16, 8, and 4 from there on.

    Args:
        candidates: Of a batch of queries.
        row: The query's number among them.
        k: How many reasons at most.
    """
    reasons, numbers = [], dict[int, int]()
    for reason in candidates.reasons(row, KINDS, recent=True)[:k]:
        (index,) = reason.evidence.history
        number = numbers.setdefault(index, len(numbers))
        reasons.append((reason, LEVELS[min(number, len(LEVELS) - 1)]))
    return weighted(reasons, REST)
