"""``ltr``: LambdaMART over the other baselines' scores and attribute matches (Burges 2010; LightGBM, Ke et al. 2017).

1. Training prefixes (a sample of ``prefixes``) are described by :mod:`benchmarks.models._ltr_features`. Their users are
   dealt into
   ``folds``, and a prefix is described by co-purchases, popularity and value pairs counted *without* its user's fold:
   with them, its own answer would be among the facts. A prefix teaches if its answer is among its candidates.
2. A conditional logit over the candidates weighs the features: a sum of many small matches is what trees learn last.
3. LambdaMART goes on from that score where it counts, among the logit's first ``ORDERED`` candidates. The others keep
   the logit's order below them, then the rest of the catalogue follows by popularity.

Then the facts are counted again from all purchases, validation's too; the weights and trees stay. Validation answers
never serve to fit them. The item_knn, bm25 and dense parts choose their own settings on validation (24, 8 and 8).
Prefixes and the rows and columns of each tree are drawn by the seed. Fitting takes some two minutes of one core and
up to 3 GB for 25,000 prefixes with 100 features.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import lightgbm
import numpy as np
from pydantic import Field
from scipy.optimize import minimize

from benchmarks.harness.base import ModelCard, ModelSettings
from benchmarks.models import _ltr_features, bm25, dense, item_knn
from benchmarks.models._ltr_features import Facts, Texts
from benchmarks.models._scoring import BlockRecommender, ChoosingRecommender, ItemIndex, Setting
from rad.types import Example, Item, Query

ORDERED = 60
RIDGE = 1e-3
STEPS = 60  # of the logit's optimiser
EXTREME = 5.0  # standard deviations past which a feature says no more to the logit


class Model(BlockRecommender):
    class Settings(ModelSettings):
        prefixes: int = Field(default=25_000, ge=1, description="training prefixes to learn from, at most")
        folds: int = Field(default=10, ge=2, description="folds of users whose facts leave each other out")
        trees: int = Field(default=360, ge=0, description="trees of LambdaMART; none leaves the logit's order")
        leaves: int = Field(default=15, ge=2, description="leaves of a tree")
        learning_rate: float = Field(default=0.025, gt=0, description="weight of each tree")

    settings: Settings
    stochastic = True
    baselines = ("random", "popularity", "item_knn", "bm25", "dense", "hybrid")
    search_space: ClassVar = {
        "trees": (360, 180),
        "leaves": (15, 31),
        "learning_rate": (0.025, 0.05),
    }
    test_settings: ClassVar = {"prefixes": 100, "folds": 2, "trees": 5}

    def __init__(self, settings: ModelSettings | None = None) -> None:
        super().__init__(settings)
        self.parts: list[ChoosingRecommender] = []

    def fit(
        self, train: Sequence[Example], validation: Sequence[Example], items: Mapping[str, Item], seed: int
    ) -> None:
        self.catalogue = ItemIndex(items)
        knn, words, vectors = item_knn.Model(), bm25.Model(), dense.Model()
        self.parts = [knn, words, vectors]
        for part in self.parts:
            part.fit(train, validation, items, seed)
        texts = Texts(words, vectors, items)
        x, target, sizes = described_by_others(
            sample(train, self.settings.prefixes, seed), train, items, texts, knn.chosen, self.settings.folds
        )
        self.logit = Logit(x, target, sizes)
        self.trees = self._trees(x, target, sizes, seed)
        self.facts = Facts([*train, *validation], items, texts, knn.chosen)

    def _trees(self, x: np.ndarray, target: np.ndarray, sizes: np.ndarray, seed: int) -> lightgbm.Booster | None:
        # all of these are [pairs], query by query: ``group`` is the query of each. Only the first of the logit's order
        # are learned from, and of these only the queries whose answer is among them
        score = self.logit(x)
        group = np.repeat(np.arange(len(sizes)), sizes)
        first = within(score, group) < ORDERED
        first &= np.bincount(group[first & target], minlength=len(sizes))[group] > 0
        if not self.settings.trees or not first.any():
            return None
        counts = np.bincount(group[first], minlength=len(sizes))
        data = lightgbm.Dataset(
            np.column_stack([x[first], score[first]]),
            target[first].astype(int),
            group=counts[counts > 0],
            init_score=score[first],
        )
        options = {
            "objective": "lambdarank", "lambdarank_truncation_level": 10, "learning_rate": self.settings.learning_rate,
            "num_leaves": self.settings.leaves, "min_data_in_leaf": 100, "lambda_l2": 10.0, "max_bin": 63,
            "feature_fraction": 0.5, "bagging_fraction": 0.7, "bagging_freq": 1,
            "seed": seed, "deterministic": True, "force_row_wise": True, "num_threads": 1, "verbose": -1,
        }  # fmt: skip
        return lightgbm.train(options, data, self.settings.trees)

    def block(self, queries: Sequence[Query]) -> np.ndarray:
        step = _ltr_features.step_size(self.facts)
        return np.concatenate([self._block(queries[k : k + step]) for k in range(0, len(queries), step)])

    def _block(self, queries: Sequence[Query]) -> np.ndarray:
        described = _ltr_features.describe(queries, self.facts)
        score = self.logit(described.x)
        first = within(score, described.rows) < ORDERED
        if self.trees is not None and first.any():
            later = score[first] + self.trees.predict(
                np.column_stack([described.x[first], score[first]]), num_threads=1
            )
            # the logit's scores of the others stay below the lowest of these
            lowest = np.full(len(queries), np.inf)
            np.minimum.at(lowest, described.rows[first], later)
            highest = np.full(len(queries), -np.inf)
            np.maximum.at(highest, described.rows[~first], score[~first])
            score[~first] += np.minimum(0, lowest - highest - 1)[described.rows[~first]]
            score[first] = later
        bought = self.facts.bought
        # [queries, items]: what is not described lies between -2 and -1 by popularity, the described from 0 up
        out = np.tile(bought / (1 + bought.max(initial=0)) - 2, (len(queries), 1))  # from -2 to -1
        lowest = np.zeros(len(queries))
        np.minimum.at(lowest, described.rows, score)
        out[described.rows, described.columns] = score - lowest[described.rows]
        return out

    @property
    def card(self) -> ModelCard:
        config = self.settings.model_dump() | {f"{p.card.name}_settings": p.chosen for p in self.parts}
        encoder = self.parts[-1].card if self.parts else dense.Model().card
        return ModelCard(
            name="ltr", version="1", base_model=encoder.base_model, n_parameters=encoder.n_parameters,
            config=config, trained_on=["purchases"],
        )  # fmt: skip


def sample(train: Sequence[Example], n: int, seed: int) -> list[Example]:
    """Up to ``n`` examples, drawn by the seed, in their order, of those whose target can be ranked."""
    fair = [e for e in train if next(iter(e.relevant)) not in e.query.unranked]
    drawn = np.random.default_rng(seed).permutation(len(fair))[:n]
    return [fair[k] for k in sorted(drawn)]


def described_by_others(
    examples: Sequence[Example],
    train: Sequence[Example],
    items: Mapping[str, Item],
    texts: Texts,
    knn: Setting,
    folds: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features [pairs, names] by facts without the user's fold, which pair is the answer, and pairs an example.

    Users go to folds in the order of their (hashed) ids; examples come out fold by fold.
    """
    fold = {user: k % folds for k, user in enumerate(sorted({e.query.user_id for e in train}))}
    x: list[np.ndarray] = []
    target: list[np.ndarray] = []
    sizes: list[np.ndarray] = []
    for number in range(folds):
        own = [e for e in examples if fold[e.query.user_id] == number]
        if not own:
            continue
        facts = Facts([e for e in train if fold[e.query.user_id] != number], items, texts, knn)
        step = _ltr_features.step_size(facts)
        for start in range(0, len(own), step):
            part = own[start : start + step]
            answers = [facts.catalogue.column[next(iter(e.relevant))] for e in part]
            described = _ltr_features.describe([e.query for e in part], facts, answers)
            x.append(described.x)
            # [pairs]: True for the answer of each pair's query; ``describe`` leaves queries out that lack theirs
            target.append(described.columns == np.array(answers, dtype=np.int64)[described.rows])
            counts = np.bincount(described.rows, minlength=len(part))
            sizes.append(counts[counts > 0])
    return np.concatenate(x), np.concatenate(target), np.concatenate(sizes)


