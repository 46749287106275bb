"""``user_retrieval``: does a rationale's text point at its own user better than another user's text does?

The own history stands among those of ``OTHERS`` other users (fewer where there are fewer), each one document of its
items' texts; the text, without citations, is the BM25 query. The value is the reciprocal rank of the own history less
that by another user's rationale (the shuffled baseline); where histories tie, both are the expected ones.
In [-1, 1], higher is better; texts that are about nobody score 0: empty ones exactly, general ones in expectation, and
copied ones less. The texts need not agree with the reasons. Source: RAD, DESIGN section 9; the retrieval view of
specificity follows Li et al., PETER (ACL 2021), whose USR sees that texts differ but not for whom.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np

from benchmarks.harness.base import RATIONALE, BatchMetric
from benchmarks.metrics.specificity._text import partners, plain, text_of
from rad.features.bm25 import BLOCK, Bm25
from rad.types import Example, Prediction

OTHERS = 99


class Metric(BatchMetric):
    title = "User retrieval"
    hint = "how well a text points at its own user's history"
    family = "specificity"
    needs = RATIONALE
    range = (-1.0, 1.0)
    missing = 0.0
    plotted = True

    def score_each(self, predictions: Sequence[Prediction], examples: Sequence[Example]) -> list[float | None]:
        other = partners(examples)
        if other is None:
            return [None] * len(examples)
        histories = Bm25(" ".join(self.items[i].text for i in self._past(e)) for e in examples)
        queries = histories.query([plain(text_of(p)) for p in predictions])
        users = np.array([zlib.crc32(e.query.user_id.encode()) for e in examples])
        rng = np.random.default_rng(0)
        out: list[float | None] = []
        for start in range(0, len(examples), BLOCK):
            rows = np.arange(start, min(start + BLOCK, len(examples)))
            # [rows of the block, histories]: scores by the own text, and by that of another user
            mine, shuffled = histories.scores(queries[rows]), histories.scores(queries[other[rows]])
            for row, by_own, by_other in zip(rows, mine, shuffled, strict=True):
                # drawn row by row in the order of the queries, so that the block's size changes no value
                other_users = np.flatnonzero(users != users[row])
                pool = rng.choice(other_users, min(OTHERS, len(other_users)), replace=False)
                out.append(_reciprocal(by_own[row], by_own[pool]) - _reciprocal(by_other[row], by_other[pool]))
        return out

    def _past(self, example: Example) -> list[str]:
        return [x.item_id for x in example.query.history if x.item_id in self.items]


def _reciprocal(own: float, others: np.ndarray) -> float:
    """The expected 1 / rank of ``own`` among ``others`` where those that tie stand in any order."""
    above, tied = int((others > own).sum()), int((others == own).sum())
    return float(np.mean(1 / np.arange(above + 1, above + tied + 2)))
