"""A data set as Arrow tables: what ``rad.load`` returns and ``python -m rad load --out`` writes.

Everything is built in memory from generators; nothing is fetched and no cache is written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.parquet as pq

from rad.data.arrow import EXAMPLE, RATIONALE, example_row, item_table, rationale_row, table
from rad.data.dataset import Dataset
from rad.data.load import open_dataset
from rad.data.splits import SPLITS
from rad.runtime.files import atomic_write, canonical

if TYPE_CHECKING:
    import datasets
    import pyarrow as pa


@dataclass(frozen=True)
class Loaded:
    """A loaded domain.

    ``examples`` is a ``datasets.DatasetDict`` with the splits train, validation and test, a row a query: its history
    (oldest first), its relevant items with their grades, and the known rationale or None. ``items`` is the catalogue,
    a row an item, in the order that breaks ties. ``rationales`` has every known rationale, a row each. ``notes``
    counts what the loader left out or mended.
    """

    name: str
    version: str
    sha256: str
    examples: datasets.DatasetDict
    items: datasets.Dataset
    rationales: datasets.Dataset
    notes: Mapping[str, int]


def load(name: str, data_dir: str | Path | None = None) -> Loaded:
    """Open a domain, split leave-last-out, as ``datasets`` tables. See :func:`rad.load`."""
    import datasets

    data = open_dataset(name, Path(data_dir) if data_dir is not None else None)
    tables = {key: datasets.Dataset(rows) for key, rows in arrow_tables(data).items()}
    return Loaded(
        name=data.name,
        version=data.version,
        sha256=data.sha256,
        examples=datasets.DatasetDict({split: tables[split] for split in SPLITS}),
        items=tables["items"],
        rationales=tables["rationales"],
        notes=data.notes,
    )


def arrow_tables(data: Dataset) -> dict[str, pa.Table]:
    """The tables ``train``, ``validation``, ``test``, ``items`` and ``rationales``."""
    rationales = (e.rationale for split in SPLITS for e in data.examples[split] if e.rationale is not None)
    return {
        **{split: table(map(example_row, data.examples[split]), EXAMPLE) for split in SPLITS},
        "items": item_table(data.items.values()),
        "rationales": table(map(rationale_row, rationales), RATIONALE),
    }


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
