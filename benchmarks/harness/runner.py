"""One model on one task, from ``fit`` to ``result.json``: what ``benchmarks.run`` calls for each row of its table."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from benchmarks.harness import settings_store
from benchmarks.harness.base import BenchmarkModel, ModelCard, ModelSettings, PairModel, Recommender
from benchmarks.harness.evaluate import Evaluation, evaluate
from benchmarks.harness.experiment import Experiment, refusal
from benchmarks.harness.fitting import P, fit_and_answer, fit_and_rate
from benchmarks.harness.registries import model_kind
from benchmarks.harness.results import Cost, DatasetId, Predictions, Result, StoredRun, Task, read_result
from benchmarks.pairs.evaluate import evaluate_pairs
from rad.data.pairs import answer_of
from rad.data.splits import learnable
from rad.errors import RadError
from rad.rationales.facts import Facts
from rad.runtime import provenance
from rad.runtime.files import atomic_write, canonical, sha256_file, write_jsonl

console = Console(stderr=True)
Line = dict[str, object]
"""The answer to one query, as a line of ``queries.jsonl``."""


class PreparedModel(NamedTuple):
    """A model that is not fitted yet, and which of its settings tuning chose for the domain."""

    model: BenchmarkModel
    tuned: Mapping[str, object]

    @property
    def changed(self) -> dict[str, object]:
        """The settings that are not the defaults."""
        return self.model.settings.model_dump(exclude_defaults=True)


def prepare(experiment: Experiment, name: str, settings: ModelSettings | None = None) -> PreparedModel:
    """A model for an experiment: settings that are stated go before those that tuning chose."""
    kind = model_kind(name)
    model = kind(settings)
    explicit = {key: getattr(settings, key) for key in settings.model_fields_set} if settings is not None else {}
    data = experiment.dataset
    best, path = settings_store.chosen(data.name, model, experiment.task, experiment.negatives, data.repeats)
    tuned = {key: value for key, value in best.items() if key not in explicit}
    if not tuned or path is None:
        return PreparedModel(model, tuned)
    log = path.relative_to(settings_store.LOGS.parent)
    console.print(f"{name}: {settings_store.spoken(tuned)}, chosen in {log}", markup=False, highlight=False)
    return PreparedModel(kind(kind.Settings(**tuned, **explicit)), tuned)


def baseline(experiment: Experiment, name: str) -> StoredRun:
    """A baseline as it runs by default on this task: the newest finished run, or a new one."""
    prepared = prepare(experiment, name)
    return _newest(experiment, prepared) or _execute(experiment, prepared)


def find(experiment: Experiment, name: str) -> StoredRun | None:
    """The newest finished run of a model as it runs by default on this task, by its card's version."""
    return _newest(experiment, prepare(experiment, name))


def _newest(experiment: Experiment, prepared: PreparedModel) -> StoredRun | None:
    name, version = prepared.model.card.name, prepared.model.card.version
    best: tuple[str, Path, Result] | None = None
    for path in experiment.out.glob(f"{name}/*/result.json"):
        try:
            result = read_result(path)
        except RadError as error:
            console.print(f"left out: {error}", markup=False, highlight=False)
            continue
        origin = result.provenance
        same_settings = (origin.get("seed"), origin.get("settings"), tuple(origin.get("metrics", ()))) == (
            *(experiment.seed, prepared.changed, experiment.metrics),
        )
        if experiment.has_task_of(result) and same_settings and result.model.version == version:
            finished_at = origin.get("finished_at", "")
            if best is None or (finished_at, path.parent) > best[:2]:
                best = finished_at, path.parent, result
    if best is None:
        return None
    _, folder, result = best
    commit = str(result.provenance.get("commit"))[:8]
    console.print(f"{name}: found in {folder} (commit {commit})", markup=False, highlight=False)
    return StoredRun(folder, result)


