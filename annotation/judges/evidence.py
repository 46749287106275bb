"""``evidence``: no language model. How much likelier do a draft's reasons make the item than its popularity does?

The evidence drafter's mixture (:mod:`rad.features.evidence_model`) is fitted to the domain's training purchases. A
draft with reasons k of weight w_k, each resting on cited purchases j, makes the item i that was bought likely by

    p(i | draft) = sum_k w_k mean_j p(i | j, what reason k wants and avoids) + (1 - sum_k w_k) p(i)

The score is log2 p(i | draft) / p(i), in bits above popularity. It becomes a ``plausibility`` of 1 to 5 by quintiles.
They are fixed before any draft is judged, on the drafter's own drafts of a seeded sample of training purchases. The
judge abstains from a draft without reasons. It knows the item, as reviewers do, and counts a training purchase never as
evidence for itself. It reads the reasons, never the words: it is no independent check of ``evidence`` drafts, which it
would write itself, but of how far such likelihoods are what people find plausible.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

import numpy as np

from annotation.campaign.judgements import ABSTAINED
from annotation.judges.base import Case, RationaleJudge
from rad.data.dataset import Dataset
from rad.features.evidence_model import VERSION as MODEL_VERSION
from rad.features.evidence_model import EvidenceModel, cited_rows, popularity_share
from rad.features.item_features import CoPurchase
from rad.rationales.templates import rationale
from rad.types import Reason

REFERENCE = 1000  # training purchases whose drafts fix the quintiles
VERSION = "1"


class Judge(RationaleJudge):
    """Fits the evidence model to the training purchases of ``data``, and scores drafts by it."""

    name: ClassVar[str] = "evidence"

    def __init__(self, data: Dataset, seed: int = 0) -> None:
        super().__init__()
        train = data.examples["train"]
        self.model = EvidenceModel().fit(train, data.items, seed)
        self._by_value = self.model.catalogue.incidence.tocsc()
        sample = random.Random(seed).sample(train, min(REFERENCE, len(train)))
        explained = [(self.model.explain(e.query, data.items[next(iter(e.relevant))]), e) for e in sample]
        drafts = [(rationale(e.query, rs, "evidence", self.name, MODEL_VERSION), e) for rs, e in explained if rs]
        gains = self.gains(drafts)
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
        prefixes = self.model.prefixes
        # cases by the fold of their user: one table of counts serves all cases of a fold
        folds: dict[int, list[int]] = defaultdict(list)
        for k, (_, example) in enumerate(cases):
            folds[prefixes.fold_of.get(example.query.user_id, len(prefixes.counts) - 1)].append(k)
        out = np.zeros(len(cases))
        for fold, members in folds.items():
            out[members] = self._gains([cases[k] for k in members], prefixes.counts[fold])
        return out

    def _gains(self, cases: Sequence[Case], counts: CoPurchase) -> np.ndarray:
        """(cases,): the same under ``counts``, which leave out the users of the cases: no purchase explains itself."""
        catalogue = self.model.catalogue
        share = popularity_share(counts, self.model.background_power)  # (items,)
        targets = [catalogue.index[next(iter(example.relevant))] for _, example in cases]
        # The unexplained part of each draft follows popularity; the parts of its reasons follow their cited items.
        unexplained = [max(0.0, 1 - sum(reason.weight for reason in draft.reasons)) for draft, _ in cases]
        likelihoods = np.array(unexplained) * share[targets]
        citing: dict[int, list[tuple[int, Reason, float]]] = defaultdict(list)  # cited item -> case, reason, weight
        for k, (draft, example) in enumerate(cases):
            history = example.query.history
            for reason in draft.reasons:
                cited = [history[j].item_id for j in reason.evidence.history if 0 <= j < len(history)]
                for item_id in cited:
                    citing[catalogue.index[item_id]].append((k, reason, reason.weight / len(cited)))
        # One row (items,) a cited item: p(i | j). It is renormalised over the items that the reason allows.
        for block, rows in cited_rows(catalogue, counts, self.model.weights, np.array(sorted(citing), np.int64)):
            for item, row in zip(block, rows, strict=True):
                for k, reason, weight in citing[int(item)]:
                    allowed = self._allowed(reason)
                    if allowed[targets[k]]:
                        likelihoods[k] += weight * row[targets[k]] / row[allowed].sum()
        return np.log2(np.maximum(likelihoods, 1e-12) / share[targets])

    def _allowed(self, reason: Reason) -> np.ndarray:
        """(items,): which have all that the reason wants and nothing that it avoids."""
        catalogue = self.model.catalogue
        out = np.ones(len(catalogue), bool)
        for claims, has in ((reason.wants, True), (reason.avoids, False)):
            for claim in claims:
                column = catalogue.value_index.get(claim)
                carries = np.zeros(len(catalogue), bool) if column is None else self._column(column)
                out &= carries == has
        return out

    def _column(self, value: int) -> np.ndarray:
        # (items,): whether each has the value, from one column of the sparse table
        out = np.zeros(len(self.model.catalogue), bool)
        out[self._by_value.indices[self._by_value.indptr[value] : self._by_value.indptr[value + 1]]] = True
        return out
