"""``trust``: how far a reader would rely on the rationale, as those judge who read it, 1 to 5.

It is computed as ``plausibility`` is, from another question; higher is better. An empty rationale scores what its
judges give it. Source: RAD, DESIGN section 9; the questions are those of ``annotation/guidelines/guidelines.md``.
"""

from __future__ import annotations

from benchmarks.harness.base import JudgedMetric


class Metric(JudgedMetric):
    title = "Trust"
    hint = "judged, 1 to 5"
    question = "trust"
