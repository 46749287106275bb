"""Choose a model's settings on validation, with the same budget for every model, and keep the log.

    python -m benchmarks.tune --model sasrec --domain scientific
    python -m benchmarks.tune --model rationale_first --set reasons=4
    python -m benchmarks.tune --task rating --model dnn
    python -m benchmarks.tune --show

A model states in ``search_space`` which values of which settings may be tried. The defaults are tried first, then
settings drawn at random without repeats (a fixed seed). Each is fitted on training data and scored by NDCG@10 (ratings
by RMSE, choices by log loss) on the first validation queries (users are in hashed order). The budget is ``--trials``
settings or ``--minutes`` of processor time, whichever ends first; a trial that has begun is finished. Models that
choose from a small grid inside ``fit`` (``item_knn``, ``bm25``) need none of this.

Every trial is one line of ``benchmarks/settings/<domain>[-<task>][-keep]/<model>[.<arm>].jsonl``, so a command that was
killed goes on where it was. ``benchmarks.run`` uses the best setting of the log, says so, and ``--set`` goes before it;
an arm without a log of its own uses the model's. Those of ``--repeats keep`` serve it alone. Test data is never read
here."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from typer import Option

from benchmarks.harness import settings_store
from benchmarks.harness.base import TaskName
from benchmarks.harness.experiment import model_settings
from benchmarks.harness.registries import title_of
from benchmarks.harness.settings_store import TuningSummary
from benchmarks.harness.tuning import tune
from rad.data.dataset import Repeats, with_repeats
from rad.data.load import open_dataset
from rad.data.pairs import Negatives, pair_splits
from rad.errors import run
from rad.reporting.console import console, table
from rad.runtime.commands import DataDir, command


@command
def main(
    model: Annotated[list[str] | None, Option(metavar="NAME", help="one or more")] = None,
    domain: Annotated[list[str] | None, Option(metavar="NAME", help="one or more (default: world)")] = None,
    settings: Annotated[list[str] | None, Option("--set", metavar="KEY=VALUE", help="held fixed")] = None,
    task: Annotated[TaskName, Option(help="a ranking, or a rating or a choice of pairs")] = "ranking",
    repeats: Annotated[Repeats, Option(help="whether what a user has had may be ranked")] = "mask",
    negatives: Annotated[Negatives, Option(help="what is not liked, of --task choice")] = "rated",
    trials: Annotated[int, Option(metavar="N", help="settings at most")] = 8,
    minutes: Annotated[float, Option(metavar="M", help="of processor time")] = 20.0,
    data_dir: DataDir = None,
    show: Annotated[bool, Option("--show", help="only the table of all logs")] = False,
) -> None:
    if show:
        show_logs(settings_store.logs())
        return
    errors = [f"--trials must be at least 1, got {trials}"] if trials < 1 else []
    fixed = model_settings(model or [], settings or [], errors=errors, task=task)
    paths = []
    for name in domain or ["world"]:
        dataset = open_dataset(name, data_dir, with_repeats("full", repeats))
        pairs = None if task == "ranking" else pair_splits(dataset, task, negatives)
        for one, held in fixed.items():
            paths.append(tune(dataset, one, held.model_dump(exclude_unset=True), trials, minutes, pairs))
    show_logs(paths)


def show_logs(paths: Sequence[Path]) -> None:
    """One row a log: how many settings, what the best and the first (the defaults) score, and what it cost."""
    heads = ("log, and what was chosen", "score", "tried", "best", "default", "minutes")
    grid = table("Tuning: scores on validation", *heads)
    for log in map(TuningSummary.of, paths):
        cells = (title_of(log.metric), str(log.tried), f"{log.best:.4f}", f"{log.default:.4f}", f"{log.minutes:.1f}")
        grid.add_row(f"{log.domain}/{log.model}\n  {log.chosen}", *cells)
    console.print(grid)


if __name__ == "__main__":
    run(main)
