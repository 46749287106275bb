"""``rationale_first``: at most eight sound reasons are written first, and the ranking is computed from these alone.

1. The facts of a history (:mod:`rad.rationales.facts`) are counted: what repeats, what is bought with, or reads like,
   the purchases, what usually follows.
2. A selector without language (``selector.py``) weighs them; it and the head (``head.py``) learn together how likely
   each finds what was bought, under counts that leave the user's fold out.
   Rationales that people accepted or corrected are lessons, too (``reviews.py``).
3. The eight facts that say most of what the selector knows are written with five strengths (``summary.py``). Their
   text is the rationale: the head reads what a parser reads in it, and the cited items, and ranks the catalogue.

Arms, same data and steps: ``rationale=none`` ranks from all facts at once, unrounded, and writes nothing: what brevity
costs. ``reasoner=template`` states the last purchases in order with fixed strengths, through the same head: what the
choice of reasons is worth.

    python -m benchmarks.run --model rationale_first
    python -m benchmarks.run --model rationale_first --set reasons=4
    python -m benchmarks.run --model rationale_first --set reasoner=template
"""

from __future__ import annotations

import hashlib
import pickle
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import ClassVar, Literal

import numpy as np
import torch
from pydantic import Field

from benchmarks.explanations.changes.candidate_facts import CandidateFacts
from benchmarks.explanations.changes.recency_template import of_candidates
from benchmarks.harness.base import ModelCard, ModelSettings, RationaleRecommender
from benchmarks.models._scoring import ItemIndex, rank_block
from benchmarks.models.dense import BUNDLED, encoded
from benchmarks.models.rationale_first.head import Head, Past
from benchmarks.models.rationale_first.neighbours import Neighbours, Texts
from benchmarks.models.rationale_first.options import Options
from benchmarks.models.rationale_first.reading import rows_of
from benchmarks.models.rationale_first.reviews import Reviews
from benchmarks.models.rationale_first.selector import Selector
from benchmarks.models.rationale_first.summary import summaries
from benchmarks.models.rationale_first.training import Lessons, fit
from rad.data.splits import sequences_of
from rad.errors import RadError
from rad.rationales import text
from rad.rationales.facts import Facts
from rad.rationales.strengths import weighted
from rad.runtime.files import atomic_write, cache_dir, canonical
from rad.types import Example, Interaction, Item, Prediction, Query, Rationale, Reason

VERSION = "5"
FOLDS = 5  # of users: a prefix is weighed under the counts of the others
BLOCK = 200  # queries that are written and ranked at once


