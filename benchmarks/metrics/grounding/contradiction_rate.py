"""``contradiction_rate``: share of a rationale's claims that the cited item contradicts.

In [0, 1], lower is better. A claim (see ``claim_precision``) is contradicted when the cited item has the attribute
with other values only. One that the catalogue cannot decide (the item has no value for the attribute) is neither
supported nor contradicted. Undefined where a rationale makes no claim, as an empty one does.
"""

from benchmarks.metrics.grounding._claims import ClaimMetric


class Metric(ClaimMetric):
    title = "Contradictions"
    version = 2
    hint = "share of claims that the data contradict"
    position = 3
    default = True
    headline = True
    higher_is_better = False
    counted = ("contradicted",)
