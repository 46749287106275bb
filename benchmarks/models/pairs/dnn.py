"""``dnn``: a deep network over the user, the item, the history and the numbers of a pair; no explanations.

This is the network of LR-Recsys (arXiv 2502.16759v1, section 4.3) without its explanations: vectors of the user and the
item, the history pooled by attention to the item, attribute values and counted features go through two layers. What
``lr_recsys`` adds is measured against it.

    python -m benchmarks.run --task rating --model dnn --seed 0 1 2
"""

from __future__ import annotations

from torch import nn

from benchmarks.models.pairs._network import Deep, NetworkModel, Sizes


class Model(NetworkModel):
    name = "dnn"

    def network(self, sizes: Sizes) -> nn.Module:
        return Deep(sizes, self.settings.width, self.settings.hidden)
