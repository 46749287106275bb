"""The one plotter: intervals, bars, a table of colours, points and curves, as inline SVG of a page.

Colours are names of the base style: see :mod:`rad.reporting.drawing`. A mark tells its values to a pointer on it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import Markup

from rad.reporting.drawing import CODES, COLOURS, NORMAL, SMALL, WIDTH, Box, Drawing, Ends, blank, short

if TYPE_CHECKING:
    from matplotlib.axis import Axis

ANYWHERE = (-math.inf, math.inf)
HEIGHT, ROW = 284, 34  # of a drawing with two axes, and of a row
LEFT, RIGHT, TOP, BOTTOM = 46, 14, 24, 42  # margins of a drawing with two axes
ABSENT = 46  # width of the column of points that have no x
LETTER = 6.0  # width of a letter, at most
DASHES = (0, (4, 3))


def colour(number: int) -> str:
    """The colour of the ``number``-th thing of several, from 1."""
    return f"c{(number - 1) % COLOURS + 1}"


# --- rows ---


@dataclass(frozen=True)
class Interval:
    """A value with its ends, where it has any. ``value`` None: only name and ``words`` are written."""

    name: str
    words: str
    value: float | None
    ends: Ends | None = None
    colour: str = "c1"
    marker: str = "o"


def intervals(
    rows: Sequence[Interval],
    label: str,
    thresholds: Mapping[str, float] | None = None,
    limits: Ends = ANYWHERE,
    unit: str = "",
) -> Markup:
    """A row for every interval, on an axis that holds 0.

    Args:
        rows: From the top to the bottom. A row has its name at the left and its words at the right.
        label: What the drawing shows.
        thresholds: Values that a broken line marks across all rows, by name.
        limits: The axis goes no further; it reaches an upper limit that is finite.
        unit: What stands behind the numbers of the axis.
    """
    thresholds = thresholds or {}
    # all that the axis has to hold: 0, the values with their ends, the thresholds and a finite limit
    values = [v for row in rows if row.value is not None for v in (row.value, *(row.ends or ()))]
    ticks = _ticks([0.0, *values, *thresholds.values(), *(v for v in limits[1:] if math.isfinite(v))], limits)
    top = 14 * len(thresholds)
    with blank(label, top + ROW * len(rows) + 20, 12, 12, top, 20) as drawing:
        axes = drawing.axes
        _axis(axes.xaxis, ticks, unit)
        axes.set(ylim=(max(1, len(rows)), 0), yticks=[])
        for k, (name, value) in enumerate(thresholds.items()):
            x, _ = drawing.position(value, 0)
            drawing.text(x, 14 * k + 10, name, "left" if x < 0.6 * WIDTH else "right", "soft", SMALL)
        for k, row in enumerate(rows):
            drawing.names(top + ROW * k + 14, row.name, row.words)
            axes.vlines(ticks, k + 0.54, k + 0.94, color=CODES["line"], lw=1)
            axes.vlines(list(thresholds.values()), k + 0.5, k + 0.98, color=CODES["soft"], lw=1, ls=(0, (2, 1)))
            if row.value is None:
                continue
            if row.ends:
                shade = CODES[row.colour]
                axes.plot(row.ends, [k + 0.74] * 2, color=shade, lw=3, solid_capstyle="round", alpha=0.75)
            drawing.dot(row.value, k + 0.74, row.colour, row.marker, 9, f"{row.name}: {row.words}")
    return drawing.svg


def stacked(rows: Sequence[tuple[str, Mapping[str, int]]], colours: Mapping[str, str], label: str) -> Markup:
    """A full bar per (name, answer -> count), split by answer; ``colours`` has each answer's, in their order."""
    with _rows(label, len(rows)) as drawing:
        for k, (name, counts) in enumerate(rows):
            total = sum(counts.values())
            drawing.names(ROW * k + 14, name, f"{total:,}")
            left = 0.0
            for answer, shade in colours.items():
                width = counts.get(answer, 0) / max(1, total)
                if width:
                    drawing.bar(k, left, width, shade, f"{answer}: {counts[answer]:,}")
                left += width
    return drawing.svg


def bars(rows: Sequence[tuple[str, int, str]], total: int, label: str) -> Markup:
    """A bar per (name, count, words at the right), as a share of ``total``."""
    with _rows(label, len(rows)) as drawing:
        for k, (name, count, words) in enumerate(rows):
            drawing.names(ROW * k + 14, name, words)
            drawing.bar(k, 0, 1, "line")
            drawing.bar(k, 0, count / max(1, total), "c1")
    return drawing.svg


@contextmanager
def _rows(label: str, n: int) -> Iterator[Drawing]:
    with blank(label, ROW * max(1, n), 8, 8, 0, 0) as drawing:
        drawing.axes.set_axis_off()
        drawing.axes.set(xlim=(0, 1), ylim=(max(1, n), 0))
        yield drawing


