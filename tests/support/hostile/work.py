"""Submissions that are refused only after much work: what verifying costs where an entry asks for as much as it may."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.explanations.families import explanation_metrics
from benchmarks.explanations.results import Attested, Explanation
from benchmarks.harness.results import Score
from leaderboard.verification import untrusted
from leaderboard.verification.entry import Entry
from leaderboard.verification.known_data import known_sha256
from leaderboard.verification.predictions import REASONS, TEXT
from rad.data.dataset import Dataset
from rad.data.load import open_dataset
from rad.rationales.facts import Facts
from rad.runtime.files import canonical
from rad.types import (
    Evidence,
    EvidenceKind,
    Example,
    Item,
    Prediction,
    Query,
    Rationale,
    Reason,
    Support,
)
from tests.support.made_up_entries import answered, entry, score

WORLD, LARGEST = "world", "world:items=4000,shortest=20"
UNCOUNTED = Support(1e6, 1e6, 0.5)  # what no reason counts to, so that each is counted to its end
POINTERS: tuple[EvidenceKind, ...] = ("co_purchase", "similar", "kindred", "new_similar")
HOLDERS: tuple[EvidenceKind, ...] = ("repeat", "lasting", "new_repeat", "transition", "kind_of", "absence")

# --- texts ---

QUOTED = (
    "{a} of {b} have colour navy ([{c}], [{d}]; usually 1 in {e}) ",
    "{a} of {b} have {value} ([{c}]; usually {a} in {e}): a very strong ",
    "[{c}], [{d}] and [{e}] each have {a} or more other owners: ",
    "[{c}] and {a} other items have {value} and {value} and {value}: these ",
    "After {value}, as in [{c}], [{d}] and [{e}], comes {value} in {a} of {b} cases (usually 1 in {e}) ",
    "None of {a} has {value} (not [{c}], [{d}]; usually 1 in {e}) ",
    'None of {a} has "{a}\\" "{b}\\"" (not [{c}-{d}]; ',
    "because of [{c}, {d}; {e}-{b}], {value} ",
    "Something unexplained is very ",
)
ENDS = ("", ". ", "\n", "; ", "! ")


def quasi_citations(number: int, values: Claims) -> str:
    """A text of its own, as long as they may be on average: its sentences begin in the grammar and do not end in it."""
    draw = random.Random(number)
    out = ""
    while len(out) < TEXT:
        a, b, c, d, e = (draw.randint(1, 99) for _ in range(5))
        value = " ".join(draw.choice(values))
        out += draw.choice(QUOTED).format(a=a, b=b, c=c, d=d, e=e, value=value) + draw.choice(ENDS)
    return out[:TEXT].strip()


# --- reasons ---


Claims = Sequence[tuple[str, str]]


def pointers(kind: EvidenceKind, query: Query, items: Mapping[str, Item], values: Claims) -> Iterator[Reason]:
    """Reasons that point to all purchases, in as many orders as there are."""
    places = tuple(range(len(query.history)))
    for order in itertools.permutations(places):
        yield Reason(Evidence(order, kind, support=UNCOUNTED))


def holders(kind: EvidenceKind, query: Query, items: Mapping[str, Item], values: Claims) -> Iterator[Reason]:
    """Reasons of values, each of a purchase that has them; what follows a transition, or is absent, is any value."""
    for index, past in enumerate(query.history):
        own = _values(items[past.item_id])
        for claim in own:
            evidence = Evidence((index,), kind, *claim, UNCOUNTED)
            if kind == "kind_of":
                for others in itertools.combinations([one for one in own if one != claim], 2):
                    yield Reason(Evidence((index,), kind, support=UNCOUNTED), (claim, *others))
            elif kind == "absence":
                for value in values:
                    yield Reason(Evidence((index,), kind, support=UNCOUNTED), avoids=(value,))
            elif kind == "transition":
                for value in values:
                    yield Reason(evidence, (value,))
            else:
                yield Reason(evidence, (claim,))


def _values(item: Item) -> list[tuple[str, str]]:
    return [(name, value) for name, values in item.attributes.items() for value in values]


def of_kinds(kinds: Sequence[EvidenceKind], query: Query, items: Mapping[str, Item], values: Claims) -> list[Reason]:
    """As many reasons as an entry may have, of these kinds in turn."""
    each = [(pointers if kind in POINTERS else holders)(kind, query, items, values) for kind in kinds]
    turns = itertools.chain.from_iterable(itertools.zip_longest(*each))
    return list(itertools.islice((one for one in turns if one is not None), REASONS))


# --- predictions and entries ---

Written = Callable[[Example, int], tuple[list[Reason], str]]
"""The reasons and the text of a query, by the example and its number."""


def as_facts(data: Dataset, words: str) -> Written:
    """Sound reasons, and the same words again and again."""
    facts = Facts.of(data.examples["train"], data.items)
    return lambda example, number: (
        list(itertools.islice(itertools.cycle(facts.about(example.query, REASONS)), REASONS)),
        (words * TEXT)[:TEXT],
    )


def all_different(data: Dataset, kinds: Sequence[EvidenceKind]) -> Written:
    """Reasons of these kinds with numbers that no count gives, and a text that no other query has."""
    values = sorted({pair for item in data.items.values() for pair in _values(item)})
    return lambda example, number: (
        of_kinds(kinds, example.query, data.items, values),
        quasi_citations(number, values),
    )


def longest(data: Dataset, written: Written) -> list[Prediction]:
    """Predictions of as many reasons, words and items as an entry may have on average."""
    return [_prediction(e, data, *written(e, number)) for number, e in enumerate(data.examples["test"])]


def _prediction(example: Example, data: Dataset, reasons: Sequence[Reason], text: str) -> Prediction:
    query = example.query
    bought = {x.item_id for x in query.history}
    ranking = tuple(itertools.islice((item for item in data.items if item not in bought), 100))
    weighted = tuple(replace(one, weight=1 / 128) for one in reasons)
    rationale = Rationale(query.query_id, query.query_id, weighted, text, "supported", "model", "x", "1")
    prediction = Prediction(query.query_id, ranking, rationale=rationale)
    while len(canonical(prediction)) > untrusted.QUERY_BYTES and rationale.reasons:
        rationale = replace(rationale, reasons=rationale.reasons[: len(rationale.reasons) * 19 // 20])
        prediction = replace(prediction, rationale=rationale)
    return prediction


def every_metric(n: int, run_id: str) -> Explanation:
    """An explanation card that states every score that can be computed again."""
    scores: list[Score] = [score(name, 0.5, n) for name in explanation_metrics(attested=False)]
    attested = Attested(queries=0, rankings=0, fit_seconds=0.0, ask_seconds=0.0, reproduced=1.0)
    return Explanation(run_id=run_id, n=n, n_rationales=n, scores=scores, attested=attested, provenance={})


def sent(root: Path, name: str, domain: str, written: Callable[[Dataset], Written], explained: bool = True) -> Entry:
    """An entry below ``root`` that asks for much work on a domain."""
    data = open_dataset(domain)
    n = len(data.examples["test"])
    more = {"explanation": every_metric(n, name)} if explained else {}
    one = entry(name, 0.1, run_id=name, domain=domain, sha256=data.sha256, n=n, **more)
    return answered(root, one, longest(data, written(data)))


def repeated(name: str, domain: str, words: str, explained: bool = True) -> Callable[[Path], Entry]:
    return lambda root: sent(root, name, domain, lambda data: as_facts(data, words), explained)


def different(name: str, domain: str, *kinds: EvidenceKind) -> Callable[[Path], Entry]:
    return lambda root: sent(root, name, domain, lambda data: all_different(data, kinds))


WORK: dict[str, Callable[[Path], Entry]] = {
    "the longest rationales and every score": repeated("every", WORLD, "because of [1] navy "),
    "citations alone": repeated("citations", WORLD, "[1], [2] and [3] "),
    "unfinished sentences": repeated("unfinished", WORLD, "3 of 4 have colour navy ([1]; "),
    "the longest rationales": repeated("longest", WORLD, "because of [1] navy ", explained=False),
    "the largest world": repeated("largest", LARGEST, "because of [1] navy "),
    "long texts, all different, and reasons of values": different("values", LARGEST, *HOLDERS),
    "long texts, all different, and reasons that point": different("pointers", LARGEST, *POINTERS),
}
assert known_sha256()[WORLD]
