"""Public ids and leave-last-out splits.

Ids. Raw ids are numbered in the order in which users bought and so leak the target; every loader replaces them by
:func:`public_id`, and catalogues are kept in the order of these hashes.

Tie rule. Interactions of one user are sorted by timestamp with a stable sort: equal timestamps keep the order of the
source. Score ties break by the order of the catalogue.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence

from rad.types import Example, Interaction, PairExplanation, Query, Rationale, Split

MIN_PREFIX = 3  # a training prefix holds its target and at least two items before it


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
) -> dict[Split, tuple[Example, ...]]:
    """Last item of each user to test, last but one to validation, every earlier prefix of length >= 3 to training.

    The history of a test query includes the validation item. Users with fewer than 3 interactions give no queries.
    ``rationales`` and ``contrasts`` are looked up by query id.
    """
    rationales, contrasts = rationales or {}, contrasts or {}

    def example(user: str, sequence: Sequence[Interaction], position: int, split: Split) -> Example:
        key = query_id(user, position)
        query = Query(key, domain, user, tuple(sequence[:position]))
        return Example(query, split, {sequence[position].item_id: 1}, rationales.get(key), contrasts.get(key))

    out: dict[Split, list[Example]] = {"train": [], "validation": [], "test": []}
    for user in sorted(sequences):
        sequence = sequences[user]
        n = len(sequence)
        if n < 3:
            continue
        out["train"] += [example(user, sequence, k, "train") for k in range(MIN_PREFIX - 1, n - 2)]
        out["validation"].append(example(user, sequence, n - 2, "validation"))
        out["test"].append(example(user, sequence, n - 1, "test"))
    return {split: tuple(examples) for split, examples in out.items()}


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
