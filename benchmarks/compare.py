"""Is one model better than others on the same queries, or is it chance?

    python -m benchmarks.compare RESULT_DIR OTHER_DIR... [--metric ndcg@10] [--all-pairs]

Compares the model of the first folder with each of the others (``--all-pairs``: every two). The test is a paired
randomisation test (Fisher; Smucker, Allan and Carterette, CIKM 2007): were the two models alike, each query's
difference could as well have the other sign. So p is the share of 10,000 seeded sign flips whose mean difference is at
least as far from 0, plus one. p values are Holm-corrected over all comparisons made. Intervals are 95% bootstrap
intervals of the mean difference. Several seeds of one model are averaged query by query first; the spread of their
means is shown. Of RMSE, AUC and calibration error, which are no means of pairs, each pair has its influence on the
score, so differences and tests hold for them too (``--metric rmse``). Folders come from ``benchmarks.run`` and hold
``queries.jsonl``, each query's scores."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from benchmarks.harness.registries import title_of
from benchmarks.reporting.comparison import Difference, System, differences_of, systems
from rad.errors import RadError, run
from rad.reporting.console import console, table
from rad.runtime.commands import command


@command
def main(
    folders: Annotated[list[Path], Argument(metavar="RESULT_DIR", help="finished runs of one task")],
    metric: Annotated[str, Option(metavar="NAME", help="a score of single queries")] = "ndcg@10",
    all_pairs: Annotated[bool, Option("--all-pairs", help="every two, not only the first with the others")] = False,
    permutations: Annotated[int, Option(metavar="N", help="sign flips of the test")] = 10_000,
    seed: Annotated[int, Option(help="of the test and the intervals")] = 0,
) -> None:
    if permutations < 1:
        raise RadError(f"--permutations must be at least 1, got {permutations}")
    if seed < 0:
        raise RadError(f"--seed must be at least 0, got {seed}")
    compared = systems(folders, metric)
    show_means(compared, metric)
    if len(compared) > 1:
        show_differences(differences_of(compared, all_pairs, permutations, seed), all_pairs)


def show_means(compared: Sequence[System], metric: str) -> None:
    """One row a model: its mean, and the spread over seeds."""
    grid = table(f"{title_of(metric)}: mean and spread over seeds", "model", "seeds", "mean", "least", "most", "sd")
    for s in compared:
        sd = f"{s.means.std(ddof=1):.4f}" if len(s.seeds) > 1 else ""
        ends = [f"{s.means.min():.4f}", f"{s.means.max():.4f}"] if len(s.seeds) > 1 else ["", ""]
        grid.add_row(s.label, ",".join(map(str, s.seeds)), f"{s.means.mean():.4f}", *ends, sd)
    console.print(grid)


def show_differences(differences: Sequence[Difference], all_pairs: bool) -> None:
    """One row a comparison."""
    title = "Differences" if all_pairs else f"{differences[0].first.label} minus each of the others"
    heads = ("pair" if all_pairs else "other", "queries", "difference", "95%\ninterval", "p", "p\nHolm", "")
    grid = table(title, *heads)
    for d in differences:
        name = f"{d.first.label} - {d.second.label}" if all_pairs else d.second.label
        cells = (f"{d.mean:+.4f}", f"{d.low:+.4f} {d.high:+.4f}", f"{d.p:.4f}", f"{d.p_corrected:.4f}", d.verdict)
        grid.add_row(name, f"{d.n:,}", *cells)
    console.print(grid)


if __name__ == "__main__":
    run(main)
