"""``reader_gain_own@k``: how much better the proxy ranker ranks with the own rationale than with another user's.

NDCG@k of :mod:`benchmarks.explanations.proxy_ranker` with history and rationale, less its NDCG@k with the history and
the rationale that was written for another user. In [-1, 1], higher is better. Rationales that fit anybody score 0
however helpful they are, copied ones about 0, and empty ones exactly 0. The target's name is masked in both. Undefined
where all queries are of one user. Source: RAD, DESIGN section 9.
"""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.metrics.reader_gain._reading import ReadingMetric
from benchmarks.metrics.specificity._text import partners
from rad.types import Example, Prediction


class Metric(ReadingMetric):
    version = 2
    title = "Own reader gain"
    hint = "what the own text is worth beyond another user's, in NDCG@10"

    def score_each(self, predictions: Sequence[Prediction], examples: Sequence[Example]) -> list[float | None]:
        other = partners(examples)
        if other is None:
            return [None] * len(examples)
        own = self.ndcg(self.masked(predictions, examples), examples)
        swapped = self.ndcg(self.masked([predictions[k] for k in other], examples), examples)
        return [a - b for a, b in zip(own, swapped, strict=True)]
