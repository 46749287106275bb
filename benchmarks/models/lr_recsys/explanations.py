"""Explanations of pairs from any drafter: one for the item and one against it, made once and kept.

``evidence`` counts (:mod:`benchmarks.models.lr_recsys.evidence`); ``llm`` asks a model behind an endpoint, as the paper
does (section 4.1). The endpoint sees the history, with its ratings, and the item; it sees no answer, no review of the
item and nothing that came later.

On training pairs there is a third text, why the item was chosen or not, which knows the answer (the paper's prompts
with the label). It teaches the autoencoder and goes nowhere else: :func:`hindsight` refuses pairs without an answer,
and what is scored has none.
"""

from __future__ import annotations

import hashlib
import textwrap
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from string import Template
from typing import NamedTuple, Protocol

from pydantic import BaseModel

from benchmarks.models.lr_recsys.evidence import Claim, EvidenceWriter, texts_of
from benchmarks.models.pairs._features import PairFeatures
from rad.data.pairs import answer_of
from rad.errors import RadError
from rad.llm.answer import PROBLEMS, Answer
from rad.llm.client import Unanswered
from rad.llm.forms import Unreadable, fitted, read_prompts
from rad.llm.settings import EndpointSettings
from rad.rationales.claims import sentences
from rad.rationales.hindsight import forbidden
from rad.runtime.files import atomic_write, cache_dir, canonical, read_jsonl
from rad.types import Item, Pair

PROMPTS = Path(__file__).with_name("prompts.md")
REMEMBERED = 4  # sets of pairs: training and scored ones, with and without validation
LONG = 8  # words of a review that no explanation of its own item may repeat in a row


class Explained(NamedTuple):
    """The texts of one pair, perhaps empty, and the claims behind them where they were counted."""

    positive: str
    negative: str
    claims: tuple[Claim, ...] = ()


class Writer(Protocol):
    """What writes explanations of pairs without their answers."""

    signature: str
    version: str

    def write(self, pairs: Sequence[Pair], is_training: bool) -> list[Explained]:
        """One a pair, in order."""


class CountingWriter:
    """The evidence as texts, kept under ``RAD_CACHE`` by all that they follow from."""

    def __init__(self, features: PairFeatures) -> None:
        self.evidence = EvidenceWriter(features)
        self.signature, self.version = self.evidence.signature, self.evidence.version

    def write(self, pairs: Sequence[Pair], is_training: bool) -> list[Explained]:
        key = self._key(pairs, is_training)
        if key not in _recent:
            _recent[key] = self._stored(cache_dir() / "lr_recsys" / f"{key}.jsonl", pairs, is_training)
            for old in [*_recent][:-REMEMBERED]:
                del _recent[old]
        return _recent[key]

    def _stored(self, path: Path, pairs: Sequence[Pair], is_training: bool) -> list[Explained]:
        if not path.exists():
            rows = self.evidence.claims(pairs, is_training)
            with atomic_write(path) as file:
                file.writelines(canonical({"claims": [list(claim) for claim in row]}) + "\n" for row in rows)
        stored = [tuple(Claim(*claim) for claim in record["claims"]) for _, record in read_jsonl(path)]
        return [Explained(*texts_of(claims), claims) for claims in stored]

    def _key(self, pairs: Sequence[Pair], is_training: bool) -> str:
        digest = hashlib.sha256(f"{self.signature}:{self.version}:{is_training}".encode())
        for pair in pairs:
            rated = [(x.item_id, x.rating) for x in pair.query.history]
            digest.update(f"{pair.query.query_id}:{pair.item_id}:{rated}".encode())
        digest.update(self.evidence.features.fingerprint)
        return digest.hexdigest()[:24]


_recent: dict[str, list[Explained]] = {}  # seeds and arms of one command read the same texts


class Form(BaseModel):
    """The answer that is asked for."""

    positive: str
    negative: str


