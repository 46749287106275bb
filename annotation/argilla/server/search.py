"""A search engine for argilla-server over Argilla's own SQLite tables, registered under the name ``sqlite``.

There is no index to keep in step. Every search is a query on the tables that Argilla has already committed to: it finds
what there is, after a crash as well. Text search knows ``word``, ``begin*``, ``"a phrase"``, ``-not`` and
``one | other``; words are joined by AND and match whole words, whatever their case.

Reviewers get records in an order of their own, which ``assignment.py`` makes.

This file runs in the server's environment and imports nothing of the project.
"""

from __future__ import annotations

import math
import re
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TypeAlias
from uuid import UUID

import assignment
import gates
from argilla_server.database import AsyncSessionLocal
from argilla_server.enums import MetadataPropertyType, ResponseStatus, ResponseStatusFilter, SimilarityOrder, SortOrder
from argilla_server.models import (
    Dataset,
    MetadataProperty,
    Question,
    Record,
    Response,
    Suggestion,
    User,
    Vector,
    VectorSettings,
    WorkspaceUser,
)
from argilla_server.search_engine import base
from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    String,
    TableValuedAlias,
    and_,
    cast,
    exists,
    false,
    func,
    not_,
    or_,
    select,
    true,
)

Clause: TypeAlias = ColumnElement  # a condition, or a value, of a query
Number = int | float
TIMES = ("inserted_at", "updated_at")


@base.SearchEngine.register("sqlite")
class SqliteSearch(base.SearchEngine):
    """Reads; the writing half of the interface has nothing to do."""

    @classmethod
    async def new_instance(cls) -> SqliteSearch:
        return cls()

    async def close(self) -> None: ...

    async def ping(self) -> bool:
        return True

    async def info(self) -> dict[str, str]:
        return {"name": "sqlite", "version": sqlite3.sqlite_version}

    async def create_index(self, dataset: Dataset) -> None: ...
    async def delete_index(self, dataset: Dataset) -> None: ...
    async def configure_metadata_property(self, dataset: Dataset, metadata_property: MetadataProperty) -> None: ...
    async def configure_index_vectors(self, vector_settings: VectorSettings) -> None: ...
    async def index_records(self, dataset: Dataset, records: Iterable[Record]) -> None: ...
    async def partial_record_update(self, record: Record, **update: object) -> None: ...
    async def delete_records(self, dataset: Dataset, records: Iterable[Record]) -> None: ...
    async def update_record_response(self, response: Response) -> None: ...
    async def delete_record_response(self, response: Response) -> None: ...
    async def update_record_suggestion(self, suggestion: Suggestion) -> None: ...
    async def delete_record_suggestion(self, suggestion: Suggestion) -> None: ...

    async def get_dataset_progress(self, dataset: Dataset) -> dict[str, int]:
        statuses = select(cast(Record.status, String), func.count()).where(Record.dataset_id == dataset.id)
        return _counted(await _rows(statuses.group_by(Record.status)))

    async def get_dataset_user_progress(self, dataset: Dataset, user: User) -> dict[str, int]:
        statuses = select(cast(Response.status, String), func.count()).join(Record)
        mine = statuses.where(Record.dataset_id == dataset.id, Response.user_id == user.id)
        return _counted(await _rows(mine.group_by(Response.status)))

    async def search(
        self,
        dataset: Dataset,
        query: base.TextQuery | str | None = None,
        filter: base.Filter | None = None,
        sort: Sequence[base.Order] | None = None,
        offset: int = 0,
        limit: int = 100,
        user_id: UUID | None = None,
    ) -> base.SearchResponses:
        where = _where(dataset, query, filter)
        order = [_sort_key(o) for o in sort or []]
        if user_id and not sort:
            order, more = await _own_order(dataset, user_id)
            where += more
        # The database counts while it searches: a window function sees all rows, whatever the limit
        matches = select(Record.id, func.count().over()).where(*where).order_by(*order, Record.inserted_at, Record.id)
        page = await _rows(matches.offset(offset).limit(limit))
        if page or not offset:
            total = page[0][1] if page else 0
        else:
            [(total,)] = await _rows(select(func.count(Record.id)).where(*where))
        items = [base.SearchResponseItem(record_id=row[0], score=None) for row in page]
        return base.SearchResponses(items=items, total=total)

    async def compute_metrics_for(self, metadata_property: MetadataProperty) -> base.MetadataMetrics:
        where = Record.dataset_id == metadata_property.dataset_id
        each = _each(Record.metadata_, metadata_property.name)
        if metadata_property.type == MetadataPropertyType.terms:
            counted = select(each.c.value, func.count()).select_from(Record).join(each, true())
            rows = await _rows(
                counted.where(where, each.c.value.is_not(None)).group_by(each.c.value).order_by(func.count().desc())
            )
            values = [base.TermsMetrics.TermCount(term=str(term), count=n) for term, n in rows]
            return base.TermsMetrics(total=sum(v.count for v in values), values=values)
        ends = select(func.min(each.c.value), func.max(each.c.value)).select_from(Record).join(each, true())
        [(low, high)] = await _rows(ends.where(where))
        is_integer = metadata_property.type == MetadataPropertyType.integer
        return (base.IntegerMetadataMetrics if is_integer else base.FloatMetadataMetrics)(min=low, max=high)

    async def similarity_search(
        self,
        dataset: Dataset,
        vector_settings: VectorSettings,
        value: list[float] | None = None,
        record: Record | None = None,
        query: base.TextQuery | str | None = None,
        filter: base.Filter | None = None,
        max_results: int = 100,
        order: SimilarityOrder = SimilarityOrder.most_similar,
        threshold: float | None = None,
    ) -> base.SearchResponses:
        target = value or []
        if record is not None and not value:
            target = record.vector_value_by_vector_settings(vector_settings)
        where = [*_where(dataset, query, filter), Vector.vector_settings_id == vector_settings.id]
        if record is not None:
            where.append(Record.id != record.id)
        rows = await _rows(select(Record.id, Vector.value).join(Vector, Vector.record_id == Record.id).where(*where))
        sign = -1 if order == SimilarityOrder.least_similar else 1
        scored = [((1 + sign * _cosine(vector, target)) / 2, key) for key, vector in rows]
        similar = [pair for pair in scored if threshold is None or pair[0] >= threshold]
        similar.sort(key=lambda pair: -pair[0])
        items = [base.SearchResponseItem(record_id=key, score=score) for score, key in similar[:max_results]]
        return base.SearchResponses(items=items, total=len(similar))


