"""``prose``: share of a text's characters in sentences of no form that can be checked, in [0, 1], lower is better.

The forms are those of :mod:`rad.rationales.text`: what stands in none of them cannot be counted again, and a model may
read from it what no person does. A text without a character has none. Of a text the first ``LONGEST`` characters are
read. Source: RAD.
"""

from __future__ import annotations

from benchmarks.harness.base import RATIONALE, QueryMetric
from benchmarks.metrics.soundness.said import LONGEST
from rad.rationales import text
from rad.types import Example, Prediction


class Metric(QueryMetric):
    title = "Prose"
    hint = "share of the text that is in no form that can be checked"
    needs = RATIONALE
    higher_is_better = False
    family = "soundness"
    position = 3
    default = True

    def score(self, prediction: Prediction, example: Example) -> float | None:
        assert prediction.rationale is not None
        written = prediction.rationale.text[:LONGEST].strip()
        _, _, other = text.read(written)
        return min(sum(map(len, other)) / len(written), 1.0) if written else 0.0
