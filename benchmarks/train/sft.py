"""The supervised stage: the language model learns to write reasons, by TRL's ``SFTTrainer``.

Targets are soft. A training purchase does not come with its reason, only with a distribution over reasons: the evidence
drafter's posterior given the item that was bought. For the first quarter of the steps the model learns from these
drafts. Then its own probabilities replace the drafter's fixed prior, step by step: the target becomes the posterior
under what the *model* would have said before the item was known, times how well each reason predicts the item. Its
expected gradient is that of the marginal likelihood of the purchase, -log sum_r p_lm(r | h) p(i | r), so a reason is
reinforced in so far as saying it beforehand helps to find the item (and the teacher's hindsight fades out). What a
reason cites is learned from the drafts throughout. Beside it runs the ordinary language modelling loss on the history.
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

from annotation.drafters.evidence import Drafter, slots_of
from benchmarks.train.reasoner import NEVER, Chunk, Reasoner

CHECKPOINT_STEPS = 300
BRANCHES = 3  # first tokens of a draft whose citations are learned
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
    """Per training example, over its first tokens (*unexplained*, together, each value of the target; F of them):

    ``columns`` (N, F) their places among the model's first tokens, -1 beyond the last; ``likelihood`` (N, F) of the
    target under each, whatever is cited; ``draft`` (N, F) their share in the draft. ``branches`` (N, M) the values (-1:
    together) that weigh most in the draft, ``branch_weight`` (N, M) how much, ``cited`` (N, M, J) on which purchases.
    """

    columns: torch.Tensor
    likelihood: torch.Tensor
    draft: torch.Tensor
    branches: np.ndarray
    branch_weight: torch.Tensor
    cited: torch.Tensor

    @classmethod
    def of(cls, drafter: Drafter) -> SoftTargets:
        """From the drafter's posterior over all training prefixes."""
        table, together, by_value = drafter.posterior(drafter.prefixes)
        joint = np.concatenate([together[:, :, None], by_value], 2)  # (N, J, 1 + T)
        values = np.pad(table.target_values, ((0, 0), (1, 0)), constant_values=-1)
        there = np.pad(table.target_values >= 0, ((0, 0), (1, 0)), constant_values=True)
        share = joint.sum(1)
        heaviest = np.argsort(-share, 1, kind="stable")[:, :BRANCHES]
        rows = np.arange(len(share))[:, None]
        cited = joint.transpose(0, 2, 1)[rows, heaviest]
        place = (slots_of(drafter.prefixes.histories) >= 0) * drafter.places[:-1]
        place /= np.maximum(place.sum(1, keepdims=True), 1e-9)
        fit = np.einsum("nj,njt->nt", place, np.concatenate([table.together[:, :, None], table.by_value], 2))
        return cls(
            columns=_tensor(np.pad(np.where(there, values + 2, -1), ((0, 0), (1, 0)))).long(),
            likelihood=_tensor(np.concatenate([table.background[:, None], fit], 1)),
            draft=_tensor(np.concatenate([np.maximum(1 - share.sum(1, keepdims=True), 0), share], 1)),
            branches=values[rows, heaviest],
            branch_weight=_tensor(share[rows, heaviest]),
            cited=_tensor(cited / np.maximum(cited.sum(2, keepdims=True), 1e-12)),
        )

    def loss(
        self, reasoner: Reasoner, states: torch.Tensor, batch: dict[str, torch.Tensor], progress: float
    ) -> torch.Tensor:
        """Cross entropy against the soft targets, at ``progress`` in [0, 1] of the training, and the history's."""
        first, cite = reasoner.reasons(states, batch)
        return self.cross_entropy(first, cite, batch["examples"], progress) + reasoner.history_loss(states, batch)

    def cross_entropy(
        self, first: torch.Tensor, cite: torch.Tensor, examples: torch.Tensor, progress: float
    ) -> torch.Tensor:
        """The same from log probabilities (E, 2 + V) and (E, M, J) of examples (E,)."""
        columns = self.columns[examples].to(first.device)
        written = first.gather(1, columns.clamp(min=0)).masked_fill(columns < 0, NEVER)
        likelihood = self.likelihood[examples].to(first.device)
        possible = (likelihood > 0) & (columns >= 0)
        fit = torch.where(possible, likelihood, 1.0).log().masked_fill(~possible, NEVER)
        own = torch.softmax(written.detach() + fit, 1)
        faded = min(max((progress - DRAFTS_ONLY) / (OWN_ONLY - DRAFTS_ONLY), 0.0), 1.0)
        target = (1 - faded) * self.draft[examples].to(first.device) + faded * own
        said = -(target * written.clamp(min=-40)).sum(1)
        resting = -(self.cited[examples].to(cite.device) * cite.clamp(min=-40)).sum(2)
        return (said + (self.branch_weight[examples].to(cite.device) * resting).sum(1)).mean()


def _tensor(values: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32))


class Direct(torch.nn.Module):
    """The ``none`` arm: no rationale. The model's state after the history scores every item, beside its popularity.

    An item is the sum of the embeddings of its values, so that what the model knows of words serves it here too.
    """

    incidence: torch.Tensor
    targets: torch.Tensor
    branches: np.ndarray

    def __init__(self, incidence: Any, popularity: np.ndarray, targets: np.ndarray) -> None:
        super().__init__()
        size = np.sqrt(np.maximum(np.asarray(incidence.sum(1)), 1.0))
        self.register_buffer("incidence", torch.tensor(incidence.multiply(1 / size).toarray(), dtype=torch.float32))
        self.register_buffer("targets", torch.tensor(targets))
        self.branches = np.zeros((len(targets), 0), np.int64)  # the arm writes nothing
        self.bias = torch.nn.Parameter(0.5 * torch.log(torch.tensor(popularity) + 0.3))

    def scores(self, reasoner: Reasoner, roots: torch.Tensor) -> torch.Tensor:
        """(E, items) logits of the next purchase."""
        table = reasoner.lm.get_output_embeddings().weight[reasoner.first_ids[2:]]
        return (roots.float() @ (self.incidence @ table).T) + self.bias

    def loss(
        self, reasoner: Reasoner, states: torch.Tensor, batch: dict[str, torch.Tensor], progress: float
    ) -> torch.Tensor:
        """Full softmax over the catalogue, and the loss on the history."""
        logits = self.scores(reasoner, reasoner.roots(states, batch))
        return F.cross_entropy(logits, self.targets[batch["examples"]]) + reasoner.history_loss(states, batch)


class Objective(Protocol):
    """What an arm learns: a loss from the states of a batch, at ``progress`` in [0, 1] of the training.

    ``branches`` (N, M): the values (-1: together) of each example whose citations the batch asks for.
    """

    branches: Any

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
        weight_decay=0.1,
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
        return reasoner.encode(picked, objective.branches[[e for chunk in picked for e in chunk.examples]])

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
