"""What the metrics of contrast share: how much a rationale's reasons favour the target over the rejected alternative.

The rejected alternative is the item of the example's known contrast (on ``world`` the closest lookalike that was worth
less to the user). An item's score is the sum over reasons of the weight for each value wanted that it has, less that
for each value avoided that it has.
"""

from __future__ import annotations

from benchmarks.harness.base import QueryMetric
from rad.types import Example, Prediction


class ContrastMetric(QueryMetric):
    needs = frozenset({"rationale", "contrast"})
    family = "contrast"

    def lead(self, prediction: Prediction, example: Example, attributes: set[str] | None = None) -> float | None:
        """Score of the target less that of the alternative, over some attributes or all; None where either is unknown.

        A contrast that the model gives itself against this alternative counts as avoiding its claims.
        """
        assert prediction.rationale is not None and example.contrast is not None
        other = self.items.get(example.contrast.item_id)
        targets = [self.items[i] for i in example.relevant if i in self.items]
        if other is None or not targets:
            return None
        claims = [(c, r.weight) for r in prediction.rationale.reasons for c in r.wants]
        claims += [(c, -r.weight) for r in prediction.rationale.reasons for c in r.avoids]
        own = prediction.contrast
        if own is not None and own.polarity == "against" and own.item_id == other.item_id:
            claims += [(claim, -1.0) for claim in own.claims]
        return sum(
            weight * ((value in targets[0].attributes.get(name, ())) - (value in other.attributes.get(name, ())))
            for (name, value), weight in claims
            if attributes is None or name in attributes
        )
