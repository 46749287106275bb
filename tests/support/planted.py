"""The planted corpus: leaks of every kind, put into a built-in world, and clean records that look much like them.

``python tests/support/planted.py [HALF...] [--misses]`` prints, for each half (``develop``, ``heldout``) and kind, how
many planted leaks the checks find, and how many clean records they call a leak: those of the corpus, the known
rationales of both built-in worlds, drafts of the ``evidence`` drafter, and the worlds' item texts and attribute names.

The held-out half was written before the checks were extended, and looked at once they found all of the other half. At
that first look they found 609 of its 624 planted leaks (0.976) and called none of its 203 clean records a leak. What
they missed was one kind of data set: test examples of the very same users in the training data, which another check
(``train before test``) named but ``train/test copies``, which promised to find it, did not. Since it was mended all 624
are found. One author wrote both halves, so this says more of the checks' reach than of what others may write.
"""

from __future__ import annotations

import importlib
import inspect
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from types import ModuleType

from rad.data import splits
from rad.data.dataset import Dataset
from rad.data.load import open_dataset
from rad.features.bm25 import tokenize
from rad.leakage import dataset_checks, input_checks
from rad.leakage.finding import Finding
from rad.rationales.rules import Rules
from rad.types import Example, Interaction, Item, Rationale, Split

