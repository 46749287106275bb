"""Do the metrics of explanations measure what they say? A table of every metric by rationales of known quality.

    python -m benchmarks.validity
    python -m benchmarks.validity --markdown results/validity.md

Rationales are made from a built-in world, whose reasons are known (:mod:`benchmarks.explanations.control_rationales`),
and scored like a model's. What each metric's definition demands stands in ``DEMANDS``: which kinds must score better
than which, which must score nothing, and which alike. The command exits 1 where one does not hold.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from benchmarks.explain import metrics
from benchmarks.explanations.control_rationales import KINDS, MODELS, Heeding
from benchmarks.explanations.counterfactuals import Asked, Plan
from benchmarks.explanations.faithfulness import MASKED, faithful_values
from benchmarks.harness.evaluate import evaluate
from rad import registry
from rad.data.dataset import Dataset, open_dataset
from rad.errors import RadError, run
from rad.reporting.console import console, table
from rad.runtime.files import atomic_write

MARGIN = 0.005  # by which a mean must be better
NOTHING = 1e-9
TEXT = """# Do the metrics tell good rationales from bad ones?

Written by `python -m benchmarks.validity --domain {domain} --ask {ask} --markdown FILE`: the mean of each metric of
explanations over rationales that were made good or bad in one known way (the kinds are explained in
`benchmarks/explanations/control_rationales.py`), and whether they stand in the order that the metric's definition
demands (`DEMANDS` in `benchmarks/validity.py`). An empty cell is undefined: nothing is claimed, or there is nothing to
ask.

