"""Where explanations help, and where it pays to ask for them: a cheap and a costly model of pairs, from finished runs.

The cheap model is an ensemble: the seeds of one model. Its *uncertainty* on a pair is the variance of what they
predict, and its prediction their mean (Lakshminarayanan et al., NeurIPS 2017). The costly model is the mean of its own
seeds. The loss of a pair is the squared error of a rating, or -log of the probability of what is true.

*Routing*: a pair goes to the costly model where the cheap one is more uncertain than a threshold. *Random* sends as
many pairs by chance; its mean over all draws is exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.harness.results import Result, read_result
from benchmarks.reporting.comparison import refuse_other_tasks
from rad.errors import RadError
from rad.runtime.files import read_jsonl
from rad.runtime.statistics import bootstrap, clusters_of, column_intervals, column_means

DECILES, STEPS = 10, 10
EDGE = 1e-6


class Gain(NamedTuple):
    """What the costly model saves on some pairs: the mean loss of both, and the difference with its 95% interval."""

    name: str
    pairs: int
    cheap: float
    costly: float
    gain: float
    low: float
    high: float


class RoutedShare(NamedTuple):
    """A share of pairs that go to the costly model. ``gain`` is the loss that is saved beside the cheap model alone."""

    threshold: float
    share: float
    gain: float
    low: float
    high: float
    random: float


@dataclass(frozen=True)
class Ensemble:
    """The runs of one model: what its seeds predict [seeds, pairs], and the right answers and the users [pairs]."""

    folders: tuple[Path, ...]
    result: Result
    predicted: np.ndarray
    actual: np.ndarray
    query_ids: tuple[str, ...]
    users: tuple[str, ...]

    @property
    def clusters(self) -> np.ndarray | None:
        """[pairs]: the user of each, by whom intervals are drawn; None where no user has two pairs."""
        return clusters_of(self.users)

    @property
    def loss(self) -> np.ndarray:
        """[pairs]: of the mean prediction."""
        mean = self.predicted.mean(0)
        if self.result.task.name == "rating":
            return np.asarray((mean - self.actual) ** 2)
        return np.asarray(-np.log(np.clip(np.where(self.actual > 0.5, mean, 1 - mean), EDGE, 1)))

    @property
    def variance(self) -> np.ndarray:
        """[pairs]: of the seeds' predictions."""
        return np.asarray(self.predicted.var(0))


def read_ensemble(folders: Sequence[Path]) -> Ensemble:
    """The seeds of one model. :class:`RadError` where folders are of several models, tasks or seeds that repeat."""
    results = [read_result(folder) for folder in folders]
    refuse_other_tasks(folders, results)
    first = results[0]
    for folder, result in zip(folders, results, strict=True):
        if result.task.name == "ranking":
            raise RadError(f"{folder}: a ranking: python -m benchmarks.routing reads those")
        if result.label != first.label:
            raise RadError(
                f"{folder}: of {result.label}, but {folders[0]} is of {first.label}: give seeds of one model"
            )
    if len({result.seed for result in results}) < len(results):
        raise RadError(f"{folders[0]}: the same seed twice")
    rows, answers, users = [], {}, list[str]()
    for folder in folders:
        queries = [r for _, r in read_jsonl(folder / "queries.jsonl")]
        answers = {str(r["query_id"]): float(r["answer"]) for r in queries}
        users = [str(r.get("user_id", r["query_id"])) for r in queries]
        stored = {str(r["query_id"]): r for _, r in read_jsonl(folder / "predictions.jsonl")}
        rows.append([_number(stored.get(key), first) for key in answers])
    return Ensemble(
        tuple(folders), first, np.array(rows), np.array(list(answers.values())), tuple(answers), tuple(users)
    )


def _number(record: dict | None, result: Result) -> float:
    field = "rating" if result.task.name == "rating" else "probability"
    value = record.get(field) if record else None
    return float(value if value is not None else result.task.constant or 0.0)


@dataclass(frozen=True)
class CheapAndCostly:
    """Two ensembles on the same pairs."""

    cheap: Ensemble
    costly: Ensemble

    def __post_init__(self) -> None:
        refuse_other_tasks([self.cheap.folders[0], self.costly.folders[0]], [self.cheap.result, self.costly.result])
        if self.cheap.query_ids != self.costly.query_ids:
            raise RadError(f"{self.costly.folders[0]}: its pairs differ from those of {self.cheap.folders[0]}")
        if len(self.cheap.folders) < 2:
            raise RadError(f"{self.cheap.folders[0]}: one seed has no variance: give two or more")

    @cached_property
    def saved(self) -> np.ndarray:
        """[pairs]: the loss of the cheap model less that of the costly one."""
        return self.cheap.loss - self.costly.loss

    def deciles(self) -> list[Gain]:
        """What the costly model saves, from the tenth of pairs of which the cheap one is surest to the least sure.

        Of fewer than ten pairs each is a part.
        """
        order = np.argsort(self.cheap.variance, kind="stable")
        parts = np.array_split(order, min(DECILES, len(order)))
        table = np.full((len(order), len(parts)), np.nan)
        for k, part in enumerate(parts):
            table[part, k] = self.saved[part]
        ends = self._ends(table)
        return [
            Gain(
                *(f"{k + 1}", len(part), float(self.cheap.loss[part].mean()), float(self.costly.loss[part].mean())),
                *(float(self.saved[part].mean()), low, high),
            )
            for k, (part, (low, high)) in enumerate(zip(parts, ends, strict=True))
        ]

    def slope(self) -> tuple[float, float, float]:
        """What is saved on the less sure half of pairs less what is saved on the other, and its 95% interval."""
        order = np.argsort(np.argsort(self.cheap.variance, kind="stable"), kind="stable")
        sign = np.where(order >= len(order) // 2, 2.0, -2.0)[:, None] * self.saved[:, None]
        low, high = self._ends(sign)[0]
        return float(sign.mean()), low, high

    def _ends(self, table: np.ndarray) -> list[list[float]]:
        """The 95% interval of the mean of each column of ``table`` [pairs, k], by users."""
        resampled = bootstrap(column_means(table), len(table), clusters=self.cheap.clusters)
        return column_intervals(resampled).tolist()

    def thresholds(self) -> list[float]:
        """Those that send no pair, a tenth of them, ..., and all."""
        shares = np.arange(STEPS) / STEPS
        bars = np.quantile(self.cheap.variance, 1 - shares, method="higher").tolist()
        return [*dict.fromkeys(bars), -1.0]

    def curve(self, thresholds: Sequence[float]) -> list[RoutedShare]:
        """What each threshold sends to the costly model, and saves."""
        sent = [self.cheap.variance > threshold for threshold in thresholds]
        table = np.stack([self.saved * rows for rows in sent], axis=1)
        ends = self._ends(table)
        out = []
        for threshold, rows, column, (low, high) in zip(thresholds, sent, table.T, ends, strict=True):
            share = float(rows.mean())
            out.append(RoutedShare(threshold, share, float(column.mean()), low, high, share * float(self.saved.mean())))
        return out

    def best_threshold(self) -> float:
        """The threshold of the curve that saves most; of equal ones that which sends least."""
        return max(self.curve(self.thresholds()), key=lambda p: (round(p.gain, 12), -p.share)).threshold
