"""How much the known reasons give away."""

from __future__ import annotations

import numpy as np

from rad.data.load import open_dataset
from rad.world.ceilings import known_wants, scores
from tests.support.slow_world import NAME


def test_known_wants_fit_their_target():
    data = open_dataset(NAME)
    ranks, sizes = known_wants.rank(data)
    supported = [e for e in data.examples["test"] if e.rationale and e.rationale.reasons]
    assert len(sizes) == len(supported) and min(sizes) >= 1 and len(ranks) == 40
    assert all(ranks[e.query.query_id] == 0 for e in data.examples["test"] if e not in supported)
    assert 0.2 < np.mean([scores(p)["ndcg@10"] for p in ranks.values()]) < 1
