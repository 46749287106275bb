"""NDCG recomputed from a run's files by a script that shares no code with the harness."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import rescore
from benchmarks.harness.results import read_result
from benchmarks.harness.runner import Experiment, execute
from tests.support.marks import marked


@pytest.fixture
def folder(toy, tmp_path):
    return execute(Experiment(toy, "test", 0, None, ("ndcg@10", "mrr"), tmp_path), "popularity").folder


def test_imports_nothing_of_ours():
    tree = ast.parse(Path(rescore.__file__).read_text())
    modules = {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    modules |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert modules == {"json", "math", "sys", "pathlib"}


def test_same_ndcg(folder):
    value = rescore.ranking_scores(folder)["ndcg@10"]
    assert value == pytest.approx(read_result(folder).score("ndcg@10").value, abs=1e-12)
    done = subprocess.run([sys.executable, "-I", rescore.__file__, str(folder)], capture_output=True, text=True)
    assert done.returncode == 0 and ": equal" in done.stdout


def test_a_changed_prediction_shows(folder):
    path = folder / "predictions.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    lines[0]["ranking"] = lines[0]["ranking"][::-1]
    lines[1]["error"] = "failed"
    path.write_text("\n".join(map(json.dumps, lines[:-1])))
    assert rescore.main([str(folder)]) == 1


def test_files_that_are_missing_or_cut_off_are_one_line(folder, tmp_path):
    with pytest.raises(SystemExit, match=r"^error: .*result\.json: cannot be read \(No such file or directory\)"):
        rescore.main([str(tmp_path / "nowhere")])
    path = folder / "predictions.jsonl"
    path.write_text(path.read_text()[:50])
    with pytest.raises(SystemExit, match=r"^error: .*: its files are no finished run's"):
        rescore.main([str(folder)])


def test_a_byte_order_mark_is_read_over(folder):
    before = read_result(folder)
    assert read_result(marked(folder)) == before and rescore.main([str(folder)]) == 0
