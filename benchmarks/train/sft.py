"""The supervised stage: the language model learns to write reasons, by TRL's ``SFTTrainer``.

Targets are soft. A training purchase does not come with its reason, only with a distribution over reasons: the evidence
drafter's posterior given the item that was bought. For the first quarter of the steps the model learns from these
drafts. Then its own probabilities replace the drafter's fixed prior, step by step: the target becomes the posterior
under what the *model* would have said before the item was known, times how well each reason predicts the item. Its
expected gradient is that of the marginal likelihood of the purchase, -log sum_r p_lm(r | h) p(i | r), so a reason is
reinforced in so far as saying it beforehand helps to find the item (and the teacher's hindsight fades out).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from datasets import Dataset
from torch.nn import functional as F
from trl import SFTConfig, SFTTrainer

from benchmarks.train.reasoner import NEVER, Chunk, Reasoner

CHECKPOINT_STEPS = 100
DRAFTS_ONLY, OWN_ONLY = 0.25, 0.5  # shares of the steps at which the drafts begin to fade and are gone


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long and how fast: the same for every arm."""

    epochs: float
    batch_size: int
    learning_rate: float
    seed: int


@dataclass(frozen=True, slots=True)
class SoftTargets:
    """Per training example: the drafts and the likelihood of the target under each reason (see ``Likelihoods``).

    ``columns`` (N, 1 + T): together, then 1 + value number (0 beyond the last). ``likelihood`` and ``draft``
    (N, J, 1 + T); ``background`` (N,).
    """

    columns: torch.Tensor
    likelihood: torch.Tensor
    draft: torch.Tensor
    background: torch.Tensor

    def loss(
        self, reasoner: Reasoner, states: torch.Tensor, batch: dict[str, torch.Tensor], progress: float
    ) -> torch.Tensor:
        """Cross entropy of the model's reasons against the soft targets, at ``progress`` in [0, 1] of the training."""
        cite, value = reasoner.reasons(states, batch)
        return self.cross_entropy(cite, value, batch["examples"], progress)

    def cross_entropy(
        self, cite: torch.Tensor, value: torch.Tensor, examples: torch.Tensor, progress: float
    ) -> torch.Tensor:
        """The same from log probabilities (E, J + 1) and (E, J, 1 + V) of examples (E,)."""
        slots = value.shape[1]
        columns = self.columns[examples].to(cite.device)
        written = cite[:, :slots, None] + value.gather(2, columns[:, None].expand(-1, slots, -1))
        written = torch.cat([written.flatten(1), cite[:, slots:]], 1)
        likelihood = torch.cat([self.likelihood[examples].flatten(1), self.background[examples][:, None]], 1)
        likelihood = likelihood.to(cite.device)
        possible = likelihood > 0
        fit = torch.where(possible, likelihood, 1.0).log().masked_fill(~possible, NEVER)
        own = torch.softmax(written.detach() + fit, 1)
        draft = self.draft[examples].flatten(1).to(cite.device)
        draft = torch.cat([draft, (1 - draft.sum(1, keepdim=True)).clamp(min=0)], 1)
        faded = min(max((progress - DRAFTS_ONLY) / (OWN_ONLY - DRAFTS_ONLY), 0.0), 1.0)
        target = (1 - faded) * draft + faded * own
        return -(target * written.clamp(min=-40)).sum(1).mean()


class Direct(torch.nn.Module):
    """The ``none`` arm: no rationale. The model's state after the history scores every item, beside its popularity.

    An item is the sum of the embeddings of its values, so that what the model knows of words serves it here too.
    """

    incidence: torch.Tensor
    targets: torch.Tensor

    def __init__(self, incidence: Any, popularity: np.ndarray, targets: np.ndarray) -> None:
        super().__init__()
        size = np.sqrt(np.maximum(np.asarray(incidence.sum(1)), 1.0))
        self.register_buffer("incidence", torch.tensor(incidence.multiply(1 / size).toarray(), dtype=torch.float32))
        self.register_buffer("targets", torch.tensor(targets))
        self.bias = torch.nn.Parameter(0.5 * torch.log(torch.tensor(popularity) + 0.3))

    def scores(self, reasoner: Reasoner, roots: torch.Tensor) -> torch.Tensor:
        """(E, items) logits of the next purchase."""
        table = reasoner.lm.get_output_embeddings().weight[reasoner.value_ids[1:]]
        return (roots.float() @ (self.incidence @ table).T) + self.bias

    def loss(
        self, reasoner: Reasoner, states: torch.Tensor, batch: dict[str, torch.Tensor], progress: float
    ) -> torch.Tensor:
        """Full softmax over the catalogue."""
        logits = self.scores(reasoner, reasoner.roots(states, batch))
        return F.cross_entropy(logits, self.targets[batch["examples"]])


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
            return self.objective.loss(self.reasoner, states, inputs, self.state.global_step / self.state.max_steps)

    def _prepare_inputs(self, inputs: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        return inputs  # moved to the device where they are used


def train(reasoner: Reasoner, objective: Objective, chunks: Sequence[Chunk], schedule: Schedule, folder: Path) -> None:
    """Train in place. Checkpoints go to ``folder``; a run that was killed goes on from the last whole one."""
    config = SFTConfig(
        output_dir=str(folder),
        num_train_epochs=schedule.epochs,
        per_device_train_batch_size=schedule.batch_size,
        learning_rate=schedule.learning_rate,
        lr_scheduler_type="cosine",
        warmup_steps=30,
        weight_decay=0.1,
        adam_beta2=0.95,
        max_grad_norm=1.0,
        seed=schedule.seed,
        data_seed=schedule.seed,
        use_cpu=not torch.cuda.is_available(),
        bf16=False,  # autocast is set in compute_loss
        dataset_kwargs={"skip_prepare_dataset": True},
        remove_unused_columns=False,
        dataloader_pin_memory=False,
        save_strategy="steps",
        save_steps=CHECKPOINT_STEPS,
        save_total_limit=1,
        logging_strategy="no",
        report_to="none",
    )
    trainer = _Trainer(
        model=reasoner.lm,
        args=config,
        train_dataset=Dataset.from_dict({"input_ids": [[k] for k in range(len(chunks))]}),
        processing_class=reasoner.tokenizer,
        data_collator=lambda rows: reasoner.encode([chunks[row["input_ids"][0]] for row in rows]),
    )
    trainer.reasoner, trainer.objective = reasoner, objective
    trainer.train(resume_from_checkpoint=last_checkpoint(folder))
    reasoner.lm.eval()


def last_checkpoint(folder: Path) -> str | None:
    """The newest checkpoint that was written to its end (the trainer's state is its last file)."""
    found = [p for p in folder.glob("checkpoint-*") if (p / "trainer_state.json").is_file()]
    return str(max(found, key=lambda p: int(p.name.split("-")[1]))) if found else None
