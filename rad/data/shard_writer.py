"""Any number of users into a folder of shards (:mod:`rad.data.shards`), in bounded memory.

    python -m rad build world:users=1000000 --out DIR --workers 2

A build that is killed goes on where it stopped when the same command is given again: files appear whole, and each says
in its footer what it is a part of; ``manifest.json`` comes last.

Built-in worlds are streamed by user number. Other domains are loaded whole, and their users, in the order of ids,
counted once as in :func:`rad.data.load.open_dataset`; the worlds' are not compared, as no two of them are alike.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from rad.data import splits
from rad.data.arrow import SHARD_USER, Row, contrast_row, interaction_row, item_table, rationale_row
from rad.data.domain import StreamedDomain, UserRecord
from rad.data.load import catalogue_of, load_domain
from rad.data.shards import MANIFEST, SCHEMA_VERSION, File, Manifest, Plan, read_manifest, shard_path
from rad.errors import RadError
from rad.runtime import parallel
from rad.runtime.files import atomic_write, canonical, sha256_file, sha256_lines
from rad.types import Item

SHARD_USERS = 10_000
_BATCH = 500  # users that are Python objects at one time
_FOOTER = b"rad"


@dataclass(frozen=True)
class _Source:
    domain: str
    version: str
    items: dict[str, Item]
    n_users: int
    stream: Callable[[int, int], Iterator[UserRecord]]


@lru_cache(maxsize=1)  # a worker writes many shards of one domain
def _source(name: str, data_dir: str | None) -> _Source:
    domain = load_domain(name)
    if isinstance(domain, StreamedDomain):
        items = {item.item_id: item for item in sorted(domain.items, key=lambda item: item.item_id)}
        return _Source(domain.name, domain.version, items, domain.n_users, domain.stream)
    corpus = domain.load(Path(data_dir) if data_dir else None)
    if not corpus.ordered:
        raise RadError(f"{name}: histories without an order are not written as shards")
    items = catalogue_of(name, corpus)
    sequences = splits.distinct_users(corpus.sequences)
    users = sorted(sequences)

    def stream(start: int, stop: int) -> Iterator[UserRecord]:
        for user in users[start:stop]:
            keys = [splits.query_id(user, k) for k in range(len(sequences[user]))]
            rationales = {key: corpus.rationales[key] for key in keys if key in corpus.rationales}
            contrasts = {key: corpus.contrasts[key] for key in keys if key in corpus.contrasts}
            yield UserRecord(user, sequences[user], rationales, contrasts)

    return _Source(corpus.domain or domain.name, corpus.version or domain.version, items, len(users), stream)


def build(
    name: str,
    folder: Path,
    data_dir: Path | None = None,
    workers: int = 1,
    engine: parallel.Engine = "local",
    shard_users: int = SHARD_USERS,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Manifest:
    """Write domain ``name`` to ``folder`` and return the manifest; what is there of the same build is kept.

    Args:
        name: A domain, with its argument.
        folder: Of the shards; it may hold an unfinished build of the same.
        data_dir: Folder with raw files.
        workers: Processes.
        engine: What runs them.
        shard_users: Users in a file.
        progress: Gets the users written so far and in all.

    Raises:
        RadError: The folder holds another data set, or :func:`rad.data.load.load_domain` or
            :func:`rad.runtime.parallel.parallel_map` refuses something.
    """
    if shard_users < 1:
        raise RadError(f"--shard-users must be at least 1, got {shard_users}")
    folder, raw_files = Path(folder), None if data_dir is None else str(data_dir)
    source = _source(name, raw_files)
    catalogue = sha256_lines(source.items.values())
    plan = Plan(name, source.version, catalogue, source.n_users, shard_users)
    if (folder / MANIFEST).exists():
        manifest = read_manifest(folder)
        if manifest.plan != plan:
            raise RadError(f"{folder} holds {manifest.name} in shards of {manifest.users_per_shard:,}: name another")
        progress(source.n_users, source.n_users)
        return manifest
    written = _write_shards(folder, plan, source, raw_files, workers, engine, progress)
    items = File("items.parquet", len(source.items), sha256_file(folder / "items.parquet"))
    files = (items, *(File(row["path"], row["rows"], row["sha256"]) for row in written))
    manifest = Manifest(
        schema_version=SCHEMA_VERSION,
        **asdict(plan),
        domain=source.domain,
        interactions=sum(row["interactions"] for row in written),
        sha256=sha256_lines(files),
        writer=f"pyarrow {pa.__version__}",  # another version may lay the same rows down in other bytes
        files=files,
    )
    with atomic_write(folder / MANIFEST) as file:
        file.write(json.dumps(asdict(manifest), indent=1) + "\n")
    return manifest


def _write_shards(
    folder: Path,
    plan: Plan,
    source: _Source,
    data_dir: str | None,
    workers: int,
    engine: parallel.Engine,
    progress: Callable[[int, int], None],
) -> list[Row]:
    """The catalogue and all shards, unless they are there; what :func:`write_shard` says of each, in their order."""
    rows = [
        {
            "plan": canonical(plan),
            "data_dir": data_dir or "",
            "folder": str(folder.resolve()),
            "shard": k,
            "start": start,
        }
        for k, start in enumerate(range(0, plan.users, plan.users_per_shard))
    ]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _sweep(folder, {shard_path(k) for k in range(len(rows))})
        with atomic_write(folder / "items.parquet", "wb") as file:
            pq.write_table(item_table(source.items.values()), file, compression="zstd")
        written, users = [], 0
        # shards end in any order, and each is a file: nothing but its row comes back from a worker
        for row in parallel.parallel_map(write_shard, rows, workers, engine):
            written.append(row)
            users += row["rows"]
            progress(users, plan.users)
    except OSError as error:
        raise RadError(f"{folder}: cannot be written ({error.strerror or error})") from error
    return sorted(written, key=lambda row: row["path"])


def _sweep(folder: Path, wanted: set[str]) -> None:
    """Remove the shards that an unfinished other build left, and the half-written ones of killed workers."""
    for path in (folder / "sequences").glob("*shard-*.parquet*"):
        if f"sequences/{path.name}" not in wanted:
            path.unlink(missing_ok=True)


def write_shard(row: Row) -> Row:
    """Write the shard that ``row`` of :func:`build` names, unless it is there; its path, rows and sha256."""
    plan, folder, start = json.loads(row["plan"]), Path(row["folder"]), row["start"]
    path = folder / shard_path(row["shard"])
    footer = canonical({**plan, "start": start}).encode()
    rows, interactions = _finished(path, footer)
    if rows < 0:
        source = _source(plan["name"], row["data_dir"] or None)
        users = iter(source.stream(start, min(start + plan["users_per_shard"], plan["users"])))
        rows = interactions = 0
        schema = SHARD_USER.with_metadata({_FOOTER: footer})
        with atomic_write(path, "wb") as file, pq.ParquetWriter(file, schema, compression="zstd") as writer:
            # a row group of few users at a time; the count of interactions is known last, so it goes into the footer
            while batch := list(islice(users, _BATCH)):
                writer.write_batch(pa.RecordBatch.from_pylist([_row(user) for user in batch], SHARD_USER))
                rows += len(batch)
                interactions += sum(len(user.interactions) for user in batch)
            writer.add_key_value_metadata({"interactions": str(interactions)})
    return {"path": shard_path(row["shard"]), "rows": rows, "interactions": interactions, "sha256": sha256_file(path)}


def _finished(path: Path, footer: bytes) -> tuple[int, int]:
    """Users and interactions of a shard that is part of this very build, else -1."""
    try:
        about = pq.read_metadata(path)
    except (OSError, pa.ArrowInvalid):
        return -1, -1
    footers = about.metadata or {}
    if footers.get(_FOOTER) != footer or b"interactions" not in footers:
        return -1, -1
    return about.num_rows, int(footers[b"interactions"])


def _row(user: UserRecord) -> Row:
    return {
        "user_id": user.user_id,
        "interactions": [interaction_row(x) for x in user.interactions],
        "rationales": [rationale_row(rationale) for rationale in user.rationales.values()],
        "contrasts": [contrast_row(contrast) for contrast in user.contrasts.values()],
    }
