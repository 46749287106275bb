"""What is to be run: a task on an open data set, and models with their settings, checked before anything starts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from benchmarks.harness.base import ModelSettings, TaskName
from benchmarks.harness.registries import MODELS, load_metrics, model_kind
from benchmarks.harness.results import Result
from benchmarks.harness.settings_store import without_folders
from rad import registry
from rad.data.dataset import Dataset, Protocol
from rad.data.pairs import Negatives, PairSplits
from rad.errors import RadError
from rad.settings import parse
from rad.types import Example, Pair

SEEDS = 2**31  # PyTorch, NumPy and LightGBM take the seeds below


@dataclass(frozen=True)
class Experiment:
    """A task on an open data set. ``limit`` cuts it to its first queries; with ``pairs`` these are scored."""

    dataset: Dataset
    split: Literal["test", "validation"]
    seed: int
    limit: int | None
    metrics: tuple[str, ...]
    out: Path
    pairs: PairSplits | None = None

    @property
    def protocol(self) -> Protocol:
        """Which queries there are, and what is ranked for each."""
        return self.dataset.protocol

    @property
    def task(self) -> TaskName:
        """What is asked."""
        return self.pairs.task if self.pairs else "ranking"

    @property
    def negatives(self) -> Negatives | None:
        """Which items are not liked, where that is asked."""
        return self.pairs.negatives if self.pairs else None

    @property
    def examples(self) -> tuple[Example, ...]:
        """The queries to answer, with their answers, which no model sees. :class:`RadError` where there are none."""
        examples = self.dataset.examples[self.split][: self.limit]
        if not examples:
            raise RadError(f"{self.dataset.name}: the {self.split} split is empty")
        return examples

    @property
    def scored_pairs(self) -> tuple[Pair, ...]:
        """The pairs to score, with their answers, which no model sees. :class:`RadError` where there are none."""
        assert self.pairs is not None
        pairs = self.pairs.pairs[self.split][: self.limit]
        if not pairs:
            raise RadError(f"{self.dataset.name}: the {self.split} split has no pairs")
        return pairs

    @property
    def domain(self) -> str:
        """The domain's name and arguments, without folders."""
        return without_folders(self.dataset.name)

    def has_task_of(self, result: Result) -> bool:
        """Whether a result is of this task, on these data."""
        task = result.task
        stored = (result.dataset.sha256, task.domain, task.split, task.protocol, task.limit, task.name, task.negatives)
        return stored == (
            *(self.dataset.sha256, self.domain, self.split, self.protocol, self.limit, self.task, self.negatives),
        )


def seed_errors(*seeds: int) -> list[str]:
    """A line for each seed that some library does not take."""
    outside = [seed for seed in seeds if not 0 <= seed < SEEDS]
    reasons = (f"at least 0, got {seed}" if seed < 0 else f"below {SEEDS:,}, got {seed}" for seed in outside)
    return [f"--seed must be {reason}" for reason in reasons]


def refusal(dataset: Dataset, name: str, task: TaskName = "ranking") -> str | None:
    """Why a model cannot do a task at all, in one line, or None."""
    kind = model_kind(name)
    if task not in kind.tasks:
        return f"{name} does not do --task {task}: it does {' and '.join(kind.tasks)}"
    if kind.rerank_only and dataset.protocol != "rerank":
        return f"{name} ranks the candidate file: --protocol rerank"
    if kind.sequential and not dataset.ordered:
        return f"{name} needs the order of purchases, which {without_folders(dataset.name)} lacks"
    return None


def baselines_of(models: Sequence[str]) -> list[str]:
    """The names in ``baselines`` of ``models``, once each, without those that are asked for themselves."""
    names = [name for model in models for name in model_kind(model).baselines]
    return [name for name in dict.fromkeys(names) if name not in models]


def model_settings(
    models: Sequence[str],
    words: Sequence[str],
    metrics: Sequence[str] = (),
    errors: Iterable[str] = (),
    task: TaskName = "ranking",
) -> dict[str, ModelSettings]:
    """The settings of each model.

    Args:
        models: Their names.
        words: ``KEY=VALUE`` of ``--set``; every model must have every key.
        metrics: Names of metrics that must exist.
        errors: What else is wrong with the request.
        task: What is asked.

    Raises:
        RadError: All mistakes at once.
    """
    errors = list(errors)
    names = registry.names(MODELS)
    if not models:
        errors.insert(0, f"which model? --model with one or more of {', '.join(names)}")
    if unknown := [name for name in models if name not in names]:
        errors.insert(0, registry.unknown("model", unknown, names))
    try:
        load_metrics(metrics, {}, task)
    except RadError as error:
        errors.append(str(error))
    settings: dict[str, ModelSettings] = {}
    for name in models:
        if name in unknown:
            continue
        kind = model_kind(name)
        try:
            settings[name] = parse(kind.Settings, words, f"--set for {name}")
        except RadError as error:
            errors.append(str(error))
            continue
        if missing := [key for key in kind.required if getattr(settings[name], key) is None]:
            errors.append(f"{name} needs --set " + " ".join(f"{key}=..." for key in missing))
    if errors:
        raise RadError("; ".join(errors))
    return settings
