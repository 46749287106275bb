"""The scorecard of a finished run's rationales: are they true, do they matter, are they about this user?

    python -m benchmarks.explain RESULT_DIR...
    python -m benchmarks.explain RESULT_DIR --no-model                 from the predictions alone
    python -m benchmarks.explain RESULT_DIR --campaign DIR             with what people and judges said
    python -m benchmarks.explain RESULT_DIR --judge MODEL --base-url https://HOST/v1

Every metric of ``benchmarks/metrics`` that names a family, with 95% intervals by bootstrap over queries. Those of
faithfulness ask the model again: it is fitted as in the run (from its cache where it keeps one) and ranks from changed
rationales for the first ``--ask`` queries; what that takes is said beforehand. A model that cannot rank from a given
rationale has none of them. Results stand beside ``result.json``: ``explanation.json``, ``explanation_queries.jsonl``
and ``perturbed.jsonl`` (see :mod:`benchmarks.explanations.results`).
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track

from annotation.agreement.measure import read_drafts
from benchmarks.explanations import judges
from benchmarks.explanations.faithfulness import Values, measured, why_missing
from benchmarks.explanations.results import FILE, PERTURBED, QUERIES, Explanation, Perturbed, read_explanation
from benchmarks.explanations.scorecard import FAMILIES, show
from benchmarks.harness.evaluate import ATTESTED, checked, measure, summary
from benchmarks.harness.results import Result, Score, read_result
from rad import registry
from rad.data.dataset import Dataset, open_dataset
from rad.errors import RadError, run
from rad.reporting.console import console
from rad.runtime import provenance, records
from rad.runtime.files import atomic_write, sha256_file, write_jsonl
from rad.types import Example, Prediction


@dataclass(frozen=True)
class Request:
    """What to compute beside the metrics of the predictions. ``ask`` None leaves the model alone."""

    ask: int | None = 500
    campaign: Path | None = None
    endpoint: judges.Endpoint | None = None
    samples: int = 1000


def metrics(attested: bool) -> dict[str, Any]:
    """The kinds of metrics of explanations by the name with which they stand on the scorecard, family by family."""
    out = {}
    for name in registry.names("benchmarks.metrics"):
        kind = registry.load("benchmarks.metrics", name)
        if hasattr(kind, "family") and bool(kind.needs & ATTESTED) == attested:
            cut = getattr(kind, "default_cut", None)
            out[f"{name}@{cut}" if cut else name] = kind
    return dict(sorted(out.items(), key=lambda pair: FAMILIES.index(pair[1].family)))


@dataclass
class Run:
    """A finished run, read back: its result, its examples, and its predictions, one an example, checked."""

    folder: Path
    result: Result
    data: Dataset
    examples: Sequence[Example]
    predictions: Sequence[Prediction]

    @property
    def told(self) -> list[int]:
        """Rows with a rationale."""
        return [row for row, p in enumerate(self.predictions) if p.rationale is not None]


def predictions_of(folder: Path, result: Result) -> Path:
    """The file of a run's predictions. :class:`RadError` where it is missing or not the one the result speaks of."""
    path = folder / result.predictions.path
    if Path(result.predictions.path).name != result.predictions.path or not path.is_file():
        raise RadError(f"{path}: no such file: the predictions must lie beside result.json")
    if sha256_file(path) != result.predictions.sha256:
        raise RadError(f"{path}: not the file that result.json was computed from (its sha256 differs)")
    return path


def data_of(
    folder: Path, result: Result, domain: str | None, data_dir: Path | None, opened: dict[Any, Dataset]
) -> Dataset:
    """The data of a run, kept in ``opened``. :class:`RadError` where they are not those that it ranked."""
    key = domain or result.task.domain, result.task.protocol
    if key not in opened:
        with Console(stderr=True).status(f"opening {key[0]}"):
            opened[key] = open_dataset(key[0], data_dir, result.task.protocol)
    data = opened[key]
    if data.sha256 != result.dataset.sha256:
        raise RadError(
            f"{folder}: the data have changed since: sha256 {data.sha256[:8]}, the run's is "
            f"{result.dataset.sha256[:8]} (--domain names other data)"
        )
    return data


