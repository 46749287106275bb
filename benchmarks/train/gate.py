"""The gate: an arm without language. It writes the same claims from counts and affinities, log-linearly.

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

from annotation.drafters.evidence import anchor_rows, slots_of
from benchmarks.train.reasoner import NEVER, RARELY
from benchmarks.train.sft import Reasons
from benchmarks.train.story import Story
from rad.affinity import Catalogue, CoPurchase

STEPS, BATCH, LEARNING_RATE = 150, 128, 0.02  # steps for each of ``epochs``
FOLLOWS_DECAY = 1.5e-3  # squared penalty, for each of ``weight_decay``, on what one value says of another
WIDTH = 32  # of the vectors of values, which say what comes with a wanted one


class Gate(nn.Module):
    """Log-linear in facts about a value and about a place of the history.

    The facts of a value: whether what goes together with the last purchases has it; how recent, how frequent, how much
    more frequent than in the catalogue it is in the history; whether it was there twice, thrice; how rare it is. Beside
    them, every value of the history speaks for or against every claim (``follows``).
    """

    def __init__(self, catalogue: Catalogue, slots: int, affinity: np.ndarray) -> None:
        super().__init__()
        self.catalogue, self.slots, self.affinity = catalogue, slots, affinity
        self.recency = nn.Parameter(-0.5 * torch.arange(slots, dtype=torch.float32))
        self.plain = nn.Parameter(torch.tensor([1.0, 0.0]))  # unexplained, together
        n = len(catalogue.attributes)
        # three kinds of claims: wants, likes, avoids; seven facts; a bias
        start = torch.tensor(
            [[1.0, 0.5, 0.5, 0.1, 0, 0, -0.1, 0], [0, 0, 0.5, 0.5, 0, 0, 0, -RARELY], [0] * 7 + [-RARELY]]
        )
        self.facts = nn.Parameter(start[:, None].repeat(1, n, 1))
        self.words = nn.Parameter(torch.randn(len(catalogue.values), WIDTH) / WIDTH**0.5)
        # kind of claim, source (the last purchase, recent ones, all), word in the history, word claimed
        self.follows = nn.Parameter(torch.zeros(3, 3, WIDTH, WIDTH))
        self.owner = torch.tensor([catalogue.attributes.index(name) for name, _ in catalogue.values])
        self.has = torch.tensor(catalogue.incidence.toarray())
        self.share = self.has.mean(0)

    def story(self, histories: Sequence[Sequence[int]], reach: np.ndarray) -> Story:
        """The claims of each history. ``reach`` (items, V): p(v | what goes together with an item)."""
        anchors = torch.from_numpy(slots_of(histories, self.slots))
        place = torch.softmax(self.recency.masked_fill(anchors < 0, NEVER), 1)
        own, there = anchors.clamp(min=0), (anchors >= 0)[..., None]
        recently = torch.einsum("ej,ejv->ev", place, self.has[own] * there)
        after = torch.log(torch.einsum("ej,ejv->ev", place, torch.from_numpy(reach)[own]) + 1e-4)
        count = torch.stack([self.has[list(h)].sum(0) for h in histories])
        length = torch.tensor([[float(len(h))] for h in histories])
        lift = torch.log((count + 0.5) / (length * self.share + 0.5))
        rarity = torch.log(self.share + 1e-4).expand_as(count)
        facts = torch.stack(
            [after, recently, count / length, lift, (count >= 2).float(), (count >= 3).float(), rarity,
             torch.ones_like(count)], -1,
        )  # fmt: skip
        claims = torch.einsum("evf,kvf->kev", facts, self.facts[:, self.owner])
        for source, x in enumerate((self.has[[h[-1] for h in histories]], recently, count / length)):
            claims = claims + (x @ self.words) @ self.follows[:, source] @ self.words.T
        wants, likes, avoids = claims
        first = F.softmax(torch.cat([self.plain.expand(len(wants), 2), wants], 1), 1)
        likes, avoids = torch.sigmoid(likes), torch.sigmoid(avoids)
        return Story(first[:, 0], anchors, first[:, 1:2] * place, first[:, 2:], likes, avoids)

    def reach(self, counts: CoPurchase) -> np.ndarray:
        """(items, V): how likely what goes together with an item has a value."""
        out = np.zeros((len(self.catalogue), len(self.catalogue.values)), np.float32)
        for block, rows in anchor_rows(self.catalogue, counts, self.affinity, np.arange(len(self.catalogue))):
            out[block] = rows @ self.catalogue.incidence
        return out

    def fit(self, objective: Reasons, epochs: float, weight_decay: float, seed: int) -> None:
        """The language model's objective, head included, each batch from one fold."""
        rng, prefixes = np.random.default_rng(seed), objective.prefixes
        folds = [np.flatnonzero(prefixes.folds == f) for f in np.unique(prefixes.folds)]
        reach = [self.reach(prefixes.counts[prefixes.folds[mine[0]]]) for mine in folds]
        optimizer = torch.optim.Adam([*self.parameters(), *objective.parameters()], LEARNING_RATE)
        steps = max(1, round(STEPS * epochs))
        decay = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
        for step in range(steps if folds else 0):
            k = rng.integers(len(folds))
            batch = rng.choice(folds[k], min(BATCH, len(folds[k])), replace=False)
            story = self.story([prefixes.histories[e] for e in batch], reach[k])
            optimizer.zero_grad()
            penalty = FOLLOWS_DECAY * weight_decay * (self.follows**2).sum()
            (objective.of(story, batch, step / steps) + penalty).backward()
            optimizer.step()
            decay.step()

    @torch.no_grad()
    def write(self, histories: Sequence[Sequence[int]], counts: CoPurchase, batch_size: int = 64) -> Iterator[Story]:
        """The story of each history, by batches, as ``Reasoner.write`` gives them."""
        reach = self.reach(counts)
        for start in range(0, len(histories), batch_size):
            yield self.story(histories[start : start + batch_size], reach)
