"""Tuning: what is tried, the budget, the log that survives a kill, and that runs use what was chosen."""

import json
import sys
from dataclasses import replace
from typing import ClassVar

import pytest

from benchmarks import tune
from benchmarks.harness import runner, settings_store, tuning
from benchmarks.harness.experiment import Experiment
from benchmarks.harness.registries import default_metrics
from benchmarks.models import item_knn
from rad.errors import RadError

SPACE = {"backward": (1.0, 0.5), "window": (10, 3)}


@pytest.fixture
def logs(monkeypatch, tmp_path):
    monkeypatch.setattr(item_knn.Model, "search_space", SPACE, raising=False)
    monkeypatch.setattr(settings_store, "LOGS", tmp_path / "settings")
    return tmp_path / "settings"


def rows_of(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_defaults_first_then_each_setting_once_and_the_same_every_time():
    trials = tuning.trials_of(SPACE, {}, 8)
    assert trials[0] == {"backward": 1.0, "window": 10} and len(trials) == 4
    assert sorted(map(str, trials)) == sorted(set(map(str, trials)))
    assert trials == tuning.trials_of(SPACE, {}, 8) and tuning.trials_of(SPACE, {}, 2) == trials[:2]
    assert tuning.trials_of(SPACE, {"backward": 2.0}, 8) == [
        {"backward": 2.0, "window": 10},
        {"backward": 2.0, "window": 3},
    ]


def test_a_log_of_trials_on_validation_only(toy, logs, monkeypatch):
    evaluated = []
    evaluate = tuning.evaluate
    monkeypatch.setattr(
        tuning, "evaluate", lambda a, examples, *r, **k: evaluated.extend(examples) or evaluate(a, examples, *r, **k)
    )
    path = tuning.tune(toy, "item_knn", {}, 8, 30)
    assert path == logs / "toy" / "item_knn.jsonl"
    rows = rows_of(path)
    assert [row["settings"] for row in rows] == tuning.trials_of(SPACE, {}, 8)
    assert {e.split for e in evaluated} == {"validation"}
    assert all(0 <= row["ndcg@10"] <= 1 and row["n"] == 10 and row["data"] == toy.sha256 for row in rows)


def test_killed_and_run_again_it_goes_on(toy, logs):
    path = tuning.tune(toy, "item_knn", {}, 2, 30)
    two = rows_of(path)
    with open(path, "a") as file:
        file.write('{"settings": {"backw')  # a kill in the middle of a line
    tuning.tune(toy, "item_knn", {}, 8, 30)
    rows = rows_of(path)
    assert rows[:2] == two and len(rows) == 4
    tuning.tune(toy, "item_knn", {}, 8, 30)
    assert rows_of(path) == rows


def test_the_budget_in_minutes(toy, logs, capsys):
    path = tuning.tune(toy, "item_knn", {}, 1, 30)
    row = rows_of(path)[0] | {"cpu_seconds": 100.0}
    path.write_text(json.dumps(row) + "\n")
    tuning.tune(toy, "item_knn", {}, 8, 1)
    assert len(rows_of(path)) == 1 and "budget of 1 minutes is spent" in capsys.readouterr().out


def log(logs, domain, name, *scores):
    path = logs / domain / f"{name}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [{"settings": s, "ndcg@10": v, "version": "1", "cpu_seconds": 1.0} for s, v in scores]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))


def test_runs_use_the_best_setting_and_what_is_stated_goes_before_it(toy, logs, tmp_path, capsys):
    log(logs, "toy", "item_knn", ({"backward": 0.5, "window": 3}, 0.2), ({"backward": 0.7, "window": 10}, 0.1))
    job = Experiment(toy, "test", 0, None, default_metrics(), tmp_path / "runs")
    plain = runner.execute(job, "item_knn").result
    assert plain.model.config["backward"] == 0.5 and plain.model.config["window"] == 3
    assert plain.provenance["tuned"] == {"backward": 0.5, "window": 3}
    assert plain.label == "item_knn", "tuned settings are the model's own"
    assert "chosen in settings/toy/item_knn.jsonl" in " ".join(capsys.readouterr().err.split())
    result = runner.execute(job, "item_knn", item_knn.Model.Settings(window=5)).result
    assert (result.model.config["backward"], result.model.config["window"]) == (0.5, 5)
    assert result.label == "item_knn window=5"
    assert runner.find(job, "item_knn").folder.name.endswith(plain.run_id)


def test_a_domain_with_arguments_and_an_arm_fall_back(logs):
    class Arm(item_knn.Model):
        @property
        def card(self):
            return super().card.model_copy(update={"arm": "none"})

    log(logs, "world", "item_knn", ({"window": 3}, 0.2))
    assert settings_store.chosen("world:seed=5", item_knn.Model())[0] == {"window": 3}
    assert settings_store.chosen("world", Arm())[0] == {"window": 3}
    log(logs, "world", "item_knn.none", ({"window": 7}, 0.1))
    assert settings_store.chosen("world", Arm())[0] == {"window": 7}
    assert settings_store.chosen("world", item_knn.Model())[0] == {"window": 3}
    assert settings_store.chosen("scientific", item_knn.Model()) == ({}, None)
    log(logs, "world_seed=5", "item_knn", ({"window": 9}, 0.1))
    assert settings_store.chosen("world:seed=5", item_knn.Model())[0] == {"window": 9}


def test_a_pupil_takes_over_what_was_tuned_for_its_teacher_but_not_being_the_teacher(logs):
    class Taught(item_knn.Model):
        tuned_arm = "teacher"
        search_space: ClassVar = {"window": (3, 10)}

    log(logs, "world", "item_knn.teacher", ({"window": 10, "backward": 0.1}, 0.2))
    assert settings_store.chosen("world", Taught())[0] == {"window": 10}
    assert settings_store.chosen("world", item_knn.Model()) == ({}, None)
    log(logs, "world", "item_knn", ({"window": 3}, 0.1))
    assert settings_store.chosen("world", Taught())[0] == {"window": 3}, "its own log goes before"


def test_trials_of_another_version_do_not_count(logs):
    log(logs, "world", "item_knn", ({"window": 3}, 0.2))

    class Newer(item_knn.Model):
        @property
        def card(self):
            return super().card.model_copy(update={"version": "2"})

    assert settings_store.chosen("world", Newer()) == ({}, None)


def test_bad_requests(toy, logs, monkeypatch):
    with pytest.raises(RadError, match="popularity has nothing to tune"):
        tuning.tune(toy, "popularity", {}, 8, 30)
    monkeypatch.setattr(sys, "argv", ["tune", "--model", "item_knnn", "--trials", "0"])
    with pytest.raises(RadError, match=r"did you mean 'item_knn'.*--trials must be at least 1, got 0"):
        tune.main()
    (logs / "toy").mkdir(parents=True)
    (logs / "toy" / "item_knn.jsonl").write_text('{"settings": 3}\n')
    with pytest.raises(RadError, match=r"item_knn.jsonl:1: lacks settings or ndcg@10"):
        settings_store.chosen("toy", item_knn.Model())


def test_a_sequence_model_is_not_tuned_where_there_is_no_order(toy, logs, monkeypatch):
    monkeypatch.setattr(item_knn.Model, "sequential", True, raising=False)
    with pytest.raises(RadError, match=r"item_knn needs the order of purchases, which toy lacks"):
        tuning.tune(replace(toy, ordered=False), "item_knn", {}, 8, 30)