# --- a table of colours ---


def heat(names: Sequence[str], values: Mapping[tuple[str, str], float | None], label: str) -> Markup:
    """A square per two names, the darker the higher; columns are numbered as rows are."""
    from matplotlib.patches import Rectangle

    n, left = max(1, len(names)), 104
    side = min(44.0, (WIDTH - left - 4) / n)
    with blank(label, 18 + side * n, left, WIDTH - left - side * n, 18, 0) as drawing:
        axes = drawing.axes
        axes.set_axis_off()
        axes.set(xlim=(0, n), ylim=(n, 0))
        for i, one in enumerate(names):
            middle = 18 + side * (i + 0.5) + 4
            drawing.text(left - 6, middle, f"{short(one, 15)} {i + 1}", "right", "soft", SMALL)
            drawing.text(left + side * (i + 0.5), 12, str(i + 1), "center", "soft", SMALL)
            for j, other in enumerate(names):
                value = None if i == j else values.get((one, other), values.get((other, one)))
                shade = CODES["line" if value is None else "c1"]
                alpha = 0.45 if value is None else 0.06 + 0.54 * max(0.0, value)
                axes.add_patch(Rectangle((j + 0.03, i + 0.03), 0.94, 0.94, color=shade, alpha=alpha, lw=0))
                if value is not None and side >= 14:  # in smaller squares nobody could read it
                    words = f"{value:.2f}".replace("0.", ".")
                    size = min(NORMAL, side / 2.4)
                    drawing.text(left + side * (j + 0.5), middle, words, "center", size=size)
                if value is not None and i < j:
                    drawing.words.append(f"{one} and {other}: {value:.2f}")
    return drawing.svg


# --- two axes ---


@dataclass(frozen=True)
class Point:
    """Two values with their ends, where they have any. ``x`` None: it stands in a column of its own.

    ``label`` is written beside it where there is room, and a pointer on it shows ``words``.
    """

    label: str
    words: str
    x: float | None
    y: float
    x_ends: Ends | None = None
    y_ends: Ends | None = None
    colour: str = "c1"
    marker: str = "o"
    size: float = 9.0


@dataclass(frozen=True)
class Curve:
    """A line through (x, y), in the order of x. ``label`` stands at its right end, unless it is broken."""

    label: str
    words: str
    points: Sequence[tuple[float, float]]
    colour: str
    broken: bool = False


def scatter(
    points: Sequence[Point], x_name: str, y_name: str, logarithmic: bool = False, limits: Ends = ANYWHERE
) -> Markup:
    """Points by two values, with crosses for their ends. The y axis holds 0; the x axis stays within ``limits``.

    Labels go to the points in their order, each where it covers no other label and no point.
    """
    absent = ABSENT if any(p.x is None for p in points) else 0
    xs = [v for p in points if p.x is not None for v in (p.x, *(p.x_ends or ()))]
    ys = [v for p in points for v in (p.y, *(p.y_ends or ()))]
    with blank(f"{y_name} by {x_name}", HEIGHT, LEFT + absent, RIGHT, TOP, BOTTOM) as drawing:
        axes = drawing.axes
        if logarithmic:
            axes.set_xscale("log")
        _frame(drawing, _powers(xs) if logarithmic else _ticks(xs, limits), _ticks([*ys, 0.0]), x_name, y_name)
        column = -absent / (2 * (WIDTH - LEFT - absent - RIGHT))  # of the points without x, as a share of the axis
        if absent:
            axes.yaxis.set_tick_params(pad=5 + absent)
            axes.axvline(axes.get_xlim()[0], color=CODES["soft"], lw=1, ls=DASHES)
            drawing.text(LEFT + absent / 2 - 6, HEIGHT - BOTTOM + 14, "none", "center", "soft", SMALL)
        # in units of the drawing: first the boxes of all points, then labels, each of which avoids what is there
        boxes: list[Box] = []
        for p in points:
            transform = axes.transData if p.x is not None else axes.get_yaxis_transform()
            x, shade = column if p.x is None else p.x, CODES[p.colour]
            for across, up in (([x, x], p.y_ends), (p.x_ends, [p.y, p.y])):
                if across and up:
                    axes.plot(across, up, color=shade, lw=1.5, transform=transform, clip_on=False)
            drawing.dot(x, p.y, p.colour, p.marker, p.size, p.words, transform)
            drawing.words.append(p.words)
            u, v = drawing.position(x, p.y, transform)
            boxes.append((u - p.size / 2, v - p.size / 2, u + p.size / 2, v + p.size / 2))
        for p, spot in zip(points, list(boxes), strict=True):
            label = short(p.label, 24)
            if box := _free(spot, LETTER * len(label), boxes, crossed=bool(p.x_ends or p.y_ends)):
                boxes.append(box)
                drawing.label(label, spot, box, p.colour)
    return drawing.svg


