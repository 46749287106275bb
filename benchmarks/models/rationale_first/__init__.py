"""``rationale_first``: a language model writes weighted reasons; the ranking is computed from these alone."""

from benchmarks.models.rationale_first.model import Model

__all__ = ["Model"]
