"""Render the entries as a static site.

    python -m leaderboard build                                   leaderboard/entries -> site/index.html
    python -m leaderboard build --entries DIR --out DIR

The site needs no server: open ``index.html``, or put the folder on any host, under any path. It asks nothing of other
hosts and reads without JavaScript; a small script adds sorting and filtering. What submitters wrote is shown as text.

Significance groups need each query's score, so they are there for tasks whose data can be opened: built-in worlds
anywhere, others where ``RAD_DATA`` or ``--data-dir`` has their raw files. Without them the page says so. The
ceilings are those that ``python -m rad.world.ceilings`` stored.
"""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup
from rich.console import Console

from benchmarks.harness.base import FAMILIES
from benchmarks.harness.registries import default_metrics, load_metric
from benchmarks.harness.results import PROTOCOLS, Score
from leaderboard.site.columns import Column, columns, quality
from leaderboard.site.rows import CEILINGS, FLOORS, SORT, Board, Cell, Row, boards, safe
from leaderboard.site.significance import Data, Groups, groups
from leaderboard.verification.entry import ROOT, Entry, read_entries, withdrawn
from rad import registry
from rad.errors import RadError
from rad.reporting import html, plots
from rad.runtime.files import atomic_write, canonical

PAGE = Path(__file__).parent / "site" / "page"
MARK = "rad-leaderboard"  # a file of this name says that a folder is a site that may be replaced
LINES = 25  # models in the plot of intervals
STYLES = {  # kind of a model -> colour, marker, the marker as a letter, what it means
    "explains": ("c1", "o", "●", "writes rationales"),
    "plain": ("c8", "s", "■", "ranks only"),
    "floor": ("c2", "D", "◆", "floor"),
}

console = Console(stderr=True, highlight=False)


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--entries", type=Path, default=ROOT, metavar="DIR", help="the entries' folder")
    parser.add_argument("--out", type=Path, default=Path("site"), metavar="DIR", help="the site (default: site)")
    parser.add_argument("--data-dir", type=Path, help="folder with raw files (default: RAD_DATA)")


def main(args: argparse.Namespace) -> int:
    if not args.entries.is_dir():
        raise RadError(f"{args.entries}: no folder of entries: python -m leaderboard submit RESULT_DIR makes one")
    with console.status("reading the entries") as status:
        entries, taken = read_entries(args.entries), withdrawn(args.entries)

        def told(what: str) -> None:
            if what.startswith("no "):
                console.print(what, markup=False, soft_wrap=True)
            status.update(what.replace("[", "\\["))

        shown = boards(e for e in entries if e.run_id not in taken)
        data = Data(args.data_dir, told)
        tested = [groups(board, args.entries, data) for board in shown]
        status.update("writing the pages")
        count = write(args.out, pages(entries, taken, shown, tested))
    print(f"{len(entries):,} entries on {len(shown)} boards, {len(taken):,} withdrawn; {count:,} pages")
    print(f"open {args.out / 'index.html'}")
    return 0


def pages(
    entries: Sequence[Entry], taken: Mapping[str, str], shown: Sequence[Board], tested: Sequence[Groups]
) -> Iterable[tuple[str, str]]:
    """Path below the site's folder and HTML of every page. ``tested`` has the groups of each board of ``shown``."""
    address = addresses(entries)
    env = _environment(address, taken)
    boards_ = list(zip(shown, tested, strict=True))
    dates = [e.submitted_at for e in entries]
    yield (
        "index.html",
        env.get_template("index.html").render(
            up="",
            boards=boards_,
            matrix=_matrix(shown),
            withdrawn=[e for e in entries if e.run_id in taken],
            newest=max(dates, default=None),
        ),
    )
    for board, found in boards_:
        page = env.get_template("board.html").render(
            up="",
            board=board,
            found=found,
            columns=columns(board),
            plots=_plots(board),
            families=_families(columns(board)),
        )
        yield f"{board.slug}.html", page
    of = {e.run_id: (board, row) for board in shown for row in board.rows for e in row.entries}
    for entry in entries:
        board_row = of.get(entry.run_id)
        page = env.get_template("entry.html").render(
            up="../",
            entry=entry,
            board=board_row[0] if board_row else None,
            row=board_row[1] if board_row else None,
            scores=_scores(entry),
            slices=_slices(entry),
            provenance={k: v if isinstance(v, str) else canonical(v) for k, v in entry.result.provenance.items()},
            command=_command(entry),
        )
        yield f"entries/{address[entry.run_id]}", page


def write(out: Path, made: Iterable[tuple[str, str]]) -> int:
    """The site in place of what was built there before, all of it or nothing; the number of pages."""
    out = Path(os.path.abspath(out))
    if out.exists() and not (out / MARK).is_file() and (not out.is_dir() or any(out.iterdir())):
        raise RadError(f"{out}: is not a site that this command built; name another folder with --out")
    part, old = (out.with_name(f".{out.name}.{os.getpid()}.{end}") for end in ("part", "old"))
    count = 0
    try:
        for path, text in made:
            with atomic_write(part / path) as file:
                file.write(text)
            count += 1
        (part / "page.css").write_text(html.style(PAGE / "page.css"), encoding="utf-8")
        shutil.copyfile(PAGE / "page.js", part / "page.js")
        (part / MARK).write_text("Built by: python -m leaderboard build. The next build replaces this folder.\n")
        (part / ".nojekyll").touch()  # GitHub Pages: serve the files as they are
        if out.exists():
            out.rename(old)
        part.rename(out)
    except OSError as error:
        raise RadError(f"{out}: the site cannot be written there ({error.strerror})") from error
    finally:
        if old.exists() and not out.exists():
            old.rename(out)
        for left in (part, old):
            shutil.rmtree(left, ignore_errors=True)
    return count


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


