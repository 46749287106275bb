"""Take an entry back: a new file beside it says so and why. Nothing is deleted, and the page shows it as withdrawn.

    python -m leaderboard withdraw RUN_ID --reason "trained on the test split by mistake" --name NAME --contact ADDRESS

The name and contact must be those of the entry.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from leaderboard.verification.entry import ROOT
from leaderboard.verification.folder import withdraw
from rad.runtime.commands import command


@command
def main(
    run_id: Annotated[str, Argument(metavar="RUN_ID")],
    reason: Annotated[str, Option(metavar="WORDS", help="shown on the page")],
    name: Annotated[str, Option(metavar="NAME", help="who submitted the entry")],
    contact: Annotated[str, Option(metavar="ADDRESS", help="as in the entry")],
    entries: Annotated[Path, Option(metavar="DIR", help="the folder of all entries", show_default=False)] = ROOT,
) -> None:
    print(f"wrote {withdraw(entries, run_id, reason, {'name': name, 'contact': contact})}")
