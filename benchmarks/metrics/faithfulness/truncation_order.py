"""``truncation_order``: do the weights say which reasons matter? Area of ``truncation`` less that with lightest first.

In [-1, 1], higher is better: taking the heaviest reasons away changes the ranking (1 - RBO) sooner than taking the
lightest away. 0 where the weights say nothing, where a rationale has one reason, and where a model ignores its
rationale; undefined where it is empty. Source: the area between the two curves of Samek et al. 2017 (section III-B),
for reasons as in Lanham et al. (2307.13702, section 2.2).
"""

from __future__ import annotations

from benchmarks.explanations.changes.perturbations import STEPS
from benchmarks.harness.base import FaithfulnessMetric
from benchmarks.metrics.faithfulness._faithful import Effect
from benchmarks.metrics.faithfulness.truncation import area


class Metric(FaithfulnessMetric):
    title = "Truncation order"
    hint = "whether the heaviest reasons matter more than the lightest"
    plotted = True
    asks = (*(f"{first}_first_{percent}" for first in ("heaviest", "lightest") for percent in STEPS), "none")

    def effect(self, of: Effect) -> float | None:
        heaviest, lightest = area(of, "heaviest"), area(of, "lightest")
        return None if heaviest is None or lightest is None else heaviest - lightest
