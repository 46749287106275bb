"""Lessons: the tokens of an answer, and loss exactly where a writer of that answer has a choice."""

from __future__ import annotations

import pytest

from benchmarks.language.lessons import IGNORED, row, rows
from benchmarks.language.tokens import END
from benchmarks.language.writing import Answer, Row
from rad.rationales import prompt
from rad.rationales.strengths import LEVELS
from tests.benchmarks.language.conftest import BASES


@pytest.mark.parametrize("base", BASES)
def test_loss_is_where_the_writer_has_a_choice(opened, world, base):
    _, tokens = opened(base)
    for lesson, lines in zip(world.lessons, tokens.lines(world.cases), strict=True):
        encoded = row(lesson, tokens)
        writer = forced(lines, encoded.answer)
        assert writer.answer.ids == encoded.answer[:-1] and encoded.answer[-1] == tokens.tokenizer.eos_token_id
        expected = [t if free else IGNORED for t, free in zip(encoded.answer, [*writer.answer.chosen, 0], strict=True)]
        assert encoded.labels == expected
        levels = dict(lesson.chosen)
        assert writer.answer.rest == lesson.rest
        assert dict(writer.answer.pairs) == {k: levels[f] for k, f in enumerate(lesson.case.facts) if f in levels}


def forced(lines, ids):
    """A writer whose every choice is the next token of ``ids``."""
    writer = Row(Answer([]), lines, "blanks", len(LEVELS), None)
    while not writer.done:
        writer._take(ids[len(writer.answer.ids)], {ids[len(writer.answer.ids)]: 0.0})
        writer._settled()
    return writer


@pytest.mark.parametrize("base", BASES)
def test_an_answer_in_words_is_what_the_prompt_asks_for(opened, world, base):
    _, tokens = opened(base, "words")
    for lesson in world.lessons:
        encoded = row(lesson, tokens)
        expected = prompt.answer(lesson.case.facts, lesson.chosen, lesson.rest)
        assert tokens.tokenizer.decode(encoded.answer[:-1]) == expected
        assert encoded.labels == encoded.answer
        assert encoded.prompt == tokens.prompt(lesson.case, len(encoded.answer))


def test_a_row_is_a_prompt_and_its_answer(opened, world):
    _, tokens = opened("small")
    for lesson, both in zip(world.lessons, rows(world.lessons, tokens), strict=True):
        encoded = row(lesson, tokens)
        assert both["input_ids"] == encoded.prompt + encoded.answer
        assert both["labels"] == [IGNORED] * len(encoded.prompt) + encoded.labels


def test_the_lines_of_a_lesson(world):
    lesson = world.lessons[1]  # every other fact, from the second on
    blanks = lesson.lines("blanks")
    assert [fact for fact, _ in blanks] == [*range(len(lesson.case.facts)), END]
    assert [level for _, level in blanks[:-1:2]] == [0] * len(blanks[:-1:2])
    in_words = lesson.lines("words")
    assert [level for _, level in in_words[:-1]] == sorted((level for _, level in lesson.chosen), reverse=True)
