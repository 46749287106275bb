"""The nearest alternative of an item, for explanations of pairs."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np

from rad.features.bm25 import Bm25
from rad.types import Item


class Alternatives:
    """The nearest alternative of an item: the most alike by BM25 of their texts, ties in catalogue order."""

    def __init__(self, items: Mapping[str, Item]) -> None:
        self._items, self._ids = items, tuple(items)
        self._bm25 = Bm25(item.text for item in items.values())

    def nearest(self, item: Item, without: Collection[str]) -> Item | None:
        """The most alike that is none of ``without`` and has an attribute value that ``item`` has not."""
        own = {(name, value) for name, values in item.attributes.items() for value in values}
        # (items,): the text of the item as a query; a stable sort of the negated scores keeps ties in catalogue order
        scores = np.asarray(self._bm25.scores(self._bm25.query([item.text])))[0]
        for k in np.argsort(-scores, kind="stable"):
            other = self._items[self._ids[k]]
            if other.item_id == item.item_id or other.item_id in without:
                continue
            if any((name, value) not in own for name, values in other.attributes.items() for value in values):
                return other
        return None
