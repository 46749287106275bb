"""Rankings by RecTools' EASE and SASRec of the purchases that ``python -m benchmarks.crosscheck export`` wrote.

    rectools/bin/python benchmarks/audits/rectools_rank.py FOLDER

It runs where RecTools is, and imports nothing of the project. RecTools 0.19.0 multiplies the purchases by the transpose
of the matrix in Steck's paper; ``ease_turned`` turns it back, ``ease`` leaves it as it is.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

PENALTY = 100.0
LONGEST = 20  # items that SASRec reads; RecTools pads every user to it
HIDDEN, LAYERS, HEADS, DROPOUT = 128, 1, 2, 0.5
NAMES = ("ease", "ease_turned", "sasrec")


def read(path: Path) -> list[dict[str, Any]]:
    """The objects of a file, one a line."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def write(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    """A file of objects, one a line."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def rankings_file(folder: Path, name: str) -> Path:
    """Where the rankings of one of RecTools' models are."""
    return folder / f"rectools.{name}.jsonl"


def rank(folder: Path, names: Iterable[str], epochs: int, learning_rate: float, seed: int) -> None:
    """Fit the named models and write a ranking of 100 items for each query."""
    import pandas as pd
    import pytorch_lightning
    from rectools import Columns
    from rectools.dataset import Dataset
    from rectools.models import EASEModel, SASRecModel

    rows = [
        (row["user"], item, 1.0, pd.Timestamp(0) + pd.Timedelta(days=k))
        for row in read(folder / "purchases.jsonl")
        for k, item in enumerate(row["items"])
    ]
    purchases = pd.DataFrame(rows, columns=[Columns.User, Columns.Item, Columns.Weight, Columns.Datetime])
    queries = {row["user"]: row["query_id"] for row in read(folder / "queries.jsonl")}
    pytorch_lightning.seed_everything(seed, workers=True)
    models = {
        "ease": EASEModel(regularization=PENALTY),
        "ease_turned": EASEModel(regularization=PENALTY),
        "sasrec": SASRecModel(
            n_blocks=LAYERS,
            n_heads=HEADS,
            n_factors=HIDDEN,
            dropout_rate=DROPOUT,
            session_max_len=LONGEST,
            loss="softmax",
            lr=learning_rate,
            get_trainer_func=lambda: pytorch_lightning.Trainer(
                max_epochs=epochs, deterministic=True, logger=False, enable_checkpointing=False
            ),
        ),
    }
    for name in names:
        distinct = purchases.drop_duplicates([Columns.User, Columns.Item]) if name != "sasrec" else purchases
        data = Dataset.construct(distinct)
        models[name].fit(data)
        if name == "ease_turned":
            models[name].weight = models[name].weight.T
        recommended = models[name].recommend(list(queries), data, k=100, filter_viewed=True)
        rankings = recommended.sort_values([Columns.User, Columns.Rank]).groupby(Columns.User)[Columns.Item].agg(list)
        write(
            rankings_file(folder, name),
            ({"query_id": q, "ranking": rankings.get(user, [])} for user, q in queries.items()),
        )
        print(f"{name}: {len(rankings)} rankings")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--models", nargs="+", choices=NAMES, default=list(NAMES))
    parser.add_argument("--epochs", type=int, default=30, help="of SASRec")
    parser.add_argument("--learning-rate", type=float, default=1e-3, help="of SASRec")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    rank(args.folder, args.models, args.epochs, args.learning_rate, args.seed)


if __name__ == "__main__":
    main()
