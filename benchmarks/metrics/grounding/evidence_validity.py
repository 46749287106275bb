"""``evidence_validity``: share of a rationale's citations that hold, in [0, 1], higher is better.

A citation is one history index of one reason. It holds when that place of the history exists, the evidence states a
fact, and, where that is an attribute's value, the item there really has it. Evidence that cites nothing is one citation
that does not hold, and one without a stated fact does not hold. Undefined where a rationale has no reason, as an empty
one has.
"""

from benchmarks.metrics.grounding._claims import ClaimMetric


class Metric(ClaimMetric):
    title = "Evidence validity"
    version = 2
    hint = "share of citations that hold"
    position = 1
    default = True
    claims_only = False
    counted = ("supported", "no claim")
