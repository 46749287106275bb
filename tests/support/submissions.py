"""Entries to try the leaderboard with: real runs of two models on a small world, submitted by the command."""

from __future__ import annotations

import dataclasses
import gzip
import hashlib
import json
import shutil
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from benchmarks.harness import runner
from benchmarks.harness.evaluate import evaluate
from benchmarks.harness.experiment import Experiment
from benchmarks.harness.registries import default_metrics
from benchmarks.harness.results import Predictions, read_result
from leaderboard.__main__ import main
from leaderboard.verification.task import evaluation_set
from rad.data.dataset import Dataset
from rad.data.load import open_dataset
from rad.rationales import text
from rad.rationales.facts import Facts
from rad.rationales.strengths import weighted
from rad.runtime import records
from rad.runtime.files import sha256_file, write_jsonl
from rad.types import Prediction

WORLD = "world:seed=5,users=60,items=200"
WHO = ["--name", "Ada", "--contact", "ada@example.org"]


@cache
def world() -> Dataset:
    """The small world, built once."""
    return open_dataset(WORLD)


def run(name: str, out: Path, **changes) -> Path:
    fields = {"split": "test", "seed": 0, "limit": None, "metrics": default_metrics(), **changes}
    return runner.execute(Experiment(dataset=world(), out=out, **fields), name).folder


def enter(folder: Path, root: Path, *more: str) -> Path:
    """Submit a run's folder; the entry's file."""
    before = set(root.glob("*/*.json"))
    assert main(["submit", str(folder), *WHO, "--to", str(root), *more]) == 0
    (path,) = set(root.glob("*/*.json")) - before
    return path


def lines_of(entry: Path) -> list[bytes]:
    return gzip.decompress(entry.with_name(entry.stem + ".predictions.jsonl.gz").read_bytes()).splitlines()


def rewrite(entry: Path, lines: list[bytes]) -> None:
    """Other predictions under an entry that states their true digests: only what they say is wrong."""
    packed = gzip.compress(b"".join(line + b"\n" for line in lines), mtime=0)
    replace(entry, packed, hashlib.sha256(b"".join(line + b"\n" for line in lines)).hexdigest())


def replace(entry: Path, packed: bytes, inner: str | None = None) -> None:
    entry.with_name(entry.stem + ".predictions.jsonl.gz").write_bytes(packed)
    raw = json.loads(entry.read_text())
    raw["predictions"]["sha256"] = hashlib.sha256(packed).hexdigest()
    raw["result"]["predictions"]["sha256"] = inner or "0" * 64
    entry.write_text(json.dumps(raw))


def with_facts(folder: Path, out: Path, most: int = 8) -> Path:
    """A run's folder with the same rankings, each after a rationale of up to ``most`` sound facts."""
    data = world()
    facts, levels = Facts.of(data.examples["train"], data.items), (64, 32, 16, 16, 8, 8, 4, 4)
    shutil.copytree(folder, out)
    answers = {p.query_id: p for _, p in records.read(out / "predictions.jsonl", Prediction)}
    predictions = []
    for e in data.examples["test"]:
        reasons = weighted(list(zip(facts.about(e.query, most), levels, strict=False)), rest=16)
        rationale = text.rationale(e.query, reasons, "model", "facts", "1")
        predictions.append(dataclasses.replace(answers[e.query.query_id], rationale=rationale))
    write_jsonl(out / "predictions.jsonl", predictions)
    rescore(out, predictions)
    return out


def rescore(folder: Path, predictions: Sequence[Prediction]) -> None:
    """Let a run's result say what its predictions give."""
    evaluation_data = evaluation_set(world())
    result = read_result(folder)
    evaluation = evaluate(
        predictions,
        evaluation_data.examples,
        default_metrics(),
        evaluation_data.items,
        evaluation_data.seen,
        result.seed,
        facts=evaluation_data.facts,
    )
    digest = sha256_file(folder / "predictions.jsonl")
    update = {"scores": evaluation.scores, "predictions": Predictions(path="predictions.jsonl", sha256=digest)}
    result = result.model_copy(update={**update, "run_id": f"facts-{digest[:8]}"})
    (folder / "result.json").write_text(result.model_dump_json())