def read_run(folder: Path, domain: str | None, data_dir: Path | None, opened: dict[Any, Dataset]) -> Run:
    """The run in ``folder``, or of that ``result.json``. :class:`RadError` where a file is missing or is not the one
    that the result speaks of."""
    result = read_result(folder)
    folder = folder if folder.is_dir() else folder.parent
    path = predictions_of(folder, result)
    data = data_of(folder, result, domain, data_dir, opened)
    examples = data.examples[result.task.split][: result.task.limit]
    predictions, _ = checked((p for _, p in records.read(path, Prediction)), examples, data.items)
    return Run(folder, result, data, examples, predictions)


def _explain(found: Run, request: Request) -> tuple[Explanation, Values, list[Perturbed]]:
    """The scorecard, its values query by query, and changed inputs to be read."""
    kinds, items = metrics(attested=False), found.data.items
    notes: list[str] = []
    chosen = {name: kind(items, getattr(kind, "default_cut", None)) for name, kind in kinds.items()}
    seed, n = found.result.seed, len(found.examples)
    if not found.told:
        notes.append("no prediction has a rationale: there is nothing to score")
    clock = time.perf_counter()
    with Console(stderr=True).status(f"scoring {n:,} predictions"):
        alone, corpus = measure(chosen, found.predictions, found.examples)
    scores = summary(chosen, alone, corpus, {"all": np.ones(n, bool)}, seed, request.samples)
    console.print(f"{found.result.label}: from the predictions alone in {time.perf_counter() - clock:.0f} s")
    values: Values = {(name, "all"): value for name, value in alone.items()}
    asked = None
    if request.ask is not None and found.told:
        why = why_missing(found.result)
        if why is None and found.told[0] >= request.ask:
            why = f"none of the first {request.ask} queries has a rationale: faithfulness is missing"
        if why is None:
            faithful = {k: kind(items) for k, kind in metrics(attested=True).items() if "model" in kind.needs}
            asked = measured(found.result, found.data, found.examples, found.predictions, faithful, request.ask)
            values |= asked.values
            scores += _scores(asked.values, seed, request.samples)
            if asked.attested.reproduced < 1:
                share = asked.attested.reproduced
                notes.append(f"asked again, the model ranks {share:.1%} of the queries as in its predictions")
        else:
            notes.append(why)
    verdicts = _verdicts(found, request)
    by_judge = _judged_values(found, verdicts)
    scores += _scores(by_judge, seed, request.samples)
    card = Explanation(
        run_id=found.result.run_id,
        n=n,
        n_rationales=len(found.told),
        scores=scores,
        curves=asked.curves if asked else {},
        attested=asked.attested if asked else None,
        judged=[j for one in verdicts for j in one.judged],
        notes=[*notes, *(note for one in verdicts for note in one.notes)],
        provenance={**provenance.collect(seed), **{k: v for k, v in provenance.tree().items() if k != "diff"}},
    )
    return card, values | by_judge, asked.shown if asked else []


def _scores(values: Values, seed: int, samples: int) -> list[Score]:
    """Attested scores, slice by slice; ``metric.effect`` has the properties of ``metric``."""
    out = []
    for part in dict.fromkeys(part for _, part in values):
        mine = {name: v for (name, where), v in values.items() if where == part}
        kinds = {name: registry.load("benchmarks.metrics", name.partition(".")[0]) for name in mine}
        n = len(next(iter(mine.values())))
        found = summary(kinds, mine, {}, {"all": np.ones(n, bool)}, seed, samples)
        out += [s.model_copy(update={"basis": "attested", "slice": part}) for s in found]
    return out


# --- judges ---


def _verdicts(found: Run, request: Request) -> list[judges.Verdicts]:
    rationales = [r for row in found.told if (r := found.predictions[row].rationale) is not None]
    out = []
    if request.campaign is not None:
        out.append(judges.of_campaign(request.campaign, rationales, found.result.seed))
    if request.endpoint is not None and rationales:
        cases = [(r, found.examples[row]) for r, row in zip(rationales, found.told, strict=True)]
        n = min(len(cases), request.endpoint.rationales)
        console.print(f"asking {request.endpoint.model} about {n:,} rationales (one request each)", markup=False)

        def shown(stream: Any, n: int) -> Any:
            return track(stream, "judging", n, console=Console(stderr=True), transient=True)

        out.append(judges.of_endpoint(request.endpoint, found.data, cases, shown))
    return out


