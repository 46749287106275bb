"""A mixture over the reasons of a purchase, fitted to data alone: which facts of the history explain it, and how well.

A purchase i after history h comes

- from one of the last items j ("because of [j]"): i is bought together with j, or the user wants one of the attribute
  values v of i; or
- from nothing in the history: the *unexplained* share, which follows popularity.

    p(i | h) = sum_j s_j ( a p(i | j) + sum_v b_jv p(i | j, v) ) + s_0 p(i)

p(i | j) is a softmax over the catalogue of weighted affinities of the pair (:mod:`rad.features.item_features`);
p(i | j, v) is the same, renormalised over the items that have v. The weights of the affinities and the share s of each
recency position are fitted by maximum likelihood, each user's own purchases left out of the counts. The kinds of reason
(a, b) are a stated assumption. The reasons of a purchase are the posterior given the item that was bought.

>>> from rad.data.load import open_dataset
>>> data = open_dataset("world:users=60,items=200")
>>> model = EvidenceModel().fit(data.examples["train"], data.items)
>>> example = data.examples["train"][-1]
>>> for reason in model.explain(example.query, data.items[next(iter(example.relevant))])[:2]:
...     print(reason.evidence.kind, reason.evidence.history, reason.wants)
co_purchase (14,) ()
attribute (12, 11) (('colour', 'red'),)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from rad.features.item_features import Catalogue, CoPurchase, Prefixes, distribution
from rad.types import Evidence, EvidenceKind, Example, Item, Query, Reason

VERSION = "1"  # a change of what is explained, or how, raises it
RECENCY_POSITIONS = 7  # a reason may cite the last seven purchases
CO_PURCHASE, SHARED, SEQUENCE = 0.5, 0.45, 0.05  # prior of the kinds of reason, given the cited item
Match = tuple[int, int, float]  # recency position (0 = the last purchase), value number or -1 for co-purchase, weight
STRONGEST = 8  # reasons that explain a purchase
NEGLIGIBLE = 0.005  # a reason that weighs less is not written down
BATCH, LEARNING_RATE = 192, 0.05  # of the fit
BLOCK = 256  # cited items whose catalogue rows are held at once: bounds memory
SMOOTHING = 0.3  # added to each item's popularity, so that unseen ones have some


@dataclass(frozen=True, slots=True)
class Likelihoods:
    """How likely each training target is under each reason.

    N examples, J recency positions (0 = the last purchase), T values of the target. ``co_purchase`` (N, J);
    ``by_value`` (N, J, T), one column a value of the target; ``shared`` (N, J, T): the cited item has that value too;
    ``reach`` (N, J, T): p(v | j); ``target_values`` (N, T): value numbers, -1 beyond the last; ``background`` (N,): the
    popularity share.
    """

    co_purchase: np.ndarray
    by_value: np.ndarray
    shared: np.ndarray
    reach: np.ndarray
    target_values: np.ndarray
    background: np.ndarray


def recent_items(histories: Sequence[Sequence[int]], n_positions: int = RECENCY_POSITIONS) -> np.ndarray:
    """(N, J) catalogue positions of the last purchases, most recent first, -1 where a history is shorter."""
    out = np.full((len(histories), n_positions), -1, dtype=np.int64)
    for row, history in zip(out, histories, strict=True):
        recent = list(history[-n_positions:])[::-1]
        row[: len(recent)] = recent
    return out


def likelihoods(
    catalogue: Catalogue,
    prefixes: Prefixes,
    weights: np.ndarray,
    background_power: float,
    n_positions: int = RECENCY_POSITIONS,
) -> Likelihoods:
    """The table for all training prefixes, each under the counts that leave its own fold out.

    Args:
        catalogue: The items.
        prefixes: N training examples.
        weights: Of the affinities (:data:`rad.features.item_features.FEATURES`).
        background_power: Of popularity, where nothing is explained.
        n_positions: J, the last purchases that a reason may cite.
    """
    recent = recent_items(prefixes.histories, n_positions)
    # (N, T): the target's values, padded with -1 to the width of the richest item
    n, width = len(recent), max((len(v) for v in catalogue.item_values), default=1) or 1
    values = np.full((n, width), -1, dtype=np.int64)
    for row, target in zip(values, prefixes.targets, strict=True):
        own = catalogue.item_values[target]
        row[: len(own)] = own
    co_purchase = np.zeros((n, n_positions), np.float32)
    by_value = np.zeros((n, n_positions, width), np.float32)
    reach = np.zeros((n, n_positions, width), np.float32)
    background = np.zeros(n, np.float32)
    has = catalogue.incidence.toarray() > 0 if n else np.zeros((0, 0), bool)
    for fold in np.unique(prefixes.folds):
        mine = np.flatnonzero(prefixes.folds == fold)
        # a fold's examples see the counts of the other folds alone, else each would be explained by its own purchase
        counts = prefixes.counts[fold]
        background[mine] = popularity_share(counts, background_power)[prefixes.targets[mine]]
        # the (example, position) pairs that hold an item, flat, so that each cited item's row is computed once
        where, position = np.nonzero(recent[mine] >= 0)
        example = mine[where]
        cited = recent[example, position]
        for block, rows in cited_rows(catalogue, counts, weights, np.unique(cited)):
            inside = (cited >= block[0]) & (cited <= block[-1])
            # (pairs in the block,) each: example, position, and the row of the cited item
            e, p, c = example[inside], position[inside], np.searchsorted(block, cited[inside])
            co_purchase[e, p] = rows[c, prefixes.targets[e]]
            mass = rows @ catalogue.incidence  # (cited items, values): p(v | j)
            # (pairs, T): the share of p(. | j) on items with the value; p(i | j, v) is p(i | j) over that share
            reached = np.where(values[e] >= 0, mass[c[:, None], np.maximum(values[e], 0)], 0.0)
            reach[e, p] = reached
            by_value[e, p] = np.where(reached > 0, co_purchase[e, p][:, None] / np.maximum(reached, 1e-12), 0.0)
    # (N, J, T) by broadcasting; -1 is read as number 0 first, and the padding is masked afterwards
    shared = has[np.maximum(recent, 0)[:, :, None], np.maximum(values, 0)[:, None, :]]
    shared &= (values >= 0)[:, None, :] & (recent >= 0)[:, :, None]
    return Likelihoods(co_purchase, by_value, shared, reach, values, background)


def cited_rows(
    catalogue: Catalogue, counts: CoPurchase, weights: np.ndarray, cited: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Blocks of the sorted items ``cited`` with their rows p(. | j): (cited items, items)."""
    for start in range(0, len(cited), BLOCK):
        block = cited[start : start + BLOCK]
        yield block, distribution(catalogue.features(block, counts), weights, block)


