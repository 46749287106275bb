"""The summary: at most K facts, with five strengths, that say most of what the selector knows.

The selector weighs some sixty facts at once; a person reads eight. The eight are chosen so that the head, which reads
them alone, ranks as nearly as it can as the full mixture does, without sight of what was bought:

1. The lasting reasons that are worth most, at most ``lasting`` of them, each rounded to a strength.
2. Reasons of the moment one by one: each time the one that raises most the expected log likelihood of an item drawn
   from the full mixture, sharpened, so that the head of the list counts most. After each, all shares are fitted by EM.
3. Each lasting reason a step firmer or fainter, where that is nearer to the full mixture.
4. The unexplained share is fitted anew to the full mixture as it is, so that it stays true; then all shares are rounded
   to the five strengths.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from benchmarks.models.rationale_first.head import Head, Past, Rows
from benchmarks.models.rationale_first.neighbours import Neighbours
from benchmarks.models.rationale_first.options import LASTS, Options
from benchmarks.models.rationale_first.reading import LOG_ODDS
from benchmarks.models.rationale_first.selector import Selector, only
from rad.rationales.strengths import LEVELS, level_of

CONSIDERED = 32  # reasons of the moment with the largest shares
TRIED = 0.25  # share with which a reason is tried
SHARE = 0.2  # with which it starts
ROUNDS = 5  # of EM after each reason
HEAD_OF_LIST = 400  # items on which the full mixture is followed one by one
SHARPNESS = 1.5  # power of the full mixture that is followed: 1 follows the long tail, too
NEGLIGIBLE = 0.01  # of the largest share: what is less is not stated
FIRMER = 2.0  # few lasting reasons stand for many: each is firmer than it is weighed
LEAST_LOG_ODDS = 0.1
TIE = 5  # digits that count: which queries stand in one batch moves the last ones, and is not to decide


@dataclass(frozen=True)
class Choice:
    """What a rationale states: numbers of options with their levels, and the level of the unexplained."""

    options: tuple[tuple[int, int], ...]
    rest: int


@torch.no_grad()
def summaries(
    selector: Selector, head: Head, options: Options, queries: np.ndarray, own: Neighbours, most: int, lasting: int
) -> list[Choice]:
    """The choice of each of ``queries``, at most ``most`` reasons of which at most ``lasting`` last."""
    rows, numbers = selector(options, queries, own)
    goal = _Goal.of(head, rows, Past.of([options.unranked[k] for k in queries], head.n_items), own)
    keep, levels = _lasting(rows, lasting, goal.values[rows.query, np.maximum(rows.value, 0)])
    grid = _considered(rows, len(queries))  # (queries, CONSIDERED) rows, -1 beyond the last
    near = goal.near(grid, keep, levels)
    free = most - np.bincount(rows.query[keep], minlength=len(queries))
    shares, rest = _now(near, torch.from_numpy(grid >= 0), goal.background, goal.sharp, free, most)
    if len(keep):
        levels = _refined(goal, grid, shares, rest, keep, levels)
    near = goal.near(np.where(shares > 0, grid, -1), keep, levels)
    shares, rest = _fitted(near, shares, rest, goal.background, goal.sharp)
    shares, rest = _calibrated(near, shares, rest, goal.background, goal.full)
    return _choices(shares.numpy(), rest.numpy(), grid, numbers, rows.query[keep], numbers[keep], levels)


@dataclass(frozen=True)
class _Goal:
    """What a summary is held against.

    Attributes:
        items: (queries, HEAD_OF_LIST) of which the full mixture thinks most.
        full, sharp: (queries, HEAD_OF_LIST + 1) its probabilities of them, as they are and sharpened; the last column
            has all other items together.
        background: The same where all stays unexplained.
        values: (queries, values) how much of what the full mixture explains has each value.
    """

    head: Head
    rows: Rows
    past: Past
    own: Neighbours
    items: torch.Tensor
    full: torch.Tensor
    sharp: torch.Tensor
    background: torch.Tensor
    values: np.ndarray

    @classmethod
    def of(cls, head: Head, rows: Rows, past: Past, own: Neighbours) -> _Goal:
        full = head.probabilities(rows, past, own)
        top = full.topk(min(HEAD_OF_LIST, full.shape[1]), 1)
        sharp = top.values**SHARPNESS / (full**SHARPNESS).sum(1, keepdim=True).clamp(min=1e-12)
        background = head.background(past, own).gather(1, top.indices)
        explained = (full - rows.unexplained[:, None] * head.background(past, own)).clamp(min=0)
        values = np.asarray(explained.numpy() @ head.X) / np.maximum(explained.sum(1, keepdim=True).numpy(), 1e-9)
        likely = _with_others(top.values)
        return cls(head, rows, past, own, top.indices, likely, _with_others(sharp), _with_others(background), values)

    def near(self, grid: np.ndarray, keep: np.ndarray, levels: np.ndarray) -> torch.Tensor:
        """(queries, columns, items): the kernels of the rows in ``grid`` (-1: none), where the rows ``keep`` last."""
        r = self.rows
        log_odds = torch.zeros_like(r.log_odds)
        firm = np.array([LOG_ODDS[LEVELS.index(level)] if level else 0.0 for level in levels], dtype=np.float32)
        log_odds[keep] = torch.from_numpy(firm) * torch.sign(r.log_odds[keep])
        chosen = np.unique(np.concatenate([keep, grid[grid >= 0]]))
        in_words = Rows(r.query, r.kind, r.item, r.value, r.share, log_odds, r.unexplained)
        kernels = self.head.kernels(only(in_words, chosen), self.past, self.own)  # (chosen, all items)
        out = torch.zeros(*grid.shape, self.items.shape[1] + 1)
        query, column = np.nonzero(grid >= 0)
        at = torch.from_numpy(np.searchsorted(chosen, grid[query, column]))
        alive = kernels.sum(1)[at] > 0
        out[query, column] = _with_others(kernels[at[:, None], self.items[query]]) * alive[:, None]
        return out

    def likelihood(self, near: torch.Tensor, shares: torch.Tensor, rest: torch.Tensor) -> torch.Tensor:
        """(queries,): the expected log likelihood of an item drawn from the sharpened full mixture."""
        p = torch.einsum("qc,qci->qi", shares, near) + rest[:, None] * self.background
        return (self.sharp * torch.log(p + 1e-9)).sum(1)


def _with_others(likely: torch.Tensor) -> torch.Tensor:
    """(..., items + 1): the rest of the probability stands in the last column."""
    return torch.cat([likely, (1 - likely.sum(-1, keepdim=True)).clamp(min=0)], -1)


def _refined(
    goal: _Goal, grid: np.ndarray, shares: torch.Tensor, rest: torch.Tensor, keep: np.ndarray, levels: np.ndarray
) -> np.ndarray:
    """The levels of what lasts, each moved a step up or down where that is nearer to the full mixture."""
    columns = int((shares > 0).sum(1).max())
    best = shares.topk(columns, 1)
    small = np.where(best.values > 0, np.take_along_axis(grid, best.indices.numpy(), 1), -1)
    query = goal.rows.query[keep]
    rank = np.arange(len(keep)) - np.searchsorted(query, query)
    levels = levels.copy()
    score = goal.likelihood(goal.near(small, keep, levels), best.values, rest)
    for slot in range(int(rank.max()) + 1):
        mine = np.flatnonzero(rank == slot)
        for move in (2.0, 0.5):
            trial = levels.copy()
            trial[mine] = np.clip(levels[mine] * move, LEVELS[-1], LEVELS[0])
            tried = goal.likelihood(goal.near(small, keep, trial), best.values, rest)
            better = (tried > score + 10**-TIE)[query[mine]].numpy()
            levels[mine[better]] = trial[mine[better]]
            score = torch.maximum(score, tried)
    return levels


def _lasting(rows: Rows, most: int, applies: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The rows that last and are worth most to each query, and their levels.

    A row is worth its log odds times ``applies`` (rows,): how much of what is explained has the value.
    """
    size = rows.log_odds.abs().numpy() * FIRMER
    mine = np.flatnonzero(LASTS[rows.kind] & (size > LEAST_LOG_ODDS))
    # one reason a value: what is disliked for two reasons is disliked once
    worth = np.round(size * applies, TIE)
    mine = mine[np.lexsort((-worth[mine], rows.query[mine]))]
    pair = rows.query[mine] * (rows.value.max(initial=0) + 1) + rows.value[mine]
    _, first = np.unique(pair, return_index=True)
    mine = mine[np.sort(first)]
    starts = np.searchsorted(rows.query[mine], rows.query[mine])
    mine = mine[np.arange(len(mine)) - starts < most]
    distance = np.abs(np.log(size[mine])[:, None] - np.log(np.array(LOG_ODDS))[None])
    return mine, np.array(LEVELS)[distance.argmin(1)] if len(mine) else np.zeros(0, np.int64)


