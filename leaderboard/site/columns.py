"""The columns of a task's table: what each number is called, how it is written, and which way is better."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.harness.registries import headline_metrics, load_metric, title_of
from leaderboard.site.rows import SORT, Cell, Row, TaskTable


@dataclass(frozen=True)
class Column:
    """``hint`` says in a few words what the number is. ``ceiling`` names the metric whose ceilings may stand here."""

    title: str
    family: str
    get: Callable[[Row], Cell | None]
    hint: str
    digits: int = 4
    higher: bool = True
    interval: bool = False
    percent: bool = False
    metric: str = ""


COSTS = {
    "tokens_per_query": ("Tokens", "tokens written a query", 1),
    "ms_per_query": ("ms", "milliseconds a query", 2),
    "fit_seconds": ("Fit\u00a0s", "seconds of training", 0),
    "peak_memory_mb": ("MiB", "peak memory", 0),
}
QUALITY = ("reason_f1@3", "reader_gain@10", "claim_precision")  # of the plot: the first that a table has


def columns(table: TaskTable) -> list[Column]:
    """The columns that any row of the table fills, NDCG@10 always: the headline metrics in their order, then costs."""
    out = []
    for metric in headline_metrics():
        kind = load_metric(metric)
        if metric != SORT and not table.has(metric):
            continue
        family = "Explanations" if kind.needs else "Ranking"
        out.append(_score(metric, family, kind.hint, kind.higher_is_better))
        if metric == SORT and (bayes := table.bayes):
            out.append(_share(bayes))
    for name, (title, hint, digits) in COSTS.items():
        if any(row.cost(name) for row in table.rows):
            out.append(_cost(name, title, hint, digits))
    return out


def quality(table: TaskTable) -> Column | None:
    """The measure of explanations that the table's plot shows; None where no row has one."""
    by_metric = {column.metric: column for column in columns(table)}
    return next((by_metric[metric] for metric in QUALITY if metric in by_metric), None)


def _score(metric: str, family: str, hint: str, higher: bool) -> Column:
    title, interval = title_of(metric), metric == SORT
    return Column(title, family, lambda row: row.score(metric), hint, higher=higher, interval=interval, metric=metric)


def _share(bayes: float) -> Column:
    def get(row: Row) -> Cell | None:
        cell = row.score(SORT)
        return Cell(cell.value / bayes, n=cell.n) if cell else None

    return Column("of Bayes", "Ranking", get, "NDCG@10 as a share of the Bayes ceiling", digits=0, percent=True)


def _cost(name: str, title: str, hint: str, digits: int) -> Column:
    return Column(title, "Cost", lambda row: row.cost(name), hint, digits, higher=False)
