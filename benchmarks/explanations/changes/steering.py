"""A simulated user argues with a rationale, one edit at a time; and controls that make as many edits without knowing.

The user knows their own motives (:mod:`rad.world.motives`) and never the item. An edit strikes a reason that none of
the motives supports, or says a motive in their own word, as a wish or a veto (:data:`rad.types.WISHES`) that is as
strong as the motive is beside the strongest one. Of these the user makes the one that changes the largest share: a
reason's own when it is struck; for a motive its part in all that moves the user, less what the rationale gives to it.
What claims no value ("what other owners have") cannot be judged by motives and stays. A rationale stays as long as it
was, or at most eight reasons: the weakest makes room.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from rad.rationales.strengths import LEVELS
from rad.types import LASTING, WISHES, Evidence, Item, Reason
from rad.world.motives import Motive

EDITS = 3
MOST = 8  # reasons of a rationale that had fewer
_LEAST = LEVELS[-1] / LEVELS[0]  # of the strongest reason: weaker ones are not said
_CLOSE = 1e-9
Claim = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Edit:
    """A reason taken away, or one stated, with ``share`` of the strength of the strongest reason."""

    struck: Reason | None = None
    statement: Reason | None = None
    share: float = 1.0


def edited(reasons: Sequence[Reason], edit: Edit) -> tuple[Reason, ...]:
    """The reasons after an edit, their weights and the unexplained rest normalised anew, the strongest first."""
    rest = 1 - sum(r.weight for r in reasons)
    left = [r for r in reasons if r != edit.struck]
    if edit.statement is not None:
        if len(left) >= max(MOST, len(reasons)):
            left.remove(min(left, key=lambda r: r.weight))
        left.append(replace(edit.statement, weight=edit.share * _strongest(reasons)))
    total = rest + sum(r.weight for r in left)
    ordered = sorted(left, key=lambda r: -r.weight)
    return tuple(replace(r, weight=r.weight / total) for r in ordered) if total > _CLOSE else ()


def wish(claim: Claim, is_wanted: bool) -> Reason:
    """The user's own word that they want a value, or do not want it."""
    if is_wanted:
        return Reason(Evidence((), "wish", *claim), wants=(claim,))
    return Reason(Evidence((), "veto", *claim), avoids=(claim,))


def user_edits(reasons: Sequence[Reason], motives: Sequence[Motive]) -> Iterator[Edit]:
    """What the user changes, edit by edit, each to the reasons that the last one left; ends where all is right.

    Args:
        reasons: Of the rationale.
        motives: What moves the user; none where nothing in particular does.
    """
    while True:
        options = [*_strikes(reasons, motives), *_statements(reasons, motives)]
        if not options:
            return
        _, edit = max(options, key=lambda option: option[0])  # of equal ones the first
        yield edit
        reasons = edited(reasons, edit)


def random_edits(
    reasons: Sequence[Reason], edits: Iterable[Edit], facts: Sequence[Reason], seed: str
) -> Iterator[Edit]:
    """As many edits of the same sorts by somebody who knows nothing: any reason struck, any value of a fact wished for.

    Args:
        reasons: Of the rationale.
        edits: The user's.
        facts: The sound facts of the history that claim one value: what they claim may be wished for, or ruled out.
        seed: Of chance.
    """
    draw = random.Random(f"{seed} edits")
    for edit in edits:
        claimed = {(r.wants, r.avoids) for r in reasons}
        unsaid = [f for f in facts if (f.wants, f.avoids) not in claimed]
        judged = [r for r in reasons if r.wants or r.avoids]
        if edit.statement is not None and unsaid:
            fact = draw.choice(unsaid)
            other = Edit(statement=wish((fact.wants or fact.avoids)[0], bool(fact.wants)), share=edit.share)
        elif judged:
            other = Edit(struck=draw.choice(judged))
        else:
            return
        yield other
        reasons = edited(reasons, other)


def motives_of_answer(answer: Item, rarity: Mapping[Claim, float]) -> list[Motive]:
    """What somebody knows who sees the answer: its values, each as strong a motive as the value is rare.

    The rarest is wanted now and the others with it, so that they count inside each other.
    """
    claims = [(a, value) for a, values in answer.attributes.items() for value in values]
    ordered = sorted(claims, key=lambda claim: -rarity[claim])
    return [Motive(claim, max(1, round(100 * rarity[claim])), k > 0) for k, claim in enumerate(ordered)]


def strikes(reasons: Sequence[Reason], those: Sequence[Reason]) -> Iterator[Edit]:
    """Each of ``those`` among the reasons struck, in this order."""
    for reason in those:
        same = next(r for r in reasons if replace(r, weight=1.0) == replace(reason, weight=1.0))
        yield Edit(struck=same)
        reasons = edited(reasons, Edit(struck=same))


def _strikes(reasons: Sequence[Reason], motives: Sequence[Motive]) -> Iterator[tuple[float, Edit]]:
    """The strikes of reasons that no motive supports, each with its share."""
    wanted = {m.claim for m in motives if m.units > 0}
    avoided = {m.claim for m in motives if m.units < 0}
    for reason in reasons:
        claims = [*(c in wanted for c in reason.wants), *(c in avoided for c in reason.avoids)]
        if claims and not any(claims):
            yield reason.weight, Edit(struck=reason)


def _statements(reasons: Sequence[Reason], motives: Sequence[Motive]) -> Iterator[tuple[float, Edit]]:
    """Motives that the user has not said, each with the share of it that the rationale lacks."""
    total = sum(abs(m.units) for m in motives)
    strongest = max((abs(m.units) for m in motives), default=0)
    for motive in motives:
        share = max(abs(motive.units) / strongest, _LEAST)
        is_wanted = motive.units > 0
        same = _of(reasons, motive.claim, is_wanted)
        missing = abs(motive.units) / total - sum(r.weight for r in same)
        if missing > 0 and not any(r.evidence.kind in WISHES for r in same):
            yield missing, Edit(statement=wish(motive.claim, is_wanted), share=share)


def _of(reasons: Sequence[Reason], claim: Claim, is_wanted: bool) -> list[Reason]:
    """The reasons that want, or avoid, just this value."""
    one, none = (claim,), ()
    return [r for r in reasons if (r.wants, r.avoids) == ((one, none) if is_wanted else (none, one))]


def _strongest(reasons: Sequence[Reason]) -> float:
    """The weight that the five strengths are shares of."""
    rest = 1 - sum(r.weight for r in reasons)
    return max([r.weight for r in reasons if r.evidence.kind not in LASTING] + [rest])
