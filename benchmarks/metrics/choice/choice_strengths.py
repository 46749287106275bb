"""``choice_strengths``: NDCG@10 with the chosen strengths less NDCG@10 with the same strengths dealt out anew.

The reasons stay; those of the moment exchange their strengths among themselves by a hash of the query, and so do the
lasting ones. In [-1, 1], higher is better: strengths that could be anybody's say nothing. A model that ignores its
rationale scores 0. The second control beside ``choice``. Source: RAD.
"""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.harness.base import GainMetric, OutcomeOf


class Metric(GainMetric):
    title = "Choice of strengths"
    hint = "NDCG@10 of the strengths beyond that of the same ones dealt out anew"
    position = 2
    asks = ("strengths",)

    def gains(self, of: OutcomeOf) -> Mapping[str, float | None]:
        own, dealt = of("own"), of("strengths")
        return {"all": None if own is None or dealt is None else own.ndcg - dealt.ndcg}
