"""The pages of the site, rendered: an index, a page a task, a page an entry. What submitters wrote is text."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

import jinja2

from benchmarks.harness.aggregate import SORT, SORTS
from benchmarks.harness.base import FAMILIES
from benchmarks.harness.registries import default_metrics, load_metric, title_of
from benchmarks.harness.results import PROTOCOLS, QUESTIONS, SPANS, Score
from leaderboard.site.columns import Column, attested_columns, best_columns, columns, further_columns, pair_columns
from leaderboard.site.figures import LINES, STYLES, figures
from leaderboard.site.folder import PAGE
from leaderboard.site.rows import (
    ABOVE,
    CEILINGS,
    HEADLINE,
    OTHER,
    PLAIN,
    Row,
    TaskTable,
    safe,
    task_tables,
)
from leaderboard.site.significance import SignificanceGroups
from leaderboard.verification.entry import Entry, Shown
from leaderboard.verification.headline import LEAST_SAID, MOST_PROSE, MOST_REASONS
from leaderboard.verification.scoring import better, is_outdated, is_unread
from rad import registry
from rad.reporting import html
from rad.runtime.files import canonical

DOCS = "https://rad-bench.github.io/rad"  # the manual; nothing of it is loaded
REASONS_SHOWN = 8  # of an example


def pages(
    entries: Sequence[Entry],
    withdrawn: Mapping[str, str],
    tables: Sequence[TaskTable],
    significance: Sequence[SignificanceGroups],
    left_out: Mapping[str, str] = MappingProxyType({}),
) -> Iterable[tuple[str, str]]:
    """Path below the site's folder and HTML of every page.

    Args:
        entries: All of them.
        withdrawn: Reasons by run of those that were taken back.
        tables: Of the others.
        significance: The groups of each table.
        left_out: Reasons by file of the entries that cannot be shown.
    """
    address = addresses(entries)
    env = _environment()
    common = {"address": address, "withdrawn": withdrawn}
    tested = list(zip(tables, significance, strict=True))
    yield (
        "index.html",
        env.get_template("index.html").render(
            **common,
            up="",
            tables=tested,
            left_out=left_out,
            levels={table.slug: _level(table, numbered) for table, numbered in tested},
            best_columns={table.slug: best_columns(table.key.task) for table in tables},
            matrix=_matrix(tables),
            withdrawn_entries=[e for e in entries if e.run_id in withdrawn],
            newest=max((e.submitted_at for e in entries), default=None),
        ),
    )
    for table, numbered in tested:
        parts = _parts(table)
        page = env.get_template("table.html").render(
            **common,
            up="",
            table=table,
            groups=numbered,
            parts=parts,
            further=further_columns(table.rows, table.key.task),
            attested=attested_columns(table.rows),
            figures=figures(table),
        )
        yield f"{table.slug}.html", page
    places = {e.run_id: (table, row) for table in tables for row in table.rows for e in row.entries}
    for entry in entries:
        in_table = places.get(entry.run_id)
        yield f"entries/{address[entry.run_id]}", _entry_page(entry, in_table, common)


def _entry_page(entry: Entry, in_table: tuple[TaskTable, Row] | None, common: Mapping[str, object]) -> str:
    table, row = in_table or (None, None)
    provenance = entry.result.provenance.items()
    return (
        _environment()
        .get_template("entry.html")
        .render(
            **common,
            up="../",
            entry=entry,
            table=table,
            row=row,
            sort=SORTS[entry.result.task.name],
            measure=title_of(SORTS[entry.result.task.name]),
            question=_question(entry),
            scores=_scores(entry),
            slices=_slices(entry),
            provenance={k: v if isinstance(v, str) else canonical(v) for k, v in provenance},
            command=_command(entry),
        )
    )


def _level(table: TaskTable, significance: SignificanceGroups) -> list[Row]:
    """The rows that are not shown to be worse than the best one, which is not among them."""
    return [row for row in table.rows if row is not table.best and significance.numbers.get(row.first.run_id) == 1]


def unrenderable(entry: Entry) -> str | None:
    """The reason why the pages of an entry cannot be rendered; None where they can."""
    try:
        tables = task_tables([entry])
        for _ in pages([entry], {}, tables, [SignificanceGroups() for _ in tables]):
            pass
    except Exception as error:  # whatever a stranger's entry does to a template must not take down the others' pages
        return f"{type(error).__name__}: {str(error)[:200]}"
    return None


def addresses(entries: Iterable[Entry]) -> dict[str, str]:
    """The page of each run below ``entries/``, no two alike even where capitals do not count."""
    out: dict[str, str] = {}
    used: set[str] = set()
    for entry in entries:
        name = stem = f"{safe(entry.folder)}-{safe(entry.run_id, 64)}"
        number = 1
        while name.lower() in used:
            number += 1
            name = f"{stem}-{number}"
        used.add(name.lower())
        out[entry.run_id] = f"{name}.html"
    return out


@cache
def _environment() -> jinja2.Environment:
    env = html.environment(PAGE)
    env.filters["fixed"] = lambda value, digits=4: f"{value:,.{digits}f}"
    env.filters["shown_in"] = lambda column, row: column.get(row)
    env.filters["breakable"] = html.breakable
    env.filters["beside_sentences"] = beside_sentences
    env.filters["better"] = better
    env.filters["is_outdated"] = is_outdated
    env.filters["is_unread"] = is_unread
    env.filters["thousands"] = lambda value: f"{value:,}"
    env.globals.update(policy=html.policy("'self'", "'self'"), script="")
    env.globals.update(DOCS=DOCS, REASONS_SHOWN=REASONS_SHOWN, HEADLINE=HEADLINE, MOST_REASONS=MOST_REASONS)
    env.globals.update(SORT=SORT, CEILINGS=CEILINGS, LINES=LINES, STYLES=STYLES)
    return env


@dataclass(frozen=True)
class Part:
    """A part of a task's table, with its own columns."""

    name: str
    title: str
    about: str
    rows: list[Row]
    columns: list[Column]

    @property
    def shows_obstacle(self) -> bool:
        """Whether a column says why each row is not in the headline table."""
        return self.name == OTHER


