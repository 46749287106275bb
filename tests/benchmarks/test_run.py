"""The main command: results on disk, reuse, references, bad input, faulty models, and being killed."""

from __future__ import annotations

import importlib.machinery
import json
import os
import signal
import subprocess
import sys
import time
import types
from pathlib import Path

import pytest

import benchmarks.models
from benchmarks import run, table
from benchmarks.harness import aggregate, experiment, fitting, runner, settings_store
from benchmarks.harness.experiment import model_settings
from benchmarks.harness.registries import default_metrics
from benchmarks.harness.results import Result, read_result
from benchmarks.reporting import markdown, terminal
from rad.errors import RadError
from rad.runtime.files import sha256_file

SMALL = "world:seed=3,users=40,items=200"
MODEL = '''"""``{name}``: a model of the tests."""
from benchmarks.harness.base import ModelCard, ModelSettings
from benchmarks.models import popularity
from benchmarks.models._scoring import *
from rad.types import *
from dataclasses import replace
from pathlib import Path
import os, time

class Model(popularity.Model):
    class Settings(ModelSettings):
        """None."""
    baselines = {baselines}
    def predict(self, queries):
        for n, p in enumerate(super().predict(queries)):
{body}
    @property
    def card(self):
        return ModelCard(name="{name}", version="1")
'''


@pytest.fixture
def add_model(tmp_path):
    """Puts a file into the registry of models, as a user would."""
    folder = tmp_path / "added"
    folder.mkdir()
    benchmarks.models.__path__.append(str(folder))

    def add(name, body, baselines="()"):
        text = MODEL.format(
            name=name, baselines=baselines, body="\n".join(" " * 12 + line for line in body.split("\n"))
        )
        (folder / f"{name}.py").write_text(text)
        return folder

    yield add
    benchmarks.models.__path__.remove(str(folder))
    for path in folder.glob("*.py"):
        sys.modules.pop(f"benchmarks.models.{path.stem}", None)


def job(data, out, **changes):
    given = {"split": "test", "protocol": "full", "seed": 0, "limit": None, "metrics": default_metrics(), **changes}
    return experiment.Experiment(dataset=data, out=Path(out), **given)


def command(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["run", *map(str, arguments)])
    run.main()


def complete(out):
    return sorted(Path(out).glob("*/*/result.json"))


# --- what a run leaves ---


def test_a_result_on_disk(toy, tmp_path):
    folder = runner.execute(job(toy, tmp_path), "item_knn").folder
    assert folder.parent == tmp_path / "item_knn" and folder.name.startswith("toy-full-test-s0-")
    assert sorted(p.name for p in folder.iterdir()) == ["predictions.jsonl", "queries.jsonl", "result.json"]
    result = read_result(folder)
    assert result.run_id == folder.name.rsplit("-", 1)[1]
    assert (result.task.n, result.task.n_failed, result.task.n_repeat) == (10, 0, 1)
    assert result.predictions.sha256 == sha256_file(folder / result.predictions.path)
    assert result.dataset.sha256 == toy.sha256
    assert result.cost.peak_memory_mb > 10 and result.cost.fit_seconds >= 0
    assert result.provenance["seed"] == 0 and result.provenance["settings"] == {}
    assert Result.model_validate_json(result.model_dump_json()) == result
    lines = [json.loads(line) for line in (folder / "queries.jsonl").read_text().splitlines()]
    assert [line["query_id"] for line in lines] == [e.query.query_id for e in toy.examples["test"]]
    mean = sum(line["scores"]["ndcg@10"] for line in lines) / len(lines)
    assert mean == pytest.approx(result.score("ndcg@10").value)
    sizes = {s.slice: s.n for s in result.scores if s.metric == "ndcg@10"}
    # cold: blue-scarf twice and green-coat once, which nobody has before their last item
    assert (sizes["warm"], sizes["cold"], sizes["history<=5"]) == (7, 3, 10)


