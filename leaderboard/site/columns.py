"""The columns of a task's table: what each number is called, how it is written, and which way is better."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.harness.aggregate import BESIDE
from benchmarks.harness.registries import headline_metrics, load_metric, title_of
from leaderboard.site.rows import SORT, Cell, Row


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
QUALITY = ("reader_gain@10", "reason_f1@3", "soundness")  # of the plot: the first that a table has


def columns(rows: Sequence[Row], bayes: float | None = None) -> list[Column]:
    """The columns that any of the rows fills, NDCG@10 always.

    NDCG@10 and what stands beside it come first, then the other headline metrics in their order, then costs.

    Args:
        rows: Of one task.
        bayes: NDCG@10 of the Bayes ceiling, where it is known.
    """
    out = [_score(SORT, "Headline"), *([_share(bayes)] if bayes else [])]
    for metric in (*BESIDE, *(m for m in headline_metrics() if m != SORT and m not in BESIDE)):
        if any(row.score(metric) for row in rows):
            family = "Explanations" if load_metric(metric).needs else "Ranking"
            out.append(_score(metric, "Headline" if metric in BESIDE else family))
    for name, (title, hint, digits) in COSTS.items():
        if any(row.cost(name) for row in rows):
            out.append(_cost(name, title, hint, digits))
    return out


def quality(rows: Sequence[Row]) -> Column | None:
    """The measure of explanations that the table's plot shows; None where no row has one."""
    by_metric = {column.metric: column for column in columns(rows)}
    return next((by_metric[metric] for metric in QUALITY if metric in by_metric), None)


def _score(metric: str, family: str) -> Column:
    kind, title, interval = load_metric(metric), title_of(metric), metric == SORT
    return Column(
        title,
        family,
        lambda row: row.score(metric),
        kind.hint,
        higher=kind.higher_is_better,
        interval=interval,
        metric=metric,
    )


def _share(bayes: float) -> Column:
    def get(row: Row) -> Cell | None:
        cell = row.score(SORT)
        return Cell(cell.value / bayes, n=cell.n) if cell else None

    return Column("of Bayes", "Headline", get, "NDCG@10 as a share of the Bayes ceiling", digits=0, percent=True)


def _cost(name: str, title: str, hint: str, digits: int) -> Column:
    return Column(title, "Cost", lambda row: row.cost(name), hint, digits, higher=False)
