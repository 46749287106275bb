"""``verdict_accuracy``: 1 where the rationale's verdict (``supported``/``unexplained``) is the known one, else 0.

Higher is better. Read it beside the share of the larger class: always saying ``supported`` scores that share.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from rad.types import Example, Item, Prediction


class Metric:
    needs: ClassVar[frozenset[str]] = frozenset({"rationale", "known"})
    higher_is_better: ClassVar[bool] = True
    range: ClassVar[tuple[float, float]] = (0.0, 1.0)
    version: ClassVar[int] = 1
    cuts: ClassVar[bool] = False
    family: ClassVar[str] = "correctness"

    def __init__(self, items: Mapping[str, Item], k: int | None = None) -> None:
        pass

    def score(self, prediction: Prediction, example: Example) -> float | None:
        assert prediction.rationale is not None and example.rationale is not None
        return float(prediction.rationale.verdict == example.rationale.verdict)
