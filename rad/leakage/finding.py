"""What a leak check answers: a :class:`Finding`, with the limits that several checks share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Level = Literal["leak", "note", "ok"]
Z = 6.0  # standard deviations from chance beyond which something is no accident
COPIES = 0.01  # share of queries from which copies of other records count as a leak; fewer meet by chance


@dataclass(frozen=True, slots=True)
class Finding:
    """The answer of one check. ``count`` of ``total`` records; at most three ``examples``."""

    check: str
    level: Level
    text: str
    count: int = 0
    total: int = 0
    examples: tuple[str, ...] = ()


def finding(check: str, records: Sequence[str], total: int, text: str, level: Level = "leak") -> Finding:
    """The finding of the ``records`` that a check refuses, of which three are shown; ``ok`` if there are none."""
    return Finding(check, level if records else "ok", text, len(records), total, tuple(records[:3]))
