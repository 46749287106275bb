"""Decoding that is held to the grammar: batched, and fast, as the model is asked only where it has a choice.

What is settled (a fact, the words after a strength) is read by the model in one go with what comes before, not written
token by token ("jump-forward decoding"). The rules:

- ``temperature`` 0, what is filled in: the strength nearest to the mean of the model's own distribution, given that the
  fact is a reason. A rationale is a mixture, so its weights are to be right in the mean.
- ``temperature`` 0, which fact comes next (form ``words``): the likeliest; the answer ends where the model gives the
  last line more than half of the probability.
- above 0: each choice is drawn from the model's probabilities of what may stand there.
- ``likeliest``, for lines whose levels are no strengths: the likeliest level of each.

The answer is the facts whose expected strength is largest (drawn: whose drawn one is): at most K, at most L that last.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from transformers import DynamicCache, PreTrainedModel

from benchmarks.language.tokens import END, Case, Form, Line, Tokens
from rad.types import LASTING, Reason

SELDOM = 0.02  # a fact that is less likely a reason is filled in as none
NOTHING = 2.0  # the level that "no reason" has beside the five, each twice the next


@dataclass
class Written:
    """What a model says: reasons with their levels, the level of the unexplained, and what the answer took.

    An answer of which nothing can be read has no reasons, and is not ``readable``.
    """

    pairs: list[tuple[Reason, int]] = field(default_factory=list)
    rest: int = 0
    tokens: int = 0
    readable: bool = False


@dataclass
class Answer:
    """What was decoded for one prompt.

    Attributes:
        prompt: Tokens of the prompt.
        ids: Tokens of the answer.
        chosen: (tokens of the answer,) 1 where the model had a choice, 0 where the grammar left none.
        log_probabilities: (tokens of the answer,) under the model alone; 0 where it had no choice.
        pairs: Numbers of facts with their levels, in the order written.
        rest: The level of the unexplained.
        shares: Under ``likeliest``, by number of a fact: how probable each of its levels was.
    """

    prompt: list[int]
    ids: list[int] = field(default_factory=list)
    chosen: list[int] = field(default_factory=list)
    log_probabilities: list[float] = field(default_factory=list)
    pairs: list[tuple[int, int]] = field(default_factory=list)
    rest: int = 0
    shares: dict[int, dict[int, float]] = field(default_factory=dict)


class Row:
    """The state of one answer: which lines may still stand, and how far the present one is."""

    def __init__(
        self,
        answer: Answer,
        lines: Sequence[Line],
        form: Form,
        most: int,
        draws: np.random.Generator | None,
        likeliest: bool = False,
    ) -> None:
        self.answer, self.lines, self.form, self.most, self.draws = answer, lines, form, most, draws
        self.likeliest = likeliest
        self.expected: dict[int, float] = {}  # strength of each fact, where it is not drawn
        self.facts = 1 + max(line.fact for line in lines)
        self.unread: list[int] = list(answer.prompt)
        self.done = False
        self.written = 0
        self._next_line()
        self._settled()

    def _next_line(self) -> None:
        self.position = 0
        if self.form == "blanks":  # the facts in order
            number = self.written if self.written < self.facts else END
            self.alive = [line for line in self.lines if line.fact == number]
        else:
            used = {fact for fact, _ in self.answer.pairs}
            full = len(used) >= self.most
            self.alive = [line for line in self.lines if line.fact == END or not (full or line.fact in used)]

    def advance(self, log_probabilities: np.ndarray) -> None:
        """Take one choice, and then all that follows from it."""
        self._take(self._choice(log_probabilities), log_probabilities)
        self._settled()

    def _settled(self) -> None:
        """Take what is left without a choice."""
        while not self.done and len(self._continuations()) == 1:
            self._take(self.alive[0].ids[self.position], None)

    def _continuations(self) -> dict[int, list[Line]]:
        out: dict[int, list[Line]] = {}
        for line in self.alive:
            out.setdefault(line.ids[self.position], []).append(line)
        return out

    def _choice(self, log_probabilities: np.ndarray) -> int:
        continuations = self._continuations()
        tokens = list(continuations)
        p = np.exp(log_probabilities[tokens] - log_probabilities[tokens].max())
        if self.draws is not None:
            return tokens[self.draws.choice(len(tokens), p=p / p.sum())]
        if self.likeliest:
            shares = {
                line.level: float(share)
                for token, share in zip(tokens, p / p.sum(), strict=True)
                for line in continuations[token]
            }
            self.answer.shares.setdefault(self.alive[0].fact, shares)
            return tokens[int(p.argmax())]
        if len({line.fact for line in self.alive}) == 1:
            mean, share = _strength(continuations, p / p.sum())
            self.expected.setdefault(self.alive[0].fact, round(mean * share, 2))  # near ties: the order of the facts
            return _nearest(continuations, mean if share > SELDOM else 0.0)
        if self.position == 0:
            ends = np.array([all(line.fact == END for line in continuations[t]) for t in tokens])
            if ends.any() and not ends.all():
                p = p * (ends if p[ends].sum() > p[~ends].sum() else ~ends)
        return tokens[int(p.argmax())]

    def _take(self, token: int, log_probabilities: np.ndarray | None) -> None:
        a = self.answer
        self.alive = [line for line in self.alive if line.ids[self.position] == token]
        self.position += 1
        self.unread.append(token)
        a.ids.append(token)
        a.chosen.append(int(log_probabilities is not None))
        a.log_probabilities.append(0.0 if log_probabilities is None else float(log_probabilities[token]))
        finished = [line for line in self.alive if len(line.ids) == self.position]
        if not finished:
            return
        line = finished[0]
        if line.fact == END:
            a.rest, self.done = line.level, True
            return
        self.written += 1
        if line.level:
            a.pairs.append((line.fact, line.level))
        self._next_line()


def _strength(continuations: dict[int, list[Line]], p: np.ndarray) -> tuple[float, float]:
    """The mean level of a fact given that it is a reason, and how likely it is one; ``p`` are the tokens' shares."""
    levels = np.array([np.mean([line.level for line in those]) for those in continuations.values()])
    share = float(p[levels > 0].sum())
    return float(p @ levels) / max(share, 1e-9), share


