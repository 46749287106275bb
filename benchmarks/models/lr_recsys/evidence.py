"""Explanations of a pair without a language model: what is counted of it, for and against, in plain sentences.

A claim is one thing that is counted: how the user rated what shares an attribute value with the item, whether a usual
value is missing from the history, which item of the history is described most like it, how strict the user is, what
other users say of the item. Its strength is in ratings (how far a mean lies from what is usual, shrunk), and the text
says it in words: a little, clearly, strongly. The strongest claims make the explanation.

The pair's own answer is not read, nor is any review. What others say is counted by
:class:`~benchmarks.models.pairs._features.PairFeatures` without the fold of the user, so a training pair never counts
itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from benchmarks.models.pairs._features import PRIOR, PairFeatures
from rad.types import Pair, Query

MOST = 5  # claims in an explanation
RECENT = 30  # items of the history that are read
WORDS = ((0.4, "strongly"), (0.15, "clearly"), (0.04, "a little"))  # the least strength of each word
USUAL = 0.12  # a value this frequent in the catalogue is missed where the history lacks it
MISSING = 0.1  # the strength of a value that is missing


class Claim(NamedTuple):
    """One thing that speaks for an item (a strength above 0) or against it; ``kind`` is an attribute or a word."""

    strength: float
    kind: str
    text: str


class ReadHistory(NamedTuple):
    """The last ``n`` items: their mean rating, whether any has one, and by value the residuals of what has it."""

    n: int
    usual: float
    has_ratings: bool
    residuals: dict[int, list[float]]


class EvidenceWriter:
    """Claims of pairs from what is counted. ``shares`` is [values]: how frequent each is in the catalogue."""

    signature = "evidence"
    version = "1"

    def __init__(self, features: PairFeatures) -> None:
        self.features, self.catalogue = features, features.catalogue
        self.shares = np.asarray(self.catalogue.incidence.mean(0)).ravel()

    def claims(self, pairs: Sequence[Pair], is_training: bool) -> list[list[Claim]]:
        """The claims of each pair, the strongest first."""
        described = self.features.describe(pairs, is_training)
        column = {name: k for k, name in enumerate(self.features.names)}
        out = []
        for pair, row in zip(pairs, described, strict=True):
            claims = self._of_values(pair.query, pair.item_id)
            claims += self._of_others(float(row[column["item_residual"]]), float(np.expm1(row[column["item_count"]])))
            claims += self._of_text(float(row[column["text_residual"]]), float(row[column["text_match"]]))
            claims += self._of_neighbours(float(row[column["neighbour_residual"]]))
            claims += self._of_user(float(row[column["mean_residual"]]))
            out.append(sorted((c for c in claims if abs(c.strength) >= WORDS[-1][0]), key=lambda c: -abs(c.strength)))
        return out

    def _of_values(self, query: Query, item: str) -> list[Claim]:
        """Values of the item: how the user rated what has them, or that nothing in the history has."""
        n, usual, has_ratings, counts = self.history(query)
        claims = []
        for value in self.catalogue.item_values[self.catalogue.index[item]]:
            name, word = self.catalogue.values[value]
            residuals = counts.get(value, [])
            if not residuals:
                if n >= 3 and self.shares[value] >= USUAL:
                    text = f"none of the last {n} has {name} {word}, which is common."
                    claims.append(Claim(-MISSING, name, f"A little against: {text}"))
                continue
            mean = f", rated {usual + sum(residuals) / len(residuals):.1f} where {usual:.1f} is usual"
            text = f"{len(residuals)} of the last {n} have {name} {word}{mean if has_ratings else ''}."
            claims.append(_claim(self.liking(value, residuals, n), name, text))
        return claims

    def history(self, query: Query) -> ReadHistory:
        """The last items and, by attribute value, how the user rated those that have it."""
        recent = query.history[-RECENT:]
        rated = [x.rating for x in recent if x.rating is not None]
        usual = sum(rated) / len(rated) if rated else self.features.mean_rating
        residuals: dict[int, list[float]] = {}
        for x in recent:
            for value in self.catalogue.item_values[self.catalogue.index[x.item_id]]:
                residuals.setdefault(value, []).append(0.0 if x.rating is None else x.rating - usual)
        return ReadHistory(len(recent), usual, bool(rated), residuals)

    def liking(self, value: int, residuals: Sequence[float], n: int) -> float:
        """How much a value is liked, in ratings, from the items among the last ``n`` that have it."""
        # without ratings, or with equal ones, what speaks for a value is that it is chosen more often than usual
        more = len(residuals) / n - float(self.shares[value])
        return sum(residuals) / (len(residuals) + PRIOR / 2) + 0.3 * max(0.0, more)

    def _of_others(self, residual: float, count: float) -> list[Claim]:
        n = round(count)
        if not n:
            return [Claim(-WORDS[-1][0], "others", "A little against: nobody else is known to have it.")]
        word = "higher" if residual > 0 else "lower"
        return [_claim(residual, "others", f"{n} others rate it {abs(residual):.1f} {word} than the mean.")]

    def _of_text(self, residual: float, match: float) -> list[Claim]:
        if match < 0.02:
            return []
        word = "high" if residual > 0 else "low"
        return [_claim(residual, "description", f"what is described like it was rated {word}.")]

    def _of_neighbours(self, residual: float) -> list[Claim]:
        word = "high" if residual > 0 else "low"
        return [_claim(residual, "neighbours", f"what others have beside it, the user rated {word}.")]

    def _of_user(self, residual: float) -> list[Claim]:
        word = "above" if residual > 0 else "below"
        return [_claim(residual, "user", f"the user's ratings lie {abs(residual):.1f} {word} the mean.")]


def texts_of(claims: Sequence[Claim]) -> tuple[str, str]:
    """The explanation for an item and the one against it; an empty one where nothing is to be said."""
    supporting = [c.text for c in claims if c.strength > 0][:MOST]
    opposing = [c.text for c in claims if c.strength < 0][:MOST]
    return " ".join(supporting), " ".join(opposing)


def _claim(strength: float, kind: str, text: str) -> Claim:
    word = next((word for least, word in WORDS if abs(strength) >= least), WORDS[-1][1])
    return Claim(strength, kind, f"{word.capitalize()} {'for' if strength > 0 else 'against'}: {text}")
