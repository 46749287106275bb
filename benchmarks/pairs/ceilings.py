"""The best possible scores of ratings and choices, where a built-in world has them stored: lines of every table."""

from __future__ import annotations

from benchmarks.harness.aggregate import Ceilings
from benchmarks.harness.base import PairAnswers, PairMetric
from benchmarks.harness.registries import default_metrics, load_metrics
from benchmarks.harness.results import Score, Task
from rad.runtime.statistics import bootstrap, column_intervals, column_means
from rad.world.ceilings.store import stored_pairs


def pair_ceilings(task: Task, sha256: str, seed: int = 0) -> Ceilings:
    """The ceilings of a task of pairs, row -> metric -> score; empty where nobody computed them.

    They are of each user's last item: of the whole test split under ``--protocol full``, without drawn negatives.
    """
    stored = stored_pairs(sha256)
    is_whole = (task.split, task.protocol, task.limit) == ("test", "full", None)
    if stored is None or not is_whole or task.negatives == "drawn" or task.n != len(stored.answer):
        return {}
    metrics = load_metrics(default_metrics(task.name), {}, task.name)
    actual = stored.answer if task.name == "rating" else stored.liked.astype(float)
    rows: dict[str, dict[str, Score]] = {}
    for name, predicted in (stored.rating if task.name == "rating" else stored.probability).items():
        rows[name] = {}
        for metric, of in metrics.items():
            assert isinstance(of, PairMetric), metric
            values = of.values(PairAnswers(predicted, actual, stored.liked))[:, None]  # [pairs, 1]
            ((low, high),) = column_intervals(bootstrap(column_means(values), len(values), seed)).tolist()
            rows[name][metric] = Score(
                metric=metric, value=float(values.mean()), ci_low=low, ci_high=high, n=len(values),
                higher_is_better=of.higher_is_better,
            )  # fmt: skip
    return rows
