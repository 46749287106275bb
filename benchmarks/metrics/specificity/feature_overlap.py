"""``feature_overlap``: how alike the features are that the texts for two different queries name (DIV, made relative).

The mean over pairs of queries of |F_a & F_b| / |F_a | F_b|, F being the features that a text names. In [0, 1], lower is
better. DIV (Li, Zhang and Chen: NETE, CIKM 2020; PETER, ACL 2021, section 5.2) is the mean of
|F_a & F_b| alone, which silence brings to its best, 0, and which has no worst. So two texts that name nothing count as
the same (1): empty rationales score 1, the worst, and so do endless lists. With more than ``PAIRS`` pairs, a seeded
sample of them is looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations

import numpy as np

from benchmarks.harness.base import RATIONALE, CorpusMetric
from benchmarks.metrics.specificity._text import Features, text_of
from rad.types import Example, Prediction

PAIRS = 200_000


class Metric(CorpusMetric):
    title = "Feature overlap"
    hint = "how alike the features are that two texts name"
    family = "specificity"
    needs = RATIONALE
    higher_is_better = False

    def statistic(
        self, predictions: Sequence[Prediction], examples: Sequence[Example]
    ) -> Callable[[np.ndarray], float]:
        features = Features(self.items)
        named = [features.of(text_of(p)) for p in predictions]
        pairs = _pairs(len(named))
        # [pairs]: computed once; a resample weighs a pair by how often both its texts were drawn
        alike = np.array([_jaccard(named[a], named[b]) for a, b in pairs])

        first, second = np.ascontiguousarray(pairs[:, 0]), np.ascontiguousarray(pairs[:, 1])

        def value(weights: np.ndarray) -> float:
            times = weights.astype(float)  # whole numbers still, but quick to multiply
            drawn = times.take(first) * times.take(second)
            total = drawn.sum()
            return float(drawn @ alike / total) if total else 1.0

        return value


def _pairs(n: int) -> np.ndarray:
    """(pairs, 2): all of them, or a sample."""
    if n * (n - 1) // 2 <= PAIRS:
        return np.array(list(combinations(range(n), 2)), np.int64).reshape(-1, 2)
    rng = np.random.default_rng(0)
    # a step of at least one: no text is paired with itself
    first, step = rng.integers(0, n, PAIRS), rng.integers(1, n, PAIRS)
    return np.stack([first, (first + step) % n], axis=1)


def _jaccard(a: frozenset[int], b: frozenset[int]) -> float:
    both = len(a & b)
    return both / (len(a) + len(b) - both) if a or b else 1.0
