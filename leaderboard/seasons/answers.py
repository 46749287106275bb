"""How a model takes part in a sealed season: a run without scores, to submit as any other."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from benchmarks.harness.experiment import model_settings
from benchmarks.harness.fitting import fit_and_answer
from benchmarks.harness.registries import load_model
from benchmarks.harness.results import DatasetId, Predictions, Result, Task
from leaderboard.seasons import season
from rad.runtime import provenance
from rad.runtime.files import atomic_write, canonical, sha256_file, write_jsonl


def answer(folder: Path, name: str, settings: Sequence[str], seed: int, out: Path) -> Path:
    """Fit a model on what the season publishes and let it answer: a run's folder, without scores, to submit."""
    chosen = model_settings([name], settings)[name]
    data = season.opened(folder)
    started, queries = provenance.now(), [e.query for e in data.examples["test"]]
    model = load_model(name)(chosen)
    answers = fit_and_answer(model, data.examples, data.items, "test", seed, queries)
    run_facts = provenance.collect(seed=seed, started_at=started, device=model.device)
    parts = [model.card.model_dump(), data.sha256, seed, run_facts["commit"], run_facts["diff"]]
    run_id = hashlib.sha256(canonical(parts).encode()).hexdigest()[:8]
    target = out / name / f"season-{folder.name}-s{seed}-{run_id}"
    write_jsonl(target / "predictions.jsonl", answers.predictions)
    failures = [p.error for p in answers.predictions if p.error is not None]
    result = Result(
        run_id=run_id,
        task=Task(domain=data.name, split="test", protocol="full", n=len(queries), n_failed=len(failures), n_repeat=0),
        dataset=DatasetId(version=data.version, sha256=data.sha256),
        model=model.card,
        scores=[],
        cost=answers.cost,
        predictions=Predictions(path="predictions.jsonl", sha256=sha256_file(target / "predictions.jsonl")),
        provenance=run_facts,
    )
    with atomic_write(target / "result.json") as file:
        file.write(result.model_dump_json(indent=1) + "\n")
    return target