async def _own_order(dataset: Dataset, user_id: UUID) -> tuple[list[Clause], list[Clause]]:
    """A reviewer's order, and a condition that leaves nothing new to one whose quota is reached."""
    members = {user.id: user.username for user in await _rows(_members(dataset))}
    done = await _through(dataset, members)
    to_answer = ",".join(sorted(member.hex for member in members.keys() - done))
    # The cast keeps SQLite off the index of statuses, which it would walk once for every record
    state = cast(Response.status, String) + " " + cast(Response.user_id, String)
    states = select(func.group_concat(state)).where(Response.record_id == Record.id).correlate(Record)
    needs = assignment.needed(dataset.distribution["min_submitted"])
    record = cast(Record.id, String)
    position = getattr(func, assignment.POSITION)(user_id.hex, record, to_answer, states.scalar_subquery(), needs)
    mine = select(Response.id).where(Response.record_id == Record.id, Response.user_id == user_id)
    return [position], [exists(mine.correlate(Record))] if user_id in done else []


def _members(dataset: Dataset) -> Select:
    inside = WorkspaceUser.workspace_id == dataset.workspace_id
    return select(User.id, User.username).join(WorkspaceUser, WorkspaceUser.user_id == User.id).where(inside)


async def _through(dataset: Dataset, members: Mapping[UUID, str]) -> set[UUID]:
    """Those who have reached their quota in a dataset."""
    quotas = assignment.quotas()
    if not quotas.keys() & set(members.values()) or gates.stage(dataset.name) < len(gates.GATES):
        return set()
    submitted = cast(Response.status, String) == ResponseStatus.submitted.value
    counts = select(Response.user_id, func.count()).join(Record).where(Record.dataset_id == dataset.id, submitted)
    answers = {who: n for who, n in await _rows(counts.group_by(Response.user_id))}
    return {who for who, name in members.items() if name in quotas and answers.get(who, 0) >= quotas[name]}


