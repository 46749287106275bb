"""LR-Recsys's claims as comparisons of finished runs (arXiv 2502.16759v1, abstract and experiments).

Each claim names two models by their labels and the figure to compare (:mod:`benchmarks.pairs.claims`).
"""

from __future__ import annotations

from benchmarks.harness.results import read_result
from benchmarks.pairs.ceilings import pair_ceilings
from benchmarks.pairs.claims import (
    NO_DIFFERENCE,
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
from benchmarks.pairs.lr_recsys_charts import SHARES, at_share, learning_curves, uncertainty_charts
from benchmarks.pairs.reproductions import Finding, Paper
from benchmarks.pairs.uncertainty import CheapAndCostly, read_ensemble
from rad.errors import RadError

MODEL, NETWORK = "lr_recsys", "dnn"
PLAIN = ("global_mean", "biases", "matrix_factorisation", "wide_deep", "deepfm", NETWORK)
LEAST = 0.03  # the smallest of the paper's gains over its best baseline
WIDE = {  # as many parameters as lr_recsys has with the encoder of its texts
    **{name: "hidden=224" for name in ("dnn", "wide_deep", "deepfm")},
    "matrix_factorisation": "width=32",
}
BASELINES = (*PLAIN, *(f"{name}.{change}" for name, change in WIDE.items()))
METRICS = {"rating": "rmse", "choice": "log_loss"}
LOSSES = {"rating": "squared error", "choice": "log loss"}
UNCERTAINTY = (
    f"python -m benchmarks.uncertainty --cheap runs/{NETWORK}/DIR... --costly runs/{MODEL}/DIR... "
    f"--validation-cheap runs/{NETWORK}/DIR... --validation-costly runs/{MODEL}/DIR..."
)
UNSURE = (
    f"*Unsure* is the variance of what the seeds of `{NETWORK}`, which reads no explanations, predict of a pair; the "
    "losses beside it are of their mean. Routing has a pair explained where that variance is above a threshold: "
    "the one that saves most on validation. With an endpoint each explained pair is a call."
)
TITLE = "LR-Recsys: do explanations make predictions better?"
REFERENCE = (
    "Wang, Li and Chen, *The Blessing of Reasoning: LLM-Based Contrastive Explanations in Black-Box Recommender "
    "Systems*, arXiv 2502.16759, version 1. Here explanations are written by the drafter `evidence`, which counts and "
    "has no knowledge of the world; `--set drafter=llm base_url=URL/v1 model=NAME` has a language model write them. "
    "Every model reads the same features ([ratings and choices](guide/pairs.md))."
)
CLAIMS = {
    "best": "It is 3 to 14% better than the best baseline (the network or plain model that is best on test)",
    "trees": "It is better than LightGBM on the same features",
    "explanations": "Explanations make the network better",
    "budget": "They do so beside a network of as many parameters",
    "own": "It is the pair's own explanation that helps: better than with another pair's",
    "reasoning": "It is the reasoning, not only the attributes: better than with the same claims as plain numbers",
    "sides": "Both sides are needed: better than with one side alone",
    "data": "It needs less training data: better than the network without explanations, from a share of training",
    "uncertain": "It helps more where the model is unsure",
    "routing": "Explanations only where the cheap model is unsure (the paper's open question)",
}
ELSEWHERE = (
    ("Its figures on its own three data sets", "they are not among RAD's domains"),
    ("A larger language model explains better", "no endpoint took part in these runs"),
)
WANTED = [(d, q) for q in ("rating", "choice (rated)") for d in ("world", "fashion", "movies", "fashion_rtr")]
ARMS = {"own": ("shuffled",), "reasoning": ("attributes",), "sides": ("positive", "negative")}
LABELS = {  # what the claims of a place are tested by
    "baselines": (*PLAIN, TREES),
    "a network of as many parameters": (f"{NETWORK}.{WIDE[NETWORK]}",),
    "arms": tuple(f"{MODEL}.{arm}" for arms in ARMS.values() for arm in arms),
    "shares of training": tuple(at_share(name, share) for share in SHARES[:-1] for name in (MODEL, NETWORK)),
}


def paper(runs: Runs) -> Paper:
    """All findings, charts, and the sentence that comes first. :class:`RadError` where there are no runs to compare."""
    findings = corrected([f for key in sorted(runs) if key.split == "test" for f in _of_question(key, runs)])
    if not findings:
        raise RadError("no runs of lr_recsys with others beside it: python -m benchmarks.run --task rating --model ...")
    findings += [
        Finding(claim=claim, where="", figure="", verdict="not testable here", because=b) for claim, b in ELSEWHERE
    ]
    order = [*CLAIMS.values(), *(claim for claim, _ in ELSEWHERE)]
    findings.sort(key=lambda f: order.index(f.claim))
    tested = {key: pair for key in sorted(runs) if key.split == "test" and (pair := _pair(runs[key]))}
    charts = [
        *learning_curves(CLAIMS["data"], runs, (MODEL, NETWORK, TREES), METRICS),
        *uncertainty_charts((CLAIMS["uncertain"], CLAIMS["routing"]), tested),
    ]
    text = "\n\n".join(filter(None, [_possible(runs), _missing(runs), UNSURE]))
    return Paper(
        title=TITLE,
        reference=REFERENCE,
        first=winners(runs, MODEL, BASELINES, _metric),
        text=text,
        findings=tuple(findings),
        charts=tuple(charts),
    )


def _possible(runs: Runs) -> str:
    """How far each model of a built-in world is from what can be known."""
    parts = []
    for key, labels in sorted(runs.items()):
        if key.split != "test" or MODEL not in labels:
            continue
        metric = _metric(key)
        result = read_result(next(iter(labels[MODEL].values())))
        best = pair_ceilings(result.task, result.dataset.sha256)
        if best:
            own = ", ".join(
                f"{name} {mean_score(labels[name], metric):.4f}" for name in (MODEL, NETWORK, TREES) if name in labels
            )
            row = best["bayes"][metric]
            parts.append(f"{where(key)}: {metric} {row.value:.4f} [{row.ci_low:.3f}, {row.ci_high:.3f}] ({own})")
    if not parts:
        return ""
    return (
        "The best that is possible (`python -m rad.world.ceilings world --pairs`: who knows the generator and the "
        f"history, but not the user), and these models: {'; '.join(parts)}."
    )


def _missing(runs: Runs) -> str:
    """What the page does not speak of, because nobody has run it."""
    tested = {(key.domain, key.question): labels for key, labels in runs.items() if key.split == "test"}
    validated = {
        (key.domain, key.question)
        for key, labels in runs.items()
        if key.split != "test" and {NETWORK, MODEL} <= labels.keys()
    }
    parts = []
    for task in WANTED:
        lacking = [words for words, labels in LABELS.items() if not set(labels) <= tested.get(task, {}).keys()]
        lacking += [] if task in validated else ["a threshold from validation"]
        named = f": {', '.join(lacking)}" if MODEL in tested.get(task, {}) else ""
        parts += [", ".join(task) + named] if lacking else []
    return f"Not run yet, so nothing is said of them: {'; '.join(parts)}." if parts else ""


def _metric(key: Question) -> str:
    return METRICS[key.question.partition(" ")[0]]


def _of_question(key: Question, runs: Runs) -> list[Finding]:
    labels = runs[key]
    if MODEL not in labels:
        return []
    metric = _metric(key)
    plain = [label for label in BASELINES if label in labels]
    out: list[Finding] = []
    if plain:
        best = min(plain, key=lambda label: mean_score(labels[label], metric))
        out += compared(CLAIMS["best"], key, labels, [(MODEL, best)], metric, LEAST)
    wide = f"{NETWORK}.{WIDE[NETWORK]}"
    for claim, other in (("trees", TREES), ("explanations", NETWORK), ("budget", wide)):
        out += compared(CLAIMS[claim], key, labels, [(MODEL, other)], metric)
    for claim, arms in ARMS.items():
        out += compared(CLAIMS[claim], key, labels, [(MODEL, f"{MODEL}.{arm}") for arm in arms], metric)
    at = [(at_share(MODEL, share), at_share(NETWORK, share)) for share in SHARES]
    if any(one in labels for one, _ in at[:-1]):
        out += compared(CLAIMS["data"], key, labels, at, metric)
    return out + _uncertain(key, runs)


def _uncertain(key: Question, runs: Runs) -> list[Finding]:
    """The gain on the less sure half, and what routing saves with the threshold that validation chose."""
    pair = _pair(runs[key])
    if pair is None:
        return []
    tested = command(key, NETWORK, MODEL)
    value, low, high = pair.slope()
    seeds, loss = len(runs[key][MODEL]), LOSSES[key.question.partition(" ")[0]]
    more = Finding(
        claim=CLAIMS["uncertain"], where=where(key), value=value, low=low, high=high, seeds=seeds,
        figure=f"{loss} saved on the less sure half less that on the surer", command=f"{tested}\n{UNCERTAINTY}",
        verdict="reproduced here" if low > 0 else "not reproduced here",
        because="" if low > 0 else NO_DIFFERENCE if high > 0 else "it helps less",
    )  # fmt: skip
    validated = key._replace(split="validation")
    validation = _pair(runs.get(validated, {}))
    if validation is None:
        return [more]
    (point,) = pair.curve([validation.best_threshold()])
    routed = Finding(
        claim=CLAIMS["routing"], where=where(key), seeds=seeds, value=point.gain, low=point.low, high=point.high,
        figure=f"{loss} saved: the threshold has {point.share:.0%} of pairs explained "
        f"(all of them would save {float(pair.saved.mean()):+.4f})",
        command=f"{tested}\n{command(validated, NETWORK, MODEL)}\n{UNCERTAINTY}",
        verdict="reproduced here" if point.low > 0 else "not reproduced here",
        because="" if point.low > 0 else "nothing is shown to be saved",
    )  # fmt: skip
    return [more, routed]


def _pair(labels: Labels) -> CheapAndCostly | None:
    """The network without and with explanations, where there are several seeds of both."""
    if min(len(labels.get(name, {})) for name in (NETWORK, MODEL)) < 2:
        return None
    return CheapAndCostly(*(read_ensemble(list(labels[name].values())) for name in (NETWORK, MODEL)))
