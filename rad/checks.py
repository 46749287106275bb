"""Leak checks: what in a data set, or in a file of rationales, would give an answer away.

A finding is a *leak* (``python -m rad check`` exits 1), a *note* (a fact worth knowing, such as repeat purchases), or
fine. Each has its count and examples. What a leak is, check by check, stands in the docstring of its function.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np

from rad.dataset import LEAK, Dataset
from rad.rationales import COUNTED, LEAKS, Rules
from rad.splits import SPLITS, learnable
from rad.text import tokenize
from rad.types import Example, Interaction, Split

Level = Literal["leak", "note", "ok"]
STEP = 10  # catalogue places after the last item that count as "the next ids"
Z = 6.0  # standard deviations from chance beyond which an order of ids is no accident
SAME_HISTORY = 0.05  # share of test queries with another user's whole history from which they count as a leak
COPIES = 0.01  # share of test queries that stand, answer included, in another user's training data
SNAPSHOT = re.compile(
    r"(?:average|avg|mean|overall)_?(?:rating|score|stars?)|(?:rating|review|vote|sale|view|purchase|bought|helpful)s?"
    r"_?(?:count|number|num|rank|total)|(?:num|number|count)_?(?:of_)?(?:rating|review|vote|sale)s?|popularity|also_\w+",
    re.IGNORECASE,
)
"""Attribute names whose values were taken after the fact: they know how popular an item became."""
_PAIRS: tuple[tuple[Split, Split], ...] = (("train", "test"), ("validation", "test"), ("train", "validation"))
_SNAPSHOT_TEXT = re.compile(
    r"\b[1-5]\.\d out of 5 stars\b|\b(?:\d+|\d{1,3}(?:,\d{3})+) (?:customer )?(?:ratings|reviews)\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Finding:
    """The answer of one check. ``count`` of ``total`` records; at most three ``examples``."""

    check: str
    level: Level
    text: str
    count: int = 0
    total: int = 0
    examples: tuple[str, ...] = ()


def check(data: Dataset) -> Iterator[Finding]:
    """Every check on a data set, one finding after another (the last ones take longest)."""
    for one in CHECKS:
        yield from one(data)


def _finding(check: str, wrong: Sequence[str], total: int, text: str, level: Level = "leak") -> Finding:
    return Finding(check, level if wrong else "ok", text, len(wrong), total, tuple(wrong[:3]))


def id_order(data: Dataset) -> Iterator[Finding]:
    """Leak: ids in the order of purchase. Two signs, each against chance at ``Z`` standard deviations: the next item
    is among the ``STEP`` places after the last one (what the control ``next_id`` exploits), and the rank correlation
    of place in the sequence and place in the catalogue, over all users. Ids that are numbers are put in that order.
    """
    numbers = all(item_id.isdecimal() for item_id in data.items)
    order = sorted(data.items, key=int) if numbers else list(data.items)
    place = {item_id: k for k, item_id in enumerate(order)}
    walks = [[place[x.item_id] for x in sequence] for sequence in data.sequences.values()]
    steps = [b - a for walk in walks for a, b in pairwise(walk)]
    hits = sum(0 < step <= STEP for step in steps)
    share = min(STEP, len(order)) / max(1, len(order))
    expected = share * len(steps)
    z = (hits - expected) / math.sqrt(max(1.0, expected * (1 - share)))
    leak = z > Z and hits > 2 * expected
    text = f"next item within {STEP} ids after the last: {hits:,} of {len(steps):,} steps, by chance {expected:,.0f}"
    yield Finding("id steps", "leak" if leak else "ok", text, hits if leak else 0, len(steps))
    rho, z = _rank_correlation([walk for walk in walks if len(set(walk)) > 1])
    text = f"rank correlation of purchase order and id order {rho:+.3f} ({z:+.1f} standard deviations)"
    yield Finding("id order", "leak" if abs(z) > Z else "ok", text, len(walks) if abs(z) > Z else 0, len(walks))
    plain = [item_id for item_id in data.items if not re.fullmatch(r"[0-9a-f]{16}", item_id)]
    yield _finding("ids hashed", plain, len(data.items), "ids that are not 16 hex digits of a hash", "note")


def _rank_correlation(walks: Sequence[Sequence[int]]) -> tuple[float, float]:
    """Mean Spearman correlation of position and value, weighted by n - 1, and how many standard errors it is from 0.

    The variance of one Spearman correlation is 1 / (n - 1) under chance (Kendall and Gibbons 1990, section 4).
    """
    total, weight = 0.0, 0
    for walk in walks:
        n = len(walk)
        _, where, counts = np.unique(walk, return_inverse=True, return_counts=True)
        ranks = (np.cumsum(counts) - (counts - 1) / 2)[where]  # equal values share the mean of their ranks
        a, b = np.arange(n) - (n - 1) / 2, ranks - (n + 1) / 2
        total += (n - 1) * float(a @ b / math.sqrt((a @ a) * (b @ b)))
        weight += n - 1
    return (total / weight, total / math.sqrt(weight)) if weight else (0.0, 0.0)


def query_ids(data: Dataset) -> Iterator[Finding]:
    """Leak: a query id twice, a query without a history, a history of another user."""
    rows = [e for split in SPLITS for e in data.examples[split]]
    seen = Counter(e.query.query_id for e in rows)
    yield _finding("query ids", [key for key, n in seen.items() if n > 1], len(rows), "query ids that come twice")
    empty = [e.query.query_id for e in rows if not e.query.history]
    yield _finding("empty histories", empty, len(rows), "queries without a history")
    mixed = [e.query.query_id for e in rows if any(x.user_id != e.query.user_id for x in e.query.history)]
    yield _finding("history owner", mixed, len(rows), "histories with another user's interactions")


def split_order(data: Dataset) -> Iterator[Finding]:
    """Leak: a training or validation answer of a user that is not in the history of the user's test query, so that
    training knows something that comes after it. For validation the same against training.
    """
    last: dict[Split, dict[str, Example]] = {split: {} for split in SPLITS}
    for split in SPLITS:
        for e in data.examples[split]:
            last[split].setdefault(e.query.user_id, e)
    for early, late in _PAIRS:
        wrong = []
        for e in data.examples[early]:
            other = last[late].get(e.query.user_id)
            if other is None:
                continue
            n, known = len(e.query.history), other.query.history
            same = [x.item_id for x in e.query.history] == [x.item_id for x in known[:n]]
            if not same or not e.relevant.keys() <= {x.item_id for x in known[n:]}:
                wrong.append(f"{e.query.query_id} against {other.query.query_id}")
        text = f"{early} answers that do not lie before the {late} query of the same user"
        yield _finding(f"{early} before {late}", wrong, len(data.examples[early]), text)


def time_order(data: Dataset) -> Iterator[Finding]:
    """Leak: a sequence that goes back in time. Note: users whose last two interactions have one timestamp."""
    timed = {u: [x.timestamp for x in s if x.timestamp is not None] for u, s in data.sequences.items()}
    timed = {user: times for user, times in timed.items() if len(times) == len(data.sequences[user])}
    if not timed:
        order = "the order is the source's own" if data.ordered else "no order either, histories are sets"
        yield Finding("time order", "note", f"no timestamps: {order}")
        return
    wrong = [user for user, times in timed.items() if any(a > b for a, b in pairwise(times))]
    yield _finding("time order", wrong, len(timed), "users whose sequence goes back in time")
    ties = [user for user, times in timed.items() if len(times) > 1 and times[-1] == times[-2]]
    yield _finding("tied last items", ties, len(timed), "users whose last two interactions have one timestamp", "note")


def repeats(data: Dataset) -> Iterator[Finding]:
    """Note: answers that are in their own history. They score 0 and are counted."""
    rows = data.examples["test"]
    wrong = [e.query.query_id for e in rows if e.relevant.keys() & {x.item_id for x in e.query.history}]
    yield _finding("repeat targets", wrong, len(rows), "test answers that are in their own history (score 0)", "note")


def duplicates(data: Dataset) -> Iterator[Finding]:
    """Leak: two users with one and the same sequence; more than ``SAME_HISTORY`` of the test queries with a history
    that another user has too; more than ``COPIES`` of them that stand, answer included, in another user's training
    data. Fewer are a note: short sequences meet by chance.
    """
    whole = Counter(tuple(x.item_id for x in s) for s in data.sequences.values())
    twice = [u for u, s in data.sequences.items() if whole[tuple(x.item_id for x in s)] > 1]
    yield _finding("duplicate users", twice, len(data.sequences), "users with the very sequence of another user")
    test = data.examples["test"]
    users: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for e in test:
        users[_items(e)].add(e.query.user_id)
    shared = [e.query.query_id for e in test if len(users[_items(e)]) > 1]
    level: Level = "leak" if len(shared) > SAME_HISTORY * len(test) else "note"
    yield _finding("same history", shared, len(test), "test queries whose history another user has too", level)
    known: dict[tuple[tuple[str, ...], str], str] = {}
    for e in data.examples["train"]:
        for answer in e.relevant:
            known.setdefault((_items(e), answer), e.query.user_id)
    copies = [
        e.query.query_id
        for e in test
        if any(known.get((_items(e), answer), e.query.user_id) != e.query.user_id for answer in e.relevant)
    ]
    level = "leak" if len(copies) > COPIES * len(test) else "note"
    yield _finding("train/test copies", copies, len(test), "test queries in another user's training data", level)


def _items(example: Example) -> tuple[str, ...]:
    return tuple(x.item_id for x in example.query.history)


def cold(data: Dataset) -> Iterator[Finding]:
    """Note: how much a catalogue of bought items gives away (the control ``cold_prior`` measures what it is worth)."""
    seen = learnable(data.examples, "test")
    rows = data.examples["test"]
    new = [e.query.query_id for e in rows if not e.relevant.keys() <= seen]
    yield _finding("cold targets", new, len(rows), "test answers that nobody has in training or validation", "note")
    ever = {x.item_id for s in data.sequences.values() for x in s}
    never = [item_id for item_id in data.items if item_id not in ever]
    if not never:
        yield Finding("bought catalogue", "note", "every catalogue item is bought by someone: unseen ones are answers")


def snapshots(data: Dataset) -> Iterator[Finding]:
    """Leak: item fields taken after the fact (average rating, number of reviews), as attributes or in the text."""
    names = sorted({name for item in data.items.values() for name in item.attributes if SNAPSHOT.fullmatch(name)})
    yield _finding("snapshot fields", names, 0, "attributes that tell how popular an item became")
    told = [item.item_id for item in data.items.values() if _SNAPSHOT_TEXT.search(item.text)]
    yield _finding("snapshot text", told, len(data.items), "item texts with a rating or a number of reviews")


def profiles(data: Dataset) -> Iterator[Finding]:
    """Leak: a profile that names the answer or holds its review (built past the split), or more than ``COPIES`` of the
    histories with the answer's review. Fewer are a note: people write the same sentence twice.
    """
    rules = Rules(data.items)
    quoted, told, total = [], [], 0
    for split in SPLITS[1:]:
        for e in data.examples[split]:
            total += 1
            profile = e.query.profile or ""
            targets = [data.items[item_id] for item_id in e.relevant]
            review = _answer_review(data.sequences.get(e.query.user_id, ()), e)
            if review and any(review in (x.review or "") for x in e.query.history):
                quoted.append(e.query.query_id)
            if profile and ((review and review in profile) or any(rules.names(profile, t, e.query) for t in targets)):
                told.append(e.query.query_id)
    level: Level = "leak" if len(quoted) > COPIES * total else "note"
    yield _finding("answer's review", quoted, total, "histories that hold the review of their own answer", level)
    yield _finding("profiles", told, total, "profiles that name the answer or hold its review")


def _answer_review(sequence: Sequence[Interaction], example: Example) -> str | None:
    """The review of the answer, if it is long enough (8 words) to be told from a phrase."""
    rest = sequence[len(example.query.history) :]
    found = next((x.review for x in rest if x.item_id in example.relevant and x.review), None)
    return found if found and len(tokenize(found)) >= 8 else None


def candidate_files(data: Dataset) -> Iterator[Finding]:
    """Leak: candidates with duplicates, without the answer, or with other items that the user has in any split."""
    rows = [e for split in SPLITS for e in data.examples[split] if e.query.candidates is not None]
    if not rows:
        return
    wrong = []
    for e in rows:
        listed = e.query.candidates or ()
        bought = {x.item_id for x in data.sequences.get(e.query.user_id, e.query.history)}
        others = set(listed) - e.relevant.keys()
        if len(set(listed)) < len(listed) or len(others) + len(e.relevant) > len(listed) or bought & others:
            wrong.append(e.query.query_id)
    yield _finding("candidates", wrong, len(rows), "candidate lists with a duplicate, a bought item or no answer")


def known_rationales(data: Dataset) -> Iterator[Finding]:
    """Leak: any broken rule of :mod:`rad.rationales`, but for the two that are only counted."""
    rules = Rules(data.items)
    rows = [e for split in SPLITS for e in data.examples[split] if e.rationale is not None]
    if not rows:
        yield Finding("rationales", "note", "the data set has no rationales of its own")
        return
    broken: dict[str, list[str]] = defaultdict(list)
    for e in rows:
        assert e.rationale is not None
        seen = set()
        for item_id in e.relevant:
            for fault in rules.faults(e.rationale, e.query, data.items[item_id]):
                if fault.rule not in seen:
                    broken[fault.rule].append(f"{e.query.query_id}: {fault.detail}")
                    seen.add(fault.rule)
    yield from rule_findings(broken, len(rows))


RULE_TEXTS: Mapping[str, str] = {
    "query": "rationales attached to another query",
    "citation": "rationales that cite what the history does not have",
    "evidence": "rationales whose cited items do not have the stated attribute",
    "value": "rationales about attribute values that no item has",
    "weights": "rationales whose weights are no probabilities",
    "verdict": "rationales whose verdict and reasons disagree",
    "hindsight": "rationales with hindsight wording",
    "rating": "rationales that tell a rating",
    "names_target": "rationales that name the target",
    "unspoken": "rationales with a claim that their text does not say",
    "unclaimed": "rationales whose text names a value that is no claim",
}
assert RULE_TEXTS.keys() >= LEAKS | COUNTED


def rule_findings(broken: Mapping[str, Sequence[str]], total: int, rules: Iterable[str] = RULE_TEXTS) -> list[Finding]:
    """One finding a rule, from the examples that break it."""
    return [_finding(r, broken.get(r, ()), total, RULE_TEXTS[r], "note" if r in COUNTED else "leak") for r in rules]


def stated(data: Dataset) -> Iterator[Finding]:
    """Leak: what the loader itself calls one, since a domain argument asked for fields that give answers away."""
    for note, count in data.notes.items():
        if note.startswith(LEAK):
            yield Finding("leak asked for", "leak", note.removeprefix(LEAK), count)


CHECKS: tuple[Callable[[Dataset], Iterator[Finding]], ...] = (
    *(id_order, query_ids, split_order, time_order, repeats, duplicates, cold, snapshots, candidate_files, profiles),
    *(known_rationales, stated),
)
