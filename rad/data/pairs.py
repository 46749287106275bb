"""Pairs of a user and an item, for the tasks that score one item rather than rank a catalogue.

    rating   how high the user rates the item
    choice   whether the user likes it: yes or no

Pairs follow the splits of :mod:`rad.data.splits`: each validation and test example gives a pair of its history and its
target, and every interaction that is training gives one of what came before it. So the pair of test is the user's last
item, and its history never holds the item's own rating or review.

What a user likes. A rating in the upper quarter of the scale is a like: 4 of 1 to 5, 8 of 2 to 10. The scale runs from
the least to the highest rating of the training split.

Negatives of the choice task are one of two kinds, which every result states:

- ``rated``: what the user has chosen and rated below a like. This is the default.
- ``drawn``: beside each target an item that the user never has, drawn from the targets of other users in the same
  split. So popular and new items are as frequent among the negatives as among the targets, and neither popularity nor
  novelty gives the answer. Ratings are not read.

A target that is in its own history is no pair, since its earlier rating stands there; such targets are counted.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Literal

from rad.data.dataset import Dataset
from rad.data.splits import SPLITS, query_id
from rad.errors import RadError
from rad.types import Interaction, Pair, Query, Split

PairTask = Literal["rating", "choice"]
Negatives = Literal["rated", "drawn"]
LIKED = 0.75  # of the scale, from its lower end
TRIES = 100  # draws of a negative, for users who have nearly everything
DRAWN = "-drawn"  # ends the id of the query of a negative that was drawn
REPEATED = "targets in their own history (left out)"
UNRATED = "targets without a rating (left out)"
ALONE = "targets without a negative (their users have every other target)"

Targets = Mapping[Split, Sequence[tuple[Query, Interaction]]]
"""What each query asks for, with its rating, by split."""


@dataclass(frozen=True, slots=True)
class PairSplits:
    """The pairs of a task, by split, with their answers.

    Attributes:
        task: What is asked.
        negatives: Which items are not liked; None for ratings.
        pairs: By split. Every pair has a query id of its own.
        constant: The mean answer of the training split, which a missing prediction scores as.
        notes: Counts of what was left out.
    """

    task: PairTask
    negatives: Negatives | None
    pairs: Mapping[Split, tuple[Pair, ...]]
    constant: float
    notes: Mapping[str, int] = field(default_factory=dict)


def answer_of(pair: Pair) -> float:
    """The answer as a number: the rating where there is one, else 1 for a like and 0 for none."""
    if pair.rating is not None:
        return pair.rating
    if pair.liked is None:
        raise RadError(f"the pair of query '{pair.query.query_id}' has no answer")
    return float(pair.liked)


def without_answer(pair: Pair) -> Pair:
    """What a model sees of a pair when it predicts."""
    return replace(pair, rating=None, liked=None)


def pair_splits(data: Dataset, task: PairTask, negatives: Negatives = "rated") -> PairSplits:
    """The pairs of a data set.

    Args:
        data: Open, under the protocol ``full`` or ``time``.
        task: What is asked.
        negatives: Which items are not liked, for the choice task.

    Raises:
        RadError: The domain has no ratings and the task needs them, or all of training is of one class.
    """
    if data.protocol not in ("full", "time"):
        option = "--repeats keep" if data.repeats == "keep" else "--protocol rerank"
        raise RadError(f"{data.name}: {option} is of rankings; --task {task} takes --protocol full or time")
    notes: Counter[str] = Counter()
    targets = {split: list(_distinct(rows, notes)) for split, rows in _targets(data).items()}
    if task == "choice" and negatives == "drawn":
        return _drawn(data, targets, notes)
    rated = {split: [(q, x.item_id, r) for q, x in rows if (r := _rating(data, x, notes)) is not None]
             for split, rows in targets.items()}  # fmt: skip
    ratings = [rating for _, _, rating in rated["train"]]
    if not ratings:
        other = "; --negatives drawn needs none" if task == "choice" else ""
        raise RadError(f"{data.name}: no training item has a rating, which --task {task} needs{other}")
    low, high = min(ratings), max(ratings)
    bar = low + LIKED * (high - low)
    if task == "rating":
        pairs = {s: tuple(Pair(q, item, r, r >= bar) for q, item, r in rows) for s, rows in rated.items()}
        return PairSplits(task, None, pairs, sum(ratings) / len(ratings), dict(notes))
    liked = sum(rating >= bar for rating in ratings)
    if liked in (0, len(ratings)):
        raise RadError(
            f"{data.name}: every training rating is {'a like' if liked else 'below a like'}, so there is one class "
            "only; --negatives drawn needs no ratings"
        )
    pairs = {s: tuple(Pair(q, item, None, r >= bar) for q, item, r in rows) for s, rows in rated.items()}
    return PairSplits(task, negatives, pairs, liked / len(ratings), dict(notes))


def _targets(data: Dataset) -> Targets:
    """Every training interaction, and the targets of validation and test, with the query that asks for each."""
    longest: dict[
        str, int
    ] = {}  # by user, how many interactions are training: the history of validation is all of them
    for split in SPLITS[:2]:
        for example in data.examples[split]:
            n = len(example.query.history) + (split == "train")
            longest[example.query.user_id] = max(n, longest.get(example.query.user_id, 0))
    domain = next((e.query.domain for split in SPLITS for e in data.examples[split]), data.name)
    out: dict[Split, list[tuple[Query, Interaction]]] = {"train": [], "validation": [], "test": []}
    for user in sorted(longest):
        sequence = data.sequences[user]
        for k in range(longest[user]):
            out["train"].append((Query(query_id(user, k), domain, user, tuple(sequence[:k])), sequence[k]))
    for split in SPLITS[1:]:
        for example in data.examples[split]:
            query = example.query
            # the id of a query says where its answer stands in the sequence of the user
            position = int(query.query_id.removeprefix(query.user_id + "-").partition("-")[0])
            out[split].append((query, data.sequences[query.user_id][position]))
    return out


def _distinct(rows: Sequence[tuple[Query, Interaction]], notes: Counter[str]) -> Iterator[tuple[Query, Interaction]]:
    for query, target in rows:
        if any(x.item_id == target.item_id for x in query.history):
            notes[REPEATED] += 1
        else:
            yield query, target


def _rating(data: Dataset, target: Interaction, notes: Counter[str]) -> float | None:
    if target.rating is None:
        notes[UNRATED] += 1
    elif not math.isfinite(target.rating):
        what = f"user {target.user_id} rates item {target.item_id} {target.rating}"
        raise RadError(f"{data.name}: {what}, which is no finite number")
    return target.rating


def _drawn(data: Dataset, targets: Targets, notes: Counter[str]) -> PairSplits:
    """One negative beside each target, the same for everyone: the draw is seeded by the id of the query."""
    owned = {user: {x.item_id for x in sequence} for user, sequence in data.sequences.items()}
    pairs: dict[Split, tuple[Pair, ...]] = {}
    for split in SPLITS:
        items = [x.item_id for _, x in targets[split]]
        rows: list[Pair] = []
        for (query, _), item in zip(targets[split], items, strict=True):
            rows.append(Pair(query, item, None, True))
            other = _other(items, owned[query.user_id], query.query_id)
            if other is None:
                notes[ALONE] += 1
                continue
            rows.append(Pair(replace(query, query_id=query.query_id + DRAWN), other, None, False))
        pairs[split] = tuple(rows)
    train = pairs["train"]
    liked = sum(bool(pair.liked) for pair in train)
    if liked == len(train):
        raise RadError(f"{data.name}: no training item could be drawn that its user lacks, so there is one class only")
    return PairSplits("choice", "drawn", pairs, liked / len(train), dict(notes))


def _other(items: Sequence[str], owned: set[str], key: str) -> str | None:
    rng = Random(key)  # a string seeds by its sha512, the same on every machine
    for _ in range(TRIES):
        item = items[rng.randrange(len(items))]
        if item not in owned:
            return item
    return None
