"""What the small trained baselines share: padded histories, batches of rows alike in length, and one training loop.

``sasrec``, ``dual_encoder`` and ``late_interaction`` differ in what they score; how they are optimised does not.
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Callable, Sequence

import numpy as np
import torch
from rich.console import Console
from rich.progress import Progress
from torch import nn

from benchmarks.harness.base import ModelSettings
from benchmarks.models._scoring import BlockRecommender

WARM_UP = 0.03  # share of the training in which the learning rate rises; then it falls to zero along a cosine
console = Console(stderr=True)


class TrainedRecommender(BlockRecommender):
    """A recommender with a trained network.

    Attributes:
        n_parameters: Of the network and of the frozen encoder below it; 0 before ``fit``.
        losses: The mean loss of each epoch.
    """

    def __init__(self, settings: ModelSettings | None = None) -> None:
        super().__init__(settings)
        self.n_parameters = 0
        self.losses: list[float] = []


def configure_torch() -> None:
    """Set torch up for training: the same weights whenever a seed and a number of threads are, and memory that stays.

    Without the first, sums over indices come in any order on two threads, and a tenth of short rankings differ between
    two fits. For the second, glibc holds on to big blocks after each step: 1.4 to 1.9 times faster on CPU.
    """
    torch.use_deterministic_algorithms(True, warn_only=True)
    try:
        libc = ctypes.CDLL(None)
        libc.mallopt(-4, 0)  # M_MMAP_MAX
        libc.mallopt(-1, 2**31 - 1)  # M_TRIM_THRESHOLD
    except (OSError, AttributeError):  # another C library: slower, nothing else
        pass


def padded(rows: Sequence[Sequence[int]]) -> torch.Tensor:
    """(rows, longest) int64: each row from the left, then -1. At least one column."""
    out = torch.full((len(rows), max([1, *map(len, rows)])), -1)
    for k, row in enumerate(rows):
        out[k, : len(row)] = torch.tensor(row, dtype=torch.int64)
    return out


def batches(lengths: np.ndarray, places: int, rng: np.random.Generator) -> list[np.ndarray]:
    """All rows once, in batches of similar length with at most ``places`` places after padding, in random order."""
    # [rows]: by length, with up to two places of noise, so that each epoch mixes rows of about one length anew
    order = np.argsort(lengths + 2 * rng.random(len(lengths)), kind="stable")
    out, start = [], 0
    widest = 0
    for k, row in enumerate(order):
        widest = max(widest, int(lengths[row]))
        # what a batch costs is its rows times the longest of them
        if k > start and (k + 1 - start) * widest > places:
            out.append(order[start:k])
            start, widest = k, int(lengths[row])
    if len(order):
        out.append(order[start:])
    return [out[k] for k in rng.permutation(len(out))]


def masked(
    logits: torch.Tensor, history: torch.Tensor, targets: torch.Tensor, keeps_repeats: bool = False
) -> torch.Tensor:
    """Logits (B, N) without the columns in ``history`` (B, L), where -1 is none, but for a target bought again.

    Whoever ranks leaves out the history; and its items, which resemble the query most, would else be the negatives
    that training fights hardest. Where repeats are kept they are ranked, and so they are negatives as all others.
    """
    if keeps_repeats:
        return logits.float()
    # [B, N]: True for the pairs (row, item of its history); then the targets are freed again
    hidden = torch.zeros(logits.shape, dtype=torch.bool)
    is_item = history >= 0
    hidden[torch.arange(len(history))[:, None].expand_as(history)[is_item], history[is_item]] = True
    hidden[torch.arange(len(targets)), targets] = False
    return logits.float().masked_fill(hidden, -torch.inf)


def optimise(
    model: nn.Module,
    epochs: int,
    rate: float,
    decay: float,
    batches_of: Callable[[], Sequence[np.ndarray]],
    loss_of: Callable[[np.ndarray], torch.Tensor],
    title: str,
    faster: float = 1.0,
) -> list[float]:
    """Train in place with AdamW and give the mean loss of each epoch.

    Only matrices decay; vectors and single numbers (temperatures, weights by position) learn ``faster`` times as fast.
    Forward passes run in bfloat16 where the model leaves it to autocast, which is faster on CPUs too. The rate ends at
    zero, so the last weights are the ones to keep.
    """
    configure_torch()
    matrices = [p for p in model.parameters() if p.ndim > 1]
    numbers = [p for p in model.parameters() if p.ndim < 2]
    parameters = [{"params": matrices, "weight_decay": decay}, {"params": numbers, "weight_decay": 0.0}]
    peaks = (rate, rate * faster)
    optimizer = torch.optim.AdamW(parameters, rate, betas=(0.9, 0.98))
    device = next(model.parameters()).device.type
    model.train()
    losses: list[float] = []
    with Progress(console=console) as bar:
        task = bar.add_task(title, total=epochs)
        for epoch in range(epochs):
            total, steps = 0.0, batches_of()
            for k, batch in enumerate(steps):
                done = (epoch + k / len(steps)) / epochs
                share = min(1.0, (done + 1e-3) / WARM_UP) * (1 + math.cos(math.pi * done)) / 2
                for group, peak in zip(optimizer.param_groups, peaks, strict=True):
                    group["lr"] = peak * share
                with torch.autocast(device, torch.bfloat16):
                    loss = loss_of(batch)
                optimizer.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                optimizer.step()
                total += loss.item()
                bar.advance(task, 1 / len(steps))
            losses.append(total / max(1, len(steps)))
    model.eval()
    return losses
