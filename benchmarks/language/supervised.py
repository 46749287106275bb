"""The first stage: supervised fine-tuning by TRL's ``SFTTrainer``, with its own loss and collator."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from transformers import PreTrainedModel, PreTrainedTokenizerBase
from transformers.trainer_utils import get_last_checkpoint
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
    last = get_last_checkpoint(str(folder)) if save_steps and folder.is_dir() else None
    metrics = trainer.train(resume_from_checkpoint=last).metrics
    return {name: float(value) for name, value in metrics.items()}


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
