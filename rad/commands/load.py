"""Open a data set, and count what it holds; --out writes parquet files.

    python -m rad load world                                  build the default world and say what it holds
    python -m rad load scientific --data-dir DIR --out OUT    write it as parquet files
    python -m rad load OWNER/rad-world@REVISION               read a release back; a folder is read in the same way

The parquet files are the tables of :mod:`rad.data.tables`, with ``dataset.json`` beside them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from rich.console import Console
from rich.table import Table
from typer import Argument, Option

from rad.commands._open import opened
from rad.runtime.commands import DataDir, command


@command
def main(
    name: Annotated[str, Argument(metavar="NAME", help="a domain, or a release")],
    data_dir: DataDir = None,
    out: Annotated[Path | None, Option(metavar="DIR", help="write parquet files and dataset.json here")] = None,
) -> None:
    from rad.data import tables

    data = opened(name, data_dir)
    console = Console()
    written = tables.write(data, out) if out else []
    table = Table("part", "rows", title=f"{data.name} {data.version}", title_justify="left")
    table.columns[1].justify = "right"
    for split, rows in data.examples.items():
        table.add_row(split, f"{len(rows):,}")
    table.add_row("items", f"{len(data.items):,}")
    table.add_row("rationales", f"{sum(e.rationale is not None for r in data.examples.values() for e in r):,}")
    console.print(table)
    console.print(f"sha256 {data.sha256}", soft_wrap=True)
    for path in written:
        console.print(f"wrote {path}", soft_wrap=True, highlight=False)
    if not written:
        console.print(f'in Python: rad.load("{data.name}"); as parquet files: --out DIR', highlight=False)
