"""``unexplained``: the share that a rationale leaves unexplained, in [0, 1].

It is the weight left over, against that of the reasons of the moment; lasting ones hold beside them and explain no
choice by themselves.

A prediction without a rationale explains nothing. It is neither good nor bad by itself, so it is shown and never
ranked by: ``unexplained_gap`` says whether it is true. Source: RAD.
"""

from __future__ import annotations

from benchmarks.harness.base import RATIONALE, QueryMetric
from rad.rationales.strengths import unexplained
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
        return unexplained(prediction.rationale.reasons)
