"""``soundness``: share of a rationale's strength that rests on facts which hold, in [0, 1], higher is better.

Every reason is counted again from the history, the catalogue and the training purchases of others
(:mod:`rad.rationales.facts`). It is sound where it states a fact with its numbers, the numbers are those that are
counted, the fact is beyond what is usual, and what is cited leads to what is claimed. A claim without a fact is
unsound. Of more than ``MOST`` reasons the heaviest are counted, and the others are unsound.

A rationale without reasons scores 0: nothing sound is said. It is undefined only where the history is empty.
Source: RAD; the attribution of Rashkin et al. (2023, Computational Linguistics 49(4)) with a count in the place of
a reader.
"""

from __future__ import annotations

import math

from benchmarks.harness.base import RATIONALE, QueryMetric
from rad.types import Example, Prediction

MOST = 64  # reasons that are counted again: a rationale of ten thousand must not take minutes


class Metric(QueryMetric):
    title = "Soundness"
    hint = "share of the strength whose fact holds and leads to what is claimed"
    needs = RATIONALE | {"facts"}
    family = "soundness"
    position = 1
    default = True
    headline = True
    plotted = True

    def score(self, prediction: Prediction, example: Example) -> float | None:
        assert prediction.rationale is not None
        reasons = sorted(prediction.rationale.reasons, key=lambda reason: -reason.weight)
        total = math.fsum(reason.weight for reason in reasons)
        if total <= 0:
            return 0.0 if example.query.history else None
        sound = (r.weight for r in reasons[:MOST] if next(self.facts.check(r, example.query), None) is None)
        return math.fsum(sound) / total
