"""``rationale_first``: a language model writes weighted reasons, and the ranking is computed from these reasons alone.

1. The evidence drafter fits its mixture to the training purchases and drafts the reasons of each (no test data, and no
   sight of a target outside training).
2. A causal language model, by default a small one from a config, learns from the drafts with TRL to write a reason:
   a citation of the history, then what the user therefore wants (``benchmarks/train/reasoner.py``, ``sft.py``).
3. The head learns to rank from the reasons that the model writes without the target (``benchmarks/train/head.py``).
4. To predict, the heaviest reasons are found by constrained beam search; they are the rationale, its weights are the
   model's own probabilities, and score(i) = sum_k w_k p(i | reason_k, cited item) + the unexplained share.

Arms, same data, steps and prompt: ``rationale=none`` ranks from the model's state after the history and writes nothing;
``reasoner=gate`` weighs the same reasons without language.

    python -m benchmarks.run --model rationale_first
    python -m benchmarks.run --model rationale_first --set rationale=none
    python -m benchmarks.run --model rationale_first --set base_model=FOLDER_OR_NAME
"""

from __future__ import annotations

import hashlib
import shutil
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import torch
import transformers
import trl
from pydantic import Field

from annotation.drafters.evidence import SLOTS, Drafter, Found, rationale, reasons_of
from benchmarks.contracts import ModelCard, ModelSettings
from benchmarks.ranking import Catalogue as Columns
from benchmarks.ranking import rank_block
from benchmarks.train.gate import Gate
from benchmarks.train.head import Head, Reasons
from benchmarks.train.reasoner import Chunk, Reasoner, chunks_of, keep_memory
from benchmarks.train.sft import Direct, Schedule, SoftTargets, train
from rad.affinity import Catalogue, CoPurchase, Prefixes
from rad.io import cache_dir, canonical, whole
from rad.splits import sequences_of
from rad.types import Example, Item, Prediction, Query, Rationale, Reason

VERSION = "1"
BEAM = 24  # first tokens that are expanded, from which the reasons are gathered
HELD_OUT = 11  # not a multiple of the number of folds, so that the head sees every fold
BLOCK = 256  # queries that are ranked at once


