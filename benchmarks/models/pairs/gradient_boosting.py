"""``gradient_boosting``: LightGBM trees over the features that every model of pairs reads. The strong plain baseline.

Ratings by squared error, likes by log loss (Ke et al., NeurIPS 2017). The number of trees is where validation loss is
least; the trees are then fitted again on training and validation together. Item and user ids are no features: what
others say of the item, and the user's history, stand for them (:mod:`benchmarks.models.pairs._features`).

    python -m benchmarks.run --task rating --model gradient_boosting
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import lightgbm
import numpy as np
from pydantic import Field

from benchmarks.harness.base import ModelCard, ModelSettings
from benchmarks.models.pairs._features import fitted
from benchmarks.models.pairs._numbers import NumberModel, PairSettings, answers_of
from rad.types import Item, Pair

PATIENCE = 30  # trees without progress on validation, after which no more are grown


class Model(NumberModel):
    class Settings(PairSettings):
        trees: int = Field(default=400, ge=1, description="trees at most; validation says how many")
        leaves: int = Field(default=15, ge=2, description="leaves of a tree")
        learning_rate: float = Field(default=0.06, gt=0, description="shrinkage of each tree")
        least: int = Field(default=40, ge=1, description="pairs in a leaf at least")

    settings: Settings
    stochastic = True
    baselines = ("global_mean", "biases")
    test_settings: ClassVar[Mapping[str, Any]] = {"trees": 10, "least": 5}
    search_space: ClassVar[Mapping[str, tuple[object, ...]]] = {
        "leaves": (15, 7, 31),
        "least": (40, 100, 20),
        "learning_rate": (0.06, 0.03),
    }

    def __init__(self, settings: ModelSettings | None = None) -> None:
        super().__init__(settings)
        self.n_trees = 0

    @property
    def card(self) -> ModelCard:
        config = self.settings.model_dump() | {"trees_grown": self.n_trees}
        size = self.n_trees * self.settings.leaves
        return ModelCard(
            name="gradient_boosting", version="1", n_parameters=size, config=config, trained_on=["ratings"]
        )

    def learn(self, train: Sequence[Pair], validation: Sequence[Pair], items: Mapping[str, Item], seed: int) -> None:
        options: dict[str, Any] = {
            "objective": "regression" if self.is_rating else "binary", "num_leaves": self.settings.leaves,
            "learning_rate": self.settings.learning_rate, "min_data_in_leaf": self.settings.least, "lambda_l2": 5.0,
            "feature_fraction": 0.6, "bagging_fraction": 0.7, "bagging_freq": 1, "max_bin": 127,
            "seed": seed, "deterministic": True, "force_row_wise": True, "num_threads": 1, "verbose": -1,
        }  # fmt: skip
        self.n_trees = self.settings.trees
        self.seconds_saved = 0.0
        if validation:
            (features, described, _), saved = fitted(train, items)
            self.seconds_saved += saved
            data = lightgbm.Dataset(described, answers_of(train))
            held = lightgbm.Dataset(features.describe(validation), answers_of(validation), reference=data)
            stop = lightgbm.early_stopping(PATIENCE, verbose=False)
            grown = lightgbm.train(options, data, self.settings.trees, valid_sets=[held], callbacks=[stop])
            self.n_trees = grown.best_iteration or self.settings.trees
        pairs = [*train, *validation]
        (self.features, described, _), saved = fitted(pairs, items)
        self.seconds_saved += saved
        data = lightgbm.Dataset(described, answers_of(pairs))
        self.trees = lightgbm.train(options, data, self.n_trees)

    def numbers(self, pairs: Sequence[Pair]) -> np.ndarray:
        return np.asarray(self.trees.predict(self.features.describe(pairs), num_threads=1))
