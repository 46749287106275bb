"""The known reasons of a choice: the terms that raised the chosen item's utility and that the history reveals.

Never hindsight: a taste counts once an earlier item shares the value; a need once an item carried what it raises (or
what the need before it raised, where this need is its usual follower); a complement always shows in the last item.
Weights are shares of the chosen item's positive utility, so what popularity and hidden tastes add stays unexplained.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np

from rad.data.splits import query_id
from rad.errors import RadError
from rad.types import Evidence, EvidenceKind, PairExplanation, Rationale, Reason, Verdict
from rad.world.catalogue import ItemTable
from rad.world.choice_model import PARTNER, SHARED, WITHIN, Trajectory
from rad.world.rng import Ints, Purpose, Words, random_words
from rad.world.spec import Claim
from rad.world.users import COMPLEMENT, DISLIKES, LIKES, NEED, UNEXPLAINED

MOST_CITED = 3  # the latest items that show a fact
UNHAPPY = 2  # a rating at or below it reveals a dislike of what the item carries
NEAREST = 24  # rejected alternatives are looked for among this many lookalikes
DRAFTER = "world"

# No value of a world may stand in these templates: each value in a text is a claim.
PHRASES = {
    "attribute": (
        "{value} ({attribute}) keeps coming back: {cites}.",
        "A steady taste for {value} ({attribute}) shows in {cites}.",
        "Drawn to {value} as {attribute}, see {cites}.",
    ),
    "plan": ("The plan behind {cites} asks for {value}.", "{value} belongs to the plan that began with {cites}."),
    "follow": ("The plan behind {cites} usually leads on to {value}.", "After a plan as in {cites} comes {value}."),
    "complement": ("{value} would go well with {cites}.", "What {cites} still lacks is {value}."),
    "match": ("To match {cites}: {value} again.", "{value} once more, like {cites}."),
    "constraint": ("Keeps to {value} ({attribute}), as in {cites}.", "{value} ({attribute}) is the usual: {cites}."),
    "avoid": ("Since {cites}, rather not {value}.", "Wary of {value}, see {cites}."),
}
CAUSES = {
    "complement": "complement",
    "match": "match",
    "plan": "need goes on",
    "follow": "need changes",
    "attribute": "lasting taste",
    "constraint": "budget",
    "avoid": "dislike",
}
"""What tables call the cause that a phrase tells of."""
LASTING_CAUSES = frozenset(CAUSES[phrase] for phrase in ("attribute", "constraint", "avoid"))
"""Causes that hold beside whatever else is wanted; the others are of the moment."""
_PHRASES_OF: dict[EvidenceKind, tuple[str, ...]] = {
    "attribute": ("attribute", "avoid"),
    "sequence": ("plan", "follow"),
    "complement": ("complement", "match"),
    "constraint": ("constraint",),
}
UNEXPLAINED_TEXT = "Nothing in the history points anywhere: perhaps a gift or an impulse."


@dataclass(frozen=True, slots=True)
class _Term:
    """One part of a choice's utility: ``units`` are positive; ``avoided`` has the values that it speaks against."""

    value: int
    units: int
    kind: EvidenceKind
    phrase: str
    cited: tuple[int, ...]
    avoided: tuple[int, ...] = ()


