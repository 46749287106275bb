"""Groups of items and of users whose treatment is compared: by popularity, price, brand, wearer; by history and taste.

A group is a mask over the items, or over the queries. What a domain does not say (a wearer, a price) has no groups.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from benchmarks.harness.evaluate import slices_of
from rad.types import Example, Item

SAME: Mapping[str, tuple[str, ...]] = {"price": ("price_tier", "price"), "wearer": ("wearer", "department")}
"""Traits that are one attribute, by the names that domains have for it."""
BRANDS = ("brand", "group")
THIRDS = ("lower third", "middle third", "upper third")
HEAD = 0.1  # of the items that were bought: the most popular
LEAST = 30  # queries of a group that is shown
Groups = dict[tuple[str, str], np.ndarray]  # (trait, group) -> mask


def purchases_of(examples: Sequence[Example]) -> Counter[str]:
    """How often each item was bought in the histories, a user's longest one counted once."""
    longest: dict[str, Example] = {}
    for example in examples:
        user = example.query.user_id
        if user not in longest or len(example.query.history) > len(longest[user].query.history):
            longest[user] = example
    return Counter(x.item_id for example in longest.values() for x in example.query.history)


def item_groups(items: Mapping[str, Item], bought: Counter[str]) -> Groups:
    """Masks over the items, in the order of the catalogue."""
    count = np.array([bought[item_id] for item_id in items])
    ordered = np.sort(count[count > 0])[::-1]
    head = ordered[min(len(ordered) - 1, int(HEAD * len(ordered)))] if len(ordered) else 0
    out: Groups = {
        ("popularity", "never bought"): count == 0,
        ("popularity", "bought less"): (count > 0) & (count <= head),
        ("popularity", "a tenth bought most"): count > max(head, 0),
    }
    for trait, names in SAME.items():
        values = [_first(item, names) for item in items.values()]
        for value, _ in Counter(v for v in values if v).most_common():
            out[trait, value] = np.array([v == value for v in values])
        if any(values):
            out[trait, "not stated"] = np.array([not v for v in values])
    brands = [_first(item, BRANDS) for item in items.values()]
    size = Counter(b for b in brands if b)
    if len(size) > 2:
        sizes = np.array([size[b] if b else 0 for b in brands])
        out |= {("brand size", name): mask for name, mask in _thirds(sizes, sizes > 0).items()}
        out["brand size", "no brand"] = sizes == 0
    return {key: mask for key, mask in out.items() if mask.any()}


def user_groups(examples: Sequence[Example], items: Mapping[str, Item], bought: Counter[str]) -> Groups:
    """Masks over the queries: by history length, how popular the purchases are, and what they mostly are."""
    histories = [[x.item_id for x in e.query.history] for e in examples]
    lengths = slices_of(np.array([len(h) for h in histories]), None)
    out: Groups = {("history", name): mask for name, mask in lengths.items() if name != "all"}
    # a purchase of the user's own does not make an item popular
    popular = np.array([np.mean([bought[i] - 1 for i in h]) if h else 0.0 for h in histories])
    out |= {("taste for the popular", name): mask for name, mask in _thirds(popular, popular > -1).items()}
    for trait, names in SAME.items():
        mostly = [_mostly([_first(items[i], names) for i in h if i in items]) for h in histories]
        for value in sorted({v for v in mostly if v}):
            out[trait, f"mostly {value}"] = np.array([v == value for v in mostly])
    return {key: mask for key, mask in out.items() if mask.sum() >= LEAST}


def _first(item: Item, names: Sequence[str]) -> str:
    """The item's first value of the first of these attributes that it has."""
    return next((item.attributes[name][0] for name in names if item.attributes.get(name)), "")


def _mostly(values: Sequence[str]) -> str:
    """The value that more than half of those have that have one; none: there is no such value."""
    count = Counter(v for v in values if v)
    value, n = count.most_common(1)[0] if count else ("", 0)
    return value if 2 * n > count.total() else ""


def _thirds(numbers: np.ndarray, among: np.ndarray) -> dict[str, np.ndarray]:
    """The thirds of some numbers by size; equal ones stay together, so a third may be empty."""
    ends = np.quantile(numbers[among], [1 / 3, 2 / 3]) if among.any() else np.zeros(2)
    third = np.searchsorted(ends, numbers)
    return {name: among & (third == k) for k, name in enumerate(THIRDS)}
