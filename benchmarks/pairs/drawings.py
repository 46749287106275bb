"""The drawings beside the page of reproductions: an SVG file a chart, with its colours inside."""

from __future__ import annotations

from collections.abc import Iterable

from benchmarks.pairs.reproductions import Chart, Paper
from rad.reporting import html, plots


def drawings(papers: Iterable[Paper]) -> dict[str, str]:
    """SVG by the name of its file."""
    return {chart.file: _drawn(chart) for paper in papers for chart in paper.charts}


def _drawn(chart: Chart) -> str:
    lines = []
    for number, (name, values) in enumerate(chart.series.items(), 1):
        points = [(tick, one.value) for tick, one in zip(chart.ticks, values, strict=True) if one is not None]
        lines.append(plots.Curve(str(number), f"{number} {name}", points, plots.colour(number)))
    return html.picture(plots.curves(lines, chart.x, chart.y))