def popularity_share(counts: CoPurchase, power: float) -> np.ndarray:
    """(items,) where an unexplained purchase goes: popularity to a power, smoothed, as a distribution."""
    share = (counts.popularity + SMOOTHING) ** power
    return share / share.sum()


class EvidenceModel:
    """``fit`` on training examples, then ``explain(query, item)``.

    Fitted: ``weights`` of :data:`rad.features.item_features.FEATURES`, ``background_power`` of popularity where nothing
    is explained, and ``position_shares`` (J + 1,), of which the last entry is the unexplained share.
    """

    def fit(self, train: Sequence[Example], items: Mapping[str, Item], seed: int = 0, steps: int = 80) -> Self:
        """Maximum likelihood: Adam for the affinities, on batches of one fold; EM for the shares of the positions.

        Args:
            train: The training examples.
            items: The catalogue, by id.
            seed: Of the batches.
            steps: Batches in all.
        """
        self.catalogue = Catalogue.of(items)
        self.prefixes = Prefixes.of(self.catalogue, train)
        self.weights = np.array([0.4, 0.4, 1.0, 1.0, 0.5])  # a start at which no feature dominates
        self.background_power = 1.0
        self.position_shares = np.array([0.6**k for k in range(RECENCY_POSITIONS)] + [0.2])
        self.position_shares /= self.position_shares.sum()
        rng = np.random.default_rng(seed)
        folds = [np.flatnonzero(self.prefixes.folds == f) for f in range(len(self.prefixes.counts) - 1)]
        folds = [mine for mine in folds if len(mine)]
        # (2, weights + 1): Adam's running means of the gradient and of its square; the last column is the power
        moments = np.zeros((2, len(self.weights) + 1))
        for step in range(1, steps + 1 if folds else 1):
            # a batch is of one fold, so that one set of counts serves all its examples
            mine = folds[rng.integers(len(folds))]
            batch = rng.choice(mine, min(len(mine), BATCH), replace=False)
            gradient, shares = self._gradient(batch)
            moments = np.array([0.9, 0.99])[:, None] * moments + np.array([0.1 * gradient, 0.01 * gradient**2])
            # warm-up over ten steps, then a cosine to zero: the last batches hardly move what is kept
            rate = LEARNING_RATE * min(1.0, step / 10) * (0.5 + 0.5 * np.cos(np.pi * step / steps))
            move = rate * moments[0] / (1 - 0.9**step) / (np.sqrt(moments[1] / (1 - 0.99**step)) + 1e-8)
            self.weights += move[:-1]
            self.background_power += move[-1]
            # EM by small steps towards the batch's posterior: shares stay positive and sum to one
            self.position_shares += 0.04 * (shares - self.position_shares)
        return self

    def _gradient(self, batch: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Of a batch's mean log likelihood (one fold) in (weights, background power), and the positions' posterior."""
        p, c = self.prefixes, self.catalogue
        counts, targets = p.counts[p.folds[batch[0]]], p.targets[batch]
        recent = recent_items([p.histories[k] for k in batch])
        # (batch, J) -> rows of the distinct cited items, each computed once
        cited = np.unique(recent[recent >= 0])
        where = np.searchsorted(cited, np.maximum(recent, 0))
        features = c.features(cited, counts)
        rows = distribution(features, self.weights, cited)
        background = popularity_share(counts, self.background_power)
        # (batch, J + 1): what each position, and popularity, adds to the likelihood of the target
        present = recent >= 0
        likelihood = np.where(present, rows[np.minimum(where, len(cited) - 1), targets[:, None]], 0.0)
        joint = np.concatenate([likelihood, background[targets][:, None]], axis=1) * self.position_shares
        # short histories lack positions: the shares of those that are there are scaled up to one
        joint /= np.concatenate([present, np.ones((len(present), 1))], axis=1) @ self.position_shares[:, None]
        posterior = joint / joint.sum(axis=1, keepdims=True)
        # a softmax's gradient: the features of the target less their mean under the row, weighed by the posterior
        expected = np.einsum("mi,mif->mf", rows, features)
        e, position = np.nonzero(present)
        a, w = where[e, position], posterior[e, position][:, None]
        gradient = (w * (features[a, targets[e]] - expected[a])).sum(axis=0)
        # of the power of popularity: log popularity of the target less its mean, where nothing is explained
        log_popularity = np.log(counts.popularity + SMOOTHING)
        surprise = log_popularity[targets] - background @ log_popularity
        gradient = np.append(gradient, posterior[:, -1] @ surprise) / len(batch)
        return gradient, posterior.mean(axis=0)

    def posterior(self, prefixes: Prefixes) -> tuple[Likelihoods, np.ndarray, np.ndarray]:
        """Reasons given the bought item; the rest is unexplained.

        Returns:
            The likelihoods, the posterior of co-purchase (N, J), and that of wanted values (N, J, T).
        """
        table = likelihoods(self.catalogue, prefixes, self.weights, self.background_power)
        recent = recent_items(prefixes.histories)
        # (N, J): the prior of each position, without those that a short history lacks
        position_prior = (recent >= 0) * self.position_shares[:-1]
        share = position_prior / (position_prior.sum(axis=1, keepdims=True) + self.position_shares[-1])
        own = np.array([max(len(v), 1) for v in self.catalogue.item_values])
        n_values = own[np.maximum(recent, 0)]  # (N, J): of the cited item
        co_purchase = share * CO_PURCHASE * table.co_purchase
        # a wanted value: one of the cited item's own, each alike, or another that tends to follow it
        prior = np.where(table.shared, SHARED / n_values[:, :, None], SEQUENCE * table.reach)
        by_value = share[:, :, None] * prior * table.by_value
        # (N,): the likelihood of the target under no reason, and under all that there are
        nothing = (1 - share.sum(axis=1)) * table.background
        total = co_purchase.sum(axis=1) + by_value.sum(axis=(1, 2)) + nothing
        total = np.maximum(total, 1e-30)
        return table, co_purchase / total[:, None], by_value / total[:, None, None]

    def explain(self, query: Query, item: Item) -> tuple[Reason, ...] | None:
        """The reasons that the history gives for ``item``, strongest first; None without a history.

        A training purchase never counts itself.
        """
        history = tuple(self.catalogue.indices(query.history))
        if not history:
            return None
        single = self.prefixes.one(history, self.catalogue.index[item.item_id], query.user_id)
        table, co_purchase, by_value = self.posterior(single)
        matches = [(position, -1, float(weight)) for position, weight in enumerate(co_purchase[0])]
        for position, column in zip(*np.nonzero(by_value[0]), strict=True):
            value = int(table.target_values[0, column])
            matches.append((int(position), value, float(by_value[0, position, column])))
        return reasons_of(self.catalogue, history, matches, STRONGEST)


def reasons_of(
    catalogue: Catalogue, history: Sequence[int], matches: Sequence[Match], strongest: int
) -> tuple[Reason, ...]:
    """The ``strongest`` reasons among single matches, heaviest first.

    Matches that want the same value are one reason. It cites the purchases that have the value, or, where none has it,
    those it follows; of these the heaviest, and the others down to a quarter of its weight. What goes together with a
    purchase is a reason of its own. What is too weak to be written down gives its weight to the reasons that are. So
    one minus their sum is the unexplained share.
    """
    by_reason: dict[tuple[EvidenceKind, int], list[tuple[float, int]]] = {}
    for position, value, weight in matches:
        index = len(history) - 1 - position
        if value < 0:
            by_reason[("co_purchase", -1 - index)] = [(weight, index)]
            continue
        by_reason.setdefault(("attribute", value), []).append((weight, index))
    totals = sorted(((sum(w for w, _ in members), *key) for key, members in by_reason.items()), key=lambda x: -x[0])
    written = [t for t in totals[:strongest] if t[0] >= NEGLIGIBLE]
    scale = min(sum(t for t, *_ in totals), 1.0) / max(sum(t for t, *_ in written), 1e-9)
    out = []
    for total, kind, value in written:
        members, weight = sorted(by_reason[kind, value], reverse=True), min(total * scale, 1.0)
        owners = [(w, index) for w, index in members if value in catalogue.item_values[history[index]]]
        best = max(w for w, _ in owners or members)
        cited = tuple(index for w, index in owners or members if w >= best / 4)
        if kind == "co_purchase":
            out.append(Reason(Evidence(cited, kind), weight=weight))
            continue
        wanted = catalogue.values[value]
        evidence = Evidence(cited, "attribute", *wanted) if owners else Evidence(cited, "sequence")
        out.append(Reason(evidence, (wanted,), weight=weight))
    return tuple(out)
