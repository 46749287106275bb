"""``unexplained``: the share that a rationale leaves unexplained: 1 less the weights of its reasons, in [0, 1].

A prediction without a rationale explains nothing. It is neither good nor bad by itself, so it is shown and never
ranked by: ``unexplained_gap`` says whether it is true. Source: RAD.
"""

from __future__ import annotations

import math

from benchmarks.harness.base import RATIONALE, QueryMetric
from rad.types import Example, Prediction


class Metric(QueryMetric):
    title = "Unexplained"
    hint = "share that the rationale leaves unexplained"
    needs = RATIONALE
    higher_is_better = False
    ranked = False
    family = "soundness"
    position = 4
    default = True

    def score(self, prediction: Prediction, example: Example) -> float | None:
        assert prediction.rationale is not None
        return min(max(1 - math.fsum(reason.weight for reason in prediction.rationale.reasons), 0.0), 1.0)
