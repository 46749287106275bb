"""``evidence``: no language model. How much likelier do a draft's reasons make the item than its popularity does?

The evidence drafter's mixture (:mod:`rad.features.evidence_model`) is fitted to the domain's training purchases. A
draft with reasons k of weight w_k makes the item i that was bought likely by

    p(i | draft) = sum_k w_k p(i | what reason k wants or points to) + (1 - sum_k w_k) p(i)

The score is log2 p(i | draft) / p(i), in bits above popularity. It becomes a ``plausibility`` of 1 to 5 by quintiles.
They are fixed before any draft is judged, on the drafter's own drafts of a seeded sample of training purchases. The
judge abstains from a draft without reasons. It knows the item, as reviewers do, and counts a training purchase never as
evidence for itself. It reads the reasons, never the words: it is no independent check of ``evidence`` drafts, which it
would write itself, but of how far such likelihoods are what people find plausible.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

import numpy as np

from annotation.campaign.judgements import ABSTAINED
from annotation.judges.base import Case, RationaleJudge
from rad.data.dataset import Dataset
from rad.features.evidence_model import VERSION as MODEL_VERSION
from rad.features.evidence_model import EvidenceModel

REFERENCE = 1000  # training purchases whose drafts fix the quintiles
VERSION = "2"


class Judge(RationaleJudge):
    """Fits the evidence model to the training purchases of ``data``, and scores drafts by it."""

    name: ClassVar[str] = "evidence"

    def __init__(self, data: Dataset, seed: int = 0) -> None:
        super().__init__()
        train = data.examples["train"]
        self.model = EvidenceModel().fit(train, data.items, seed)
        sample = random.Random(seed).sample(train, min(REFERENCE, len(train)))
        drafts = [(reasons, e) for reasons, e in zip(self.model.explain_all(sample), sample, strict=True) if reasons]
        gains = self.model.gains(drafts)
        self.n_reference = len(gains)
        self.quintiles = np.quantile(gains, [0.2, 0.4, 0.6, 0.8]) if len(gains) else np.zeros(4)

    def guideline_version(self, campaign: str) -> str:
        """Its own: it reads no guidelines."""
        return f"evidence-{VERSION}"

    def judge(self, cases: Sequence[Case]) -> Iterator[Mapping[str, str]]:
        """``plausibility`` by the quintile of the draft's gain; abstained where the draft has no reasons."""
        for (draft, _), gain in zip(cases, self.gains(cases), strict=True):
            level = 1 + int(np.searchsorted(self.quintiles, gain, side="right"))
            yield {"plausibility": str(level) if draft.reasons else ABSTAINED}

    def record(self) -> dict[str, object]:
        """The versions, and the quintiles with the number of drafts that fixed them."""
        return {
            "version": VERSION,
            "drafter_version": MODEL_VERSION,
            "quintiles_bits": [float(x) for x in self.quintiles],
            "reference_drafts": self.n_reference,
        }

    def gains(self, cases: Sequence[Case]) -> np.ndarray:
        """(cases,): in bits, how much likelier the reasons make the item than its popularity does."""
        return self.model.gains([(draft.reasons, example) for draft, example in cases])
