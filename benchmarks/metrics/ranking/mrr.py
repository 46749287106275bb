"""``mrr`` or ``mrr@k``: 1 / rank of the first relevant item, 0 where none is ranked.

In [0, 1], higher is better. Rankings hold at most 100 items, so ``mrr`` is ``mrr@100`` (trec_eval's ``recip_rank`` on
the cut ranking).
"""

from benchmarks.metrics.ranking._trec import TrecMetric


class Metric(TrecMetric):
    title = "MRR"
    hint = "mean of 1 / the target's place, over the first hundred"
    position = 3
    default = True
    headline = True
    measure = "recip_rank"
