"""Fit a model, let it predict, score it, and show it among its references: the main command of the benchmark.

    python -m benchmarks.run --model rationale_first
    python -m benchmarks.run --model item_knn bm25 --domain scientific --data-dir DIR --split validation
    python -m benchmarks.run --model item_knn --set window=3 --set decay=1 --limit 500
    python -m benchmarks.run --list

Each run is a folder ``OUT/<model>[.<arm>]/<domain>-<protocol>-<split>-s<seed>-<run_id>/`` with ``predictions.jsonl``
(one prediction a line), ``queries.jsonl`` (each query's answer and scores) and ``result.json``. It appears only when
it is complete: a run that is killed leaves a hidden ``.part`` folder, which the next one removes. A finished
identical run (same model, settings, data, task, seed and code) is shown again rather than computed again; ``--again``
computes. The models that ``Model.baselines`` names are run first where ``OUT`` has no result of theirs for the same
task. Settings that ``benchmarks.tune`` chose for the domain are used and named; ``--set`` goes before them. With
several seeds, models without chance run once.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.harness import runner
from benchmarks.harness.base import ModelSettings
from benchmarks.harness.registries import default_metrics, load_metrics, load_model
from benchmarks.harness.runner import Experiment
from benchmarks.reporting import terminal
from rad import registry
from rad.data.load import is_release, open_dataset
from rad.errors import RadError, run


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.run", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", nargs="+", default=[], metavar="NAME", help="of benchmarks/models, or 'all'")
    parser.add_argument(
        "--domain", default="world", help="NAME[:ARGUMENTS] of rad/domains, or a release (default: world)"
    )
    parser.add_argument("--split", choices=("test", "validation"), default="test")
    parser.add_argument("--protocol", choices=("full", "rerank", "time"), default="full")
    parser.add_argument("--seed", type=int, nargs="+", default=[0], help="one or more (default: 0)")
    parser.add_argument("--limit", type=int, metavar="N", help="only the first N queries (users are in hashed order)")
    parser.add_argument("--set", nargs="+", action="extend", default=[], metavar="KEY=VALUE", help="settings of models")
    parser.add_argument(
        "--metrics", nargs="+", default=list(default_metrics()), metavar="NAME", help="default: all that apply"
    )
    parser.add_argument("--data-dir", type=Path, help="folder with raw files (default: RAD_DATA)")
    parser.add_argument("--out", type=Path, default=Path("runs"), help="folder of the results (default: runs)")
    parser.add_argument("--again", action="store_true", help="compute even where an identical run is finished")
    parser.add_argument("--list", action="store_true", help="models, domains and metrics, then stop")
    return parser.parse_args(argv)


def settings_of(names: Sequence[str], pairs: Sequence[str], faults: list[str]) -> dict[str, ModelSettings]:
    """A settings object for each of the models ``names`` from ``KEY=VALUE`` pairs; what is wrong joins ``faults``."""
    from pydantic import ValidationError

    faults += [f"--set wants KEY=VALUE, found '{pair}'" for pair in pairs if "=" not in pair]
    given: dict[str, Any] = dict(pair.split("=", 1) for pair in pairs if "=" in pair)
    given = {key: None if value == "null" else value for key, value in given.items()}
    out: dict[str, ModelSettings] = {}
    for name in names:
        model = load_model(name)
        known = model.Settings.model_fields
        if wrong := [key for key in given if key not in known]:
            faults.append(registry.unknown(f"setting of {name}", wrong, known))
        try:
            out[name] = model.Settings(**{key: value for key, value in given.items() if key in known})
        except ValidationError as error:
            faults += [f"setting {'.'.join(map(str, e['loc']))} of {name}: {e['msg']}" for e in error.errors()]
            continue
        if missing := [key for key in model.required if getattr(out[name], key) is None]:
            faults.append(f"{name} needs --set " + " ".join(f"{key}=..." for key in missing))
    return out


def job_of(args: argparse.Namespace) -> tuple[Experiment, dict[str, ModelSettings]]:
    """The checked request. One :class:`RadError` names all mistakes at once."""
    faults: list[str] = []
    known = registry.names("benchmarks.models")
    if not args.model:
        faults.append(f"which model? --model with one or more of {', '.join(known)}")
    if wrong := [name for name in args.model if name not in known]:
        faults.append(registry.unknown("model", wrong, known))
    domain = args.domain.partition(":")[0]
    if domain not in registry.names("rad.domains") and not is_release(args.domain):
        faults.append(registry.unknown("domain", [domain], registry.names("rad.domains")))
    try:
        load_metrics(args.metrics, {})
    except RadError as error:
        faults.append(str(error))
    if args.limit is not None and args.limit < 1:
        faults.append(f"--limit must be at least 1, got {args.limit}")
    settings = settings_of([name for name in args.model if name in known], args.set, faults)
    if faults:
        raise RadError("; ".join(faults))
    dataset = open_dataset(args.domain, args.data_dir, args.protocol)
    return Experiment(
        dataset, args.split, args.protocol, args.seed[0], args.limit, tuple(args.metrics), args.out
    ), settings


def main() -> None:
    args = arguments()
    if args.list:
        terminal.registries()
        return
    every = args.model == ["all"]
    if every:  # but those that must be told something, and those that the task has no place for
        kinds = {name: load_model(name) for name in registry.names("benchmarks.models")}
        args.model = [name for name, kind in kinds.items() if not kind.required]
    job, settings = job_of(args)
    refused = {n: why for n in args.model if (why := runner.refusal(job.dataset, job.protocol, n))}
    if every:
        args.model = [name for name in args.model if name not in refused]
    elif refused:
        raise RadError("; ".join(refused.values()))
    terminal.task(job)
    runs = []
    for name in runner.references(args.model):
        if runner.refusal(
            job.dataset, job.protocol, name
        ):  # a reference that this task has no place for is no reason to stop
            continue
        runs.append(runner.find(job, name) or runner.execute(job, name))
    for name in args.model:
        stochastic = load_model(name).stochastic
        for seed in args.seed if stochastic else args.seed[:1]:
            runs.append(runner.execute(replace(job, seed=seed), name, settings[name], again=args.again))
    terminal.tables(job, runs)
    terminal.examples(job, runs)


if __name__ == "__main__":
    run(main)
