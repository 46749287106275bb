"""The second stage: on-policy reinforcement by TRL's ``GRPOTrainer`` (arXiv 2402.03300), which never sees the selector.

The model writes some rationales for each training prefix, drawn within the grammar. Each is rewarded by how likely the
head finds what was bought when it reads that text alone, less a price for its words; GRPO compares the rewards of one
prefix with each other. What the grammar settles has no loss (``env_mask``). No reward is needed for soundness: within
the grammar every reason is a fact.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from datasets import Dataset
from transformers import PreTrainedModel, PreTrainedTokenizerBase
from trl import GRPOConfig, GRPOTrainer

from benchmarks.language.supervised import common, last_checkpoint
from benchmarks.language.tokens import Case
from benchmarks.language.writing import Writer
from benchmarks.models._training import configure_torch
from rad.rationales import prompt
from rad.types import Reason

Reasons = tuple[Sequence[tuple[Reason, int]], int]
"""The reasons of an answer with their levels, and the level of the unexplained."""
LikelihoodOf = Callable[[Sequence[int], Sequence[Reasons]], np.ndarray]
"""Numbers of prompts and a rationale for each -> (answers,) log p of what was bought."""
WORD_PRICE = 0.001  # nats a word: eight reasons cost a tenth of one


def on_policy(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    writer: Writer,
    cases: Sequence[Case],
    likelihood: LikelihoodOf,
    folder: Path,
    *,
    steps: int,
    batch_size: int,
    generations: int,
    learning_rate: float,
    seed: int,
    save_steps: int | None = None,
) -> dict[str, float]:
    """Train in place; a run that was killed goes on from its last checkpoint in ``folder``.

    Args:
        model: What learns, after the first stage.
        tokenizer: The model's.
        writer: Draws its answers; its temperature is above 0.
        cases: The prompts.
        likelihood: Of what was bought, given rationales for some prompts.
        folder: For checkpoints.
        steps: Of the optimiser.
        batch_size: Prompts a step.
        generations: Answers a prompt.
        learning_rate: Peak of a cosine schedule.
        seed: Of the order.
        save_steps: Steps between checkpoints; None for none.

    Returns:
        What the trainer reports: seconds, tokens, and the last mean of each reward.
    """
    configure_torch()
    settings = GRPOConfig(
        str(folder),
        max_steps=steps,
        per_device_train_batch_size=batch_size * generations,
        num_generations=generations,
        temperature=writer.temperature,
        learning_rate=learning_rate,
        **common(seed, save_steps),
    )
    table = Dataset.from_dict({"prompt": [str(k) for k in range(len(cases))]})
    play = _Play(writer, cases, likelihood, tokenizer.eos_token_id)
    trainer = GRPOTrainer(
        model,
        [play.explains, play.brevity],
        settings,
        train_dataset=table,
        processing_class=tokenizer,
        rollout_func=play.rollout,
    )
    metrics = dict(trainer.train(resume_from_checkpoint=last_checkpoint(folder) if save_steps else None).metrics)
    for entry in trainer.state.log_history:
        metrics |= {name: value for name, value in entry.items() if name.startswith("rewards/")}
    return {name: float(value) for name, value in metrics.items()}


@dataclass(frozen=True)
class _Play:
    """What the trainer calls; a prompt is the number of its case, as text."""

    writer: Writer
    cases: Sequence[Case]
    likelihood: LikelihoodOf
    end: int

    def rollout(self, numbers: list[str], trainer: GRPOTrainer) -> dict[str, Any]:
        """Answers within the grammar, with the tokens in which the model had a choice."""
        self.writer.model = trainer.accelerator.unwrap_model(trainer.model)
        cases = [self.cases[int(k)] for k in numbers]
        answers = self.writer.decoded(cases)
        return {
            "prompt_ids": [a.prompt for a in answers],
            "completion_ids": [[*a.ids, self.end] for a in answers],
            "logprobs": [[*a.log_probabilities, 0.0] for a in answers],
            "env_mask": [[*a.chosen, 0] for a in answers],
            "reasons": [
                ([(case.facts[k], level) for k, level in a.pairs], a.rest)
                for case, a in zip(cases, answers, strict=True)
            ],
        }

    def explains(self, prompts: list[str], reasons: list[Reasons], **_: Any) -> list[float | None]:
        """Log p of what was bought."""
        return [float(x) for x in self.likelihood([int(k) for k in prompts], reasons)]

    def brevity(self, prompts: list[str], reasons: list[Reasons], **_: Any) -> list[float | None]:
        """The price of the words."""
        pairs = zip(prompts, reasons, strict=True)
        return [-WORD_PRICE * len(prompt.answer(self.cases[int(k)].facts, *one).split()) for k, one in pairs]
