"""A data set as Arrow tables: what ``rad.load`` returns and ``python -m rad load --out`` writes.

Everything is built in memory from generators; nothing is fetched and no cache is written.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from rad.data.dataset import Dataset, open_dataset
from rad.data.splits import SPLITS
from rad.runtime.files import atomic_write, canonical
from rad.types import Example, Interaction, Item, Rationale

if TYPE_CHECKING:
    import datasets

_BATCH = 4096  # rows that are Python objects at one time

CLAIMS = pa.list_(pa.struct([("attribute", pa.string()), ("value", pa.string())]))
INTERACTION = pa.struct(
    [("item_id", pa.string()), ("timestamp", pa.int64()), ("rating", pa.float64()), ("review", pa.string())]
)
_EVIDENCE = pa.struct(
    [("history", pa.list_(pa.int32())), ("kind", pa.string()), ("attribute", pa.string()), ("value", pa.string())]
)
_REASON = pa.struct([("evidence", _EVIDENCE), ("wants", CLAIMS), ("avoids", CLAIMS), ("weight", pa.float64())])
RATIONALE = pa.schema(
    [
        ("rationale_id", pa.string()),
        ("query_id", pa.string()),
        ("reasons", pa.list_(_REASON)),
        *((name, pa.string()) for name in ("text", "verdict", "origin", "drafter", "drafter_version")),
    ]
)
_CONTRAST = pa.struct([("item_id", pa.string()), ("polarity", pa.string()), ("claims", CLAIMS), ("text", pa.string())])
EXAMPLE = pa.schema(
    [
        ("query_id", pa.string()),
        ("user_id", pa.string()),
        ("history", pa.list_(INTERACTION)),
        ("profile", pa.string()),
        ("relevant", pa.list_(pa.struct([("item_id", pa.string()), ("grade", pa.int32())]))),
        ("rationale", pa.struct(list(RATIONALE))),
        ("contrast", _CONTRAST),
    ]
)


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
    known = (e.rationale for split in SPLITS for e in data.examples[split] if e.rationale is not None)
    return {
        **{split: table(map(_example, data.examples[split]), EXAMPLE) for split in SPLITS},
        "items": item_table(data.items.values()),
        "rationales": table(map(rationale_row, known), RATIONALE),
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


def item_table(items: Collection[Item]) -> pa.Table:
    """A row an item; each attribute is a list of values, empty where the item has none."""
    attributes = list(dict.fromkeys(name for item in items for name in item.attributes))
    values = [(name, pa.list_(pa.string())) for name in attributes]
    text = [(name, pa.string()) for name in ("item_id", "domain", "title", "text")]
    # an empty struct cannot be written to parquet
    schema = pa.schema([*text, *([("attributes", pa.struct(values))] if values else [])])
    return table((item_row(item, attributes) for item in items), schema)


def table(rows: Iterable[dict[str, Any]], schema: pa.Schema) -> pa.Table:
    """A table of ``rows``, of which few are Python objects at one time."""
    return pa.Table.from_batches(_batches(iter(rows), schema), schema)


def _batches(rows: Iterator[dict[str, Any]], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    while batch := list(islice(rows, _BATCH)):
        yield pa.RecordBatch.from_pylist(batch, schema)


def _example(example: Example) -> dict[str, Any]:
    query = example.query
    return {
        "query_id": query.query_id,
        "user_id": query.user_id,
        "history": [interaction_row(x) for x in query.history],
        "profile": query.profile,
        "relevant": [{"item_id": item_id, "grade": grade} for item_id, grade in example.relevant.items()],
        "rationale": rationale_row(example.rationale) if example.rationale else None,
        "contrast": {
            "item_id": example.contrast.item_id,
            "polarity": example.contrast.polarity,
            "claims": claim_rows(example.contrast.claims),
            "text": example.contrast.text,
        }
        if example.contrast
        else None,
    }


def interaction_row(x: Interaction) -> dict[str, Any]:
    return {"item_id": x.item_id, "timestamp": x.timestamp, "rating": x.rating, "review": x.review}


def rationale_row(rationale: Rationale) -> dict[str, Any]:
    reasons = [
        {
            "evidence": {
                "history": list(reason.evidence.history),
                "kind": reason.evidence.kind,
                "attribute": reason.evidence.attribute,
                "value": reason.evidence.value,
            },
            "wants": claim_rows(reason.wants),
            "avoids": claim_rows(reason.avoids),
            "weight": reason.weight,
        }
        for reason in rationale.reasons
    ]
    names = ("rationale_id", "query_id", "text", "verdict", "origin", "drafter", "drafter_version")
    return {**{name: getattr(rationale, name) for name in names}, "reasons": reasons}


def claim_rows(claims: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"attribute": attribute, "value": value} for attribute, value in claims]


def item_row(item: Item, attributes: Iterable[str]) -> dict[str, Any]:
    values = {name: list(item.attributes.get(name, ())) for name in attributes}
    return {
        "item_id": item.item_id,
        "domain": item.domain,
        "title": item.title,
        "text": item.text,
        "attributes": values,
    }
