"""A finished run as files that other libraries read, so that they can check its scores.

    python -m benchmarks.export RESULT_DIR --out DIR

- ``run.trec`` and ``qrels.trec``: the rankings and the answers in TREC's format, for trec_eval, ranx and ir_measures;
- ``rankings.csv`` (``user_id,item_id,rank``) and ``answers.csv`` (``user_id,item_id``): the same for RecTools. A query
  stands for a user there.

A query that failed has no ranking; it counts as 0 in a mean over all queries of the answers.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from benchmarks.audits.exports import export
from rad.errors import run
from rad.reporting.console import console
from rad.runtime.commands import command


@command
def main(
    folder: Annotated[Path, Argument(metavar="RESULT_DIR", help="a finished run")],
    out: Annotated[Path, Option(metavar="DIR", help="where the files go")],
) -> None:
    for path in export(folder, out):
        console.print(f"wrote {path}", markup=False, soft_wrap=True)


if __name__ == "__main__":
    run(main)
