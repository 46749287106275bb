"""The files of :mod:`benchmarks.uncertainty`: two tables as CSV, and the routing curve as a page."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from markupsafe import Markup

from benchmarks.pairs.uncertainty import CheapAndCostly, Gain, RoutedShare
from rad.reporting import html, plots
from rad.runtime.files import atomic_write

RULES = ("pairs of which the cheap model is least sure", "as many at random")


def plot(points: Sequence[RoutedShare]) -> Markup:
    """What is saved by the share that goes to the costly model."""
    columns = ([(p.share, p.gain) for p in points], [(p.share, p.random) for p in points])
    lines = [
        plots.Curve(str(k), words, column, plots.colour(k))
        for k, (words, column) in enumerate(zip(RULES, columns, strict=True), 1)
    ]
    return plots.curves(lines, "share of pairs with an explanation", "loss that is saved")


def write(folder: Path, title: str, pair: CheapAndCostly) -> list[Path]:
    """``deciles.csv``, ``routing.csv`` and ``routing.html``: the files that were written."""
    points = pair.curve(pair.thresholds())
    template = html.environment(Path(__file__).parents[1] / "audits").get_template("routing.html")
    page = html.document(template, html.style(), title=title, plot=plot(points), rules=RULES)
    texts = {"deciles.csv": _csv(pair.deciles()), "routing.csv": _csv(points), "routing.html": page}
    for name, text in texts.items():
        with atomic_write(folder / name) as file:
            file.write(text)
    return [folder / name for name in texts]


def _csv(rows: Sequence[Gain] | Sequence[RoutedShare]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([rows[0]._fields, *rows])
    return text.getvalue()
