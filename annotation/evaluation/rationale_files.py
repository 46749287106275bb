"""Drafts from files: the rationales of finished runs, those of several models mixed, for people to review.

A file has predictions (a run's ``predictions.jsonl``) or rationales, a JSON object a line. What is reviewed are queries
that every file explains, so that models are compared on the same ones. Reviewers do not see whose a rationale is: its
id is a hash, and drafts come in the order of these hashes.

Rationales of validation and test queries are taken as they are, since people are to judge what a model says; what they
violate is counted. Those of training queries may be trained on, so they are checked like any other draft.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console

from annotation.campaign import drafts
from annotation.campaign.data import examples_by_id
from annotation.campaign.drafting import spread
from annotation.campaign.folder import Campaign
from annotation.drafters.base import Draft, checked
from annotation.evaluation.finished_runs import check_data, predictions_of
from rad.data.dataset import Dataset
from rad.errors import RadError
from rad.rationales import files
from rad.rationales.facts import Facts
from rad.rationales.rules import Rules, Violation
from rad.reporting.console import table
from rad.runtime import records
from rad.runtime.files import Journal, canonical, read_jsonl, sha256_file, sha256_lines
from rad.runtime.provenance import now
from rad.types import Example, Prediction, Rationale

NAME = "file"  # as a campaign's drafter
UNFIT = frozenset({"query", "weights", "reasons"})  # rules without which a rationale cannot be shown


@dataclass(frozen=True)
class Source:
    """One file. ``rationales`` are by query id; each has ``name`` as its drafter."""

    name: str
    path: Path
    rationales: Mapping[str, Rationale]


def read_sources(words: Sequence[str]) -> list[Source]:
    """Read files that are given as ``[NAME=]PATH``; a folder is that of a run.

    Without a name the rationales' own drafter is taken.

    Raises:
        RadError: There is no file, a line is neither prediction nor rationale, or two files have one name.
    """
    sources = [_read(word) for word in words]
    names = Counter(source.name for source in sources)
    if twice := [source for source in sources if names[source.name] > 1]:
        one = twice[-1]
        raise RadError(f"{one.path}: another file is of '{one.name}', too: --file NAME={one.path} tells them apart")
    return sources


def _read(word: str) -> Source:
    name, equals, end = word.partition("=")
    if not equals or "/" in name or Path(word).exists():  # folders of runs may have a '=' in their names
        name, end = "", word
    path = predictions_of(Path(end))
    out: dict[str, Rationale] = {}
    for number, one in _rationales(path):
        if one.query_id in out:
            raise RadError(f"{path}:{number}: query {one.query_id} has a rationale already: keep one a query")
        out[one.query_id] = one
    if not out:
        raise RadError(f"{path}: has no rationale")
    if not name:
        drafters = sorted({one.drafter for one in out.values()})
        if len(drafters) > 1:
            raise RadError(f"{path}: has rationales of {', '.join(drafters)}: --file NAME={path} names the model")
        name = drafters[0]
    return Source(name, path, {key: _blinded(name, one) for key, one in out.items()})


def _rationales(path: Path) -> Iterator[tuple[int, Rationale]]:
    """Line number and rationale of each line that has one."""
    for number, record in read_jsonl(path):
        where = f"{path}:{number}"
        if "ranking" not in record:
            yield number, records.parse(Rationale, record, where)
        elif (rationale := records.parse(Prediction, record, where).rationale) is not None:
            if rationale.query_id != record["query_id"]:
                raise RadError(f"{where}: the rationale is of another query ({rationale.query_id})")
            yield number, rationale


def _blinded(name: str, one: Rationale) -> Rationale:
    digest = hashlib.sha256(canonical([name, one.query_id, one.text]).encode()).hexdigest()
    return replace(one, rationale_id=digest[:16], drafter=name)


def version(sources: Sequence[Source]) -> str:
    """Of the files together: a campaign reviews what these say and nothing else."""
    return sha256_lines([source.name, sha256_file(source.path)] for source in sources)[:12]


def draft(
    campaign: Campaign, sources: Sequence[Source], data: Dataset, limit: int, again: drafts.Again | None = None
) -> None:
    """Make drafts of the rationales of the first ``limit`` queries that all files explain, and print what they are.

    A call with a higher limit adds those of further queries, and one that was killed goes on where it was.

    Raises:
        RadError: A file is of other data, or no query is explained by all.
    """
    drafts.mended(campaign, again)
    chosen = _chosen(sources, data, limit)
    facts = Facts.of(data.examples["train"], data.items)
    counting, plain = Rules(data.items, facts), Rules(data.items)
    by_source: dict[str, list[Draft]] = {}
    for source in sources:
        pairs = [(source.rationales[example.query.query_id], example) for example in chosen]
        by_source[source.name] = [_draft(one, e, counting if files.states_numbers(one) else plain) for one, e in pairs]
    every = [one for of_source in by_source.values() for one in of_source]
    there = {one.rationale_id for one in drafts.read(campaign)}
    there |= {line["refused"]["rationale_id"] for _, line in read_jsonl(campaign.file(drafts.REJECTED))}
    by_id = {one.rationale_id: draft for draft in every if (one := draft.rationale or draft.refused)}
    drafts.append(campaign, [by_id[key] for key in sorted(by_id.keys() - there)])
    _log(campaign, sources, by_source)
    _print(campaign, by_source, len(chosen))


def _chosen(sources: Sequence[Source], data: Dataset, limit: int) -> Sequence[Example]:
    examples = examples_by_id(data)
    for source in sources:
        check_data(source.path, data)
        if strange := sorted(source.rationales.keys() - examples.keys()):
            raise RadError(f"{source.path}: query {strange[0]} is not in {data.name}: --domain names the run's data")
    shared = set.intersection(*(set(source.rationales) for source in sources))
    if not shared:
        raise RadError(f"no query is explained by all of {', '.join(str(source.path) for source in sources)}")
    return spread(examples[key] for key in shared)[:limit]


def _draft(one: Rationale, example: Example, rules: Rules) -> Draft:
    if example.split == "train":
        return checked(example, one, rules)
    target = next(iter(example.relevant))
    violations = tuple(rules.violations(one, example.query, rules.items[target]))
    if not one.text.strip():
        violations += (Violation("text", "it says nothing"),)
    unfit = tuple(v for v in violations if v.rule in UNFIT or not one.text.strip())
    if unfit:
        return Draft(one.query_id, target, None, tried=(unfit,), refused=one)
    return Draft(one.query_id, target, one, counted=violations)


def _violations(of_source: Sequence[Draft]) -> dict[str, int]:
    rules = Counter(rule for one in of_source for rule in {v.rule for v in (*one.counted, *one.violations)})
    return dict(sorted(rules.items()))


def _log(campaign: Campaign, sources: Sequence[Source], by_source: Mapping[str, Sequence[Draft]]) -> None:
    """Append to the campaign's log of drafting which files these are, and what their rationales violate."""
    of_files = {
        source.name: {
            "sha256": sha256_file(source.path),
            "rationales": len(source.rationales),
            "drafts": sum(one.rationale is not None for one in by_source[source.name]),
            "violations": _violations(by_source[source.name]),
        }
        for source in sources
    }
    with Journal(campaign.file(drafts.LOG)) as journal:
        journal.append({"drafter": NAME, "version": version(sources), "files": of_files, "finished": now()})


def _print(campaign: Campaign, by_source: Mapping[str, Sequence[Draft]], n: int) -> None:
    rows = table("", "model", "drafts", "refused")
    for name, of_source in by_source.items():
        refused = sum(one.rationale is None for one in of_source)
        rows.add_row(name, f"{len(of_source) - refused:,}", f"{refused:,}")
    console = Console()
    console.print(rows)
    for name, of_source in by_source.items():
        violated = ", ".join(f"{rule} {count:,}" for rule, count in _violations(of_source).items())
        console.print(f"{name} violates, and is reviewed all the same: {violated or 'nothing'}", markup=False)
    console.print(f"{n:,} queries that all files explain; drafts are in {campaign.file(drafts.FILE)}", soft_wrap=True)
