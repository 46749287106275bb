'''Command lines by typer, as plain text. A command module is a manual and a function::

    """One line that says what the command does.

        python -m benchmarks.tune --model ltr bm25 --show          an example to paste
    """

    @command
    def main(
        folders: Annotated[list[Path], Argument(metavar="RESULT_DIR", help="finished runs")],
        model: Annotated[list[str] | None, Option(metavar="NAME", help="one or more (default: all)")] = None,
        split: Annotated[Literal["test", "validation"], Option(help="which queries")] = "test",
        settings: Annotated[list[str] | None, Option("--set", metavar="KEY=VALUE")] = None,
        show: Annotated[bool, Option("--show", help="only the table")] = False,
    ) -> int | None: ...

    if __name__ == "__main__":
        run(main)

``main()`` reads the process's arguments, ``main(["DIR", "--model", "a", "b"])`` a list, as tests do, and
``main.function`` is the function itself. The returned number is the exit status; a bad option is one line and status 2.
The module's docstring is the help, word for word. Lists take several values after one flag. A boolean option names its
flag, else typer adds ``--no-show``. Help shows defaults by itself, except those that stand for ``None``.
:func:`package` is the command line ``python -m PACKAGE COMMAND`` of a folder of such modules, :func:`group` that of a
few functions of one module.
'''

from __future__ import annotations

import ast
import importlib
import importlib.util
import inspect
import re
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer._click.exceptions import UsageError
from typer.core import TyperCommand, TyperGroup, TyperOption
from typer.main import get_command

from rad.errors import RadError
from rad.registry import unknown

if TYPE_CHECKING:
    from typer._click import Command, Context, HelpFormatter

# Options that several commands share.
DataDir = Annotated[Path | None, typer.Option(metavar="DIR", help="folder with raw files (default: RAD_DATA)")]
Protocol = Annotated[str, typer.Option(metavar="P", help="full, time or rerank")]

Parser = TyperCommand | TyperGroup
NEGATIVE_NUMBER = re.compile(r"-\d")


class Program:
    """A command line that Python can call: with a list of arguments, or with the process's own."""

    def __init__(self, name: str, build: Callable[[], Parser], function: Callable[..., int | None] | None = None):
        """``name`` is what a user types; ``function`` is what a single command runs."""
        self.name, self._build, self._function = name, build, function

    @cached_property
    def parser(self) -> Parser:
        """The parser, built when it is first used: by then all types of the function's parameters are defined."""
        return self._build()

    def __call__(self, arguments: Sequence[str] | None = None) -> int:
        """Run the command and give its exit status; bad arguments and ``--help`` raise :class:`SystemExit`."""
        words = list(sys.argv[1:] if arguments is None else arguments)
        try:
            # Not parser.main(): that turns an interruption and a closed pipe into its own messages.
            with self.parser.make_context(self.name, words) as context:
                return self.parser.invoke(context) or 0
        except typer.TyperException as error:
            message = " ".join(error.format_message().split())  # it may have a line for each choice
            message = message.rstrip(".").replace("Value error, ", "")  # a class's name, of no use here
            program = error.ctx.command_path if isinstance(error, UsageError) and error.ctx else self.name
            print(f"error: {message[:1].lower()}{message[1:]} ({program} --help says more)", file=sys.stderr)
            raise SystemExit(2) from error
        except typer.Exit as end:
            raise SystemExit(end.exit_code) from end

    @property
    def function(self) -> Callable[..., int | None]:
        """What a single command runs, to be called with values."""
        assert self._function is not None, f"{self.name} is a group of commands"
        return self._function


def command(function: Callable[..., int | None], more: Callable[[], str] = str) -> Program:
    """The command line of a module whose ``main`` is ``function``; the module's docstring is the help.

    ``more`` writes what stands below the options. It is called when help is asked for, so it may import.
    """
    module = function.__globals__
    return Program(_typed(module), lambda: _parser(function, module["__doc__"] or "", more), function)


def group(*functions: Callable[..., int | None]) -> Program:
    """The command line of a module with several actions: functions, whose names and docstrings the help shows."""
    module = functions[0].__globals__
    manuals = {f.__name__: inspect.getdoc(f) or "" for f in functions}
    lines = {name: manual.partition("\n")[0] for name, manual in manuals.items()}

    def build() -> Parser:
        parsers = [_parser(f, manuals[f.__name__]) for f in functions]
        actions: dict[str, Command] = dict(zip(manuals, parsers, strict=True))
        return _Group(rich_markup_mode=None, help=_listed(module["__doc__"] or "", lines), commands=actions)

    return Program(_typed(module), build)


def package(folder: str, manual: str, commands: Sequence[str], extras: Mapping[str, str]) -> Program:
    """The command line of a package whose commands are modules; only the module that is asked for is imported.

    Args:
        folder: the package of the command modules, ``PACKAGE`` or ``PACKAGE.commands``.
        manual: the help above the list of commands.
        commands: their names, in the order of the list.
        extras: modules that may be missing, each with the extra that installs it; one :class:`RadError` says which.
    """
    program = f"python -m {folder.removesuffix('.commands')}"
    return Program(program, lambda: _Package(folder, manual, commands, extras))


