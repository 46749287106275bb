"""The profile of a user and the description of an item (ReasoningRec, figure 1a), from what is counted.

Both are lines of a few words, one fact a line, so that a small model has each as a token of its own. A profile rests on
the history alone, a description on the item's attributes and on what *other* users say of it. Neither reads the answer
of the pair, nor the review that goes with it; the paper's descriptions do read the user's own review.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence

from benchmarks.models.lr_recsys.evidence import WORDS, Claim, EvidenceWriter
from rad.data.load import open_dataset
from rad.data.splits import query_id
from rad.errors import RadError
from rad.types import Item, Pair, Query

VALUES = 12  # of a profile: those that are liked or disliked most
SHOWN = 24  # values of a description
TITLE = 80  # letters of a title
RATINGS = 1  # of a profile: the last ones
REVIEW = 60  # letters of a review that leaks
LEVELS = {
    3: "strongly for",
    2: "clearly for",
    1: "a little for",
    0: "no matter",
    -1: "a little against",
    -2: "clearly against",
    -3: "strongly against",
}
"""How strongly something speaks for an item, in words."""
_LIKED = {3: "Strongly liked", 2: "Clearly liked", 1: "A little liked"}
_DISLIKED = {-1: "A little disliked", -2: "Clearly disliked", -3: "Strongly disliked"}
_HIGHER = {0: "as the mean", **{s * k: f"{w} {d}" for k, w in ((3, "much"), (2, "clearly"), (1, "a little"))
                                for s, d in ((1, "above the mean"), (-1, "below the mean"))}}  # fmt: skip


def level_of(strength: float) -> int:
    """One of ``LEVELS`` for a strength in ratings, by the bounds of :mod:`~benchmarks.models.lr_recsys.evidence`."""
    size = next((3 - k for k, (least, _) in enumerate(WORDS) if abs(strength) >= least), 0)
    return size if strength > 0 else -size


class Texts:
    """Writes profiles and descriptions.

    Args:
        writer: Counts.
        items: For the title of each item in its description, which models read that know words; None: no titles.

    Attributes:
        kinds: What a line of reasoning can be about: each attribute, what ``others`` say, and how the ``user`` rates.
    """

    def __init__(self, writer: EvidenceWriter, items: Mapping[str, Item] | None = None) -> None:
        self.writer, self.items = writer, items
        self.kinds = (*writer.catalogue.attributes, "others", "user")

    def profile(self, query: Query, claims: Sequence[Claim]) -> str:
        """How the user rates, and what of the history is liked and disliked most; "Nothing yet" without a history."""
        n, _, has_ratings, residuals = self.writer.history(query)
        if not n:
            return "Nothing yet\n"
        lines = [f"{len(query.history)} items\n"]
        if has_ratings:
            lines.append(f"ratings {_HIGHER[level_of(_strength(claims, 'user'))]}\n")
            lines += [f"last {x.rating:g}\n" for x in query.history[-RATINGS:] if x.rating is not None]
        likings = {value: self.writer.liking(value, own, n) for value, own in residuals.items()}
        most = sorted(likings, key=lambda value: (-abs(likings[value]), value))[:VALUES]
        for level, words in (_LIKED | _DISLIKED).items():
            own = [value for value in most if level_of(likings[value]) == level]
            lines += [f"{words}\n" if own else "", *(self._named(value) for value in own)]
        return "".join(lines)

    def description(self, pair: Pair, claims: Sequence[Claim]) -> str:
        """The item's title if titles are read, its attribute values, and how others rate it."""
        catalogue = self.writer.catalogue
        lines = [self._named(value) for value in catalogue.item_values[catalogue.index[pair.item_id]][:SHOWN]]
        if self.items is not None:
            lines.insert(0, textwrap.shorten(self.items[pair.item_id].title, TITLE, placeholder="") + "\n")
        is_new = any(claim.kind == "others" and "nobody else" in claim.text for claim in claims)
        others = "nobody else has it" if is_new else f"others {_HIGHER[level_of(_strength(claims, 'others'))]}"
        return "".join([*lines, f"{others}\n"])

    def values_of(self, item_id: str, kind: str) -> str:
        """The item's values of an attribute in words; empty for other kinds."""
        catalogue = self.writer.catalogue
        names = [catalogue.values[value] for value in catalogue.item_values[catalogue.index[item_id]]]
        return " and ".join(word for name, word in names if name == kind)

    def _named(self, value: int) -> str:
        name, word = self.writer.catalogue.values[value]
        return f"{name} {word}\n"


def own_reviews(domain: str) -> dict[str, str]:
    """A line for each pair whose user has reviewed the item, by query id: what no model may read before it answers.

    Raises:
        RadError: The domain has no reviews.
    """
    sequences = open_dataset(domain).sequences
    reviews = {
        query_id(user, k): f"review {textwrap.shorten(x.review, REVIEW, placeholder='')}\n"
        for user, sequence in sequences.items()
        for k, x in enumerate(sequence)
        if x.review
    }
    if not reviews:
        raise RadError(f"leak={domain}: the domain has no reviews, so nothing can leak from them")
    return reviews


def _strength(claims: Sequence[Claim], kind: str) -> float:
    return sum(claim.strength for claim in claims if claim.kind == kind)
