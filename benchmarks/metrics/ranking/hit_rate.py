"""``hit_rate@k``: 1 where at least one relevant item is among the first k, else 0; higher is better.

Equal to ``recall@k`` where each query has one relevant item (trec_eval's ``success``).
"""

from benchmarks.metrics.ranking._trec import TrecMetric


class Metric(TrecMetric):
    title = "Hit rate"
    hint = "share of queries with any target among the first ten"
    default_cut = 10
    position = 4
    default = True
    measure = "success"
