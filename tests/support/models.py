"""Models that tests put into the registry, as a user would, and experiments with them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import benchmarks.models
from benchmarks.harness.experiment import Experiment
from benchmarks.harness.registries import default_metrics
from rad.data.dataset import Dataset

MODEL = '''"""``{name}``: a model of the tests."""
from benchmarks.harness.base import ModelCard, ModelSettings
from benchmarks.models import popularity
from benchmarks.models._scoring import *
from rad.types import *
from dataclasses import replace
from pathlib import Path
import os, time

class Model(popularity.Model):
    class Settings(ModelSettings):
        """None."""
    baselines = {baselines}
    def predict(self, queries):
        for n, p in enumerate(super().predict(queries)):
{body}
    @property
    def card(self):
        return ModelCard(name="{name}", version="1")
'''


@contextmanager
def model_folder(folder: Path) -> Iterator[Callable[..., Path]]:
    """A folder that the registry of models reads as well, and a function that adds a model to it."""
    folder.mkdir()
    benchmarks.models.__path__.append(str(folder))

    def add(name: str, body: str, baselines: str = "()") -> Path:
        """``body`` is what the model does with the n-th prediction ``p`` of ``popularity``."""
        lines = "\n".join(" " * 12 + line for line in body.split("\n"))
        (folder / f"{name}.py").write_text(MODEL.format(name=name, baselines=baselines, body=lines))
        return folder

    try:
        yield add
    finally:
        benchmarks.models.__path__.remove(str(folder))
        for path in folder.glob("*.py"):
            sys.modules.pop(f"benchmarks.models.{path.stem}", None)


def experiment_on(data: Dataset, out: Path, **changes: object) -> Experiment:
    """The whole test split, ranked over the whole catalogue, unless ``changes`` say otherwise."""
    fields = {"split": "test", "seed": 0, "limit": None, "metrics": default_metrics(), **changes}
    return Experiment(dataset=data, out=Path(out), **fields)
