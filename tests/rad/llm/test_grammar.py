"""A JSON schema as a grammar: every rule is defined, and what it allows is what the schema allows."""

from __future__ import annotations

import re

import pytest

from annotation.drafters.llm_answers import ContrastForm, RationaleForm
from annotation.judges.llm import SCHEMA
from benchmarks.models.prompted import REASONS, ranking_schema
from rad.llm.grammar import gbnf

NAME = re.compile(r"(?<![\w-])[a-z][\w-]*")
LITERAL = re.compile(r'"(?:[^"\\]|\\.)*"|\[(?:[^\]\\]|\\.)*\]')


def test_a_small_schema():
    values = {"type": "array", "items": {"enum": ["red", 1, None]}, "maxItems": 3}
    schema = {"type": "object", "properties": {"a": values, "b": {"type": ["integer", "null"]}}}
    root = gbnf(schema).partition("\n")[0]
    one = r'("\"red\"" | "1" | "null")'
    listed = f'("[" ws ({one} (ws "," ws {one}){{0,2}})? ws "]")'
    members = rf'"\"a\"" ws ":" ws {listed} ws "," ws "\"b\"" ws ":" ws (integer | null)'
    assert root == f'root ::= ("{{" ws {members} ws "}}")'


@pytest.mark.parametrize(
    "schema",
    [RationaleForm.model_json_schema(), ContrastForm.model_json_schema(), SCHEMA, REASONS, ranking_schema(100, 20)],
)
def test_every_rule_of_the_project_s_grammars_is_defined(schema):
    rules = dict(line.split(" ::= ", 1) for line in gbnf(schema).splitlines())
    used = {name for rule in rules.values() for name in NAME.findall(LITERAL.sub("", rule))}
    assert used <= rules.keys() and "root" in rules
