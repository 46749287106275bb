"""The panels of the page as HTML, in which everything that comes from data is escaped."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.app.actions import Actions, Session
from benchmarks.app.critique import Line
from benchmarks.app.moves import moves
from rad.rationales import text
from rad.rationales.strengths import LASTING_WORDS, LEVELS, WORDS
from rad.reporting.html import UNPRINTABLE, environment
from rad.types import WISHES, Item, Reason

HERE = Path(__file__).parent
FACTS_SHOWN = 12
_CITED = re.compile(r"(\[\d+\])")
NOTHING = (0, "nothing")  # what the unexplained may also be
Panels = Mapping[str, str]


def rendered(actions: Actions, session: Session) -> Panels:
    """The panels of the page by name, as HTML, and the text of the rationale under ``text``."""
    show = _TEMPLATE.module
    users, items = actions.users, actions.users.data.items
    if not session.steps:
        empty = {name: "" for name in ("history", "rationale", "facts", "ranking", "text")}
        return {**empty, "about": _html(show.about(users.title, "", 0, "")), **_message(session)}
    now = session.now
    critique, query = now.critique, now.critique.query
    cited = {k for line in critique.lines if not line.struck for k in line.reason.evidence.history}
    where = "a pasted history" if session.number is None else f"{session.number + 1:,} of {len(users):,}"
    head, gone = moves(now, session.before, items)
    rest_words = [*zip(LEVELS, WORDS, strict=True), NOTHING]
    purchases = [
        {
            **_shown(items.get(past.item_id), past.item_id),
            **{"place": k + 1, "rating": past.rating, "is_cited": k in cited},
        }
        for k, past in reversed(list(enumerate(query.history)))
    ]
    lines = [_line(k, line, now.violations[line.reason]) for k, line in enumerate(critique.lines, 1)]
    return {
        "about": _html(show.about(users.title, query.user_id, len(query.history), where)),
        "history": _html(show.history(purchases)),
        "rationale": _html(show.rationale(lines, critique.rest, rest_words)),
        "facts": _html(show.facts([_split(fact) for fact in now.further], FACTS_SHOWN)),
        "ranking": _html(show.ranking(head, gone, session.milliseconds if session.before else 0)),
        "text": critique.text,
        **_message(session),
    }


def _message(session: Session) -> Panels:
    return {"message": _html(_TEMPLATE.module.message(session.message, session.is_error))}


def _html(markup: object) -> str:
    return UNPRINTABLE.sub("\ufffd", str(markup))


def _shown(item: Item | None, item_id: str) -> dict[str, object]:
    """An item's title and values, for the history."""
    if item is None:
        return {"title": item_id, "about": "no longer in the catalogue"}
    pairs = (f"{name.replace('_', ' ')} {value}" for name, values in item.attributes.items() for value in values)
    return {"title": item.title, "about": " · ".join(pairs)}


def _split(reason: Reason) -> dict[str, object]:
    """The sentence of a reason: what stands before its strength, and behind it."""
    blank = text.blank(reason)
    first, last = blank.rsplit(text.BLANK, 1)
    return {"first": first, "last": last, "blank": blank}


def _line(number: int, line: Line, violations: Sequence[object]) -> dict[str, object]:
    words = LASTING_WORDS if line.lasts else WORDS
    is_claimed = line.reason.evidence.kind not in WISHES and not line.struck  # a wish says whose word it is
    unsound = "No count supports it: your word alone." if violations and is_claimed else ""
    return {
        **_split(line.reason),
        **{"number": number, "struck": line.struck, "lasts": line.lasts, "level": line.level, "violation": unsound},
        **{"strength": LEVELS.index(int(line.level)), "words": list(zip(LEVELS, words, strict=True))},
    }


def _cited_parts(words: str) -> Iterator[dict[str, str]]:
    """The words, and apart from them each citation with the place that it names."""
    for part in _CITED.split(words):
        if part:
            yield {"words": part, "place": part[1:-1] if _CITED.fullmatch(part) else ""}


_ENVIRONMENT = environment(HERE)
_ENVIRONMENT.globals["cited"] = _cited_parts
_TEMPLATE: Any = _ENVIRONMENT.get_template("panels.html")


def adder(actions: Actions) -> str:
    """The form that adds a reason, with the completion over the values of the catalogue."""
    names = [name.replace("_", " ") for name in actions.facts.catalogue.attributes]
    return _html(_TEMPLATE.module.adder(list(actions.values), f"a value: {', '.join(names[:3])} ..."))
