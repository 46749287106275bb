"""The one place where a model is fitted and answers: with what it cost, and each prediction judged once."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks.harness.base import Recommender
from benchmarks.harness.results import Cost
from benchmarks.harness.violations import validated
from rad.types import Example, Item, Prediction, Query, Split

Examples = Mapping[Split, Sequence[Example]]
Track = Callable[[Iterator[Prediction]], Iterator[Prediction]]


@dataclass(frozen=True)
class Answers:
    """One model's predictions, :func:`~benchmarks.harness.violations.validated`, and what they cost."""

    predictions: list[Prediction]
    cost: Cost


def learning_examples(examples: Examples, split: Split) -> tuple[Sequence[Example], Sequence[Example]]:
    """The training and validation examples that a model is fitted on before it answers ``split``.

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
    track: Track = iter,
) -> Answers:
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
    clock = time.perf_counter()
    predictions = list(validated(track(model.predict(queries)), queries, items))
    predict_seconds = time.perf_counter() - clock
    tokens = model.tokens_written
    cost = Cost(
        fit_seconds=fit_seconds,
        predict_seconds=predict_seconds,
        ms_per_query=1000 * predict_seconds / len(queries),
        peak_memory_mb=peak_memory(),
        tokens_per_query=None if tokens is None else tokens / len(queries),
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
