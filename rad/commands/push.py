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
    from rad.release import publish

    check_names(*domain_option(name))
    publish.push(name, to, data_dir, rationales, dry_run, Console())
