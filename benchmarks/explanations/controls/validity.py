"""Do the metrics of explanations measure what they say? What each definition demands of control rationales.

Control rationales come from a built-in world, whose true reasons are known
(:mod:`benchmarks.explanations.controls.kinds`), and are scored like a model's. ``DEMANDS`` says which kinds must score
better than which, which must score nothing, and which alike; and each kind of nonsense must be far below the truth by
at least one metric that tables show.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from benchmarks.explanations.changes.counterfactuals import Answers, InputPlan
from benchmarks.explanations.controls.demands import DEMANDS, Demand
from benchmarks.explanations.controls.kinds import KINDS, MODELS, FaithfulModel
from benchmarks.explanations.controls.nonsense import NONSENSE
from benchmarks.explanations.controls.setting import Setting, setting_of
from benchmarks.explanations.faithfulness import asked_ratios, asked_values, ratio
from benchmarks.explanations.families import explanation_metrics
from benchmarks.harness.base import Metric
from benchmarks.harness.evaluate import evaluate
from benchmarks.harness.registries import asking_metrics, load_metric
from rad.data.dataset import Dataset
from rad.errors import RadError
from rad.rationales.facts import Facts
from rad.world.motives import Motive, motives_of

MARGIN = 0.005  # by which a mean must be better
WIDE = 0.2  # by which nonsense must be below the truth, as a share of what the metric spans
SPAN = {"choice": 0.5, "reader_gain@10": 0.5, "reasons": 20.0, "words": 500.0}
"""What the metrics span that show nonsense, where it is not 1: an NDCG of 0.5 is out of reach on a world."""
SHOWN = ("soundness", "said", "prose", "reasons", "words", "choice", "text_carries", "reason_f1@3", "reader_gain@10")
"""The metrics that must show nonsense: those of the short tables, and the two that say how long a rationale is."""
TEXT = """# Do the metrics tell good rationales from bad ones?

Written by `python -m benchmarks.validity --domain {domain} --ask {ask} --markdown FILE`: the mean of each metric of
explanations over rationales that were made good or bad in one known way (the kinds are explained in
`benchmarks/explanations/controls/kinds.py` and `nonsense.py`), and whether they stand in the order that the metric's
definition demands (`DEMANDS` in `benchmarks/explanations/controls/demands.py`). An empty cell is undefined: nothing is
claimed, or there is nothing to ask.

{table}
## What shows the nonsense

Each kind of nonsense, and the metrics by which it is far below the true rationale: by a fifth of what the metric spans
({spans}). The true rationale scores the first figure, the nonsense the second.

