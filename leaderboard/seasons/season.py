"""The files of a sealed season: a new edition of ``world`` whose answers nobody but its organiser can know.

It is made from a key of 256 bits (:mod:`rad.world.rng`: BLAKE2b under the key, so that what is public says nothing of
the rest). Published are the catalogue and each user's history up to the last purchase, which is the answer and stays
out, with the true reasons. ``season.json`` holds a commitment to the key (its sha256). By it everyone can check, once
the organiser publishes the secret file, that the answers were fixed from the start. Its ``sha256`` is of the published
files alone; a digest of the answers is published nowhere. It takes entries until ``closes_at``, and not before then is
the secret published.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from pathlib import Path

from pydantic import Field

from benchmarks.harness.results import Record
from leaderboard.verification import untrusted
from leaderboard.verification.entry import SHA256, TIME, read
from leaderboard.verification.task import SEASON, EvaluationSet, evaluation_set
from rad.data.dataset import Dataset, Protocol
from rad.data.splits import leave_last_out
from rad.errors import RadError
from rad.runtime import provenance, records
from rad.runtime.files import atomic_write, sha256_lines, write_jsonl
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
    closes_at: str = Field(pattern=TIME)


class Secret(Record):
    """The organiser's file: all that the season follows from. ``key`` is 64 hex digits."""

    schema_version: int = 1
    name: str
    users: int
    items: int
    key: str = Field(pattern=SHA256)


def new(folder: Path, secret: Path, users: int, items: int, closes: date) -> Season:
    """Write a season's public folder, and its secret (mode 600). Entries come in until the day ``closes`` has ended.

    :class:`RadError` where the folder or the secret is there already, and where the day is over.
    """
    closes_at = f"{closes.isoformat()}T23:59:59Z"
    if closes_at < provenance.now():
        raise RadError(f"--closes {closes}: that day is over")
    if not SEASON.fullmatch(f"season:{folder.name}"):
        raise RadError(f"{folder.name!r} is no name of a season: small letters, digits and hyphens")
    if folder.resolve() in secret.resolve().parents:
        raise RadError(f"{secret}: the secret must lie outside the folder that is published")
    if folder.exists() or secret.exists():
        raise RadError(f"{folder if folder.exists() else secret}: is there already; a season is made once")
    simulate.parse(f"users={users},items={items}")  # says what is out of range
    own = Secret(name=folder.name, users=users, items=items, key=secrets.token_hex(32))
    data = revealed(own)
    queries = [e.query for e in data.examples["test"]]
    about = Season(
        name=folder.name,
        users=users,
        items=items,
        sha256=digest(data.items.values(), queries),
        commitment=hashlib.sha256(bytes.fromhex(own.key)).hexdigest(),
        opened_at=provenance.now(),
        closes_at=closes_at,
    )
    part = folder.with_name(f".{folder.name}.part")
    secret.parent.mkdir(parents=True, exist_ok=True)
    # mode 600 from the first byte, and never over a secret that is there
    with os.fdopen(os.open(secret, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(own.model_dump_json(indent=1) + "\n")
    try:
        publish(part, about, data.items.values(), queries)
        os.rename(part, folder)
    except BaseException:  # a full disk, Ctrl-C: nothing is left, so the same command can be given again
        shutil.rmtree(part, ignore_errors=True)
        secret.unlink()
        raise
    return about


def publish(folder: Path, about: Season, items: Iterable[Item], queries: Iterable[Query]) -> None:
    """All that is ever published: it is written from the queries, which hold no answer."""
    write_jsonl(folder / ITEMS, items)
    write_jsonl(folder / QUERIES, queries)
    with atomic_write(folder / ABOUT) as file:
        file.write(about.model_dump_json(indent=1) + "\n")


def digest(items: Iterable[Item], queries: Iterable[Query]) -> str:
    """The sha256 of the lines of both published files."""
    return sha256_lines([*items, *queries])


def revealed(secret: Secret) -> Dataset:
    """The season with its answers and their true reasons."""
    key = int.from_bytes(bytes.fromhex(secret.key), "big")
    if key >> 128 == 0:
        raise RadError("the key of a season has at least 128 bits")
    world = simulate.build(
        read_spec("fashion"), replace(simulate.Settings(), seed=key, users=secret.users, items=secret.items)
    )
    items = {item.item_id: item for item in sorted(world.items, key=lambda item: item.item_id)}
    examples = leave_last_out("world", world.sequences, world.rationales, world.contrasts)
    queries = [e.query for e in examples["test"]]
    return Dataset(f"season:{secret.name}", simulate.VERSION, digest(items.values(), queries), items, examples)


def opened(folder: Path) -> Dataset:
    """What a season publishes, as a model reads it: the test examples have no answers (``relevant`` is empty)."""
    about = read(folder / ABOUT, Season)
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


def closing_of(seasons: Path, domain: str) -> str | None:
    """When the season that ``domain`` names closes; None where ``seasons`` does not hold it."""
    name = SEASON.fullmatch(domain)
    path = seasons / name.group(1) / ABOUT if name else None
    return read(path, Season).closes_at if path and path.is_file() else None


def evaluation(folder: Path, protocol: Protocol, secret: Path | None = None) -> EvaluationSet:
    """The season's test queries: sealed, or with their answers where the organiser's ``secret`` is this season's."""
    if not (folder / ABOUT).is_file():
        raise RadError(f"{folder}: no season of this name is published here")
    if protocol != "full":
        raise RadError(f"a season ranks the whole catalogue: protocol full, not {protocol}")
    public, about = opened(folder), read(folder / ABOUT, Season)
    own = read(secret, Secret) if secret is not None else None
    if own is None or f"season:{own.name}" != public.name:
        return evaluation_set(public, sealed=True, closes_at=about.closes_at)
    # all of the season follows from the secret, so its published files must come out again
    answered = revealed(own)
    if answered.sha256 != public.sha256:
        raise RadError(f"{secret}: not the secret of {public.name}: the published files do not follow from it")
    return evaluation_set(answered, closes_at=about.closes_at)
