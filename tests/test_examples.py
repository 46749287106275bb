"""The scripts of ``examples/`` run on a tiny world, and so do the examples in docstrings."""

from __future__ import annotations

import doctest
import importlib
import re
import runpy
import sys
from pathlib import Path

import pytest

from tests.support.house import sources

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
PRINTED = {
    "add_a_model": r"popularity 0\.\d+\nsame_brand 0\.\d+",
    "draft_rationales": r"[1-9]\d* of 20 drafts passed.*hindsight: bought \(a leak\)",
    "load_and_look": r"200 items.*\[1\] .*because: .*then: ",
    "run_two_models": r"item_knn - popularity: -?0\.\d{4} \[",
    "score_my_predictions": r"100 predictions, 0 failed.*ndcg@10 +all +0\.",
}
MODULES = [name for name, path in sources().items() if ">>> " in path.read_text(encoding="utf-8")]


def test_every_example_is_run():
    scripts = {path.stem for path in EXAMPLES.glob("*.py")}
    # these have tests of their own: tests/leaderboard/test_independent.py, and below
    assert scripts - PRINTED.keys() == {"independent_submission", "train_with_trl"}
    short = [*PRINTED, "train_with_trl"]
    assert all((EXAMPLES / f"{name}.py").read_text(encoding="utf-8").count("\n") <= 40 for name in short)


@pytest.mark.parametrize("name", PRINTED)
def test_an_example_prints_what_it_promises(name, capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", [f"{name}.py", "world:seed=3,users=100,items=200"])
    runpy.run_path(str(EXAMPLES / f"{name}.py"), run_name="__main__")
    assert re.search(PRINTED[name], capsys.readouterr().out, re.DOTALL)


@pytest.mark.slow
def test_any_language_model_is_taught_by_trl(tmp_path, capsys, monkeypatch):
    """A tiny model with random weights, and a tokenizer of the world's own words."""
    import rad

    domain = "world:seed=3,users=30,items=200"
    conversations = [row["messages"] for row in rad.load(domain, "instruct")]
    tiny_model(tmp_path / "model", [message["content"] for messages in conversations for message in messages])
    arguments = [str(tmp_path / "model"), domain, str(tmp_path / "trained"), "3"]
    monkeypatch.setattr(sys, "argv", ["train_with_trl.py", *arguments])
    runpy.run_path(str(EXAMPLES / "train_with_trl.py"), run_name="__main__")
    printed = rf"{len(conversations)} conversations, 3 steps, loss \d+\.\d+.*it wrote \d+ reasons; the lesson has \d+"
    assert re.search(printed, capsys.readouterr().out, re.DOTALL)
    assert (tmp_path / "trained/model.safetensors").is_file()


def tiny_model(folder, texts):
    """A Llama of two layers, saved with a byte-level tokenizer and a chat template."""
    from tokenizers import ByteLevelBPETokenizer
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    words = ByteLevelBPETokenizer()
    words.train_from_iterator(texts, 1000, special_tokens=["<s>", "</s>"], show_progress=False)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=words._tokenizer, eos_token="</s>", pad_token="</s>")
    tokenizer.chat_template = (
        "{% for m in messages %}{{ m['role'] + ':' + m['content'] + '</s>' }}{% endfor %}"
        "{% if add_generation_prompt %}assistant:{% endif %}"
    )
    tokenizer.save_pretrained(folder)
    size = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}
    tokens = {"bos_token_id": 0, "eos_token_id": 1, "pad_token_id": 1, "max_position_embeddings": 4096}
    LlamaForCausalLM(LlamaConfig(vocab_size=len(tokenizer), **size, **tokens)).save_pretrained(folder)


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_docstring_are_true(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in ("rad", "annotation", "benchmarks", "leaderboard"):
            raise
        pytest.skip(f"needs {error.name}")
    failed, tried = doctest.testmod(module)
    assert failed == 0 and tried > 0