{nonsense}"""
Values = Mapping[str, Mapping[str, float]]  # kind -> metric -> mean


def measure_controls(data: Dataset, ask: int, leave_out: Sequence[str] = ()) -> Values:
    """The mean of every metric for every kind, over the first test queries whose reasons are known.

    Args:
        data: a built-in world.
        ask: the metrics of faithfulness are means over the first ``ask`` queries.
        leave_out: names of metrics.

    Raises:
        RadError: the reasons of fewer than four users are known.
    """
    setting = setting_of(data.examples["test"], data.items, Facts.of(data.examples["train"], data.items))
    if len({e.query.user_id for e in setting.examples}) < 4:
        raise RadError(f"{data.name}: a world is needed, where the reasons of at least four users are known")
    names = [name for name in explanation_metrics(attested=False) if name not in leave_out]
    part = [e.query for e in setting.examples[:ask]]
    motives = dict(zip((q.query_id for q in part), motives_of(data.name, part), strict=True))
    return {kind: _means(kind, setting, names, ask, motives) for kind in KINDS}


def _means(
    kind: str, setting: Setting, names: Sequence[str], ask: int, motives: Mapping[str, Sequence[Motive]]
) -> dict[str, float]:
    """The mean of every metric for one kind."""
    examples, items, facts = setting.examples, setting.items, lambda: setting.facts
    rationales, part = KINDS[kind](setting), setting.examples[:ask]
    model = MODELS.get(kind, FaithfulModel)(items)
    predictions = list(model.rank_given([e.query for e in examples], rationales))
    scores = evaluate(predictions, examples, names, items, samples=2, facts=facts).scores
    out = {s.metric: s.value for s in scores if s.slice == "all"}
    metrics = {name: metric(items) for name, metric in asking_metrics().items()}
    inputs = [name for metric in metrics.values() for name in metric.asks]
    plan = InputPlan.of(part, rationales[:ask], items, inputs, facts, lambda: motives)
    answers = Answers.of(plan, model, part, items)
    for (name, where), column in asked_values(metrics, answers, range(len(part)), (), part).items():
        out[name if where == "all" else f"{name} ({where})"] = float(np.nanmean(column))
    return out | {name: ratio(of.parts, type(metrics[name])) for name, of in asked_ratios(metrics, answers).items()}


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
            if (value := values.get(kind, {}).get(name)) is not None and sign * (best - value) < MARGIN:
                out[name].append(f"{demand.best} {best:.3f} is not better than {kind} {value:.3f}")
        for kind in demand.nothing:
            if (value := values.get(kind, {}).get(name)) is not None and abs(value) > demand.within:
                out[name].append(f"{kind} {value:.3f} is not 0")
        for kind in demand.alike:
            if (value := values.get(kind, {}).get(name)) is not None and abs(value - best) > MARGIN:
                out[name].append(f"{kind} {value:.3f} is not {demand.best}'s {best:.3f}")
    return out


def shown_by(values: Values, kind: str) -> list[str]:
    """The metrics of ``SHOWN`` by which a kind is far below the true rationale."""
    out = []
    for name in SHOWN:
        true, value = values["perfect"].get(name), values[kind].get(name)
        if true is not None and value is not None:
            lost = true - value if _kind(name).higher_is_better else value - true
            out += [name] if lost >= WIDE * SPAN.get(name, 1.0) else []
    return out


def undetected(values: Values) -> list[str]:
    """A line for every kind of nonsense that no metric shows."""
    return [
        f"{kind}: nonsense that no metric shows" for kind in NONSENSE if kind in values and not shown_by(values, kind)
    ]


def nonsense_rows(values: Values) -> list[list[str]]:
    """One a kind of nonsense: its name, and the metrics that show it with the figures of truth and nonsense."""
    out = []
    for kind in NONSENSE:
        if kind in values:
            cells = (
                f"{name} {values['perfect'][name]:.2f}, {values[kind][name]:.2f}" for name in shown_by(values, kind)
            )
            out.append([kind, "; ".join(cells) or "nothing"])
    return out


def page(values: Values, broken: Mapping[str, Sequence[str]], domain: str, ask: int) -> str:
    """The page in Markdown."""
    spans = ", ".join(f"{span:g} of `{name}`" for name, span in SPAN.items()) + ", else 1"
    nonsense = _table([["nonsense", "shown by"], *nonsense_rows(values)])
    return TEXT.format(domain=domain, ask=ask, table=markdown(values, broken), spans=spans, nonsense=nonsense)


def _kind(name: str) -> type[Metric]:
    return load_metric(name.partition(" ")[0])


def rows(values: Values, broken: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """One a metric: its name, better direction, a value a kind, and the demands that do not hold.

    ``broken`` has the :func:`violations` by metric.
    """
    out = []
    for name, lines in broken.items():
        better = _kind(name).better()
        cells = [f"{values[kind][name]:.3f}" if name in values[kind] else "" for kind in values]
        out.append([name, better, *cells, "; ".join(lines) or "holds"])
    return out


def markdown(values: Values, broken: Mapping[str, Sequence[str]]) -> str:
    """The rows as a table in Markdown."""
    return _table([["metric", "better", *values, "demanded order"], *rows(values, broken)])


def _table(lines: Sequence[Sequence[str]]) -> str:
    """A table in Markdown; the first line is its head."""
    head, *others = lines
    return "\n".join("| " + " | ".join(line) + " |" for line in [head, ["---"] * len(head), *others]) + "\n"
