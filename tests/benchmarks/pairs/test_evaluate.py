"""Scores of pairs from predictions: what is missing or broken counts, and slices stand by themselves."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from dataclasses import replace

import pytest

from benchmarks import compare, rescore
from benchmarks.explanations.finished_run import DatasetCache, read_finished_run
from benchmarks.harness import runner, settings_store, tuning
from benchmarks.harness.experiment import refusal
from benchmarks.harness.registries import default_metrics, load_model
from benchmarks.harness.results import read_result
from benchmarks.harness.violations import validated_pairs
from benchmarks.models.pairs import biases
from benchmarks.pairs.evaluate import evaluate_pairs
from benchmarks.pairs.tables import pair_tables
from benchmarks.reporting.comparison import systems
from leaderboard.verification.checks import task_violations
from rad.data.pairs import answer_of, pair_splits
from rad.errors import RadError
from rad.types import PairPrediction
from tests.support.models import experiment_on
from tests.support.ratings import with_ratings


@pytest.fixture
def rated(toy):
    return with_ratings(toy)


def right(pairs):
    return [PairPrediction(p.query.query_id, p.item_id, rating=answer_of(p)) for p in pairs]


def score(predictions, pairs, toy, constant=3.0, **more):
    judged = validated_pairs(predictions, pairs, "rating")
    return evaluate_pairs(judged, pairs, ["rmse", "mae", "auc"], toy.items, "rating", constant, samples=20, **more)


def test_what_is_right_scores_best(rated):
    pairs = pair_splits(rated, "rating").pairs["test"]
    result = score(right(pairs), pairs, rated, seen={"red-boots", "blue-hat"})
    assert (result.value("rmse"), result.value("mae"), result.value("auc"), result.n_failed) == (0, 0, 1, 0)
    sizes = {s.slice: s.n for s in result.scores if s.metric == "rmse"}
    assert sizes["warm"] + sizes["cold"] == sizes["all"] == 9


def test_what_is_missing_or_broken_scores_as_the_constant_and_is_counted(rated):
    pairs = pair_splits(rated, "rating").pairs["test"]
    good = right(pairs)
    broken = [
        replace(good[0], rating=float("nan")),
        replace(good[1], rating=None),
        replace(good[2], item_id="red-hat"),
        replace(good[3], error="no idea"),
        good[4],
        good[4],
        *good[6:],
    ]
    result = score(broken, pairs, rated)
    assert result.n_failed == 6
    assert set(result.failures) <= {
        "rating that is not a finite number",
        "no rating",
        "prediction of another item",
        "no idea",
        "predicted more than once",
        "no prediction",
    }
    expected = [abs(3.0 - answer_of(p)) if k < 6 else 0.0 for k, p in enumerate(pairs)]
    assert result.value("mae") == pytest.approx(sum(expected) / len(pairs))
    assert score([], pairs, rated).n_failed == len(pairs)
    with pytest.raises(RadError, match="which was not asked"):
        score([PairPrediction("nobody-1", "red-hat", rating=1)], pairs, rated)


def test_a_probability_outside_its_range_is_refused(rated):
    pairs = pair_splits(rated, "choice").pairs["test"]
    one = PairPrediction(pairs[0].query.query_id, pairs[0].item_id, probability=1.5)
    (judged,) = validated_pairs([one], pairs, "choice")
    assert judged.error == "probability outside 0 to 1" and judged.probability is None


@pytest.fixture(params=["rating", "choice"])
def experiment(request, rated, tmp_path, monkeypatch):
    monkeypatch.setattr(settings_store, "LOGS", tmp_path / "settings")
    pairs = pair_splits(rated, request.param)
    return experiment_on(rated, tmp_path / "runs", pairs=pairs, metrics=default_metrics(request.param))


def test_a_run_leaves_what_a_ranking_leaves_and_a_second_opinion_agrees(experiment):
    one = runner.execute(experiment, "biases")
    assert one.folder.name.startswith(f"toy-{experiment.task}-full-test-s0-")
    assert (one.result.task.name, one.result.task.negatives) == (experiment.task, experiment.negatives)
    assert one.result.task.constant == experiment.pairs.constant
    done = subprocess.run([sys.executable, "-I", rescore.__file__, str(one.folder)], capture_output=True, text=True)
    assert done.returncode == 0 and "DIFFERENT" not in done.stdout, done.stdout + done.stderr
    assert runner.find(experiment, "biases").folder == one.folder
    path = one.folder / "predictions.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    path.write_text("\n".join(map(json.dumps, lines[1:])))
    assert rescore.main([str(one.folder)]) == 1, "one prediction less is another score"


def test_compare_reads_pairs_and_refuses_other_tasks(experiment, toy, tmp_path):
    metric = experiment.metrics[0]
    one, other = (runner.execute(experiment, name).folder for name in ("biases", "global_mean"))
    compared = systems([one, other], metric)
    for system, folder in zip(compared, (one, other), strict=True):
        assert system.means[0] == pytest.approx(read_result(folder).score(metric).value)
    ranking = runner.execute(experiment_on(toy, tmp_path), "popularity").folder
    with pytest.raises(RadError, match=r"name is ranking|sha256"):
        systems([one, ranking], metric)
    assert compare.main


def test_tables_have_them_and_what_is_of_rankings_does_not(experiment):
    folders = [runner.execute(experiment, name).folder for name in ("biases", "global_mean")]
    results = [read_result(folder) for folder in folders]
    ((title, rows),) = pair_tables(results)
    assert title.startswith("**toy**, ") and [row["model"] for row in rows] == ["global_mean", "biases"]
    assert not list(task_violations(results[0].task)), "the leaderboard has tables of pairs"
    with pytest.raises(RadError, match="where a ranking is needed"):
        read_finished_run(folders[0], DatasetCache())


def test_tuning_of_pairs(experiment, monkeypatch):
    monkeypatch.setattr(biases.Model, "search_space", {"train_share": (0.5, 1.0)}, raising=False)
    path = tuning.tune(experiment.dataset, "biases", {}, 8, 30, experiment.pairs)
    metric = {"rating": "rmse", "choice": "log_loss"}[experiment.task]
    assert path.parent.name == f"toy-{experiment.task}"
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    best = min(rows, key=lambda row: row[metric])["settings"]
    assert settings_store.chosen("toy", biases.Model(), experiment.task)[0] == best, "the least is the best"
    assert settings_store.chosen("toy", biases.Model()) == ({}, None)


def test_models_and_tasks_that_do_not_fit(experiment, toy):
    assert "does not do --task rating: it does ranking" in refusal(toy, "popularity", "rating")
    assert "does not do --task ranking" in refusal(toy, "biases")
    with pytest.raises(RadError, match="biases scores pairs and ranks nothing"):
        load_model("biases")


def test_a_range_that_is_kept(experiment):
    folder = runner.execute(experiment, "biases").folder
    field = "rating" if experiment.task == "rating" else "probability"
    numbers = [json.loads(line)[field] for line in (folder / "predictions.jsonl").read_text().splitlines()]
    assert all(math.isfinite(number) for number in numbers)
    assert all((1 <= n <= 5) if experiment.task == "rating" else (0 < n < 1) for n in numbers)