HALVES = ("develop", "heldout")
WORLD = "world:seed=7,users=120,items=300"
SEEDS = 3  # fillings of a template
EVERY = 8  # one user in so many is planted in a data set
ACCEPTED: Mapping[str, frozenset[str]] = {  # kind -> the checks that may find it
    "hindsight": frozenset({"hindsight", "rating"}),
    "rating": frozenset({"hindsight", "rating"}),
    "names_target": frozenset({"names_target"}),
    "evidence": frozenset({"citation", "evidence", "value"}),
    "profile": frozenset({"profiles", "profiles past the split"}),
    "snapshot fields": frozenset({"snapshot fields"}),
    "snapshot texts": frozenset({"snapshot text"}),
    "negative": frozenset({"candidates"}),
    "time": frozenset({"time order", "history order"}),
    "same": frozenset({"same history", "duplicate users"}),
    "copies": frozenset({"train/test copies"}),
    "target": frozenset({"target in the input"}),
    "review": frozenset({"answer's review", "review in an item"}),
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of ``planted`` records of one template, or one function of data, ``detected`` were called a leak."""

    half: str
    kind: str
    clean: bool
    name: str
    planted: int
    detected: int


def change(data: Dataset, users: set[str], plant: Callable[[Example], Example], split: Split = "test") -> Dataset:
    """``plant`` on the examples of ``users`` in one split."""
    rows = tuple(plant(e) if e.query.user_id in users else e for e in data.examples[split])
    return replace(data, examples={**data.examples, split: rows})


def resplit(data: Dataset, sequences: Mapping[str, Sequence[Interaction]]) -> Dataset:
    """The same items with other sequences, split leave-last-out, candidates kept by query id."""
    listed = {e.query.query_id: e.query.candidates for rows in data.examples.values() for e in rows}

    def again(e: Example) -> Example:
        return replace(e, query=replace(e.query, candidates=listed.get(e.query.query_id)))

    rows = splits.leave_last_out(data.examples["test"][0].query.domain, sequences)
    candidates = {split: tuple(map(again, examples)) for split, examples in rows.items()}
    return replace(data, examples=candidates, sequences=dict(sequences))


@cache
def base(spec: str = WORLD) -> Dataset:
    """A clean world under reranking, where every last purchase has a review of its own."""
    data = open_dataset(spec, protocol="rerank")
    sequences = {
        user: (*s[:-1], replace(s[-1], review=_review(k, data.items[s[-1].item_id])))
        for k, (user, s) in enumerate(data.sequences.items())
    }
    examples_of = {(e.query.query_id, split): e for split, rows in data.examples.items() for e in rows}
    out = resplit(data, sequences)
    rows = {
        split: tuple(replace(e, rationale=examples_of[e.query.query_id, split].rationale) for e in examples)
        for split, examples in out.examples.items()
    }
    return replace(out, examples=rows)


def _review(k: int, item: Item) -> str:
    """Its own words for each purchase: nine words and more."""
    who = ("my sister", "an uncle", "our neighbour", "a colleague", "the twins", "grandma", "my flatmate")[k % 7]
    where = ("at the station", "in the garden", "on the ferry", "over dinner", "by the lake")[k // 7 % 5]
    return f"Wore it {where}, where {who} asked {k + 2} times from where it came, and I told."


def render(template: str, data: Dataset, e: Example) -> str:
    """A template with its slots filled from one example."""
    target = data.items[next(iter(e.relevant))]
    n = len(e.query.history)
    values = {word for i in data.items.values() for vs in i.attributes.values() for v in vs for word in tokenize(v)}
    words = re.findall(r"[^\W_]+", target.title)
    last = data.sequences[e.query.user_id][-1]
    return template.format(
        **{name: target.attributes[name][0] for name in ("garment", "colour", "brand")},
        n=n,
        m=n - 2,
        over=n + 1,
        title=target.title,
        lower=target.title.lower(),
        upper=target.title.upper(),
        plain=" ".join(words),
        name=" ".join(w for w in words if w.lower() not in values and w.lower() != "in"),
        id=target.item_id,
        review=last.review,
        past=data.items[e.query.history[-1].item_id].title,
    )


def outcomes(half: str) -> Iterator[Outcome]:
    """What the checks make of every record of one half."""
    words = importlib.import_module(f"tests.data.planted_{half}")
    records = importlib.import_module(f"tests.data.planted_{half}_data")
    data = base()
    rules = Rules(data.items)
    for kind, clean, templates in (
        ("hindsight", False, words.HINDSIGHT),
        ("rating", False, words.RATING),
        ("names_target", False, words.NAMED),
        ("evidence", False, words.EVIDENCE),
        ("rationales", True, words.CLEAN),
    ):
        for template in templates:
            yield Outcome(half, kind, clean, template, SEEDS, _detected(rules, data, template, ACCEPTED.get(kind)))
    yield from _fields(half, words, data)
    yield from _profiles(half, words, data)
    users = set(sorted(data.sequences)[::EVERY])
    for name, plant in inspect.getmembers(records, inspect.isfunction):
        if plant.__module__ != records.__name__ or name.startswith("_"):
            continue
        kind = name.partition("_")[0]
        clean = (inspect.getdoc(plant) or "").startswith("Clean")
        detected = _leaks(dataset_checks.check(plant(data, users)), None if clean else ACCEPTED[kind])
        n = 1 if kind == "profile" else len(users)  # profiles of this sort are counted together
        yield Outcome(half, kind, clean, name, n, min(detected, n))


def _examples(data: Dataset) -> list[Example]:
    """Test examples with a history long enough to cite, whose target has a name of its own."""
    rows = [e for e in data.examples["test"] if len(e.query.history) >= 4]
    return rows[:: len(rows) // SEEDS][:SEEDS]


def _detected(rules: Rules, data: Dataset, template: str, accepted: frozenset[str] | None) -> int:
    """In how many fillings a rule of ``accepted`` is broken; without one, any rule that makes a leak of wording."""
    count = 0
    for e in _examples(data):
        text = render(template, data, e)
        rationale = Rationale("r", e.query.query_id, (), text, "unexplained", "human", "planted", "1")
        target = data.items[next(iter(e.relevant))]
        broken = {one.rule for one in rules.violations(rationale, e.query, target) if not one.counted}
        broken -= {"quotes_title"}  # the history's titles leak nothing
        count += bool(broken & accepted if accepted else broken)
    return count


def _leaks(findings: Iterator[Finding], accepted: frozenset[str] | None) -> int:
    """The largest count of the accepted findings that are leaks; without ``accepted``, the sum of all leaks."""
    leaks = [f for f in findings if f.level == "leak" and (accepted is None or f.check in accepted)]
    counts = [max(1, f.count) for f in leaks]
    return (sum if accepted is None else max)(counts or [0])


def _fields(half: str, words: ModuleType, data: Dataset) -> Iterator[Outcome]:
    """Item attributes and texts: each on items that no other one is planted on."""
    ids = list(data.items)[:SEEDS]

    def leaks(change: Callable[[Item], Item], accepted: frozenset[str]) -> int:
        items = {**data.items, **{i: change(data.items[i]) for i in ids}}
        return _leaks(dataset_checks.snapshots(replace(data, items=items)), accepted)

    for clean, pairs in ((False, words.SNAPSHOT_FIELDS), (True, words.CLEAN_FIELDS)):
        for pair in pairs:
            detected = leaks(
                lambda i, p=pair: replace(i, attributes={**i.attributes, p[0]: (p[1],)}), ACCEPTED["snapshot fields"]
            )
            yield Outcome(half, "snapshot fields", clean, f"{pair[0]}={pair[1]}", 1, min(1, detected))
    for clean, texts in ((False, words.SNAPSHOT_TEXTS), (True, words.CLEAN_TEXTS)):
        for text in texts:
            detected = leaks(lambda i, t=text: replace(i, text=f"{i.text} {t}"), ACCEPTED["snapshot texts"])
            yield Outcome(half, "snapshot texts", clean, text, SEEDS, min(SEEDS, detected))


def _profiles(half: str, words: ModuleType, data: Dataset) -> Iterator[Outcome]:
    chosen = {e.query.user_id for e in _examples(data)}
    for clean, templates in ((False, words.PROFILES), (True, words.CLEAN_PROFILES)):
        for template in templates:
            planted = change(
                data,
                chosen,
                lambda e, t=template: replace(e, query=replace(e.query, profile=render(t, data, e))),
            )
            detected = _leaks(input_checks.profiles(planted), ACCEPTED["profile"])
            yield Outcome(half, "profile", clean, template, len(chosen), detected)


def clean_texts() -> Iterator[tuple[str, int, list[str]]]:
    """Where, how many texts, and which of them are called a leak: what RAD itself writes."""
    from rad.features.evidence_model import EvidenceModel
    from rad.rationales.text import rationale

    for spec in ("world:seed=7,users=300,items=400", "world_science:seed=7,users=300,items=400"):
        data = open_dataset(spec)
        rules = Rules(data.items)
        name = spec.partition(":")[0]
        rows = [e for split in data.examples.values() for e in split if e.rationale]
        yield f"{name}: known rationales", len(rows), _false(rules, data, rows)
        train = data.examples["train"][::5]
        model = EvidenceModel().fit(data.examples["train"], data.items)
        drafts = [
            replace(e, rationale=rationale(e.query, reasons, "evidence", "evidence", "2"))
            for e, reasons in zip(train, model.explain_all(train), strict=True)
        ]
        yield f"{name}: drafts of evidence", len(drafts), _false(rules, data, drafts)
        findings = list(dataset_checks.snapshots(data))
        yield f"{name}: item texts", len(data.items), [f.text for f in findings if f.level == "leak"]


def _false(rules: Rules, data: Dataset, rows: Sequence[Example]) -> list[str]:
    out = []
    for e in rows:
        assert e.rationale is not None
        target = data.items[next(iter(e.relevant))]
        if leaks := [f for f in rules.violations(e.rationale, e.query, target) if not f.counted]:
            out.append(f"{leaks[0]}: {e.rationale.text}")
    return out


def main(halves: Sequence[str], misses: bool) -> None:
    """The table, and on demand every miss and false alarm under it."""
    from rich.console import Console
    from rich.table import Table

    console = Console()
    table = Table("half", "kind", "planted", "found", "recall", "clean", "false alarms", title="Planted leaks")
    rows = [o for half in halves for o in outcomes(half)]
    for half, kind in dict.fromkeys((o.half, o.kind) for o in rows):
        own = [o for o in rows if (o.half, o.kind) == (half, kind)]
        n, detected = (Counter({c: sum(getattr(o, f) for o in own if o.clean is c) for c in (True, False)}) for f in
                    ("planted", "detected"))  # fmt: skip
        recall = f"{detected[False] / n[False]:.3f}" if n[False] else ""
        table.add_row(half, kind, *map(str, (n[False], detected[False], recall, n[True], detected[True])))
    console.print(table)
    for where, n, alarms in clean_texts():
        console.print(f"{where}: {len(alarms)} false alarms in {n:,}", *alarms[:3], highlight=False)
    for o in rows:
        if misses and (o.detected > 0 if o.clean else o.detected < o.planted):
            console.print(o.half, o.kind, "FALSE ALARM" if o.clean else "MISSED", o.detected, o.planted, repr(o.name))


if __name__ == "__main__":
    import argparse

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("halves", nargs="*", metavar="HALF", help=f"of {', '.join(HALVES)}; default: both")
    parser.add_argument("--misses", action="store_true", help="list what was missed and what was called a leak wrongly")
    options = parser.parse_args()
    main(options.halves or HALVES, options.misses)
