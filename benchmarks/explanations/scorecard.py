"""What ``benchmarks.explain`` prints: one table of all families, then the judges' answers and the notes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.explanations.families import Kinds
from benchmarks.explanations.results import Explanation, Judged
from benchmarks.harness.results import Score
from rad.reporting.console import console, table


@dataclass(frozen=True)
class Row:
    """One line of a scorecard: a metric of a family over a slice. ``better``: higher, lower, or unranked."""

    family: str
    metric: str
    part: str
    better: str
    hint: str = ""


def rows_of(kinds: Kinds, scores: Sequence[Score]) -> Iterator[Row]:
    """The lines that ``scores`` fill; ``kinds`` are the metrics by name, family by family."""
    parts: dict[str, dict[str, None]] = {}
    for score in scores:
        parts.setdefault(score.metric, {})[score.slice] = None
    for name, kind in kinds.items():
        for part in parts.get(name, ()):
            yield Row(kind.family, name, part, kind.better(), kind.hint)


def show(labels: Sequence[str], cards: Sequence[Explanation], kinds: Kinds) -> None:
    """One table: a row a metric of ``kinds`` (by name), a column a run; then the judges' answers and the notes."""
    heads = (label.replace(" ", "\n") for label in labels)
    grid = table("Explanations (95% interval by bootstrap over queries)", "metric", "better", *heads)
    for number, column in enumerate(grid.columns):  # names stay whole; long labels of runs fold
        column.no_wrap, column.overflow = number == 0, "fold"
    last = Row("", "", "", "")
    for row in rows_of(kinds, [score for card in cards for score in card.scores]):
        if row.family != last.family:
            grid.add_row(f"[bold]{row.family}[/bold]")
        cells = [_cell(card.score(row.metric, row.part)) for card in cards]
        if row.metric != last.metric and row.part != "all":  # a metric by judge alone
            grid.add_row(f"  {row.metric}")
        grid.add_row(f"  {row.metric}" if row.part == "all" else f"    {row.part}", row.better, *cells)
        last = row
    console.print(grid)
    for label, card in zip(labels, cards, strict=True):
        for one in card.judged:
            console.print(sentence(one), markup=False, soft_wrap=True)
        for note in card.notes:
            console.print(f"{label}: {note}", markup=False, soft_wrap=True)


def _cell(score: Score | None) -> str:
    if score is None:
        return ""
    ends = f"{score.ci_low:.3f} {score.ci_high:.3f}"
    return f"{score.value:.3f} [{ends}]".replace("0.", ".").replace("[", "\\[")


def sentence(one: Judged) -> str:
    """One judge on one question, and the agreement beside it, as a sentence."""
    counts = {"abstained": one.abstained, "invalid": one.invalid, "unanswered": one.unanswered}
    lost = ", ".join(f"{n} {kind}" for kind, n in counts.items() if n)
    ceiling = one.ceiling.get("value")
    words = f"people's alpha {ceiling:.2f}" if ceiling is not None else "no agreement of people to set beside it"
    kappa = (one.agreement.get("weighted_kappa") or {}).get("value")
    beside = f", weighted kappa with people {kappa:.2f}" if kappa is not None else ""
    return f"{one.by} on {one.question}: {one.n} answers" + (f" ({lost})" if lost else "") + f"; {words}{beside}"
