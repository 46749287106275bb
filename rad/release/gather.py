"""What goes into a release: the tables of a data set, without what its publishers would not have us publish."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import pyarrow as pa

import rad
from rad.data import arrow, candidates, splits
from rad.data.dataset import Dataset
from rad.data.domain import Corpus
from rad.data.load import dataset_of, load_domain
from rad.data.sources import resolve_path
from rad.data.splits import SPLITS
from rad.data.tables import checked_table, drafts_of, instruct_table
from rad.errors import RadError
from rad.features.bm25 import tokenize
from rad.rationales import files, rules
from rad.rationales.claims import FUNCTION_WORDS
from rad.rationales.drafts import without_values
from rad.rationales.facts import Facts
from rad.release.manifest import SCHEMA_VERSION, Manifest, SourceFile, source_sha256
from rad.runtime import records
from rad.types import Interaction, Item, Judgement, Rationale, Split

T = TypeVar("T")


@dataclass(frozen=True)
class Release:
    """What is to be written: the whole data set that it is read back as, and its tables by config and split.

    ``manifest`` has no files yet.
    """

    dataset: Dataset
    tables: Mapping[str, Mapping[str, pa.Table]]
    manifest: Manifest


def gather(spec: str, data_dir: Path | None = None, extra: Path | None = None) -> Release:
    """Load domain ``spec`` and keep what may be published. ``extra``: a file of rationales in place of its own."""
    domain = load_domain(spec)
    corpus = domain.load(data_dir)
    base = load_domain(corpus.data or spec)
    name, _, argument = spec.partition(":")
    folder = resolve_path(name, argument, data_dir) if name == "campaign" else None
    numbered: list[tuple[int, Rationale]] = []
    if corpus.origin:
        raise RadError(f"{spec} is a release: copy its folder, or push what it was made from")
    if extra is not None:
        numbered = list(files.read(extra))
        if not numbered:
            raise RadError(f"{extra}: no rationales")
        corpus = replace(corpus, rationales={r.query_id: r for _, r in numbered})
    drafts = [draft for path in _there(folder, "drafts.jsonl") for _, draft in files.read(path)]
    answers_there = [one for path in _there(folder, "judgements.jsonl") for _, one in records.read(path, Judgement)]
    judgements = [one for one in answers_there if one.question != "comment"]  # which is for the campaign's lead alone
    data = dataset_of(spec, domain, corpus)
    _check_queries(spec, corpus.rationales.values(), data)
    _check_numbers(extra, numbered, data)
    written = _drafted(data, corpus.rationales)
    withheld: dict[str, int] = {}
    if not base.published_whole:
        publishable = _Publishable(data)
        own, public_drafts = publishable.of(corpus.rationales.values()), publishable.of(drafts)
        answers = publishable.answers(judgements, public_drafts)
        public_written = publishable.shortened(written)
        withheld = {
            "rationales withheld, since their text has words of a title": len(corpus.rationales) - len(own),
            "drafts withheld for the same": len(drafts) - len(public_drafts),
            "drafts of training queries without their values for the same": sum(
                public_written[key] != draft for key, draft in written.items()
            ),
            "answers of reviewers withheld for the same": len(judgements) - len(answers),
            "contrasts withheld, since they may name their items": len(corpus.contrasts),
        }
        drafts, judgements, written = public_drafts, answers, public_written
        corpus = replace(corpus, rationales={r.query_id: r for r in own}, contrasts={})
        data = dataset_of(spec, domain, corpus)
    manifest = Manifest(
        schema_version=SCHEMA_VERSION,
        data=re.sub(r"(?<=[:,])[^,=]*/", "", corpus.data or spec),  # the folders are of one machine
        domain=corpus.domain or domain.name,
        version=data.version,
        rad=rad.__version__,
        texts=base.published_whole,
        sha256=data.sha256,
        source_sha256=source_sha256(data.items, data.sequences),
        candidates=candidates.VERSION,
        ordered=corpus.ordered,
        notes={**data.notes, **{what: n for what, n in withheld.items() if n}},
        sources=tuple(SourceFile(s.file, s.sha256, s.origin, s.licence, s.instructions) for s in base.sources),
        writer=f"pyarrow {pa.__version__}",
        files=(),
    )
    return Release(data, _tables(corpus, data, written, drafts, judgements, base.published_whole), manifest)


def _drafted(data: Dataset, own: Mapping[str, Rationale]) -> dict[str, Rationale]:
    """A draft for each training query without a rationale of its own."""
    lacking = [key for e in data.examples["train"] if (key := e.query.query_id) not in own]
    written = drafts_of(data, lacking)
    return {key: written[key] for key in lacking}


def _tables(
    corpus: Corpus,
    data: Dataset,
    written: Mapping[str, Rationale],
    drafts: Iterable[Rationale],
    judgements: Iterable[Judgement],
    texts: bool,
) -> dict[str, dict[str, pa.Table]]:
    """By config and split. The library ``datasets`` cannot read a table without rows, so empty ones are left out."""
    derived = derived_tables(data, texts)
    configs: dict[str, dict[str, pa.Table]] = {
        "examples": derived["examples"],
        "items": derived["items"],
        "users": {"full": _users(corpus, data)} if texts else {},
        "rationales": {"full": checked_table(data, corpus.rationales, written)},
        "instruct": {"train": instruct_table(data)} if texts else {},
        "drafts": {"full": arrow.table(map(arrow.rationale_row, drafts), arrow.RATIONALE)},
        "judgements": {"full": arrow.table(map(arrow.judgement_row, judgements), arrow.JUDGEMENT)},
        "candidates": derived["candidates"],
    }
    filled = {name: {split: rows for split, rows in parts.items() if rows.num_rows} for name, parts in configs.items()}
    return {name: parts for name, parts in filled.items() if parts}


def derived_tables(data: Dataset, texts: bool) -> dict[str, dict[str, pa.Table]]:
    """The tables that a data set determines, by config and split; ``texts``: with them, and not only ids."""
    shown = data if texts else _bare(data)
    items = arrow.item_table(shown.items.values())
    lists = candidates.cached(data.sha256, data.items, data.examples)
    return {
        "examples": {
            split: arrow.table(map(arrow.example_row, shown.examples[split]), arrow.EXAMPLE) for split in SPLITS
        },
        "items": {"full": items if texts else items.select(["item_id", "domain"])},
        "candidates": {split: _candidates(data, split, lists) for split in candidates.HELD_OUT},
    }


def _there(folder: Path | None, name: str) -> list[Path]:
    """The file of a campaign's folder, if there are both."""
    return [folder / name] if folder and (folder / name).exists() else []


