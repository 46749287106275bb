"""SVG plots of runs for a page, in the manner of :mod:`rad.reporting.plots`: shapes with classes, coloured by the page.

Runs are told apart by the number at each mark, not by colour alone; class ``r1`` .. ``r8`` is a run's colour.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from rad.reporting.plots import WIDTH, line, svg, text

COLOURS = 8
HEIGHT = 284
LEFT, RIGHT, TOP, BOTTOM = 44, 340, 26, 240  # of the plotting area
ABSENT = 34  # width of the column of runs that have no value
Ends = tuple[float, float]


def colour(number: int) -> str:
    """The class of run ``number`` (from 1)."""
    return f"r{(number - 1) % COLOURS + 1}"


@dataclass(frozen=True)
class Point:
    """One run: its number, what a pointer on it tells, value and interval on both axes, radius. ``x`` None: it has
    none."""

    number: int
    told: str
    x: float | None
    y: float
    x_ends: Ends | None = None
    y_ends: Ends | None = None
    radius: float = 5.0


def scatter(
    points: Sequence[Point], x_name: str, y_name: str, logarithmic: bool = False, limits: Ends = (-math.inf, math.inf)
) -> Markup:
    """Runs by two values, with crosses for intervals; those without ``x`` stand in a column of their own. ``limits``:
    the x axis goes no further."""
    absent = any(p.x is None for p in points)
    start = LEFT + (ABSENT if absent else 0)
    xs = [v for p in points if p.x is not None for v in (p.x, *(p.x_ends or ()))]
    ys = [v for p in points for v in (p.y, *(p.y_ends or ()))]
    x_marks = _powers(xs) if logarithmic else _ticks(xs, limits)
    y_marks = _ticks([*ys, 0.0])
    shape = math.log10 if logarithmic else float
    at_x = _scale(shape(x_marks[0]), shape(x_marks[-1]), start + 10, RIGHT - 6)
    at_y = _scale(y_marks[0], y_marks[-1], BOTTOM, TOP)
    parts = [*_frame([(at_x(shape(v)), _told(v)) for v in x_marks], [(at_y(v), _told(v)) for v in y_marks], start)]
    parts += [text(LEFT - 40, 10, y_name, "name"), text(RIGHT, HEIGHT - 6, x_name, "name", "end")]
    if absent:
        parts += [line(start, TOP, start, BOTTOM, "mark"), text(LEFT, BOTTOM + 13, "none", "tick")]
    placed = [(LEFT + ABSENT / 2 if p.x is None else at_x(shape(p.x)), at_y(p.y), p) for p in points]
    for x, y, p in placed:
        of = colour(p.number)
        if p.y_ends:
            parts.append(line(x, at_y(p.y_ends[0]), x, at_y(p.y_ends[1]), f"cross {of}"))
        if p.x is not None and p.x_ends:
            parts.append(line(at_x(p.x_ends[0]), y, at_x(p.x_ends[1]), y, f"cross {of}"))
        circle = Markup('<circle cx="{:.1f}" cy="{:.1f}" r="{:.1f}" class="spot {}"><title>{}</title></circle>')
        parts.append(circle.format(x, y, p.radius, of, p.told))
    taken = [(x, y, p.radius) for x, y, p in placed]
    for x, y, p in placed:
        u, v = _free(x, y, p.radius, taken)
        taken.append((u, v, 6.0))
        if math.hypot(u - x, v - y) > p.radius + 10:
            parts.append(line(x, y, u, v, f"leader {colour(p.number)}"))
        parts.append(text(u, v + 4, str(p.number), f"number {colour(p.number)}", "middle"))
    return svg(HEIGHT, f"{y_name} by {x_name}", parts)


def curves(runs: Sequence[tuple[int, str, Mapping[str, Mapping[str, float]]]], x_name: str, y_name: str) -> Markup:
    """A line per run (number, label, line name -> place -> value): the first name is drawn whole, the second broken."""
    every = [(float(x), y) for _, _, found in runs for one in found.values() for x, y in one.items()]
    x_marks, y_marks = _ticks([x for x, _ in every]), _ticks([*(y for _, y in every), 0.0])
    at_x = _scale(x_marks[0], x_marks[-1], LEFT + 4, RIGHT - 18)
    at_y = _scale(y_marks[0], y_marks[-1], BOTTOM, TOP)
    parts = [*_frame([(at_x(v), _told(v)) for v in x_marks], [(at_y(v), _told(v)) for v in y_marks], LEFT)]
    parts += [text(LEFT - 40, 10, y_name, "name"), text(RIGHT, HEIGHT - 6, x_name, "name", "end")]
    ends: list[tuple[float, float, int]] = []
    for number, label, found in runs:
        for kind, (name, one) in zip(("whole", "broken"), found.items(), strict=False):
            spots = [(at_x(x), at_y(y)) for x, y in sorted((float(x), y) for x, y in one.items())]
            told = f"{number} {label}, {name} first"
            way = " ".join(f"{x:.1f},{y:.1f}" for x, y in spots)
            drawn = Markup('<polyline points="{}" class="curve {} {}"><title>{}</title></polyline>')
            parts.append(drawn.format(way, kind, colour(number), told))
            if kind == "whole" and spots:
                ends.append((spots[-1][1], spots[-1][0], number))
    lowest = -math.inf
    for y, x, number in sorted(ends):  # numbers at the right, pushed down where lines end close together
        place = max(y, lowest + 12)
        lowest = place
        parts.append(line(x, y, RIGHT - 8, place, f"leader {colour(number)}"))
        parts.append(text(RIGHT, place + 4, str(number), f"number {colour(number)}", "middle"))
    return svg(max(HEIGHT, lowest + 8), f"{y_name} by {x_name}", parts)


def _frame(xs: Sequence[tuple[float, str]], ys: Sequence[tuple[float, str]], start: float) -> list[Markup]:
    parts = []
    for x, told in xs:
        parts += [line(x, TOP, x, BOTTOM, "grid"), text(x, BOTTOM + 13, told, "tick", "middle")]
    for y, told in ys:
        parts += [line(LEFT, y, RIGHT, y, "grid"), text(LEFT - 5, y + 4, told, "tick", "end")]
    return parts


def _scale(low: float, high: float, start: float, end: float) -> Callable[[float], float]:
    return lambda value: start + (end - start) * (value - low) / (high - low)


def _ticks(values: Sequence[float], limits: Ends = (-math.inf, math.inf), about: int = 4) -> list[float]:
    """Round values, evenly apart, from at most the least to at least the largest of ``values``."""
    low, high = min(values, default=0.0), max(values, default=1.0)
    if high - low < 1e-9:
        low, high = max(low - 0.05, limits[0]), min(high + 0.05, limits[1])
    power = 10 ** math.floor(math.log10((high - low) / about))
    step = next(m * power for m in (1, 2, 5, 10) if (high - low) / (m * power) <= about)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [k * step for k in range(first, last + 1)]


def _powers(values: Sequence[float]) -> list[float]:
    logs = [math.log10(v) for v in values] or [0.0]
    first, last = math.floor(min(logs)), math.ceil(max(logs))
    return [10.0**k for k in range(first, max(last, first + 1) + 1)]


def _told(value: float) -> str:
    return f"{value:.10g}" if abs(value) >= 1e-9 else "0"


def _free(x: float, y: float, radius: float, taken: Sequence[tuple[float, float, float]]) -> Ends:
    """A place near a point for its number, clear of points and numbers that are drawn already, if there is one."""
    for further in (8.0, 16.0, 26.0, 38.0):
        for turn in (0, -45, 45, 180, -135, 135, -90, 90):
            away = radius + further
            u, v = x + away * math.cos(math.radians(turn)), y + away * math.sin(math.radians(turn))
            inside = LEFT < u < WIDTH - 6 and TOP - 6 < v < BOTTOM
            if inside and all(math.hypot(u - a, v - b) > 6 + r for a, b, r in taken):
                return u, v
    return x + radius + 8, y