{table}"""
Values = Mapping[str, Mapping[str, float]]  # kind -> metric -> mean


@dataclass(frozen=True)
class Demand:
    """What a definition demands: ``best`` scores better than each of ``worse``; ``nothing`` scores 0 but for
    ``within``; ``alike`` scores what ``best`` does, but for ``MARGIN``."""

    best: str = "perfect"
    worse: tuple[str, ...] = ()
    nothing: tuple[str, ...] = ()
    alike: tuple[str, ...] = ()
    within: float = NOTHING


WRONG = ("generic", "copied", "wrong claim", "post hoc", "empty", "huge")
DEMANDS: Mapping[str, Demand] = {
    "claim_precision": Demand(worse=("copied", "wrong claim", "shuffled", "huge")),
    "contradiction_rate": Demand(worse=("copied", "wrong claim", "shuffled", "huge")),
    "evidence_validity": Demand(worse=("copied", "wrong claim", "shuffled", "huge")),
    "text_agreement": Demand(worse=("other text", "empty"), nothing=("empty",)),
    "target_named": Demand(worse=("named",), nothing=("perfect", "generic", "copied", "empty")),
    "reason_precision@3": Demand(worse=WRONG, nothing=("empty",)),
    "reason_recall@3": Demand(worse=(*WRONG, "shuffled"), nothing=("empty",)),
    "reason_f1@3": Demand(worse=(*WRONG, "shuffled"), nothing=("empty",)),
    "verdict_accuracy": Demand(worse=("generic", "copied", "empty")),
    "contrast": Demand(worse=WRONG, nothing=("empty",)),
    "contrast_reason": Demand(worse=WRONG, nothing=("empty",)),
    "unique_sentence_ratio": Demand(worse=("generic", "empty", "huge"), nothing=("empty",)),
    "feature_coverage": Demand(worse=("generic", "empty"), nothing=("empty",)),
    "feature_overlap": Demand(worse=("generic", "empty", "huge")),
    "user_retrieval": Demand(
        worse=("generic", "copied", "other text", "empty", "huge"), nothing=("generic", "empty", "huge")
    ),
    "reader_gain@10": Demand(worse=WRONG, nothing=("empty",), alike=("named",)),
    "reader_gain_own@10": Demand(worse=(*WRONG, "other text"), nothing=("generic", "empty", "huge")),
    "rouge_l": Demand(worse=("generic", "copied", "wrong claim", "post hoc", "other text", "empty")),
    "embedding_similarity": Demand(worse=("generic", "copied", "post hoc", "other text", "empty")),
    "swap": Demand(worse=("generic", "post hoc", "empty"), nothing=("generic", "post hoc", "empty", "huge")),
    "swap.ndcg": Demand(best="named", worse=("perfect", "copied", "post hoc"), nothing=("post hoc",)),
    f"swap.ndcg ({MASKED})": Demand(worse=("copied", "post hoc"), nothing=("post hoc",), alike=("named",)),
    "swap.rank": Demand(worse=("generic", "copied", "post hoc"), nothing=("generic", "post hoc")),
    "swap.score": Demand(nothing=("generic", "post hoc")),
    "corrupt": Demand(worse=("post hoc",), nothing=("post hoc",)),
    "corrupt.ndcg": Demand(worse=("wrong claim", "post hoc"), nothing=("post hoc",)),
    "paraphrase": Demand(worse=("wording",), nothing=("post hoc",)),
    "truncation": Demand(worse=("post hoc",), nothing=("post hoc", "shuffled ignored")),
    "truncation_order": Demand(worse=("post hoc",), nothing=("post hoc", "shuffled ignored")),
    "comprehensiveness": Demand(worse=("shuffled ignored",), nothing=("shuffled ignored",), within=0.1),
    "sufficiency": Demand(worse=("shuffled ignored",), nothing=("shuffled ignored",), within=0.1),
}


def measured(data: Dataset, ask: int, leave_out: Sequence[str] = ()) -> Values:
    """The mean of every metric for every kind, over the test queries whose reasons are known.

    Faithfulness is that of the first ``ask`` queries.
    """
    examples = [e for e in data.examples["test"] if e.rationale is not None]
    if len({e.query.user_id for e in examples}) < 4:
        raise RadError(f"{data.name}: the test bed needs a world, where the reasons of at least four users are known")
    names = [name for name in metrics(attested=False) if name not in leave_out]
    asking = {k: m(data.items) for k, m in metrics(attested=True).items() if "model" in m.needs}
    out: dict[str, dict[str, float]] = {}
    for kind, make in KINDS.items():
        rationales = make(examples, data.items)
        model = MODELS.get(kind, Heeding)(data.items)
        queries = [e.query for e in examples]
        predictions = list(model.rank_given(queries, rationales))
        scores = evaluate(predictions, examples, names, data.items, samples=2).scores
        out[kind] = {s.metric: s.value for s in scores if s.slice == "all"}
        part = examples[:ask]
        plan = Plan.of(part, rationales[:ask], data.items, [a for m in asking.values() for a in m.asks])
        asked = Asked.of(plan, model, part, data.items)
        values = faithful_values(asking, asked, range(len(part)), predictions, len(part))
        for (name, where), column in values.items():
            out[kind][name if where == "all" else f"{name} ({where})"] = float(np.nanmean(column))
    return out


def faults(values: Values, demands: Mapping[str, Demand] = DEMANDS) -> dict[str, list[str]]:
    """What does not hold, metric by metric; nothing where all of a metric's demands hold. A kind for which a metric is
    undefined has no value that could be better, or other than 0."""
    out: dict[str, list[str]] = {}
    for name, demand in demands.items():
        if not any(name in row for row in values.values()):
            continue  # left out
        out[name] = []
        sign = 1 if _kind(name).higher_is_better else -1
        best = values[demand.best].get(name)
        if best is None:
            out[name].append(f"{demand.best} is undefined")
            continue
        for kind in demand.worse:
            if (value := values[kind].get(name)) is not None and sign * (best - value) < MARGIN:
                out[name].append(f"{demand.best} {best:.3f} is not better than {kind} {value:.3f}")
        for kind in demand.nothing:
            if (value := values[kind].get(name)) is not None and abs(value) > demand.within:
                out[name].append(f"{kind} {value:.3f} is not 0")
        for kind in demand.alike:
            if (value := values[kind].get(name)) is not None and abs(value - best) > MARGIN:
                out[name].append(f"{kind} {value:.3f} is not {demand.best}'s {best:.3f}")
    return out


def _kind(name: str) -> Any:
    return registry.load("benchmarks.metrics", name.partition("@")[0].partition(" ")[0].partition(".")[0])


def rows(values: Values, broken: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """One a metric: its name, better direction, a value a kind, and whether what is demanded of it holds."""
    out = []
    for name, wrong in broken.items():
        better = "higher" if _kind(name).higher_is_better else "lower"
        cells = [f"{values[kind][name]:.3f}" if name in values[kind] else "" for kind in values]
        out.append([name, better, *cells, "; ".join(wrong) or "holds"])
    return out


def markdown(values: Values, broken: Mapping[str, Sequence[str]]) -> str:
    heads = ["metric", "better", *values, "demanded order"]
    lines = [heads, ["---"] * len(heads), *rows(values, broken)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.validity", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--domain", default="world", help="a built-in world (default: world)")
    parser.add_argument("--ask", type=int, default=300, metavar="N", help="queries for faithfulness (default: 300)")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the table here too")
    args = parser.parse_args()
    if args.ask < 4:
        raise RadError(f"--ask must be at least 4, got {args.ask}")
    values = measured(open_dataset(args.domain), args.ask)
    broken = faults(values)
    grid = table(
        "Metrics by kind of rationale", "metric", "better", *(k.replace(" ", "\n") for k in values), "demanded"
    )
    for row in rows(values, broken):
        grid.add_row(*row)
    Console(highlight=False, width=None if sys.stdout.isatty() else 220).print(grid)
    if args.markdown:
        with atomic_write(args.markdown) as file:
            file.write(TEXT.format(domain=args.domain, ask=args.ask, table=markdown(values, broken)))
    wrong = [f"{name}: {why}" for name, found in broken.items() for why in found]
    console.print("\n".join(wrong) or "every demand holds", markup=False)
    return 1 if wrong else 0


if __name__ == "__main__":
    run(main)
