"""``text_carries``: NDCG@10 when the rationale is rebuilt from its text alone, over NDCG@10 as it was sent.

The public parser (:mod:`rad.rationales.text`) reads the reasons out of the text, and the model ranks from them and from
the text that states them; what it does not read is lost, be it prose, a code, or weights that are not said. It is the
ratio of the sums over all queries that have a rationale, so that a query with NDCG 0 either way changes nothing.
In [0, 1], higher is better: 1 where the text is the rationale, and also where it ranks better than what was sent.
Undefined where the sum as sent is 0. Source: RAD.
"""

from __future__ import annotations

from benchmarks.harness.base import OutcomeOf, RatioMetric


class Metric(RatioMetric):
    title = "Text carries"
    hint = "share of NDCG@10 left when the text is all that the model gets"
    position = 3
    asks = ("rebuilt",)

    def parts(self, of: OutcomeOf) -> tuple[float, float] | None:
        own, rebuilt = of("own"), of("rebuilt")
        return None if own is None or rebuilt is None else (rebuilt.ndcg, own.ndcg)
