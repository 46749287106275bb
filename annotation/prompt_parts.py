"""Parts of prompts for drafters and judges: the profile counted from a history, the catalogue's values.

All of it is made from the query and the catalogue alone, so no target can be in it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from rad.types import Item, Query

PLACES = 8  # of one value in the profile: the last ones
VALUES = 6  # of one attribute in the profile: the most frequent ones


def profile(query: Query, items: Mapping[str, Item]) -> str:
    """Per attribute, which values come back in the whole history, and where; the most frequent first.

    A profile that the query brings along comes before that.
    """
    numbers_of: dict[str, dict[str, list[int]]] = {}  # attribute -> value -> the purchases that have it
    for number, past in enumerate(query.history, 1):
        item = items.get(past.item_id)
        for name, values in item.attributes.items() if item else ():
            for value in values:
                numbers_of.setdefault(name, {}).setdefault(value, []).append(number)
    lines = [query.profile] if query.profile else []
    for name, by_value in numbers_of.items():
        ranked = sorted(by_value.items(), key=lambda pair: (-len(pair[1]), -pair[1][-1], pair[0]))[:VALUES]
        words = (f"{value} {' '.join(f'[{k}]' for k in numbers[-PLACES:])}" for value, numbers in ranked)
        lines.append(f"{name}: {'; '.join(words)}")
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
