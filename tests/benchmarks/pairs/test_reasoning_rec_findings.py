"""ReasoningRec's claims: from runs with probabilities that follow by hand, so that each verdict is known."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks import reproductions
from benchmarks.harness import runner
from benchmarks.harness.base import PairAnswers
from benchmarks.harness.registries import default_metrics, load_metric
from benchmarks.pairs import claims
from benchmarks.pairs import reasoning_rec_findings as findings
from benchmarks.pairs.reproductions import page
from rad.data.load import open_dataset
from rad.data.pairs import pair_splits
from rad.errors import RadError
from tests.support.models import experiment_on

METRICS = default_metrics("choice")


def as_run(folder: Path, to: Path, model: str, arm: str | None, seed: int, probabilities: np.ndarray) -> None:
    """A finished run as if ``model`` had predicted ``probabilities``."""
    shutil.copytree(folder, to)
    rows = [json.loads(line) for line in (to / "queries.jsonl").read_text().splitlines()]
    liked = np.array([row["liked"] for row in rows])
    values = {
        name: load_metric(name)({}, None).values(PairAnswers(probabilities, liked.astype(float), liked))
        for name in METRICS
    }
    for k, row in enumerate(rows):
        row["scores"] = {name: float(column[k]) for name, column in values.items()}
    (to / "queries.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    stored = [
        {"query_id": row["query_id"], "item_id": row["item_id"], "probability": float(p)}
        for row, p in zip(rows, probabilities, strict=True)
    ]
    (to / "predictions.jsonl").write_text("".join(json.dumps(row) + "\n" for row in stored))
    result = json.loads((to / "result.json").read_text())
    result["model"] |= {"name": model, "arm": arm}
    result["provenance"]["seed"] = seed
    for score in result["scores"]:
        score["value"] = float(np.mean(values[score["metric"]]))
    (to / "result.json").write_text(json.dumps(result))


@pytest.fixture
def runs(tmp_path):
    """LightGBM orders best; ReasoningRec next, with its probabilities all above a half; no reasoning is at random."""
    data = open_dataset("world:users=80,items=200")
    one = experiment_on(data, tmp_path / "base", pairs=pair_splits(data, "choice"), metrics=METRICS, seed=0)
    base = runner.execute(one, "global_mean").folder
    rows = [json.loads(line) for line in (base / "queries.jsonl").read_text().splitlines()]
    liked = np.array([row["liked"] for row in rows], dtype=float)
    rng = np.random.default_rng(0)
    noise = rng.uniform(-1, 1, (4, len(liked)))
    of = {
        ("gradient_boosting", None): 0.5 + 0.4 * (liked - 0.5),
        ("reasoning_rec", None): 0.75 + 0.1 * (liked - 0.5) + 0.1 * noise[0],
        ("reasoning_rec", "order=answer_alone"): 0.5 + 0.1 * noise[1],
        ("reasoning_rec", "profile=false"): 0.5 + 0.1 * noise[2],
        ("reasoning_rec", "base=teacher"): 0.5 + 0.1 * (liked - 0.5),
    }
    for (model, arm), p in of.items():
        for seed in range(3):
            name = model + (f".{arm}" if arm else "")
            as_run(base, tmp_path / "runs" / name / f"s{seed}", model, arm, seed, p)
    return tmp_path / "runs"


def test_verdicts_follow_from_the_runs(runs):
    paper = findings.paper(claims.find_runs([runs]))
    assert paper.first.startswith("LightGBM on the same features is the best model on world:users=80,items=200, choice")
    by_claim = {f.claim: f for f in paper.findings if f.where}
    reasoning = by_claim[findings.CLAIMS["reasoning"]]
    assert reasoning.verdict == "reproduced here" and reasoning.value > 0 and reasoning.seeds == 3
    assert "auc gained over reasoning_rec.order=answer_alone" in reasoning.figure
    assert reasoning.command.endswith("--seed 0 1 2 --set order=answer_alone")
    assert by_claim[findings.CLAIMS["best"]].verdict == "not reproduced here"
    assert by_claim[findings.CLAIMS["long"]].low <= by_claim[findings.CLAIMS["long"]].high
    assert findings.CLAIMS["short"] not in by_claim, "no run without descriptions"
    assert "choice (rated): order=answer_first, drafting=blind, description=false, base=medium." in paper.text


def test_hard_labels_hide_what_probabilities_order(runs):
    """All probabilities lie above a half, so that every label is a like: an AUC of a half."""
    paper = findings.paper(claims.find_runs([runs]))
    (soft,) = [f for f in paper.findings if f.claim == findings.CLAIMS["soft"]]
    assert "of hard labels 0.5000" in soft.figure and soft.verdict == "reproduced here"


def test_students_stand_beside_their_teacher(runs):
    (labels,) = claims.find_runs([runs]).values()
    table = findings.students(labels)
    assert [row["model"] for row in table][:2] == ["base=teacher", "default"]
    assert {"AUC", "AUC of hard labels", "parameters", "tokens/pair", "ms/pair", "unread"} <= table[0].keys()
    assert "| base=teacher | 1.0000 |" in page([findings.paper(claims.find_runs([runs]))])


def test_a_run_of_the_first_pairs_has_a_row_and_is_compared_with_none(runs):
    for folder in runs.glob("reasoning_rec/*"):
        result = json.loads((folder / "result.json").read_text())
        result["task"]["limit"] = 20
        (folder / "result.json").write_text(json.dumps(result))
    (labels,) = claims.find_runs([runs]).values()
    assert "default (first 20)" in [row["model"] for row in findings.students(labels)]
    with pytest.raises(RadError, match="no runs of reasoning_rec with others beside it"):
        findings.paper({key: labels for key in claims.find_runs([runs])})


def test_history_lengths_are_read_from_query_ids():
    assert findings._history({"query_id": "a-b-12", "user_id": "a-b"}) == 12
    assert findings._history({"query_id": "u-3-drawn", "user_id": "u"}) == 3


def test_one_seed_decides_nothing(runs):
    for folder in runs.glob("*/s[12]"):
        shutil.rmtree(folder)
    paper = findings.paper(claims.find_runs([runs]))
    assert {f.verdict for f in paper.findings} == {"not testable here"}


def test_the_command_measures_the_papers_that_have_runs(runs, tmp_path, monkeypatch):
    where = ["--findings", str(tmp_path / "f"), "--out", str(tmp_path / "page.md")]
    monkeypatch.setattr(sys, "argv", ["reproductions", "--runs", str(runs), *where])
    reproductions.main()
    assert [path.name for path in (tmp_path / "f").iterdir()] == ["reasoning_rec.json"]
    assert "ReasoningRec" in (tmp_path / "page.md").read_text()
    monkeypatch.setattr(sys, "argv", ["reproductions", "--runs", str(tmp_path / "f"), *where])
    with pytest.raises(RadError, match="no runs of lr_recsys or reasoning_rec"):
        reproductions.main()
