"""``wide_deep``: the deep network beside a linear model of ids, attribute values and counted features.

Wide & Deep (Cheng et al., DLRS 2016): the two are summed and trained as one. The wide part remembers what the deep one
smooths over.

    python -m benchmarks.run --task choice --model wide_deep
"""

from __future__ import annotations

import torch
from torch import nn

from benchmarks.models.pairs._network import Batch, Deep, NetworkModel, Sizes, Wide


class WideDeep(nn.Module):
    """The sum of a linear and a deep model."""

    def __init__(self, sizes: Sizes, width: int, hidden: int) -> None:
        super().__init__()
        self.wide, self.deep = Wide(sizes), Deep(sizes, width, hidden)

    def forward(self, batch: Batch) -> torch.Tensor:
        return torch.as_tensor(self.wide(batch) + self.deep(batch))


class Model(NetworkModel):
    name = "wide_deep"

    def network(self, sizes: Sizes) -> nn.Module:
        return WideDeep(sizes, self.settings.width, self.settings.hidden)
