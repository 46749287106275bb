"""A sealed season: a new edition of ``world`` whose answers nobody but its organiser can know.

    python -m leaderboard season new seasons/spring --secret ~/spring.secret.json       the organiser opens a season
    python -m leaderboard season answer seasons/spring --model rationale_first --out runs      a model takes part
    python -m leaderboard submit runs/... --name NAME --contact ADDRESS --to submissions        as any other run
    python -m leaderboard verify --entries submissions --secret ~/spring.secret.json --to entries       it is scored

``new`` draws a key of 256 bits and makes a world from it (:mod:`rad.world.rng`: BLAKE2b under the key, so that what is
public tells nothing of the rest). Published are the catalogue and each user's history up to the last purchase, which
is the answer and stays out, with all known reasons. ``season.json`` holds a commitment to the key (its sha256), by
which everyone can check, once the organiser publishes the secret file, that the answers were fixed from the start. Its
``sha256`` is of the published files alone; a digest of the answers is published nowhere.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import secrets
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import Field

from benchmarks.harness.registries import load_model
from benchmarks.harness.results import Cost, DatasetId, Predictions, Record, Result
from benchmarks.harness.results import Task as Asked
from leaderboard.verification import untrusted
from leaderboard.verification.entry import SHA256, faults_of
from leaderboard.verification.task import SEASON, Task, of_dataset
from rad import registry
from rad.data.dataset import Dataset
from rad.data.splits import leave_last_out
from rad.errors import RadError
from rad.runtime import provenance, records
from rad.runtime.files import atomic_write, canonical, sha256_file, sha256_lines, write_jsonl
from rad.types import Interaction, Item, Query
from rad.world import simulate
from rad.world.spec import read_spec

ABOUT, ITEMS, QUERIES = "season.json", "items.jsonl", "queries.jsonl"


class Season(Record):
    """``season.json``. ``sha256`` is of the lines of both files; results name it as that of their data."""

    schema_version: int = 1
    name: str
    world: str = simulate.VERSION
    users: int
    items: int
    sha256: str = Field(pattern=SHA256)
    commitment: str = Field(pattern=SHA256)
    opened_at: str


class Secret(Record):
    """The organiser's file: all that the season follows from. ``key`` is 64 hex digits."""

    schema_version: int = 1
    name: str
    users: int
    items: int
    key: str = Field(pattern=SHA256)


