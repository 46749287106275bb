"""The metrics of explanations, family by family, in the order in which scorecards show them."""

from __future__ import annotations

from typing import Any

from benchmarks.harness.evaluate import ATTESTED
from rad import registry

FAMILIES = (
    *("grounding", "correctness", "faithfulness", "reader gain", "specificity", "contrast", "overlap", "judged"),
)


def explanation_metrics(attested: bool) -> dict[str, Any]:
    """Metric classes by the name with which they stand on the scorecard, family by family.

    Args:
        attested: those that ask the model or a judge, or else those that follow from the predictions alone.
    """
    out = {}
    for name in registry.names("benchmarks.metrics"):
        kind = registry.load("benchmarks.metrics", name)
        if hasattr(kind, "family") and bool(kind.needs & ATTESTED) == attested:
            cut = getattr(kind, "default_cut", None)
            out[f"{name}@{cut}" if cut else name] = kind
    return dict(sorted(out.items(), key=lambda pair: FAMILIES.index(pair[1].family)))
