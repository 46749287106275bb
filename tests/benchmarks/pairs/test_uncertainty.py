"""Gain by uncertainty and routing, on predictions whose errors are laid down by hand."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks import uncertainty
from benchmarks.harness.results import Result
from benchmarks.pairs.uncertainty import CheapAndCostly, read_ensemble
from rad.errors import RadError

N = 200


def stored(folder: Path, predicted, name, seed, split="test", task="rating", answer=3.0):
    """A finished run with one number a pair."""
    result = Result(
        run_id=f"{seed:08x}",
        task={"name": task, "domain": "toy", "split": split, "protocol": "full", "n": N, "n_failed": 0, "n_repeat": 0},
        dataset={"version": "1", "sha256": "abc"},
        model={"name": name, "version": "1"},
        scores=[],
        cost={"fit_seconds": 0, "predict_seconds": 0, "ms_per_query": 0, "peak_memory_mb": 0},
        predictions={"path": "predictions.jsonl", "sha256": ""},
        provenance={"seed": seed},
    )
    folder.mkdir(parents=True)
    (folder / "result.json").write_text(result.model_dump_json())
    queries = [{"query_id": f"q{k}", "item_id": "i", "answer": answer, "scores": {}} for k in range(N)]
    lines = [{"query_id": f"q{k}", "item_id": "i", "rating": float(p)} for k, p in enumerate(predicted)]
    (folder / "queries.jsonl").write_text("\n".join(map(json.dumps, queries)))
    (folder / "predictions.jsonl").write_text("\n".join(map(json.dumps, lines)))
    return folder


@pytest.fixture
def folders(tmp_path):
    """The cheap seeds differ the more the later a pair stands, and are wrong there; the costly model is right."""
    spread = np.linspace(0, 1, N)
    cheap = [stored(tmp_path / f"c{s}", 3 + spread * (1 + s), "cheap", s) for s in (0, 1)]
    costly = [stored(tmp_path / f"d{s}", np.full(N, 3.0), "costly", s) for s in (0, 1)]
    return cheap, costly


def test_gain_grows_with_uncertainty_and_routing_beats_chance(folders):
    pair = CheapAndCostly(*map(read_ensemble, folders))
    gains = [row.gain for row in pair.deciles()]
    assert gains == sorted(gains) and gains[-1] > gains[0] + 1
    assert pair.slope()[1] > 0
    curve = pair.curve(pair.thresholds())
    assert curve[0].share == 0 and curve[-1].share == 1 and curve[-1].gain == pytest.approx(curve[-1].random)
    assert all(p.gain > p.random for p in curve[1:-1])
    # the very first pair has no spread and nothing to gain, so it stays with the cheap model
    assert pair.curve([pair.best_threshold()])[0].share >= 1 - 1 / N


def test_intervals_draw_whole_users(folders):
    """Where one user has the first half of the pairs and another the second, two signs are all that there is."""
    for folder in (*folders[0], *folders[1]):
        queries = [json.loads(line) for line in (folder / "queries.jsonl").read_text().splitlines()]
        lines = [json.dumps(row | {"user_id": f"u{k * 2 // N}"}) for k, row in enumerate(queries)]
        (folder / "queries.jsonl").write_text("\n".join(lines))
    pair = CheapAndCostly(*map(read_ensemble, folders))
    halves = pair.saved[: N // 2].mean(), pair.saved[N // 2 :].mean()
    every = pair.curve([-1.0])[0]
    assert (every.low, every.high) == pytest.approx(halves)
    assert pair.slope()[1:] == pytest.approx((-2 * halves[0], 2 * halves[1]))


def test_a_costly_model_that_is_worse_is_not_asked(folders, tmp_path):
    worse = [stored(tmp_path / f"w{s}", np.full(N, 9.0), "worse", s) for s in (0, 1)]
    pair = CheapAndCostly(read_ensemble(folders[0]), read_ensemble(worse))
    assert pair.curve([pair.best_threshold()])[0].share == 0


def test_files_and_what_cannot_be_read(folders, tmp_path, monkeypatch, capsys):
    cheap, costly = folders
    argv = ["uncertainty", "--cheap", *map(str, cheap), "--costly", *map(str, costly), "--out", str(tmp_path / "out")]
    monkeypatch.setattr(sys, "argv", argv)
    uncertainty.main()
    assert "saves +" in capsys.readouterr().out
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["deciles.csv", "routing.csv", "routing.html"]
    with pytest.raises(RadError, match="one seed has no variance"):
        CheapAndCostly(read_ensemble(cheap[:1]), read_ensemble(costly))
    with pytest.raises(RadError, match="give seeds of one model"):
        read_ensemble([cheap[0], costly[1]])
    with pytest.raises(RadError, match="the same seed twice"):
        read_ensemble([cheap[0], cheap[0]])
    monkeypatch.setattr(sys, "argv", argv[:2])
    with pytest.raises((RadError, SystemExit)):
        uncertainty.main()
    chosen = ["--validation-cheap", *map(str, cheap), "--validation-costly", *map(str, costly)]
    monkeypatch.setattr(sys, "argv", [*argv, *chosen])
    with pytest.raises(RadError, match="a threshold is chosen on validation runs"):
        uncertainty.main()
