"""Leak checks: what in a data set, or in a file of rationales, would give an answer away.

A finding is a *leak* (``python -m rad check`` exits 1), a *note* (a fact worth knowing, such as repeat purchases), or
fine. Each has its count and examples. What a leak is, check by check, stands in the docstring of its function.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

from rad.data.dataset import LEAK, Dataset
from rad.data.splits import SPLITS, is_warm, learnable
from rad.leakage.finding import COPIES, Finding, Level, finding
from rad.leakage.id_order import id_order
from rad.leakage.input_checks import answers_in_input, profiles
from rad.leakage.snapshot_fields import is_snapshot, snapshot_wording
from rad.rationales.rules import COUNTED, LEAKS, Rules
from rad.types import Example, Split

SAME_HISTORY = 0.05  # share of test queries with another user's whole history from which they count as a leak
_PAIRS: tuple[tuple[Split, Split], ...] = (("train", "test"), ("validation", "test"), ("train", "validation"))


def check(data: Dataset) -> Iterator[Finding]:
    """Every check on a data set, one finding after another (the last ones take longest)."""
    for one in CHECKS:
        yield from one(data)


def query_ids(data: Dataset) -> Iterator[Finding]:
    """Leak: a query id twice, a query without a history, a history of another user."""
    rows = [e for split in SPLITS for e in data.examples[split]]
    seen = Counter(e.query.query_id for e in rows)
    yield finding("query ids", [key for key, n in seen.items() if n > 1], len(rows), "query ids that come twice")
    empty = [e.query.query_id for e in rows if not e.query.history]
    yield finding("empty histories", empty, len(rows), "queries without a history")
    mixed = [e.query.query_id for e in rows if any(x.user_id != e.query.user_id for x in e.query.history)]
    yield finding("history owner", mixed, len(rows), "histories with another user's interactions")


def split_order(data: Dataset) -> Iterator[Finding]:
    """Leak: a training or validation answer of a user that is not in the history of the user's test query.

    Training then knows something that comes after it. For validation the same holds against training.
    """
    if data.pre_split:
        text = "the publisher has split it, with histories that may be cut: what lies before what is not checked"
        yield Finding("split order", "note", text)
        return
    last: dict[Split, dict[str, Example]] = {split: {} for split in SPLITS}
    for split in SPLITS:
        for e in data.examples[split]:
            last[split].setdefault(e.query.user_id, e)
    for early, late in _PAIRS:
        misplaced = []
        for e in data.examples[early]:
            other = last[late].get(e.query.user_id)
            if other is None:
                continue
            n, longer = len(e.query.history), other.query.history
            same = [x.item_id for x in e.query.history] == [x.item_id for x in longer[:n]]
            if not same or not e.relevant.keys() <= {x.item_id for x in longer[n:]}:
                misplaced.append(f"{e.query.query_id} against {other.query.query_id}")
        text = f"{early} answers that do not lie before the {late} query of the same user"
        yield finding(f"{early} before {late}", misplaced, len(data.examples[early]), text)


def time_order(data: Dataset) -> Iterator[Finding]:
    """Leak: a sequence, or the history of a query, that goes back in time.

    Note: users whose last two interactions have one timestamp.
    """
    timed = {u: [x.timestamp for x in s if x.timestamp is not None] for u, s in data.sequences.items()}
    timed = {user: times for user, times in timed.items() if len(times) == len(data.sequences[user])}
    if not timed:
        order = "the order is the source's own" if data.ordered else "no order either, histories are sets"
        yield Finding("time order", "note", f"no timestamps: {order}")
        return
    reversed_users = [user for user, times in timed.items() if any(a > b for a, b in pairwise(times))]
    yield finding("time order", reversed_users, len(timed), "users whose sequence goes back in time")
    rows = [e.query for split in SPLITS for e in data.examples[split]]
    back = [q.query_id for q in rows if any((a.timestamp or 0) > (b.timestamp or 0) for a, b in pairwise(q.history))]
    yield finding("history order", back, len(rows), "queries whose history goes back in time")
    ties = [user for user, times in timed.items() if len(times) > 1 and times[-1] == times[-2]]
    yield finding("tied last items", ties, len(timed), "users whose last two interactions have one timestamp", "note")


def repeats(data: Dataset) -> Iterator[Finding]:
    """Note: answers that are in their own history. They score 0 and are counted."""
    rows = data.examples["test"]
    repeated = [e.query.query_id for e in rows if e.relevant.keys() & {x.item_id for x in e.query.history}]
    what = "test answers that are in their own history (score 0, but with --repeats keep)"
    yield finding("repeat targets", repeated, len(rows), what, "note")


def duplicates(data: Dataset) -> Iterator[Finding]:
    """Leak: two users with one and the same sequence, or too many test queries that are there twice.

    Too many are more than ``SAME_HISTORY`` of them with the history of another user, or more than ``COPIES`` that stand
    in the training data of whatever user, answer included. Fewer are a note: short sequences meet by chance.
    """
    owners = Counter(tuple(x.item_id for x in s) for s in data.sequences.values())
    twice = [u for u, s in data.sequences.items() if owners[tuple(x.item_id for x in s)] > 1]
    yield finding("duplicate users", twice, len(data.sequences), "users with the very sequence of another user")
    test = data.examples["test"]
    users: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for e in test:
        users[_items(e)].add(e.query.user_id)
    shared = [e.query.query_id for e in test if len(users[_items(e)]) > 1]
    level: Level = "leak" if len(shared) > SAME_HISTORY * len(test) else "note"
    yield finding("same history", shared, len(test), "test queries whose history another user has too", level)
    # (history, answer) pairs of all users: a model that knows one by heart needs no preference
    training = {(_items(e), answer) for e in data.examples["train"] for answer in e.relevant}
    copies = [e.query.query_id for e in test if any((_items(e), answer) in training for answer in e.relevant)]
    level = "leak" if len(copies) > COPIES * len(test) else "note"
    text = "test queries that stand in the training data, answer included"
    yield finding("train/test copies", copies, len(test), text, level)


def _items(example: Example) -> tuple[str, ...]:
    return tuple(x.item_id for x in example.query.history)


def cold(data: Dataset) -> Iterator[Finding]:
    """Note: how much a catalogue of bought items gives away (the control ``cold_prior`` measures what it is worth)."""
    learnt = learnable(data.examples, "test")
    rows = data.examples["test"]
    new = [e.query.query_id for e in rows if not is_warm(e, learnt)]
    yield finding("cold targets", new, len(rows), "test answers that nobody has in training or validation", "note")
    ever = {x.item_id for s in data.sequences.values() for x in s}
    never = [item_id for item_id in data.items if item_id not in ever]
    if not never:
        yield Finding("bought catalogue", "note", "every catalogue item is bought by someone: unseen ones are answers")


def snapshots(data: Dataset) -> Iterator[Finding]:
    """Leak: item fields taken after the fact (average rating, number of reviews), as attributes or in the text."""
    values: dict[str, set[str]] = defaultdict(set)
    for item in data.items.values():
        for name, own in item.attributes.items():
            values[name].update(own)
    names = sorted(name for name in values if is_snapshot(name, values[name]))
    yield finding("snapshot fields", names, 0, "attributes that tell how popular an item became")
    texts = [f"{i.item_id}: {words}" for i in data.items.values() if (words := snapshot_wording(i.text)) is not None]
    yield finding("snapshot text", texts, len(data.items), "item texts with a rating, a rank or a number of buyers")


def candidate_files(data: Dataset) -> Iterator[Finding]:
    """Leak: candidates with duplicates, without the answer, or with other items that the user has in any split."""
    rows = [e for split in SPLITS for e in data.examples[split] if e.query.candidates is not None]
    if not rows:
        return
    checked = ((e.query.query_id, candidate_violation(data, e, e.query.candidates or ())) for e in rows)
    bad_lists = [f"{query_id}: {violation}" for query_id, violation in checked if violation]
    yield finding("candidates", bad_lists, len(rows), CANDIDATES)


CANDIDATES = "candidate lists with a duplicate, a bought item, an unknown item or no answer"


def candidate_violation(data: Dataset, example: Example, listed: Sequence[str]) -> str | None:
    """What is wrong with a list of candidates for one query, in a few words; None if nothing is."""
    if duplicate := duplicate_candidate(listed):
        return duplicate
    bought = {x.item_id for x in (*example.query.history, *data.sequences.get(example.query.user_id, ()))}
    if taken := [item_id for item_id in listed if item_id in bought - example.relevant.keys()]:
        return f"{taken[0]} is one of the user's own"
    if unknown := [item_id for item_id in listed if item_id not in data.items]:
        return f"{unknown[0]} is not in the catalogue"
    return None if example.relevant.keys() <= set(listed) else "lacks the answer"


def duplicate_candidate(listed: Sequence[str]) -> str | None:
    """Which candidate comes more than once, if one does."""
    return next((f"{item_id} comes {n} times" for item_id, n in Counter(listed).items() if n > 1), None)


def known_rationales(data: Dataset) -> Iterator[Finding]:
    """Leak: any broken rule of :mod:`rad.rationales.rules`, but for the two that are only counted."""
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
            for violation in rules.violations(e.rationale, e.query, data.items[item_id]):
                if violation.rule not in seen:
                    broken[violation.rule].append(f"{e.query.query_id}: {violation.detail}")
                    seen.add(violation.rule)
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
    "quotes_title": "rationales that quote a title of the history",
    "unspoken": "rationales with a claim that their text does not say",
    "unclaimed": "rationales whose text names a value that is no claim",
}
assert RULE_TEXTS.keys() >= LEAKS | COUNTED


def rule_findings(broken: Mapping[str, Sequence[str]], total: int, rules: Iterable[str] = RULE_TEXTS) -> list[Finding]:
    """One finding a rule, from the examples that break it."""
    notes = {*COUNTED, "quotes_title"}  # whose text is quoted matters to who publishes it, and leaks no answer
    return [finding(r, broken.get(r, ()), total, RULE_TEXTS[r], "note" if r in notes else "leak") for r in rules]


def declared(data: Dataset) -> Iterator[Finding]:
    """Leak: what the loader itself calls one, since a domain argument asked for fields that give answers away."""
    for note, count in data.notes.items():
        if note.startswith(LEAK):
            yield Finding("leak asked for", "leak", note.removeprefix(LEAK), count)


CHECKS: tuple[Callable[[Dataset], Iterator[Finding]], ...] = (
    *(id_order, query_ids, split_order, time_order, repeats, duplicates, cold, snapshots, candidate_files),
    *(answers_in_input, profiles, known_rationales, declared),
)
