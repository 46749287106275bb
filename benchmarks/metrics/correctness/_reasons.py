"""The wants of a rationale against the known ones: what reason precision, recall and F1 share.

Predicted wants are the set of (attribute, value) pairs wanted by the ``k`` reasons with the largest weights (ties in
the rationale's own order; all reasons without ``k``). Known wants are those of every known reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from rad.types import Example, Item, Prediction, Rationale


class ReasonMetric:
    needs: ClassVar[frozenset[str]] = frozenset({"rationale", "supported"})
    higher_is_better: ClassVar[bool] = True
    range: ClassVar[tuple[float, float]] = (0.0, 1.0)
    version: ClassVar[int] = 1
    cuts: ClassVar[bool] = True
    family: ClassVar[str] = "correctness"
    default_cut: ClassVar[int] = 3

    def __init__(self, items: Mapping[str, Item], k: int | None = None) -> None:
        self.k = k

    def score(self, prediction: Prediction, example: Example) -> float | None:
        assert prediction.rationale is not None and example.rationale is not None
        known = wants(example.rationale, None)
        if not known:
            return None
        given = wants(prediction.rationale, self.k)
        return self.share(len(given & known), len(given), len(known))

    def share(self, right: int, given: int, known: int) -> float:
        raise NotImplementedError


def wants(rationale: Rationale, k: int | None) -> set[tuple[str, str]]:
    heaviest = sorted(rationale.reasons, key=lambda reason: -reason.weight)[:k]
    return {want for reason in heaviest for want in reason.wants}
