"""Rationales from data alone: which facts of the history explain a purchase, and how well. Needs no language model.

A small mixture is fitted to the training interactions. A purchase i after history h comes

- from one of the last items j ("because of [j]"), either because i is bought together with j, or because the user wants
  one of its attribute values v; or
- from nothing in the history: the *unexplained* share, which follows popularity.

    p(i | h) = sum_j s_j ( a p(i | j) + sum_v b_jv p(i | j, v) ) + s_0 p(i)

p(i | j) is a softmax over the catalogue of weighted affinities of the pair (``rad.features.item_features``); p(i | j,
v) is the same, renormalised over the items that have v. The weights of the affinities and the share s of each place in
the history are fitted by maximum likelihood, each user's own purchases left out of the counts; the kinds of reason (a,
b) are a stated assumption. A draft is the posterior over reasons given the item that was bought: it names values of
that item that the history reveals, never the item, and it is written for training items only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from annotation.drafters.base import Draft, RationaleDrafter, Summary
from rad.features.item_features import Catalogue, CoPurchase, Prefixes, distribution
from rad.rationales.rules import Rules, Violation
from rad.types import Evidence, EvidenceKind, Example, Item, Origin, Query, Rationale, Reason

SLOTS = 7  # places of the history that a reason may cite: the last seven purchases
TOGETHER, SHARED, SEQUENCE = 0.5, 0.45, 0.05  # prior of the kinds of reason, given the cited item
Found = tuple[int, int, float]  # slot (0 = the last purchase), value number or -1 for together, probability
STRONGEST = 8  # reasons that a draft keeps
SAID = 3  # reasons that its text says in words
NEGLIGIBLE = 0.005  # a reason that weighs less is not written down
BATCH, LEARNING_RATE = 192, 0.05  # of the fit
ANCHOR_BLOCK = 256  # anchors whose catalogue rows are held at once: bounds memory


@dataclass(frozen=True, slots=True)
class Likelihoods:
    """How likely each training target is under each reason. N examples, J slots (0 = the last purchase), T values.

    ``together`` (N, J); ``by_value`` (N, J, T), one column a value of the target; ``shared`` (N, J, T): the cited item
    has that value too; ``reach`` (N, J, T): p(v | j); ``target_values`` (N, T): value numbers, -1 beyond the last;
    ``background`` (N,): the popularity share.
    """

    together: np.ndarray
    by_value: np.ndarray
    shared: np.ndarray
    reach: np.ndarray
    target_values: np.ndarray
    background: np.ndarray


def slots_of(histories: Sequence[Sequence[int]], n_slots: int = SLOTS) -> np.ndarray:
    """(N, J) catalogue positions of the last purchases, most recent first, -1 where a history is shorter."""
    out = np.full((len(histories), n_slots), -1, dtype=np.int64)
    for row, history in zip(out, histories, strict=True):
        recent = list(history[-n_slots:])[::-1]
        row[: len(recent)] = recent
    return out


def likelihoods(
    catalogue: Catalogue, prefixes: Prefixes, weights: np.ndarray, background_power: float, n_slots: int = SLOTS
) -> Likelihoods:
    """The table for all training prefixes, each under the counts that leave its own fold out."""
    slots = slots_of(prefixes.histories, n_slots)
    n, width = len(slots), max((len(v) for v in catalogue.item_values), default=1) or 1
    values = np.full((n, width), -1, dtype=np.int64)
    for row, target in zip(values, prefixes.targets, strict=True):
        own = catalogue.item_values[target]
        row[: len(own)] = own
    together = np.zeros((n, n_slots), np.float32)
    by_value = np.zeros((n, n_slots, width), np.float32)
    reach = np.zeros((n, n_slots, width), np.float32)
    background = np.zeros(n, np.float32)
    has = catalogue.incidence.toarray() > 0 if n else np.zeros((0, 0), bool)
    for fold in np.unique(prefixes.folds):
        mine = np.flatnonzero(prefixes.folds == fold)
        counts = prefixes.counts[fold]
        background[mine] = popularity_share(counts, background_power)[prefixes.targets[mine]]
        where, place = np.nonzero(slots[mine] >= 0)
        example = mine[where]
        anchor = slots[example, place]
        for block, rows in anchor_rows(catalogue, counts, weights, np.unique(anchor)):
            inside = (anchor >= block[0]) & (anchor <= block[-1])
            e, p, a = example[inside], place[inside], np.searchsorted(block, anchor[inside])
            together[e, p] = rows[a, prefixes.targets[e]]
            mass = rows @ catalogue.incidence  # (anchors, values): p(v | j)
            found = np.where(values[e] >= 0, mass[a[:, None], np.maximum(values[e], 0)], 0.0)
            reach[e, p] = found
            by_value[e, p] = np.where(found > 0, together[e, p][:, None] / np.maximum(found, 1e-12), 0.0)
    shared = has[np.maximum(slots, 0)[:, :, None], np.maximum(values, 0)[:, None, :]]
    shared &= (values >= 0)[:, None, :] & (slots >= 0)[:, :, None]
    return Likelihoods(together, by_value, shared, reach, values, background)


def anchor_rows(
    catalogue: Catalogue, counts: CoPurchase, weights: np.ndarray, anchors: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Blocks of sorted anchors with their rows p(. | j): (anchors, items)."""
    for start in range(0, len(anchors), ANCHOR_BLOCK):
        block = anchors[start : start + ANCHOR_BLOCK]
        yield block, distribution(catalogue.features(block, counts), weights, block)


