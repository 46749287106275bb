"""The citations and claims of a rationale, checked against the catalogue: what three of the metrics count.

A *citation* is one history index named by one reason's evidence; evidence that names none is one citation of nothing.
A *claim* is a citation whose evidence states a fact of the cited item: "[2] has colour red".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar, Literal

from benchmarks.harness.base import RATIONALE, QueryMetric
from rad.types import Example, Item, Prediction

Finding = Literal["supported", "contradicted", "unknown", "absent", "no claim"]


class ClaimMetric(QueryMetric):
    """Base of the metrics over citations: a share in [0, 1], undefined where the rationale has none."""

    needs = RATIONALE
    family = "grounding"
    claims_only: ClassVar[bool] = True
    counted: ClassVar[tuple[Finding, ...]] = ("supported",)

    def score(self, prediction: Prediction, example: Example) -> float | None:
        findings = [
            finding
            for finding, is_claim in citations(prediction, example, self.items)
            if is_claim or not self.claims_only
        ]
        return sum(finding in self.counted for finding in findings) / len(findings) if findings else None


def citations(prediction: Prediction, example: Example, items: Mapping[str, Item]) -> Iterator[tuple[Finding, bool]]:
    """What the catalogue says of each citation, and whether it makes a claim.

    ``absent``: the history has no such place. ``unknown``: the cited item has no value at all for that attribute.
    """
    assert prediction.rationale is not None
    history = example.query.history
    for reason in prediction.rationale.reasons:
        evidence = reason.evidence
        is_claim = evidence.attribute is not None
        for index in evidence.history or (-1,):
            item = items.get(history[index].item_id) if 0 <= index < len(history) else None
            if item is None:
                yield "absent", is_claim
            elif evidence.attribute is None:
                yield "no claim", False
            else:
                values = item.attributes.get(evidence.attribute, ())
                yield ("supported" if evidence.value in values else "contradicted" if values else "unknown"), True
