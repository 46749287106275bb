"""``recall@k``: share of the relevant items that are among the first k, in [0, 1], higher is better."""

from benchmarks.metrics.ranking._trec import TrecMetric


class Metric(TrecMetric):
    measure = "recall"
