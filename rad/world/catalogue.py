"""The catalogue of a world: attributes of every item, its popularity, and the title and description that express them.

Texts use a value's canonical form or a paraphrase, so that matching words and matching meanings find different items.
About one item in twelve is a near-duplicate of another.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from rad.data.splits import public_id
from rad.types import Item
from rad.world.rng import Ints, Purpose, integers, pick, random_words
from rad.world.spec import Claim, Spec

AFFINE = 5  # odds of a value that goes with one drawn before it
CIRCLE = 4  # the same for values of one circle, which come in fives
TWIN_PERCENT = 8
APPEAL_STEP, APPEAL_TOP = 3, 24  # popularity: P(utility >= 3 k) halves with k, up to 24


@dataclass(frozen=True)
class Vocabulary:
    """All values of all attributes, numbered; number ``size`` stands for "no value" and has no effect anywhere."""

    spec: Spec

    @cached_property
    def claims(self) -> tuple[Claim, ...]:
        """(attribute, value) by value number."""
        return tuple((name, value) for name, values in self.spec.values.items() for value in values)

    @cached_property
    def number(self) -> dict[Claim, int]:
        """Value number by (attribute, value)."""
        return {claim: k for k, claim in enumerate(self.claims)}

    @property
    def size(self) -> int:
        """How many values there are, which is the number of "no value"."""
        return len(self.claims)

    def of(self, attribute: str) -> Ints:
        """Numbers of the values of ``attribute``, in the spec's order."""
        return np.array([self.number[attribute, value] for value in self.spec.values[attribute]], dtype=np.int64)


@dataclass(frozen=True)
class ItemTable:
    """``values`` (items, attributes, 2) holds value numbers, mostly one; ``appeal`` (items,) utilities."""

    seed: int
    vocabulary: Vocabulary
    values: Ints
    appeal: Ints
    names: Ints  # index of the invented word of the title

    def __len__(self) -> int:
        return len(self.values)

    @cached_property
    def has(self) -> np.ndarray:
        """(values + 1, items) booleans: which items carry a value. The last row, "none", is all False."""
        out = np.zeros((self.vocabulary.size + 1, len(self)), dtype=bool)
        # one column (items,) of value numbers at a time; "none" is written like a value and cleared at the end
        for column in self.values.reshape(len(self), -1).T:
            out[column, np.arange(len(self))] = True
        out[-1] = False
        return out

    @cached_property
    def ids(self) -> list[str]:
        """Public id of each item, by its row."""
        return [public_id(self.vocabulary.spec.domain, "item", f"item-{i}") for i in range(len(self))]

    @cached_property
    def carried(self) -> list[tuple[int, ...]]:
        """The value numbers of each item, in the order of the attributes."""
        none = self.vocabulary.size
        return [tuple(v for v in row if v != none) for row in self.values.reshape(len(self), -1).tolist()]

    @cached_property
    def items(self) -> list[Item]:
        """The items as records, in the order of the rows."""
        return _items(self)


def build(spec: Spec, seed: int, n: int) -> ItemTable:
    """Draw ``n`` items: the kind first, then each attribute given those before it."""
    vocabulary = Vocabulary(spec)
    item = np.arange(n)
    # (items, attributes, 2): an item's first and second value of each attribute
    values = np.full((n, len(spec.values), 2), vocabulary.size, dtype=np.int64)
    odds = _affinity_odds(vocabulary)
    kinds = tuple(spec.values[spec.kind])
    kind = integers(seed, Purpose.KIND, len(kinds), item)
    parent_of = np.array([vocabulary.number[spec.parent, spec.parents[k]] for k in kinds])
    values[:, 0, 0], values[:, 1, 0] = parent_of[kind], vocabulary.of(spec.kind)[kind]
    drawn: list[Ints] = [values[:, 0, 0], values[:, 1, 0]]
    for f, attribute in enumerate(spec.attributes):
        if f < 2:
            continue
        numbers = vocabulary.of(attribute)
        # (items, values of the attribute): 0 where the item's parent allows no such value, else a product over the
        # values that were drawn before
        weights = np.ones((n, len(numbers)), dtype=np.int64)
        for parent, allowed in spec.allowed.get(attribute, {}).items():
            refused = [k for k, value in enumerate(spec.values[attribute]) if value not in allowed]
            weights[np.ix_(values[:, 0, 0] == vocabulary.number[spec.parent, parent], refused)] = 0
        for earlier in drawn:
            weights *= odds[earlier][:, numbers]
        first = pick(weights, random_words(seed, Purpose.VALUE, item, f))
        values[:, f, 0] = numbers[first]
        drawn.append(values[:, f, 0])
        if attribute in spec.second:
            # every item draws a second value, so that no draw depends on another; few keep it
            weights[item, first] = 0
            more = integers(seed, Purpose.SECOND, 100, item, f) < spec.second[attribute]
            values[more, f, 1] = numbers[pick(weights, random_words(seed, Purpose.SECOND, item, f, 1))][more]
    maker = values[:, -1, 0] - vocabulary.of(spec.attributes[-1])[0]  # each maker has its own few invented words
    each = len(spec.names) // len(spec.values[spec.attributes[-1]])
    names = maker * each + integers(seed, Purpose.VALUE, each, item, len(spec.values))
    _twins(spec, seed, values, names)
    return ItemTable(seed, vocabulary, values, _appeal(seed, item), names)


