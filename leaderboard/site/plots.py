"""Plots of a board, as shapes in plain numbers: ``page/plots.html`` draws them as SVG, beside a table of the same.

Coordinates are in units of a drawing ``WIDTH`` wide, y downwards.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 560, 380
LEFT, RIGHT, TOP, BOTTOM = 68, 544, 16, 330
NAMES, LINE = 214, 20  # room for names, and a line's height, in the plot of intervals
LETTER = 8.2  # width of a letter at a phone's size, at most
LABELS = 12  # points that get their name written beside them


@dataclass(frozen=True)
class Point:
    """A model in two numbers. ``kind`` is ``explains``, ``plain`` or ``floor``: shape and colour."""

    label: str
    kind: str
    x: float
    y: float
    href: str = ""


@dataclass(frozen=True)
class Shape:
    """A point where it is drawn; ``name_x`` and ``anchor`` only where its name fits beside it."""

    point: Point
    x: float
    y: float
    name_x: float | None = None
    anchor: str = "start"


@dataclass(frozen=True)
class Tick:
    at: float
    text: str


@dataclass(frozen=True)
class Scatter:
    shapes: list[Shape]
    x_ticks: list[Tick]
    y_ticks: list[Tick]


@dataclass(frozen=True)
class Line:
    """One model's value and interval, from ``low`` to ``high``."""

    name: str
    kind: str
    value: float
    low: float
    high: float
    href: str = ""


@dataclass(frozen=True)
class Intervals:
    """Lines with their drawn places (line, y, x, x of low, x of high), ticks, and marks across (x, name, kind)."""

    lines: list[tuple[Line, float, float, float, float]]
    ticks: list[Tick]
    marks: list[tuple[float, str, str]]
    height: float


def intervals(lines: Sequence[Line], marks: Sequence[tuple[str, str, float]]) -> Intervals:
    """A line a model, in the order given, on an axis from 0; ``marks`` are (name, kind, value) across all of them."""
    most = max([line.high for line in lines] + [value for _, _, value in marks] + [1e-9])
    ticks = _steps(0.0, most)
    end = max(ticks[-1], most)

    def at(value: float) -> float:
        return NAMES + (RIGHT - NAMES) * max(0.0, value) / end

    drawn = [
        (line, TOP + LINE * (k + 0.5), at(line.value), at(line.low), at(line.high)) for k, line in enumerate(lines)
    ]
    places = [(at(value), name, kind) for name, kind, value in marks]
    return Intervals(drawn, [Tick(at(t), _short(t)) for t in ticks], places, TOP + LINE * len(lines))


def scatter(points: Sequence[Point], log_x: bool = False) -> Scatter:
    """Points on linear axes (x: by powers of ten, and less is better, where ``log_x``). Names go first to the points
    that no other beats in both numbers, then to the highest, where there is room."""
    xs = [math.log10(p.x) if log_x else p.x for p in points]
    x_ticks = _powers(min(xs), max(xs)) if log_x else _steps(min(0.0, *xs), max(xs))
    y_ticks = _steps(min([0.0, *(p.y for p in points)]), max(p.y for p in points))
    x_low, x_high = min([x_ticks[0], *xs]), max([x_ticks[-1], *xs])
    y_low, y_high = y_ticks[0], max([y_ticks[-1], *(p.y for p in points)])

    def x_at(value: float) -> float:
        return LEFT + (RIGHT - LEFT) * (value - x_low) / ((x_high - x_low) or 1.0)

    def y_at(value: float) -> float:
        return BOTTOM - (BOTTOM - TOP) * (value - y_low) / ((y_high - y_low) or 1.0)

    shapes = [Shape(p, x_at(x), y_at(p.y)) for p, x in zip(points, xs, strict=True)]
    x_texts = [Tick(x_at(t), f"{10**t:g}" if log_x else _short(t)) for t in x_ticks]
    return Scatter(_named(shapes, -1 if log_x else 1), x_texts, [Tick(y_at(t), _short(t)) for t in y_ticks])


def _named(shapes: Sequence[Shape], better: int) -> list[Shape]:
    """The shapes, a few with a place for their names, none over another's name or another's point. ``better`` is 1
    where the better side is the right one, -1 where it is the left."""
    boxes = [(s.x - 6, s.y - 6, s.x + 6, s.y + 6) for s in shapes]
    taken: list[tuple[float, float, float, float]] = []
    out = {}
    ahead = {k for k, s in enumerate(shapes) if not any(o.y < s.y and better * (o.x - s.x) > 0 for o in shapes)}
    for k in sorted(range(len(shapes)), key=lambda k: (k not in ahead, shapes[k].y)):
        s = shapes[k]
        if len(taken) == LABELS:
            break
        wide = LETTER * min(len(s.point.label), 28)
        for anchor, left in (("start", s.x + 9), ("end", s.x - 9 - wide)):
            box = (left, s.y - 7, left + wide, s.y + 7)
            free = not any(_over(box, other) for other in (*taken, *boxes[:k], *boxes[k + 1 :]))
            if free and box[0] >= LEFT and box[2] <= WIDTH:
                taken.append(box)
                out[k] = Shape(s.point, s.x, s.y, s.x + 9 if anchor == "start" else s.x - 9, anchor)
                break
    return [out.get(k, s) for k, s in enumerate(shapes)]


def _over(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _steps(low: float, high: float) -> list[float]:
    """Round numbers from at most ``low`` to at least ``high``, about five of them."""
    span = (high - low) or 1.0
    raw = span / 5
    size = 10 ** math.floor(math.log10(raw))
    step = next(m * size for m in (1, 2, 2.5, 5, 10) if m * size >= raw * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [k * step for k in range(first, max(last, first + 1) + 1)]


def _powers(low: float, high: float) -> list[float]:
    first, last = math.floor(low), math.ceil(high)
    return [float(k) for k in range(first, max(last, first + 1) + 1)]


def _short(value: float) -> str:
    return f"{value:.4f}".rstrip("0").rstrip(".") or "0"
