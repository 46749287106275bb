"""Write any number of users as shards, in bounded memory; a build that was stopped goes on.

    python -m rad build world:users=1000000 --out DIR --workers 2

The folder is read a shard at a time (:mod:`rad.data.shards`); ``python -m benchmarks.scale`` fits and scores from it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from typer import Argument, Option

from rad.commands._open import check_names, domain_option
from rad.runtime.commands import DataDir, command
from rad.runtime.parallel import Engine


@command
def main(
    name: Annotated[str, Argument(metavar="NAME", help="a built-in world, with its settings")],
    out: Annotated[Path, Option(metavar="DIR", help="the folder of the shards")],
    data_dir: DataDir = None,
    workers: Annotated[int, Option(metavar="N", help="processes")] = 1,
    engine: Annotated[Engine, Option(help="ray: by Ray Data, extra 'ray'")] = "local",
    shard_users: Annotated[int, Option(metavar="N", help="users in a file")] = 10_000,
) -> None:
    from rad.data.shard_writer import build

    check_names(*domain_option(name))
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bars:
        task = bars.add_task("users", total=None)
        manifest = build(
            *(name, out, data_dir, workers, engine, shard_users),
            progress=lambda done, total: bars.update(task, completed=done, total=total),
        )
    files = manifest.files
    size = sum((out / file.path).stat().st_size for file in files)
    print(f"{manifest.users:,} users, {manifest.interactions:,} interactions, {files[0].rows:,} items")
    print(f"{len(files) - 1} shards, {size / 1e6:,.0f} MB in {out}\nsha256 {manifest.sha256}")
