"""Leak checks of what a model reads: whether the answer, its review, or what was known only later stands in it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain

from rad.data.dataset import Dataset
from rad.data.splits import SPLITS
from rad.features.bm25 import tokenize
from rad.leakage.finding import COPIES, Finding, Level, Z, finding
from rad.rationales.claims import Matcher
from rad.rationales.rules import Rules
from rad.types import Example, Interaction, Item

LONG = 8  # words from which a review can be told from a phrase


def answers_in_input(data: Dataset) -> Iterator[Finding]:
    """Leak: a history with the very interaction that is its answer (a user who has an item twice bought it twice, and
    that is a repeat); a review of the answer in the text of an item, or in more than ``COPIES`` of the histories.
    Fewer are a note: people write the same sentence twice. Case and punctuation do not count.
    """
    answered, quoted, in_items, total = [], [], [], 0
    words = {item_id: _joined(f"{item.title} {item.text}") for item_id, item in data.items.items()}
    for split in SPLITS[1:]:
        for e in data.examples[split]:
            total += 1
            sequence = data.sequences.get(e.query.user_id, ())
            seen, ever = Counter(x.item_id for x in e.query.history), Counter(x.item_id for x in sequence)
            if sequence and any(seen[answer] >= ever[answer] for answer in e.relevant):
                answered.append(e.query.query_id)
            for review in reviews(later(sequence, e), e.relevant):
                if any(review in _joined(x.review) for x in e.query.history if x.review):
                    quoted.append(e.query.query_id)
                if any(review in words[i] for i in (*e.relevant, *(x.item_id for x in e.query.history))):
                    in_items.append(e.query.query_id)
    yield finding("target in the input", answered, total, "histories that hold the purchase that is their answer")
    level: Level = "leak" if len(quoted) > COPIES * total else "note"
    yield finding("answer's review", quoted, total, "histories that hold the review of their own answer", level)
    yield finding("review in an item", in_items, total, "queries whose answer's review is in the text of an item")


def profiles(data: Dataset) -> Iterator[Finding]:
    """Leak: a profile built past the split. It names a later item of the user, or holds a review of one.

    Or, over all profiles, values that the history lacks are those of the user's later items more often than of other
    users'. That must be by ``Z`` standard deviations and twice as often, since an honest profile foretells a little.
    """
    rules = Rules(data.items)
    rows = [(e, e.query.profile) for split in SPLITS for e in data.examples[split] if e.query.profile]
    knowing = []
    for e, profile in rows:
        following = later(data.sequences.get(e.query.user_id, ()), e)
        ahead = [data.items[i] for i in dict.fromkeys((*e.relevant, *(x.item_id for x in following)))]
        text = _joined(profile)
        if any(review in text for review in reviews(following)) or any(rules.names(profile, i, e.query) for i in ahead):
            knowing.append(e.query.query_id)
    yield finding("profiles", knowing, len(rows), "profiles that name a later item of the user or hold its review")
    if rows:
        yield _foresight(data, rules.matcher, rows)


def _foresight(data: Dataset, matcher: Matcher, rows: Sequence[tuple[Example, str]]) -> Finding:
    """Values of a profile that the history lacks, against the answers: of the own query, and of all others.

    The number of own matches is compared with its expectation if the answers were dealt out at random among these
    queries; its variance is at most that of independent draws.
    """
    answers = [_values(data.items, e.relevant) for e, _ in rows]
    share = Counter(chain.from_iterable(answers))
    hits, expected, variance, knowing = 0, 0.0, 0.0, []
    for (e, profile), answer in zip(rows, answers, strict=True):
        old = _values(data.items, (x.item_id for x in e.query.history))
        new = {claim for mention in matcher.find(profile) for claim in mention.claims} - old
        hits += len(new & answer)
        chances = [share[claim] / len(rows) for claim in new]
        expected += sum(chances)
        variance += sum(p * (1 - p) for p in chances)
        if new & answer:
            knowing.append(e.query.query_id)
    leak = hits > 2 * expected and hits - expected > Z * math.sqrt(max(variance, 1.0))
    text = f"values in profiles that only the answer has: {hits:,}, by chance {expected:,.1f}"
    return finding("profiles past the split", knowing if leak else (), len(rows), text)


def later(sequence: Sequence[Interaction], example: Example) -> Sequence[Interaction]:
    """What the user did after the query's history: the answer and all that follows."""
    return sequence[len(example.query.history) :]


def reviews(interactions: Iterable[Interaction], wanted: Iterable[str] | None = None) -> Iterator[str]:
    """The words of the reviews that are long enough to be told from a phrase, of the ``wanted`` items if given."""
    for x in interactions:
        if x.review and (wanted is None or x.item_id in wanted) and len(tokenize(x.review)) >= LONG:
            yield _joined(x.review)


def _joined(text: str | None) -> str:
    return f" {' '.join(tokenize(text or ''))} "


def _values(items: Mapping[str, Item], item_ids: Iterable[str]) -> set[tuple[str, str]]:
    return {(name, v) for i in item_ids for name, values in items[i].attributes.items() for v in values}
