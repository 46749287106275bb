"""What a person can do on the page, without widgets: each action takes a session and gives the next one.

What cannot be done is a message in the session, which otherwise stays as it was.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from benchmarks.app.critique import Critique
from benchmarks.app.keeping import Keeper
from benchmarks.app.moves import Ranked, Ranker, summary
from benchmarks.app.users import Users
from benchmarks.explanations.changes.steering import wish
from rad.errors import RadError
from rad.rationales import text
from rad.rationales.facts import Facts
from rad.types import WISHES

P = ParamSpec("P")


@dataclass(frozen=True)
class Session:
    """What one browser tab shows.

    Attributes:
        number: Of the user's query, from 0; None for a pasted history.
        steps: The rationale as the model wrote it with its ranking, then each edit; the last one is shown.
        message: What the last action did, or why it could not.
        is_error: Whether it could not.
        milliseconds: That ranking again took.
        shown_at: When the user was shown, of ``time.monotonic``.
    """

    number: int | None = None
    steps: tuple[Ranked, ...] = ()
    message: str = ""
    is_error: bool = False
    milliseconds: float = 0.0
    shown_at: float = 0.0

    @property
    def now(self) -> Ranked:
        """What is shown."""
        return self.steps[-1]

    @property
    def before(self) -> Ranked | None:
        """What was shown before the last edit."""
        return self.steps[-2] if len(self.steps) > 1 else None


def action(
    do: Callable[Concatenate[Actions, Session, P], Session],
) -> Callable[Concatenate[Actions, Session, P], Session]:
    """An action whose :class:`RadError` becomes the session's message."""

    @wraps(do)
    def guarded(self: Actions, session: Session, *args: P.args, **more: P.kwargs) -> Session:
        try:
            return do(self, session, *args, **more)
        except RadError as error:
            return replace(session, message=str(error), is_error=True)

    return guarded


class Actions:
    """The actions over some users, their model and a folder for feedback."""

    def __init__(self, users: Users, keeper: Keeper) -> None:
        self.users, self.keeper = users, keeper
        self.facts = Facts.of(users.data.examples["train"], users.data.items)
        self.ranker = Ranker(users.model, self.facts, users.data.items)
        self.values = {f"{a.replace('_', ' ')} {v}": (a, v) for a, v in self.facts.catalogue.values}

    # Whose rationale is shown

    @action
    def pick(self, session: Session, words: str) -> Session:
        """The user that ``words`` name."""
        return self._shown(self.users.number(words))

    @action
    def step(self, session: Session, by: int) -> Session:
        """The next user, or the one before; after the last comes the first."""
        return self._shown(((session.number or 0) + by) % len(self.users))

    @action
    def draw(self, session: Session) -> Session:
        """Any user."""
        return self._shown(random.randrange(len(self.users)))

    @action
    def paste(self, session: Session, words: str) -> Session:
        """A history of the person's own."""
        return self._begun(None, self.users.pasted(words))

    def _shown(self, number: int) -> Session:
        return self._begun(number, self.users.critique(number))

    def _begun(self, number: int | None, critique: Critique) -> Session:
        what = "A pasted history" if number is None else f"Query {number + 1:,}"
        message = f"{what}: as {self.users.model.card.name} wrote it."
        return Session(number, (self.ranker.ranked(critique),), message, shown_at=time.monotonic())

    # Edits

    @action
    def edit(self, session: Session, kind: str, what: Mapping[str, Any]) -> Session:
        """An edit by what a control says: strike, weigh, leave, fact (one of those shown) or wish (for a value)."""
        critique = self._critique(session)
        if kind == "strike":
            return self._edited(session, critique.strike(_number(what, "line")))
        if kind == "weigh":
            return self._edited(session, critique.weigh(_number(what, "line"), _number(what, "level")))
        if kind == "leave":
            return self._edited(session, critique.leave(_number(what, "level")))
        if kind == "fact":
            words = str(what.get("fact"))
            fact = next((fact for fact in session.now.further if text.blank(fact) == words), None)
            if fact is None:
                raise RadError("this fact is a reason already: change its strength")
            return self._edited(session, critique.add(fact))
        if kind == "wish":
            claim = self._claim(str(what.get("value", "")))
            return self._edited(session, critique.add(wish(claim, what.get("want") != "never")))
        raise RadError(f"no such edit: {kind[:40]!r}")

    @action
    def reword(self, session: Session, words: str) -> Session:
        """The rationale as ``words`` state it."""
        return self._edited(session, self._critique(session).reword(words))

    @action
    def undo(self, session: Session) -> Session:
        """Without the last edit."""
        self._critique(session)
        if session.before is None:
            raise RadError("nothing was edited yet")
        return replace(session, steps=session.steps[:-1], message="Undone.", is_error=False)

    @action
    def reset(self, session: Session) -> Session:
        """As the model wrote it."""
        self._critique(session)
        return replace(session, steps=session.steps[:1], message="As the model wrote it.", is_error=False)

    @action
    def keep(self, session: Session) -> Session:
        """The feedback, on the disk."""
        critique = self._critique(session)
        where = self.keeper.keep(critique, session.shown_at)
        return replace(session, message=f"{where} {self._use(session)}", is_error=False)

    def _use(self, session: Session) -> str:
        """Whether feedback will train a model."""
        now = session.now
        stands = [(k, x.reason) for k, x in enumerate(now.critique.lines, 1) if not x.struck]
        wishes = [k for k, reason in stands if reason.evidence.kind in WISHES]
        unsound = [k for k, reason in stands if now.violations[reason]]
        if session.number is None:
            return "It is of a pasted history, so no model is trained on it."
        if self.users.examples[session.number].split != "train":
            return "It is not of a training query, so no model is trained on it."
        if wishes:
            return f"Reason {wishes[0]} is your own word and no fact of the history, so no model is trained on it."
        if unsound:
            return f"No count supports reason {unsound[0]}, so no model is trained on it."
        return f"python -m annotation feedback {self.keeper.campaign.path} makes it training data."

    def _critique(self, session: Session) -> Critique:
        if not session.steps:
            raise RadError("choose a user first")
        return session.now.critique

    def _edited(self, session: Session, critique: Critique) -> Session:
        now = session.now
        if (critique.lines, critique.rest) == (now.critique.lines, now.critique.rest):
            return replace(session, message="It says that already.", is_error=False)
        clock = time.perf_counter()
        ranked = self.ranker.ranked(critique, now)
        milliseconds = 1000 * (time.perf_counter() - clock)
        words = summary(ranked, now, self.users.data.items)
        return replace(
            session, steps=(*session.steps, ranked), message=words, is_error=False, milliseconds=milliseconds
        )

    def _claim(self, words: str) -> tuple[str, str]:
        """The attribute and the value that ``words`` name: as the completion writes them, or the value alone."""
        words = words.strip()
        if words in self.values:
            return self.values[words]
        alone = [claim for claim in self.facts.catalogue.values if claim[1].lower() == words.lower()]
        if not words or not alone:
            raise RadError(f"no item has {words[:80]!r}: choose a value that the list completes")
        if len(alone) > 1:
            raise RadError(f"{words[:80]!r} is a value of {' and of '.join(a for a, _ in alone)}: say which")
        return alone[0]


def _number(what: Mapping[str, Any], name: str) -> int:
    """A whole number that the page sends. :class:`RadError` where it is none."""
    try:
        return int(what[name])
    except (KeyError, TypeError, ValueError, OverflowError):
        raise RadError(f"no {name}: {str(what.get(name))[:40]!r}") from None