def test_an_identical_run_is_reused_unless_again(toy, tmp_path, capsys):
    first = runner.execute(job(toy, tmp_path), "popularity").folder
    stamp = (first / "result.json").stat().st_mtime_ns
    assert runner.execute(job(toy, tmp_path), "popularity").folder == first
    assert (first / "result.json").stat().st_mtime_ns == stamp
    assert "identical run is finished" in " ".join(capsys.readouterr().err.split())
    assert runner.execute(job(toy, tmp_path), "popularity", again=True).folder == first
    assert (first / "result.json").stat().st_mtime_ns > stamp
    others = [
        runner.execute(job(toy, tmp_path, seed=1), "popularity").folder,
        runner.execute(job(toy, tmp_path, split="validation"), "popularity").folder,
        runner.execute(job(toy, tmp_path, limit=4), "popularity").folder,
        runner.execute(job(toy, tmp_path, metrics=("mrr",)), "popularity").folder,
    ]
    assert len({first, *others}) == 5
    assert read_result(others[2]).task.n == 4


def test_settings_make_another_run(toy, tmp_path):
    from benchmarks.models import item_knn

    plain = runner.execute(job(toy, tmp_path), "item_knn").folder
    changed = runner.execute(job(toy, tmp_path), "item_knn", item_knn.Model.Settings(window=1)).folder
    assert changed != plain and read_result(changed).label == "item_knn window=1"
    assert runner.find(job(toy, tmp_path), "item_knn").folder == plain  # a reference has default settings
    assert runner.find(job(toy, tmp_path, seed=1), "item_knn") is None


def test_validation_queries_are_not_learned_from(toy):
    assert fitting.learning_examples(toy.examples, "test") == (toy.examples["train"], toy.examples["validation"])
    assert fitting.learning_examples(toy.examples, "validation") == (toy.examples["train"], ())


# --- the command ---


def test_command_runs_references_and_shows_all(tmp_path, monkeypatch, capsys):
    out = tmp_path / "runs"
    command(monkeypatch, "--model", "item_knn", "bm25", "--domain", SMALL, "--out", out)
    text = capsys.readouterr().out
    assert all(name in text for name in ("random", "popularity", "item_knn", "bm25", "warm", "Results:"))
    assert max(len(line) for line in text.splitlines() if "Results:" not in line) <= 80
    assert "…" not in text
    assert len(complete(out)) == 4
    command(monkeypatch, "--model", "item_knn", "--domain", SMALL, "--out", out)
    assert len(complete(out)) == 4  # all found
    assert not [p for p in out.rglob("*") if ".part" in p.name]


def test_list_imports_no_model(monkeypatch, capsys):
    command(monkeypatch, "--list")
    text = capsys.readouterr().out
    assert all(name in text for name in ("item_knn", "world_science", "reason_f1", "co-occurrence"))


def test_torch_is_not_imported_for_arguments():
    code = (
        "import sys; sys.argv = ['run', '--list']; from benchmarks import run; run.main(); "
        "assert 'torch' not in sys.modules and 'transformers' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_all_mistakes_in_one_line():
    line = "--model item_kn bm25 --domain wrld --metrics ndgc@10 mrr@0 --set lsat=3 decay=2 what --limit 0"
    with pytest.raises(RadError) as error:
        run.main(line.split())
    text = str(error.value)
    for part in (
        "unknown model 'item_kn' (did you mean 'item_knn'?)",
        "unknown domain 'wrld' (did you mean 'world'?)",
        "unknown metric 'ndgc' (did you mean 'ndcg'?)",
        "metric 'mrr@0': the cut after @ must be 1 to 100",
        "--set for bm25: unknown setting 'lsat' (did you mean 'last'?)",
        "unknown setting 'what'",
        "available: decay, last",
        "decay: must be at most 1.0, got 2",
        "--limit must be at least 1, got 0",
    ):
        assert part in text
    assert "\n" not in text
    with pytest.raises(RadError, match="which model"):
        run.main([])


def test_bad_input_is_one_line_and_exit_2(tmp_path):
    code = "from benchmarks import run; from rad.errors import run as command; command(run.main)"
    for arguments, said in (
        (["--model", "randm"], "did you mean 'random'?"),
        (["--model", "random", "--domain", "scientific", "--data-dir", str(tmp_path)], "scientific"),
    ):
        done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, cwd=tmp_path)
        assert done.returncode == 2 and said in done.stderr and done.stderr.count("\n") == 1


