"""Reliability data (Krippendorff's term): a group's answers to one question as an array, and its coefficients."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from annotation.agreement import coefficients
from annotation.agreement.coefficients import Array, Statistic
from annotation.campaign.judgements import ERRORS, OPTIONS, QUESTIONS, Answered, Kind, Span, Value
from rad.errors import RadError


@dataclass(frozen=True, slots=True)
class ReliabilityData:
    """The answers to one question.

    Attributes:
        codes: (records, reviewers), which of the ``values`` each answer is; -1 where there is none.
        distance: (V, V) between the values. None where it is ordinal (it depends on all answers) or of characters.
        texts: Characters of each record's text, for spans only.
    """

    question: str
    kind: Kind
    values: tuple[Value, ...]
    codes: Array
    distance: Array | None = None
    texts: tuple[int, ...] = ()

    @classmethod
    def of(
        cls,
        question: str,
        answers: Sequence[Answered],
        records: Mapping[str, int],
        reviewers: Mapping[str, int],
        lengths: Mapping[str, int] | None,
    ) -> ReliabilityData:
        """Tabulate answers to one question.

        Args:
            question: One of those of the form.
            answers: Those to this question; none that a judge abstained from.
            records: Row of each rationale id.
            reviewers: Column of each annotator.
            lengths: Characters of each draft's text by rationale id.

        Raises:
            RadError: The question has spans, and there are no lengths.
        """
        kind = QUESTIONS[question]
        values: Sequence[Value] = OPTIONS.get(question, ())
        if kind in ("set", "spans"):
            values = sorted({one.value for one in answers if one.value is not None}, key=sorted)
        # Codes instead of answers, so that scales, verdicts, sets and spans are all counted by the same array code
        number = {value: k for k, value in enumerate(values)}
        codes = np.full((len(records), len(reviewers)), -1)
        for one in answers:
            assert one.value is not None
            codes[records[one.judgement.rationale_id], reviewers[one.judgement.annotator]] = number[one.value]
        if kind == "spans":
            if lengths is None:
                raise RadError(f"{question}: agreement on spans needs the lengths of the drafts' texts")
            return cls(question, kind, tuple(values), codes, texts=tuple(lengths[name] for name in records))
        distance = None
        if kind == "nominal":
            distance = coefficients.nominal(len(values))
        elif kind == "set":
            distance = coefficients.masi(_sets(values))
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
                return {"weighted_kappa": coefficients.masi(_sets(self.values))}
        return {}

    def statistic(self) -> Statistic:
        """``alpha`` of all reviewers, on scales ``alpha_interval`` too."""
        if self.kind == "spans":
            return coefficients.spans_alpha([list(self._masks(row).values()) for row in range(len(self.codes))])
        counts = coefficients.counts_of(self.codes, len(self.values))
        return coefficients.scale_alpha(counts) if self.distance is None else coefficients.alpha(counts, self.distance)

    def by_code(self) -> dict[str, Statistic]:
        """``alpha`` of each error code, given or not."""
        out = {}
        for code in ERRORS if self.question == "errors" and self.values else ():
            # (V + 1,): whether each value holds the code; the last entry is that of -1, no answer
            holds = np.array([code in value for value in _sets(self.values)] + [False]).astype(int)
            codes = np.where(self.codes >= 0, holds[self.codes], -1)
            out[code] = coefficients.alpha(coefficients.counts_of(codes, 2), coefficients.nominal(2))
        return out

    def pairs(self) -> dict[tuple[int, int], Statistic]:
        """``alpha`` and kappas of every two reviewers who share a record."""
        has_answer = (self.codes >= 0).astype(int)
        shared = has_answer.T @ has_answer  # (reviewers, reviewers): records that both answered
        pairs = [(i, j) for i, j in combinations(range(len(shared)), 2) if shared[i, j]]
        if self.kind != "spans":
            weights = self.weights()
            return {
                (i, j): coefficients.pair(self.codes[:, i], self.codes[:, j], self.distance, weights) for i, j in pairs
            }
        masks = [self._masks(row) for row in range(len(self.codes))]
        return {
            (i, j): coefficients.spans_alpha([[m[i], m[j]] if i in m and j in m else [] for m in masks])
            for i, j in pairs
        }

    def exact(self, columns: Sequence[int] | None = None) -> float | None:
        """The share of pairs of answers to one record that are equal; of some reviewers where ``columns`` are given."""
        codes = self.codes if columns is None else self.codes[:, list(columns)]
        # (records, V) counts give, per record, ordered pairs of answers and those of them that are equal
        counts = coefficients.counts_of(codes, len(self.values))
        total = counts.sum(axis=1)
        pairs = (total * (total - 1)).sum()
        return float((counts * (counts - 1)).sum() / pairs) if pairs else None

    def spread(self) -> Array:
        """(records,): mean distance of two answers, 0 to 1 (scales: difference over its range; spans: 1 - IoU)."""
        if self.kind == "spans":
            return np.array([_apart(list(self._masks(row).values())) for row in range(len(self.codes))])
        counts, n = coefficients.counts_of(self.codes, len(self.values)), len(self.values)
        # (V, V): a scale's distances, as those of sets and verdicts, are brought to 0 .. 1, so that questions add up
        distance = np.sqrt(coefficients.interval(range(n))) / (n - 1) if self.distance is None else self.distance
        out: Array = coefficients.observed(counts, distance) / np.maximum(counts.sum(axis=1), 1)
        return out

    def distribution(self) -> list[dict[str, int]]:
        """How often each reviewer gave each answer; of sets each code or ``none``, of spans whether there are any."""
        out = []
        # one reviewer's codes (records,) at a time, without -1
        for column in self.codes.T:
            counted: Counter[str] = Counter()
            for code, n in zip(*np.unique(column[column >= 0], return_counts=True), strict=True):
                for name in _names(self.values[code]):
                    counted[name] += int(n)
            out.append({name: counted[name] for name in names_of(self.question) if counted[name]})
        return out

    def _masks(self, row: int) -> dict[int, Array]:
        """Which characters each reviewer of a record marked, by column."""
        columns = np.flatnonzero(self.codes[row] >= 0)
        return {
            int(c): coefficients.span_mask(_spans(self.values[self.codes[row, c]]), self.texts[row]) for c in columns
        }


def names_of(question: str) -> tuple[str, ...]:
    """The answers that a distribution counts, in their order."""
    match QUESTIONS[question]:
        case "set":
            return ("none", *OPTIONS[question])
        case "spans":
            return ("none", "some")
    return OPTIONS[question]


def _names(value: Value) -> Iterable[str]:
    if isinstance(value, frozenset):
        return value or ("none",)
    if isinstance(value, tuple):
        return ("some" if value else "none",)
    return (value,)


def _sets(values: Iterable[Value]) -> list[frozenset[str]]:
    return [value for value in values if isinstance(value, frozenset)]


def _spans(value: Value) -> tuple[Span, ...]:
    assert isinstance(value, tuple)
    return value


def _apart(masks: Sequence[Array]) -> float:
    """Mean of 1 - intersection over union of the characters that two reviewers marked; 0 where both marked none."""
    distances = [1 - (a & b).sum() / union if (union := (a | b).sum()) else 0.0 for a, b in combinations(masks, 2)]
    return float(np.mean(distances)) if distances else 0.0
