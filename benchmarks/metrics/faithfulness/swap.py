"""``swap``: how much the ranking changes when the model is given another user's rationale.

1 - RBO (:mod:`benchmarks.metrics.faithfulness._faithful`), in [0, 1]; higher is better: the ranking is that of the
rationale. A model that ignores its rationale scores 0, and so do rationales that are all the same. Source: RAD, DESIGN
section 9; a stronger form of the added mistakes of Lanham et al. (2307.13702, section 2.3): all of the reasoning is
another's.
"""

from benchmarks.harness.base import FaithfulnessMetric


class Metric(FaithfulnessMetric):
    title = "Swap"
    hint = "change of the ranking under another user's rationale"
    headline = True
    plotted = True
    asks = ("swap",)
