"""What a history shows beyond what its user's tastes make likely.

Values come together. Who bought two navy linen shirts may like navy or linen; if other purchases say that it is linen,
the navy tells nothing. So values are weighed in passes. Each pass ranks the catalogue by popularity and by the log odds
of the pass before, counts how often each value is then to be expected, as if nothing were known of the value itself,
and compares that with the history (mean field, unrolled: each pass has weights of its own). What purchases show beyond
tastes is wanted now; what ratings praise beyond tastes is another taste.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
import scipy.sparse as sp
import torch
from torch import nn

from benchmarks.models.rationale_first.head import Product
from benchmarks.models.rationale_first.neighbours import entries
from benchmarks.models.rationale_first.options import N_FEATURES, Options

GAINS = (1.0, 2.0, 3.0)  # log odds for which the likelihood of the history is compared with that of none
EXPLAINED, EXPLAINED_GAINS = 0.6, (2.0, 4.0)  # the same, where only this part of the purchases follows tastes at all
N_COMPARED = 13
HIDDEN = 16
LEAST, USUAL = 0.3, 0.05  # purchases, and shares, that are added to both sides of a ratio
KEEN = 0.3  # of the scale of ratings, in the units of log odds, before it is learned


@dataclass(frozen=True)
class Claims:
    """The claimed values of B queries, R rows, with what the history shows of each.

    Attributes:
        query, value: (R,) number of the query in the batch, number of the value.
        x, slot: (R, N_FEATURES) and (R,) as in :class:`Options`.
        bought, length: (R,) purchases that have the value, and all of the query.
        last, recent: (R,) the profiles of the last purchase and of recent ones at the value.
        owner, rating: (purchases,) number of the query, rating less the user's mean.
        pair_purchase, pair_value: (pairs,) the values of those purchases.
    """

    query: torch.Tensor
    value: torch.Tensor
    x: torch.Tensor
    slot: torch.Tensor
    bought: torch.Tensor
    length: torch.Tensor
    last: torch.Tensor
    recent: torch.Tensor
    owner: torch.Tensor
    rating: torch.Tensor
    pair_purchase: torch.Tensor
    pair_value: torch.Tensor

    @classmethod
    def of(
        cls, options: Options, queries: np.ndarray, query: np.ndarray, numbers: np.ndarray, X: sp.csr_matrix
    ) -> Claims:
        """The options ``numbers`` of ``queries[query]``; ``X`` (items, values) is the catalogue's incidence."""
        value = options.table.value[numbers]
        length = torch.from_numpy(options.lengths[queries][query].astype(np.float32))
        item = np.concatenate([options.histories[k] for k in queries])
        rating = np.concatenate([options.ratings[k] for k in queries])
        shown = X[item]
        last, recent, all_ = (torch.from_numpy(entries(p[queries], query, value)) for p in options.profiles)
        return cls(
            query=torch.from_numpy(query),
            value=torch.from_numpy(value),
            x=options.x[numbers],
            slot=options.slot[numbers],
            bought=all_ * length,
            length=length,
            last=last,
            recent=recent,
            owner=torch.from_numpy(np.repeat(np.arange(len(queries)), options.lengths[queries])),
            rating=torch.from_numpy(rating.astype(np.float32)),
            pair_purchase=torch.from_numpy(np.repeat(np.arange(len(item)), np.diff(shown.indptr))),
            pair_value=torch.from_numpy(shown.indices.astype(np.int64)),
        )


