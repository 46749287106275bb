"""The facts that a rationale may state, query by query, with what the selector weighs them by.

One row an option: a sound fact of :mod:`rad.rationales.facts`. All its numbers come from the history, the catalogue and
training purchases of other users.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
import torch

from benchmarks.models.rationale_first.neighbours import Neighbours, Texts
from rad.rationales.facts import Facts
from rad.rationales.facts.candidates import KINDS, NUMBER, Candidates
from rad.rationales.facts.counts import following_share
from rad.types import LASTING, Query

VALUES = ("repeat", "lasting", "new_repeat", "transition", "rating", "absence")
"""Kinds that claim a value; the others point at items."""
LEFT_OUT = ("kind_of",)  # never worth a row_of beside kindred and similar
LASTS = np.array([kind in LASTING for kind in KINDS])
CLAIMS_VALUE = np.array([kind in VALUES for kind in KINDS])
N_FEATURES = 32
LEAST_EXCESS, USUAL_EXCESS = 0.002, 0.02  # of the share of what follows a value over its usual one
RECENT, DECAY = 10, 0.6  # latest distinct items that say what comes next, each step back weighing less
IN_MIND = 1  # last purchases of which the values say what comes with a wanted one
_BLOCK = 2048  # queries whose dense arrays over values are held at once


@dataclass(frozen=True)
class Options:
    """C options of N queries.

    Attributes:
        table: The facts, sorted by query.
        starts: (N + 1,) where the options of each query begin.
        cited: (C,) catalogue position of the cited item; of a value the latest that has it, -1 if that is long ago.
        x: (C, N_FEATURES) what the selector reads.
        slot: (C,) kind and attribute, as one number.
        profiles: Three (N, values) tables: values of the last purchase, of recent ones, of all.
        histories: Catalogue positions of each history, as it is.
        ratings: The rating of each of those purchases less the user's mean; 0 without one.
        unranked: Those that no ranking may hold: each history, or nothing where repeats are kept.
        lengths: (N,) purchases of each.
    """

    table: Candidates
    starts: np.ndarray
    cited: np.ndarray
    x: torch.Tensor
    slot: torch.Tensor
    profiles: tuple[sp.csr_matrix, ...]
    histories: list[np.ndarray]
    ratings: list[np.ndarray]
    unranked: list[np.ndarray]
    lengths: np.ndarray

    def __len__(self) -> int:
        return len(self.lengths)

    def rows(self, queries: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The options of some queries: their numbers (R,), and (R,) the row_of in ``queries`` of each."""
        lengths = self.starts[queries + 1] - self.starts[queries]
        ends = np.cumsum(lengths)
        inside = np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - lengths, lengths)
        return np.repeat(self.starts[queries], lengths) + inside, np.repeat(np.arange(len(queries)), lengths)

    @classmethod
    def of(
        cls, facts: Facts, texts: Texts, neighbours: Sequence[Neighbours], folds: np.ndarray, queries: Sequence[Query]
    ) -> Options:
        """The options of ``queries``, each weighed under the counts ``neighbours[folds[k]]``."""
        table = facts.candidates(queries)
        table = table.take(np.flatnonzero(~np.isin(table.kind, [NUMBER[kind] for kind in LEFT_OUT])))  # type: ignore[index]
        positions = [np.array(facts.positions(q), dtype=np.int64) for q in queries]
        histories = [p[p >= 0] for p in positions]
        ratings = [
            np.array(
                [np.nan if x.rating is None else x.rating for x in q.history if x.item_id in facts.catalogue.index]
            )
            for q in queries
        ]
        builder = _Builder(facts, texts, neighbours, folds, table, histories, ratings)
        starts = np.searchsorted(table.query, np.arange(len(queries) + 1))
        attribute = np.array([facts.catalogue.attributes.index(a) for a, _ in facts.catalogue.values] or [0])
        claim = CLAIMS_VALUE[table.kind]
        slot = table.kind * (len(facts.catalogue.attributes) + 1) + np.where(claim, attribute[table.value] + 1, 0)
        return cls(
            table=table,
            starts=starts,
            cited=builder.cited(positions),
            x=torch.from_numpy(builder.features()),
            slot=torch.from_numpy(slot),
            profiles=builder.profiles(),
            histories=histories,
            ratings=np.split(builder.deviation, np.cumsum(builder.lengths)[:-1]),
            unranked=[h[:0] if q.repeats else h for q, h in zip(queries, histories, strict=True)],
            lengths=builder.lengths,
        )