def _judged_values(found: Run, verdicts: Sequence[judges.Verdicts]) -> Values:
    """The mean answer on each query's rationale; the slice says who answered."""
    out: Values = {}
    for one in verdicts:
        for (by, question), given in one.values.items():
            column = np.full(len(found.examples), np.nan)
            for row, example in enumerate(found.examples):
                if example.query.query_id in given:
                    column[row] = np.mean(given[example.query.query_id])
            out[question, by] = column
    return out


# --- output ---


def write(found: Run, request: Request) -> Explanation:
    """Compute the scorecard and write it beside the run's result, ``explanation.json`` last."""
    card, values, shown = _explain(found, request)

    def lines() -> Iterator[dict[str, Any]]:
        for row, example in enumerate(found.examples):
            known = {
                name if part == "all" else f"{name} ({part})": float(v[row])
                for (name, part), v in values.items()
                if not np.isnan(v[row])
            }
            yield {"query_id": example.query.query_id, "scores": known}

    write_jsonl(found.folder / QUERIES, lines())
    write_jsonl(found.folder / PERTURBED, shown)
    with atomic_write(found.folder / FILE) as file:
        json.dump(card.model_dump(), file, indent=1, ensure_ascii=False, allow_nan=False)
        file.write("\n")
    return card


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.explain", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", nargs="+", type=Path, metavar="RESULT_DIR")
    parser.add_argument("--no-model", action="store_true", help="leave out what asks the model again")
    parser.add_argument("--ask", type=int, default=500, metavar="N", help="queries to ask about (default: 500)")
    parser.add_argument("--domain", metavar="NAME", help="the data, where the run's were in a folder of your own")
    parser.add_argument("--data-dir", type=Path, metavar="DIR", help="folder with raw files (default: RAD_DATA)")
    parser.add_argument("--campaign", type=Path, metavar="DIR", help="a campaign that reviewed these rationales")
    parser.add_argument("--judge", metavar="MODEL", help="a language model that judges; needs --base-url")
    parser.add_argument("--base-url", metavar="URL", help="its endpoint, https://HOST/v1")
    parser.add_argument("--judge-n", type=int, default=100, metavar="N", help="rationales to judge (default: 100)")
    return parser.parse_args(argv)


def main() -> None:
    args = arguments()
    faults = [f"--{k} must be at least 1, got {v}" for k, v in (("ask", args.ask), ("judge-n", args.judge_n)) if v < 1]
    if bool(args.judge) != bool(args.base_url):
        faults.append("--judge and --base-url go together")
    if faults:
        raise RadError("; ".join(faults))
    endpoint = judges.Endpoint(args.base_url, args.judge, args.judge_n) if args.judge else None
    if endpoint is not None:  # what cannot be asked or read is said before the model is fitted
        endpoint.client()
    if args.campaign is not None:
        read_drafts(args.campaign)
    request = Request(None if args.no_model else args.ask, args.campaign, endpoint)
    opened: dict[Any, Dataset] = {}
    runs = [read_run(folder, args.domain, args.data_dir, opened) for folder in args.folders]
    for folder in (one.folder for one in runs) if args.no_model else ():
        if (folder / FILE).exists() and read_explanation(folder).attested:
            raise RadError(
                f"{folder / FILE} has the scores of a model that was asked, which --no-model would drop: "
                "remove it first, or leave --no-model out"
            )
    cards = [write(one, request) for one in runs]
    labels = [f"{one.result.label} {one.result.task.domain} s{one.result.seed}" for one in runs]
    show(labels, cards, metrics(attested=False) | metrics(attested=True))
    for one in runs:
        console.print(f"wrote {one.folder / FILE}", markup=False, soft_wrap=True)


if __name__ == "__main__":
    run(main)
