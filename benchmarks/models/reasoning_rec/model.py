"""ReasoningRec (arXiv 2410.23180): profile and description in, reasoning and like or dislike out, by a small model.

A profile of the user and a description of the item are written (:mod:`~benchmarks.models.reasoning_rec.texts`); a
teacher that knows the answer says what speaks for and against (:mod:`~benchmarks.models.reasoning_rec.teacher`); a
small language model is tuned to say it and the answer (:mod:`~benchmarks.models.reasoning_rec.student`).

    python -m benchmarks.run --task choice --model reasoning_rec --domain fashion --data-dir DIR --seed 0 1 2
    python -m benchmarks.run --task choice --model reasoning_rec --set order=answer_first
    python -m benchmarks.run --task choice --model reasoning_rec --set base=smollm2 lessons=200
    python -m benchmarks.run --task choice --model reasoning_rec --set drafter=llm base_url=URL/v1 model=NAME

What differs from the paper: the order is reasoning first (``order=answer_first`` is the published one); the answer is
the model's own probability rather than a parsed word (``decoding=free`` parses, and counts what it cannot); no
description reads the user's review. Arms leave out the profile, the description or the reasoning, or have a teacher
that does not know the answer (``drafting=blind``). ``base=teacher`` is the teacher by itself, which knows no answer
either: its levels, weighed by a logistic regression. ``leak=DOMAIN`` reads, beside the description, the user's own
review of the item, as the paper's descriptions may: a leak, to be seen and never to be ranked with others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from benchmarks.harness.base import ModelCard, ModelSettings, TaskName
from benchmarks.language import bases
from benchmarks.models.lr_recsys.evidence import Claim, EvidenceWriter
from benchmarks.models.pairs._features import fitted
from benchmarks.models.pairs._numbers import NumberModel, PairSettings, answers_of
from benchmarks.models.reasoning_rec.grammar import Grammar, Order, Statement
from benchmarks.models.reasoning_rec.student import Student
from benchmarks.models.reasoning_rec.teacher import CountingTeacher, Drafting, EndpointTeacher, Reasoning, Teacher
from benchmarks.models.reasoning_rec.texts import LEVELS, Texts, own_reviews
from rad.llm.settings import EndpointSettings
from rad.types import Item, Pair, PairExplanation, PairPrediction

TEACHER = "teacher"
BLOCK = 512  # pairs whose texts are written at one time
STEPS = 20  # of Newton's method
ARMS = ("base", "order", "drafting", "profile", "description", "leak", "decoding", "drafter")
VERSION = "1"


class Model(NumberModel):
    class Settings(PairSettings, EndpointSettings):
        base: str = Field(default="small", description="small, medium, smollm2, a Hub name or folder; or teacher")
        order: Order = Field(default="reason_first", description="of an answer; answer_alone has no reasoning")
        drafting: Drafting = Field(default="hindsight", description="whether the teacher knows the answer")
        profile: bool = Field(default=True, description="the student reads the profile of the user")
        description: bool = Field(default=True, description="the student reads the description of the item")
        leak: str = Field(default="", description="a domain whose reviews of the very pairs are read")
        decoding: Literal["constrained", "free"] = Field(default="constrained", description="free: answers are parsed")
        drafter: Literal["evidence", "llm"] = Field(default="evidence", description="the teacher")
        lessons: int = Field(default=1000, ge=0, description="training pairs that the student learns from, at most")
        passes: float = Field(default=2.0, gt=0, description="over the lessons")

    settings: Settings
    tasks: ClassVar[tuple[TaskName, ...]] = ("choice",)
    stochastic = True
    baselines = ("biases", "gradient_boosting")
    test_settings: ClassVar[Mapping[str, Any]] = {"lessons": 48, "passes": 1}

    def __init__(self, settings: ModelSettings | None = None) -> None:
        super().__init__(settings)
        self.n_parameters, self.counts = 0, dict[str, int]()

    @property
    def arm(self) -> str | None:
        """The settings that make an arm, where they are not the defaults."""
        changed = {name: getattr(self.settings, name) for name in ARMS if name in self.settings.model_fields_set}
        default = type(self.settings)()
        arms = [f"{name}={_word(value)}" for name, value in changed.items() if value != getattr(default, name)]
        return ",".join(arms) or None

    @property
    def card(self) -> ModelCard:
        base = self.settings.base
        return ModelCard(
            name="reasoning_rec", version=VERSION, arm=self.arm, n_parameters=self.n_parameters,
            base_model=None if base == TEACHER or bases.is_new(base) else base,
            config=self.settings.model_dump() | self.counts, trained_on=["ratings"],
        )  # fmt: skip

    def learn(self, train: Sequence[Pair], validation: Sequence[Pair], items: Mapping[str, Item], seed: int) -> None:
        base, pairs = self.settings.base, [*train, *validation]
        if base != TEACHER:
            bases.check(base)
        (features, _, _), saved = fitted(pairs, items)
        self.seconds_saved = saved
        self.counts = {"empty_profiles": 0, "empty_reasonings": 0, "unread": 0}
        reads_words = self.settings.drafter == "llm" or not (base == TEACHER or bases.is_new(base))
        self.texts = Texts(EvidenceWriter(features), items if reads_words else None)
        self._reviews = own_reviews(self.settings.leak) if self.settings.leak else {}
        rng = np.random.default_rng(seed)
        lessons = [pairs[k] for k in rng.permutation(len(pairs))[: self.settings.lessons]]
        claims = self._claims(lessons, is_training=True)
        texts = self._prompts(lessons, claims, is_training=True)
        self.teacher: Teacher = CountingTeacher(self.texts.kinds)
        if self.settings.drafter == "llm":
            self.teacher = EndpointTeacher(self.settings, self.texts.kinds, seed)
        if base == TEACHER:
            levels = self.teacher.reason(lessons, claims, texts, "blind")
            self._weights = _logistic(np.array(levels, float), answers_of(lessons))
            return
        reasonings = self.teacher.reason(lessons, claims, texts, self.settings.drafting)
        self.counts["empty_reasonings"] = sum(not any(r) for r in reasonings)
        statements = [Statement(r, bool(pair.liked)) for r, pair in zip(reasonings, lessons, strict=True)]
        self.grammar = Grammar(self.texts.kinds, self.settings.order)
        self.student = Student(base, self.grammar, texts, statements, self.settings.passes, seed)
        self.n_parameters = self.student.n_parameters

    def numbers(self, pairs: Sequence[Pair]) -> np.ndarray:
        return np.array([p.probability for p in self.rate(pairs)], dtype=float)

    def rate(self, pairs: Sequence[Pair]) -> Iterator[PairPrediction]:
        self.tokens_written = 0
        for start in range(0, len(pairs), BLOCK):
            part = pairs[start : start + BLOCK]
            claims = self._claims(part, is_training=False)
            texts = self._prompts(part, claims, is_training=False)
            if self.settings.base == TEACHER:
                yield from self._by_teacher(part, claims, texts)
                continue
            answers = self.student.answered(texts, free=self.settings.decoding == "free")
            for pair, judgement in zip(part, answers, strict=True):
                self.tokens_written += judgement.tokens
                key = pair.query.query_id
                if judgement.statement is None:
                    self.counts["unread"] += 1
                    yield PairPrediction(key, pair.item_id, error="the answer says neither like nor dislike")
                    continue
                value = min(max(judgement.probability, self.low), self.high)
                explanations = self._explanations(pair, judgement.statement.reasoning)
                yield PairPrediction(key, pair.item_id, probability=value, explanations=explanations)

    def _by_teacher(
        self, pairs: Sequence[Pair], claims: Sequence[Sequence[Claim]], texts: Sequence[str]
    ) -> Iterator[PairPrediction]:
        self.tokens_written = None
        for pair, reasoning in zip(pairs, self.teacher.reason(pairs, claims, texts, "blind"), strict=True):
            value = 1 / (1 + np.exp(-float(self._weights @ (1, *reasoning))))
            value = min(max(value, self.low), self.high)
            explanations = self._explanations(pair, reasoning)
            yield PairPrediction(pair.query.query_id, pair.item_id, probability=value, explanations=explanations)

    def _claims(self, pairs: Sequence[Pair], is_training: bool) -> list[list[Claim]]:
        return self.texts.writer.claims(pairs, is_training)

    def _prompts(self, pairs: Sequence[Pair], claims: Sequence[Sequence[Claim]], is_training: bool) -> list[str]:
        """The profile and the description of each pair, as far as the arm reads them."""
        out = []
        for pair, own in zip(pairs, claims, strict=True):
            self.counts["empty_profiles"] += not is_training and not pair.query.history
            parts = [f"The person:\n{self.texts.profile(pair.query, own)}"] if self.settings.profile else []
            parts += [f"The item:\n{self.texts.description(pair, own)}"] if self.settings.description else []
            parts += [self._reviews.get(pair.query.query_id, "")]
            out.append("".join(parts) or "Nothing is known.\n")
        return out

    def _explanations(self, pair: Pair, reasoning: Reasoning) -> tuple[PairExplanation, ...]:
        """What the reasoning says for the item, and what against it; nothing where it says nothing."""
        out = []
        sides: tuple[tuple[Literal["for", "against"], int], ...] = (("for", 1), ("against", -1))
        for polarity, sign in sides:
            spoken = [
                (kind, level) for kind, level in zip(self.texts.kinds, reasoning, strict=True) if sign * level > 0
            ]
            claims = tuple((kind, LEVELS[level]) for kind, level in sorted(spoken, key=lambda x: -abs(x[1])))
            if not claims:
                continue
            named = [" ".join([kind, self.texts.values_of(pair.item_id, kind)]).strip() for kind, _ in claims]
            text = "; ".join(f"{words}: {name}" for (_, words), name in zip(claims, named, strict=True))
            out.append(PairExplanation(
                pair.query.query_id, pair.item_id, polarity, claims, text.capitalize() + ".",
                "model", "reasoning_rec", VERSION,
            ))  # fmt: skip
        return tuple(out)


def _word(value: object) -> str:
    """A setting as ``--set`` reads it, as a part of a folder's name: without slashes."""
    return str(value).lower() if isinstance(value, bool) else str(value).replace("/", "-")


def _logistic(levels: np.ndarray, answers: np.ndarray) -> np.ndarray:
    """[1 + aspects]: intercept and weights of a logistic regression on levels [pairs, aspects], by Newton's method."""
    rows = np.concatenate([np.ones((len(levels), 1)), levels], axis=1)
    weights, ridge = np.zeros(rows.shape[1]), 0.1
    for _ in range(STEPS):
        p = 1 / (1 + np.exp(-rows @ weights))
        curvature = rows.T @ (rows * (p * (1 - p))[:, None]) + ridge * np.eye(len(weights))
        weights += np.linalg.solve(curvature, rows.T @ (answers - p) - ridge * weights)
    return weights
