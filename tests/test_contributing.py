"""A newcomer's exercise: each example of ``CONTRIBUTING.md`` is added as the one file that the page says, and works.

A file goes into a folder of its own that the registry reads as well; nothing else is edited.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

import annotation.drafters
import benchmarks.metrics
import benchmarks.models
import rad.domains
from benchmarks import run, table
from benchmarks.reporting import markdown
from leaderboard.__main__ import main as leaderboard
from rad import registry
from rad.data.load import open_dataset
from tests.support.documents import block, pages

PAGE = pages()["CONTRIBUTING.md"]
WORLD = "world:seed=5,users=60,items=200"


@pytest.fixture
def add(tmp_path):
    """Puts an example of the page into a registry, as the file that it names."""
    added = []

    def put(package, name: str, marker: str) -> None:
        folder = tmp_path / "added" / package.__name__
        folder.mkdir(parents=True)
        (folder / f"{name}.py").write_text(block(PAGE, marker), encoding="utf-8")
        package.__path__.append(str(folder))
        added.append((package, folder, f"{package.__name__}.{name}"))

    yield put
    for package, folder, module in added:
        package.__path__.remove(str(folder))
        sys.modules.pop(module, None)


def test_a_model_and_a_metric_are_in_every_table_without_another_edit(add, tmp_path, monkeypatch, capsys):
    begun = time.monotonic()
    monkeypatch.setenv("RAD_CACHE", str(tmp_path / "cache"))
    add(benchmarks.models, "last_brand", "example model")
    add(benchmarks.metrics, "precision", "example metric")
    results = tmp_path / "results"
    names = ["--model", "last_brand", "--domain", WORLD, "--metrics", "ndcg@10", "precision@10"]
    monkeypatch.setattr(sys, "argv", ["run", *names, "--out", str(results)])
    assert not run.main()
    terminal = capsys.readouterr().out
    assert "last_brand" in terminal and "precision" in terminal
    readme = tmp_path / "README.md"
    readme.write_text(f"{markdown.BEGIN}\n{markdown.END}\n")
    monkeypatch.setattr(sys, "argv", ["table", "--results", str(results), "--readme", str(readme)])
    assert not table.main()
    assert "| last_brand |" in readme.read_text()
    assert "precision" in (results / "README.md").read_text()
    (folder,) = results.glob("last_brand/*")
    entries, site = tmp_path / "entries", tmp_path / "site"
    who = ["--name", "Ada", "--contact", "ada@example.org"]
    assert leaderboard(["submit", str(folder), *who, "--to", str(entries)]) == 0
    assert leaderboard(["verify", "--entries", str(entries)]) == 0
    assert leaderboard(["build", "--entries", str(entries), "--out", str(site)]) == 0
    shown = "".join(page.read_text(encoding="utf-8") for page in site.rglob("*.html"))
    assert "last_brand" in shown and "precision" in shown
    with capsys.disabled():
        print(f"\na model and a metric, run, tabled, submitted and built: {time.monotonic() - begun:.0f} s")


def test_the_example_model_ranks_by_brand(add, toy):
    add(benchmarks.models, "last_brand", "example model")
    kind = registry.load("benchmarks.models", "last_brand")
    model = kind(kind.Settings(attribute="colour"))
    model.fit(toy.examples["train"], toy.examples["validation"], toy.items, 0)
    queries = [e.query for e in toy.examples["test"]]
    for query, answer in zip(queries, model.predict(queries), strict=True):
        last = query.history[-1].item_id.split("-")[0]
        bought = {x.item_id for x in query.history}
        same = [i for i in toy.items if i.startswith(last) and i not in bought]
        assert set(answer.ranking[: len(same)]) == set(same)


def test_the_example_metric_by_hand(add, toy):
    add(benchmarks.metrics, "precision", "example metric")
    from rad.types import Prediction

    example = toy.examples["test"][0]  # u01, who bought a blue hat
    metric = registry.load("benchmarks.metrics", "precision")(toy.items, 4)
    ranking = ("red-boots", "blue-hat", "white-hat", "green-hat", "black-hat")
    assert metric.score(Prediction(example.query.query_id, ranking), example) == 0.25
    assert metric.score(Prediction(example.query.query_id, ranking[2:]), example) == 0.0


def test_the_example_domain_reads_a_file(add, tmp_path):
    add(rad.domains, "shop", "example domain")
    users = ("ann", "bob", "cem")
    rows = [f"{user},{item},{colour},{when}" for user in users for item, colour, when in _purchases()]
    (tmp_path / "purchases.csv").write_text("user,item,colour,seconds\n" + "\n".join([*rows, "dee,hat,red,1"]) + "\n")
    data = open_dataset(f"shop:{tmp_path}")
    assert len(data.items) == 4 and sum(len(part) for part in data.examples.values()) > 0
    first = [data.items[x.item_id].title for x in data.examples["test"][0].query.history]
    assert first == ["coat", "hat", "scarf"], "in the order of time"


def _purchases():
    return (("scarf", "blue", 3), ("coat", "red", 1), ("hat", "red", 2), ("gloves", "blue", 4))


def test_the_example_drafter_passes_the_checks(add, toy):
    add(annotation.drafters, "last_colour", "example drafter")
    drafter = registry.load("annotation.drafters", "last_colour")().fit(toy.examples["train"], toy.items)
    drafts = list(drafter.drafts(toy.examples["train"]))
    assert len(drafts) == len(toy.examples["train"]) == drafter.summary.accepted
    assert drafts[0].rationale is not None and "2 of 2 have colour red" in drafts[0].rationale.text


def test_the_paths_of_the_examples_are_those_of_the_registries():
    for path, package in (
        ("benchmarks/models/last_brand.py", "benchmarks.models"),
        ("benchmarks/metrics/ranking/precision.py", "benchmarks.metrics"),
        ("rad/domains/shop.py", "rad.domains"),
        ("annotation/drafters/last_colour.py", "annotation.drafters"),
    ):
        assert f": `{path}`\n" in PAGE and package in registry.SYMBOLS
        assert Path(__file__).parents[1].joinpath(path).parent.is_dir()