def within(score: np.ndarray, group: np.ndarray) -> np.ndarray:
    """The place of each score in its group, 0 for the highest; ``group`` ascends and equals keep their order."""
    # by group, then score, then place; what a group begins at is taken off
    order = np.lexsort((np.arange(len(score)), -score, group))
    starts = np.searchsorted(group, group)
    rank_in_group = np.empty(len(score), dtype=np.int64)
    rank_in_group[order] = np.arange(len(score)) - starts[order]
    return rank_in_group


class Logit:
    """Weights w of standardised features that maximise the mean log of softmax(w . x) at the answers, less a ridge."""

    def __init__(self, x: np.ndarray, target: np.ndarray, sizes: np.ndarray) -> None:
        self.mean, self.scale, self.weights = np.zeros(x.shape[1]), np.ones(x.shape[1]), np.zeros(x.shape[1])
        if not len(sizes):
            return
        self.mean, self.scale = x.mean(axis=0, dtype=np.float64), x.std(axis=0, dtype=np.float64) + 1e-6
        # z [pairs, names]; starts [queries]: the first pair of each query, for sums and maxima of one query by reduceat
        z = self._standard(x)
        starts = np.cumsum([0, *sizes[:-1]])
        answers = z[target].mean(axis=0)

        def loss(w: np.ndarray) -> tuple[float, np.ndarray]:
            # the softmax within each query, less its highest score, without which exp would overflow
            score = z @ w.astype(np.float32)
            top = np.maximum.reduceat(score, starts)
            odds = np.exp(score - np.repeat(top, sizes))
            total = np.add.reduceat(odds, starts)
            expected = (odds / np.repeat(total, sizes)) @ z / len(sizes)
            value = float((score[target] - top - np.log(total)).mean()) - RIDGE * float(w @ w)
            return -value, (expected - answers).astype(np.float64) + 2 * RIDGE * w

        start = np.zeros(x.shape[1])
        self.weights = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": STEPS}).x

    def _standard(self, x: np.ndarray) -> np.ndarray:
        out = x - self.mean.astype(np.float32)  # in float32 and in place: there are millions of rows
        out /= self.scale.astype(np.float32)
        return np.clip(out, -EXTREME, EXTREME, out=out)

    def __call__(self, x: np.ndarray) -> np.ndarray:
        # a sum over each row by itself: a product of matrices would depend on how many rows there are
        return np.einsum("ij,j->i", self._standard(x), self.weights)
