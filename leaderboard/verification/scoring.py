"""The scores of an entry, from its predictions, by the code that scores the project's own runs.

Those that needed the model or a judge cannot follow from predictions: they are *attested*, are marked so wherever they
are shown, and only what they may be is checked. Those by an earlier version of their metric are not computed again, as
the code now scores otherwise: an old entry keeps them on its own page, and no table shows them. So it is
with those that an encoder would have to read every text for.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.harness.base import TaskName
from benchmarks.harness.evaluate import Evaluation, evaluate, measure, summary, users_of
from benchmarks.harness.registries import ATTESTED, METRICS, default_metrics, load_metric, load_metrics
from benchmarks.harness.results import Score
from benchmarks.harness.violations import checked, validated_pairs
from benchmarks.pairs.evaluate import evaluate_pairs
from leaderboard.verification.entry import EXAMPLES, SHOWN_HISTORY, Claim, Entry, Sentence, Shown
from leaderboard.verification.predictions import Answers, rankings
from leaderboard.verification.task import EvaluationSet
from rad import registry
from rad.errors import RadError
from rad.rationales import text
from rad.rationales.strengths import LEVELS, levels
from rad.types import Example, PairPrediction, Prediction, Query, Reason

CLOSE = 1e-6  # of a score to the same score computed here
UNREAD = frozenset({"embedding_similarity"})  # ranks nothing, and of long texts takes most of the time
CLOSE_READ = 1e-3  # of explanations: some are read with an embedding, whose last bits differ between machines
CLOSE_END = 0.15  # of an interval's width: what a thousand resamples by another generator may move its ends by


EVERY = (*default_metrics(), "target_named", "reader_gain@10")  # computed for each ranking, whatever it states


def every_metric(task: TaskName) -> tuple[str, ...]:
    """The metrics that are computed for each entry, whatever it states."""
    return EVERY if task == "ranking" else default_metrics(task)


def every_score(predictions: Answers, data: EvaluationSet, seed: int) -> list[Score]:
    """Every score that tables show and that follows from predictions. One without an answer to it is left out."""
    return evaluation(every_metric(data.task), predictions, data, seed).scores


@dataclass
class Comparison:
    """What an entry states beside what its predictions give: lines where they differ, and scores that it leaves out.

    ``unsound`` is the first reason that is no sound fact, with its query; None where all are.
    """

    violations: list[str]
    left_out: list[Score]
    unsound: str | None = None


def compared(entry: Entry, predictions: Answers, data: EvaluationSet) -> Comparison:
    """The entry's scores, counts and examples beside what its predictions give: every score, stated or not."""
    names = list(dict.fromkeys([*every_metric(data.task), *(s.metric for s in recomputed(entry.result.scores))]))
    try:
        computed = evaluation(names, predictions, data, entry.result.seed)
    except RadError as error:
        return Comparison([f"result.scores: {str(error)[:400]}"], [])
    of_entry = {s.metric for s in (*entry.result.scores, *(entry.explanation.scores if entry.explanation else ()))}
    scores = computed.scores
    if data.is_season:  # a slice may be of few queries, so that its score would tell their answers
        scores = [rounded(s, len(data.examples)) for s in scores if s.slice == "all"]
    left_out = [s for s in scores if s.slice == "all" and s.metric not in of_entry]
    lines = list(_violations(entry, scores, computed, predictions, data))
    return Comparison(lines, left_out, _unsound(rankings(predictions), data, computed))


def _violations(
    entry: Entry, scores: Sequence[Score], computed: Evaluation, answers: Answers, data: EvaluationSet
) -> Iterator[str]:
    result, predictions = entry.result, rankings(answers)
    yield from _different("result.scores", recomputed(result.scores), scores, CLOSE)
    if result.task.n_repeat != computed.n_repeat:
        yield f"result.task.n_repeat: {result.task.n_repeat}, the task has {computed.n_repeat}"
    yield from _outdated("result.scores", result.scores, len(data.queries))
    n_rationales = sum(p.rationale is not None for p in predictions if p.error is None)
    yield from _attested("result.scores", [s for s in result.scores if s.basis == "attested"], n_rationales)
    if entry.explanation is not None and not data.is_season:  # its scores are not rounded
        yield from _explanation(entry, computed.values, predictions, data)
    expected = shown(answers, data)[: len(entry.examples)]
    if entry.examples != expected:
        yield "examples: not what the predictions say of the first queries (leave them empty, or let submit fill them)"
    if entry.titles not in ({}, titles(expected, data)):
        yield "titles: not those of the items in the examples (only built-in domains have any)"


