"""The columns of a task's table: what each number is called, how it is written, and which way is better."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.harness.aggregate import SORT, SORTS
from benchmarks.harness.base import TaskName
from benchmarks.harness.registries import ATTESTED, default_metrics, headline_metrics, load_metric, title_of
from leaderboard.site.rows import Cell, Row


@dataclass(frozen=True)
class Column:
    """``hint`` says in a few words what the number is. ``ceiling`` names the metric whose ceilings may stand here."""

    title: str
    get: Callable[[Row], Cell | None]
    hint: str
    digits: int = 4
    higher: bool = True
    interval: bool = False
    percent: bool = False
    metric: str = ""


COSTS = {
    "tokens_per_query": ("Tokens\u00a0†", "tokens written a query, as the submitter counted", 1),
    "ms_per_query": ("ms\u00a0†", "milliseconds a query, as the submitter measured", 2),
    "fit_seconds": ("Fit\u00a0s\u00a0†", "seconds of training", 0),
    "peak_memory_mb": ("MiB\u00a0†", "peak memory", 0),
}
TIME = "ms_per_query"
SHORT = ("soundness", "said", "reason_f1@3", "reader_gain@10")  # how good the rationales are
QUALITY = ("reader_gain@10", "reason_f1@3", "soundness")  # of the plot: the first that a table has


def columns(rows: Sequence[Row], bayes: float | None = None) -> list[Column]:
    """The columns of the short table that any of the rows fills: NDCG@10 always, rationale quality beside it, time.

    Args:
        rows: Of one task.
        bayes: NDCG@10 of the Bayes ceiling, where it is known.
    """
    out = [_score(SORT), *([_share(bayes)] if bayes else [])]
    out += [_score(metric) for metric in SHORT if any(row.score(metric) for row in rows)]
    return [*out, *_costs(rows, (TIME,))]


def pair_columns(task: TaskName, rows: Sequence[Row]) -> list[Column]:
    """The columns of a table of ratings or choices: every metric of the task, what orders the rows first, then time."""
    metrics = [SORTS[task], *(metric for metric in default_metrics(task) if metric != SORTS[task])]
    return [*(_score(metric) for metric in metrics), *_costs(rows, (TIME,))]


def best_columns(task: TaskName) -> list[Column]:
    """The columns of the index: what orders the rows with its interval, and how good the rationales are."""
    return [_score(metric) for metric in (SORT, *SHORT)] if task == "ranking" else pair_columns(task, ())


def further_columns(rows: Sequence[Row], task: TaskName = "ranking") -> list[Column]:
    """The other columns whose scores follow from the predictions, then costs; of pairs, parameters and costs."""
    if task != "ranking":
        return [PARAMETERS, *_costs(rows, [name for name in COSTS if name != TIME])]
    shown = [m for m in (*headline_metrics(), "target_named") if m not in (SORT, *SHORT)]
    return [*_filled(rows, shown, False), *_costs(rows, [name for name in COSTS if name != TIME])]


def _parameters(row: Row) -> Cell:
    return Cell(max(entry.result.model.n_parameters for entry in row.entries), attested=True)


PARAMETERS = Column("Parameters\u00a0†", _parameters, "as the submitter counted them", 0, higher=False)


def attested_columns(rows: Sequence[Row]) -> list[Column]:
    """The columns of scores that submitters state and nobody can compute again."""
    return _filled(rows, headline_metrics(), True)


def _filled(rows: Sequence[Row], metrics: Sequence[str], attested: bool) -> list[Column]:
    chosen = [m for m in metrics if bool(load_metric(m).needs & ATTESTED) == attested]
    return [_score(metric) for metric in chosen if any(row.score(metric) for row in rows)]


def _costs(rows: Sequence[Row], names: Sequence[str]) -> list[Column]:
    return [_cost(name, *COSTS[name]) for name in names if any(row.cost(name) for row in rows)]


def quality(rows: Sequence[Row]) -> Column | None:
    """The measure of explanations that the table's plot shows; None where no row has one."""
    by_metric = {column.metric: column for column in columns(rows)}
    return next((by_metric[metric] for metric in QUALITY if metric in by_metric), None)


def _score(metric: str) -> Column:
    kind = load_metric(metric)
    return Column(
        title_of(metric),
        lambda row: row.score(metric),
        kind.hint,
        higher=kind.higher_is_better,
        interval=metric in SORTS.values(),
        metric=metric,
    )


def _share(bayes: float) -> Column:
    def get(row: Row) -> Cell | None:
        cell = row.score(SORT)
        return Cell(cell.value / bayes, n=cell.n) if cell else None

    return Column("of Bayes", get, "NDCG@10 as a share of the Bayes ceiling", digits=0, percent=True)


def _cost(name: str, title: str, hint: str, digits: int) -> Column:
    return Column(title, lambda row: row.cost(name), hint, digits, higher=False)
