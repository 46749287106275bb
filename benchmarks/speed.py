"""How fast the parts that users wait for are, beside what they would use instead; same inputs, same answers, one run.

    python -m benchmarks.speed
    python -m benchmarks.speed --only bm25 evaluate --documents 5000 --repeats 5

Every pair runs in this process on the same inputs, in turns, ``--repeats`` times; a ratio is the median over turns of
their time divided by ours. Time is that of the processor (all threads of the process), as waiting for other programs is
nobody's. Where their side takes minutes it is timed on the first few queries, which the table says, and given per
query. Before anything is timed the answers are compared, and a difference ends the command. Memory is what the peak
resident size grew by in the first turn, beside indexes and models (Linux); ours comes first, so theirs may reuse what
ours freed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Annotated

from rich.console import Console
from typer import Option

from benchmarks.audits import speed
from benchmarks.audits.speed_of_writing import writing
from benchmarks.audits.timing import Pair, timed
from rad.errors import RadError, run
from rad.registry import unknown
from rad.reporting.console import console, table
from rad.runtime.commands import command


@command
def main(
    only: Annotated[list[str] | None, Option(metavar="PART", help="some of bm25, evaluate, dense and writing")] = None,
    documents: Annotated[int, Option(metavar="N", help="documents that BM25 scores")] = 20_000,
    queries: Annotated[int, Option(metavar="N", help="queries to evaluate")] = 100_000,
    texts: Annotated[int, Option(metavar="N", help="BM25 queries, texts to embed, prompts")] = 512,
    repeats: Annotated[int, Option(metavar="N", help="turns, of which the median is taken")] = 3,
) -> None:
    sizes = {"documents": documents, "queries": queries, "texts": texts, "repeats": repeats}
    if low := [name for name, size in sizes.items() if size < 1]:
        raise RadError("; ".join(f"--{name} must be at least 1" for name in low))
    pairs: dict[str, Iterator[Pair]] = {
        "bm25": speed.bm25(documents, texts),
        "evaluate": speed.evaluation(queries),
        "dense": speed.dense(texts),
        "writing": writing(texts),
    }
    if bad := [part for part in only or () if part not in pairs]:
        raise RadError(unknown("part", bad, pairs))
    cores = f"{os.cpu_count()} cores, {os.environ.get('OMP_NUM_THREADS', 'all')} threads"
    grid = table(f"Speed, median of {repeats} ({cores})", "what", "CPU time", "memory\nMiB", "ratio", "goal")
    with Console(stderr=True).status("measuring"):
        for pair in (pair for part in pairs if part in (only or pairs) for pair in pairs[part]):
            timing = timed(pair, repeats)
            times = [f"{1000 * t:.3g} ms/{pair.unit}" for t in (timing.ours, timing.theirs)]
            goal = f"{pair.goal:.0f}" if pair.goal else ""
            grid.add_row(f"[bold]{pair.what}[/]")
            grid.add_row(f"  {pair.ours.name}", times[0], f"{timing.memory[0]:.0f}", f"{timing.ratio:.3g}", goal)
            grid.add_row(f"  {pair.theirs.name}", times[1], f"{timing.memory[1]:.0f}", "1", "")
    console.print(grid)
    console.print("All answers agree. Ratios above 1: ours takes less time.")


if __name__ == "__main__":
    run(main)
