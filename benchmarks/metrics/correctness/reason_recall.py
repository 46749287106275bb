"""``reason_recall@k``: share of the known wants that are in the k heaviest reasons.

In [0, 1], higher is better. Where the known verdict is ``unexplained`` it is undefined. Known wants may outnumber
what k reasons hold; the bound is the same for every model. An empty rationale scores 0; without ``k`` one that
wants every value would score 1, so compare it at a ``k``.
"""

from benchmarks.metrics.correctness._reasons import ReasonMetric


class Metric(ReasonMetric):
    title = "Reason recall"
    hint = "share of the known reasons that the first three hold"
    position = 2
    default = True

    def share(self, n_right: int, n_predicted: int, n_true: int) -> float:
        return n_right / n_true
