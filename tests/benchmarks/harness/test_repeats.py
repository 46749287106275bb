"""A domain where people buy again: repeats kept from the data to the tables, and masked unless they are asked for."""

from __future__ import annotations

import json
import sys

import pytest

from benchmarks import compare, rescore, run, tune
from benchmarks.harness import runner, settings_store
from benchmarks.harness.results import read_result
from benchmarks.models import item_knn
from benchmarks.reporting.markdown import render
from rad.data.load import open_dataset
from rad.errors import RadError
from tests.support.models import experiment_on
from tests.support.repeats import USERS, staples


def command(module, monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["it", *map(str, arguments)])
    return module.main()


@pytest.fixture
def shop(tmp_path):
    return staples(tmp_path / "shop")


def test_a_target_that_is_bought_again_counts_where_repeats_are_kept(shop, tmp_path, monkeypatch, capsys):
    out = tmp_path / "runs"
    words = ("--model", "bm25", "--domain", shop, "--out", out)
    command(run, monkeypatch, *words)
    assert f"{2 * USERS} targets are in their own history; they are masked and score 0" in capsys.readouterr().out
    command(run, monkeypatch, *words, "--repeats", "keep")
    printed = " ".join(capsys.readouterr().out.split())
    assert f"{2 * USERS} targets are in their own history; they are kept" in printed
    assert "ranking the whole catalogue, repeats kept" in printed
    (masked,) = (out / "bm25").glob("*-full-test-*")
    (unmasked,) = (out / "bm25").glob("*-full-keep-test-*")
    one, other = read_result(masked), read_result(unmasked)
    assert (one.task.protocol, other.task.protocol) == ("full", "full-keep")
    assert one.task.n_repeat == other.task.n_repeat == 2 * USERS and other.task.n_failed == 0
    assert one.score("ndcg@10").value == 0
    assert other.score("ndcg@10").value > 0.6  # the two staples are the first two: 1 or 0.63
    # everybody has one of each: whole users that are drawn have all the same mean, so the interval has no width
    assert other.score("ndcg@10").ci_low == pytest.approx(other.score("ndcg@10").ci_high)
    first = json.loads((unmasked / "predictions.jsonl").read_text().splitlines()[0])
    assert len(set(first["ranking"])) == len(first["ranking"])
    assert rescore.main([str(masked), str(unmasked)]) == 0 and "DIFFERENT" not in capsys.readouterr().out
    tables = render([one, other])
    assert tables.count("ranking the whole catalogue, repeats kept, data") == 1
    assert tables.count("ranking the whole catalogue, data") == 1
    with pytest.raises(RadError, match="protocol is full-keep, but full in"):
        command(compare, monkeypatch, masked, unmasked)


def test_settings_are_chosen_for_the_targets_that_count(shop, tmp_path):
    unmasked, masked = (open_dataset(shop, protocol=protocol) for protocol in ("full-keep", "full"))
    chosen = {}
    for data in (unmasked, masked):
        model = item_knn.Model()
        model.fit(data.examples["train"], data.examples["validation"], data.items, 0)
        chosen[data.repeats] = model.chosen
    assert chosen["mask"] == {name: values[0] for name, values in item_knn.GRID.items()}  # every one scores 0
    assert chosen["keep"] != chosen["mask"]


def test_tuning_keeps_a_log_of_its_own(shop, tmp_path, monkeypatch):
    monkeypatch.setattr(settings_store, "LOGS", tmp_path / "settings")
    monkeypatch.setattr(item_knn.Model, "search_space", {"window": (1, 3)})
    command(tune, monkeypatch, "--model", "item_knn", "--domain", shop, "--repeats", "keep")
    (path,) = (tmp_path / "settings").rglob("*.jsonl")
    assert path.parent.name.endswith("-keep")
    assert all(json.loads(line)["ndcg@10"] > 0.5 for line in path.read_text().splitlines())
    best = settings_store.best_of(settings_store.read_log(path, "1"))["settings"]
    unmasked, masked = (open_dataset(shop, protocol=protocol) for protocol in ("full-keep", "full"))
    assert runner.prepare(experiment_on(unmasked, tmp_path), "item_knn").tuned == best
    assert runner.prepare(experiment_on(masked, tmp_path), "item_knn").tuned == {}


@pytest.mark.parametrize(
    "more, line",
    [
        (("--protocol", "rerank"), "--repeats keep: the candidates of --protocol rerank were not bought before"),
        (("--task", "choice", "--negatives", "drawn", "--model", "global_mean"), "--repeats keep is of rankings"),
    ],
)
def test_where_there_is_nothing_to_keep(shop, tmp_path, monkeypatch, more, line):
    with pytest.raises(RadError, match=line):
        model = () if "--model" in more else ("--model", "bm25")
        command(run, monkeypatch, *model, "--domain", shop, "--repeats", "keep", "--out", tmp_path, *more)
