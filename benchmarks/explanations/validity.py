"""Do the metrics of explanations measure what they say? What each definition demands of control rationales.

Control rationales come from a built-in world, whose true reasons are known
(:mod:`benchmarks.explanations.control_rationales`), and are scored like a model's. ``DEMANDS`` says which kinds must
score better than which, which must score nothing, and which alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial

import numpy as np

from benchmarks.explanations.control_rationales import KINDS, MODELS, FaithfulModel
from benchmarks.explanations.counterfactuals import Answers, InputPlan
from benchmarks.explanations.faithfulness import MASKED, faithful_values
from benchmarks.explanations.families import explanation_metrics
from benchmarks.harness.base import Metric
from benchmarks.harness.evaluate import evaluate
from benchmarks.harness.registries import faithfulness_metrics, load_metric
from rad.data.dataset import Dataset
from rad.errors import RadError
from rad.rationales.facts import Facts

MARGIN = 0.005  # by which a mean must be better
NOTHING = 1e-9
TEXT = """# Do the metrics tell good rationales from bad ones?

Written by `python -m benchmarks.validity --domain {domain} --ask {ask} --markdown FILE`: the mean of each metric of
explanations over rationales that were made good or bad in one known way (the kinds are explained in
`benchmarks/explanations/control_rationales.py`), and whether they stand in the order that the metric's definition
demands (`DEMANDS` in `benchmarks/explanations/validity.py`). An empty cell is undefined: nothing is claimed, or there
is nothing to ask.

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


INCORRECT = ("generic", "copied", "wrong claim", "post hoc", "empty", "huge")
DEMANDS: Mapping[str, Demand] = {
    "claim_precision": Demand(worse=("copied", "wrong claim", "shuffled", "huge")),
    "contradiction_rate": Demand(worse=("copied", "wrong claim", "shuffled", "huge")),
    "evidence_validity": Demand(worse=("copied", "wrong claim", "shuffled", "huge")),
    "text_agreement": Demand(worse=("other text", "empty"), nothing=("empty",)),
    "target_named": Demand(worse=("named",), nothing=("perfect", "generic", "copied", "empty")),
    "reason_precision@3": Demand(worse=INCORRECT, nothing=("empty",)),
    "reason_recall@3": Demand(worse=(*INCORRECT, "shuffled"), nothing=("empty",)),
    "reason_f1@3": Demand(worse=(*INCORRECT, "shuffled"), nothing=("empty",)),
    "verdict_accuracy": Demand(worse=("generic", "copied", "empty")),
    "contrast": Demand(worse=INCORRECT, nothing=("empty",)),
    "contrast_reason": Demand(worse=INCORRECT, nothing=("empty",)),
    "unique_sentence_ratio": Demand(worse=("generic", "empty", "huge"), nothing=("empty",)),
    "feature_coverage": Demand(worse=("generic", "empty"), nothing=("empty",)),
    "feature_overlap": Demand(worse=("generic", "empty", "huge")),
    "user_retrieval": Demand(
        worse=("generic", "copied", "other text", "empty", "huge"), nothing=("generic", "empty", "huge")
    ),
    "reader_gain@10": Demand(worse=INCORRECT, nothing=("empty",), alike=("named",)),
    "reader_gain_own@10": Demand(worse=(*INCORRECT, "other text"), nothing=("generic", "empty", "huge")),
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


def measure_controls(data: Dataset, ask: int, leave_out: Sequence[str] = ()) -> Values:
    """The mean of every metric for every kind, over the test queries whose reasons are known.

    Args:
        data: a built-in world.
        ask: the metrics of faithfulness are means over the first ``ask`` queries.
        leave_out: names of metrics.

    Raises:
        RadError: the reasons of fewer than four users are known.
    """
    examples = [e for e in data.examples["test"] if e.rationale is not None]
    if len({e.query.user_id for e in examples}) < 4:
        raise RadError(f"{data.name}: a world is needed, where the reasons of at least four users are known")
    names = [name for name in explanation_metrics(attested=False) if name not in leave_out]
    kinds = faithfulness_metrics()
    faithfulness = {k: kind(data.items) for k, kind in kinds.items()}
    inputs = [name for metric in faithfulness.values() for name in metric.asks]
    queries, part = [e.query for e in examples], examples[:ask]
    facts = cache(partial(Facts.of, data.examples["train"], data.items))
    out: dict[str, dict[str, float]] = {}
    for kind, rationales_of in KINDS.items():
        rationales = rationales_of(examples, data.items)
        model = MODELS.get(kind, FaithfulModel)(data.items)
        predictions = list(model.rank_given(queries, rationales))
        scores = evaluate(predictions, examples, names, data.items, samples=2, facts=facts).scores
        out[kind] = {s.metric: s.value for s in scores if s.slice == "all"}
        answers = Answers.of(InputPlan.of(part, rationales[:ask], data.items, inputs), model, part, data.items)
        values = faithful_values(faithfulness, answers, range(len(part)), predictions, len(part))
        for (name, where), column in values.items():
            out[kind][name if where == "all" else f"{name} ({where})"] = float(np.nanmean(column))
    return out


def violations(values: Values, demands: Mapping[str, Demand] = DEMANDS) -> dict[str, list[str]]:
    """The demands that do not hold, metric by metric; none where all of a metric's hold.

    A kind for which a metric is undefined has no value that could be better, or other than 0.
    """
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


def _kind(name: str) -> type[Metric]:
    return load_metric(name.partition(" ")[0])


def rows(values: Values, broken: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """One a metric: its name, better direction, a value a kind, and the demands that do not hold.

    ``broken`` has the :func:`violations` by metric.
    """
    out = []
    for name, lines in broken.items():
        better = "higher" if _kind(name).higher_is_better else "lower"
        cells = [f"{values[kind][name]:.3f}" if name in values[kind] else "" for kind in values]
        out.append([name, better, *cells, "; ".join(lines) or "holds"])
    return out


def markdown(values: Values, broken: Mapping[str, Sequence[str]]) -> str:
    """The rows as a table in Markdown."""
    heads = ["metric", "better", *values, "demanded order"]
    lines = [heads, ["---"] * len(heads), *rows(values, broken)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"
