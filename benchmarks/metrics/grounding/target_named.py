"""``target_named``: 1 where the rationale's text names the target, else 0; lower is better.

In [0, 1]. A rationale is written before anything is chosen; one that names the target leaks the answer into whatever
reads it. It does so by the rule of ``python -m rad check`` (:meth:`rad.rationales.rules.Rules.names`: two of the words
of the title that point at the item, or the only one), or with five words of the title in a row (all, where it has
fewer). An empty rationale scores 0, the best: it leaks nothing and says nothing. Source: RAD, DESIGN section 6.
"""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.explanations.proxy_ranker import title_runs
from benchmarks.harness.base import RATIONALE, QueryMetric
from rad.rationales.rules import Rules
from rad.types import Example, Item, Prediction


class Metric(QueryMetric):
    title = "Target named"
    hint = "share of texts that give the answer away"
    needs = RATIONALE
    higher_is_better = False
    family = "grounding"

    def __init__(self, items: Mapping[str, Item], k: int | None = None) -> None:
        super().__init__(items, k)
        self.rules = Rules(items)

    def score(self, prediction: Prediction, example: Example) -> float | None:
        assert prediction.rationale is not None
        text, targets = prediction.rationale.text, [i for i in example.relevant if i in self.items]
        named = (
            self.rules.names(text, self.items[i], example.query) or title_runs(text, self.items[i].title)
            for i in targets
        )
        return float(any(named))
