"""What the main command prints: failures, rationales, and the best possible scores."""

from __future__ import annotations

import importlib.machinery
import json
import sys
import types

from benchmarks.harness import aggregate, runner
from benchmarks.reporting import markdown, terminal
from tests.support.models import experiment_on


def test_faulty_predictions_are_counted_and_shown(toy, tmp_path, add_model, capsys):
    body = """
if n == 0: p = replace(p, scores=(float("nan"),) * len(p.ranking))
if n == 1: p = replace(p, ranking=("nothing", *p.ranking), scores=None)
if n == 2: p = replace(p, ranking=(p.ranking[0], *p.ranking), scores=None)
if n == 3: p = replace(p, ranking=(), scores=None)
if n == 4: p = replace(p, error="ran out of beams")
if n == 5: continue
yield p""".strip()
    add_model("faulty", body)
    stored = runner.execute(experiment_on(toy, tmp_path / "out"), "faulty")
    folder, result = stored
    assert result.task.n_failed == 6 and len(result.task.failures) == 5
    lines = [json.loads(line) for line in (folder / "predictions.jsonl").read_text().splitlines()]
    assert len(lines) == 9 and sum("error" in p for p in lines) == 5
    terminal.tables(experiment_on(toy, tmp_path / "out"), [stored])
    text = " ".join(capsys.readouterr().out.split())
    assert "faulty: 6 of 10 predictions failed" in text and "repeated item in the ranking (1)" in text


def test_rationales_are_shown_to_people(toy, tmp_path, add_model, capsys):
    body = """
wants = Reason(Evidence((0,), "sequence"), (("colour", "blue"), ("garment", "hat")), (), 0.75)
said = Rationale("r", p.query_id, (wants,), "Blue, and a hat [1].", "supported", "model", "t", "1")
yield replace(p, rationale=said)"""
    add_model("teller", body.strip())
    stored = runner.execute(experiment_on(toy, tmp_path / "out"), "teller")
    terminal.tables(experiment_on(toy, tmp_path / "out"), [stored])
    terminal.examples(experiment_on(toy, tmp_path / "out"), [stored])
    text = capsys.readouterr().out
    assert "Verdict accuracy" in text and "Reason F1@3" in text
    heads = text[text.index("Ranking (interval") : text.index("ness   Said")]
    assert heads.split().index("95%") < heads.split().index("Sound-") < heads.split().index("Recall")
    assert "Cover" not in heads, "two ranking metrics fit beside them"
    assert text.count("teller, query") == 3 and text.count("Blue, and a hat [1].") == 3
    assert "0.75  colour blue, garment hat, because of [1]" in text
    assert "ranked 1: " in text and "in fact: " in text and "[1] Nork red coat" in text
    result = stored.result  # of the two queries whose reasons are known, u01 wants blue and a hat
    assert result.score("reason_f1@3").value == 1.0 and result.score("reason_f1@3").n == 1
    assert result.score("verdict_accuracy").value == 0.5 and result.score("evidence_validity").value == 0.0
    assert result.score("claim_precision").value == 0.0  # a purchase alone states no fact


def test_ceilings_are_rows_of_both_tables(toy, tmp_path, monkeypatch, capsys):
    keys = [e.query.query_id for e in toy.examples["test"]]
    rows = {"ndcg@10": 0.5, "recall@10": 0.75, "mrr": 0.4}
    stored = {"Bayes ceiling": dict.fromkeys(keys, rows), "oracle": dict.fromkeys(keys, rows | {"ndcg@10": 1.0})}
    module = types.ModuleType("rad.world.ceilings")
    module.stored = lambda sha256: stored if sha256 == toy.sha256 else None
    module.__spec__ = importlib.machinery.ModuleSpec("rad.world.ceilings", None)
    monkeypatch.setitem(sys.modules, "rad.world.ceilings", module)
    finished = runner.execute(experiment_on(toy, tmp_path), "popularity")
    value = finished.result.score("ndcg@10").value
    terminal.tables(experiment_on(toy, tmp_path), [finished])
    text = capsys.readouterr().out
    assert "Bayes ceiling" in text and "200%" in text and f"{value / 0.5:.0%}" in text
    text = markdown.render([finished.result])
    assert "| *oracle* | 1.0000 | 0.7500 | 0.4000 |  | 200% |  |" in text
    stored["oracle"].pop(keys[0])
    assert "oracle" not in aggregate.ceilings(toy.sha256, keys) and aggregate.ceilings("other") == {}
