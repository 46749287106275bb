"""The command line: ``python -m leaderboard COMMAND``.

    python -m leaderboard submit RESULT_DIR --name NAME --contact ADDRESS     a finished run becomes an entry
    python -m leaderboard verify                                             every score again, from the predictions
    python -m leaderboard withdraw RUN_ID --reason WHY                       take an entry back; nothing is deleted
    python -m leaderboard build --out DIR                                    the page
    python -m leaderboard season new DIR                                     a sealed edition of ``world``

Each command is a module of this package: see :mod:`rad.runtime.commands`.
"""

from __future__ import annotations

from functools import partial

from rad.errors import run
from rad.registry import EXTRAS
from rad.runtime import commands

PURPOSE = "The leaderboard: entries that are scored again from their predictions."
COMMANDS = ("submit", "verify", "withdraw", "build", "season")
summary = partial(commands.summary, "leaderboard")
main = commands.package("leaderboard", PURPOSE, COMMANDS, EXTRAS)


if __name__ == "__main__":
    run(main)