def is_outdated(score: Score) -> bool:
    """Whether a score is by an earlier version of its metric."""
    return _is_metric(score.metric) and 1 <= score.version < load_metric(score.metric).version


def is_unread(score: Score) -> bool:
    """Whether a score is stated as it is: computing it again takes more than verifying may."""
    return score.metric.partition("@")[0].partition(".")[0] in UNREAD and score.basis == "recomputed"


def better(score: Score) -> str:
    """Which way is better, as tables say it; a metric that is not of this code is as the score says."""
    if _is_metric(score.metric):
        return load_metric(score.metric).better()
    return "higher" if score.higher_is_better else "lower"


def recomputed(scores: Sequence[Score]) -> list[Score]:
    """Those that must be what the predictions give."""
    return [s for s in scores if s.basis == "recomputed" and not is_outdated(s) and not is_unread(s)]


def _is_metric(name: str) -> bool:
    return name.partition("@")[0].partition(".")[0] in registry.names(METRICS)


def evaluation(metrics: Sequence[str], answers: Answers, data: EvaluationSet, seed: int = 0) -> Evaluation:
    """The named scores of predictions, from the code that scores the project's own runs."""
    if not metrics:
        raise RadError("none is recomputed")
    if data.pairs is not None:
        scored = data.pairs.pairs["test"]
        numbers = [p for p in answers if isinstance(p, PairPrediction)]
        judged = validated_pairs(numbers, scored, data.pairs.task)
        return evaluate_pairs(
            judged, scored, metrics, data.items, data.pairs.task, data.pairs.constant, data.seen, seed
        )  # fmt: skip
    return evaluate(rankings(answers), data.examples, metrics, data.items, data.seen, seed, facts=data.facts)


def query_values(metric: str, answers: Answers, data: EvaluationSet) -> np.ndarray:
    """A metric of each query or pair, in the order of the task."""
    if data.pairs is not None:
        return evaluation([metric], answers, data).values[metric]
    usable, _ = checked(rankings(answers), data.examples, data.items)
    values, _ = measure(load_metrics([metric], data.items), usable, data.examples)
    return values[metric]


def scored(entry: Entry, predictions: Answers, data: EvaluationSet) -> Entry:
    """The entry with the scores, examples and titles that it left to us."""
    computed = evaluation(EVERY, predictions, data, entry.result.seed)
    part = entry.result.task.model_copy(update={"n_repeat": computed.n_repeat})
    scores = [rounded(score, len(data.examples)) for score in computed.scores if score.slice == "all"]
    result = entry.result.model_copy(update={"scores": scores, "task": part})
    examples = shown(predictions, data)
    return entry.model_copy(update={"result": result, "examples": examples, "titles": titles(examples, data)})


def rounded(score: Score, queries: int) -> Score:
    """A score of a season of so many queries: all digits of many entries would tell the answers.

    It is rounded to the last digit that its interval leaves open, and at least so far that five queries alone do not
    show: who lets all others fail learns nothing of the one that is answered.
    """
    half = (score.ci_high - score.ci_low) / 2
    digits = -math.floor(math.log10(half)) if half > 0 else 2
    digits = min(digits, math.floor(math.log10(max(queries, 10) / 10)))
    value, low, high = (round(x, digits) for x in (score.value, score.ci_low, score.ci_high))
    least = 0.0 if score.ci_low >= 0 else -math.inf
    step = 10.0**-digits  # the interval is this wide at least: that of few answers tells how many are right
    ends = max(min(low, round(value - step, digits)), least), max(high, round(value + step, digits))
    return score.model_copy(update={"value": value, "ci_low": ends[0], "ci_high": ends[1]})


