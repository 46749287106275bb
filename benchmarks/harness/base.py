"""What a model and a metric promise the harness: the bases of every file in ``benchmarks/models`` and ``metrics``.

A file defines ``class Model(Recommender)``, or ``class Metric(QueryMetric)`` (or another of the metric bases below).
Everything optional has a default here, so a file states only what is special about it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
from pydantic import BaseModel, ConfigDict, field_validator

from rad.rationales.facts import Facts
from rad.types import Example, Item, Pair, PairPrediction, Prediction, Query, Rationale

TaskName = Literal["ranking", "rating", "choice"]
CUT = 100  # the longest ranking
RATIONALE = frozenset({"rationale"})
FAMILIES = (
    *(
        "ranking",
        "pairs",
        "soundness",
        "choice",
        "grounding",
        "correctness",
        "faithfulness",
        "reader gain",
        "specificity",
    ),
    *("contrast", "overlap", "judged"),
)
"""The families of metrics in the order in which tables show them; others follow."""


LARGEST = 10**7  # of a setting: beyond it a run ends in an overflow or out of memory, or not at all


class ModelSettings(BaseModel):
    """Base of a model's ``Settings``: every field has a default and a description; unknown names are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())

    @field_validator("*")
    @classmethod
    def _moderate(cls, value: object) -> object:
        if isinstance(value, int | float) and not abs(value) <= LARGEST:
            raise ValueError(f"must be a number of at most {LARGEST:,}, found {value:g}")
        return value


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


class BenchmarkModel(ABC):
    """What every model states, whether it ranks a catalogue or scores pairs.

    Attributes:
        tasks: What it can be asked.
        Settings: What ``--set`` may change.
        settings: Those of this model; annotate it with the model's own ``Settings``.
        baselines: Models whose results belong on this one's table.
        test_settings: Settings with which a model that is slow to fit takes seconds; tests use them.
        search_space: The values of settings that ``benchmarks.tune`` may try, the default first. A model that chooses
            its settings inside ``fit`` has none.
        tuned_arm: An arm whose tuning log serves where there is no nearer one.
        stochastic: The seed changes the answers.
        sequential: The order of the history matters: the model is refused where a domain has no order.
        rerank_only: The model ranks candidates and no catalogue: it is refused without a candidate file.
        required: Settings without a usable default.
        device: The accelerator that the model uses, if any.
        seconds_saved: Seconds of fitting that the model's own cache saved; they count as its cost.
        tokens_written: How many tokens the last ``predict`` wrote; None where none were counted.
    """

    class Settings(ModelSettings):
        """None."""

    tasks: ClassVar[tuple[TaskName, ...]]
    settings: ModelSettings
    baselines: ClassVar[tuple[str, ...]] = ()
    test_settings: ClassVar[Mapping[str, Any]] = {}
    search_space: ClassVar[Mapping[str, tuple[object, ...]]] = {}
    tuned_arm: ClassVar[str | None] = None
    stochastic: ClassVar[bool] = False
    sequential: ClassVar[bool] = False
    rerank_only: ClassVar[bool] = False
    required: ClassVar[tuple[str, ...]] = ()
    device: str = "cpu"
    seconds_saved: float = 0.0
    tokens_written: int | None = None

    def __init__(self, settings: ModelSettings | None = None) -> None:
        self.settings = settings or self.Settings()

    @property
    @abstractmethod
    def card(self) -> ModelCard:
        """Readable before ``fit``, where it makes the run's id, and after, where it goes into the result."""


class Recommender(BenchmarkModel):
    """A model that ranks a catalogue."""

    tasks: ClassVar[tuple[TaskName, ...]] = ("ranking",)

    @abstractmethod
    def fit(
        self, train: Sequence[Example], validation: Sequence[Example], items: Mapping[str, Item], seed: int
    ) -> None:
        """Learn from examples and the catalogue.

        Args:
            train: Examples to learn from.
            validation: Examples on which to choose settings; they may then join the statistics. Empty where the
                validation split itself is answered.
            items: The whole catalogue, in the order that breaks ties.
            seed: Of all chance.
        """

    @abstractmethod
    def predict(self, queries: Sequence[Query]) -> Iterator[Prediction]:
        """One prediction a query, in order, the same for the same seed.

        A ranking holds at most 100 distinct items, the best first and none of ``Query.unranked``. A query that fails
        yields ``Prediction(..., ranking=(), error="...")``.
        """


