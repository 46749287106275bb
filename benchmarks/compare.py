"""Is one model better than others on the same queries, or is it chance?

    python -m benchmarks.compare RESULT_DIR OTHER_DIR... [--metric ndcg@10] [--all-pairs]

Compares the model of the first folder with each of the others (``--all-pairs``: every two). The test is a paired
randomisation test (Fisher; Smucker, Allan and Carterette, CIKM 2007): if the two models were alike, each query's
difference could as well have the other sign, so p is the share of 10,000 seeded sign flips whose mean difference is
at least as far from 0, plus one. p values are Holm-corrected over all comparisons made. Intervals are 95% bootstrap
intervals of the mean difference. Several seeds of one model are averaged query by query first; the spread of their
means is shown. Folders come from ``benchmarks.run`` and hold ``queries.jsonl``, each query's scores.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np

from benchmarks.harness.results import Result, read_result
from rad import registry
from rad.errors import RadError, run
from rad.reporting.console import console, table
from rad.runtime.files import read_jsonl
from rad.runtime.statistics import bootstrap, column_means, holm, percentile_interval, randomisation_test

ALPHA = 0.05


@dataclass(frozen=True)
class System:
    """One model with one or more seeds. ``values`` is [seeds, queries], NaN where the metric is undefined."""

    label: str
    seeds: tuple[int, ...]
    values: np.ndarray
    higher_is_better: bool

    @property
    def means(self) -> np.ndarray:
        return np.nanmean(self.values, axis=1)


def systems(folders: Sequence[Path], metric: str) -> list[System]:
    """The models of ``folders``, seeds together, in the order of first mention. Refuses what cannot be compared."""
    results = [read_result(folder) for folder in folders]
    first, where = results[0], folders[0]
    for folder, result in zip(folders, results, strict=True):
        for what, mine, other in _differences(first, result):
            raise RadError(f"{folder}: {what} is {other}, but {mine} in {where}: only runs of one task can be compared")
    keys: list[str] | None = None
    groups: dict[str, list[tuple[int, np.ndarray, bool]]] = {}
    for folder, result in zip(folders, results, strict=True):
        score = result.score(metric)
        if score is None:
            known = {s.metric for s in result.scores}
            raise RadError(f"{folder}: {registry.unknown('metric', [metric], known)}")
        found = _per_query(folder, metric)
        keys = keys or list(found)
        if found.keys() != set(keys):
            raise RadError(f"{folder}: its queries differ from those of {where}")
        seed, label = result.seed, result.label
        if any(seed == other for other, _, _ in groups.get(label, [])):
            label += f" #{result.run_id}"
        groups.setdefault(label, []).append((seed, np.array([found[key] for key in keys]), score.higher_is_better))
    return [
        System(label, tuple(seed for seed, _, _ in rows), np.stack([v for _, v, _ in rows]), rows[0][2])
        for label, rows in groups.items()
    ]


def _differences(a: Result, b: Result) -> list[tuple[str, object, object]]:
    def facts(r: Result) -> dict[str, object]:
        task = {name: getattr(r.task, name) for name in ("domain", "split", "protocol", "limit", "n")}
        return {**task, "the dataset's sha256": r.dataset.sha256}

    one, two = facts(a), facts(b)
    return [(name, one[name], two[name]) for name in one if one[name] != two[name]]


def _per_query(folder: Path, metric: str) -> dict[str, float]:
    path = (folder if folder.is_dir() else folder.parent) / "queries.jsonl"
    out = {}
    for number, record in read_jsonl(path):
        try:
            out[str(record["query_id"])] = float(record["scores"].get(metric, np.nan))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise RadError(f"{path}:{number}: lacks a query_id or scores ({error})") from error
    if not any(np.isfinite(value) for value in out.values()):
        raise RadError(f"{path}: no query has '{metric}' (it is a score of all queries together)")
    return out


def report(found: Sequence[System], metric: str, all_pairs: bool, permutations: int, seed: int) -> None:
    """Print the means with the spread over seeds, then the comparisons."""
    means = table(f"{metric}: mean and spread over seeds", "model", "seeds", "mean", "least", "most", "sd")
    for s in found:
        sd = f"{s.means.std(ddof=1):.4f}" if len(s.seeds) > 1 else ""
        ends = [f"{s.means.min():.4f}", f"{s.means.max():.4f}"] if len(s.seeds) > 1 else ["", ""]
        means.add_row(s.label, ",".join(map(str, s.seeds)), f"{s.means.mean():.4f}", *ends, sd)
    console.print(means)
    if len(found) < 2:
        return
    pairs = list(combinations(found, 2)) if all_pairs else [(found[0], other) for other in found[1:]]
    differences = np.stack([a.values.mean(axis=0) - b.values.mean(axis=0) for a, b in pairs], axis=1)
    p = randomisation_test(differences, permutations, seed)
    corrected = holm(p)
    resampled = bootstrap(column_means(differences), len(differences), seed)
    intervals = [percentile_interval(column) or (np.nan, np.nan) for column in resampled.T]
    title = "Differences" if all_pairs else f"{found[0].label} minus each of the others"
    rows = table(title, "pair" if all_pairs else "other", "queries", "difference", "95%\ninterval", "p", "p\nHolm", "")
    for k, (a, b) in enumerate(pairs):
        mean = float(np.nanmean(differences[:, k]))
        words = "not shown"
        if corrected[k] < ALPHA:
            words = "better" if (mean > 0) == a.higher_is_better else "worse"
        interval = "{:+.4f} {:+.4f}".format(*intervals[k])
        n = int(np.isfinite(differences[:, k]).sum())
        rows.add_row(
            f"{a.label} - {b.label}" if all_pairs else b.label,
            f"{n:,}",
            f"{mean:+.4f}",
            interval,
            f"{p[k]:.4f}",
            f"{corrected[k]:.4f}",
            words,
        )
    console.print(rows)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.compare", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", nargs="+", type=Path, metavar="RESULT_DIR")
    parser.add_argument("--metric", default="ndcg@10")
    parser.add_argument("--all-pairs", action="store_true", help="every two, not only the first with the others")
    parser.add_argument("--permutations", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    if args.permutations < 1:
        raise RadError(f"--permutations must be at least 1, got {args.permutations}")
    if args.seed < 0:
        raise RadError(f"--seed must be at least 0, got {args.seed}")
    report(systems(args.folders, args.metric), args.metric, args.all_pairs, args.permutations, args.seed)


if __name__ == "__main__":
    run(main)
