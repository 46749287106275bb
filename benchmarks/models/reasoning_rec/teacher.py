"""The teacher: what speaks for and against an item, with the answer known (ReasoningRec, figure 1a).

A *reasoning* is one level (:data:`~benchmarks.models.reasoning_rec.texts.LEVELS`) an aspect. The drafter ``evidence``
counts; ``llm`` asks a model behind an endpoint. With ``drafting=hindsight``, as in the paper, the teacher knows whether
the user liked the item: what is on the side of the answer counts half more, what is on the other half as much, and both
sides are said. With ``blind`` it does not know.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from string import Template
from typing import Literal, Protocol

from pydantic import BaseModel

from benchmarks.models.lr_recsys.evidence import Claim
from benchmarks.models.reasoning_rec.texts import LEVELS, level_of
from rad.errors import RadError
from rad.llm.answer import PROBLEMS
from rad.llm.client import Unanswered
from rad.llm.forms import Unreadable, fitted, read_prompts
from rad.llm.settings import EndpointSettings
from rad.types import Pair

PROMPTS = Path(__file__).with_name("prompts.md")
Drafting = Literal["hindsight", "blind"]
Reasoning = tuple[int, ...]
"""A level for each aspect; all 0 where nothing is said."""
FOR_THE_ANSWER, FOR_THE_OTHER = 1.5, 0.5  # what a strength is multiplied by where the answer is known


class Teacher(Protocol):
    """What writes reasonings of training pairs."""

    failures: Counter[str]

    def reason(
        self, pairs: Sequence[Pair], claims: Sequence[Sequence[Claim]], prompts: Sequence[str], drafting: Drafting
    ) -> list[Reasoning]:
        """One a pair, in order. With ``hindsight`` the pairs have their answers, else they may lack them."""


class CountingTeacher:
    """The drafter ``evidence``: strengths of claims, added up by aspect."""

    def __init__(self, kinds: Sequence[str]) -> None:
        self.kinds = kinds
        self.failures: Counter[str] = Counter()

    def reason(
        self, pairs: Sequence[Pair], claims: Sequence[Sequence[Claim]], prompts: Sequence[str], drafting: Drafting
    ) -> list[Reasoning]:
        return [
            tuple(level_of(_leaning(strength, pair, drafting)) for strength in self._strengths(own))
            for pair, own in zip(pairs, claims, strict=True)
        ]

    def _strengths(self, claims: Sequence[Claim]) -> list[float]:
        return [sum(claim.strength for claim in claims if claim.kind == kind) for kind in self.kinds]


def _leaning(strength: float, pair: Pair, drafting: Drafting) -> float:
    if drafting == "blind":
        return strength
    return strength * (FOR_THE_ANSWER if (strength > 0) == _answer(pair) else FOR_THE_OTHER)


def _answer(pair: Pair) -> bool:
    if pair.liked is None:
        raise RadError(f"the pair of query '{pair.query.query_id}' has no answer to explain")
    return pair.liked


class Form(BaseModel):
    """The answer that is asked for: how strongly each aspect speaks, in the words of ``LEVELS``."""

    aspects: dict[str, str]


class EndpointTeacher:
    """A language model behind an endpoint; its answers are kept under ``RAD_CACHE`` by what was asked.

    Attributes:
        failures: Why pairs have no reasoning, and how often.
    """

    def __init__(self, settings: EndpointSettings, kinds: Sequence[str], seed: int) -> None:
        if not settings.base_url or not settings.model:
            raise RadError("drafter=llm needs an endpoint: --set base_url=http://HOST:PORT/v1 model=NAME")
        self.kinds, self.prompts = kinds, read_prompts(PROMPTS)
        self.endpoint = settings.endpoint("reasoning_rec", "fewer attributes shorten it", seed)
        self.failures: Counter[str] = Counter()

    def reason(
        self, pairs: Sequence[Pair], claims: Sequence[Sequence[Claim]], prompts: Sequence[str], drafting: Drafting
    ) -> list[Reasoning]:
        questions = [self._question(pair, text, drafting) for pair, text in zip(pairs, prompts, strict=True)]
        return list(self.endpoint.in_order(self._one, questions))

    def _question(self, pair: Pair, text: str, drafting: Drafting) -> str:
        answer = ""
        if drafting == "hindsight":
            answer = self.prompts["liked" if _answer(pair) else "disliked"]
        return Template(self.prompts["pair"]).substitute(
            text=text, answer=answer, aspects=", ".join(self.kinds), levels=", ".join(LEVELS.values())
        )

    def _one(self, question: str) -> Reasoning:
        messages = [{"role": "system", "content": self.prompts["system"]}, {"role": "user", "content": question}]
        try:
            answer = self.endpoint.ask(messages, Form.model_json_schema(), check=self._levels)
            if answer.problem is not None:
                kind, detail = answer.problem.kind, answer.problem.detail
                raise Unanswered(PROBLEMS[kind] if kind == "refused" else detail)
            return self._levels(answer.value or {})
        except (Unanswered, Unreadable) as error:
            self.failures[str(error)] += 1
            return (0,) * len(self.kinds)

    def _levels(self, value: object) -> Reasoning:
        aspects = fitted(value if isinstance(value, dict) else {}, Form).aspects
        level_of_words = {words: level for level, words in LEVELS.items()}
        if unknown := [words for words in aspects.values() if words not in level_of_words]:
            raise Unreadable(f"'{unknown[0]}' is none of {', '.join(LEVELS.values())}")
        return tuple(level_of_words[aspects.get(kind, LEVELS[0])] for kind in self.kinds)
