"""The one place where a model is fitted and answers: with what it cost, and each prediction judged once."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from benchmarks.harness.base import BenchmarkModel, PairModel, Recommender
from benchmarks.harness.results import Cost
from benchmarks.harness.violations import validated, validated_pairs
from rad.data.pairs import PairSplits, without_answer
from rad.types import Example, Item, Pair, PairPrediction, Prediction, Query, Split

Examples = Mapping[Split, Sequence[Example]]
P = TypeVar("P", Prediction, PairPrediction)
T = TypeVar("T")
Track = Callable[[Iterator[P]], Iterator[P]]


@dataclass(frozen=True)
class Answers(Generic[P]):
    """One model's predictions, judged (:mod:`benchmarks.harness.violations`), and what they cost."""

    predictions: list[P]
    cost: Cost


def learning_examples(examples: Mapping[Split, Sequence[T]], split: Split) -> tuple[Sequence[T], Sequence[T]]:
    """The training and validation examples, or pairs, that a model is fitted on before it answers ``split``.

    On the validation split itself there is no validation to learn from.
    """
    return examples["train"], examples["validation"] if split == "test" else ()


def fit(model: Recommender, examples: Examples, items: Mapping[str, Item], split: Split, seed: int) -> float:
    """Fit a model to answer ``split``, and return the seconds of it; what its own cache saved counts."""
    clock = time.perf_counter()
    model.fit(*learning_examples(examples, split), items, seed)
    return time.perf_counter() - clock + model.seconds_saved


def fit_and_answer(
    model: Recommender,
    examples: Examples,
    items: Mapping[str, Item],
    split: Split,
    seed: int,
    queries: Sequence[Query],
    track: Track[Prediction] = iter,
) -> Answers[Prediction]:
    """Fit a model to answer ``split`` and have it answer ``queries``.

    Args:
        model: Not yet fitted.
        examples: Those of all splits.
        items: The whole catalogue.
        split: The split of the queries.
        seed: Of the model's chance.
        queries: At least one.
        track: Gets the stream of predictions and yields it, to show progress.
    """
    reset_peak_memory()
    fit_seconds = fit(model, examples, items, split, seed)
    return _timed(model, fit_seconds, lambda: validated(track(model.predict(queries)), queries, items), len(queries))


def fit_and_rate(
    model: PairModel,
    pairs: PairSplits,
    items: Mapping[str, Item],
    split: Split,
    seed: int,
    scored: Sequence[Pair],
    track: Track[PairPrediction] = iter,
) -> Answers[PairPrediction]:
    """Fit a model of pairs to answer ``split`` and have it score the pairs ``scored``, whose answers it does not see.

    Args:
        model: Not yet fitted.
        pairs: Those of all splits.
        items: The whole catalogue.
        split: The split of the scored pairs.
        seed: Of the model's chance.
        scored: At least one.
        track: Gets the stream of predictions and yields it, to show progress.
    """
    reset_peak_memory()
    clock = time.perf_counter()
    model.fit(*learning_examples(pairs.pairs, split), items, seed)
    fit_seconds = time.perf_counter() - clock + model.seconds_saved
    hidden = [without_answer(pair) for pair in scored]
    return _timed(
        model, fit_seconds, lambda: validated_pairs(track(model.rate(hidden)), hidden, pairs.task), len(scored)
    )


def _timed(model: BenchmarkModel, fit_seconds: float, predict: Callable[[], Iterator[P]], n: int) -> Answers[P]:
    clock = time.perf_counter()
    predictions = list(predict())
    predict_seconds = time.perf_counter() - clock
    tokens = model.tokens_written
    cost = Cost(
        fit_seconds=fit_seconds,
        predict_seconds=predict_seconds,
        ms_per_query=1000 * predict_seconds / n,
        peak_memory_mb=peak_memory(),
        tokens_per_query=None if tokens is None else tokens / n,
    )
    return Answers(predictions, cost)


def reset_peak_memory() -> None:
    """Linux forgets the highest resident size, so that each model of one command is measured by itself."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def peak_memory() -> float:
    """Highest resident size in MiB since the last reset (elsewhere than on Linux: since the start)."""
    try:
        status = Path("/proc/self/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) / 1024
    except (OSError, IndexError):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
