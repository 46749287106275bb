"""Intervals and tests over queries or records: one bootstrap, one paired randomisation test, Holm's correction.

The bootstrap (Efron and Tibshirani 1993, chapter 13) resamples queries with replacement. A resample is a vector of
counts, one a query, so any statistic that is a function of counts has an interval; a mean over a thousand resamples is
one matrix product. The same seed gives the same resamples, so that differences between statistics are paired. Where a
user has several queries, whole users are drawn, and their signs turn together: queries of one user are not independent.

>>> values = np.array([[0.0], [1.0], [1.0], [0.0]])
>>> resampled = bootstrap(column_means(values), n=4, seed=0, samples=100)
>>> resampled.shape
(100, 1)
>>> percentile_interval(resampled[:, 0])
(0.0, 1.0)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

ALPHA = 0.05  # a smaller p, after correction, shows a difference
CELLS = 20_000_000  # counts held at once: 160 MB
Array = np.ndarray


def bootstrap(
    statistic: Callable[[Array], Array],
    n: int,
    seed: int = 0,
    samples: int = 1000,
    cells: int = CELLS,
    clusters: Array | None = None,
) -> Array:
    """Values of ``statistic`` over resamples of ``n`` queries.

    Args:
        statistic: Gets counts [resamples, n]; returns values [resamples, k]. Without clusters each row sums to ``n``.
        n: How many queries there are, at least 1.
        seed: Of the resamples.
        samples: How many resamples to draw.
        cells: The most counts that are held at once.
        clusters: The user of each query [n], from 0: whole users are drawn. None: each query is its own.

    Returns:
        The values [samples, k].
    """
    rng, drawn_of = np.random.default_rng(seed), n if clusters is None else int(clusters.max()) + 1
    step = max(1, min(samples, cells // n))
    blocks = []
    for start in range(0, samples, step):
        # [resamples of this block, queries]: how often each query was drawn
        counts = np.empty((min(step, samples - start), n), np.int64)
        for row in counts:
            drawn = np.bincount(rng.integers(0, drawn_of, drawn_of), minlength=drawn_of)
            row[:] = drawn if clusters is None else drawn[clusters]
        blocks.append(statistic(counts))
    return np.concatenate(blocks)


def clusters_of(users: Sequence[str]) -> Array | None:
    """The number of each query's user [n], from 0; None where no user has two queries."""
    names, numbers = np.unique(np.array(users, dtype=object), return_inverse=True)
    return None if len(names) == len(users) else numbers


def column_means(table: Array) -> Callable[[Array], Array]:
    """The mean of each column of ``table`` [queries, k] under counts, for :func:`bootstrap`; NaN entries do not count.

    A mean is NaN in a resample that has no query where the column is defined.
    """
    width = table.shape[1]
    defined = ~np.isnan(table)
    # [queries, 2k]: the values, then whether they are defined, so that one product gives sums and divisors
    stacked = np.concatenate([np.where(defined, table, 0.0), defined], axis=1)

    def means(counts: Array) -> Array:
        sums = counts.astype(float) @ stacked
        with np.errstate(invalid="ignore"):
            ratio: Array = sums[:, :width] / sums[:, width:]
        return ratio

    return means


def percentile_interval(values: Array) -> tuple[float, float] | None:
    """The ends between which 95% of the values [samples] lie; NaN ones are left out. None without any."""
    defined = values[~np.isnan(values)]
    if not len(defined):
        return None
    low, high = np.quantile(defined, [0.025, 0.975])
    return float(low), float(high)


def column_intervals(resampled: Array) -> Array:
    """:func:`percentile_interval` of each column of values [samples, k]: ends [k, 2], NaN for a column without any."""
    ends = [percentile_interval(column) or (np.nan, np.nan) for column in resampled.T]
    return np.array(ends, dtype=float).reshape(-1, 2)


def randomisation_test(
    differences: Array, permutations: int = 10_000, seed: int = 0, clusters: Array | None = None
) -> Array:
    """Two-sided paired randomisation test (Fisher; Smucker, Allan and Carterette, CIKM 2007) by sign flips.

    Kept beside ``scipy.stats.permutation_test``, which gathers a copy of the sample for each flip and takes a hundred
    times as long: here a flip is a bit, and all comparisons share one product of matrices.

    Args:
        differences: [queries, comparisons]; NaN where a query is left out of a comparison.
        permutations: How many sign flips to draw.
        seed: Of the sign flips.
        clusters: The user of each query [queries], from 0: the differences of a user turn together.

    Returns:
        p of each comparison, (1 + flips at least as extreme) / (1 + permutations), so never 0.
    """
    # [queries, comparisons]: a query that is left out counts as a difference of 0, whose sign is of no effect
    filled = np.nan_to_num(differences)
    if clusters is not None:
        sums = np.zeros((int(clusters.max()) + 1, filled.shape[1]))
        np.add.at(sums, clusters, filled)
        filled = sums
    observed = np.abs(filled.sum(axis=0))
    extreme = np.zeros(filled.shape[1], np.int64)
    rng, n = np.random.default_rng(seed), len(filled)
    step = max(1, min(permutations, CELLS // max(1, n)))
    for start in range(0, permutations, step):
        rows = min(step, permutations - start)
        # [flips of this block, queries]: a bit 1 keeps the sign of a query's difference, 0 turns it
        signs = np.unpackbits(rng.integers(0, 256, (rows, -(-n // 8)), dtype=np.uint8), axis=1, count=n)
        flipped = 2 * (signs @ filled) - filled.sum(axis=0)
        extreme += (np.abs(flipped) >= observed * (1 - 1e-12) - 1e-15).sum(axis=0)
    return (1 + extreme) / (1 + permutations)


def holm(p: Array) -> Array:
    """Holm's step-down correction (1979): adjusted p values, in the order given."""
    # the k-th smallest p is multiplied by the hypotheses left, and is no smaller than the one before it
    order = np.argsort(p, kind="stable")
    steps = np.maximum.accumulate(p[order] * (len(p) - np.arange(len(p))))
    out = np.empty(len(p))
    out[order] = np.minimum(steps, 1.0)
    return out
