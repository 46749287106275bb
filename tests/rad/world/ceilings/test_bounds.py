"""The oracle and the Bayes ceiling: exact where that is possible, and what has no ceilings."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from rad.data.load import open_dataset
from rad.errors import RadError
from rad.world.ceilings import bounds
from rad.world.users import COMPLEMENT, NEED, UNEXPLAINED
from tests.support.slow_world import NAME, slow_odds


@pytest.fixture(scope="module")
def data():
    return open_dataset(NAME)


@pytest.fixture(scope="module")
def ceilings():
    return bounds.compute(NAME, sweeps=9)


def test_rankings_hold_100_items_without_the_history(data, ceilings):
    for what in ("oracle", "bayes"):
        assert ceilings.rankings[what].keys() == {e.query.query_id for e in data.examples["test"]}
        for e in data.examples["test"]:
            ranking = ceilings.rankings[what][e.query.query_id]
            assert len(ranking) == len(set(ranking)) == 100
            assert not set(ranking) & {x.item_id for x in e.query.history}
            target, rank = next(iter(e.relevant)), ceilings.ranks[what][e.query.query_id]
            assert ranking[rank - 1] == target if rank else target not in ranking


def test_validation_queries_have_ceilings_too(data):
    assert bounds.compute(NAME, "validation", sweeps=3).rankings["bayes"].keys() == {
        e.query.query_id for e in data.examples["validation"]
    }


def test_purchases_alone_say_less_to_bayes_and_the_oracle_needs_no_history(ceilings):
    blind = bounds.compute(NAME, sweeps=9, purchases_only=True)
    assert blind.rankings["oracle"] == ceilings.rankings["oracle"]
    assert blind.rankings["bayes"] != ceilings.rankings["bayes"]
    # what is promised, as a few users' own ranks are noise
    assert blind.expected["bayes"] < ceilings.expected["bayes"]


def test_the_order_of_the_rows(ceilings):
    table = {name: value for name, value, *_ in bounds.summary({k: v.values() for k, v in ceilings.ranks.items()})}
    assert 0.05 < table["bayes"] < table["oracle"] < 1
    assert 0.05 < ceilings.expected["bayes"] < ceilings.expected["oracle"] < 1
    assert len(ceilings.chains) == bounds.CHAINS


def test_the_oracle_is_the_exact_distribution(ceilings, trajectories, generator):
    shares = {UNEXPLAINED: Fraction(3, 10), COMPLEMENT: Fraction(1, 4), NEED: Fraction(9, 20)}
    ids = generator.tables.catalogue.ids
    for user in trajectories[:5]:
        position = len(user.item) - 1
        total = np.zeros(len(ids))
        for mode, share in shares.items():
            odds = np.array(slow_odds(generator, user, position, mode))
            total += float(share) * odds / odds.sum()
        ranking = ceilings.rankings["oracle"][f"{user.user_id}-{position}"]
        values = [total[ids.index(item)] for item in ranking]
        assert values == sorted(values, reverse=True) or np.allclose(values, sorted(values, reverse=True), rtol=1e-4)
        assert values[0] == pytest.approx(total.max(), rel=1e-4)


def test_what_has_no_ceilings_says_so():
    with pytest.raises(RadError, match="built-in worlds only"):
        bounds.compute("scientific")
    with pytest.raises(RadError, match="split 'train' has no ceilings; available: test, validation"):
        bounds.compute(NAME, "train")
