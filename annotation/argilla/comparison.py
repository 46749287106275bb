"""The comparison of models on the server: two drafts of one query, and two questions on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import argilla as rg

from annotation import guidelines
from annotation.argilla import form
from annotation.argilla.client import COMPARISON, records
from annotation.argilla.push import ensure_dataset, send
from annotation.campaign import drafts
from annotation.campaign.data import examples_by_id, open_data
from annotation.campaign.folder import Campaign
from annotation.evaluation import pairs
from annotation.evaluation.pairs import Pair
from annotation.guidelines import Guidelines
from rad.errors import RadError
from rad.rationales import claims
from rad.types import Example, Item, Judgement


def settings(client: rg.Argilla, guide: Guidelines, overlap: int) -> rg.Settings:
    """Fields, questions and guidelines. ``overlap`` is the number of answers after which a pair is done."""
    titles = {"first": "First rationale", "second": "Second rationale", "item": "Item that was bought"}
    titles["history"] = "History, oldest first"
    return rg.Settings(
        guidelines=guide.of_comparisons,
        fields=[rg.TextField(client=client, name=k, title=title, use_markdown=False) for k, title in titles.items()],
        questions=[
            rg.LabelQuestion(client=client, name=name, title=title, labels=pairs.ANSWERS)
            for name, title in pairs.QUESTIONS.items()
        ],
        metadata=[rg.TermsMetadataProperty(client=client, name="query_id", visible_for_annotators=False)],
        distribution=rg.TaskDistribution(min_submitted=overlap),
    )


def push_pairs(client: rg.Argilla, campaign: Campaign, overlap: int) -> tuple[int, int]:
    """Send the pairs that the server lacks, each to be answered by ``overlap`` reviewers.

    Returns:
        Pairs added, and pairs on the server afterwards.

    Raises:
        RadError: No query has drafts of two drafters that differ.
    """
    of_drafts = pairs.pairs(drafts.read(campaign))
    if not of_drafts:
        raise RadError(f"{campaign.path}: no two models' drafts to compare: draft --drafter file --file RUN --file RUN")
    data = open_data(campaign.settings)
    examples = examples_by_id(data)
    dataset = ensure_dataset(client, campaign, COMPARISON, settings(client, guidelines.read(campaign.path), overlap))
    there = {row["external_id"] for row in records(client, dataset)}
    new = [record(pair, examples[pair.first.query_id], data.items) for pair in of_drafts if pair.pair_id not in there]
    send(dataset, new)
    return len(new), len(there) + len(new)


def record(pair: Pair, example: Example, items: Mapping[str, Item]) -> rg.Record:
    """The record that shows a pair, with nothing that says whose the drafts are."""
    cited = {*claims.citations(pair.first.text), *claims.citations(pair.second.text)}
    shown = {
        "first": pair.first.text,
        "second": pair.second.text,
        "item": form.describe(items[next(iter(example.relevant))]),
        "history": form.history(example, items, tuple(cited)),
    }
    return rg.Record(
        id=pair.pair_id,
        fields={name: form.plain(words) for name, words in shown.items()},
        metadata={"query_id": pair.first.query_id},
    )


def judgements(
    version: str,
    key: tuple[str, str],
    row: Mapping[str, Any],
    answer: Mapping[str, Any],
    times: tuple[float | None, str | None],
) -> Sequence[Judgement]:
    """The answers of one submitted form; ``key`` is the pair's id and a pseudonym, ``version`` of the guidelines."""
    values = answer["values"]
    return [Judgement(*key, name, values[name]["value"], version, *times) for name in pairs.QUESTIONS if name in values]
