"""Is a costly model worth asking about every query, or only where a cheap one is uncertain?

    python -m benchmarks.routing CHEAP_RESULT_DIR COSTLY_RESULT_DIR --out routing
    python -m benchmarks.routing CHEAP_RESULT_DIR COSTLY_RESULT_DIR --validation CHEAP_DIR COSTLY_DIR

Two finished runs of one task, of which the first has rationales: ``rationale_first`` with ``reasoner=selector``, say,
and with a language model. A query goes to the costly model where the rationale of the cheap one leaves more than a
threshold unexplained. The first table is the curve from no query to all; beside it as many queries are routed at
random, and by an oracle that sees the answers and so is no method. What a routing adds is NDCG@10 less that of the
cheap model alone, paired by query, with its 95% bootstrap interval. A routed query costs both models. With
``--validation`` the threshold is chosen on two runs of the same models on the validation split. The second table says
where the costly model adds something, and how many reasons a query both state. ``--out`` writes both tables as CSV with
all intervals, and the curve as a page.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from benchmarks.audits.routing import ALL, CurvePoint, SliceGain, read_pair, refuse_other_models, write
from benchmarks.explanations.finished_run import DatasetCache
from rad.errors import RadError, run
from rad.reporting.console import console, table
from rad.runtime.commands import DataDir, command


@command
def main(
    cheap: Annotated[Path, Argument(metavar="CHEAP_RESULT_DIR", help="a finished run with rationales")],
    costly: Annotated[Path, Argument(metavar="COSTLY_RESULT_DIR", help="a finished run of the same task")],
    validation: Annotated[
        tuple[Path, Path] | None, Option(metavar="CHEAP COSTLY", help="runs of the same models on validation")
    ] = None,
    domain: Annotated[
        str | None, Option(metavar="NAME", help="the data, where the runs' were in a folder of your own")
    ] = None,
    data_dir: DataDir = None,
    out: Annotated[Path | None, Option(metavar="DIR", help="write routing.csv, slices.csv, routing.html")] = None,
) -> None:
    if out is not None and out.exists() and not out.is_dir():
        raise RadError(f"--out {out}: is a file, a folder was expected")
    datasets = DatasetCache(domain, data_dir)
    pair = read_pair(cheap, costly, datasets)
    chosen = None
    if validation is not None:
        validated = read_pair(*validation, datasets)
        refuse_other_models(pair, validated)
        chosen = validated.best_threshold()
    points, slices = pair.curve(pair.thresholds()), pair.slices()
    one, other, task = pair.cheap.result, pair.costly.result, pair.cheap.result.task
    title = f"{other.label} where {one.label} is uncertain, {task.domain}, {task.split}"
    show_curve(title, points)
    if chosen is not None:
        show_curve("With the threshold that validation chose", pair.curve([chosen]))
    mean, low, high = pair.advantage()
    console.print(f"The rule adds {mean:+.4f} [{low:+.4f}, {high:+.4f}] to chance, as a mean over these shares.")
    console.print("* sees the answers: no routing of as many queries is above it")
    show_slices(f"What {other.label} adds to {one.label}", slices)
    for name, values in (("cheap", pair.of_cheap), ("costly", pair.of_costly)):
        if "reasons" in values:
            console.print(f"{name}: {values['reasons'].mean():.1f} reasons, {values['words'].mean():.0f} words a query")
    for path in write(out, title, points, slices) if out is not None else ():
        console.print(f"wrote {path}", markup=False, soft_wrap=True)


def show_curve(title: str, points: Sequence[CurvePoint]) -> None:
    """One row a threshold: what it gives, what as many queries add by the other rules, and what it costs."""
    heads = ("more\nthan", "NDCG", "adds", "95%\ninterval", "random\nadds", "oracle\nadds*", "ms", "tokens")
    grid = table(title, "routed", *heads)
    for k in range(0, len(points), 3):
        point, random, oracle = points[k : k + 3]
        cells = [f"{point.threshold:.3f}" if point.threshold != ALL else "none", f"{point.ndcg:.4f}"]
        cells += [f"{point.difference:+.4f}", f"{point.low:+.4f} {point.high:+.4f}"]
        cells += [f"{random.difference:+.4f}", f"{oracle.difference:+.4f}", f"{point.ms:.1f}"]
        grid.add_row(f"{point.share:.0%}", *cells, f"{point.tokens:.0f}" if point.tokens is not None else "")
    console.print(grid)


def show_slices(title: str, rows: Sequence[SliceGain]) -> None:
    """One row a slice of the queries: both models, what the costly one adds, and how many reasons both state."""
    grid = table(title, "slice", "queries", "cheap", "costly", "adds", "95%\ninterval", "both\nstate")
    for row in rows:
        cells = (f"{row.cheap:.4f}", f"{row.costly:.4f}", f"{row.difference:+.4f}", f"{row.low:+.4f} {row.high:+.4f}")
        grid.add_row(row.name, f"{row.queries:,}", *cells, f"{row.both:.1f}" if row.both is not None else "")
    console.print(grid)


if __name__ == "__main__":
    run(main)
