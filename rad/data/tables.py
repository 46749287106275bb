"""A data set as Arrow tables: what ``rad.load`` returns and ``python -m rad load --out`` writes.

Everything is built in memory from generators and nothing is fetched; what has to be drafted is kept in the cache.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

from rad import registry
from rad.data.arrow import (
    CHECKED,
    EXAMPLE,
    MESSAGES,
    Row,
    example_row,
    item_table,
    rationale_row,
    table,
)
from rad.data.dataset import Dataset
from rad.data.load import open_dataset
from rad.data.splits import SPLITS
from rad.errors import RadError
from rad.rationales import drafts, instruct
from rad.rationales.facts import Facts
from rad.runtime.files import atomic_write, canonical
from rad.types import Rationale

if TYPE_CHECKING:
    import datasets
    import pyarrow as pa

CONFIGS = ("examples", "items", "rationales", "instruct")


@dataclass(frozen=True)
class Loaded:
    """A loaded domain. What has to be drafted is made when it is first asked for, and kept in the cache.

    ``examples`` is a ``datasets.DatasetDict`` with the splits train, validation and test, a row a query: its history
    (oldest first), its relevant items with their grades, and the data set's own rationale or None. ``items`` is the
    catalogue, a row an item, in the order that breaks ties. ``notes`` counts what the loader left out or mended.
    """

    name: str
    version: str
    sha256: str
    examples: datasets.DatasetDict
    items: datasets.Dataset
    notes: Mapping[str, int]
    data: Dataset = field(repr=False)

    @cached_property
    def rationales(self) -> datasets.Dataset:
        """A rationale a row: the data set's own, and a checked draft for each training query that has none."""
        import datasets

        return datasets.Dataset(rationale_table(self.data))

    @cached_property
    def instruct(self) -> datasets.Dataset:
        """``query_id`` and ``messages`` (system, user, assistant) of each training query."""
        import datasets

        return datasets.Dataset(instruct_table(self.data))


def load(name: str, config: str | None = None, data_dir: str | Path | None = None) -> Any:
    """Open a domain, split leave-last-out, as ``datasets`` tables. See :func:`rad.load`."""
    import datasets

    if config is not None and config not in CONFIGS:
        raise RadError(registry.unknown("config", [config], CONFIGS))
    data = open_dataset(name, Path(data_dir) if data_dir is not None else None)
    if config in ("rationales", "instruct"):
        return datasets.Dataset({"rationales": rationale_table, "instruct": instruct_table}[config](data))
    tables = {split: datasets.Dataset(table(map(example_row, data.examples[split]), EXAMPLE)) for split in SPLITS}
    loaded = Loaded(
        name=data.name,
        version=data.version,
        sha256=data.sha256,
        examples=datasets.DatasetDict(tables),
        items=datasets.Dataset(item_table(data.items.values())),
        notes=data.notes,
        data=data,
    )
    return loaded if config is None else getattr(loaded, config)


def arrow_tables(data: Dataset) -> dict[str, pa.Table]:
    """The tables ``train``, ``validation``, ``test``, ``items`` and ``rationales``."""
    return {
        **{split: table(map(example_row, data.examples[split]), EXAMPLE) for split in SPLITS},
        "items": item_table(data.items.values()),
        "rationales": rationale_table(data),
    }


def rationale_table(data: Dataset) -> pa.Table:
    """Rows of :data:`rad.data.arrow.CHECKED`: the data set's own, and drafts for training queries without one."""
    own = {e.query.query_id: e.rationale for s in SPLITS for e in data.examples[s] if e.rationale is not None}
    lacking = [e.query.query_id for e in data.examples["train"] if e.query.query_id not in own]
    written = drafts_of(data, lacking)
    return checked_table(data, own, {key: written[key] for key in lacking})


def checked_table(data: Dataset, own: Mapping[str, Rationale], written: Mapping[str, Rationale]) -> pa.Table:
    """The same of given rationales and drafts, by query id. What is ``known`` states no numbers that can be checked."""
    queries = {e.query.query_id: e.query for split in SPLITS for e in data.examples[split]}
    facts = Facts.of(data.examples["train"], data.items)

    def row(rationale: Rationale, drafted: bool) -> Row:
        query = queries.get(rationale.query_id)
        checkable = rationale.origin != "known" and query is not None
        share = drafts.soundness(rationale, query, facts) if checkable and query is not None else None
        return {**rationale_row(rationale), "soundness": share, "drafted": drafted}

    rows = ((rationale, drafted) for part, drafted in ((own, False), (written, True)) for rationale in part.values())
    return table((row(*pair) for pair in rows), CHECKED)


def instruct_table(data: Dataset) -> pa.Table:
    """Rows of :data:`rad.data.arrow.MESSAGES`, one a training query."""
    train = data.examples["train"]
    written = drafts_of(data, [e.query.query_id for e in train])
    return table(instruct.rows(train, data.items, written), MESSAGES)


def drafts_of(data: Dataset, queries: Sequence[str]) -> Mapping[str, Rationale]:
    """Drafts of at least ``queries`` of training: a release's own, else those of the cache."""
    if data.drafts.keys() >= set(queries):
        return data.drafts
    return {**drafts.cached(data.sha256, data.examples["train"], data.items), **data.drafts}


def write(data: Dataset, folder: Path) -> list[Path]:
    """Write the tables as parquet files and, last, ``dataset.json`` (name, version, sha256, counts, notes)."""
    paths = []
    tables = arrow_tables(data)
    for name, rows in tables.items():
        paths.append(folder / f"{name}.parquet")
        with atomic_write(paths[-1], "wb") as file:
            pq.write_table(rows, file)
    about = {
        "name": data.name,
        "version": data.version,
        "sha256": data.sha256,
        "rows": {name: rows.num_rows for name, rows in tables.items()},
        "notes": dict(data.notes),
    }
    paths.append(folder / "dataset.json")
    with atomic_write(paths[-1]) as file:
        file.write(canonical(about) + "\n")
    return paths
