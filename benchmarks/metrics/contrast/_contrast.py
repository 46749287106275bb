"""What the metrics of contrast share: how much a rationale's reasons favour the target over the rejected alternative.

The rejected alternative is the item of the example's known contrast (on ``world`` the closest lookalike that was worth
less to the user). An item's score is the sum over reasons of the weight for each value wanted that it has, less that
for each value avoided that it has.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from rad.types import Example, Item, Prediction


class ContrastMetric:
    needs: ClassVar[frozenset[str]] = frozenset({"rationale", "contrast"})
    higher_is_better: ClassVar[bool] = True
    range: ClassVar[tuple[float, float]] = (0.0, 1.0)
    version: ClassVar[int] = 1
    cuts: ClassVar[bool] = False
    family: ClassVar[str] = "contrast"

    def __init__(self, items: Mapping[str, Item], k: int | None = None) -> None:
        self.items = items

    def lead(self, prediction: Prediction, example: Example, attributes: set[str] | None = None) -> float | None:
        """Score of the target less that of the alternative, over some attributes or all; None where either is unknown.

        A contrast that the model gives itself against this alternative counts as avoiding its claims.
        """
        assert prediction.rationale is not None and example.contrast is not None
        other = self.items.get(example.contrast.item_id)
        targets = [self.items[i] for i in example.relevant if i in self.items]
        if other is None or not targets:
            return None
        told = [(c, r.weight) for r in prediction.rationale.reasons for c in r.wants]
        told += [(c, -r.weight) for r in prediction.rationale.reasons for c in r.avoids]
        own = prediction.contrast
        if own is not None and own.polarity == "against" and own.item_id == other.item_id:
            told += [(claim, -1.0) for claim in own.claims]
        return sum(
            weight * ((value in targets[0].attributes.get(name, ())) - (value in other.attributes.get(name, ())))
            for (name, value), weight in told
            if attributes is None or name in attributes
        )
