"""The gate: an arm without language. It weighs the same reasons from counts and affinities, by a few hundred numbers.

It reads what the language model's prompt says (which values the purchases have, in which order) and, unlike it, also
how popular, how similar and how often bought together the items are. What the language model is worth shows in the
difference.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from annotation.drafters.evidence import Found, anchor_rows, slots_of
from benchmarks.train.reasoner import NEVER, heaviest
from benchmarks.train.sft import SoftTargets
from rad.affinity import Catalogue, CoPurchase, Prefixes

STEPS, BATCH, LEARNING_RATE = 300, 128, 0.02


class Gate(nn.Module):
    """Log-linear in facts about a value, a small network over facts about a place of the history."""

    def __init__(self, catalogue: Catalogue, slots: int, weights: np.ndarray) -> None:
        super().__init__()
        self.catalogue, self.slots, self.affinity = catalogue, slots, weights
        self.place = nn.Sequential(nn.Linear(5, 16), nn.Tanh(), nn.Linear(16, 1))
        self.recency = nn.Parameter(-0.5 * torch.arange(slots, dtype=torch.float32))
        self.unexplained = nn.Parameter(torch.tensor(-1.0))
        self.together = nn.Parameter(torch.tensor(0.0))
        self.facts = nn.Parameter(torch.tensor([0.5, 1.0, 0.5, 0.5, -0.1]))
        self.attribute = nn.Parameter(torch.zeros(2, len(catalogue.attributes)))
        owner = [catalogue.attributes.index(name) for name, _ in catalogue.values]
        self.owner = torch.tensor(owner)
        self.has = torch.tensor(catalogue.incidence.toarray())
        self.rarity = torch.log(self.has.mean(0) + 1e-4)

    def forward(
        self, histories: Sequence[Sequence[int]], counts: CoPurchase, reach: np.ndarray
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Log probabilities like the language model's: (E, J + 1) and (E, J, 1 + V). ``reach`` (items, V): p(v | j)."""
        slots = torch.from_numpy(slots_of(histories, self.slots))
        there, anchor = slots >= 0, slots.clamp(min=0)
        shared = self.has[anchor] * there[..., None]
        often = shared.mean(1, keepdim=True)
        recently = (shared * 0.6 ** torch.arange(self.slots)[:, None]).sum(1, keepdim=True)
        popularity = torch.log1p(torch.from_numpy(counts.popularity))
        place = torch.stack(
            [
                (torch.arange(self.slots) == 0).expand(there.shape).float(),
                there.sum(1, keepdim=True).expand(there.shape) / self.slots,
                popularity[anchor] - 2,
                (shared * often).sum(2),
                torch.from_numpy(reach)[anchor].max(2).values,
            ],
            -1,
        )
        cite = (self.recency + self.place(place)[..., 0]).masked_fill(~there, NEVER)
        cite = F.log_softmax(torch.cat([cite, self.unexplained.expand(len(cite), 1)], 1), 1)
        facts = [torch.log(torch.from_numpy(reach)[anchor] + 1e-4), shared, often.expand_as(shared)]
        facts += [recently.expand_as(shared), self.rarity.expand_as(shared)]
        value = sum(w * f for w, f in zip(self.facts, facts, strict=True))
        value = value + self.attribute[0][self.owner] + self.attribute[1][self.owner] * shared
        value = torch.cat([self.together.expand(*value.shape[:2], 1), value], 2)
        return cite, F.log_softmax(value, 2)

    def reach(self, counts: CoPurchase) -> np.ndarray:
        """(items, V): how likely what goes together with an item has a value."""
        out = np.zeros((len(self.catalogue), len(self.catalogue.values)), np.float32)
        for block, rows in anchor_rows(self.catalogue, counts, self.affinity, np.arange(len(self.catalogue))):
            out[block] = rows @ self.catalogue.incidence
        return out

    def fit(self, targets: SoftTargets, prefixes: Prefixes, seed: int) -> None:
        """The language model's objective and schedule of targets, each batch from one fold."""
        rng = np.random.default_rng(seed)
        folds = [np.flatnonzero(prefixes.folds == f) for f in np.unique(prefixes.folds)]
        reach = [self.reach(prefixes.counts[prefixes.folds[mine[0]]]) for mine in folds]
        optimizer = torch.optim.Adam(self.parameters(), LEARNING_RATE)
        decay = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
        for step in range(STEPS if folds else 0):
            k = rng.integers(len(folds))
            batch = rng.choice(folds[k], min(BATCH, len(folds[k])), replace=False)
            counts = prefixes.counts[prefixes.folds[batch[0]]]
            cite, value = self([prefixes.histories[e] for e in batch], counts, reach[k])
            optimizer.zero_grad()
            targets.cross_entropy(cite, value, torch.from_numpy(batch), step / STEPS).backward()
            optimizer.step()
            decay.step()

    @torch.no_grad()
    def write(
        self, histories: Sequence[Sequence[int]], width: int, counts: CoPurchase, batch_size: int = 64
    ) -> Iterator[list[Found]]:
        """The ``width`` heaviest reasons of each history, as ``Reasoner.write`` gives them."""
        reach = self.reach(counts)
        for start in range(0, len(histories), batch_size):
            cite, value = self(histories[start : start + batch_size], counts, reach)
            yield from heaviest(cite, value, width)
