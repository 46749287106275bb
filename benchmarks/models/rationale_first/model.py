"""``rationale_first``: at most eight sound reasons are written first, and the ranking is computed from these alone.

1. The facts of a history (:mod:`rad.rationales.facts`) are counted: what repeats, what is bought with, or reads like,
   the purchases, what usually follows.
2. A selector without language (``selector.py``) weighs them; it and the head (``head.py``) learn together how likely
   each finds what was bought, under counts that leave the user's fold out.
   Rationales that people accepted or corrected are lessons, too (``reviews.py``).
3. The eight facts that say most of what the selector knows are written with five strengths (``summary.py``). Their
   text is the rationale: the head reads what a parser reads in it, and the cited items, and ranks the catalogue.

With ``reasoner=language`` a language model writes instead (``author/``, :mod:`benchmarks.language`): it reads the
history and a shortlist of facts, and says how strong each is. Its lessons are what the selector would write.

What is alike is ranked by title and attribute values, which are the shop's. Under ``reads=text`` it is ranked by whole
texts, which a seller writes: then a text that holds the titles of others is shown beside them.

Arms, same data and steps. ``rationale=none`` ranks from all facts at once, unrounded, and writes nothing: what brevity
costs. ``reasoner=template`` states the last purchases in order with fixed strengths, through the same head: what the
choice of reasons is worth; ``reasoner=facts`` the first facts of the shortlist. Of the language model,
``answers=shuffled`` teaches what was written of others and ``answers=quarter`` a quarter of it;
``rationale=none|filler|after`` let it name the item itself: at once, after tokens that say nothing, or before it
explains.

    python -m benchmarks.run --model rationale_first
    python -m benchmarks.run --model rationale_first --set reasons=4
    python -m benchmarks.run --model rationale_first --set reasoner=language
    python -m benchmarks.run --model rationale_first --set reasoner=language base=Qwen/Qwen3-0.6B lessons=2000
    python -m benchmarks.run --model rationale_first --set reasoner=language base=FOLDER lessons=0
    python -m benchmarks.run --model rationale_first --set reasoner=language base=NAME base_url=http://HOST:PORT/v1
"""

from __future__ import annotations

import hashlib
import pickle
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import ClassVar, Literal, Self

import numpy as np
import torch
from pydantic import Field, model_validator

from benchmarks.explanations.changes.candidate_facts import CandidateFacts
from benchmarks.explanations.changes.recency_template import of_candidates
from benchmarks.harness.base import ModelCard, ModelSettings, RationaleRecommender
from benchmarks.language import bases
from benchmarks.language.tokens import Case
from benchmarks.models._scoring import ItemIndex, keeps_repeats, rank_block
from benchmarks.models.dense import BUNDLED, encoded
from benchmarks.models.rationale_first.author.author import Author, EndpointAuthor, LanguageModel
from benchmarks.models.rationale_first.author.shortlist import Shortlist, in_order, shortlists
from benchmarks.models.rationale_first.author.teaching import curriculum
from benchmarks.models.rationale_first.head import Head, Past
from benchmarks.models.rationale_first.neighbours import Neighbours, Texts, without_text
from benchmarks.models.rationale_first.options import Options
from benchmarks.models.rationale_first.reading import rows_of
from benchmarks.models.rationale_first.reviews import Reviews
from benchmarks.models.rationale_first.selector import Selector
from benchmarks.models.rationale_first.summary import Choice, summaries
from benchmarks.models.rationale_first.training import Lessons, fit
from rad.data.splits import sequences_of
from rad.errors import RadError
from rad.features.item_features import Catalogue
from rad.llm.settings import EndpointUrl
from rad.rationales import prompt, text
from rad.rationales.facts import Facts
from rad.rationales.prompt import MOST_FACTS
from rad.rationales.strengths import weighted
from rad.runtime.files import atomic_write, cache_dir, canonical
from rad.runtime.locks import alone
from rad.types import Example, Interaction, Item, Prediction, Query, Rationale, Reason

VERSION = "9"
LANGUAGE = "3"  # of what a language model learns
LANGUAGE_ONLY = {"base", "base_url", "lessons", "answers", "temperature", "uncertain"}  # settings of it alone
FOLDS = 5  # of users: a prefix is weighed under the counts of the others
BLOCK = 200  # queries that are written and ranked at once


