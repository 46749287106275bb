"""``rationale_first``: a language model writes weighted reasons, and the ranking is computed from these reasons alone.

1. The evidence drafter fits its mixture to the training purchases and drafts the reasons of each (no test data, and no
   sight of a target outside training).
2. A gate without language (``benchmarks/models/rationale_first/gate.py``) learns to write what the user is after now,
   what goes with what they have, and what they like or avoid: first from the drafts, then by how well its own
   rationales find the item, as read by the head (``head.py``). It is the teacher: a causal language model, by default a
   small one from a config, learns with TRL to write such rationales from its claims, and by how well its own find the
   item (``reasoner.py``, ``sft.py``).
3. To predict, the heaviest claims are written down; they are the rationale, their weights are the model's own
   probabilities, and the head, which reads the record and the cited items alone, ranks the catalogue.

Arms, same data, steps and prompt: ``rationale=none`` ranks from the model's state after the history, writes nothing and
learns the gate's ranking; ``filler`` does so from its state after ``pauses`` tokens that say nothing, so that it has as
long to think (Pfau et al., "Let's think dot by dot", COLM 2024); ``after`` ranks like ``none``, then has its first item
explained by the evidence drafter, post hoc. ``reasoner=gate`` is the gate by itself.

    python -m benchmarks.run --model rationale_first
    python -m benchmarks.run --model rationale_first --set rationale=none
    python -m benchmarks.run --model rationale_first --set base_model=FOLDER_OR_NAME
"""

from __future__ import annotations

import hashlib
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import torch
import transformers
import trl
from pydantic import Field

from benchmarks.harness.base import ModelCard, ModelSettings, RationaleRecommender
from benchmarks.models._scoring import ItemIndex as Columns
from benchmarks.models._scoring import rank_block
from benchmarks.models._training import configure_torch
from benchmarks.models.rationale_first.gate import Gate
from benchmarks.models.rationale_first.head import Head
from benchmarks.models.rationale_first.reasoner import Reasoner, chunks_of
from benchmarks.models.rationale_first.sft import Direct, Drafts, Reasons, Reviewed, Schedule, train
from benchmarks.models.rationale_first.story import Story
from rad.data.splits import sequences_of
from rad.features.item_features import Catalogue, CoPurchase
from rad.features.position_mixture import RECENCY_POSITIONS, EvidenceModel
from rad.rationales.templates import rationale
from rad.runtime.files import atomic_write, cache_dir, canonical
from rad.types import Example, Interaction, Item, Prediction, Query, Rationale, Reason

VERSION = "4"
BLOCK = 256  # queries that are ranked at once


