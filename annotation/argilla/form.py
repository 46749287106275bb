"""The review form: what reviewers see of a draft, its questions, and how answers become judgements.

The draft stands first, and last the history that it cites, which may be long. Below the draft stand its reasons,
numbered, and further facts of the history, lettered, each with its numbers. Reviewers strike, weaken and strengthen
reasons by number and add facts by letter; or they write a text of their own.

History and draft come as plain text without the characters that begin markup (:func:`plain`). So markup in a third
party's titles is shown and never obeyed. The corrected text is filled in beforehand with the draft. No score, no
model's opinion and no other reviewer's answer is shown, since these anchor people. The adjudicator, who decides
between reviewers, sees their answers.
"""

from __future__ import annotations

import hashlib
import json
import re
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

import argilla as rg

from annotation.campaign.judgements import EDITS, ERROR_LABELS, SPAN_LABELS, VERDICT_LABELS
from annotation.guidelines import Guidelines
from rad.errors import RadError
from rad.rationales import claims, prompt, text
from rad.rationales.strengths import levels
from rad.runtime.files import atomic_write, canonical
from rad.types import Example, Item, Judgement, Rationale, Reason

EDIT_TITLES = {
    "strike": "Strike reasons that do not hold or do not matter (numbers)",
    "weaken": "Weaken reasons that matter less than it says (numbers)",
    "strengthen": "Strengthen reasons that matter more (numbers)",
    "add_fact": "Add further facts that are reasons, too (letters)",
}
ADDED = ("facts", *EDITS, "comment")  # what older forms lack
FOLDER = ".argilla"  # where a release of the campaign has the form, as Argilla's own exports have it
# how many answers a record needs, in its metadata, as server/assignment.py has it
ANSWERS, EVERYBODY = "answers_needed", 1_000_000
SHOWN = 30  # purchases of a history that are shown: the last ones, and those that the draft cites


def keep(wanted: rg.Settings, folder: Path) -> None:
    """Write ``settings.json``, from which ``rg.Settings.from_json`` makes the same form on any server."""
    with atomic_write(folder / "settings.json") as file:
        file.write(canonical(wanted.serialize()) + "\n")


def settings(client: rg.Argilla, guidelines: Guidelines, overlap: int, adjudication: bool = False) -> rg.Settings:
    """Fields, questions and guidelines. ``overlap`` is the number of answers after which a record is done."""
    fields = [
        rg.TextField(client=client, name="draft", title="Draft rationale", use_markdown=False),
        rg.TextField(client=client, name="facts", title="Reasons and further facts, one by one", use_markdown=False),
        rg.TextField(client=client, name="item", title="Item that was bought (the draft was to be written without it)"),
        rg.TextField(client=client, name="history", title="History, oldest first", use_markdown=False),
    ]
    if adjudication:
        answers = rg.TextField(client=client, name="answers", title="What the reviewers answered", use_markdown=False)
        fields.insert(1, answers)
    return rg.Settings(
        guidelines=guidelines.of_reviews,
        fields=fields,
        questions=_questions(client),
        metadata=[
            rg.TermsMetadataProperty(client=client, name="query_id", visible_for_annotators=False),
            rg.IntegerMetadataProperty(client=client, name=ANSWERS, visible_for_annotators=False),
        ],
        distribution=rg.TaskDistribution(min_submitted=overlap),
    )


def _questions(client: rg.Argilla) -> list[Any]:
    scale = [1, 2, 3, 4, 5]
    return [
        rg.RatingQuestion(
            client=client,
            name="plausibility",
            title="Plausibility: could this be why?",
            description="1: not at all. 5: entirely. Judge from the history; see the guidelines.",
            values=scale,
        ),
        rg.RatingQuestion(
            client=client,
            name="trust",
            title="Trust: would you rely on a shop that explains itself like this?",
            description="1: not at all. 5: entirely.",
            values=scale,
        ),
        rg.MultiLabelQuestion(
            client=client,
            name="errors",
            title="Errors, if there are any",
            labels=ERROR_LABELS,
            required=False,
            visible_labels=len(ERROR_LABELS),
        ),
        rg.SpanQuestion(
            client=client,
            name="unsupported",
            title="Mark what the history does not support",
            field="draft",
            labels=SPAN_LABELS,
            required=False,
            allow_overlapping=False,
        ),
        *_edit_questions(client),
        rg.TextQuestion(
            client=client,
            name="edited",
            title="Corrected rationale, if ticks do not say it",
            description="Filled in with the draft. A changed text counts in place of ticks.",
            required=False,
        ),
        rg.LabelQuestion(client=client, name="verdict", title="Verdict", labels=VERDICT_LABELS),
        rg.TextQuestion(client=client, name="comment", title="A word to the lead, if you like", required=False),
    ]


