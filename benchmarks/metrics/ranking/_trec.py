"""Ranking metrics by pytrec_eval, the reference implementation of trec_eval's measures (Van Gysel and de Rijke 2018).

Its traps, met here: it treats scores that differ by less than about 1e-8 as ties and breaks ties by descending id, so
it gets strictly descending integers; and it leaves out unanswered queries, which here score 0. A ranking without a
relevant item scores 0 in every measure, so it is not asked about those.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from benchmarks.harness.base import BatchMetric
from rad.errors import RadError
from rad.types import Example, Prediction


class TrecMetric(BatchMetric):
    """A measure of the first ``k`` of a ranking, or of all of it. A file sets ``measure``, trec_eval's name."""

    cuts = True
    measure: ClassVar[str]

    def score_each(self, predictions: Sequence[Prediction], examples: Sequence[Example]) -> list[float]:
        """One value a pair, in order. Cutting the ranking itself makes every measure a measure at ``k``."""
        try:
            import pytrec_eval
        except ModuleNotFoundError as error:
            words = "metrics of rankings need 'pytrec_eval': pip install -c constraints.txt -e '.[bench]'"
            raise RadError(words) from error

        depth = self.k or max((len(p.ranking) for p in predictions), default=0) or 1
        name = f"{self.measure}.{depth}" if self.measure in ("ndcg_cut", "recall", "success") else self.measure
        qrels, run = {}, {}
        for i, (p, e) in enumerate(zip(predictions, examples, strict=True)):
            shown = p.ranking[:depth]
            if not e.relevant.keys().isdisjoint(shown):
                qrels[str(i)] = dict(e.relevant)
                run[str(i)] = dict(zip(shown, range(depth, 0, -1), strict=False))
        answered = pytrec_eval.RelevanceEvaluator(qrels, {name}).evaluate(run) if run else {}
        column, out = name.replace(".", "_"), [0.0] * len(examples)
        for key, values in answered.items():
            out[int(key)] = values[column]
        return out
