"""``ndcg@k``: normalised discounted cumulative gain of the first k, in [0, 1], higher is better.

DCG is the sum of grade / log2(rank + 1) over ranks from 1; it is divided by the DCG of the best possible order
(Järvelin and Kekäläinen 2002, trec_eval's ``ndcg_cut``). With one relevant item: 1 / log2(rank + 1) when rank <= k,
else 0.
"""

from benchmarks.metrics.ranking._trec import TrecMetric


class Metric(TrecMetric):
    title = "NDCG"
    hint = "how high the target stands among the first ten"
    default_cut = 10
    position = 1
    default = True
    headline = True
    measure = "ndcg_cut"