def _explanation(
    entry: Entry, computed: Mapping[str, np.ndarray], predictions: Sequence[Prediction], data: EvaluationSet
) -> Iterator[str]:
    """What is wrong with an entry's scorecard; ``computed`` has the values [queries] of the metrics of the entry."""
    # loads the models' side, so only where an entry has a scorecard
    from benchmarks.explanations.families import explanation_metrics

    card = entry.explanation
    assert card is not None
    n_rationales = sum(p.rationale is not None for p in predictions if p.error is None)
    if (card.n, card.n_rationales) != (len(data.examples), n_rationales):
        here = f"{len(data.examples)}, {n_rationales}"
        yield f"explanation.n: {card.n} queries, {card.n_rationales} rationales; here {here}"
    yield from _outdated("explanation.scores", card.scores, card.n)
    claimed = recomputed(card.scores)
    kinds = explanation_metrics(attested=False)
    if unknown := sorted({s.metric for s in claimed} - kinds.keys()):
        words = registry.unknown("metric", [ascii(w)[1:-1][:60] for w in unknown], kinds)
        yield f"explanation.scores: {words[:400]}"
        return
    if claimed:
        names = {s.metric for s in claimed}
        metrics = {name: kind(data.items, kind.default_cut) for name, kind in kinds.items() if name in names}
        answers, _ = checked(predictions, data.examples, data.items)
        cuts = {name: f"{name}@{metric.k}" if metric.cuts else name for name, metric in metrics.items()}
        left = {name: metric for name, metric in metrics.items() if cuts[name] not in computed}
        values, corpus = measure(left, answers, data.examples, facts=data.facts)
        values |= {name: computed[cuts[name]] for name in metrics.keys() - left.keys()}
        everyone = {"all": np.ones(len(data.examples), bool)}
        scores = summary(metrics, values, corpus, everyone, entry.result.seed, 1000, users_of(data.examples))
        yield from _different("explanation.scores", claimed, scores, CLOSE_READ)
    yield from _attested("explanation.scores", [s for s in card.scores if s.basis == "attested"], n_rationales)


def _unsound(predictions: Sequence[Prediction], data: EvaluationSet, computed: Evaluation) -> str | None:
    """The first reason that is no sound fact: its query, and what is wrong with it.

    Reasons are counted again only of queries whose soundness says that one is not: counting is what verifying takes.
    """
    if not data.facts or "soundness" not in computed.values:
        return None
    less = {key for key, value in zip(computed.query_ids, computed.values["soundness"], strict=True) if value < 1}
    queries = {e.query.query_id: e.query for e in data.examples}
    for p in predictions:
        reasons = p.rationale.reasons if p.rationale and p.query_id in less else ()
        for reason in reasons:
            if violation := next(data.facts().check(reason, queries[p.query_id]), None):
                return f"query {p.query_id}: {violation.detail[:200]}"
    return None


def _different(at: str, claimed: Sequence[Score], computed: Sequence[Score], close: float) -> Iterator[str]:
    scores = {(s.metric, s.slice): s for s in computed}
    for score in claimed:
        name = f"{at}: {score.metric} ({ascii(score.slice)[1:-1][:40]})"
        true = scores.get((score.metric, score.slice))
        if true is None:
            yield f"{name} does not follow from the predictions"
            continue
        if abs(score.value - true.value) > close:
            yield f"{name} is {score.value!r}, the predictions give {true.value!r}"
        slack = close + CLOSE_END * (true.ci_high - true.ci_low)
        if max(abs(score.ci_low - true.ci_low), abs(score.ci_high - true.ci_high)) > slack:
            yield (
                f"{name} has the interval {score.ci_low:.6g} to {score.ci_high:.6g}, "
                f"the predictions give {true.ci_low:.6g} to {true.ci_high:.6g}"
            )
        for field in ("n", "higher_is_better", "version"):
            if (value := getattr(score, field)) != (must := getattr(true, field)):
                yield f"{name} has {field} {value}, must be {must}"