class EndpointWriter:
    """A language model behind an endpoint; its answers are kept under ``RAD_CACHE`` by what was asked.

    Attributes:
        failures: Why pairs have no explanation, and how often.
    """

    def __init__(self, settings: EndpointSettings, items: Mapping[str, Item], seed: int) -> None:
        if not settings.base_url or not settings.model:
            raise RadError("drafter=llm needs an endpoint: --set base_url=http://HOST:PORT/v1 model=NAME")
        self.items, self.prompts = items, read_prompts(PROMPTS)
        self.endpoint = settings.endpoint("lr_recsys", "a shorter history shortens it", seed)
        self.signature, self.version = f"llm:{settings.model}", self.prompts["version"]
        self.failures: Counter[str] = Counter()

    def write(self, pairs: Sequence[Pair], is_training: bool) -> list[Explained]:
        return list(self.endpoint.in_order(self._one, pairs))

    def _one(self, pair: Pair) -> Explained:
        lines = [
            f"- {self._described(x.item_id)}" + (f" (rated {x.rating:g})" if x.rating is not None else "")
            for x in pair.query.history[-20:]
        ]
        text = Template(self.prompts["pair"]).substitute(
            history="\n".join(lines) or "(nothing yet)", item=self._described(pair.item_id)
        )
        messages = [{"role": "system", "content": self.prompts["system"]}, {"role": "user", "content": text}]
        try:
            form = fitted(self._answered(messages).value or {}, Form)
        except (Unanswered, Unreadable) as error:
            self.failures[str(error)] += 1
            return Explained("", "")
        return Explained(form.positive.strip(), form.negative.strip())

    def _answered(self, messages: list[dict[str, str]]) -> Answer:
        answer = self.endpoint.ask(messages, Form.model_json_schema(), check=lambda value: fitted(value, Form))
        if answer.problem is not None:
            kind, detail = answer.problem.kind, answer.problem.detail
            raise Unanswered(PROBLEMS[kind] if kind == "refused" else detail)
        return answer

    def _described(self, item_id: str) -> str:
        item = self.items[item_id]
        values = dict.fromkeys(value for values in item.attributes.values() for value in values)
        return textwrap.shorten(f"{item.title} ({'; '.join(values)})" if values else item.text, 200) or "(no words)"


def hindsight(pairs: Sequence[Pair], explained: Sequence[Explained]) -> list[str]:
    """Why each training pair was chosen, or was not: the side that its answer took. For the autoencoder alone."""
    out = []
    for pair, one in zip(pairs, explained, strict=True):
        answer_of(pair)  # a pair without an answer is refused: nothing that is scored comes here
        out.append(f"Chosen. {one.positive}" if pair.liked else f"Not chosen. {one.negative}")
    return out


def leaks(pairs: Sequence[Pair], explained: Sequence[Explained], reviews: Mapping[str, str] | None = None) -> list[str]:
    """What explanations may not say, a line each: hindsight, or words of the review of the very pair.

    Args:
        pairs: What the texts are of.
        explained: One a pair.
        reviews: The review that goes with each pair's answer, by query id; none where a domain has none.
    """
    out = []
    for pair, one in zip(pairs, explained, strict=True):
        for text in (one.positive, one.negative):
            phrases = [words for start, end in sentences(text) for words in _hindsight(text[start:end])]
            out += [f"{pair.query.query_id}: hindsight: {words}" for words in phrases]
            words = (reviews or {}).get(pair.query.query_id, "").lower().split()
            runs = {" ".join(words[k : k + LONG]) for k in range(len(words) - LONG + 1)}
            out += [f"{pair.query.query_id}: of its review: {run}" for run in runs if run in text.lower()]
    return out


@lru_cache(maxsize=2**18)
def _hindsight(sentence: str) -> tuple[str, ...]:
    """What a sentence may not say. It is searched once: pairs share most sentences, and a search is slow."""
    return tuple(words for kind, words in forbidden(sentence) if kind == "hindsight")
