"""Public ids, duplicates, k-cores, and three ways to split: leave-last-out, global time, and a publisher's own.

Ids. Raw ids are numbered in the order in which users bought and so leak the target; every loader replaces them by
:func:`public_id`, and catalogues are kept in the order of these hashes.

Tie rule. Interactions of one user are sorted by timestamp with a stable sort: equal timestamps keep the order of the
source. Score ties break by the order of the catalogue.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from rad.errors import RadError
from rad.types import Example, Interaction, PairExplanation, Query, Rationale, Split

SPLITS: tuple[Split, ...] = ("train", "validation", "test")
MIN_PREFIX = 3  # a training prefix holds its target and at least two items before it
TIME_SHARES = (0.8, 0.9)  # of all interactions lie before the validation cut and the test cut


@dataclass(frozen=True, slots=True)
class SplitRow:
    """One query of a publisher's own split, by public ids: what the user had had, and what came next."""

    split: Split
    user_id: str
    history: tuple[str, ...]
    target: str


def public_id(domain: str, kind: str, source_id: str) -> str:
    """First 16 hex digits of sha256 of ``<domain>:<kind>:<source id>``; ``kind`` is ``item`` or ``user``."""
    return hashlib.sha256(f"{domain}:{kind}:{source_id}".encode()).hexdigest()[:16]


def query_id(user_id: str, position: int) -> str:
    """The id of the query whose answer is interaction ``position`` (from 0) of the user's whole sequence."""
    return f"{user_id}-{position}"


def leave_last_out(
    domain: str,
    sequences: Mapping[str, Sequence[Interaction]],
    rationales: Mapping[str, Rationale] | None = None,
    contrasts: Mapping[str, PairExplanation] | None = None,
    wanted: Sequence[Split] = SPLITS,
) -> dict[Split, tuple[Example, ...]]:
    """Last item of each user to test, last but one to validation, every earlier prefix of length >= 3 to training.

    The history of a test query includes the validation item. Users with fewer than 3 interactions give no queries.

    Args:
        domain: The domain of the queries.
        sequences: Interactions by user, oldest first.
        rationales: What is known of the reasons, by query id.
        contrasts: Explanations of the nearest alternative, by query id.
        wanted: The splits to make; the others stay empty.
    """
    rationales, contrasts = rationales or {}, contrasts or {}

    def example(user: str, sequence: Sequence[Interaction], position: int, split: Split) -> Example:
        key = query_id(user, position)
        query = Query(key, domain, user, tuple(sequence[:position]))
        return Example(query, split, {sequence[position].item_id: 1}, rationales.get(key), contrasts.get(key))

    out: dict[Split, list[Example]] = {"train": [], "validation": [], "test": []}
    # users in the order of their hashed ids: the order of examples is part of what models see, and must not vary
    for user in sorted(sequences):
        sequence = sequences[user]
        n = len(sequence)
        if n < 3:
            continue
        places = {"train": range(MIN_PREFIX - 1, n - 2), "validation": (n - 2,), "test": (n - 1,)}
        for split in wanted:
            out[split] += [example(user, sequence, k, split) for k in places[split]]
    return {split: tuple(examples) for split, examples in out.items()}


def global_time(
    domain: str,
    sequences: Mapping[str, Sequence[Interaction]],
    rationales: Mapping[str, Rationale] | None = None,
    contrasts: Mapping[str, PairExplanation] | None = None,
    cuts: tuple[int, int] | None = None,
) -> dict[Split, tuple[Example, ...]]:
    """Split at two moments for all users alike, so that nothing is learnt from the future of anyone.

    A query's history is everything before the cut (at least two items). Every interaction from there on (up to the test
    cut for validation) is an answer in a query of its own. Training has every earlier prefix of length >= 3. A query
    whose history is not the whole prefix has an id of its own. It has no rationale, since one may cite what is not in
    the history.

    Args:
        domain: The domain of the queries.
        sequences: Interactions by user, oldest first.
        rationales: What is known of the reasons, by query id.
        contrasts: Explanations of the nearest alternative, by query id.
        cuts: The validation cut and the test cut in UTC seconds (default: :func:`time_cuts`).

    Raises:
        RadError: An interaction has no timestamp.
    """
    rationales, contrasts = rationales or {}, contrasts or {}
    first, second = cuts or time_cuts(domain, sequences)
    out: dict[Split, list[Example]] = {"train": [], "validation": [], "test": []}
    for user in sorted(sequences):
        sequence = sequences[user]
        times = [_timestamp(domain, x) for x in sequence]
        # what is at the very moment of a cut comes after it, for all users alike
        a, b = bisect_left(times, first), bisect_left(times, second)
        # split, where its histories end (None: at the target itself), and its targets from the first to before the last
        spans: tuple[tuple[Split, int | None, int, int], ...] = (
            ("train", None, 0, a),
            ("validation", a, a, b),
            ("test", b, b, len(sequence)),
        )
        for split, cut, start, end in spans:
            for position in range(max(start, MIN_PREFIX - 1), end):
                n = position if cut is None else cut
                if n < MIN_PREFIX - 1:
                    continue
                is_prefix = n == position
                key = query_id(user, position) + ("" if is_prefix else f"-{n}")
                query = Query(key, domain, user, tuple(sequence[:n]))
                rationale, contrast = (rationales.get(key), contrasts.get(key)) if is_prefix else (None, None)
                out[split].append(Example(query, split, {sequence[position].item_id: 1}, rationale, contrast))
    return {split: tuple(examples) for split, examples in out.items()}


