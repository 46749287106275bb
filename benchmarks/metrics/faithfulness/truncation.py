"""``truncation``: area under the curve of how much the ranking changes as reasons are taken away, heaviest first.

The effect is 1 - RBO (:mod:`benchmarks.metrics.faithfulness._faithful`) with 0, 20, 40, 60, 80 and 100% of the reasons
gone, and the area is by the trapezoid rule over that share: in [0, 1], higher is better. Lanham et al. (2307.13702,
section 2.2) cut a chain of thought from its end; reasons have weights instead of an order, so the heaviest go first, as
the most relevant do in Samek et al. (2017, section III-B), and ``truncation_order`` compares with the lightest first. A
model that ignores its rationale scores 0, and an empty rationale is undefined.
"""

from __future__ import annotations

import numpy as np

from benchmarks.explanations.changes.perturbations import STEPS
from benchmarks.harness.base import FaithfulnessMetric
from benchmarks.metrics.faithfulness._faithful import Effect


class Metric(FaithfulnessMetric):
    title = "Truncation"
    hint = "change of the ranking as reasons are taken away"
    asks = (*(f"heaviest_first_{percent}" for percent in STEPS), "none")

    def effect(self, of: Effect) -> float | None:
        return area(of, "heaviest")


def area(of: Effect, first: str) -> float | None:
    """Mean height of the truncation curve, heaviest or lightest reasons gone first."""
    points = [0.0, *(of(f"{first}_first_{percent}") for percent in STEPS), of("none")]
    defined = [point for point in points if point is not None]
    return float(np.trapezoid(defined, [0, *STEPS, 100]) / 100) if len(defined) == len(points) else None
