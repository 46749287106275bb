"""``reasons``: how many reasons a rationale has. Source: RAD."""

from __future__ import annotations

from benchmarks.metrics.soundness._size import SizeMetric
from rad.types import Rationale


class Metric(SizeMetric):
    title = "Reasons"
    hint = "number of reasons"
    position = 5

    def size(self, rationale: Rationale) -> int:
        return len(rationale.reasons)
