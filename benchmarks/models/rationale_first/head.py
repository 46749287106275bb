"""The head: from a rationale to a ranking of the catalogue, reading the reasons and what they cite alone.

    p(i) = sum_r w_r k_r(i) M(i) / Z_r + u p0(i)

A reason r of the moment has the share w_r and spreads it over items by a kernel of its own kind:

- ``co_purchase``, ``similar``, ``kindred``, ``new_similar``: the neighbours of the cited item
  (:mod:`benchmarks.models.rationale_first.neighbours`), log-linear in their features and a few hidden units;
- ``repeat``, ``transition``, ``new_repeat``: popularity^b exp(appeal_i + what comes, among the values of i, with the
  wanted one and with those of the cited item + what i shares with the cited item, by attribute), on the items that have
  the value (new ones: that nobody bought). After a coat, gloves, and rather in the colour of the coat.

What lasts multiplies the odds inside each of them: M(i) = exp(sum of its log odds over the values of i). Who wants a
coat and always likes navy wants a navy coat (a mixture of multinomial choices, McFadden 1974). The unexplained share u
follows popularity. Z_r makes each kernel a distribution; items of the history are left out.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import scipy.sparse as sp
import torch
from torch import nn

from benchmarks.models.rationale_first.neighbours import Neighbours
from rad.features.item_features import Catalogue
from rad.rationales.facts.candidates import NUMBER
from rad.types import Query

HIDDEN = 8  # units beside the log-linear part of a kernel
WIDTH = 32  # of the vectors of values
RARE = 10  # items with a value; below it the value's vector counts less
MASKED = -1e4
APPEAL_DECAY, PAIR_DECAY = 3e-3, 1e-3  # squared penalties
POINTERS = ("co_purchase", "similar", "kindred", "new_similar")
WANTS = ("repeat", "transition", "new_repeat")


@dataclass(frozen=True)
class Rows:
    """The reasons of B rationales, R rows; a reason that cites several items is a row for each.

    Attributes:
        query: (R,) which rationale.
        kind: (R,) number of the kind.
        item, value: (R,) catalogue position cited (of a value the latest), number of the value claimed; -1 for none.
        share: (R,) of what is wanted now; 0 where a reason lasts.
        log_odds: (R,) of what lasts, below 0 for a dislike; 0 elsewhere.
        unexplained: (B,) the rest of the shares.
    """

    query: np.ndarray
    kind: np.ndarray
    item: np.ndarray
    value: np.ndarray
    share: torch.Tensor
    log_odds: torch.Tensor
    unexplained: torch.Tensor


class Head(nn.Module):
    """``forward`` gives the probability of one item a rationale, ``probabilities`` those of all items."""

    def __init__(self, catalogue: Catalogue) -> None:
        super().__init__()
        n, v = catalogue.incidence.shape
        self.n_items, self.n_values = n, v
        self.X = catalogue.incidence.astype(np.float32).tocsr()  # (items, values)
        self.XT = self.X.T.tocsr()
        # (pairs,) of value and item, in the order of the rows of XT
        self.pair_value = torch.from_numpy(np.repeat(np.arange(v), np.diff(self.XT.indptr)))
        self.pair_item = torch.from_numpy(self.XT.indices.astype(np.int64))
        self.pair_key = self.pair_value.numpy() * n + self.pair_item.numpy()
        names = catalogue.attributes
        owner = [names.index(a) for a, _ in catalogue.values]
        self.owner = torch.tensor(owner, dtype=torch.long)
        kernel = {
            "co_purchase": [0.4, 0.2, 0.2, 0.4, 0.3, -0.2, 0.5],
            "kindred": [0.5, 0.2, 0.2, 0.3, 0.2, -0.1, 0.3, 1.0, 0.5, 0.3],
            "similar": [1.5, 1.0, 1.0, 0.5, 0.5, 0.3],
            "new_similar": [1.5, 1.0, 1.0, 0.5, 0.5],
        }
        self.weights = nn.ParameterDict({name: nn.Parameter(torch.tensor(w)) for name, w in kernel.items()})
        self.hidden = nn.ModuleDict({name: _hidden(len(w)) for name, w in kernel.items()})
        self.sharpness = nn.ParameterDict({name: nn.Parameter(torch.zeros(2)) for name in POINTERS[:3]})
        self.power = nn.Parameter(torch.tensor([1.0, 0.7]))  # of popularity: unexplained, among items with a value
        self.appeal = nn.Parameter(torch.zeros(n))
        self.words = nn.Parameter(torch.randn(v, WIDTH) / WIDTH**0.5)
        self.heard = weight_of_values(self.X)
        self.pair = nn.Parameter(torch.zeros(WIDTH, WIDTH))
        self.context = nn.Parameter(torch.zeros(len(WANTS), WIDTH, WIDTH))
        n_attributes = len(names) or 1
        self.sharing = nn.Parameter(torch.zeros(len(WANTS), n_attributes))  # what a shared value of an attribute adds
        self.preference_scale = nn.Parameter(torch.zeros(n_attributes))  # log of the factor of an attribute's log odds

    def penalty(self) -> torch.Tensor:
        """What is added to the mean loss."""
        return APPEAL_DECAY * (self.appeal**2).sum() + PAIR_DECAY * ((self.pair**2).sum() + (self.context**2).sum())

    def forward(self, rows: Rows, past: Past, own: Neighbours, targets: np.ndarray) -> torch.Tensor:
        """(B,): the probability of ``targets``, catalogue positions, under the counts ``own``."""
        odds = self._odds(rows, past)
        p = torch.zeros(len(past))
        lost = torch.zeros(len(past))
        target = torch.from_numpy(targets)
        for mine, items, scores in self._pointers(rows, own):
            q = torch.from_numpy(rows.query[mine])
            logits = scores + odds.reshape(-1)[q[:, None] * self.n_items + items.clamp(min=0)]
            logits = torch.where(items < 0, torch.tensor(2 * MASKED), logits)
            total = torch.logsumexp(logits, 1)
            share, dead = rows.share[mine], total < MASKED / 2
            lost = lost.index_add(0, q, torch.where(dead, share, torch.zeros(())))
            hit = (items == target[q][:, None]) & ~dead[:, None]
            part = torch.where(hit, torch.exp(logits - total[:, None]), torch.zeros(())).sum(1)
            p = p.index_add(0, q, share * part)
        for mine, weight, fits, totals, at in self._wanted(rows, own, odds):
            q, v = torch.from_numpy(rows.query[mine]), torch.from_numpy(rows.value[mine])
            z = totals[at, v]
            alive = z > 1e-6
            lost = lost.index_add(0, q, torch.where(alive, torch.zeros(()), rows.share[mine]))
            fit = self._fit_of(fits, rows.value[mine], targets[rows.query[mine]])
            p = p.index_add(
                0,
                q,
                torch.where(alive, rows.share[mine] * fit * weight[at, target[q]] / z.clamp(min=1e-6), torch.zeros(())),
            )
        background = self.background(past, own)
        return p + (rows.unexplained + lost) * background[torch.arange(len(past)), target]

    @torch.no_grad()
    def probabilities(self, rows: Rows, past: Past, own: Neighbours) -> torch.Tensor:
        """(B, items): 0 for items of the history."""
        kernels = self.kernels(rows, past, own)
        query, share = torch.from_numpy(rows.query), rows.share
        dead = kernels.sum(1) == 0
        lost = torch.zeros(len(past)).index_add(0, query, torch.where(dead, share, torch.zeros(())))
        out = torch.zeros(len(past), self.n_items).index_add(0, query, share[:, None] * kernels)
        return out + (rows.unexplained + lost)[:, None] * self.background(past, own)

    @torch.no_grad()
    def kernels(self, rows: Rows, past: Past, own: Neighbours) -> torch.Tensor:
        """(R, items): where each row spreads its share; nowhere where it lasts, or no item is left."""
        odds = self._odds(rows, past)
        out = torch.zeros(len(rows.query), self.n_items)
        for mine, items, scores in self._pointers(rows, own):
            q = torch.from_numpy(rows.query[mine])
            logits = scores + odds.reshape(-1)[q[:, None] * self.n_items + items.clamp(min=0)]
            logits = torch.where(items < 0, torch.tensor(2 * MASKED), logits)
            total = torch.logsumexp(logits, 1, keepdim=True)
            near = torch.where(total < MASKED / 2, torch.zeros(()), torch.exp(logits - total))
            at = torch.from_numpy(mine)[:, None].expand_as(items)
            out.index_put_((at, items.clamp(min=0)), near, accumulate=True)
        for mine, weight, fits, totals, at in self._wanted(rows, own, odds):
            shape = (self.n_values, self.n_items)
            matrix = sp.csr_matrix((fits.numpy(), self.XT.indices, self.XT.indptr), shape=shape)
            z = totals[at, torch.from_numpy(rows.value[mine])]
            scale = torch.where(z > 1e-6, 1 / z.clamp(min=1e-6), torch.zeros(()))
            for start in range(0, len(mine), 1024):
                part = slice(start, start + 1024)
                fit = torch.from_numpy(matrix[rows.value[mine[part]]].toarray())
                out[mine[part]] = fit * weight[at[part]] * scale[part, None]
        return out

    def _odds(self, rows: Rows, past: Past) -> torch.Tensor:
        """(B, items): log of M, and far below for items of the history."""
        lasting = np.flatnonzero((rows.log_odds.detach().numpy() != 0) & (rows.value >= 0))
        odds = past.mask()
        if not len(lasting):
            return odds
        v = torch.from_numpy(rows.value[lasting])
        amounts = rows.log_odds[lasting] * torch.exp(self.preference_scale[self.owner[v]])
        table = torch.zeros(len(past), self.n_values)
        table = table.index_put((torch.from_numpy(rows.query[lasting]), v), amounts, accumulate=True)
        return odds + cast(torch.Tensor, Product.apply(table, self.XT, self.X))

    def background(self, past: Past, own: Neighbours) -> torch.Tensor:
        """(B, items): popularity to a power, without the history."""
        return torch.softmax(self.power[0] * own.popularity + past.mask(), 1)

    def _pointers(self, rows: Rows, own: Neighbours) -> Any:
        """For each kind that points at items: its rows, their neighbours (R', width) and scores (R', width)."""
        partners = torch.stack([torch.from_numpy(own.partners) / 3 - 0.5, torch.from_numpy(own.focus)], 1).float()
        sources = {
            "co_purchase": (own.co_purchased, own.co_purchase_features),
            "kindred": (own.co_purchased, torch.cat([own.co_purchase_features, own.kindred_features], 2)),
            "similar": (own.similar, own.similar_features),
            "new_similar": (own.fresh, own.fresh_features),
        }
        for kind, (items, features) in sources.items():
            mine = np.flatnonzero((rows.kind == NUMBER[kind]) & (rows.item >= 0))  # type: ignore[index]
            if not len(mine):
                continue
            cited, at = np.unique(rows.item[mine], return_inverse=True)
            near, x = items[cited], features[cited]
            if kind == "similar":
                x = torch.cat([x, own.popularity[near.clamp(min=0)][..., None]], 2)
            scores = x @ self.weights[kind] + self.hidden[kind](x)[..., 0]
            if kind in self.sharpness:
                scores = scores * torch.exp(partners[cited] @ self.sharpness[kind])[:, None]
            yield mine, near[at], scores[at]

    def _wanted(self, rows: Rows, own: Neighbours, odds: torch.Tensor) -> Any:
        """For values wanted now, after an item, and in new items: the rows, weights (groups, items), fits of the pairs
        of value and item, totals (groups, values), and the group of each row.

        A group is a query and the item that its rows cite, of which the values say what comes with a wanted one.
        """
        base = odds + self.power[1] * own.popularity + self.appeal
        vectors = self._vectors()
        fits = self._fits(vectors)
        for context, kind in enumerate(WANTS):
            mine = np.flatnonzero((rows.kind == NUMBER[kind]) & (rows.value >= 0))  # type: ignore[index]
            if not len(mine):
                continue
            key = rows.query[mine] * (self.n_items + 1) + rows.item[mine] + 1
            contexts, at = np.unique(key, return_inverse=True)
            query, item = np.divmod(contexts, self.n_items + 1)
            cited = torch.from_numpy(item - 1)
            with_it = torch.where((cited >= 0)[:, None], vectors[cited.clamp(min=0)], torch.zeros(()))
            values = self.X[np.maximum(item - 1, 0)].toarray() * (item > 0)[:, None].astype(np.float32)
            shared = torch.from_numpy(values) * self.sharing[context, self.owner]
            shared = cast(torch.Tensor, Product.apply(shared, self.XT, self.X))
            logits = base[query] + with_it @ self.context[context] @ vectors.T + shared
            weight = torch.exp(logits - logits.detach().amax(1, keepdim=True))
            weight = torch.where(logits < MASKED / 2, torch.zeros(()), weight)
            if kind == "new_repeat":
                weight = weight * own.new
            totals = cast(torch.Tensor, Sampled.apply(weight, fits, self))
            yield mine, weight, fits, totals, torch.from_numpy(at)

    def _vectors(self) -> torch.Tensor:
        """(items, WIDTH): the sum of the vectors of an item's values."""
        return cast(torch.Tensor, Product.apply((self.heard * self.words).T, self.XT, self.X)).T

    def _fits(self, vectors: torch.Tensor) -> torch.Tensor:
        """(pairs,): how well an item with a value goes with what comes with the value."""
        comes = (((self.heard * self.words) @ self.pair)[self.pair_value] * vectors[self.pair_item]).sum(1)
        top = torch.full((self.n_values,), -1e9).scatter_reduce(0, self.pair_value, comes.detach(), "amax")
        return torch.exp(comes - top[self.pair_value])

    def _fit_of(self, fits: torch.Tensor, value: np.ndarray, item: np.ndarray) -> torch.Tensor:
        """The fits of pairs; 0 where the item lacks the value."""
        key = value * self.n_items + item
        where = np.minimum(np.searchsorted(self.pair_key, key), len(self.pair_key) - 1)
        return fits[where] * torch.from_numpy((self.pair_key[where] == key).astype(np.float32))


