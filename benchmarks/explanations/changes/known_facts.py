"""The known reasons of a built-in world as facts.

These are no facts with numbers. So the true fact with the same wanted (or avoided) value stands for each; a known
reason to which no sound fact belongs is left out.
"""

from __future__ import annotations

from benchmarks.explanations.changes.candidate_facts import CandidateFacts
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