class Expectation(nn.Module):
    """One pass. ``forward`` gives what is added to the scores of claims, from the log odds that are known so far."""

    def __init__(self, X: sp.csr_matrix, XT: sp.csr_matrix, n_slots: int) -> None:
        super().__init__()
        self.X, self.XT = X, XT  # (items, values), and transposed
        self.power = nn.Parameter(torch.tensor(1.0))  # of popularity
        self.keen = nn.Parameter(torch.tensor(KEEN))  # what a unit of log odds adds to a rating
        self.linear = nn.Parameter(torch.zeros(n_slots, 2 * N_COMPARED, 2))
        self.inner = nn.Linear(N_COMPARED + N_FEATURES, HIDDEN)
        self.outer = nn.Linear(HIDDEN, 2)
        nn.init.zeros_(self.outer.weight)
        nn.init.zeros_(self.outer.bias)

    def forward(self, claims: Claims, liked: torch.Tensor, popularity: torch.Tensor) -> torch.Tensor:
        """(R, 2): for what is wanted now, and for what lasts.

        Args:
            claims: The values in question.
            liked: (B, values) log odds so far.
            popularity: (items,) log of purchases + 1.
        """
        compared = self._compared(claims, liked, popularity)
        bent = torch.cat([compared, torch.tanh(compared)], 1)
        out = (bent[:, :, None] * self.linear[claims.slot]).sum(1)
        return cast(torch.Tensor, out + self.outer(torch.tanh(self.inner(torch.cat([compared, claims.x], 1)))))

    def _compared(self, claims: Claims, liked: torch.Tensor, popularity: torch.Tensor) -> torch.Tensor:
        """(R, N_COMPARED): the history beside what is expected."""
        rows = liked if liked.any() else liked[:1]  # before anything is known one row stands for all
        logits = self.power * popularity + cast(torch.Tensor, Product.apply(rows, self.XT, self.X))
        expected = cast(torch.Tensor, Product.apply(torch.softmax(logits, 1), self.X, self.XT))
        expected = expected.expand(len(liked), -1)  # (B, values)
        full = expected[claims.query, claims.value].clamp(1e-5, 1 - 1e-4)
        own = liked[claims.query, claims.value]
        # the share of the value if nothing were known of the value itself
        others = full * torch.exp(-own)
        others = (others / (1 - full + others)).clamp(1e-6, 1 - 1e-4)
        n, m = claims.bought, claims.length
        columns = [(n * g - m * torch.log1p(np.expm1(g) * others)) / 5 for g in GAINS]
        for g in EXPLAINED_GAINS:
            total = 1 + np.expm1(g) * others
            with_it = torch.log(1 - EXPLAINED + EXPLAINED * np.exp(g) / total)
            without = torch.log(1 - EXPLAINED + EXPLAINED / total)
            columns.append((n * with_it + (m - n).clamp(min=0) * without) / 5)
        columns += [torch.log((n + LEAST) / (m * others + LEAST)), torch.log(others) / 5]
        columns += self._praised(claims, liked, own)
        columns += [
            torch.log((claims.recent + USUAL) / (full + USUAL)),
            claims.recent - full,
            (claims.last > 0) * torch.log(full) / 5,
        ]
        return torch.stack(columns, 1)

    def _praised(self, claims: Claims, liked: torch.Tensor, own: torch.Tensor) -> list[torch.Tensor]:
        """Three columns (R,): how far the ratings of what has the value exceed what other tastes explain of them."""
        n_queries, n_purchases = len(liked), len(claims.owner)
        tastes = torch.zeros(n_purchases).index_add(
            0, claims.pair_purchase, liked[claims.owner[claims.pair_purchase], claims.pair_value]
        )
        count = torch.zeros(n_queries).index_add(0, claims.owner, torch.ones(n_purchases)).clamp(min=1)
        mean = torch.zeros(n_queries).index_add(0, claims.owner, tastes) / count
        rest = claims.rating - self.keen * (tastes - mean[claims.owner])
        where = claims.owner[claims.pair_purchase], claims.pair_value
        total = torch.zeros_like(liked).index_put(where, rest[claims.pair_purchase], accumulate=True)
        below = torch.zeros_like(liked).index_put(where, rest[claims.pair_purchase].clamp(max=0), accumulate=True)
        at = claims.query, claims.value
        apart = (total[at] + self.keen * own * claims.bought) / (claims.bought + 0.5)
        return [apart, total[at] / 3, below[at] / 3]
