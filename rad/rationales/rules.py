"""The rules that a rationale obeys.

A rationale is written before any item is chosen. So it cites what is in the history and nothing else, never names the
target, has no hindsight and no rating of the target. :class:`Rules` checks one rationale against its query and the
catalogue and returns :class:`Violation` values; the forbidden wording is the public lists of
:mod:`rad.rationales.hindsight`.

=========================  ============================================================================
rule                       broken when
=========================  ============================================================================
``query``                  the rationale belongs to another query
``citation``               evidence cites nothing, or a place that the history does not have
``evidence``               a cited item does not have the attribute value that the evidence states
``value``                  an attribute value is wanted or avoided that no item of the catalogue has
``weights``                a weight is outside [0, 1], or the weights sum to more than 1
``verdict``                ``supported`` without a reason, or an unknown verdict
``reasons``                there are too many of them; then none is looked at
``wish``                   a reason is the user's own word (:data:`rad.types.WISHES`), which nobody can say for them
``fact``                   a reason is no sound fact (only checked with :class:`rad.rationales.facts.Facts`)
``text``                   the text is in the words of :mod:`rad.rationales.text`, but states other reasons
``hindsight`` (a leak)     the text speaks of the choice as made, or shows an item of the catalogue ("this scarf")
``rating`` (a leak)        the text tells a rating that is not one of the history
``names_target`` (a leak)  the text has words that point at the target
``quotes_title``           the text has four words of a title of the history, one after another
``unspoken`` (counted)     a claim of the reasons is not in the text, which is free prose
``unclaimed`` (counted)    the text, free prose, names an attribute value that is no claim of the reasons
=========================  ============================================================================
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from rad.features.bm25 import WORD, tokenize
from rad.rationales import claims, hindsight
from rad.rationales.strengths import levels, weighted
from rad.rationales.text import read
from rad.types import WISHES, Item, Query, Rationale, Reason

if TYPE_CHECKING:
    from rad.rationales.facts import Facts

LEAKS = frozenset({"hindsight", "rating", "names_target"})
COUNTED = frozenset({"unspoken", "unclaimed"})
_TOLERANCE = 1e-6  # of the sum of the weights, which are rounded in files
_RUN = 4  # words of a title, one after another, that name it
MOST, MOST_FACTS = 200, 12  # reasons: of any rationale, and of one whose reasons are to be facts


@dataclass(frozen=True, slots=True)
class Violation:
    """A broken rule and what broke it, in a few words."""

    rule: str
    detail: str

    @property
    def leak(self) -> bool:
        """Whether it gives an answer away."""
        return self.rule in LEAKS

    @property
    def counted(self) -> bool:
        """Whether it is a measured disagreement of text and claims rather than an error."""
        return self.rule in COUNTED


def forbidden_wording(
    text: str, of_history: Callable[[str, int, int], bool] = lambda sentence, start, end: False
) -> list[Violation]:
    """The violations ``hindsight`` and ``rating`` in a text (:func:`rad.rationales.hindsight.forbidden`)."""
    return [Violation(rule, words) for rule, words in hindsight.forbidden(text, of_history)]


class Rules:
    """The rules over one catalogue. Build it once; with ``facts``, every reason is to be a sound fact.

    ``few_titles``: the catalogue has some titles and no attributes, so it cannot say which words are common. Words that
    its texts have in small letters are ("trail shoes"), unless three of a title stand together.
    """

    def __init__(self, items: Mapping[str, Item], facts: Facts | None = None, few_titles: bool = False) -> None:
        self.items, self.facts, self.few_titles = items, facts, few_titles
        self.matcher = claims.Matcher(items.values())
        self._values = {(a, v) for item in items.values() for a, values in item.attributes.items() for v in values}
        self._titles = Counter(word for item in items.values() for word in set(tokenize(item.title)))
        self._rare = max(2, len(items) // 200)  # a word of at most this many titles points at few items

    def violations(self, rationale: Rationale, query: Query, target: Item | None = None) -> list[Violation]:
        """Every broken rule. ``names_target`` needs the ``target``, which only tests and releases know."""
        violations = [*self._structure(rationale, query), *forbidden_wording(rationale.text)]
        mentions = self.matcher.find(rationale.text)
        violations += self._shown(rationale.text, mentions)
        most = MOST if self.facts is None else MOST_FACTS
        if len(rationale.reasons) > most:
            violations.append(Violation("reasons", f"{len(rationale.reasons):,} reasons, at most {most}"))
        else:
            violations += [*self._reasons(rationale, query), *self._text(rationale, mentions)]
        violations += self.quoted(rationale.text, query)
        if target is not None:
            violations += self.names(rationale.text, target, query)
        return violations

    def names(self, text: str, target: Item, query: Query) -> list[Violation]:
        """Whether ``text`` names ``target``, in one of these ways:

        - its id;
        - two of the words that point at it, or the only one, if it is no number: a count may be the same. Such a word
          stands in its title, and in at most 1 of 200 titles of the catalogue (2 titles at least). It is in none of its
          attribute values, in no title of the history, and no function word. Attribute values named in the text do not
          count;
        - four words of its title, one after another (all, where it has fewer). One of them is neither a word of its
          attribute values nor of a title of the history;
        - a proper name in its title, in the midst of a sentence: a capitalised word that the catalogue never has in
          small letters, and that neither an attribute value nor a title of the history has;
        - the same at the start of a sentence, where another word of the title follows ("Acme's shoes").
        """
        if _IS_ID.fullmatch(target.item_id) and re.search(rf"\b{re.escape(target.item_id)}\b", text):
            return [Violation("names_target", target.item_id)]
        common = set(claims.FUNCTION_WORDS)
        common.update(w for values in target.attributes.values() for value in values for w in tokenize(value))
        for past in query.history:
            if past.item_id in self.items:
                common.update(tokenize(self.items[past.item_id].title))
        title, words = tokenize(target.title), tokenize(text)
        own = {w for w in title if w not in common}
        if own.isdisjoint(words):
            return []
        if run := run_of(title, words, own):
            return [Violation("names_target", " ".join(run))]
        pointing = {w for w in own if self._titles[w] <= self._rare}
        if self.few_titles and len(pointing & set(words)) < 3:
            pointing -= self._small - {name.lower() for name in _NAME.findall(text) if name[0].isupper()}
        # blanked in place, so that the words left keep their positions: citations, and values named as such
        rest = list(claims.CITATION.sub(lambda match: " " * len(match.group()), text))
        for mention in self.matcher.find(text):
            rest[mention.start : mention.end] = " " * (mention.end - mention.start)
        left = "".join(rest)
        telling = pointing & set(tokenize(left))
        if len(telling) == 1 and all(word.isdigit() for word in telling):
            telling = set()
        if not telling or len(telling) < min(2, len(pointing)):
            names = {w.lower() for w in WORD.findall(target.title) if w[0].isupper()} & own - self._small
            telling = names & {m.group().lower() for m in _NAME.finditer(left) if m.group()[0].isupper()}
            pairs = ((m[1].lower(), m[2].lower()) for m in _PAIR.finditer(left) if m[1][0].isupper())
            beside = {form for word in title for form in (word, f"{word}s")}
            telling |= {first for first, second in pairs if first in names and second in beside - {first}}
        named = " ".join(word for word in dict.fromkeys(title) if word in telling)
        return [Violation("names_target", named)] if telling else []

    @cached_property
    def _small(self) -> set[str]:
        """Words that the catalogue's titles and texts have in small letters, or its attribute values at all."""
        written = (w for item in self.items.values() for w in WORD.findall(f"{item.title} {item.text}"))
        return {w for w in written if w[0].islower()} | {w for _, value in self._values for w in tokenize(value)}

    def _structure(self, rationale: Rationale, query: Query) -> Iterator[Violation]:
        if rationale.query_id != query.query_id:
            yield Violation("query", f"written for query {rationale.query_id}, not {query.query_id}")
        for index in claims.citations(rationale.text):
            if not 0 <= index < len(query.history):
                yield Violation("citation", f"the text cites [{index + 1}] of a history of {len(query.history)}")
        yield from weight_violations(rationale)
        if rationale.verdict not in ("supported", "unexplained"):
            yield Violation("verdict", f"{rationale.verdict!r} is neither supported nor unexplained")
        elif rationale.verdict == "supported" and not rationale.reasons:
            yield Violation("verdict", "supported, but without a reason")

    def _reasons(self, rationale: Rationale, query: Query) -> Iterator[Violation]:
        for reason in rationale.reasons:
            if reason.evidence.kind in WISHES:
                yield Violation("wish", "only who is recommended to can say what the user asks for or rules out")
                continue
            violations = [*self._evidence(reason, query), *self._values_of(reason)]
            if self.facts is not None and not violations:
                violations += self.facts.check(reason, query)
            yield from violations

    def _values_of(self, reason: Reason) -> Iterator[Violation]:
        for attribute, value in (*reason.wants, *reason.avoids):
            if (attribute, value) not in self._values:
                yield Violation("value", f"no item has {attribute} {value!r}")

    def _evidence(self, reason: Reason, query: Query) -> Iterator[Violation]:
        evidence, n = reason.evidence, len(query.history)
        if not evidence.history:
            yield Violation("citation", f"{evidence.kind} evidence that cites nothing")
        if (evidence.attribute is None) != (evidence.value is None):
            yield Violation("evidence", "an attribute without a value, or a value without an attribute")
        if evidence.kind == "attribute" and evidence.attribute is None:
            yield Violation("evidence", "attribute evidence that states no attribute")
        for index in evidence.history:
            if not 0 <= index < n:
                yield Violation("citation", f"[{index + 1}] of a history of {n}")
                continue
            item = self.items.get(query.history[index].item_id)
            if evidence.attribute is None or evidence.value is None or item is None:
                continue
            if evidence.value not in item.attributes.get(evidence.attribute, ()):
                yield Violation("evidence", f"[{index + 1}] does not have {evidence.attribute} {evidence.value!r}")

    def _shown(self, text: str, mentions: Sequence[claims.Mention]) -> Iterator[Violation]:
        for words in hindsight.shown(text, [(mention.start, mention.end) for mention in mentions]):
            yield Violation("hindsight", words)

    def quoted(self, text: str, query: Query) -> Iterator[Violation]:
        """Titles are their publisher's text and no attribute values: a rationale that is published repeats none."""
        words = tokenize(claims.CITATION.sub(" ", text))  # "flat washers [1], [4]" is no "flat washers 1/4"
        for past in query.history:
            item = self.items.get(past.item_id)
            title = tokenize(item.title) if item else ()
            if item is None or len(title) < _RUN or len(words) < _RUN:
                continue
            values = {w for own in item.attributes.values() for value in own for w in tokenize(value)}
            if run := run_of(title, words, set(title) - values - claims.FUNCTION_WORDS):
                yield Violation("quotes_title", " ".join(run))

    def _text(self, rationale: Rationale, mentions: Sequence[claims.Mention]) -> Iterator[Violation]:
        """Reasons against text: exactly where the text is in the grammar, else claim by claim."""
        sentences, rest, prose = read(rationale.text)
        if prose or not (sentences or rest):
            yield from self._spoken(rationale, mentions)
            return
        in_record, unexplained = _levelled(rationale.reasons)
        in_text, unexplained_in_text = _levelled(weighted(sentences, rest))
        if in_record != in_text:
            n, extra = (in_record - in_text).total(), (in_text - in_record).total()
            yield Violation("text", f"{n} of {in_record.total()} reasons are not in the text, and {extra} others are")
        elif unexplained != unexplained_in_text:
            yield Violation("text", f"the unexplained has level {unexplained}, and {unexplained_in_text} in the text")

    def _spoken(self, rationale: Rationale, mentions: Sequence[claims.Mention]) -> Iterator[Violation]:
        """Claims against text. A value is spoken where a mention of the text may stand for it."""
        claimed = {claim for reason in rationale.reasons for claim in (*reason.wants, *reason.avoids)}
        for reason in rationale.reasons:
            if reason.evidence.attribute is not None and reason.evidence.value is not None:
                claimed.add((reason.evidence.attribute, reason.evidence.value))
        spoken = {claim for mention in mentions for claim in mention.claims}
        for attribute, value in sorted(claimed - spoken):
            yield Violation("unspoken", f"{attribute} {value!r}")
        for mention in mentions:
            if not claimed.intersection(mention.claims):
                yield Violation("unclaimed", mention.surface)


