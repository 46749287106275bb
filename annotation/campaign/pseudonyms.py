"""Pseudonyms: the names under which answers are kept, and the group of annotators that each kind of name stands for.

``r-`` and 8 hex digits is a person, ``simulated-...`` a program that stands in for one and never counts as one,
``adj-...`` an adjudicator. ``judge:...`` is a program that scores drafts; its answers lie in files of their own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

Group = Literal["people", "simulated", "adjudicators", "judges"]
Role = Literal["reviewer", "adjudicator"]
PREFIX: Mapping[str, str] = {"reviewer": "r-", "adjudicator": "adj-"}
SIMULATED, JUDGE = "simulated-", "judge:"
_PATTERNS: tuple[tuple[Group, re.Pattern[str]], ...] = (
    ("people", re.compile(PREFIX["reviewer"] + "[0-9a-f]{8}")),
    ("simulated", re.compile(SIMULATED + r"[\w-]+", re.ASCII)),
    ("adjudicators", re.compile(PREFIX["adjudicator"] + r"[\w-]+", re.ASCII)),
    ("judges", re.compile(JUDGE + r"[\w.-]+", re.ASCII)),
)


def group_of(annotator: str) -> Group:
    """Name the group of an annotator.

    Raises:
        ValueError: The name is no pseudonym. Names of people must not reach files.
    """
    for group, pattern in _PATTERNS:
        if pattern.fullmatch(annotator):
            return group
    raise ValueError(
        f"annotator {annotator!r} is no pseudonym (r- and 8 hex digits; simulated-..., adj-..., judge:...)"
    )


def is_simulated(annotator: str) -> bool:
    """Whether the answers are those of a simulated reviewer."""
    return annotator.startswith(SIMULATED)


def is_adjudicator(annotator: str) -> bool:
    """Whether the answers are those of an adjudicator."""
    return annotator.startswith(PREFIX["adjudicator"])
