"""Publish a data set, on the Hub or in a folder: one commit, or one folder put in place.

    python -m rad push world --to release/world           the folder, to look at or to copy
    python -m rad push world --to OWNER/rad-world         a data set repository of the Hub (HF_TOKEN)
    python -m rad push campaign:campaigns/first --to ...  with what people said of the drafts

Without --to the setting RAD_HUB_REPO says where; ``{name}`` in it stands for the domain. Texts of third parties are
never sent (:mod:`rad.release.manifest`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from rich.console import Console
from rich.table import Table
from typer import Argument, Option

from rad.commands._open import check_names, domain_option
from rad.runtime.commands import DataDir, command


@command
def main(
    name: Annotated[str, Argument(metavar="NAME", help="a domain")],
    to: Annotated[str | None, Option(metavar="REPO|DIR", help="OWNER/NAME on the Hub, or a folder")] = None,
    data_dir: DataDir = None,
    rationales: Annotated[Path | None, Option(metavar="FILE", help="rationales in place of the domain's own")] = None,
    dry_run: Annotated[bool, Option("--dry-run", help="say what would be sent, and send nothing")] = False,
) -> None:
    from rad.release.publish import publish

    check_names(*domain_option(name))
    with Console(stderr=True).status("") as status:
        publication = publish(name, to, data_dir, rationales, dry_run, status.update)
    manifest, seconds = publication.manifest, publication.seconds
    console = Console(highlight=False, soft_wrap=True)
    table = Table("config", "rows", "MB", title=f"{manifest.data} {manifest.version}", title_justify="left")
    for config, (rows, size) in manifest.counts().items():
        table.add_row(config, f"{rows:,}", f"{size / 1e6:.2f}")
    Console().print(table)
    for what, n in manifest.notes.items():
        if "withheld" in what or "for the same" in what:
            console.print(f"{n:,} {what}")
    console.print(
        f"sha256 {manifest.sha256}\ngathered in {seconds['gathered']:.1f} s, written in {seconds['written']:.1f} s, "
        f"read back equal in {seconds['read back']:.1f} s"
    )
    if publication.folder is not None:
        console.print(f"{'would write' if dry_run else 'wrote'} {publication.folder}")
    if (commit := publication.commit) is None:
        return
    total = sum(commit.files.values()) / 1e6
    if commit.revision is None:
        console.print(f"would send {len(commit.files)} files, {total:.2f} MB, to {publication.repo}:")
        for path, n in commit.files.items():
            console.print(f"  {path}  {n:,}")
        return
    console.print(f"sent {len(commit.files)} files, {total:.2f} MB, in {seconds['sent']:.1f} s")
    console.print(f'revision {commit.revision}\nrad.load("{publication.repo}@{commit.revision}")')
