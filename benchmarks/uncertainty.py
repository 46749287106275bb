"""Do explanations help where a model is unsure, and is it enough to ask for them there?

    python -m benchmarks.uncertainty --cheap DIR DIR DIR --costly DIR DIR DIR --out FOLDER
    python -m benchmarks.uncertainty --cheap ... --costly ... --validation-cheap DIR DIR DIR --validation-costly DIR...

Finished runs of the rating or choice task, several seeds of one model each: ``dnn`` and ``lr_recsys``, say. The
variance of the cheap model's seeds is its uncertainty of a pair. Shown are the loss that the costly model saves by
decile of uncertainty, and a routing curve: the costly model answers only where the cheap one is more uncertain than a
threshold. With validation runs of the same models, the threshold that saves most there is applied to test. ``--out``
writes ``deciles.csv``, ``routing.csv`` and the curve as a page.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from typer import Option

from benchmarks.pairs.uncertainty import CheapAndCostly, Gain, RoutedShare, read_ensemble
from benchmarks.pairs.uncertainty_page import write
from rad.errors import RadError, run
from rad.reporting.console import console, table
from rad.runtime.commands import command

Folders = list[Path]


@command
def main(
    cheap: Annotated[Folders | None, Option(metavar="DIR", help="runs of the cheap model, a seed each")] = None,
    costly: Annotated[Folders | None, Option(metavar="DIR", help="runs of the costly model, a seed each")] = None,
    validation_cheap: Annotated[Folders | None, Option(metavar="DIR", help="the cheap model on validation")] = None,
    validation_costly: Annotated[Folders | None, Option(metavar="DIR", help="the costly one on validation")] = None,
    out: Annotated[Path | None, Option(metavar="DIR", help="folder for the tables and the plot")] = None,
) -> None:
    if not cheap or not costly:
        raise RadError("which runs? --cheap DIR DIR... and --costly DIR DIR..., seeds of one model each")
    if bool(validation_cheap) != bool(validation_costly):
        raise RadError("a threshold needs both models on validation: --validation-cheap and --validation-costly")
    pair = CheapAndCostly(read_ensemble(cheap), read_ensemble(costly))
    one, other, task = pair.cheap.result, pair.costly.result, pair.cheap.result.task
    title = f"{other.label} where {one.label} is unsure, {task.question} of {task.domain}, {task.split}"
    show_deciles(title, pair.deciles())
    mean, low, high = pair.slope()
    console.print(f"On the less sure half it saves {mean:+.4f} [{low:+.4f}, {high:+.4f}] more than on the other.")
    show_curve("Routing", pair.curve(pair.thresholds()))
    if validation_cheap and validation_costly:
        validation = CheapAndCostly(read_ensemble(validation_cheap), read_ensemble(validation_costly))
        if validation.cheap.result.task.split != "validation" or task.split == "validation":
            raise RadError(f"{validation_cheap[0]}: a threshold is chosen on validation runs, and used on test")
        show_curve("With the threshold that validation chose", pair.curve([validation.best_threshold()]))
    for path in write(out, title, pair) if out is not None else ():
        console.print(f"wrote {path}", markup=False, soft_wrap=True)


def show_deciles(title: str, rows: list[Gain]) -> None:
    """One row a tenth of the pairs, the surest first."""
    grid = table(title, "decile of uncertainty", "pairs", "cheap", "costly", "saved", "95%\ninterval")
    for row in rows:
        cells = (f"{row.cheap:.4f}", f"{row.costly:.4f}", f"{row.gain:+.4f}", f"{row.low:+.4f} {row.high:+.4f}")
        grid.add_row(row.name, f"{row.pairs:,}", *cells)
    console.print(grid)


def show_curve(title: str, rows: list[RoutedShare]) -> None:
    """One row a threshold: what it sends to the costly model, what that saves, and what as many by chance would."""
    grid = table(title, "sent", "variance\nabove", "saved", "95%\ninterval", "by chance")
    for row in rows:
        bar = f"{row.threshold:.4f}" if row.threshold >= 0 else "any"
        grid.add_row(
            f"{row.share:.0%}", bar, f"{row.gain:+.4f}", f"{row.low:+.4f} {row.high:+.4f}", f"{row.random:+.4f}"
        )
    console.print(grid)


if __name__ == "__main__":
    run(main)