_TITLES = {
    HEADLINE: (
        "Rationales that people can check",
        f"Every rationale has at most {MOST_REASONS} reasons, "
        f"and the texts say at least {LEAST_SAID:.0%} of what ranks, with at most {MOST_PROSE:.0%} of prose beside it.",
    ),
    OTHER: ("Other rationales", "What ranks here is not, or not only, what people read; each row says why."),
    PLAIN: (
        "Without rationales",
        "Rankings alone. How far the best of them is ahead of the first table is what rationales cost.",
    ),
    ABOVE: (
        "Above what is possible",
        "The 95% interval is better than all of the Bayes ceiling's, which knows how users choose: no model that has "
        "not seen the answers is so good. The scores are those of the predictions; nothing is compared with them.",
    ),
}


_OF_PAIRS = {PLAIN: ("Models", "A pair that an entry does not answer scores as the mean answer of training.")}


def _parts(table: TaskTable) -> list[Part]:
    """The headline table, which may be empty, then the other parts that have rows."""
    parts = ((name, table.part(name)) for name in _TITLES)
    if table.key.task != "ranking":
        return [
            Part(n, *(_TITLES | _OF_PAIRS)[n], rows, pair_columns(table.key.task, rows)) for n, rows in parts if rows
        ]
    return [
        Part(name, *_TITLES[name], rows, columns(rows, table.bayes)) for name, rows in parts if rows or name == HEADLINE
    ]


def _question(entry: Entry) -> str:
    """The task of an entry in words."""
    task = entry.result.task
    if task.name == "ranking":
        return PROTOCOLS[task.protocol]
    return f"{QUESTIONS.get(task.question, task.question)}, {SPANS.get(task.protocol, task.protocol)}"


@dataclass(frozen=True)
class Matrix:
    """Models by domains: the table of each domain, and (label, submitter) -> domain -> row."""

    tables: dict[str, TaskTable]
    rows: dict[tuple[str, str], dict[str, Row]]

    def rationales(self, model: tuple[str, str]) -> str:
        """In a word, the rationales of a model, or of each domain where they differ."""
        words = {HEADLINE: "can be checked", OTHER: "other", PLAIN: "none", ABOVE: "above what is possible"}
        parts = (self.tables[domain].part_of(row) for domain, row in self.rows[model].items())
        return ", ".join(dict.fromkeys(words[part] for part in parts))


def _matrix(tables: Sequence[TaskTable]) -> Matrix:
    """NDCG@10 of every model that ranks (rows) on every domain (columns): test, whole catalogue, the newest data."""
    newest: dict[str, TaskTable] = {}
    for table in tables:
        if table.is_whole:
            other = newest.get(table.key.domain)
            if other is None or table.newest > other.newest:
                newest[table.key.domain] = table
    rows: dict[tuple[str, str], dict[str, Row]] = {}
    for domain, table in newest.items():
        for row in reversed(table.rows):  # the best of several versions is written last
            rows.setdefault((row.first.result.label, row.submitter), {})[domain] = row
    return Matrix(newest, dict(sorted(rows.items())))


def _scores(entry: Entry) -> list[tuple[str, list[Score]]]:
    """All scores over all queries by family: ranking first, then the families of explanations."""
    scores = {s.metric: s for s in entry.explanation.scores if s.slice == "all"} if entry.explanation else {}
    scores |= {s.metric: s for s in entry.result.scores if s.slice == "all"}
    out: dict[str, list[Score]] = {}
    usual = default_metrics(entry.result.task.name)
    for name in sorted(scores, key=lambda n: (usual.index(n) if n in usual else len(usual), n)):
        out.setdefault(family(name), []).append(scores[name])
    order = (*FAMILIES, "other")
    return [(name, out[name]) for name in order if name in out]


def family(metric: str) -> str:
    """The family of a metric by its name, ``ranking`` where its file states none, ``other`` where it is unknown."""
    base = metric.partition("@")[0].partition(".")[0]
    if base not in registry.names("benchmarks.metrics"):
        return "other"
    return load_metric(base).family


def beside_sentences(shown: Shown) -> str | None:
    """What the text of a rationale says beside the sentences of its reasons; None where it lacks one of them."""
    left = shown.rationale or ""
    for sentence in shown.sentences:
        before, words, after = left.partition(sentence.text)
        if not words:
            return None
        left = before + after
    return " ".join(left.split()) if shown.sentences else None


@dataclass(frozen=True)
class Slices:
    """Ranking metrics by slice of the queries: the slices with their sizes, and a row a metric."""

    parts: dict[str, int]
    rows: dict[str, list[Score | None]]


def _slices(entry: Entry) -> Slices:
    parts = {s.slice: s.n for s in entry.result.scores if s.slice != "all"}
    names = dict.fromkeys(s.metric for s in entry.result.scores if s.slice != "all")
    return Slices(parts, {name: [entry.result.score(name, part) for part in parts] for name in names})


def _command(entry: Entry) -> str | None:
    """The command that the submitter says made the result, as a line of text, where the provenance has it."""
    words = entry.result.provenance.get("command")
    if not isinstance(words, list) or not words or not all(isinstance(w, str) for w in words):
        return None
    return " ".join(shlex.quote(w) for w in words)
