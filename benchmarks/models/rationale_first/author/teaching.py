"""The lessons of the language model: what the selector would write for training prefixes, and what arms say instead."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.language.lessons import Demonstration
from benchmarks.language.tokens import Case
from benchmarks.models.rationale_first.author.shortlist import shortlists
from rad.types import Example, Reason

if TYPE_CHECKING:
    from benchmarks.models.rationale_first.model import Model

QUARTER = 4
BLOCK = 200  # prefixes whose facts are held at once


@dataclass(frozen=True)
class Curriculum:
    """L lessons in random order.

    Attributes:
        lessons: Prompts and answers.
        targets: (L,) catalogue positions of what was bought.
        folds: (L,) fold of each user: what is known of others is counted without it.
    """

    lessons: list[Demonstration]
    targets: np.ndarray
    folds: np.ndarray


def curriculum(
    model: Model, train: Sequence[Example], own: Mapping[str, Sequence[int]], lessons: int, seed: int
) -> Curriculum:
    """Some training prefixes, each under the counts that leave its user's fold out.

    Args:
        model: Its selector and head are trained.
        train: All training prefixes.
        own: Catalogue positions of each user's training purchases.
        lessons: How many prefixes.
        seed: Which prefixes, in which order.
    """
    s, (fold, neighbours) = model.settings, model.folds(own)
    prefixes, rng = model.new(train), np.random.default_rng(seed)
    some = rng.permutation(len(prefixes))[:lessons]
    folds = np.array([fold[prefixes[k].query.user_id] for k in some], dtype=np.int64)
    demonstrations, targets = list[Demonstration](), list[int]()
    for f in range(len(neighbours)):
        for part in _parts([prefixes[k] for k in some[folds == f]]):
            queries = [e.query for e in part]
            options = model.options(queries, neighbours[f])
            choices = model.choices(options, neighbours[f])
            shown = shortlists(model.selector, options, model.facts, queries, choices, neighbours[f], s.facts)
            for query, short, choice in zip(queries, shown, choices, strict=True):
                pairs = [(model.facts.reason(options.table, k, query), level) for k, level in choice.options]
                demonstrations.append(Demonstration(Case(query, short.facts, short.hints), pairs, choice.rest))
            targets += [model.facts.catalogue.index[next(iter(e.relevant))] for e in part]
    order = rng.permutation(len(demonstrations))
    mixed = altered([demonstrations[k] for k in order], s.answers, rng)
    return Curriculum(mixed, np.array(targets, dtype=np.int64)[order], np.sort(folds)[order])


def _parts(examples: Sequence[Example]) -> Iterator[Sequence[Example]]:
    for start in range(0, len(examples), BLOCK):
        yield examples[start : start + BLOCK]


def altered(lessons: Sequence[Demonstration], answers: str, rng: np.random.Generator) -> list[Demonstration]:
    """The lessons of an arm.

    ``shuffled``: each answer has the letters and strengths of another one, so that it looks right and says nothing.
    ``quarter``: each has the first quarter of its reasons.
    """
    if answers == "quarter":
        return [replace(one, chosen=strongest(one)[: max(1, len(one.chosen) // QUARTER)]) for one in lessons]
    if answers == "shuffled":
        others = rng.permutation(len(lessons))
        return [_as_in(one, lessons[k]) for one, k in zip(lessons, others, strict=True)]
    return list(lessons)


def strongest(lesson: Demonstration) -> list[tuple[Reason, int]]:
    """The chosen reasons, strongest first."""
    return sorted(lesson.chosen, key=lambda pair: -pair[1])


def _as_in(lesson: Demonstration, other: Demonstration) -> Demonstration:
    """The lesson with the letters and strengths that ``other`` has, as far as it has so many facts."""
    letters = [(other.case.facts.index(fact), level) for fact, level in other.chosen if fact in other.case.facts]
    facts = lesson.case.facts
    return replace(lesson, chosen=[(facts[k], level) for k, level in letters if k < len(facts)], rest=other.rest)
