"""``rouge_l``: ROUGE-L F1 of the text and that of the known or reviewed rationale; reported, never ranked by.

With L the length of the longest common subsequence of words, P = L / words of the text and R = L / words of the
reference, F1 = 2PR / (P + R). Source: Lin 2004, section 3.1, with beta 1, as Google's rouge_score computes it; words
are those of :mod:`rad.features.bm25`, on ASCII the same. In [0, 1], higher is more alike. An empty text scores 0. Equal
wording is no quality: a right reason in other words scores low, a wrong one in the same template high.
"""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.harness.base import QueryMetric
from benchmarks.metrics.specificity._text import text_of
from rad.features.bm25 import tokenize
from rad.types import Example, Prediction


class Metric(QueryMetric):
    title = "ROUGE-L"
    hint = "words in common with the reference, in order"
    needs = frozenset({"rationale", "known"})
    family = "overlap"
    ranked = False

    def score(self, prediction: Prediction, example: Example) -> float | None:
        assert example.rationale is not None
        words, reference = tokenize(text_of(prediction)), tokenize(example.rationale.text)
        if not reference:
            return None
        common = longest_common(words, reference)
        return 2 * common / (len(words) + len(reference))


def longest_common(a: Sequence[str], b: Sequence[str]) -> int:
    """Length of the longest common subsequence, by bit-parallel dynamic programming (Hyyrö 2004): one whole number
    holds a row of the table, so a word costs one addition."""
    where: dict[str, int] = {}
    for position, word in enumerate(a):
        where[word] = where.get(word, 0) | 1 << position
    full = (1 << len(a)) - 1
    row = full
    for word in b:
        hit = row & where.get(word, 0)
        row = (row + hit | row - hit) & full
    return len(a) - row.bit_count()