def _considered(rows: Rows, n_queries: int) -> np.ndarray:
    """(queries, CONSIDERED): the rows of the moment with the largest shares, -1 beyond the last."""
    mine = np.flatnonzero(~LASTS[rows.kind])
    mine = mine[np.lexsort((-np.round(rows.share.numpy()[mine], TIE), rows.query[mine]))]
    rank = np.arange(len(mine)) - np.searchsorted(rows.query[mine], rows.query[mine])
    out = np.full((n_queries, CONSIDERED), -1, dtype=np.int64)
    mine, rank = mine[rank < CONSIDERED], rank[rank < CONSIDERED]
    out[rows.query[mine], rank] = mine
    return out


def _now(
    near: torch.Tensor, there: torch.Tensor, background: torch.Tensor, full: torch.Tensor, free: np.ndarray, most: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Shares (queries, CONSIDERED) of what is wanted now, and of the unexplained (queries,).

    Args:
        near: (queries, CONSIDERED, items) the kernels.
        there: (queries, CONSIDERED) where there is a reason.
        background: (queries, items) of the unexplained.
        full: (queries, items) the mixture that is followed.
        free: (queries,) how many reasons may be stated.
        most: Rounds, the same for every query whatever others stand in the batch.
    """
    n, c, _ = near.shape
    every = torch.arange(n)
    open_ = there & (near.sum(2) > 0)
    shares, rest = torch.zeros(n, c), torch.ones(n)
    chosen, counts = torch.zeros(n, 0, dtype=torch.long), torch.zeros(n, 0)
    p = background.clone()
    for step in range(most):
        gain = torch.log1p(TRIED * (near / (p[:, None] + 1e-9) - 1))
        gain = torch.einsum("qi,qci->qc", full, gain).masked_fill(~open_, -1e9)
        best = gain.round(decimals=TIE).argmax(1)
        able = torch.from_numpy(step < free) & (gain[every, best] > -1e8)
        open_[every, best] = False
        # a query that may state no more, or has nothing more to state, gets a column that weighs nothing
        chosen, counts = torch.cat([chosen, best[:, None]], 1), torch.cat([counts, able[:, None].float()], 1)
        shares, rest = shares * (1 - SHARE * able[:, None].float()), rest * (1 - SHARE * able.float())
        shares[every[able], best[able]] = SHARE
        part = near[every[:, None], chosen]  # (queries, chosen so far, items)
        weight, rest = _fitted(part, shares.gather(1, chosen) * counts, rest, background, full)
        shares = torch.zeros(n, c).scatter_add(1, chosen, weight)
        p = torch.einsum("qk,qki->qi", weight, part) + rest[:, None] * background
    return shares, rest


def _fitted(
    near: torch.Tensor, shares: torch.Tensor, rest: torch.Tensor, background: torch.Tensor, full: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """The shares after some rounds of EM: of the mixture of ``near`` and ``background`` that is nearest to ``full``."""
    for _ in range(ROUNDS):
        p = torch.einsum("qk,qki->qi", shares, near) + rest[:, None] * background
        ratio = full / (p + 1e-9)
        shares = shares * torch.einsum("qi,qki->qk", ratio, near)
        rest = rest * (background * ratio).sum(1)
        total = shares.sum(1) + rest
        shares, rest = shares / total[:, None], rest / total
    return shares, rest


def _calibrated(
    near: torch.Tensor, shares: torch.Tensor, rest: torch.Tensor, background: torch.Tensor, full: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """The shares scaled against the unexplained one: what all reasons together explain of the full mixture."""
    total = shares.sum(1, keepdim=True)
    parts = shares / total.clamp(min=1e-9)
    mixed = torch.einsum("qc,qci->qi", parts, near)[:, None]
    for _ in range(2):  # of ROUNDS each: one share alone settles slowly
        total, rest = _fitted(mixed, total, rest, background, full)
    return parts * total, rest


def _choices(
    shares: np.ndarray,
    rest: np.ndarray,
    grid: np.ndarray,
    numbers: np.ndarray,
    lasting_query: np.ndarray,
    lasting: np.ndarray,
    levels: np.ndarray,
) -> list[Choice]:
    """Shares as levels, of which the largest is 64; what is chosen has the least level at least."""
    out = []
    for k in range(len(shares)):
        top = max(shares[k].max(initial=0.0), rest[k])
        now = [
            (int(numbers[grid[k, c]]), max(level_of(64 * shares[k, c] / top), LEVELS[-1]))
            for c in np.flatnonzero(shares[k] > NEGLIGIBLE * top)
        ]
        own = np.flatnonzero(lasting_query == k)
        always = [(int(lasting[j]), int(levels[j])) for j in own]
        pairs = [pair for pair in (*always, *now) if pair[1]]
        out.append(Choice(tuple(pairs), max(level_of(64 * rest[k] / top), LEVELS[-1])))
    return out
