"""A rationale as the head reads it: its reasons by their levels and citations, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from benchmarks.models.rationale_first.head import Rows
from benchmarks.models.rationale_first.options import IN_MIND
from rad.features.item_features import Catalogue
from rad.rationales.facts.candidates import NUMBER
from rad.rationales.strengths import LEVELS, levels
from rad.types import LASTING, EvidenceKind, Reason

LOG_ODDS = (4.0, 2.8, 1.8, 1.0, 0.5)
"""What the five strengths of a lasting reason are in log odds; the head learns a factor for each attribute."""
OLDER: dict[EvidenceKind, EvidenceKind] = {
    "attribute": "repeat",
    "kind_of": "repeat",
    "sequence": "transition",
    "complement": "transition",
    "constraint": "lasting",
    "rating": "lasting",
    "absence": "lasting",
    "wish": "lasting",
    "veto": "lasting",
}
"""Kinds that are read as another one: those of records without numbers, conjunctions, and dislikes by their sign.

A wish is read as what lasts, although it may be of the moment: it is certain, so it holds inside every other reason.
"""


def rows_of(catalogue: Catalogue, histories: Sequence[Sequence[int]], rationales: Sequence[Sequence[Reason]]) -> Rows:
    """The reasons of some rationales as rows.

    A reason with several citations, or several wanted values, shares its weight among them. A citation outside the
    history, or a value that the catalogue lacks, says nothing: its share is unexplained.

    Args:
        catalogue: The items.
        histories: Catalogue positions of each history; -1 for an item that the catalogue lacks.
        rationales: The reasons of each.
    """
    query: list[int] = []
    parts: list[tuple[int, int, int, float, float]] = []  # kind, item, value, level, log odds
    rest = np.zeros(len(rationales), np.float32)
    for k, (history, reasons) in enumerate(zip(histories, rationales, strict=True)):
        each, unexplained = levels(reasons)
        rest[k] = unexplained
        shares = 0.0
        for reason, level in zip(reasons, each, strict=True):
            rows = _rows(catalogue, history, reason, level) if level else []
            query += [k] * len(rows)
            parts += rows
            shares += sum(row[3] for row in rows)
            if reason.evidence.kind not in LASTING:
                rest[k] += level - sum(row[3] for row in rows)
        if not shares and not rest[k]:
            rest[k] = LEVELS[0]  # nothing but what lasts: all stays unexplained
    kind, item, value, share, odds = (np.array(c) for c in zip(*parts, strict=True)) if parts else [np.zeros(0)] * 5
    at = np.array(query, dtype=np.int64)
    total = np.maximum(np.bincount(at, share, minlength=len(rest)) + rest, 1e-9)
    return Rows(
        at,
        kind.astype(np.int64),
        item.astype(np.int64),
        value.astype(np.int64),
        torch.from_numpy((share / total[at]).astype(np.float32)),
        torch.from_numpy(odds.astype(np.float32)),
        torch.from_numpy((rest / total).astype(np.float32)),
    )


def latest_cited(history: Sequence[int], cited: Sequence[int]) -> int:
    """Of the cited items the one of which the values count: the latest, if it is among the last ones; else -1."""
    recent = [item for item in history[-IN_MIND:] if item in cited and item >= 0]
    return recent[-1] if recent else -1


def log_odds(level: int) -> float:
    """What a level means for a lasting reason."""
    return LOG_ODDS[LEVELS.index(level)]


def _rows(
    catalogue: Catalogue, history: Sequence[int], reason: Reason, level: int
) -> list[tuple[int, int, int, float, float]]:
    evidence = reason.evidence
    kind = NUMBER[OLDER.get(evidence.kind, evidence.kind)]
    cited = [history[k] if 0 <= k < len(history) else -1 for k in evidence.history]
    claims = [(catalogue.value_index.get(claim), 1) for claim in reason.wants]
    claims += [(catalogue.value_index.get(claim), -1) for claim in reason.avoids]
    if evidence.kind in LASTING:
        return [(kind, -1, v, 0.0, sign * log_odds(level)) for v, sign in claims if v is not None]
    if claims:
        share = level / len(claims)
        latest = latest_cited(history, cited)
        return [(kind, latest, v, share, 0.0) for v, sign in claims if v is not None and sign > 0]
    share = level / max(len(cited), 1)
    return [(kind, item, -1, share, 0.0) for item in cited if item >= 0]
