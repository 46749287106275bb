"""``comprehensiveness``: how much more the ranking changes without the cited purchases than without others.

ERASER (DeYoung et al., ACL 2020, section 4): m(x) - m(x \\ r), r being the cited purchases (the three that most weight
rests on, at most half of the history); less the same for as many purchases drawn at random from the rest, since any
removal changes something. What is removed is unseen by the model, is not ranked, and takes with it the reasons that
cite nothing else. The effect is 1 - RBO (:mod:`benchmarks.metrics.faithfulness._faithful`): in [-1, 1], higher is
better. It tests what is cited: a model that ignores its rationale scores 0 where the citations are beside the point.
Undefined where nothing is cited, as by an empty rationale, or too little of the history is left.
"""

from __future__ import annotations

from benchmarks.harness.base import FaithfulnessMetric
from benchmarks.metrics.faithfulness._faithful import Effect, difference


class Metric(FaithfulnessMetric):
    title = "Comprehensiveness"
    hint = "change of the ranking without the cited purchases, beyond that without others"
    asks = ("without_cited", "without_random")

    def effect(self, of: Effect) -> float | None:
        return difference(of, "without_cited", "without_random")
