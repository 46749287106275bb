"""``late_interaction``: every token of the user's last items finds its best match among the tokens of an item.

ColBERT (Khattab and Zaharia, SIGIR 2020) over frozen token states. Two learned projections, one for tokens of the query
(a) and one for tokens of an item (v), make unit vectors of ``width`` numbers; ColBERT marks the two in the text
instead. A token of the query also has a learned weight w, so that "industrial" need not count as much as "hydrometer".
With h[j] the j-th item back,

    MaxSim(h, i) = sum_t w_t max_u a_t . v_u  /  sum_t w_t        t over the tokens of h, u over those of i
    score(i) = sum_j recency_j MaxSim(h[j], i)

Of a long text the ``tokens`` tokens that fewest items have are kept (static pruning: Lassance et al., "A study on token
pruning for ColBERT", 2021); they were encoded within the whole text. Training ranks each next item against the items of
the batch and ``negatives`` random ones. Each logit is lowered by the log of the item's chance to be among them (Yi et
al., RecSys 2019). Nearest neighbours as hard negatives in their place were worse on validation: what resembles a
purchase is often bought next.

A score is a sum over pairs of items, so MaxSim of all pairs is computed once, at the end of ``fit``: items ** 2 times
tokens ** 2 cosines, in blocks, kept as (items, items) half-precision numbers. No stage retrieves candidates first.
"""

from __future__ import annotations

import math
import string
from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np
import torch
from pydantic import Field
from rich.progress import track
from torch import nn
from torch.nn import functional as F

from benchmarks.harness.base import ModelCard, ModelSettings
from benchmarks.models._scoring import ItemIndex, keeps_repeats
from benchmarks.models._training import TrainedRecommender, batches, console, masked, optimise, padded
from benchmarks.models.dense import BUNDLED, encoder
from rad.data.splits import sequences_of
from rad.runtime.files import atomic_write, cache_dir, sha256_lines
from rad.types import Example, Item, Query

SCALE = 20.0  # of MaxSim, to start from
LONGEST = 50  # purchases of a user that are trained on, the latest
CELLS = 40_000_000  # cosines of a block


