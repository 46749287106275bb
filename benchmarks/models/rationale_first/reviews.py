"""Rationales that people accepted or corrected, as lessons: the selector learns to weigh facts as they did.

``rad.load("campaign:FOLDER")`` has them. A world's own known reasons are none: no real data have such. Neither are
rationales with the user's own word, whoever put them into a folder: it is read as a taste, and no history shows it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from benchmarks.models.rationale_first.head import Rows
from benchmarks.models.rationale_first.options import LASTS, Options
from benchmarks.models.rationale_first.reading import rows_of
from rad.features.item_features import Catalogue
from rad.types import WISHES, Rationale

WEIGHT = 0.3  # of the lesson against the likelihood of what was bought


@dataclass(frozen=True)
class Reviews:
    """What people said of some training prefixes.

    Attributes:
        option: Numbers of the options that they let stand, ascending.
        share: Of each option of the moment, among what is stated of its prefix, the unexplained included; else 0.
        log_odds: Of each option that lasts; else 0.
    """

    option: np.ndarray
    share: np.ndarray
    log_odds: np.ndarray

    @classmethod
    def of(cls, catalogue: Catalogue, options: Options, rationales: Sequence[Rationale | None]) -> Reviews:
        """Match the reasons of the reviewed ``rationales``, one a query or None, with the options of that query."""
        reviewed = [
            k
            for k, r in enumerate(rationales)
            if r is not None and r.origin != "known" and all(x.evidence.kind not in WISHES for x in r.reasons)
        ]
        histories = [options.histories[k].tolist() for k in reviewed]
        reasons = [r.reasons for r in (rationales[k] for k in reviewed) if r is not None]
        rows = rows_of(catalogue, histories, reasons)
        query = np.array(reviewed, dtype=np.int64)[rows.query]
        table = options.table
        matches: dict[int, tuple[float, float]] = {}
        for q, kind, item, value, share, odds in zip(
            query, rows.kind, rows.item, rows.value, rows.share.tolist(), rows.log_odds.tolist(), strict=True
        ):
            own = np.arange(options.starts[q], options.starts[q + 1])
            same = (table.kind[own] == kind) & (table.value[own] == value)
            if value < 0:
                same &= table.item[own] == item
            if same.any():
                matches[int(own[same][0])] = (share, odds)
        number = np.array(sorted(matches), dtype=np.int64)
        pairs = np.array([matches[k] for k in number], dtype=np.float32).reshape(-1, 2)
        return cls(number, pairs[:, 0], pairs[:, 1])

    def loss(self, rows: Rows, numbers: np.ndarray) -> torch.Tensor:
        """Of the weighed options ``numbers`` of a batch: cross entropy of shares, squared distance of log odds."""
        n = max(len(rows.unexplained), 1)
        where = np.searchsorted(self.option, numbers).clip(max=max(len(self.option) - 1, 0))
        mine = np.flatnonzero(self.option[where] == numbers) if len(self.option) else np.zeros(0, np.int64)
        at, own = torch.from_numpy(mine), where[mine]
        if not len(mine):
            return rows.unexplained.new_zeros(())
        lasts = torch.from_numpy(LASTS[rows.kind[mine]])
        share, odds = torch.from_numpy(self.share[own]), torch.from_numpy(self.log_odds[own])
        apart = -(share * torch.log(rows.share[at].clamp(min=1e-6)))[~lasts].sum()
        return WEIGHT * (apart + ((rows.log_odds[at] - odds) ** 2)[lasts].sum()) / n
