"""``embedding_similarity``: cosine of the text's vector and that of the known or reviewed rationale; never ranked by.

Vectors are those of all-MiniLM-L6-v2 (Reimers and Gurevych 2019), as for the model ``dense``; it reads the first 256
word pieces. In [0, 1], higher is more alike (a negative cosine counts as 0), and an empty text scores 0. Two texts of
one template are alike whatever they claim, so this is reported and nothing is ranked by it.
"""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.harness.base import BatchMetric
from benchmarks.metrics.specificity._text import text_of
from benchmarks.models.dense import BUNDLED, encoded
from rad.types import Example, Prediction


class Metric(BatchMetric):
    title = "Embedding similarity"
    hint = "cosine with the reference text"
    needs = frozenset({"rationale", "known"})
    family = "overlap"
    ranked = False

    def score_each(self, predictions: Sequence[Prediction], examples: Sequence[Example]) -> list[float | None]:
        pairs = [
            (text_of(p), e.rationale.text if e.rationale else "") for p, e in zip(predictions, examples, strict=True)
        ]
        texts = list(dict.fromkeys(text for pair in pairs for text in pair if text.strip()))
        row = dict(zip(texts, encoded(BUNDLED, texts)[0], strict=True)) if texts else {}
        out: list[float | None] = []
        for text, reference in pairs:
            if reference not in row:
                out.append(None)
            else:
                out.append(min(1.0, max(0.0, float(row[text] @ row[reference]))) if text in row else 0.0)
        return out
