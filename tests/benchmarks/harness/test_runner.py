"""One model on one task: what a run leaves, what it reuses, and what it learns from."""

from __future__ import annotations

import json

import pytest

from benchmarks.harness import fitting, runner
from benchmarks.harness.results import Result, read_result
from rad.errors import RadError
from rad.runtime.files import sha256_file
from tests.support.models import experiment_on


def test_a_result_on_disk(toy, tmp_path):
    folder = runner.execute(experiment_on(toy, tmp_path), "item_knn").folder
    assert folder.parent == tmp_path / "item_knn" and folder.name.startswith("toy-full-test-s0-")
    assert sorted(p.name for p in folder.iterdir()) == ["predictions.jsonl", "queries.jsonl", "result.json"]
    result = read_result(folder)
    assert result.run_id == folder.name.rsplit("-", 1)[1]
    assert (result.task.n, result.task.n_failed, result.task.n_repeat) == (10, 0, 1)
    assert result.predictions.sha256 == sha256_file(folder / result.predictions.path)
    assert result.dataset.sha256 == toy.sha256
    assert result.cost.peak_memory_mb > 10 and result.cost.fit_seconds >= 0
    assert result.provenance["seed"] == 0 and result.provenance["settings"] == {}
    assert Result.model_validate_json(result.model_dump_json()) == result
    lines = [json.loads(line) for line in (folder / "queries.jsonl").read_text().splitlines()]
    assert [line["query_id"] for line in lines] == [e.query.query_id for e in toy.examples["test"]]
    mean = sum(line["scores"]["ndcg@10"] for line in lines) / len(lines)
    assert mean == pytest.approx(result.score("ndcg@10").value)
    sizes = {s.slice: s.n for s in result.scores if s.metric == "ndcg@10"}
    # cold: blue-scarf twice and green-coat once, which nobody has before their last item
    assert (sizes["warm"], sizes["cold"], sizes["history<=5"]) == (7, 3, 10)


def test_an_identical_run_is_reused_unless_again(toy, tmp_path, capsys):
    first = runner.execute(experiment_on(toy, tmp_path), "popularity").folder
    stamp = (first / "result.json").stat().st_mtime_ns
    assert runner.execute(experiment_on(toy, tmp_path), "popularity").folder == first
    assert (first / "result.json").stat().st_mtime_ns == stamp
    assert "identical run is finished" in " ".join(capsys.readouterr().err.split())
    assert runner.execute(experiment_on(toy, tmp_path), "popularity", again=True).folder == first
    assert (first / "result.json").stat().st_mtime_ns > stamp
    others = [
        runner.execute(experiment_on(toy, tmp_path, seed=1), "popularity").folder,
        runner.execute(experiment_on(toy, tmp_path, split="validation"), "popularity").folder,
        runner.execute(experiment_on(toy, tmp_path, limit=4), "popularity").folder,
        runner.execute(experiment_on(toy, tmp_path, metrics=("mrr",)), "popularity").folder,
    ]
    assert len({first, *others}) == 5
    assert read_result(others[2]).task.n == 4


def test_settings_make_another_run(toy, tmp_path):
    from benchmarks.models import item_knn

    plain = runner.execute(experiment_on(toy, tmp_path), "item_knn").folder
    changed = runner.execute(experiment_on(toy, tmp_path), "item_knn", item_knn.Model.Settings(window=1)).folder
    assert changed != plain and read_result(changed).label == "item_knn window=1"
    assert runner.find(experiment_on(toy, tmp_path), "item_knn").folder == plain  # a reference has default settings
    assert runner.find(experiment_on(toy, tmp_path, seed=1), "item_knn") is None


def test_validation_queries_are_not_learned_from(toy):
    assert fitting.learning_examples(toy.examples, "test") == (toy.examples["train"], toy.examples["validation"])
    assert fitting.learning_examples(toy.examples, "validation") == (toy.examples["train"], ())


def test_an_unusable_out_is_one_line(toy, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RadError, match="no folder for results can be made there"):
        runner.execute(experiment_on(toy, tmp_path / "file"), "random")


def test_a_model_that_breaks_leaves_nothing_complete(toy, tmp_path, add_model):
    add_model("broken", "yield p\nraise RuntimeError('boom')")
    with pytest.raises(RuntimeError, match="boom"):
        runner.execute(experiment_on(toy, tmp_path / "out"), "broken")
    assert not list((tmp_path / "out").rglob("*.json*"))
