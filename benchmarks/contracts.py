"""What a model and a metric promise the harness: a new file in ``benchmarks/models`` or ``metrics`` obeys these."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Protocol

from pydantic import BaseModel, ConfigDict

from rad.types import Example, Item, Prediction, Query, Rationale


class ModelSettings(BaseModel):
    """Base of a model's ``Settings``: every field has a default and a description; unknown names are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())


class ModelCard(BaseModel):
    """What a result says of its model."""

    model_config = ConfigDict(extra="forbid", protected_namespaces=())

    name: str
    version: str
    arm: str | None = None
    base_model: str | None = None
    n_parameters: int = 0
    config: dict[str, Any] = {}
    trained_on: list[str] = []


class Model(Protocol):
    """A recommender.

    ``fit`` may learn from everything it is given: ``validation`` serves to choose settings and may then join the
    statistics (on the validation split itself it is empty). ``items`` is the whole catalogue in tie-breaking order.
    ``predict`` yields one prediction a query, in order: at most 100 distinct items, none from the history, best first,
    deterministic for a seed; a query that fails yields ``Prediction(..., ranking=(), error="...")``.
    ``against`` names models whose results belong on this one's table.
    """

    Settings: ClassVar[type[ModelSettings]]
    against: ClassVar[tuple[str, ...]]

    def __init__(self, settings: Any = None) -> None: ...
    def fit(
        self, train: Sequence[Example], validation: Sequence[Example], items: Mapping[str, Item], seed: int
    ) -> None: ...
    def predict(self, queries: Sequence[Query]) -> Iterator[Prediction]: ...
    @property
    def card(self) -> ModelCard: ...


class RationaleModel(Model, Protocol):
    """A model whose ranking follows from a rationale: it can be asked to rank given another one."""

    def rank_given(self, queries: Sequence[Query], rationales: Sequence[Rationale]) -> Iterator[Prediction]: ...


class QueryMetric(Protocol):
    """A score of one prediction. None means undefined there and lowers ``n``. ``k`` is the cut of ``name@k``."""

    needs: ClassVar[frozenset[str]]
    """Of ``rationale`` (the prediction's) and ``known`` (the example's): a run without any gets no such column."""
    higher_is_better: ClassVar[bool]
    range: ClassVar[tuple[float, float]]
    version: ClassVar[int]

    def __init__(self, items: Mapping[str, Item], k: int | None = None) -> None: ...
    def score(self, prediction: Prediction, example: Example) -> float | None: ...


class CorpusMetric(Protocol):
    """A score of all predictions together (coverage); the bootstrap calls it again on resampled queries."""

    needs: ClassVar[frozenset[str]]
    higher_is_better: ClassVar[bool]
    range: ClassVar[tuple[float, float]]
    version: ClassVar[int]

    def __init__(self, items: Mapping[str, Item], k: int | None = None) -> None: ...
    def score_all(self, predictions: Sequence[Prediction], examples: Sequence[Example]) -> float: ...
