"""A second opinion on two baselines: EASE and SASRec of RecTools on the same purchases and the same queries.

RecTools wants older libraries, so it lives in an environment of its own and only files go to and fro:

    python3 -m venv rectools && rectools/bin/pip install 'rectools[torch]==0.19.0'
    python -m benchmarks.crosscheck export FOLDER --domain scientific
    rectools/bin/python benchmarks/crosscheck.py rank FOLDER
    python -m benchmarks.crosscheck compare FOLDER

``export`` writes ``purchases.jsonl`` (a user's items, oldest first) and ``queries.jsonl`` (query, user, answer), where
a query's history is the whole of its user's purchases: so both sides hide the same items. ``rank`` writes one ranking a
query for each model; ``compare`` fits ours, scores all by one metric, and shows how far the rankings agree. EASE has a
closed form, so with one penalty and no recency both must agree but for ties and rounding. RecTools 0.19.0 multiplies
the purchases by the transpose of the matrix in Steck's paper; ``ease_turned`` turns it back, ``ease`` leaves it as it
is. Two SASRecs are two random starts and two tastes in details: only their scores can be alike.
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
DEPTH = 10


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def write(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def learnable(args: argparse.Namespace) -> Any:
    """The dataset and the examples to learn from and to answer."""
    from rad.data.load import open_dataset

    data = open_dataset(args.domain, args.data_dir)
    return data, data.examples["train"], data.examples["validation"] if args.split == "test" else ()


def asked(args: argparse.Namespace, data: Any, sequences: Any) -> list[Any]:
    """Queries whose history is all that was learned of their user."""
    histories = {user: tuple(x.item_id for x in sequence) for user, sequence in sequences.items()}
    return [
        e
        for e in data.examples[args.split]
        if histories.get(e.query.user_id) == tuple(x.item_id for x in e.query.history)
    ]


def export(args: argparse.Namespace) -> None:
    from rad.data.splits import sequences_of

    data, train, validation = learnable(args)
    sequences = sequences_of([*train, *validation])
    examples = asked(args, data, sequences)
    args.folder.mkdir(parents=True, exist_ok=True)
    write(
        args.folder / "purchases.jsonl",
        ({"user": u, "items": [x.item_id for x in s]} for u, s in sequences.items()),
    )
    write(
        args.folder / "queries.jsonl",
        ({"query_id": e.query.query_id, "user": e.query.user_id, "relevant": dict(e.relevant)} for e in examples),
    )
    print(f"{len(sequences)} users and {len(examples)} queries in {args.folder}")


def rank(args: argparse.Namespace) -> None:
    """Runs where RecTools is; imports nothing of the project."""
    import pandas as pd
    import pytorch_lightning
    from rectools import Columns
    from rectools.dataset import Dataset
    from rectools.models import EASEModel, SASRecModel

    rows = [
        (row["user"], item, 1.0, pd.Timestamp(0) + pd.Timedelta(days=k))
        for row in read(args.folder / "purchases.jsonl")
        for k, item in enumerate(row["items"])
    ]
    purchases = pd.DataFrame(rows, columns=[Columns.User, Columns.Item, Columns.Weight, Columns.Datetime])
    queries = {row["user"]: row["query_id"] for row in read(args.folder / "queries.jsonl")}
    pytorch_lightning.seed_everything(args.seed, workers=True)
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
            lr=args.learning_rate,
            get_trainer_func=lambda: pytorch_lightning.Trainer(
                max_epochs=args.epochs, deterministic=True, logger=False, enable_checkpointing=False
            ),
        ),
    }
    for name in args.models:
        known = purchases.drop_duplicates([Columns.User, Columns.Item]) if name != "sasrec" else purchases
        data = Dataset.construct(known)
        models[name].fit(data)
        if name == "ease_turned":
            models[name].weight = models[name].weight.T
        found = models[name].recommend(list(queries), data, k=100, filter_viewed=True)
        found = found.sort_values([Columns.User, Columns.Rank]).groupby(Columns.User)[Columns.Item].agg(list)
        answers = ({"query_id": q, "ranking": found.get(user, [])} for user, q in queries.items())
        write(args.folder / f"rectools.{name}.jsonl", answers)
        print(f"{name}: {len(found)} rankings")


def compare(args: argparse.Namespace) -> None:
    from benchmarks.harness.evaluate import evaluate
    from benchmarks.models import ease, sasrec
    from rad.data.splits import sequences_of
    from rad.types import Prediction

    data, train, validation = learnable(args)
    examples = asked(args, data, sequences_of([*train, *validation]))
    settings: dict[str, Any] = {
        "hidden": HIDDEN,
        "layers": LAYERS,
        "heads": HEADS,
        "dropout": DROPOUT,
        "window": LONGEST,
    }
    models: dict[str, Any] = {
        "ease": ease.Model(ease.Model.Settings(penalty=PENALTY, recency=1.0)),
        "ease_turned": ease.Model(ease.Model.Settings(penalty=PENALTY, recency=1.0)),
        "sasrec": sasrec.Model(sasrec.Model.Settings(**settings)),
    }
    for name in args.models:
        models[name].fit(train, validation, data.items, args.seed)
        ours = list(models[name].predict([e.query for e in examples]))
        rows = {row["query_id"]: tuple(row["ranking"]) for row in read(args.folder / f"rectools.{name}.jsonl")}
        theirs = [Prediction(p.query_id, rows[p.query_id]) for p in ours]
        scores = [evaluate(side, examples, ["ndcg@10"], data.items).value("ndcg@10") for side in (ours, theirs)]
        pairs = [(a.ranking[:DEPTH], b.ranking[:DEPTH]) for a, b in zip(ours, theirs, strict=True)]
        shared = sum(len(set(a) & set(b)) for a, b in pairs) / (DEPTH * len(pairs))
        same = sum(a == b for a, b in pairs) / len(pairs)
        print(
            f"{name}: ndcg@10 ours {scores[0]:.4f}, RecTools {scores[1]:.4f}; {shared:.1%} of the first {DEPTH}", end=""
        )
        print(f" items are the same, in {same:.1%} of the queries in the same order")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("step", choices=("export", "rank", "compare"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--domain", default="scientific")
    parser.add_argument("--data-dir", type=Path, help="folder with raw files (default: RAD_DATA)")
    parser.add_argument("--split", choices=("test", "validation"), default="test")
    parser.add_argument("--models", nargs="+", choices=NAMES, default=list(NAMES))
    parser.add_argument("--epochs", type=int, default=30, help="of RecTools' SASRec")
    parser.add_argument("--learning-rate", type=float, default=1e-3, help="of RecTools' SASRec")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    {"export": export, "rank": rank, "compare": compare}[args.step](args)


if __name__ == "__main__":
    main()
