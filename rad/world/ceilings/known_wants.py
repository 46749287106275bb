"""How much the known reasons give away: how many items fit them, and how well they alone rank the catalogue."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from rad.data.dataset import Dataset
from rad.types import Rationale, Split


def rank(data: Dataset, split: Split = "test") -> tuple[dict[str, int], list[int]]:
    """Rank the catalogue by the weights of the known wants that an item meets, less those of what it should not have.

    Returns:
        The rank of each query's target (from 1; 0 past 100 or without reasons), and the size of the anonymity set of
        each supported query: how many items meet all its wants.
    """
    ids = list(data.items)
    index = {item_id: k for k, item_id in enumerate(ids)}
    # attribute value -> (items,) booleans: which items have it
    has: dict[tuple[str, str], np.ndarray] = {}
    for k, item in enumerate(data.items.values()):
        for attribute, values in item.attributes.items():
            for value in values:
                has.setdefault((attribute, value), np.zeros(len(ids), dtype=bool))[k] = True
    ranks, sizes = {}, []
    for example in data.examples[split]:
        rationale, target = example.rationale, index[next(iter(example.relevant))]
        if rationale is None or not rationale.reasons:
            ranks[example.query.query_id] = 0
            continue
        fits, score = _fit(rationale, has, len(ids))
        sizes.append(int(fits.sum()))
        # (items,): what is owned is masked, as for every model
        score[[index[x.item_id] for x in example.query.history]] = -np.inf
        # ties go by the order of public ids, as everywhere
        rank = 1 + int((score > score[target]).sum() + (score[:target] == score[target]).sum())
        ranks[example.query.query_id] = rank if rank <= 100 else 0
    return ranks, sizes


def _fit(rationale: Rationale, has: Mapping[tuple[str, str], np.ndarray], n: int) -> tuple[np.ndarray, np.ndarray]:
    """(items,) whether an item meets all wants, and (items,) its score."""
    fits, score = np.ones(n, dtype=bool), np.zeros(n)
    for reason in rationale.reasons:
        for claim in reason.wants:
            fits &= has[claim]
            score += has[claim] * reason.weight
        for claim in reason.avoids:
            score -= has[claim] * reason.weight
    return fits, score
