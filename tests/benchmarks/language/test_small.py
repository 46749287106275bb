"""The base ``small``: its tokenizer gives any text back, and its words are those of the grammar."""

from __future__ import annotations

import pytest
import torch

from benchmarks.language import small
from benchmarks.language.lessons import texts
from rad.rationales import prompt

TEXTS = (
    "",
    " ",
    "\n\n  two lines\n",
    "A. 2 of 9 have brand Makita ([2], [5]; usually 1 in 40): most likely again.\n",
    'Größe "½ Zoll", 価格 1.234,5; 🧦🧦\t[12], [13]',
    "<end><item 7> a\r\nb e\N{COMBINING ACUTE ACCENT}\x00\u2028",
)


@pytest.fixture(scope="module")
def tokenizer(world):
    return small.tokenizer_of(texts(world.lessons, world.items, 1, 40))


@pytest.mark.parametrize("text", TEXTS)
def test_any_text_is_given_back(tokenizer, text):
    assert tokenizer.decode(tokenizer(text, add_special_tokens=False)["input_ids"]) == text


def test_texts_of_the_world_are_given_back_whatever_it_was_trained_on(world, tokenizer):
    for text in texts(world.lessons, world.items, 20, 400):
        for one in (tokenizer, small.tokenizer_of([])):
            assert one.decode(one(text)["input_ids"]) == text


def test_a_phrase_of_the_grammar_is_one_token(world, tokenizer):
    lines = [line for case in world.cases for line in prompt.lines("A", case.facts[0]).values()]
    lines += [prompt.last_line(level) for level in (64, 4)]
    assert max(len(tokenizer(line)["input_ids"]) for line in lines) < 25 < min(map(len, lines))


def test_it_reads_what_the_user_says_alone(tokenizer):
    messages = [{"role": "system", "content": "Rules."}, {"role": "user", "content": "Chosen so far:"}]
    assert tokenizer.apply_chat_template(messages, tokenize=False) == "Chosen so far:\n\n"
    assert small.model_of(tokenizer).num_parameters() < 1_000_000


def test_a_number_that_no_lesson_had_is_read_as_the_nearest_that_one_had():
    tokenizer = small.tokenizer_of(["[3], [16], [17] and 3 of 17 or 2 of 4\n"] * 3)
    model = small.model_of(tokenizer)

    def ids(text):
        return tokenizer(text, add_special_tokens=False)["input_ids"]

    learned = {
        text: model.get_input_embeddings().weight[ids(text)].detach() for text in ("3 of 17", "2 of 4", "[3], ", "[17]")
    }
    small.with_more_numbers(model, tokenizer)
    size, vectors = len(tokenizer), model.get_input_embeddings().weight
    pairs = [
        ("3 of 17", "3 of 17"),
        ("3 of 19", "3 of 17"),
        ("1 of 2", "2 of 4"),
        ("[1], ", "[3], "),
        ("[3], ", "[3], "),
    ]
    for text, nearest in pairs:
        assert len(learned[nearest]) == 1 and torch.equal(vectors[ids(text)], learned[nearest]), text
    assert len(ids("13 of 190")) > 1
    for text in ("A. 3 of 19 have brand Makita ([2], [19])\n", "13 of 190", "1.3 of 19", "[16], [3], [4] of 2"):
        assert tokenizer.decode(ids(text)) == text
    small.with_more_numbers(model, tokenizer)
    assert len(tokenizer) == size == len(model.get_input_embeddings().weight)


def test_a_model_without_numbers_stays_as_it_is():
    tokenizer = small.tokenizer_of(["brand Makita\n"])
    model = small.model_of(tokenizer)
    small.with_more_numbers(model, tokenizer)
    assert len(tokenizer) == len(model.get_input_embeddings().weight) < 300
