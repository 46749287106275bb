"""Take an entry back: a new file beside it says so and why. Nothing is deleted, and the page shows it as withdrawn.

    python -m leaderboard withdraw RUN_ID --reason "trained on the test split by mistake"

A signed entry is taken back with the key that signed it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from leaderboard.owners.keys import default_key
from leaderboard.owners.withdrawals import withdraw
from leaderboard.verification.entry import ROOT
from rad.runtime.commands import command


@command
def main(
    run_id: Annotated[str, Argument(metavar="RUN_ID")],
    reason: Annotated[str, Option(metavar="WORDS", help="shown on the page")],
    entries: Annotated[Path, Option(metavar="DIR", help="the folder of all entries", show_default=False)] = ROOT,
    key: Annotated[Path | None, Option(metavar="FILE", help="as submit used it", show_default=False)] = None,
) -> None:
    print(f"wrote {withdraw(entries, run_id, reason, key or default_key())}")
