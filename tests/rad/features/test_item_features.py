"""Affinities by hand on the toy world, and prefixes that never see their own user."""

from __future__ import annotations

import numpy as np

from rad.data.splits import sequences_of
from rad.features.bm25 import Bm25, tokenize
from rad.features.item_features import FEATURES, Catalogue, CoPurchase, Prefixes, distribution


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


def test_features_are_the_stated_ones(toy):
    catalogue = Catalogue.of(toy.items)
    counts = CoPurchase.of([catalogue.indices(s) for s in sequences_of(toy.examples["train"]).values()], 20)
    cited = np.array([3, 7])
    features = catalogue.features(cited, counts)
    assert features.shape == (2, 20, len(FEATURES)) and np.isfinite(features).all()
    texts = [item.text for item in toy.items.values()]
    bm25 = Bm25(texts)
    score = (bm25.query([" ".join(dict.fromkeys(tokenize(texts[3])))]) @ bm25.weights.T).toarray()[0]
    np.testing.assert_allclose(features[0, :, 2], score / score.max(), rtol=1e-4)
    np.testing.assert_allclose(features[0, :, 4], np.log1p(counts.popularity) - 2, rtol=1e-5)


def test_prefixes_leave_their_own_fold_out_of_the_counts(toy):
    catalogue = Catalogue.of(toy.items)
    train = toy.examples["train"]
    prefixes = Prefixes.of(catalogue, train, n_folds=3)
    assert len(prefixes.targets) == len(train)  # no toy training target is in its own history
    everybody = prefixes.counts[-1].popularity
    for fold in range(3):
        own = [u for u, f in prefixes.fold_of.items() if f == fold]
        mine = CoPurchase.of((catalogue.indices(s) for u, s in sequences_of(train).items() if u in own), 20).popularity
        np.testing.assert_array_equal(prefixes.counts[fold].popularity + mine, everybody)


def test_distribution_leaves_the_anchor_out_and_sums_to_one():
    rows = distribution(np.ones((2, 5, 1), np.float32), np.array([3.0]), np.array([1, 4]))
    np.testing.assert_allclose(rows.sum(1), 1, rtol=1e-6)
    assert rows[0, 1] == 0 and rows[1, 4] == 0 and np.isclose(rows[0, 0], 0.25)
