"""The supervised stage: the language model learns to write rationales, by TRL's ``SFTTrainer``.

A training purchase does not come with its reasons. What is known is how well each rationale would have found it: the
loss is -log p(item | rationale), the rationale being what the model says before the item is known, read by the head
(``benchmarks/models/rationale_first/head.py``). Claims are reinforced in so far as saying them beforehand helps to find
the item.

By itself that is one number a purchase, too little to learn a language from. So there are lessons (:class:`Lesson`).
The gate (``gate.py``) begins with the evidence drafter's rationales, which fade out in the first quarter: they know the
item, so they are a way in, not the goal. The language model learns from the gate's, which do not know the item: every
claim of them, with its weight (Hinton et al. 2015); these fade to a fifth. Beside it runs the ordinary language
modelling loss on the history. The arms without claims learn the gate's ranking instead, in like measure.

Rationales that people accepted or corrected (``rad.load("campaign:FOLDER")``) are a lesson too (:class:`Reviewed`), for
the gate in place of the drafts and for the language model beside the gate's; like the gate's, it fades to a fifth and
stays, since people stand by them.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
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

from benchmarks.models.rationale_first.head import APPEAL_DECAY, Head
from benchmarks.models.rationale_first.reasoner import LOUDNESS, Chunk, Reasoner
from benchmarks.models.rationale_first.story import Story
from rad.features.item_features import Catalogue, CoPurchase, Prefixes
from rad.features.position_mixture import EvidenceModel

CHECKPOINT_STEPS = 300
DRAFTS = 0.25  # share of the steps by which the drafts are gone
TAUGHT = 0.2  # what stays of the teacher's weight
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


class Lesson(Protocol):
    """What a teacher adds to the loss of stories about training examples, at ``progress`` in [0, 1]."""

    def __call__(self, story: Story, examples: np.ndarray, progress: float) -> torch.Tensor: ...


class Drafts:
    """Cross entropy with the evidence drafter's reasons, fading out by ``DRAFTS``.

    ``columns`` (N, F) the places of a draft's claims among [unexplained, together, values], -1 beyond the last, and
    ``draft`` (N, F) their shares; ``cited`` (N, J) what of *together* is owed to each of the last purchases.
    """

    def __init__(self, drafter: EvidenceModel) -> None:
        self.unseen = np.array([r is None for r in drafter.prefixes.reviewed])  # people's word replaces a draft
        table, together, by_value = drafter.posterior(drafter.prefixes)
        share, whole = by_value.sum(1), together.sum(1, keepdims=True)
        edge = np.tile([0, 1], (len(share), 1))  # unexplained, together
        there = table.target_values >= 0
        self.columns = np.concatenate([edge, np.where(there, table.target_values + 2, -1)], 1)
        rest = np.maximum(1 - share.sum(1, keepdims=True) - whole, 0)
        self.draft = np.concatenate([rest, whole, share], 1).astype(np.float32)
        self.cited = together.astype(np.float32)

    def __call__(self, story: Story, examples: np.ndarray, progress: float) -> torch.Tensor:
        device, faded = story.wants.device, min(progress / DRAFTS, 1.0)
        columns = torch.from_numpy(self.columns[examples]).to(device)
        said = story.rivals().gather(1, columns.clamp(min=0)).clamp(min=1e-6).log()
        loss = -(torch.from_numpy(self.draft[examples]).to(device) * (columns >= 0) * said).sum(1)
        loss = loss - (torch.from_numpy(self.cited[examples]).to(device) * story.cited().log()).sum(1)
        return (1 - faded) * (loss * torch.from_numpy(self.unseen[examples]).to(device)).mean()


class Reviewed:
    """Cross entropy with the rivals of the rationales that people let stand, and the squared distance from the tastes
    that these tell. Examples that nobody reviewed count as zero."""

    def __init__(self, catalogue: Catalogue, prefixes: Prefixes) -> None:
        rows = [row for row, r in enumerate(prefixes.reviewed) if r is not None]
        self.place = np.full(len(prefixes.reviewed), -1)
        self.place[rows] = np.arange(len(rows))
        given = [r.reasons for r in prefixes.reviewed if r is not None]
        self.story = Story.of(catalogue, [prefixes.histories[row] for row in rows], given)

    def __call__(self, story: Story, examples: np.ndarray, progress: float) -> torch.Tensor:
        rows = np.flatnonzero(self.place[examples] >= 0)
        if not len(rows):
            return story.unexplained.new_zeros(())
        own = self.story[torch.from_numpy(self.place[examples[rows]])].to(story.wants.device)
        told = story[torch.from_numpy(rows)]
        same = own.anchors[:, None] == told.anchors[..., None]  # (E, slots, cited); -1 is no purchase
        cited = (same & (told.anchors >= 0)[..., None]).float() @ own.together[..., None]
        loss = -(own.rivals() * told.rivals().clamp(min=1e-6).log()).sum(1)
        loss = loss - (cited[..., 0] * told.cited().log()).sum(1)
        loss = loss + (((told.taste() - own.taste()) * (own.taste() != 0)) ** 2).sum(1)
        return still_taught(progress) * loss.sum() / len(examples)


class Reasons(torch.nn.Module):
    """The objective of ``rationale=first``: -log p(target | story), and the lessons."""

    def __init__(self, head: Head, prefixes: Prefixes, *lessons: Lesson) -> None:
        super().__init__()
        self.head, self.prefixes, self.lessons = head, prefixes, lessons

    def loss(
        self, reasoner: Reasoner, states: torch.Tensor, batch: dict[str, torch.Tensor], progress: float
    ) -> torch.Tensor:
        """At ``progress`` in [0, 1] of the training."""
        with torch.autocast(states.device.type, enabled=False):
            return self.of(reasoner.story(states.float(), batch), batch["examples"].numpy(), progress)

    def of(self, story: Story, examples: np.ndarray, progress: float) -> torch.Tensor:
        """The loss of stories about the training examples (E,)."""
        p = self.prefixes
        found = self.head.loss(story, p.counts, p.folds[examples], p.targets[examples])
        return found + sum(lesson(story, examples, progress) for lesson in self.lessons)


class Direct(torch.nn.Module):
    """No rationale: the model's state after the history, or after filler, scores every item, beside its popularity.

    An item is the sum of the embeddings of its values, so that what the model knows of words serves it here too.
    ``taught`` gives the teacher's probabilities (E, items) of training examples.
    """

    incidence: torch.Tensor

    def __init__(self, incidence: Any, prefixes: Prefixes, taught: Callable[[np.ndarray], torch.Tensor]) -> None:
        super().__init__()
        self.register_buffer("incidence", torch.tensor(incidence.toarray(), dtype=torch.float32), persistent=False)
        self.prefixes, self.taught = prefixes, taught
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
        """Full softmax over the catalogue, towards the target and the teacher."""
        examples, p = batch["examples"].numpy(), self.prefixes
        with torch.autocast(states.device.type, enabled=False):
            roots = reasoner.roots(states.float(), batch)
            logits = self.scores(reasoner, roots, p.counts, p.folds[examples])
            loss = F.cross_entropy(logits, torch.from_numpy(p.targets[examples]).to(logits.device))
            towards = self.taught(examples).to(logits.device)
            loss = loss + still_taught(progress) * F.cross_entropy(logits, towards)
            return loss + APPEAL_DECAY * (self.appeal**2).sum()


def still_taught(progress: float) -> float:
    """Weight of the teacher's part of the loss."""
    return max(TAUGHT, 1 - progress)


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
