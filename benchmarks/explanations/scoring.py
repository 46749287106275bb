"""Computing the scorecard of a finished run: from its predictions, from its model asked again, and from its judges."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track

from benchmarks.explanations import judges
from benchmarks.explanations.faithfulness import Faithfulness, NotAskable, Ratios, Values, measure_faithfulness, ratio
from benchmarks.explanations.families import explanation_metrics
from benchmarks.explanations.finished_run import FinishedRun
from benchmarks.explanations.results import FILE, PERTURBED, QUERIES, Explanation, Perturbed, read_explanation
from benchmarks.harness.evaluate import measure, summary, users_of
from benchmarks.harness.registries import asking_metrics, load_metric
from benchmarks.harness.results import Score
from rad.errors import RadError
from rad.reporting.console import console
from rad.runtime import provenance
from rad.runtime.files import atomic_write, write_jsonl


@dataclass(frozen=True)
class ScorecardOptions:
    """What a scorecard holds beside the metrics of the predictions.

    Attributes:
        ask: about how many queries the model is asked again; None leaves it alone.
        campaign: a folder with the judgements of people.
        judge: a language model that judges.
        resamples: of the bootstrap.
    """

    ask: int | None = 500
    campaign: Path | None = None
    judge: judges.JudgeEndpoint | None = None
    resamples: int = 1000


@dataclass
class Scorecard:
    """A scorecard with its values query by query, and the changed inputs that can be read."""

    explanation: Explanation
    values: Values
    perturbed: list[Perturbed] = field(default_factory=list)


def explain(run: FinishedRun, options: ScorecardOptions) -> Explanation:
    """Compute the scorecard of a run and write it beside the run's result, ``explanation.json`` last."""
    card = compute(run, options)
    write_jsonl(run.folder / QUERIES, _query_lines(run, card.values))
    write_jsonl(run.folder / PERTURBED, card.perturbed)
    with atomic_write(run.folder / FILE) as file:
        json.dump(card.explanation.model_dump(), file, indent=1, ensure_ascii=False, allow_nan=False)
        file.write("\n")
    return card.explanation


def refuse_to_drop_attested(runs: Sequence[FinishedRun]) -> None:
    """:class:`RadError` where a run's scorecard has scores of a model that was asked: a new one would drop them."""
    for path in (run.folder / FILE for run in runs):
        if path.exists() and read_explanation(path.parent).attested:
            raise RadError(
                f"{path} has the scores of a model that was asked, which --no-model would drop: "
                "remove it first, or leave --no-model out"
            )


def compute(run: FinishedRun, options: ScorecardOptions) -> Scorecard:
    """The scorecard of a run."""
    notes: list[str] = []
    seed = run.result.seed
    values, scores = _from_predictions(run, options.resamples)
    faithfulness = _faithfulness(run, options.ask, notes)
    if faithfulness is not None:
        values |= faithfulness.values
        scores += _attested_scores(run, faithfulness.values, options.resamples)
        scores += _ratio_scores(faithfulness.ratios, seed, options.resamples)
    verdicts = _verdicts(run, options)
    judged_values = _judged_values(run, verdicts)
    scores += _attested_scores(run, judged_values, options.resamples)
    explanation = Explanation(
        run_id=run.result.run_id,
        n=len(run.examples),
        n_rationales=len(run.explained_rows),
        scores=scores,
        curves=faithfulness.curves if faithfulness else {},
        attested=faithfulness.attested if faithfulness else None,
        judged=[judged for one in verdicts for judged in one.judged],
        notes=[*notes, *(note for one in verdicts for note in one.notes)],
        provenance=provenance.collect(seed),
    )
    return Scorecard(explanation, values | judged_values, faithfulness.perturbed if faithfulness else [])


