"""A paper's claim as a comparison of finished runs: which runs there are, and how two models of them compare.

Runs are looked up by domain, task and label, all seeds of each together; a comparison whose runs are missing is left
out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.harness.registries import load_metric, model_kind
from benchmarks.harness.results import Result, read_result
from benchmarks.pairs.reproductions import Finding, Verdict
from benchmarks.reporting.comparison import differences_of, systems
from rad.llm.settings import EndpointSettings
from rad.runtime.statistics import ALPHA, holm

TREES = "gradient_boosting"
SEEDS = 3  # fewer decide nothing
NO_DIFFERENCE = "no difference is shown"


class Question(NamedTuple):
    """What runs have in common."""

    domain: str
    protocol: str
    question: str
    split: str


Labels = Mapping[str, Mapping[int, Path]]
"""Label -> seed -> folder."""
Runs = Mapping[Question, Labels]


def find_runs(roots: Iterable[Path]) -> Runs:
    """The finished runs of pairs below some folders; of several of one seed the newest."""
    runs: dict[Question, dict[str, dict[int, tuple[str, Path]]]] = {}
    for root in roots:
        for path in sorted(root.glob("*/*/result.json")):
            if not (path.parent / "queries.jsonl").is_file():
                continue
            result = read_result(path)
            if result.task.name == "ranking":
                continue
            key = Question(result.task.domain, result.task.protocol, result.task.question, result.task.split)
            when = str(result.provenance.get("finished_at", ""))
            seeds = runs.setdefault(key, {}).setdefault(label_of(result), {})
            seeds[result.seed] = max(seeds.get(result.seed, ("", path.parent)), (when, path.parent))
    return {
        key: {label: {s: f for s, (_, f) in sorted(seeds.items())} for label, seeds in labels.items()}
        for key, labels in runs.items()
    }


def label_of(result: Result) -> str:
    """The model, its arm, what else was set (but for an endpoint), and the share of training where it is not all.

    A run that was cut to its first pairs says so: it is compared with no other.
    """
    arm = (result.model.arm or "").removeprefix("explanations=")
    share = result.model.config.get("train_share", 1.0)
    apart = {"explanations", "train_share", *EndpointSettings.model_fields, *(result.provenance.get("tuned") or {})}
    settings = result.provenance.get("settings") or {}
    others = [f"{key}={_word(value)}" for key, value in settings.items() if key not in apart]
    words = [*filter(None, [arm]), *(word for word in others if word not in arm.split(","))]
    label = ".".join([result.model.name, *filter(None, [",".join(words)])]) + (f"@{share:g}" if share != 1 else "")
    return label + (f" (first {result.task.limit})" if result.task.limit is not None else "")


def _word(value: object) -> str:
    """A setting as ``--set`` reads it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def compared(
    claim: str,
    key: Question,
    labels: Labels,
    names: Sequence[tuple[str, str]],
    metric: str,
    least: float = 0.0,
) -> list[Finding]:
    """A finding a pair of models: how much better the first is, all seeds of each averaged. p is not corrected yet.

    Args:
        claim: In the words of the page.
        key: What the runs are of.
        labels: The runs.
        names: Labels of the model that the claim is of, and of the one beside it.
        metric: By which.
        least: The gain, as a share of the second model's figure, from which the claim holds.
    """
    there = [(one, other) for one, other in names if one in labels and other in labels]
    is_higher = load_metric(metric).higher_is_better
    word = "gained over" if is_higher else "saved beside"
    out = []
    for one, other in there:
        both = systems([*labels[one].values(), *labels[other].values()], metric)
        (d,) = differences_of(both, False, 10_000, 0)
        value, low, high = (d.mean, d.low, d.high) if is_higher else (-d.mean, -d.high, -d.low)
        level = float(both[1].means.mean())
        share = value / level if level else 0.0
        holds = low > 0 and d.p < ALPHA and share >= least
        seeds = min(len(labels[label]) for label in (one, other) if _has_chance(label))
        verdict: Verdict = "reproduced here" if holds else "not reproduced here"
        because = "" if holds else _reason(low, high, d.p, share, least)
        if seeds < SEEDS:
            verdict, because = "not testable here", f"{seeds} of {SEEDS} seeds so far"
        figure = f"{metric} {word} {other}" + (f" ({one})" if "." in one or "@" in one else "") + f", {share:+.1%}"
        finding = Finding(
            claim=claim, where=where(key), figure=figure, value=value, low=low, high=high, p=d.p,
            seeds=seeds, parameters=" / ".join(_size(labels[label]) for label in (one, other)),
            verdict=verdict, because=because, command=command(key, one, other),
        )  # fmt: skip
        out.append(finding)
    return out