def arguments(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    new = commands.add_parser("new", help="make a season: a folder to publish, and a secret to keep")
    new.add_argument("folder", type=Path, metavar="DIR", help="its last part is the season's name")
    new.add_argument("--secret", type=Path, required=True, metavar="FILE", help="where the secret goes, outside DIR")
    new.add_argument("--users", type=int, default=2000)
    new.add_argument("--items", type=int, default=2000)
    answer = commands.add_parser("answer", help="let a model of benchmarks/models answer a season's queries")
    answer.add_argument("folder", type=Path, metavar="DIR")
    answer.add_argument("--model", required=True, metavar="NAME")
    answer.add_argument("--set", nargs="+", action="extend", default=[], metavar="KEY=VALUE", help="settings")
    answer.add_argument("--seed", type=int, default=0)
    answer.add_argument("--out", type=Path, default=Path("runs"), metavar="DIR")


def main(args: argparse.Namespace) -> int:
    if args.action == "new":
        made = new(args.folder, args.secret, args.users, args.items)
        print(f"{made.name}: {made.users:,} users, {made.items:,} items; publish {args.folder}, keep {args.secret}")
    else:
        print(f"wrote {answer(args.folder, args.model, args.set, args.seed, args.out)}")
    return 0


# --- the organiser ---


def new(folder: Path, secret: Path, users: int, items: int) -> Season:
    """Write a season's public folder, and its secret (mode 600). :class:`RadError` where either is there already."""
    if not SEASON.fullmatch(f"season:{folder.name}"):
        raise RadError(f"{folder.name!r} is no name of a season: small letters, digits and hyphens")
    if folder.resolve() in secret.resolve().parents:
        raise RadError(f"{secret}: the secret must lie outside the folder that is published")
    if folder.exists() or secret.exists():
        raise RadError(f"{folder if folder.exists() else secret}: is there already; a season is made once")
    simulate.parse(f"users={users},items={items}")  # says what is out of range
    kept = Secret(name=folder.name, users=users, items=items, key=secrets.token_hex(32))
    data = revealed(kept)
    queries = [e.query for e in data.examples["test"]]
    about = Season(
        name=folder.name,
        users=users,
        items=items,
        sha256=digest(data.items.values(), queries),
        commitment=hashlib.sha256(bytes.fromhex(kept.key)).hexdigest(),
        opened_at=provenance.now(),
    )
    secret.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(secret, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(kept.model_dump_json(indent=1) + "\n")
    publish(folder, about, data.items.values(), queries)
    return about


def publish(folder: Path, about: Season, items: Iterable[Item], queries: Iterable[Query]) -> None:
    """All that is ever published: it is written from the queries, which hold no answer."""
    write_jsonl(folder / ITEMS, items)
    write_jsonl(folder / QUERIES, queries)
    with atomic_write(folder / ABOUT) as file:
        file.write(about.model_dump_json(indent=1) + "\n")


def digest(items: Iterable[Item], queries: Iterable[Query]) -> str:
    return sha256_lines([*items, *queries])


def revealed(secret: Secret) -> Dataset:
    """The season with its answers and the known reasons."""
    key = int.from_bytes(bytes.fromhex(secret.key), "big")
    if key >> 128 == 0:
        raise RadError("the key of a season has at least 128 bits")
    made = simulate.build(
        read_spec("fashion"), replace(simulate.Settings(), seed=key, users=secret.users, items=secret.items)
    )
    items = {item.item_id: item for item in sorted(made.items, key=lambda item: item.item_id)}
    examples = leave_last_out("world", made.sequences, made.rationales, made.contrasts)
    queries = [e.query for e in examples["test"]]
    return Dataset(f"season:{secret.name}", simulate.VERSION, digest(items.values(), queries), items, examples)


# --- who takes part ---


def opened(folder: Path) -> Dataset:
    """What a season publishes, as a model reads it: the test examples have no answers (``relevant`` is empty)."""
    about = _read(folder / ABOUT, Season)
    for name in (ITEMS, QUERIES):
        untrusted.regular(folder / name, 1 << 30)
    items = {item.item_id: item for _, item in records.read(folder / ITEMS, Item)}
    queries = [query for _, query in records.read(folder / QUERIES, Query)]
    if digest(items.values(), queries) != about.sha256:
        raise RadError(f"{folder}: not the files that {ABOUT} speaks of (the sha256 differs)")
    unknown = Interaction("", "")  # stands where the answer does, so that the split is that of every world
    examples = leave_last_out("world", {q.user_id: (*q.history, unknown) for q in queries})
    test = tuple(replace(e, relevant={}) for e in examples["test"])
    return Dataset(f"season:{about.name}", about.world, about.sha256, items, {**examples, "test": test})


def task(folder: Path, protocol: Any, secret: Path | None = None) -> Task:
    """The season's test queries: sealed, or with their answers where the organiser's ``secret`` is this season's."""
    if not (folder / ABOUT).is_file():
        raise RadError(f"{folder}: no season of this name is published here")
    if protocol != "full":
        raise RadError(f"a season ranks the whole catalogue: protocol full, not {protocol}")
    public = opened(folder)
    kept = _read(secret, Secret) if secret is not None else None
    if kept is None or f"season:{kept.name}" != public.name:
        return of_dataset(public, sealed=True, season=True)
    known = revealed(kept)
    if known.sha256 != public.sha256:
        raise RadError(f"{secret}: not the secret of {public.name}: the published files do not follow from it")
    return of_dataset(known, season=True)


def answer(folder: Path, name: str, pairs: Sequence[str], seed: int, out: Path) -> Path:
    """Fit a model on what the season publishes and let it answer: a run's folder, without scores, to submit."""
    from benchmarks.harness.runner import peak_memory, reset_peak
    from benchmarks.run import settings_of

    if name not in registry.names("benchmarks.models"):
        raise RadError(registry.unknown("model", [name], registry.names("benchmarks.models")))
    faults: list[str] = []
    settings = settings_of([name], pairs, faults)
    if faults:
        raise RadError("; ".join(faults))
    data = opened(folder)
    started, queries = provenance.now(), [e.query for e in data.examples["test"]]
    reset_peak()
    model = load_model(name)(settings[name])
    clock = time.perf_counter()
    model.fit(data.examples["train"], data.examples["validation"], data.items, seed)
    fitted = time.perf_counter()
    answers = list(model.predict(queries))
    predicted = time.perf_counter()
    made = provenance.collect(seed=seed, started_at=started, device=model.device)
    parts = [model.card.model_dump(), data.sha256, seed, made["commit"], made["diff"]]
    run_id = hashlib.sha256(canonical(parts).encode()).hexdigest()[:8]
    target = out / name / f"season-{folder.name}-s{seed}-{run_id}"
    write_jsonl(target / "predictions.jsonl", answers)
    failures = [p.error for p in answers if p.error is not None]
    result = Result(
        run_id=run_id,
        task=Asked(domain=data.name, split="test", protocol="full", n=len(queries), n_failed=len(failures), n_repeat=0),
        dataset=DatasetId(version=data.version, sha256=data.sha256),
        model=model.card,
        scores=[],
        cost=Cost(
            fit_seconds=fitted - clock,
            predict_seconds=predicted - fitted,
            ms_per_query=1000 * (predicted - fitted) / len(queries),
            peak_memory_mb=peak_memory(),
        ),
        predictions=Predictions(path="predictions.jsonl", sha256=sha256_file(target / "predictions.jsonl")),
        provenance=made,
    )
    with atomic_write(target / "result.json") as file:
        file.write(result.model_dump_json(indent=1) + "\n")
    return target


def _read(path: Path, kind: Any) -> Any:
    record, faults = faults_of(kind, untrusted.read_json(path))
    if record is None:
        raise RadError(f"{path}: {'; '.join(faults)}")
    return record
