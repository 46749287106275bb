"""Submissions that are refused only after much work: what verifying costs where an entry asks for as much as it may."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.explanations.families import explanation_metrics
from benchmarks.explanations.results import Attested, Explanation
from benchmarks.harness.results import Score
from leaderboard.verification import untrusted
from leaderboard.verification.entry import Entry
from leaderboard.verification.known_data import known_sha256
from leaderboard.verification.predictions import REASONS, WORDS
from rad.data.dataset import Dataset
from rad.data.load import open_dataset
from rad.rationales.facts import Facts
from rad.runtime.files import canonical
from rad.types import Example, Prediction, Rationale
from tests.support.made_up_entries import answered, entry, score

WORLD, LARGEST = "world", "world:items=4000"


def longest(data: Dataset, words: str) -> list[Prediction]:
    """Predictions of as many reasons, words and items as an entry may have on average; each reason is sound."""
    facts = Facts.of(data.examples["train"], data.items)
    unseen = list(data.items)
    return [_prediction(example, facts, unseen, words) for example in data.examples["test"]]


def _prediction(example: Example, facts: Facts, items: Sequence[str], words: str) -> Prediction:
    query = example.query
    bought = {x.item_id for x in query.history}
    ranking = tuple(itertools.islice((item for item in items if item not in bought), 100))
    sound = facts.about(query, REASONS)
    reasons = tuple(replace(one, weight=1 / 128) for one in itertools.islice(itertools.cycle(sound), REASONS))
    text = (words * WORDS)[:WORDS]
    rationale = Rationale(query.query_id, query.query_id, reasons, text, "supported", "model", "x", "1")
    prediction = Prediction(query.query_id, ranking, rationale=rationale)
    while len(canonical(prediction)) > untrusted.QUERY_BYTES and rationale.reasons:
        rationale = replace(rationale, reasons=rationale.reasons[: len(rationale.reasons) * 9 // 10])
        prediction = replace(prediction, rationale=rationale)
    return prediction


def every_metric(n: int, run_id: str) -> Explanation:
    """An explanation card that states every score that can be computed again."""
    scores: list[Score] = [score(name, 0.5, n) for name in explanation_metrics(attested=False)]
    attested = Attested(queries=0, rankings=0, fit_seconds=0.0, ask_seconds=0.0, reproduced=1.0)
    return Explanation(run_id=run_id, n=n, n_rationales=n, scores=scores, attested=attested, provenance={})


def sent(root: Path, name: str, domain: str, words: str, explained: bool) -> Entry:
    """An entry below ``root`` that asks for much work on a domain."""
    data = open_dataset(domain)
    n = len(data.examples["test"])
    more = {"explanation": every_metric(n, name)} if explained else {}
    one = entry(name, 0.1, run_id=name, domain=domain, sha256=data.sha256, n=n, **more)
    return answered(root, one, longest(data, words))


WORK: dict[str, Callable[[Path], Entry]] = {
    "the longest rationales and every score": lambda root: sent(root, "every", WORLD, "because of [1] navy ", True),
    "citations alone": lambda root: sent(root, "citations", WORLD, "[1], [2] and [3] ", True),
    "unfinished sentences": lambda root: sent(root, "unfinished", WORLD, "3 of 4 have colour navy ([1]; ", True),
    "the longest rationales": lambda root: sent(root, "longest", WORLD, "because of [1] navy ", False),
    "the largest world": lambda root: sent(root, "largest", LARGEST, "because of [1] navy ", True),
}
assert known_sha256()[WORLD]
