"""How much the known reasons give away: how many items fit them, and how well they alone rank the catalogue."""

from __future__ import annotations

import numpy as np

from rad.data.dataset import Dataset
from rad.types import Rationale, Split


def rank(data: Dataset, split: Split = "test") -> tuple[dict[str, int], list[int]]:
    """Place of each target (from 1; 0 past 100 or without reasons) when items are ranked by the weights of the known
    wants they meet less the weights of what they should avoid, and the anonymity set's size of each supported query.
    """
    ids = list(data.items)
    place = {item_id: k for k, item_id in enumerate(ids)}
    has: dict[tuple[str, str], np.ndarray] = {}
    for k, item in enumerate(data.items.values()):
        for attribute, values in item.attributes.items():
            for value in values:
                has.setdefault((attribute, value), np.zeros(len(ids), dtype=bool))[k] = True
    places, sizes = {}, []
    for example in data.examples[split]:
        rationale, target = example.rationale, place[next(iter(example.relevant))]
        if rationale is None or not rationale.reasons:
            places[example.query.query_id] = 0
            continue
        fits, score = _fit(rationale, has, len(ids))
        sizes.append(int(fits.sum()))
        score[[place[x.item_id] for x in example.query.history]] = -np.inf
        rank = 1 + int((score > score[target]).sum() + (score[:target] == score[target]).sum())
        places[example.query.query_id] = rank if rank <= 100 else 0
    return places, sizes


def _fit(rationale: Rationale, has: dict[tuple[str, str], np.ndarray], n: int) -> tuple[np.ndarray, np.ndarray]:
    fits, score = np.ones(n, dtype=bool), np.zeros(n)
    for reason in rationale.reasons:
        for claim in reason.wants:
            fits &= has[claim]
            score += has[claim] * reason.weight
        for claim in reason.avoids:
            score -= has[claim] * reason.weight
    return fits, score
