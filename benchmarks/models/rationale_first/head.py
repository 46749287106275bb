"""The head: from a rationale to a ranking of the whole catalogue, reading the claims and the cited items alone.

    p(i) = sum_v w_v p(i | want v) + sum_j g_j p(i | goes with j) + u p0(i)

    p(i | want v)       ~ popularity^b exp(appeal_i + taste_i + sum of what comes with v over the values of i), i has v
    p(i | goes with j)  ~ exp(affinity(j, i) + a taste_i)
    taste_i             = sum over the values of i of strength (likes - avoids), which are log odds

and p0 is popularity to a power. Rival reasons add up as probabilities, standing tastes multiply odds inside each of
them: who wants a coat and always likes navy wants a navy coat. That is how a choice by utilities goes (McFadden 1974;
a mixture of such choices is the latent class model), and a plain sum over single claims cannot say it: on validation
it lost a third of NDCG@10. ``strength`` of each attribute, ``appeal`` of each item and *what comes with v* (a
bilinear form of the reasoner's own word embeddings) are learned together with the reasoner from its own rationales,
which are written without sight of the target.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch.nn import functional as F

from benchmarks.models.rationale_first.story import Story
from rad.features.item_features import Catalogue, CoPurchase

APPEAL_DECAY = 3e-3  # squared penalty: a few purchases an item say little of its appeal
BLOCK = 128  # queries scored at once


class Head(torch.nn.Module):
    """``affinity`` (features,): weights of ``rad.features.item_features.FEATURES`` and ``power`` of popularity where
    nothing is explained, both fitted by the drafter, to start from. ``words()`` (V, ``width``): the reasoner's vectors
    of values. ``brevity``: price, in nats, of one unit of log odds in a claim of taste; few are worth making.
    """

    has: torch.Tensor
    owned: torch.Tensor
    owner: torch.Tensor

    def __init__(
        self,
        catalogue: Catalogue,
        affinity: np.ndarray,
        power: float,
        words: Callable[[], torch.Tensor],
        width: int,
        brevity: float,
    ) -> None:
        super().__init__()
        self.catalogue, self.words, self.brevity = catalogue, words, brevity
        owner = [catalogue.attributes.index(a) for a, _ in catalogue.values]
        has = torch.tensor(catalogue.incidence.toarray())  # (items, values)
        self.register_buffer("has", has.to_sparse(), persistent=False)
        self.register_buffer("owned", has.T.bool(), persistent=False)
        self.affinity = torch.nn.Parameter(torch.tensor(affinity, dtype=torch.float32))
        self.register_buffer("owner", torch.tensor(owner, dtype=torch.long), persistent=False)
        self.power = torch.nn.Parameter(torch.tensor([float(power), 0.5]))  # of popularity: unexplained, within a want
        self.appeal = torch.nn.Parameter(torch.zeros(len(catalogue)))
        self.strength = torch.nn.Parameter(torch.ones(len(catalogue.attributes)))
        self.pull = torch.nn.Parameter(torch.tensor(0.3))  # of taste on what goes together
        self.pair = torch.nn.Parameter(torch.zeros(width, width))

    def taste(self, story: Story) -> torch.Tensor:
        """(E, items)."""
        return torch.sparse.mm(self.has, (story.taste() * self.strength[self.owner]).T).T

    def fits(self, values: torch.Tensor) -> torch.Tensor:
        """(values, items): odds of the items that have a wanted value, by what comes with it; 0 of the others.

        Few items have a value, so only theirs are computed: the sum over an item's values of
        ``words[wanted] @ pair @ words[value]``.
        """
        words = self.words().float()
        value, item = torch.nonzero(self.owned[values], as_tuple=True)
        comes = ((words[values] @ self.pair)[value] * torch.sparse.mm(self.has, words)[item]).sum(1)
        top = comes.new_full((len(values),), -math.inf).scatter_reduce(0, value, comes.detach(), "amax")
        odds = torch.exp(comes - top[value])
        return odds.new_zeros(len(values), len(self.appeal)).index_put((value, item), odds)

    def forward(
        self, story: Story, counts: Sequence[CoPurchase], fold: np.ndarray, values: torch.Tensor, fits: torch.Tensor
    ) -> torch.Tensor:
        """(E, items) probabilities, each example under ``counts[fold]``; wants are ``values``, with their ``fits``."""
        device = self.appeal.device
        base = torch.from_numpy(np.log(np.stack([c.popularity for c in counts]) + 0.3)).to(device)
        base = base[torch.from_numpy(fold).to(device)]
        taste = self.taste(story) + self.appeal
        out = story.unexplained[:, None] * torch.softmax(self.power[0] * base, 1)
        out = out + self._together(story, self.pull * taste, counts, fold)
        odds = taste + self.power[1] * base
        odds = torch.exp((odds - odds.max(1, keepdim=True).values).clamp(min=-40))
        return out + odds * ((story.wants[:, values] / (odds @ fits.T + 1e-12)) @ fits)

    def _together(
        self, story: Story, taste: torch.Tensor, counts: Sequence[CoPurchase], fold: np.ndarray
    ) -> torch.Tensor:
        """(E, items): what goes with each cited purchase, weighed."""
        anchors, parts = story.anchors.cpu().numpy(), []
        order = np.argsort(fold, kind="stable")
        for f in np.unique(fold):
            rows = order[fold[order] == f]
            cited = np.unique(anchors[rows])
            table = torch.from_numpy(self.catalogue.features(cited[cited >= 0], counts[f])).to(taste.device)
            place = torch.from_numpy(np.maximum(np.searchsorted(cited[cited >= 0], anchors[rows]), 0))
            if not len(table):
                parts.append(torch.zeros_like(taste[rows]))
                continue
            score = (table @ self.affinity)[place] + taste[rows][:, None]
            score = score.scatter(2, story.anchors[rows].clamp(min=0)[..., None], -math.inf)
            parts.append((story.together[rows][..., None] * F.softmax(score, 2)).sum(1))
        return torch.cat(parts)[torch.from_numpy(np.argsort(order, kind="stable")).to(taste.device)]

    def loss(self, story: Story, counts: Sequence[CoPurchase], fold: np.ndarray, targets: np.ndarray) -> torch.Tensor:
        """Mean -log p(target) and the penalties. Only wants that a target meets need be looked at."""
        own = sorted({v for target in targets for v in self.catalogue.item_values[target]})
        values = torch.tensor(own, dtype=torch.long)
        p = self(story, counts, fold, values, self.fits(values))
        p = p.gather(1, torch.from_numpy(targets).to(p.device)[:, None])
        said = (story.likes + story.avoids).sum(1).mean()
        return -torch.log(p + 1e-12).mean() + self.brevity * said + APPEAL_DECAY * (self.appeal**2).sum()

    def probabilities(self, story: Story, counts: Sequence[CoPurchase], fold: np.ndarray) -> torch.Tensor:
        """(E, items): the mixture above, each example under ``counts[fold]``."""
        values = torch.nonzero(story.wants.sum(0))[:, 0]
        return self(story, counts, fold, values, self.fits(values))

    @torch.no_grad()
    def scores(self, story: Story, counts: CoPurchase) -> np.ndarray:
        """(N, items): the mixture above."""
        story, out = story.to(self.appeal.device), []
        values = torch.nonzero(story.wants.sum(0))[:, 0]
        fits = self.fits(values)
        for start in range(0, len(story.unexplained), BLOCK):
            part = story[start : start + BLOCK]
            out.append(self(part, [counts], np.zeros(len(part.unexplained), np.int64), values, fits).cpu().numpy())
        return np.concatenate(out) if out else np.zeros((0, len(self.catalogue)), np.float32)
