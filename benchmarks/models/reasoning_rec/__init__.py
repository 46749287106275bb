"""``reasoning_rec``: a small language model says whether a user likes an item, and why, as a teacher taught it."""

from benchmarks.models.reasoning_rec.model import Model

__all__ = ["Model"]
