"""Counts of the toy world's training purchases, worked out by hand, and what does not depend on the way they come.

By hand: of the users with training prefixes u01 has four purchases there (red coat, hat, scarf, boots), u02 three (red
hat, red coat, blue hat), u05 three (black boots, coat, hat), u06 three (green, white, black hat) and u07 four (white
coat, boots, scarf, hat): 17 purchases.
"""

from __future__ import annotations

import numpy as np
import pytest

from rad.data.splits import sequences_of
from rad.features.item_features import Catalogue
from rad.rationales.facts.counts import FOLLOWERS, Counts, expected_share, usual_share
from rad.types import Item


@pytest.fixture
def counts(toy) -> Counts:
    return Counts.of(toy.examples["train"], toy.items)


def number(counts: Counts, attribute: str, value: str) -> int:
    return counts.catalogue.value_index[attribute, value]


def test_purchases_by_hand(counts):
    names = counts.catalogue.ids
    twice = {"red-coat", "red-hat", "black-hat", "white-hat"}
    never = {"blue-boots", "blue-coat", "blue-scarf", "black-scarf", "green-boots", "green-coat", "green-scarf"}
    expected = [0 if name in never else 2 if name in twice else 1 for name in names]
    assert counts.purchases.tolist() == expected and sum(expected) == 17
    # every one of these users bought another item, too
    assert counts.buyers.tolist() == expected
    of = {v: counts.value_purchases[number(counts, "colour", v)] for v in ("red", "blue", "black", "green", "white")}
    assert of == {"red": 6, "blue": 1, "black": 4, "green": 1, "white": 5}
    of = {v: counts.value_purchases[number(counts, "garment", v)] for v in ("hat", "coat", "scarf", "boots")}
    assert of == {"hat": 8, "coat": 4, "scarf": 2, "boots": 3}


def test_transitions_by_hand(counts):
    coat, hat, boots = (number(counts, "garment", v) for v in ("coat", "hat", "boots"))
    # u01, u02, u05 and u07 go on after a coat: to a hat but for u07, who goes on to boots
    assert counts.followed[coat] == 4
    assert counts.follows[coat, hat] == 3 and counts.follows[coat, boots] == 1
    # what stands out after a coat: 3 of 4 are hats, of which 8 of 17 is usual; one purchase of boots is too few
    assert counts.followers[coat].tolist() == [hat] + [-1] * (FOLLOWERS - 1)


def test_what_two_items_share_by_hand(counts):
    index = counts.catalogue.index
    assert counts.shared[index["red-hat"], index["red-coat"]] == 2  # u01, u02
    assert counts.shared[index["red-hat"], index["blue-hat"]] == 1  # u02
    assert counts.shared[index["red-hat"], index["red-hat"]] == 0
    # texts are "Arbo black boots. black boots for winter": the same colour, or the same garment, is enough
    row = counts.alike[index["red-hat"]].indices
    assert {counts.catalogue.ids[k] for k in row} == {
        *("red-boots", "red-coat", "red-scarf"),
        *("black-hat", "blue-hat", "green-hat", "white-hat"),
    }
    assert counts.read_by[index["red-hat"], index["blue-hat"]] == 1
    kin = {counts.catalogue.ids[k]: n for k, n in zip(*_row(counts.kin, index["red-hat"]), strict=True)}
    assert kin == {"red-boots": 1, "red-coat": 2, "red-scarf": 1, "blue-hat": 1}


def _row(matrix, k):
    row = matrix[k]
    return row.indices.tolist(), row.data.tolist()


def test_the_size_of_a_batch_changes_nothing(toy):
    catalogue = Catalogue.of(toy.items)
    sequences = [(user, catalogue.indices(s)) for user, s in sequences_of(toy.examples["train"]).items()]
    at_once, parts = Counts.count(sequences, catalogue), Counts.count(iter(sequences), catalogue, batch=2)
    for name in ("buyers", "purchases", "value_purchases", "followed"):
        assert np.array_equal(getattr(at_once, name), getattr(parts, name)), name
    for name in ("follows", "shared"):
        assert (getattr(at_once, name) != getattr(parts, name)).nnz == 0, name
    assert list(at_once.own) == list(parts.own)


def test_nothing_to_count():
    counts = Counts.of([], {"i": Item("i", "toy", "A", "A", {"colour": ("red",)})})
    assert counts.purchases.tolist() == counts.buyers.tolist() == [0]
    assert counts.followers.tolist() == [[-1] * FOLLOWERS]
    assert counts.rarest_pairs.tolist() == [[-1, -1, -1]]


def test_the_rarest_pair_by_hand():
    """A drill and a saw of Makita are the only ones of both; a kind within a section is no pair."""
    rows = {
        "a": ("Makita", "drill", "tools"),
        "b": ("Makita", "drill", "tools"),
        "c": ("Makita", "saw", "tools"),
        "d": ("Acme", "drill", "tools"),
        "e": ("Acme", "glue", "supplies"),
    }
    items = {
        name: Item(name, "toy", name, name, {"brand": (b,), "kind": (k,), "section": (s,)})
        for name, (b, k, s) in rows.items()
    }
    counts = Counts.of([], items)
    pairs = dict(zip(counts.catalogue.ids, counts.rarest_pairs.tolist(), strict=True))
    makita, drill = number(counts, "brand", "Makita"), number(counts, "kind", "drill")
    assert pairs["a"] == pairs["b"] == [makita, drill, 1]
    # c: one saw alone; Makita is always a tool, so these two say no more than Makita. d, e: nobody else
    assert pairs["c"] == pairs["d"] == pairs["e"] == [-1, -1, -1]


@pytest.mark.parametrize(
    ("share", "usual"),
    [
        (1.0, 1.0), (0.96, 1.0), (0.94, 0.9), (0.36, 0.4), (0.35, 0.4), (0.34, 1 / 3), (0.26, 1 / 4),
        (1 / 13, 1 / 13), (1 / 99, 1 / 99), (1 / 437, 1 / 440), (1 / 1949, 1 / 1900), (1 / 1_234_567, 1 / 1_200_000),
    ],
)  # fmt: skip
def test_a_usual_share_is_said_in_two_digits(share, usual):
    assert float(usual_share(np.array(share))) == usual
    assert float(usual_share(np.array(usual))) == usual  # so what a text states can be checked


def test_usual_shares_are_idempotent():
    shares = np.concatenate([np.geomspace(1e-8, 1, 5000), 1 / np.arange(1, 5000)])
    usual = usual_share(shares)
    assert np.array_equal(usual_share(usual), usual)
    assert ((usual > 0) & (usual <= 1)).all() and (np.diff(usual[:5000]) >= 0).all()


def test_few_showings_say_little():
    def share(k: float, of: float, base: float) -> float:
        return float(expected_share(np.array(k), np.array(of), np.array(base)))

    assert share(1, 2, 0.1) == pytest.approx((0.7 + 0.2) / 4)
    assert share(1, 2, 0.1) < share(3, 4, 0.1) < share(30, 40, 0.1) < 0.75
    assert share(1, 4, 0.001) < share(1, 4, 0.01) < share(1, 4, 0.1)