def _affinity_odds(vocabulary: Vocabulary) -> Ints:
    """(values + 1, values): how many times likelier a value is drawn after another; the last row is "none"."""
    spec, number = vocabulary.spec, vocabulary.number
    odds = np.ones((vocabulary.size + 1, vocabulary.size), dtype=np.int64)
    for value, others in spec.affinity.items():
        for other in others:
            odds[number[value], number[other]] = AFFINE
            odds[number[other], number[value]] = AFFINE
    for circle in spec.circles:
        for value in circle:
            for other in circle:
                if value[0] != other[0]:
                    odds[number[value], number[other]] = CIRCLE
    return odds


def _appeal(seed: int, item: Ints) -> Ints:
    """(items,) utilities: a geometric number of steps, from the zeros at the end of a word, and a remainder."""
    # integers alone: a logarithm of a random float would differ in its last digit from machine to machine
    halvings = np.zeros(len(item), dtype=np.int64)
    coin = random_words(seed, Purpose.APPEAL, item)
    for k in range(1, APPEAL_TOP // APPEAL_STEP + 1):
        halvings += (coin % np.uint64(1 << k)) == 0
    return halvings * APPEAL_STEP + integers(seed, Purpose.APPEAL, APPEAL_STEP, item, 1)


def _twins(spec: Spec, seed: int, values: Ints, names: Ints) -> None:
    """Turn some items into copies of an earlier one, except in one attribute, which keeps its own draw."""
    free = [f for f, a in enumerate(spec.attributes) if a in (*spec.share, spec.limit)]
    item = np.arange(len(values))
    twins = item[integers(seed, Purpose.TWIN, 100, item) < TWIN_PERCENT]
    originals = integers(seed, Purpose.TWIN, np.maximum(twins, 1), twins, 1)
    own_attribute = integers(seed, Purpose.TWIN, len(free), twins, 2)
    for i, j, k in zip(twins.tolist(), originals.tolist(), own_attribute.tolist(), strict=True):
        own_value = values[i, free[k]].copy()
        if values[i, 0, 0] == values[j, 0, 0]:  # within a parent only: its own draw is allowed there
            values[i], names[i] = values[j], names[j]
            values[i, free[k]] = own_value


def _items(catalogue: ItemTable) -> list[Item]:
    vocabulary, seed, n = catalogue.vocabulary, catalogue.seed, len(catalogue)
    spec, claims = vocabulary.spec, vocabulary.claims
    width = len(spec.attributes)
    # (items, 2 x attributes): words for the title, then for the description, which may use other surfaces
    row, column = np.arange(n)[:, None], np.arange(2 * width)[None, :]
    surface = random_words(seed, Purpose.SURFACE, row, column).tolist()
    sentence = random_words(seed, Purpose.SENTENCE, row, column).tolist()
    counts = np.array([len(spec.titles), len(spec.leads), len(spec.closings)])
    form = integers(seed, Purpose.SENTENCE, counts, row, 2 * width + np.arange(3)).tolist()
    out = []
    for i, values in enumerate(catalogue.values.tolist()):
        attributes = {
            a: tuple(claims[v][1] for v in values[f] if v < len(claims)) for f, a in enumerate(spec.attributes)
        }

        def express_all(shift: int, attributes: dict[str, tuple[str, ...]] = attributes, i: int = i) -> dict[str, str]:
            pairs = enumerate(attributes.items())
            return {a: _join(spec, a, values, surface[i][f + shift]) for f, (a, values) in pairs}

        title = _start(spec.titles[form[i][0]].format(name=spec.names[catalogue.names[i]], **express_all(0)))
        surfaces, ranked = express_all(width), []
        for f, a in enumerate(spec.attributes):
            templates, word = spec.sentences.get(a, ()), sentence[i][f]
            if templates and word % 8:  # one in eight goes unsaid
                ranked.append((word >> 16, _start(templates[(word >> 8) % len(templates)].format(x=surfaces[a]))))
        lead = _start(spec.leads[form[i][1]].format(**surfaces))
        description = " ".join([lead, *(text for _, text in sorted(ranked)), spec.closings[form[i][2]]])
        out.append(Item(catalogue.ids[i], spec.domain, title, f"{title}. {description}", attributes))
    return out


def _join(spec: Spec, attribute: str, values: tuple[str, ...], word: int) -> str:
    return " and ".join(express(spec, (attribute, value), word >> 14 * k) for k, value in enumerate(values))


def _start(text: str) -> str:
    """A sentence: a capital first, "an" before a vowel."""
    text = re.sub(r"\b([Aa]) (?=[aeioAEIO]|u[nr][^i])", r"\1n ", text)
    return text[0].upper() + text[1:]


def express(spec: Spec, claim: Claim, word: int) -> str:
    """A surface of the value: the canonical form as often as the spec says, else one of its paraphrases."""
    surfaces = spec.values[claim[0]][claim[1]]
    if len(surfaces) == 1 or word % 100 < spec.canonical:
        return surfaces[0]
    return surfaces[1 + (word >> 7) % (len(surfaces) - 1)]
