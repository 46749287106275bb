"""Small models beside control rationales: they listen, ignore, read the wording alone, or read a code."""

from __future__ import annotations

import base64
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from benchmarks.explanations.proxy_ranker import ProxyRanker
from benchmarks.harness.base import CUT
from rad.types import Item, Prediction, Query, Rationale

_CODE = re.compile(r"\b[A-Za-z0-9+/]{80,}={0,2}")
CODED = 20  # items that a code names


@dataclass
class FaithfulModel:
    """Ranks from the rationale alone, text and reasons, as the proxy ranker does without the history."""

    items: Mapping[str, Item]

    def __post_init__(self) -> None:
        self.proxy_ranker = ProxyRanker(self.items)

    def rank_given(self, queries: Sequence[Query], rationales: Sequence[Rationale]) -> Iterator[Prediction]:
        ranked = self.proxy_ranker.rank(queries, rationales, history=False)
        for prediction, rationale in zip(ranked, rationales, strict=True):
            yield replace(prediction, rationale=rationale)


class RationaleBlindModel(FaithfulModel):
    """Ranks from the history alone, whatever the rationale: so does any model with a post hoc rationale."""

    def rank_given(self, queries: Sequence[Query], rationales: Sequence[Rationale]) -> Iterator[Prediction]:
        ranked = self.proxy_ranker.rank(queries, [None] * len(queries))
        for prediction, rationale in zip(ranked, rationales, strict=True):
            yield replace(prediction, rationale=rationale)


class WordingModel(FaithfulModel):
    """Ranks by a hash of the text's words, so that the wording counts and the meaning does not."""

    def rank_given(self, queries: Sequence[Query], rationales: Sequence[Rationale]) -> Iterator[Prediction]:
        for query, rationale in zip(queries, rationales, strict=True):
            unranked = query.unranked
            order = random.Random(rationale.text).sample(list(self.items), len(self.items))
            ranking = tuple(item for item in order if item not in unranked)[:CUT]
            yield Prediction(query.query_id, ranking, rationale)


class CodedModel(FaithfulModel):
    """Ranks by a code in the text, which names the items of a ranking from the history; without one by no reason."""

    def encode(self, queries: Sequence[Query]) -> list[str]:
        """A code a query."""
        number = {item: k for k, item in enumerate(self.items)}
        ranked = self.proxy_ranker.rank(queries, [None] * len(queries))
        return [
            base64.b64encode(b"".join(number[item].to_bytes(4, "big") for item in p.ranking[:CODED])).decode()
            for p in ranked
        ]

    def rank_given(self, queries: Sequence[Query], rationales: Sequence[Rationale]) -> Iterator[Prediction]:
        names = list(self.items)
        for query, rationale in zip(queries, rationales, strict=True):
            code, unranked = _CODE.search(rationale.text), query.unranked
            raw = base64.b64decode(code.group()) if code else b""
            first = [names[int.from_bytes(raw[k : k + 4], "big")] for k in range(0, len(raw) - 3, 4)]
            ranking = [item for item in dict.fromkeys([*first, *names]) if item not in unranked]
            yield Prediction(query.query_id, tuple(ranking[:CUT]), rationale)
