"""A mixture over the facts of a history, fitted to data alone: which of them explain a purchase, and how well.

A purchase i after history h comes from one of the sound facts of h (:mod:`rad.rationales.facts`), or from nothing in
it:

    p(i | h) = sum_c p(c | h) p(i | c) + p(unexplained | h) p0(i)

p(i | c) reads only what the kind of fact c is about (:mod:`rad.features.evidence_kernels`). p(c | h) is a softmax,
linear in a few numbers of the fact: its kind, how telling it is, how long ago it was shown, how far above the usual.
All weights are fitted together by maximum likelihood, under counts that leave the users of a purchase out. The reasons
of a purchase are the posterior over the most telling facts given the item that was bought: so each is a sound fact, and
says of the item only what the history reveals. What lasts (``lasting``, ``rating``, ``absence``) is no rival of the
facts of the moment; it is left out, since one purchase hardly tells a taste that lasts from a wish of the moment.

>>> from rad.data.load import open_dataset
>>> data = open_dataset("world:users=60,items=200")
>>> model = EvidenceModel().fit(data.examples["train"], data.items)
>>> example = data.examples["train"][-1]
>>> reasons = model.explain(example.query, data.items[next(iter(example.relevant))])
>>> [list(model.facts.check(reason, example.query)) for reason in reasons[:1]]
[[]]
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Self

import numpy as np
from scipy.optimize import minimize

from rad.features.evidence_kernels import RIVALS, START, Cases, Kernels, Prepared
from rad.features.item_features import by_fold
from rad.rationales.facts import Facts, ragged
from rad.rationales.facts.candidates import KINDS, NUMBER, Candidates
from rad.rationales.prompt import MOST_FACTS
from rad.rationales.strengths import rounded
from rad.types import Example, Item, Query, Reason

VERSION = "2"  # a change of what is explained, or how, raises it
STRONGEST = 8  # reasons that explain a purchase
NEGLIGIBLE = 0.005  # a reason that weighs less is not written down
SAMPLE = 6_000  # examples that the weights are fitted to
BATCH = 4_096  # queries whose facts are held at once
_RIDGE = 1e-3
_POINTERS = tuple(
    NUMBER[kind] for kind in KINDS if kind in ("co_purchase", "similar", "kindred", "new_similar", "kind_of")
)
_N_PRIOR = 2 * len(RIVALS) + 6


class EvidenceModel:
    """``fit`` on training examples, then ``explain(query, item)`` or ``explain_all(examples)``.

    ``kernels`` and ``prior`` are the fitted weights: of p(item | fact), and of p(fact | history).
    """

    def fit(self, train: Sequence[Example], items: Mapping[str, Item], seed: int = 0, steps: int = 60) -> Self:
        """Maximum likelihood on a sample of two folds of users.

        Args:
            train: The training examples.
            items: The catalogue, by id.
            seed: Of the sample.
            steps: Of the optimiser, at the most.
        """
        self.facts = Facts.of(train, items)
        self.fold_of, self.counts = by_fold(self.facts.catalogue, train)
        self.kernels, self.prior = START.copy(), np.zeros(_N_PRIOR)
        rng = np.random.default_rng(seed)
        fresh = [e for e in train if _target(e) not in {x.item_id for x in e.query.history}]
        chosen = [fresh[k] for k in rng.permutation(len(fresh)) if self.fold_of[fresh[k].query.user_id] < 2][:SAMPLE]
        batches = [_Batch(self, fold, [chosen[k] for k in part]) for fold, part in self._by_fold(chosen)]
        if not batches:
            return self

        def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
            value, gradient = (
                0.5 * _RIDGE * float(weights[len(START) :] @ weights[len(START) :]),
                np.zeros(len(weights)),
            )
            gradient[len(START) :] = _RIDGE * weights[len(START) :]
            for batch in batches:
                likelihood, part = batch.likelihood(weights[: len(START)], weights[len(START) :])
                value -= likelihood / len(chosen)
                gradient -= part / len(chosen)
            return value, gradient

        start = np.concatenate([self.kernels, self.prior])
        fitted = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": steps}).x
        self.kernels, self.prior = fitted[: len(START)], fitted[len(START) :]
        return self

    def explain(self, query: Query, item: Item) -> tuple[Reason, ...]:
        """The reasons that the history gives for ``item``, strongest first, rounded to the five strengths.

        A training purchase never counts itself.
        """
        (reasons,) = self.explain_all([Example(query, "train", {item.item_id: 1})])
        return reasons

    def explain_all(self, examples: Sequence[Example]) -> list[tuple[Reason, ...]]:
        """The same of the first answer of each of ``examples``, in their order."""
        out: dict[int, tuple[Reason, ...]] = {}
        for fold, members in self._by_fold(examples):
            for start in range(0, len(members), BATCH):
                part = members[start : start + BATCH]
                batch = _Batch(self, fold, [examples[k] for k in part])
                out.update(zip(part, batch.reasons(), strict=True))
        return [out[k] for k in range(len(examples))]

    def gains(self, cases: Sequence[tuple[Sequence[Reason], Example]]) -> np.ndarray:
        """(cases,): in bits, how much likelier reasons make the answer of an example than its popularity does.

        A reason that cites several items is one part for each; one that avoids a value leaves popularity to the items
        without it.
        """
        out = np.zeros(len(cases))
        for fold, members in self._by_fold([example for _, example in cases]):
            facts, share = self._as_rows([cases[k][0] for k in members], [cases[k][1] for k in members])
            kernels = self.kernels_of(fold)
            target, new = self.answers([cases[k][1] for k in members])
            rows = Cases(facts, target[facts.query], new[facts.query])
            log_p, _ = kernels.prepared(rows).log_p(self.kernels)
            rest, _ = kernels.unexplained(target, self.kernels)
            # log p(target | fact) less log p0(target): the ratio stays in range where both are tiny
            ratio = share * np.exp(log_p - rest[facts.query])
            claimed_share = np.bincount(facts.query, share, minlength=len(members))
            contrary = [self._contrary(cases[k][0], int(t)) for k, t in zip(members, target, strict=True)]
            total = np.bincount(facts.query, ratio, minlength=len(members)) + np.maximum(
                1 - claimed_share - contrary, 0
            )
            out[members] = np.log2(np.maximum(total, 1e-12))
        return out

    def _contrary(self, reasons: Sequence[Reason], target: int) -> float:
        """The weight of the reasons that avoid a value of the item ``target``."""
        names = self.facts.catalogue.values
        own = {names[v] for v in self.facts.catalogue.item_values[target]}
        return sum(reason.weight for reason in reasons if own.intersection(reason.avoids))

    def _as_rows(
        self, rationales: Sequence[Sequence[Reason]], examples: Sequence[Example]
    ) -> tuple[Candidates, np.ndarray]:
        """Reasons as rows of the rival kinds, with the weight of each row."""
        index, values = self.facts.catalogue.index, self.facts.catalogue.value_index
        rows: list[tuple[int, int, int, int, int, float, float]] = []
        for k, (reasons, example) in enumerate(zip(rationales, examples, strict=True)):
            history = example.query.history
            for reason in reasons:
                kind, support = reason.evidence.kind, reason.evidence.support
                wanted = [values[claim] for claim in reason.wants if claim in values]
                cited = [index[history[j].item_id] for j in reason.evidence.history if 0 <= j < len(history)]
                number = support.found if support is not None else 1.0
                if kind == "kind_of" and len(wanted) > 1:
                    rows.append((k, NUMBER[kind], -1, wanted[0], wanted[1], number, reason.weight))
                elif wanted:
                    name = NUMBER["new_repeat" if kind == "new_repeat" else "repeat"]
                    rows += [(k, name, -1, v, -1, number, reason.weight / len(wanted)) for v in wanted]
                elif not reason.avoids:
                    name = NUMBER[kind if kind in ("similar", "kindred", "new_similar") else "co_purchase"]
                    rows += [(k, name, j, -1, -1, number, reason.weight / len(cited)) for j in cited]
        table = np.array(rows, dtype=float).reshape(-1, 7)
        query, kind_, item, value, other = table[:, :5].astype(np.int64).T
        none = np.full(len(rows), np.nan)
        facts = Candidates(query, kind_, item, np.zeros_like(item), value, other, table[:, 5], none, none, none)
        return facts, table[:, 6]

    def answers(self, examples: Sequence[Example]) -> tuple[np.ndarray, np.ndarray]:
        """(examples,) catalogue positions of the first answers, and whether nobody but the user has bought each."""
        facts = self.facts
        target = np.array([facts.catalogue.index[_target(e)] for e in examples], dtype=np.int64)
        bought = [facts.own.get(e.query.user_id, _NOBODY) for e in examples]
        own = np.array([np.count_nonzero(s == t) for s, t in zip(bought, target, strict=True)])
        return target, facts.purchases[target] <= own

    def fold(self, query: Query) -> int:
        """The fold whose counts a query sees: without its user where they are in training, else everybody's."""
        return self.fold_of.get(query.user_id, len(self.counts) - 1)

    def kernels_of(self, fold: int) -> Kernels:
        """The kernels under the counts of a fold; the last ones asked for are kept."""
        if getattr(self, "_latest", (None, None))[0] != fold:
            self._latest = fold, Kernels(self.facts, self.counts[fold])
        return self._latest[1]

    def _by_fold(self, examples: Sequence[Example]) -> Iterator[tuple[int, list[int]]]:
        """Each fold with the numbers of its examples."""
        folds: dict[int, list[int]] = {}
        for k, example in enumerate(examples):
            folds.setdefault(self.fold(example.query), []).append(k)
        yield from folds.items()


