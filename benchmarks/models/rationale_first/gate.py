"""The gate: a reasoner without language. It writes the claims from counts and affinities, log-linearly.

It reads what the language model's prompt says (which values the purchases have, in which order, which were rated low)
and, unlike it, also how popular, how similar and how often bought together the items are. It is the language model's
teacher and, as the arm ``reasoner=gate``, the measure of what language adds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from benchmarks.models.rationale_first.reasoner import NEVER
from benchmarks.models.rationale_first.sft import Reasons, still_taught
from benchmarks.models.rationale_first.story import Story
from rad.features.item_features import Catalogue, CoPurchase
from rad.features.position_mixture import cited_rows, recent_items
from rad.types import Interaction

STEPS, BATCH, LEARNING_RATE = 150, 128, 0.02  # steps for each of ``epochs``
FOLLOWS_DECAY = 1.5e-3  # squared penalty on what one value says of another
Past = Sequence[Interaction]
WIDTH = 32  # of the vectors of values, which say what comes with a wanted one


class Gate(nn.Module):
    """Log-linear in facts about a value and about a place of the history.

    The facts of a value: whether what goes together with the last purchases has it; how recent, how frequent, how much
    more frequent than in the catalogue it is in the history; whether it was there twice, thrice; how rare it is; how
    the purchases that have it were rated, and how those below the mean. Beside them, every value of the history speaks
    for or against every claim (``follows``).
    """

    def __init__(self, catalogue: Catalogue, slots: int, affinity: np.ndarray) -> None:
        super().__init__()
        self.catalogue, self.slots, self.affinity = catalogue, slots, affinity
        self.middling, self.spread = 0.0, 1.0  # mean and deviation of the ratings in training
        self.recency = nn.Parameter(-0.5 * torch.arange(slots, dtype=torch.float32))
        self.plain = nn.Parameter(torch.tensor([1.0, 0.0]))  # unexplained, together
        # two kinds of claims: what is wanted now, and taste; nine facts; a bias
        wanted, taste = [1, 0.5, 0.5, 0.1, 0, 0, -0.1, 0, 0, 0], [0, 0, 0.1, 0.1, 0, 0, 0, 0.05, 0, 0]
        self.facts = nn.Parameter(torch.tensor([wanted, taste])[:, None].repeat(1, len(catalogue.attributes), 1))
        self.words = nn.Parameter(torch.randn(len(catalogue.values), WIDTH) / WIDTH**0.5)
        # kind of claim, source (the last purchase, recent ones, all), word in the history, word claimed
        self.follows = nn.Parameter(torch.zeros(2, 3, WIDTH, WIDTH))
        self.owner = torch.tensor([catalogue.attributes.index(name) for name, _ in catalogue.values], dtype=torch.long)
        self.has = torch.tensor(catalogue.incidence.toarray())
        self.share = self.has.mean(0)

    def story(self, histories: Sequence[Sequence[int]], past: Sequence[Past], reach: np.ndarray) -> Story:
        """The claims of each history, rated as in ``past``. ``reach`` (items, V): p(v | what goes with an item)."""
        anchors = torch.from_numpy(recent_items(histories, self.slots))
        place = torch.softmax(self.recency.masked_fill(anchors < 0, NEVER), 1)
        own, there = anchors.clamp(min=0), (anchors >= 0)[..., None]
        recently = torch.einsum("ej,ejv->ev", place, self.has[own] * there)
        after = torch.log(torch.einsum("ej,ejv->ev", place, torch.from_numpy(reach)[own]) + 1e-4)
        each = [self.has[list(h)] for h in histories]
        count = torch.stack([rows.sum(0) for rows in each])
        rated = torch.stack([self._felt(p) @ rows for p, rows in zip(past, each, strict=True)])
        length = torch.tensor([[float(len(h))] for h in histories])
        lift = torch.log((count + 0.5) / (length * self.share + 0.5))
        rarity = torch.log(self.share + 1e-4).expand_as(count)
        facts = torch.stack(
            [after, recently, count / length, lift, (count >= 2).float(), (count >= 3).float(), rarity,
             rated, rated.clamp(max=0), torch.ones_like(count)], -1,
        )  # fmt: skip
        claims = torch.einsum("evf,kvf->kev", facts, self.facts[:, self.owner])
        for source, x in enumerate((self.has[[h[-1] for h in histories]], recently, count / length)):
            claims = claims + (x @ self.words) @ self.follows[:, source] @ self.words.T
        wants, taste = claims
        first = F.softmax(torch.cat([self.plain.expand(len(wants), 2), wants], 1), 1)
        return Story(first[:, 0], anchors, first[:, 1:2] * place, first[:, 2:], F.relu(taste), F.relu(-taste))

    def _felt(self, past: Past) -> torch.Tensor:
        """(purchases,): ratings in deviations from the mean, 0 where there is none."""
        felt = [0.0 if x.rating is None else (x.rating - self.middling) / self.spread for x in past]
        return torch.tensor(felt, dtype=torch.float32)

    def reach(self, counts: CoPurchase) -> np.ndarray:
        """(items, V): how likely what goes together with an item has a value."""
        out = np.zeros((len(self.catalogue), len(self.catalogue.values)), np.float32)
        for block, rows in cited_rows(self.catalogue, counts, self.affinity, np.arange(len(self.catalogue))):
            out[block] = rows @ self.catalogue.incidence
        return out

    def fit(self, objective: Reasons, epochs: float, seed: int) -> None:
        """The language model's objective, head included, each batch from one fold."""
        rng, prefixes = np.random.default_rng(seed), objective.prefixes
        self.prefixes, self.reads = prefixes, objective.head.probabilities
        ratings = np.array([x.rating for past in prefixes.past for x in past if x.rating is not None])
        self.middling, self.spread = (
            (float(ratings.mean()), float(ratings.std()) + 1e-6) if len(ratings) else (0.0, 1.0)
        )
        folds = {int(f): np.flatnonzero(prefixes.folds == f) for f in np.unique(prefixes.folds)}
        self.reaches = {f: self.reach(prefixes.counts[f]) for f in folds}
        optimizer = torch.optim.Adam([*self.parameters(), *objective.parameters()], LEARNING_RATE)
        steps = max(1, round(STEPS * epochs))
        decay = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
        for step in range(steps if folds else 0):
            own = folds[list(folds)[rng.integers(len(folds))]]
            batch = rng.choice(own, min(BATCH, len(own)), replace=False)
            optimizer.zero_grad()
            penalty = FOLLOWS_DECAY * (self.follows**2).sum()
            (objective.of(self.about(batch), batch, step / steps) + penalty).backward()
            optimizer.step()
            decay.step()

    def about(self, examples: np.ndarray) -> Story:
        """The story of training examples, each by facts without its own fold."""
        p, parts = self.prefixes, []
        order = np.argsort(p.folds[examples], kind="stable")
        for f in np.unique(p.folds[examples]):
            rows = examples[order[p.folds[examples][order] == f]]
            parts.append(self.story([p.histories[k] for k in rows], [p.past[k] for k in rows], self.reaches[int(f)]))
        return Story.joined(parts)[torch.from_numpy(np.argsort(order, kind="stable"))]

    def lesson(self, story: Story, examples: np.ndarray, progress: float) -> torch.Tensor:
        """A :class:`~benchmarks.models.rationale_first.sft.Lesson`: how far a story is from the gate's, claim by claim.

        The divergence of the rivals, and of what is cited for *together*; the squared distance of taste.
        """
        with torch.no_grad():
            own = self.about(examples).to(story.wants.device)
            rivals, together = own.rivals(), own.together
        apart = (rivals * (rivals.clamp(min=1e-6).log() - story.rivals().clamp(min=1e-6).log())).sum(1)
        apart = apart - (together * story.cited().log()).sum(1) + ((story.taste() - own.taste()) ** 2).sum(1)
        return still_taught(progress) * apart.mean()

    @torch.no_grad()
    def ranking(self, examples: np.ndarray) -> torch.Tensor:
        """(E, items): the gate's probabilities for training examples."""
        return self.reads(self.about(examples), self.prefixes.counts, self.prefixes.folds[examples])

    @torch.no_grad()
    def write(
        self, histories: Sequence[Sequence[int]], past: Sequence[Past], counts: CoPurchase, batch_size: int = 64
    ) -> Iterator[Story]:
        """The story of each history, by batches, as ``Reasoner.write`` gives them."""
        reach = self.reach(counts)
        for start in range(0, len(histories), batch_size):
            part = slice(start, start + batch_size)
            yield self.story(histories[part], past[part], reach)
