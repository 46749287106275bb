"""``claim_precision``: share of a rationale's claims that the cited item's attributes support.

In [0, 1], higher is better. A claim is one fact (attribute, value) said of one cited place of the history. It is
supported when the item at that place has that value; a place that does not exist supports nothing, and a citation
that states no fact is supported by nothing. Undefined where a rationale makes no claim, so an empty one lowers ``n``
and not the score: read it beside ``n`` and ``reason_recall``. A long list of true facts scores 1;
``reason_precision`` is what asks for the right ones.
"""

from benchmarks.metrics.grounding._claims import ClaimMetric


class Metric(ClaimMetric):
    title = "Claim precision"
    version = 2
    hint = "share of claims that are true of what they cite"
    position = 2
    default = True
    headline = True
    plotted = True
