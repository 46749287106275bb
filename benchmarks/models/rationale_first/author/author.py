"""The language model of ``rationale_first``: its lessons, its training, and what it writes.

It reads a history and a shortlist of facts, and writes the lines of :mod:`rad.rationales.prompt`. The selector is its
teacher: a lesson is what the selector would write for a training prefix, under counts that leave the user's fold out.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from benchmarks.language import bases, direct
from benchmarks.language.endpoint import EndpointWriter
from benchmarks.language.lessons import Demonstration, row, rows, texts
from benchmarks.language.supervised import supervised
from benchmarks.language.tokens import Case, Form, Tokens
from benchmarks.language.writing import Writer, Written
from benchmarks.models.rationale_first.author.teaching import Curriculum
from rad.errors import RadError
from rad.runtime.files import cache_dir
from rad.runtime.locks import alone
from rad.types import Item

VOCABULARY_TEXTS = 1000  # lessons from which the tokenizer of ``small`` is made
BATCH = 64  # prompts at once


@dataclass(frozen=True)
class Course:
    """How a base is trained, and what it is shown: the last ``window`` purchases, each cut at ``item_chars``."""

    learning_rate: float
    batch_size: int
    window: int
    item_chars: int


NEW = Course(learning_rate=4e-3, batch_size=8, window=1, item_chars=0)
PRETRAINED = Course(learning_rate=2e-4, batch_size=4, window=5, item_chars=80)


def course_of(base: str) -> Course:
    """The course of a base; a checkpoint that was made here is shown what it was shown in training."""
    if bases.is_new(base):
        return NEW
    shown = {name: value for name, value in bases.notes(base).items() if name in ("window", "item_chars")}
    return replace(PRETRAINED, **shown)


@dataclass
class Counts:
    """What writing took: answers, those that could not be read, prompts that were shortened, tokens, seconds."""

    answers: int = 0
    unread: int = 0
    shortened: int = 0
    tokens: int = 0
    seconds: float = 0.0

    def add(self, written: Sequence[Written], seconds: float) -> None:
        """Count some answers and the time that they took together."""
        self.answers += len(written)
        self.unread += sum(not one.readable for one in written)
        self.tokens += sum(one.tokens for one in written)
        self.seconds += seconds

    def clear(self) -> None:
        """Count from nothing."""
        self.answers = self.unread = self.shortened = self.tokens = 0
        self.seconds = 0.0

    def spoken(self) -> str:
        """In one line."""
        n = max(self.answers, 1)
        parts = [f"{self.answers:,} answers, {self.tokens / n:.1f} tokens and {1000 * self.seconds / n:.1f} ms each"]
        parts += [f"{self.unread:,} could not be read"] if self.unread else []
        parts += [f"{self.shortened:,} prompts were shortened"] if self.shortened else []
        return "; ".join(parts)


class Author(Protocol):
    """Who writes, and what it took."""

    counts: Counts

    def write(self, cases: Sequence[Case]) -> list[Written]: ...

    def item_scores(self, cases: Sequence[Case]) -> np.ndarray: ...


class EndpointAuthor:
    """A model behind an endpoint, as it is."""

    def __init__(self, base_url: str, base: str, items: Mapping[str, Item], reasons: int, temperature: float) -> None:
        course, made_here = course_of(base), bool(bases.notes(base))
        self.writer = EndpointWriter(
            base_url, base, items, course.window, course.item_chars, temperature, reasons, cited=not made_here
        )
        self.counts = Counts()

    def write(self, cases: Sequence[Case]) -> list[Written]:
        """An answer a prompt, in order, counted."""
        clock = time.perf_counter()
        out = list(self.writer.write(cases))
        self.counts.add(out, time.perf_counter() - clock)
        return out

    def item_scores(self, cases: Sequence[Case]) -> np.ndarray:
        """Refused: an endpoint gives no probabilities of items."""
        raise RadError("an endpoint ranks no items: rationale=none, filler and after need a base of transformers")


class LanguageModel:
    """A base with the tokens it needs; trained on lessons, or found in the cache.

    Args:
        base: See :mod:`benchmarks.language.bases`.
        items: The catalogue.
        reasons: In an answer, at most.
        lasting: How many of them may last.
        temperature: Of decoding.
        seed: Of all chance.
        form: Of answers; None for that in which the base was trained here, else ``blanks``.
    """

    def __init__(
        self,
        base: str,
        items: Mapping[str, Item],
        reasons: int,
        lasting: int,
        temperature: float,
        seed: int,
        form: Form | None = None,
    ) -> None:
        self.base, self.items = base, items
        self.form: Form = form or bases.notes(base).get("form", "blanks")
        self.reasons, self.lasting = reasons, lasting
        self.temperature, self.seed = temperature, seed
        self.course = course_of(base)
        self.filler = 0
        self.seconds_saved = 0.0
        self.counts = Counts()

    def fit(self, key: str, lessons: Callable[[], Curriculum], arm: str) -> None:
        """Learn, or load what was learned from the same before.

        Args:
            key: Names all that the weights depend on.
            lessons: Makes the lessons.
            arm: ``first``, ``none``, ``filler`` or ``after``: what is learned from them.
        """
        folder = cache_dir() / "rationale_first" / key
        with alone(folder):  # several workers fit the same model: the first learns, the others find it
            cached = folder.is_dir()
            if not cached:
                clock = time.perf_counter()
                torch.manual_seed(self.seed)
                curriculum = lessons()
                model, tokenizer = self.opened(curriculum.lessons)
                if not curriculum.lessons:  # the base as it is
                    self._take(model, tokenizer)
                    return
                model = self._trained(model, tokenizer, curriculum, arm, folder)
                save(model, tokenizer, {"seconds": time.perf_counter() - clock, "filler": self.filler}, folder)
        if cached:
            print("language model: trained before, found in the cache", file=sys.stderr)
        # read back even where it was just trained: training leaves it computing in half precision
        try:
            self._take(*bases.opened(str(folder)))
        except RadError as error:
            raise RadError(f"{folder}: no weights that can be read; delete it, and they are learned again") from error
        notes = bases.notes(str(folder))
        self.seconds_saved, self.filler = notes["seconds"] if cached else 0.0, notes["filler"]

    def opened(self, lessons: Sequence[Demonstration]) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
        course = self.course
        some = texts(lessons[:VOCABULARY_TEXTS], self.items, course.window, course.item_chars)
        return bases.opened(self.base, some)

    def tokens_of(self, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> Tokens:
        longest = bases.longest(model, tokenizer)
        return Tokens(tokenizer, self.form, self.items, longest, self.course.window, self.course.item_chars)

    def _trained(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        curriculum: Curriculum,
        arm: str,
        folder: Path,
    ) -> PreTrainedModel:
        """The model after its lessons; of a pretrained one an adapter learns, which is then merged."""
        tokens, lessons = self.tokens_of(model, tokenizer), curriculum.lessons
        if arm == "first":
            table = rows(lessons, tokens)
        else:
            item_tokens = direct.with_items(model, tokenizer, len(self.items))
            if arm == "filler":  # as many tokens as a rationale has
                self.filler = round(float(np.mean([len(row(one, tokens).answer) for one in lessons[:200]])))
            table = direct.rows(lessons, curriculum.targets, item_tokens, tokens, self.filler, arm == "after")
        learner = model if bases.is_new(self.base) else bases.with_adapter(model)
        part = folder.with_name(f".{folder.name}.training")
        with bases.room(self.base):
            supervised(
                learner,
                tokenizer,
                table,
                part,
                passes=1.0,
                batch_size=self.course.batch_size,
                learning_rate=self.course.learning_rate,
                seed=self.seed,
            )
        shutil.rmtree(part, ignore_errors=True)
        return bases.graduated(self.base, learner, tokenizer)

    def _take(self, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> None:
        self.model, self.tokenizer = model.eval(), tokenizer
        self.n_parameters = model.num_parameters()
        self.tokens = self.tokens_of(model, tokenizer)
        self.writer = Writer(
            model, self.tokens, self.reasons, self.lasting, temperature=self.temperature, seed=self.seed
        )

    def write(self, cases: Sequence[Case]) -> list[Written]:
        """An answer a prompt, in order, counted."""
        clock, before = time.perf_counter(), self.tokens.shortened
        with bases.room(self.base):
            out = list(self.writer.write(cases))
        self.counts.add(out, time.perf_counter() - clock)
        self.counts.shortened += self.tokens.shortened - before
        return out

    def item_scores(self, cases: Sequence[Case]) -> np.ndarray:
        """(prompts, items) log probabilities of the token of each item."""
        clock = time.perf_counter()
        item_tokens = direct.with_items(self.model, self.tokenizer, len(self.items))
        with bases.room(self.base):
            out = np.concatenate(list(direct.scores(self.model, self.tokens, item_tokens, cases, self.filler, BATCH)))
        named = [Written(tokens=self.filler + 1, readable=True) for _ in cases]
        self.counts.add(named, time.perf_counter() - clock)
        return out


def save(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, notes: Mapping[str, object], folder: Path) -> None:
    """An ordinary checkpoint of Hugging Face, whole or not at all."""
    part = folder.with_name(f".{folder.name}.{os.getpid()}")
    shutil.rmtree(part, ignore_errors=True)
    model.save_pretrained(part)
    tokenizer.save_pretrained(part)
    (part / bases.NOTES).write_text(json.dumps(notes))
    try:
        os.rename(part, folder)
    except OSError:  # another process was first: the same weights
        shutil.rmtree(part, ignore_errors=True)
