"""One model on one task, from ``fit`` to ``result.json``: what ``benchmarks.run`` calls for each row of its table."""

from __future__ import annotations

import hashlib
import os
import resource
import shutil
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from benchmarks.harness import settings_store
from benchmarks.harness.base import ModelCard, ModelSettings, Recommender
from benchmarks.harness.evaluate import Evaluation, evaluate, repaired
from benchmarks.harness.registries import load_model
from benchmarks.harness.results import Cost, DatasetId, Predictions, Result, Task, read_result
from rad.data.dataset import Dataset
from rad.errors import RadError
from rad.runtime import provenance
from rad.runtime.files import atomic_write, canonical, sha256_file, write_jsonl
from rad.types import Example, Prediction

console = Console(stderr=True)


@dataclass(frozen=True)
class Experiment:
    """A task on an open dataset, and the folder for its results."""

    dataset: Dataset
    split: Any
    protocol: Any
    seed: int
    limit: int | None
    metrics: tuple[str, ...]
    out: Path

    @property
    def examples(self) -> tuple[Example, ...]:
        """The queries to answer, with their answers, which no model sees."""
        found = self.dataset.examples[self.split][: self.limit]
        if not found:
            raise RadError(f"{self.dataset.name}: the {self.split} split is empty")
        return found

    @property
    def learnable(self) -> tuple[tuple[Example, ...], tuple[Example, ...]]:
        """Training and validation examples; on the validation split itself there is no validation to learn from."""
        examples = self.dataset.examples
        return examples["train"], examples["validation"] if self.split == "test" else ()

    @property
    def domain(self) -> str:
        """The domain's name and arguments, without folders."""
        return settings_store.without_folders(self.dataset.name)

    def seen(self) -> frozenset[str]:
        """Ids of the items in the interactions that a model may learn from."""
        examples = [e for part in self.learnable for e in part]
        return frozenset(item for e in examples for item in (*(x.item_id for x in e.query.history), *e.relevant))


def references(models: Sequence[str]) -> list[str]:
    """The names in ``baselines`` of ``models``, once each, without those that are asked for themselves."""
    named = [name for model in models for name in load_model(model).baselines]
    return [name for name in dict.fromkeys(named) if name not in models]


def settings_for(
    job: Experiment, name: str, stated: ModelSettings | None = None
) -> tuple[ModelSettings, dict[str, Any]]:
    """The settings of a run, and which of them tuning chose for the domain: what is stated goes before these."""
    kind = load_model(name)
    given = {key: getattr(stated, key) for key in stated.model_fields_set} if stated is not None else {}
    found, path = settings_store.chosen(job.dataset.name, kind(stated))
    tuned = {key: value for key, value in found.items() if key not in given}
    if path and tuned:
        words = " ".join(f"{key}={value}" for key, value in tuned.items())
        console.print(
            f"{name}: {words}, chosen in {path.relative_to(settings_store.LOGS.parent)}", markup=False, highlight=False
        )
    return kind.Settings(**tuned, **given), tuned


def find(job: Experiment, name: str) -> Path | None:
    """The newest finished run of a reference as it runs by default on this task, by the card's version of its code."""
    settings, _ = settings_for(job, name)
    version = load_model(name)(settings).card.version
    best: tuple[str, Path, str] | None = None
    for path in job.out.glob(f"{name}/*/result.json"):
        try:
            result = read_result(path)
        except RadError as error:
            console.print(f"left out: {error}", markup=False, highlight=False)
            continue
        made, task = result.provenance, result.task
        same = (result.dataset.sha256, task.domain, task.split, task.protocol, task.limit) == (
            *(job.dataset.sha256, job.domain, job.split, job.protocol, job.limit),
        )
        asked = made.get("seed"), made.get("settings"), tuple(made.get("metrics", ()))
        if (
            same
            and asked == (job.seed, settings.model_dump(exclude_defaults=True), job.metrics)
            and result.model.version == version
        ):
            best = max(best or ("", path, ""), (made.get("finished_at", ""), path.parent, str(made.get("commit"))[:8]))
    if best:
        console.print(f"{name}: found in {best[1]} (commit {best[2]})", markup=False, highlight=False)
    return best[1] if best else None


def refusal(dataset: Dataset, protocol: str, name: str) -> str | None:
    """Why a model cannot do this task at all, in one line, or None."""
    kind = load_model(name)
    if kind.rerank_only and protocol != "rerank":
        return f"{name} ranks the candidate file: --protocol rerank"
    if kind.sequential and not dataset.ordered:
        return f"{name} needs the order of purchases, which {settings_store.without_folders(dataset.name)} lacks"
    return None


