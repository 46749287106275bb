"""``rationale_first``: at most eight sound reasons are written first; the ranking is computed from these alone."""

from benchmarks.models.rationale_first.model import Model

__all__ = ["Model"]
