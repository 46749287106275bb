"""What the README shows works: its model is run as it stands, and its files and commands exist."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

from benchmarks.harness.evaluate import fault
from rad import registry

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def block(marker: str) -> str:
    found = re.search(rf"<!-- {marker} -->\n```\w+\n(.*?)```", README, re.DOTALL)
    assert found, f"README.md has no block after <!-- {marker} -->"
    return found.group(1)


def test_the_example_model_runs(toy):
    space: dict = {"__name__": "last_brand"}
    exec(compile(block("example model"), "README.md", "exec"), space)
    model = space["Model"](space["Model"].Settings(attribute="colour"))
    model.fit(toy.examples["train"], toy.examples["validation"], toy.items, 0)
    queries = [e.query for e in toy.examples["test"]]
    for query, answer in zip(queries, model.predict(queries), strict=True):
        assert fault(answer, query, toy.items) is None
        last = query.history[-1].item_id.split("-")[0]
        bought = {x.item_id for x in query.history}
        same = [i for i in toy.items if i.startswith(last) and i not in bought]
        assert set(answer.ranking[: len(same)]) == set(same)


def test_the_commands_name_what_exists():
    for module in re.findall(r"python -m ([\w.]+)", README):
        assert importlib.util.find_spec(module), module
    for name in re.findall(r"--model ([a-z_0-9]+)", README):
        others = ["last_brand", "hf", "rad"]  # the README's own example, and what lm-eval calls models
        assert name in [*registry.names("benchmarks.models"), *others], name
    for name in re.findall(r"rad (?:describe|check) ([a-z_]+)`", README):
        assert name in registry.names("rad.domains"), name
    for path in re.findall(r"`((?:rad|annotation|benchmarks)/[\w/.]+)`", README):
        assert (Path(__file__).parents[1] / path).exists() or path.endswith("last_brand.py"), path


def test_the_two_commands_install_from_the_lock():
    assert "-c constraints.txt -e '.[bench,dev]'" in block("test command") and "pytest" in block("test command")
    lock = (Path(__file__).parents[1] / "constraints.txt").read_text(encoding="utf-8")
    assert "torch==2.13.0\n" in lock and "+cpu" not in lock and "/" not in lock
