"""The tables of a page: ranking with cost, slices, explanations and their other effects, and what metrics mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from benchmarks.explanations.families import Kinds
from benchmarks.explanations.scorecard import Row, rows_of
from benchmarks.harness.aggregate import SORT, bayes_of, slice_sizes, task_ceilings
from benchmarks.harness.registries import METRICS
from benchmarks.harness.results import Cost, Score
from benchmarks.reporting.page.runs import PageRun
from rad import registry

COSTS: Mapping[str, Callable[[Cost], str]] = {
    "ms/query": lambda cost: f"{cost.ms_per_query:,.2f}",
    "fit s": lambda cost: f"{cost.fit_seconds:,.0f}",
    "MiB": lambda cost: f"{cost.peak_memory_mb:,.0f}",
    "tokens/query": lambda cost: "" if cost.tokens_per_query is None else f"{cost.tokens_per_query:,.0f}",
}


@dataclass(frozen=True)
class Cell:
    """A score in words. ``n`` only where it is not that of the column's run."""

    value: str
    ends: str
    n: int | None = None
    best: bool = False


Cells = list[Cell | None]


@dataclass(frozen=True)
class RankingTable:
    """A row a run, a column a metric. ``best`` are the rows of the best possible: name, cells, share of Bayes.

    ``shares`` of the Bayes ceiling are by the number of the run; ``costs`` say the cost of a run in words.
    """

    metrics: Sequence[str]
    rows: Sequence[tuple[PageRun, Cells]]
    shares: Mapping[int, float]
    costs: Mapping[str, Callable[[Cost], str]]
    best: Sequence[tuple[str, Cells, str]]


@dataclass(frozen=True)
class SliceTable:
    """A row a run, a column a slice; ``sizes`` are the queries of each slice."""

    sizes: Mapping[str, int]
    rows: Sequence[tuple[PageRun, Cells]]


def cells(scores: Sequence[Score | None], sizes: Sequence[int], better: str = "higher") -> Cells:
    """One row of scores; the best of several is marked, unless they are not to be ranked by."""
    values = [s.value for s in scores if s]
    best = None
    if len(values) > 1 and better in ("higher", "lower") and min(values) < max(values):
        best = max(values) if better == "higher" else min(values)
    return [_cell(s, n, best) if s else None for s, n in zip(scores, sizes, strict=True)]


def _cell(s: Score, n: int, best: float | None) -> Cell:
    return Cell(f"{s.value:.4f}", f"{s.ci_low:.3f} to {s.ci_high:.3f}", s.n if s.n != n else None, s.value == best)


def ranking_table(runs: Sequence[PageRun], names: Sequence[str]) -> RankingTable:
    """The runs by the named metrics; then the best possible, where a built-in world stores it."""
    task, best = runs[0].result.task, task_ceilings(runs[0].result)
    bayes = bayes_of(best)
    columns = [cells([one.score(m) for one in runs], [one.result.task.n for one in runs]) for m in names]
    shares = {one.number: s.value / bayes for one in runs if bayes and (s := one.score(SORT))}
    costs = {name: words for name, words in COSTS.items() if any(words(one.result.cost) for one in runs)}
    best_rows = [
        (name, [cells([row.get(m)], [task.n])[0] for m in names], f"{row[SORT].value / bayes:.0%}" if bayes else "")
        for name, row in best.items()
    ]
    return RankingTable(names, _by_run(runs, columns), shares, costs, best_rows)


def _by_run(runs: Sequence[PageRun], columns: Sequence[Cells]) -> list[tuple[PageRun, Cells]]:
    """Columns of cells, one a run, as rows."""
    return [(one, [column[k] for column in columns]) for k, one in enumerate(runs)]


def slice_table(runs: Sequence[PageRun]) -> SliceTable | None:
    """NDCG@10 by history length and by target."""
    sizes = slice_sizes([one.result for one in runs], SORT)
    if not sizes:
        return None
    columns = [cells([one.result.score(SORT, part) for one in runs], [n] * len(runs)) for part, n in sizes.items()]
    return SliceTable(sizes, _by_run(runs, columns))


def explanation_table(runs: Sequence[PageRun], kinds: Kinds) -> list[tuple[Row, Cells]]:
    """The lines of the scorecards, family by family, with a cell a run."""
    scores = [s for one in runs for s in [*(one.card.scores if one.card else ()), *one.result.scores]]
    sizes = [one.result.task.n for one in runs]
    return [
        (row, cells([one.score(row.metric, row.part) for one in runs], sizes, row.better))
        for row in rows_of(kinds, scores)
    ]


def effects_table(runs: Sequence[PageRun]) -> list[tuple[str, Cells]]:
    """Faithfulness by its other measures of effect: ``metric.measure``."""
    names = dict.fromkeys(s.metric for one in runs if one.card for s in one.card.scores if "." in s.metric)
    sizes = [one.result.task.n for one in runs]
    return [(name, cells([one.score(name) for one in runs], sizes, "unranked")) for name in names]


def meanings(rows: Sequence[Row]) -> list[tuple[str, Markup]]:
    """What the file of each metric says of it: the beginning of its docstring, with code as such."""
    out = []
    for name in dict.fromkeys(row.metric for row in rows):
        doc = " ".join(registry.docstring(METRICS, name.partition("@")[0]).split())
        words = doc.partition(": ")[2].split("``")
        parts = [Markup("<code>{}</code>").format(w) if k % 2 else Markup.escape(w) for k, w in enumerate(words)]
        out.append((name, Markup("").join(parts)))
    return out