@dataclass(frozen=True)
class Past:
    """The items of B histories that are not ranked: (R,) query and catalogue position."""

    query: np.ndarray
    item: np.ndarray
    n_queries: int
    n_items: int

    @classmethod
    def of(cls, unranked: Sequence[np.ndarray], n_items: int) -> Past:
        query = np.repeat(np.arange(len(unranked)), [len(items) for items in unranked])
        return cls(query, np.concatenate([np.zeros(0, np.int64), *unranked]), len(unranked), n_items)

    @classmethod
    def of_queries(cls, queries: Sequence[Query], index: Mapping[str, int]) -> Past:
        """``index`` has the catalogue position of each item."""
        columns = [[index[item] for item in q.unranked if item in index] for q in queries]
        return cls.of([np.array(row, dtype=np.int64) for row in columns], len(index))

    def __len__(self) -> int:
        return self.n_queries

    def mask(self) -> torch.Tensor:
        """(B, items): far below 0 for the items that are not ranked, else 0."""
        out = torch.zeros(self.n_queries, self.n_items)
        out[self.query, self.item] = MASKED
        return out


def weight_of_values(X: sp.csr_matrix) -> torch.Tensor:
    """(values, 1): how much a value's vector counts; that of few items, as a small brand's, can only be guessed."""
    owners = np.asarray(X.sum(0), dtype=np.float32).reshape(-1, 1)
    return torch.from_numpy(np.sqrt(owners / (owners + RARE)))


