"""What a domain may lack and a model may get wrong: one clear line, or a fallback that is counted."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from benchmarks import run
from benchmarks.harness import runner
from benchmarks.harness.registries import MODELS, default_metrics, model_kind
from benchmarks.models.pairs import global_mean
from benchmarks.pairs.tables import pair_tables
from rad import registry
from rad.data.pairs import PairSplits, pair_splits, without_answer
from rad.errors import RadError
from rad.types import Pair, Query
from tests.support.models import experiment_on
from tests.support.ratings import with_ratings

PAIR_MODELS = [name for name in registry.names(MODELS) if "rating" in model_kind(name).tasks]


@pytest.fixture
def rated(toy):
    return with_ratings(toy)


def ran(data, pairs, out, name="global_mean"):
    return runner.execute(experiment_on(data, out, pairs=pairs, metrics=default_metrics(pairs.task)), name)


def test_a_domain_without_ratings_is_one_line_of_the_command(monkeypatch, toy):
    monkeypatch.setattr(run, "open_dataset", lambda *_: toy)
    monkeypatch.setattr("sys.argv", ["run", "--task", "rating", "--model", "biases", "--domain", "scientific"])
    with pytest.raises(RadError, match=r"^toy: no training item has a rating, which --task rating needs$"):
        run.main()


@pytest.mark.parametrize("task", ["rating", "choice"])
def test_numbers_that_are_none_fail_score_as_the_mean_and_are_counted(task, rated, tmp_path, monkeypatch):
    """Every second number is NaN: half of the pairs fail, and no file has a NaN."""

    def numbers(self, pairs):
        return np.where(np.arange(len(pairs)) % 2 == 0, np.nan, 0.5)

    monkeypatch.setattr(global_mean.Model, "numbers", numbers)
    pairs = pair_splits(rated, task)
    one = ran(rated, pairs, tmp_path)
    n = len(pairs.pairs["test"])
    assert one.result.task.n_failed == (n + 1) // 2
    (reason,) = one.result.task.failures
    assert reason.endswith("that is not a finite number")
    lines = [json.loads(line) for line in (one.folder / "predictions.jsonl").read_text().splitlines()]
    assert sum(line.get("error") == reason for line in lines) == (n + 1) // 2
    assert all("NaN" not in path.read_text() for path in one.folder.iterdir())
    assert all(math.isfinite(score.value) for score in one.result.scores)


def test_a_test_split_of_one_class_has_no_auc(rated, tmp_path):
    pairs = pair_splits(rated, "choice")
    liked = {**pairs.pairs, "test": tuple(p for p in pairs.pairs["test"] if p.liked)}
    one = ran(rated, PairSplits("choice", "rated", liked, pairs.constant), tmp_path)
    assert one.result.score("auc") is None and one.result.score("log_loss") is not None
    ((_, (row,)),) = pair_tables([one.result])
    assert row["AUC"] == "" and row["Log loss"]


@pytest.mark.parametrize("name", PAIR_MODELS)
@pytest.mark.parametrize("task", ["rating", "choice"])
def test_training_of_one_class_and_what_training_lacks(name, task, toy, rated):
    """All training answers alike, then a user and an item that training lacks: a number in range all the same."""
    kind = model_kind(name)
    if kind.required:
        pytest.skip("needs a setting")
    pairs = pair_splits(rated, task).pairs
    answer = {"rating": 4.0} if task == "rating" else {}
    alike = [replace(p, liked=True, **answer) for p in pairs["train"] if p.item_id != "red-hat"]
    model = kind(kind.Settings(**kind.test_settings))
    model.fit(alike, [], toy.items, 0)
    strange = [Pair(Query("nobody-0", "toy", "nobody", ()), "red-hat"), without_answer(pairs["test"][0])]
    for prediction in model.rate(strange):
        number = prediction.rating if task == "rating" else prediction.probability
        assert prediction.error is None and number is not None and math.isfinite(number)
        assert number == 4.0 if task == "rating" else 0.5 < number < 1
    assert list(model.rate([])) == []
