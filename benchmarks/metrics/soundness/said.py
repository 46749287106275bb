"""``said``: share of the strength of the reasons that the text states, in [0, 1], higher is better.

The text is parsed (:mod:`rad.rationales.text`). A reason is said where the text has it with the same citations,
numbers, claims, direction and strength, each as often as the reasons have it. What the text says beside them changes
nothing here: ``prose`` counts it. Of a text the first ``LONGEST`` characters are read.

A rationale without reasons scores 0, as does prose: there is nothing from which a reader could rank. It is undefined
only where the history is empty. Source: RAD.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace

from benchmarks.harness.base import RATIONALE, QueryMetric
from rad.rationales import text
from rad.rationales.strengths import levels
from rad.types import Example, Prediction

LONGEST = 20_000  # characters; eight reasons take about 700


class Metric(QueryMetric):
    title = "Said"
    hint = "share of the strength of what ranks that the text states"
    needs = RATIONALE
    family = "soundness"
    position = 2
    default = True
    headline = True

    def score(self, prediction: Prediction, example: Example) -> float | None:
        assert prediction.rationale is not None
        reasons = prediction.rationale.reasons
        total = math.fsum(reason.weight for reason in reasons)
        if total <= 0:
            return 0.0 if example.query.history else None
        in_text, _, _ = text.read(prediction.rationale.text[:LONGEST])
        left = Counter((replace(reason, weight=1.0), level) for reason, level in in_text)
        weights = []
        for reason, level in zip(reasons, levels(reasons)[0], strict=True):
            key = replace(reason, weight=1.0), level
            if left[key] > 0:
                left[key] -= 1
                weights.append(reason.weight)
        return math.fsum(weights) / total