def _check_queries(spec: str, rationales: Iterable[Rationale], data: Dataset) -> None:
    """Refuse a rationale of a query that the data set does not have."""
    queries = {e.query.query_id for split in SPLITS for e in data.examples[split]}
    queries |= {splits.query_id(user, k) for user, s in data.sequences.items() for k in range(len(s))}
    if strange := next((r.query_id for r in rationales if r.query_id not in queries), None):
        raise RadError(f"a rationale is of query {strange}, which is not in {spec}")


def _check_numbers(path: Path | None, lines: Iterable[tuple[int, Rationale]], data: Dataset) -> None:
    """Refuse a rationale that states numbers which cannot be counted again, or that breaks another rule."""
    numbered = [(number, rationale) for number, rationale in lines if files.states_numbers(rationale)]
    if not numbered:
        return
    queries = {e.query.query_id: e.query for split in SPLITS for e in data.examples[split]}
    checks = rules.Rules(data.items, Facts.of(data.examples["train"], data.items))
    for number, rationale in numbered:
        query = queries.get(rationale.query_id)
        violations = checks.violations(rationale, query) if query else []
        if broken := next((v for v in violations if not v.counted), None):
            raise RadError(f"{path}:{number}: {broken.rule}: {broken.detail}")


class _Publishable:
    """Which texts hold no words of a title: neither of the query's history nor of its target."""

    def __init__(self, data: Dataset) -> None:
        self.items, self.rules = data.items, rules.Rules(data.items)
        self.examples = {e.query.query_id: e for split in SPLITS for e in data.examples[split]}

    def of(self, rationales: Iterable[Rationale]) -> list[Rationale]:
        """Those of ``rationales`` that may be published."""
        return [rationale for rationale in rationales if self._may_be(rationale)]

    def shortened(self, drafts: Mapping[str, Rationale]) -> dict[str, Rationale]:
        """Drafts by query; those that may not be published keep the reasons that name no value."""
        return {
            key: draft if self._may_be(draft) else without_values(draft, self.examples[key].query)
            for key, draft in drafts.items()
        }

    def answers(self, judgements: Iterable[Judgement], drafts: Iterable[Rationale]) -> list[Judgement]:
        """Reviewers' answers to ``drafts``; what they wrote themselves obeys the same rules."""
        by_id = {draft.rationale_id: draft for draft in drafts}
        pairs = ((one, by_id.get(one.rationale_id)) for one in judgements)
        return [one for one, draft in pairs if draft is not None and self._may_be(replace(draft, text=one.answer))]

    def _may_be(self, rationale: Rationale) -> bool:
        """Stricter than the rule ``quotes_title``: a title of two or three words counts, too, when all are there."""
        example = self.examples.get(rationale.query_id)
        if example is None:  # of a user with another's sequence
            return False
        query, words = example.query, tokenize(rationale.text)
        targets = [self.items[item_id] for item_id in example.relevant]
        for item in (*targets, *(self.items[x.item_id] for x in query.history)):
            values = {w for entry in item.attributes.values() for value in entry for w in tokenize(value)}
            title = tokenize(item.title)
            if rules.run_of(title, words, set(title) - values - FUNCTION_WORDS):
                return False
        return not any(self.rules.names(rationale.text, target, query) for target in targets)


def _bare(data: Dataset) -> Dataset:
    """The data set without third-party text: ids and their order."""
    items = {item_id: Item(item_id, item.domain, "", "") for item_id, item in data.items.items()}

    def strip(sequence: Sequence[Interaction]) -> tuple[Interaction, ...]:
        return tuple(Interaction(x.user_id, x.item_id) for x in sequence)

    examples = {
        split: tuple(replace(e, query=replace(e.query, history=strip(e.query.history), profile=None)) for e in rows)
        for split, rows in data.examples.items()
    }
    return replace(data, items=items, examples=examples, sequences={})


def _users(corpus: Corpus, data: Dataset) -> pa.Table:
    contrasts: dict[str, list[arrow.Row]] = {user: [] for user in data.sequences}
    for key, contrast in corpus.contrasts.items():
        contrasts[key.rpartition("-")[0]].append(arrow.contrast_row(contrast))
    rows = (
        {
            "user_id": user,
            "interactions": list(map(arrow.interaction_row, sequence)),
            "contrasts": contrasts[user],
        }
        for user, sequence in data.sequences.items()
    )
    return arrow.table(rows, arrow.USER)


def _candidates(data: Dataset, split: Split, lists: Mapping[str, Sequence[str]]) -> pa.Table:
    keys = [e.query.query_id for e in data.examples[split]]
    rows = ({"query_id": key, "split": split, "candidates": list(lists[key])} for key in keys)
    return arrow.table(rows, arrow.CANDIDATES)