class _Batch:
    """Examples of one fold with their rival facts; arrays have an entry a fact (rows,), then one a query."""

    def __init__(self, model: EvidenceModel, fold: int, examples: Sequence[Example]) -> None:
        self.model, self.examples = model, examples
        facts, queries = model.facts, [e.query for e in examples]
        table = facts.candidates(queries)
        # no other facts than a prompt shows: a model that learns from drafts sees what they chose from
        table = table.take(np.sort(ragged.best(table.query, table.interest, MOST_FACTS)))
        self.table = table.take(np.isin(table.kind, [NUMBER[kind] for kind in RIVALS]))
        self.kernels = model.kernels_of(fold)
        self.target, new = model.answers(examples)
        row = self.table.query
        self.prepared: Prepared = self.kernels.prepared(Cases(self.table, self.target[row], new[row]))
        self.length = np.array([len(q.history) for q in queries], dtype=float)
        # (rows + queries,): the query of each fact, and of each unexplained rest
        self.owner = np.concatenate([row, np.arange(len(queries))])
        self.features = _features(self.table, self.length)

    def log_joint(self, kernels: np.ndarray, prior: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(rows + queries,) log p(fact, target) and log p(fact); and the gradient in the weights of the kernels."""
        n = len(self.examples)
        shares = _log_softmax(self.features @ prior, self.owner, n)
        facts, gradient = self.prepared.log_p(kernels)
        rest, rest_gradient = self.kernels.unexplained(self.target, kernels)
        return shares + np.concatenate([facts, rest]), shares, np.concatenate([gradient, rest_gradient])

    def likelihood(self, kernels: np.ndarray, prior: np.ndarray) -> tuple[float, np.ndarray]:
        """The log likelihood of the targets, summed, and its gradient in all weights."""
        joint, shares, gradient = self.log_joint(kernels, prior)
        total = _log_sum(joint, self.owner, len(self.examples))
        posterior = np.exp(joint - total[self.owner])
        move = self.features.T @ (posterior - np.exp(shares))
        return float(total.sum()), np.concatenate([gradient.T @ posterior, move])

    def reasons(self) -> list[tuple[Reason, ...]]:
        """The posterior given each target, as reasons."""
        joint, _, _ = self.log_joint(self.model.kernels, self.model.prior)
        n = len(self.examples)
        posterior = np.exp(joint - _log_sum(joint, self.owner, n)[self.owner])
        weight, query = posterior[: len(self.table)], self.table.query
        explained = np.bincount(query, weight, minlength=n)
        order = np.lexsort((-weight, query))
        starts = np.searchsorted(query[order], np.arange(n + 1))
        out = []
        for k, example in enumerate(self.examples):
            best = [int(c) for c in order[starts[k] : starts[k + 1]][:STRONGEST] if weight[c] >= NEGLIGIBLE]
            # what is too weak to be written down gives its weight to the reasons that are
            scale = explained[k] / max(weight[best].sum(), 1e-9)
            facts = [self.model.facts.reason(self.table, c, example.query) for c in best]
            out.append(rounded([replace(r, weight=float(weight[c] * scale)) for r, c in zip(facts, best, strict=True)]))
        return out


_NOBODY = np.zeros(0, np.int32)


def _features(table: Candidates, length: np.ndarray) -> np.ndarray:
    """(rows + queries, _N_PRIOR): the numbers of each fact, then those of each unexplained rest."""
    n, kinds = len(table), len(RIVALS)
    out = np.zeros((n + len(length), _N_PRIOR))
    rows = np.arange(n)
    kind = np.array([RIVALS.index(k) if k in RIVALS else -1 for k in KINDS])[table.kind]
    out[rows, kind] = 1
    out[rows, kinds + kind] = np.log(np.maximum(table.interest, 1e-3))
    ago = np.log1p(length[table.query] - 1 - table.position)
    points = np.isin(table.kind, _POINTERS)
    lift = table.number / table.of / table.base
    out[:n, -6] = np.where(points, ago, 0)
    out[:n, -5] = np.where(points, 0, ago)
    out[:n, -4] = np.where(points, np.log1p(table.number), 0)
    out[:n, -3] = np.where(np.isfinite(lift), np.log(np.maximum(lift, 1e-3)), 0)
    out[n:, -2] = 1
    out[n:, -1] = np.log(np.maximum(length, 1))
    return out


def _target(example: Example) -> str:
    return next(iter(example.relevant))


def _log_sum(x: np.ndarray, group: np.ndarray, n: int) -> np.ndarray:
    """(groups,) log of the sum of exp(x) in each group; every group has a finite entry."""
    top = np.full(n, -np.inf)
    np.maximum.at(top, group, x)
    return np.asarray(top + np.log(np.bincount(group, np.exp(x - top[group]), minlength=n)))


def _log_softmax(x: np.ndarray, group: np.ndarray, n: int) -> np.ndarray:
    return np.asarray(x - _log_sum(x, group, n)[group])
