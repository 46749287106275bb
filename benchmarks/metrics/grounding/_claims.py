"""The citations and claims of a rationale, checked against the catalogue: what three of the metrics count.

A *citation* is one history index named by one reason's evidence; evidence that names none is one citation of nothing.
A *claim* is a citation of what the evidence says of the cited item: "[2] has colour red". A citation that states no
fact at all, neither a value nor the numbers of one, is a claim that nothing supports. Only one that points to a
purchase ("what buyers of [2] also own") has a fact and no claim. Whether the numbers are right, ``soundness`` says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar, Literal

from benchmarks.harness.base import RATIONALE, QueryMetric
from rad.types import Example, Item, Prediction, Reason

Finding = Literal["supported", "contradicted", "unknown", "absent", "no fact", "no claim"]


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
    ``no fact``: nothing is said of the item.
    """
    assert prediction.rationale is not None
    history = example.query.history
    for reason in prediction.rationale.reasons:
        evidence, claims = reason.evidence, _claims(reason)
        has_fact = bool(claims) or evidence.support is not None
        is_claim = bool(claims) or not has_fact
        for index in evidence.history or (-1,):
            item = items.get(history[index].item_id) if 0 <= index < len(history) else None
            if item is None:
                yield "absent", is_claim
            elif not has_fact:
                yield "no fact", True
            elif not claims:
                yield "no claim", False
            else:
                for claim in claims:
                    yield _finding(item, claim, evidence.kind == "absence"), True


def _claims(reason: Reason) -> tuple[tuple[str, str | None], ...]:
    """What a reason says of each purchase that it cites."""
    evidence = reason.evidence
    if evidence.attribute is not None:
        return ((evidence.attribute, evidence.value),)
    if evidence.support is None:
        return ()
    return reason.avoids if evidence.kind == "absence" else reason.wants


def _finding(item: Item, claim: tuple[str, str | None], lacking: bool) -> Finding:
    attribute, value = claim
    values = item.attributes.get(attribute, ())
    if lacking:
        return "contradicted" if value in values else "supported"
    return "supported" if value in values else "contradicted" if values else "unknown"
