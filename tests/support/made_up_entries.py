"""Entries made up for the tests of the leaderboard's page. Their numbers are of no model."""

from __future__ import annotations

import gzip
import hashlib
import random
from collections.abc import Sequence
from pathlib import Path

from benchmarks.harness.base import ModelCard
from benchmarks.harness.registries import METRICS, load_metric
from benchmarks.harness.results import Cost, DatasetId, Predictions, Result, Score, Task
from leaderboard.verification.entry import PREDICTIONS, Claim, Entry, Shown, Stored, Submitter
from leaderboard.verification.headline import RationaleSummary
from rad import registry
from rad.runtime.files import atomic_write, canonical, sha256_file
from rad.types import Prediction

SHA256 = "a" * 64


def score(metric: str, value: float, n: int = 100, **more) -> Score:
    """A score by the metric as it is now, or of a name that is no metric."""
    base = metric.partition("@")[0]
    now = {"version": load_metric(base).version} if base in registry.names(METRICS) else {}
    return Score(metric=metric, value=value, ci_low=value - 0.01, ci_high=value + 0.01, n=n, **(now | more))


def entry(
    name: str = "bm25",
    value: float = 0.1,
    seed: int = 0,
    run_id: str = "",
    submitter: str = "Ada",
    at: str = "2026-01-01T00:00:00Z",
    scores: Sequence[Score] = (),
    domain: str = "world",
    sha256: str = SHA256,
    n: int = 100,
    version: str = "1",
    protocol: str = "full",
    **more,
) -> Entry:
    """An entry of ``name`` whose NDCG@10 is ``value`` [value - 0.01, value + 0.01]; ``more`` are fields of it."""
    run_id = run_id or f"{name}{seed}{version}".replace("_", "-").replace(".", "-")
    result = Result(
        run_id=run_id,
        task=Task(domain=domain, split="test", protocol=protocol, n=n, n_failed=0, n_repeat=0),
        dataset=DatasetId(version="1", sha256=sha256),
        model=ModelCard(name=name, version=version, n_parameters=12, trained_on=["purchases"]),
        scores=[score("ndcg@10", value, n), *scores],
        cost=Cost(fit_seconds=1.0, predict_seconds=2.0, ms_per_query=20.0 * value + 0.1, peak_memory_mb=300.0),
        predictions=Predictions(path="predictions.jsonl", sha256="0" * 64),
        provenance={"seed": seed, "commit": "abc123", "command": ["python", "-m", "benchmarks.run", "--model", name]},
    )
    fields = {"trained_on": ["purchases"], "predictions": Stored(path=run_id + PREDICTIONS, sha256="0" * 64)} | more
    return Entry(
        submitter=Submitter(name=submitter, contact="ada@example.org"), submitted_at=at, result=result, **fields
    )


def stored(root: Path, entries: Sequence[Entry]) -> Path:
    """``root`` with a file for each entry."""
    for one in entries:
        with atomic_write(root / one.file) as file:
            file.write(one.model_dump_json())
    return root


def answered(root: Path, one: Entry, predictions: Sequence[Prediction]) -> Entry:
    """The entry with its predictions stored below ``root``, and itself beside them."""
    path = root / one.folder / one.predictions.path
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = "".join(canonical(p) + "\n" for p in predictions).encode()
    path.write_bytes(gzip.compress(lines, mtime=0))
    plain = Predictions(path="predictions.jsonl", sha256=hashlib.sha256(lines).hexdigest())
    archive = Stored(path=path.name, sha256=sha256_file(path))
    one = one.model_copy(
        update={"result": one.result.model_copy(update={"predictions": plain}), "predictions": archive}
    )
    stored(root, [one])
    return one


def summaries_of(entries: Sequence[Entry], **more) -> dict[str, RationaleSummary]:
    """What each entry's rationales are like: where it has examples, 8 reasons that the text says, or ``more``."""
    fields = {"n": 100, "most_reasons": 8, "text_share": 1.0} | more
    none = {"n": 0, "most_reasons": 0, "text_share": 0.0}
    return {e.run_id: RationaleSummary(**(fields if e.examples else none)) for e in entries}


def example(rationale: str = "Because of [1], something blue.") -> Shown:
    return Shown(
        query_id="u01-5",
        history=["item-a", "item-b"],
        rationale=rationale,
        verdict="supported",
        claims=[Claim(attribute="colour", value="blue", wanted=True, weight=0.6, cites=[1])],
        ranking=["item-c", "item-d"],
        target="item-d",
        rank=2,
    )


def many(n: int) -> list[Entry]:
    """``n`` entries of one task: a third write rationales, some lack scores, every tenth has two more seeds."""
    draw = random.Random(0)
    out = [entry("random", 0.002), entry("popularity", 0.02)]
    while len(out) < n:
        k = len(out)
        value = draw.uniform(0.02, 0.2)
        scores = [score("recall@10", value * draw.uniform(1.5, 2.0)), score("mrr", value * 0.9)]
        if k % 3 == 0:
            scores += [score("claim_precision", draw.uniform(0.5, 1.0)), score("reason_f1@3", draw.uniform(0.1, 0.5))]
            scores += [score("soundness", draw.uniform(0.5, 1.0)), score("said", 1.0)]
        if k % 7 == 0:
            scores = scores[2:]
        for seed in range(3 if k % 10 == 0 else 1):
            name = f"model_{k:03d}" + ("_with_a_rather_long_name" if k % 25 == 0 else "")
            shown = {"examples": [example()]} if k % 3 == 0 else {}
            fields = {"scores": scores, "submitter": f"Team {k % 40}", **shown}
            out.append(entry(name, value + draw.uniform(0, 0.002), seed, **fields))
    return out[:n]
