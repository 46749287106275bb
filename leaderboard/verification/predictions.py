"""The predictions of an entry, read as untrusted input: line by line, within limits, each violation with its line."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from benchmarks.harness.base import TaskName
from benchmarks.harness.violations import pair_violation, violation
from leaderboard.verification import untrusted
from leaderboard.verification.entry import Entry
from leaderboard.verification.task import EvaluationSet
from rad.errors import RadError
from rad.rationales.rules import Rules
from rad.reporting.console import count
from rad.runtime import records
from rad.runtime.files import sha256_file
from rad.types import Interaction, Item, Pair, PairExplanation, PairPrediction, Prediction, Query, Rationale

REASONS, WORDS, ERROR = 64, 2000, 500  # reasons of a rationale, characters of its text and of an error
TEXT = 1000  # characters of texts a query, on average over the task: twelve reasons take about as many
NUMBER = 1e12  # the largest that a fact may count to
RATING = 1e6  # the farthest from 0 that a predicted rating may lie
EXPLANATIONS = 8  # of a pair
UNSENT = "no prediction"

P = TypeVar("P", Prediction, PairPrediction)
Answers = list[Prediction] | list[PairPrediction]
"""Rankings, or numbers of pairs: one a query, in the order of the task."""


def read(path: Path, entry: Entry, evaluation: EvaluationSet) -> tuple[Answers, list[str]]:
    """One prediction a query, and the violations. Reading ends with the first twenty of these.

    A pair without a line has a prediction that failed; a ranking without one is a violation.
    :class:`RadError` where the file itself cannot be read on: no gzip, cut short, beyond a limit.
    """
    if evaluation.pairs is not None:
        pairs, task = {p.query.query_id: p for p in evaluation.pairs.pairs["test"]}, evaluation.pairs.task
        numbers, violations = _read(
            path, entry, PairPrediction, pairs.keys(), lambda p: _pair_violations(p, pairs[p.query_id], task)
        )
        if violations:
            return [*numbers.values()], violations
        return [numbers.get(key) or PairPrediction(key, pair.item_id, error=UNSENT) for key, pair in pairs.items()], []
    queries = {e.query.query_id: e.query for e in evaluation.examples}
    predictions, violations = _read(
        path, entry, Prediction, queries.keys(), lambda p: _violations(p, queries[p.query_id], evaluation.items)
    )
    missing = [key for key in queries if key not in predictions]
    if missing and (predictions or not violations):
        number_of = count(len(missing), "query", "queries")
        violations.append(f"{path.name}: {number_of} without a prediction, the first is {missing[0]}")
    texts = [one.text for p in predictions.values() for one in (p.rationale, p.contrast) if one is not None]
    if (average := sum(map(len, texts)) / max(len(queries), 1)) > TEXT:
        violations.append(f"{path.name}: texts of {average:,.0f} characters a query on average, at most {TEXT:,}")
    return [predictions[key] for key in queries if key in predictions], violations


def _read(
    path: Path, entry: Entry, kind: type[P], keys: Collection[str], violations_of: Callable[[P], Iterable[str]]
) -> tuple[dict[str, P], list[str]]:
    """The predictions of a file by query, and the violations; no predictions where there are too many of these."""
    untrusted.regular(path, untrusted.PACKED_BYTES)
    if sha256_file(path) != entry.predictions.sha256:
        return {}, [f"predictions.sha256: {path.name} is another file (its sha256 differs)"]
    predictions: dict[str, P] = {}
    violations: list[str] = []
    digest = hashlib.sha256()
    for number, line in untrusted.unpack(path, (len(keys) + 1) * untrusted.QUERY_BYTES):
        digest.update(line + b"\n")
        where = f"{path.name}:{number}"
        try:
            raw = untrusted.parse(line, where)
            prediction = records.parse(kind, raw, where)
        except RadError as error:
            violations.append(str(error)[:400])
        else:
            key = prediction.query_id
            if key not in keys:
                violations.append(f"{where}: query {ascii(key)[:60]} was not asked")
            elif key in predictions:
                violations.append(f"{where}: query {key} is answered twice")
            else:
                predictions[key] = prediction
                if not untrusted.is_plain(line):
                    violations += [f"{where}: {reason}" for reason in untrusted.text_violations(raw)]
                violations += [f"{where}: {reason}" for reason in violations_of(prediction)]
        if len(violations) >= untrusted.LISTED:
            end = f"{path.name}: not read on after {untrusted.LISTED} violations"
            return {}, [*violations[: untrusted.LISTED], end]
    if digest.hexdigest() != entry.result.predictions.sha256:
        violations.append("result.predictions.sha256: the result was computed from other predictions")
    return predictions, violations


def stored(path: Path, entry: Entry, kind: type[P]) -> Iterator[P]:
    """The predictions of an entry without the data of its task, one in memory at a time.

    Raises:
        RadError: The file cannot be read to its end, or does not hold one prediction a query of the entry's task; of
            pairs some may be missing.
    """
    queries: set[str] = set()
    digest, n = hashlib.sha256(), entry.result.task.n
    for number, line in untrusted.unpack(path, (n + 1) * untrusted.QUERY_BYTES):
        digest.update(line + b"\n")
        where = f"{path}:{number}"
        prediction = records.parse(kind, untrusted.parse(line, where), where)
        queries.add(prediction.query_id)
        if len(queries) < number:
            raise RadError(f"{where}: query {ascii(prediction.query_id)[:60]} is answered twice")
        yield prediction
    if len(queries) > n or (len(queries) < n and kind is Prediction):
        raise RadError(f"{path}: {count(len(queries), 'prediction')}, the entry is of {count(n, 'query', 'queries')}")
    if digest.hexdigest() != entry.result.predictions.sha256:
        raise RadError(f"{path}: the result was computed from other predictions (the sha256 differs)")


def _pair_violations(p: PairPrediction, pair: Pair, task: TaskName) -> Iterator[str]:
    if p.error is not None and len(p.error) > ERROR:
        yield f"error: {len(p.error)} characters, at most {ERROR}"
    if p.error is None and (reason := pair_violation(p, pair, task)):
        yield reason
    if (p.probability if task == "rating" else p.rating) is not None:
        yield (
            "a probability where a rating is asked for" if task == "rating" else "a rating where a choice is asked for"
        )
    for one in p.explanations:
        if one.query_id != p.query_id or one.item_id != p.item_id:
            yield f"explanations: written for query {ascii(one.query_id)[:60]} and item {ascii(one.item_id)[:60]}"
        if len(one.text) > WORDS:
            yield f"explanations: a text of {len(one.text)} characters, at most {WORDS}"
    if len(p.explanations) > EXPLANATIONS:
        yield f"explanations: {len(p.explanations)}, at most {EXPLANATIONS}"
    if p.rating is not None and abs(p.rating) > RATING:
        yield f"rating {p.rating:g}, which no scale has"


def _violations(p: Prediction, query: Query, items: Mapping[str, Item]) -> Iterator[str]:
    if p.error is not None and len(p.error) > ERROR:
        yield f"error: {len(p.error)} characters, at most {ERROR}"
    if p.error is None and (reason := violation(p, query, items)):
        yield f"{reason}{_culprit(p, query, items)}"
    for name, explanation in (("rationale", p.rationale), ("contrast", p.contrast)):
        if explanation is not None and explanation.query_id != p.query_id:
            yield f"{name}: written for query {ascii(explanation.query_id)[:60]}"
        if explanation is not None and len(explanation.text) > WORDS:
            yield f"{name}: a text of {len(explanation.text)} characters, at most {WORDS}"
    if p.rationale is not None and len(p.rationale.reasons) > REASONS:
        yield f"rationale: {len(p.rationale.reasons)} reasons, at most {REASONS}"
    for number in _numbers(p.rationale):
        if not 0 <= number <= NUMBER:
            yield f"rationale: a fact counts {number:g}, which no count can be"
            break
    if p.contrast is not None and p.contrast.item_id not in items:
        yield f"contrast: unknown item {ascii(p.contrast.item_id)[:60]}"


def rankings(answers: Answers) -> list[Prediction]:
    """Those that rank, so that they may have rationales: all or none."""
    return [p for p in answers if isinstance(p, Prediction)]


def _numbers(rationale: Rationale | None) -> Iterator[float]:
    """The numbers that the reasons state."""
    for reason in rationale.reasons if rationale else ():
        support = reason.evidence.support
        for number in (support.found, support.of, support.base) if support else ():
            if number is not None:
                yield number


def _culprit(p: Prediction, query: Query, items: Mapping[str, Item]) -> str:
    """The first item of a ranking that should not be there, as the end of a sentence."""
    unranked, seen = query.unranked, set()
    for item in p.ranking:
        if item not in items or item in unranked or item in seen:
            return f": {ascii(item)[:60]}"
        seen.add(item)
    return ""


def quotations(answers: Answers, evaluation: EvaluationSet) -> list[str]:
    """A violation where texts repeat titles of third parties, which an entry would publish."""
    explained = [(p.query_id, *_texts(p)) for p in answers]
    if evaluation.builtin or not any(rationale or others for _, rationale, others in explained):
        return []
    rules, queries = Rules(evaluation.items), {query.query_id: query for query in evaluation.queries}
    quoted = []
    for key, rationale, others in explained:
        query = queries[key]
        # whatever a query's texts are, they may name no item of its history or any that is explained
        named = tuple(Interaction(query.user_id, one.item_id) for one in others)
        query = replace(query, history=(*query.history, *named))
        texts = [rationale.text] if rationale is not None else []
        quoted += [
            (key, one.detail) for text in [*texts, *(one.text for one in others)] for one in rules.quoted(text, query)
        ]
    if not quoted:
        return []
    first, words = quoted[0]
    return [f"{len(quoted)} texts repeat a title of a third party, the first is of query {first}: {words[:80]!r}"]


def _texts(p: Prediction | PairPrediction) -> tuple[Rationale | None, tuple[PairExplanation, ...]]:
    """The rationale of a prediction, and what it says of single items."""
    if isinstance(p, PairPrediction):
        return None, p.explanations
    return p.rationale, () if p.contrast is None else (p.contrast,)