def summary(package: str, command: str) -> str | None:
    """The first line of a command's docstring, read without importing it; None where there is no such module."""
    spec = importlib.util.find_spec(f"{package}.{command}")
    if spec is None or spec.origin is None:
        return None
    doc = ast.get_docstring(ast.parse(Path(spec.origin).read_text(encoding="utf-8")))
    return (doc or "").partition("\n")[0]


def verbatim(text: str) -> str:
    """``text`` as help that keeps its lines: typer fills paragraphs that do not begin with ``\\b``."""
    return "\n\n".join(f"\b\n{paragraph}" for paragraph in text.strip().split("\n\n"))


def spread(arguments: Sequence[str], lists: Collection[str]) -> list[str]:
    """``--seed 0 1 2`` as ``--seed 0 --seed 1 --seed 2``, which typer wants, for each flag that ``lists`` names.

    A list ends at the next flag, so positional arguments go before it, or after another flag's value.

    >>> spread(["DIR", "--seed", "0", "-1", "--out", "x", "y"], {"--seed"})
    ['DIR', '--seed', '0', '--seed', '-1', '--out', 'x', 'y']
    """
    out: list[str] = []
    flag, is_empty = None, False
    for k, word in enumerate(arguments):
        is_flag = len(word) > 1 and word.startswith("-") and not NEGATIVE_NUMBER.match(word)
        if is_flag and is_empty:
            break
        if word == "--":
            return [*out, *arguments[k:]]
        if is_flag:
            flag = word if word in lists else None
            is_empty = flag is not None
            out += [] if flag else [word]
        else:
            out += [flag, word] if flag else [word]
            is_empty = False
    if is_empty:
        raise ValueError(f"{flag} needs at least one value")
    return out


def _typed(module: Mapping[str, object]) -> str:
    """What a user types to run a module, by its globals."""
    spec = module.get("__spec__")  # under python -m, __name__ does not say which module it is
    name = spec.name if isinstance(spec, ModuleSpec) else str(module["__name__"])
    return f"python -m {name.removesuffix('.__main__')}"


def _parser(function: Callable[..., int | None], manual: str, more: Callable[[], str] = str) -> TyperCommand:
    app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    app.command(cls=_Command, help=verbatim(manual))(function)
    parser = get_command(app)
    assert isinstance(parser, _Command)
    parser.more = more
    return parser


def _listed(manual: str, lines: Mapping[str, str]) -> str:
    """The manual of a group, with a line for each of its commands."""
    return verbatim(f"{manual.rstrip()}\n\n" + "\n".join(["commands:", *(f"  {n:10} {x}" for n, x in lines.items())]))


class _Command(TyperCommand):
    more: Callable[[], str] = str

    def format_epilog(self, ctx: Context, formatter: HelpFormatter) -> None:
        """What stands below the options, word for word."""
        if text := self.more():
            formatter.write(f"\n{text}\n")

    def parse_args(self, ctx: Context, args: list[str]) -> list[str]:
        lists = [option for option in self.params if isinstance(option, TyperOption) and option.multiple]
        try:
            return super().parse_args(ctx, spread(args, {flag for option in lists for flag in option.opts}))
        except ValueError as error:
            ctx.fail(str(error))


class _Group(TyperGroup):
    """A command line of several commands; an unknown one is a line with the closest name."""

    def parse_args(self, ctx: Context, args: list[str]) -> list[str]:
        if not args:
            ctx.fail(f"which command? one of {', '.join(self.list_commands(ctx))}")
        return super().parse_args(ctx, args)

    def resolve_command(self, ctx: Context, args: list[str]) -> tuple[str | None, Command | None, list[str]]:
        name = args[0]
        names = self.list_commands(ctx)
        if name not in names and not name.startswith("-"):
            ctx.fail(unknown("command", [name], names))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: Context, formatter: HelpFormatter) -> None:
        """Nothing: the manual lists them, because typer would import each command, and cut its line."""


class _Package(_Group):
    def __init__(self, folder: str, manual: str, commands: Sequence[str], extras: Mapping[str, str]):
        lines = {name: line for name in commands if (line := summary(folder, name)) is not None}
        super().__init__(rich_markup_mode=None, help=_listed(manual, lines))
        self.folder, self.names, self.extras = folder, list(lines), extras

    def list_commands(self, ctx: Context) -> list[str]:
        return self.names

    def get_command(self, ctx: Context, cmd_name: str) -> Command | None:
        if cmd_name not in self.names:
            return None
        ctx.invoked_subcommand = cmd_name  # for the message below, where the import fails
        program: Program = importlib.import_module(f"{self.folder}.{cmd_name}").main
        return program.parser

    def invoke(self, ctx: Context) -> int | None:
        try:
            status: int | None = super().invoke(ctx)
            return status
        except ModuleNotFoundError as error:
            if (missing := (error.name or "").partition(".")[0]) not in self.extras:
                raise
            extra = self.extras[missing]
            needs = f"{ctx.invoked_subcommand} needs '{missing}'"
            raise RadError(f"{needs}: pip install -c constraints.txt -e '.[{extra}]'") from error
