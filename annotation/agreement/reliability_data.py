"""The answers of a group of reviewers to one question as an array, and what is computed from it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from annotation.agreement import coefficients
from annotation.agreement.coefficients import Array, Statistic
from annotation.campaign.judgements import ERRORS, OPTIONS, QUESTIONS, Answered, Kind
from rad.errors import RadError


@dataclass(frozen=True, slots=True)
class Panel:
    """``codes`` (records, reviewers) number the ``values``, -1 where there is no answer.

    ``distance`` (V, V) is that of the values, None where it is ordinal (it depends on all answers) or of characters;
    ``texts`` are the lengths of the records' texts, for spans only.
    """

    question: str
    kind: Kind
    values: tuple[Any, ...]
    codes: Array
    distance: Array | None = None
    texts: tuple[int, ...] = ()

    @classmethod
    def of(
        cls,
        question: str,
        given: Sequence[Answered],
        records: Mapping[str, int],
        reviewers: Mapping[str, int],
        lengths: Mapping[str, int] | None,
    ) -> Panel:
        """From answers to one question. ``records`` and ``reviewers`` number the rows and columns."""
        kind = QUESTIONS[question]
        values: Sequence[Any] = OPTIONS.get(question, ())
        if kind in ("set", "spans"):
            values = sorted({one.value for one in given}, key=sorted)
        number = {value: k for k, value in enumerate(values)}
        codes = np.full((len(records), len(reviewers)), -1)
        for one in given:
            codes[records[one.judgement.rationale_id], reviewers[one.judgement.annotator]] = number[one.value]
        if kind == "spans":
            if lengths is None:
                raise RadError(f"{question}: agreement on spans needs the lengths of the drafts' texts")
            return cls(question, kind, tuple(values), codes, texts=tuple(lengths[name] for name in records))
        distance = (
            coefficients.nominal(len(values))
            if kind == "nominal"
            else coefficients.masi(values)
            if kind == "set"
            else None
        )
        return cls(question, kind, tuple(values), codes, distance)

    @property
    def n_answers(self) -> Array:
        """(records,): answers to each."""
        answers: Array = (self.codes >= 0).sum(axis=1)
        return answers

    def weights(self) -> dict[str, Array]:
        """Disagreement weights of Cohen's kappas by name; none for spans."""
        plain = coefficients.nominal(len(self.values))
        match self.kind:
            case "ordinal":
                return {"kappa": plain, "weighted_kappa": coefficients.interval(range(len(self.values)))}
            case "nominal":
                return {"kappa": plain}
            case "set":
                return {"weighted_kappa": coefficients.masi(self.values)}
        return {}

    def statistic(self) -> Statistic:
        """``alpha`` of all reviewers, on scales ``alpha_interval`` too."""
        if self.kind == "spans":
            return coefficients.spans_alpha([list(self._marks(row).values()) for row in range(len(self.codes))])
        counts = coefficients.counts_of(self.codes, len(self.values))
        return coefficients.scale_alpha(counts) if self.distance is None else coefficients.alpha(counts, self.distance)

    def by_code(self) -> dict[str, Statistic]:
        """``alpha`` of each error code, given or not."""
        out = {}
        for code in ERRORS if self.kind == "set" and self.values else ():
            given = np.array([code in value for value in self.values] + [False]).astype(int)
            codes = np.where(self.codes >= 0, given[self.codes], -1)
            out[code] = coefficients.alpha(coefficients.counts_of(codes, 2), coefficients.nominal(2))
        return out

    def pairs(self) -> dict[tuple[int, int], Statistic]:
        """``alpha`` and kappas of every two reviewers who share a record."""
        there = (self.codes >= 0).astype(int)
        met = there.T @ there
        found = [(i, j) for i, j in combinations(range(len(met)), 2) if met[i, j]]
        if self.kind != "spans":
            weights = self.weights()
            return {
                (i, j): coefficients.pair(self.codes[:, i], self.codes[:, j], self.distance, weights) for i, j in found
            }
        marks = [self._marks(row) for row in range(len(self.codes))]
        return {
            (i, j): coefficients.spans_alpha([[m[i], m[j]] if i in m and j in m else [] for m in marks])
            for i, j in found
        }

    def exact(self, columns: Sequence[int] | None = None) -> float | None:
        """The share of pairs of answers to one record that are equal; of some reviewers where ``columns`` are given."""
        codes = self.codes if columns is None else self.codes[:, list(columns)]
        counts = coefficients.counts_of(codes, len(self.values))
        total = counts.sum(axis=1)
        pairs = (total * (total - 1)).sum()
        return float((counts * (counts - 1)).sum() / pairs) if pairs else None

    def spread(self) -> Array:
        """(records,): mean distance of two answers, 0 to 1 (scales: difference over its range; spans: 1 - IoU)."""
        if self.kind == "spans":
            return np.array([_apart(list(self._marks(row).values())) for row in range(len(self.codes))])
        counts, n = coefficients.counts_of(self.codes, len(self.values)), len(self.values)
        distance = np.sqrt(coefficients.interval(range(n))) / (n - 1) if self.distance is None else self.distance
        out: Array = coefficients.observed(counts, distance) / np.maximum(counts.sum(axis=1), 1)
        return out

    def distribution(self) -> list[dict[str, int]]:
        """How often each reviewer gave each answer; of sets each code or ``none``, of spans whether there are any."""
        out = []
        for column in self.codes.T:
            counted: Counter[str] = Counter()
            for code, n in zip(*np.unique(column[column >= 0], return_counts=True), strict=True):
                for name in _names(self.kind, self.values[code]):
                    counted[name] += int(n)
            out.append({name: counted[name] for name in names_of(self.question) if counted[name]})
        return out

    def _marks(self, row: int) -> dict[int, Array]:
        """Which characters each reviewer of a record marked, by column."""
        there = np.flatnonzero(self.codes[row] >= 0)
        return {int(c): coefficients.marks(self.values[self.codes[row, c]], self.texts[row]) for c in there}


def names_of(question: str) -> tuple[str, ...]:
    """The answers that a distribution counts, in their order."""
    match QUESTIONS[question]:
        case "set":
            return ("none", *OPTIONS[question])
        case "spans":
            return ("none", "some")
    return OPTIONS[question]


def _names(kind: Kind, value: Any) -> Iterable[str]:
    if kind == "set":
        return value or ("none",)
    if kind == "spans":
        return ("some" if value else "none",)
    return (value,)


def _apart(marks: Sequence[Array]) -> float:
    """Mean of 1 - intersection over union of the characters that two reviewers marked; 0 where both marked none."""
    found = [
        1 - (a & b).sum() / union if (union := (a | b).sum()) else 0.0 for a, b in combinations(marks, 2)
    ]  # fmt: skip
    return float(np.mean(found)) if found else 0.0
