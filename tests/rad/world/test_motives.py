"""Motives: what a user knows before a choice is all of its utility but the item's appeal, and nothing of the item."""

from __future__ import annotations

import math

import pytest

from rad.data.load import open_dataset
from rad.errors import RadError
from rad.types import Query
from rad.world.motives import motives_of
from rad.world.users import NEED, UNEXPLAINED
from tests.support.slow_world import NAME, slow_odds


@pytest.fixture(scope="module")
def world():
    return open_dataset(NAME)


def test_motives_are_the_utility_of_every_item(world, generator, trajectories):
    """By slow loops over the spec: the log of an item's odds in the mode of the choice, less its appeal."""
    shop, users = generator.tables.catalogue, {t.user_id: t for t in trajectories}
    queries, compared = [e.query for e in world.examples["test"]], 0
    for query, motives in zip(queries, motives_of(NAME, queries), strict=True):
        user, step = users[query.user_id], len(query.history)
        if user.mode[step] == UNEXPLAINED:
            assert motives == ()
        elif user.mode[step] == NEED:
            odds = slow_odds(generator, user, step, NEED)
            units = {shop.vocabulary.number[m.claim]: m.units for m in motives}
            for item, values in enumerate(shop.carried):
                if odds[item]:
                    expected = 8 * math.log2(odds[item]) - int(shop.appeal[item])
                    assert sum(units.get(v, 0) for v in values) == pytest.approx(expected)
                    compared += 1
    assert compared > 1000


def test_the_known_reasons_are_motives_and_there_are_others(world):
    examples, more = world.examples["test"], 0
    for example, motives in zip(examples, motives_of(NAME, [e.query for e in examples]), strict=True):
        wanted = {m.claim for m in motives if m.units > 0}
        reasons = {claim for r in example.rationale.reasons for claim in r.wants}
        # a value that is wanted as much as it is disliked moves nobody
        assert len(reasons - wanted) <= 1
        more += len(wanted) > len(reasons)
        assert list(motives) == sorted(motives, key=lambda m: -abs(m.units))
    assert more > len(examples) / 2, "users know more of themselves than the item they chose shows"


def test_only_users_of_built_in_worlds_know_theirs(world):
    with pytest.raises(RadError, match="built-in worlds only"):
        motives_of("fashion", [])
    with pytest.raises(RadError, match="no user of query q"):
        motives_of(NAME, [Query("q", "world", "somebody", ())])
