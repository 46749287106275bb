"""What several tests of benchmarks share: a small world, finished runs on it, and a scorecard of one.

A run and its scorecard take seconds, so each is made once a process. Tests that change files get a copy (``folder``).
Modules that use them belong to the xdist group ``FINISHED_RUNS``.
"""

from __future__ import annotations

import shutil
from contextlib import contextmanager

import numpy as np
import pytest

from benchmarks.explanations.finished_run import DatasetCache, read_finished_run
from benchmarks.explanations.scoring import ScorecardOptions, explain
from benchmarks.harness import runner
from benchmarks.harness.experiment import Experiment
from rad.data.load import open_dataset
from rad.llm import smollm2
from tests.support.models import model_folder

DOMAIN = "world:seed=5,users=60,items=200"
FINISHED_RUNS = pytest.mark.xdist_group("finished runs")
ASK = 12
METRICS = ("ndcg@10", "recall@10", "claim_precision")


@contextmanager
def fast_encoder():
    """A FAKE encoder: one direction a text; the real one takes seconds to load."""
    from benchmarks.metrics.overlap import embedding_similarity

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(embedding_similarity, "encoded", lambda name, texts: (np.eye(len(texts), dtype=np.float32), 0))
        yield


@pytest.fixture(scope="session")
def small_world():
    return open_dataset(DOMAIN)


@pytest.fixture(scope="session")
def datasets(small_world):
    """The small world as the data of runs."""
    cache = DatasetCache()
    cache._opened[DOMAIN, "full"] = small_world
    return cache


@pytest.fixture(scope="session")
def finished_runs(small_world, tmp_path_factory):
    """Folders of finished runs: ``template``, which ranks from rationales, and ``popularity``, which has none."""
    experiment = Experiment(small_world, "test", 0, None, METRICS, tmp_path_factory.mktemp("runs"))
    return {name: runner.execute(experiment, name).folder for name in ("template", "popularity")}


@pytest.fixture(scope="session")
def explained_runs(finished_runs, datasets, tmp_path_factory):
    """The same, with a scorecard of ``template``."""
    out = tmp_path_factory.mktemp("explained")
    folders = {name: shutil.copytree(path, out / name) for name, path in finished_runs.items()}
    with fast_encoder():
        explain(read_finished_run(folders["template"], datasets), ScorecardOptions(ask=ASK, resamples=20))
    return folders


@pytest.fixture
def folder(finished_runs, tmp_path):
    """A copy of the folder of ``template``, without a scorecard."""
    return shutil.copytree(finished_runs["template"], tmp_path / "run")


@pytest.fixture
def explained_folder(explained_runs, tmp_path):
    """A copy of the folder of ``template``, with its scorecard."""
    return shutil.copytree(explained_runs["template"], tmp_path / "explained")


@pytest.fixture
def add_model(tmp_path):
    """Puts a file into the registry of models, as a user would."""
    with model_folder(tmp_path / "added") as add:
        yield add


@pytest.fixture
def fetched(monkeypatch):
    """SmolLM2, the user's own copy: the cache of the tests is empty. Tests are skipped where it was not fetched."""
    with monkeypatch.context() as own:
        own.delenv("RAD_CACHE")
        folder = smollm2.folder()
    if not folder.is_dir():
        pytest.skip("needs SmolLM2: python -m rad fetch smollm2")
    monkeypatch.setattr(smollm2, "folder", lambda: folder)
