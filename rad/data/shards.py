"""Users in shards: a folder that :mod:`rad.data.shard_writer` wrote, read a shard at a time.

``items.parquet`` is the catalogue in the order that breaks ties; ``sequences/shard-00000.parquet``, ... hold a row a
user with interactions, known rationales and contrasts; ``manifest.json``, written last, has the rows and sha256 of
every file. A folder without it is not finished.

>>> from rad.data.shards import Shards                                   # doctest: +SKIP
>>> shards = Shards("DIR")
>>> for k in range(len(shards)):
...     examples = shards.examples(k, ["test"])["test"]
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from rad.data import splits
from rad.data.arrow import CLAIMS, INTERACTION, RATIONALE
from rad.data.dataset import Dataset
from rad.data.splits import SPLITS
from rad.errors import RadError
from rad.runtime.files import sha256_file
from rad.types import Evidence, Example, Interaction, Item, PairExplanation, Rationale, Reason, Split

SCHEMA_VERSION = 1
STATED = ("query_id", "item_id", "polarity", "text", "origin", "drafter", "drafter_version")
CONTRAST = pa.schema([*((name, pa.string()) for name in STATED), ("claims", CLAIMS)])
USER = pa.schema(
    [
        ("user_id", pa.string()),
        ("interactions", pa.list_(INTERACTION)),
        ("rationales", pa.list_(pa.struct(list(RATIONALE)))),
        ("contrasts", pa.list_(pa.struct(list(CONTRAST)))),
    ]
)


def shard_path(shard: int) -> str:
    return f"sequences/shard-{shard:05d}.parquet"


class Shards:
    """A finished folder. ``len`` is the number of shards. :class:`RadError` where it is not what its manifest says."""

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)
        self.manifest = read_manifest(self.folder)
        self._stated = {file["path"]: file for file in self.manifest["files"]}

    def __len__(self) -> int:
        return len(self._stated) - 1

    @property
    def n_users(self) -> int:
        return int(self.manifest["users"])

    @cached_property
    def items(self) -> dict[str, Item]:
        """The catalogue by id, in the order that breaks ties."""
        return {row["item_id"]: item_of(row) for row in self._table("items.parquet", None).to_pylist()}

    def examples(
        self, shard: int, wanted: Sequence[Split] = SPLITS, reasons: bool = False
    ) -> dict[Split, tuple[Example, ...]]:
        """The shard's users, split leave-last-out; with what is known of the reasons if asked for."""
        table = self._table(shard_path(shard), ["user_id", "interactions", *(["rationales", "contrasts"] * reasons)])
        sequences = sequences_of(table)
        rationales: dict[str, Rationale] = {}
        contrasts: dict[str, PairExplanation] = {}
        if reasons:
            ends = {splits.query_id(user, len(s) - back) for user, s in sequences.items() for back in (1, 2)}
            keys = None if "train" in wanted else ends
            rationales = {row["query_id"]: rationale_of(row) for row in rows_of(table, "rationales", keys)}
            contrasts = {row["query_id"]: contrast_of(row) for row in rows_of(table, "contrasts", keys)}
        return splits.leave_last_out(self.manifest["domain"], sequences, rationales, contrasts, wanted)

    def sample(self, users: int, reasons: bool = False) -> Dataset:
        """The first ``users`` (worlds have them in no order, other domains in the order of hashed ids) in memory."""
        out: dict[Split, list[Example]] = {split: [] for split in SPLITS}
        left = users
        for shard in range(len(self)):
            found = self.examples(shard, SPLITS, reasons)
            kept = {e.query.user_id for e in found["test"][:left]}
            for split, rows in found.items():
                out[split] += [e for e in rows if e.query.user_id in kept]
            left -= len(kept)
            if left <= 0:
                break
        return Dataset(
            name=f"{self.manifest['name']} (first {users - max(left, 0):,} users)",
            version=self.manifest["version"],
            sha256=self.manifest["sha256"],
            items=self.items,
            examples={split: tuple(rows) for split, rows in out.items()},
        )

    def _table(self, name: str, columns: list[str] | None) -> pa.Table:
        path = self.folder / name
        try:
            if sha256_file(path) != self._stated[name]["sha256"]:
                raise RadError(f"{path}: not the bytes that manifest.json states; build the folder again")
            return pq.read_table(path, columns=columns)
        except (OSError, pa.ArrowInvalid) as error:
            raise RadError(f"{path}: unreadable ({error})") from error


def item_of(row: Mapping[str, Any]) -> Item:
    """The item of a row of :func:`rad.data.arrow.item_table`."""
    attributes = {name: tuple(values) for name, values in (row.get("attributes") or {}).items() if values}
    return Item(row["item_id"], row["domain"], row["title"], row["text"], attributes)


def sequences_of(table: pa.Table) -> dict[str, tuple[Interaction, ...]]:
    """Interactions by user. Columns become Python lists whole, which is far quicker than a dict an interaction."""
    out: dict[str, tuple[Interaction, ...]] = {}
    for batch in table.to_batches():
        users, lists = batch["user_id"].to_pylist(), batch["interactions"]
        ends, flat = lists.offsets.to_pylist(), lists.values
        columns = [flat.field(name).to_pylist() for name in ("item_id", "timestamp", "rating", "review")]
        for user, (start, stop) in zip(users, pairwise(ends), strict=True):
            cells = zip(*(column[start:stop] for column in columns), strict=True)
            out[user] = tuple([Interaction(user, *cell) for cell in cells])
    return out


def rows_of(table: pa.Table, column: str, keys: Collection[str] | None) -> list[dict[str, Any]]:
    """The structs in the lists of ``column``, only those of the queries ``keys`` if given."""
    rows: list[dict[str, Any]] = []
    for batch in table.to_batches():
        flat = batch[column].flatten()
        if keys is not None:
            ids = flat.field("query_id").to_pylist()
            flat = flat.take(pa.array([k for k, key in enumerate(ids) if key in keys], pa.int64()))
        rows += flat.to_pylist()
    return rows


def _claims(rows: Sequence[Mapping[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple((row["attribute"], row["value"]) for row in rows)


def rationale_of(row: dict[str, Any]) -> Rationale:
    reasons = []
    for reason in row.pop("reasons"):
        evidence = Evidence(**{**reason["evidence"], "history": tuple(reason["evidence"]["history"])})
        reasons.append(Reason(evidence, _claims(reason["wants"]), _claims(reason["avoids"]), reason["weight"]))
    return Rationale(reasons=tuple(reasons), **row)


def contrast_of(row: dict[str, Any]) -> PairExplanation:
    return PairExplanation(**{**row, "claims": _claims(row["claims"])})


def read_manifest(folder: Path) -> dict[str, Any]:
    """``manifest.json`` of a finished folder. :class:`RadError` where there is none, or one of another version."""
    path = Path(folder) / "manifest.json"
    try:
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise RadError(f"{path}: no such file; python -m rad build NAME --out {folder} makes or finishes it") from error
    except (OSError, ValueError) as error:
        raise RadError(f"{path}: not a JSON file ({error})") from error
    version = manifest.get("schema_version") if isinstance(manifest, dict) else None
    if version != SCHEMA_VERSION:
        raise RadError(f"{path}: schema_version {version!r}, this code reads {SCHEMA_VERSION}")
    return manifest
