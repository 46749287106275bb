"""``reader_gain@k``: how much better the proxy ranker ranks with the rationale than from the history alone.

NDCG@k of :mod:`benchmarks.explanations.proxy_ranker` with history and rationale, less its NDCG@k with the history
alone. In [-1, 1], higher is better; an empty rationale scores exactly 0, and one that misleads less. The target's name
is masked. A rationale that helps only its own model is a code, and gains nothing here. Source: RAD, DESIGN section 9;
the idea is simulatability (Doshi-Velez and Kim 2017, 1702.08608, section 3.2; Hase and Bansal, ACL 2020) with a ranker
in the place of a human reader.
"""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.metrics.reader_gain._reading import ReadingMetric
from rad.types import Example, Prediction


class Metric(ReadingMetric):
    version = 2
    title = "Reader gain"
    hint = "what the text is worth to an independent reader, in NDCG@10"
    headline = True
    plotted = True

    def score_each(self, predictions: Sequence[Prediction], examples: Sequence[Example]) -> list[float | None]:
        informed = self.ndcg(self.masked(predictions, examples), examples)
        alone = self.ndcg([None] * len(examples), examples)
        return [a - b for a, b in zip(informed, alone, strict=True)]
