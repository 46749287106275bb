"""Chance-corrected agreement and its bootstrap: Krippendorff's alpha, Cohen's kappa, correlations.

Every coefficient here is a function of *sums over records* (how often which answers met). So a :class:`Statistic` is a
table of what each record adds, and a function of the sums. A resample of the records is a vector of weights, and a
thousand resamples are one matrix product: seconds and bounded memory for 10,000 records and 8 reviewers.

Krippendorff's alpha (*Content Analysis*, 4th ed. 2019, chapter 12; "Computing Krippendorff's Alpha-Reliability", 2011)
compares the mean distance of two answers to the same record with that of two answers at large:

    alpha = 1 - D_o / D_e
    D_o = 1/n sum_u sum_{i != j} d(u_i, u_j) / (m_u - 1)        D_e = 1/(n (n - 1)) sum_{v, w} n_v n_w d(v, w)

where record u has m_u answers, only records with two or more count, n is the number of their answers and n_v of those
that are v. Missing answers need no filling in. Distances: nominal (0 or 1), interval (squared difference), ordinal
(squared difference of mid-ranks among all answers, the same as Krippendorff's sum), and for sets MASI (Passonneau,
"Measuring Agreement on Set-valued Items", LREC 2006). For spans each character of a draft is a unit that a reviewer
marked or did not: nominal alpha over characters, with records, not characters, resampled.

Cohen's kappa with disagreement weights w (Cohen 1960, 1968) for two reviewers: 1 - sum w o / sum w e, where e is the
product of their own margins; w is 0 or 1, or the squared difference.

A coefficient is NaN where it is undefined: no two answers to compare, or no variation at all.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import scipy.sparse as sp

from annotation.agreement.results import Estimate
from annotation.campaign.judgements import Span
from rad.runtime.statistics import bootstrap as resample
from rad.runtime.statistics import percentile_interval

Array = np.ndarray
Key = TypeVar("Key", bound=Hashable)
CELLS = 4_000_000  # weights held at once while resampling: 32 MB


@dataclass(frozen=True, slots=True)
class Statistic:
    """One or more coefficients as a function of sums over records.

    Attributes:
        columns: (records, k), what each record adds to the sums.
        finish: Takes sums (resamples, k) and gives coefficients by name, (resamples,) each.
    """

    columns: sp.csr_matrix
    finish: Callable[[Array], Mapping[str, Array]]


@dataclass(frozen=True, slots=True)
class Draws:
    """A coefficient of all records (``value``), and of each resample. NaN where undefined."""

    value: float
    resampled: Array

    def interval(self) -> tuple[float, float] | None:
        """The 95% percentile interval over the resamples where the coefficient is defined."""
        return percentile_interval(self.resampled)


def estimate(draws: Draws | None, n: int, undefined: str) -> Estimate:
    """The estimate of a coefficient that rests on ``n`` records; ``undefined`` says why where it is NaN."""
    if draws is None or np.isnan(draws.value):
        return Estimate(None, None, None, n, undefined)
    low, high = draws.interval() or (None, None)
    return Estimate(draws.value, low, high, n)


def bootstrap(
    statistics: Mapping[Key, Statistic], n_records: int, seed: int = 0, resamples: int = 1000
) -> dict[tuple[Key, str], Draws]:
    """Every coefficient by (key, name), under the same resamples of the records, so that differences are paired.

    Args:
        statistics: By a key of the caller's.
        n_records: The rows of each statistic's columns.
        seed: Of the resamples.
        resamples: How many.
    """
    points = _coefficients(statistics, np.ones((1, n_records)))
    resampled = np.full((resamples, len(points)), np.nan)
    if n_records:

        def values(counts: Array) -> Array:
            """(resamples, coefficients)"""
            return np.column_stack(list(_coefficients(statistics, counts).values()))

        # (resamples, coefficients): all coefficients see the same counts, so that differences between them are paired
        resampled = resample(values, n_records, seed, resamples, CELLS)
    return {
        key: Draws(float(point[0]), column) for (key, point), column in zip(points.items(), resampled.T, strict=True)
    }


def _coefficients(statistics: Mapping[Key, Statistic], counts: Array) -> dict[tuple[Key, str], Array]:
    """Each coefficient (resamples,) by key and name, where records are drawn ``counts`` (resamples, records) times."""
    # (records, resamples): a sparse table times this is a sum over records for each resample
    weights = np.ascontiguousarray(counts.T, dtype=float)
    with np.errstate(invalid="ignore", divide="ignore"):
        return {
            (key, name): value
            for key, statistic in statistics.items()
            for name, value in statistic.finish(np.asarray(statistic.columns.T @ weights).T).items()
        }


# distances


def nominal(n_values: int) -> Array:
    """(V, V): 0 on the diagonal, else 1."""
    return 1.0 - np.eye(n_values)


def interval(values: Sequence[float]) -> Array:
    """(V, V): squared differences."""
    v = np.asarray(values, float)
    return (v[:, None] - v) ** 2


def masi(values: Sequence[frozenset[str]]) -> Array:
    """(V, V) distances of sets: 1 - Jaccard x monotonicity (1 equal, 2/3 subset, 1/3 overlap, 0 disjoint)."""
    # Symmetric, so only pairs below the diagonal are computed; two empty sets are one value and never meet here
    out = np.zeros((len(values), len(values)))
    for i, a in enumerate(values):
        for j, b in enumerate(values[:i]):
            weight = 2 / 3 if a <= b or b <= a else 1 / 3 if a & b else 0.0
            out[i, j] = out[j, i] = 1 - weight * len(a & b) / len(a | b)
    return out


# alpha


def counts_of(codes: Array, n_values: int) -> Array:
    """(records, V): how many reviewers gave which answer, from codes (records, reviewers) with -1 for none.

    Records with fewer than two answers are all zero: they say nothing of agreement.
    """
    # One reviewer at a time: a reviewer has one answer a record, so no cell is added to twice in one step
    counts = np.zeros((len(codes), n_values))
    for column in codes.T:
        answered = column >= 0
        counts[np.flatnonzero(answered), column[answered]] += 1
    counts[counts.sum(axis=1) < 2] = 0
    return counts


def alpha(counts: Array, distance: Array) -> Statistic:
    """``alpha`` for a fixed distance (V, V) from :func:`counts_of`."""
    return alpha_from(counts, observed(counts, distance), distance)


def observed(counts: Array, distance: Array) -> Array:
    """(records,): what each adds to n D_o."""
    others = np.maximum(counts.sum(axis=1) - 1, 1)
    # counts' d counts sums the distances of all ordered pairs of answers, each one's to itself being 0
    disagreement: Array = np.einsum("uv,uv->u", counts @ distance, counts) / others
    return disagreement


def alpha_from(counts: Array, disagreement: Array, distance: Array) -> Statistic:
    """``alpha`` where each record's answers ``counts`` (records, V) and its ``disagreement`` (records,) are known."""

    def finish(sums: Array) -> dict[str, Array]:
        # (resamples, V) answers by value, and in the last column n D_o; n' d n is n (n - 1) D_e
        n = sums[:, :-1]
        return {"alpha": _alpha(n, sums[:, -1], np.einsum("rv,rv->r", n @ distance, n))}

    return Statistic(sp.csr_matrix(np.column_stack([counts, disagreement])), finish)