class _Builder:
    """The numbers of all options. Flat arrays have an entry a purchase, or an option."""

    def __init__(
        self,
        facts: Facts,
        texts: Texts,
        neighbours: Sequence[Neighbours],
        folds: np.ndarray,
        table: Candidates,
        histories: Sequence[np.ndarray],
        ratings: Sequence[np.ndarray],
    ) -> None:
        self.facts, self.texts, self.neighbours, self.folds = facts, texts, neighbours, folds
        self.table, self.X = table, facts.catalogue.incidence
        self.n_items = len(facts.catalogue)
        self.lengths = np.array([len(h) for h in histories], dtype=np.int64)
        # (purchases,): query, item, and how many purchases ago
        self.query = np.repeat(np.arange(len(histories)), self.lengths)
        self.item = np.concatenate([np.zeros(0, np.int64), *histories])
        ends = np.repeat(np.cumsum(self.lengths), self.lengths)
        self.back = ends - 1 - np.arange(len(self.item))
        flat = np.concatenate([np.zeros(0), *ratings])
        rated = ~np.isnan(flat)
        n = np.bincount(self.query[rated], minlength=len(histories))
        mean = np.bincount(self.query[rated], flat[rated], minlength=len(histories)) / np.maximum(n, 1)
        # (purchases,): the rating less the user's mean; 0 without one
        self.deviation = np.where(rated, np.nan_to_num(flat) - mean[self.query], 0.0)

    def cited(self, positions: Sequence[np.ndarray]) -> np.ndarray:
        """(C,) see :class:`Options`."""
        t = self.table
        lengths = np.array([len(h) for h in positions], dtype=np.int64)
        flat = np.concatenate([np.zeros(0, np.int64), *positions])
        latest = flat[(np.cumsum(lengths) - lengths)[t.query] + t.position]
        recent = lengths[t.query] - t.position <= IN_MIND
        lasts = LASTS[t.kind]
        return np.where(lasts | (CLAIMS_VALUE[t.kind] & ~recent), -1, latest)

    def _by_query(self, weights: np.ndarray) -> sp.csr_matrix:
        """(queries, items) with a weight a purchase."""
        shape = (len(self.lengths), self.n_items)
        return sp.csr_matrix((weights, (self.query, self.item)), shape=shape)

    def profiles(self) -> tuple[sp.csr_matrix, ...]:
        """Values of the last purchase, of recent ones, of all: each (queries, values)."""
        recent = np.where(self.back < RECENT, DECAY**self.back, 0.0)
        share = 1 / self.lengths[self.query]
        parts = ((self.back == 0).astype(float), recent * (1 - DECAY), share)
        return tuple(sp.csr_matrix(self._by_query(w) @ self.X).astype(np.float32) for w in parts)

    def features(self) -> np.ndarray:
        """(C, N_FEATURES)."""
        t, q = self.table, self.table.query
        m = self.lengths[q].astype(float)
        back = np.maximum(m - 1 - t.position, 0)
        claim, item = CLAIMS_VALUE[t.kind], np.maximum(t.item, 0)
        of = np.where(np.isnan(t.of), 1.0, t.of)
        rate = np.where(claim, t.number / np.maximum(of, 1), 1 / m)
        base = np.where(np.isnan(t.base) | ~claim, 1.0, np.maximum(t.base, 1e-6))
        lift = np.log(np.maximum(rate / np.minimum(base, 1.0), 1e-3)) / 5
        lm, owners = np.log(m) - 1.5, np.asarray(self.X.sum(0)).ravel()
        size = np.where(claim, owners[np.maximum(t.value, 0)], 1.0)
        k = np.where(claim, t.number, 1.0)
        after, last = self._reached()
        low, total = self._rated()
        like, coherent = self._likeness()
        popularity, partners, focus, new = self._of_items(item)
        pointer = ~claim
        next_one = t.kind == NUMBER["transition"]
        excess = np.maximum(following_share(t.number, of, base) - base, 0) + LEAST_EXCESS
        attribute = np.array([self.facts.catalogue.attributes.index(a) for a, _ in self.facts.catalogue.values] or [0])
        same = attribute[np.maximum(t.value, 0)] == attribute[np.maximum(t.other, 0)]
        columns = [
            back == 0, back == 1, back == 2, (back == 3) | (back == 4), back > 4, np.log1p(back), rate,
            np.log(np.maximum(k, 0.5)), k >= 2, k >= 3, np.where(claim, lift, 0), np.log1p(t.number) / 3, lm,
            low, total, like, np.log(size) / 4, m == 1, np.where(claim, np.log(base) / 5, 0), (back == 0) * lm,
            after / 3, last / 3, pointer * popularity, pointer * partners, pointer * focus, coherent, lm * lm,
            lm * np.log1p(back), new, np.log1p(k) * lm,
            np.where(next_one, np.log(excess / USUAL_EXCESS), 0), next_one & same,
        ]  # fmt: skip
        out = np.stack([np.asarray(c, dtype=np.float32) for c in columns], 1)
        assert out.shape[1] == N_FEATURES
        return out

    def _reached(self) -> tuple[np.ndarray, np.ndarray]:
        """(C,): log of how likely what comes after the recent items, and after the last one, has the claimed value."""
        t = self.table
        weight = np.where(self.back < RECENT, DECAY**self.back, 0.0)
        total = np.bincount(self.query, weight, minlength=len(self.lengths))
        recent = self._by_query(weight / np.maximum(total[self.query], 1e-9))
        last = self._by_query((self.back == 0).astype(float))
        out = np.zeros((2, len(t)))
        value = np.maximum(t.value, 0)
        for fold in np.unique(self.folds):
            reach = self.neighbours[fold].reach
            mine = np.flatnonzero(self.folds == fold)
            for start in range(0, len(mine), _BLOCK):
                block = mine[start : start + _BLOCK]
                row_of = np.full(len(self.lengths), -1)
                row_of[block] = np.arange(len(block))
                rows = np.flatnonzero(row_of[t.query] >= 0)
                for which, weights in enumerate((recent, last)):
                    reached = np.asarray(weights[block] @ reach)  # (block, values)
                    out[which, rows] = reached[row_of[t.query[rows]], value[rows]]
        logs = np.where(CLAIMS_VALUE[t.kind], np.log(out + 1e-4), 0.0)
        return logs[0], logs[1]

    def _rated(self) -> tuple[np.ndarray, np.ndarray]:
        """(C,): the mean, and the sum below zero, of the ratings of what shows the fact, less the user's mean."""
        t, value, item = self.table, np.maximum(self.table.value, 0), np.maximum(self.table.item, 0)
        claim = CLAIMS_VALUE[t.kind]
        by_item = self._by_query(self.deviation)
        below = self._by_query(np.minimum(self.deviation, 0.0))
        out = []
        for matrix in (by_item, below):
            values = sp.csr_matrix(matrix @ self.X)
            of_value = np.asarray(values[t.query, value]).ravel()
            of_item = np.asarray(matrix[t.query, item]).ravel()
            out.append(np.where(claim, of_value, of_item))
        return out[1], out[0]

    def _likeness(self) -> tuple[np.ndarray, np.ndarray]:
        """(C,): the mean cosine of the cited item with the others of the history, and of all of them."""
        t, vectors = self.table, self.texts.vectors
        once = self._by_query(np.ones(len(self.item)))
        once.data[:] = 1.0
        distinct = np.maximum(np.diff(once.indptr), 1).astype(float)
        total = np.asarray(once @ vectors)  # (queries, width): the sum over distinct items
        coherent = (np.einsum("qd,qd->q", total, total) - distinct) / np.maximum(distinct * (distinct - 1), 1)
        item = np.maximum(t.item, 0)
        like = np.zeros(len(t))
        for start in range(0, len(t), 200_000):
            rows = slice(start, start + 200_000)
            like[rows] = np.einsum("cd,cd->c", total[t.query[rows]], vectors[item[rows]]) - 1
        like = np.where(CLAIMS_VALUE[t.kind], 0.0, like / np.maximum(distinct[t.query] - 1, 1))
        return like, 2 * coherent[t.query]

    def _of_items(self, item: np.ndarray) -> tuple[np.ndarray, ...]:
        """(C,): popularity, partners and focus of the cited item, and the share of new items in the history."""
        fold = self.folds[self.table.query]
        out = np.zeros((3, len(item)))
        fresh = np.zeros(len(self.lengths))
        for f in np.unique(self.folds):
            rows, own = np.flatnonzero(fold == f), self.neighbours[f]
            popularity = own.popularity.numpy()
            out[:, rows] = popularity[item[rows]] / 3, own.partners[item[rows]] / 3, own.focus[item[rows]]
            mine = np.flatnonzero(self.folds[self.query] == f)
            fresh += np.bincount(
                self.query[mine], own.new.numpy()[self.item[mine]], minlength=len(self.lengths)
            ) / np.maximum(self.lengths, 1)
        return (*out, fresh[self.table.query])
