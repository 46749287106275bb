"""Whom a ranking shows, whom it serves, and how its rationales speak to whom: from a finished run alone.

*Exposure* is a group's share of the first ten places of all rankings. It is set against the group's share of what the
same users chose next: above 1 a group is shown more than it is chosen. *Quality* is NDCG@10 of groups of users, and
*wording* how long their rationales are, how much these leave open, and which kinds of facts carry their strength.
Intervals are 95% bootstrap intervals over users.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from benchmarks.audits.trust.groups import item_groups, purchases_of, user_groups
from benchmarks.audits.trust.manipulation import TOP
from benchmarks.explanations.finished_run import FinishedRun
from benchmarks.harness.aggregate import SORT
from benchmarks.harness.evaluate import measure, users_of
from benchmarks.harness.registries import load_metrics
from rad.runtime.statistics import bootstrap, clusters_of, column_intervals, column_means
from rad.types import Rationale

WORDS = ("reasons", "words", "unexplained")
Ends = tuple[float, float]


@dataclass(frozen=True)
class Exposure:
    """A group's shares of the catalogue, of the purchases, of the answers and of the first ten places.

    ``ratio`` is exposure over answers, with its ends; None where nobody chose one of the group.
    """

    trait: str
    group: str
    catalogue: float
    purchases: float
    answers: float
    exposure: float
    ratio: float | None
    ends: Ends | None


@dataclass(frozen=True)
class Quality:
    """NDCG@10 of a group of users with its ends, and less that of all others."""

    trait: str
    group: str
    queries: int
    ndcg: float
    ends: Ends
    difference: float
    difference_ends: Ends


@dataclass(frozen=True)
class GroupWording:
    """The rationales of a group of users: mean number of reasons and words, share left open, with its ends; and the
    kinds of facts by their share of the strength, the largest first."""

    trait: str
    group: str
    queries: int
    reasons: float
    words: float
    unexplained: float
    ends: Ends
    kinds: str


@dataclass(frozen=True)
class BiasAudit:
    """A finished run by groups of items and of users."""

    run: FinishedRun

    def exposures(self) -> list[Exposure]:
        """One row a group of items."""
        items, examples = self.run.data.items, self.run.examples
        bought = self._bought
        count = np.array([bought[item_id] for item_id in items])
        column = {item_id: k for k, item_id in enumerate(items)}
        by_item = item_groups(items, bought)
        member = np.stack(list(by_item.values()), axis=1)  # [items, groups]
        shown = np.zeros((len(examples), len(by_item)))
        for row, prediction in enumerate(self.run.predictions):
            shown[row] = member[[column[i] for i in prediction.ranking[:TOP]]].sum(0)
        chosen = np.stack([member[[column[i] for i in e.relevant]].sum(0) for e in examples])
        # [queries]: how many places and answers each has, so that shares are over all of them
        places = np.array([len(p.ranking[:TOP]) for p in self.run.predictions])
        answers = np.array([len(e.relevant) for e in examples])

        def shares(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            return counts @ shown / (counts @ places)[:, None], counts @ chosen / (counts @ answers)[:, None]

        def ratios(counts: np.ndarray) -> np.ndarray:
            exposure, answered = shares(counts)
            with np.errstate(invalid="ignore", divide="ignore"):
                return np.where(answered > 0, exposure / answered, np.nan)

        ends = column_intervals(self._resampled(ratios)).tolist()
        exposures, answered = (row[0].tolist() for row in shares(np.ones((1, len(examples)))))
        out = []
        for k, ((trait, group), mask) in enumerate(by_item.items()):
            ratio = exposures[k] / answered[k] if answered[k] else None
            purchases = float(count[mask].sum() / max(count.sum(), 1))
            interval = _pair(ends[k]) if ratio is not None else None
            shares_of = (float(mask.mean()), purchases, answered[k], exposures[k])
            out.append(Exposure(trait, group, *shares_of, ratio=ratio, ends=interval))
        return out

    def qualities(self) -> list[Quality]:
        """One row a group of users."""
        ndcg = measure(load_metrics([SORT], self.run.data.items), self.run.predictions, self.run.examples)[0][SORT]
        by_user = self._users
        inside = np.stack([np.where(mask, ndcg, np.nan) for mask in by_user.values()], axis=1)
        outside = np.stack([np.where(mask, np.nan, ndcg) for mask in by_user.values()], axis=1)

        def both(counts: np.ndarray) -> np.ndarray:
            one, other = column_means(inside)(counts), column_means(outside)(counts)
            return np.concatenate([one, one - other], axis=1)

        ends = column_intervals(self._resampled(both)).tolist()
        values = both(np.ones((1, len(ndcg))))[0].tolist()
        n = len(by_user)
        return [
            Quality(*key, int(mask.sum()), values[k], _pair(ends[k]), values[n + k], _pair(ends[n + k]))
            for k, (key, mask) in enumerate(by_user.items())
        ]

    def wordings(self) -> list[GroupWording]:
        """One row a group of users; none where the run writes no rationales."""
        if not self.run.explained_rows:
            return []
        metrics = load_metrics(WORDS, self.run.data.items)
        values = measure(metrics, self.run.predictions, self.run.examples)[0]
        by_user = self._users
        table = np.stack([np.where(mask, values["unexplained"], np.nan) for mask in by_user.values()], axis=1)
        ends = column_intervals(self._resampled(column_means(table))).tolist()
        out = []
        for k, (key, mask) in enumerate(by_user.items()):
            reasons, words, rest = (float(np.nanmean(values[name][mask])) for name in WORDS)
            kinds = _kinds(self._rationales(mask))
            out.append(GroupWording(*key, int(mask.sum()), reasons, words, rest, _pair(ends[k]), kinds))
        return out

    @cached_property
    def _bought(self) -> Counter[str]:
        return purchases_of(self.run.examples)

    @cached_property
    def _users(self) -> dict[tuple[str, str], np.ndarray]:
        return user_groups(self.run.examples, self.run.data.items, self._bought)

    def _rationales(self, mask: np.ndarray) -> Iterator[Rationale]:
        for row in np.flatnonzero(mask).tolist():
            if (rationale := self.run.predictions[row].rationale) is not None:
                yield rationale

    def _resampled(self, statistic: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
        return bootstrap(statistic, len(self.run.examples), clusters=clusters_of(users_of(self.run.examples)))


def _pair(ends: Sequence[float]) -> Ends:
    low, high = ends
    return low, high


def _kinds(rationales: Iterator[Rationale]) -> str:
    """The three kinds of facts that carry most of the strength, with their shares of it."""
    strength: dict[str, float] = {}
    for rationale in rationales:
        for reason in rationale.reasons:
            strength[reason.evidence.kind] = strength.get(reason.evidence.kind, 0.0) + reason.weight
    total = sum(strength.values())
    first = sorted(strength.items(), key=lambda pair: -pair[1])[:3]
    return ", ".join(f"{kind} {share / total:.0%}" for kind, share in first)
