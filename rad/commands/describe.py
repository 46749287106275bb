"""Counts, splits and three readable examples of a data set.

    python -m rad describe world
    python -m rad describe scientific --data-dir DIR --protocol time

Shares of warm and cold targets are those of the chosen protocol.
"""

from __future__ import annotations

from typing import Annotated

from rich.console import Console
from typer import Argument

from rad.commands._open import opened
from rad.runtime.commands import DataDir, Protocol, command


@command
def main(
    name: Annotated[str, Argument(metavar="NAME", help="a domain, or a release")],
    data_dir: DataDir = None,
    protocol: Protocol = "full",
) -> None:
    from rad.data import describe

    describe.render(opened(name, data_dir, protocol), Console())
