"""Which rule a prediction breaks, and what becomes of it: the one place where predictions are judged.

A prediction that breaks a rule counts as failed: its ``error`` says which, and it scores the worst of every metric.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from benchmarks.harness.base import CUT, TaskName
from rad.errors import RadError
from rad.rationales.rules import weight_violations
from rad.types import Example, Item, Pair, PairPrediction, Prediction, Query


def violation(p: Prediction, query: Query, items: Mapping[str, Item]) -> str | None:
    """Why a prediction cannot be scored, or None. The text names the kind, not the ids, so that equal ones add up."""
    if p.error is not None:
        return p.error or "an error without a message"
    if not p.ranking:
        return "empty ranking"
    if len(p.ranking) > CUT:
        return f"ranking longer than {CUT}"
    shown = set(p.ranking)
    if not shown <= items.keys():
        return "unknown item in the ranking"
    if len(shown) < len(p.ranking):
        return "repeated item in the ranking"
    if not shown.isdisjoint(query.unranked):
        return "item of the history in the ranking"
    if query.candidates is not None and not shown <= set(query.candidates):
        return "item outside the candidates in the ranking"
    if p.scores is not None:
        if len(p.scores) != len(p.ranking):
            return "scores and ranking differ in length"
        if not all(map(math.isfinite, p.scores)):
            return "score that is not a finite number"
    for broken in weight_violations(p.rationale) if p.rationale is not None else ():
        return f"weights of the reasons: {broken.detail}"
    return None


def validated(
    predictions: Iterable[Prediction], queries: Sequence[Query], items: Mapping[str, Item]
) -> Iterator[Prediction]:
    """The stream as it is stored: a prediction that breaks a rule says so, and holds no number that JSON cannot."""
    query_of = {q.query_id: q for q in queries}
    for p in predictions:
        reason = violation(p, query_of[p.query_id], items) if p.query_id in query_of else None
        yield p if reason is None else replace(p, error=reason, scores=None, rationale=None)


def aligned(predictions: Iterable[Prediction], examples: Sequence[Example]) -> tuple[list[Prediction], Counter[str]]:
    """One prediction an example, in their order, and how often each reason of failure occurs.

    A failed one comes back with an empty ranking, no rationale and ``error`` set.

    Args:
        predictions: In any order; those that break a rule have their ``error`` (:func:`validated`).
        examples: The queries that were asked.

    Raises:
        RadError: A prediction is for another query.
    """
    return _one_each(
        predictions, [e.query.query_id for e in examples], lambda key, reason: Prediction(key, (), error=reason)
    )


P = TypeVar("P", Prediction, PairPrediction)


def _one_each(
    predictions: Iterable[P], query_ids: Sequence[str], failed: Callable[[str, str], P]
) -> tuple[list[P], Counter[str]]:
    answers: dict[str, P | None] = dict.fromkeys(query_ids)
    for p in predictions:
        if p.query_id not in answers:
            raise RadError(f"a prediction for query '{p.query_id}', which was not asked")
        reason = p.error if answers[p.query_id] is None else "predicted more than once"
        answers[p.query_id] = p if reason is None else failed(p.query_id, reason)
    complete = [answers[key] or failed(key, "no prediction") for key in query_ids]
    return complete, Counter(p.error for p in complete if p.error is not None)


def pair_violation(p: PairPrediction, pair: Pair, task: TaskName) -> str | None:
    """Why a prediction of a pair cannot be scored, or None."""
    if p.error is not None:
        return p.error or "an error without a message"
    if p.item_id != pair.item_id:
        return "prediction of another item"
    value = p.rating if task == "rating" else p.probability
    if value is None:
        return "no rating" if task == "rating" else "no probability"
    if not math.isfinite(value):
        return "rating that is not a finite number" if task == "rating" else "probability that is not a finite number"
    if task == "choice" and not 0 <= value <= 1:
        return "probability outside 0 to 1"
    return None


def validated_pairs(
    predictions: Iterable[PairPrediction], pairs: Sequence[Pair], task: TaskName
) -> Iterator[PairPrediction]:
    """The stream as it is stored: a prediction that breaks a rule says so, and holds no number."""
    pair_of = {pair.query.query_id: pair for pair in pairs}
    for p in predictions:
        reason = pair_violation(p, pair_of[p.query_id], task) if p.query_id in pair_of else None
        yield p if reason is None else replace(p, error=reason, rating=None, probability=None)


def aligned_pairs(
    predictions: Iterable[PairPrediction], pairs: Sequence[Pair]
) -> tuple[list[PairPrediction], Counter[str]]:
    """One prediction a pair, in their order, and how often each reason of failure occurs."""
    item_of = {pair.query.query_id: pair.item_id for pair in pairs}
    return _one_each(predictions, list(item_of), lambda key, reason: PairPrediction(key, item_of[key], error=reason))


def checked(
    predictions: Iterable[Prediction], examples: Sequence[Example], items: Mapping[str, Item]
) -> tuple[list[Prediction], Counter[str]]:
    """:func:`aligned` predictions that nobody has judged yet."""
    return aligned(validated(predictions, [e.query for e in examples], items), examples)
