"""``lr_recsys``: explanations for and against an item, embedded, beside the user, the item and the history."""

from benchmarks.models.lr_recsys.model import Model

__all__ = ["Model"]
