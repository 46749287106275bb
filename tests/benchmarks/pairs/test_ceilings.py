"""The best possible ratings and choices as lines of the tables, and which tasks have none."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.harness import runner
from benchmarks.harness.registries import default_metrics
from benchmarks.pairs import ceilings
from benchmarks.pairs.tables import pair_tables
from benchmarks.reporting import terminal
from rad.data.pairs import answer_of, pair_splits
from rad.world.ceilings import pairs as world_pairs
from rad.world.ceilings.store import StoredPairs
from tests.support.models import experiment_on
from tests.support.ratings import with_ratings


@pytest.fixture(params=["rating", "choice"])
def experiment(request, toy, tmp_path, monkeypatch):
    """The toy world, with ceilings: the oracle is right, Bayes is a star off, or 0.75 sure."""
    data = with_ratings(toy)
    pairs = pair_splits(data, request.param)
    stars = np.array([answer_of(p) for p in pair_splits(data, "rating").pairs["test"]])
    liked = np.array([p.liked for p in pairs.pairs["test"]])
    sure = {"oracle": liked * 1.0, "bayes": np.where(liked, 0.75, 0.25)}
    stored = StoredPairs(stars, liked, {"oracle": stars, "bayes": stars - 1}, sure)
    monkeypatch.setattr(ceilings, "stored_pairs", lambda sha256: stored if sha256 == data.sha256 else None)
    return experiment_on(data, tmp_path, pairs=pairs, metrics=default_metrics(request.param))


def test_ceilings_are_the_last_lines_of_both_tables(experiment, capsys):
    one = runner.execute(experiment, "global_mean")
    ((_, rows),) = pair_tables([one.result])
    assert [row["model"] for row in rows] == ["global_mean", "*bayes*", "*oracle*"]
    if experiment.task == "rating":
        assert rows[1]["RMSE"].startswith("1.0000 [1.000, 1.000]") and rows[2]["MAE"] == "0.0000"
    else:
        assert rows[1]["Log loss"] == f"{-np.log(0.75):.4f}" and rows[2]["AUC"].startswith("1.0000")
    terminal.tables(experiment, [one])
    shown = capsys.readouterr().out
    assert "bayes" in shown and "oracle" in shown


def test_other_tasks_have_none(experiment):
    result = runner.execute(experiment, "global_mean").result
    task, sha256 = result.task, result.dataset.sha256
    assert ceilings.pair_ceilings(task, sha256).keys() == {"oracle", "bayes"}
    others = ({"split": "validation"}, {"protocol": "time"}, {"limit": 3}, {"negatives": "drawn"}, {"n": task.n + 1})
    assert not any(ceilings.pair_ceilings(task.model_copy(update=change), sha256) for change in others)
    assert ceilings.pair_ceilings(task, "other data") == {}


def test_two_ways_to_the_same_scores():
    """The command's own arithmetic and the metrics of the benchmark."""
    rng = np.random.default_rng(0)
    stars, rating = rng.integers(1, 6, 200), rng.normal(3, 1, 200)
    sure = np.round(rng.random(200), 1)
    best = {"bayes": world_pairs.Best(rating, sure)}
    (row,) = world_pairs.summary(world_pairs.PairCeilings(tuple(map(str, range(200))), stars, best, ()))
    stored = StoredPairs(stars.astype(float), stars >= 4, {"bayes": rating}, {"bayes": sure})
    for task, metric in (("rating", "rmse"), ("rating", "mae"), ("choice", "log_loss"), ("choice", "auc")):
        metrics = ceilings.load_metrics([metric], {}, task)
        actual = stored.answer if task == "rating" else stored.liked.astype(float)
        predicted = rating if task == "rating" else sure
        values = metrics[metric].values(ceilings.PairAnswers(predicted, actual, stored.liked))
        assert values.mean() == pytest.approx(getattr(row, metric))
