"""Finished runs on one HTML page: scores side by side, what they cost, and examples to read.

    python -m benchmarks.report RESULT_DIR...
    python -m benchmarks.report runs/*/world-full-test-* --out report.html

The page is one file that asks for nothing from outside. It has tables with 95% intervals: ranking, then the families of
``benchmarks.explain`` where a run has its scorecard. Plots show NDCG@10 against explanation quality and cost, and the
truncation curves. The first ``--examples`` queries stand below with history, rationales with their claims marked,
rankings, and what changed when the rationale was changed. Runs of different tasks stand in sections of their own. What
a run lacks is left out, and the page says which command adds it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from benchmarks.explanations.finished_run import DatasetCache
from benchmarks.reporting.page.document import page
from benchmarks.reporting.page.runs import read_runs, unexplained
from rad.errors import RadError, run
from rad.reporting.console import console
from rad.runtime.commands import DataDir, command
from rad.runtime.files import atomic_write


@command
def main(
    folders: Annotated[list[Path], Argument(metavar="RESULT_DIR", help="finished runs")],
    out: Annotated[Path, Option(metavar="FILE", help="where the page is written")] = Path("report.html"),
    examples: Annotated[int, Option(metavar="N", help="queries to show; 0: none")] = 20,
    domain: Annotated[
        str | None, Option(metavar="NAME", help="the data, where the runs' were in a folder of your own")
    ] = None,
    data_dir: DataDir = None,
) -> None:
    if examples < 0:
        raise RadError(f"--examples must be at least 0, got {examples}")
    if out.is_dir():
        raise RadError(f"--out {out}: is a folder, a file was expected")
    tasks = read_runs(folders)
    text = page(tasks, examples, DatasetCache(domain, data_dir))
    with atomic_write(out) as file:
        file.write(text)
    for one in (one for runs in tasks for one in runs):
        for line in one.missing:
            console.print(f"{one.label}: {line}", markup=False, soft_wrap=True)
    for runs in tasks:
        if more := unexplained(runs):
            console.print(f"more on their rationales: {more[1]}", markup=False, soft_wrap=True)
    console.print(f"wrote {out} ({len(text.encode()) / 1e6:.1f} MB)", markup=False, soft_wrap=True)


if __name__ == "__main__":
    run(main)
