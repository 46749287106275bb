"""The best possible ratings and choices: exact where loops can say it, and in the order that knowledge demands."""

from __future__ import annotations

import gzip
import json

import numpy as np
import pytest

from rad.data.load import open_dataset
from rad.data.pairs import answer_of, pair_splits
from rad.errors import RadError
from rad.world import choice_model
from rad.world.ceilings import pairs, store
from rad.world.ceilings.__main__ import main
from rad.world.users import DISLIKES, LIKES
from tests.support.slow_world import NAME, SPEC


@pytest.fixture(scope="module")
def data():
    return open_dataset(NAME)


@pytest.fixture(scope="module")
def ceilings():
    return pairs.compute(NAME, sweeps=9)


def test_the_pairs_are_those_of_the_task_and_a_like_is_one_there(data, ceilings):
    of_task = {p.query.query_id: p for p in pair_splits(data, "rating").pairs["test"]}
    assert set(ceilings.query_ids) == of_task.keys()
    for key, answer in zip(ceilings.query_ids, ceilings.answer.tolist(), strict=True):
        assert answer_of(of_task[key]) == answer and of_task[key].liked == (answer >= pairs.LIKED)


def test_the_oracle_misses_noise_alone(ceilings, trajectories, generator):
    """By loops over what a user likes: the mean of the three ratings that noise leaves."""
    shop = generator.tables.catalogue
    levels = shop.vocabulary.of(SPEC.limit).tolist()
    rows = {key: k for k, key in enumerate(ceilings.query_ids)}
    for user in trajectories[:10]:
        carried = shop.carried[user.item[-1]]
        units = sum(w for v, w in zip((*user.likes, *user.dislikes), (*LIKES, *DISLIKES), strict=True) if v in carried)
        if not any(v in carried for v in levels[: user.limit + 1]):
            units += choice_model.OVER_LIMIT
        stars = [min(5, max(1, 3 + units // choice_model.LIKED_STEP + noise)) for noise in (-1, 0, 1)]
        k = rows[f"{user.user_id}-{len(user.item) - 1}"]
        mean = sum(percent * star for percent, star in zip(choice_model.NOISE, stars, strict=True)) / 100
        liked = sum(percent for percent, star in zip(choice_model.NOISE, stars, strict=True) if star >= 4) / 100
        assert ceilings.best["oracle"].rating[k] == pytest.approx(mean)
        assert ceilings.best["oracle"].probability[k] == pytest.approx(liked)
        assert user.rating[-1] in stars


def test_the_order_of_the_rows(ceilings):
    oracle, bayes = pairs.summary(ceilings)
    constant = float(np.std(ceilings.answer))
    assert (oracle.name, bayes.name) == ("oracle", "bayes")
    assert 0.3 < oracle.rmse < bayes.rmse < constant and oracle.log_loss < bayes.log_loss
    assert bayes.auc > 0.6 and len(ceilings.chains) == 2


def test_scores_by_hand():
    answer, rating = np.array([5, 4, 2, 1]), np.array([4.0, 4.0, 4.0, 1.0])
    best = {"bayes": pairs.Best(rating, np.array([0.8, 0.5, 0.5, 0.2]))}
    (row,) = pairs.summary(pairs.PairCeilings(("a", "b", "c", "d"), answer, best, ()))
    assert row.rmse == pytest.approx((5 / 4) ** 0.5) and row.mae == 0.75
    assert row.auc == (1 + 1 + 0.5 + 1) / 4, "of four pairs of a like and none, one is a tie"
    assert row.log_loss == pytest.approx(-np.log([0.8, 0.5, 0.5, 0.8]).mean())


def test_the_command_writes_what_stored_reads(data, capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("RAD_CACHE", str(tmp_path))
    assert store.stored_pairs(data.sha256) is None
    assert main([NAME, "--pairs", "--sweeps", "3", "--chains", "1"]) == 0
    text = capsys.readouterr().out
    assert "oracle" in text and "bayes" in text and "log_loss" in text
    stored = store.stored_pairs(data.sha256)
    assert stored is not None and stored.rating.keys() == stored.probability.keys() == {"oracle", "bayes"}
    assert len(stored.answer) == 40 and stored.liked.sum() == (stored.answer >= 4).sum()
    (path,) = tmp_path.glob("ceilings/pairs/*.json.gz")
    path.write_bytes(gzip.compress(b"{}"))
    with pytest.raises(RadError, match="not a file of ceilings"):
        store.stored_pairs(data.sha256)
    with pytest.raises(RadError, match="--purchases-only is of rankings"):
        main([NAME, "--pairs", "--purchases-only"])
    with pytest.raises(RadError, match="built-in worlds only"):
        pairs.compute("scientific")


def test_those_of_the_default_world_are_stored():
    """Single chains are a little worse than their pool, so sampling costs Bayes about a hundredth of a star."""
    record = json.loads(gzip.decompress((store.PAIRS / "world.json.gz").read_bytes()))
    stored = store.stored_pairs(record["dataset_sha256"])
    assert stored is not None and len(stored.answer) == 2000
    assert record["dataset_sha256"] == store.worlds()["world"]
    rmse = {name: float(np.sqrt(((rating - stored.answer) ** 2).mean())) for name, rating in stored.rating.items()}
    assert 0.44 < rmse["oracle"] < 0.46 and 0.55 < rmse["bayes"] < 0.58
    assert max(record["chains"]) - rmse["bayes"] < 0.02
