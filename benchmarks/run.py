"""Fit a model, let it predict, score it, and show it among its references: the main command of the benchmark.

    python -m benchmarks.run --model rationale_first
    python -m benchmarks.run --model item_knn bm25 --domain scientific --data-dir DIR --split validation
    python -m benchmarks.run --model item_knn --set window=3 --set decay=1 --limit 500
    python -m benchmarks.run --task rating --model biases dnn
    python -m benchmarks.run --list

Each run is a folder ``OUT/<model>[.<arm>]/<domain>-<protocol>-<split>-s<seed>-<run_id>/`` with ``predictions.jsonl``
(one prediction a line), ``queries.jsonl`` (each query's answer and scores) and ``result.json``. It appears only when
it is complete: a run that is killed leaves a hidden ``.part`` folder, which the next one removes. A finished
identical run (same model, settings, data, task, seed and code) is shown again rather than computed again; ``--again``
computes. The models that ``Model.baselines`` names are run first where ``OUT`` has no result of theirs for the same
task. Settings that ``benchmarks.tune`` chose for the domain are used and named; ``--set`` goes before them. With
several seeds, models without chance run once.

``--task rating`` and ``--task choice`` score pairs of a user and an item (:mod:`rad.data.pairs`) in place of ranking.
The choice task needs dislikes: ratings below a like, or with ``--negatives drawn`` items of other users.

Bought items are not ranked again, and a target that was bought before scores 0. ``--repeats keep`` ranks them, too, for
domains where people buy again; such results stand in tables of their own.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

from typer import Option

from benchmarks.harness import runner
from benchmarks.harness.base import TaskName
from benchmarks.harness.experiment import Experiment, baselines_of, model_settings, refusal, seed_errors
from benchmarks.harness.registries import MODELS, default_metrics, model_kind
from benchmarks.reporting import terminal
from rad import registry
from rad.data.dataset import Repeats, with_repeats
from rad.data.load import open_dataset, unknown_domain
from rad.data.pairs import Negatives, pair_splits
from rad.errors import RadError, run
from rad.runtime.commands import DataDir, command


@command
def main(
    model: Annotated[list[str] | None, Option(metavar="NAME", help="of benchmarks/models, or 'all'")] = None,
    domain: Annotated[str, Option(metavar="NAME", help="NAME[:ARGUMENTS] of rad/domains, or a release")] = "world",
    split: Annotated[Literal["test", "validation"], Option(help="which queries")] = "test",
    protocol: Annotated[Literal["full", "rerank", "time"], Option(help="what is ranked")] = "full",
    task: Annotated[TaskName, Option(help="a ranking, or a rating or a choice of pairs")] = "ranking",
    repeats: Annotated[Repeats, Option(help="whether what a user has had may be ranked")] = "mask",
    negatives: Annotated[Negatives, Option(help="what is not liked, of --task choice")] = "rated",
    seed: Annotated[list[int] | None, Option(metavar="N", help="one or more (default: 0)")] = None,
    limit: Annotated[
        int | None, Option(metavar="N", help="only the first N queries (users are in hashed order)")
    ] = None,
    settings: Annotated[list[str] | None, Option("--set", metavar="KEY=VALUE", help="settings of models")] = None,
    metrics: Annotated[list[str] | None, Option(metavar="NAME", help="default: all that apply")] = None,
    data_dir: DataDir = None,
    out: Annotated[Path, Option(metavar="DIR", help="folder of the results")] = Path("runs"),
    again: Annotated[bool, Option("--again", help="compute even where an identical run is finished")] = False,
    show: Annotated[bool, Option("--list", help="models, domains and metrics, then stop")] = False,
) -> None:
    if show:
        terminal.registries()
        return
    models, seeds = model or [], seed or [0]
    every = models == ["all"]
    if every:  # but those that need a setting, and those that the task has no place for
        kinds = {name: model_kind(name) for name in registry.names(MODELS)}
        models = [name for name, kind in kinds.items() if not kind.required and task in kind.tasks]
    errors = [] if limit is None or limit >= 1 else [f"--limit must be at least 1, got {limit}"]
    errors += seed_errors(*seeds)
    if reason := unknown_domain(domain):
        errors.append(reason)
    scored = tuple(metrics or default_metrics(task))
    chosen = model_settings(models, settings or [], scored, errors, task)
    dataset = open_dataset(domain, data_dir, with_repeats(protocol, repeats))
    refusals = {name: reason for name in models if (reason := refusal(dataset, name, task))}
    if every:
        models = [name for name in models if name not in refusals]
    elif refusals:
        raise RadError("; ".join(refusals.values()))
    pairs = None if task == "ranking" else pair_splits(dataset, task, negatives)
    experiment = Experiment(dataset, split, seeds[0], limit, scored, out, pairs)
    terminal.task(experiment)
    # a baseline that the task has no place for is no reason to stop
    baselines = [name for name in baselines_of(models) if not refusal(dataset, name, task)]
    runs = [runner.baseline(experiment, name) for name in baselines]
    for name in models:
        for one in seeds if model_kind(name).stochastic else seeds[:1]:
            runs.append(runner.execute(replace(experiment, seed=one), name, chosen[name], again=again))
    terminal.tables(experiment, runs)
    terminal.examples(experiment, runs)


if __name__ == "__main__":
    run(main)