def test_an_unusable_out_is_one_line(toy, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RadError, match="no folder for results can be made there"):
        runner.execute(job(toy, tmp_path / "file"), "random")


# --- models that misbehave ---


def test_faulty_predictions_are_counted_and_shown(toy, tmp_path, add_model, capsys):
    body = """
if n == 0: p = replace(p, scores=(float("nan"),) * len(p.ranking))
if n == 1: p = replace(p, ranking=("nothing", *p.ranking), scores=None)
if n == 2: p = replace(p, ranking=(p.ranking[0], *p.ranking), scores=None)
if n == 3: p = replace(p, ranking=(), scores=None)
if n == 4: p = replace(p, error="ran out of beams")
if n == 5: continue
yield p""".strip()
    add_model("faulty", body)
    stored = runner.execute(job(toy, tmp_path / "out"), "faulty")
    folder, result = stored
    assert result.task.n_failed == 6 and len(result.task.failures) == 5
    lines = [json.loads(line) for line in (folder / "predictions.jsonl").read_text().splitlines()]
    assert len(lines) == 9 and sum("error" in p for p in lines) == 5
    terminal.tables(job(toy, tmp_path / "out"), [stored])
    text = " ".join(capsys.readouterr().out.split())
    assert "faulty: 6 of 10 predictions failed" in text and "repeated item in the ranking (1)" in text


def test_rationales_are_shown_to_people(toy, tmp_path, add_model, capsys):
    body = """
wants = Reason(Evidence((0,), "sequence"), (("colour", "blue"), ("garment", "hat")), (), 0.75)
said = Rationale("r", p.query_id, (wants,), "Blue, and a hat [1].", "supported", "model", "t", "1")
yield replace(p, rationale=said)"""
    add_model("teller", body.strip())
    stored = runner.execute(job(toy, tmp_path / "out"), "teller")
    terminal.tables(job(toy, tmp_path / "out"), [stored])
    terminal.examples(job(toy, tmp_path / "out"), [stored])
    text = capsys.readouterr().out
    assert "Verdict accuracy" in text and "Reason F1@3" in text
    assert text.count("teller, query") == 3 and text.count("Blue, and a hat [1].") == 3
    assert "0.75  colour blue, garment hat, because of [1]" in text
    assert "ranked 1: " in text and "in fact: " in text and "[1] Nork red coat" in text
    result = stored.result  # of the two queries whose reasons are known, u01 wants blue and a hat
    assert result.score("reason_f1@3").value == 1.0 and result.score("reason_f1@3").n == 1
    assert result.score("verdict_accuracy").value == 0.5 and result.score("evidence_validity").value == 1.0
    assert result.score("claim_precision") is None  # evidence that is a purchase makes no claim


def test_a_model_that_breaks_leaves_nothing_complete(toy, tmp_path, add_model):
    add_model("broken", "yield p\nraise RuntimeError('boom')")
    with pytest.raises(RuntimeError, match="boom"):
        runner.execute(job(toy, tmp_path / "out"), "broken")
    assert not list((tmp_path / "out").rglob("*.json*"))


WAIT = """
flags = Path(os.environ["FLAGS"])
(flags / "here").touch()
while not (flags / "go").exists(): time.sleep(0.05)
"""


