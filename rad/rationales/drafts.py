"""A rationale for every training query, from data alone: drafted by the evidence model, checked, and kept in the cache.

A draft is the posterior over the facts of a history given what was bought (:mod:`rad.features.evidence_model`), so only
training queries have one. Every reason is counted again, and the text obeys the rules (:mod:`rad.rationales.rules`). A
draft that breaks one, because a value is called like a title, keeps the reasons that name no value.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

from rad.errors import RadError
from rad.features import evidence_model
from rad.features.evidence_model import EvidenceModel
from rad.rationales import files
from rad.rationales.facts import Facts
from rad.rationales.rules import Rules
from rad.rationales.text import rationale
from rad.runtime.files import cache_dir
from rad.types import Example, Item, Query, Rationale, Reason

DRAFTER = "evidence"


def drafted(train: Sequence[Example], items: Mapping[str, Item]) -> Iterator[Rationale]:
    """A draft for each of ``train``, in their order."""
    model = EvidenceModel().fit(train, items)
    rules = Rules(items, model.facts)
    for example, reasons in zip(train, model.explain_all(train), strict=True):
        draft = _record(example.query, reasons)
        target = items[next(iter(example.relevant))]
        if any(not violation.counted for violation in rules.violations(draft, example.query, target)):
            draft = without_values(draft, example.query)
        yield draft


def without_values(draft: Rationale, query: Query) -> Rationale:
    """The draft with those of its reasons alone that name no value; the others' weight is unexplained."""
    return _record(query, [reason for reason in draft.reasons if not reason.wants])


def _record(query: Query, reasons: Sequence[Reason]) -> Rationale:
    return rationale(query, reasons, "evidence", DRAFTER, evidence_model.VERSION)


def cached(dataset_sha256: str, train: Sequence[Example], items: Mapping[str, Item]) -> dict[str, Rationale]:
    """The drafts of a data set by query id, from the cache, written there on first use."""
    path = cache_dir() / "drafts" / f"{dataset_sha256[:16]}-{_code()[:8]}.jsonl"
    queries = {example.query.query_id for example in train}
    if path.is_file():
        try:
            read = {draft.query_id: draft for _, draft in files.read(path)}
            if read.keys() == queries:
                return read
        except RadError:
            pass  # a damaged cache is written again
    drafts = list(drafted(train, items))
    files.write(path, drafts)
    return {draft.query_id: draft for draft in drafts}


@cache
def _code() -> str:
    """sha256 of the code that drafts hang on: another text or count is another draft."""
    root = Path(__file__).parents[1]
    digest = hashlib.sha256()
    for path in sorted([*(root / "rationales").rglob("*.py"), *(root / "features").glob("*.py")]):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def soundness(rationale: Rationale, query: Query, facts: Facts) -> float | None:
    """The share of the weight of the reasons that are sound facts; None without reasons.

    A reason that states no numbers is none.
    """
    total = sum(reason.weight for reason in rationale.reasons)
    if total <= 0:
        return None
    return sum(r.weight for r in rationale.reasons if next(facts.check(r, query), None) is None) / total
