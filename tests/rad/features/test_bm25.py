"""The tokenizer, and BM25 against rank-bm25's own scores."""

import numpy as np
import pytest

from rad.features.bm25 import Bm25, tokenize

TEXTS = [
    "Red wool scarf, hand-made",
    "blue wool hat",
    "steel hammer 16 oz",
    "wool wool wool",
    "",
    "red steel hat and a red wool hat",
    "wool socks",
    "the wool",
]


def test_tokenize_keeps_lowercase_letters_and_digits_only():
    assert tokenize("3M™ 1-1/2 in. snake_case Größe") == ["3m", "1", "1", "2", "in", "snake", "case", "größe"]


def scores(bm25, queries):
    return (bm25.query(queries) @ bm25.weights.T).toarray()


def test_bm25_equals_rank_bm25():
    rank_bm25 = pytest.importorskip("rank_bm25")
    theirs = rank_bm25.BM25Okapi([tokenize(text) for text in TEXTS])
    ours = Bm25(TEXTS)
    queries = ["wool", "red wool hat", "hat hat red", "unheard of words", "", "oz and a the"]
    expected = np.array([theirs.get_scores(tokenize(query)) for query in queries])
    assert np.abs(expected).max() > 1  # the comparison is of real numbers
    np.testing.assert_allclose(scores(ours, queries), expected, atol=1e-9)


def test_bm25_floors_the_idf_of_frequent_words():
    ours = Bm25(TEXTS)  # "wool" is in 6 of 8 texts, so its idf is negative before the floor
    assert (ours.weights.data > 0).all()


def test_bm25_by_hand():
    # N = 2, both lengths 2 = the mean, so norm = k1 = 1.5; idf(a) = log(1.5 / 1.5) = 0; tf = 1
    bm25 = Bm25(["a b", "c d"])
    assert scores(bm25, ["a"]).tolist() == [[0.0, 0.0]]
    # N = 3: idf(a) = log(2.5 / 1.5), weight = idf * 1 * 2.5 / (1 + 1.5) = idf
    bm25 = Bm25(["a b", "c d", "e f"])
    np.testing.assert_allclose(scores(bm25, ["a"])[0], [np.log(2.5 / 1.5), 0, 0], atol=1e-12)


@pytest.mark.parametrize("texts", [[], [""], ["", ""]])
def test_bm25_of_nothing(texts):
    assert scores(Bm25(texts), ["a"]).shape == (1, len(texts))
