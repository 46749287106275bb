"""The paired test, Holm's correction, and what may not be compared."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks import compare
from benchmarks.harness.results import Result
from benchmarks.reporting.comparison import differences_of, systems
from rad.errors import RadError


def stored(
    folder: Path, values, name="m", seed=0, metric="ndcg@10", settings=None, dataset="abc", version="1", **task
) -> Path:
    """A result folder with per-query ``values`` (None: undefined)."""
    defined = [v for v in values if v is not None]
    score = {"metric": metric, "value": float(np.mean(defined)), "ci_low": 0.0, "ci_high": 1.0, "n": len(defined)}
    tasks = {"domain": "toy", "split": "test", "protocol": "full", "n": len(values), "n_failed": 0, "n_repeat": 0}
    result = Result(
        run_id=f"{abs(hash(folder)):08x}"[:8],
        task={**tasks, **task},
        dataset={"version": "1", "sha256": dataset},
        model={"name": name, "version": version},
        scores=[score],
        cost={"fit_seconds": 0, "predict_seconds": 0, "ms_per_query": 0, "peak_memory_mb": 0},
        predictions={"path": "predictions.jsonl", "sha256": ""},
        provenance={"seed": seed, "settings": settings or {}},
    )
    folder.mkdir()
    (folder / "result.json").write_text(result.model_dump_json())
    lines = [
        json.dumps({"query_id": f"q{k}", "relevant": {"a": 1}, "scores": {} if v is None else {metric: v}})
        for k, v in enumerate(values)
    ]
    (folder / "queries.jsonl").write_text("\n".join(lines) + "\n")
    return folder


def test_report(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    rng = np.random.default_rng(0)
    base = rng.random(300)
    folders = [
        stored(tmp_path / "a0", (base + 0.1).tolist(), "good", 0),
        stored(tmp_path / "a1", (base + 0.2).tolist(), "good", 1),
        stored(tmp_path / "b", base.tolist(), "plain"),
        stored(tmp_path / "c", (base + 0.15 + rng.normal(0, 0.5, 300)).tolist(), "noisy"),
    ]
    compared = systems(folders, "ndcg@10")
    assert [(s.label, s.seeds) for s in compared] == [("good", (0, 1)), ("plain", (0,)), ("noisy", (0,))]
    compare.show_differences(differences_of(compared, False, 2000, 0), False)
    text = capsys.readouterr().out
    assert "good minus each of the others" in text
    (plain,) = [line for line in text.splitlines() if "plain" in line and "+" in line]
    assert "+0.1500" in plain and "better" in plain and "0.0010" in plain  # 2 comparisons, 1 / 2001 each
    (noisy,) = [line for line in text.splitlines() if "noisy" in line and "not shown" in line]
    assert noisy
    compare.show_differences(differences_of(compared, True, 200, 0), True)
    assert "plain - noisy" in capsys.readouterr().out


def test_lower_is_better_turns_the_words(tmp_path):
    one = stored(tmp_path / "a", [0.1] * 50, "low", metric="contradiction_rate")
    two = stored(tmp_path / "b", [0.3] * 50, "high", metric="contradiction_rate")
    for folder in (one, two):
        path = folder / "result.json"
        path.write_text(path.read_text().replace('"higher_is_better":true', '"higher_is_better":false'))
    (difference,) = differences_of(systems([one, two], "contradiction_rate"), False, 500, 0)
    assert difference.verdict == "better"


def test_a_model_and_seed_given_twice_are_two_rows(tmp_path):
    a = stored(tmp_path / "a", [0.1, 0.2])
    b = stored(tmp_path / "b", [0.1, 0.3])
    c = stored(tmp_path / "c", [0.1, 0.3], settings={"window": 3})
    labels = [s.label for s in systems([a, b, c], "ndcg@10")]
    assert labels[0] == "m" and labels[1].startswith("m #") and labels[2] == "m window=3"


def test_seeds_of_two_versions_are_not_averaged(tmp_path):
    a = stored(tmp_path / "a", [0.1, 0.2], seed=0)
    b = stored(tmp_path / "b", [0.1, 0.3], seed=1, version="2")
    compared = systems([a, b], "ndcg@10")
    assert [(s.label, s.seeds) for s in compared] == [("m (version 1)", (0,)), ("m", (1,))]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"dataset": "other"}, "the dataset's sha256 is other, but abc"),
        ({"domain": "world"}, "domain is world, but toy"),
        ({"protocol": "rerank"}, "protocol is rerank, but full"),
        ({"limit": 2}, "limit is 2, but None"),
    ],
)
def test_different_tasks_are_refused_in_one_line(tmp_path, change, message):
    a, b = stored(tmp_path / "a", [0.1, 0.2]), stored(tmp_path / "b", [0.1, 0.2], **change)
    with pytest.raises(RadError, match=message) as error:
        systems([a, b], "ndcg@10")
    assert "\n" not in str(error.value)


def test_bad_folders_are_one_line(tmp_path):
    good = stored(tmp_path / "a", [0.1, 0.2])
    with pytest.raises(RadError, match="no such file"):
        systems([tmp_path / "nowhere"], "ndcg@10")
    with pytest.raises(RadError, match="did you mean 'ndcg@10'"):
        systems([good], "ndcg@1")
    (good / "queries.jsonl").write_text('{"query_id": "q0"}\n')
    with pytest.raises(RadError, match=r"queries.jsonl:1: lacks"):
        systems([good], "ndcg@10")
    (good / "result.json").write_text('{"schema_version": 2}')
    with pytest.raises(RadError, match="schema_version 2, this code reads 1"):
        systems([good], "ndcg@10")
    (good / "result.json").write_text('{"schema_version": 1, "status": "running"}')
    with pytest.raises(RadError, match=r"result.json: run_id"):
        systems([good], "ndcg@10")


def test_a_seed_below_0_is_one_line(tmp_path, monkeypatch):
    folders = [str(stored(tmp_path / name, [0.1, 0.2], name)) for name in "ab"]
    monkeypatch.setattr("sys.argv", ["compare", *folders, "--seed", "-1"])
    with pytest.raises(RadError, match="--seed must be at least 0, got -1"):
        compare.main()