def _hidden(width: int) -> nn.Sequential:
    net = nn.Sequential(nn.Linear(width, HIDDEN), nn.Tanh(), nn.Linear(HIDDEN, 1))
    last = cast(nn.Linear, net[2])
    nn.init.zeros_(last.weight)
    nn.init.zeros_(last.bias)
    return net


def _pattern(matrix: sp.csr_matrix) -> torch.Tensor:
    """Where ``matrix`` has entries, as a sparse tensor of zeros."""
    starts, columns = (torch.from_numpy(x.astype(np.int64)) for x in (matrix.indptr, matrix.indices))
    zeros = torch.zeros(matrix.nnz)
    with warnings.catch_warnings():
        # torch says of every first sparse tensor that their interface may change
        warnings.filterwarnings("ignore", message="Sparse CSR tensor support is in beta state")
        return torch.sparse_csr_tensor(starts, columns, zeros, tuple(matrix.shape), check_invariants=False)


class Product(torch.autograd.Function):
    """A dense matrix (B, a) by a constant sparse one (a, b), which scipy multiplies faster than torch."""

    @staticmethod
    def forward(ctx: Any, dense: torch.Tensor, sparse: sp.csr_matrix, transposed: sp.csr_matrix) -> torch.Tensor:
        ctx.sparse = sparse
        return torch.from_numpy(np.ascontiguousarray((transposed @ dense.detach().numpy().T).T))

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> Any:
        return torch.from_numpy(np.ascontiguousarray((ctx.sparse @ grads[0].numpy().T).T)), None, None


class Sampled(torch.autograd.Function):
    """A dense matrix (B, items) by the sparse one of items and values, whose entries are learned: (B, values)."""

    @staticmethod
    def forward(ctx: Any, dense: torch.Tensor, entries: torch.Tensor, head: Head) -> torch.Tensor:
        shape = (head.n_values, head.n_items)
        ctx.matrix = sp.csr_matrix((entries.detach().numpy(), head.XT.indices, head.XT.indptr), shape=shape)
        ctx.head = head
        ctx.save_for_backward(dense)
        return torch.from_numpy(np.ascontiguousarray((ctx.matrix @ dense.detach().numpy().T).T))

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> Any:
        (dense,) = ctx.saved_tensors
        head = ctx.head
        to_dense = torch.from_numpy(np.ascontiguousarray((ctx.matrix.T.tocsr() @ grads[0].numpy().T).T))
        # (pairs,): summed over the batch, where the pattern has an entry
        of_pairs = torch.sparse.sampled_addmm(_pattern(head.XT), grads[0].T.contiguous(), dense, beta=0.0).values()
        return to_dense, of_pairs, None
