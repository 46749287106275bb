"""The metrics of explanations, family by family, in the order of scorecards."""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.harness.base import Metric
from benchmarks.harness.registries import ATTESTED, metric_kinds, table_place

Kinds = Mapping[str, type[Metric]]
"""Metric classes by name."""


def explanation_metrics(attested: bool | None = None) -> Kinds:
    """Metric classes by the name with which they stand on the scorecard, by family and then by name.

    Args:
        attested: those that ask the model or a judge, or else those that follow from the predictions alone; None: all.
    """
    kinds = {
        name: kind
        for name, kind in metric_kinds().items()
        if kind.needs and attested in (None, bool(kind.needs & ATTESTED))
    }
    return dict(sorted(kinds.items(), key=lambda pair: (*table_place(pair[1])[:2], pair[0])))
