"""What the metrics of reader gain share: NDCG of the proxy ranker with one rationale and with another,
or with none.

The target's name is masked before anything is read (:func:`benchmarks.explanations.proxy_ranker.masked`), so that
naming it gains nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from benchmarks.explanations.proxy_ranker import ProxyRanker, masked, single_values
from benchmarks.harness.base import RATIONALE, BatchMetric
from benchmarks.metrics.ranking.ndcg import Metric as Ndcg
from rad.types import Example, Prediction, Rationale


class ReadingMetric(BatchMetric):
    needs = RATIONALE
    range = (-1.0, 1.0)
    cuts = True
    missing = 0.0
    family = "reader gain"
    default_cut = 10

    @cached_property
    def proxy_ranker(self) -> ProxyRanker:
        return ProxyRanker(self.items)

    def masked(self, predictions: Sequence[Prediction], examples: Sequence[Example]) -> list[Rationale | None]:
        """The rationales without the names of the examples' targets."""
        single = single_values(self.items)
        return [
            masked(p.rationale, e.relevant, e.query, self.items, single) if p.rationale else None
            for p, e in zip(predictions, examples, strict=True)
        ]

    def ndcg(self, rationales: Sequence[Rationale | None], examples: Sequence[Example]) -> list[float]:
        """Of the proxy ranker with the history and these rationales. A target in its own history scores 0."""
        predictions = self.proxy_ranker.rank([e.query for e in examples], rationales)
        return Ndcg(self.items, self.k).score_each(predictions, examples)
