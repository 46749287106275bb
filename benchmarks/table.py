"""The result tables, rendered from ``results/``: the overview in the README, everything in ``results/README.md``.

    python -m benchmarks.table            # rewrites both
    python -m benchmarks.table --check    # exits 1 where they do not say what results/ say

The overview has a row a model and a column a domain: test NDCG@10, full ranking. ``results/README.md`` has for every
task (domain, protocol, split) all metrics, then NDCG@10 by slice, and for every domain what tuning chose. A row is a
model, averaged over its seeds: the interval is the mean of the seeds' bootstrap intervals over queries, and ± is the
standard deviation over seeds. Where ``explanation.json`` lies beside a result (``benchmarks.explain``), its scores
follow, a row a metric and a column a run. Of several runs of a model and seed the newest counts, and of several
versions of a data set the one that was run last; a run of a model that has a newer version says so. Runs with
``--limit`` are left out.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from typer import Option

from benchmarks.harness import settings_store
from benchmarks.reporting.markdown import pages
from rad.errors import RadError, run
from rad.runtime.commands import command
from rad.runtime.files import atomic_write


@command
def main(
    results: Annotated[Path, Option(metavar="DIR", help="folder of finished runs")] = Path("results"),
    readme: Annotated[Path, Option(metavar="FILE", help="the file with the overview")] = Path("README.md"),
    check: Annotated[bool, Option("--check", help="change nothing; exit 1 where a table is out of date")] = False,
) -> int:
    if not readme.is_file():
        raise RadError(f"{readme}: no such file")
    if not any(results.glob("**/result.json")):
        raise RadError(f"{results}: no finished runs there: python -m benchmarks.run --model NAME --out {results}")
    stale = [
        (path, text)
        for path, text in pages(results, readme, settings_store.logs()).items()
        if not path.is_file() or path.read_text(encoding="utf-8") != text
    ]
    for path, text in stale:
        if check:
            print(f"{path} does not say what {results} says: python -m benchmarks.table")
            continue
        with atomic_write(path) as file:
            file.write(text)
        print(f"wrote {path}")
    return int(check and bool(stale))


if __name__ == "__main__":
    run(main)