def _edit_questions(client: rg.Argilla) -> list[rg.MultiLabelQuestion]:
    return [
        rg.MultiLabelQuestion(
            client=client,
            name=name,
            title=EDIT_TITLES[name],
            description="Counts only if you accept the draft with a correction.",
            labels=list(labels),
            required=False,
            visible_labels=len(labels),
        )
        for name, labels in EDITS.items()
    ]


def check(dataset: rg.Dataset, wanted: rg.Settings, without: Collection[str] = ()) -> None:
    """Refuse a server's form that differs from ours, with the first difference; titles may differ.

    ``without`` names fields and questions that it may lack.
    """
    where = f"dataset '{dataset.name}' on the server has another form"
    for kind in ("fields", "questions"):
        there, ours = ({p.name: p for p in getattr(s, kind)} for s in (dataset.settings, wanted))
        if lost := [name for name in ours if name not in there and name not in without]:
            more = [name for name in there if name not in ours]
            renamed = f" (it has '{more[0]}'; was it renamed?)" if more else ""
            raise RadError(f"{where}: no {kind[:-1]} '{lost[0]}'{renamed}. Begin another campaign, or delete it there")
        for name, part in ours.items():
            if name not in there:
                continue
            if type(there[name]) is not type(part) or _options(there[name]) != _options(part):
                raise RadError(f"{where}: {kind[:-1]} '{name}' differs. Begin another campaign, or delete it there")


def _options(part: Any) -> set[Any]:
    return set(getattr(part, "labels", None) or getattr(part, "values", None) or ())


def record(
    draft: Rationale,
    example: Example,
    items: Mapping[str, Item],
    facts: Sequence[Reason] = (),
    answers: str | None = None,
    needed: int | None = None,
) -> rg.Record:
    """The record that shows a draft, beside further ``facts``, and to an adjudicator the reviewers' ``answers``.

    Its id is the rationale's, so that a second push adds nothing. ``needed`` is the number of answers after which it is
    done, where that is not the dataset's.
    """
    cited = {*claims.citations(draft.text), *(k for fact in facts for k in fact.evidence.history)}
    shown = {
        "history": history(example, items, tuple(cited)),
        "draft": padded(draft.text),
        "facts": one_by_one(draft, facts),
        "item": describe(items[next(iter(example.relevant))]),
        **({"answers": answers} if answers is not None else {}),
    }
    return rg.Record(
        id=draft.rationale_id,
        fields={name: plain(words) for name, words in shown.items()},
        metadata={"query_id": draft.query_id, **({ANSWERS: needed} if needed else {})},
        suggestions=[rg.Suggestion("edited", draft.text)],  # without score and agent: neither is to be seen
    )


def shuffled(rationale_id: str) -> bytes:
    """A key for an order that says nothing of a draft."""
    return hashlib.sha256(rationale_id.encode()).digest()


def one_by_one(draft: Rationale, facts: Sequence[Reason]) -> str:
    """The reasons of the draft under numbers, and the further facts under letters, a line each."""
    if any(reason.evidence.support is None for reason in draft.reasons):
        return "(The reasons of this draft are not counted facts. Correct its text instead.)"
    each, _ = levels(draft.reasons)
    reasons = [f"{k}. {text.sentence(*pair)}" for k, pair in enumerate(zip(draft.reasons, each, strict=True), 1)]
    further = prompt.lettered(facts)
    return "\n".join(["Reasons of the draft:", *(reasons or ["(none)"]), "", "Further facts:", further])


def plain(shown: str) -> str:
    """The text with look-alikes for the characters that begin markup, one for one, so that places in it stay the same.

    Argilla's pages show a field that has a span question as HTML, so a ``<`` would be obeyed there.
    """
    return ENTITY.sub("\uff06", shown.replace("<", "\u2039").replace(">", "\u203a"))