def scale_alpha(counts: Array) -> Statistic:
    """``alpha`` (ordinal) and ``alpha_interval`` of an evenly spaced scale of V steps."""
    n_values = counts.shape[1]
    # (records, V, V): how often answers v and w met on a record, a reviewer never with themselves; each record's
    # pairs weigh 1 / (m - 1), so that a record counts by its answers, not by its pairs
    met = counts[:, :, None] * counts[:, None, :]
    met[:, np.arange(n_values), np.arange(n_values)] -= counts
    met /= np.maximum(counts.sum(axis=1) - 1, 1)[:, None, None]

    def finish(sums: Array) -> dict[str, Array]:
        return _scale_alphas(sums.reshape(-1, n_values, n_values))

    return Statistic(sp.csr_matrix(met.reshape(len(counts), n_values**2)), finish)


def _scale_alphas(met: Array) -> dict[str, Array]:
    """From symmetric coincidences (R, V, V)."""
    # n (R, V): answers by value. The steps of a scale lie at their mid-ranks for the ordinal distance, which differ
    # from resample to resample, and at 0, 1, 2, ... for the interval distance
    n = met.sum(axis=2)
    even = np.broadcast_to(np.arange(n.shape[1], dtype=float), n.shape)
    out = {}
    for name, at in (("alpha", mid_ranks(n)), ("alpha_interval", even)):
        distance = (at[:, :, None] - at[:, None, :]) ** 2
        expected = np.einsum("rv,rvw,rw->r", n, distance, n)
        out[name] = _alpha(n, np.einsum("rvw,rvw->r", met, distance), expected)
    return out