def _nearest(continuations: dict[int, list[Line]], level: float) -> int:
    """The token that leads to the line whose level is nearest, on the scale of their logarithms."""
    distance = {
        token: min(abs(np.log2(max(line.level, NOTHING)) - np.log2(max(level, NOTHING))) for line in those)
        for token, those in continuations.items()
    }
    return min(distance, key=lambda token: distance[token])


def strongest(answer: Answer, expected: Mapping[int, float], facts: Sequence[Reason], most: int, lasting: int) -> None:
    """Keep what is expected to be strongest: at most ``most`` facts, at most ``lasting`` of them that last."""
    ranked = sorted(answer.pairs, key=lambda pair: -expected.get(pair[0], pair[1]))
    last = [pair for pair in ranked if facts[pair[0]].evidence.kind in LASTING][:lasting]
    now = [pair for pair in ranked if facts[pair[0]].evidence.kind not in LASTING][: most - len(last)]
    answer.pairs = sorted([*now, *last], key=lambda pair: -pair[1])


class Writer:
    """Writes answers with a model of transformers.

    Args:
        model: A causal language model.
        tokens: Its prompts and lines.
        most: Reasons in an answer, at most.
        lasting: How many of them may last.
        batch_size: Prompts that are written at once.
        temperature: 0 for the likeliest.
        seed: Of the draws.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        tokens: Tokens,
        most: int,
        lasting: int,
        batch_size: int = 64,
        temperature: float = 0.0,
        seed: int = 0,
    ) -> None:
        self.model, self.tokens, self.most, self.lasting = model, tokens, most, lasting
        self.batch_size, self.temperature = batch_size, temperature
        self.rng = np.random.default_rng(seed)
        self.forward_passes = 0

    def write(self, cases: Sequence[Case]) -> Iterator[Written]:
        """An answer a prompt, in order."""
        for start in range(0, len(cases), self.batch_size):
            part = cases[start : start + self.batch_size]
            for one, answer in zip(part, self.decoded(part), strict=True):
                pairs = [(one.facts[k], level) for k, level in answer.pairs]
                yield Written(pairs, answer.rest, len(answer.ids), readable=True)

    def decoded(self, cases: Sequence[Case]) -> list[Answer]:
        """The answers of one batch."""
        draws = self.rng if self.temperature else None
        rows = []
        for one, lines in zip(cases, self.tokens.lines(cases), strict=True):
            longest = max(len(line.ids) for line in lines)
            room = longest * (1 + (len(one.facts) if self.tokens.form == "blanks" else self.most))
            rows.append(Row(Answer(self.tokens.prompt(one, room)), lines, self.tokens.form, self.most, draws))
        self.forward_passes += decode(self.model, rows, self.temperature or 1.0)
        for one, row in zip(cases, rows, strict=True):
            strongest(row.answer, row.expected, one.facts, self.most, self.lasting)
        return [row.answer for row in rows]


@torch.no_grad()
def decode(model: PreTrainedModel, rows: Sequence[Row], temperature: float = 1.0) -> int:
    """Complete the answers of one batch; the number of times that the model was asked."""
    cache, device, passes = DynamicCache(config=model.config), model.device, 0
    mask = torch.zeros(len(rows), 0, dtype=torch.long)
    while not all(row.done for row in rows):
        # (rows, width of what is unread): each row's at the right, so that the last column is where it goes on
        width = max(len(row.unread) for row in rows)
        ids, here = torch.zeros(2, len(rows), width, dtype=torch.long)
        for k, row in enumerate(rows):
            if row.unread and not row.done:
                ids[k, width - len(row.unread) :] = torch.tensor(row.unread)
                here[k, width - len(row.unread) :] = 1
        places = (mask.sum(1, keepdim=True) + here.cumsum(1) - 1).clamp(min=0)
        mask = torch.cat([mask, here], 1)
        logits = model(
            input_ids=ids.to(device),
            attention_mask=mask.to(device),
            position_ids=places.to(device),
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1,
        ).logits[:, -1]
        passes += 1
        log_probabilities = (logits.float() / temperature).log_softmax(-1).cpu().numpy()
        for k, row in enumerate(rows):
            if not row.done:
                row.unread = []
                row.advance(log_probabilities[k])
    return passes
