"""What the metrics over the words of rationales share: plain texts, features named in them, and other users.

A text counts up to its first ``LONGEST`` characters (what people are asked to read): listing the catalogue gains
nothing. Citations (``[3]``) are no words: numbers that differ do not make two texts different.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence

import numpy as np

from rad.features.bm25 import tokenize
from rad.rationales.claims import CITATION, Matcher
from rad.types import Example, Item, Prediction

LONGEST = 2000


def text_of(prediction: Prediction) -> str:
    """The text that counts; empty where there is no rationale."""
    return prediction.rationale.text[:LONGEST] if prediction.rationale else ""


def plain(text: str) -> str:
    """The text without its citations."""
    return CITATION.sub(" ", text)


def sentence(text: str) -> str:
    """A text in a form in which equal wording is equal: lowercase words, without citations and punctuation."""
    return " ".join(tokenize(plain(text)))


class Features:
    """The features of a catalogue: the names of its attribute values, each once, whatever attributes have it."""

    def __init__(self, items: Mapping[str, Item]) -> None:
        self.matcher = Matcher(items.values())
        names = {sentence(v) for item in items.values() for values in item.attributes.values() for v in values}
        self.number = {name: k for k, name in enumerate(sorted(names - {""}))}

    def of(self, text: str) -> frozenset[int]:
        """Numbers of the features that a text names."""
        named = {sentence(value) for mention in self.matcher.find(text) for _, value in mention.claims}
        return frozenset(self.number[name] for name in named if name in self.number)


def partners(examples: Sequence[Example], share: float = 0.5) -> np.ndarray | None:
    """For each example the place of one of another user, every place once; None where all are of one user.

    Examples stand in the order of a hash of their ids, user by user. Each gets the one that stands ``share`` of them
    further on, or as near to that as there are other users: the ids alone decide.
    """
    users = [e.query.user_id for e in examples]
    keys = [(zlib.crc32(u.encode()), u, e.query.query_id) for u, e in zip(users, examples, strict=True)]
    # order: examples by hash; user: the number of the user at each place of that order
    order = np.array(sorted(range(len(keys)), key=keys.__getitem__), np.int64)
    user, n = np.unique(users, return_inverse=True)[1][order] if users else order, len(order)
    for step in sorted(range(1, n), key=lambda s: abs(s - share * n)):
        moved = np.roll(np.arange(n), -step)
        if (user != user[moved]).all():
            out = np.empty(n, np.int64)
            out[order] = order[moved]
            return out
    return None
