"""The wants of a rationale against the known ones: what reason precision, recall and F1 share.

Predicted wants are the set of (attribute, value) pairs wanted by the ``k`` reasons with the largest weights (ties in
the rationale's own order; all reasons without ``k``). Known wants are those of every known reason.
"""

from __future__ import annotations

from abc import abstractmethod

from benchmarks.harness.base import QueryMetric
from rad.types import Example, Prediction, Rationale


class ReasonMetric(QueryMetric):
    needs = frozenset({"rationale", "supported"})
    cuts = True
    family = "correctness"
    default_cut = 3

    def score(self, prediction: Prediction, example: Example) -> float | None:
        assert prediction.rationale is not None and example.rationale is not None
        true_wants = wants(example.rationale, None)
        if not true_wants:
            return None
        predicted_wants = wants(prediction.rationale, self.k)
        return self.share(len(predicted_wants & true_wants), len(predicted_wants), len(true_wants))

    @abstractmethod
    def share(self, n_right: int, n_predicted: int, n_true: int) -> float:
        """The score, from how many wants are right, how many the rationale has, and how many are known."""


def wants(rationale: Rationale, k: int | None) -> set[tuple[str, str]]:
    heaviest = sorted(rationale.reasons, key=lambda reason: -reason.weight)[:k]
    return {want for reason in heaviest for want in reason.wants}