def _environment(address: Mapping[str, str], taken: Mapping[str, str]) -> jinja2.Environment:
    env = html.environment(PAGE)
    env.filters["fixed"] = lambda value, digits=4: f"{value:,.{digits}f}"
    env.filters["breakable"] = html.breakable
    env.filters["thousands"] = lambda value: f"{value:,}"
    env.globals.update(address=address, taken=taken, SORT=SORT, CEILINGS=CEILINGS, FLOORS=FLOORS, PROTOCOLS=PROTOCOLS)
    env.globals.update(policy=html.policy("'self'", "'self'"), script="", LINES=LINES, STYLES=STYLES)
    return env


def _families(chosen: Sequence[Column]) -> list[tuple[str, int]]:
    """Runs of columns of one family, for the upper row of heads."""
    out: list[tuple[str, int]] = []
    for column in chosen:
        if out and out[-1][0] == column.family:
            out[-1] = column.family, out[-1][1] + 1
        else:
            out.append((column.family, 1))
    return out


def _matrix(shown: Sequence[Board]) -> dict[str, Any]:
    """NDCG@10 of every model (rows) on every domain (columns): test, whole catalogue, the newest data of each."""
    newest: dict[str, Board] = {}
    for board in shown:
        if (board.protocol, board.split, board.limit) == ("full", "test", 0):
            other = newest.get(board.domain)
            if other is None or _latest(board) > _latest(other):
                newest[board.domain] = board
    rows: dict[tuple[str, str], dict[str, Row]] = {}
    for domain, board in newest.items():
        for row in reversed(board.rows):  # the best of several versions is written last
            rows.setdefault((row.first.result.label, row.submitter), {})[domain] = row
    return {"boards": newest, "rows": dict(sorted(rows.items()))}


def _latest(board: Board) -> str:
    return max(e.submitted_at for row in board.rows for e in row.entries)


def _plots(board: Board) -> dict[str, Any]:
    """The three plots with the rows that they show; the two of points are None where there is nothing to draw."""
    ranked = [(row, cell) for row in board.rows if (cell := row.score(SORT))]
    drawn = ranked[:LINES] + [(row, cell) for row, cell in ranked[LINES:] if row.is_floor]
    measure = quality(board)
    explained = [(row, x, y) for row, y in ranked if measure and (x := row.score(measure.metric))]
    priced = [(row, x, y) for row, y in ranked if (x := row.cost("ms_per_query")) and x.value > 0]
    return {
        "drawn": drawn,
        "intervals": _intervals(board, drawn) if drawn else None,
        "quality": measure,
        "explained": _scatter(explained, measure.title) if explained and measure else None,
        "explained_rows": explained,
        "priced": _scatter(priced, "ms a query", logarithmic=True) if priced else None,
        "priced_rows": priced,
    }


def _intervals(board: Board, drawn: Sequence[tuple[Row, Cell]]) -> Markup:
    rows = []
    for row, cell in drawn:
        colour, marker, *_ = STYLES[row.kind]
        ends = (cell.value if cell.low is None else cell.low, cell.value if cell.high is None else cell.high)
        words = f"{cell.value:.4f} [{ends[0]:.3f}, {ends[1]:.3f}]"
        rows.append(plots.Interval(row.label, words, cell.value, ends, colour, marker))
    marks = {CEILINGS.get(name, name): row[SORT].value for name, row in board.ceilings.items()}
    return plots.intervals(rows, "NDCG@10 of models with intervals; the table beside has the numbers", marks)


def _scatter(rows: Sequence[tuple[Row, Cell, Cell]], x_name: str, logarithmic: bool = False) -> Markup:
    """NDCG@10 by another number. Names go first to the models that no other beats in both, then to the highest."""
    better = -1 if logarithmic else 1  # of two costs the lower is the better one

    def beaten(x: Cell, y: Cell) -> bool:
        return any(b.value > y.value and better * (a.value - x.value) > 0 for _, a, b in rows)

    points = []
    for row, x, y in sorted(rows, key=lambda one: (beaten(*one[1:]), -one[2].value)):
        colour, marker, *_ = STYLES[row.kind]
        words = f"{row.label}: {x_name} {x.value:.3f}, NDCG@10 {y.value:.4f}"
        points.append(plots.Point(row.label, words, x.value, y.value, colour=colour, marker=marker))
    return plots.scatter(points, x_name, "NDCG@10", logarithmic)


def _scores(entry: Entry) -> list[tuple[str, list[Score]]]:
    """All scores over all queries by family: ranking first, then the families of explanations."""
    scores = {s.metric: s for s in entry.explanation.scores if s.slice == "all"} if entry.explanation else {}
    scores |= {s.metric: s for s in entry.result.scores if s.slice == "all"}
    out: dict[str, list[Score]] = {}
    usual = default_metrics()
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


def _slices(entry: Entry) -> dict[str, Any]:
    """Ranking metrics by slice of the queries: the slices with their sizes, and a row a metric."""
    parts = {s.slice: s.n for s in entry.result.scores if s.slice != "all"}
    names = dict.fromkeys(s.metric for s in entry.result.scores if s.slice != "all")
    return {"parts": parts, "rows": {name: [entry.result.score(name, part) for part in parts] for name in names}}


def _command(entry: Entry) -> str | None:
    """The command that made the result, as one line, where the provenance has it as words."""
    words = entry.result.provenance.get("command")
    if not isinstance(words, list) or not words or not all(isinstance(w, str) for w in words):
        return None
    return " ".join(shlex.quote(w) for w in words)
