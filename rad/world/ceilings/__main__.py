"""Compute, print and write the best scores that are possible on the test split of a built-in world.

python -m rad.world.ceilings world            # a table, and a small file that the main job reads
python -m rad.world.ceilings world_science
python -m rad.world.ceilings world:seed=7     # another world: its file goes to the cache folder
python -m rad.world.ceilings --purchases-only # what ratings and reviews are worth
python -m rad.world.ceilings world --pairs    # of the rating and choice tasks
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated

import numpy as np
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from typer import Argument, Option

from rad.data.load import open_dataset
from rad.errors import RadError, run
from rad.runtime.commands import command
from rad.world.ceilings import bounds, known_wants, pairs, store


@command
def main(
    name: Annotated[str, Argument(metavar="NAME", help="world or world_science, with settings")] = "world",
    seed: Annotated[int | None, Option(help="the world's seed, instead of the one in NAME")] = None,
    chains: Annotated[int, Option(help="independent Markov chains")] = bounds.CHAINS,
    sweeps: Annotated[int, Option(help="sweeps of each, a third burnt")] = bounds.SWEEPS,
    purchases_only: Annotated[
        bool, Option("--purchases-only", help="Bayes without sight of ratings and reviews; nothing is written")
    ] = False,
    of_pairs: Annotated[bool, Option("--pairs", help="the best possible ratings and choices instead")] = False,
    out: Annotated[Path | None, Option(help="file to write (default: beside the code, or the cache folder)")] = None,
) -> int:
    if chains < 1 or sweeps < 3:
        raise RadError("--chains must be at least 1 and --sweeps at least 3")
    if seed is not None:
        name += f"{',' if ':' in name else ':'}seed={seed}"
    data = open_dataset(name)
    is_default = name in ("world", "world_science")
    if of_pairs and purchases_only:
        raise RadError("--purchases-only is of rankings: leave out --pairs")
    if of_pairs:
        path = out or (store.PAIRS / f"{name}.json.gz" if is_default else store.cached_pairs(data.sha256))
        _show_pairs(name, data.sha256, chains, sweeps, path)
        return 0
    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task(f"ceilings of {name}", total=len(data.examples["test"]))
        ceilings = bounds.compute(
            name, "test", chains, sweeps, progress=lambda n: bar.advance(task, n), purchases_only=purchases_only
        )
    wants, sizes = known_wants.rank(data)
    ranks: Mapping[str, Iterable[int]] = {what: row.values() for what, row in ceilings.ranks.items()}
    table = Table(title=f"{name}, test, {len(sizes)} supported of {len(wants)} queries")
    for column in ("ceiling", "ndcg@10", "95%", "recall@10", "mrr"):
        table.add_column(column, justify="left" if column == "ceiling" else "right", no_wrap=True)
    for row in bounds.summary({**ranks, "known wants alone": wants.values()}):
        interval = f"{row.low:.3f}-{row.high:.3f}"
        table.add_row(row.name, f"{row.ndcg:.4f}", interval, f"{row.recall:.3f}", f"{row.mrr:.3f}")
    console = Console()
    console.print(table)
    spread = float(np.std(ceilings.chains, ddof=1) / np.sqrt(chains)) if chains > 1 else float("nan")
    promised = ", ".join(f"{what} {value:.4f}" for what, value in ceilings.expected.items())
    console.print(f"ndcg@10 that the probabilities promise: {promised}")
    singles = ", ".join(f"{value:.4f}" for value in ceilings.chains)
    console.print(f"bayes: single chains {singles}; Monte Carlo error {spread:.4f}")
    quarters = ", ".join(f"{q:.0f}" for q in np.quantile(sizes, (0.1, 0.25, 0.5, 0.75, 0.9)))
    console.print(
        f"anonymity set (items with every known want), 10/25/50/75/90%: {quarters} of {len(data.items)} items"
    )
    if purchases_only:  # a file is of all that a history shows
        return 0
    path = out or (store.FOLDER / f"{name}.json.gz" if is_default else store.cached(data.sha256))
    store.write(path, name, data.sha256, sweeps, ceilings.chains, ceilings.expected, ceilings.ranks)
    console.print(f"written: {path}", soft_wrap=True)
    return 0


def _show_pairs(name: str, sha256: str, chains: int, sweeps: int, path: Path) -> None:
    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task(f"ceilings of the pairs of {name}", total=None)
        best = pairs.compute(name, chains, sweeps, progress=lambda n: bar.advance(task, n))
    table = Table(*pairs.Row._fields, title=f"{name}, {len(best.answer):,} pairs of test")
    for row in pairs.summary(best):
        table.add_row(row.name, *(f"{value:.4f}" for value in row[1:]))
    console = Console()
    console.print(table)
    console.print(f"bayes, rmse of single chains: {', '.join(f'{value:.4f}' for value in best.chains)}")
    store.write_pairs(path, name, sha256, sweeps, best.chains, best.answer, pairs.LIKED, best.best)
    console.print(f"written: {path}", soft_wrap=True)


if __name__ == "__main__":
    run(main)
