"""Prompts and answers as tokens, and what may stand in an answer: the grammar that decoding is held to.

There are two forms of an answer, which the same parser reads:

- ``blanks``: every fact in the order of the shortlist, its blank filled in with a strength or as no reason. The model
  reads each fact once and copies nothing: for bases that decode here.
- ``words``: the chosen facts alone, strongest first, each under its letter, after a prompt that shows all of them: for
  models that write without the grammar, behind an endpoint.

Either ends with a line on what stays unexplained. So every answer can be parsed, and each of its reasons is a fact.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from transformers import PreTrainedTokenizerBase

from rad.errors import RadError
from rad.rationales import prompt
from rad.rationales.strengths import LEVELS
from rad.types import Item, Query, Reason

END = -1  # the number of the last line, in place of a fact's
Form = Literal["blanks", "words"]


@dataclass(frozen=True)
class Case:
    """A query with the facts that its prompt shows, best first, and their hints (``prompt.label``)."""

    query: Query
    facts: Sequence[Reason]
    hints: Sequence[int]

    def lines(self, fact: int, form: Form) -> dict[int, str]:
        """The lines of an answer on a fact, or its last lines, by level: with hints where the prompt shows none."""
        hints = self.hints if form == "blanks" else ()
        if fact == END:
            return {level: prompt.last_line(level, hints) for level in LEVELS}
        by_level = prompt.lines(prompt.label(fact, hints), self.facts[fact])
        return by_level if form == "blanks" else {level: by_level[level] for level in LEVELS}


@dataclass(frozen=True, slots=True)
class Line:
    """A line that an answer may have: the number of its fact (``END``: the last line), its level (0: it is no reason),
    its tokens."""

    fact: int
    level: int
    ids: tuple[int, ...]


class Tokens:
    """Prompts and lines in the tokens of a model.

    Args:
        tokenizer: The model's.
        form: Of answers.
        items: The catalogue.
        longest: Tokens that the model can read, prompt and answer together.
        window: See :func:`rad.rationales.prompt.messages`.
        item_chars: There it is ``longest``.
    """

    def __init__(
        self,
        tokenizer: PreTrainedTokenizerBase,
        form: Form,
        items: Mapping[str, Item],
        longest: int,
        window: int,
        item_chars: int,
    ) -> None:
        self.tokenizer, self.form, self.items, self.longest = tokenizer, form, items, longest
        self.window, self.item_chars = window, item_chars
        self.shortened = 0
        """Prompts of which purchases were left out, as the model could not read them all."""

    def prompt(self, case: Case, room: int) -> list[int]:
        """The tokens of the prompt, with ``room`` left for the answer: the oldest purchases are dropped first.

        Raises:
            RadError: The facts alone are too long.
        """
        window = min(self.window, len(case.query.history))
        while True:
            ids = rendered(self.tokenizer, self._messages(case, window))
            if len(ids) + room <= self.longest:
                self.shortened += window < min(self.window, len(case.query.history))
                return ids
            if not window:
                raise RadError(
                    f"{len(ids)} tokens of a prompt and {room} of an answer are more than the {self.longest} that the "
                    "model can read: show fewer facts (--set facts=12), or take another base"
                )
            window //= 2

    def _messages(self, case: Case, window: int) -> list[dict[str, str]]:
        if self.form == "blanks":
            return prompt.filling(case.query, self.items, window, self.item_chars)
        return prompt.messages(
            case.query, self.items, case.facts, window, self.item_chars, cited=False, hints=case.hints
        )

    def encoded(self, lines: Sequence[str]) -> list[tuple[int, ...]]:
        """Each line in tokens, as it stands in an answer."""
        return encoded(self.tokenizer, lines)

    def lines(self, cases: Sequence[Case]) -> list[list[Line]]:
        """The lines that each answer may have: its facts in all strengths, and the last ones."""
        names: list[list[tuple[int, int]]] = []
        words: list[str] = []
        for one in cases:
            by_fact = {k: one.lines(k, self.form) for k in (*range(len(one.facts)), END)}
            names.append([(k, level) for k, by_level in by_fact.items() for level in by_level])
            words += [line for by_level in by_fact.values() for line in by_level.values()]
        encoded = iter(self.encoded(words))
        return [[Line(k, level, next(encoded)) for k, level in those] for those in names]


def rendered(tokenizer: PreTrainedTokenizerBase, messages: list[dict[str, str]]) -> list[int]:
    """The tokens of a prompt, in the tokenizer's own form of a chat if it has one."""
    if tokenizer.chat_template is None:
        text = (tokenizer.bos_token or "") + "\n\n".join(m["content"] for m in messages) + "\n\n"
    else:
        text = str(tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False))
    return list(tokenizer(text, add_special_tokens=False)["input_ids"])


def encoded(tokenizer: PreTrainedTokenizerBase, lines: Sequence[str]) -> list[tuple[int, ...]]:
    """Each line in tokens, as it stands in an answer."""
    encodings = tokenizer.backend_tokenizer.encode_batch_fast(list(lines), add_special_tokens=False)
    return [tuple(one.ids) for one in encodings]
