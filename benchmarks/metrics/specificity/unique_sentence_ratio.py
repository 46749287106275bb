"""``unique_sentence_ratio``: how many different texts there are, as a share of all rationales (USR).

USR = |S| / N with S the set of distinct texts among N (Li, Zhang and Chen: NETE, CIKM 2020; PETER, ACL 2021,
section 5.2). In [0, 1], higher is better. Case, punctuation and citations do not make a text different, and an
empty text is none of S, so empty rationales score 0. Any difference counts, noise too: read it beside
``user_retrieval``, which asks whether the difference is about the user.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from benchmarks.harness.base import RATIONALE, CorpusMetric
from benchmarks.metrics.specificity._text import sentence, text_of
from rad.types import Example, Prediction


class Metric(CorpusMetric):
    title = "Unique sentences"
    hint = "different texts as a share of all"
    family = "specificity"
    needs = RATIONALE

    def statistic(
        self, predictions: Sequence[Prediction], examples: Sequence[Example]
    ) -> Callable[[np.ndarray], float]:
        texts = [sentence(text_of(p)) for p in predictions]
        number = {text: k for k, text in enumerate(dict.fromkeys(t for t in texts if t))}
        # [texts]: the number of its wording; empty texts have one number more, which is not counted
        which = np.array([number.get(text, len(number)) for text in texts])

        def value(weights: np.ndarray) -> float:
            seen = np.bincount(which, weights, minlength=len(number) + 1)[: len(number)] > 0
            return float(seen.sum() / max(weights.sum(), 1))

        return value
