"""Lessons: what a language model is to write, as the tokens that TRL trains on.

A lesson is a prompt and an answer in one of the two forms of :mod:`benchmarks.language.tokens`. In the form ``blanks``
the loss is of what is filled in, as the rest is given; in the form ``words`` it is of all words of the answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from datasets import Dataset

from benchmarks.language.tokens import END, Case, Form, Tokens
from rad.rationales import prompt
from rad.types import Item, Reason

IGNORED = -100  # a label that has no loss


@dataclass(frozen=True)
class Demonstration:
    """A case, and the reasons to be written, of weight 1, with their levels and that of the unexplained.

    Reasons that the prompt does not show are left out.
    """

    case: Case
    chosen: Sequence[tuple[Reason, int]]
    rest: int

    def lines(self, form: Form) -> list[tuple[int, int]]:
        """The lines of the answer, as numbers of facts and levels: ``END`` is the last."""
        levels = {fact: level for fact, level in self.chosen}
        every = [(k, levels.get(fact, 0)) for k, fact in enumerate(self.case.facts)]
        if form == "words":
            every = sorted((pair for pair in every if pair[1]), key=lambda pair: -pair[1])
        return [*every, (END, self.rest)]


def texts(lessons: Iterable[Demonstration], items: Mapping[str, Item], window: int, item_chars: int) -> Iterator[str]:
    """Prompts and answers as one text each: what a tokenizer is trained on."""
    for lesson in lessons:
        _, question = prompt.filling(lesson.case.query, items, window, item_chars)
        answer = "".join(lesson.case.lines(fact, "blanks")[level] for fact, level in lesson.lines("blanks"))
        yield f"{question['content']}\n\n{answer}"


@dataclass(frozen=True)
class Row:
    """A lesson in tokens; ``labels`` are those of the answer, ``IGNORED`` where there is no loss."""

    prompt: list[int]
    answer: list[int]
    labels: list[int]


def rows(lessons: Sequence[Demonstration], tokens: Tokens) -> Dataset:
    """``input_ids`` and ``labels`` of each lesson."""
    parts = [row(lesson, tokens) for lesson in lessons]
    return Dataset.from_list(
        [{"input_ids": r.prompt + r.answer, "labels": [IGNORED] * len(r.prompt) + r.labels} for r in parts]
    )


def row(lesson: Demonstration, tokens: Tokens) -> Row:
    """The tokens of a prompt and its answer."""
    (lines,) = tokens.lines([lesson.case])
    answer: list[int] = []
    labels: list[int] = []
    for fact, level in lesson.lines(tokens.form):
        fillings = {line.level: line.ids for line in lines if line.fact == fact}
        ids = fillings[level]
        answer += ids
        labels += ids if tokens.form == "words" else _where_they_differ(ids, list(fillings.values()))
    end = tokens.tokenizer.eos_token_id
    question = tokens.prompt(lesson.case, len(answer) + 1)
    return Row(question, [*answer, end], [*labels, end if tokens.form == "words" else IGNORED])


def _where_they_differ(ids: Sequence[int], fillings: Sequence[Sequence[int]]) -> list[int]:
    """The tokens of one filling that any other with the same beginning has otherwise; ``IGNORED`` for the rest."""
    out = []
    for at, token in enumerate(ids):
        out.append(token if any(other[at] != token for other in fillings) else IGNORED)
        fillings = [other for other in fillings if other[at] == token]
    return out
