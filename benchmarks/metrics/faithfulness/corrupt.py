"""``corrupt``: how much the ranking changes when one claim of the rationale gets another value.

1 - RBO (:mod:`benchmarks.metrics.faithfulness._faithful`), in [0, 1]; higher is better: what is claimed is what is
ranked by. The first claim of the heaviest reason is given another value of the same attribute, in reason and text,
drawn by a hash of the query; where the reason claims no value and is a fact that can be checked, it points to another
purchase. A model that ignores its rationale scores 0. Undefined where a rationale has no claim. Source: Lanham et al.,
2307.13702, section 2.3 (adding mistakes), made by rule.
"""

from benchmarks.harness.base import FaithfulnessMetric


class Metric(FaithfulnessMetric):
    title = "Corrupted claim"
    version = 2
    hint = "change of the ranking under one false claim"
    asks = ("corrupt",)
