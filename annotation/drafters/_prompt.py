"""What a language model is shown: a history, the profile counted from it, and the catalogue's attribute values.

All of it is made from the query and the catalogue alone, so no target can be in it. `Neighbours` is for contrasts.
"""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Collection, Mapping

import numpy as np

from rad.features.bm25 import Bm25
from rad.types import Interaction, Item, Query

PLACES = 8  # of one value in the profile: the last ones
VALUES = 6  # of one attribute in the profile: the most frequent ones


def described(item: Item, longest: int) -> str:
    """The item's text, cut at ``longest`` characters, and its attributes; never the id."""
    text = textwrap.shorten(item.text or item.title, longest, placeholder="...") or "(no description)"
    pairs = "; ".join(f"{name} = {value}" for name, values in item.attributes.items() for value in values)
    return f"{text} ({pairs})" if pairs else text


def history(query: Query, items: Mapping[str, Item], window: int, longest: int) -> str:
    """The last ``window`` choices, each under its place in the whole history, with its rating where there is one."""
    lines = []
    for place, past in enumerate(query.history, 1):
        item = items.get(past.item_id)
        text = described(item, longest) if item else "(no longer in the catalogue)"
        lines.append(f"[{place}] {text}{_rating(past)}")
    return "\n".join(lines[-window:])


def _rating(past: Interaction) -> str:
    return "" if past.rating is None else f" (they rated it {past.rating:g})"


def profile(query: Query, items: Mapping[str, Item]) -> str:
    """Per attribute, which values come back in the whole history, and where; the most frequent first.

    A profile that the query brings along comes before that.
    """
    places: dict[str, dict[str, list[int]]] = {}
    for place, past in enumerate(query.history, 1):
        item = items.get(past.item_id)
        for name, values in item.attributes.items() if item else ():
            for value in values:
                places.setdefault(name, {}).setdefault(value, []).append(place)
    lines = [query.profile] if query.profile else []
    for name, found in places.items():
        ranked = sorted(found.items(), key=lambda pair: (-len(pair[1]), -pair[1][-1], pair[0]))[:VALUES]
        told = (f"{value} {' '.join(f'[{place}]' for place in where[-PLACES:])}" for value, where in ranked)
        lines.append(f"{name}: {'; '.join(told)}")
    return "\n".join(lines) or "(nothing is known of these)"


def common_values(items: Mapping[str, Item], most: int) -> str:
    """The ``most`` commonest values of each attribute, one line an attribute."""
    counts: dict[str, Counter[str]] = {}
    for item in items.values():
        for name, values in item.attributes.items():
            counts.setdefault(name, Counter()).update(set(values))
    lines = []
    for name in sorted(counts):
        ranked = sorted(counts[name].items(), key=lambda pair: (-pair[1], pair[0]))
        more = f"; and {len(ranked) - most:,} more" if len(ranked) > most else ""
        lines.append(f"{name}: {'; '.join(value for value, _ in ranked[:most])}{more}")
    return "\n".join(lines) or "(no attributes)"


class Neighbours:
    """The nearest alternative of an item: the most alike by BM25 of their texts, ties in catalogue order."""

    def __init__(self, items: Mapping[str, Item]) -> None:
        self._items, self._ids = items, tuple(items)
        self._bm25 = Bm25(item.text for item in items.values())

    def nearest(self, item: Item, without: Collection[str]) -> Item | None:
        """The most alike that is none of ``without`` and has an attribute value that ``item`` has not."""
        own = {(name, value) for name, values in item.attributes.items() for value in values}
        scores = np.asarray(self._bm25.scores(self._bm25.query([item.text])))[0]
        for k in np.argsort(-scores, kind="stable"):
            other = self._items[self._ids[k]]
            if other.item_id == item.item_id or other.item_id in without:
                continue
            if any((name, value) not in own for name, values in other.attributes.items() for value in values):
                return other
        return None