class Model:
    class Settings(ModelSettings):
        rationale: Literal["first", "none"] = Field(
            default="first", description="write reasons and rank from them, or not"
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
        reasons: int = Field(default=24, ge=1, description="reasons in a rationale")

    against: tuple[str, ...] = ("random", "popularity", "item_knn", "bm25", "dense")
    quick: ClassVar[dict[str, Any]] = {"hidden": 32, "layers": 1, "window": 6, "epochs": 1}  # for contract tests

    def __init__(self, settings: Any = None) -> None:
        self.settings = settings or self.Settings()
        self.n_parameters = 0
        self.seconds_saved = 0.0
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
            trained_on=["purchases", "evidence drafts"],
        )

    def fit(
        self, train: Sequence[Example], validation: Sequence[Example], items: Mapping[str, Item], seed: int
    ) -> None:
        keep_memory()
        torch.manual_seed(seed)
        drafter = Drafter().fit(train, items, seed)
        self.catalogue: Catalogue = drafter.catalogue
        self.columns = Columns(items)
        prefixes = drafter.prefixes
        targets = SoftTargets.of(drafter)
        sequences = sequences_of([*train, *validation]).values()
        self.counts = CoPurchase.of((self.catalogue.indices(s) for s in sequences), len(self.catalogue))
        self.head = Head(self.catalogue, drafter.weights, drafter.background_power)
        # one user in eleven is kept from the reasoner: on them the head learns how far to trust its reasons
        held = prefixes.users % HELD_OUT == 0
        if self.settings.reasoner == "gate":
            self.gate = Gate(self.catalogue, SLOTS, drafter.weights)
            self.gate.fit(targets, prefixes, ~held, seed)
            self.n_parameters = sum(p.numel() for p in self.gate.parameters())
        else:
            self._fit_language_model(targets, prefixes, ~held, items, seed)
        if self.settings.rationale == "none":
            return
        own = prefixes.part(held)
        found: list[list[Found]] = [[] for _ in own.histories]
        for fold in np.unique(own.folds):  # a held-out history under the counts that leave its user out
            mine = np.flatnonzero(own.folds == fold)
            for k, pairs in zip(mine, self._write([own.histories[k] for k in mine], own.counts[fold]), strict=True):
                found[k] = pairs
        reasons = Reasons.of(self.catalogue, own.histories, self._merged(own.histories, found))
        self.head.fit(reasons, own, seed)

    def _merged(self, histories: Sequence[Sequence[int]], found: Sequence[Sequence[Found]]) -> list[tuple[Reason, ...]]:
        pairs = zip(histories, found, strict=True)
        return [reasons_of(self.catalogue, h, f, self.settings.reasons) for h, f in pairs]

    def _fit_language_model(
        self, targets: SoftTargets, prefixes: Prefixes, rows: np.ndarray, items: Mapping[str, Item], seed: int
    ) -> None:
        s = self.settings
        titles = [item.title for item in items.values()]
        self.reasoner = Reasoner(self.catalogue, titles, s.base_model, SLOTS, s.window, s.hidden, s.layers)
        objective: Any = targets
        if s.rationale == "none":
            objective = Direct(self.catalogue.incidence, prefixes.counts[-1].popularity, prefixes.targets)
            self.reasoner.lm.direct = objective  # its numbers train and are saved with the model's
        self.n_parameters = sum(p.numel() for p in self.reasoner.lm.parameters())
        key = _key(VERSION, s.model_dump(exclude={"reasons"}), seed, self.catalogue.values, titles, prefixes)
        folder = cache_dir() / "rationale_first" / key
        if not (folder / "model.pt").exists():
            chunks = chunks_of(prefixes.histories, prefixes.users, s.window, rows)
            schedule = Schedule(s.epochs, s.batch_size, s.learning_rate, seed)
            clock = time.perf_counter()
            train(self.reasoner, objective, chunks, schedule, folder)
            with whole(folder / "seconds.txt") as file:
                file.write(f"{time.perf_counter() - clock:.1f}")
            _save(self.reasoner, folder)
        else:  # the cost of the model includes what the cache saves
            self.seconds_saved = float((folder / "seconds.txt").read_text())
            print(f"language model: trained before in {self.seconds_saved:.0f} s, found in the cache", file=sys.stderr)
        state = torch.load(folder / "model.pt", weights_only=True)
        self.reasoner.lm.load_state_dict(state)
        self.reasoner.lm.to(self.device).eval()

    def predict(self, queries: Sequence[Query]) -> Iterator[Prediction]:
        for start in range(0, len(queries), BLOCK):
            part = queries[start : start + BLOCK]
            histories = [self.catalogue.indices(q.history) for q in part]
            if self.settings.rationale == "none":
                yield from rank_block(part, self._direct(histories), self.columns)
                continue
            found = self._write(histories, self.counts)
            written = [
                rationale(q, reasons, "model", self.card.name, VERSION)
                for q, reasons in zip(part, self._merged(histories, found), strict=True)
            ]
            yield from self.rank_given(part, written)

    def rank_given(self, queries: Sequence[Query], rationales: Sequence[Rationale]) -> Iterator[Prediction]:
        """Rank from the given rationales: predictions go through here, so their ranking has no other source."""
        for start in range(0, len(queries), BLOCK):
            part, given = queries[start : start + BLOCK], rationales[start : start + BLOCK]
            reasons = Reasons.of(
                self.catalogue, [self.catalogue.indices(q.history) for q in part], [r.reasons for r in given]
            )
            ranked = rank_block(part, self.head.scores(reasons, self.counts), self.columns)
            for prediction, r in zip(ranked, given, strict=True):
                yield replace(prediction, rationale=r)

    def _write(self, histories: Sequence[Sequence[int]], counts: CoPurchase) -> list[list[Found]]:
        """Reasons of each history, which may be empty: then there are none."""
        known = [k for k, h in enumerate(histories) if h]
        inputs = [histories[k] for k in known]
        if self.settings.reasoner == "gate":
            stream = self.gate.write(inputs, BEAM, counts)
        else:
            stream = self.reasoner.write(inputs, BEAM)
        found: list[list[Found]] = [[] for _ in histories]
        for k, reasons in zip(known, stream, strict=True):
            found[k] = reasons
        return found

    def _direct(self, histories: Sequence[Sequence[int]]) -> np.ndarray:
        window = self.settings.window
        chunks = [Chunk(tuple(h[-window:]), (min(len(h), window),), (k,)) for k, h in enumerate(histories)]
        batch = self.reasoner.encode(chunks, np.zeros((len(chunks), 0), np.int64))
        with torch.no_grad(), torch.autocast(self.device, torch.bfloat16):
            states = self.reasoner.states(batch)
            scores = self.reasoner.lm.direct.scores(self.reasoner, self.reasoner.roots(states, batch))
        return scores.float().cpu().numpy()


def _key(*parts: Any) -> str:
    """Names a trained model by all that it depends on: settings, seed, data, and the libraries that trained it."""
    *plain, prefixes = parts
    digest = hashlib.sha256(canonical([*plain, torch.__version__, transformers.__version__, trl.__version__]).encode())
    digest.update(canonical([prefixes.histories, prefixes.targets.tolist()]).encode())
    return digest.hexdigest()[:16]


def _save(reasoner: Reasoner, folder: Path) -> None:
    """The finished weights, whole or not at all; the checkpoints that led there go."""
    with whole(folder / "model.pt", "wb") as file:
        torch.save(reasoner.lm.state_dict(), file)
    for checkpoint in folder.glob("checkpoint-*"):
        shutil.rmtree(checkpoint)