def _alpha(n: Array, disagreement: Array, expected: Array) -> Array:
    """1 - D_o / D_e from answers n (R, V), n D_o and n (n - 1) D_e."""
    # (R,): of the divisors n and n (n - 1) a factor n - 1 is left; without any variation alpha is undefined, not 1
    total = n.sum(axis=1)
    ratio = (total - 1) * disagreement / np.where(expected > 0, expected, np.nan)
    return np.where(total > 1, 1 - ratio, np.nan)


def mid_ranks(counts: Array) -> Array:
    """(R, V): the mean rank of the answers that share a value, from counts (R, V)."""
    return np.cumsum(counts, axis=1) - counts / 2


def span_mask(spans: Sequence[Span], length: int) -> Array:
    """(length,): which characters the spans of one reviewer cover."""
    out = np.zeros(length, bool)
    for start, end, _ in spans:
        out[start:end] = True
    return out


def spans_alpha(marked: Sequence[Sequence[Array]]) -> Statistic:
    """``alpha`` over characters, from each record's :func:`span_mask`, one array a reviewer who answered."""
    # (records, 3): a character is never kept, only what a record adds, so long texts cost no memory in the bootstrap
    rows = np.zeros((len(marked), 3))
    for row, reviewers in zip(rows, marked, strict=True):
        if (m := len(reviewers)) > 1:
            k = np.sum(reviewers, axis=0)  # (characters,): how many of the m reviewers marked each
            # answers "not marked" and "marked" over all characters, and what their differences add to n D_o
            row[:] = (m - k).sum(), k.sum(), (2 * k * (m - k)).sum() / (m - 1)
    return alpha_from(rows[:, :2], rows[:, 2], nominal(2))


# two reviewers, or a judge and reviewers


