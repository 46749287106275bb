"""Render the entries as a static site.

    python -m leaderboard build                                   leaderboard/entries -> site/index.html
    python -m leaderboard build --entries DIR --out DIR

The site needs no server: open ``index.html``, or put the folder on any host, under any path. It asks nothing of other
hosts and reads without JavaScript; a small script adds sorting and filtering. What submitters wrote is shown as text.

Significance groups need each query's score, so they are there for tasks whose data can be opened: built-in worlds
anywhere, others where ``RAD_DATA`` or ``--data-dir`` has their raw files. Without them the page says so. The
ceilings are those that ``python -m rad.world.ceilings`` stored.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from rich.console import Console
from typer import Option

from leaderboard.site.folder import write
from leaderboard.site.pages import pages
from leaderboard.site.rationales import summaries
from leaderboard.site.rows import task_tables
from leaderboard.site.significance import OpenData, significance_groups
from leaderboard.verification.entry import ROOT
from leaderboard.verification.folder import read_entries, withdrawn
from rad.errors import RadError
from rad.reporting.console import count
from rad.runtime.commands import DataDir, command

console = Console(stderr=True, highlight=False)


@command
def main(
    entries: Annotated[Path, Option(metavar="DIR", help="the entries' folder", show_default=False)] = ROOT,
    out: Annotated[Path, Option(metavar="DIR", help="the site")] = Path("site"),
    data_dir: DataDir = None,
) -> None:
    if not entries.is_dir():
        raise RadError(f"{entries}: no folder of entries: python -m leaderboard submit RESULT_DIR makes one")
    with console.status("reading the entries") as status:
        all_entries, reasons = read_entries(entries), withdrawn(entries)

        def report(line: str) -> None:
            if line.startswith("no "):
                console.print(line, markup=False, soft_wrap=True)
            status.update(line.replace("[", "\\["))

        status.update("reading the predictions")
        tables = task_tables((e for e in all_entries if e.run_id not in reasons), summaries(all_entries, entries))
        data = OpenData(data_dir, report)
        significance = [significance_groups(table, entries, data) for table in tables]
        status.update("writing the pages")
        n_pages = write(out, pages(all_entries, reasons, tables, significance))
    print(
        f"{count(len(all_entries), 'entry', 'entries')} in {count(len(tables), 'table')}, {len(reasons):,} withdrawn; "
        f"{count(n_pages, 'page')}"
    )
    print(f"open {out / 'index.html'}")
