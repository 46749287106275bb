"""Choose a model's settings on validation, with the same budget for every model, and keep the log.

    python -m benchmarks.tune --model sasrec --domain scientific
    python -m benchmarks.tune --model rationale_first --set reasoner=gate
    python -m benchmarks.tune --show

A model states in ``search_space`` which values of which settings may be tried. The defaults are tried first, then
settings drawn at random without repeats (a fixed seed), each fitted on training data and scored by NDCG@10 on the first
validation queries (users are in hashed order). The budget is ``TRIALS`` settings or ``MINUTES`` of processor time,
whichever ends first; a trial that has begun is finished. Models that choose from a small grid inside ``fit``
(``item_knn``, ``bm25``) need none of this.

Every trial is one line of ``results/tuning/<domain>/<model>[.<arm>].jsonl``, so a command that was killed goes on where
it was. ``benchmarks.run`` uses the best setting of the log, says so, and ``--set`` goes before it; an arm without a log
of its own uses the model's. Test data is never read here.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

from benchmarks.harness import settings_store
from benchmarks.harness.base import Recommender
from benchmarks.harness.evaluate import evaluate
from benchmarks.harness.registries import load_model
from benchmarks.harness.runner import refusal
from benchmarks.harness.settings_store import METRIC
from benchmarks.models._scoring import CHOICE_QUERIES
from rad import registry
from rad.data.dataset import Dataset
from rad.data.load import open_dataset
from rad.errors import RadError, run
from rad.reporting.console import console, table
from rad.runtime import provenance
from rad.runtime.files import canonical, read_jsonl
from rad.types import Example

TRIALS, MINUTES = 8, 20.0


def trials_of(kind: type[Recommender], given: dict[str, Any], n: int) -> list[dict[str, Any]]:
    """Up to ``n`` settings out of ``kind.space``, the defaults first; what is ``given`` is held fixed."""
    space = {name: values for name, values in kind.search_space.items() if name not in given}
    everything = [dict(zip(space, values, strict=True)) for values in product(*space.values())]
    first, rest = everything[0], everything[1:]
    random.Random(0).shuffle(rest)
    return [{**given, **settings} for settings in [first, *rest][:n]]


def tune(dataset: Dataset, name: str, given: dict[str, Any], trials: int, minutes: float) -> Path:
    """Spend what is left of the budget of one model; returns its log."""
    kind = load_model(name)
    if not kind.search_space:
        raise RadError(f"{name} has nothing to tune: it chooses its settings in fit, or has none")
    card = kind(kind.Settings(**given)).card
    if why := refusal(dataset, "full", name):
        raise RadError(why)
    path = settings_store.log_of(dataset.name, card)
    done = [row for row in settings_store.read_log(path, card.version) if row["data"] == dataset.sha256]
    known = {canonical(row["settings"]) for row in done}
    spent = sum(row["cpu_seconds"] for row in done)
    examples = dataset.examples["validation"][:CHOICE_QUERIES]
    for number, settings in enumerate(trials_of(kind, given, trials), 1):
        if canonical(settings) in known:
            continue
        if spent >= 60 * minutes:
            console.print(f"{name}: the budget of {minutes:g} minutes is spent after {len(known)} settings")
            break
        console.print(f"{name} on {dataset.name}, setting {number}: {_words(settings)}", markup=False)
        row = _trial(dataset, kind(kind.Settings(**settings)), settings, examples)
        spent += row["cpu_seconds"]
        known.add(canonical(settings))
        settings_store.append(path, row)
        console.print(f"  {METRIC} {row[METRIC]:.4f} in {row['cpu_seconds']:.0f} s of processor time")
    return path


def _trial(
    dataset: Dataset, model: Recommender, settings: dict[str, Any], examples: Sequence[Example]
) -> dict[str, Any]:
    wall, cpu = time.perf_counter(), time.process_time()
    model.fit(dataset.examples["train"], (), dataset.items, 0)
    answers = list(model.predict([e.query for e in examples]))
    cost = time.process_time() - cpu + model.seconds_saved
    found = evaluate(answers, examples, [METRIC], dataset.items, samples=10)
    return {
        "settings": settings,
        METRIC: found.value(METRIC),
        "n": len(examples),
        "n_failed": found.n_failed,
        "cpu_seconds": round(cost, 1),
        "wall_seconds": round(time.perf_counter() - wall, 1),
        "seed": 0,
        "version": model.card.version,
        "data": dataset.sha256,
        "commit": provenance.tree()["commit"],
        "finished_at": provenance.now(),
    }


def _words(settings: dict[str, Any]) -> str:
    return " ".join(f"{key}={value}" for key, value in settings.items())


def show(paths: Sequence[Path]) -> None:
    """One row a log: how many settings, what the best and the first (the defaults) score, and what it cost."""
    heads = ("log, and what was chosen", "tried", "best", "default", "minutes")
    grid = table(f"Tuning: {METRIC} on validation", *heads)
    for path in paths:
        rows = [row for _, row in read_jsonl(path)]
        rows = [row for row in rows if row["version"] == rows[-1]["version"]]
        best = max(rows, key=lambda row: row[METRIC])
        grid.add_row(
            f"{path.parent.name}/{path.stem}\n  {_words(best['settings'])}",
            str(len(rows)),
            f"{best[METRIC]:.4f}",
            f"{rows[0][METRIC]:.4f}",
            f"{sum(row['cpu_seconds'] for row in rows) / 60:.1f}",
        )
    console.print(grid)


def main() -> None:
    from benchmarks.run import settings_of

    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.tune", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", nargs="+", default=[], metavar="NAME")
    parser.add_argument("--domain", nargs="+", default=["world"], metavar="NAME", help="one or more (default: world)")
    parser.add_argument("--set", nargs="+", action="extend", default=[], metavar="KEY=VALUE", help="held fixed")
    parser.add_argument("--trials", type=int, default=TRIALS, help=f"settings at most (default: {TRIALS})")
    parser.add_argument("--minutes", type=float, default=MINUTES, help=f"of processor time (default: {MINUTES:g})")
    parser.add_argument("--data-dir", type=Path, help="folder with raw files (default: RAD_DATA)")
    parser.add_argument("--show", action="store_true", help="only the table of all logs")
    args = parser.parse_args()
    if args.show:
        show(sorted(settings_store.LOGS.glob("*/*.jsonl")))
        return
    faults: list[str] = [] if args.model else ["which model? --model with one or more names"]
    faults += [f"--trials must be at least 1, got {args.trials}"] if args.trials < 1 else []
    if wrong := [name for name in args.model if name not in registry.names("benchmarks.models")]:
        faults.append(registry.unknown("model", wrong, registry.names("benchmarks.models")))
    settings = settings_of([name for name in args.model if name not in wrong], args.set, faults)
    if faults:
        raise RadError("; ".join(faults))
    paths = []
    for domain in args.domain:
        dataset = open_dataset(domain, args.data_dir)
        for name in args.model:
            given = settings[name].model_dump(exclude_unset=True)
            paths.append(tune(dataset, name, given, args.trials, args.minutes))
    show(paths)


if __name__ == "__main__":
    run(main)
