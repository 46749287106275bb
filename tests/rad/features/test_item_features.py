"""Counts by hand on the toy world, and counts by fold that never see their own users."""

from __future__ import annotations

import numpy as np

from rad.data.splits import sequences_of
from rad.features.item_features import Catalogue, CoPurchase, by_fold
from rad.types import Item


def test_catalogue_lists_values_and_which_item_has_them(toy):
    catalogue = Catalogue.of(toy.items)
    assert catalogue.attributes == ("colour", "garment")
    assert catalogue.values[:2] == (("colour", "black"), ("colour", "blue"))
    boots = catalogue.index["red-boots"]
    assert {catalogue.values[v] for v in catalogue.item_values[boots]} == {("colour", "red"), ("garment", "boots")}
    assert catalogue.incidence.sum() == 40  # 20 items with two values each
    assert np.asarray(catalogue.incidence.sum(0)).ravel().tolist() == [4] * 5 + [5] * 4


def test_counts_by_hand():
    counts = CoPurchase.of([[0, 1, 2], [1, 0]], 4)
    assert counts.popularity.tolist() == [2, 2, 1, 0]
    # 0 -> 1 one step ahead, and 1 -> 0 of the second user seen backwards; 1 -> 0 ahead, and 0 -> 1 seen backwards
    assert counts.near[0, 1] == 1 + 0.5 and counts.near[1, 0] == 0.5 + 1
    assert counts.near[0, 2] == 1 / 2 and counts.near[2, 0] == 1 / 4
    assert counts.ever[0, 1] == 2 and counts.ever[1, 2] == 1 and counts.ever[0, 0] == 0 and counts.ever[0, 3] == 0


def test_no_sequences_give_empty_counts():
    assert CoPurchase.of([], 3).near.nnz == 0


def test_an_item_is_wholly_like_itself_and_likeness_goes_both_ways(toy):
    catalogue = Catalogue.of(toy.items)
    every = np.arange(20)
    like = catalogue.likeness(every)
    np.testing.assert_allclose(np.diag(like), 1, rtol=1e-5)
    back = catalogue.likeness_of(every[:4], np.tile(every, (4, 1)))
    np.testing.assert_allclose(back, like[:, :4].T, rtol=1e-4, atol=1e-6)


def test_a_long_text_that_holds_a_short_one_is_less_like_it_than_its_words_say():
    titles = [" ".join(f"{letter}{k}" for letter in "abcdefghijklmnopqrstuvwxyz") for k in range(20)]
    titles[1] = "a0 b0 c0"
    catalogue = Catalogue.of({str(k): Item(str(k), "toy", title, title) for k, title in enumerate(titles)})
    one_way, both = catalogue.likeness(np.arange(20)), catalogue.mutual_likeness(np.arange(20))
    assert one_way[1, 0] > 3 * both[1, 0] > 0
    np.testing.assert_allclose(both, np.minimum(one_way, one_way.T), rtol=1e-5)


def test_counts_by_fold_leave_the_users_of_the_fold_out(toy):
    catalogue = Catalogue.of(toy.items)
    train = toy.examples["train"]
    fold_of, counts = by_fold(catalogue, train, n_folds=3)
    for fold in range(3):
        own = [u for u, f in fold_of.items() if f == fold]
        mine = CoPurchase.of((catalogue.indices(s) for u, s in sequences_of(train).items() if u in own), 20).popularity
        np.testing.assert_array_equal(counts[fold].popularity + mine, counts[-1].popularity)
