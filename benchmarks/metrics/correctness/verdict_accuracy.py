"""``verdict_accuracy``: 1 where the rationale's verdict (``supported``/``unexplained``) is the known one, else 0.

Higher is better. Read it beside the share of the larger class: always saying ``supported`` scores that share.
"""

from __future__ import annotations

from benchmarks.harness.base import QueryMetric
from rad.types import Example, Prediction


class Metric(QueryMetric):
    title = "Verdict accuracy"
    hint = "whether 'unexplained' is said where it is true"
    position = 4
    default = True
    headline = True
    needs = frozenset({"rationale", "known"})
    family = "correctness"

    def score(self, prediction: Prediction, example: Example) -> float | None:
        assert prediction.rationale is not None and example.rationale is not None
        return float(prediction.rationale.verdict == example.rationale.verdict)
