"""Ranking metrics by pytrec_eval, the reference implementation of trec_eval's measures (Van Gysel and de Rijke 2018).

Its traps, met here: it treats scores that differ by less than about 1e-8 as ties and breaks ties by descending id, so
it is given strictly descending integers; and it leaves out unanswered queries, which here score 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from rad.types import Example, Item, Prediction


class TrecMetric:
    """A measure of the first ``k`` of a ranking, or of all of it. A file sets ``measure``, trec_eval's name."""

    needs: ClassVar[frozenset[str]] = frozenset()
    higher_is_better: ClassVar[bool] = True
    range: ClassVar[tuple[float, float]] = (0.0, 1.0)
    version: ClassVar[int] = 1
    cuts: ClassVar[bool] = True
    measure: ClassVar[str]

    def __init__(self, items: Mapping[str, Item], k: int | None = None) -> None:
        self.k = k

    def score(self, prediction: Prediction, example: Example) -> float | None:
        return self.score_each([prediction], [example])[0]

    def score_each(self, predictions: Sequence[Prediction], examples: Sequence[Example]) -> list[float]:
        """One value a pair, in order. Cutting the ranking itself makes every measure a measure at ``k``."""
        import pytrec_eval

        keys = [str(i) for i in range(len(examples))]
        depth = self.k or max((len(p.ranking) for p in predictions), default=0) or 1
        name = f"{self.measure}.{depth}" if self.measure in ("ndcg_cut", "recall", "success") else self.measure
        qrels = {key: dict(e.relevant) for key, e in zip(keys, examples, strict=True)}
        run = {
            key: {item: depth - rank for rank, item in enumerate(p.ranking[:depth])}
            for key, p in zip(keys, predictions, strict=True)
        }
        answered = pytrec_eval.RelevanceEvaluator(qrels, {name}).evaluate(run)
        column = name.replace(".", "_")
        return [answered[key][column] if key in answered else 0.0 for key in keys]
