"""``matrix_factorisation``: biases, and the inner product of a vector of the user and one of the item.

    answer(u, i) = mean + b_u + b_i + p_u . q_i

As Koren, Bell and Volinsky (Computer 2009), by Adam over batches of pairs with a penalty on the vectors. A user or an
item that training lacks has none of its own. It reads ids alone, so it is the baseline without features.

    python -m benchmarks.run --task rating --model matrix_factorisation
"""

from __future__ import annotations

import torch
from pydantic import Field
from torch import nn

from benchmarks.models.pairs._network import Batch, Ids, NetworkModel, NetworkSettings, Sizes


class Factors(nn.Module):
    """Two biases and two vectors; index 0 is of what training lacks."""

    def __init__(self, sizes: Sizes, width: int) -> None:
        super().__init__()
        self.ids = Ids(sizes, width)
        self.user_bias, self.item_bias = nn.Embedding(sizes.users, 1), nn.Embedding(sizes.items, 1)
        nn.init.zeros_(self.user_bias.weight)
        nn.init.zeros_(self.item_bias.weight)

    def forward(self, batch: Batch) -> torch.Tensor:
        product = (self.ids.user(batch.user) * self.ids.item(batch.item)).sum(-1)
        return product + self.user_bias(batch.user).squeeze(-1) + self.item_bias(batch.item).squeeze(-1)


class Model(NetworkModel):
    class Settings(NetworkSettings):
        width: int = Field(default=16, ge=2, description="width of the vectors of users and items")
        decay: float = Field(default=0.3, ge=0, description="weight decay of all parameters")

    settings: Settings
    name = "matrix_factorisation"

    def network(self, sizes: Sizes) -> nn.Module:
        return Factors(sizes, self.settings.width)
