"""The main command: references, reuse, bad input, and being killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmarks import run
from benchmarks.harness import runner
from benchmarks.harness.experiment import model_settings
from benchmarks.harness.registries import model_kind
from benchmarks.harness.results import read_result
from benchmarks.models import item_knn
from rad import registry
from rad.errors import RadError

SMALL = "world:seed=3,users=40,items=200"


def command(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["run", *map(str, arguments)])
    run.main()


def complete(out):
    return sorted(Path(out).glob("*/*/result.json"))


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
    line += " --seed -1 2147483648"
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
        "--seed must be at least 0, got -1",
        "--seed must be below 2,147,483,648, got 2147483648",  # PyTorch and LightGBM break at larger ones
    ):
        assert part in text
    assert "\n" not in text
    with pytest.raises(RadError, match="which model"):
        run.main([])


def test_bad_input_is_one_line_and_exit_2(tmp_path):
    code = "from benchmarks import run; from rad.errors import run as command; command(run.main)"
    for arguments, message in (
        (["--model", "randm"], "did you mean 'random'?"),
        (["--model", "random", "--domain", "scientific", "--data-dir", str(tmp_path)], "scientific"),
    ):
        done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, cwd=tmp_path)
        assert done.returncode == 2 and message in done.stderr and done.stderr.count("\n") == 1


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
    (result,) = complete(out)
    assert read_result(result.parent).task.n == 40
    assert [p.name for p in (out / "slow").iterdir()] == [result.parent.name]


def test_none_is_a_word_and_null_is_no_value():
    assert model_settings(["rationale_first"], ["rationale=none"])["rationale_first"].rationale == "none"
    assert model_settings(["template"], ["decay=null"])["template"].decay is None


def test_several_seeds_where_there_is_chance(tmp_path, monkeypatch, capsys):
    argv = ["run", "--model", "random", "popularity", "--domain", SMALL, "--seed", "0", "1"]
    monkeypatch.setattr(sys, "argv", [*argv, "--out", str(tmp_path)])
    run.main()
    assert len(list(tmp_path.glob("random/*/result.json"))) == 2
    assert len(list(tmp_path.glob("popularity/*/result.json"))) == 1
    assert "random s1" in capsys.readouterr().out


def test_all_models_but_those_that_the_task_has_no_place_for(tmp_path, monkeypatch):
    executed = []
    monkeypatch.setattr(runner, "execute", lambda job, name, *_, **__: executed.append(name))
    monkeypatch.setattr(run.terminal, "tables", lambda *_: None)
    monkeypatch.setattr(run.terminal, "examples", lambda *_: None)
    monkeypatch.setattr(item_knn.Model, "rerank_only", True, raising=False)
    argv = ["run", "--model", "all", "--domain", SMALL, "--out", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", argv)
    run.main()
    rankers = {name for name in registry.names("benchmarks.models") if "ranking" in model_kind(name).tasks}
    assert rankers - set(executed) == {"item_knn", "prompted"} and set(executed) <= rankers
    executed.clear()
    monkeypatch.setattr(sys, "argv", [*argv, "--task", "choice"])
    run.main()
    assert {"biases", "global_mean"} <= set(executed) and not rankers & set(executed)


def test_four_runs_at_once_on_cold_folders_end_alike(tmp_path):
    """Each is right, none leaves half a run, and what they keep is whole."""
    words = "--model item_knn --domain world:users=60,items=200 --protocol rerank --out runs --set window=10000000"
    environment = {**os.environ, "RAD_CACHE": str(tmp_path / "cache"), "PYTHONPATH": str(Path(__file__).parents[2])}
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "benchmarks.run", *words.split()],
            env=environment,
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    ends = [(*process.communicate(timeout=300), process.returncode) for process in processes]
    assert [code for *_, code in ends] == [0] * 4, ends
    assert not [words for _, words, _ in ends if "Traceback" in words or "error:" in words]
    tables = {tuple(line for line in out.splitlines() if line.lstrip().startswith("item_knn")) for out, *_ in ends}
    folders = [path.parent for path in tmp_path.glob("runs/item_knn/*/result.json")]
    assert len(folders) == len(tables) == 1
    read_result(folders[0])
    left = [path.name for path in tmp_path.rglob("*") if path.name.endswith(".part")]
    assert left == []
    assert len((folders[0] / "predictions.jsonl").read_text().splitlines()) == 60


@pytest.mark.parametrize("value", ["1e20", "100000000000000000000", "inf", "nan", "-1e300"])
@pytest.mark.parametrize(("model", "key"), [("item_knn", "window"), ("item_knn", "decay"), ("ltr", "learning_rate")])
def test_a_setting_of_no_sensible_size_is_one_line(model, key, value):
    with pytest.raises(RadError, match=f"--set for {model}: {key}: "):
        model_settings([model], [f"{key}={value}"])
