"""Can a recommendation be argued with? NDCG@10 after one, two and three corrections of the rationale.

    python -m benchmarks.steering runs/rationale_first/world-full-test-s0-1a2b3c4d runs/template/world-full-test-s0-...
    python -m benchmarks.steering RESULT_DIR... --json results/steering.json

On a built-in world a simulated user knows what moves them, and not the item: they strike a wrong reason, or say what
they want or rule out. Beside them stand as many *random* edits, and as many *leaking* ones, of somebody who sees the
answer. On other data, and on a world too, a run on the validation split has a variant with real people's purchases: the
user strikes what their last purchase contradicts, which comes after the answer; beside it as many random strikes.
Runs of a model with several seeds are one row. Intervals are 95% bootstrap intervals over users. The same after three
edits is the metric ``steering`` of ``python -m benchmarks.explain``, through which it comes onto the leaderboard.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from benchmarks.audits.steering import CurvePoint, SteeringCurve, curves, steer
from benchmarks.explanations.changes.steering import EDITS
from benchmarks.explanations.finished_run import DatasetCache, read_finished_run
from rad.errors import run
from rad.reporting.console import console, table
from rad.runtime import provenance
from rad.runtime.commands import DataDir, command
from rad.runtime.files import atomic_write


@command
def main(
    folders: Annotated[list[Path], Argument(metavar="RESULT_DIR", help="finished runs of models with rationales")],
    domain: Annotated[
        str | None, Option(metavar="NAME", help="the data, where the runs' were in a folder of your own")
    ] = None,
    data_dir: DataDir = None,
    json_file: Annotated[Path | None, Option("--json", metavar="FILE", help="write the curves here too")] = None,
) -> None:
    datasets = DatasetCache(domain, data_dir)
    runs = [read_finished_run(folder, datasets) for folder in folders]
    steered = []
    for number, one in enumerate(runs, 1):
        console.print(f"{number} of {len(runs)}: {one.result.label}, {one.result.task.domain} s{one.result.seed}")
        steered.append(steer(one))
    lines = curves(steered)
    show(lines)
    if json_file:
        record = {
            "curves": [one._asdict() | {"points": [p._asdict() for p in one.points]} for one in lines],
            "provenance": provenance.collect(0),
        }
        with atomic_write(json_file) as file:
            json.dump(record, file, indent=1, allow_nan=False)
            file.write("\n")
        console.print(f"wrote {json_file}", markup=False, soft_wrap=True)


def show(lines: Sequence[SteeringCurve]) -> None:
    """One table a data set and split: a row a model and critic, NDCG@10 and how many times that of no edit."""
    for domain, split in dict.fromkeys((one.domain, one.split) for one in lines):
        heads = ("no edit", *(f"{n} edit{'s' * (n > 1)}" for n in range(1, EDITS + 1)))
        grid = table(f"NDCG@10 after edits of the rationale: {domain}, {split}", "model, critic", *heads)
        for one in lines:
            if (one.domain, one.split) != (domain, split):
                continue
            name = f"{one.label}, {len(one.seeds)} seed{'s' * (len(one.seeds) > 1)}"
            grid.add_row(f"[bold]{name}[/bold]", f"{one.ndcg:.4f}")
            for critic in dict.fromkeys(p.critic for p in one.points):
                grid.add_row(f"  {critic}", "", *(cell(p) for p in one.points if p.critic == critic))
        console.print(grid)


def cell(point: CurvePoint) -> str:
    """NDCG@10, and its ratio to that of no edit with the interval."""
    low, high = point.ratio_ends
    return f"{point.ndcg:.4f} x{point.ratio:.2f}\n{low:.2f} {high:.2f}"


if __name__ == "__main__":
    run(main)
