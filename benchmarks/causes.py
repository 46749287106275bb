"""Which of a world's causes do rationales state, and which hold a ranking back from the Bayes ceiling?

    python -m benchmarks.causes runs/rationale_first/world-full-test-s0-1a2b3c4d runs/ltr/world-full-test-s0-5e6f7a8b

On the built-in worlds the reasons of each choice are known: a lasting taste, a need, a complement, a budget, a
dislike. The first table of a run says which share of the known reasons of each cause its rationales state, by their
value: among the first three reasons, and among all; and which share no candidate fact says, so that no choice among
facts can. The second has NDCG@10 of the choices that each cause drives, and what is lost there to the Bayes ceiling
where it is stored (``python -m rad.world.ceilings``). Losses add up to that of the run. Of these, *unsaid* is lost
where the rationale does not state the driving reason though a fact says it, and *beyond* where no fact does. Intervals
are 95% bootstrap intervals over queries.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from benchmarks.audits.causes import FIRST, CauseAudit, CauseRanking, CauseRecall
from benchmarks.explanations.finished_run import DatasetCache, read_finished_run
from rad.errors import run
from rad.reporting.console import console, table
from rad.runtime.commands import command


@command
def main(
    folders: Annotated[list[Path], Argument(metavar="RESULT_DIR", help="finished runs on built-in worlds")],
    domain: Annotated[
        str | None, Option(metavar="NAME", help="the data, where the runs' were in a folder of your own")
    ] = None,
) -> None:
    datasets = DatasetCache(domain)
    audits = [CauseAudit(read_finished_run(folder, datasets)) for folder in folders]
    for audit in audits:
        result = audit.run.result
        name = f"{result.label}, {result.task.domain} s{result.seed}, {result.task.split}"
        rankings = audit.rankings()  # before anything is printed, as it refuses runs without known reasons
        if recalls := audit.recalls():
            show_recalls(name, recalls, result.task.n)
        show_rankings(name, rankings, bool(recalls))


def show_recalls(name: str, rows: Sequence[CauseRecall], n: int) -> None:
    """One row a cause: how often it is known, what the rationales state of it, and what no fact says."""
    heads = ("choices", f"first {FIRST}\nstate", "95%\ninterval", "all\nstate", "95%\ninterval", "no fact\nsays")
    grid = table(f"Known reasons that rationales state: {name}", "cause", *heads)
    for row in rows:
        cells = (cell for e in (row.first, row.every) for cell in (f"{e[0]:.3f}", f"{e[1]:.3f} {e[2]:.3f}"))
        grid.add_row(row.cause, f"{row.queries / n:.0%}", *cells, f"{row.beyond:.3f}")
    console.print(grid)


def show_rankings(name: str, rows: Sequence[CauseRanking], is_written: bool) -> None:
    """One row a cause that drives choices: how these are ranked, and what is lost; where rationales are silent, too."""
    heads = ["choices", "NDCG", "95%\ninterval", "Bayes", "share\nof it", "lost", "unsaid", "beyond"]
    grid = table(f"Choices by the cause that drives them: {name}", "cause", *(heads if is_written else heads[:-2]))
    for row in rows:
        value, low, high = row.ndcg
        cells = [f"{row.queries:,}", f"{value:.4f}", f"{low:.3f} {high:.3f}".replace("0.", ".")]
        cells += [f"{row.bayes:.3f}" if row.bayes is not None else "", f"{value / row.bayes:.0%}" if row.bayes else ""]
        cells += [f"{lost:.4f}" if lost is not None else "" for lost in (row.lost, row.unsaid, row.beyond)]
        grid.add_row(row.cause, *cells[: len(grid.columns) - 1])
    console.print(grid)


if __name__ == "__main__":
    run(main)
