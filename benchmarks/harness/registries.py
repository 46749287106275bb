"""Models and metrics by name, with the types that they promise.

A metric's name may have a cut: ``ndcg@10`` is ``benchmarks/metrics/ranking/ndcg.py`` with ``k=10``. Which metrics are
computed by default, and in which order tables show them, follows from what the metrics' classes state.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

from benchmarks.harness.base import (
    CUT,
    FAMILIES,
    AskingMetric,
    BenchmarkModel,
    Metric,
    PairModel,
    Recommender,
    TaskName,
)
from rad import registry
from rad.errors import RadError
from rad.types import Item

MODELS, METRICS = "benchmarks.models", "benchmarks.metrics"
ATTESTED = frozenset({"model", "judged"})  # what a metric may need that predictions do not hold


def model_kind(name: str) -> type[BenchmarkModel]:
    """The class of a model. :class:`RadError` on an unknown name, a missing library, or a class of another kind."""
    kind = registry.load(MODELS, name)
    if not (isinstance(kind, type) and issubclass(kind, Recommender | PairModel)):
        raise RadError(
            f"model '{name}': its Model must inherit from Recommender or PairModel of benchmarks.harness.base"
        )
    return kind


def load_model(name: str) -> type[Recommender]:
    """The class of a model that ranks a catalogue. :class:`RadError` also on one that does not."""
    kind = model_kind(name)
    if not issubclass(kind, Recommender):
        raise RadError(f"{name} scores pairs and ranks nothing: python -m benchmarks.run --task rating --model {name}")
    return kind


@cache
def load_metric(name: str) -> type[Metric]:
    """The class of a metric, whatever cut or measure of effect follows its name (``ndcg@10``, ``swap.rank``)."""
    base = name.partition("@")[0].partition(".")[0]
    kind = registry.load(METRICS, base)
    if not (isinstance(kind, type) and issubclass(kind, Metric)):
        raise RadError(f"metric '{base}': its Metric must inherit from a base of benchmarks.harness.base")
    return kind


def metric_kinds(task: TaskName = "ranking") -> Mapping[str, type[Metric]]:
    """Every metric of a task by the name with which it stands in tables, in their order: family, position, name.

    One whose library is not installed stands in no table; asked for by name it says what it needs.
    """
    return {name: kind for name, kind in _kinds(tuple(registry.names(METRICS))).items() if task in kind.tasks}


@cache
def _kinds(names: tuple[str, ...]) -> Mapping[str, type[Metric]]:
    kinds: dict[str, type[Metric]] = {}
    for name in names:
        try:
            kind = load_metric(name)
        except RadError:
            continue
        kinds[f"{name}@{kind.default_cut}" if kind.default_cut else name] = kind
    return dict(sorted(kinds.items(), key=lambda pair: (*table_place(pair[1]), pair[0])))


def asking_metrics() -> dict[str, type[AskingMetric]]:
    """The metrics that ask the model again, by name."""
    return {name: kind for name, kind in metric_kinds().items() if issubclass(kind, AskingMetric)}


def table_place(kind: type[Metric]) -> tuple[int, str, int]:
    """What orders the metrics of a table: rank families first, in their order."""
    rank = FAMILIES.index(kind.family) if kind.family in FAMILIES else len(FAMILIES)
    return rank, kind.family, kind.position


def default_metrics(task: TaskName = "ranking") -> tuple[str, ...]:
    """The metrics that ``benchmarks.run`` computes unless ``--metrics`` says otherwise."""
    return tuple(name for name, kind in metric_kinds(task).items() if kind.default)


def headline_metrics(family: str | None = None) -> tuple[str, ...]:
    """The metrics that have a column in the short tables, those of one family or all."""
    kinds = metric_kinds().items()
    return tuple(name for name, kind in kinds if kind.headline and family in (None, kind.family))


def reads_rationales(metric: str) -> bool:
    """Whether a metric looks at rationales; False for a name that is not in the registry."""
    return _is_known(metric) and bool(load_metric(metric).needs)


def title_of(metric: str) -> str:
    """What a table calls a metric: its title, its cut, and the measure of effect where one is named."""
    if not _is_known(metric):
        return metric
    base, at, cut = metric.partition("@")
    measure = base.partition(".")[2]
    return (load_metric(metric).title or base.partition(".")[0]) + at + cut + (f", by {measure}" if measure else "")


def _is_known(metric: str) -> bool:
    return metric.partition("@")[0].partition(".")[0] in registry.names(METRICS)


def load_metrics(names: Sequence[str], items: Mapping[str, Item], task: TaskName = "ranking") -> dict[str, Metric]:
    """Metric objects by the names they were asked for. All bad names are reported at once."""
    available, violations, metrics = registry.names(METRICS), [], {}
    unknown = [name for name in names if name.partition("@")[0] not in available]
    for name in names:
        if name in unknown:
            continue
        base, at, cut = name.partition("@")
        kind = load_metric(base)
        if task not in kind.tasks:
            violations.append(f"metric '{base}' is of --task {' and '.join(kind.tasks)}, not of {task}")
        elif at and not kind.cuts:
            violations.append(f"metric '{base}' takes no cut, found '{name}'")
        elif at and not (cut.isascii() and cut.isdigit() and 1 <= int(cut) <= CUT):
            violations.append(f"metric '{name}': the cut after @ must be 1 to {CUT}")
        elif kind.needs & ATTESTED:
            violations.append(f"metric '{name}' asks the model or a judge: python -m benchmarks.explain RESULT_DIR")
        else:
            metrics[name] = kind(items, int(cut) if at else None)
    if unknown:
        of_task = [name.partition("@")[0] for name in metric_kinds(task)]
        violations.append(registry.unknown("metric", [name.partition("@")[0] for name in unknown], of_task))
    if violations:
        raise RadError("; ".join(violations))
    return metrics
