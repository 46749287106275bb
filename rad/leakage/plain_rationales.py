"""Leak checks of rationales that others have published: a text, and titles of the answer and of the history.

What such a text says of the history is no leak: that its items were bought, and how they were rated. It cites nothing,
so what a phrase speaks of is told by the titles: by the words that stand right after it ("liked *the lace top*"), by
its subject where none do ("*the kettle* was chosen"), else by the sentence.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rad.features.bm25 import tokenize
from rad.rationales.claims import FUNCTION_WORDS
from rad.rationales.rules import Rules, Violation, forbidden_wording
from rad.types import Interaction, Item, Query


@dataclass(frozen=True, slots=True)
class PlainRationale:
    """A published rationale of another project; ``target`` and ``history`` are titles, where they are known."""

    text: str
    target: str = ""
    history: tuple[str, ...] = ()


def plain_rules(rows: Sequence[PlainRationale]) -> Rules:
    """Rules over the titles that a file of plain rationales names itself. Its texts say which words are no names."""
    titles = dict.fromkeys(title for row in rows for title in (row.target, *row.history))
    texts: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        texts[row.target].append(row.text)
    return Rules({title: Item(title, "", title, " ".join(texts[title])) for title in titles}, few_titles=True)


def plain_violations(row: PlainRationale, rules: Rules) -> list[Violation]:
    """The leaks of a published rationale. What it says of its history alone is none, where titles of both are there."""
    if not row.target:
        return forbidden_wording(row.text)
    query = Query("", "", "", tuple(Interaction("", title) for title in row.history))
    wording = forbidden_wording(row.text, _of_history(row, rules)) if row.history else forbidden_wording(row.text)
    return [*wording, *rules.names(row.text, rules.items[row.target], query)]


def _of_history(row: PlainRationale, rules: Rules) -> Callable[[str, int, int], bool]:
    """Whether the words at ``[start, end)`` of a sentence speak of what the history has."""
    target, past = _words(row.target), {word for title in row.history for word in _words(title)}
    nothing = Query("", "", "", ())

    def is_of_history(sentence: str, start: int, end: int) -> bool:
        if _HISTORY_HAS.search(sentence, 0, start):
            return True
        # "five stars to the kettle"
        is_award = sentence.startswith(" to ", end) and _STARS.search(sentence, start, end) is not None
        near = _object(sentence, end + 3 if is_award else end), _subject(sentence, start)
        if any(words & (target - past) or (words & target and not words & (past - target)) for words in near):
            return False
        if any(words & (past - target) for words in near):
            return not _AHEAD.search(sentence, 0, end)
        if _AHEAD.search(sentence) or not _words(sentence).isdisjoint(target - past):
            return False
        return bool(_PAST.search(sentence)) or any(
            rules.names(sentence, rules.items[title], nothing) for title in row.history
        )

    return is_of_history


def _words(text: str) -> set[str]:
    """The words of a text that can tell one thing from another, in the singular."""
    return {_singular(word) for word in tokenize(text) if word not in FUNCTION_WORDS}


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def _object(sentence: str, end: int) -> set[str]:
    """The words of what follows a verb: "liked *the lace top* for", "happy with *the length of the dress*."."""
    match = _OBJECT.match(sentence, end)
    return _words(match[1]) if match else set()


def _subject(sentence: str, start: int) -> set[str]:
    """The words of what stands before a verb in its clause: "After all, *the kettle* was chosen"."""
    return _words(_CLAUSE.split(sentence[:start])[-1])


_STOPS = (
    r"because|due|for|as|since|which|who|that|despite|but|and then|so|after|before|when|while|to|like|than|if|until"
)
_OBJECT = re.compile(
    rf"((?: (?:with|by|about|in|on|of|for))?(?: (?!(?:{_STOPS}|and|or)\b)[\w'\u2019-]+){{1,10}})", re.IGNORECASE
)
_STARS = re.compile(r"\b(?:stars?|ratings?|scores?|marks?|5|10|100|five|ten)$", re.IGNORECASE)
_CLAUSE = re.compile(rf"[,;:]|\b(?:{_STOPS}|and)\b", re.IGNORECASE)
_HISTORY_HAS = re.compile(
    r"^\W*(?:(?:the|their|his|her|this) )?(?:\w+'s )?(?:purchase |order )?history "
    r"(?:has|had|holds|held|shows|showed|includes|included|contains|contained|lists|listed)\b"
    r"(?!.*\b(?:and|but|so|then|ends?|led|leads)\b)",
    re.IGNORECASE,
)
"""A sentence whose one clause tells what the history has."""
_AHEAD = re.compile(
    r"^\s*(?:it|its)\b|\b(?:this|target|next|new|newest|final|latest|later|subsequent"
    r"|eventual|ended|afterwards|(?:the|a|their|his|her) (?:chosen|selected|recommended|predicted|suggested))\b",
    re.IGNORECASE,
)
"""Words that may point at the answer: a sentence with one is not of the history alone."""
_PAST = re.compile(
    r"\b(?:previous(?:ly)?|past|prior|earlier|before|history|histories|historically|so far|until now|already"
    r"|consistently|repeatedly|frequently|often|usually|always|mostly"
    r"|(?:first|last|other) (?:two|three|four|five|six|few|\d+))\b"
    r"|\b(?:similar|other|several|many|various|multiple|most|both|these|those|all)(?: of)?(?: the(?:se|ir)?)? "
    r"(?:\w+ ){0,2}(?:items|products|purchases|orders|books|movies|films|games|things|ones|titles|articles|reviews)\b",
    re.IGNORECASE,
)
"""Words that speak of earlier purchases without naming one."""
