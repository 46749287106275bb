"""The student: a small causal language model, tuned by TRL's ``SFTTrainer`` on the teacher's reasonings (figure 1b).

It is a new model (``small``, ``medium``), or any pretrained one, of which a LoRA adapter learns. What it writes is held
to the grammar, and its probability of a like is that of the token which says so, beside that of the token which does
not: no text is parsed for it. ``free`` writes without the grammar, as the paper does; its answers are parsed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import torch
from datasets import Dataset

from benchmarks.language import bases
from benchmarks.language.supervised import supervised
from benchmarks.language.tokens import rendered
from benchmarks.language.writing import Answer, Row, decode
from benchmarks.models.reasoning_rec.grammar import LIKE, Grammar, Statement
from rad.errors import RadError

BATCH = 128  # pairs that are answered at once
VOCABULARY = 1024  # tokens of a new model: values of attributes, aspects with their levels, and parts of words
VOCABULARY_TEXTS = 2000  # lessons from which the tokenizer of a new model is made
FREE_TOKENS = 2  # times as many as the longest answer within the grammar: what a free answer may take


@dataclass(frozen=True)
class Course:
    """How a student learns: the peak of its learning rate, and lessons a step."""

    learning_rate: float
    batch_size: int


COURSES = {"small": Course(4e-3, 16), "medium": Course(1.5e-3, 16)}
PRETRAINED = Course(2e-4, 4)


@dataclass(frozen=True)
class Judgement:
    """What the student says of a pair; ``statement`` is None where a free answer cannot be read."""

    statement: Statement | None
    probability: float
    tokens: int


class Student:
    """A language model with the grammar of its answers.

    Args:
        base: See :mod:`benchmarks.language.bases`.
        grammar: Of its answers.
        texts: Profiles and descriptions of the lessons.
        statements: What it is to write, one a lesson.
        passes: Over the lessons; with 0 lessons it answers as it is.
        seed: Of new weights and of the order of lessons.
    """

    def __init__(
        self,
        base: str,
        grammar: Grammar,
        texts: Sequence[str],
        statements: Sequence[Statement],
        passes: float,
        seed: int,
    ) -> None:
        self.grammar = grammar
        lessons = list(zip(texts, statements, strict=True))
        if bases.is_new(base) and not lessons:
            raise RadError(f"a new base ({base}) knows nothing without lessons: --set lessons=1000, or base=smollm2")
        torch.manual_seed(seed)
        self.model, self.tokenizer = bases.opened(
            base,
            (f"{text}\n\n{grammar.text(one)}" for text, one in lessons[:VOCABULARY_TEXTS]),
            VOCABULARY,
        )
        if lessons:
            rows = Dataset.from_list([grammar.row(self.tokenizer, text, one) for text, one in lessons])
            learner = self.model if bases.is_new(base) else bases.with_adapter(self.model)
            course = COURSES.get(base, PRETRAINED)
            with TemporaryDirectory() as folder:
                supervised(
                    learner, self.tokenizer, rows, Path(folder), passes=passes, seed=seed,
                    batch_size=course.batch_size, learning_rate=course.learning_rate,
                )  # fmt: skip
            self.model = bases.merged(learner)
        self.model.eval()
        self.lines = grammar.lines(self.tokenizer)

    @property
    def n_parameters(self) -> int:
        """Of the model."""
        return int(self.model.num_parameters())

    def answered(self, texts: Sequence[str], free: bool = False) -> Iterator[Judgement]:
        """What the student says of each pair, in order; ``free``: without the grammar."""
        prompts = [rendered(self.tokenizer, self.grammar.question(text)) for text in texts]
        for start in range(0, len(prompts), BATCH):
            yield from (self._freely if free else self._constrained)(prompts[start : start + BATCH])

    def _constrained(self, prompts: Sequence[list[int]]) -> Iterator[Judgement]:
        """The probability is that of a like among the two answers, after what the student itself has written."""
        rows = [Row(Answer(prompt), self.lines, "blanks", 0, None, likeliest=True) for prompt in prompts]
        decode(self.model, rows)
        for row in rows:
            statement = self.grammar.statement(dict(row.answer.pairs))
            yield Judgement(statement, row.answer.shares[self.grammar.answer][LIKE], len(row.answer.ids))

    @torch.no_grad()
    def _freely(self, prompts: Sequence[list[int]]) -> Iterator[Judgement]:
        """The probability is 0 or 1, as the text says like or dislike; what cannot be read has none."""
        width = max(map(len, prompts))
        ids, mask = torch.zeros(2, len(prompts), width, dtype=torch.long)
        for k, one in enumerate(prompts):
            ids[k, width - len(one) :] = torch.tensor(one)
            mask[k, width - len(one) :] = 1
        longest = sum(max(len(x.ids) for x in self.lines if x.fact == n) for n in {x.fact for x in self.lines})
        device = self.model.device
        written = cast(Any, self.model).generate(
            input_ids=ids.to(device), attention_mask=mask.to(device), do_sample=False,
            max_new_tokens=FREE_TOKENS * longest, pad_token_id=self.tokenizer.pad_token_id,
        )[:, width:]  # fmt: skip
        for row, text in zip(written, self.tokenizer.batch_decode(written, skip_special_tokens=True), strict=True):
            statement = self.grammar.parse(text)
            probability = float("nan") if statement is None else float(statement.liked)
            yield Judgement(statement, probability, int((row != self.tokenizer.pad_token_id).sum()))
