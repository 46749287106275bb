"""A rationale that a person argues with: its edits, one after the other.

    critique = Critique.of(query, rationale)         # RadError where it is not of facts in words
    critique = critique.strike(0).weigh(2, 64)       # each edit is a new one
    critique.rationale                               # the record that ranks

Numbers of lines count from 0, struck ones included. What comes out is always a rationale in the words of
:mod:`rad.rationales.text`: strengths are relative, so where the strongest is weakened all of the moment move up.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import cached_property

from rad.errors import RadError
from rad.rationales import text
from rad.rationales.rules import MOST_FACTS
from rad.rationales.strengths import LEVELS, levels, weighted
from rad.types import LASTING, WISHES, Query, Rationale, Reason

LIKELY = LEVELS[2]  # the level of a fact that is added; what the person asks for themselves is as strong as can be


@dataclass(frozen=True, slots=True)
class Line:
    """One reason, of weight 1, with its level; a struck one no longer counts, and keeps its level for its return."""

    reason: Reason
    level: float
    struck: bool = False

    @property
    def lasts(self) -> bool:
        """Whether it holds beside whatever else is wanted."""
        return self.reason.evidence.kind in LASTING


@dataclass(frozen=True)
class Critique:
    """A model's rationale of a query, and what a person has made of it.

    Attributes:
        query: What it is of.
        own: The rationale as the model wrote it.
        parts: The reasons in the order in which they came. Of those of the moment the levels are shares on any scale,
            so that a struck reason comes back with the share that it had.
        left: What stays unexplained, on the same scale.
    """

    query: Query
    own: Rationale
    parts: tuple[Line, ...]
    left: float

    @classmethod
    def of(cls, query: Query, own: Rationale) -> Critique:
        """The rationale as it was written. :class:`RadError` where its text does not state its reasons."""
        each, rest = levels(own.reasons)
        lines = [Line(replace(r, weight=1.0), level) for r, level in zip(own.reasons, each, strict=True) if level]
        critique = cls(query, own, tuple(lines), rest)
        if critique.is_edited:
            raise RadError(f"{own.rationale_id}: its text does not state its reasons, so it cannot be edited")
        return critique

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """The reasons with levels as a text states them: what lasts has a scale of its own."""
        return tuple(part if part.lasts else replace(part, level=self._level(part.level)) for part in self.parts)

    @cached_property
    def rest(self) -> int:
        """The level of what stays unexplained; 0 for nothing. Where nothing but what lasts stands, it is everything."""
        if not self._top:
            return LEVELS[0]
        return self._level(self.left) if self.left else 0

    @cached_property
    def _top(self) -> float:
        """The largest share of what is wanted now and of the unexplained, which a text calls *most likely*."""
        return max([part.level for part in self.parts if not part.struck and not part.lasts] + [self.left])

    def _level(self, share: float) -> int:
        return max(min(round(LEVELS[0] * share / (self._top or LEVELS[0])), LEVELS[0]), LEVELS[-1])

    @cached_property
    def text(self) -> str:
        """The rationale in words."""
        return text.write(self._reasons)

    @cached_property
    def rationale(self) -> Rationale:
        """The record that ranks: the model's own, or an edited one that :func:`rad.rationales.text.parse` gives."""
        if not self.is_edited:
            return self.own
        digest = hashlib.sha256(self.text.encode()).hexdigest()[:8]
        name = f"{self.own.rationale_id}-edited-{digest}"
        return text.rationale(self.query, self._reasons, "edited", self.own.drafter, self.own.drafter_version, name)

    @property
    def is_edited(self) -> bool:
        """Whether it says something else than the model's."""
        return self.text != self.own.text

    @property
    def _reasons(self) -> tuple[Reason, ...]:
        return weighted([(line.reason, int(line.level)) for line in self.lines if not line.struck], self.rest)

    # Edits

    def strike(self, number: int) -> Critique:
        """Without a reason; or, where it was struck before, with it again."""
        line = self._line(number)
        if line.struck:
            self._room()
        return self._with(number, replace(line, struck=not line.struck))

    def weigh(self, number: int, level: int) -> Critique:
        """With another strength of a reason."""
        if level not in LEVELS:
            raise RadError(f"no strength: {level}; there are {', '.join(map(str, LEVELS))}")
        line = self._line(number)
        return self._with(number, replace(line, level=level if line.lasts else self._share(level)))

    def leave(self, level: int) -> Critique:
        """With another strength of what stays unexplained; 0: nothing does."""
        if level not in (*LEVELS, 0):
            raise RadError(f"no strength: {level}; there are {', '.join(map(str, (*LEVELS, 0)))}")
        return replace(self, left=self._share(level))

    def add(self, reason: Reason) -> Critique:
        """With one more reason of weight 1: a fact, or the person's own wish."""
        self._room()
        for number, line in enumerate(self.parts):
            if line.reason == reason:
                if not line.struck:
                    raise RadError(f"it is reason {number + 1} already: change its strength")
                return self.strike(number)
        line = Line(reason, LEVELS[0] if reason.evidence.kind in WISHES else LIKELY)
        line = line if line.lasts else replace(line, level=self._share(LIKELY))
        return replace(self, parts=(*self.parts, line))

    def _share(self, level: int) -> float:
        """A level on the scale of the shares."""
        return level * (self._top or LEVELS[0]) / LEVELS[0]

    def reword(self, words: str) -> Critique:
        """With the reasons that ``words`` state; those that they no longer state are struck."""
        if not words.strip():
            raise RadError("the text is empty: say at least 'Something unexplained is most likely.'")
        reasons = text.parse(words)
        if len(reasons) > MOST_FACTS:
            raise RadError(f"{len(reasons)} reasons: a rationale that people read has at most {MOST_FACTS}")
        each, rest = levels(reasons)
        wanted = [(replace(r, weight=1.0), level) for r, level in zip(reasons, each, strict=True)]
        lines = []
        for line in self.lines:  # in the order in which they stand, so that what did not change stays where it is
            pair = next((pair for pair in wanted if pair[0] == line.reason), None)
            lines.append(replace(line, struck=True) if pair is None else Line(*pair))
            if pair is not None:
                wanted.remove(pair)
        return replace(self, parts=(*lines, *(Line(*pair) for pair in wanted)), left=rest)

    def _line(self, number: int) -> Line:
        if not 0 <= number < len(self.parts):
            raise RadError(f"there is no reason {number + 1}: there are {len(self.parts)}")
        return self.parts[number]

    def _with(self, number: int, line: Line) -> Critique:
        return replace(self, parts=(*self.parts[:number], line, *self.parts[number + 1 :]))

    def _room(self) -> None:
        """:class:`RadError` where no reason can be added."""
        if sum(not line.struck for line in self.lines) >= MOST_FACTS:
            raise RadError(f"a rationale that people read has at most {MOST_FACTS} reasons: strike one first")


def changes(before: Critique, after: Critique) -> dict[Reason, int]:
    """How many steps of strength each reason has gained, or lost below 0; those without a change are left out."""
    steps = [{line.reason: _step(line.level) for line in one.lines if not line.struck} for one in (before, after)]
    gained = {reason: steps[1].get(reason, 0) - steps[0].get(reason, 0) for part in steps for reason in part}
    return {reason: n for reason, n in gained.items() if n}


def _step(level: float) -> int:
    """0 for nothing, 1 for the weakest strength, 5 for the strongest."""
    return len(LEVELS) - LEVELS.index(int(level)) if level else 0
