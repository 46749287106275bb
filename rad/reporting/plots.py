"""Small SVG plots for a page: plain shapes with classes, coloured by the page's style. Every label is escaped.

All are drawn 360 units wide, so that a phone shows them at their own size.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from markupsafe import Markup

from annotation.agreement.coefficients import Estimate
from annotation.agreement.measure import Seconds

WIDTH, ROW = 360, 36
LEFT, RIGHT = 8, 352
TENTATIVE, RELIABLE = 2 / 3, 0.8  # Krippendorff's customary marks: below the first, draw no conclusions


def intervals(rows: Sequence[tuple[str, str, Estimate]], label: str, marks: Sequence[float] = ()) -> Markup:
    """A line per (name, class, estimate): the interval and its value, on an axis that ends at 1."""
    known = [e for _, _, e in rows if e.value is not None]
    least = min([0.0, *(x for e in known for x in (e.value, e.low) if x is not None)])
    low = max(-1.0, math.floor(least * 5) / 5)

    def at(value: float) -> float:
        return LEFT + (RIGHT - LEFT) * (max(value, low) - low) / (1 - low)

    height = ROW * len(rows) + 20
    ticks = list(dict.fromkeys([low, 0.0, *(marks or [0.5]), 1.0]))
    parts = [text(at(t), height - 5, f"{t:.2f}".rstrip("0").rstrip("."), "tick", _anchor(t, low)) for t in ticks]
    for k, (name, kind, one) in enumerate(rows):
        y = ROW * k + 26
        parts.append(text(LEFT, y - 11, name, "name"))
        parts += [line(at(t), y - 7, at(t), y + 7, "mark" if t in marks else "grid") for t in ticks]
        if one.value is None:
            parts.append(text(RIGHT, y - 11, "undefined", "value", "end"))
            continue
        told = f"{one.value:.2f}" + (f" [{one.low:.2f}, {one.high:.2f}]" if one.low is not None else "")
        parts.append(text(RIGHT, y - 11, told, "value", "end"))
        if one.low is not None and one.high is not None:
            parts.append(line(at(one.low), y, at(one.high), y, f"interval {kind}"))
        parts.append(Markup('<circle cx="{:.1f}" cy="{}" r="4.5" class="dot {}"/>').format(at(one.value), y, kind))
    return svg(height, label, parts)


def stacked(rows: Sequence[tuple[str, Mapping[str, int]]], tones: Mapping[str, str], label: str) -> Markup:
    """A full bar per (reviewer, counts), split by answer; ``tones`` has each answer's class, in their order."""
    parts = []
    for k, (name, counts) in enumerate(rows):
        y, x, total = ROW * k + 17, float(LEFT), max(1, sum(counts.values()))
        parts += [text(LEFT, y - 5, name, "name"), text(RIGHT, y - 5, f"{sum(counts.values()):,}", "value", "end")]
        for answer, tone in tones.items():
            wide = (RIGHT - LEFT) * counts.get(answer, 0) / total
            if wide <= 0:
                continue
            shape = '<rect x="{:.2f}" y="{}" width="{:.2f}" height="13" class="{}"><title>{}: {:,}</title></rect>'
            parts.append(Markup(shape).format(x, y, wide, tone, answer, counts[answer]))
            x += wide
    return svg(ROW * len(rows), label, parts)


def bars(rows: Sequence[tuple[str, int, str]], total: int, label: str) -> Markup:
    """A bar per (name, count, what is told at the right), as a share of ``total``."""
    parts = []
    for k, (name, count, told) in enumerate(rows):
        y = ROW * k + 17
        parts += [text(LEFT, y - 5, name, "name"), text(RIGHT, y - 5, told, "value", "end")]
        for wide, kind in ((RIGHT - LEFT, "track"), ((RIGHT - LEFT) * count / max(1, total), "bar")):
            shape = Markup('<rect x="{}" y="{}" width="{:.2f}" height="13" class="{}"/>')
            parts.append(shape.format(LEFT, y, wide, kind))
    return svg(ROW * len(rows), label, parts)


def heat(reviewers: Sequence[str], values: Mapping[tuple[str, str], float | None], label: str) -> Markup:
    """A square per two reviewers, the darker the higher; columns are numbered as rows are."""
    n, left = len(reviewers), 100
    side = min(44.0, (WIDTH - left - 4) / max(1, n))
    small = " small" if side < 24 else ""
    square = Markup('<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" class="{}" fill-opacity="{:.2f}"/>')
    parts = []
    for i, one in enumerate(reviewers):
        y = 18 + side * i
        parts.append(
            text(left - 6, y + side / 2 + 4, f"{one if len(one) < 15 else one[:14] + '…'} {i + 1}", "tick", "end")
        )
        parts.append(text(left + side * (i + 0.5), 12, str(i + 1), "tick", "middle"))
        for j, other in enumerate(reviewers):
            value = values.get((one, other), values.get((other, one)))
            x = left + side * j
            known = None if i == j else value
            shade = 1.0 if known is None else 0.06 + 0.54 * max(0.0, known)
            parts.append(square.format(x + 1, y + 1, side - 2, side - 2, "empty" if known is None else "cell", shade))
            if known is not None:
                told = f"{known:.2f}".replace("0.", ".")
                parts.append(text(x + side / 2, y + side / 2 + 4, told, f"number{small}", "middle"))
    return svg(18 + side * n, label, parts)


def times(rows: Sequence[tuple[str, Seconds]], label: str) -> Markup:
    """Median and middle half of each reviewer's seconds per record."""
    most = max((s.three_quarters for _, s in rows), default=1.0) * 1.05 or 1.0

    def at(value: float) -> float:
        return LEFT + (RIGHT - LEFT) * value / most

    height = ROW * len(rows) + 20
    parts = [line(LEFT, 0, LEFT, height - 16, "grid"), text(LEFT, height - 4, "0 s", "tick")]
    parts.append(text(RIGHT, height - 4, f"{most:,.0f} s", "tick", "end"))
    for k, (name, s) in enumerate(rows):
        y = ROW * k + 26
        parts += [text(LEFT, y - 11, name, "name"), text(RIGHT, y - 11, f"{s.median:,.0f} s", "value", "end")]
        parts.append(line(at(s.quarter), y, at(s.three_quarters), y, "interval people"))
        parts.append(Markup('<circle cx="{:.1f}" cy="{}" r="4.5" class="dot people"/>').format(at(s.median), y))
    return svg(height, label, parts)


def _anchor(tick: float, low: float) -> str:
    return "start" if tick == low else "end" if tick == 1 else "middle"


def svg(height: float, label: str, parts: Sequence[Markup]) -> Markup:
    shape = Markup('<svg viewBox="0 0 {} {:.0f}" role="img" aria-label="{}">{}</svg>')
    return shape.format(WIDTH, height, label, Markup("").join(parts))


def line(x1: float, y1: float, x2: float, y2: float, kind: str) -> Markup:
    return Markup('<line x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}" class="{}"/>').format(x1, y1, x2, y2, kind)


def text(x: float, y: float, words: str, kind: str, anchor: str = "start") -> Markup:
    shape = Markup('<text x="{:.1f}" y="{:.1f}" class="{}" text-anchor="{}">{}</text>')
    return shape.format(x, y, kind, anchor, words)
