"""What the metrics by judges share: a scale of 1 to 5, and no value without an answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from rad.types import Item


class JudgedMetric:
    needs: ClassVar[frozenset[str]] = frozenset({"rationale", "judged"})
    higher_is_better: ClassVar[bool] = True
    range: ClassVar[tuple[float, float]] = (1.0, 5.0)
    version: ClassVar[int] = 1
    cuts: ClassVar[bool] = False
    family: ClassVar[str] = "judged"
    question: ClassVar[str]

    def __init__(self, items: Mapping[str, Item], k: int | None = None) -> None:
        pass
