"""The plots of a page: NDCG@10 by cost and by what explanations are worth, and the curves of truncation."""

from __future__ import annotations

import math
from collections.abc import Sequence

from markupsafe import Markup

from benchmarks.explanations.families import Kinds
from benchmarks.harness.aggregate import SORT
from benchmarks.harness.results import Score
from benchmarks.reporting.page.runs import PageRun
from rad.reporting import plots


def scatters(runs: Sequence[PageRun], kinds: Kinds) -> list[tuple[str, str, Markup]]:
    """NDCG@10 by cost, then by each metric of ``kinds`` that is plotted: title, what it is, plot."""
    ranked = [(one, s) for one in runs if (s := one.score(SORT))]
    if not ranked:
        return []
    costs = [math.log10(max(one.result.cost.ms_per_query, 1e-3)) for one, _ in ranked]
    least, most = min(costs), max(costs)

    # Both axes of a plot are a run's scores; the size of its point grows with the logarithm of its cost.
    def point(one: PageRun, y: Score, cost: float, x: float | None, ends: tuple[float, float] | None) -> plots.Point:
        words = f"{one.number} {one.label}: NDCG@10 {y.value:.4f}, {one.result.cost.ms_per_query:,.2f} ms a query"
        words += "" if ends is None or x is None else f", {x:.4f}"
        size = 8 + 10 * (cost - least) / (most - least) if most > least else 10.0
        y_ends = (y.ci_low, y.ci_high)
        return plots.Point(str(one.number), words, x, y.value, ends, y_ends, one.colour, size=size)

    spots = [point(one, y, cost, 10**cost, None) for (one, y), cost in zip(ranked, costs, strict=True)]
    out = [("cost", "milliseconds per query, logarithmic", plots.scatter(spots, "ms per query", "NDCG@10", True))]
    for name, kind in kinds.items():
        if not kind.plotted:
            continue
        xs = [one.score(name) for one, _ in ranked]
        if not any(xs):
            continue
        spots = [
            point(one, y, cost, x.value if x else None, (x.ci_low, x.ci_high) if x else None)
            for (one, y), cost, x in zip(ranked, costs, xs, strict=True)
        ]
        out.append((kind.family, name, plots.scatter(spots, name, "NDCG@10", limits=kind.range)))
    return out


def truncation(runs: Sequence[PageRun]) -> Markup | None:
    """All runs' curves in one plot, the heaviest reasons first as whole lines, the lightest as broken ones."""
    lines = [
        plots.Curve(
            str(one.number),
            f"{one.number} {one.label}, {name} first",
            sorted((float(x), y) for x, y in points.items()),
            one.colour,
            broken,
        )
        for one in runs
        if one.card
        for broken, (name, points) in zip((False, True), one.card.curves.items(), strict=False)
    ]
    return plots.curves(lines, "% of the reasons taken away", "change of the ranking (1 - RBO)") if lines else None
