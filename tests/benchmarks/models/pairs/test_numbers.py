"""What every model of pairs learns from, on whatever split it is asked."""

from __future__ import annotations

import pytest

from benchmarks.models.pairs import dnn, global_mean
from rad.data.pairs import pair_splits
from tests.support.ratings import with_ratings


@pytest.fixture
def pairs(toy):
    return pair_splits(with_ratings(toy), "rating").pairs


def test_on_the_validation_split_each_users_last_training_pair_validates(pairs, toy, monkeypatch):
    """Else nothing stops a network there: on fashion it trained for all its epochs, and was worse than the mean."""
    learned = {}

    def learn(self, train, validation, items, seed):
        learned.update(train=train, validation=validation)

    monkeypatch.setattr(global_mean.Model, "learn", learn)
    own = {}
    for pair in pairs["train"]:  # they stand in the order of time
        own.setdefault(pair.query.user_id, []).append(pair)
    last = [of_user[-1] for of_user in own.values() if len(of_user) > 1]
    assert 0 < len(last) < len(own), "users with one pair, too"
    global_mean.Model().fit(pairs["train"], [], toy.items, 0)
    assert sorted(p.query.query_id for p in learned["validation"]) == sorted(p.query.query_id for p in last)
    assert learned["train"] == [p for p in pairs["train"] if p not in last]
    global_mean.Model().fit(pairs["train"], pairs["validation"], toy.items, 0)
    assert learned == {"train": list(pairs["train"]), "validation": list(pairs["validation"])}


def test_a_network_chooses_its_epochs_on_the_validation_split_as_well(pairs, toy):
    model = dnn.Model(dnn.Model.Settings(hidden=8, width=4, epochs=30, learning_rate=0.1))
    model.fit(pairs["train"], [], toy.items, 0)
    assert model.epochs < 30 and len(model.user_index) == len({p.query.user_id for p in pairs["train"]})
