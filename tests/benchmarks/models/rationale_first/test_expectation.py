"""Expectation: what is counted by hand, a value that another one explains, and ratings that a taste explains."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
import torch

from benchmarks.models.rationale_first.expectation import GAINS, LEAST, Claims, Expectation
from benchmarks.models.rationale_first.options import N_FEATURES

# (items, values): items 0 and 1 are navy and linen, 2 is navy, 3 is linen, 4 to 9 are neither
NAVY, LINEN = 0, 1
X = sp.csr_matrix(np.array([[1, 1], [1, 1], [1, 0], [0, 1], *[[0, 0]] * 6], dtype=np.float32))
RATIO = len(GAINS) + 2  # column of the log ratio


def claims(items, ratings, values=(NAVY, LINEN)):
    """Of one query with the purchases ``items``: a row for each of ``values``."""
    shown = X[items]
    value = torch.tensor(values)
    counts = torch.from_numpy(np.asarray(shown.sum(0)).ravel())[value]
    return Claims(
        query=torch.zeros(len(values), dtype=torch.long),
        value=value,
        x=torch.zeros(len(values), N_FEATURES),
        slot=torch.zeros(len(values), dtype=torch.long),
        bought=counts,
        length=torch.full((len(values),), float(len(items))),
        last=torch.zeros(len(values)),
        recent=torch.zeros(len(values)),
        owner=torch.zeros(len(items), dtype=torch.long),
        rating=torch.tensor(ratings),
        pair_purchase=torch.from_numpy(np.repeat(np.arange(len(items)), np.diff(shown.indptr))),
        pair_value=torch.from_numpy(shown.indices.astype(np.int64)),
    )


@pytest.fixture
def compared():
    """``compared(claims, liked)``: the numbers of one pass where all items are equally popular."""
    one = Expectation(X, X.T.tocsr(), n_slots=1)
    with torch.no_grad():
        yield lambda claims, liked: one._compared(claims, torch.tensor([liked]), torch.zeros(10)).numpy()


def test_before_anything_is_liked_values_are_expected_as_often_as_they_are_bought(compared):
    out = compared(claims([0, 1], [0.0, 0.0]), [0.0, 0.0])
    # three of ten items are navy: 0.6 of two purchases
    np.testing.assert_allclose(out[:, RATIO], np.log((2 + LEAST) / (0.6 + LEAST)), rtol=1e-5)
    np.testing.assert_allclose(out[:, 0], (2 - 2 * np.log(1 + (np.e - 1) * 0.3)) / 5, rtol=1e-5)


def test_a_value_that_another_explains_is_told_less_of(compared):
    mine = claims([0, 1, 3], [0.0, 0.0, 0.0])
    before, after = compared(mine, [0.0, 0.0]), compared(mine, [0.0, 3.0])
    assert after[NAVY, RATIO] < before[NAVY, RATIO] - 0.3
    # what is liked itself is compared as if that were not known
    np.testing.assert_allclose(after[LINEN, RATIO], before[LINEN, RATIO], rtol=1e-4)


def test_a_taste_explains_the_ratings_of_what_has_it(compared):
    praised = claims([0, 3, 4, 5], [1.0, 1.0, -1.0, -1.0])
    apart = -3  # before the three columns of recent purchases: mean, sum, and sum below zero
    before, after = (compared(praised, liked)[:, apart - 3] for liked in ([0.0, 0.0], [0.0, 3.0]))
    assert before[NAVY] > 0.5
    assert after[NAVY] < before[NAVY]
    assert after[LINEN] > after[NAVY]


def test_every_pass_learns(fitted):
    for one in fitted.model.selector.passes:
        assert one.linear.detach().abs().max() > 0
        assert one.outer.weight.detach().abs().max() > 0