async def _rows(statement: Select) -> Sequence[Row]:
    async with AsyncSessionLocal() as db:
        rows: Sequence[Row] = (await db.execute(statement)).all()
    return rows


def _counted(rows: Iterable[Row]) -> dict[str, int]:
    counts = {status: n for status, n in rows}
    return {"total": sum(counts.values()), **counts}


def _cosine(a: Sequence[float], b: Sequence[float]) -> float:
    size = math.sqrt(sum(x * x for x in a) * sum(y * y for y in b)) or 1.0
    return sum(x * y for x, y in zip(a, b, strict=True)) / size


def _where(dataset: Dataset, query: base.TextQuery | str | None, filter: base.Filter | None) -> list[Clause]:
    conditions = [Record.dataset_id == dataset.id]
    if query is not None:
        conditions.append(_has_text(dataset, base.TextQuery(q=query) if isinstance(query, str) else query))
    if filter is not None:
        conditions.append(_holds(filter))
    return conditions


def _path(*names: str) -> str:
    return "$" + "".join('."' + name.replace('"', "") + '"' for name in names)


def _each(column: Clause, *names: str) -> TableValuedAlias:
    """A row for each value that a JSON column holds at a path: one for a scalar, one an entry for a list."""
    return func.json_each(column, _path(*names)).table_valued("value", "type")


def _holds(filter: base.Filter) -> Clause:
    """A filter of Argilla's as a condition on ``Record``."""
    if isinstance(filter, base.AndFilter):
        return and_(true(), *map(_holds, filter.filters))
    scope = filter.scope
    if isinstance(scope, base.RecordFilterScope):
        return _record_holds(scope.property, filter)
    if isinstance(scope, base.ResponseFilterScope) and not scope.question:
        return _answered(scope, filter)
    value, query = _values(scope)
    return exists(query.where(_compared(value, filter)).correlate(Record))


def _record_holds(name: str, filter: base.TermsFilter | base.RangeFilter) -> Clause:
    column = getattr(Record, name)
    if isinstance(filter, base.RangeFilter):
        return _between(column, *(_moment(b) if name in TIMES else b for b in (filter.ge, filter.le)))
    if name in TIMES:
        return column.in_([_moment(v) for v in filter.values])
    if name == "id":
        return column.in_([UUID(str(v)) for v in filter.values])
    return _compared(column, filter)


def _answered(scope: base.ResponseFilterScope, filter: base.TermsFilter) -> Clause:
    """The status of a reviewer's answer (of anybody's where no user is named); ``pending`` is having none."""
    wanted = {str(getattr(v, "value", v)) for v in filter.values}
    pending = ResponseStatusFilter.pending.value
    any_answer = select(Response.id).where(Response.record_id == Record.id)
    if scope.user:
        any_answer = any_answer.where(Response.user_id == scope.user.id)
    of_status = any_answer.where(cast(Response.status, String).in_(wanted - {pending}))
    return or_(
        not_(exists(any_answer.correlate(Record))) if pending in wanted else false(),
        exists(of_status.correlate(Record)) if wanted - {pending} else false(),
    )