class Model(RationaleRecommender):
    class Settings(ModelSettings):
        rationale: Literal["first", "none"] = Field(
            default="first", description="write reasons and rank from them, or rank from all facts and write nothing"
        )
        reasoner: Literal["selector", "template"] = Field(
            default="selector", description="who chooses the reasons: the selector, or the last purchases in order"
        )
        reasons: int = Field(default=8, ge=1, le=48, description="reasons in a rationale, at most")
        lasting: float = Field(default=0.4, ge=0, le=1, description="share of the reasons that may be lasting ones")
        encoder: str = Field(default=BUNDLED, description="a sentence-transformers model: a name or a folder")
        epochs: float = Field(default=5.0, gt=0, description="passes over the training prefixes")
        batch_size: int = Field(default=256, ge=1, description="prefixes a step")
        learning_rate: float = Field(default=0.01, gt=0, description="peak of a cosine schedule")
        brevity: float = Field(default=0.004, ge=0, description="price of a unit of log odds in what lasts")

    settings: Settings
    stochastic = True
    baselines = ("random", "popularity", "item_knn", "bm25", "dense", "hybrid")
    search_space: ClassVar = {"epochs": (5.0, 8.0), "brevity": (0.004, 0.01), "lasting": (0.4, 0.25, 0.0)}
    test_settings: ClassVar = {"epochs": 1}

    def __init__(self, settings: ModelSettings | None = None) -> None:
        super().__init__(settings)
        self.n_parameters = 0
        self.reviews: list[str] = []
        self.seconds_saved = 0.0

    @property
    def card(self) -> ModelCard:
        s = self.settings
        arms = ["rationale=none"] if s.rationale == "none" else []
        arms += ["reasoner=template"] if s.reasoner == "template" else []
        return ModelCard(
            name="rationale_first",
            version=VERSION,
            arm=",".join(arms) or None,
            base_model=s.encoder,
            n_parameters=self.n_parameters,
            config=s.model_dump(),
            trained_on=["purchases", *self.reviews],
        )

    def fit(
        self, train: Sequence[Example], validation: Sequence[Example], items: Mapping[str, Item], seed: int
    ) -> None:
        s, self.columns = self.settings, ItemIndex(items)
        self.facts = Facts.of(train, items)
        catalogue = self.facts.catalogue
        vectors, _ = encoded(s.encoder, [item.text for item in items.values()])
        self.texts = Texts.of(catalogue, vectors)
        people = any(e.rationale and e.rationale.origin != "known" for e in train)
        self.reviews = ["reviewed rationales"] if people else []
        torch.manual_seed(seed)
        self.selector, self.head = Selector(catalogue), Head(catalogue)
        parts = torch.nn.ModuleDict({"selector": self.selector, "head": self.head}).eval()
        self.n_parameters = sum(p.numel() for p in parts.parameters())
        sequences = sequences_of(train)
        path = cache_dir() / "rationale_first" / f"{self._key(seed, train, sequences, vectors)}.pt"
        cached = path.exists()
        if not cached:
            clock = time.perf_counter()
            self._learn(train, {user: catalogue.indices(x) for user, x in sequences.items()}, seed)
            with atomic_write(path, "wb") as file:
                torch.save({"state": parts.state_dict(), "seconds": time.perf_counter() - clock}, file)
        else:
            print("selector and head: trained before, found in the cache", file=sys.stderr)
        try:
            stored = torch.load(path, weights_only=True)
            parts.load_state_dict(stored["state"])
        except (OSError, EOFError, RuntimeError, KeyError, TypeError, pickle.UnpicklingError) as error:
            raise RadError(f"{path}: no weights that can be read; delete it, and they are learned again") from error
        self.seconds_saved = stored["seconds"] if cached else 0.0
        later = sequences_of([*train, *validation]).values()
        self.neighbours = Neighbours.of(self.texts, [catalogue.indices(x) for x in later])

    def _learn(self, train: Sequence[Example], own: Mapping[str, Sequence[int]], seed: int) -> None:
        """Train selector and head in place. Users go to folds in the order of their (hashed) ids."""
        s, fold = self.settings, {user: k % FOLDS for k, user in enumerate(sorted(own))}
        parts = [[x for user, x in own.items() if fold[user] != f] for f in range(FOLDS)]
        neighbours = [Neighbours.of(self.texts, part) for part in parts]
        lessons = self._lessons(train, fold, neighbours)
        fit(self.selector, self.head, lessons, s.epochs, s.batch_size, s.learning_rate, s.brevity, seed)

    def _key(
        self, seed: int, train: Sequence[Example], sequences: Mapping[str, Sequence[Interaction]], vectors: np.ndarray
    ) -> str:
        """Names what is learned by all that it depends on, so that arms of one seed are trained once."""
        learned = self.settings.model_dump(include={"epochs", "batch_size", "learning_rate", "brevity"})
        catalogue = self.facts.catalogue
        purchases = [[user, [[x.item_id, x.rating] for x in sequences[user]]] for user in sorted(sequences)]
        reviewed = [e.rationale for e in train if e.rationale and e.rationale.origin != "known"]
        data = [catalogue.ids, catalogue.values, catalogue.item_values, purchases, *([reviewed] if reviewed else [])]
        text_hash = hashlib.sha256(vectors.tobytes()).hexdigest()
        parts = [VERSION, torch.__version__, seed, learned, data, text_hash]
        return hashlib.sha256(canonical(parts).encode()).hexdigest()[:16]

    def _lessons(self, train: Sequence[Example], fold: Mapping[str, int], neighbours: Sequence[Neighbours]) -> Lessons:
        """The prefixes whose target is new to the user: what a ranking could find."""
        index = self.facts.catalogue.index
        targets = [next(iter(e.relevant)) for e in train]
        new = [k for k, e in enumerate(train) if targets[k] not in {x.item_id for x in e.query.history}]
        prefixes = [train[k] for k in new]
        folds = np.array([fold[e.query.user_id] for e in prefixes], dtype=np.int64)
        options = Options.of(self.facts, self.texts, neighbours, folds, [e.query for e in prefixes])
        reviews = Reviews.of(self.facts.catalogue, options, [e.rationale for e in prefixes])
        bought = np.array([index[targets[k]] for k in new], dtype=np.int64)
        return Lessons(options, bought, folds, neighbours, reviews)

    def predict(self, queries: Sequence[Query]) -> Iterator[Prediction]:
        for start in range(0, len(queries), BLOCK):
            part = queries[start : start + BLOCK]
            if self.settings.rationale == "none":
                yield from rank_block(part, self._from_all_facts(part), self.columns)
            else:
                yield from self.rank_given(part, self.write(part))

    def write(self, queries: Sequence[Query]) -> list[Rationale]:
        """The rationale of each query, without a ranking."""
        if self.settings.reasoner == "template":
            candidates = CandidateFacts(self.facts, queries)
            reasons = [of_candidates(candidates, k, self.settings.reasons) for k in range(len(queries))]
        else:
            reasons = self._chosen(queries)
        name = self.card.name
        return [text.rationale(q, r, "model", name, VERSION) for q, r in zip(queries, reasons, strict=True)]

    def _options(self, queries: Sequence[Query]) -> Options:
        folds = np.zeros(len(queries), dtype=np.int64)
        return Options.of(self.facts, self.texts, [self.neighbours], folds, queries)

    def _chosen(self, queries: Sequence[Query]) -> list[tuple[Reason, ...]]:
        options, s = self._options(queries), self.settings
        lasting = round(s.lasting * s.reasons)
        everyone = np.arange(len(queries))
        choices = summaries(self.selector, self.head, options, everyone, self.neighbours, s.reasons, lasting)
        out = []
        for query, choice in zip(queries, choices, strict=True):
            pairs = [(self.facts.reason(options.table, k, query), level) for k, level in choice.options]
            out.append(weighted(pairs, choice.rest))
        return out

    @torch.no_grad()
    def _from_all_facts(self, queries: Sequence[Query]) -> np.ndarray:
        """(queries, items): the mixture of all facts."""
        options = self._options(queries)
        rows, _ = self.selector(options, np.arange(len(queries)))
        past = Past.of(options.histories, self.head.n_items)
        return self.head.probabilities(rows, past, self.neighbours).numpy()

    def rank_given(self, queries: Sequence[Query], rationales: Sequence[Rationale]) -> Iterator[Prediction]:
        """Rank from the given rationales: predictions go through here, so their ranking has no other source."""
        for start in range(0, len(queries), BLOCK):
            part, those = queries[start : start + BLOCK], rationales[start : start + BLOCK]
            if self.settings.rationale == "none":  # its ranking listens to no rationale
                ranked = rank_block(part, self._from_all_facts(part), self.columns)
            else:
                histories = [self.facts.positions(q) for q in part]
                rows = rows_of(self.facts.catalogue, histories, [r.reasons for r in those])
                past = Past.of(
                    [np.array([i for i in h if i >= 0], dtype=np.int64) for h in histories], self.head.n_items
                )
                ranked = rank_block(part, self.head.probabilities(rows, past, self.neighbours).numpy(), self.columns)
            for prediction, rationale in zip(ranked, those, strict=True):
                yield replace(prediction, rationale=rationale)
