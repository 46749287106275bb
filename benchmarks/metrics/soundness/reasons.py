"""``reasons``: how many reasons a rationale has. Fewer are read sooner; the count alone says nothing of their truth.

A prediction without a rationale counts as 0. Shown and never ranked by. Source: RAD.
"""

from __future__ import annotations

from benchmarks.harness.base import RATIONALE, QueryMetric
from rad.types import Example, Prediction


class Metric(QueryMetric):
    title = "Reasons"
    hint = "number of reasons"
    needs = RATIONALE
    higher_is_better = False
    ranked = False
    range = (0.0, 1e6)
    missing = 0.0
    family = "soundness"
    position = 5
    default = True

    def score(self, prediction: Prediction, example: Example) -> float | None:
        assert prediction.rationale is not None
        return float(min(len(prediction.rationale.reasons), self.range[1]))
