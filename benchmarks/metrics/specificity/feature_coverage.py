"""``feature_coverage``: share of the catalogue's features that at least one rationale's text names (FCR).

FCR = N_g / |F| (Li, Zhang and Chen: NETE, CIKM 2020; PETER, ACL 2021, section 5.2). F holds the names of
the catalogue's attribute values, found in the text by the public matcher. In [0, 1], higher is better. Empty
rationales score 0. Only the first 2,000 characters of a text count, but long lists still cover more than reasons do:
read it beside ``feature_overlap``, which long lists make worse. It grows with the number of queries, so compare it
only within one task.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from benchmarks.harness.base import RATIONALE, CorpusMetric
from benchmarks.metrics.specificity._text import Features, text_of
from rad.types import Example, Prediction


class Metric(CorpusMetric):
    title = "Feature coverage"
    hint = "share of the catalogue's features that any text names"
    family = "specificity"
    needs = RATIONALE

    def statistic(
        self, predictions: Sequence[Prediction], examples: Sequence[Example]
    ) -> Callable[[np.ndarray], float]:
        features = Features(self.items)
        named = [features.of(text_of(p)) for p in predictions]
        # one entry for each (text, feature): a resample is then a choice of entries, and no text is read again
        row = np.repeat(np.arange(len(named)), [len(f) for f in named])
        which = np.array([k for f in named for k in sorted(f)], np.int64)

        def value(weights: np.ndarray) -> float:
            seen = np.unique(which[weights[row] > 0])
            return len(seen) / max(1, len(features.number))

        return value
