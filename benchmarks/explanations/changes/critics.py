"""Who argues with rationales: each critic edits a rationale step by step, and the model ranks from what they leave.

================  ====================================================================================================
edits             a simulated user of a built-in world, who knows their motives and not the item
random edits      as many edits of the same sorts by somebody who knows nothing: the first control
leaking edits     of the same sorts by somebody who sees the answer, which no user does: how far edits could lead
strikes           a user of real data strikes the reasons that a *later* purchase of theirs contradicts
random strikes    as many reasons struck by chance
================  ====================================================================================================

A later purchase is one after the answer, so it needs a split whose answers are not the last purchases (validation). It
stands for what a person knows of themselves and a history does not show: neither the model nor the critic sees the
answer. It contradicts a reason that wants values of an attribute which it has with other values only, or that avoids
one of its values; and one that claims no value where it shares none with what is cited.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice
from typing import Literal, get_args

from benchmarks.explanations.changes.candidate_facts import CandidateFacts
from benchmarks.explanations.changes.known_facts import ALWAYS, NOW
from benchmarks.explanations.changes.steering import (
    EDITS,
    Claim,
    Edit,
    edited,
    motives_of_answer,
    random_edits,
    strikes,
    user_edits,
)
from benchmarks.explanations.rewriting import in_form, rewritten
from rad.types import Example, Item, Query, Rationale, Reason
from rad.world.motives import Motive

Critic = Literal["edits", "random edits", "leaking edits", "strikes", "random strikes"]
CRITICS: tuple[Critic, ...] = get_args(Critic)


@dataclass
class Critics:
    """The critics of some rationales, one an example.

    Attributes:
        examples: With their answers, which ``leaking edits`` alone see.
        rationales: One each, beside the same query.
        items: The catalogue.
        candidates: The sound facts of each query, of whose values random edits wish.
        motives: What the users know of themselves, by query id; those that nobody knows are missing.
        later: A purchase after the answer, by query id, where there is one.
    """

    examples: Sequence[Example]
    rationales: Sequence[Rationale]
    items: Mapping[str, Item]
    candidates: CandidateFacts
    motives: Mapping[str, Sequence[Motive]] = field(default_factory=dict)
    later: Mapping[str, Item] = field(default_factory=dict)

    def after(self, critic: Critic, n: int, row: int) -> Rationale | None:
        """The rationale after ``n`` edits, or after all where the critic has no more; None where there is no critic."""
        own, query = self.rationales[row], self.examples[row].query
        if query.query_id not in (self.later if critic in ("strikes", "random strikes") else self.motives):
            return None
        reasons = own.reasons
        for edit in islice(self._edits(critic, row), n):
            reasons = edited(reasons, edit)
        if reasons is own.reasons:
            return own
        return rewritten(own, query, reasons) if in_form(own) else replace(own, reasons=reasons)

    def _edits(self, critic: Critic, row: int) -> Iterator[Edit]:
        example, reasons = self.examples[row], self.rationales[row].reasons
        key = example.query.query_id
        if critic in ("strikes", "random strikes"):
            to_strike = contradicted(reasons, example.query, self.later[key], self.items)
            if critic == "random strikes":
                to_strike = random.Random(f"{key} strikes").sample(reasons, len(to_strike))
            return strikes(reasons, to_strike)
        if critic == "leaking edits":
            answer = self.items[next(iter(example.relevant))]
            return user_edits(reasons, motives_of_answer(answer, self._rarity))
        edits = islice(user_edits(reasons, self.motives[key]), EDITS)
        if critic == "random edits":
            return random_edits(reasons, edits, self.candidates.reasons(row, (*NOW, *ALWAYS)), key)
        return edits

    @cached_property
    def _rarity(self) -> dict[Claim, float]:
        """How rare the items with a value are."""
        count = Counter((a, v) for item in self.items.values() for a, values in item.attributes.items() for v in values)
        return {claim: -math.log(n / len(self.items)) for claim, n in count.items()}


def contradicted(reasons: Sequence[Reason], query: Query, later: Item, items: Mapping[str, Item]) -> list[Reason]:
    """The reasons that a later purchase contradicts, the strongest first."""
    return sorted((r for r in reasons if _contradicts(later, r, query, items)), key=lambda r: -r.weight)


def _contradicts(later: Item, reason: Reason, query: Query, items: Mapping[str, Item]) -> bool:
    has = later.attributes
    if reason.wants:
        claims = [(a, value) for a, value in reason.wants if has.get(a)]
        return bool(claims) and all(value not in has[a] for a, value in claims)
    if reason.avoids:
        return any(value in has.get(a, ()) for a, value in reason.avoids)
    cited = [items[query.history[k].item_id] for k in reason.evidence.history if k < len(query.history)]
    compared = [(set(has[a]), set(item.attributes[a])) for item in cited for a in item.attributes if has.get(a)]
    return bool(compared) and all(mine.isdisjoint(theirs) for mine, theirs in compared)
