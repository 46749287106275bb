"""Results of one task together: seeds averaged, the best possible scores beside them. Every table reads it here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import mean, stdev

import numpy as np

from benchmarks.harness.results import Result, Score
from rad.runtime.statistics import bootstrap, column_intervals, column_means

SORT = "ndcg@10"  # what tables order models by
SORTS: Mapping[str, str] = {"ranking": SORT, "rating": "rmse", "choice": "auc"}
BESIDE = ("soundness", "said", "reader_gain@10")  # what stands beside it, where models write rationales
Ceilings = Mapping[str, Mapping[str, Score]]  # row -> metric -> score


@dataclass(frozen=True, slots=True)
class SeedMean:
    """A score over seeds: the mean, the mean of the intervals, and the standard deviation (None for one seed)."""

    value: float
    low: float
    high: float
    sd: float | None
    n_seeds: int
    is_attested: bool


def over_seeds(scores: Sequence[Score]) -> SeedMean | None:
    """One score a seed, averaged; None without any."""
    if not scores:
        return None
    values = [s.value for s in scores]
    return SeedMean(
        value=mean(values),
        low=mean(s.ci_low for s in scores),
        high=mean(s.ci_high for s in scores),
        sd=stdev(values) if len(values) > 1 else None,
        n_seeds=len(values),
        is_attested=any(s.basis == "attested" for s in scores),
    )


def cell(score: SeedMean | None, interval: bool) -> str:
    """A number, with its interval and the spread over seeds where asked for."""
    if score is None:
        return ""
    text = f"{score.value:.4f}"
    if interval:
        text += f" [{score.low:.3f}, {score.high:.3f}]"
        text += f" ±{score.sd:.4f}" if score.sd is not None else ""
    return text


class TaskResults:
    """The results of one question, domain, protocol and split on one version of the data: model -> seed -> result.

    Of several versions of the data the one that was run last counts, of several runs of a model and seed the newest.
    A run of a model that has a newer version stands in a row of its own, which says so.

    Args:
        results: Those of the task.
        versions: The newest version of each model, in whatever task.
    """

    def __init__(self, results: Sequence[Result], versions: Mapping[str, str]) -> None:
        newest = max(results, key=_finished_at).dataset.sha256
        self.models: dict[str, dict[int, Result]] = {}
        for result in sorted(results, key=_finished_at):
            if result.dataset.sha256 == newest:
                self.models.setdefault(row_label(result, versions), {})[result.seed] = result
        self.first = next(iter(next(iter(self.models.values())).values()))
        self.sort = SORTS[self.first.task.name]
        self.ceilings = task_ceilings(self.first)
        self.bayes = bayes_of(self.ceilings)

    def score(self, label: str, metric: str, part: str = "all") -> SeedMean | None:
        """A model's score over its seeds."""
        return over_seeds([s for r in self.models[label].values() if (s := r.score(metric, part))])

    def value(self, label: str, metric: str | None = None) -> float:
        """The same as a number, by default of the metric that orders the models; 0 where no seed has it."""
        score = self.score(label, metric or self.sort)
        return score.value if score else 0.0

    @property
    def labels(self) -> list[str]:
        """The models, the best last."""
        return sorted(self.models, key=self.value, reverse=self.sort == "rmse")

    @property
    def slice_sizes(self) -> dict[str, int]:
        """The slices of the queries, and how many each holds."""
        return slice_sizes([r for seeds in self.models.values() for r in seeds.values()], self.sort)


def results_by_task(results: Iterable[Result], question: str = "ranking") -> dict[tuple[str, str, str], TaskResults]:
    """Those of a question by domain, protocol and split, in the order of their names.

    Runs on a part of the queries are left out.
    """
    results = list(results)
    versions = newest_versions(results)
    tasks: dict[tuple[str, str, str], list[Result]] = {}
    for result in results:
        if result.task.limit is None and result.task.question == question:
            tasks.setdefault((result.task.domain, result.task.protocol, result.task.split), []).append(result)
    return {key: TaskResults(tasks[key], versions) for key in sorted(tasks)}


def newest_versions(results: Iterable[Result]) -> dict[str, str]:
    """Of each model the version of the run that finished last."""
    return {r.model.name: r.model.version for r in sorted(results, key=_finished_at)}


def row_label(result: Result, versions: Mapping[str, str]) -> str:
    """How a table names a run: its label, and its version where that is not the newest."""
    version = result.model.version
    return result.label if version == versions[result.model.name] else f"{result.label} (version {version})"


def _finished_at(result: Result) -> str:
    return str(result.provenance.get("finished_at", ""))


def slice_sizes(results: Iterable[Result], metric: str) -> dict[str, int]:
    """The slices of the queries in which any of the results has a metric, and how many queries each holds."""
    return {s.slice: s.n for r in results for s in r.scores if s.metric == metric and s.slice != "all"}


def task_ceilings(result: Result) -> Ceilings:
    """The best possible scores of a result's task, where it is the whole test split ranked over the whole catalogue."""
    if (result.task.name, result.task.protocol, result.task.split) != ("ranking", "full", "test"):
        return {}
    stored = ceilings(result.dataset.sha256)
    return {name: row for name, row in stored.items() if SORT in row and row[SORT].n == result.task.n}


def ceilings(sha256: str, keys: Sequence[str] | None = None, seed: int = 0) -> dict[str, dict[str, Score]]:
    """The best possible scores, row -> metric -> score, where the built-in world stores them for a data set.

    Over the queries ``keys`` (None: all that are stored); a row that lacks one of them is left out.
    """
    from rad.world.ceilings import stored as stored_scores  # only tables of a built-in world need it

    rows: dict[str, dict[str, Score]] = {}
    for name, stored in (stored_scores(sha256) or {}).items():
        queries = list(stored) if keys is None else keys
        if not queries or not all(key in stored for key in queries):
            continue
        metrics = list(stored[queries[0]])
        # values [queries, metrics], resampled [resamples, metrics]
        values = np.array([[stored[key][metric] for metric in metrics] for key in queries], dtype=float)
        resampled = bootstrap(column_means(values), len(queries), seed)
        rows[name] = {}
        for metric, column, (low, high) in zip(metrics, values.T, column_intervals(resampled).tolist(), strict=True):
            rows[name][metric] = Score(metric=metric, value=column.mean(), ci_low=low, ci_high=high, n=len(queries))
    return rows


def bayes_of(rows: Ceilings) -> float | None:
    """NDCG@10 of the Bayes ceiling, if it is among ``rows``."""
    return next((row[SORT].value for name, row in rows.items() if "bayes" in name.lower()), None)
