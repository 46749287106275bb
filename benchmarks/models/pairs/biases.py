"""``biases``: the mean answer, plus how far the user and the item lie from it, shrunk where little is known.

    answer(u, i) = mean + b_u + b_i

The baseline predictor of Koren (KDD 2008, section 2.1), fitted by alternating ridge regressions. A user or an item that
training lacks has a bias of 0. Likes are numbers here, 0 and 1, and their sum is cut to a probability. Both ridges are
chosen on validation, from a small grid.

    python -m benchmarks.run --task rating --model biases
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product

import numpy as np

from benchmarks.harness.base import ModelCard, ModelSettings
from benchmarks.models.pairs._numbers import NumberModel, answers_of
from rad.types import Item, Pair

RIDGES = (1.0, 3.0, 10.0, 30.0)
ROUNDS = 15


class Model(NumberModel):
    baselines = ("global_mean",)

    def __init__(self, settings: ModelSettings | None = None) -> None:
        super().__init__(settings)
        self.ridges: dict[str, float] = {}
        self.n_parameters = 0

    @property
    def card(self) -> ModelCard:
        config = self.settings.model_dump() | self.ridges
        return ModelCard(
            name="biases", version="1", n_parameters=self.n_parameters, config=config, trained_on=["ratings"]
        )

    def learn(self, train: Sequence[Pair], validation: Sequence[Pair], items: Mapping[str, Item], seed: int) -> None:
        self.items, users = {item: k for k, item in enumerate(items)}, sorted({p.query.user_id for p in train})
        self.users = {user: k for k, user in enumerate(users)}
        chosen = (10.0, 10.0)
        if validation:
            right = answers_of(validation)

            def loss(ridges: tuple[float, float]) -> float:
                self._solve(train, *ridges)
                return float(((self.numbers(validation) - right) ** 2).mean())

            chosen = min(product(RIDGES, RIDGES), key=loss)
        self.ridges = {"user_ridge": chosen[0], "item_ridge": chosen[1]}
        users = sorted({p.query.user_id for p in [*train, *validation]})
        self.users = {user: k for k, user in enumerate(users)}
        self._solve([*train, *validation], *chosen)

    def _solve(self, pairs: Sequence[Pair], user_ridge: float, item_ridge: float) -> None:
        rows, columns, right = *self._places(pairs), answers_of(pairs)
        self.mean = float(right.mean())
        self.n_parameters = 1 + len(self.users) + len(self.items)
        # the last entry stays 0: it is that of users whom training lacks
        self.of_user, self.of_item = np.zeros(len(self.users) + 1), np.zeros(len(self.items))
        per_user = np.bincount(rows, minlength=len(self.of_user))
        per_item = np.bincount(columns, minlength=len(self.of_item))
        for _ in range(ROUNDS):
            rest = right - self.mean - self.of_user[rows]
            self.of_item = np.bincount(columns, rest, minlength=len(self.of_item)) / (per_item + item_ridge)
            rest = right - self.mean - self.of_item[columns]
            self.of_user = np.bincount(rows, rest, minlength=len(self.of_user)) / (per_user + user_ridge)

    def _places(self, pairs: Sequence[Pair]) -> tuple[np.ndarray, np.ndarray]:
        unknown = len(self.users)
        rows = np.array([self.users.get(p.query.user_id, unknown) for p in pairs], dtype=np.int64)
        return rows, np.array([self.items[p.item_id] for p in pairs], dtype=np.int64)

    def numbers(self, pairs: Sequence[Pair]) -> np.ndarray:
        rows, columns = self._places(pairs)
        return np.asarray(self.mean + self.of_user[rows] + self.of_item[columns])
