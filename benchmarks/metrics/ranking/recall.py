"""``recall@k``: share of the relevant items that are among the first k, in [0, 1], higher is better."""

from benchmarks.metrics.ranking._trec import TrecMetric


class Metric(TrecMetric):
    title = "Recall"
    hint = "share of queries with the target among the first ten"
    default_cut = 10
    position = 2
    default = True
    headline = True
    measure = "recall"
