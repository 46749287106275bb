"""The command that shows what edits of a rationale gain: a table, and the same as JSON."""

from __future__ import annotations

from benchmarks import steering
from tests.benchmarks.conftest import FINISHED_RUNS

pytestmark = FINISHED_RUNS


def test_the_command_prints_a_table_and_writes_json(finished_runs, datasets, capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(steering, "DatasetCache", lambda domain, data_dir: datasets)
    monkeypatch.setenv("COLUMNS", "80")
    out = tmp_path / "steering.json"
    assert steering.main([str(finished_runs["template"]), "--json", str(out)]) == 0
    text = capsys.readouterr().out
    assert all(name in text for name in ("template, 1 seed", "edits", "random edits", "leaking edits"))
    assert all(len(line) <= 80 for line in text.splitlines() if not line.startswith("wrote"))
    assert '"critic": "leaking edits"' in out.read_text()
