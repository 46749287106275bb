"""``cold_prior``, a control: the best text baseline, with items that nobody has bought yet put forward by a factor.

A catalogue that was made from purchases holds an item that is in no learnable sequence only because somebody buys it
later. So "not yet bought" alone points at the held-out purchases. This model uses that leak and nothing else beyond
text: positive scores of unseen items are multiplied by ``factor``. Where a factor above 1 wins, figures for cold
targets on that domain owe something to how its catalogue was made.

The text baseline (``bm25`` or ``dense``, each with its own choice of settings) and then the factor are chosen on
validation NDCG@10. There, unseen means not bought in training; afterwards validation purchases count as seen too.
Without validation it is plain ``bm25``. Settings tried: 8 of each baseline, then 5 factors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from pydantic import Field

from benchmarks.harness.base import ModelCard, ModelSettings
from benchmarks.models import bm25, dense
from benchmarks.models._scoring import Block, ChoosingRecommender, ItemIndex, Setting, choose, grid
from rad.data.splits import sequences_of
from rad.types import Example, Item, Query

TEXTS: Mapping[str, type[ChoosingRecommender]] = {"bm25": bm25.Model, "dense": dense.Model}
FACTORS = (1.0, 1.5, 2.0, 3.0, 5.0)


class Model(ChoosingRecommender):
    class Settings(ModelSettings):
        text: str | None = Field(default=None, pattern="^(bm25|dense)$", description="text baseline: bm25 or dense")
        factor: float | None = Field(default=None, gt=0, description="multiplies the scores of items not bought yet")

    settings: Settings
    baselines = ("random", "popularity", "bm25", "dense")

    def fit(
        self, train: Sequence[Example], validation: Sequence[Example], items: Mapping[str, Item], seed: int
    ) -> None:
        self.catalogue = ItemIndex(items)
        named = tuple(TEXTS) if validation else ("bm25",)  # dense is not worth its vectors where nothing is compared
        texts = {name: TEXTS[name]() for name in ([self.settings.text] if self.settings.text else named)}
        for text in texts.values():
            text.fit(train, validation, items, seed)

        def choice(values: Mapping[str, Sequence[object]], fixed: Setting) -> Setting:
            settings = [fixed | setting for setting in grid(values, self.settings)]
            unseen = self._unseen(train)
            return choose(
                settings, lambda s: raised(texts[s["text"]].block, unseen, s["factor"]), validation, self.catalogue
            )

        best = choice({"text": tuple(texts)}, {"factor": 1.0})
        self.chosen = choice({"factor": FACTORS}, {"text": best["text"]})
        self.text = texts[self.chosen["text"]]
        self.block = raised(self.text.block, self._unseen([*train, *validation]), self.chosen["factor"])

    def _unseen(self, examples: Sequence[Example]) -> np.ndarray:
        bought = ([x.item_id for x in sequence] for sequence in sequences_of(examples).values())
        return self.catalogue.counts(bought) == 0

    @property
    def card(self) -> ModelCard:
        config = self.settings.model_dump() | self.chosen
        trained_on = ["purchases"]
        if not self.chosen:
            return ModelCard(name="cold_prior", version="1", config=config, trained_on=trained_on)
        text = self.text.card
        return ModelCard(
            name="cold_prior", version="1", base_model=text.base_model, n_parameters=text.n_parameters,
            config=config | {self.chosen["text"]: text.config}, trained_on=trained_on,
        )  # fmt: skip


def raised(block: Block, unseen: np.ndarray, factor: float) -> Block:
    """The block with the positive scores of ``unseen`` items [items] multiplied; a negative cosine stays as it is."""

    def scores(queries: Sequence[Query]) -> np.ndarray:
        # [queries, items]; a copy, as it is changed in place and the block is the text baseline's
        values = np.array(block(queries))
        values[(values > 0) & unseen] *= factor
        return values

    return scores
