"""Score a model over a folder of shards, of any number of users, in bounded memory.

    python -m rad build world:users=1000000 --out DIR --workers 2
    python -m benchmarks.scale --data DIR --model item_knn --workers 2
    python -m benchmarks.scale --data DIR --model bm25 --set last=3 --fit-users 50000 --engine ray

The model is fitted on the first ``--fit-users`` users (their training and validation purchases) and answers the test
query of every user, ranking the whole catalogue. The result is a folder under ``--out`` with one row of numbers a query
(``values/``) and, last, ``scores.json``; a run that is killed goes on where it stopped when it is given again. Metrics
of all predictions together (coverage) are left out. With ``--engine ray`` shards are scored by Ray Data; on a cluster
(``RAY_ADDRESS``) the folders must be seen by all machines, and the project installed on them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from typer import Option

from benchmarks.harness.base import CorpusMetric
from benchmarks.harness.experiment import model_settings, seed_errors
from benchmarks.harness.registries import default_metrics, load_metric, title_of
from benchmarks.harness.sharded import ShardedExperiment, StoredScores, execute, values_of
from rad.data.shards import Shards
from rad.errors import run
from rad.reporting.console import console, table
from rad.runtime.commands import command
from rad.runtime.parallel import Engine


@command
def main(
    data: Annotated[Path, Option(metavar="DIR", help="what python -m rad build wrote")],
    model: Annotated[str, Option(metavar="NAME", help="one of benchmarks/models")],
    settings: Annotated[list[str] | None, Option("--set", metavar="KEY=VALUE", help="settings")] = None,
    split: Annotated[Literal["test", "validation"], Option(help="which queries")] = "test",
    seed: Annotated[int, Option(help="of all chance")] = 0,
    fit_users: Annotated[int, Option(metavar="N", help="fit on the first N")] = 20_000,
    metrics: Annotated[list[str] | None, Option(metavar="NAME", help="default: all of single queries")] = None,
    workers: Annotated[int, Option(metavar="N", help="processes; each fits the model")] = 1,
    engine: Annotated[Engine, Option(help="ray: by Ray Data, extra 'ray'")] = "local",
    out: Annotated[Path, Option(metavar="DIR", help="folder of the results")] = Path("runs"),
) -> None:
    errors = [f"--fit-users must be at least 1, got {fit_users}"] if fit_users < 1 else []
    errors += seed_errors(seed)
    scored = metrics or [name for name in default_metrics() if not issubclass(load_metric(name), CorpusMetric)]
    chosen = model_settings([model], settings or [], scored, errors)[model]
    experiment = ShardedExperiment(
        data=str(data.resolve()),
        model=model,
        settings=values_of(chosen),
        split=split,
        seed=seed,
        fit_users=fit_users,
        metrics=tuple(scored),
    )
    show(execute(experiment, Shards(data), out, workers, engine))


def show(stored: StoredScores) -> None:
    """The scores over all queries, and what they cost."""
    result = stored.result
    cost, memory = result["cost"], result["cost"]["peak_memory_mb"]
    grid = table(
        f"{result['model']['name']} over {result['data']['name']}", "metric", "mean", "95% interval", "queries"
    )
    for score in result["scores"]:
        if score["slice"] == "all":
            ends = f"{score['ci_low']:.4f} to {score['ci_high']:.4f}"
            grid.add_row(title_of(score["metric"]), f"{score['value']:.4f}", ends, f"{score['n']:,}")
    console.print(grid)
    console.print(f"fitted on {result['fitted_on']}; {result['n_failed']:,} of {result['n']:,} predictions failed")
    console.print(
        f"{cost['score_seconds']:.0f} s scoring with {cost['workers']} worker(s), {cost['summary_seconds']:.0f} s "
        f"summarising; peak memory {memory['worker']:,.0f} MiB a worker, {memory['main']:,.0f} MiB in the main process"
    )
    if cost["tokens_per_query"] is not None:
        console.print(f"{cost['tokens_per_query']:,.1f} tokens written a query")
    console.print(f"Result: {stored.folder}", markup=False, soft_wrap=True)


if __name__ == "__main__":
    run(main)