class Model(RationaleRecommender):
    class Settings(ModelSettings):
        rationale: Literal["first", "none", "filler", "after"] = Field(
            default="first", description="write reasons and rank from them, or not, or fill, or explain afterwards"
        )
        reasoner: Literal["lm", "gate"] = Field(
            default="lm", description="who weighs the reasons: a language model or a gate"
        )
        base_model: str | None = Field(
            default=None, description="Hugging Face causal LM, name or folder; default: a new one"
        )
        hidden: int = Field(default=128, ge=32, multiple_of=32, description="width of a new model")
        layers: int = Field(default=2, ge=1, description="layers of a new model")
        window: int = Field(default=14, ge=1, le=99, description="purchases in the prompt")
        epochs: float = Field(default=3.0, gt=0, description="passes over the training prefixes")
        batch_size: int = Field(default=8, ge=1, description="users a step")
        learning_rate: float = Field(default=1e-3, gt=0, description="peak of a cosine schedule")
        weight_decay: float = Field(default=2.0, ge=0, description="of the language model's matrices")
        gate_epochs: float = Field(default=8.0, gt=0, description="how long the gate learns, which is the teacher")
        brevity: float = Field(default=0.005, ge=0, description="price of a unit of log odds in a claim of taste")
        pauses: int = Field(default=16, ge=1, description="tokens of the arm rationale=filler")
        reasons: int = Field(default=24, ge=1, description="reasons in a rationale, and as many standing tastes")

    settings: Settings
    stochastic = True
    baselines = ("random", "popularity", "item_knn", "bm25", "dense", "hybrid")
    search_space: ClassVar = {
        "epochs": (3.0, 2.0),
        "gate_epochs": (8.0, 4.0),
        "brevity": (0.005, 0.01),
    }
    tuned_arm = "reasoner=gate"  # the teacher's settings are the pupil's, and a trial takes a third of the time
    test_settings: ClassVar = {
        "hidden": 32,
        "layers": 1,
        "window": 6,
        "epochs": 1,
        "gate_epochs": 1,
    }  # for contract tests

    def __init__(self, settings: ModelSettings | None = None) -> None:
        super().__init__(settings)
        self.n_parameters = 0
        self.seconds_saved = 0.0
        self.reviews: list[str] = []
        self.device = "cuda" if torch.cuda.is_available() else "cpu"

    @property
    def card(self) -> ModelCard:
        s = self.settings
        arms = [f"rationale={s.rationale}"] if s.rationale != "first" else []
        arms += [f"reasoner={s.reasoner}"] if s.reasoner != "lm" else []
        return ModelCard(
            name="rationale_first",
            version=VERSION,
            arm=",".join(arms) or None,
            base_model=s.base_model,
            n_parameters=self.n_parameters,
            config=s.model_dump(),
            trained_on=["purchases", "evidence drafts", *self.reviews],
        )

    def fit(
        self, train: Sequence[Example], validation: Sequence[Example], items: Mapping[str, Item], seed: int
    ) -> None:
        configure_torch()
        torch.manual_seed(seed)
        s, drafter = self.settings, EvidenceModel().fit(train, items, seed)
        self.drafter, self.items = drafter, items
        self.catalogue: Catalogue = drafter.catalogue
        self.columns = Columns(items)
        sequences = sequences_of([*train, *validation]).values()
        self.counts = CoPurchase.of((self.catalogue.indices(x) for x in sequences), len(self.catalogue))
        self.gate = Gate(self.catalogue, RECENCY_POSITIONS, drafter.weights)
        self.head = self._head(drafter, lambda: self.gate.words, self.gate.words.shape[1])
        reviewed = Reviewed(self.catalogue, drafter.prefixes)
        self.reviews = ["reviewed rationales"] if any(drafter.prefixes.reviewed) else []
        own = Reasons(self.head, drafter.prefixes, Drafts(drafter), reviewed)
        self.gate.fit(own, s.gate_epochs, seed)
        self.n_parameters = sum(p.numel() for part in (self.gate, own) for p in part.parameters())
        if s.reasoner == "lm":
            self._fit_language_model(drafter, reviewed, items, seed)

    def _head(self, drafter: EvidenceModel, words: Callable[[], torch.Tensor], width: int) -> Head:
        fitted = drafter.weights, drafter.background_power
        return Head(self.catalogue, *fitted, words, width, self.settings.brevity)

    def _fit_language_model(
        self, drafter: EvidenceModel, reviewed: Reviewed, items: Mapping[str, Item], seed: int
    ) -> None:
        s, prefixes = self.settings, drafter.prefixes
        titles = [item.title for item in items.values()]
        pauses = s.pauses if s.rationale == "filler" else 0
        self.reasoner = Reasoner(
            self.catalogue, titles, s.base_model, RECENCY_POSITIONS, s.window, s.hidden, s.layers, pauses
        )
        if s.rationale != "first":
            objective: Any = Direct(self.catalogue.incidence, prefixes, self.gate.ranking)
        else:
            width = self.reasoner.lm.get_input_embeddings().weight.shape[1]
            head = self._head(drafter, self.reasoner.words, width)
            taught = {name: value for name, value in self.head.state_dict().items() if name != "pair"}
            head.load_state_dict(taught, strict=False)  # the gate's words are not the language model's
            self.head, objective = head, Reasons(head, prefixes, self.gate.lesson, reviewed)
        self.reasoner.lm.objective = objective  # its numbers train and are saved with the model's
        self.n_parameters = sum(p.numel() for p in self.reasoner.lm.parameters())
        low = [self._low(past) for past in prefixes.past]
        chunks = chunks_of(prefixes.histories, prefixes.users, s.window, low)
        told = [(row, r) for row, r in enumerate(prefixes.reviewed) if r is not None]
        facts = [self.catalogue.values, titles, prefixes.targets.tolist(), *filter(None, [told])]
        learned = s.model_dump(exclude={"reasons", "rationale", "pauses"})
        key = _key(VERSION, learned, s.rationale == "first", pauses, seed, facts, chunks)
        folder = cache_dir() / "rationale_first" / key
        if not (folder / "model.pt").exists():
            schedule = Schedule(s.epochs, s.batch_size, s.learning_rate, s.weight_decay, seed)
            clock = time.perf_counter()
            train(self.reasoner, objective, chunks, schedule, folder)
            with atomic_write(folder / "seconds.txt") as file:
                file.write(f"{time.perf_counter() - clock:.1f}")
            _save(self.reasoner, folder)
        else:  # the cost of the model includes what the cache saves
            self.seconds_saved = float((folder / "seconds.txt").read_text())
            print(f"language model: trained before in {self.seconds_saved:.0f} s, found in the cache", file=sys.stderr)
        state = torch.load(folder / "model.pt", weights_only=True)
        self.reasoner.lm.load_state_dict(state)
        self.reasoner.lm.to(self.device).eval()

    def _low(self, past: Sequence[Interaction]) -> list[bool]:
        """Which purchases were rated below the mean of training."""
        return [x.rating is not None and x.rating < self.gate.middling for x in past]

    def predict(self, queries: Sequence[Query]) -> Iterator[Prediction]:
        for start in range(0, len(queries), BLOCK):
            part = queries[start : start + BLOCK]
            if self.settings.rationale != "first":
                yield from self._without(part)
                continue
            written = [
                rationale(q, reasons, "model", self.card.name, VERSION)
                for q, reasons in zip(part, self._write(part), strict=True)
            ]
            yield from self.rank_given(part, written)

    def _without(self, queries: Sequence[Query]) -> Iterator[Prediction]:
        """Ranked without a rationale; the arm ``after`` then has its first item explained."""
        for query, prediction in zip(queries, rank_block(queries, self._direct(queries), self.columns), strict=True):
            reasons = None
            if self.settings.rationale == "after":
                reasons = self.drafter.explain(query, self.items[prediction.ranking[0]])
            written = None if reasons is None else rationale(query, reasons, "model", self.card.name, VERSION)
            yield replace(prediction, rationale=written)

    def rank_given(self, queries: Sequence[Query], rationales: Sequence[Rationale]) -> Iterator[Prediction]:
        """Rank from the given rationales: predictions go through here, so their ranking has no other source."""
        for start in range(0, len(queries), BLOCK):
            part, given = queries[start : start + BLOCK], rationales[start : start + BLOCK]
            if self.settings.rationale != "first":  # their ranking listens to no rationale
                ranked = rank_block(part, self._direct(part), self.columns)
                yield from (replace(p, rationale=r) for p, r in zip(ranked, given, strict=True))
                continue
            histories = [self.catalogue.indices(q.history) for q in part]
            story = Story.of(self.catalogue, histories, [r.reasons for r in given])
            ranked = rank_block(part, self.head.scores(story, self.counts), self.columns)
            for prediction, r in zip(ranked, given, strict=True):
                yield replace(prediction, rationale=r)

    def _write(self, queries: Sequence[Query]) -> list[tuple[Reason, ...]]:
        """Reasons of each query; where the history is empty there are none."""
        known = [k for k, q in enumerate(queries) if q.history]
        past = [queries[k].history for k in known]
        histories = [self.catalogue.indices(h) for h in past]
        if self.settings.reasoner == "gate":
            stories = self.gate.write(histories, past, self.counts)
        else:
            stories = self.reasoner.write(histories, [self._low(h) for h in past])
        out: list[tuple[Reason, ...]] = [() for _ in queries]
        done = 0
        for story in stories:
            part = slice(done, done := done + len(story.unexplained))
            reasons = story.reasons(self.catalogue, histories[part], self.settings.reasons)
            for k, found in zip(known[part], reasons, strict=True):
                out[k] = found
        return out

    def _direct(self, queries: Sequence[Query]) -> np.ndarray:
        """(queries, items) scores of the ``none`` arm."""
        asked = [(k, self.catalogue.indices(q.history), self._low(q.history)) for k, q in enumerate(queries)]
        batch = self.reasoner.encode([self.reasoner.chunk(*row) for row in asked])
        with torch.no_grad(), torch.autocast(self.device, torch.bfloat16):
            roots = self.reasoner.roots(self.reasoner.states(batch), batch)
        with torch.no_grad():
            scores = self.reasoner.lm.objective.scores(
                self.reasoner, roots.float(), [self.counts], np.zeros(len(queries), np.int64)
            )
        return scores.cpu().numpy()


def _key(*parts: Any) -> str:
    """Names a trained model by all that it depends on: settings, seed, data, and the libraries that trained it."""
    libraries = [torch.__version__, transformers.__version__, trl.__version__]
    return hashlib.sha256(canonical([*parts, libraries]).encode()).hexdigest()[:16]


def _save(reasoner: Reasoner, folder: Path) -> None:
    """The finished weights, whole or not at all; the checkpoints that led there go."""
    with atomic_write(folder / "model.pt", "wb") as file:
        torch.save(reasoner.lm.state_dict(), file)
    for checkpoint in folder.glob("checkpoint-*"):
        shutil.rmtree(checkpoint)
