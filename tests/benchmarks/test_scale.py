"""Scores over shards are those of the whole in memory, whatever the workers, and a killed run goes on."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq
import pytest

from benchmarks import scale as command
from benchmarks.harness import sharded
from benchmarks.harness.evaluate import evaluate
from rad import registry
from rad.data.load import open_dataset
from rad.data.shard_writer import build
from rad.data.shards import Shards
from rad.errors import RadError
from rad.rationales import text
from rad.rationales.facts import Facts
from rad.rationales.strengths import weighted

NAME = "world:users=150,items=400"
METRICS = ("ndcg@10", "recall@10", "mrr")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    out = tmp_path_factory.mktemp("shards")
    build(NAME, out, shard_users=80)
    return out


def experiment_on(data, model="item_knn", **more):
    """An experiment over the shards in ``data``; ``more`` changes its fields."""
    fields = {"data": str(data.resolve()), "model": model, "metrics": METRICS, **more}
    return sharded.ShardedExperiment(**fields), Shards(data)


def scores(folder):
    return json.loads((folder / "scores.json").read_text())["scores"]


@pytest.mark.parametrize("model", ["item_knn", "popularity", "bm25"])
def test_scores_are_those_of_the_whole_in_memory(data, model, tmp_path):
    dataset = open_dataset(NAME)
    fitted = registry.load("benchmarks.models", model)(None)
    fitted.fit(dataset.examples["train"], dataset.examples["validation"], dataset.items, 0)
    test = dataset.examples["test"]
    evaluation = evaluate(
        fitted.predict([e.query for e in test]), test, METRICS, dataset.items, set(dataset.items), samples=50
    )
    folder = sharded.execute(*experiment_on(data, model), tmp_path).folder
    mine = {(s["metric"], s["slice"]): s for s in scores(folder)}
    for score in evaluation.scores:
        if score.slice in ("warm", "cold"):
            continue  # the reference above calls every item warm
        other = mine[score.metric, score.slice]
        assert other["value"] == pytest.approx(score.value, abs=1e-12) and other["n"] == score.n
        assert other["ci_low"] <= other["value"] <= other["ci_high"]


def test_values_are_kept_a_row_a_query(data, tmp_path):
    folder = sharded.execute(*experiment_on(data, "popularity"), tmp_path).folder
    rows = [row for k in (0, 1) for row in pq.read_table(folder / "values" / f"shard-0000{k}.parquet").to_pylist()]
    assert {row["query_id"] for row in rows} == {e.query.query_id for e in open_dataset(NAME).examples["test"]}
    mean = next(s for s in scores(folder) if (s["metric"], s["slice"]) == ("mrr", "all"))
    assert mean["value"] == pytest.approx(np.mean([row["mrr"] for row in rows])) and mean["n"] == 150


def test_two_workers_give_the_same_numbers(data, tmp_path):
    one = sharded.execute(*experiment_on(data), tmp_path / "one").folder
    two = sharded.execute(*experiment_on(data), tmp_path / "two", workers=2).folder
    assert scores(one) == scores(two) and one.name == two.name


def test_a_killed_run_goes_on(data, tmp_path, monkeypatch):
    straight = sharded.execute(*experiment_on(data), tmp_path / "straight").folder
    experiment, shards = experiment_on(data)

    def dies(function, rows, workers, engine):
        yield function(rows[0])
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(sharded.parallel, "parallel_map", dies)
        sharded.execute(experiment, shards, tmp_path / "killed")
    (left,) = (tmp_path / "killed").rglob("shard-*.parquet")
    assert not list((tmp_path / "killed").rglob("scores.json"))
    stamp = left.stat().st_mtime_ns
    folder = sharded.execute(experiment, shards, tmp_path / "killed").folder
    assert scores(folder) == scores(straight) and left.stat().st_mtime_ns == stamp
    monkeypatch.setattr(sharded.parallel, "parallel_map", None)  # a finished run is shown again
    assert sharded.execute(experiment, shards, tmp_path / "killed").folder == folder


def test_tokens_are_counted_over_shards_and_by_who_goes_on(data, tmp_path, monkeypatch):
    sharded.fitted_model.cache_clear()
    popular = registry.load("benchmarks.models", "popularity")
    predict = popular.predict

    def predict_and_count(self, queries):
        yield from predict(self, queries)
        self.tokens_written = 7 * len(queries)

    monkeypatch.setattr(popular, "predict", predict_and_count)
    folder = sharded.execute(*experiment_on(data, "popularity", seed=7), tmp_path).folder
    (folder / "scores.json").unlink()
    sharded.fitted_model.cache_clear()
    stored = sharded.execute(*experiment_on(data, "popularity", seed=7), tmp_path)
    assert stored.folder == folder and stored.result["cost"]["tokens_per_query"] == 7
    monkeypatch.undo()
    plain = sharded.execute(*experiment_on(data, "popularity", seed=8), tmp_path)
    assert plain.result["cost"]["tokens_per_query"] is None
    sharded.fitted_model.cache_clear()


def test_an_endpoint_reaches_the_workers_and_no_result(data, tmp_path):
    settings = registry.load("benchmarks.models", "rationale_first").Settings
    chosen = settings(reasoner="language", base="x", base_url="http://127.0.0.1:1/v1")
    assert dict(sharded.values_of(chosen)) == {"reasoner": "language", "base": "x", "base_url": "http://127.0.0.1:1/v1"}
    assert sharded.values_of(settings()) == ()


@pytest.mark.slow
def test_the_language_model_writes_over_shards(data, tmp_path, monkeypatch):
    monkeypatch.setenv("RAD_CACHE", str(tmp_path / "cache"))
    more = {
        "settings": (("reasoner", "language"), ("lessons", 32), ("epochs", 1), ("facts", 6)),
        "metrics": ("ndcg@10", "soundness"),
    }
    result = sharded.execute(*experiment_on(data, "rationale_first", **more), tmp_path, workers=2).result
    assert result["n_failed"] == 0 and result["cost"]["tokens_per_query"] > 10
    assert next(s["value"] for s in result["scores"] if s["metric"] == "soundness") == 1.0
    (checkpoint,) = (path.parent for path in (tmp_path / "cache").rglob("rad.json"))
    assert json.loads((checkpoint / "rad.json").read_text())["seconds"] > 0


def test_fewer_users_to_fit_on_are_another_run(data, tmp_path):
    every, few = experiment_on(data), experiment_on(data, fit_users=20)
    assert sharded.fitted_model(few[0]).model.block is not None
    sample = Shards(data).sample(20)
    assert sharded.fitted_model(few[0]).seen == {
        *(x.item_id for split in ("train", "validation") for e in sample.examples[split] for x in e.query.history),
        *(item for split in ("train", "validation") for e in sample.examples[split] for item in e.relevant),
    }
    assert sharded.execute(*every, tmp_path).folder.name != sharded.execute(*few, tmp_path).folder.name


def test_a_failing_model_scores_the_worst_and_says_why(data, tmp_path, monkeypatch):
    sharded.fitted_model.cache_clear()
    popular = registry.load("benchmarks.models", "popularity")
    monkeypatch.setattr(popular, "predict", lambda self, queries: iter(()))
    folder = sharded.execute(*experiment_on(data, "popularity", seed=5), tmp_path).folder
    result = json.loads((folder / "scores.json").read_text())
    assert result["n_failed"] == 150 and result["failures"] == {"no prediction": 150}
    assert {s["value"] for s in result["scores"]} == {0.0}
    sharded.fitted_model.cache_clear()


def test_facts_are_counted_where_the_model_was_fitted(data, tmp_path, monkeypatch):
    """A model's numbers are of the users that it has seen, so they are sound beside the counts of these users."""
    sharded.fitted_model.cache_clear()
    popular = registry.load("benchmarks.models", "popularity")
    fit, predict = popular.fit, popular.predict

    def fit_and_count(self, train, validation, items, seed):
        fit(self, train, validation, items, seed)
        self.facts = Facts.of(train, items)

    def predict_with_reasons(self, queries):
        for query, prediction in zip(queries, predict(self, queries), strict=True):
            reasons = weighted([(reason, 64) for reason in self.facts.about(query, 2)], 16)
            yield replace(prediction, rationale=text.rationale(query, reasons, "model", "popularity", "1"))

    monkeypatch.setattr(popular, "fit", fit_and_count)
    monkeypatch.setattr(popular, "predict", predict_with_reasons)
    metrics = ("soundness", "said")
    folder = sharded.execute(*experiment_on(data, "popularity", fit_users=60, metrics=metrics), tmp_path).folder
    assert {s["metric"]: s["value"] for s in scores(folder)} == pytest.approx({"soundness": 1.0, "said": 1.0})
    sharded.fitted_model.cache_clear()


