"""The command that routes queries between two runs: its tables, its files, and what it refuses."""

from __future__ import annotations

import pytest

from benchmarks import routing
from rad.errors import RadError
from tests.benchmarks.conftest import FINISHED_RUNS

pytestmark = FINISHED_RUNS


@pytest.fixture
def words(finished_runs, datasets, monkeypatch) -> list[str]:
    """The arguments of a pair of runs, whose data are open."""
    monkeypatch.setattr(routing, "DatasetCache", lambda domain, data_dir: datasets)
    monkeypatch.setenv("COLUMNS", "80")
    return [str(finished_runs["template"]), str(finished_runs["popularity"])]


def test_tables_and_files(words, tmp_path, capsys):
    assert routing.main([*words, "--out", str(tmp_path / "out")]) == 0
    text = capsys.readouterr().out
    assert "popularity where template is uncertain" in text and "What popularity adds to template" in text
    assert "reasons" in text and all(len(line) <= 80 for line in text.splitlines() if not line.startswith("wrote"))
    (last,) = (line.split() for line in text.splitlines() if line.startswith("100%"))
    assert last[1] == "none" and last[3] == last[6]  # of all queries, chance routes the same
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"routing.csv", "slices.csv", "routing.html"}


def test_a_threshold_is_not_chosen_on_test(words, tmp_path):
    with pytest.raises(RadError, match="a threshold is chosen on validation runs"):
        routing.main([*words, "--validation", *words, "--out", str(tmp_path / "out")])
    assert not (tmp_path / "out").exists()


def test_an_output_that_is_a_file_is_refused_before_anything_is_read(words, tmp_path):
    path = tmp_path / "file"
    path.touch()
    with pytest.raises(RadError, match="is a file, a folder was expected"):
        routing.main([*words, "--out", str(path)])
