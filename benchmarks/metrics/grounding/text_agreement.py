"""``text_agreement``: share of the attribute values named in the text that are claims of the reasons.

In [0, 1], higher is better: do people read what the reasons, which are scored elsewhere, say? A value counts as claimed
when a reason wants or avoids it, or states it of a purchase; where there are no reasons (a text sent alone), when an
item cited in the same sentence has it, or any of the history where the sentence cites none. A text that names no value
scores 0 unless there is nothing to name (no reasons and the verdict ``unexplained``, or reasons that claim no value:
undefined): so an empty text scores 0 and cannot be faultless by silence. Source: RAD, DESIGN section 3; it is the
precision of factual claims of Maynez et al. (ACL 2020, section 3) with the public matcher
(``rad/rationales/claims.py``) in the annotators' place.
"""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.harness.base import RATIONALE, QueryMetric
from benchmarks.metrics.specificity._text import text_of
from rad.rationales.claims import Matcher, Mention
from rad.types import Example, Item, Prediction, Rationale


class Metric(QueryMetric):
    title = "Text agreement"
    version = 2
    hint = "share of values in the text that the reasons claim"
    needs = RATIONALE
    family = "grounding"

    def __init__(self, items: Mapping[str, Item], k: int | None = None) -> None:
        super().__init__(items, k)
        self.matcher = Matcher(items.values())

    def score(self, prediction: Prediction, example: Example) -> float | None:
        rationale = prediction.rationale
        assert rationale is not None
        if not rationale.reasons and rationale.verdict == "unexplained":
            return None
        mentions = self.matcher.find(text_of(prediction))
        claimed = claims_of(rationale)
        if rationale.reasons and not claimed and not mentions:
            return None
        if rationale.reasons:
            right = [not claimed.isdisjoint(mention.claims) for mention in mentions]
        else:
            right = [self._shown(mention, example) for mention in mentions]
        return sum(right) / len(right) if right else 0.0

    def _shown(self, mention: Mention, example: Example) -> bool:
        history = example.query.history
        places = mention.citations or range(len(history))
        cited = [self.items.get(history[k].item_id) for k in places if 0 <= k < len(history)]
        return any(v in item.attributes.get(a, ()) for item in cited if item for a, v in mention.claims)


def claims_of(rationale: Rationale) -> set[tuple[str, str]]:
    """Everything that the reasons want, avoid or state."""
    out = {claim for reason in rationale.reasons for claim in (*reason.wants, *reason.avoids)}
    for reason in rationale.reasons:
        if reason.evidence.attribute is not None and reason.evidence.value is not None:
            out.add((reason.evidence.attribute, reason.evidence.value))
    return out
