"""Look for leaks in a data set, or in a file of rationales or predictions; exit status 1 where there is one.

    python -m rad check scientific --data-dir DIR
    python -m rad check rationales.jsonl --domain world
    python -m rad check release/world                     a release: its files and tables, too

What a leak is, check by check, stands in :mod:`rad.leakage.dataset_checks`; of a release, all files are compared with
its manifest, and its tables with each other (:mod:`rad.release.contents`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from typer import Argument, Option

from rad.commands._open import opened
from rad.errors import RadError
from rad.runtime.commands import DataDir, Protocol, command

COLOURS = {"leak": "bold red", "note": "yellow", "ok": "green"}


@command
def main(
    name: Annotated[str, Argument(metavar="NAME|FILE", help="a data set, a release, or a .jsonl file")],
    domain: Annotated[
        str | None, Option(metavar="NAME", help="the data set that the rationales of FILE are of")
    ] = None,
    data_dir: DataDir = None,
    protocol: Protocol = "full",
) -> int:
    from rad.domains.release import Domain
    from rad.leakage import dataset_checks, file_checks
    from rad.release.contents import check_contents

    is_file = name.endswith((".jsonl", ".jsonl.gz")) or Path(name).is_file()
    if domain and not is_file:
        raise RadError(f"--domain goes with a file of rationales; '{name}' is none")
    data_name = domain if is_file else name
    data = opened(data_name, data_dir, protocol) if data_name else None
    table = Table("", "check", "count", "what", title=f"Leak checks of {escape(name)}", title_justify="left")
    table.columns[2].justify = "right"
    with Console(stderr=True).status("checking"):
        findings = list(
            file_checks.check_file(Path(name), data) if is_file or data is None else dataset_checks.check(data)
        )
        if data is not None and data.origin and not is_file:
            release = Domain(name.removeprefix("release:"))
            findings += check_contents(release.folder, release.manifest, data)
    for finding in findings:
        share = f"{finding.count:,}" + (f" of {finding.total:,}" if finding.total else "")
        what = finding.text + (f"\n  such as {'; '.join(finding.examples)}" if finding.examples else "")
        count = share if finding.count else ""
        level = f"[{COLOURS[finding.level]}]{finding.level}[/]"
        table.add_row(level, escape(finding.check), count, escape(what))
    console = Console()
    console.print(table)
    leaks = sum(finding.level == "leak" for finding in findings)
    notes = sum(finding.level == "note" for finding in findings)
    fine = len(findings) - leaks - notes
    console.print(f"leaks: {leaks}, notes: {notes}, checks without a finding: {fine}")
    return 1 if leaks else 0
