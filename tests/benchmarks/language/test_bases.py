"""Bases: what cannot be opened is one line, at once."""

from __future__ import annotations

import json
import sys
import time
from types import SimpleNamespace

import pytest
import torch
from transformers import BertConfig, BertModel

from benchmarks.language import bases
from rad.errors import RadError
from tests.support.language import tiny

WORDS = ["Because of the red in [1], something red."]


@pytest.fixture
def folder(tmp_path):
    """A user's own model."""
    for part in tiny(WORDS):
        part.save_pretrained(tmp_path / "own")
    return tmp_path / "own"


def line_of(call):
    with pytest.raises(RadError) as caught:
        call()
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("call", [bases.check, bases.opened])
@pytest.mark.parametrize("name", ["nobody/nothing", "no/such/folder/at/all", "nothing"])
def test_a_base_that_is_nowhere(name, call):
    assert line_of(lambda: call(name)).startswith(f"base {name}: ") and "no such folder" in line_of(lambda: call(name))


def test_a_hub_that_does_not_answer_is_asked_once(monkeypatch):
    """Transformers would try for a minute; all sockets but this machine's are closed here."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    clock = time.perf_counter()
    assert "the Hub cannot be reached" in line_of(lambda: bases.check("nobody/elsewhere"))
    assert time.perf_counter() - clock < 40


@pytest.mark.parametrize("config", [None, "{", "{}", json.dumps({"model_type": "no such type"})])
def test_a_folder_of_something_else(tmp_path, config):
    if config is not None:
        (tmp_path / "config.json").write_text(config)
    for call in (bases.check, bases.opened):
        line = line_of(lambda call=call: call(str(tmp_path)))
        assert line.startswith(f"base {tmp_path}: no causal language model")


def test_a_model_that_is_no_causal_language_model(folder):
    size = {"hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1}
    BertModel(BertConfig(vocab_size=10, **size)).save_pretrained(folder)
    assert "it lacks " in line_of(lambda: bases.opened(str(folder)))


def test_weights_that_are_cut_off(folder):
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    assert "no causal language model of that name" in line_of(lambda: bases.opened(str(folder)))


def test_no_tokenizer(folder):
    for path in folder.glob("token*"):
        path.unlink()
    assert "no causal language model of that name" in line_of(lambda: bases.opened(str(folder)))


def test_a_model_of_ones_own(folder, capsys):
    model, tokenizer = bases.opened(str(folder))
    assert model.dtype == torch.float32 and bases.longest(model, tokenizer) == 4096
    notice = f"base {folder} has no chat template: its prompts are plain text\n"
    assert notice not in capsys.readouterr().err
    tokenizer.chat_template = tokenizer.pad_token = None
    (folder / "chat_template.jinja").unlink()
    tokenizer.save_pretrained(folder)
    _, tokenizer = bases.opened(str(folder))
    assert notice in capsys.readouterr().err
    assert tokenizer.pad_token == tokenizer.eos_token == "</s>"


def test_smollm2_is_to_be_fetched_first(monkeypatch, tmp_path):
    monkeypatch.setenv("RAD_CACHE", str(tmp_path))
    for call in (bases.check, bases.opened, bases.fingerprint):
        line = line_of(lambda call=call: call("smollm2"))
        assert line == "base smollm2 is not here yet: python -m rad fetch smollm2"


def test_a_gpu_without_room(folder, monkeypatch):
    def full(*_):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.\nGPU 0 has a total capacity")

    monkeypatch.setattr(bases, "_pretrained", lambda base: (SimpleNamespace(to=full), None))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    line = line_of(lambda: bases.opened(str(folder)))
    assert line.startswith(f"base {folder}: the GPU has no room for it; ") and "CUDA_VISIBLE_DEVICES" in line


def test_adapters_need_peft(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "peft", None)
    model, _ = bases.opened(str(folder))
    assert line_of(lambda: bases.with_adapter(model)).endswith("needs 'peft': pip install -e '.[language]'")


def test_an_adapter_alone_learns_and_is_merged(folder):
    model, _ = bases.opened(str(folder))
    ids = torch.arange(10)[None]
    before = model(ids).logits
    learner = bases.with_adapter(model)
    learning = [name for name, weights in learner.named_parameters() if weights.requires_grad]
    assert learning and all("lora" in name for name in learning)
    single = bases.merged(learner)
    assert not any("lora" in name for name, _ in single.named_parameters())
    torch.testing.assert_close(single(ids).logits, before)
    assert bases.merged(single) is single


def test_a_fingerprint_is_of_the_weights(folder):
    before = bases.fingerprint(str(folder))
    assert bases.fingerprint("small") == "small" and bases.fingerprint("nobody/nothing") == "nobody/nothing"
    weights = folder / "model.safetensors"
    stored = weights.read_bytes()
    weights.write_bytes(stored[:-1] + bytes([stored[-1] ^ 1]))
    assert bases.fingerprint(str(folder)) != before
