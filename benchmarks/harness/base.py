"""What a model and a metric promise the harness: a new file in ``benchmarks/models`` or ``metrics`` obeys these."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Protocol

import numpy as np
from pydantic import BaseModel, ConfigDict

from rad.types import Example, Item, Prediction, Query, Rationale


class ModelSettings(BaseModel):
    """Base of a model's ``Settings``: every field has a default and a description; unknown names are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())


class ModelCard(BaseModel):
    """What a result says of its model. Raise ``version`` when the code comes to answer differently."""

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
    ``card`` can be read before ``fit`` (it makes the run's id) and after (it goes into the result).
    ``baselines`` names models whose results belong on this one's table. A model that writes text may count the tokens
    that ``predict`` wrote in ``tokens_written``, and one that uses an accelerator may name it in ``device``. One that
    takes more than seconds to fit a small data set states in ``test_settings`` the settings with which it does not;
    tests use them. ``search_space`` maps settings to the values that ``benchmarks.tune`` may try, the default first; a
    model that chooses its settings inside ``fit`` has none; ``tuned_arm`` names an arm whose log serves where there is
    no nearer one. ``stochastic = True`` says that the seed changes the answers. ``sequential = True`` says that the
    order of the history matters, so that the model is refused where a domain has no order; ``rerank_only = True`` that
    it ranks candidates and no catalogue, so that it is refused without a candidate file. ``required`` names settings
    without a usable default.
    """

    Settings: ClassVar[type[ModelSettings]]
    baselines: ClassVar[tuple[str, ...]]

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
    """A score of one prediction. None means undefined there and lowers ``n``.

    ``needs`` holds any of ``rationale`` (the prediction has one), ``known`` (the example's reasons are known),
    ``supported`` (they are known and explain the choice) and ``contrast`` (the rejected alternative is known). A run
    without any gets no such column. Where the example lacks what is needed the metric is undefined; a prediction that
    fails, or lacks its rationale, scores the worst of the range, or ``missing`` where a metric of differences states it
    (0: no rationale changes nothing). So ``score`` is called only where all needs are met. With no needs it is a
    ranking metric and is sliced. ``cuts`` says whether ``name@k`` means something; ``k`` is None without it. A metric
    may also offer ``score_each(predictions, examples) -> list[float | None]``, the same values faster, or the only
    ones where they depend on other users' rationales.

    A metric of explanations names its ``family`` (a row of the scorecard, :mod:`benchmarks.explain`) and may state the
    ``default_cut`` with which it stands there, and ``ranked = False`` where it is shown but never ranked by.
    """

    needs: ClassVar[frozenset[str]]
    higher_is_better: ClassVar[bool]
    range: ClassVar[tuple[float, float]]
    version: ClassVar[int]
    cuts: ClassVar[bool]

    def __init__(self, items: Mapping[str, Item], k: int | None = None) -> None: ...
    def score(self, prediction: Prediction, example: Example) -> float | None: ...


class FaithfulMetric(Protocol):
    """A score of how a model's ranking follows from its rationale: the model must be asked again (``needs`` has
    ``model``). ``asks`` are inputs of :mod:`benchmarks.explanations.perturbations`; ``effect`` makes one number of
    their effects on one query's ranking (:mod:`benchmarks.explanations.counterfactuals`), None where undefined. Only
    ``benchmarks.explain`` computes it.
    """

    needs: ClassVar[frozenset[str]]
    higher_is_better: ClassVar[bool]
    range: ClassVar[tuple[float, float]]
    missing: ClassVar[float]
    version: ClassVar[int]
    family: ClassVar[str]
    asks: ClassVar[tuple[str, ...]]

    def effect(self, of: Callable[[str], float | None]) -> float | None: ...


class JudgedMetric(Protocol):
    """A score by those who read the rationale (``needs`` has ``judged``): the mean of the answers to ``question`` on
    one rationale, each a whole number in ``range``. Only ``benchmarks.explain`` computes it.
    """

    needs: ClassVar[frozenset[str]]
    higher_is_better: ClassVar[bool]
    range: ClassVar[tuple[float, float]]
    version: ClassVar[int]
    family: ClassVar[str]
    question: ClassVar[str]


class CorpusMetric(Protocol):
    """A score of all predictions together (coverage).

    ``statistic`` prepares once and returns the score as a function of how often each query is counted (an array of
    integers, in the order of the examples): ones give the value itself, the bootstrap draws others. Failed predictions
    arrive with an empty ranking and no rationale.
    """

    needs: ClassVar[frozenset[str]]
    higher_is_better: ClassVar[bool]
    range: ClassVar[tuple[float, float]]
    version: ClassVar[int]
    cuts: ClassVar[bool]

    def __init__(self, items: Mapping[str, Item], k: int | None = None) -> None: ...
    def statistic(
        self, predictions: Sequence[Prediction], examples: Sequence[Example]
    ) -> Callable[[np.ndarray], float]: ...
