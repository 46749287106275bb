"""``python -m benchmarks.train``: two stages, each an ordinary checkpoint, whole or not at all."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest
import torch

from benchmarks import train
from benchmarks.language.supervised import last_checkpoint
from benchmarks.models.rationale_first.author import stages
from benchmarks.models.rationale_first.model import Model
from rad.data.load import open_dataset
from rad.errors import RadError

DOMAIN = "world:users=60,items=200"
FEW = ["--domain", DOMAIN, "--lessons", "32", "--set", "epochs=1", "facts=6"]


def line_of(*arguments):
    with pytest.raises(RadError) as caught:
        train.main(list(map(str, arguments)))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_no_checkpoint_is_written_over(tmp_path):
    assert line_of("sft", "--out", tmp_path) == f"{tmp_path} is there already: name another folder, or delete it"


def test_the_second_stage_goes_on_from_the_first(tmp_path):
    assert "goes on from a checkpoint of sft" in line_of("grpo", "--out", tmp_path / "out")


def test_a_base_that_is_nowhere_is_found_out_before_anything_is_computed(tmp_path, monkeypatch):
    monkeypatch.setattr(stages, "School", None)
    assert line_of("sft", "--out", tmp_path / "out", "--base", "nobody/nothing").startswith("base nobody/nothing: ")


@pytest.mark.parametrize(
    "setting", ["lessons=3", "base=small", "reasoner=facts", "rationale=none", "base_url=http://h/v1"]
)
def test_what_has_an_option_of_its_own_or_no_meaning_is_no_setting(tmp_path, setting):
    name, line = setting.split("=")[0], line_of("sft", "--out", tmp_path / "out", "--set", setting)
    assert line.startswith((f"--set {name}=: ", f"--set for rationale_first: Settings: {name}: "))


def test_a_gpu_without_room_is_one_line(tmp_path, monkeypatch):
    def full(*_, **__):
        raise torch.OutOfMemoryError("CUDA out of memory.\nGPU 0 has a total capacity of 1 GiB")

    monkeypatch.setattr(stages, "supervised", full)
    assert "base small: the GPU has no room for it" in line_of("sft", "--out", tmp_path / "out", *FEW)
    assert not (tmp_path / "out").exists()


def test_checkpoints_of_another_command_are_deleted(tmp_path):
    out, checkpoint = tmp_path / "out", tmp_path / ".out.training" / "checkpoint-2"
    for recipe, is_there in ([1, "a"], False), ([1, "a"], True), ([2, "a"], False):
        stages.begin(out, recipe)
        assert checkpoint.exists() == is_there
        checkpoint.mkdir(exist_ok=True)


def test_a_checkpoint_in_writing_is_passed_over(tmp_path, capsys):
    assert last_checkpoint(tmp_path / "nowhere") is None
    for step in (8, 10, 12):
        (tmp_path / f"checkpoint-{step}").mkdir()
    assert last_checkpoint(tmp_path) is None
    for step in (8, 10):
        (tmp_path / f"checkpoint-{step}" / "trainer_state.json").touch()
    assert last_checkpoint(tmp_path) == str(tmp_path / "checkpoint-10")
    assert capsys.readouterr().err == "training goes on from checkpoint-10\n"


@pytest.mark.slow
def test_both_stages_end_in_a_checkpoint_that_runs(tmp_path, capsys):
    first, second = tmp_path / "sft", tmp_path / "grpo"
    train.main(["sft", "--out", str(first), *FEW])
    notes = json.loads((first / "rad.json").read_text())
    assert (notes["stage"], notes["base"], notes["form"], notes["lessons"]) == ("sft", "small", "blanks", 32)
    assert 0 < notes["train_loss"] < 9 and f"base={first} lessons=0" in capsys.readouterr().out
    few = ["--steps", "2", "--generations", "4", "--batch-size", "2"]
    train.main(["grpo", "--base", str(first), "--out", str(second), *few, *FEW])
    notes = json.loads((second / "rad.json").read_text())
    assert (notes["stage"], notes["base"], notes["steps"]) == ("grpo", str(first), 2)
    assert notes["rewards/explains/mean"] < 0 and notes["rewards/brevity/mean"] < 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["grpo", "sft"]
    weights = [(folder / "model.safetensors").read_bytes() for folder in (first, second)]
    assert weights[0] != weights[1]
    data = open_dataset(DOMAIN)
    model = Model(Model.Settings(reasoner="language", base=str(second), lessons=0, epochs=1, facts=6))
    model.fit(data.examples["train"], (), data.items, seed=0)
    predictions = list(model.predict([e.query for e in data.examples["test"][:5]]))
    assert all(p.rationale.text and len(p.ranking) == 100 for p in predictions)


@pytest.mark.slow
def test_a_run_that_was_killed_goes_on_from_its_checkpoint(tmp_path):
    out = tmp_path / "sft"
    more = ["--save-steps", "2", "--batch-size", "2", "--passes", "2"]
    command = [sys.executable, "-m", "benchmarks.train", "sft", "--out", str(out), *FEW, *more]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not list(stages.training_folder(out).glob("checkpoint-*/trainer_state.json")):
        assert process.poll() is None
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert not out.exists()
    again = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "goes on from checkpoint-" in again.stderr, again.stderr
    assert (out / "model.safetensors").is_file()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["sft"]


@pytest.mark.slow
def test_two_processes_share_the_lessons_and_one_saves(tmp_path):
    out = tmp_path / "sft"
    start = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    subprocess.run([*start, "-m", "benchmarks.train", "sft", "--out", str(out), *FEW], capture_output=True, check=True)
    notes = json.loads((out / "rad.json").read_text())
    # 32 lessons, 8 at once in each process
    assert round(notes["train_runtime"] * notes["train_steps_per_second"]) == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["sft"]
