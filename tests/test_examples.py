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
    assert scripts - PRINTED.keys() == {"independent_submission"}, "its test is tests/leaderboard/test_independent.py"
    assert all((EXAMPLES / f"{name}.py").read_text(encoding="utf-8").count("\n") <= 40 for name in PRINTED)


@pytest.mark.parametrize("name", PRINTED)
def test_an_example_prints_what_it_promises(name, capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", [f"{name}.py", "world:seed=3,users=100,items=200"])
    runpy.run_path(str(EXAMPLES / f"{name}.py"), run_name="__main__")
    assert re.search(PRINTED[name], capsys.readouterr().out, re.DOTALL)


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
