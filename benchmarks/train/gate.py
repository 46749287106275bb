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
from benchmarks.train.reasoner import NEVER, beam, findings
from benchmarks.train.sft import SoftTargets
from rad.affinity import Catalogue, CoPurchase, Prefixes

STEPS, BATCH, LEARNING_RATE = 300, 128, 0.02


class Gate(nn.Module):
    """Log-linear in facts about a value and about a place of the history."""

    def __init__(self, catalogue: Catalogue, slots: int, weights: np.ndarray) -> None:
        super().__init__()
        self.catalogue, self.slots, self.affinity = catalogue, slots, weights
        self.recency = nn.Parameter(-0.5 * torch.arange(slots, dtype=torch.float32))
        self.shares = nn.Parameter(torch.tensor(2.0))  # of a purchase that has the wanted value
        self.plain = nn.Parameter(torch.tensor([-1.0, 0.0]))  # unexplained, together
        self.facts = nn.Parameter(torch.tensor([1.0, 0.5, 0.5, -0.1]))
        self.attribute = nn.Parameter(torch.zeros(2, len(catalogue.attributes)))
        self.owner = torch.tensor([catalogue.attributes.index(name) for name, _ in catalogue.values])
        self.has = torch.tensor(catalogue.incidence.toarray())
        self.rarity = torch.log(self.has.mean(0) + 1e-4)

    def first(self, histories: Sequence[Sequence[int]], reach: np.ndarray) -> torch.Tensor:
        """Log probabilities like the language model's first tokens, (E, 2 + V). ``reach`` (items, V): p(v | j)."""
        slots = torch.from_numpy(slots_of(histories, self.slots))
        place = torch.softmax(self.recency.masked_fill(slots < 0, NEVER), 1)[:, None]
        anchor = slots.clamp(min=0)
        shared = self.has[anchor] * (slots >= 0)[..., None]
        recently = (place @ shared)[:, 0]
        often = torch.stack([self.has[list(h)].mean(0) if h else torch.zeros(len(self.owner)) for h in histories])
        after = torch.log((place @ torch.from_numpy(reach)[anchor])[:, 0] + 1e-4)
        facts = (after, recently, often, self.rarity.expand_as(often))
        value = sum(w * f for w, f in zip(self.facts, facts, strict=True))
        value = value + self.attribute[0][self.owner] + self.attribute[1][self.owner] * often
        return F.log_softmax(torch.cat([self.plain.expand(len(value), 2), value], 1), 1)

    def cited(self, histories: Sequence[Sequence[int]], branches: np.ndarray) -> torch.Tensor:
        """Log probabilities of citations (E, M, J) for the values ``branches`` (E, M), -1 for together."""
        slots = torch.from_numpy(slots_of(histories, self.slots))[:, None]
        wanted = torch.from_numpy(branches)[..., None]
        shared = self.has[slots.clamp(min=0), wanted.clamp(min=0)] * (wanted >= 0)
        return F.log_softmax((self.recency + self.shares * shared).masked_fill(slots < 0, NEVER), 2)

    def reach(self, counts: CoPurchase) -> np.ndarray:
        """(items, V): how likely what goes together with an item has a value."""
        out = np.zeros((len(self.catalogue), len(self.catalogue.values)), np.float32)
        for block, rows in anchor_rows(self.catalogue, counts, self.affinity, np.arange(len(self.catalogue))):
            out[block] = rows @ self.catalogue.incidence
        return out

    def fit(self, targets: SoftTargets, prefixes: Prefixes, rows: np.ndarray, seed: int) -> None:
        """The language model's objective and schedule on the examples in ``rows`` (N,), each batch from one fold."""
        rng = np.random.default_rng(seed)
        folds = [np.flatnonzero(rows & (prefixes.folds == f)) for f in np.unique(prefixes.folds)]
        reach = [self.reach(prefixes.counts[prefixes.folds[mine[0]]]) for mine in folds]
        optimizer = torch.optim.Adam(self.parameters(), LEARNING_RATE)
        decay = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
        for step in range(STEPS if folds else 0):
            k = rng.integers(len(folds))
            batch = rng.choice(folds[k], min(BATCH, len(folds[k])), replace=False)
            histories = [prefixes.histories[e] for e in batch]
            first, cite = self.first(histories, reach[k]), self.cited(histories, targets.branches[batch])
            optimizer.zero_grad()
            targets.cross_entropy(first, cite, torch.from_numpy(batch), step / STEPS).backward()
            optimizer.step()
            decay.step()

    @torch.no_grad()
    def write(
        self, histories: Sequence[Sequence[int]], width: int, counts: CoPurchase, batch_size: int = 64
    ) -> Iterator[list[Found]]:
        """The ``width`` heaviest reasons of each history, as ``Reasoner.write`` gives them."""
        reach = self.reach(counts)
        for start in range(0, len(histories), batch_size):
            part = histories[start : start + batch_size]
            weight, value = beam(self.first(part, reach), width)
            yield from findings(weight, value, self.cited(part, value.numpy()))
