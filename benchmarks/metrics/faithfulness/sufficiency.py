"""``sufficiency``: how much less the ranking changes when the cited purchases alone are left than others alone.

ERASER (DeYoung et al., ACL 2020, section 4): m(x) - m(r), r being the cited purchases as in ``comprehensiveness``; here
that of as many purchases drawn at random from the rest, less that of the cited ones, so that higher is better. The
effect is 1 - RBO (:mod:`benchmarks.metrics.faithfulness._faithful`): in [-1, 1]. A model that ignores its rationale
scores 0 where the citations are beside the point. Undefined where nothing is cited, as by an empty rationale.
"""

from __future__ import annotations

from benchmarks.harness.base import FaithfulnessMetric
from benchmarks.metrics.faithfulness._faithful import Effect, difference


class Metric(FaithfulnessMetric):
    title = "Sufficiency"
    hint = "how much nearer the cited purchases alone come to the ranking than others alone"
    asks = ("only_cited", "only_random")

    def effect(self, of: Effect) -> float | None:
        return difference(of, "only_random", "only_cited")
