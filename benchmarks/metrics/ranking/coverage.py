"""``coverage@k``: share of the catalogue that is among the first k of at least one query.

In [0, 1], higher is better. Without ``k``, of the whole rankings (at most 100 items). It grows with the number of
queries, so compare it only within one task.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from benchmarks.harness.base import CorpusMetric
from rad.types import Example, Item, Prediction

FIRST = 16  # a resample lacks all of an item's first 16 queries once in e ** 16 times: the rest are seldom looked at


class Metric(CorpusMetric):
    title = "Coverage"
    hint = "share of the catalogue that stands in any first ten"
    default_cut = 10
    position = 5
    default = True
    headline = True
    cuts = True

    def __init__(self, items: Mapping[str, Item], k: int | None = None) -> None:
        self.row = {item: row for row, item in enumerate(items)}
        self.k = k

    def statistic(
        self, predictions: Sequence[Prediction], examples: Sequence[Example]
    ) -> Callable[[np.ndarray], float]:
        # items and query, one entry for each item shown to a query, sorted by item: starts and ends, [catalogue], bound
        # the entries of one item, and ``rank`` counts within them
        shown = [[self.row[item] for item in p.ranking[: self.k]] for p in predictions]
        items = np.array([row for s in shown for row in s], dtype=np.int64)
        query = np.repeat(np.arange(len(shown)), [len(s) for s in shown])[np.argsort(items, kind="stable")]
        ends = np.cumsum(np.bincount(items, minlength=len(self.row)))
        starts = np.concatenate([[0], ends[:-1]])  # query[starts[i] : ends[i]] are those that show item i
        rank = np.arange(len(query)) - np.repeat(starts, ends - starts)
        item_of, first = np.sort(items)[rank < FIRST], query[rank < FIRST]

        def value(weights: np.ndarray) -> float:
            # almost always one of an item's first entries is drawn; the loop looks further only for the others
            drawn = weights > 0
            seen = np.zeros(len(self.row), bool)
            seen[item_of[drawn[first]]] = True
            for i in np.flatnonzero(~seen & (ends - starts > FIRST)):
                seen[i] = drawn[query[starts[i] : ends[i]]].any()
            return float(seen.mean())

        return value
