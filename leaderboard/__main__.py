"""The command line: ``python -m leaderboard COMMAND``.

    python -m leaderboard submit RESULT_DIR --name NAME --contact ADDRESS     a finished run becomes an entry
    python -m leaderboard verify                                             every score again, from the predictions
    python -m leaderboard withdraw RUN_ID --reason WHY                       take an entry back; nothing is deleted
    python -m leaderboard build --out DIR                                    the page
    python -m leaderboard season new DIR                                     a sealed edition of ``world``

Each command is a module of this package with ``arguments(parser)`` and ``main(args)``; its docstring is the help. No
module is imported before its command is asked for.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path

from rad.errors import RadError, run
from rad.registry import EXTRAS, unknown

COMMANDS = ("submit", "verify", "withdraw", "build", "season")


def summary(command: str) -> str | None:
    """The first line of a command's docstring, read without importing it; None where there is no such module."""
    spec = importlib.util.find_spec(f"leaderboard.{command}")
    if spec is None or spec.origin is None:
        return None
    doc = ast.get_docstring(ast.parse(Path(spec.origin).read_text(encoding="utf-8")))
    return (doc or "").partition("\n")[0]


def main(arguments: Sequence[str] | None = None) -> int:
    given = list(sys.argv[1:] if arguments is None else arguments)
    lines = {name: line for name in COMMANDS if (line := summary(name)) is not None}
    top = argparse.ArgumentParser(
        prog="python -m leaderboard",
        description="The leaderboard: entries that are scored again from their predictions.",
        epilog="commands:\n" + "\n".join(f"  {name:10} {line}" for name, line in lines.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("command", metavar="COMMAND", help="one of the commands below; COMMAND --help says more")
    name = top.parse_args(given[:1]).command
    if name not in lines:
        top.error(unknown("command", [name], lines))
    module = importlib.import_module(f"leaderboard.{name}")
    parser = argparse.ArgumentParser(
        prog=f"python -m leaderboard {name}",
        description=module.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    module.arguments(parser)
    try:
        return module.main(parser.parse_args(given[1:])) or 0
    except ModuleNotFoundError as error:
        if (missing := (error.name or "").partition(".")[0]) not in EXTRAS:
            raise
        raise RadError(f"{name} needs '{missing}': pip install -c constraints.txt -e '.[{EXTRAS[missing]}]'") from error


if __name__ == "__main__":
    run(main)
