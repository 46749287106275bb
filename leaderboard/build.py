"""Render the entries as a static site.

    python -m leaderboard build                                   leaderboard/entries -> site/index.html
    python -m leaderboard build --entries DIR --out DIR

The site needs no server: open ``index.html``, or put the folder on any host, under any path. It asks nothing of other
hosts and reads without JavaScript; a small script adds sorting and filtering. What submitters wrote is shown as text.
An entry that cannot be read or shown is left out, and named here and on the index.

Significance groups need each query's score, so they are there for tasks whose data can be opened: built-in worlds
anywhere, others where ``RAD_DATA`` or ``--data-dir`` has their raw files. Without them the page says so. The
ceilings are those that ``python -m rad.world.ceilings`` stored.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

from rich.console import Console
from typer import Option

from leaderboard.site.admission import admitted
from leaderboard.site.floors import floors
from leaderboard.site.folder import write
from leaderboard.site.pages import pages
from leaderboard.site.rows import TaskTable, task_tables
from leaderboard.site.significance import OpenData, significance_groups
from leaderboard.verification.entry import ROOT
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
    with console.status("reading the entries and their predictions") as status:

        def report(line: str) -> None:
            if line.startswith("no "):
                console.print(line, markup=False, soft_wrap=True)
            status.update(line.replace("[", "\\["))

        data = OpenData(data_dir, report)
        site = admitted(entries, data)
        while True:
            try:
                tables = [_with_floors(table, data) for table in task_tables(site.ranked, site.summaries)]
                significance = [significance_groups(table, entries, data) for table in tables]
                status.update("writing the pages")
                n_pages = write(out, pages(site.entries, site.withdrawn, tables, significance, site.left_out))
                break
            except RadError:
                raise
            except Exception:  # an entry that no rule foresaw: the others' pages are built without it
                if not site.leave_out_unrenderable():
                    raise
        for file, reason in site.left_out.items():
            console.print(f"left out {file}: {reason}", markup=False, soft_wrap=True)
    print(
        f"{count(len(site.entries), 'entry', 'entries')} in {count(len(tables), 'table')}, "
        f"{len(site.withdrawn):,} withdrawn, {len(site.left_out):,} left out; {count(n_pages, 'page')}"
    )
    print(f"open {out / 'index.html'}")


def _with_floors(table: TaskTable, data: OpenData) -> TaskTable:
    """The table with its floors; data are not opened for entries without predictions alone."""
    return replace(table, floors=floors(table.key, data)) if any(row.summary for row in table.rows) else table
