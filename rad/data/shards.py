"""Users in shards: a folder that :mod:`rad.data.shard_writer` wrote, read a shard at a time.

``items.parquet`` is the catalogue in the order that breaks ties; ``sequences/shard-00000.parquet``, ... hold a row a
user with interactions, known rationales and contrasts; ``manifest.json``, written last, has the rows and sha256 of
every file. A folder without it is not finished.

>>> from tempfile import TemporaryDirectory
>>> from rad.data.shard_writer import build
>>> with TemporaryDirectory() as folder:
...     manifest = build("world:users=30,items=200", Path(folder), shard_users=20)
...     shards = Shards(Path(folder))
...     print([len(shards.examples(k, ["test"])["test"]) for k in range(len(shards))])
[20, 10]
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from rad.data import splits
from rad.data.arrow import contrast_of, item_of, rationale_of, rows_of, sequences_of
from rad.data.dataset import Dataset
from rad.data.splits import SPLITS
from rad.errors import RadError
from rad.runtime import records
from rad.runtime.files import sha256_file
from rad.types import Example, Item, PairExplanation, Rationale, Split

SCHEMA_VERSION = 1
MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class File:
    """One file of the folder: its path inside, its rows and its sha256."""

    path: str
    rows: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What a build is of. ``catalogue`` is the sha256 of the items: raw files may change while a build is stopped."""

    name: str
    version: str
    catalogue: str
    users: int
    users_per_shard: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """What ``manifest.json`` says: the fields of :class:`Plan`, and what was written. The catalogue comes first."""

    schema_version: int
    name: str
    version: str
    catalogue: str
    users: int
    users_per_shard: int
    domain: str
    interactions: int
    sha256: str
    writer: str
    files: tuple[File, ...]

    @property
    def plan(self) -> Plan:
        """What was to be built."""
        return Plan(self.name, self.version, self.catalogue, self.users, self.users_per_shard)


def shard_path(shard: int) -> str:
    """The path of a shard in its folder."""
    return f"sequences/shard-{shard:05d}.parquet"


class Shards:
    """A finished folder. ``len`` is the number of shards. :class:`RadError` where it is not what its manifest says."""

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)
        self.manifest = read_manifest(self.folder)
        self._sha256 = {file.path: file.sha256 for file in self.manifest.files}

    def __len__(self) -> int:
        return len(self._sha256) - 1

    @property
    def n_users(self) -> int:
        """Users in all shards."""
        return self.manifest.users

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
        return splits.leave_last_out(self.manifest.domain, sequences, rationales, contrasts, wanted)

    def sample(self, users: int, reasons: bool = False) -> Dataset:
        """The first ``users`` (worlds have them in no order, other domains in the order of hashed ids) in memory."""
        out: dict[Split, list[Example]] = {split: [] for split in SPLITS}
        left = users
        for shard in range(len(self)):
            examples = self.examples(shard, SPLITS, reasons)
            chosen = {e.query.user_id for e in examples["test"][:left]}
            for split, rows in examples.items():
                out[split] += [e for e in rows if e.query.user_id in chosen]
            left -= len(chosen)
            if left <= 0:
                break
        return Dataset(
            name=f"{self.manifest.name} (first {users - max(left, 0):,} users)",
            version=self.manifest.version,
            sha256=self.manifest.sha256,
            items=self.items,
            examples={split: tuple(rows) for split, rows in out.items()},
        )

    def _table(self, name: str, columns: list[str] | None) -> pa.Table:
        path = self.folder / name
        try:
            if sha256_file(path) != self._sha256[name]:
                raise RadError(f"{path}: not the bytes that {MANIFEST} states; build the folder again")
            return pq.read_table(path, columns=columns)
        except (OSError, pa.ArrowInvalid) as error:
            raise RadError(f"{path}: unreadable ({error})") from error


def read_manifest(folder: Path) -> Manifest:
    """``manifest.json`` of a finished folder. :class:`RadError` where there is none, or one of another version."""
    hint = f"python -m rad build NAME --out {folder} makes or finishes it"
    return records.read_document(Manifest, folder / MANIFEST, hint, SCHEMA_VERSION)
