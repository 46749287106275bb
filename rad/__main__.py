"""The command line: ``python -m rad load|build|describe|check|push|card``. :func:`parser` has examples."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from rad import registry
from rad.errors import RadError, run

if TYPE_CHECKING:
    from rad.data.dataset import Dataset, Protocol

EXAMPLES = """examples:
  python -m rad load world                                  build the default world and say what it holds
  python -m rad load scientific --data-dir DIR --out OUT    write it as parquet files
  python -m rad build world:users=1000000 --out DIR         write a million users as shards, in bounded memory
  python -m rad describe world                              counts, splits and three readable examples
  python -m rad check scientific --data-dir DIR             look for leaks; exit status 1 if there is one
  python -m rad push world --to OWNER/rad-world             publish it on the Hub, or in a folder: --to DIR
  python -m rad load OWNER/rad-world@REVISION               read it back; a folder is read in the same way
  python -m rad card --check                                are DATASET_CARD.md and croissant.json up to date?
  python -m rad check rationales.jsonl --domain world       look for leaks in a file of rationales or predictions

A NAME is one of: {names}. Some take an argument after a colon (world:seed=3).
Raw files of real data are looked for in --data-dir, or in the folder that RAD_DATA names."""


def parser() -> argparse.ArgumentParser:
    keep = argparse.RawDescriptionHelpFormatter
    top = argparse.ArgumentParser(
        prog="python -m rad",
        description="RAD: recommendation data whose users say why.",
        epilog=EXAMPLES.format(names=", ".join(registry.names("rad.domains"))),
        formatter_class=keep,
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="load|build|describe|check|push|card")
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--data-dir", type=Path, metavar="DIR", help="folder with raw files (default: RAD_DATA)")
    protocol = argparse.ArgumentParser(add_help=False)
    protocol.add_argument("--protocol", default="full", metavar="P", help="full (default), time or rerank")
    load = commands.add_parser("load", parents=[shared], help="open a data set; --out writes parquet files")
    load.add_argument("name", metavar="NAME")
    load.add_argument("--out", type=Path, metavar="DIR", help="write parquet files and dataset.json here")
    build = commands.add_parser("build", parents=[shared], help="write any number of users as shards; resumes")
    build.add_argument("name", metavar="NAME")
    build.add_argument("--out", type=Path, metavar="DIR", required=True, help="the folder of the shards")
    build.add_argument("--workers", type=int, default=1, metavar="N", help="processes (default: 1)")
    build.add_argument("--engine", choices=("local", "ray"), default="local", help="ray: by Ray Data, extra 'ray'")
    build.add_argument("--shard-users", type=int, default=10_000, metavar="N", help="users in a file (default: 10,000)")
    describe = commands.add_parser("describe", parents=[shared, protocol], help="counts, splits, readable examples")
    describe.add_argument("name", metavar="NAME")
    check = commands.add_parser("check", parents=[shared, protocol], help="leak checks; exit status 1 on a leak")
    check.add_argument("name", metavar="NAME|FILE", help="a data set, or a .jsonl file of rationales or predictions")
    check.add_argument("--domain", metavar="NAME", help="the data set that the rationales of FILE belong to")
    push = commands.add_parser("push", parents=[shared], help="publish on the Hub or in a folder")
    push.add_argument("name", metavar="NAME")
    push.add_argument("--to", metavar="REPO|DIR", help="OWNER/NAME on the Hub, or a folder (default: RAD_HUB_REPO)")
    push.add_argument("--rationales", type=Path, metavar="FILE", help="rationales in place of the domain's own")
    push.add_argument("--dry-run", action="store_true", help="say what would be sent, and send nothing")
    card = commands.add_parser("card", parents=[shared], help="render DATASET_CARD.md and croissant.json")
    card.add_argument("--check", action="store_true", help="write nothing; exit status 1 if one is not up to date")
    card.add_argument("--record", nargs="+", metavar="NAME", help="count these domains into rad/facts.json first")
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. The status is 1 when ``check`` finds a leak; a :class:`RadError` is left to :func:`run`."""
    options = parser().parse_args(arguments)
    commands = {"load": _load, "build": _build, "describe": _describe, "check": _check, "push": _push, "card": _card}
    return commands[options.command](options)


def _known(*asked: tuple[str, str, Iterable[str]]) -> None:
    """Refuse all unknown names at once; each is a noun, what was given and what there is."""
    if wrong := [registry.unknown(noun, [given], known) for noun, given, known in asked if given not in known]:
        raise RadError("; ".join(wrong))


