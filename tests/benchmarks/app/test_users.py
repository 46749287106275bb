"""Where the page's users come from: a finished run, a model's split; and what has no rationale that can be edited."""

from __future__ import annotations

import builtins
import sys

import pytest

from benchmarks.app import __main__ as app
from benchmarks.app import users
from benchmarks.explanations import finished_run
from benchmarks.harness import runner
from benchmarks.harness.experiment import Experiment
from rad.errors import RadError
from tests.benchmarks.conftest import DOMAIN, FINISHED_RUNS

pytestmark = FINISHED_RUNS


@pytest.fixture(autouse=True)
def _small_world(small_world, monkeypatch):
    monkeypatch.setattr(finished_run, "open_dataset", lambda *_: small_world)
    monkeypatch.setattr(users, "open_dataset", lambda *_: small_world)


def test_a_run_whose_rationales_cannot_be_edited_is_refused(finished_runs):
    with pytest.raises(RadError, match="a run of a model without rationales: there is nothing to argue with"):
        users.of_run(finished_runs["popularity"], None, None)
    with pytest.raises(RadError, match=r"template: .*; rationales must state facts, as those of rationale_first do"):
        users.of_run(finished_runs["template"], None, None)


def test_a_model_whose_rationales_cannot_be_edited_is_refused():
    with pytest.raises(RadError, match="popularity cannot rank from a given rationale"):
        users.of_model("popularity", [], DOMAIN, "test", 0, None)
    with pytest.raises(RadError, match="rationales must state facts"):
        users.of_model("template", [], DOMAIN, "train", 0, None)


@pytest.mark.slow
def test_a_finished_run_shows_its_own_rationales_and_rankings(small_world, tmp_path):
    experiment = Experiment(small_world, "test", 0, 10, ("ndcg@10",), tmp_path)
    kind = runner.model_kind("rationale_first")
    folder = runner.execute(experiment, "rationale_first", kind.Settings(epochs=1)).folder
    found_users = users.of_run(folder, None, None)
    predictions = finished_run.read_finished_run(folder, finished_run.DatasetCache()).predictions
    assert len(found_users) == 10 and "rationale_first" in found_users.title and "test" in found_users.title
    for number, prediction in enumerate(predictions):
        critique = found_users.critique(number)
        assert critique.own == prediction.rationale
        [again] = found_users.model.rank_given([critique.query], [critique.rationale])
        assert again.ranking == prediction.ranking


def test_without_gradio_a_line_says_what_to_install(monkeypatch):
    real = builtins.__import__

    def lacking(name, *args):
        if name == "gradio":
            raise ModuleNotFoundError("No module named 'gradio'", name="gradio")
        return real(name, *args)

    monkeypatch.delitem(sys.modules, "benchmarks.app.page", raising=False)
    monkeypatch.delattr("benchmarks.app.page", raising=False)
    monkeypatch.setattr(builtins, "__import__", lacking)
    with pytest.raises(RadError, match=r"the page needs 'gradio': pip install .*\[bench,app\]"):
        app.main([])
