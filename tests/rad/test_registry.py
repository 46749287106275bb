"""A folder is a registry: names without importing, one symbol, and mistakes that name the closest."""

import sys

import pytest

from rad import registry
from rad.errors import RadError


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A package of three modules, of which one needs a library that is not there."""
    package = tmp_path / "toy_registry"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "good.py").write_text("class Thing:\n    pass\n")
    (package / "needy.py").write_text("import torch_that_is_not_there\n\nclass Thing:\n    pass\n")
    (package / "_hidden.py").write_text("raise RuntimeError('imported')\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(registry.SYMBOLS, "toy_registry", ("thing", "Thing"))
    yield "toy_registry"
    for name in [name for name in sys.modules if name.startswith("toy_registry")]:
        del sys.modules[name]


def test_names_are_listed_without_importing(folder):
    assert registry.names(folder) == ["good", "needy"]
    assert "toy_registry.good" not in sys.modules


def test_load_gives_the_symbol(folder):
    assert registry.load(folder, "good").__name__ == "Thing"


def test_a_missing_library_says_how_to_install_it(folder, monkeypatch):
    monkeypatch.setitem(registry.EXTRAS, "torch_that_is_not_there", "bench")
    with pytest.raises(RadError, match=r"thing 'needy' needs 'torch_that_is_not_there': pip install -e '\.\[bench\]'"):
        registry.load(folder, "needy")


def test_all_mistakes_are_told_at_once():
    line = registry.unknown("metric", ["ndgc", "xyz"], ["ndcg", "mrr"])
    assert line == "unknown metric 'ndgc' (did you mean 'ndcg'?); unknown metric 'xyz'; available: mrr, ndcg"
    assert registry.unknown("metric", ["a"], []).endswith("available: none")


def test_the_projects_own_domains_are_found():
    assert {"scientific", "world", "world_science"} <= set(registry.names("rad.domains"))
