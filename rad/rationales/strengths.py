"""The five strengths of a reason: words with fixed shares, so that a text carries the weights exactly.

A rationale states for each reason, and for what stays unexplained, one of five levels. A weight is a level over the sum
of all of them. Of the levels of what is wanted now and of the unexplained the largest is 64: so levels can be read back
from weights. What is lasting has levels on the same scale, each a fixed log odds for the head that ranks.

>>> from rad.types import Evidence
>>> now, lasting = Evidence((0,), "similar"), Evidence((0,), "lasting", "colour", "red")
>>> reasons = weighted([(Reason(now), 64), (Reason(lasting), 8)], rest=16)
>>> levels(reasons)
([64, 8], 16)
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

from rad.types import LASTING, Reason

LEVELS = (64, 32, 16, 8, 4)
WORDS = ("most likely", "very likely", "likely", "possible", "just possible")
LASTING_WORDS = ("a very strong", "a strong", "a clear", "a slight", "a faint")
_TOLERANCE = 1e-6  # of the sum of the weights
_LEAST = LEVELS[-1] / math.sqrt(2)  # what is below it rounds to nothing


def weighted(reasons: Iterable[tuple[Reason, int]], rest: int) -> tuple[Reason, ...]:
    """The reasons with the weights that their levels give, strongest first; ties keep their order.

    Args:
        reasons: Each with its level.
        rest: The level of what stays unexplained; 0 for nothing.
    """
    strongest_first = sorted(reasons, key=lambda pair: -pair[1])
    total = rest + sum(level for _, level in strongest_first)
    return tuple(replace(reason, weight=level / total) for reason, level in strongest_first)


def levels(reasons: Sequence[Reason]) -> tuple[list[int], int]:
    """The level of each reason and of the unexplained, by rounding the weights; 0 for a share that is negligible."""
    rest = 1 - math.fsum(reason.weight for reason in reasons)
    rest = rest if rest > _TOLERANCE else 0.0
    top = max([reason.weight for reason in reasons if reason.evidence.kind not in LASTING] + [rest])
    if top <= 0:
        return [0 for _ in reasons], 0
    return [level_of(LEVELS[0] * reason.weight / top) for reason in reasons], level_of(LEVELS[0] * rest / top)


def unexplained(reasons: Sequence[Reason]) -> float:
    """The share that no reason of the moment explains: what lasts holds beside the others, and explains no choice."""
    rest = max(1 - math.fsum(reason.weight for reason in reasons), 0.0)
    now = math.fsum(reason.weight for reason in reasons if reason.evidence.kind not in LASTING)
    return rest / (rest + now) if now > 0 else 1.0


def level_of(share: float) -> int:
    """The nearest level of a share (64 for the largest one) by its logarithm; 0 below the least."""
    return int(2 ** round(math.log2(min(share, LEVELS[0])))) if share >= _LEAST else 0


def rounded(reasons: Sequence[Reason]) -> tuple[Reason, ...]:
    """The reasons with their weights rounded to levels; what rounds to nothing is left out."""
    each, rest = levels(reasons)
    in_words = [pair for pair in zip(reasons, each, strict=True) if pair[1]]
    return weighted(in_words, rest)
