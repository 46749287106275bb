"""``reason_precision@k``: share of the wants in the k heaviest reasons that are known ones.

In [0, 1], higher is better. Where the known verdict is ``unexplained`` it is undefined. A rationale that wants
nothing where reasons are known scores 0: keeping silent is no precision.
"""

from benchmarks.metrics.correctness._reasons import ReasonMetric


class Metric(ReasonMetric):
    title = "Reason precision"
    hint = "share of the first three reasons that are known ones"
    position = 1
    default = True

    def share(self, n_right: int, n_predicted: int, n_true: int) -> float:
        return n_right / n_predicted if n_predicted else 0.0
