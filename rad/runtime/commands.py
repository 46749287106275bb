"""Command lines of packages whose commands are modules: ``python -m PACKAGE COMMAND``.

A command is a module of the package with ``arguments(parser)`` and ``main(args)``; its docstring is the help. No module
is imported before its command is asked for.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import importlib.util
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from rad.errors import RadError
from rad.registry import unknown


def summary(package: str, command: str) -> str | None:
    """The first line of a command's docstring, read without importing it; None where there is no such module."""
    spec = importlib.util.find_spec(f"{package}.{command}")
    if spec is None or spec.origin is None:
        return None
    doc = ast.get_docstring(ast.parse(Path(spec.origin).read_text(encoding="utf-8")))
    return (doc or "").partition("\n")[0]


def main(
    package: str, purpose: str, commands: Sequence[str], extras: Mapping[str, str], arguments: Sequence[str] | None
) -> int:
    """Run the command that ``arguments`` (default: the process's) name, and give its exit status.

    ``extras`` maps modules that may be missing to the extra that installs them: one :class:`RadError` says which.
    """
    program = package.removesuffix(".commands")
    given = list(sys.argv[1:] if arguments is None else arguments)
    lines = {name: line for name in commands if (line := summary(package, name)) is not None}
    top = argparse.ArgumentParser(
        prog=f"python -m {program}",
        description=purpose,
        epilog="commands:\n" + "\n".join(f"  {name:10} {line}" for name, line in lines.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("command", metavar="COMMAND", help="one of the commands below; COMMAND --help says more")
    name = top.parse_args(given[:1]).command
    if name not in lines:
        top.error(unknown("command", [name], lines))
    try:
        module = importlib.import_module(f"{package}.{name}")
        parser = argparse.ArgumentParser(
            prog=f"python -m {program} {name}",
            description=module.__doc__,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.arguments(parser)
        return module.main(parser.parse_args(given[1:])) or 0
    except ModuleNotFoundError as error:
        if (missing := (error.name or "").partition(".")[0]) not in extras:
            raise
        extra = extras[missing]
        raise RadError(f"{name} needs '{missing}': pip install -c constraints.txt -e '.[{extra}]'") from error