def _from_predictions(run: FinishedRun, resamples: int) -> tuple[Values, list[Score]]:
    """The metrics that need nothing but the predictions."""
    kinds, n = explanation_metrics(attested=False), len(run.examples)
    metrics = {name: kind(run.data.items, kind.default_cut) for name, kind in kinds.items()}
    clock = time.perf_counter()
    with Console(stderr=True).status(f"scoring {n:,} predictions"):
        values, corpus = measure(metrics, run.predictions, run.examples, facts=lambda: run.facts)
    everyone, users = {"all": np.ones(n, bool)}, users_of(run.examples)
    scores = summary(metrics, values, corpus, everyone, run.result.seed, resamples, users)
    console.print(f"{run.result.label}: from the predictions alone in {time.perf_counter() - clock:.0f} s")
    return {(name, "all"): column for name, column in values.items()}, scores


def _faithfulness(run: FinishedRun, ask: int | None, notes: list[str]) -> Faithfulness | None:
    """The model asked again, or None and a note on why it is not."""
    if ask is None or not run.explained_rows:
        return None
    kinds = asking_metrics()
    try:
        faithfulness = measure_faithfulness(run, {name: kind(run.data.items) for name, kind in kinds.items()}, ask)
    except NotAskable as obstacle:
        notes.append(str(obstacle))
        return None
    if (share := faithfulness.attested.reproduced) < 1:
        notes.append(f"asked again, the model ranks {share:.1%} of the queries as in its predictions")
    return faithfulness


def _attested_scores(run: FinishedRun, values: Values, resamples: int) -> list[Score]:
    """Scores slice by slice; ``metric.effect`` has the properties of ``metric``."""
    out = []
    for part in dict.fromkeys(part for _, part in values):
        columns = {name: column for (name, where), column in values.items() if where == part}
        kinds = {name: load_metric(name) for name in columns}
        everyone, users = {"all": np.ones(len(run.examples), bool)}, users_of(run.examples)
        scores = summary(kinds, columns, {}, everyone, run.result.seed, resamples, users)
        out += [score.model_copy(update={"basis": "attested", "slice": part}) for score in scores]
    return out


def _ratio_scores(ratios: Ratios, seed: int, resamples: int) -> list[Score]:
    """Scores of sums over sums; their interval is of resamples of the queries that were asked about."""
    out = []
    for name, (parts, users) in ratios.items():
        kinds, everyone = {name: load_metric(name)}, {"all": np.ones(len(parts), bool)}
        statistics = {name: partial(ratio, parts, kinds[name])}
        scores = summary(kinds, {}, statistics, everyone, seed, resamples, users)
        out += [score.model_copy(update={"basis": "attested"}) for score in scores]
    return out


def _verdicts(run: FinishedRun, options: ScorecardOptions) -> list[judges.Verdicts]:
    """What the campaign's people and judges, and a language model, answer about the run's rationales."""
    explained = [(r, run.examples[row]) for row in run.explained_rows if (r := run.predictions[row].rationale)]
    out = []
    if options.campaign is not None:
        out.append(judges.of_campaign(options.campaign, [r for r, _ in explained], run.result.seed))
    if options.judge is not None and explained:
        n = min(len(explained), options.judge.rationales)
        console.print(f"asking {options.judge.model} about {n:,} rationales (one request each)", markup=False)
        out.append(judges.of_endpoint(options.judge, run.data, explained, _tracked))
    return out


def _tracked(forms: judges.Forms, n: int) -> Iterable[Mapping[str, str]]:
    return track(forms, "judging", n, console=Console(stderr=True), transient=True)


def _judged_values(run: FinishedRun, verdicts: Sequence[judges.Verdicts]) -> Values:
    """The mean answer on each query's rationale; the slice says who answered."""
    out: Values = {}
    for one in verdicts:
        for (by, question), answers in one.values.items():
            # One value a query, NaN where nobody answered.
            column = np.full(len(run.examples), np.nan)
            for row, example in enumerate(run.examples):
                if example.query.query_id in answers:
                    column[row] = np.mean(answers[example.query.query_id])
            out[question, by] = column
    return out


def _query_lines(run: FinishedRun, values: Values) -> Iterator[dict[str, object]]:
    """The scores of each query; an undefined one is left out."""
    for row, example in enumerate(run.examples):
        defined = {
            name if part == "all" else f"{name} ({part})": float(column[row])
            for (name, part), column in values.items()
            if not np.isnan(column[row])
        }
        yield {"query_id": example.query.query_id, "scores": defined}
