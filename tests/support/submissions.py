"""Entries to try the leaderboard with: real runs of two models on a small world, submitted by the command."""

from __future__ import annotations

import gzip
import hashlib
import json
from functools import cache
from pathlib import Path

from benchmarks.harness import runner
from benchmarks.harness.experiment import Experiment
from benchmarks.harness.registries import default_metrics
from leaderboard.__main__ import main
from rad.data.dataset import Dataset
from rad.data.load import open_dataset

WORLD = "world:seed=5,users=60,items=200"
WHO = ["--name", "Ada", "--contact", "ada@example.org"]


@cache
def world() -> Dataset:
    """The small world, built once."""
    return open_dataset(WORLD)


def run(name: str, out: Path, **changes) -> Path:
    fields = {"split": "test", "protocol": "full", "seed": 0, "limit": None, "metrics": default_metrics(), **changes}
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
