"""ReasoningRec's claims as comparisons of finished runs (arXiv 2410.23180, abstract and ablations).

Models and arms are compared by the AUC of their probabilities (:mod:`benchmarks.pairs.claims`). Three things follow
from the predictions themselves: the AUC of hard labels, which the paper reports; the gain of an input on long and on
short histories, by log loss, since it is a mean; and what a student keeps of its teacher, at which cost.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import mean

import numpy as np

from benchmarks.harness.base import PairAnswers
from benchmarks.harness.registries import load_metric
from benchmarks.harness.results import read_result
from benchmarks.pairs.claims import (
    NO_DIFFERENCE,
    SEEDS,
    TREES,
    Labels,
    Question,
    Runs,
    command,
    compared,
    corrected,
    mean_score,
    where,
    winners,
)
from benchmarks.pairs.reproductions import Finding, Paper
from benchmarks.pairs.uncertainty import Ensemble, read_ensemble
from benchmarks.reporting.markdown import markdown
from rad.errors import RadError
from rad.runtime.files import read_jsonl
from rad.runtime.statistics import bootstrap, clusters_of, column_means, percentile_interval

MODEL, METRIC = "reasoning_rec", "auc"
PLAIN = ("biases", "dnn", "deepfm", "lr_recsys")
ALONE, FIRST, BLIND = (f"{MODEL}.{arm}" for arm in ("order=answer_alone", "order=answer_first", "drafting=blind"))
NO_PROFILE, NO_DESCRIPTION = f"{MODEL}.profile=false", f"{MODEL}.description=false"
TEACHER, MEDIUM = f"{MODEL}.base=teacher", f"{MODEL}.base=medium"
MORE = f"{BLIND},lessons=6000"  # of the teacher that teaches best
NO_SIDES = "the pairs have no two sides to compare"
FREE, LEAK = f"{MODEL}.decoding=free", f"{MODEL}.leak="
TITLE = "ReasoningRec: does a small model that reasons predict better?"
REFERENCE = (
    "Bismay, Dong and Caverlee, *ReasoningRec: Bridging Personalized Recommendations and Human-Interpretable "
    "Explanations through LLM Reasoning*, arXiv 2410.23180. Here the teacher is the drafter `evidence`, which counts; "
    "the student is a new language model of half a million parameters, which learns from 1,000 pairs. LightGBM and "
    "the other plain models learn from all pairs ([ratings and choices](guide/pairs.md))."
)
INTRODUCTION = (
    "Arms and students, the mean of their seeds. What is unread scores as the mean answer. Seconds are those of two "
    "cores that other work shared; tokens and parameters do not depend on that:"
)
CLAIMS = {
    "best": "It predicts better than other methods (up to 12.5% in the paper)",
    "reasoning": "Reasoning helps: better than the answer alone",
    "order": "Reasoning before the answer is better than after it, the published order",
    "hindsight": "A teacher that knows the answer teaches better than one that does not",
    "profile": "Profiles help",
    "description": "Descriptions help",
    "long": "Profiles matter more for long histories",
    "short": "Descriptions matter more for short histories",
    "soft": "Hard labels hide how well it orders: AUC of its probabilities less AUC of its labels (ours)",
    "leak": "The user's own review of the item in its description is a leak: better by it (ours)",
    "distilled": "A small student keeps what its teacher knows (LR-Recsys's open question)",
}
ARMS = {
    "best": [*((MODEL, other) for other in (TREES, *PLAIN)), *((one, TREES) for one in (BLIND, MORE))],
    "reasoning": [(MODEL, ALONE), (BLIND, ALONE)],
    "order": [(MODEL, FIRST)],
    "hindsight": [(MODEL, BLIND)],
    "profile": [(MODEL, NO_PROFILE)],
    "description": [(MODEL, NO_DESCRIPTION)],
    "distilled": [(student, TEACHER) for student in (MODEL, BLIND, MEDIUM, MORE)],
}
ELSEWHERE = (
    ("Its figures on its own data sets", "its texts were written by a large model, which took no part here"),
    ("People find its explanations good", "nobody was asked"),
)


def paper(runs: Runs) -> Paper:
    """All findings, and the sentence that comes first. :class:`RadError` where there are no runs to compare."""
    tested = {key: labels for key, labels in sorted(runs.items()) if key.split == "test" and MODEL in labels}
    findings = corrected([finding for key, labels in tested.items() for finding in _of_question(key, labels)])
    if not findings:
        raise RadError(f"no runs of {MODEL} with others beside it: python -m benchmarks.run --task choice --model ...")
    findings += [
        Finding(claim=claim, where="", figure="", verdict="not testable here", because=b) for claim, b in ELSEWHERE
    ]
    order = [*CLAIMS.values(), *(claim for claim, _ in ELSEWHERE)]
    findings.sort(key=lambda f: order.index(f.claim))
    tables = [f"**{where(key)}**\n\n{markdown(students(labels))}" for key, labels in tested.items()]
    text = "\n\n".join([*_missing(tested), INTRODUCTION, *tables])
    first = winners(runs, MODEL, PLAIN, lambda _: METRIC)
    return Paper(title=TITLE, reference=REFERENCE, first=first, text=text, findings=tuple(findings))


def _missing(tested: Runs) -> list[str]:
    """The arms of claims that nobody has run, where."""
    wanted = (ALONE, FIRST, BLIND, NO_PROFILE, NO_DESCRIPTION, TEACHER, MEDIUM)
    missing = [
        f"{where(key)}: {', '.join(label.partition('.')[2] for label in wanted if label not in labels)}"
        for key, labels in tested.items()
        if not labels.keys() >= set(wanted)
    ]
    return [f"Not run yet, so nothing is said of them: {'; '.join(missing)}."] if missing else []


def students(labels: Labels) -> list[dict[str, str]]:
    """What each arm and each student scores and costs, the best first: rows of a table."""
    own = [label for label in labels if label.startswith(MODEL)]
    out = []
    areas = {label: mean_score(labels[label], METRIC) for label in own}
    for label in sorted(own, key=lambda label: (np.isnan(areas[label]), -areas[label])):
        arm = label.removeprefix(MODEL).lstrip(". ")
        results = [read_result(folder) for folder in labels[label].values()]
        ensemble = read_ensemble(list(labels[label].values()))
        tokens = [r.cost.tokens_per_query for r in results if r.cost.tokens_per_query is not None]
        out.append({
            "model": arm if arm and arm[0] != "(" else f"default {arm}".strip(),
            "AUC": f"{areas[label]:.4f}",
            "AUC of hard labels": f"{_areas(ensemble, True).mean():.4f}",
            "log loss": f"{mean_score(labels[label], 'log_loss'):.4f}",
            "parameters": f"{max(r.model.n_parameters for r in results):,}",
            "tokens/pair": f"{mean(tokens):.1f}" if tokens else "",
            "ms/pair": f"{mean(r.cost.ms_per_query for r in results):.1f}",
            "fit s": f"{mean(r.cost.fit_seconds for r in results):.0f}",
            "pairs": f"{min(r.task.n for r in results):,}",
            "unread": f"{sum(r.task.n_failed for r in results):,}",
            "seeds": f"{len(results)}",
        })  # fmt: skip
    return out


def _of_question(key: Question, labels: Labels) -> list[Finding]:
    out: list[Finding] = []
    for claim, names in ARMS.items():
        out += compared(CLAIMS[claim], key, labels, names, METRIC)
    leaks = [label for label in labels if label.startswith(LEAK)]
    out += compared(CLAIMS["leak"], key, labels, [(label, MODEL) for label in leaks], METRIC)
    for claim, arm, sign in (("long", NO_PROFILE, 1), ("short", NO_DESCRIPTION, -1)):
        if arm in labels:
            out.append(_by_length(claim, key, labels, arm, sign))
    out += [_softness(key, labels, label) for label in (MODEL, FIRST, FREE) if label in labels]
    return out


def _finding(
    claim: str, key: Question, figure: str, table: np.ndarray, value: Callable[[np.ndarray], np.ndarray],
    seeds: int, labels: Sequence[str], users: Sequence[str],
) -> Finding:  # fmt: skip
    """A finding from columns [pairs, k], of whose means ``value`` [..., k] -> [...] is the figure.

    ``users`` has the user of each pair.
    """
    means = column_means(table)
    drawn = value(bootstrap(means, len(table), clusters=clusters_of(users)))
    point = float(value(means(np.ones((1, len(table)))))[0])
    low, high = percentile_interval(drawn) or (float("nan"), float("nan"))
    if np.isnan(point) or np.isnan(low):
        return Finding(
            claim=CLAIMS[claim], where=where(key), figure=figure, verdict="not testable here", because=NO_SIDES
        )
    because = "" if low > 0 else NO_DIFFERENCE if high > 0 else "it is the other way about"
    verdict = "reproduced here" if low > 0 else "not reproduced here"
    if seeds < SEEDS:
        verdict, because = "not testable here", f"{seeds} of {SEEDS} seeds so far"
    return Finding.model_validate({
        "claim": CLAIMS[claim], "where": where(key), "figure": figure, "value": point, "low": low, "high": high,
        "seeds": seeds, "verdict": verdict, "because": because, "command": command(key, *labels),
    })  # fmt: skip


def _by_length(claim: str, key: Question, labels: Labels, arm: str, sign: int) -> Finding:
    """The gain of an input on the longer histories less that on the others; the other way about with ``sign`` -1."""
    folders = list(labels[MODEL].values())
    saved = _log_losses(list(labels[arm].values())) - _log_losses(folders)
    queries = [row for _, row in read_jsonl(folders[0] / "queries.jsonl")]
    lengths, users = np.array([_history(row) for row in queries]), [row["user_id"] for row in queries]
    is_long = lengths > np.median(lengths)
    table = np.stack([np.where(is_long, saved, np.nan), np.where(is_long, np.nan, saved)], axis=1)
    word = f"over {np.median(lengths):.0f} items" if sign > 0 else f"up to {np.median(lengths):.0f} items"
    figure = f"log loss saved beside {arm}: with {word} less with {'fewer' if sign > 0 else 'more'}"
    seeds = min(len(labels[MODEL]), len(labels[arm]))
    return _finding(claim, key, figure, table, lambda m: sign * (m[:, 0] - m[:, 1]), seeds, [MODEL, arm], users)


def _log_losses(folders: Sequence[Path]) -> np.ndarray:
    """[pairs]: the mean over seeds."""
    rows = [[row["scores"]["log_loss"] for _, row in read_jsonl(folder / "queries.jsonl")] for folder in folders]
    return np.asarray(np.array(rows, dtype=float).mean(0))


def _history(row: dict) -> int:
    """The length of a history: the id of a query ends with the place of its answer in the user's sequence."""
    return int(str(row["query_id"]).removeprefix(f"{row['user_id']}-").partition("-")[0])


def _softness(key: Question, labels: Labels, label: str) -> Finding:
    """AUC of probabilities less AUC of the labels that they round to."""
    ensemble = read_ensemble(list(labels[label].values()))
    table = np.stack([_areas(ensemble, False), _areas(ensemble, True)], axis=1)
    figure = f"{label}: AUC {table[:, 0].mean():.4f}, of hard labels {table[:, 1].mean():.4f}"
    seeds, users = len(ensemble.folders), ensemble.users
    return _finding("soft", key, figure, table, lambda m: m[:, 0] - m[:, 1], seeds, [label], users)


def _areas(ensemble: Ensemble, hard: bool) -> np.ndarray:
    """[pairs]: influence values of AUC, the mean over seeds."""
    metric = load_metric(METRIC)({}, None)
    rows = ensemble.predicted > 0.5 if hard else ensemble.predicted
    values = metric.values  # type: ignore[attr-defined]
    answers = [PairAnswers(row.astype(float), ensemble.actual, ensemble.actual > 0.5) for row in rows]
    return np.asarray(np.mean([values(one) for one in answers], axis=0))
