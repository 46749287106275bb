"""A second program that knows the file format alone makes an entry: it is accepted and scored to the same numbers."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.harness.evaluate import evaluate
from leaderboard.__main__ import main
from leaderboard.verification.folder import read_entries
from leaderboard.verification.opening import EvaluationSets
from leaderboard.verification.predictions import read
from rad.__main__ import main as rad
from tests.support.submissions import WORLD

SCRIPT = Path(__file__).parents[2] / "examples" / "independent_submission.py"


def test_it_imports_nothing_of_the_project():
    tree = ast.parse(SCRIPT.read_text())
    names = {a.name.split(".")[0] for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    names |= {(n.module or "").split(".")[0] for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    assert not names & {"rad", "benchmarks", "annotation", "leaderboard"}


def test_an_independent_submission_is_accepted_and_scored_to_the_same_numbers(tmp_path, capsys):
    assert not rad(["load", WORLD, "--out", str(tmp_path)])
    capsys.readouterr()
    root = tmp_path.resolve() / "entries"
    done = subprocess.run(
        [sys.executable, "-I", str(SCRIPT), str(tmp_path), str(root)], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert main(["verify", "--entries", str(root)]) == 0
    assert "1 entry: 1 holds" in capsys.readouterr().out
    (entry,) = read_entries(root)
    task = EvaluationSets().open(WORLD, "full")
    predictions, violations = read(root / entry.folder / entry.predictions.path, entry, task)
    assert not violations
    ours = evaluate(predictions, task.examples, ["ndcg@10", "recall@10"], task.items)
    assert ours.value("ndcg@10") > 0
    for score in entry.result.scores:  # theirs are pytrec_eval's on a run file of their own
        assert score.value == pytest.approx(ours.value(score.metric), abs=1e-12)
    assert float(done.stdout) == entry.result.scores[0].value


def test_without_folders_it_says_what_it_wants():
    done = subprocess.run([sys.executable, "-I", str(SCRIPT)], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == "usage: python examples/independent_submission.py DATA_DIR ENTRIES_DIR\n"