@dataclass
class Explainer:
    """Writes the rationales and contrasts of one world's users. Keeps the lookalikes of items it has seen."""

    catalogue: ItemTable
    version: str
    _near: dict[int, list[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        vocabulary = self.catalogue.vocabulary
        spec = vocabulary.spec
        self._claims: Sequence[Claim] = vocabulary.claims
        self._none = vocabulary.size
        # one pass per item is over Python sets and lists: a few facts of one item at a time, where arrays are slower
        self._carried = [frozenset(values) for values in self.catalogue.carried]
        self._raises = [{vocabulary.number[c]: u for c, u in need.raises.items()} for need in spec.needs]
        index = {need.name: k for k, need in enumerate(spec.needs)}
        self._then = [{index[name] for name in need.then} for need in spec.needs]
        self._levels = vocabulary.of(spec.limit).tolist()
        self._kind_of = self.catalogue.values[:, 1, 0].tolist()
        self._partners = {
            vocabulary.number[spec.kind, k]: {vocabulary.number[spec.kind, p] for p in partners}
            for k, partners in spec.partners.items()
        }
        shared = [v for a in spec.share for v in vocabulary.of(a).tolist()]
        self._shared = frozenset(shared)
        self._count = self.catalogue.has.sum(1).tolist()
        self._appeal = self.catalogue.appeal.tolist()
        self._of_share = [frozenset(vocabulary.of(a).tolist()) for a in spec.share]
        self._level_of = [next(v for v in self._levels if v in has) for has in self._carried]

    def words(self, numbers: Ints, steps: int) -> Words:
        """(users, steps): the random words that choose how each rationale is worded."""
        return random_words(self.catalogue.seed, Purpose.WORDING, numbers[:, None], np.arange(steps))

    def explain(
        self, user: Trajectory, words: Sequence[int]
    ) -> tuple[dict[str, Rationale], dict[str, PairExplanation]]:
        """The rationale of every position from 2 on, and the contrast of each that has reasons, by query id.

        ``words`` is the row of :meth:`words` that belongs to the user.
        """
        rationales, contrasts = {}, {}
        for position in range(2, len(user.item)):
            key = query_id(user.user_id, position)
            terms, total = self._terms(user, position)
            rationales[key] = self._rationale(key, terms, total, words[position])
            if terms:
                contrast = self._contrast(key, user, position, terms)
                if contrast:
                    contrasts[key] = contrast
        return rationales, contrasts

    def _terms(self, user: Trajectory, position: int) -> tuple[list[_Term], int]:
        """The revealed terms, strongest first, and the utility that their weights are shares of."""
        if user.mode[position] == UNEXPLAINED:
            return [], 1
        target = self._carried[user.item[position]]
        earlier = [self._carried[i] for i in user.item[:position]]
        total = self._appeal[user.item[position]]
        terms: list[_Term] = []

        def add(value: int, units: int, kind: EvidenceKind, phrase: str, cited: Iterable[int], *avoided: int) -> None:
            nonlocal total
            total += units  # what the history does not show counts, too: weights are shares of the whole utility
            shown = tuple(cited)[-MOST_CITED:]
            if shown:
                terms.append(_Term(value, units, kind, phrase, shown, avoided))

        for value, units in zip(user.likes, LIKES, strict=True):
            if value in target:
                add(value, units, "attribute", "attribute", (k for k, e in enumerate(earlier) if value in e))
        if user.mode[position] == NEED:
            phrase, cited = self._plan(user, position)
            for value, units in self._raises[user.need[position]].items():
                if value in target:
                    add(value, units, "sequence", phrase, cited)
        if user.mode[position] == COMPLEMENT:
            kind = self._kind_of[user.item[position]]
            if kind in self._partners[self._kind_of[user.item[position - 1]]]:
                add(kind, PARTNER, "complement", "complement", (position - 1,))
            for value in sorted(target & earlier[-1] & self._shared):
                add(value, SHARED, "complement", "match", (position - 1,))
        level = self._level_of[user.item[position]]
        if level <= self._levels[user.limit]:
            beyond = self._levels[user.limit + 1 :]
            # the limit speaks against levels beyond it only where the history never went there
            unseen = position >= 3 and not any(v in e for v in beyond for e in earlier)
            shown = [k for k, e in enumerate(earlier) if level in e]
            add(level, WITHIN, "constraint", "constraint", shown, *(beyond if unseen else ()))
        if not terms:
            return [], 1
        for value, units in zip(user.dislikes, DISLIKES, strict=True):
            if value != self._none and value not in target:
                cited = [
                    k
                    for k, e in enumerate(earlier)
                    if value in e and (user.rating[k] <= UNHAPPY or (user.spoken[k] == value and user.feeling[k] < 0))
                ]
                if cited:  # what not having the value saves on average
                    loss = max(1, -units * self._count[value] // len(self.catalogue))
                    add(value, loss, "attribute", "avoid", cited, value)
        return sorted(terms, key=lambda term: -term.units), total

    def _plan(self, user: Trajectory, position: int) -> tuple[str, list[int]]:
        """The items that show the current need, or else those that show the one it usually follows."""
        need, start = user.need, position
        while start and need[start - 1] == need[position]:
            start -= 1
        shown = self._showing(user, need[position], start, position)
        if shown or not start or need[position] not in self._then[need[start - 1]]:
            return "plan", shown
        before = start - 1
        while before and need[before - 1] == need[start - 1]:
            before -= 1
        return "follow", self._showing(user, need[start - 1], before, start)

    def _showing(self, user: Trajectory, need: int, start: int, stop: int) -> list[int]:
        raised = self._raises[need].keys()
        return [k for k in range(start, stop) if user.mode[k] == NEED and raised & self._carried[user.item[k]]]

    def _rationale(self, key: str, terms: list[_Term], total: int, word: int) -> Rationale:
        reasons, sentences = [], []
        for k, term in enumerate(terms):
            attribute, value = self._claims[term.value]
            fact = term.kind in ("attribute", "constraint")
            evidence = Evidence(term.cited, term.kind, attribute if fact else None, value if fact else None)
            wants = () if term.phrase == "avoid" else ((attribute, value),)
            avoids = tuple(self._claims[v] for v in term.avoided)
            # whole ten-thousandths, rounded down: exact, and never above 1 in sum
            reasons.append(Reason(evidence, wants, avoids, 10_000 * term.units // total / 10_000))
            templates = PHRASES[term.phrase]
            text = _sentence(templates[(word >> 4 * k) % len(templates)], term.cited, (attribute, value))
            if wants and avoids:
                text = f"{text[:-1]}, and leaves aside {_listed([v for _, v in avoids], 'or')}."
            sentences.append(text)
        verdict: Verdict = "supported" if reasons else "unexplained"
        text = " ".join(sentences) or UNEXPLAINED_TEXT
        return Rationale(f"{DRAFTER}-{key}", key, tuple(reasons), text, verdict, "known", DRAFTER, self.version)

    def _contrast(self, key: str, user: Trajectory, position: int, terms: list[_Term]) -> PairExplanation | None:
        """The lookalike of the chosen item that was worth less and lacks a known want (or has what is avoided)."""
        target, owned = user.item[position], set(user.item[:position])
        bar = self._utility(user, position, target)
        for other in self._lookalikes(target):
            carried = self._carried[other]
            term = next((t for t in terms if (t.value in carried) == (t.phrase == "avoid")), None)
            if term is None or other in owned or self._utility(user, position, other) >= bar:
                continue
            wanted = self._claims[term.value]
            title, cites = self.catalogue.items[other].title, _cite(term.cited)
            if term.phrase == "avoid":
                claim = wanted
                text = f"{title} comes close, but has {wanted[1]}: not after {cites}."
            else:
                instead = self.catalogue.items[other].attributes[wanted[0]][0]
                claim = (wanted[0], instead)
                text = f"{title} comes close, but has {instead}, not the {wanted[1]} of {cites}."
            item = self.catalogue.ids[other]
            return PairExplanation(key, item, "against", (claim,), text, "known", DRAFTER, self.version)
        return None

    def _utility(self, user: Trajectory, position: int, item: int) -> int:
        """The utility of any item at a step, as in :func:`rad.world.choice_model.choose`."""
        has = self._carried[item]
        out = self._appeal[item] + WITHIN * (self._level_of[item] <= self._levels[user.limit])
        for value, units in zip(user.likes, LIKES, strict=True):
            if value in has:
                out += units
        for value, units in zip(user.dislikes, DISLIKES, strict=True):
            if value in has:
                out += units
        if user.mode[position] == NEED:
            for value, units in self._raises[user.need[position]].items():
                if value in has:
                    out += units
        elif user.mode[position] == COMPLEMENT:
            last = user.item[position - 1]
            out += PARTNER * (self._kind_of[item] in self._partners[self._kind_of[last]])
            both = has & self._carried[last]
            out += SHARED * sum(not both.isdisjoint(values) for values in self._of_share)
        return out

    def _lookalikes(self, item: int) -> list[int]:
        if item not in self._near:
            common = self.catalogue.has[list(self._carried[item])].sum(0, dtype=np.int8)
            common[item] = -1
            self._near[item] = np.argsort(-common, kind="stable")[:NEAREST].tolist()
        return self._near[item]


def cause(reason: Reason, text: str) -> str:
    """Which of ``CAUSES`` a known reason tells of: a world's record has the kind of evidence, its text the rest.

    Args:
        reason: Of a known rationale of a world.
        text: The rationale's text.

    Raises:
        RadError: No sentence of the text tells of the reason.
    """
    claim, cited = (reason.wants or reason.avoids)[0], reason.evidence.history
    for phrase in _PHRASES_OF.get(reason.evidence.kind, ()):
        if any(_sentence(template, cited, claim)[:-1] in text for template in PHRASES[phrase]):
            return CAUSES[phrase]
    raise RadError(f"no sentence about {claim[1]} as a built-in world writes it in: {text[:80]!r}")


def _sentence(template: str, cited: tuple[int, ...], claim: Claim) -> str:
    attribute, value = claim
    text = template.format(cites=_cite(cited), value=value, attribute=attribute.replace("_", " "))
    return text[0].upper() + text[1:]


@cache  # at most three of sixty positions
def _cite(cited: tuple[int, ...]) -> str:
    return _listed([f"[{k + 1}]" for k in cited], "and")


def _listed(parts: Sequence[str], joint: str) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} {joint} {parts[-1]}"