class PairModel(BenchmarkModel):
    """A model that scores pairs of a user and an item: a rating, or the probability of a like."""

    tasks: ClassVar[tuple[TaskName, ...]] = ("rating", "choice")

    @abstractmethod
    def fit(self, train: Sequence[Pair], validation: Sequence[Pair], items: Mapping[str, Item], seed: int) -> None:
        """Learn from pairs with their answers (:func:`rad.data.pairs.answer_of`).

        Args:
            train: Pairs to learn from; all have ratings, or all say whether the item was liked.
            validation: Pairs on which to choose settings; they may then join the statistics. Empty where the
                validation split itself is answered.
            items: The whole catalogue, in the order that breaks ties.
            seed: Of all chance.
        """

    @abstractmethod
    def rate(self, pairs: Sequence[Pair]) -> Iterator[PairPrediction]:
        """One prediction a pair, in order: ``rating`` where training had ratings, ``probability`` where it had likes.

        The pairs are without their answers. One that fails yields ``PairPrediction(..., error="...")``.
        """


class RationaleRecommender(Recommender):
    """A model whose ranking follows from a rationale: it can be asked to rank given another one."""

    @abstractmethod
    def rank_given(self, queries: Sequence[Query], rationales: Sequence[Rationale]) -> Iterator[Prediction]:
        """Rank each query from the rationale beside it; ``predict`` goes through here with its own."""


class Metric(ABC):
    """What every metric states.

    Attributes:
        tasks: What it scores.
        title: The metric's name in tables, without its cut.
        hint: In a few words, what the number is.
        needs: Any of ``rationale`` (the prediction has one), ``known`` (the example's reasons are known), ``supported``
            (they are known and explain the choice), ``contrast`` (the rejected alternative is known), ``facts`` (there
            are training purchases to count), ``model`` (the model is asked again) and ``judged`` (somebody read the
            rationale). Where an example lacks what is needed the metric is undefined. A metric without needs is
            sliced.
        higher_is_better: The direction.
        range: The least and the largest value.
        missing: What a prediction scores that fails or lacks its rationale; None: the worst of the range. A metric of
            differences states 0: no rationale changes nothing.
        version: Raise it when the code comes to score differently.
        cuts: Whether ``name@k`` means something; ``k`` is None without it.
        default_cut: The cut with which the metric stands in tables.
        family: Its group in tables, one of ``FAMILIES``.
        position: Its place within the family.
        ranked: False where the metric is shown but never ranked by.
        default: ``benchmarks.run`` computes the metric unless ``--metrics`` says otherwise.
        headline: The metric has a column in the short tables: ranking in the terminal and on the results page, and the
            leaderboard. Metrics of explanations stand in the long tables without it.
        plotted: The page of ``benchmarks.report`` shows NDCG@10 by this metric.
        facts: Counted from the training split; the harness sets them where ``needs`` has ``facts``.
    """

    tasks: ClassVar[tuple[TaskName, ...]] = ("ranking",)
    title: ClassVar[str] = ""
    hint: ClassVar[str] = ""
    needs: ClassVar[frozenset[str]] = frozenset()
    higher_is_better: ClassVar[bool] = True
    range: ClassVar[tuple[float, float]] = (0.0, 1.0)
    missing: ClassVar[float | None] = None
    version: ClassVar[int] = 1
    cuts: ClassVar[bool] = False
    default_cut: ClassVar[int | None] = None
    family: ClassVar[str] = "ranking"
    position: ClassVar[int] = 50
    ranked: ClassVar[bool] = True
    default: ClassVar[bool] = False
    headline: ClassVar[bool] = False
    plotted: ClassVar[bool] = False
    facts: Facts

    def __init__(self, items: Mapping[str, Item], k: int | None = None) -> None:
        self.items, self.k = items, k

    @classmethod
    def better(cls) -> Literal["higher", "lower", "unranked"]:
        """Which way is better, as tables say it."""
        return "unranked" if not cls.ranked else "higher" if cls.higher_is_better else "lower"

    @classmethod
    def worst(cls) -> float:
        """What a prediction scores that fails or lacks its rationale."""
        return cls.range[0 if cls.higher_is_better else 1] if cls.missing is None else cls.missing


class QueryMetric(Metric):
    """A score of one prediction. It is asked only where all needs are met."""

    @abstractmethod
    def score(self, prediction: Prediction, example: Example) -> float | None:
        """None where the metric is undefined: that lowers ``n``."""

    def score_each(self, predictions: Sequence[Prediction], examples: Sequence[Example]) -> Sequence[float | None]:
        """One value a pair, in order."""
        return [self.score(p, e) for p, e in zip(predictions, examples, strict=True)]