@pytest.mark.parametrize("where", ["fit", "predict"])
def test_killed_half_way_leaves_nothing_complete_and_runs_again(tmp_path, add_model, where):
    folder = add_model(
        "slow", "if n == 5:" + WAIT.replace("\n", "\n    ") + "\nyield p" if where == "predict" else "yield p"
    )
    if where == "fit":
        with open(folder / "slow.py", "a") as file:
            file.write("    def fit(self, *a):" + WAIT.replace("\n", "\n        ") + "\n        super().fit(*a)\n")
    flags, out = tmp_path / "flags", tmp_path / "out"
    flags.mkdir()
    code = (
        f"import benchmarks.models; benchmarks.models.__path__.append({str(folder)!r})\n"
        "from benchmarks import run; from rad.errors import run as command; command(run.main)"
    )
    argv = [sys.executable, "-c", code, "--model", "slow", "--domain", SMALL, "--out", str(out)]
    environment = {**os.environ, "FLAGS": str(flags)}
    with subprocess.Popen(argv, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        deadline = time.monotonic() + 60
        while not (flags / "here").exists():
            assert process.poll() is None and time.monotonic() < deadline, process.communicate()
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
    assert complete(out) == []
    assert all(path.name.startswith(".") for path in (out / "slow").iterdir())
    (flags / "go").touch()
    subprocess.run(argv, env=environment, check=True, capture_output=True)
    (found,) = complete(out)
    assert read_result(found.parent).task.n == 40
    assert [p.name for p in (out / "slow").iterdir()] == [found.parent.name]


# --- the README's table ---


def test_table_between_the_markers(toy, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(settings_store, "LOGS", tmp_path / "settings")
    for seed in (0, 1):
        runner.execute(job(toy, tmp_path / "results", seed=seed), "random")
    runner.execute(job(toy, tmp_path / "results"), "popularity")
    runner.execute(job(toy, tmp_path / "results", limit=3), "next_id")
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{markdown.BEGIN}\nold\n{markdown.END}\nafter\n")
    arguments = ["--results", str(tmp_path / "results"), "--readme", str(readme)]
    monkeypatch.setattr(sys, "argv", ["table", *arguments, "--check"])
    assert table.main() == 1
    monkeypatch.setattr(sys, "argv", ["table", *arguments])
    assert table.main() == 0
    text = readme.read_text()
    assert text.startswith("before\n") and text.endswith("after\n") and "old" not in text and "next_id" not in text
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert [row.split(" | ")[0] for row in rows] == ["| NDCG@10", "| random", "| popularity"]
    assert "(2 seeds)" in rows[1] and "**" in rows[2]
    page = (tmp_path / "results" / "README.md").read_text()
    rows = [line for line in page.splitlines() if line.startswith("| random") or line.startswith("| popularity")]
    assert len(rows) == 4 and "±" in rows[0] and "±" not in rows[1], "metrics, then slices, of two models"
    assert "cold (n=3)" in page and "Nothing tuned yet" in page
    monkeypatch.setattr(sys, "argv", ["table", *arguments, "--check"])
    assert table.main() == 0
    readme.write_text("no markers")
    with pytest.raises(RadError, match="lacks the markers"):
        table.main()


def test_ceilings_are_rows_of_both_tables(toy, tmp_path, monkeypatch, capsys):
    keys = [e.query.query_id for e in toy.examples["test"]]
    rows = {"ndcg@10": 0.5, "recall@10": 0.75, "mrr": 0.4}
    stored = {"Bayes ceiling": dict.fromkeys(keys, rows), "oracle": dict.fromkeys(keys, rows | {"ndcg@10": 1.0})}
    module = types.ModuleType("rad.world.ceilings")
    module.stored = lambda sha256: stored if sha256 == toy.sha256 else None
    module.__spec__ = importlib.machinery.ModuleSpec("rad.world.ceilings", None)
    monkeypatch.setitem(sys.modules, "rad.world.ceilings", module)
    finished = runner.execute(job(toy, tmp_path), "popularity")
    value = finished.result.score("ndcg@10").value
    terminal.tables(job(toy, tmp_path), [finished])
    text = capsys.readouterr().out
    assert "Bayes ceiling" in text and "200%" in text and f"{value / 0.5:.0%}" in text
    text = markdown.render([finished.result])
    assert "| *oracle* | 1.0000 | 0.7500 | 0.4000 |  | 200% |  |" in text
    stored["oracle"].pop(keys[0])
    assert "oracle" not in aggregate.ceilings(toy.sha256, keys) and aggregate.ceilings("other") == {}


def test_the_readme_says_what_the_results_say():
    root = Path(run.__file__).parents[1]
    for path, text in markdown.pages(root / "results", root / "README.md", settings_store.logs()).items():
        assert path.read_text(encoding="utf-8") == text, "run python -m benchmarks.table"


def test_none_is_a_word_and_null_is_no_value():
    settings = model_settings(["rationale_first"], ["rationale=none", "base_model=null"])["rationale_first"]
    assert settings.rationale == "none" and settings.base_model is None
