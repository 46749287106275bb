"""Examples of finished runs for a page: what each run said of a query, whether that is so, and what it then ranked.

Words of a rationale are marked as the metrics count them: a value that its reasons state of purchases is *supported*
where every purchase that they cite has it, *unsupported* where one does not or where no reason claims it, and *wanted*
where a reason only wants or avoids it, which no history can prove. A text without reasons is held against the purchases
that each sentence cites, or against the whole history.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from benchmarks.explanations.results import Perturbed
from benchmarks.harness.evaluate import checked
from benchmarks.metrics._text import LONGEST
from benchmarks.metrics.correctness._reasons import wants
from benchmarks.metrics.grounding._claims import citations
from benchmarks.metrics.grounding.text_agreement import claims_of
from rad.data.dataset import Dataset
from rad.rationales.claims import CITATION, Matcher, Mention
from rad.runtime import records
from rad.runtime.files import read_jsonl
from rad.types import Example, Item, Prediction, Rationale, Reason

FIRST = 10  # items of a ranking that are shown
AFTER = 5  # of the ranking after a change
REASONS = 8  # reasons that are shown one by one, the heaviest
CHANGES = {
    "swap": "another user's rationale",
    "corrupt": "one claim made wrong",
    "paraphrase": "the same reasons in other words",
    **{
        f"{first}_first_{percent}": f"the {first} {percent}% of the reasons taken away"
        for first in ("heaviest", "lightest")
        for percent in (20, 40, 60, 80)
    },
    "none": "all reasons taken away",
    "without_cited": "the purchases it cites most taken away",
    "without_random": "as many other purchases taken away",
    "only_cited": "only the purchases it cites most left",
    "only_random": "only as many other purchases left",
}
_WORD = re.compile(r"\s*\S+")


@dataclass(frozen=True)
class Piece:
    """A stretch of text. ``kind``: plain, supported, unsupported, wanted, citation, added or removed."""

    kind: str
    text: str
    why: str = ""
    place: int | None = None


@dataclass(frozen=True)
class Ranked:
    """An item at its rank (from 1). ``before`` is its rank by the model's own rationale, where that is shown."""

    rank: int
    item_id: str
    title: str
    target: bool
    before: int | None = None


@dataclass(frozen=True)
class Stated:
    """A reason: its weight, what it rests on, what follows; ``sound``: what it states is so; ``known``: it is among the
    known ones (None: nobody knows)."""

    weight: float
    because: str
    follows: str
    sound: bool
    known: bool | None


@dataclass(frozen=True)
class Change:
    """What a model was given instead, and what it then ranked. ``gone``: places (from 1) that it did not see."""

    name: str
    text: Sequence[Piece]
    gone: Sequence[int]
    ranking: Sequence[Ranked]
    target: int | None
    moved: float | None
    ndcg: float | None


@dataclass(frozen=True)
class Said:
    """One run on one query. ``target`` is the best rank of a target, None below the cut of 100."""

    error: str | None
    verdict: str = ""
    text: Sequence[Piece] = ()
    reasons: Sequence[Stated] = ()
    more: int = 0
    contrast: str = ""
    ranking: Sequence[Ranked] = ()
    target: int | None = None
    own: int | None = None
    changes: Sequence[Change] = ()


@dataclass
class Shown:
    """One query and all runs on it, by their number. ``known``: the known reasons in words, where they are known."""

    query_id: str
    history: Sequence[tuple[str, str]]
    targets: Sequence[tuple[str, str]]
    known: str
    said: dict[int, Said] = field(default_factory=dict)


