"""What LR-Recsys's claims hang on, as curves: loss by share of training, what is saved by uncertainty, and routing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from benchmarks.harness.aggregate import over_seeds
from benchmarks.harness.registries import title_of
from benchmarks.harness.results import read_result
from benchmarks.pairs.claims import Labels, Question, Runs, where
from benchmarks.pairs.reproductions import Chart, Estimate
from benchmarks.pairs.uncertainty import DECILES, STEPS, CheapAndCostly, Gain, RoutedShare

SHARES = (0.05, 0.12, 0.25, 0.5, 1.0)


def learning_curves(claim: str, runs: Runs, models: Sequence[str], metrics: Mapping[str, str]) -> Iterator[Chart]:
    """The score of each model by the share of training that it learned from, a chart a task of a domain.

    Args:
        claim: Below which the charts stand.
        runs: The finished runs.
        models: Labels; the first one's shares say whether there is a curve.
        metrics: The metric of each task.
    """
    for key, labels in sorted(runs.items()):
        shares = [share for share in SHARES if at_share(models[0], share) in labels]
        if key.split != "test" or len(shares) < 2:
            continue
        metric = metrics[key.question.partition(" ")[0]]
        series = {name: tuple(_estimate(labels, at_share(name, share), metric) for share in shares) for name in models}
        title = f"{title_of(metric)} on {where(key)}, by share of training"
        yield _chart(claim, title, "share of training", title_of(metric), shares, series)


def at_share(label: str, share: float) -> str:
    """The label of a model that learned from a share of training."""
    return label if share == 1 else f"{label}@{share:g}"


def _estimate(labels: Labels, label: str, metric: str) -> Estimate | None:
    scores = [read_result(folder).score(metric) for folder in labels.get(label, {}).values()]
    mean = over_seeds([score for score in scores if score])
    return Estimate(value=mean.value, low=mean.low, high=mean.high) if mean else None


def uncertainty_charts(claims: tuple[str, str], pairs: Mapping[Question, CheapAndCostly]) -> Iterator[Chart]:
    """What explanations save by decile of uncertainty, and by the share of pairs that have one; a chart a task.

    Args:
        claims: Below which the deciles stand, and the routing curves.
        pairs: The models with and without explanations, of each task of a domain.
    """
    deciles, shares = list(range(1, DECILES + 1)), [k / STEPS for k in range(STEPS + 1)]
    for question in dict.fromkeys(key.question for key in pairs):
        own = {key.domain: pair for key, pair in pairs.items() if key.question == question}
        gains: dict[str, tuple[Estimate | None, ...]] = {}
        routed: dict[str, tuple[Estimate | None, ...]] = {}
        for domain, pair in own.items():
            gains[domain] = _at(deciles, {k: _gained(g) for k, g in enumerate(pair.deciles(), 1)})
            # thresholds that send as many pairs, to a tenth, stand once
            points = {round(p.share * STEPS): _gained(p) for p in pair.curve(pair.thresholds())}
            values = _at(range(STEPS + 1), points)
            at_random = [Estimate(value=share * float(pair.saved.mean())) for share in shares]
            routed |= {domain: values, f"{domain}, at random": tuple(at_random)}
        title = f"Loss saved by explanations, {question}, by decile of uncertainty (1 the surest)"
        yield _chart(claims[0], title, "decile of uncertainty", "loss saved", deciles, gains)
        title = f"Loss saved by routing, {question}, by share of pairs with explanations (the least sure first)"
        yield _chart(claims[1], title, "share with explanations", "loss saved", shares, routed)


def _gained(part: Gain | RoutedShare) -> Estimate:
    return Estimate(value=part.gain, low=part.low, high=part.high)


def _at(keys: Iterable[int], values: Mapping[int, Estimate]) -> tuple[Estimate | None, ...]:
    return tuple(values.get(key) for key in keys)


def _chart(
    claim: str, title: str, x: str, y: str, ticks: Sequence[float], series: Mapping[str, tuple[Estimate | None, ...]]
) -> Chart:
    filled = {name: values for name, values in series.items() if any(values)}
    return Chart(claim=claim, title=title, x=x, y=y, ticks=tuple(ticks), series=filled)
