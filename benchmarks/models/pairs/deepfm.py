"""``deepfm``: a factorisation machine and a deep network over the same vectors.

DeepFM (Guo et al., IJCAI 2017, equations 1 to 4): a linear part, the inner products of every two fields, and the deep
network, summed. The fields are the user, the item, its attribute values and the history pooled by attention.

    python -m benchmarks.run --task choice --model deepfm
"""

from __future__ import annotations

import torch
from torch import nn

from benchmarks.models.pairs._network import Batch, Deep, NetworkModel, Sizes, Wide


class DeepFM(nn.Module):
    """Linear, pairwise and deep parts; the last two share their vectors."""

    def __init__(self, sizes: Sizes, width: int, hidden: int) -> None:
        super().__init__()
        self.wide, self.deep = Wide(sizes), Deep(sizes, width, hidden)

    def forward(self, batch: Batch) -> torch.Tensor:
        fields = self.deep.fields(batch)
        stacked = torch.stack([fields.user, fields.item, fields.values, fields.history], 1)  # [pairs, fields, width]
        # the products of every two fields: half of the square of the sum less the sum of squares
        product = (stacked.sum(1) ** 2 - (stacked**2).sum(1)).sum(-1) / 2
        return torch.as_tensor(self.wide(batch) + product + self.deep.layers_of(fields, batch))


class Model(NetworkModel):
    name = "deepfm"

    def network(self, sizes: Sizes) -> nn.Module:
        return DeepFM(sizes, self.settings.width, self.settings.hidden)
