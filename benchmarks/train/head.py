"""The head: from weighted reasons to a ranking of the whole catalogue, reading the reasons and the cited items alone.

    score(i) = sum_k w_k p(i | reason_k, cited item) + (1 - sum_k w_k) p0(i)

p(i | [j], together) is a softmax over the catalogue of the affinities between j and i (``rad.affinity``);
p(i | [j], value) is one over the items that have the value, with weights of its own; p0 is popularity to a power. How
far each kind of reason is to be trusted scales its weight. Two dozen numbers in all, fitted on users whom the language
model was not trained on, with the reasons that it writes for them without sight of the target: reasons that know the
answer would teach the head a trust they do not deserve.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from annotation.drafters.evidence import ANCHOR_BLOCK
from rad.affinity import Catalogue, CoPurchase, Prefixes
from rad.types import Reason

STEPS, BATCH, LEARNING_RATE = 60, 192, 0.03


@dataclass(frozen=True, slots=True)
class Reasons:
    """Reasons of N queries as arrays (N, K): cited item, value (-1: together), weight (0 beyond the last reason)."""

    item: np.ndarray
    value: np.ndarray
    weight: np.ndarray

    @classmethod
    def of(cls, catalogue: Catalogue, histories: Sequence[Sequence[int]], given: Sequence[Sequence[Reason]]) -> Reasons:
        """From the records. A reason with several citations or wants shares its weight among them.

        A citation outside the history, or a value that the catalogue lacks, is evidence of nothing: its weight counts
        as unexplained. So does a reason that only avoids.
        """
        rows: list[list[tuple[int, int, float]]] = []
        for history, reasons in zip(histories, given, strict=True):
            row: list[tuple[int, int, float]] = []
            for reason in reasons:
                values = [catalogue.value_index.get(pair) for pair in reason.wants] or [-1] * (not reason.avoids)
                pairs = [(k, v) for k in reason.evidence.history for v in values]
                share = reason.weight / max(len(pairs), 1)
                row += [(history[k], v, share) for k, v in pairs if v is not None and 0 <= k < len(history)]
            rows.append(row)
        width = max([len(row) for row in rows] + [1])
        item, value = np.zeros((len(rows), width), np.int64), np.full((len(rows), width), -1, np.int64)
        weight = np.zeros((len(rows), width), np.float32)
        for n, row in enumerate(rows):
            for k, (cited, wish, share) in enumerate(row):
                item[n, k], value[n, k], weight[n, k] = cited, wish, share
        return cls(item, value, weight)

    def __getitem__(self, rows: slice | np.ndarray) -> Reasons:
        return Reasons(self.item[rows], self.value[rows], self.weight[rows])


class Head(torch.nn.Module):
    """``weights`` (2, features): of the affinities for *together* and for a wanted value; ``power`` of popularity;
    ``trust`` (3,): log factors of the shares of together, of wants and of the unexplained, which then sum to one.
    """

    def __init__(self, catalogue: Catalogue, weights: np.ndarray, power: float) -> None:
        super().__init__()
        self.catalogue = catalogue
        self.weights = torch.nn.Parameter(torch.tensor(np.stack([weights, weights]), dtype=torch.float32))
        self.trust = torch.nn.Parameter(torch.zeros(3))
        self.power = torch.nn.Parameter(torch.tensor(float(power)))
        self.has = torch.tensor(catalogue.incidence.toarray())  # (items, values)

    def background(self, counts: CoPurchase) -> torch.Tensor:
        """(items,) where an unexplained purchase goes."""
        return torch.softmax(self.power * torch.log(torch.tensor(counts.popularity) + 0.3), 0)

    def shares(self, reasons: Reasons) -> tuple[torch.Tensor, torch.Tensor]:
        """The trusted weights (N, K) and the unexplained share (N,): together they sum to one."""
        weight, value = torch.from_numpy(reasons.weight), torch.from_numpy(reasons.value)
        trust = self.trust.exp()
        rest = (1 - weight.sum(1)).clamp(min=0.001) * trust[2]
        weight = weight * torch.where(value < 0, trust[0], trust[1])
        total = weight.sum(1) + rest
        return weight / total[:, None], rest / total

    def rows(self, anchors: np.ndarray, counts: CoPurchase) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """For each anchor: p(i | together) (A, items); exp(affinity) for values (A, items); its sum by value (A, V)."""
        features = torch.from_numpy(self.catalogue.features(anchors, counts))
        score = features @ self.weights.T
        score[torch.arange(len(anchors)), torch.from_numpy(anchors)] = -math.inf
        together = torch.softmax(score[..., 0], 1)
        wanted = torch.softmax(score[..., 1], 1)
        return together, wanted, wanted @ self.has

    def fit(self, reasons: Reasons, prefixes: Prefixes, seed: int) -> None:
        """Maximum likelihood of the training targets, each batch from one fold under the counts that leave it out."""
        rng = np.random.default_rng(seed)
        optimizer = torch.optim.Adam(self.parameters(), LEARNING_RATE)
        decay = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
        folds = [np.flatnonzero(prefixes.folds == f) for f in np.unique(prefixes.folds)]
        for _ in range(STEPS if folds else 0):
            mine = folds[rng.integers(len(folds))]
            batch = rng.choice(mine, min(BATCH, len(mine)), replace=False)
            optimizer.zero_grad()
            self._loss(reasons[batch], prefixes.targets[batch], prefixes.counts[prefixes.folds[batch[0]]]).backward()
            optimizer.step()
            decay.step()

    def _loss(self, reasons: Reasons, targets: np.ndarray, counts: CoPurchase) -> torch.Tensor:
        anchors, inverse = np.unique(reasons.item, return_inverse=True)
        place = torch.from_numpy(inverse.reshape(reasons.item.shape))
        together, wanted, mass = self.rows(anchors, counts)
        target, value = torch.from_numpy(targets), torch.from_numpy(reasons.value)
        as_wanted = wanted[place, target[:, None]] * self.has[target[:, None], value.clamp(min=0)]
        as_wanted = as_wanted / mass[place, value.clamp(min=0)].clamp(min=1e-12)
        likelihood = torch.where(value < 0, together[place, target[:, None]], as_wanted)
        weight, rest = self.shares(reasons)
        total = (weight * likelihood).sum(1) + rest * self.background(counts)[target]
        return -torch.log(total.clamp(min=1e-12)).mean()

    @torch.no_grad()
    def scores(self, reasons: Reasons, counts: CoPurchase) -> np.ndarray:
        """(N, items): the mixture above."""
        weight, rest = self.shares(reasons)
        out = rest[:, None] * self.background(counts)
        used = np.unique(reasons.item[reasons.weight > 0])
        for start in range(0, len(used), ANCHOR_BLOCK):
            block = used[start : start + ANCHOR_BLOCK]
            together, wanted, mass = self.rows(block, counts)
            n, k = np.nonzero((reasons.weight > 0) & (reasons.item >= block[0]) & (reasons.item <= block[-1]))
            place = np.searchsorted(block, reasons.item[n, k])
            value, share = reasons.value[n, k], weight[n, k]
            plain = value < 0
            out.index_put_(
                (torch.from_numpy(n[plain]),), share[plain][:, None] * together[place[plain]], accumulate=True
            )
            n, place, value, share = n[~plain], place[~plain], value[~plain], share[~plain]
            found = mass[place, value]
            share = torch.where(found > 0, share / found.clamp(min=1e-12), 0.0)
            part = wanted[place] * self.has.T[value] * share[:, None]
            out.index_put_((torch.from_numpy(n),), part, accumulate=True)
        return out.numpy()