def _domain(name: str) -> list[tuple[str, str, Iterable[str]]]:
    from rad.data.dataset import is_release

    return [] if is_release(name) else [("domain", name.partition(":")[0], registry.names("rad.domains"))]


def _open(name: str, options: argparse.Namespace) -> Dataset:
    from rich.console import Console

    from rad.data.dataset import PROTOCOLS, open_dataset

    protocol = getattr(options, "protocol", "full")
    _known(*_domain(name), ("protocol", protocol, PROTOCOLS))
    with Console(stderr=True).status(f"opening {name}"):
        return open_dataset(name, options.data_dir, cast("Protocol", protocol))


def _load(options: argparse.Namespace) -> int:
    from rich.console import Console
    from rich.table import Table

    from rad.data import arrow

    data = _open(options.name, options)
    console = Console()
    written = arrow.write(data, options.out) if options.out else []
    table = Table("part", "rows", title=f"{data.name} {data.version}", title_justify="left")
    table.columns[1].justify = "right"
    for split, rows in data.examples.items():
        table.add_row(split, f"{len(rows):,}")
    table.add_row("items", f"{len(data.items):,}")
    table.add_row("rationales", f"{sum(e.rationale is not None for r in data.examples.values() for e in r):,}")
    console.print(table)
    console.print(f"sha256 {data.sha256}", soft_wrap=True)
    for path in written:
        console.print(f"wrote {path}", soft_wrap=True, highlight=False)
    if not written:
        console.print(f'in Python: rad.load("{data.name}"); as parquet files: --out DIR', highlight=False)
    return 0


def _build(options: argparse.Namespace) -> int:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from rad.data.shard_writer import build

    _known(*_domain(options.name))
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bars:
        task = bars.add_task("users", total=None)
        made = build(
            *(options.name, options.out, options.data_dir, options.workers, options.engine, options.shard_users),
            progress=lambda done, total: bars.update(task, completed=done, total=total),
        )
    size = sum((options.out / file["path"]).stat().st_size for file in made["files"])
    print(f"{made['users']:,} users, {made['interactions']:,} interactions, {made['files'][0]['rows']:,} items")
    print(f"{len(made['files']) - 1} shards, {size / 1e6:,.0f} MB in {options.out}\nsha256 {made['sha256']}")
    return 0


def _describe(options: argparse.Namespace) -> int:
    from rich.console import Console

    from rad.data import describe

    describe.render(_open(options.name, options), Console())
    return 0


def _check(options: argparse.Namespace) -> int:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from rad.leakage import dataset_checks, file_checks
    from rad.leakage.finding import Finding

    is_file = options.name.endswith((".jsonl", ".jsonl.gz")) or Path(options.name).is_file()
    if options.domain and not is_file:
        raise RadError(f"--domain goes with a file of rationales; '{options.name}' is none")
    name = options.domain if is_file else options.name
    data = _open(name, options) if name else None
    table = Table("", "check", "count", "what", title=f"Leak checks of {escape(options.name)}", title_justify="left")
    table.columns[2].justify = "right"
    findings: list[Finding] = []
    with Console(stderr=True).status("checking"):
        found: Iterable[Finding] = (
            file_checks.check_file(Path(options.name), data) if is_file or data is None else dataset_checks.check(data)
        )
        for finding in found:
            findings.append(finding)
            colour = {"leak": "bold red", "note": "yellow", "ok": "green"}[finding.level]
            share = f"{finding.count:,}" + (f" of {finding.total:,}" if finding.total else "")
            what = finding.text + (f"\n  such as {'; '.join(finding.examples)}" if finding.examples else "")
            count = share if finding.count else ""
            table.add_row(f"[{colour}]{finding.level}[/]", escape(finding.check), count, escape(what))
    console = Console()
    console.print(table)
    leaks = sum(finding.level == "leak" for finding in findings)
    notes = sum(finding.level == "note" for finding in findings)
    fine = len(findings) - leaks - notes
    console.print(f"leaks: {leaks}, notes: {notes}, checks without a finding: {fine}")
    return 1 if leaks else 0


def _push(options: argparse.Namespace) -> int:
    from rad.release import publish

    _known(*_domain(options.name))
    return publish.main(options)


def _card(options: argparse.Namespace) -> int:
    from rad.release import card

    if options.record:
        _known(*(known for name in options.record for known in _domain(name)))
    return card.main(options)


def command() -> None:
    """Entry point of the ``rad`` script."""
    run(main)


if __name__ == "__main__":
    command()