def popularity_share(counts: CoPurchase, power: float) -> np.ndarray:
    """Where an unexplained purchase goes: popularity to a power, smoothed, as a distribution over the catalogue."""
    share = (counts.popularity + 0.3) ** power
    return share / share.sum()


class Drafter(RationaleDrafter):
    """``fit`` on training examples, then ``draft(query, item)``: the posterior over reasons; None without a history."""

    name: ClassVar[str] = "evidence"
    version = "1"

    def fit(self, train: Sequence[Example], items: Mapping[str, Item], seed: int = 0, steps: int = 80) -> Self:
        """Maximum likelihood: Adam for the affinities, on batches of one fold; EM for the shares of the places."""
        self.items, self.catalogue = items, Catalogue.of(items)
        self.prefixes = Prefixes.of(self.catalogue, train)
        self.weights = np.array([0.4, 0.4, 1.0, 1.0, 0.5])  # of rad.features.item_features.FEATURES, to start from
        self.background_power = 1.0
        self.places = np.array([0.6**k for k in range(SLOTS)] + [0.2])  # the last entry is the unexplained share
        self.places /= self.places.sum()
        rng = np.random.default_rng(seed)
        folds = [np.flatnonzero(self.prefixes.folds == f) for f in range(len(self.prefixes.counts) - 1)]
        folds = [mine for mine in folds if len(mine)]
        moments = np.zeros((2, len(self.weights) + 1))
        for step in range(1, steps + 1 if folds else 1):
            mine = folds[rng.integers(len(folds))]
            batch = rng.choice(mine, min(len(mine), BATCH), replace=False)
            gradient, shares = self._gradient(batch)
            moments = np.array([0.9, 0.99])[:, None] * moments + np.array([0.1 * gradient, 0.01 * gradient**2])
            rate = LEARNING_RATE * min(1.0, step / 10) * (0.5 + 0.5 * np.cos(np.pi * step / steps))
            move = rate * moments[0] / (1 - 0.9**step) / (np.sqrt(moments[1] / (1 - 0.99**step)) + 1e-8)
            self.weights += move[:-1]
            self.background_power += move[-1]
            self.places += 0.04 * (shares - self.places)
        return self

    def _gradient(self, batch: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Of a batch's mean log likelihood (one fold) in (weights, background power), and the places' posterior."""
        p, c = self.prefixes, self.catalogue
        counts, targets = p.counts[p.folds[batch[0]]], p.targets[batch]
        slots = slots_of([p.histories[k] for k in batch])
        anchors = np.unique(slots[slots >= 0])
        where = np.searchsorted(anchors, np.maximum(slots, 0))
        features = c.features(anchors, counts)
        rows = distribution(features, self.weights, anchors)
        background = popularity_share(counts, self.background_power)
        there = slots >= 0
        likelihood = np.where(there, rows[np.minimum(where, len(anchors) - 1), targets[:, None]], 0.0)
        joint = np.concatenate([likelihood, background[targets][:, None]], axis=1) * self.places
        joint /= np.concatenate([there, np.ones((len(there), 1))], axis=1) @ self.places[:, None]
        posterior = joint / joint.sum(axis=1, keepdims=True)
        expected = np.einsum("mi,mif->mf", rows, features)
        e, place = np.nonzero(there)
        a, w = where[e, place], posterior[e, place][:, None]
        gradient = (w * (features[a, targets[e]] - expected[a])).sum(axis=0)
        log_popularity = np.log(counts.popularity + 0.3)
        surprise = log_popularity[targets] - background @ log_popularity
        gradient = np.append(gradient, posterior[:, -1] @ surprise) / len(batch)
        return gradient, posterior.mean(axis=0)

    def posterior(self, prefixes: Prefixes) -> tuple[Likelihoods, np.ndarray, np.ndarray]:
        """Reasons given the bought item: (table, together (N, J), by value (N, J, T)); the rest is unexplained."""
        table = likelihoods(self.catalogue, prefixes, self.weights, self.background_power)
        there = (slots_of(prefixes.histories) >= 0) * self.places[:-1]
        share = there / (there.sum(axis=1, keepdims=True) + self.places[-1])
        own = np.array([max(len(v), 1) for v in self.catalogue.item_values])
        n_values = own[np.maximum(slots_of(prefixes.histories), 0)]
        together = share * TOGETHER * table.together
        prior = np.where(table.shared, SHARED / n_values[:, :, None], SEQUENCE * table.reach)
        by_value = share[:, :, None] * prior * table.by_value
        nothing = (1 - share.sum(axis=1)) * table.background
        total = together.sum(axis=1) + by_value.sum(axis=(1, 2)) + nothing
        total = np.maximum(total, 1e-30)
        return table, together / total[:, None], by_value / total[:, None, None]

    def draft(self, query: Query, item: Item) -> Rationale | None:
        """The reasons that the history gives for ``item``, strongest first. A training purchase never counts itself."""
        history = tuple(self.catalogue.indices(query.history))
        if not history:
            return None
        single = self.prefixes.one(history, self.catalogue.index[item.item_id], query.user_id)
        table, together, by_value = self.posterior(single)
        found = [(slot, -1, float(weight)) for slot, weight in enumerate(together[0])]
        for slot, column in zip(*np.nonzero(by_value[0]), strict=True):
            value = int(table.target_values[0, column])
            found.append((int(slot), value, float(by_value[0, slot, column])))
        reasons = reasons_of(self.catalogue, history, found, STRONGEST)
        return rationale(query, reasons, origin="evidence", drafter=self.name, version=self.version)

    def drafts(self, examples: Iterable[Example]) -> Iterator[Draft]:
        """The draft of each example's target, in order, checked. What breaks a rule is not drafted again: it would be
        the same."""
        self.summary, rules = Summary(), Rules(self.items)
        for example in examples:
            query, target = example.query, next(iter(example.relevant))
            made = self.draft(query, self.items[target])
            found = (
                rules.violations(made, query, self.items[target])
                if made
                else [Violation("no_history", "nothing to cite")]
            )
            wrong = tuple(fault for fault in found if not fault.counted)
            if wrong:
                draft = Draft(query.query_id, target, None, tried=(wrong,), refused=made)
            else:
                draft = Draft(query.query_id, target, made, counted=tuple(found))
            yield self.summary.add(draft)


def reasons_of(
    catalogue: Catalogue, history: Sequence[int], found: Sequence[Found], strongest: int
) -> tuple[Reason, ...]:
    """The ``strongest`` reasons among single findings, heaviest first.

    Findings that want the same value are one reason. It cites the purchases that have the value, or, where none has it,
    those it follows; of these the heaviest, and the others down to a quarter of its weight. What goes together with a
    purchase is a reason of its own. What is too weak to be written down gives its weight to the reasons that are, so
    that one minus their sum is the unexplained share.
    """
    groups: dict[tuple[EvidenceKind, int], list[tuple[float, int]]] = {}
    for slot, value, weight in found:
        index = len(history) - 1 - slot
        if value < 0:
            groups[("co_purchase", -1 - index)] = [(weight, index)]
            continue
        groups.setdefault(("attribute", value), []).append((weight, index))
    totals = sorted(((sum(w for w, _ in members), *key) for key, members in groups.items()), key=lambda x: -x[0])
    kept = [t for t in totals[:strongest] if t[0] >= NEGLIGIBLE]
    scale = min(sum(t for t, *_ in totals), 1.0) / max(sum(t for t, *_ in kept), 1e-9)
    out = []
    for total, kind, value in kept:
        members, weight = sorted(groups[kind, value], reverse=True), min(total * scale, 1.0)
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


def rationale(query: Query, reasons: tuple[Reason, ...], origin: Origin, drafter: str, version: str) -> Rationale:
    """The record. Its verdict is *unexplained* where what stays so outweighs the reasons of the moment."""
    rest = 1 - sum(r.weight for r in reasons)
    supported = bool(reasons) and sum(r.weight for r in reasons if r.evidence.kind != "constraint") >= rest
    return Rationale(
        rationale_id=f"{query.query_id}-{drafter}-{version}",
        query_id=query.query_id,
        reasons=reasons,
        text=words(reasons),
        verdict="supported" if supported else "unexplained",
        origin=origin,
        drafter=drafter,
        drafter_version=version,
    )


def words(reasons: Sequence[Reason]) -> str:
    """The strongest reasons in words, of the moment and standing, [k] citing the k-th purchase, oldest first."""
    standing = [r for r in reasons if r.evidence.kind == "constraint"]
    now = [r for r in reasons if r.evidence.kind != "constraint"]
    said = [_sentence(r) for r in (*standing[:SAID], *now[:SAID])]
    rest = 1.0 - sum(r.weight for r in reasons)
    if rest > 0.5:
        said.append(f"Most of it stays unexplained ({rest:.0%}).")
    return " ".join(said)


def _sentence(reason: Reason) -> str:
    cited = _list([f"[{k + 1}]" for k in sorted(reason.evidence.history)])
    wants = " and ".join(f"{a.replace('_', ' ')} {v}" for a, v in reason.wants or reason.avoids)
    if reason.evidence.kind == "constraint":
        taste = "avoids" if reason.avoids else "likes"
        return f"Given {cited}, the user always {taste} {wants} ({reason.weight:.0%})."
    if reason.evidence.kind == "attribute":
        verb = "has" if len(reason.evidence.history) == 1 else "have"
        return f"{cited} {verb} {wants}, so the user wants {wants} ({reason.weight:.0%})."
    if reason.evidence.kind == "sequence":
        return f"After {cited}, the user wants {wants} ({reason.weight:.0%})."
    return f"The user wants what goes together with {cited} ({reason.weight:.0%})."


def _list(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1]
