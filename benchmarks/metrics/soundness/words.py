"""``words``: how many words a rationale's text has, with its citations and numbers. Source: RAD."""

from __future__ import annotations

from benchmarks.metrics.soundness._size import SizeMetric
from rad.types import Rationale


class Metric(SizeMetric):
    title = "Words"
    hint = "number of words of the text"
    position = 6

    def size(self, rationale: Rationale) -> int:
        return len(rationale.text.split())
