"""The command of scorecards: what it prints, and what it refuses before anything is computed."""

from __future__ import annotations

import shutil

import pytest

from benchmarks import explain
from benchmarks.explanations import finished_run
from rad.errors import RadError
from tests.benchmarks.conftest import FINISHED_RUNS, fast_encoder

pytestmark = FINISHED_RUNS


@pytest.fixture
def command(monkeypatch, small_world):
    monkeypatch.setattr(finished_run, "open_dataset", lambda *_: small_world)

    return lambda *words: explain.main([str(word) for word in words])


def test_a_table_of_several_runs(finished_runs, command, capsys, tmp_path):
    folders = [shutil.copytree(finished_runs["template"], tmp_path / name) for name in ("one", "two")]
    with fast_encoder():
        command(*folders, "--no-model")
    out = capsys.readouterr().out
    assert "reader_gain@10" in out and "truncation" not in out
    assert all((folder / "explanation.json").is_file() for folder in folders)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["x", "--ask", "0"], "--ask must be at least 1, got 0"),
        (["x", "--judge", "m"], "--judge and --base-url go together"),
        (["nowhere"], "nowhere: no such file"),
        (["SILENT", "RUN"], "its predictions have no rationale, so there is nothing to score"),
        (["RUN", "--campaign", "nowhere"], "nowhere: no such campaign folder"),
        (["RUN", "--judge", "m", "--base-url", "127.0.0.1:9"], "base_url must look like"),
    ],
)
def test_bad_requests_are_refused_before_anything_is_computed(words, message, finished_runs, command, capsys):
    with pytest.raises(RadError, match=message):
        runs = {"RUN": finished_runs["template"], "SILENT": finished_runs["popularity"]}
        command(*(runs.get(word, word) for word in words))
    assert "from the predictions alone" not in capsys.readouterr().out


def test_scores_of_a_model_that_was_asked_are_not_dropped_in_passing(explained_runs, command):
    path = explained_runs["template"] / "explanation.json"
    before = path.read_bytes()
    with pytest.raises(RadError, match="which --no-model would drop"):
        command(path.parent, "--no-model")
    assert path.read_bytes() == before