def of_publisher(domain: str, rows: Iterable[SplitRow]) -> dict[Split, tuple[Example, ...]]:
    """The queries of a publisher's own split; a query is numbered by how many items its user had had.

    ``rows`` has the earliest first of each user. Where their histories are cut, what a user had had is counted from the
    first history on.
    """
    out: dict[Split, list[Example]] = {"train": [], "validation": [], "test": []}
    positions: dict[str, int] = {}
    for row in rows:
        user = row.user_id
        position = positions.get(user, len(row.history))
        positions[user] = position + 1
        query = Query(query_id(user, position), domain, user, tuple(Interaction(user, item) for item in row.history))
        out[row.split].append(Example(query, row.split, {row.target: 1}))
    return {split: tuple(sorted(examples, key=lambda e: e.query.user_id)) for split, examples in out.items()}


def time_cuts(domain: str, sequences: Mapping[str, Sequence[Interaction]]) -> tuple[int, int]:
    """The moments before which 80% and 90% of all interactions lie."""
    times = sorted(_timestamp(domain, x) for sequence in sequences.values() for x in sequence)
    if not times:
        raise RadError(f"{domain} has no interactions to split by time")
    return times[int(TIME_SHARES[0] * len(times))], times[int(TIME_SHARES[1] * len(times))]


def _timestamp(domain: str, interaction: Interaction) -> int:
    if interaction.timestamp is None:
        raise RadError(f"{domain} has no timestamps, so it cannot be split by time: use --protocol full")
    return interaction.timestamp


def in_time_order(interactions: Iterable[Interaction]) -> dict[str, tuple[Interaction, ...]]:
    """Each user's interactions, oldest first; equal timestamps keep the order of the source."""
    users: dict[str, list[Interaction]] = {}
    for interaction in interactions:
        users.setdefault(interaction.user_id, []).append(interaction)
    return {user: tuple(sorted(rows, key=lambda x: x.timestamp or 0)) for user, rows in users.items()}


def distinct_users(
    sequences: Mapping[str, Sequence[Interaction]], ordered: bool = True
) -> dict[str, Sequence[Interaction]]:
    """Of the users with one and the same items (in the same order, where there is one) only the first by id."""
    seen: set[tuple[str, ...]] = set()
    first: dict[str, Sequence[Interaction]] = {}
    for user in sorted(sequences):
        key = tuple(x.item_id for x in sequences[user])
        key = key if ordered else tuple(sorted(key))
        if key not in seen:
            seen.add(key)
            first[user] = sequences[user]
    return first


def k_core(sequences: Mapping[str, Sequence[Interaction]], k: int) -> dict[str, tuple[Interaction, ...]]:
    """The largest part where every user has ``k`` interactions and every item ``k`` users, order kept."""
    core = {user: tuple(sequence) for user, sequence in sequences.items()}
    # an item that leaves may take users below k, and they other items, until nothing changes; the result is the same
    # in whatever order they leave
    while True:
        users_of = Counter(item for sequence in core.values() for item in {x.item_id for x in sequence})
        smaller = {u: tuple(x for x in s if users_of[x.item_id] >= k) for u, s in core.items()}
        smaller = {user: sequence for user, sequence in smaller.items() if len(sequence) >= k}
        if sum(map(len, smaller.values())) == sum(map(len, core.values())):
            return smaller
        core = smaller


def sequences_of(examples: Iterable[Example]) -> dict[str, tuple[Interaction, ...]]:
    """Each user's longest known sequence (history and target) in ``examples``: what a co-occurrence model counts.

    The interaction of a target is rebuilt from its id, since an example states only the id of its answer.
    """
    longest: dict[str, Example] = {}
    for e in examples:
        seen = longest.get(e.query.user_id)
        if seen is None or len(e.query.history) > len(seen.query.history):
            longest[e.query.user_id] = e
    return {user: (*e.query.history, *(Interaction(user, item) for item in e.relevant)) for user, e in longest.items()}


def learnable(examples: Mapping[Split, Sequence[Example]], split: Split) -> frozenset[str]:
    """The items that a model may have learnt from before it answers ``split``, which makes their targets *warm*.

    They are all items of the interactions that a model is fitted on: histories and answers of the earlier splits. So at
    test they are those of training and validation, at validation those of training. What stands in the histories of
    ``split`` alone was not learnt from, which makes a difference where all users are split at one moment. In training
    itself, which nothing precedes, they are the items of its histories.
    """
    earlier = SPLITS[: SPLITS.index(split)]
    histories = {x.item_id for name in earlier or (split,) for e in examples[name] for x in e.query.history}
    return frozenset(histories | {item_id for name in earlier for e in examples[name] for item_id in e.relevant})


def is_warm(example: Example, learnable_items: Collection[str]) -> bool:
    """Whether the target of ``example`` is among what :func:`learnable` gives; otherwise it is *cold*."""
    return any(item_id in learnable_items for item_id in example.relevant)
