"""``global_mean``: the mean answer of training and validation for every pair. The floor of ratings and choices.

python -m benchmarks.run --task rating --model global_mean
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from benchmarks.harness.base import ModelCard
from benchmarks.models.pairs._numbers import NumberModel, answers_of
from rad.types import Item, Pair


class Model(NumberModel):
    @property
    def card(self) -> ModelCard:
        config = self.settings.model_dump()
        return ModelCard(name="global_mean", version="1", n_parameters=1, config=config, trained_on=["ratings"])

    def learn(self, train: Sequence[Pair], validation: Sequence[Pair], items: Mapping[str, Item], seed: int) -> None:
        self.mean = float(answers_of([*train, *validation]).mean())

    def numbers(self, pairs: Sequence[Pair]) -> np.ndarray:
        return np.full(len(pairs), self.mean)
