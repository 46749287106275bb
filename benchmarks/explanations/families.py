"""The metrics of explanations, family by family, in the order of scorecards."""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.harness.base import Metric
from benchmarks.harness.registries import ATTESTED, METRICS, load_metric, table_place
from rad import registry

Kinds = Mapping[str, type[Metric]]
"""Metric classes by name."""


def explanation_metrics(attested: bool | None = None) -> Kinds:
    """Metric classes by the name with which they stand on the scorecard, by family and then by name.

    Args:
        attested: those that ask the model or a judge, or else those that follow from the predictions alone; None: all.
    """
    kinds = {}
    for name in registry.names(METRICS):
        kind = load_metric(name)
        if kind.needs and attested in (None, bool(kind.needs & ATTESTED)):
            kinds[f"{name}@{kind.default_cut}" if kind.default_cut else name] = kind
    return dict(sorted(kinds.items(), key=lambda pair: table_place(pair[1])[:2]))
