"""Whether ids tell the order of purchase: two signs, each compared with the same users under random orders of the ids.

Users share items and buy popular ones in like order, so their walks are far from independent: under random ids the
usual standard errors are three to five times too small. A permutation of the ids leaves each user whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain

import numpy as np

from rad.data.dataset import Dataset
from rad.leakage.finding import Finding, Z, finding

STEP = 10  # catalogue positions after the last item that count as "the next ids"
PERMUTATIONS = 200
MOST = 200_000  # interactions that are looked at, of whole users


def id_order(data: Dataset) -> Iterator[Finding]:
    """Leak: ids in the order of purchase. Two signs are each compared with chance at ``Z`` standard deviations.

    One is that the next item is among the ``STEP`` ids after the last one, which the control ``next_id`` exploits. The
    other is the rank correlation of positions in the sequence and in the catalogue, over all users. Ids that are
    numbers are put in that order.
    """
    # the order that raw ids would have: by value if they are numbers, else as the catalogue has them
    numbers = all(item_id.isdecimal() for item_id in data.items)
    order = sorted(data.items, key=int) if numbers else list(data.items)
    walks = Walks([[x.item_id for x in sequence] for sequence in data.sequences.values()], order)
    own = walks.signs(np.arange(len(order)))
    generator = np.random.default_rng(0)
    # [permutations, 2]
    drawn = np.array([walks.signs(generator.permutation(len(order))) for _ in range(PERMUTATIONS)])
    mean, sd = drawn.mean(axis=0), drawn.std(axis=0)
    # a handful of steps is no sign, so their standard deviation counts as 1 at least
    z = (own - mean) / np.maximum(sd, (1.0, 1e-9))
    hits, rho = int(own[0]), own[1]
    leak = z[0] > Z and hits > 2 * mean[0]
    text = f"next item within {STEP} ids after the last: {hits:,} of {walks.steps:,} steps, by chance {mean[0]:,.0f}"
    yield Finding("id steps", "leak" if leak else "ok", text, hits if leak else 0, walks.steps)
    text = f"rank correlation of purchase order and id order {rho:+.3f} ({z[1]:+.1f} standard deviations)"
    leak = abs(z[1]) > Z
    yield Finding("id order", "leak" if leak else "ok", text, walks.n if leak else 0, walks.n)
    plain = [item_id for item_id in data.items if not re.fullmatch(r"[0-9a-f]{16}", item_id)]
    yield finding("ids hashed", plain, len(data.items), "ids that are not 16 hex digits of a hash", "note")


class Walks:
    """The purchases of users, flat: what :meth:`signs` says of them depends on the positions of the ids alone."""

    def __init__(self, sequences: list[list[str]], order: list[str]) -> None:
        number = {item_id: k for k, item_id in enumerate(order)}
        usable = [sequence for sequence in sequences if len(set(sequence)) > 1]
        n_users = int(np.searchsorted(np.cumsum([len(sequence) for sequence in usable]), MOST)) + 1
        usable = usable[:n_users]
        lengths = np.array([len(sequence) for sequence in usable], np.int64)
        self.n, self.steps = len(usable), int((lengths - 1).sum())
        # all [interactions]: the item, the user and the place in the user's walk
        self.item = np.fromiter((number[item_id] for item_id in chain.from_iterable(usable)), np.int64)
        self.user = np.repeat(np.arange(self.n), lengths)
        start = np.cumsum(lengths) - lengths
        self.step_number = np.arange(len(self.item)) - np.repeat(start, lengths)
        self.lengths, self.start = lengths, start

    def signs(self, position: np.ndarray) -> np.ndarray:
        """Steps to one of the next ids, and the mean rank correlation of place and id; ``position`` is [items]."""
        if not self.n:
            return np.zeros(2)
        value = position[self.item]
        step = np.diff(value)[self.user[1:] == self.user[:-1]]
        hits = np.count_nonzero((step > 0) & (step <= STEP))
        # ranks within each user; equal values share the mean of their ranks
        by_value = np.lexsort((value, self.user))
        first = np.ones(len(value), bool)
        sorted_value, sorted_user = value[by_value], self.user[by_value]
        first[1:] = (np.diff(sorted_value) != 0) | (np.diff(sorted_user) != 0)
        run = np.cumsum(first) - 1
        begins = np.flatnonzero(first)
        ends = np.append(begins[1:], len(value))
        rank = np.empty(len(value))
        rank[by_value] = ((begins + ends - 1) / 2)[run]
        rank -= np.repeat(self.start, self.lengths)
        middle = np.repeat((self.lengths - 1) / 2, self.lengths)
        a, b = self.step_number - middle, rank - middle
        # [users] each; the Spearman correlation is the covariance of ranks over their deviations
        ab, aa, bb = (np.bincount(self.user, product, self.n) for product in (a * b, a * a, b * b))
        weight = self.lengths - 1
        return np.array([hits, float(weight @ (ab / np.sqrt(aa * bb))) / weight.sum()])