def _levelled(reasons: Sequence[Reason]) -> tuple[Counter[tuple[Reason, int]], int]:
    """Each reason, whatever its weight, with its level, counted; and the level of the unexplained."""
    each, rest = levels(reasons)
    return Counter((replace(reason, weight=1.0), level) for reason, level in zip(reasons, each, strict=True)), rest


_IS_ID = re.compile(r"(?=.*\d)[\w-]{8,}")
_PAIR = re.compile(r"(?<![^\W_])([^\W_]+)(?:['\u2019]s?)? (?=([^\W_]+))")
_NAME = re.compile(r"(?<![.!?;\n] )(?<=[^.!?;\n])(?<![^\W_])[^\W_]+")


def run_of(title: Sequence[str], text: Sequence[str], own: Set[str]) -> Sequence[str]:
    """The words of ``title`` that ``text`` has one after another: ``_RUN`` of them, two at least, one of ``own``."""
    n = min(_RUN, len(title))  # one shared word names nothing
    if n < 2 or own.isdisjoint(text):
        return ()
    runs = (title[k : k + n] for k in range(len(title) - n + 1))
    wanted = {tuple(run) for run in runs if not own.isdisjoint(run)}
    return next((run for run in zip(*(text[k:] for k in range(n)), strict=False) if run in wanted), ())


def weight_violations(rationale: Rationale) -> Iterator[Violation]:
    """The violations of the weights alone."""
    weights = [reason.weight for reason in rationale.reasons]
    if outside := [weight for weight in weights if not 0 <= weight <= 1]:  # NaN is outside too
        yield Violation("weights", f"{outside[0]!r} is outside [0, 1]")
    elif math.fsum(weights) > 1 + _TOLERANCE:
        yield Violation("weights", f"they sum to {math.fsum(weights):.6g}, more than 1")
