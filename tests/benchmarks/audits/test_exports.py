"""A run that is exported scores the same by other libraries, from the exported files alone."""

from __future__ import annotations

import csv
import json
import math
from collections import defaultdict

import pytest

from benchmarks.audits.exports import export
from benchmarks.harness.experiment import Experiment
from benchmarks.harness.results import read_result
from benchmarks.harness.runner import execute
from rad.errors import RadError
from rad.runtime.files import sha256_file

METRICS = ("ndcg@10", "recall@10", "hit_rate@10", "mrr")


@pytest.fixture
def folder(toy, tmp_path):
    return execute(Experiment(toy, "test", 0, None, METRICS, tmp_path / "runs"), "popularity").folder


def test_ir_measures_agrees(folder, tmp_path):
    ir_measures = pytest.importorskip("ir_measures", reason="the extra dev has ir_measures")
    export(folder, tmp_path / "out")
    measures = {
        "ndcg@10": ir_measures.nDCG @ 10,
        "recall@10": ir_measures.R @ 10,
        "hit_rate@10": ir_measures.Success @ 10,
    }
    measures["mrr"] = ir_measures.RR
    qrels = list(ir_measures.read_trec_qrels(str(tmp_path / "out/qrels.trec")))
    run = list(ir_measures.read_trec_run(str(tmp_path / "out/run.trec")))
    theirs = ir_measures.calc_aggregate(measures.values(), qrels, run)
    for name, measure in measures.items():
        assert read_result(folder).score(name).value == pytest.approx(theirs[measure], abs=1e-9), name


def test_the_tables_say_the_same(folder, tmp_path):
    """Mean NDCG@10 from the two tables, by hand: one answer a query."""
    export(folder, tmp_path / "out")
    ranks: dict[str, dict[str, int]] = defaultdict(dict)
    with open(tmp_path / "out/rankings.csv", newline="") as file:
        for row in csv.DictReader(file):
            ranks[row["user_id"]][row["item_id"]] = int(row["rank"])
    with open(tmp_path / "out/answers.csv", newline="") as file:
        answers = list(csv.DictReader(file))
    gains = [ranks[row["user_id"]].get(row["item_id"], 11) for row in answers]
    mean = math.fsum(1 / math.log2(rank + 1) for rank in gains if rank <= 10) / len(gains)
    assert mean == pytest.approx(read_result(folder).score("ndcg@10").value)
    assert all(sorted(own.values()) == list(range(1, len(own) + 1)) for own in ranks.values())


def test_a_query_that_failed_has_no_line(folder, tmp_path):
    path = folder / "predictions.jsonl"
    first, *others = path.read_text().splitlines()
    failed = json.dumps({**json.loads(first), "error": "late"})
    path.write_text("\n".join([failed, *others]) + "\n")
    raw = json.loads((folder / "result.json").read_text())
    raw["predictions"]["sha256"] = sha256_file(path)
    (folder / "result.json").write_text(json.dumps(raw))
    export(folder, tmp_path / "out")
    key = json.loads(first)["query_id"]
    assert key not in (tmp_path / "out/run.trec").read_text() and key in (tmp_path / "out/qrels.trec").read_text()


def test_files_that_are_no_runs_are_one_line(folder, tmp_path):
    (folder / "queries.jsonl").write_text('{"query_id": 3}\n')
    with pytest.raises(RadError, match=r"queries\.jsonl:1: no query_id with relevant items"):
        export(folder, tmp_path / "out")
    assert not (tmp_path / "out/qrels.trec").exists()
    (folder / "predictions.jsonl").write_text("{}\n")
    with pytest.raises(RadError, match=r"not the file that result\.json was computed from"):
        export(folder, tmp_path / "out")
