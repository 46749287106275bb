"""A second opinion on two baselines: EASE and SASRec of RecTools on the same purchases and the same queries.

RecTools wants older libraries, so it lives in an environment of its own and only files go to and fro:

    python3 -m venv rectools && rectools/bin/pip install 'rectools[torch]==0.19.0'
    python -m benchmarks.crosscheck export FOLDER --domain scientific
    rectools/bin/python benchmarks/audits/rectools_rank.py FOLDER
    python -m benchmarks.crosscheck compare FOLDER

``export`` writes ``purchases.jsonl`` (a user's items, oldest first) and ``queries.jsonl`` (query, user, answer), where
a query's history is the whole of its user's purchases: so both sides hide the same items. ``rectools_rank.py`` writes
one ranking a query for each model; ``compare`` fits ours, scores all by one metric, and shows how far the rankings
agree. EASE has a closed form, so with one penalty and no recency both must agree but for ties and rounding
(``ease_turned``; ``ease`` shows what RecTools 0.19.0 does). Two SASRecs are two random starts and two tastes in
details: only their scores can be alike.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from benchmarks.audits import crosscheck
from benchmarks.audits.crosscheck import DEPTH, Split
from benchmarks.audits.rectools_rank import NAMES
from rad.data.load import open_dataset
from rad.errors import RadError, run
from rad.registry import unknown
from rad.runtime.commands import DataDir, group

Folder = Annotated[Path, Argument(metavar="FOLDER", help="the files that go to and fro")]
Domain = Annotated[str, Option(metavar="NAME", help="the data")]
SplitOption = Annotated[Split, Option(help="which queries")]


def export(
    folder: Folder, domain: Domain = "scientific", data_dir: DataDir = None, split: SplitOption = "test"
) -> None:
    """Write the purchases and the queries."""
    users, queries = crosscheck.export(folder, open_dataset(domain, data_dir), split)
    print(f"{users} users and {queries} queries in {folder}")


def compare(
    folder: Folder,
    domain: Domain = "scientific",
    data_dir: DataDir = None,
    split: SplitOption = "test",
    models: Annotated[list[str] | None, Option(metavar="NAME", help=f"some of {', '.join(NAMES)}")] = None,
    seed: Annotated[int, Option(metavar="N", min=0, help="of our models")] = 0,
) -> None:
    """Fit ours and compare the rankings."""
    if bad := [name for name in models or () if name not in NAMES]:
        raise RadError(unknown("model", bad, NAMES))
    for name, (ours, theirs, shared, same_order) in crosscheck.compare(
        folder, open_dataset(domain, data_dir), split, models or NAMES, seed
    ):
        print(
            f"{name}: ndcg@10 ours {ours:.4f}, RecTools {theirs:.4f}; {shared:.1%} of the first {DEPTH} items are the "
            f"same, in {same_order:.1%} of the queries in the same order"
        )


main = group(export, compare)

if __name__ == "__main__":
    run(main)
