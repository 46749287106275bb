"""The supervised stage: the language model learns to write rationales, by TRL's ``SFTTrainer``.

A training purchase does not come with its reasons. What is known is how well each rationale would have found it: the
loss is -log p(item | rationale), the rationale being what the model says before the item is known, read by the head
(``benchmarks/train/head.py``). Claims are reinforced in so far as saying them beforehand helps to find the item. To
begin with, for the first quarter of the steps, the model also learns from the evidence drafter's rationales, which fade
out: they know the item, so they are a way in, not the goal. Beside it runs the ordinary language modelling loss on the
history.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from datasets import Dataset
from torch.nn import functional as F
from transformers import ProgressCallback
from transformers.utils import logging
from trl import SFTConfig, SFTTrainer

from annotation.drafters.evidence import Drafter
from benchmarks.train.head import APPEAL_DECAY, Head
from benchmarks.train.reasoner import LOUDNESS, Chunk, Reasoner
from benchmarks.train.story import Story
from rad.affinity import CoPurchase, Prefixes

CHECKPOINT_STEPS = 300
DRAFTS = 0.25  # share of the steps by which the drafts are gone
HISTORY = 0.3  # weight of the language modelling loss
OURS_FASTER = 5  # learning rate of the head and the voice over the language model's


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long and how fast: the same for every arm."""

    epochs: float
    batch_size: int
    learning_rate: float
    weight_decay: float
    seed: int


class Reasons(torch.nn.Module):
    """The objective of ``rationale=first``: -log p(target | story), and the drafts while they last.

    ``columns`` (N, F) the places of a draft's claims among [unexplained, together, values], -1 beyond the last, and
    ``draft`` (N, F) their shares; ``cited`` (N, J) what of *together* is owed to each of the last purchases.
    """

    def __init__(self, head: Head, drafter: Drafter) -> None:
        super().__init__()
        self.head, self.prefixes = head, drafter.prefixes
        table, together, by_value = drafter.posterior(drafter.prefixes)
        share, whole = by_value.sum(1), together.sum(1, keepdims=True)
        there = table.target_values >= 0
        edge = np.tile([0, 1], (len(share), 1))  # unexplained, together
        self.columns = np.concatenate([edge, np.where(there, table.target_values + 2, -1)], 1)
        rest = np.maximum(1 - share.sum(1, keepdims=True) - whole, 0)
        self.draft = np.concatenate([rest, whole, share], 1).astype(np.float32)
        self.cited = together.astype(np.float32)

    def loss(
        self, reasoner: Reasoner, states: torch.Tensor, batch: dict[str, torch.Tensor], progress: float
    ) -> torch.Tensor:
        """The three parts, at ``progress`` in [0, 1] of the training."""
        with torch.autocast(states.device.type, enabled=False):
            return self.of(reasoner.story(states.float(), batch), batch["examples"].numpy(), progress)

    def of(self, story: Story, examples: np.ndarray, progress: float) -> torch.Tensor:
        """The loss of stories about the training examples (E,): the marginal one, and what is left of the drafts."""
        p = self.prefixes
        out = self.head.loss(story, p.counts, p.folds[examples], p.targets[examples])
        faded = min(progress / DRAFTS, 1.0)
        if faded == 1:
            return out
        columns = torch.from_numpy(self.columns[examples]).to(out.device)
        said = torch.cat([story.unexplained[:, None], story.together.sum(1, keepdim=True), story.wants], 1)
        said = said.gather(1, columns.clamp(min=0)).clamp(min=1e-6).log()
        drafts = -(torch.from_numpy(self.draft[examples]).to(out.device) * (columns >= 0) * said).sum(1)
        cite = story.together / story.together.sum(1, keepdim=True).clamp(min=1e-9)
        drafts = drafts - (torch.from_numpy(self.cited[examples]).to(out.device) * cite.clamp(min=1e-6).log()).sum(1)
        return out + (1 - faded) * drafts.mean()


class Direct(torch.nn.Module):
    """The ``none`` arm: no rationale. The model's state after the history scores every item, beside its popularity.

    An item is the sum of the embeddings of its values, so that what the model knows of words serves it here too.
    """

    incidence: torch.Tensor

    def __init__(self, incidence: Any, prefixes: Prefixes) -> None:
        super().__init__()
        self.register_buffer("incidence", torch.tensor(incidence.toarray(), dtype=torch.float32), persistent=False)
        self.prefixes = prefixes
        self.loudness = torch.nn.Parameter(torch.tensor(LOUDNESS))
        self.power = torch.nn.Parameter(torch.tensor(0.5))
        self.appeal = torch.nn.Parameter(torch.zeros(self.incidence.shape[0]))

    def scores(
        self, reasoner: Reasoner, roots: torch.Tensor, counts: Sequence[CoPurchase], fold: np.ndarray
    ) -> torch.Tensor:
        """(E, items) logits of the next purchase."""
        table = reasoner.lm.get_output_embeddings().weight[reasoner.first_ids[2:]]
        base = torch.from_numpy(np.log(np.stack([c.popularity for c in counts]) + 0.3)[fold]).to(roots.device)
        return self.loudness * (roots.float() @ (self.incidence @ table).T) + self.power * base + self.appeal

    def loss(
        self, reasoner: Reasoner, states: torch.Tensor, batch: dict[str, torch.Tensor], progress: float
    ) -> torch.Tensor:
        """Full softmax over the catalogue."""
        examples, p = batch["examples"].numpy(), self.prefixes
        with torch.autocast(states.device.type, enabled=False):
            roots = reasoner.roots(states.float(), batch)
            logits = self.scores(reasoner, roots, p.counts, p.folds[examples])
            loss = F.cross_entropy(logits, torch.from_numpy(p.targets[examples]).to(logits.device))
            return loss + APPEAL_DECAY * (self.appeal**2).sum()


