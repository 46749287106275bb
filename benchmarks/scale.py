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

import argparse
import hashlib
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from benchmarks.harness import sharded
from benchmarks.harness.base import CorpusMetric
from benchmarks.harness.registries import default_metrics, load_metric, load_metrics, load_model
from benchmarks.harness.runner import peak_memory, reset_peak
from benchmarks.run import settings_of
from rad import registry
from rad.data.shards import Shards
from rad.errors import RadError, run
from rad.reporting.console import table
from rad.runtime import parallel, provenance
from rad.runtime.files import atomic_write, canonical


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.scale", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="what python -m rad build wrote")
    parser.add_argument("--model", required=True, metavar="NAME", help="one of benchmarks/models")
    parser.add_argument("--set", nargs="+", action="extend", default=[], metavar="KEY=VALUE", help="settings")
    parser.add_argument("--split", choices=("test", "validation"), default="test")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--fit-users", type=int, default=20_000, metavar="N", help="fit on the first N (default 20,000)"
    )
    parser.add_argument("--metrics", nargs="+", default=list(query_metrics()), metavar="NAME")
    parser.add_argument(
        "--workers", type=int, default=1, metavar="N", help="processes; each fits the model (default 1)"
    )
    parser.add_argument("--engine", choices=parallel.ENGINES, default="local", help="ray: by Ray Data, extra 'ray'")
    parser.add_argument("--out", type=Path, default=Path("runs"), help="folder of the results (default: runs)")
    return parser.parse_args(argv)


def query_metrics() -> list[str]:
    """The default metrics that are scores of single queries."""
    return [name for name in default_metrics() if not issubclass(load_metric(name), CorpusMetric)]


def work_of(args: argparse.Namespace) -> tuple[sharded.Work, Shards]:
    """The checked request; one :class:`RadError` names all mistakes."""
    faults: list[str] = []
    known = registry.names("benchmarks.models")
    if args.model not in known:
        faults.append(registry.unknown("model", [args.model], known))
    if args.fit_users < 1:
        faults.append(f"--fit-users must be at least 1, got {args.fit_users}")
    try:
        load_metrics(args.metrics, {})
    except RadError as error:
        faults.append(str(error))
    settings = settings_of([args.model] if args.model in known else [], args.set, faults)
    if faults:
        raise RadError("; ".join(faults))
    changed = settings[args.model].model_dump(exclude_defaults=True)
    work = sharded.Work(
        data=str(args.data.resolve()),
        model=args.model,
        settings=tuple(changed.items()),
        split=args.split,
        seed=args.seed,
        fit_users=args.fit_users,
        metrics=tuple(args.metrics),
    )
    return work, Shards(args.data)


def execute(work: sharded.Work, shards: Shards, out: Path, workers: int = 1, engine: str = "local") -> Path:
    """Score every shard and return the result's folder; what a killed run with the same code left is used."""
    started, clock = provenance.now(), time.perf_counter()
    tree = provenance.tree()
    parts = [work.model_dump(exclude={"data"}), shards.manifest.sha256, tree["commit"], tree["diff"]]
    run_id = hashlib.sha256(canonical(parts).encode()).hexdigest()[:8]
    folder = out / work.model / f"shards-{work.split}-s{work.seed}-{run_id}"
    if (folder / "scores.json").exists():
        return folder
    files = [folder.resolve() / "values" / f"shard-{k:05d}.parquet" for k in range(len(shards))]
    rows = [{"work": work.model_dump_json(), "shard": k, "path": str(path)} for k, path in enumerate(files)]
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    reset_peak()
    peak = 0.0
    with Progress(*columns, console=Console(stderr=True)) as bars:
        task = bars.add_task(f"{work.model}: users", total=shards.n_users)
        for row in parallel.parallel_map(sharded.score_shard, rows, workers, engine):
            peak = max(peak, row["peak_mb"])
            bars.advance(task, row["rows"])
    scored = time.perf_counter()
    found = sharded.summarise(files, work)
    card = load_model(work.model)(None).card
    result: dict[str, Any] = {
        "schema_version": 1,
        "data": {key: getattr(shards.manifest, key) for key in ("name", "version", "sha256", "users")},
        "model": {"name": card.name, "version": card.version, "settings": dict(work.settings)},
        "fitted_on": f"the first {min(work.fit_users, shards.n_users)} users",
        "split": work.split,
        **found._asdict(),
        "scores": [score.model_dump() for score in found.scores],
        "cost": {
            "workers": workers,
            "engine": engine,
            "score_seconds": scored - clock,
            "summary_seconds": time.perf_counter() - scored,
            "peak_memory_mb": {"worker": peak, "main": peak_memory()},
        },
        "provenance": provenance.collect(work.seed, started, code=tree),
    }
    with atomic_write(folder / "scores.json") as file:
        file.write(json.dumps(result, indent=1) + "\n")
    return folder


def show(folder: Path) -> None:
    result = json.loads((folder / "scores.json").read_text(encoding="utf-8"))
    about, cost = result["data"], result["cost"]
    grid = table(f"{result['model']['name']} over {about['name']}", "metric", "mean", "95% interval", "queries")
    for score in result["scores"]:
        if score["slice"] == "all":
            ends = f"{score['ci_low']:.4f} to {score['ci_high']:.4f}"
            grid.add_row(score["metric"], f"{score['value']:.4f}", ends, f"{score['n']:,}")
    console = Console()
    console.print(grid)
    console.print(f"fitted on {result['fitted_on']}; {result['n_failed']:,} of {result['n']:,} predictions failed")
    console.print(
        f"{cost['score_seconds']:.0f} s scoring with {cost['workers']} worker(s), {cost['summary_seconds']:.0f} s "
        f"summarising; peak memory {cost['peak_memory_mb']['worker']:,.0f} MiB a worker, "
        f"{cost['peak_memory_mb']['main']:,.0f} MiB in the main process",
        highlight=False,
    )
    console.print(f"Result: {folder}", markup=False, soft_wrap=True, highlight=False)


def main() -> None:
    args = arguments()
    work, shards = work_of(args)
    show(execute(work, shards, args.out, args.workers, args.engine))


if __name__ == "__main__":
    run(main)