def _values(scope: base.FilterScope) -> tuple[Clause, Select]:
    """The value that a scope speaks of, and the query of all its values that belong to a record."""
    if isinstance(scope, base.MetadataFilterScope):
        each = _each(Record.metadata_, scope.metadata_property)
        return each.c.value, select(each.c.value).select_from(each)
    if isinstance(scope, base.SuggestionFilterScope):
        mine = (Suggestion.record_id == Record.id, Question.name == scope.question)
        if scope.property in ("agent", "type"):
            value = cast(getattr(Suggestion, scope.property), String)
            return value, select(value).join(Question, Question.id == Suggestion.question_id).where(*mine)
        each = _each(Suggestion.score if scope.property == "score" else Suggestion.value)
        joined = select(each.c.value).select_from(Suggestion).join(Question, Question.id == Suggestion.question_id)
        return each.c.value, joined.join(each, true()).where(*mine)
    mine = (Response.record_id == Record.id, *((Response.user_id == scope.user.id,) if scope.user else ()))
    if not scope.question:
        value = cast(Response.status, String)
        return value, select(value).where(*mine)
    each = _each(Response.values, scope.question, "value")
    return each.c.value, select(each.c.value).select_from(Response).join(each, true()).where(*mine)


def _compared(value: Clause, filter: base.TermsFilter | base.RangeFilter) -> Clause:
    if isinstance(filter, base.TermsFilter):
        return cast(value, String).in_([str(getattr(v, "value", v)) for v in filter.values])
    return _between(value, filter.ge, filter.le)


def _between(value: Clause, low: Number | datetime | None, high: Number | datetime | None) -> Clause:
    return and_(true(), *([] if low is None else [value >= low]), *([] if high is None else [value <= high]))


def _moment(value: str | Number | None) -> datetime | None:
    """A time as the tables hold it: UTC without a zone. Numbers are milliseconds since 1970."""
    if value is None:
        return None
    if isinstance(value, str):
        when = datetime.fromisoformat(value.replace("Z", "+00:00"))
    else:
        when = datetime.fromtimestamp(value / 1000, UTC)
    return when.astimezone(UTC).replace(tzinfo=None) if when.tzinfo else when


def _sort_key(order: base.Order) -> Clause:
    if isinstance(order.scope, base.RecordFilterScope):
        key = getattr(Record, order.scope.property)
    else:
        value, query = _values(order.scope)
        if isinstance(order.scope, base.ResponseFilterScope) and order.scope.question:
            pick = func.avg(value)
        else:
            pick = (func.max if order.order == SortOrder.desc else func.min)(value)
        key = query.with_only_columns(pick).correlate(Record).scalar_subquery()
    return (key.desc() if order.order == SortOrder.desc else key.asc()).nulls_last()


WORD = re.compile(r'(?P<either>\|)|(?P<sign>[-+]?)(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s|"]+))')


def patterns(text: str) -> list[list[tuple[str, str, bool]]]:
    """A query as conditions that must all hold; one holds if one of its (pattern, a part of it, negated) does."""
    conditions: list[list[tuple[str, str, bool]]] = []
    either = False
    for match in WORD.finditer(text):
        if match["either"]:
            either = True
            continue
        term = match["phrase"] if match["phrase"] is not None else match["word"]
        begins = match["phrase"] is None and term.endswith("*")
        words = re.findall(r"\w+", term)
        if not words:
            continue
        pattern = r"(?i)(?<!\w)" + r"\W+".join(map(re.escape, words)) + ("" if begins else r"(?!\w)")
        part = max((word for word in words if word.isascii()), key=len, default="")
        if not (either and conditions):
            conditions.append([])
        conditions[-1].append((pattern, part, match["sign"] == "-"))
        either = False
    return conditions


def _has_text(dataset: Dataset, query: base.TextQuery) -> Clause:
    names = [query.field] if query.field else [field.name for field in dataset.fields if not field.is_image]

    def holds_in_a_field(pattern: str, part: str, negated: bool) -> Clause:
        hits = []
        for name in names:
            tree = func.json_tree(Record.fields, _path(name)).table_valued("value", "type")
            # LIKE is SQLite's own and much quicker than a regular expression, which Python does
            holds = and_(tree.c.value.icontains(part, autoescape=True), tree.c.value.regexp_match(pattern))
            hit = select(tree.c.value).where(tree.c.type == "text", holds)
            hits.append(exists(hit.correlate(Record)))
        return not_(or_(false(), *hits)) if negated else or_(false(), *hits)

    return and_(
        true(), *[or_(*[holds_in_a_field(*pattern) for pattern in alternatives]) for alternatives in patterns(query.q)]
    )
