"""The summary: at most K facts, with five strengths, that say most of what the selector knows.

The selector weighs some sixty facts at once; a person reads eight. The eight are chosen so that the head, which reads
them alone, ranks as nearly as it can as the full mixture does, without sight of what was bought:

1. The lasting reasons with the largest log odds, at most ``lasting`` of them, each rounded to a strength.
2. Reasons of the moment one by one: each time the one that raises the expected log likelihood of an item drawn from the
   full mixture most. After each, all shares are fitted again by EM.
3. Shares rounded to the five strengths.
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
HEAD_OF_LIST = 400  # items on which the full mixture is followed
FIRMER = 1.2  # few lasting reasons stand for many: each is stated firmer than it is weighed
LEAST_LOG_ODDS = 0.1


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
    rows, numbers = selector(options, queries)
    past = Past.of([options.histories[k] for k in queries], head.n_items)
    full = head.probabilities(rows, past, own)
    background = head.background(past, own)
    keep, levels = _lasting(rows, lasting)
    firm = np.array([LOG_ODDS[LEVELS.index(level)] for level in levels], dtype=np.float32)
    log_odds = torch.zeros_like(rows.log_odds)
    log_odds[keep] = torch.from_numpy(firm) * torch.sign(rows.log_odds[keep])
    grid = _considered(rows, len(queries))  # (queries, CONSIDERED) rows, -1 beyond the last
    chosen = np.unique(np.concatenate([keep, grid[grid >= 0]]))
    stated = Rows(rows.query, rows.kind, rows.item, rows.value, rows.share, log_odds, rows.unexplained)
    kernels = head.kernels(only(stated, chosen), past, own)  # (chosen, items)
    # only the head of the list counts: (queries, HEAD_OF_LIST)
    top = full.topk(min(HEAD_OF_LIST, full.shape[1]), 1)
    at = torch.from_numpy(np.searchsorted(chosen, np.maximum(grid, 0)).clip(max=max(len(chosen) - 1, 0)))
    near = kernels[at[:, :, None], top.indices[:, None, :]] if len(chosen) else torch.zeros(*grid.shape, top.values.shape[1])
    free = most - np.bincount(rows.query[keep], minlength=len(queries))
    shares, rest = _now(near, torch.from_numpy(grid >= 0), background.gather(1, top.indices), top.values, free)
    return _choices(shares.numpy(), rest.numpy(), grid, numbers, rows.query[keep], numbers[keep], levels)


def _lasting(rows: Rows, most: int) -> tuple[np.ndarray, np.ndarray]:
    """The rows that last with the largest log odds of each query, and their levels."""
    size = rows.log_odds.abs().numpy() * FIRMER
    mine = np.flatnonzero(LASTS[rows.kind] & (size > LEAST_LOG_ODDS))
    # one reason a value: what is disliked for two reasons is disliked once
    mine = mine[np.lexsort((-size[mine], rows.query[mine]))]
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
    mine = mine[np.lexsort((-rows.share.numpy()[mine], rows.query[mine]))]
    rank = np.arange(len(mine)) - np.searchsorted(rows.query[mine], rows.query[mine])
    out = np.full((n_queries, CONSIDERED), -1, dtype=np.int64)
    mine, rank = mine[rank < CONSIDERED], rank[rank < CONSIDERED]
    out[rows.query[mine], rank] = mine
    return out


def _now(
    near: torch.Tensor, there: torch.Tensor, background: torch.Tensor, full: torch.Tensor, free: np.ndarray
) -> tuple[torch.Tensor, torch.Tensor]:
    """Shares (queries, CONSIDERED) of what is wanted now, and of the unexplained (queries,).

    Args:
        near: (queries, CONSIDERED, items) the kernels.
        there: (queries, CONSIDERED) where there is a reason.
        background: (queries, items) of the unexplained.
        full: (queries, items) the full mixture.
        free: (queries,) how many reasons may be stated.
    """
    n, c, _ = near.shape
    every = torch.arange(n)
    open_ = there & (near.sum(2) > 0)
    shares, rest = torch.zeros(n, c), torch.ones(n)
    chosen = torch.zeros(n, 0, dtype=torch.long)
    p = background.clone()
    for step in range(int(free.max(initial=0))):
        gain = torch.log1p(TRIED * (near / (p[:, None] + 1e-9) - 1))
        gain = torch.einsum("qi,qci->qc", full, gain).masked_fill(~open_, -1e9)
        best = gain.argmax(1)
        able = torch.from_numpy(step < free) & (gain[every, best] > -1e8)
        open_[every, best] = False
        chosen = torch.cat([chosen, best[:, None]], 1)
        shares, rest = shares * (1 - SHARE * able[:, None].float()), rest * (1 - SHARE * able.float())
        shares[every[able], best[able]] = SHARE
        part = near[every[:, None], chosen]  # (queries, chosen so far, items)
        weight = shares.gather(1, chosen)
        for _ in range(ROUNDS):
            p = torch.einsum("qk,qki->qi", weight, part) + rest[:, None] * background
            ratio = full / (p + 1e-9)
            weight = weight * torch.einsum("qi,qki->qk", ratio, part)
            rest = rest * (background * ratio).sum(1)
            total = weight.sum(1) + rest
            weight, rest = weight / total[:, None], rest / total
        shares = shares.scatter(1, chosen, weight)
        p = torch.einsum("qk,qki->qi", weight, part) + rest[:, None] * background
    return shares, rest


def _choices(
    shares: np.ndarray,
    rest: np.ndarray,
    grid: np.ndarray,
    numbers: np.ndarray,
    lasting_query: np.ndarray,
    lasting: np.ndarray,
    levels: np.ndarray,
) -> list[Choice]:
    """Shares as levels, of which the largest is 64; the unexplained is never nothing."""
    out = []
    for k in range(len(shares)):
        top = max(shares[k].max(initial=0.0), rest[k])
        now = [(int(numbers[grid[k, c]]), level_of(64 * shares[k, c] / top)) for c in np.flatnonzero(shares[k] > 0)]
        own = np.flatnonzero(lasting_query == k)
        always = [(int(lasting[j]), int(levels[j])) for j in own]
        pairs = [pair for pair in (*always, *now) if pair[1]]
        out.append(Choice(tuple(pairs), max(level_of(64 * rest[k] / top), LEVELS[-1])))
    return out
