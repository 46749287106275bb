"""The language model that writes the reasons: vocabulary, prompts, the tree of possible claims.

A prompt lists the purchases, oldest first, each as its citation and its attribute values, which are written in another
form where the user rated the purchase low; then comes ``<why>``. What may follow: the attribute value that the user is
after now; ``<together>`` and the purchase that it goes with; ``<unexplained>``; ``<likes>`` or ``<avoids>``, a value.

    <bos> [1] category=bags colour=navy ... [2] low:category=dresses ... <why> <likes> colour=navy

These claims form a tree of two levels, so one forward pass gives the model's probability of each: ``<together>``,
``<likes>`` and ``<avoids>`` are appended as branches, which see the prompt and themselves alone (a tree attention
mask). In training, all prefixes of one user share the tokens of their history in the same way: a ``<why>`` and its
branches see only what was bought before. What is computed is what a plain left-to-right model would compute on each
prompt; it costs a quarter of the tokens.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from torch.nn import functional as F
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from benchmarks.models.rationale_first.story import Story
from rad.errors import RadError
from rad.features.item_features import Catalogue

PAD, BOS, WHY, UNEXPLAINED, TOGETHER = "<pad>", "<bos>", "<why>", "<unexplained>", "<together>"
LIKES, AVOIDS, PAUSE = "<likes>", "<avoids>", "<pause>"
TITLE_TOKENS = 12  # of a title, for a pretrained model, which can read it
NEVER = -1e9
BRANCHES = 3  # together, likes, avoids
LOUDNESS, FIRMNESS = 0.6, 0.1  # of a new model's logits of what is wanted, and of taste, to start from
OPPOSITE = 0.5  # how far a value rated low starts on the other side of its plain form


@dataclass(frozen=True, slots=True)
class Chunk:
    """A stretch of one user's purchases and the training examples inside it.

    ``examples[k]`` is an example's number and ``ends[k]`` how many of ``items`` its history holds. ``low[k]``: the k-th
    item was rated low.
    """

    items: tuple[int, ...]
    ends: tuple[int, ...]
    examples: tuple[int, ...]
    low: tuple[bool, ...]


def chunks_of(
    histories: Sequence[Sequence[int]], users: np.ndarray, window: int, low: Sequence[Sequence[bool]]
) -> list[Chunk]:
    """Cover all examples. ``low`` says of each purchase of ``histories`` whether it was rated low.

    Each sees at most its last ``window`` purchases, and at least half of that if there are as many.
    """
    order = np.lexsort((np.array([len(h) for h in histories]), users))
    out: list[Chunk] = []
    for user in np.split(order, np.flatnonzero(np.diff(users[order])) + 1) if len(order) else []:
        rest = [int(k) for k in user]
        start = 0
        while rest:
            inside = [k for k in rest if len(histories[k]) <= start + window]
            if inside:
                longest = histories[inside[-1]]
                ends = tuple(len(histories[k]) - start for k in inside)
                out.append(Chunk(tuple(longest[start:]), ends, tuple(inside), tuple(low[inside[-1]][start:])))
                rest = rest[len(inside) :]
            if rest:
                start = max(len(histories[rest[0]]) - window // 2, start + 1)
    return out


def copying_start(lm: Any, values: Sequence[int]) -> None:
    """Let a new model begin by repeating what it attends to: values times output near the identity, apart words.

    Wanting again what one has is the commonest reason; from a random start this has to be found first, which takes a
    small model most of its training. After mimetic initialization (Trockman and Kolter 2023, section 3). The embeddings
    of attribute values start at right angles to each other (in blocks, where they are more than dimensions): what a
    history holds twice is then not drowned by chance likeness with all else that it holds. The forms of values rated
    low, which follow, start opposite.
    """
    with torch.no_grad():
        table = lm.get_input_embeddings().weight
        width = table.shape[1]
        torch.nn.init.normal_(table, 0, 0.2)
        for start in range(0, len(values), width):
            block = torch.tensor(values[start : start + width])
            table[block] = torch.nn.init.orthogonal_(torch.empty(width, width))[: len(block)] * (0.2 * width**0.5)
        if len(values):
            low = values[-1] + 1
            table[low : low + len(values)] = -OPPOSITE * table[values[0] : low]
        for layer in lm.model.layers:
            attention, eye = layer.self_attn, torch.eye(lm.config.hidden_size)
            attention.v_proj.weight.add_(eye)
            attention.o_proj.weight.add_(eye)


class Voice(torch.nn.Module):
    """What turns the model's next-token logits into weights of claims: a factor and biases for each kind.

    What a value is liked by is the logit of ``<likes>`` less that of ``<avoids>``; below zero, it is avoided.
    """

    def __init__(self, n_values: int, loudness: float) -> None:
        super().__init__()
        self.loudness = torch.nn.Parameter(torch.tensor(loudness))
        self.firmness = torch.nn.Parameter(torch.full((2,), FIRMNESS))
        self.first = torch.nn.Parameter(torch.zeros(2 + n_values))
        self.standing = torch.nn.Parameter(torch.zeros(n_values))


class Reasoner:
    """A causal language model and the tokens of one catalogue. ``base_model``: a Hugging Face name, folder, None.

    ``pauses``: in place of claims, so many tokens that say nothing follow ``<why>``, each seeing those before it.
    """

    def __init__(
        self, catalogue: Catalogue, titles: Sequence[str], base_model: str | None, slots: int, window: int,
        hidden: int, layers: int, pauses: int = 0,
    ) -> None:  # fmt: skip
        self.slots, self.window, self.pauses = slots, window, pauses
        citations = [f"[{k + 1}]" for k in range(window)]
        values = [f"{a}={v}".replace(" ", "_") for a, v in catalogue.values]
        special = [PAD, BOS, WHY, UNEXPLAINED, TOGETHER, LIKES, AVOIDS, *citations]
        first, last = len(special), len(special) + len(values)
        special += [*values, *(f"low:{v}" for v in values), *([PAUSE] if pauses else [])]
        if base_model is None:
            words = Tokenizer(models.WordLevel({t: k for k, t in enumerate(special)}, unk_token=PAD))
            words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
            self.tokenizer: Any = PreTrainedTokenizerFast(
                tokenizer_object=words, pad_token=PAD, bos_token=BOS, eos_token=WHY
            )
            config = LlamaConfig(
                vocab_size=len(special), hidden_size=hidden, intermediate_size=3 * hidden, num_hidden_layers=layers,
                num_attention_heads=max(hidden // 32, 1), max_position_embeddings=2048, tie_word_embeddings=True,
                pad_token_id=0, bos_token_id=1, eos_token_id=2,
            )  # fmt: skip
            self.lm: Any = LlamaForCausalLM(config)
            copying_start(self.lm, range(first, last))
            titles = [""] * len(catalogue)
        else:
            try:
                self.tokenizer = AutoTokenizer.from_pretrained(base_model)
                self.lm = AutoModelForCausalLM.from_pretrained(base_model, dtype=torch.float32)
            except (OSError, ValueError) as error:
                reason = str(error).strip().split("\n")[0]
                raise RadError(f"base_model '{base_model}' is no causal language model that loads: {reason}") from error
            self._extend(special)
        ids: list[int] = self.tokenizer.convert_tokens_to_ids(special)
        self.pad, self.bos, self.why, self.unexplained, *branches = ids[:7]
        self.branches: list[int] = branches
        self.citations = ids[7:first]
        # what may follow <why> in a record of its own; standing claims have their branches
        self.after_why = [ids[-1]] * pauses if pauses else branches
        self.first_ids = torch.tensor([self.unexplained, branches[0], *ids[first:last]])
        self.citation_ids = torch.tensor(self.citations)  # what may follow <together>
        said = [self.tokenizer(t, add_special_tokens=False)["input_ids"][:TITLE_TOKENS] if t else [] for t in titles]
        titled = list(zip(said, catalogue.item_values, strict=True))
        # of each item, as it stands in the prompt: plain, and where it was rated low
        self.blocks = [[[*t, *(ids[form + v] for v in own)] for t, own in titled] for form in (first, last)]
        self.lm.voice = Voice(len(values), LOUDNESS if base_model is None else 1.0)

    def _extend(self, special: Sequence[str]) -> None:
        """Give a pretrained model one token a citation and value, starting at the mean of the words that name it."""
        words = [self.tokenizer(t.strip("<>").replace("_", " ").replace("=", " "))["input_ids"] for t in special]
        new = [t for t in special if t not in self.tokenizer.get_vocab()]
        self.tokenizer.add_tokens(new, special_tokens=True)
        self.lm.resize_token_embeddings(len(self.tokenizer), mean_resizing=False)
        with torch.no_grad():
            for table in {id(m): m for m in (self.lm.get_input_embeddings(), self.lm.get_output_embeddings())}.values():
                for token, pieces in zip(special, words, strict=True):
                    if token in new and pieces:
                        key = self.tokenizer.convert_tokens_to_ids(token)
                        table.weight[key] = table.weight[torch.tensor(pieces)].mean(0)

    def words(self) -> torch.Tensor:
        """(V, D): the embeddings of the attribute values."""
        return cast(torch.Tensor, self.lm.get_output_embeddings().weight[self.first_ids[2:]])

    def encode(self, chunks: Sequence[Chunk]) -> dict[str, torch.Tensor]:
        """The token trees of a batch of chunks, padded: ids, positions, mask (B, 1, L, L), and where the claims start.

        ``why`` (E, 2) gives (row, column) of the root of each example, in chunk order; its branches follow it.
        ``numbers`` (E, J): the citation number (from 0) of each slot, -1 where the history is shorter; ``anchors``
        (E, J) the items there.
        """
        trees, numbers, anchors = [], [], []
        why: list[tuple[int, int]] = []
        for row, chunk in enumerate(chunks):
            ids, ends = [self.bos], [0]
            for k, item in enumerate(chunk.items):
                ids += [self.citations[k], *self.blocks[chunk.low[k]][item]]
                ends.append(len(ids))
            main = len(ids)
            position, limit, parent = list(range(main)), list(range(1, main + 1)), list(range(main))
            for end in chunk.ends:
                root = len(ids)
                why.append((row, root))
                own = [max(end - 1 - slot, -1) for slot in range(self.slots)]
                numbers.append(own)
                anchors.append([chunk.items[k] if k >= 0 else -1 for k in own])
                n = len(self.after_why)
                ids += [self.why, *self.after_why]
                position += [ends[end] + depth for depth in (range(n + 1) if self.pauses else (0, *[1] * n))]
                limit += [ends[end]] * (1 + n)
                parent += [root] * (1 + n)
            trees.append((ids, position, limit, parent, main))
        length = max(len(t[0]) for t in trees)
        ids_, positions = (torch.zeros(len(trees), length, dtype=torch.long) for _ in range(2))
        mask = torch.zeros(len(trees), length, length, dtype=torch.bool)
        column = torch.arange(length)
        for row, (ids, position, limit, parent, main) in enumerate(trees):
            n = len(ids)
            ids_[row] = self.pad
            ids_[row, :n], positions[row, :n] = torch.tensor(ids), torch.tensor(position)
            mask[row, :n] = (column < torch.tensor(limit)[:, None]) & (column < main)
            mask[row, torch.arange(n), torch.tensor(parent)] = True
        mask[:, column, column] = True
        for row, root in why if self.pauses else ():
            line = slice(root, root + 1 + self.pauses)
            mask[row, line, line] = torch.ones(1 + self.pauses, 1 + self.pauses).tril().bool()
        return {
            "ids": ids_,
            "positions": positions,
            "mask": mask[:, None],
            "main": torch.tensor([t[4] for t in trees]),
            "why": torch.tensor(why),
            "numbers": torch.tensor(numbers),
            "anchors": torch.tensor(anchors),
            "examples": torch.tensor([e for chunk in chunks for e in chunk.examples]),
        }

    def states(self, batch: dict[str, torch.Tensor], lm: Any = None) -> torch.Tensor:
        """Last hidden states (B, L, D) under the tree mask. ``lm`` is a trainer's wrapped model, else our own."""
        lm = lm or self.lm
        mask = batch["mask"].to(lm.device)
        out = lm(
            input_ids=batch["ids"].to(lm.device),
            position_ids=batch["positions"].to(lm.device),
            attention_mask=torch.zeros(mask.shape, device=lm.device).masked_fill(~mask, NEVER),
            use_cache=False,
            output_hidden_states=True,
            logits_to_keep=1,
        )
        return cast(torch.Tensor, out.hidden_states[-1])

    def roots(self, states: torch.Tensor, batch: dict[str, torch.Tensor]) -> torch.Tensor:
        """(E, D): the state at each example's ``<why>``, after the whole history and before any reason; or at the last
        pause."""
        return states[batch["why"][:, 0], batch["why"][:, 1] + self.pauses]

    def story(self, states: torch.Tensor, batch: dict[str, torch.Tensor]) -> Story:
        """What the model says of each example, all claims with their probabilities."""
        voice, table = self.lm.voice, self.lm.get_output_embeddings().weight
        row, root = batch["why"][:, :1], batch["why"][:, 1:]
        leaf = states[row, root + torch.arange(1, 1 + BRANCHES)]  # (E, BRANCHES, D)
        first = (self.roots(states, batch) @ table[self.first_ids].T).float() * voice.loudness + voice.first
        first = torch.softmax(first, 1)
        numbers = batch["numbers"].to(states.device)
        cite = (leaf[:, 0] @ table[self.citation_ids].T).float().gather(1, numbers.clamp(min=0))
        cite = torch.softmax(cite.masked_fill(numbers < 0, NEVER), 1)
        likes, avoids = ((leaf[:, 1:] @ self.words().T).float() * voice.firmness[:, None]).unbind(1)
        taste = likes - avoids + voice.standing
        anchors = batch["anchors"].to(states.device)
        return Story(first[:, 0], anchors, first[:, 1:2] * cite, first[:, 2:], F.relu(taste), F.relu(-taste))

    def history_loss(self, states: torch.Tensor, batch: dict[str, torch.Tensor]) -> torch.Tensor:
        """Mean next-token loss on the values of the history itself: the plain language modelling of the prompt."""
        table = self.lm.get_output_embeddings().weight
        ids = batch["ids"].to(states.device)
        inside = torch.arange(1, ids.shape[1]) < batch["main"][:, None]
        value = torch.full((len(table),), -1)
        value[self.first_ids] = torch.arange(len(self.first_ids))
        target = torch.where(inside, value[ids[:, 1:].cpu()], -1).to(states.device)
        rows, columns = torch.nonzero(target >= 0, as_tuple=True)
        logits = (states[rows, columns] @ table[self.first_ids].T).float()
        return F.cross_entropy(logits, target[rows, columns])

    def chunk(self, number: int, history: Sequence[int], low: Sequence[bool]) -> Chunk:
        """A history by itself, as far back as the window goes."""
        recent = tuple(history[-self.window :])
        return Chunk(recent, (len(recent),), (number,), tuple(low[-self.window :]))

    @torch.no_grad()
    def write(
        self, histories: Sequence[Sequence[int]], low: Sequence[Sequence[bool]], batch_size: int = 64
    ) -> Iterator[Story]:
        """The story of each history, by batches."""
        own = [self.chunk(*row) for row in zip(range(len(histories)), histories, low, strict=True)]
        for start in range(0, len(own), batch_size):
            with torch.autocast(self.lm.device.type, torch.bfloat16):
                batch = self.encode(own[start : start + batch_size])
                yield self.story(self.states(batch), batch)
