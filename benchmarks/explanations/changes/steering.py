"""What somebody who knows the true reasons would change in a rationale: strike what is not true, add what is missing.

The known reasons of a built-in world are no facts with numbers. So the true fact with the same wanted (or avoided)
value stands for each; a known reason to which no sound fact belongs cannot be added.
"""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.explanations.changes.candidate_facts import CandidateFacts
from rad.rationales.strengths import LEVELS, levels, weighted
from rad.types import LASTING, EvidenceKind, Rationale, Reason

NOW: tuple[EvidenceKind, ...] = ("repeat", "transition", "new_repeat")
ALWAYS: tuple[EvidenceKind, ...] = ("lasting", "rating", "absence")
_OF_TASTE = frozenset({"attribute", "constraint"})  # known reasons that hold at all times


def known_facts(reference: Rationale, candidates: CandidateFacts, row: int) -> list[Reason]:
    """The known reasons as facts, the heaviest first, with the weights of the known ones.

    A lasting fact stands for what the user always likes, one of the moment for the others; where there is none of that
    sort, one of the other.
    """
    facts, out = candidates.reasons(row, (*NOW, *ALWAYS)), dict[tuple[object, ...], Reason]()
    for reason in sorted(reference.reasons, key=lambda r: -r.weight):
        lasting = reason.evidence.kind in _OF_TASTE
        # the wanted sort first, then in the order of interest
        ordered = sorted(facts, key=lambda fact: (fact.evidence.kind in LASTING) != lasting)
        for wants, avoids in [*(((c,), ()) for c in reason.wants), *(((), (c,)) for c in reason.avoids)]:
            fact = next((f for f in ordered if (f.wants, f.avoids) == (wants, avoids)), None)
            if fact is not None:
                weight = reason.weight / (len(reason.wants) + len(reason.avoids))
                key = (wants, avoids)
                weight += out[key].weight if key in out else 0.0
                out[key] = Reason(fact.evidence, fact.wants, fact.avoids, weight)
    return sorted(out.values(), key=lambda r: -r.weight)


def struck(reasons: Sequence[Reason], reference: Rationale) -> tuple[Reason, ...]:
    """Without the reasons whose claims are none of the known ones; what claims no value stays."""
    wanted = {claim for reason in reference.reasons for claim in reason.wants}
    avoided = {claim for reason in reference.reasons for claim in reason.avoids}

    def is_known(reason: Reason) -> bool:
        claims = [*(c in wanted for c in reason.wants), *(c in avoided for c in reason.avoids)]
        return any(claims) or not claims

    return tuple(reason for reason in reasons if is_known(reason))


def added(reasons: Sequence[Reason], facts: Sequence[Reason]) -> tuple[Reason, ...]:
    """With ``facts`` as strong as the strongest; one that is there already is made as strong."""
    new = {_key(fact) for fact in facts}
    each, rest = levels(reasons)
    others = [(r, level) for r, level in zip(reasons, each, strict=True) if level and _key(r) not in new]
    return weighted([*((fact, LEVELS[0]) for fact in facts), *others], rest)


def _key(reason: Reason) -> tuple[object, ...]:
    return reason.evidence.kind, reason.wants, reason.avoids
