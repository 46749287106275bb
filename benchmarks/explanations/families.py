"""The metrics of explanations, family by family, in the order in which scorecards show them."""

from __future__ import annotations

from benchmarks.harness.base import FAMILIES, Metric
from benchmarks.harness.registries import ATTESTED, load_metric, table_place
from rad import registry

__all__ = ["FAMILIES", "explanation_metrics"]


def explanation_metrics(attested: bool) -> dict[str, type[Metric]]:
    """Metric classes by the name with which they stand on the scorecard, family by family.

    Args:
        attested: those that ask the model or a judge, or else those that follow from the predictions alone.
    """
    out = {}
    for name in registry.names("benchmarks.metrics"):
        kind = load_metric(name)
        if kind.needs and bool(kind.needs & ATTESTED) == attested:
            out[f"{name}@{kind.default_cut}" if kind.default_cut else name] = kind
    return dict(sorted(out.items(), key=lambda pair: table_place(pair[1])[:2]))
