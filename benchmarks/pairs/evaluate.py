"""Predictions of pairs and the pairs in, scores out: what :mod:`benchmarks.harness.evaluate` is for rankings.

A prediction that is missing or breaks a rule scores as the constant mean of the training answers and is counted in
``n_failed``. Every metric is also given for slices: items that the model could learn from (warm) or not (cold), and
short, middle and long histories; within a slice it is computed from the slice's pairs alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

import numpy as np

from benchmarks.harness.base import PairAnswers, PairMetric, TaskName
from benchmarks.harness.evaluate import Evaluation, scores_of, slices_of
from benchmarks.harness.registries import load_metrics
from benchmarks.harness.violations import aligned_pairs
from rad.data.pairs import answer_of
from rad.errors import RadError
from rad.types import Item, Pair, PairPrediction


def answers_of(predictions: Sequence[PairPrediction], pairs: Sequence[Pair], constant: float) -> PairAnswers:
    """What was predicted and what was right, in the order of the pairs; ``constant`` stands for what failed."""
    values = [p.rating if p.rating is not None else p.probability for p in predictions]
    return PairAnswers(
        np.array([constant if value is None else value for value in values], dtype=float),
        np.array([answer_of(pair) for pair in pairs]),
        np.array([bool(pair.liked) for pair in pairs]),
    )


def evaluate_pairs(
    predictions: Iterable[PairPrediction],
    pairs: Sequence[Pair],
    metrics: Sequence[str],
    items: Mapping[str, Item],
    task: TaskName,
    constant: float,
    seen: Collection[str] | None = None,
    seed: int = 0,
    samples: int = 1000,
) -> Evaluation:
    """Score predictions of pairs with the named metrics.

    Args:
        predictions: In any order; those that break a rule have their ``error``
            (:func:`~benchmarks.harness.violations.validated_pairs`).
        pairs: With their answers.
        metrics: Names.
        items: The catalogue.
        task: ``rating`` or ``choice``.
        constant: The mean answer of training.
        seen: Ids of the items that the model could learn from; None: no warm and cold slices.
        seed: Of the bootstrap.
        samples: Resamples of the bootstrap.

    Raises:
        RadError: Bad metric names, no pairs, or a prediction for a pair that was not asked.
    """
    chosen = load_metrics(metrics, items, task)
    if not pairs:
        raise RadError("no pairs to evaluate: the split is empty")
    aligned, reasons = aligned_pairs(predictions, pairs)
    answers = answers_of(aligned, pairs, constant)
    history = np.array([len(pair.query.history) for pair in pairs])
    warm = None if seen is None else np.array([pair.item_id in seen for pair in pairs])
    slices = slices_of(history, warm)
    columns: dict[tuple[str, str], np.ndarray] = {}
    for name, metric in chosen.items():
        assert isinstance(metric, PairMetric), name
        for part, inside in slices.items():
            # [pairs], NaN outside the slice; a score that is no mean is computed from the slice alone
            column = columns[name, part] = np.full(len(pairs), np.nan)
            if inside.any():
                column[inside] = metric.values(PairAnswers(*(values[inside] for values in answers)))
    return Evaluation(
        query_ids=tuple(pair.query.query_id for pair in pairs),
        scores=scores_of(chosen, columns, {}, len(pairs), seed, samples, [p.query.user_id for p in pairs]),
        values={name: columns[name, "all"] for name in chosen},
        n_failed=sum(p.error is not None for p in aligned),
        n_repeat=sum(any(x.item_id == pair.item_id for x in pair.query.history) for pair in pairs),
        failures=dict(reasons.most_common(5)),
    )
