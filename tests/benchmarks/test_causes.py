"""The command that tells causes apart: two tables of a run with rationales, one of a run without."""

from __future__ import annotations

from benchmarks import causes
from tests.benchmarks.conftest import FINISHED_RUNS

pytestmark = FINISHED_RUNS


def test_tables(finished_runs, datasets, capsys, monkeypatch):
    monkeypatch.setattr(causes, "DatasetCache", lambda domain: datasets)
    monkeypatch.setenv("COLUMNS", "80")
    assert causes.main([str(finished_runs["template"]), str(finished_runs["popularity"])]) == 0
    text = capsys.readouterr().out
    assert text.count("Known reasons that rationales state: template") == 1
    assert [text.count(f"that drives them: {name}") for name in ("template", "popularity")] == [1, 1]
    assert all(len(line) <= 80 for line in text.splitlines())
    unknown = [line.split() for line in text.splitlines() if line.startswith("none known")]
    assert len(unknown) == 2 and unknown[0][2] == unknown[1][2]  # as many choices in both runs
