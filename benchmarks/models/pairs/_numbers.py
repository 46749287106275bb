"""What models of pairs share: one number a pair, in the range of the answers, and a share of training to learn from.

A rating outside the scale is cut to it, and a probability is kept ``EDGE`` away from 0 and 1. How much of training
there is to learn from is a setting, so that a learning curve is a series of runs like any other.
"""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from pydantic import Field

from benchmarks.harness.base import ModelSettings, PairModel
from rad.data.pairs import answer_of
from rad.errors import RadError
from rad.types import Item, Pair, PairPrediction

EDGE = 0.001


class PairSettings(ModelSettings):
    """What every model of pairs may be set to."""

    train_share: float = Field(default=1.0, gt=0, le=1, description="share of the training pairs that is learned from")


class NumberModel(PairModel):
    """A model that gives one number a pair.

    Attributes:
        is_rating: Whether ratings are asked for, rather than likes.
        low: The least number that it gives.
        high: The highest one.
    """

    settings: PairSettings

    class Settings(PairSettings):
        """None of its own."""

    @abstractmethod
    def learn(self, train: Sequence[Pair], validation: Sequence[Pair], items: Mapping[str, Item], seed: int) -> None:
        """Learn from pairs with their answers; the range is set."""

    @abstractmethod
    def numbers(self, pairs: Sequence[Pair]) -> np.ndarray:
        """[pairs]: ratings, or probabilities of a like; what lies outside the range is cut."""

    def fit(self, train: Sequence[Pair], validation: Sequence[Pair], items: Mapping[str, Item], seed: int) -> None:
        share = self.settings.train_share
        train, validation = ([p for p in pairs if _share_of(p) < share] for pairs in (train, validation))
        if not train:
            raise RadError(f"train_share={share:g} leaves no pair to learn from")
        self.is_rating = train[0].rating is not None
        answers = [answer_of(pair) for pair in train]
        if not validation:  # as on the validation split: what is chosen by validation is chosen by the last of training
            train, validation = _last_apart(train)
        self.low, self.high = (min(answers), max(answers)) if self.is_rating else (EDGE, 1 - EDGE)
        self.learn(train, validation, items, seed)

    def rate(self, pairs: Sequence[Pair]) -> Iterator[PairPrediction]:
        if not pairs:
            return
        for pair, number in zip(pairs, self.numbers(pairs).tolist(), strict=True):
            value = min(max(number, self.low), self.high)
            if self.is_rating:
                yield PairPrediction(pair.query.query_id, pair.item_id, rating=value)
            else:
                yield PairPrediction(pair.query.query_id, pair.item_id, probability=value)


def answers_of(pairs: Sequence[Pair]) -> np.ndarray:
    """[pairs]: the answers as numbers."""
    return np.array([answer_of(pair) for pair in pairs], dtype=float)


def _last_apart(train: Sequence[Pair]) -> tuple[list[Pair], list[Pair]]:
    """All but the last pair of each user, and those; a user of one pair stays, and nothing is apart if all are so."""
    last: dict[str, Pair] = {}
    several = set[str]()
    for pair in train:
        user = pair.query.user_id
        if user in last:
            several.add(user)
        if user not in last or len(pair.query.history) >= len(last[user].query.history):
            last[user] = pair
    apart = {id(last[user]) for user in several}
    return [p for p in train if id(p) not in apart], [p for p in train if id(p) in apart]


def _share_of(pair: Pair) -> float:
    """A number in [0, 1) that is the pair's own, so that a smaller share of training is a part of every larger one."""
    digest = hashlib.sha256(f"share:{pair.query.query_id}".encode()).digest()
    return int.from_bytes(digest[:6], "big") / 2**48
