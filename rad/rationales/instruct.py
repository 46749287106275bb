"""The table ``instruct``: rationales as conversations, for whatever trains language models.

    rad.load("world", "instruct")[0]["messages"]     # system, user, assistant

The system and the user say what :mod:`rad.rationales.prompt` says: the task, a history, its facts under letters. The
assistant answers with the lines of a rationale, which ``rad.rationales.prompt.read`` reads back. There is a row for
every training query and for no other: rationales are written with the answer known, which is there for training only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rad.errors import RadError
from rad.rationales import text
from rad.rationales.facts import Facts
from rad.rationales.prompt import MOST_FACTS, MOST_REASONS, answer, messages
from rad.rationales.strengths import levels
from rad.types import Example, Item, Rationale, Reason

_BATCH = 2_048  # queries whose facts are held at once


def rows(
    train: Sequence[Example], items: Mapping[str, Item], drafts: Mapping[str, Rationale]
) -> Iterator[dict[str, Any]]:
    """``query_id`` and ``messages`` of each of ``train``, in their order.

    The assistant says what people accepted or corrected, where it has the form of :mod:`rad.rationales.text`, else the
    draft.
    """
    facts = Facts.of(train, items)
    for start in range(0, len(train), _BATCH):
        part = train[start : start + _BATCH]
        about = facts.about_all([example.query for example in part], MOST_FACTS)
        for example, candidates in zip(part, about, strict=True):
            reasons = _reviewed(example) or drafts[example.query.query_id].reasons
            each, rest = levels(reasons)
            written = answer(candidates, zip(reasons, each, strict=True), rest)
            conversation = [*messages(example.query, items, candidates), {"role": "assistant", "content": written}]
            yield {"query_id": example.query.query_id, "messages": conversation}


def _reviewed(example: Example) -> tuple[Reason, ...] | None:
    own = example.rationale
    if own is None or own.origin == "known":
        return None
    try:
        reasons = text.parse(own.text)
    except RadError:
        return None
    return reasons if len(reasons) <= MOST_REASONS else None
