"""The records of RAD as rows of Arrow tables, and rows as records: the schemas of every parquet file, and their fields.

Nothing here knows a data set: :mod:`rad.data.tables` makes its tables, :mod:`rad.data.shards` reads users in shards.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice, pairwise
from typing import Any

import pyarrow as pa

from rad.types import Evidence, Example, Interaction, Item, Judgement, PairExplanation, Rationale, Reason, Support

Row = dict[str, Any]
"""A row of a table, with what JSON has."""
_BATCH = 4096  # rows that are Python objects at one time

CLAIMS = pa.list_(pa.struct([("attribute", pa.string()), ("value", pa.string())]))
INTERACTION = pa.struct(
    [("item_id", pa.string()), ("timestamp", pa.int64()), ("rating", pa.float64()), ("review", pa.string())]
)
_SUPPORT = pa.struct([(name, pa.float64()) for name in ("found", "of", "base")])
_EVIDENCE = pa.struct(
    [
        ("history", pa.list_(pa.int32())),
        *((name, pa.string()) for name in ("kind", "attribute", "value")),
        ("support", _SUPPORT),
    ]
)
_REASON = pa.struct([("evidence", _EVIDENCE), ("wants", CLAIMS), ("avoids", CLAIMS), ("weight", pa.float64())])
RATIONALE_TEXTS = ("rationale_id", "query_id", "text", "verdict", "origin", "drafter", "drafter_version")
RATIONALE = pa.schema(
    [
        *((name, pa.string()) for name in RATIONALE_TEXTS[:2]),
        ("reasons", pa.list_(_REASON)),
        *((name, pa.string()) for name in RATIONALE_TEXTS[2:]),
    ]
)
CHECKED = pa.schema([*RATIONALE, ("soundness", pa.float64()), ("drafted", pa.bool_())])
"""The rows of ``rationales``: with what the check of facts says, and whether it is a draft beside the data set."""
MESSAGES = pa.schema(
    [
        ("query_id", pa.string()),
        ("messages", pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))),
    ]
)
_CONTRAST = pa.struct([("item_id", pa.string()), ("polarity", pa.string()), ("claims", CLAIMS), ("text", pa.string())])
EXAMPLE = pa.schema(
    [
        ("query_id", pa.string()),
        ("user_id", pa.string()),
        ("history", pa.list_(INTERACTION)),
        ("profile", pa.string()),
        ("relevant", pa.list_(pa.struct([("item_id", pa.string()), ("grade", pa.int32())]))),
        ("rationale", pa.struct(list(RATIONALE))),
        ("contrast", _CONTRAST),
    ]
)
CONTRAST_TEXTS = ("query_id", "item_id", "polarity", "text", "origin", "drafter", "drafter_version")
CONTRAST = pa.schema([*((name, pa.string()) for name in CONTRAST_TEXTS), ("claims", CLAIMS)])
_USER_ID, _INTERACTIONS = ("user_id", pa.string()), ("interactions", pa.list_(INTERACTION))
_CONTRASTS = ("contrasts", pa.list_(pa.struct(list(CONTRAST))))
USER = pa.schema([_USER_ID, _INTERACTIONS, _CONTRASTS])
SHARD_USER = pa.schema([_USER_ID, _INTERACTIONS, ("rationales", pa.list_(pa.struct(list(RATIONALE)))), _CONTRASTS])
CANDIDATES = pa.schema([("query_id", pa.string()), ("split", pa.string()), ("candidates", pa.list_(pa.string()))])
_JUDGEMENT_TEXTS = ("rationale_id", "annotator", "question", "answer", "guideline_version")
JUDGEMENT = pa.schema([*((name, pa.string()) for name in _JUDGEMENT_TEXTS), ("seconds", pa.float64())])

FIELDS = {
    "examples": {
        "query_id": "the query: user and place of the answer in the user's sequence",
        "user_id": "hashed user",
        "history": "what the user had before, index 0 the oldest: item_id, timestamp (UTC s), rating, review",
        "profile": "a text about the user, where there is one",
        "relevant": "the answer: item_id and grade",
        "rationale": "why, written without the answer; empty where nothing is known",
        "contrast": "the nearest alternative and what ruled it out; it may name its item, so no model may read it",
    },
    "items": {
        "item_id": "hashed item; rows are in the order that breaks ties",
        "domain": "the domain's name",
        "title": "title",
        "text": "all that a text model may read of the item",
        "attributes": "name of an attribute: its values",
    },
    "users": {
        "user_id": "hashed user",
        "interactions": "the whole sequence, the oldest first",
        "contrasts": "contrasts in full, each with its query_id",
    },
    "rationales": {
        "rationale_id": "the rationale",
        "query_id": "its query",
        "reasons": "evidence (indices into the history from 0, kind, attribute, value, and support: the numbers of the "
        "fact), wants, avoids, weight (0 to 1)",
        "text": "the reasons in words; [k] cites history index k - 1",
        "verdict": "supported or unexplained",
        "origin": "known, evidence, llm, human, edited or model",
        "drafter": "what wrote it",
        "drafter_version": "in which version",
        "soundness": "share of the weight whose facts hold when they are counted again; empty without reasons",
        "drafted": "written by the evidence drafter for a training query without one; no part of the data set's sha256",
    },
    "instruct": {
        "query_id": "a training query",
        "messages": "system, user (history and candidate facts) and assistant (a rationale in the words of "
        "rad.rationales.text), each with role and content",
    },
    "judgements": {
        "rationale_id": "the draft that was judged",
        "annotator": "pseudonym",
        "question": "the question of the form",
        "answer": "the answer; never averaged away",
        "guideline_version": "version of the guidelines that the reviewer had",
        "seconds": "time on the whole form",
    },
    "candidates": {
        "query_id": "the query",
        "split": "validation or test",
        "candidates": "its answer and up to 99 items that the user has in no split, in the order of the catalogue",
    },
}
FIELDS["drafts"] = {name: FIELDS["rationales"][name] for name in RATIONALE.names}
"""What the columns of each table mean, for cards."""


# --- records to rows ---


def item_table(items: Collection[Item]) -> pa.Table:
    """A row an item; each attribute is a list of values, empty where the item has none."""
    attributes = list(dict.fromkeys(name for item in items for name in item.attributes))
    values = [(name, pa.list_(pa.string())) for name in attributes]
    text = [(name, pa.string()) for name in ("item_id", "domain", "title", "text")]
    # an empty struct cannot be written to parquet
    schema = pa.schema([*text, *([("attributes", pa.struct(values))] if values else [])])
    return table((item_row(item, attributes) for item in items), schema)


def table(rows: Iterable[Row], schema: pa.Schema) -> pa.Table:
    """A table of ``rows``, of which few are Python objects at one time."""
    return pa.Table.from_batches(_batches(iter(rows), schema), schema)


def _batches(rows: Iterator[Row], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    while batch := list(islice(rows, _BATCH)):
        yield pa.RecordBatch.from_pylist(batch, schema)


def example_row(example: Example) -> Row:
    """A row of :data:`EXAMPLE`. Of a contrast it holds what a reader of examples needs, not who wrote it."""
    query = example.query
    return {
        "query_id": query.query_id,
        "user_id": query.user_id,
        "history": [interaction_row(x) for x in query.history],
        "profile": query.profile,
        "relevant": [{"item_id": item_id, "grade": grade} for item_id, grade in example.relevant.items()],
        "rationale": rationale_row(example.rationale) if example.rationale else None,
        "contrast": {
            "item_id": example.contrast.item_id,
            "polarity": example.contrast.polarity,
            "claims": claim_rows(example.contrast.claims),
            "text": example.contrast.text,
        }
        if example.contrast
        else None,
    }


def interaction_row(x: Interaction) -> Row:
    """A struct of :data:`INTERACTION`: all but the user, whose row it stands in."""
    return {"item_id": x.item_id, "timestamp": x.timestamp, "rating": x.rating, "review": x.review}


def rationale_row(rationale: Rationale) -> Row:
    """A row of :data:`RATIONALE`."""
    reasons = [
        {
            "evidence": {
                "history": list(reason.evidence.history),
                "kind": reason.evidence.kind,
                "attribute": reason.evidence.attribute,
                "value": reason.evidence.value,
                "support": _support_row(reason.evidence.support),
            },
            "wants": claim_rows(reason.wants),
            "avoids": claim_rows(reason.avoids),
            "weight": reason.weight,
        }
        for reason in rationale.reasons
    ]
    return {**{name: getattr(rationale, name) for name in RATIONALE_TEXTS}, "reasons": reasons}


def _support_row(support: Support | None) -> Row | None:
    return None if support is None else {"found": support.found, "of": support.of, "base": support.base}


def claim_rows(claims: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    """A list of :data:`CLAIMS`."""
    return [{"attribute": attribute, "value": value} for attribute, value in claims]


def item_row(item: Item, attributes: Iterable[str]) -> Row:
    """A row of :func:`item_table`, with the values of each of ``attributes``."""
    values = {name: list(item.attributes.get(name, ())) for name in attributes}
    return {
        "item_id": item.item_id,
        "domain": item.domain,
        "title": item.title,
        "text": item.text,
        "attributes": values,
    }


def contrast_row(contrast: PairExplanation) -> Row:
    """A row of :data:`CONTRAST`: the explanation in full."""
    return {**{name: getattr(contrast, name) for name in CONTRAST_TEXTS}, "claims": claim_rows(contrast.claims)}


def judgement_row(judgement: Judgement) -> Row:
    """A row of :data:`JUDGEMENT`."""
    return {name: getattr(judgement, name) for name in JUDGEMENT.names}


# --- rows to records ---


def item_of(row: Row) -> Item:
    """The item of a row of :func:`rad.data.arrow.item_table`."""
    attributes = {name: tuple(values) for name, values in (row.get("attributes") or {}).items() if values}
    return Item(row["item_id"], row["domain"], row["title"], row["text"], attributes)


def sequences_of(table: pa.Table) -> dict[str, tuple[Interaction, ...]]:
    """Interactions by user. Columns become Python lists whole, which is far quicker than a dict an interaction."""
    out: dict[str, tuple[Interaction, ...]] = {}
    for batch in table.to_batches():
        users, lists = batch["user_id"].to_pylist(), batch["interactions"]
        # interactions of all users lie in one flat column; offsets (users + 1,) say where each user's begin and end
        ends, flat = lists.offsets.to_pylist(), lists.values
        columns = [flat.field(name).to_pylist() for name in ("item_id", "timestamp", "rating", "review")]
        for user, (start, stop) in zip(users, pairwise(ends), strict=True):
            cells = zip(*(column[start:stop] for column in columns), strict=True)
            out[user] = tuple([Interaction(user, *cell) for cell in cells])
    return out


def rows_of(table: pa.Table, column: str, keys: Collection[str] | None) -> list[Row]:
    """The structs in the lists of ``column``, only those of the queries ``keys`` if given."""
    rows: list[Row] = []
    for batch in table.to_batches():
        flat = batch[column].flatten()
        if keys is not None:
            # only the ids become Python objects before the selection: structs are slow, and most are not wanted
            ids = flat.field("query_id").to_pylist()
            flat = flat.take(pa.array([k for k, key in enumerate(ids) if key in keys], pa.int64()))
        rows += flat.to_pylist()
    return rows


def _claims(rows: Sequence[Mapping[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple((row["attribute"], row["value"]) for row in rows)


def rationale_of(row: Row) -> Rationale:
    """The rationale of a row of :data:`RATIONALE` or :data:`CHECKED`; files from before facts lack the support."""
    reasons = []
    for reason in row["reasons"]:
        cited, support = reason["evidence"], reason["evidence"].get("support")
        evidence = Evidence(
            **{
                **cited,
                "history": tuple(cited["history"]),
                "support": Support(**support) if support and support["found"] is not None else None,
            }
        )
        reasons.append(Reason(evidence, _claims(reason["wants"]), _claims(reason["avoids"]), reason["weight"]))
    return Rationale(reasons=tuple(reasons), **{name: row[name] for name in RATIONALE_TEXTS})


def contrast_of(row: Row) -> PairExplanation:
    """The explanation of a row of :data:`CONTRAST`."""
    return PairExplanation(**{**row, "claims": _claims(row["claims"])})
