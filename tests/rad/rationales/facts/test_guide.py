"""The page on facts says what is: every sentence in it is a sound fact of the query that it names."""

from __future__ import annotations

import re

import pytest

from rad.data.load import open_dataset
from rad.data.shard_writer import build
from rad.data.shards import Shards
from rad.rationales import strengths, text
from rad.rationales.facts import Facts
from rad.rationales.facts.candidates import KINDS
from rad.types import WISHES
from tests.support.documents import pages

PAGE = pages()["docs/guide/facts.md"]
NAME, NUMBER = re.search(r'open_dataset\("([^"]+)"\)[\s\S]*?\["test"\]\[(\d+)\]', PAGE).groups()


@pytest.fixture(scope="module")
def data():
    return open_dataset(NAME)


@pytest.fixture(scope="module")
def facts(data):
    return Facts.of(data.examples["train"], data.items)


@pytest.fixture(scope="module")
def query(data):
    return data.examples["test"][int(NUMBER)].query


def test_each_kind_has_an_example_that_is_true(facts, query):
    rows = re.findall(r"^\| `(\w+)` \| `([^`]+)` \|", PAGE, re.MULTILINE)
    assert [kind for kind, _ in rows] == [*KINDS, "wish", "veto"]
    for kind, sentence in rows:
        (reason,) = text.parse(sentence)
        assert reason.evidence.kind == kind
        assert [v.detail for v in facts.check(reason, query)] == [] or kind in WISHES
    for sentence in re.findall(r"`(\[\d+\] and [^`]+ each [^`]+)`", PAGE):
        (reason,) = text.parse(sentence)
        assert len(reason.evidence.history) == 2 and list(facts.check(reason, query)) == []


def test_the_strengths_are_those_of_the_code():
    rows = re.findall(r"^\| (\d+) \| ([\w ]+) \| ([\w ]+) \|$", PAGE, re.MULTILINE)
    code = zip(strengths.LEVELS, strengths.WORDS, strengths.LASTING_WORDS, strict=True)
    assert [(int(level), word, lasting) for level, word, lasting in rows] == list(code)


def test_what_the_page_prints_is_what_the_code_prints(facts, query):
    printed = " ".join(re.search(r"```text\n(.*?)```", PAGE, re.DOTALL)[1].split())
    reasons = strengths.weighted(zip(facts.about(query, most=3), (64, 32, 16), strict=True), rest=32)
    assert text.write(reasons) == printed
    (answer,) = re.findall(r'answer = \(?\s*"(.*)"', PAGE)
    (reason,) = text.parse(answer)
    (violation,) = facts.check(reason, query)
    assert f"`{violation.detail}`" in PAGE


def test_facts_of_shards_are_those_of_the_data_set(facts, data, tmp_path):
    build(NAME, tmp_path, shard_users=100)
    by_shards = Facts.of_shards(Shards(tmp_path))
    assert len(Shards(tmp_path)) == 3 and len(by_shards.own) == len(facts.own)
    for example in data.examples["train"][::50]:
        assert by_shards.about(example.query, 1000) == facts.about(example.query, 1000)