def _outdated(at: str, claimed: Sequence[Score], n: int) -> Iterator[str]:
    """A score that is not computed again (its metric has changed, or is unread) is one that the metric may give."""
    for score in claimed:
        if (is_outdated(score) or is_unread(score)) and not _is_within(score, n):
            yield f"{at}: {ascii(score.metric)[1:-1][:60]} is outside its range, or of its own interval"


def _is_within(score: Score, n: int) -> bool:
    low, high = load_metric(score.metric).range
    return low <= score.ci_low <= score.value <= score.ci_high <= high and 0 < score.n <= n


def _attested(at: str, claimed: Sequence[Score], n: int) -> Iterator[str]:
    """What can be said of a score that is not computed again: that it may be attested at all, and its bounds."""
    for score in claimed:
        name = f"{at}: {ascii(score.metric)[1:-1][:60]}"
        if not _is_metric(score.metric):
            yield f"{name} is no metric"
            continue
        kind = load_metric(score.metric)
        low, high = kind.range
        if not kind.needs & ATTESTED:
            yield f"{name} is called attested, but follows from the predictions"
        elif not n:
            yield f"{name} is of rationales, and the predictions have none"
        elif not _is_within(score, n):
            yield f"{name} is outside its range of {low} to {high}, or of its own interval, or n is above {n}"


# --- examples ---


def shown(predictions: Answers, data: EvaluationSet) -> list[Shown]:
    """The first queries as the page shows them; those with very long histories are passed over. None of pairs."""
    if data.pairs is not None:
        return []
    answers = {p.query_id: p for p in rankings(predictions)}
    short = (e for e in data.examples if len(e.query.history) <= SHOWN_HISTORY)
    return [_one(answers[e.query.query_id], e, data) for e, _ in zip(short, range(EXAMPLES), strict=False)]


def _one(p: Prediction, e: Example, data: EvaluationSet) -> Shown:
    target = None if data.is_season else next(iter(e.relevant))
    rationale = p.rationale
    sentences, others = _sentences(rationale.reasons, e.query, data) if rationale else ([], [])
    return Shown(
        query_id=p.query_id,
        history=[x.item_id for x in e.query.history],
        rationale=rationale.text if rationale else None,
        verdict=rationale.verdict if rationale else None,
        sentences=sentences,
        claims=list(_claims(others))[:200],
        ranking=[] if p.error else list(p.ranking[:10]),
        target=target,
        rank=p.ranking.index(target) + 1 if target is not None and target in p.ranking and p.error is None else None,
        error=p.error,
    )


def _sentences(reasons: Sequence[Reason], query: Query, data: EvaluationSet) -> tuple[list[Sentence], list[Reason]]:
    """The reasons that state their numbers, in words and counted again; and the others."""
    sentences, others = [], []
    for reason, level in zip(reasons, levels(reasons)[0], strict=True):
        try:
            words = text.sentence(reason, level or LEVELS[-1])
        except (RadError, LookupError, ArithmeticError):  # no fact, or numbers that no sentence can hold
            others.append(reason)
            continue
        violation = next(data.facts().check(reason, query), None) if data.facts else None
        sentences.append(Sentence(text=words, weight=reason.weight, violation=violation.detail if violation else None))
    return sentences, others


def _claims(reasons: Sequence[Reason]) -> Iterator[Claim]:
    for reason in reasons:
        cites = [k + 1 for k in reason.evidence.history]
        for wanted, pairs in ((True, reason.wants), (False, reason.avoids)):
            for attribute, value in pairs:
                yield Claim(attribute=attribute, value=value, wanted=wanted, weight=reason.weight, cites=cites)


def titles(examples: Sequence[Shown], data: EvaluationSet) -> dict[str, str]:
    """Titles of the items that the examples name, where they are the project's own texts."""
    if not data.builtin:
        return {}
    named = {item for e in examples for item in (*e.history, *e.ranking, e.target) if item is not None}
    return {item: data.items[item].title for item in sorted(named) if item in data.items}