class Model(TrainedRecommender):
    class Settings(ModelSettings):
        encoder: str = Field(default=BUNDLED, description="a sentence-transformers model: a name or a folder")
        width: int = Field(default=96, ge=2, description="numbers in a token's vector")
        tokens: int = Field(default=24, ge=1, description="tokens of an item's text that are kept, the rarest")
        window: int = Field(default=5, ge=1, description="latest history items that make the query")
        epochs: int = Field(default=2, ge=1, description="passes over the users")
        batch_size: int = Field(default=64, ge=2, description="purchases a step")
        negatives: int = Field(
            default=64, ge=1, description="random items that a batch is ranked against beside its own"
        )
        learning_rate: float = Field(default=3e-3, gt=0, description="peak of a cosine schedule")
        weight_decay: float = Field(default=0.05, ge=0, description="of the projection")

    settings: Settings
    stochastic = True
    baselines = ("random", "popularity", "dense")
    test_settings: ClassVar = {"width": 16, "tokens": 8, "epochs": 1}
    search_space: ClassVar = {
        "epochs": (2, 4),
        "learning_rate": (3e-3, 1e-3),
        "window": (5, 15),
    }

    @property
    def card(self) -> ModelCard:
        return ModelCard(
            name="late_interaction",
            version="1",
            base_model=self.settings.encoder,
            n_parameters=self.n_parameters,
            config=self.settings.model_dump(),
            trained_on=["purchases"],
        )

    def fit(
        self, train: Sequence[Example], validation: Sequence[Example], items: Mapping[str, Item], seed: int
    ) -> None:
        s = self.settings
        self.catalogue = ItemIndex(items)
        states, lengths, frozen = tokens_of(s.encoder, [item.text for item in items.values()], s.tokens)
        torch.manual_seed(seed)
        rng = np.random.default_rng(seed)
        self.network = Network(torch.from_numpy(states), lengths, s.width, s.window, keeps_repeats(train))
        self.n_parameters = frozen + sum(p.numel() for p in self.network.parameters())
        column = self.catalogue.column
        sequences = sequences_of([*train, *validation]).values()
        rows = [[column[x.item_id] for x in sequence][-LONGEST:] for sequence in sequences]
        rows = [row for row in rows if len(row) > 1]
        counts = self.catalogue.counts([x.item_id for x in sequence] for sequence in sequences)
        drawn = min(s.negatives, len(items))

        def loss(batch: np.ndarray) -> torch.Tensor:
            bought = [item for k in batch for item in rows[k]]
            # the candidates of the batch, each once: one that stood there twice would count twice in the softmax
            own = np.unique(bought)
            others = np.setdiff1d(rng.choice(len(items), drawn, replace=False), own)
            ranked = np.concatenate([own, others])
            # [candidates]: the chance to be one, by being drawn or by one of the batch's purchases. Without it, what is
            # bought often would be pushed down for being a negative often
            by_chance = 1 - (1 - drawn / len(items)) * (1 - counts[ranked] / counts.sum()) ** len(bought)
            log_chance = torch.from_numpy(np.log(by_chance)).float()
            return self.network.loss([rows[k] for k in batch], own, others, log_chance)

        self.losses = optimise(
            self.network,
            s.epochs,
            s.learning_rate,
            s.weight_decay,
            lambda: batches(np.array([len(row) for row in rows]), s.batch_size, rng),
            loss,
            "late_interaction",
            faster=5.0,
        )
        self.weights = self.network.recency.detach().exp().tolist()
        self.similar = self._all_pairs()

    @torch.no_grad()
    def _all_pairs(self) -> np.ndarray:
        """MaxSim of every item as a query (rows) against every item (columns)."""
        n = len(self.catalogue.ids)
        out = np.empty((n, n), np.float16)
        # vectors [items, tokens, width]; ``step`` rows of items at a time make at most ``CELLS`` cosines
        query_vectors, weights, item_vectors = self.network.vectors(np.arange(n))
        query_vectors, item_vectors = query_vectors.bfloat16(), item_vectors.bfloat16()
        step = max(1, CELLS // (n * item_vectors.shape[1] ** 2))
        for start in track(range(0, n, step), "late_interaction: all pairs", console=console):
            rows = slice(start, start + step)
            out[rows] = maxsim(query_vectors[rows], weights[rows], item_vectors).numpy()
        return out

    def block(self, queries: Sequence[Query]) -> np.ndarray:
        weights = self.catalogue.weighted(queries, self.weights)
        # [queries, items] @ [items, items], but only the rows of items in these histories are brought to float32
        used = np.unique(weights.indices)
        return weights[:, used] @ self.similar[used].astype(np.float32)


class Network(nn.Module):
    """Items by number to the vectors and weights of their tokens, from frozen ``states`` (all tokens, state)."""

    states: torch.Tensor
    token: torch.Tensor
    real: torch.Tensor

    def __init__(
        self, states: torch.Tensor, lengths: np.ndarray, width: int, window: int, keeps_repeats: bool = False
    ) -> None:
        super().__init__()
        self.keeps_repeats = keeps_repeats
        # real and token [items, longest]: whether an item has a token there, and the row of ``states`` that it reads
        ends = np.cumsum(lengths)
        position = np.arange(max(1, lengths.max(initial=1)))
        real = position < lengths[:, None]
        # an item's first token fills its row: a copy changes no maximum. An item without tokens reads the last state, 0
        token = np.where(
            real, (ends - lengths)[:, None] + position, np.where(lengths, ends - lengths, ends[-1])[:, None]
        )
        states = torch.cat([states, states.new_zeros(1, states.shape[1])])
        for name, values in (("states", states), ("token", torch.from_numpy(token)), ("real", torch.from_numpy(real))):
            self.register_buffer(name, values, persistent=False)
        self.of_query, self.of_item = (nn.Linear(states.shape[1], width, bias=False) for _ in range(2))
        for project in (self.of_query, self.of_item):
            project.weight.data = _principal(states.float(), width)
        self.weigh = nn.Linear(states.shape[1], 1)
        nn.init.zeros_(self.weigh.weight)
        nn.init.zeros_(self.weigh.bias)
        self.recency = nn.Parameter(-torch.arange(1.0, window + 1).log())
        self.log_scale = nn.Parameter(torch.tensor(math.log(SCALE)))

    def vectors(self, items: np.ndarray) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Unit vectors (N, T, width) as a query, their weights (N, T), and unit vectors as an item that is ranked.

        The weights sum to one but for items without tokens.
        """
        rows = torch.from_numpy(items)
        states = self.states[self.token[rows]].float()
        # [N, T]: no weight is negative, and copies that fill a row weigh nothing
        weights = F.softplus(self.weigh(states)).squeeze(-1) * self.real[rows]
        weights = weights / weights.sum(1, keepdim=True).clamp(min=1e-6)
        return F.normalize(self.of_query(states), dim=-1), weights, F.normalize(self.of_item(states), dim=-1)

    def loss(
        self, rows: Sequence[Sequence[int]], own: np.ndarray, others: np.ndarray, log_chance: torch.Tensor
    ) -> torch.Tensor:
        """Cross entropy of every next item of ``rows`` among ``own``, their items, sorted, and ``others``.

        ``log_chance`` (own and others,) is subtracted from the logits.
        """
        # items by their place in the batch, so that only their tokens are projected; each prefix asks for the next
        number = {int(item): k for k, item in enumerate(own)}
        local = [[number[item] for item in row] for row in rows]
        pairs = [(row[:k][::-1], row[k]) for row in local for k in range(1, len(row))]
        backward, targets = padded([past for past, _ in pairs]), torch.tensor([target for _, target in pairs])
        query_vectors, weights, item_vectors = self.vectors(np.concatenate([own, others]))
        n = len(own)
        # [own, candidates]: only what the batch bought can be in a history
        similar = maxsim(query_vectors[:n], weights[:n], item_vectors)
        # shares and mixed, [prefixes, L] and [prefixes, own]: the recency of each history item, added up where it
        # repeats. One product then gives the scores of all prefixes
        near = backward[:, : len(self.recency)]
        shares = self.recency[: near.shape[1]].expand(near.shape).masked_fill(near < 0, -torch.inf).softmax(1)
        mixed = torch.zeros(len(pairs), n).scatter_add(1, near.clamp(min=0), shares)
        # three digits of bfloat16 are too few for logits that are twenty times a cosine
        with torch.autocast(similar.device.type, enabled=False):
            logits = mixed @ similar * self.log_scale.exp() - log_chance
        return F.cross_entropy(masked(logits, backward, targets, self.keeps_repeats), targets)


def maxsim(queries: torch.Tensor, weights: torch.Tensor, items: torch.Tensor) -> torch.Tensor:
    """(A, T, width) with weights (A, T), and (B, U, width), to (A, B): weighted sum over T of the best match in U."""
    # [A T, B U] as one product, read as [A, T, B, U] to take the best over U
    cosines = queries.flatten(0, 1) @ items.flatten(0, 1).T
    best = cosines.view(*weights.shape, len(items), -1).max(-1).values
    return (best.float() * weights.unsqueeze(-1)).sum(1)


def _principal(states: torch.Tensor, width: int) -> torch.Tensor:
    """The first ``width`` principal directions of the states as rows: where the projection starts."""
    # [state, state]: eigenvalues ascend, so the directions are turned round
    centred = states - states.mean(0)
    _, directions = torch.linalg.eigh(centred.T @ centred)
    return directions.T.flip(0)[:width].contiguous()


def tokens_of(name: str, texts: list[str], most: int) -> tuple[np.ndarray, np.ndarray, int]:
    """States (all tokens, state) as float16 of the rarest ``most`` tokens of each text, in its order; how many each
    text has; and the encoder's size. From the cache when it holds these texts."""
    path = cache_dir() / "tokens" / f"{sha256_lines([name, most, texts])[:16]}.npz"
    if not path.exists():
        states, ids, n_parameters = _encode_tokens(name, texts)
        # [token ids]: in how many texts each stands. The rarest are put back in the order of the text
        frequency = np.bincount(np.concatenate([np.unique(row) for row in ids]))
        rarest = [np.sort(np.argsort(frequency[row], kind="stable")[:most]) for row in ids]
        flat = np.concatenate([s[k] for s, k in zip(states, rarest, strict=True)]).astype(np.float16)
        with atomic_write(path, "wb") as file:
            np.savez(file, states=flat, lengths=np.array([len(k) for k in rarest]), n_parameters=n_parameters)
    with np.load(path) as stored:
        return stored["states"], stored["lengths"], int(stored["n_parameters"])


def _encode_tokens(name: str, texts: list[str]) -> tuple[list[np.ndarray], list[np.ndarray], int]:
    """For each text the states (tokens, state) and the ids (tokens,) of its tokens but marks and punctuation."""
    model = encoder(name)
    skipped = {*model.tokenizer.all_special_ids, *model.tokenizer.convert_tokens_to_ids(list(string.punctuation))}
    states: list[np.ndarray] = []
    ids: list[np.ndarray] = []
    for start in track(range(0, len(texts), 128), "late_interaction: encoding", console=console):
        part = texts[start : start + 128]
        encodings = model.encode(part, batch_size=128, output_value="token_embeddings", show_progress_bar=False)
        token_ids = model.tokenizer(part, truncation=True, max_length=model.max_seq_length)["input_ids"]
        for state, row in zip(encodings, token_ids, strict=True):
            words = [k for k, token in enumerate(row) if token not in skipped]
            states.append(state[words].float().cpu().numpy().astype(np.float16))
            ids.append(np.array([row[k] for k in words], dtype=np.int64))
    return states, ids, sum(p.numel() for p in model.parameters())