def execute(experiment: Experiment, name: str, settings: ModelSettings | None = None, again: bool = False) -> StoredRun:
    """Run a model, or take the identical finished run unless ``again``.

    Raises:
        RadError: The model cannot do the task (:func:`~benchmarks.harness.experiment.refusal`), or the folder for
            results cannot be used.
    """
    if reason := refusal(experiment.dataset, name, experiment.task):
        raise RadError(reason)
    return _execute(experiment, prepare(experiment, name, settings), again)


def _execute(experiment: Experiment, prepared: PreparedModel, again: bool = False) -> StoredRun:
    started = provenance.now()
    tree, name = provenance.tree(), prepared.model.card.name
    folder = _folder(experiment, prepared.model.card, prepared.changed, tree)
    if (folder / "result.json").exists() and not again:
        console.print(
            f"{name}: an identical run is finished, found in {folder} (--again computes it anew)", markup=False
        )
        return StoredRun(folder, read_result(folder))
    # written beside and renamed at the end, so that a folder of this name is whole; the process id says whose it is
    part = folder.with_name(f".{folder.name}.{os.getpid()}.part")
    _sweep(folder)
    try:
        part.mkdir(parents=True)
    except OSError as error:
        raise RadError(f"{experiment.out}: no folder for results can be made there ({error.strerror})") from error
    try:
        result = _measured(experiment, prepared, part, folder.name.rpartition("-")[2], started, tree)
        with atomic_write(part / "result.json") as file:
            file.write(result.model_dump_json(indent=1) + "\n")
        if not _moved(part, folder, again):
            result = read_result(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return StoredRun(folder, result)


def _moved(part: Path, folder: Path, again: bool) -> bool:
    """Move a finished run to its place; False where another process has put the same run there first.

    A folder that is in the way (``again``, or one without a result) is moved aside and removed, never emptied in place.
    """
    while True:
        try:
            part.rename(folder)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
        else:
            return True
        if not again and (folder / "result.json").exists():
            return False
        aside = part.with_name(f".{folder.name}.{os.getpid()}.old.part")
        with suppress(FileNotFoundError):  # another process was as fast
            folder.rename(aside)
        shutil.rmtree(aside, ignore_errors=True)


def _measured(
    experiment: Experiment, prepared: PreparedModel, part: Path, run_id: str, started: str, tree: provenance.Tree
) -> Result:
    """Fit, predict and score; leaves ``predictions.jsonl`` and ``queries.jsonl`` in ``part``."""
    model, dataset = prepared.model, experiment.dataset
    console.print(f"{model.card.name}: fitting", highlight=False)
    if isinstance(model, PairModel):
        evaluation, cost = _rated(experiment, model, part)
    else:
        assert isinstance(model, Recommender)
        evaluation, cost = _ranked(experiment, model, part)
    path = part / "predictions.jsonl"
    return Result(
        run_id=run_id,
        task=Task(
            name=experiment.task,
            domain=experiment.domain,
            split=experiment.split,
            protocol=experiment.protocol,
            n=len(evaluation.query_ids),
            n_failed=evaluation.n_failed,
            n_repeat=evaluation.n_repeat,
            limit=experiment.limit,
            failures=evaluation.failures,
            negatives=experiment.negatives,
            constant=experiment.pairs.constant if experiment.pairs else None,
        ),
        dataset=DatasetId(version=dataset.version, sha256=dataset.sha256),
        model=model.card,
        scores=evaluation.scores,
        cost=cost,
        predictions=Predictions(path=path.name, sha256=sha256_file(path)),
        provenance={
            **provenance.collect(experiment.seed, started, model.device, tree),
            "settings": prepared.changed,
            "tuned": dict(prepared.tuned),
            "metrics": list(experiment.metrics),
            **({"release": dict(dataset.origin)} if dataset.origin else {}),
        },
    )


def _ranked(experiment: Experiment, model: Recommender, part: Path) -> tuple[Evaluation, Cost]:
    """A ranking of the catalogue for each query."""
    dataset, examples, split = experiment.dataset, experiment.examples, experiment.split
    queries, track = [e.query for e in examples], _tracker(model.card.name, len(examples))
    answers = fit_and_answer(model, dataset.examples, dataset.items, split, experiment.seed, queries, track)
    write_jsonl(part / "predictions.jsonl", answers.predictions)
    evaluation = evaluate(
        answers.predictions,
        examples,
        experiment.metrics,
        dataset.items,
        learnable(dataset.examples, split),
        experiment.seed,
        is_validated=True,
        facts=partial(Facts.of, dataset.examples["train"], dataset.items),
    )
    lines: list[Line] = [
        {"query_id": e.query.query_id, "user_id": e.query.user_id, "relevant": dict(e.relevant)} for e in examples
    ]
    write_jsonl(part / "queries.jsonl", _with_scores(lines, evaluation))
    return evaluation, answers.cost


def _rated(experiment: Experiment, model: PairModel, part: Path) -> tuple[Evaluation, Cost]:
    """A rating or a probability for each pair."""
    dataset, pairs, split, scored = experiment.dataset, experiment.pairs, experiment.split, experiment.scored_pairs
    assert pairs is not None
    track = _tracker(model.card.name, len(scored))
    answers = fit_and_rate(model, pairs, dataset.items, split, experiment.seed, scored, track)
    write_jsonl(part / "predictions.jsonl", answers.predictions)
    evaluation = evaluate_pairs(
        answers.predictions,
        scored,
        experiment.metrics,
        dataset.items,
        pairs.task,
        pairs.constant,
        learnable(dataset.examples, split),
        experiment.seed,
    )
    lines: list[Line] = [
        {
            "query_id": p.query.query_id,
            "user_id": p.query.user_id,
            "item_id": p.item_id,
            "answer": answer_of(p),
            "liked": bool(p.liked),
        }
        for p in scored
    ]
    write_jsonl(part / "queries.jsonl", _with_scores(lines, evaluation))
    return evaluation, answers.cost


def _with_scores(lines: Iterable[Line], evaluation: Evaluation) -> Iterator[Line]:
    """Answer and scores of each query; an undefined score is left out."""
    for row, line in enumerate(lines):
        yield line | {"scores": {name: float(v[row]) for name, v in evaluation.values.items() if not np.isnan(v[row])}}


def _folder(experiment: Experiment, card: ModelCard, changed: Mapping[str, object], tree: provenance.Tree) -> Path:
    """Where this run belongs; the id hashes all that its result may depend on."""
    e = experiment
    task: list[object] = [e.domain, e.split, e.protocol, e.limit, list(e.metrics)]
    task += [e.task, e.negatives] if e.pairs else []
    parts = [card.model_dump(), changed, e.dataset.sha256, task, e.seed, tree["commit"], tree["diff"]]
    run_id = hashlib.sha256(canonical(parts).encode()).hexdigest()[:8]
    model = card.name + (f".{card.arm}" if card.arm else "")
    name = settings_store.question_name(e.domain, e.task, e.negatives)
    return e.out / model / f"{name}-{e.protocol}-{e.split}-s{e.seed}-{run_id}"


def _sweep(folder: Path) -> None:
    """Remove what killed runs left beside ``folder``; a run that is still going keeps its own."""
    for part in folder.parent.glob(".*.part"):
        try:
            os.kill(int(part.name.split(".")[-2]), 0)
        except ProcessLookupError:
            shutil.rmtree(part, ignore_errors=True)
        except (ValueError, PermissionError):
            continue


def _tracker(name: str, total: int) -> Callable[[Iterator[P]], Iterator[P]]:
    return lambda stream: _progress(stream, f"{name}: predicting", total)


def _progress(stream: Iterable[P], title: str, total: int) -> Iterator[P]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as bars:
        yield from bars.track(stream, total=total, description=title)
