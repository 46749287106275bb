"""Bases: the language models that may write. Two are made here; others are checkpoints of Hugging Face.

small, medium                 a new one, trained from nothing (:mod:`benchmarks.language.small`)
smollm2                       SmolLM2-135M-Instruct, after ``python -m rad fetch smollm2``
NAME or FOLDER                any causal language model of transformers, its tokenizer beside it
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, cast

import torch
from huggingface_hub import get_hf_file_metadata, hf_hub_url
from huggingface_hub.errors import HfHubHTTPError
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase

from benchmarks.language import small
from rad import registry
from rad.errors import RadError
from rad.llm import smollm2

SMALL = "small"
NOTES = "rad.json"  # in a checkpoint that was made here: how
RANK = 16  # of adapters
UNBOUNDED = 1_000_000  # tokenizers that know no bound state a huge number


def is_new(base: str) -> bool:
    """Whether a base is made here and has learned nothing yet."""
    return base in small.SIZES


def resolved(base: str) -> str:
    """The folder or the Hub name behind the name of a base.

    Raises:
        RadError: ``smollm2`` was not fetched.
    """
    if base != "smollm2":
        return base
    folder = smollm2.folder()
    if not folder.is_dir():
        raise RadError("base smollm2 is not here yet: python -m rad fetch smollm2")
    return str(folder)


def opened(
    base: str, texts: Iterable[str] = (), vocabulary: int = small.VOCABULARY
) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """A base and its tokenizer, on the accelerator if there is one.

    Args:
        base: See the module.
        texts: For a new one: what its tokenizer is trained on.
        vocabulary: For a new one: tokens at most.

    Raises:
        RadError: There is no such model, it is no causal language model, or the accelerator has no room for it.
    """
    if is_new(base):
        tokenizer = small.tokenizer_of(texts, vocabulary)
        model: PreTrainedModel = small.model_of(tokenizer, base)
    else:
        model, tokenizer = _pretrained(base)
    if torch.cuda.is_available():
        with room(base):
            model = cast(PreTrainedModel, model.to("cuda"))  # type: ignore[arg-type]
    return model, tokenizer


def check(base: str) -> None:
    """Look whether there is such a base, before anything is computed for it; its weights are not read.

    Raises:
        RadError: There is none.
    """
    if not is_new(base):
        _read(base, AutoConfig.from_pretrained)


def _pretrained(base: str) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    # half precision of what was stored is for accelerators; processors compute it slowly
    kind = "auto" if torch.cuda.is_available() else torch.float32
    tokenizer = _read(base, AutoTokenizer.from_pretrained)
    model, loaded = _read(base, AutoModelForCausalLM.from_pretrained, dtype=kind, output_loading_info=True)
    if missing := sorted(loaded["missing_keys"]):
        raise RadError(
            f"base {base}: no causal language model: it lacks {len(missing)} weights of one, {missing[0]} among them"
        )
    if tokenizer.chat_template is None:
        print(f"base {base} has no chat template: its prompts are plain text", file=sys.stderr)
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return model, tokenizer


def _read(base: str, opener: Callable[..., Any], **settings: Any) -> Any:
    path = resolved(base)
    local = Path(path).is_dir() or not _hub_has_answered(path)
    try:
        return opener(path, local_files_only=local, **settings)
    except Exception as error:  # there is no end to what may be in a folder, and to what transformers says of it
        first = str(error).strip().split("\n")[0][:200]
        nowhere = local and not Path(path).is_dir()
        reason = "no such folder, and the Hub cannot be reached" if nowhere else first or type(error).__name__
        raise RadError(
            f"base {base}: no causal language model of that name or folder can be opened ({reason})"
        ) from error


@cache
def _hub_has_answered(name: str) -> bool:
    """Whether the Hub answers: asked once, as transformers asks for a minute. Otherwise what it has kept is read."""
    try:
        get_hf_file_metadata(hf_hub_url(name, "config.json"))
    except HfHubHTTPError:
        return True  # transformers asks again and says it better
    except Exception:  # of its library of HTTP; a name that no model can have
        return False
    return True


@contextmanager
def room(base: str) -> Iterator[None]:
    """What runs inside takes memory of the accelerator.

    Raises:
        RadError: There was too little of it.
    """
    try:
        yield
    except torch.OutOfMemoryError as error:
        advice = "take a smaller base or a smaller --batch-size, or hide the GPU: CUDA_VISIBLE_DEVICES="
        raise RadError(f"base {base}: the GPU has no room for it; {advice}") from error


def with_adapter(model: PreTrainedModel) -> PreTrainedModel:
    """The model with a LoRA adapter on all its linear layers, which alone learns (arXiv 2106.09685).

    Raises:
        RadError: The library that makes adapters is missing.
    """
    try:
        from peft import LoraConfig, get_peft_model
    except ModuleNotFoundError as error:
        extra = registry.EXTRAS["peft"]
        raise RadError(
            f"a pretrained base learns by an adapter, which needs 'peft': pip install -e '.[{extra}]'"
        ) from error
    settings = LoraConfig(r=RANK, lora_alpha=2 * RANK, target_modules="all-linear", task_type="CAUSAL_LM")
    return cast(PreTrainedModel, get_peft_model(model, settings))


def merged(model: PreTrainedModel) -> PreTrainedModel:
    """The model with its adapter, if it has one, in its weights."""
    return getattr(model, "merge_and_unload", lambda: model)()


def graduated(base: str, learner: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> PreTrainedModel:
    """The model after the lessons of its base: with its adapter in its weights, or a new one with more numbers."""
    if is_new(base):
        small.with_more_numbers(learner, tokenizer)
    return merged(learner)


def longest(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> int:
    """Tokens that the model can read at once."""
    bounds = [getattr(model.config, "max_position_embeddings", None), tokenizer.model_max_length]
    return min([int(b) for b in bounds if b and b < UNBOUNDED], default=UNBOUNDED)


def notes(base: str) -> dict[str, Any]:
    """How a checkpoint was made, if ``benchmarks.train`` made it; else nothing."""
    path = Path(resolved(base)) / NOTES
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def fingerprint(base: str) -> str:
    """What names a base in a cache: its name, or the bytes of the weights in its folder."""
    folder = Path(resolved(base))
    if is_new(base) or not folder.is_dir():
        return base
    digest = hashlib.sha256()
    for path in sorted([*folder.glob("*.json"), *folder.glob("*.safetensors")]):
        with path.open("rb") as file:
            digest.update(path.name.encode() + hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()
