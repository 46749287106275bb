"""The base of metrics that say how much of a rationale there is to read.

Fewer are read sooner; the count alone says nothing of truth, so it is shown and never ranked by. A prediction without a
rationale counts as 0. Source: RAD.
"""

from __future__ import annotations

from abc import abstractmethod

from benchmarks.harness.base import RATIONALE, QueryMetric
from rad.types import Example, Prediction, Rationale


class SizeMetric(QueryMetric):
    needs = RATIONALE
    higher_is_better = False
    ranked = False
    range = (0.0, 1e6)
    missing = 0.0
    family = "soundness"
    default = True

    def score(self, prediction: Prediction, example: Example) -> float | None:
        assert prediction.rationale is not None
        return float(min(self.size(prediction.rationale), self.range[1]))

    @abstractmethod
    def size(self, rationale: Rationale) -> int:
        """How much there is."""
