"""The command line: ``python -m annotation COMMAND``. A campaign is a folder; every command works on one.

    python -m annotation draft CAMPAIGN --domain world --limit 200     write draft rationales
    python -m annotation serve CAMPAIGN                                the review server with its pages, on this machine
    python -m annotation push CAMPAIGN --reviewers anna,ben            send the drafts to the reviewers
    python -m annotation pull CAMPAIGN                                 fetch what they have answered so far
    python -m annotation agreement CAMPAIGN                            how far they agree

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
from rad.registry import unknown

EXTRAS = ("argilla", "httpx", "openai")  # of the extra 'annotate'
COMMANDS = ("draft", "serve", "push", "status", "pull", "agreement", "judge", "withdraw", "demo")


def summary(command: str) -> str | None:
    """The first line of a command's docstring, read without importing it; None where there is no such module."""
    spec = importlib.util.find_spec(f"annotation.{command}")
    if spec is None or spec.origin is None:
        return None
    doc = ast.get_docstring(ast.parse(Path(spec.origin).read_text(encoding="utf-8")))
    return (doc or "").partition("\n")[0]


def main(arguments: Sequence[str] | None = None) -> int:
    given = list(sys.argv[1:] if arguments is None else arguments)
    lines = {name: line for name in COMMANDS if (line := summary(name)) is not None}
    top = argparse.ArgumentParser(
        prog="python -m annotation",
        description="Campaigns in which people review rationales.",
        epilog="commands:\n" + "\n".join(f"  {name:10} {line}" for name, line in lines.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("command", metavar="COMMAND", help="one of the commands below; COMMAND --help says more")
    name = top.parse_args(given[:1]).command
    if name not in lines:
        top.error(unknown("command", [name], lines))
    try:
        module = importlib.import_module(f"annotation.{name}")
    except ModuleNotFoundError as error:
        if (missing := (error.name or "").partition(".")[0]) not in EXTRAS:
            raise
        raise RadError(f"{name} needs '{missing}': pip install -c constraints.txt -e '.[annotate]'") from error
    parser = argparse.ArgumentParser(
        prog=f"python -m annotation {name}",
        description=module.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    module.arguments(parser)
    return module.main(parser.parse_args(given[1:])) or 0


if __name__ == "__main__":
    run(main)
