"""The fit of selector and head: together, on how likely the mixture of all facts finds what was bought.

Each training prefix is weighed under counts that leave its fold of users out. Nothing is cut to eight reasons here:
what a summary leaves out is decided when it is written.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from rich.progress import Progress
from torch import nn

from benchmarks.models._training import configure_torch, console
from benchmarks.models.rationale_first.head import Head, Past
from benchmarks.models.rationale_first.neighbours import Neighbours
from benchmarks.models.rationale_first.options import Options
from benchmarks.models.rationale_first.reviews import Reviews
from benchmarks.models.rationale_first.selector import Selector

WARM_UP = 10  # steps in which the learning rate rises
KERNELS = (
    "weights",
    "hidden",
    "sharpness",
    "power",
    "sharing",
    "pair",
)  # of the head: they learn faster, and do not decay
DECAY = 1.0  # of all weights but those of the kernels: facts are many, and what they say is little


@dataclass(frozen=True)
class Lessons:
    """Training prefixes: options, the catalogue positions that were bought, the fold of each user, what people said."""

    options: Options
    targets: np.ndarray
    folds: np.ndarray
    neighbours: Sequence[Neighbours]
    reviews: Reviews


def fit(
    selector: Selector,
    head: Head,
    lessons: Lessons,
    epochs: float,
    batch_size: int,
    rate: float,
    brevity: float,
    seed: int,
) -> list[float]:
    """Train in place.

    Args:
        selector: What weighs the options.
        head: What ranks from them.
        lessons: The training prefixes.
        epochs: Passes over them.
        batch_size: Prefixes a step, all of one fold.
        rate: Peak of the learning rate.
        brevity: Price, in nats, of one unit of log odds in what lasts: few reasons are to say it.
        seed: Of the order.

    Returns:
        The loss of each step.
    """
    configure_torch()
    rng = np.random.default_rng(seed)
    kernels = [p for name, p in head.named_parameters() if name.split(".")[0] in KERNELS]
    others = [p for name, p in head.named_parameters() if name.split(".")[0] not in KERNELS]
    optimizer = torch.optim.AdamW(
        [
            {"params": [*selector.parameters(), *others], "weight_decay": DECAY, "lr": rate},
            {"params": kernels, "weight_decay": 0.0, "lr": 2 * rate},
        ]
    )
    steps = _batches(lessons.folds, batch_size, epochs, rng)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda k: min(1, (k + 1) / WARM_UP) * (0.01 + 0.99 * (1 + math.cos(math.pi * k / len(steps))) / 2)
    )
    losses: list[float] = []
    selector.train()
    head.train()
    with Progress(console=console) as bar:
        for batch in bar.track(steps, description="selector and head"):
            own = lessons.neighbours[lessons.folds[batch[0]]]
            rows, numbers = selector(lessons.options, batch, own)
            past = Past.of([lessons.options.unranked[k] for k in batch], head.n_items)
            p = head(rows, past, own, lessons.targets[batch])
            loss = -torch.log(p + 1e-9).mean()
            price = brevity * rows.log_odds.abs().sum() / len(batch)
            optimizer.zero_grad()
            taught_by_people = lessons.reviews.loss(rows, numbers)
            (loss + taught_by_people + price + selector.penalty() + head.penalty()).backward()
            nn.utils.clip_grad_norm_([*selector.parameters(), *head.parameters()], 1.0)
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
    selector.eval()
    head.eval()
    return losses


def _batches(folds: np.ndarray, size: int, epochs: float, rng: np.random.Generator) -> list[np.ndarray]:
    """Numbers of prefixes, each batch of one fold, so that one set of counts serves it."""
    out: list[np.ndarray] = []
    for _ in range(math.ceil(epochs)):
        parts: list[np.ndarray] = []
        for fold in np.unique(folds):
            mine = rng.permutation(np.flatnonzero(folds == fold))
            parts += np.array_split(mine, max(1, round(len(mine) / size)))
        out += [parts[k] for k in rng.permutation(len(parts))]
    return out[: max(1, round(len(out) * epochs / math.ceil(epochs)))] if out else []