def curves(lines: Sequence[Curve], x_name: str, y_name: str) -> Markup:
    """Lines on two axes that hold all of them; the y axis holds 0. Labels stand at the right, none over another."""
    lines = [line for line in lines if line.points]
    xs, ys = ([point[k] for line in lines for point in line.points] for k in (0, 1))
    with blank(f"{y_name} by {x_name}", HEIGHT, LEFT, RIGHT + 20, TOP, BOTTOM) as drawing:
        _frame(drawing, _ticks(xs), _ticks([*ys, 0.0]), x_name, y_name)
        ends = []
        for line in lines:
            across, up = zip(*sorted(line.points), strict=True)
            style = DASHES if line.broken else "solid"
            [path] = drawing.axes.plot(across, up, color=CODES[line.colour], lw=2, ls=style)
            drawing.tip(path, line.words)
            drawing.words.append(f"{line.words}: " + ", ".join(f"{y:.3f} at {x:g}" for x, y in line.points))
            if not line.broken:
                ends.append((*drawing.position(across[-1], up[-1]), line))
        lowest = -math.inf
        for x, y, line in sorted(ends, key=lambda end: end[1]):  # pushed down where lines end close together
            lowest = max(y, lowest + 12)
            box = (WIDTH - 18.0, lowest - 6, WIDTH - 2.0, lowest + 6)
            drawing.label(line.label, (x, y, x, y), box, line.colour)
    return drawing.svg


def _frame(drawing: Drawing, x_ticks: Sequence[float], y_ticks: Sequence[float], x_name: str, y_name: str) -> None:
    _axis(drawing.axes.xaxis, x_ticks)
    _axis(drawing.axes.yaxis, y_ticks)
    drawing.axes.grid(color=CODES["line"], lw=1)
    drawing.text(6, 11, y_name, "left")
    drawing.text(WIDTH - RIGHT, HEIGHT - 8, x_name, "right")


def _axis(axis: Axis, ticks: Sequence[float], unit: str = "") -> None:
    axis.set_ticks(ticks, [short(f"{0.0 if abs(t) < 1e-9 else t:.10g}{unit}") for t in ticks])
    axis.set_ticks([], minor=True)
    axis.set_tick_params(length=0, labelsize=SMALL, labelcolor=CODES["soft"], pad=5)
    (axis.axes.set_xlim if axis is axis.axes.xaxis else axis.axes.set_ylim)(ticks[0], ticks[-1])


def _ticks(values: Sequence[float], limits: Ends = ANYWHERE) -> list[float]:
    """Round values, evenly apart, from at most the least to at least the largest of ``values``."""
    from matplotlib.ticker import MaxNLocator

    low, high = min(values, default=0.0), max(values, default=1.0)
    if high - low < 1e-9:
        low, high = max(low - 0.05, limits[0]), min(high + 0.05, limits[1])
    return [float(tick) for tick in MaxNLocator(5, steps=[1, 2, 5, 10]).tick_values(low, high)]


def _powers(values: Sequence[float]) -> list[float]:
    logs = [math.log10(v) for v in values] or [0.0]
    first, last = math.floor(min(logs)), math.ceil(max(logs))
    return [10.0**k for k in range(first, max(last, first + 1) + 1)]


def _free(spot: Box, width: float, boxes: Sequence[Box], crossed: bool) -> Box | None:
    """A place near a point for a label, clear of all ``boxes`` and inside the axes, if there is one.

    Where the point has a cross, the four places beside its lines come first.
    """
    x, y = (spot[0] + spot[2]) / 2, (spot[1] + spot[3]) / 2
    wide, high, radius = width / 2, 6.0, (spot[2] - spot[0]) / 2
    sides, corners = [(1, 0), (-1, 0)], [(1, -1), (1, 1), (-1, -1), (-1, 1)]
    # the nearest ring of places first; farther than the last one a label would seem to belong to another point
    for distance in (3.0, 11.0, 22.0, 34.0):
        for across, down in [*corners, *sides] if crossed else [*sides, *corners]:
            u = x + across * (wide + distance + (0 if down else radius))
            v = y + down * (high + radius + distance / 2)
            box = (u - wide, v - high, u + wide, v + high)
            inside = box[0] > LEFT - 8 and box[2] < WIDTH and box[1] > TOP - 6 and box[3] < HEIGHT - BOTTOM
            if inside and not any(a < box[2] and box[0] < c and b < box[3] and box[1] < d for a, b, c, d in boxes):
                return box
    return None
