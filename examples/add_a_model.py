"""A model of one's own, fitted and scored beside the popular items, without a file in the package.

    python examples/add_a_model.py [DOMAIN]

As ``benchmarks/models/same_brand.py`` the class would run by ``python -m benchmarks.run --model same_brand``.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence

from benchmarks.harness.base import ModelCard, Recommender
from benchmarks.harness.evaluate import evaluate
from benchmarks.models.popularity import Model as Popularity
from rad.data.load import open_dataset
from rad.types import Example, Item, Prediction, Query


class Model(Recommender):
    @property
    def card(self) -> ModelCard:
        return ModelCard(name="same_brand", version="1", trained_on=["purchases"])

    def fit(
        self, train: Sequence[Example], validation: Sequence[Example], items: Mapping[str, Item], seed: int
    ) -> None:
        self.brand = {name: item.attributes.get("brand") for name, item in items.items()}

    def predict(self, queries: Sequence[Query]) -> Iterator[Prediction]:
        for query in queries:
            bought = {purchase.item_id for purchase in query.history}
            liked = {self.brand[item] for item in bought}
            order = sorted(self.brand.keys() - bought, key=lambda item: (self.brand[item] not in liked, item))
            yield Prediction(query.query_id, tuple(order[:100]))


data = open_dataset(sys.argv[1] if len(sys.argv) > 1 else "world:users=200,items=300")
for model in (Popularity(), Model()):
    model.fit(data.examples["train"], data.examples["validation"], data.items, 0)
    answers = model.predict([example.query for example in data.examples["test"]])
    print(model.card.name, evaluate(answers, data.examples["test"], ["ndcg@10"], data.items).value("ndcg@10"))
