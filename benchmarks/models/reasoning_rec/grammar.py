"""What an answer of ReasoningRec may say, as lines: a level for each aspect, and like or dislike, in either order.

    garment: clearly for            reason_first: the aspects, then the answer
    colour: a little against        answer_first: the answer, then the aspects (the published order)
    others: no matter               answer_alone: no reasoning
    Answer: like

The lines of a reasoning are numbered from 0, and the answer has a number of its own, so that the decoder of
:mod:`benchmarks.language.writing` can hold a model to them. Whatever it writes so can be parsed; what a model writes
freely is :meth:`Grammar.parse`'s to read, and may be no answer.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from transformers import PreTrainedTokenizerBase

from benchmarks.language.lessons import IGNORED
from benchmarks.language.tokens import END, Line, encoded, rendered
from benchmarks.models.reasoning_rec.teacher import Reasoning
from benchmarks.models.reasoning_rec.texts import LEVELS

Order = Literal["reason_first", "answer_first", "answer_alone"]
LIKE, DISLIKE = 2, 1
ANSWERS = {LIKE: "Answer: like\n", DISLIKE: "Answer: dislike\n"}
SYSTEM = "You say whether a person likes an item, and how strongly each aspect speaks for or against it."
_ANSWER = re.compile(r"Answer: *(like|dislike)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Statement:
    """What an answer says: its reasoning, and whether the user likes the item."""

    reasoning: Reasoning
    liked: bool


class Grammar:
    """The lines of answers about some aspects, in one order."""

    def __init__(self, kinds: Sequence[str], order: Order) -> None:
        self.kinds, self.order = tuple(kinds), order
        n = 0 if order == "answer_alone" else len(kinds)
        self.answer = 0 if order != "reason_first" else n
        """The number of the answer's line."""
        self._aspects = range(1, n + 1) if order == "answer_first" else range(n)

    def question(self, text: str) -> list[dict[str, str]]:
        """The prompt of a pair, whose profile and description are ``text``."""
        rules = [SYSTEM]
        if self.order != "answer_alone":
            rules.append("Write a line for each of: " + ", ".join(self.kinds) + ".")
            rules.append("Each is one of: " + ", ".join(LEVELS.values()) + ".")
        last = "first line" if self.order == "answer_first" else "last line"
        rules.append(f"Your {last} is 'Answer: like' or 'Answer: dislike'.")
        return [{"role": "system", "content": " ".join(rules)}, {"role": "user", "content": text}]

    def words(self, number: int, level: int) -> str:
        """A line in words."""
        if number == self.answer:
            return ANSWERS[level]
        return f"{self.kinds[self._aspects.index(number)]}: {LEVELS[level]}\n"

    def text(self, statement: Statement) -> str:
        """A whole answer in words: what the student is taught to write."""
        levels = {self.answer: LIKE if statement.liked else DISLIKE}
        levels |= dict(zip(self._aspects, statement.reasoning, strict=False))
        return "".join(self.words(number, levels[number]) for number in sorted(levels))

    def lines(self, tokenizer: PreTrainedTokenizerBase) -> list[Line]:
        """Every line in tokens; the last is the end of the answer."""
        names = [(number, level) for number in self._aspects for level in LEVELS]
        names += [(self.answer, level) for level in ANSWERS]
        ids = encoded(tokenizer, [self.words(number, level) for number, level in names])
        lines = [Line(number, level, own) for (number, level), own in zip(names, ids, strict=True)]
        return [*sorted(lines, key=lambda line: line.fact), Line(END, 0, (int(tokenizer.eos_token_id),))]

    def row(self, tokenizer: PreTrainedTokenizerBase, text: str, statement: Statement) -> dict[str, list[int]]:
        """A lesson: the tokens of a prompt and of its answer line by line, and labels of the answer."""
        prompt = rendered(tokenizer, self.question(text))
        lines = encoded(tokenizer, self.text(statement).splitlines(keepends=True))
        answer = [*(token for line in lines for token in line), int(tokenizer.eos_token_id)]
        return {"input_ids": prompt + answer, "labels": [IGNORED] * len(prompt) + answer}

    def statement(self, levels: dict[int, int]) -> Statement:
        """What lines say, from their levels by number; lines that are missing say "no matter"."""
        reasoning = tuple(levels.get(number, 0) for number in self._aspects)
        return Statement(reasoning or (0,) * len(self.kinds), levels[self.answer] == LIKE)

    def parse(self, text: str) -> Statement | None:
        """What a text says that nothing held to the grammar; None where it says neither like nor dislike, or both."""
        answers = {match.lower() for match in _ANSWER.findall(text)}
        if len(answers) != 1:
            return None
        level_of = {words: level for level, words in LEVELS.items()}
        reasoning = []
        for kind in self.kinds:
            match = re.search(rf"^{re.escape(kind)}: *([a-z ]+?) *$", text, re.MULTILINE)
            reasoning.append(level_of.get(match.group(1), 0) if match else 0)
        return Statement(tuple(reasoning), answers == {"like"})
