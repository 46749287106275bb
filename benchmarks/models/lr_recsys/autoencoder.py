"""The autoencoder that embeds explanations (LR-Recsys, section 4.2): words in, a narrow vector, the words again.

The input is the words and pairs of neighbouring words of a text, hashed to ``BUCKETS``, as a row of unit sum. One layer
makes the vector, and a softmax over the buckets gives the words back, as in Mult-DAE (Liang et al., WWW 2018). Beside
its own words, the two vectors of a training pair give back the words of why it was chosen or not: that is the
fine-tuning. Vectors of scored pairs come from their own two texts alone.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import scipy.sparse as sp
import torch
from torch import nn
from torch.nn import functional as F

from rad.features.bm25 import tokenize

BUCKETS = 2048
BATCH = 512
HIDDEN_WORDS = 0.3  # share of the input that a training step hides


class Autoencoder(nn.Module):
    """One encoder for both polarities, and a decoder for each thing that is given back."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.encoder, self.decoder = nn.Linear(BUCKETS, width), nn.Linear(width, BUCKETS)
        self.of_hindsight = nn.Linear(2 * width, BUCKETS)
        nn.init.normal_(self.encoder.weight, std=0.3)

    @property
    def n_encoder_parameters(self) -> int:
        """Parameters that predictions need: the decoders are there for training alone."""
        return sum(p.numel() for p in self.encoder.parameters())

    def encode(self, rows: torch.Tensor) -> torch.Tensor:
        """[texts, width]; rows have unit sum, so they are scaled up to be seen."""
        return torch.tanh(self.encoder(rows) * 4)


def trained(
    positive: sp.csr_matrix, negative: sp.csr_matrix, chosen: sp.csr_matrix, width: int, epochs: int, seed: int
) -> Autoencoder:
    """An autoencoder fitted to the :func:`bags` of training pairs: for, against, and why chosen or not."""
    torch.manual_seed(seed)
    model = Autoencoder(width)
    rng = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(model.parameters(), 3e-3)
    for _ in range(epochs):
        for rows in torch.randperm(positive.shape[0], generator=rng).split(BATCH):
            parts = (bag[rows.numpy()].toarray() for bag in (positive, negative, chosen))
            one, other, right = map(torch.from_numpy, parts)
            vectors = [model.encode(F.dropout(bag, HIDDEN_WORDS)) for bag in (one, other)]
            loss = _lost(model.of_hindsight(torch.cat(vectors, 1)), right)
            for vector, bag in zip(vectors, (one, other), strict=True):
                loss = loss + _lost(model.decoder(vector), bag)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return model.eval()


def embedded(model: Autoencoder, bag: sp.csr_matrix) -> np.ndarray:
    """[texts, width] in float32; an empty text is a vector of zeros."""
    with torch.no_grad():
        parts = [
            model.encode(torch.from_numpy(bag[start : start + 4 * BATCH].toarray()))
            for start in range(0, bag.shape[0], 4 * BATCH)
        ]
    vectors = torch.cat(parts).numpy() if parts else np.zeros((0, model.encoder.out_features), np.float32)
    return np.asarray(vectors * (np.asarray(bag.sum(1)) > 0), dtype=np.float32)


def bags(texts: Sequence[str]) -> sp.csr_matrix:
    """[texts, buckets] in float32: shares of hashed words and pairs of words; an empty text is a row of zeros."""
    rows = []
    for text in texts:
        words = tokenize(text)
        units = [*words, *(f"{a} {b}" for a, b in pairwise(words))]
        rows.append([_bucket(unit) for unit in units])
    flat = np.array([bucket for row in rows for bucket in row], dtype=np.int64)
    data = np.array([1 / len(row) for row in rows for _ in row], dtype=np.float32)
    matrix = sp.csr_matrix((data, flat, np.cumsum([0, *map(len, rows)])), shape=(len(texts), BUCKETS))
    matrix.sum_duplicates()
    return matrix


_buckets: dict[str, int] = {}


def _bucket(unit: str) -> int:
    if unit not in _buckets:
        _buckets[unit] = zlib.crc32(unit.encode()) % BUCKETS
    return _buckets[unit]


def _lost(logits: torch.Tensor, words: torch.Tensor) -> torch.Tensor:
    return -(words * torch.log_softmax(logits, 1)).sum(1).mean()