ENTITY = re.compile(r"&(?=[#a-z])", re.IGNORECASE)  # shown as one character, it would move all places behind it


def padded(shown: str) -> str:
    """The text and a space for each character of two UTF-16 units.

    Browsers count spans in such units, and the server refuses a span beyond the characters that there are.
    """
    return shown + " " * sum(character > "\uffff" for character in shown)


def in_characters(spans: Iterable[Mapping[str, Any]], text: str) -> list[list[Any]]:
    """Spans of a browser's, in UTF-16 units of ``text``, as sorted ``[start, end, label]`` in its characters."""
    ends = list(accumulate((1 + (character > "\uffff") for character in text), initial=0))  # of each, in units
    out = []
    for span in spans:
        start, end = bisect_right(ends, span["start"]) - 1, bisect_left(ends, min(span["end"], ends[-1]))
        if start < end:
            out.append([start, end, span["label"]])
    return sorted(out)


def history(example: Example, items: Mapping[str, Item], cited: tuple[int, ...] = ()) -> str:
    """``[k] title (attribute: value; ...)``, a purchase a line."""
    past = example.query.history
    keep = sorted({*range(max(0, len(past) - SHOWN), len(past)), *(k for k in cited if 0 <= k < len(past))})
    lines = [f"[{k + 1}] {describe(items[past[k].item_id])}" for k in keep]
    left = len(past) - len(keep)
    return "\n".join([*([f"({left} earlier ones are not shown)"] if left else []), *lines])


def describe(item: Item) -> str:
    """Title and attribute values in one line."""
    values = "; ".join(f"{name.replace('_', ' ')}: {', '.join(values)}" for name, values in item.attributes.items())
    return " ".join(f"{item.title} ({values})".split()) if values else item.title or "(no title)"


def judgements(
    key: tuple[str, str],
    draft: str,
    values: Mapping[str, Any],
    version: str,
    times: tuple[float | None, str | None] = (None, None),
    edits: Collection[str] = tuple(EDITS),
) -> list[Judgement]:
    """The answers of one submitted form, a question each. Lists are canonical JSON, so that equal answers are equal.

    ``key`` is rationale id and pseudonym; ``draft`` is the text that was shown, with what pads it. ``version`` is that
    of the guidelines. ``times`` are the seconds that the form took, and when it was answered; they belong to the whole
    form and stand with each answer. ``edits`` are the questions on single reasons that the form had.
    """
    answers = {name: value["value"] for name, value in values.items()}
    out: dict[str, str] = {}
    for name in ("plausibility", "trust", "verdict"):
        if name in answers:
            out[name] = str(answers[name])
    for name in ("errors", *edits):
        out[name] = canonical(sorted(answers.get(name) or []))
    out["unsupported"] = canonical(in_characters(answers.get("unsupported") or [], draft.rstrip()))
    for name in ("edited", "comment"):
        if (words := answers.get(name)) is not None:
            out[name] = words.strip()
    return [Judgement(*key, name, out[name], version, *times) for name in sorted(out)]


def lettered(judged: Mapping[str, Mapping[str, str]]) -> str:
    """What reviewers answered, for the adjudicator. Letters stand for reviewers, so that nobody knows who answered."""
    lines = []
    for letter, (_, answers) in zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", sorted(judged.items()), strict=False):
        verdict = VERDICT_LABELS.get(answers.get("verdict", ""), "no verdict")
        errors = ", ".join(json.loads(answers.get("errors", "[]"))) or "none"
        numbers = f"plausibility {answers.get('plausibility', '-')}, trust {answers.get('trust', '-')}"
        lines.append(f"Reviewer {letter}: {verdict}; {numbers}; errors: {errors}")
        if answers.get("verdict") == "accept_edited":
            ticked = ((name, json.loads(answers.get(name, "[]"))) for name in EDITS)
            if words := "; ".join(f"{name} {', '.join(ticks)}" for name, ticks in ticked if ticks):
                lines.append(f"  {words}")
            if answers.get("edited"):
                lines.append(f"  corrected: {answers['edited']}")
        if answers.get("comment"):
            lines.append(f"  comment: {answers['comment']}")
    return "\n".join(lines)
