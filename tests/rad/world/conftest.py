"""A small world: its users with their hidden states, and its tables as odds."""

from __future__ import annotations

import pytest

from rad.world import catalogue, choice_model, simulate
from rad.world.odds import GeneratorOdds
from tests.support.slow_world import NAME, SPEC


@pytest.fixture(scope="session")
def trajectories():
    return [u.trajectory for u in simulate.stream_users(SPEC, simulate.parse(NAME.partition(":")[2]))]


@pytest.fixture(scope="session")
def generator():
    return GeneratorOdds(choice_model.UtilityTables(catalogue.build(SPEC, 0, 220)))
