"""The first stage: supervised fine-tuning by TRL's ``SFTTrainer``, with its own loss and collator."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from transformers import PreTrainedModel, PreTrainedTokenizerBase
from trl import SFTConfig, SFTTrainer

from benchmarks.models._training import configure_torch


def supervised(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    rows: Dataset,
    folder: Path,
    *,
    passes: float,
    batch_size: int,
    learning_rate: float,
    seed: int,
    save_steps: int | None = None,
) -> dict[str, float]:
    """Train in place; a run that was killed goes on from its last checkpoint in ``folder``.

    Training computes in half precision; what the model computes afterwards is in that of its weights again.

    Args:
        model: What learns; one of peft learns its adapter alone.
        tokenizer: The model's.
        rows: Lessons, see :func:`benchmarks.language.lessons.rows`.
        folder: For checkpoints.
        passes: Over the lessons.
        batch_size: Lessons a step.
        learning_rate: Peak of a cosine schedule.
        seed: Of the order.
        save_steps: Steps between checkpoints; None for none.

    Returns:
        What the trainer reports: seconds, loss, tokens.
    """
    configure_torch()
    settings = SFTConfig(
        str(folder),
        num_train_epochs=passes,
        per_device_train_batch_size=batch_size,
        learning_rate=learning_rate,
        max_length=None,
        train_sampling_strategy="group_by_length",
        dataset_kwargs={"skip_prepare_dataset": True},
        **common(seed, save_steps),
    )
    trainer = SFTTrainer(model, settings, train_dataset=rows, processing_class=tokenizer)
    metrics = trainer.train(resume_from_checkpoint=last_checkpoint(folder) if save_steps else None).metrics
    # the trainer has wrapped the model to compute in half precision, which it would go on doing
    trainer.accelerator.unwrap_model(model, keep_fp32_wrapper=False)
    return {name: float(value) for name, value in metrics.items()}


def last_checkpoint(folder: Path) -> str | None:
    """The last whole checkpoint in ``folder``, which is named on stderr: of one in writing the state is missing."""
    complete = {
        int(path.parent.name.partition("-")[2]): path.parent for path in folder.glob("checkpoint-*/trainer_state.json")
    }
    if not complete:
        return None
    last = complete[max(complete)]
    print(f"training goes on from {last.name}", file=sys.stderr)
    return str(last)


def common(seed: int, save_steps: int | None) -> dict[str, Any]:
    """The settings that both stages share."""
    return {
        "lr_scheduler_type": "cosine",
        "warmup_steps": 0.05,
        "weight_decay": 0.01,
        "adam_beta2": 0.95,
        "bf16": True,
        "use_cpu": not torch.cuda.is_available(),
        "gradient_checkpointing": False,
        "remove_unused_columns": False,
        "logging_steps": 20,
        "save_strategy": "steps" if save_steps else "no",
        "save_steps": save_steps or 500,
        "save_total_limit": 2,
        "report_to": "none",
        "seed": seed,
    }