def execute(job: Experiment, name: str, settings: ModelSettings | None = None, again: bool = False) -> Path:
    """Run a model and return its folder, or the folder of an identical finished run unless ``again``.

    :class:`RadError` where the model cannot do the task (:func:`refusal`).
    """
    if why := refusal(job.dataset, job.protocol, name):
        raise RadError(why)
    started = provenance.now()
    settings, tuned = settings_for(job, name, settings)
    model = load_model(name)(settings)
    changed = settings.model_dump(exclude_defaults=True)
    tree = provenance.tree()
    folder = _folder(job, model.card, changed, tree)
    if (folder / "result.json").exists() and not again:
        console.print(
            f"{name}: an identical run is finished, found in {folder} (--again computes it anew)", markup=False
        )
        return folder
    part = folder.with_name(f".{folder.name}.{os.getpid()}.part")
    _sweep(folder)
    try:
        part.mkdir(parents=True)
    except OSError as error:
        raise RadError(f"{job.out}: no folder for results can be made there ({error.strerror})") from error
    try:
        result = _measured(job, model, part)
        made = provenance.collect(job.seed, started, model.device, tree)
        result = result.model_copy(
            update={
                "run_id": folder.name.rpartition("-")[2],
                "provenance": {**made, **tree, "settings": changed, "tuned": tuned, "metrics": list(job.metrics)}
                | ({"release": dict(job.dataset.origin)} if job.dataset.origin else {}),
            }
        )
        with atomic_write(part / "result.json") as file:
            file.write(result.model_dump_json(indent=1) + "\n")
        if folder.exists():
            shutil.rmtree(folder)
        part.rename(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return folder


def _measured(job: Experiment, model: Recommender, part: Path) -> Result:
    """Fit, predict and score; leaves ``predictions.jsonl`` and ``queries.jsonl`` in ``part``."""
    name, examples = model.card.name, job.examples
    reset_peak()
    console.print(f"{name}: fitting", highlight=False)
    clock = time.perf_counter()
    model.fit(*job.learnable, job.dataset.items, job.seed)
    fitted = time.perf_counter()
    queries = [e.query for e in examples]
    kept: list[Prediction] = []

    def stream() -> Iterator[Prediction]:
        answers = _progress(model.predict(queries), f"{name}: predicting", len(queries))
        for prediction in repaired(answers, queries, job.dataset.items):
            kept.append(prediction)
            yield prediction

    path = part / "predictions.jsonl"
    write_jsonl(path, stream())
    predicted = time.perf_counter()
    found = evaluate(kept, examples, job.metrics, job.dataset.items, job.seen(), job.seed)
    write_jsonl(part / "queries.jsonl", _query_lines(examples, found))
    tokens = model.tokens_written
    return Result(
        run_id="",
        task=Task(
            domain=job.domain,
            split=job.split,
            protocol=job.protocol,
            n=len(examples),
            n_failed=found.n_failed,
            n_repeat=found.n_repeat,
            limit=job.limit,
            failures=found.failures,
        ),
        dataset=DatasetId(version=job.dataset.version, sha256=job.dataset.sha256),
        model=model.card,
        scores=found.scores,
        cost=Cost(
            fit_seconds=fitted - clock + model.seconds_saved,  # saved by a cache of its own
            predict_seconds=predicted - fitted,
            ms_per_query=1000 * (predicted - fitted) / len(examples),
            peak_memory_mb=peak_memory(),
            tokens_per_query=None if tokens is None else tokens / len(examples),
        ),
        predictions=Predictions(path=path.name, sha256=sha256_file(path)),
        provenance={},
    )


def _query_lines(examples: Sequence[Example], found: Evaluation) -> Iterator[dict[str, Any]]:
    """Answer and scores of each query; an undefined score is left out."""
    for row, example in enumerate(examples):
        scores = {name: float(v[row]) for name, v in found.values.items() if not np.isnan(v[row])}
        yield {"query_id": example.query.query_id, "relevant": dict(example.relevant), "scores": scores}


def _folder(job: Experiment, card: ModelCard, changed: dict[str, Any], tree: provenance.Tree) -> Path:
    """Where this run belongs; the id hashes all that its result may depend on."""
    task = [job.domain, job.split, job.protocol, job.limit, list(job.metrics)]
    parts = [card.model_dump(), changed, job.dataset.sha256, task, job.seed, tree["commit"], tree["diff"]]
    run_id = hashlib.sha256(canonical(parts).encode()).hexdigest()[:8]
    model = card.name + (f".{card.arm}" if card.arm else "")
    return job.out / model / f"{settings_store.file_name(job.domain)}-{job.protocol}-{job.split}-s{job.seed}-{run_id}"


def _sweep(folder: Path) -> None:
    """Remove what killed runs left beside ``folder``; a run that is still going keeps its own."""
    for part in folder.parent.glob(".*.part"):
        try:
            os.kill(int(part.name.split(".")[-2]), 0)
        except ProcessLookupError:
            shutil.rmtree(part, ignore_errors=True)
        except (ValueError, PermissionError):
            continue


def _progress(stream: Iterable[Prediction], title: str, total: int) -> Iterator[Prediction]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as bars:
        yield from bars.track(stream, total=total, description=title)


def reset_peak() -> None:
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