def corrected(findings: Sequence[Finding]) -> list[Finding]:
    """Holm's correction over all comparisons of a claim, on every domain; what it does not bear out is withdrawn."""
    out = list(findings)
    for claim in {f.claim for f in findings}:
        own = [k for k, f in enumerate(findings) if f.claim == claim and f.p is not None]
        for k, p in zip(own, holm(np.array([findings[k].p for k in own])).tolist(), strict=True):
            change: dict[str, object] = {"p": p}
            if p >= ALPHA and findings[k].verdict != "not testable here":
                change |= {"verdict": "not reproduced here", "because": NO_DIFFERENCE}
            out[k] = findings[k].model_copy(update=change)
    return out


def _has_chance(label: str) -> bool:
    """Whether the seeds of a model differ: of another one is enough."""
    return bool(model_kind(re.split("[.@ ]", label)[0]).stochastic)


def _size(seeds: Mapping[int, Path]) -> str:
    return f"{max(read_result(folder).model.n_parameters for folder in seeds.values()):,}"


def winners(runs: Runs, model: str, others: Collection[str], metric_of: Callable[[Question], str]) -> str:
    """Who wins where, of a paper's model and others beside it; LightGBM is named before all else where it does."""
    won: dict[str, list[str]] = {}
    for key, labels in sorted(runs.items()):
        both = {label: seeds for label, seeds in labels.items() if label in (*others, TREES, model)}
        if key.split == "test" and {TREES, model} <= both.keys():
            metric = metric_of(key)
            sign = -1 if load_metric(metric).higher_is_better else 1
            means = {label: sign * mean_score(seeds, metric) for label, seeds in both.items()}
            won.setdefault(min(means, key=lambda label: means[label]), []).append(where(key))
    parts = [f"LightGBM on the same features is the best model on {'; '.join(won[TREES])}."] if TREES in won else []
    parts += [f"{label} is the best on {'; '.join(places)}." for label, places in won.items() if label != TREES]
    return " ".join(parts)


def mean_score(seeds: Mapping[int, Path], metric: str) -> float:
    """Of the runs of one model; NaN where one lacks it."""
    scores = [read_result(folder).score(metric) for folder in seeds.values()]
    return float(np.mean([score.value if score else float("nan") for score in scores]))


def _reason(low: float, high: float, p: float, share: float, least: float) -> str:
    """What keeps a claim from being reproduced."""
    if p < ALPHA and high < 0:
        return "it is worse"
    if p < ALPHA and low > 0:
        return f"better, but by {share:.1%} and not {least:.0%}"
    return NO_DIFFERENCE


def where(key: Question) -> str:
    """The domain and the task."""
    return f"{key.domain}, {key.question}"


def command(key: Question, *labels: str) -> str:
    """How the runs are made again."""
    task, _, rest = key.question.partition(" ")
    kinds = (" --negatives drawn" if "drawn" in rest else "") + (" --split validation" if key.split != "test" else "")
    lines = []
    for label in labels:
        name, _, share = label.partition("@")
        model, _, arm = name.partition(".")
        changes = [word if "=" in word else f"explanations={word}" for word in arm.split(",") if word]
        changes += [f"train_share={share}"] if share else []
        more = " --set " + " ".join(changes) if changes else ""
        lines.append(
            f"python -m benchmarks.run --task {task}{kinds} --domain {key.domain} --model {model} --seed 0 1 2{more}"
        )
    return "\n".join(lines)