class Objective(Protocol):
    """What an arm learns: a loss from the states of a batch, at ``progress`` in [0, 1] of the training."""

    def loss(
        self, reasoner: Reasoner, states: torch.Tensor, batch: dict[str, torch.Tensor], progress: float
    ) -> torch.Tensor: ...


class _Trainer(SFTTrainer):
    """SFTTrainer over token trees. Its own loss runs every token through the vocabulary; ours only the reasons."""

    reasoner: Reasoner
    objective: Objective

    def compute_loss(self, model: Any, inputs: dict[str, torch.Tensor], *_: Any, **__: Any) -> torch.Tensor:
        with torch.autocast(self.reasoner.lm.device.type, torch.bfloat16):
            states = self.reasoner.states(inputs, model)
            told = HISTORY * self.reasoner.history_loss(states, inputs)
            progress = self.state.global_step / self.state.max_steps
            return self.objective.loss(self.reasoner, states, inputs, progress) + told

    def create_optimizer(self, model: Any = None) -> torch.optim.Optimizer:
        """AdamW. The few numbers that are ours, outside the language model, learn faster and are not decayed."""
        ours: list[Any] = []
        matrices: list[Any] = []
        vectors: list[Any] = []
        for name, p in self.reasoner.lm.named_parameters():
            added = name.startswith(("voice.", "objective.")) and not name.endswith(".pair")
            (ours if added else matrices if p.ndim > 1 else vectors).append(p)
        rate = self.args.learning_rate
        self.optimizer = torch.optim.AdamW(
            [
                {"params": matrices, "weight_decay": self.args.weight_decay},
                {"params": vectors, "weight_decay": 0.0},
                {"params": ours, "weight_decay": 0.0, "lr": OURS_FASTER * rate},
            ],
            lr=rate,
            betas=(self.args.adam_beta1, self.args.adam_beta2),
        )
        return self.optimizer

    def _prepare_inputs(self, inputs: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        return inputs  # moved to the device where they are used


class _Bar(ProgressCallback):
    """The progress bar without the dictionary of numbers that would follow it."""

    def on_log(self, *_: Any, **__: Any) -> None:
        pass


def train(reasoner: Reasoner, objective: Objective, chunks: Sequence[Chunk], schedule: Schedule, folder: Path) -> None:
    """Train in place. Checkpoints go to ``folder``; a run that was killed goes on from the last whole one."""
    logging.disable_progress_bar()  # of every file that a checkpoint writes
    # TRL turns gradient checkpointing on, and transformers warns of the name that turns it off
    warnings.filterwarnings("ignore", message=".*gradient_checkpointing")
    config = SFTConfig(
        output_dir=str(folder),
        num_train_epochs=schedule.epochs,
        per_device_train_batch_size=schedule.batch_size,
        learning_rate=schedule.learning_rate,
        lr_scheduler_type="cosine",
        warmup_steps=30,
        weight_decay=schedule.weight_decay,
        adam_beta2=0.95,
        max_grad_norm=1.0,
        seed=schedule.seed,
        data_seed=schedule.seed,
        use_cpu=not torch.cuda.is_available(),
        bf16=False,  # autocast is set in compute_loss
        gradient_checkpointing=False,  # TRL's default recomputes every layer, a third of the time of a small model
        dataset_kwargs={"skip_prepare_dataset": True},
        remove_unused_columns=False,
        dataloader_pin_memory=False,
        save_strategy="steps",
        save_steps=CHECKPOINT_STEPS,
        save_total_limit=1,
        logging_strategy="no",
        report_to="none",
    )

    def collate(rows: list[dict[str, list[int]]]) -> dict[str, torch.Tensor]:
        picked = [chunks[row["input_ids"][0]] for row in rows]
        return reasoner.encode(picked)

    trainer = _Trainer(
        model=reasoner.lm,
        args=config,
        train_dataset=Dataset.from_dict({"input_ids": [[k] for k in range(len(chunks))]}),
        processing_class=reasoner.tokenizer,
        data_collator=collate,
    )
    trainer.remove_callback(ProgressCallback)
    trainer.add_callback(_Bar)
    trainer.reasoner, trainer.objective = reasoner, objective
    trainer.train(resume_from_checkpoint=last_checkpoint(folder))
    reasoner.lm.eval()


def last_checkpoint(folder: Path) -> str | None:
    """The newest checkpoint that was written to its end (the trainer's state is its last file)."""
    found = [p for p in folder.glob("checkpoint-*") if (p / "trainer_state.json").is_file()]
    return str(max(found, key=lambda p: int(p.name.split("-")[1]))) if found else None
