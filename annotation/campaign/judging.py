"""Judging: the cases of a campaign, a judge's answers as judgements, and what is counted of them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from annotation.campaign import drafts
from annotation.campaign.folder import Campaign
from annotation.campaign.judgements import ABSTAINED, INVALID, OF_JUDGES
from annotation.campaign.pseudonyms import JUDGE
from annotation.judges.base import Case, RationaleJudge
from rad.data.dataset import Dataset
from rad.errors import RadError
from rad.runtime import provenance
from rad.runtime.files import atomic_write, sha256_file, write_jsonl
from rad.settings import explained, parse
from rad.types import Judgement, Rationale

if TYPE_CHECKING:
    from rad.llm.settings import EndpointSettings


def endpoint_settings(assignments: Sequence[str]) -> EndpointSettings:
    """The endpoint of the judge ``llm`` under settings that are written as ``NAME=VALUE``.

    Raises:
        RadError: There is no such setting, or a value does not fit.
    """
    from rad.llm.settings import EndpointSettings  # needs httpx, which the judge 'evidence' does not

    return parse(EndpointSettings, assignments, "judge 'llm'")


def explained_settings() -> str:
    """The same settings for the help: a line each."""
    from rad.llm.settings import EndpointSettings

    return "\n".join(["Settings of llm (--set NAME=VALUE ...):", *(f"  {x}" for x in explained(EndpointSettings))])


def cases_of(campaign: Campaign, data: Dataset, rationales: Iterable[Rationale]) -> list[Case]:
    """Each draft with its example.

    Raises:
        RadError: A draft is of another domain.
    """
    examples = {e.query.query_id: e for rows in data.examples.values() for e in rows}
    out = []
    for number, draft in enumerate(rationales, 1):
        if draft.query_id not in examples:
            raise RadError(f"{campaign.file(drafts.FILE)}:{number}: {data.name} has no query {draft.query_id}")
        out.append((draft, examples[draft.query_id]))
    return out


def judgements_of(
    name: str, version: str, cases: Sequence[Case], answers: Iterable[Mapping[str, str]]
) -> list[Judgement]:
    """The answers of the judge ``name`` to each case, under guidelines of this version, a judgement a question."""
    return [
        Judgement(draft.rationale_id, JUDGE + name, question, answer[question], version)
        for (draft, _), answer in zip(cases, answers, strict=True)
        for question in OF_JUDGES
        if question in answer
    ]


def tally(judgements: Sequence[Judgement]) -> dict[str, dict[str, int]]:
    """By question: how many answers there are, and of these abstained and invalid ones."""
    out = {}
    for question in [q for q in OF_JUDGES if any(one.question == q for one in judgements)]:
        kinds = Counter(one.answer for one in judgements if one.question == question)
        out[question] = {"answers": kinds.total(), "abstained": kinds[ABSTAINED], "invalid": kinds[INVALID]}
    return out


def write(
    campaign: Campaign, name: str, judge: RationaleJudge, judgements: Sequence[Judgement], n: int, data: Dataset
) -> Path:
    """Write ``judge-<name>.jsonl``, and in ``judge-<name>.json`` how its answers on ``n`` drafts came about."""
    path = campaign.file(f"judge-{name}.jsonl")
    record: dict[str, object] = {
        "schema_version": 1,
        "judge": judge.name,
        "name": name,
        **judge.record(),
        "drafts": n,
        "answers": tally(judgements),
        "data": {drafts.FILE: sha256_file(campaign.file(drafts.FILE)), "domain": data.sha256},
        "provenance": provenance.collect(),
    }
    write_jsonl(path, judgements)
    with atomic_write(path.with_suffix(".json")) as file:
        file.write(json.dumps(record, indent=1, ensure_ascii=False, allow_nan=False) + "\n")
    return path
