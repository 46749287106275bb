"""Render DATASET_CARD.md and croissant.json; exit status 1 where --check finds one that is not up to date.

    python -m rad card --check
    python -m rad card --record scientific movies --data-dir DIR

``--record`` counts domains whose files are at hand, for cards that are rendered without them.
"""

from __future__ import annotations

import difflib
from typing import Annotated

from typer import Option

from rad.commands._open import check_names, domain_option
from rad.runtime.commands import DataDir, command
from rad.runtime.files import atomic_write


@command
def main(
    check: Annotated[bool, Option("--check", help="write nothing; exit status 1 if one is not up to date")] = False,
    record: Annotated[
        list[str] | None, Option(metavar="NAME", help="count these domains into rad/release/facts.json first")
    ] = None,
    data_dir: DataDir = None,
) -> int:
    from rad.release import card

    if record:
        check_names(*(option for name in record for option in domain_option(name)))
        card.record(record, data_dir)
    stale = 0
    for name, content in card.render().items():
        path = card.ROOT / name
        current = path.read_text(encoding="utf-8") if path.exists() else ""
        if check and current != content:
            stale += 1
            lines = difflib.unified_diff(
                current.splitlines(), content.splitlines(), name, "from the data", "", "", 0, ""
            )
            print(f"{name} is not what the data says; python -m rad card writes it:", *list(lines)[:12], sep="\n")
        elif not check:
            with atomic_write(path) as file:
                file.write(content)
            print(f"wrote {path.name}")
    return 1 if stale else 0
