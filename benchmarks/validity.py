"""Do the metrics of explanations measure what they say? A table of every metric by rationales of known quality.

    python -m benchmarks.validity
    python -m benchmarks.validity --markdown results/validity.md

Control rationales come from a built-in world, whose true reasons the world holds, and are scored like a model's. What
each metric's definition demands of them stands in ``DEMANDS`` of :mod:`benchmarks.explanations.controls.demands`. Then
it lists, for each kind of nonsense, the metrics that show it. The command exits 1 where a demand does not hold, or
nothing shows a nonsense.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

from rich.console import Console
from typer import Option

from benchmarks.explanations.controls.validity import (
    measure_controls,
    nonsense_rows,
    page,
    rows,
    undetected,
    violations,
)
from rad.data.load import open_dataset
from rad.errors import RadError, run
from rad.reporting.console import console, table
from rad.runtime.commands import command
from rad.runtime.files import atomic_write


@command
def main(
    domain: Annotated[str, Option(metavar="NAME", help="a built-in world")] = "world",
    ask: Annotated[int, Option(metavar="N", help="queries for faithfulness")] = 100,
    markdown_file: Annotated[Path | None, Option("--markdown", metavar="FILE", help="write the table here too")] = None,
) -> int:
    if ask < 4:
        raise RadError(f"--ask must be at least 4, got {ask}")
    values = measure_controls(open_dataset(domain), ask)
    broken = violations(values)
    heads = (kind.replace(" ", "\n") for kind in values)
    grid = table("Metrics by kind of rationale", "metric", "better", *heads, "demanded")
    for row in rows(values, broken):
        grid.add_row(*row)
    Console(highlight=False, width=None if sys.stdout.isatty() else 220).print(grid)
    if markdown_file:
        with atomic_write(markdown_file) as file:
            file.write(page(values, broken, domain, ask))
    shown = table("What shows the nonsense (truth, nonsense)", "nonsense", "shown by")
    for kind, metrics in nonsense_rows(values):
        shown.add_row(kind, metrics)
    console.print(shown)
    lines = [f"{name}: {violation}" for name, of_metric in broken.items() for violation in of_metric]
    lines += undetected(values)
    console.print("\n".join(lines) or "every demand holds", markup=False)
    return 1 if lines else 0


if __name__ == "__main__":
    run(main)