def test_rationales_that_a_model_failed_to_write_score_the_worst(toy):
    from benchmarks.harness.evaluate import measure
    from benchmarks.harness.registries import load_metrics
    from benchmarks.harness.violations import checked

    metrics = load_metrics(["reason_recall@3", "ndcg@10"], toy.items)
    test = toy.examples["test"]
    answers, _ = checked([], test, toy.items)
    assert set(measure(metrics, answers, test)[0]) == {"ndcg@10"}
    values = measure(metrics, answers, test, writes=True)[0]["reason_recall@3"]
    assert np.nansum(values) == 0 and (~np.isnan(values)).sum() == 1


def test_the_command_shows_its_result(data, tmp_path, monkeypatch, capsys):
    options = ["shards", "--data", str(data), "--model", "popularity", "--out", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", options)
    command.main()
    out = capsys.readouterr().out
    assert "popularity over world:users=150" in out and "fitted on the first 150 users" in out and "NDCG@10" in out


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--model", "itemknn"], "unknown model 'itemknn' (did you mean 'item_knn'?)"),
        (
            ["--model", "bm25", "--fit-users", "0", "--set", "lst=3"],
            "--fit-users must be at least 1, got 0; --set for bm25: unknown",
        ),
        (["--model", "bm25", "--seed", "-1"], "--seed must be at least 0, got -1"),
        (["--model", "bm25", "--metrics", "ndgc"], "did you mean 'ndcg'?"),
    ],
)
def test_mistakes_are_one_line(data, more, message):
    with pytest.raises(RadError) as error:
        command.main(["--data", str(data), *more])
    assert message in str(error.value) and "\n" not in str(error.value)


def test_metrics_of_all_predictions_are_refused(data, tmp_path):
    with pytest.raises(RadError, match="coverage@10: needs all predictions at once"):
        sharded.execute(*experiment_on(data, "popularity", metrics=(*METRICS, "coverage@10")), tmp_path)


@pytest.mark.slow
def test_ray_gives_the_same_numbers(data, tmp_path):
    pytest.importorskip("ray")
    one = sharded.execute(*experiment_on(data), tmp_path / "one").folder
    options = ["--data", str(data), "--model", "item_knn", "--metrics", *METRICS, "--out", str(tmp_path / "ray")]
    asks = [sys.executable, "-m", "benchmarks.scale", *options, "--workers", "2", "--engine", "ray"]
    subprocess.run(asks, check=True, timeout=500)
    (other,) = (tmp_path / "ray").rglob("scores.json")
    assert scores(other.parent) == scores(one)