class Browser:
    """The first ``examples`` of a task, on which runs are shown side by side."""

    def __init__(self, data: Dataset, examples: Sequence[Example]) -> None:
        self.items, self.examples = data.items, list(examples)
        self.matcher = Matcher(data.items.values())
        self.shown = [
            Shown(
                e.query.query_id,
                [self._item(x.item_id) for x in e.query.history],
                [self._item(item) for item in e.relevant],
                e.rationale.text if e.rationale else "",
            )
            for e in examples
        ]

    def add(self, number: int, predictions: Path, changed: Path | None) -> None:
        """What the run ``number`` predicted, and ``perturbed.jsonl`` where it has one."""
        asked = {e.query.query_id for e in self.examples}
        mine = (  # only these are looked at closely: the rest was when the run was scored
            records.parse(Prediction, record, f"{predictions}:{number}")
            for number, record in read_jsonl(predictions)
            if str(record.get("query_id")) in asked
        )
        given, _ = checked(mine, self.examples, self.items)
        changes: dict[str, dict[str, Perturbed]] = {}
        for _, one in records.read(changed, Perturbed) if changed else ():
            changes.setdefault(one.query_id, {})[one.input] = one
        for example, shown, p in zip(self.examples, self.shown, given, strict=True):
            shown.said[number] = self._said(p, example, changes.get(p.query_id, {}))

    def _item(self, item_id: str) -> tuple[str, str]:
        """Title and attributes of an item."""
        item = self.items.get(item_id)
        if item is None:
            return item_id, ""
        return item.title, " · ".join(f"{name} {', '.join(values)}" for name, values in item.attributes.items())

    def _said(self, p: Prediction, example: Example, changes: Mapping[str, Perturbed]) -> Said:
        if p.error is not None:
            return Said(p.error)
        own = changes.get("own")
        r = p.rationale
        heaviest = sorted(r.reasons, key=lambda reason: -reason.weight) if r else []
        return Said(
            error=None,
            verdict=r.verdict if r else "",
            text=list(marked(r, example, self.items, self.matcher)) if r else (),
            reasons=[self._stated(p, reason, example) for reason in heaviest[:REASONS]],
            more=max(0, len(heaviest) - REASONS),
            contrast=p.contrast.text[:LONGEST] if p.contrast else "",
            ranking=self._ranked(p.ranking[:FIRST], example),
            target=_place(p.ranking, example),
            own=_place(own.ranking, example) if own else None,
            changes=[self._change(changes[name], own, example) for name in _in_order(changes)] if own else (),
        )

    def _stated(self, p: Prediction, reason: Reason, example: Example) -> Stated:
        assert p.rationale is not None
        alone = Prediction(p.query_id, (), replace(p.rationale, reasons=(reason,)))
        e = reason.evidence
        fact = f" {e.attribute} {e.value}" if e.attribute else ""
        goals = [f"wants {a} {v}" for a, v in reason.wants] + [f"avoids {a} {v}" for a, v in reason.avoids]
        right = None
        if example.rationale is not None and reason.wants:
            right = not wants(example.rationale, None).isdisjoint(reason.wants)
        return Stated(
            weight=reason.weight,
            because=" ".join(f"[{k + 1}]" for k in e.history) + fact,
            follows=", ".join(goals) or e.kind.replace("_", " "),
            sound=all(finding in ("supported", "no claim") for finding, _ in citations(alone, example, self.items)),
            known=right,
        )

    def _ranked(
        self, ranking: Sequence[str], example: Example, before: Mapping[str, int] | None = None
    ) -> list[Ranked]:
        return [
            Ranked(k, item, self._item(item)[0], item in example.relevant, before.get(item) if before else None)
            for k, item in enumerate(ranking, 1)
        ]

    def _change(self, one: Perturbed, own: Perturbed, example: Example) -> Change:
        kept = list(one.history)
        gone = []
        for k, x in enumerate(example.query.history, 1):  # what is left stands in the same order
            if kept and kept[0] == x.item_id:
                kept.pop(0)
            else:
                gone.append(k)
        before, after = own.rationale.text[:LONGEST], one.rationale.text[:LONGEST]
        alike = one.input != "swap" and one.input != "paraphrase" and not gone
        return Change(
            name=CHANGES.get(one.input, one.input),
            text=list(differences(before, after)) if alike else [Piece("plain", after)],
            gone=gone,
            ranking=self._ranked(one.ranking[:AFTER], example, {x: k for k, x in enumerate(own.ranking, 1)}),
            target=_place(one.ranking, example),
            moved=one.effects.get("ranking"),
            ndcg=one.effects.get("ndcg"),
        )


def marked(rationale: Rationale, example: Example, items: Mapping[str, Item], matcher: Matcher) -> Iterator[Piece]:
    """The text of a rationale, its first 2,000 characters, in pieces: claims, citations and the rest."""
    text = rationale.text[:LONGEST]
    spans = [(m.start, m.end, *_judged(m, rationale, example, items)) for m in matcher.find(text)]
    length = len(example.query.history)
    for m in CITATION.finditer(text):
        places = [int(k) for k in re.findall(r"\d+", m.group(1))]
        bad = [k for k in places if not 1 <= k <= length]
        kind, why = ("unsupported", "no such purchase") if bad else ("citation", "")
        spans.append((m.start(), m.end(), kind, why))
    end = 0
    for start, stop, kind, why in sorted(spans):
        if start < end:
            continue
        if start > end:
            yield Piece("plain", text[end:start])
        one = re.fullmatch(r"\[\s*(\d+)\s*\]", text[start:stop]) if kind == "citation" else None
        yield Piece(kind, text[start:stop], why, int(one[1]) if one else None)
        end = stop
    rest = text[end:]
    if len(rationale.text) > LONGEST:
        rest += f" … ({len(rationale.text) - LONGEST:,} more characters)"
    if rest:
        yield Piece("plain", rest)


def _judged(m: Mention, rationale: Rationale, example: Example, items: Mapping[str, Item]) -> tuple[str, str]:
    """Whether a value that the text names is supported, and why."""
    history = example.query.history

    def has(places: Sequence[int]) -> list[bool]:
        found = [items.get(history[k].item_id) if 0 <= k < len(history) else None for k in places]
        return [item is not None and any(v in item.attributes.get(a, ()) for a, v in m.claims) for item in found]

    if not rationale.reasons:
        if any(has(m.citations or range(len(history)))):
            return "supported", "a purchase has it"
        return "unsupported", "none of the cited purchases has it" if m.citations else "no purchase has it"
    stating = [r for r in rationale.reasons if (r.evidence.attribute, r.evidence.value) in m.claims]
    if stating:
        right = all(has([k for r in stating for k in r.evidence.history] or [-1]))
        right = right and (not m.citations or any(has(m.citations)))
        return ("supported", "the cited purchases have it") if right else ("unsupported", "a cited purchase lacks it")
    if claims_of(rationale).isdisjoint(m.claims):
        return "unsupported", "claimed by no reason"
    return "wanted", "what the user is said to want or avoid"


def differences(before: str, after: str) -> Iterator[Piece]:
    """Both texts in one, word by word: what stayed, what was removed, what was added."""
    a, b = _WORD.findall(before), _WORD.findall(after)
    for tag, i, j, k, n in difflib.SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if tag == "equal":
            yield Piece("plain", "".join(a[i:j]))
            continue
        if i < j:
            yield Piece("removed", "".join(a[i:j]))
        if k < n:
            yield Piece("added", "".join(b[k:n]))


def _in_order(changes: Mapping[str, Perturbed]) -> list[str]:
    known = [name for name in CHANGES if name in changes]
    return known + [name for name in changes if name not in CHANGES and name != "own"]


def _place(ranking: Sequence[str], example: Example) -> int | None:
    return min((k for k, item in enumerate(ranking, 1) if item in example.relevant), default=None)