class BatchMetric(QueryMetric):
    """A score of one prediction that is quicker for many at once, or that depends on other users' rationales."""

    def score(self, prediction: Prediction, example: Example) -> float | None:
        return self.score_each([prediction], [example])[0]

    @abstractmethod
    def score_each(self, predictions: Sequence[Prediction], examples: Sequence[Example]) -> Sequence[float | None]:
        """One value a pair, in order."""


class PairMetric(Metric):
    """A score of predicted ratings or probabilities.

    It is a mean over pairs, so that intervals, slices, seeds and paired tests are those of every other metric. A score
    that is no mean by itself (RMSE, AUC) gives its influence values: numbers whose mean is the score, and whose spread
    is that of the score (Efron and Tibshirani 1993, chapter 21).
    """

    family: ClassVar[str] = "pairs"

    @abstractmethod
    def values(self, answers: PairAnswers) -> np.ndarray:
        """[pairs]: numbers whose mean is the score; all NaN where it is undefined (one class only)."""


class PairAnswers(NamedTuple):
    """What was predicted, and what was right; each [pairs].

    Attributes:
        predicted: Ratings, or probabilities of a like.
        actual: Ratings, or 1 for a like and 0 for none.
        liked: Whether the item was liked.
    """

    predicted: np.ndarray
    actual: np.ndarray
    liked: np.ndarray


class CorpusMetric(Metric):
    """A score of all predictions together (coverage)."""

    @abstractmethod
    def statistic(
        self, predictions: Sequence[Prediction], examples: Sequence[Example]
    ) -> Callable[[np.ndarray], float]:
        """Prepare once, and return the score as a function of how often each query is counted.

        Args:
            predictions: One a query; failed ones have an empty ranking and no rationale.
            examples: In the same order.

        Returns:
            A function of whole numbers [queries]: ones give the value itself, the bootstrap draws others.
        """


class AskingMetric(Metric):
    """A score of a model that is asked again. Only ``benchmarks.explain`` computes it.

    Attributes:
        asks: Inputs of :mod:`benchmarks.explanations.changes.perturbations` whose answers the metric needs.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"rationale", "model"})
    asks: ClassVar[tuple[str, ...]]


class FaithfulnessMetric(AskingMetric):
    """A score of how a model's ranking follows from its rationale."""

    range: ClassVar[tuple[float, float]] = (-1.0, 1.0)
    missing: ClassVar[float | None] = 0.0
    family: ClassVar[str] = "faithfulness"

    def effect(self, of: Callable[[str], float | None]) -> float | None:
        """One number from the effects of the inputs on a query's ranking; None where undefined.

        Args:
            of: The effect of an input by its name (:mod:`benchmarks.explanations.changes.counterfactuals`).
        """
        (name,) = self.asks
        return of(name)


class Outcome(NamedTuple):
    """How well a model ranked from an input.

    ``ndcg`` is NDCG@10; ``rank`` that of the target among the first 100, from 0, or None; ``unexplained`` the share
    that the input's rationale leaves unexplained.
    """

    ndcg: float
    rank: int | None
    unexplained: float


OutcomeOf = Callable[[str], Outcome | None]
"""The outcome of an input by its name; None where there is no such input, or the answer cannot be used."""


class GainMetric(AskingMetric):
    """A score of how well a model ranks from one input beside another: a mean over queries.

    A query without a rationale scores ``missing``; None: undefined.
    """

    range: ClassVar[tuple[float, float]] = (-1.0, 1.0)
    missing: ClassVar[float | None] = 0.0
    family: ClassVar[str] = "choice"

    @abstractmethod
    def gains(self, of: OutcomeOf) -> Mapping[str, float | None]:
        """The values of one query, by slice: ``all``, and others that the metric names."""


class RatioMetric(AskingMetric):
    """A sum over queries divided by another: queries for which both are 0 change nothing. None has a value alone."""

    family: ClassVar[str] = "choice"

    @abstractmethod
    def parts(self, of: OutcomeOf) -> tuple[float, float] | None:
        """What a query adds to either sum; None where undefined."""


class JudgedMetric(Metric):
    """A score by those who read the rationale, people or a model, on a scale of 1 to 5.

    It is the mean of the answers to ``question`` on one rationale. Only ``benchmarks.explain`` computes it.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"rationale", "judged"})
    range: ClassVar[tuple[float, float]] = (1.0, 5.0)
    family: ClassVar[str] = "judged"
    question: ClassVar[str]
