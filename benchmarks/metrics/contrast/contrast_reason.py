"""``contrast_reason``: 1 where the rationale has the right reason against the rejected alternative, else 0.

In [0, 1], higher is better. The right reason is the attribute that ruled the alternative out in truth: over that
attribute alone, what is wanted and avoided must favour the target. A tie counts as 0, so an empty rationale, and one
that wants every value of the attribute, scores 0. Defined where the rejected alternative and why it was rejected are
known (on ``world``). Source: RAD, DESIGN section 9.
"""

from __future__ import annotations

from benchmarks.metrics.contrast._contrast import ContrastMetric
from benchmarks.metrics.contrast.contrast import TIE
from rad.types import Example, Prediction


class Metric(ContrastMetric):
    title = "Contrast reason"
    hint = "whether they do so by the attribute that ruled it out"

    def score(self, prediction: Prediction, example: Example) -> float | None:
        assert example.contrast is not None
        if not example.contrast.claims:
            return None
        lead = self.lead(prediction, example, {name for name, _ in example.contrast.claims})
        return None if lead is None else float(lead > TIE)
