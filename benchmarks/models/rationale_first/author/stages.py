"""The two stages in which a language model learns to write for ``rationale_first``, each ending in a checkpoint.

A checkpoint is an ordinary folder of Hugging Face. ``rad.json`` in it says how it was made.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.language import bases
from benchmarks.language.lessons import rows
from benchmarks.language.on_policy import LikelihoodOf, Reasons, on_policy
from benchmarks.language.supervised import supervised
from benchmarks.language.tokens import Form
from benchmarks.language.writing import Writer
from benchmarks.models.rationale_first.author.author import LanguageModel, save
from benchmarks.models.rationale_first.author.teaching import Curriculum, curriculum
from benchmarks.models.rationale_first.head import Past
from benchmarks.models.rationale_first.model import Model
from benchmarks.models.rationale_first.reading import rows_of
from rad.data.dataset import Dataset
from rad.data.splits import sequences_of
from rad.rationales.strengths import weighted
from rad.runtime.files import atomic_write, canonical


class School:
    """A data set with the selector and head that teach on it.

    Args:
        dataset: Whose training split is learned from.
        lessons: Training prefixes.
        seed: Of selector, head and lessons.
        settings: Others of ``rationale_first``.
    """

    def __init__(self, dataset: Dataset, lessons: int, seed: int, settings: dict[str, Any]) -> None:
        self.items, train = dataset.items, dataset.examples["train"]
        self.model = Model(Model.Settings(**{**settings, "reasoner": "selector"}))
        self.model.fit(train, (), dataset.items, seed)
        catalogue = self.model.facts.catalogue
        own = {user: catalogue.indices(x) for user, x in sequences_of(train).items()}
        self.curriculum: Curriculum = curriculum(self.model, train, own, lessons, seed)
        _, self.neighbours = self.model.folds(own)
        self.seed = seed

    def student(self, base: str, form: Form | None = None) -> LanguageModel:
        """A base that learns here."""
        s, lasting = self.model.settings, self.model.most_lasting
        return LanguageModel(base, self.items, s.reasons, lasting, 0.0, self.seed, form)

    @torch.no_grad()
    def likelihood(self, numbers: Sequence[int], reasons: Sequence[Reasons]) -> np.ndarray:
        """(answers,) log p of what was bought, for the head that reads the reasons alone; see ``LikelihoodOf``."""
        model, out = self.model, np.zeros(len(numbers))
        folds = self.curriculum.folds[list(numbers)]
        for fold in np.unique(folds):
            mine = np.flatnonzero(folds == fold).tolist()
            queries = [self.curriculum.lessons[numbers[k]].case.query for k in mine]
            histories = [model.facts.positions(query) for query in queries]
            reasons_each = [weighted(*reasons[k]) for k in mine]
            read = rows_of(model.facts.catalogue, histories, reasons_each)
            past = Past.of_queries(queries, model.facts.catalogue.index)
            targets = self.curriculum.targets[[numbers[k] for k in mine]]
            p = model.head(read, past, self.neighbours[fold], targets)
            out[mine] = np.log(p.numpy() + 1e-9)
        return out


def sft(
    school: School,
    base: str,
    out: Path,
    form: Form,
    passes: float,
    batch_size: int | None,
    learning_rate: float | None,
    save_steps: int,
) -> dict[str, Any]:
    """Teach ``base`` the selector's rationales; the checkpoint is in ``out``."""
    torch.manual_seed(school.seed)
    student = school.student(base, form)
    model, tokenizer = student.opened(school.curriculum.lessons)
    table = rows(school.curriculum.lessons, student.tokens_of(model, tokenizer))
    learner = model if bases.is_new(base) else bases.with_adapter(model)
    with bases.room(base):
        metrics = supervised(
            learner,
            tokenizer,
            table,
            training_folder(out),
            passes=passes,
            batch_size=batch_size or student.course.batch_size,
            learning_rate=learning_rate or student.course.learning_rate,
            seed=school.seed,
            save_steps=save_steps,
        )
    notes = {"stage": "sft", "base": base, **shown(student), "lessons": len(table), **metrics}
    if is_main_process():
        save(bases.graduated(base, learner, tokenizer), tokenizer, notes, out)
    return notes


def grpo(
    school: School,
    base: str,
    out: Path,
    steps: int,
    batch_size: int,
    generations: int,
    learning_rate: float,
    save_steps: int,
) -> dict[str, Any]:
    """Let ``base``, after the first stage, learn from how well the head ranks by what it writes."""
    torch.manual_seed(school.seed)
    student = school.student(base)
    model, tokenizer = student.opened(())
    writer = Writer(
        model, student.tokens_of(model, tokenizer), student.reasons, student.lasting, temperature=1.0, seed=school.seed
    )
    likelihood: LikelihoodOf = school.likelihood
    with bases.room(base):
        metrics = on_policy(
            model,
            tokenizer,
            writer,
            [lesson.case for lesson in school.curriculum.lessons],
            likelihood,
            training_folder(out),
            steps=steps,
            batch_size=batch_size,
            generations=generations,
            learning_rate=learning_rate,
            seed=school.seed,
            save_steps=save_steps,
        )
    notes = {"stage": "grpo", "base": base, **shown(student), "steps": steps, **metrics}
    if is_main_process():
        save(model, tokenizer, notes, out)
    return notes


def is_main_process() -> bool:
    """Whether this is the first of the processes that ``accelerate launch`` starts, which alone saves."""
    return os.environ.get("RANK", "0") == "0"


def begin(out: Path, recipe: Sequence[object]) -> None:
    """Make the folder for checkpoints; what another recipe has left in it is deleted."""
    folder, words = training_folder(out), canonical(recipe)
    path = folder / "recipe.json"
    if not is_main_process() or (path.exists() and path.read_text(encoding="utf-8") == words):
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with atomic_write(path) as file:
        file.write(words)


def shown(student: LanguageModel) -> dict[str, Any]:
    """What a checkpoint says of its prompts and answers, so that who opens it asks in the same way."""
    return {"form": student.form, "window": student.course.window, "item_chars": student.course.item_chars}


def training_folder(out: Path) -> Path:
    """Where checkpoints of a training lie until it ends."""
    return out.with_name(f".{out.name}.training")
