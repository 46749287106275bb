"""Whether the tables of a release agree: ``python -m rad check DIR``.

A manifest that states the hash of a changed table proves nothing. So answers, candidates and what the check of facts
says are derived again from the catalogue, the purchases and the rationales, and compared row by row.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from rad.data.dataset import Dataset
from rad.data.splits import SPLITS
from rad.data.tables import checked_table
from rad.leakage.finding import Finding, finding
from rad.release.gather import derived_tables
from rad.release.integrity import read_table
from rad.release.manifest import Manifest


def check_contents(folder: Path, manifest: Manifest, data: Dataset) -> Iterator[Finding]:
    """Leak: rows that are not what catalogue, purchases and rationales give; drafts of queries that are not training's.

    ``data`` is the release as it was opened. :class:`RadError` where a file cannot be read.
    """
    paths = manifest.paths()
    for config, splits in derived_tables(data, manifest.texts).items():
        listed = paths.get(config, {})
        other, total = [], 0
        for split in sorted(listed.keys() | {split for split, rows in splits.items() if rows.num_rows}):
            rows = read_table(folder, listed.get(split, []))
            total += max(rows.num_rows if rows else 0, splits[split].num_rows if split in splits else 0)
            other += [f"{split}, {row}" for row in _differing(rows, splits.get(split))]
        yield finding(f"{config} again", other, total, f"rows of {config} that users and items do not give")
    users = read_table(folder, manifest.paths_of("users"), ["user_id"])
    if users is not None:
        same = users["user_id"].to_pylist() == list(data.sequences)
        text = "users that come twice, or not in their order"
        yield finding("users again", [] if same else ["users"], users.num_rows, text)
    yield from _check_drafts(folder, manifest, data)


def _check_drafts(folder: Path, manifest: Manifest, data: Dataset) -> Iterator[Finding]:
    """Rationales whose soundness is another, and drafts or conversations of queries whose answer is held out."""
    rows = read_table(folder, manifest.paths_of("rationales"))
    if rows is not None and "soundness" in rows.column_names:
        own = {e.query.query_id: e.rationale for s in SPLITS for e in data.examples[s] if e.rationale is not None}
        due = {row["query_id"]: row for row in checked_table(data, own, data.drafts).to_pylist()}
        other = [row["query_id"] for row in rows.to_pylist() if row != due.get(row["query_id"], row)]
        yield finding("soundness again", other, rows.num_rows, "rationales with another soundness than is counted")
    train = {e.query.query_id for e in data.examples["train"]}
    strange = [key for key in data.drafts if key not in train]
    yield finding("drafts of training", strange, len(data.drafts), "drafts whose query is not of the training split")
    instruct = read_table(folder, manifest.paths_of("instruct"), ["query_id"])
    if instruct is not None:
        strange = [str(key) for key in instruct["query_id"].to_pylist() if key not in train]
        text = "conversations whose query is not of the training split"
        yield finding("instruct of training", strange, instruct.num_rows, text)


def _differing(rows: pa.Table | None, expected: pa.Table | None) -> Iterator[str]:
    """Where two tables differ, row by row."""
    if rows is None or expected is None:
        yield "no rows in the files" if rows is None else "a split that there is not"
        return
    if rows.schema != expected.schema:
        yield "other columns: written by another version of this package"
        return
    if rows.equals(expected):
        return
    pairs = zip(rows.to_pylist(), expected.to_pylist(), strict=False)
    yield from (f"row {k}" for k, (row, due) in enumerate(pairs) if row != due)
    yield from (f"row {k}" for k in range(*sorted((rows.num_rows, expected.num_rows))))
