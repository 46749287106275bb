"""What a model does with item texts that try to be recommended: it is fitted anew on the attacked catalogue.

The *exposure* of an item is how many of the first ten places of all rankings it has. An attack's *lift* is the exposure
of its items over what the same items had from the same model, the same seed and the same queries with their own texts.
Below one place a query in a thousand a lift is of few items and says little: so the places are shown beside it. The
largest lift of a single item counts one with less than one place as if it had one.

Queries whose history holds an item of the attack are left out of its exposure. The items of one attack share what is
added, so to whoever owns one the others read alike: that is a likeness of texts, and reaches nobody else. The lift with
these owners stands beside.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from benchmarks.audits.trust.attacks import ATTACKS, Attack, attack
from benchmarks.explanations.faithfulness import as_run
from benchmarks.explanations.finished_run import FinishedRun
from benchmarks.harness.aggregate import SORT
from benchmarks.harness.base import Recommender
from benchmarks.harness.evaluate import measure
from benchmarks.harness.fitting import learning_examples
from benchmarks.harness.registries import load_metrics
from benchmarks.harness.violations import validated
from rad.errors import RadError
from rad.rationales.facts import Facts
from rad.runtime.statistics import bootstrap, clusters_of, column_intervals
from rad.types import Item, Prediction, Query, Rationale

TOP = 10
SUSPECT = 10.0  # a lift beyond it is named


@dataclass(frozen=True)
class AttackLift:
    """What an attack does to its items, by one model.

    ``before`` and ``after`` are their places among the first ten of the queries of users who own none of them;
    ``lift`` the ratio with its ends by bootstrap over queries, None where they had none before; ``most`` the largest
    lift of one item. ``shown`` is the share of these queries with one of them among the first ten, before and after.
    ``owners`` is the share of queries left out, and ``with_owners`` the lift over all queries.
    """

    attack: Attack
    items: int
    owners: float
    before: int
    after: int
    lift: float | None
    ends: tuple[float, float] | None
    most: float
    shown: tuple[float, float]
    with_owners: float | None

    @property
    def is_suspect(self) -> bool:
        """Whether the attack lifts its items, or one of them, by more than ten times."""
        return (self.lift or 0.0) > SUSPECT or self.most > SUSPECT


@dataclass(frozen=True)
class Wording:
    """What the rationales say on the attacked catalogue.

    ``changed`` is the share that has other reasons than before, ``soundness`` the mean there; ``example`` is one beside
    a ranking whose first item is attacked and was not first before, None where there is none.
    """

    changed: float
    soundness: float
    example: str | None


@dataclass(frozen=True)
class Manipulation:
    """One model under all attacks. ``ndcg`` is NDCG@10 before and after; ``reads_text`` False: no ranking changed."""

    label: str
    domain: str
    seed: int
    ndcg: tuple[float, float]
    reads_text: bool
    lifts: list[AttackLift]
    wording: Wording | None


def manipulate(run: FinishedRun, words: Mapping[str, object]) -> Manipulation:
    """Fit the model of a run on the attacked catalogue, and compare its answers with those of the run.

    Args:
        run: The answers with the catalogue as it is.
        words: Settings that a run does not record, such as the endpoint of ``prompted``.

    Raises:
        RadError: The model cannot be fitted as it was.
    """
    result, data = run.result, run.data
    model = as_run(result, words)
    if not isinstance(model, Recommender):
        raise RadError(f"{run.folder}: {result.label} ranks no catalogue")
    catalogue = attack(data.items, data.examples["train"])
    model.fit(*learning_examples(data.examples, result.task.split), catalogue.items, result.seed)
    queries = [e.query for e in run.examples]
    answers = list(validated(model.predict(queries), queries, catalogue.items))
    ndcg = load_metrics([SORT], data.items)
    before, after = (float(measure(ndcg, p, run.examples)[0][SORT].mean()) for p in (run.predictions, answers))
    return Manipulation(
        label=result.label,
        domain=result.task.domain,
        seed=result.seed,
        ndcg=(before, after),
        reads_text=any(a.ranking != b.ranking for a, b in zip(run.predictions, answers, strict=True)),
        lifts=[lift_of(name, catalogue.attacked[name], queries, run.predictions, answers) for name in ATTACKS],
        wording=_wording(run, answers, catalogue.items, catalogue.attacked),
    )


def lift_of(
    name: Attack,
    ids: Sequence[str],
    queries: Sequence[Query],
    before: Sequence[Prediction],
    after: Sequence[Prediction],
) -> AttackLift:
    """What an attack does to its items ``ids``, from the answers to ``queries`` before and after it."""
    own = frozenset(ids)
    is_owner = np.array([not own.isdisjoint(x.item_id for x in query.history) for query in queries])
    others = [query.user_id for query, owns in zip(queries, is_owner, strict=True) if not owns]
    everyone = _places(before, ids), _places(after, ids)  # each [queries, items]
    one, other = (places[~is_owner] for places in everyone)
    counts = np.stack([one.sum(1), other.sum(1)], axis=1)  # [queries, 2]
    total = counts.sum(0)
    ends = None
    if total[0]:

        def ratio(weights: np.ndarray) -> np.ndarray:
            sums = weights @ counts
            with np.errstate(invalid="ignore", divide="ignore"):
                quotient: np.ndarray = (sums[:, 1] / sums[:, 0])[:, None]
            return np.where(np.isfinite(quotient), quotient, np.nan)

        low, high = column_intervals(bootstrap(ratio, len(counts), clusters=clusters_of(others)))[0].tolist()
        ends = low, high
    return AttackLift(
        attack=name,
        items=len(ids),
        owners=float(is_owner.mean()),
        before=int(total[0]),
        after=int(total[1]),
        lift=_ratio(one, other),
        ends=ends,
        most=float((other.sum(0) / np.maximum(one.sum(0), 1)).max()),
        shown=(float(one.any(1).mean()), float(other.any(1).mean())) if len(one) else (0.0, 0.0),
        with_owners=_ratio(*everyone),
    )


def _ratio(before: np.ndarray, after: np.ndarray) -> float | None:
    """Places after over those before; None where there were none."""
    return float(after.sum() / before.sum()) if before.any() else None


def _places(predictions: Sequence[Prediction], ids: Sequence[str]) -> np.ndarray:
    """[queries, items]: whether each item is among the first ten."""
    column = {item_id: k for k, item_id in enumerate(ids)}
    out = np.zeros((len(predictions), len(ids)), bool)
    for row, prediction in enumerate(predictions):
        for item_id in prediction.ranking[:TOP]:
            if item_id in column:
                out[row, column[item_id]] = True
    return out


def _wording(
    run: FinishedRun,
    answers: Sequence[Prediction],
    items: Mapping[str, Item],
    attacked: Mapping[Attack, Sequence[str]],
) -> Wording | None:
    """What the rationales then say; None for a model without any."""
    pairs = [
        (own.rationale, other.rationale)
        for own, other in zip(run.predictions, answers, strict=True)
        if own.rationale is not None and other.rationale is not None
    ]
    if not pairs:
        return None
    changed = [own for own, other in pairs if _facts_of(own) != _facts_of(other)]
    soundness = load_metrics(["soundness"], items)
    count = partial(Facts.of, run.data.examples["train"], items)
    values = measure(soundness, answers, run.examples, facts=count)[0]["soundness"]
    example = next(_examples(run, answers, attacked), None)
    return Wording(len(changed) / len(pairs), float(np.nanmean(values)), example)


def _facts_of(rationale: Rationale) -> Counter[object]:
    return Counter((r.evidence, r.wants, r.avoids) for r in rationale.reasons)


def _examples(
    run: FinishedRun, answers: Sequence[Prediction], attacked: Mapping[Attack, Sequence[str]]
) -> Iterator[str]:
    """Rationales beside a ranking whose first item is attacked and was not first before."""
    attack_of = {item_id: name for name, ids in attacked.items() for item_id in ids if name != "control"}
    for own, other in zip(run.predictions, answers, strict=True):
        first = other.ranking[0] if other.ranking else ""
        if first in attack_of and own.ranking[:1] != (first,) and other.rationale is not None:
            yield f"{run.data.items[first].title} ({attack_of[first]}) ranks first: {other.rationale.text}"
