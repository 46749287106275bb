"""``words``: how many words a rationale's text has, with its citations and numbers. Fewer are read sooner.

A prediction without a rationale counts as 0. Shown and never ranked by. Source: RAD.
"""

from __future__ import annotations

from benchmarks.harness.base import RATIONALE, QueryMetric
from rad.types import Example, Prediction


class Metric(QueryMetric):
    title = "Words"
    hint = "number of words of the text"
    needs = RATIONALE
    higher_is_better = False
    ranked = False
    range = (0.0, 1e6)
    missing = 0.0
    family = "soundness"
    position = 6
    default = True

    def score(self, prediction: Prediction, example: Example) -> float | None:
        assert prediction.rationale is not None
        return float(min(len(prediction.rationale.text.split()), self.range[1]))