@dataclass(frozen=True, slots=True)
class Crossed:
    """Where two answers met: (records, cells) counts, and the codes (a, b) of each cell that occurs."""

    columns: sp.csr_matrix
    a: Array
    b: Array

    @classmethod
    def of(cls, pairs: Sequence[tuple[Array, Array]], n_b: int) -> Crossed:
        """From pairs of code columns (records,), -1 for no answer; ``n_b`` is the number of codes of the second."""
        n_records = len(pairs[0][0]) if pairs else 0
        # One cell a pair of codes that occurs; each record adds 1 to the cell where its two answers met
        rows = [np.flatnonzero((a >= 0) & (b >= 0)) for a, b in pairs]
        cells = [a[r] * n_b + b[r] for (a, b), r in zip(pairs, rows, strict=True)]
        row = np.concatenate([*rows, np.zeros(0, int)])
        occurring, column = np.unique(np.concatenate([*cells, np.zeros(0, int)]), return_inverse=True)
        columns = sp.coo_matrix((np.ones(len(row)), (row, column)), shape=(n_records, len(occurring))).tocsr()
        return cls(columns, occurring // n_b, occurring % n_b)

    def table(self, sums: Array, n_a: int, n_b: int) -> Array:
        """(R, A, B) from sums (R, cells)."""
        out = np.zeros((len(sums), n_a, n_b))
        out[:, self.a, self.b] = sums
        return out


def kappa(pairs: Sequence[tuple[Array, Array]], distances: Mapping[str, Array]) -> Statistic:
    """Cohen's kappa under each of the named disagreement weights (V, V), pooled over all ``pairs`` of columns."""
    crossed = Crossed.of(pairs, len(next(iter(distances.values()))))
    return Statistic(crossed.columns, lambda sums: _kappas(crossed, sums, distances))


def _kappas(crossed: Crossed, sums: Array, distances: Mapping[str, Array]) -> dict[str, Array]:
    # (R, cells): how often the two codes of a cell met. Its margins a and b (R, V) are each side's own answers,
    # so a' d b / n is the disagreement that is expected by chance
    out, n = {}, sums.sum(axis=1)
    for name, distance in distances.items():
        # one-hot rows of the codes turn sums over cells into sums over values
        a, b = (sums @ np.eye(len(distance))[codes] for codes in (crossed.a, crossed.b))
        expected = np.einsum("rv,rv->r", a @ distance, b)
        out[name] = 1 - n * (sums @ distance[crossed.a, crossed.b]) / np.where(expected > 0, expected, np.nan)
    return out


def pair(a: Array, b: Array, distance: Array | None, distances: Mapping[str, Array]) -> Statistic:
    """``alpha`` of two reviewers alone (``distance`` None: ordinal) and their kappas, from their code columns."""
    n_values = len(next(iter(distances.values())))
    crossed = Crossed.of([(a, b)], n_values)

    def finish(sums: Array) -> dict[str, Array]:
        # Alpha knows no first and second reviewer: each pair of answers counts in both orders
        if distance is None:
            met = crossed.table(sums, n_values, n_values)
            alphas = _scale_alphas(met + met.transpose(0, 2, 1))
        else:
            n = sums @ (np.eye(n_values)[crossed.a] + np.eye(n_values)[crossed.b])
            expected = np.einsum("rv,rv->r", n @ distance, n)
            alphas = {"alpha": _alpha(n, 2 * sums @ distance[crossed.a, crossed.b], expected)}
        return {"alpha": alphas["alpha"], **_kappas(crossed, sums, distances)}

    return Statistic(crossed.columns, finish)


def correlation(pairs: Sequence[tuple[Array, Array]], a_values: Array, b_values: Array) -> Statistic:
    """``pearson`` and ``spearman`` over all ``pairs`` of code columns; codes number the ascending values of each side.

    Spearman's coefficient is Pearson's of the mid-ranks, the usual treatment of ties.
    """
    crossed = Crossed.of(pairs, len(b_values))

    def finish(sums: Array) -> dict[str, Array]:
        # (R, A, B), with margins (R, A) and (R, B): how many points lie at each value of either side
        table = crossed.table(sums, len(a_values), len(b_values))
        a, b = table.sum(axis=2), table.sum(axis=1)
        flat_a, flat_b = (np.broadcast_to(v, n.shape) for v, n in ((a_values, a), (b_values, b)))
        return {"pearson": _pearson(table, flat_a, flat_b), "spearman": _pearson(table, mid_ranks(a), mid_ranks(b))}

    return Statistic(crossed.columns, finish)


def _pearson(table: Array, x: Array, y: Array) -> Array:
    """Of a table of counts (R, A, B) whose rows are at ``x`` (R, A) and columns at ``y`` (R, B)."""
    # Moments of a table of counts: every pair of answers (a, b) is as many points as its cell counts
    n = table.sum(axis=(1, 2))
    of_x, of_y = table.sum(axis=2), table.sum(axis=1)
    x = x - (np.einsum("ra,ra->r", of_x, x) / n)[:, None]
    y = y - (np.einsum("rb,rb->r", of_y, y) / n)[:, None]
    xx, yy = np.einsum("ra,ra->r", of_x, x**2), np.einsum("rb,rb->r", of_y, y**2)
    xy = np.einsum("ra,ra->r", x, np.einsum("rab,rb->ra", table, y))
    # counted, not compared with a tiny variance: a resample of one value must give NaN whatever its rounding
    varies = ((of_x > 0).sum(axis=1) > 1) & ((of_y > 0).sum(axis=1) > 1)
    return np.where(varies, xy / np.sqrt(np.where(varies, xx * yy, 1.0)), np.nan)
