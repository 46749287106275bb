"""``contrast``: 1 where the reasons favour the target over the rejected alternative, else 0; higher is better.

In [0, 1]. A tie counts as 0, so an empty rationale, and one that wants everything alike, scores 0. Defined where the
rejected alternative is known (on ``world``). Source: RAD, DESIGN section 9; contrastive explanation after Miller 2019,
section 2.3 ("why P rather than Q").
"""

from __future__ import annotations

from benchmarks.metrics.contrast._contrast import ContrastMetric
from rad.types import Example, Prediction

TIE = 1e-12


class Metric(ContrastMetric):
    title = "Contrast"
    hint = "whether the reasons favour the target over the rejected alternative"
    plotted = True

    def score(self, prediction: Prediction, example: Example) -> float | None:
        lead = self.lead(prediction, example)
        return None if lead is None else float(lead > TIE)
