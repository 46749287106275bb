"""``choice``: NDCG@10 with the chosen reasons less NDCG@10 with a template that is the same for everybody.

The template (:mod:`benchmarks.explanations.changes.recency_template`) has as many reasons: what goes with and what
reads like the last purchases in order, with fixed strengths. The same model ranks from it. In [-1, 1], higher is
better: a model that ranks as well from what nobody chose decorates its ranking, whatever its NDCG. One that ignores its
rationale scores 0. Source: RAD; the controls of Hewitt and Liang (EMNLP 2019) for rationales.
"""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.harness.base import GainMetric, OutcomeOf


class Metric(GainMetric):
    title = "Choice"
    hint = "NDCG@10 of the chosen reasons beyond that of the last purchases with fixed strengths"
    position = 1
    headline = True
    plotted = True
    asks = ("template",)

    def gains(self, of: OutcomeOf) -> Mapping[str, float | None]:
        own, template = of("own"), of("template")
        return {"all": None if own is None or template is None else own.ndcg - template.ndcg}
