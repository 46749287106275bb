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
from tests.support.language import tiny

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
    assert scripts - PRINTED.keys() == {"independent_submission", "train_with_trl", "your_language_model"}
    short = [*PRINTED, "train_with_trl", "your_language_model"]
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
    for part in tiny(message["content"] for messages in conversations for message in messages):
        part.save_pretrained(tmp_path / "model")
    arguments = [str(tmp_path / "model"), domain, str(tmp_path / "trained"), "3"]
    monkeypatch.setattr(sys, "argv", ["train_with_trl.py", *arguments])
    runpy.run_path(str(EXAMPLES / "train_with_trl.py"), run_name="__main__")
    printed = rf"{len(conversations)} conversations, 3 steps, loss \d+\.\d+.*it wrote \d+ reasons; the lesson has \d+"
    assert re.search(printed, capsys.readouterr().out, re.DOTALL)
    assert (tmp_path / "trained/model.safetensors").is_file()


@pytest.mark.slow
def test_a_model_of_ones_own_writes(tmp_path, capsys, monkeypatch):
    """One that has learned nothing: within the grammar, whatever it writes is a rationale."""
    for part in tiny(["Chosen so far:"]):
        part.save_pretrained(tmp_path / "model")
    monkeypatch.setattr(sys, "argv", ["", str(tmp_path / "model"), "world:seed=3,users=100,items=200", "0"])
    runpy.run_path(str(EXAMPLES / "your_language_model.py"), run_name="__main__")
    out = capsys.readouterr().out
    assert re.search(r"model: NDCG@10 0\.\d{4} on 50 queries\n\n", out)
    assert out.count("Something unexplained is") == 3


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
