"""The same purchases and queries for two libraries, and how far their rankings agree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from benchmarks.audits import rectools_rank as rectools
from benchmarks.audits.rectools_rank import rankings_file, read, write
from benchmarks.harness.base import Recommender
from benchmarks.harness.evaluate import evaluate
from benchmarks.harness.fitting import fit_and_answer, learning_examples
from benchmarks.models import ease
from rad.data.dataset import Dataset
from rad.data.splits import sequences_of
from rad.types import Example, Interaction, Prediction

DEPTH = 10  # ranks that are compared
Split = Literal["test", "validation"]


class Agreement(NamedTuple):
    """NDCG@10 of both sides, the share of the first items in common, and of queries where they are in one order."""

    ours: float
    theirs: float
    shared: float
    same_order: float


class Material(NamedTuple):
    """The purchases that both sides learn from, and the queries whose history is all that they learn of its user."""

    sequences: Mapping[str, Sequence[Interaction]]
    examples: list[Example]


def material(data: Dataset, split: Split) -> Material:
    """No side may see more than the other."""
    train, validation = learning_examples(data.examples, split)
    sequences = sequences_of([*train, *validation])
    learned = {user: tuple(x.item_id for x in sequence) for user, sequence in sequences.items()}
    examples = [
        e for e in data.examples[split] if learned.get(e.query.user_id) == tuple(x.item_id for x in e.query.history)
    ]
    return Material(sequences, examples)


def export(folder: Path, data: Dataset, split: Split) -> tuple[int, int]:
    """Write ``purchases.jsonl`` and ``queries.jsonl``, and return how many users and queries they have."""
    own = material(data, split)
    folder.mkdir(parents=True, exist_ok=True)
    purchases = ({"user": u, "items": [x.item_id for x in s]} for u, s in own.sequences.items())
    write(folder / "purchases.jsonl", purchases)
    queries = (
        {"query_id": e.query.query_id, "user": e.query.user_id, "relevant": dict(e.relevant)} for e in own.examples
    )
    write(folder / "queries.jsonl", queries)
    return len(own.sequences), len(own.examples)


def model(name: str) -> Recommender:
    """Ours, set as RecTools' model of that name."""
    if name == "sasrec":
        from benchmarks.models import sasrec  # it loads torch

        return sasrec.Model(
            sasrec.Model.Settings(
                hidden=rectools.HIDDEN,
                layers=rectools.LAYERS,
                heads=rectools.HEADS,
                dropout=rectools.DROPOUT,
                window=rectools.LONGEST,
            )
        )
    return ease.Model(ease.Model.Settings(penalty=rectools.PENALTY, recency=1.0))


def compare(
    folder: Path, data: Dataset, split: Split, names: Iterable[str], seed: int
) -> Iterator[tuple[str, Agreement]]:
    """Fit ours and score both sides by one metric, one name after the other."""
    examples = material(data, split).examples
    queries = [e.query for e in examples]
    for name in names:
        ours = fit_and_answer(model(name), data.examples, data.items, split, seed, queries).predictions
        rankings = {row["query_id"]: tuple(row["ranking"]) for row in read(rankings_file(folder, name))}
        theirs = [Prediction(p.query_id, rankings[p.query_id]) for p in ours]
        scores = [evaluate(side, examples, ["ndcg@10"], data.items).value("ndcg@10") for side in (ours, theirs)]
        pairs = [(a.ranking[:DEPTH], b.ranking[:DEPTH]) for a, b in zip(ours, theirs, strict=True)]
        shared = sum(len(set(a) & set(b)) for a, b in pairs) / (DEPTH * len(pairs))
        yield name, Agreement(scores[0], scores[1], shared, sum(a == b for a, b in pairs) / len(pairs))
