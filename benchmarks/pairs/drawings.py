"""The drawings beside the page of reproductions: an SVG file a chart, with its colours inside."""

from __future__ import annotations

import re
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
    svg = str(plots.curves(lines, chart.x, chart.y))
    # a file of its own has no page around it: it brings the first colours of the base style, and a white ground
    colours = re.search(r":root \{.*?\}", html.style(), re.DOTALL)
    assert colours is not None
    light = colours[0].replace("light dark", "light")
    style = f"<style>{light} svg {{ background: #fff; font-family: sans-serif }}</style>"
    start, _, rest = svg.partition(">")
    return f'{start} xmlns="http://www.w3.org/2000/svg">{style}{rest}\n'
