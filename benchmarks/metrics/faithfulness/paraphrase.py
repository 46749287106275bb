"""``paraphrase``: how much the ranking changes when the text is written anew and the reasons are kept.

1 - RBO (:mod:`benchmarks.metrics.faithfulness._faithful`), in [0, 1]; lower is better: the meaning should count, not
the wording. The text is made from the reasons by a fixed wording, last reason first; one in the words of
:mod:`rad.rationales.text`, which have no others, gets its sentences in reverse order. Alone it proves nothing, as a
model that ignores its rationale scores 0, the best: read it beside ``swap``. Undefined where there is no text. Source:
Lanham et al., 2307.13702, section 2.4 (paraphrasing).
"""

from benchmarks.harness.base import FaithfulnessMetric


class Metric(FaithfulnessMetric):
    title = "Paraphrase"
    version = 2
    hint = "change of the ranking under other wording of the same reasons"
    higher_is_better = False
    asks = ("paraphrase",)