class Model(RationaleRecommender):
    class Settings(ModelSettings):
        rationale: Literal["first", "none", "filler", "after"] = Field(
            default="first", description="rank from written reasons, or without them (arms)"
        )
        reasoner: Literal["language", "selector", "facts", "template"] = Field(
            default="selector", description="who writes: the selector, a language model, or a fixed order (arms)"
        )
        base: str = Field(default=bases.SMALL, description="language model: small, smollm2, a Hub name or a folder")
        base_url: EndpointUrl | None = Field(
            default=None, exclude=True, description="endpoint that serves the base, http://HOST:PORT/v1"
        )
        facts: int = Field(default=14, ge=1, le=MOST_FACTS, description="facts in a prompt")
        lessons: int = Field(default=7000, ge=0, description="rationales that the base learns from; 0: as it is")
        answers: Literal["own", "shuffled", "quarter"] = Field(
            default="own", description="what the lessons say: the selector's reasons, or arms"
        )
        temperature: float = Field(default=0.0, ge=0, description="of what is written; 0: the likeliest")
        uncertain: float = Field(
            default=0.0, ge=0, le=1, description="the selector writes where it leaves no more than this unexplained"
        )
        reasons: int = Field(default=8, ge=1, le=48, description="reasons in a rationale, at most")
        lasting: float = Field(default=0.4, ge=0, le=1, description="share of the reasons that may be lasting ones")
        reads: Literal["values", "text"] = Field(
            default="values", description="what items are alike by: title and attribute values, or their whole texts"
        )
        encoder: str = Field(default=BUNDLED, description="a sentence-transformers model: a name or a folder")
        epochs: float = Field(default=8.0, gt=0, description="passes over the training prefixes")
        batch_size: int = Field(default=256, ge=1, description="prefixes a step")
        learning_rate: float = Field(default=0.01, gt=0, description="peak of a cosine schedule")
        brevity: float = Field(default=0.004, ge=0, description="price of a unit of log odds in what lasts")

        @model_validator(mode="after")
        def _arms(self) -> Self:
            """Refuse arms that nobody can run: an item is named by a language model that runs here."""
            unread = sorted(LANGUAGE_ONLY & self.model_fields_set) if self.reasoner != "language" else []
            if unread:
                raise ValueError(f"{', '.join(unread)}: read with reasoner=language alone, not with {self.reasoner}")
            arm = f"rationale={self.rationale}"
            if self.rationale != "first" and self.base_url:
                raise ValueError(f"{arm} takes probabilities of items, which no endpoint gives: leave base_url out")
            if self.rationale in ("filler", "after") and self.reasoner != "language":
                raise ValueError(f"{arm} is an arm of reasoner=language, not of reasoner={self.reasoner}")
            return self

    settings: Settings
    stochastic = True
    baselines = ("random", "popularity", "item_knn", "bm25", "dense", "hybrid")
    search_space: ClassVar = {"epochs": (5.0, 8.0, 12.0), "brevity": (0.004, 0.01), "lasting": (0.4, 0.25, 0.0)}
    test_settings: ClassVar = {"epochs": 1}

    def __init__(self, settings: ModelSettings | None = None) -> None:
        super().__init__(settings)
        self.n_parameters = 0
        self.reviews: list[str] = []
        self.seconds_saved = 0.0

    @property
    def card(self) -> ModelCard:
        s = self.settings
        arms = [f"rationale={s.rationale}"] if s.rationale != "first" else []
        arms += [f"reasoner={s.reasoner}"] if s.reasoner != "selector" else []
        arms += [f"answers={s.answers}"] if s.answers != "own" else []
        base = f"{s.base} at an endpoint" if s.base_url else s.base
        return ModelCard(
            name="rationale_first",
            version=VERSION,
            arm=",".join(arms) or None,
            base_model=f"{base} on {s.encoder}" if s.reasoner == "language" else s.encoder,
            n_parameters=self.n_parameters,
            config=s.model_dump(),
            trained_on=["purchases", *self.reviews],
        )

    def fit(
        self, train: Sequence[Example], validation: Sequence[Example], items: Mapping[str, Item], seed: int
    ) -> None:
        s, self.columns = self.settings, ItemIndex(items)
        if s.reasoner == "language" and not s.base_url:
            bases.check(s.base)
        self.facts = Facts.of(train, items)
        catalogue = self.facts.catalogue
        words, alike = items, catalogue
        if s.reads == "values":
            words = {key: without_text(item) for key, item in items.items()}
            alike = Catalogue.of(words)
        vectors, _ = encoded(s.encoder, [item.text for item in words.values()])
        self.texts = Texts.of(alike, vectors)
        people = any(e.rationale and e.rationale.origin != "known" for e in train)
        self.reviews = ["reviewed rationales"] if people else []
        torch.manual_seed(seed)
        self.selector, self.head = Selector(catalogue), Head(catalogue)
        parts = torch.nn.ModuleDict({"selector": self.selector, "head": self.head}).eval()
        self.n_parameters = sum(p.numel() for p in parts.parameters())
        sequences = sequences_of(train)
        path = cache_dir() / "rationale_first" / f"{self._key(seed, train, sequences, vectors)}.pt"
        with alone(path):  # several workers fit the same model: the first learns, the others find it
            cached = path.exists()
            if not cached:
                clock = time.perf_counter()
                self._learn(train, {user: catalogue.indices(x) for user, x in sequences.items()}, seed)
                with atomic_write(path, "wb") as file:
                    torch.save({"state": parts.state_dict(), "seconds": time.perf_counter() - clock}, file)
        if cached:
            print("selector and head: trained before, found in the cache", file=sys.stderr)
        try:
            stored = torch.load(path, weights_only=True)
            parts.load_state_dict(stored["state"])
        except (OSError, EOFError, RuntimeError, KeyError, TypeError, pickle.UnpicklingError) as error:
            raise RadError(f"{path}: no weights that can be read; delete it, and they are learned again") from error
        self.seconds_saved = stored["seconds"] if cached else 0.0
        later = sequences_of([*train, *validation]).values()
        self.neighbours = Neighbours.of(self.texts, [catalogue.indices(x) for x in later])
        if s.reasoner == "language":
            own = {user: catalogue.indices(x) for user, x in sequences.items()}
            self._fit_language(train, own, items, seed, path.stem)

    def folds(self, own: Mapping[str, Sequence[int]]) -> tuple[dict[str, int], list[Neighbours]]:
        """The fold of each user, in the order of their (hashed) ids, and the counts that leave each fold out."""
        fold = {user: k % FOLDS for k, user in enumerate(sorted(own))}
        parts = [[x for user, x in own.items() if fold[user] != f] for f in range(FOLDS)]
        return fold, [Neighbours.of(self.texts, part) for part in parts]

    def _learn(self, train: Sequence[Example], own: Mapping[str, Sequence[int]], seed: int) -> None:
        """Train selector and head in place."""
        s, (fold, neighbours) = self.settings, self.folds(own)
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
        repeats = ["keep"] if keeps_repeats(train) else []
        parts = [VERSION, torch.__version__, seed, learned, data, text_hash, *repeats]
        return hashlib.sha256(canonical(parts).encode()).hexdigest()[:16]

    def _fit_language(
        self,
        train: Sequence[Example],
        own: Mapping[str, Sequence[int]],
        items: Mapping[str, Item],
        seed: int,
        key: str,
    ) -> None:
        """Teach the base what the selector would write, or find what it learned before."""
        s = self.settings
        if s.base_url:
            self.writer: Author = EndpointAuthor(s.base_url, s.base, items, s.reasons, s.temperature)
            return
        learned = s.model_dump(include={"facts", "lessons", "answers", "reasons", "lasting"})
        parts = [LANGUAGE, key, bases.fingerprint(s.base), learned, s.rationale, seed, prompt.VERSION]
        name = hashlib.sha256(canonical(parts).encode()).hexdigest()[:16]
        author = LanguageModel(s.base, items, s.reasons, self.most_lasting, s.temperature, seed)
        author.fit(name, lambda: curriculum(self, train, own, s.lessons, seed), s.rationale)
        self.writer = author
        self.n_parameters += author.n_parameters
        self.seconds_saved += author.seconds_saved

    def new(self, train: Sequence[Example]) -> list[Example]:
        """The prefixes whose target a ranking could find: new to the user, but where repeats are kept."""
        return [e for e in train if next(iter(e.relevant)) not in e.query.unranked]

    def _lessons(self, train: Sequence[Example], fold: Mapping[str, int], neighbours: Sequence[Neighbours]) -> Lessons:
        """What selector and head learn from."""
        index, prefixes = self.facts.catalogue.index, self.new(train)
        folds = np.array([fold[e.query.user_id] for e in prefixes], dtype=np.int64)
        options = Options.of(self.facts, self.texts, neighbours, folds, [e.query for e in prefixes])
        reviews = Reviews.of(self.facts.catalogue, options, [e.rationale for e in prefixes])
        bought = np.array([index[next(iter(e.relevant))] for e in prefixes], dtype=np.int64)
        return Lessons(options, bought, folds, neighbours, reviews)

    def predict(self, queries: Sequence[Query]) -> Iterator[Prediction]:
        if self.settings.reasoner == "language":
            self.writer.counts.clear()
        for start in range(0, len(queries), BLOCK):
            part = queries[start : start + BLOCK]
            if self.settings.rationale == "first":
                yield from self.rank_given(part, self.write(part))
            else:
                yield from self._direct(part)
        if self.settings.reasoner == "language":
            self.tokens_written = self.writer.counts.tokens
            print(f"language model: {self.writer.counts.spoken()}", file=sys.stderr)

    def _direct(self, queries: Sequence[Query]) -> Iterator[Prediction]:
        """Ranked without a rationale; one that is written ``after`` says nothing of how."""
        ranked = rank_block(queries, self._unreasoned(queries), self.columns)
        if self.settings.rationale != "after":
            yield from ranked
            return
        for prediction, rationale in zip(ranked, self.write(queries), strict=True):
            yield replace(prediction, rationale=rationale)

    def write(self, queries: Sequence[Query]) -> list[Rationale]:
        """The rationale of each query, without a ranking."""
        s = self.settings
        if s.reasoner == "template":
            candidates = CandidateFacts(self.facts, queries)
            reasons = [of_candidates(candidates, k, s.reasons) for k in range(len(queries))]
        elif s.reasoner == "selector":
            reasons = self._chosen(queries)
        else:
            reasons = self._worded(queries)
        name = self.card.name
        return [text.rationale(q, r, "model", name, VERSION) for q, r in zip(queries, reasons, strict=True)]

    def options(self, queries: Sequence[Query], own: Neighbours | None = None) -> Options:
        folds = np.zeros(len(queries), dtype=np.int64)
        return Options.of(self.facts, self.texts, [own or self.neighbours], folds, queries)

    @property
    def most_lasting(self) -> int:
        """Reasons that may last."""
        return round(self.settings.lasting * self.settings.reasons)

    def choices(self, options: Options, own: Neighbours) -> list[Choice]:
        s = self.settings
        everyone = np.arange(len(options))
        return summaries(self.selector, self.head, options, everyone, own, s.reasons, self.most_lasting)

    def _chosen(self, queries: Sequence[Query]) -> list[tuple[Reason, ...]]:
        """What the selector writes."""
        options = self.options(queries)
        out = []
        for query, choice in zip(queries, self.choices(options, self.neighbours), strict=True):
            pairs = [(self.facts.reason(options.table, k, query), level) for k, level in choice.options]
            out.append(weighted(pairs, choice.rest))
        return out

    def _shortlists(self, queries: Sequence[Query]) -> list[Shortlist]:
        options = self.options(queries)
        choices = self.choices(options, self.neighbours)
        return shortlists(self.selector, options, self.facts, queries, choices, self.neighbours, self.settings.facts)

    def _worded(self, queries: Sequence[Query]) -> list[tuple[Reason, ...]]:
        """What the language model writes; the selector where it is certain enough; or the shortlist in its order."""
        s, shown = self.settings, self._shortlists(queries)
        if s.reasoner == "facts":
            return [in_order(short, s.reasons, self.most_lasting) for short in shown]
        out: list[tuple[Reason, ...] | None] = [None] * len(queries)
        cases = [k for k, short in enumerate(shown) if short.unexplained >= s.uncertain]
        answers = self.writer.write([Case(queries[k], shown[k].facts, shown[k].hints) for k in cases])
        for k, answer in zip(cases, answers, strict=True):
            out[k] = weighted(answer.pairs, answer.rest)
        others = [k for k, reasons in enumerate(out) if reasons is None]
        for k, reasons in zip(others, self._chosen([queries[k] for k in others]) if others else [], strict=True):
            out[k] = reasons
        return [reasons or () for reasons in out]

    def _unreasoned(self, queries: Sequence[Query]) -> np.ndarray:
        """(queries, items): scores without a rationale, the language model's own or the mixture of all facts."""
        if self.settings.reasoner == "language":
            cases = [
                Case(q, short.facts, short.hints) for q, short in zip(queries, self._shortlists(queries), strict=True)
            ]
            return self.writer.item_scores(cases)
        return self._from_all_facts(queries)

    @torch.no_grad()
    def _from_all_facts(self, queries: Sequence[Query]) -> np.ndarray:
        """(queries, items): the mixture of all facts."""
        options = self.options(queries)
        rows, _ = self.selector(options, np.arange(len(queries)), self.neighbours)
        past = Past.of(options.unranked, self.head.n_items)
        return self.head.probabilities(rows, past, self.neighbours).numpy()

    def rank_given(self, queries: Sequence[Query], rationales: Sequence[Rationale]) -> Iterator[Prediction]:
        """Rank from the given rationales: predictions go through here, so their ranking has no other source."""
        for start in range(0, len(queries), BLOCK):
            part, those = queries[start : start + BLOCK], rationales[start : start + BLOCK]
            if self.settings.rationale != "first":  # its ranking listens to no rationale
                ranked = rank_block(part, self._unreasoned(part), self.columns)
            else:
                histories = [self.facts.positions(q) for q in part]
                rows = rows_of(self.facts.catalogue, histories, [r.reasons for r in those])
                past = Past.of_queries(part, self.facts.catalogue.index)
                ranked = rank_block(part, self.head.probabilities(rows, past, self.neighbours).numpy(), self.columns)
            for prediction, rationale in zip(ranked, those, strict=True):
                yield replace(prediction, rationale=rationale)
