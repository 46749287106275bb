"""``reason_f1@k``: harmonic mean of a query's ``reason_precision@k`` and ``reason_recall@k``.

In [0, 1], higher is better. Computed for each query, then averaged (0 where both are 0); undefined where the known
verdict is ``unexplained``. An empty rationale scores 0, and one that wants everything little more.
"""

from benchmarks.metrics.correctness._reasons import ReasonMetric


class Metric(ReasonMetric):
    title = "Reason F1"
    hint = "first three reasons against the known ones"
    position = 3
    default = True
    headline = True
    plotted = True

    def share(self, n_right: int, n_predicted: int, n_true: int) -> float:
        return 2 * n_right / (n_predicted + n_true)
