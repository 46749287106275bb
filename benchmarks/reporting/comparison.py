"""Models side by side on the same queries, with paired tests: what ``benchmarks.compare`` prints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.harness.aggregate import newest_versions, row_label
from benchmarks.harness.results import Result, read_result
from rad import registry
from rad.errors import RadError
from rad.runtime.files import read_jsonl
from rad.runtime.statistics import (
    ALPHA,
    bootstrap,
    clusters_of,
    column_intervals,
    column_means,
    holm,
    randomisation_test,
)


@dataclass(frozen=True)
class System:
    """One model with one or more seeds.

    ``values`` is [seeds, queries], NaN where the metric is undefined; ``users`` has the user of each query.
    """

    label: str
    seeds: tuple[int, ...]
    values: np.ndarray
    higher_is_better: bool
    users: tuple[str, ...]

    @property
    def means(self) -> np.ndarray:
        return np.nanmean(self.values, axis=1)


def systems(folders: Sequence[Path], metric: str) -> list[System]:
    """The models of ``folders``, seeds together, in the order of first mention. Refuses what cannot be compared."""
    results = [read_result(folder) for folder in folders]
    refuse_other_tasks(folders, results)
    versions = newest_versions(results)
    where = folders[0]
    keys: list[str] | None = None
    users: tuple[str, ...] = ()
    seeds_of: dict[str, list[tuple[int, np.ndarray, bool]]] = {}
    for folder, result in zip(folders, results, strict=True):
        score = result.score(metric)
        if score is None:
            names = {s.metric for s in result.scores}
            raise RadError(f"{folder}: {registry.unknown('metric', [metric], names)}")
        values, users_here = _per_query(folder, metric)
        keys, users = keys or list(values), users or users_here
        if values.keys() != set(keys):
            raise RadError(f"{folder}: its queries differ from those of {where}")
        seed, label = result.seed, row_label(result, versions)
        if any(seed == other for other, _, _ in seeds_of.get(label, [])):
            label += f" #{result.run_id}"
        seeds_of.setdefault(label, []).append((seed, np.array([values[key] for key in keys]), score.higher_is_better))
    return [
        System(label, tuple(seed for seed, _, _ in rows), np.stack([v for _, v, _ in rows]), rows[0][2], users)
        for label, rows in seeds_of.items()
    ]


def refuse_other_tasks(folders: Sequence[Path], results: Sequence[Result]) -> None:
    """:class:`RadError` where a result is not of the first one's task, on the same data and as many queries."""
    for folder, result in zip(folders, results, strict=True):
        for what, mine, other in _differences(results[0], result):
            where = f"{mine} in {folders[0]}"
            raise RadError(f"{folder}: {what} is {other}, but {where}: only runs of one task can be compared")


def _differences(a: Result, b: Result) -> list[tuple[str, object, object]]:
    def facts(r: Result) -> dict[str, object]:
        task = r.task.model_dump(include={"name", "negatives", "domain", "split", "protocol", "limit", "n"})
        return {**task, "the dataset's sha256": r.dataset.sha256}

    one, two = facts(a), facts(b)
    return [(name, one[name], two[name]) for name in one if one[name] != two[name]]


def _per_query(folder: Path, metric: str) -> tuple[dict[str, float], tuple[str, ...]]:
    """The scores by query, and the user of each; files of earlier runs do not say whose a query is."""
    path = (folder if folder.is_dir() else folder.parent) / "queries.jsonl"
    out, users = {}, []
    for number, record in read_jsonl(path):
        try:
            users.append(str(record.get("user_id", record["query_id"])))
            out[str(record["query_id"])] = float(record["scores"].get(metric, np.nan))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise RadError(f"{path}:{number}: lacks a query_id or scores ({error})") from error
    if not any(np.isfinite(value) for value in out.values()):
        raise RadError(f"{path}: no query has '{metric}' (it is a score of all queries together)")
    return out, tuple(users)


class Difference(NamedTuple):
    """The mean difference of two systems over the queries where both are defined, its interval, and p."""

    first: System
    second: System
    n: int
    mean: float
    low: float
    high: float
    p: float
    p_corrected: float

    @property
    def verdict(self) -> str:
        """Whether the first is better or worse, or not shown to be either."""
        if self.p_corrected >= ALPHA:
            return "not shown"
        return "better" if (self.mean > 0) == self.first.higher_is_better else "worse"


def differences_of(compared: Sequence[System], all_pairs: bool, permutations: int, seed: int) -> list[Difference]:
    """The first system less each of the others, or every two; p values are corrected over all of these."""
    pairs = list(combinations(compared, 2)) if all_pairs else [(compared[0], other) for other in compared[1:]]
    if not pairs:
        return []
    # [queries, pairs]: the mean over seeds of the one less that of the other
    differences = np.stack([a.values.mean(axis=0) - b.values.mean(axis=0) for a, b in pairs], axis=1)
    clusters = clusters_of(compared[0].users)
    p = randomisation_test(differences, permutations, seed, clusters)
    corrected = holm(p)
    resampled = bootstrap(column_means(differences), len(differences), seed, clusters=clusters)
    intervals = column_intervals(resampled)
    rows = []
    for k, (a, b) in enumerate(pairs):
        column, (low, high) = differences[:, k], intervals[k].tolist()
        n = int(np.isfinite(column).sum())
        rows.append(Difference(a, b, n, float(np.nanmean(column)), low, high, float(p[k]), float(corrected[k])))
    return rows
