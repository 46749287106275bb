"""The registered analysis: the mean trust of each arm, where participants and pages are both drawn from more.

Trust is regressed on arms with an effect of each participant and of each page's query, so that who trusts much and
which list pleases takes no side. What is left may still go together within a participant (who cares for citations)
and within a query (whose explanation is a good one). So variances are clustered by both (Cameron, Gelbach and Miller
2011), and never below those of one clustering alone. Intervals and p values are of Student's t with as many degrees
of freedom as there are participants, or queries if these are fewer, less one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from annotation.study.arms import ALONE, ARMS
from rad.errors import RadError
from rad.runtime.statistics import ALPHA, holm

Array = np.ndarray
ROUNDS, CLOSE = 200, 1e-9  # of taking out the effects of participants and queries in turn
RATIONALE = "rationale"
HYPOTHESES = tuple((RATIONALE, other) for other in ARMS if other != RATIONALE)
"""The first arm has more trust than the second. p values are corrected for all of them by Holm's method."""


@dataclass(frozen=True, slots=True)
class Answers:
    """Trust ratings, an answer an entry: ``arms``, ``participants`` and ``queries`` are numbers from 0."""

    trust: Array
    arms: Array
    participants: Array
    queries: Array

    def of(self, included: Array) -> Answers:
        """The answers of the participants for whom ``included`` is true."""
        rows = included[self.participants]
        return Answers(self.trust[rows], self.arms[rows], self.participants[rows], self.queries[rows])


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its 95% interval; p is two-sided, of no difference."""

    value: float
    low: float
    high: float
    p: float


@dataclass(frozen=True, slots=True)
class Estimates:
    """Mean trust by arm [arms], adjusted for participants and queries.

    ``covariances`` are those of the means [3, arms, arms], clustered by both, by participant and by query. ``freedom``
    is that of t.
    """

    means: Array
    covariances: Array
    freedom: int

    def difference(self, arm: str, other: str) -> Interval:
        """How much more trust ``arm`` has than ``other``, in points of the scale."""
        slope = np.zeros(len(ARMS))
        slope[ARMS.index(arm)], slope[ARMS.index(other)] = 1.0, -1.0
        return self._interval(float(slope @ self.means), slope)

    def gain(self, arm: str) -> Interval:
        """The same against the ranking alone, as a share of its trust: 0.2 is 20% more."""
        mean, alone = self.means[ARMS.index(arm)], self.means[ARMS.index(ALONE)]
        slope = np.zeros(len(ARMS))
        slope[ARMS.index(arm)], slope[ARMS.index(ALONE)] = 1 / alone, -mean / alone**2
        return self._interval(float(mean / alone - 1), slope)

    def _interval(self, value: float, slope: Array) -> Interval:
        error = float(np.sqrt(max(0.0, *(slope @ one @ slope for one in self.covariances))))
        half = float(stats.t.ppf(1 - ALPHA / 2, self.freedom)) * error
        p = float(2 * stats.t.sf(abs(value) / error, self.freedom)) if error else float(value == 0)
        return Interval(value, value - half, value + half, p)


def estimate(answers: Answers) -> Estimates:
    """The means of all arms.

    Raises:
        RadError: An arm has no answer, or there are fewer than two participants or queries.
    """
    seen = {name: np.unique(column) for name, column in _columns(answers).items()}
    if lacking := [arm for number, arm in enumerate(ARMS) if number not in seen["arms"]]:
        raise RadError(f"no answer is left on pages of arm '{lacking[0]}'")
    if min(len(seen["participants"]), len(seen["queries"])) < 2:
        raise RadError("the analysis needs answers of two participants on two queries at least")
    clusters = [np.searchsorted(seen[name], column) for name, column in _columns(answers).items() if name != "arms"]
    dummies = (answers.arms[:, None] == np.arange(1, len(ARMS))).astype(float)  # [answers, arms but the first]
    columns = _without_effects(np.column_stack([answers.trust, dummies]), clusters)
    trust, inside = columns[:, 0], columns[:, 1:]
    bread = np.linalg.pinv(inside.T @ inside)
    effects = bread @ inside.T @ trust
    residuals = trust - inside @ effects
    n, used = len(trust), sum(len(seen[name]) for name in seen) - 2
    # how far each answer moves each mean: the influence on the effects, and through what is left on the first mean
    moves = np.zeros((n, len(ARMS)))
    moves[:, 1:] = (inside @ bread) * residuals[:, None]
    first = answers.trust - dummies @ effects
    moves[:, 0] = (first - first.mean()) / n - moves[:, 1:] @ dummies.mean(axis=0)
    moves[:, 1:] += moves[:, [0]]
    means = first.mean() + np.concatenate([[0.0], effects])
    by_group = [_summed(moves, group) for group in clusters]
    one_way = [sums.T @ sums * len(sums) / (len(sums) - 1) for sums in by_group]
    both = one_way[0] + one_way[1] - moves.T @ moves
    covariances = np.stack([both, *one_way]) * n / max(1, n - used)
    return Estimates(means, covariances, min(len(seen["participants"]), len(seen["queries"])) - 1)


def _columns(answers: Answers) -> dict[str, Array]:
    return {"arms": answers.arms, "participants": answers.participants, "queries": answers.queries}


def _without_effects(columns: Array, clusters: Sequence[Array]) -> Array:
    """The columns without the means of each group: of participants and of queries, in turn until nothing is left."""
    out = columns - columns.mean(axis=0)
    for _ in range(ROUNDS):
        most = 0.0
        for group in clusters:
            means = _summed(out, group) / np.bincount(group)[:, None]
            out = out - means[group]
            most = max(most, float(np.abs(means).max()))
        if most < CLOSE:
            break
    return out


def _summed(columns: Array, group: Array) -> Array:
    """The sums of each column by group [groups, columns]."""
    n = int(group.max()) + 1
    return np.column_stack([np.bincount(group, column, minlength=n) for column in columns.T])


def compared(estimates: Estimates) -> list[tuple[Interval, float]]:
    """Each hypothesis of :data:`HYPOTHESES`: the difference, and its p value after Holm's correction."""
    differences = [estimates.difference(*pair) for pair in HYPOTHESES]
    return list(zip(differences, holm(np.array([one.p for one in differences])).tolist(), strict=True))


def holds(difference: Interval, p: float) -> bool:
    """Whether a hypothesis holds: the difference is above nothing, and its corrected p value small."""
    return difference.value > 0 and p < ALPHA


def supported(estimates: Estimates, gain: float) -> bool:
    """Whether the claim that the rationale has ``gain`` more trust than the ranking alone stands, as registered."""
    return holds(*compared(estimates)[0]) and estimates.gain(RATIONALE).high >= gain
