"""The plots of a task's table: its main score with intervals, by the quality of explanations, and by cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from benchmarks.harness.registries import load_metric
from leaderboard.site.columns import Column, quality
from leaderboard.site.rows import ABOVE, CEILINGS, HEADLINE, OTHER, PLAIN, Cell, Row, TaskTable
from rad.reporting import plots

LINES = 25  # models in the plot of intervals
STYLES = {  # kind of a model -> colour, marker, the marker as a letter, what it means
    HEADLINE: ("c1", "o", "●", "rationales that people can check"),
    OTHER: ("c3", "^", "▲", "other rationales"),
    PLAIN: ("c8", "s", "■", "ranks only"),
}


@dataclass(frozen=True)
class Figures:
    """Each plot, None where there is nothing to draw, with the rows that it shows: those of points with x and y."""

    ranked: list[tuple[Row, Cell]]
    intervals: Markup | None
    quality: Column | None
    explained: list[tuple[Row, Cell, Cell]]
    by_quality: Markup | None
    priced: list[tuple[Row, Cell, Cell]]
    by_cost: Markup | None


def figures(table: TaskTable) -> Figures:
    """The three plots with the rows that they show; the two of points are None where there is nothing to draw."""
    ranked = [(row, cell) for row in table.rows if (cell := row.score(table.sort)) and table.part_of(row) != ABOVE]
    drawn = ranked[:LINES]
    measure = quality(table.rows)
    explained = [(row, x, y) for row, y in ranked if measure and (x := row.score(measure.metric))]
    priced = [(row, x, y) for row, y in ranked if (x := row.cost("ms_per_query")) and x.value > 0]
    return Figures(
        drawn,
        _intervals(table, drawn) if drawn else None,
        measure,
        explained,
        _scatter(table, explained, measure.title) if explained and measure else None,
        priced,
        _scatter(table, priced, "ms a query", logarithmic=True) if priced else None,
    )


def _intervals(table: TaskTable, drawn: Sequence[tuple[Row, Cell]]) -> Markup:
    rows = []
    for row, cell in drawn:
        colour, marker, *_ = STYLES[row.part]
        ends = (cell.value if cell.low is None else cell.low, cell.value if cell.high is None else cell.high)
        words = f"{cell.value:.4f} [{ends[0]:.3f}, {ends[1]:.3f}]"
        rows.append(plots.Interval(row.owned_label, words, cell.value, ends, colour, marker))
    thresholds = {name: score.value for name, score in table.floors.items()}
    thresholds |= {CEILINGS.get(name, name): row[table.sort].value for name, row in table.ceilings.items()}
    label = f"{table.measure} of models with intervals; the table beside has the numbers"
    return plots.intervals(rows, label, thresholds)


def _scatter(
    table: TaskTable, rows: Sequence[tuple[Row, Cell, Cell]], x_name: str, logarithmic: bool = False
) -> Markup:
    """The main score by another number. Names go first to the models that no other beats in both, then to the best."""
    better = -1 if logarithmic else 1  # of two costs the lower is the better one
    up = 1 if load_metric(table.sort).higher_is_better else -1

    def beaten(x: Cell, y: Cell) -> bool:
        return any(up * (b.value - y.value) > 0 and better * (a.value - x.value) > 0 for _, a, b in rows)

    points = []
    for row, x, y in sorted(rows, key=lambda one: (beaten(*one[1:]), -up * one[2].value)):
        colour, marker, *_ = STYLES[row.part]
        words = f"{row.owned_label}: {x_name} {x.value:.3f}, {table.measure} {y.value:.4f}"
        points.append(plots.Point(row.owned_label, words, x.value, y.value, colour=colour, marker=marker))
    return plots.scatter(points, x_name, table.measure, logarithmic)
