"""The sound facts of many queries at once, as arrays: what drafters and models choose from.

One row a fact. All arrays have one entry a row; rows are sorted by query.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import scipy.sparse as sp

from rad.rationales.facts import own, ragged
from rad.rationales.facts.counts import FOLLOWERS, Counts, expected_share, following_share, usual_share
from rad.types import Evidence, EvidenceKind, Query, Reason, Support

KINDS: tuple[EvidenceKind, ...] = (
    *("repeat", "lasting", "new_repeat", "transition", "co_purchase"),
    *("similar", "kindred", "new_similar", "kind_of", "rating", "absence"),
)
NUMBER = {kind: k for k, kind in enumerate(KINDS)}
CITED = 3  # latest purchases that a fact of many cites
LASTING_LIFT, ONCE_LIFT = 1.5, 1.5  # times the usual share: what lasts, and what was shown only once
MOST_VALUES, MOST_ITEMS, MOST_NEXT, MOST_AVOIDED = 24, 10, 24, 4  # candidates a query of each sort
AFTER = 2  # last items from which a transition may start
OLDER = 0.15  # how telling one from the last but one is beside one from the last
SURPRISE = 0.05  # an absence that is likelier than this is no fact
# how telling a fact is beside one of another kind, chosen on validation; cited items fade from the latest on
WEIGHT: dict[EvidenceKind, float] = {
    **{"repeat": 1.0, "lasting": 0.6, "new_repeat": 0.3, "transition": 0.3, "kind_of": 0.15},
    **{"kindred": 0.45, "co_purchase": 0.35, "similar": 0.35, "new_similar": 0.25, "rating": 0.1, "absence": 0.25},
}
FADING, AGAIN = 0.7, 0.7
_BATCH = 4096  # queries whose arrays are held at once


@dataclass(frozen=True, slots=True)
class Candidates:
    """C sound facts of some queries.

    Attributes:
        query: Number of the query, ascending.
        kind: Number of the kind in ``KINDS``.
        item: Catalogue position of the cited item; -1 where values are cited.
        position: Index in the history of the latest purchase that shows the fact.
        value: Number of the value that is wanted or avoided; -1 for none.
        other: The second value: of a conjunction, or the one that the cited item of a transition has; -1 for none.
        number: See :mod:`rad.rationales.facts`, as ``of`` and ``base``; NaN where a kind has no such number.
        interest: How telling the fact is, by a simple rule that looks at no data but the numbers of the query's facts.
    """

    query: np.ndarray
    kind: np.ndarray
    item: np.ndarray
    position: np.ndarray
    value: np.ndarray
    other: np.ndarray
    number: np.ndarray
    of: np.ndarray
    base: np.ndarray
    interest: np.ndarray

    def __len__(self) -> int:
        return len(self.query)

    def take(self, rows: np.ndarray) -> Candidates:
        """Some of the rows, by number or mask."""
        return Candidates(*(getattr(self, f.name)[rows] for f in fields(self)))

    @classmethod
    def joined(cls, parts: Sequence[Candidates]) -> Candidates:
        """The rows of all parts, in order."""
        return cls(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(cls)))


def candidates(counts: Counts, queries: Sequence[Query]) -> Candidates:
    """The sound facts of ``queries``, a few dozen each."""
    batches = (queries[k : k + _BATCH] for k in range(0, max(len(queries), 1), _BATCH))
    parts = [_Batch(counts, part, number * _BATCH).all() for number, part in enumerate(batches)]
    return Candidates.joined(parts)


def reason(counts: Counts, table: Candidates, k: int, query: Query) -> Reason:
    """Row ``k`` of ``table`` as a reason of weight 1."""
    catalogue, kind = counts.catalogue, KINDS[table.kind[k]]
    support = Support(float(table.number[k]), _optional(table.of[k]), _optional(table.base[k]))
    value, other, position = int(table.value[k]), int(table.other[k]), int(table.position[k])
    claim = catalogue.values[value] if value >= 0 else None
    if kind in ("repeat", "lasting", "new_repeat") and claim:
        history = counts.positions(query)
        shown = [p for p, item in enumerate(history) if item >= 0 and value in catalogue.item_values[item]]
        return Reason(Evidence(tuple(shown[-CITED:]), kind, *claim, support), (claim,))
    if kind == "transition" and claim:
        return Reason(Evidence((position,), kind, *catalogue.values[other], support), (claim,))
    if kind == "kind_of" and claim:
        return Reason(Evidence((position,), kind, support=support), (claim, catalogue.values[other]))
    if kind == "rating" and claim:
        return Reason(Evidence((position,), kind, *claim, support), avoids=(claim,))
    if kind == "absence" and claim:
        last = range(max(len(query.history) - CITED, 0), len(query.history))
        return Reason(Evidence(tuple(last), kind, support=support), avoids=(claim,))
    return Reason(Evidence((position,), kind, support=support))


def _optional(x: float) -> float | None:
    return None if np.isnan(x) else float(x)


class _Batch:
    """The facts of a batch of queries. Flat arrays have an entry a purchase, or a pair of query and value."""

    def __init__(self, counts: Counts, queries: Sequence[Query], first: int) -> None:
        self.counts, self.queries, self.first = counts, queries, first
        catalogue = counts.catalogue
        self.n_items, self.n_values = catalogue.incidence.shape
        self.attribute = np.array([catalogue.attributes.index(a) for a, _ in catalogue.values], dtype=np.int64)
        histories = [counts.positions(query) for query in queries]
        lengths = np.array([len(h) for h in histories], dtype=np.int64)
        self.length = lengths
        # (purchases,): the query, the position in its history, and the item of each purchase
        query = np.repeat(np.arange(len(queries)), lengths)
        position = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        item = np.array([i for h in histories for i in h], dtype=np.int64)
        in_catalogue = item >= 0
        self.query, self.position, self.item = query[in_catalogue], position[in_catalogue], item[in_catalogue]
        self.rating = np.array(
            [np.nan if x.rating is None else x.rating for q in queries for x in q.history], dtype=float
        )[in_catalogue]
        # own training purchases by user, users in the order of their first query
        numbers: dict[str, int] = {}
        self.user = np.array([numbers.setdefault(q.user_id, len(numbers)) for q in queries], dtype=np.int64)
        self.own = [counts.own.get(name, np.zeros(0, np.int32)) for name in numbers]
        rows = np.repeat(np.arange(len(self.own)), [len(s) for s in self.own])
        flat = np.concatenate([np.zeros(0, np.int64), *self.own]).astype(np.int64)
        shape = (len(self.own), self.n_items)
        self.own_items = sp.csr_matrix((np.ones(len(flat)), (rows, flat)), shape=shape)
        self.others = counts.purchases.sum() - np.array([len(s) for s in self.own], dtype=float)  # (users,)
        self._values()
        self._items()

    def _values(self) -> None:
        """(pairs,) of query and value: how many purchases show it, the latest of them, and its usual share."""
        catalogue = self.counts.catalogue
        X = catalogue.incidence
        per = np.diff(X.indptr)[self.item]
        source = np.repeat(np.arange(len(self.item)), per)
        value = ragged.rows(X, self.item)
        key = self.query[source] * self.n_values + value
        # within a query purchases come in order, so the last of equal keys is the latest
        order = np.argsort(key, kind="stable")
        pairs, start, count = np.unique(key[order], return_index=True, return_counts=True)
        latest = source[order[start + count - 1]]
        self.pair_query, self.pair_value = np.divmod(pairs, self.n_values)
        self.pair_count, self.pair_position = count.astype(float), self.position[latest]
        self.pair_base = self.usual(self.pair_query, self.pair_value)
        self.pair_key = pairs

    def usual(self, query: np.ndarray, value: np.ndarray) -> np.ndarray:
        """(pairs,): the usual share of a value among the purchases of other users."""
        user = self.user[query]
        own_values = (self.own_items @ self.counts.catalogue.incidence).tocsr()
        others = self.counts.value_purchases[value] - ragged.entries(own_values, user, value)
        return usual_share(np.maximum(others, 1) / np.maximum(self.others[user], 1))

    def _items(self) -> None:
        """(cited,) the latest distinct items of each query, the latest first."""
        order = np.lexsort((-self.position, self.query))
        key = self.query[order] * self.n_items + self.item[order]
        _, first = np.unique(key, return_index=True)
        rows = order[np.sort(first)]
        rank = ragged.rank(self.query[rows])
        rows = rows[rank < MOST_ITEMS]
        self.cited_query, self.cited_item, self.cited_position = self.query[rows], self.item[rows], self.position[rows]
        self.cited_rank = rank[rank < MOST_ITEMS]

    def all(self) -> Candidates:
        """Every kind, sorted by query."""
        parts = [*self.repeats(), *self.pointers(), self.conjunctions(), self.transitions(), *self.avoided()]
        table = Candidates.joined(parts)
        # a fact of the same value, or the same item, as a more telling one says less
        of = np.where(table.value >= 0, table.value, -1 - table.item)
        order = np.lexsort((-table.interest, of, table.query))
        table = table.take(order)
        again = ragged.rank(ragged.runs(table.query, of[order]))
        return replace(table, interest=table.interest * AGAIN**again)

    def rows(
        self,
        kind: EvidenceKind,
        query: np.ndarray,
        position: np.ndarray,
        interest: np.ndarray,
        number: np.ndarray,
        **columns: np.ndarray,
    ) -> Candidates:
        """Candidates of one kind; ``columns`` that are missing are -1, or NaN for numbers."""
        n = len(query)
        none, unknown = np.full(n, -1), np.full(n, np.nan)
        return Candidates(
            query=query + self.first,
            kind=np.full(n, NUMBER[kind]),
            item=columns.get("item", none),
            position=position,
            value=columns.get("value", none),
            other=columns.get("other", none),
            number=np.asarray(number, dtype=float),
            of=columns.get("of", unknown),
            base=columns.get("base", unknown),
            interest=WEIGHT[kind] * np.asarray(interest, dtype=float),
        )

    def repeats(self) -> list[Candidates]:
        """Values that the purchases show more often than usual: wanted now, lasting, and in new items."""
        q, v, k = self.pair_query, self.pair_value, self.pair_count
        of = self.length[q].astype(float)
        lift = k / of / self.pair_base
        expected = expected_share(k, of, self.pair_base)
        telling = expected * np.log(np.maximum(expected / self.pair_base, 1.0))
        # a value that only the purchases themselves have leads to no item
        owners = np.asarray(self.counts.catalogue.incidence.sum(0)).ravel()
        sound = (lift > 1) & ((k >= 2) | (lift > ONCE_LIFT)) & (owners[v] > 1)
        rows = np.flatnonzero(sound)
        rows = rows[ragged.best(q[rows], telling[rows], MOST_VALUES)]
        lasting = rows[lift[rows] > LASTING_LIFT]
        new = rows[self._has_new(q[rows], v[rows])]
        out = []
        for kind, chosen in (("repeat", rows), ("lasting", lasting), ("new_repeat", new)):
            columns = {"value": v[chosen], "of": of[chosen], "base": self.pair_base[chosen]}
            interest = np.minimum(telling[chosen], 1.0)
            out.append(self.rows(kind, q[chosen], self.pair_position[chosen], interest, k[chosen], **columns))  # type: ignore[arg-type]
        return out

    def _new(self) -> tuple[np.ndarray, sp.csr_matrix, sp.csr_matrix]:
        """Items that nobody else bought: all (items,), those of the user alone (users, items), those of the history
        (queries, items)."""
        bought = self.counts.purchases
        mine = self.own_items.tocoo()
        alone = mine.data >= bought[mine.col]
        shape = self.own_items.shape
        only = sp.csr_matrix((np.ones(alone.sum()), (mine.row[alone], mine.col[alone])), shape=shape)
        fresh = bought[self.item] - ragged.entries(self.own_items, self.user[self.query], self.item) <= 0
        seen = sp.csr_matrix(
            (np.ones(fresh.sum()), (self.query[fresh], self.item[fresh])), shape=(len(self.queries), self.n_items)
        )
        seen.data[:] = 1.0
        return (bought == 0).astype(float), only, seen

    def _has_new(self, query: np.ndarray, value: np.ndarray) -> np.ndarray:
        """(pairs,): whether an item with the value is new to everybody."""
        X = self.counts.catalogue.incidence
        never, only, seen = self._new()
        n = (never @ X)[value] + ragged.entries((only @ X).tocsr(), self.user[query], value)
        return np.asarray(n - ragged.entries((seen @ X).tocsr(), query, value) >= 1)

    def pointers(self) -> list[Candidates]:
        """What goes with, and what reads like, each of the latest items."""
        q, j, counts = self.cited_query, self.cited_item, self.counts
        user = self.user[q]
        several = np.array([len(np.unique(s)) > 1 for s in self.own], dtype=float)
        bought = np.minimum(ragged.entries(self.own_items, user, j), 1) * several[user]
        buyers = counts.buyers[j] - bought
        alike = np.asarray(counts.alike.sum(1)).ravel()[j]
        kin = np.diff(counts.kin.indptr)[j] - ragged.entries(own.kin(self.own, counts.kin), user, j)
        never, only, seen = self._new()
        alone, here = (
            ragged.entries((x @ counts.read_by).tocsr(), *at) for x, at in ((only, (user, j)), (seen, (q, j)))
        )
        new = (counts.alike @ never)[j] + alone - here
        fading = FADING**self.cited_rank
        kinds: tuple[EvidenceKind, ...] = ("co_purchase", "similar", "kindred", "new_similar")
        out = []
        for kind, n in zip(kinds, (buyers, alike, kin, new), strict=True):
            rows = np.flatnonzero(n >= (2 if kind == "co_purchase" else 1))
            telling = fading[rows] if kind == "co_purchase" else fading[rows] * self._rarity(n[rows])
            out.append(self.rows(kind, q[rows], self.cited_position[rows], telling, n[rows], item=j[rows]))
        return out

    def _rarity(self, n: np.ndarray) -> np.ndarray:
        """How much it says to be one of ``n`` items: from 1 for a single one down to 0 for the whole catalogue."""
        return np.asarray(np.log(self.n_items / n) / np.log(max(self.n_items, 2)))

    def conjunctions(self) -> Candidates:
        """Two values of one of the latest items that few others share."""
        rows = np.flatnonzero(self.cited_rank < 2 * AFTER)
        values = self.counts.rarest_pairs[self.cited_item[rows]]
        have = values[:, 2] > 0
        rows, values = rows[have], values[have]
        interest = FADING ** self.cited_rank[rows] * self._rarity(values[:, 2])
        columns = {"item": self.cited_item[rows], "value": values[:, 0], "other": values[:, 1]}
        return self.rows(
            "kind_of", self.cited_query[rows], self.cited_position[rows], interest, values[:, 2], **columns
        )

    def transitions(self) -> Candidates:
        """Values that often come right after a value of the latest items: those that the history lacks, and others of
        the same attribute, as one garment after another. What the cited item itself has is a repeat."""
        counts, X = self.counts, self.counts.catalogue.incidence
        rows = np.flatnonzero(self.cited_rank < AFTER)
        source = np.repeat(rows, np.diff(X.indptr)[self.cited_item[rows]])
        u = ragged.rows(X, self.cited_item[rows])
        source, u, v = np.repeat(source, FOLLOWERS), np.repeat(u, FOLLOWERS), counts.followers[u].ravel()
        q = self.cited_query[source]
        absent = ~np.isin(q * self.n_values + v, self.pair_key)
        keep = np.flatnonzero((v >= 0) & (absent | (self.attribute[u] == self.attribute[v])))
        keep = keep[ragged.entries(X, self.cited_item[source[keep]], v[keep]) == 0]
        source, u, v, q = source[keep], u[keep], v[keep], q[keep]
        own_n, own_m = own.transitions(self.own, X, self.user[q], u, v)
        n, m = ragged.entries(counts.follows, u, v) - own_n, counts.followed[u] - own_m
        base = self.usual(q, v)
        likely = following_share(n, m, base)
        telling = likely * np.log(np.maximum(likely / base, 1)) * OLDER ** self.cited_rank[source]
        keep = np.flatnonzero((n >= 3) & (n / np.maximum(m, 1) > base))
        # of the sources of one value the most telling speaks
        order = keep[np.argsort(-telling[keep], kind="stable")]
        _, first = np.unique(q[order] * self.n_values + v[order], return_index=True)
        keep = order[first]
        keep = keep[ragged.best(q[keep], telling[keep], MOST_NEXT)]
        cited = source[keep]
        columns = {"item": self.cited_item[cited], "value": v[keep], "other": u[keep]}
        numbers = {"of": m[keep], "base": base[keep]}
        return self.rows(
            "transition", q[keep], self.cited_position[cited], telling[keep], n[keep], **columns, **numbers
        )

    def avoided(self) -> list[Candidates]:
        """Values of what was rated low, and common values that no purchase has."""
        return [self._low_rated(), self._absent()]

    def _low_rated(self) -> Candidates:
        X = self.counts.catalogue.incidence
        mean = self._mean_rating()[self.query]
        low = np.flatnonzero(self.rating < mean)
        source = np.repeat(low, np.diff(X.indptr)[self.item[low]])
        value, q = ragged.rows(X, self.item[low]), self.query[source]
        # a value that a purchase rated at the mean or above has is not disliked
        fine = np.flatnonzero(~(self.rating < mean))
        liked = np.repeat(self.query[fine], np.diff(X.indptr)[self.item[fine]]) * self.n_values
        disliked = ~np.isin(q * self.n_values + value, liked + ragged.rows(X, self.item[fine]))
        source, value, q = source[disliked], value[disliked], q[disliked]
        base = self.usual(q, value)
        telling = (mean[source] - self.rating[source]) * base
        # of the purchases with one value the latest speaks
        order = np.argsort(-source, kind="stable")
        _, first = np.unique(q[order] * self.n_values + value[order], return_index=True)
        keep = order[first]
        keep = keep[ragged.best(q[keep], telling[keep], MOST_AVOIDED)]
        cited = source[keep]
        numbers = {"base": mean[cited], "value": value[keep], "item": self.item[cited]}
        return self.rows(
            "rating", q[keep], self.position[cited], np.minimum(telling[keep], 1), self.rating[cited], **numbers
        )

    def _mean_rating(self) -> np.ndarray:
        """(queries,): the mean of the ratings of the history, by one digit; NaN without any."""
        rated = ~np.isnan(self.rating)
        n = np.bincount(self.query[rated], minlength=len(self.queries))
        total = np.bincount(self.query[rated], self.rating[rated], minlength=len(self.queries))
        return np.round(np.where(n > 0, total / np.maximum(n, 1), np.nan), 1)

    def _absent(self) -> Candidates:
        share = self.counts.value_purchases / max(self.counts.purchases.sum(), 1)
        common = np.flatnonzero(share > 1 - SURPRISE ** (1 / max(self.length.max(initial=1), 1)))
        q = np.repeat(np.arange(len(self.queries)), len(common))
        v = np.tile(common, len(self.queries))
        lacking = (self.length[q] > 0) & ~np.isin(q * self.n_values + v, self.pair_key)
        q, v = q[lacking], v[lacking]
        base = self.usual(q, v)
        surprise = (1 - base) ** self.length[q]
        keep = np.flatnonzero(surprise < SURPRISE)
        keep = keep[ragged.best(q[keep], base[keep], MOST_AVOIDED)]
        numbers = {"of": self.length[q[keep]].astype(float), "base": base[keep], "value": v[keep]}
        last = self.length[q[keep]] - 1
        return self.rows("absence", q[keep], last, base[keep], np.zeros(len(keep)), **numbers)
