"""The columns of a board's table: what each number is called, how it is written, and which way is better."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from leaderboard.site.rows import SORT, Board, Cell, Row


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


RANKING = {
    SORT: ("NDCG@10", "how high the target stands among the first ten"),
    "recall@10": ("Recall@10", "share of queries with the target among the first ten"),
    "mrr": ("MRR", "mean of 1 / the target's place, over the first hundred"),
    "coverage@10": ("Coverage@10", "share of the catalogue that stands in any first ten"),
}
EXPLANATIONS = {
    "claim_precision": ("Claim precision", "share of claims that are true of what they cite", True),
    "contradiction_rate": ("Contradictions", "share of claims that the data contradict", False),
    "reason_f1@3": ("Reason F1@3", "first three reasons against the known ones", True),
    "verdict_accuracy": ("Verdict accuracy", "whether 'unexplained' is said where it is true", True),
    "reader_gain@10": ("Reader gain@10", "what the text is worth to an independent reader, in NDCG@10", True),
    "swap": ("Swap", "change of the ranking under another user's rationale", True),
    "plausibility": ("Plausibility", "judged, 1 to 5", True),
}
COSTS = {
    "tokens_per_query": ("Tokens", "tokens written a query", 1),
    "ms_per_query": ("ms", "milliseconds a query", 2),
    "fit_seconds": ("Fit\u00a0s", "seconds of training", 0),
    "peak_memory_mb": ("MiB", "peak memory", 0),
}
QUALITY = ("reason_f1@3", "reader_gain@10", "claim_precision")  # of the plot: the first that a board has


def columns(board: Board) -> list[Column]:
    """The columns that any row of the board fills; NDCG@10 always."""
    out = []
    for metric, (title, hint) in RANKING.items():
        if metric == SORT or board.has(metric):
            out.append(_score(metric, title, "Ranking", hint, True, interval=metric == SORT))
        if metric == SORT and (bayes := board.bayes):
            out.append(_share(bayes))
    for metric, (title, hint, higher) in EXPLANATIONS.items():
        if board.has(metric):
            out.append(_score(metric, title, "Explanations", hint, higher))
    for name, (title, hint, digits) in COSTS.items():
        if any(row.cost(name) for row in board.rows):
            out.append(_cost(name, title, hint, digits))
    return out


def quality(board: Board) -> Column | None:
    """The measure of explanations that the board's plot shows; None where no row has one."""
    found = {c.metric: c for c in columns(board)}
    return next((found[metric] for metric in QUALITY if metric in found), None)


def _score(metric: str, title: str, family: str, hint: str, higher: bool, interval: bool = False) -> Column:
    return Column(title, family, lambda row: row.score(metric), hint, higher=higher, interval=interval, metric=metric)


def _share(bayes: float) -> Column:
    def get(row: Row) -> Cell | None:
        cell = row.score(SORT)
        return Cell(cell.value / bayes, n=cell.n) if cell else None

    return Column("of Bayes", "Ranking", get, "NDCG@10 as a share of the Bayes ceiling", digits=0, percent=True)


def _cost(name: str, title: str, hint: str, digits: int) -> Column:
    return Column(title, "Cost", lambda row: row.cost(name), hint, digits, higher=False)
