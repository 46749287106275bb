"""The selector: how much each fact of a history explains of what comes next. It needs no language.

It scores every option by what anyone can count of it: log-linear in its numbers, with weights for each kind and
attribute, a few hidden units, and what the values of the history say of a value (bilinear). Values are weighed again
in some passes, each in the light of what the last one found to be liked (``expectation.py``). A softmax over the
options of the moment and *unexplained* gives shares; options that last get log odds.
"""

from __future__ import annotations

from typing import cast

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from benchmarks.models.rationale_first.expectation import Claims, Expectation
from benchmarks.models.rationale_first.head import WIDTH, Product, Rows, weight_of_values
from benchmarks.models.rationale_first.neighbours import Neighbours
from benchmarks.models.rationale_first.options import CLAIMS_VALUE, LASTS, N_FEATURES, Options
from rad.features.item_features import Catalogue
from rad.rationales.facts.candidates import KINDS

HIDDEN, DROPOUT = 32, 0.1
PASSES = 4  # of expectation: the first knows no taste
FOLLOWS_DECAY = 1.5e-3  # squared penalty on what one value says of another
SOFTNESS = 4.0  # of the bend at which log odds leave zero
_DISLIKES = np.array([kind in ("rating", "absence") for kind in KINDS])


class Selector(nn.Module):
    """``forward`` weighs all options of some queries."""

    def __init__(self, catalogue: Catalogue) -> None:
        super().__init__()
        n_slots = len(KINDS) * (len(catalogue.attributes) + 1)
        self.linear = nn.Parameter(torch.zeros(n_slots, N_FEATURES, 2))
        self.bias = nn.Parameter(torch.zeros(n_slots, 2))
        self.inner = nn.Linear(N_FEATURES, HIDDEN)
        self.shift = nn.Parameter(torch.zeros(n_slots, HIDDEN))
        self.outer = nn.Linear(HIDDEN, 2)
        nn.init.zeros_(self.outer.weight)
        nn.init.zeros_(self.outer.bias)
        self.dropout = nn.Dropout(DROPOUT)
        self.words = nn.Parameter(torch.randn(len(catalogue.values), WIDTH) / WIDTH**0.5)
        self.heard = weight_of_values(catalogue.incidence)
        # now or lasting, source (last purchase, recent ones, all), value of the history, value of the option
        self.follows = nn.Parameter(torch.zeros(2, 3, WIDTH, WIDTH))
        self.unexplained = nn.Parameter(torch.zeros(2))  # at the usual length, and for each unit of its log
        self.X = catalogue.incidence.astype(np.float32).tocsr()  # (items, values)
        XT = self.X.T.tocsr()
        self.passes = nn.ModuleList(Expectation(self.X, XT, n_slots) for _ in range(PASSES))
        self.timid = nn.Parameter(torch.tensor(-0.5))  # log odds that no number speaks for

    def penalty(self) -> torch.Tensor:
        """What is added to the mean loss."""
        return FOLLOWS_DECAY * (self.follows**2).sum()

    def forward(self, options: Options, queries: np.ndarray, own: Neighbours) -> tuple[Rows, np.ndarray]:
        """All options of ``queries`` as reasons under the counts ``own``, with the number of each in ``options``."""
        numbers, q = options.rows(queries)
        table = options.table
        x, slot = options.x[numbers], options.slot[numbers]
        y = (x[:, :, None] * self.linear[slot]).sum(1) + self.bias[slot]
        y = y + self.outer(self.dropout(torch.tanh(self.inner(x) + self.shift[slot])))
        kind, value = table.kind[numbers], table.value[numbers]
        claim = np.flatnonzero(CLAIMS_VALUE[kind])
        follows = torch.zeros(len(numbers), 2)
        at = torch.from_numpy(claim)
        follows = follows.index_put((at,), self._follows(options, queries, q[claim], value[claim]))
        y = y + follows
        lasts = torch.from_numpy(LASTS[kind])
        sign = torch.from_numpy(np.where(_DISLIKES[kind], -1.0, 1.0).astype(np.float32)) * lasts
        claims = Claims.of(options, queries, q[claim], numbers[claim], self.X)
        lasting = lasts[at]
        where = claims.query[lasting], claims.value[lasting]
        log_odds = torch.zeros(len(numbers))
        for again in self.passes:
            liked = torch.zeros(len(queries), self.X.shape[1]).index_put(where, log_odds[at[lasting]], accumulate=True)
            y = y.index_add(0, at, again(claims, liked, own.popularity))
            log_odds = sign * F.softplus(SOFTNESS * (y[:, 1] + self.timid)) / SOFTNESS
        query = torch.from_numpy(q)
        logits = torch.where(lasts, torch.tensor(-1e9), y[:, 0])
        length = torch.from_numpy(np.log(np.maximum(options.lengths[queries], 1)) - 1.5).float()
        rest = self.unexplained[0] + self.unexplained[1] * length
        top = torch.maximum(
            torch.full_like(rest, -1e9).scatter_reduce(0, query, logits.detach(), "amax"), rest.detach()
        )
        odds, rest = torch.exp(logits - top[query]), torch.exp(rest - top)
        total = torch.zeros_like(rest).index_add(0, query, odds) + rest
        rows = Rows(
            query=q,
            kind=kind,
            item=options.cited[numbers],
            value=value,
            share=odds / total[query],
            log_odds=log_odds,
            unexplained=rest / total,
        )
        return rows, numbers

    def _follows(self, options: Options, queries: np.ndarray, q: np.ndarray, value: np.ndarray) -> torch.Tensor:
        """(rows, 2): what the values of the history say of ``value``."""
        vectors = self.heard * self.words
        words = vectors[torch.from_numpy(value)]
        parts = []
        for profile in options.profiles:
            block = profile[queries]
            # (values, width) by (queries, values): the mean vector of what was bought
            parts.append(cast(torch.Tensor, Product.apply(vectors.T, block.T.tocsr(), block)).T)
        sources = torch.stack(parts)  # (3, queries, width)
        at = torch.from_numpy(q)
        each = torch.einsum("sqw,kswv->kqv", sources, self.follows)  # (2, queries, width)
        return (each[:, at] * words).sum(2).T


def only(rows: Rows, chosen: np.ndarray) -> Rows:
    """Some of the rows, as they are."""
    at = torch.from_numpy(np.flatnonzero(chosen) if chosen.dtype == bool else chosen)
    k = at.numpy()
    return Rows(
        rows.query[k], rows.kind[k], rows.item[k], rows.value[k], rows.share[at], rows.log_odds[at], rows.unexplained
    )
