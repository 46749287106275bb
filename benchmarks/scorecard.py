"""What ``benchmarks.explain`` prints: one table of all families, then what judges said and what there is to know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console

from benchmarks.explanation import Explanation, Judged
from benchmarks.report import table
from benchmarks.schema import Score

FAMILIES = (
    *("grounding", "correctness", "faithfulness", "reader gain", "specificity", "contrast", "overlap", "judged"),
)
console = Console(highlight=False)


def show(labels: Sequence[str], cards: Sequence[Explanation], kinds: Mapping[str, Any]) -> None:
    """One table: a row a metric of ``kinds`` (by name), a column a run; then what judges said, and what to know."""
    heads = (label.replace(" ", "\n") for label in labels)
    grid = table("Explanations (95% interval by bootstrap over queries)", "metric", "better", *heads)
    for number, column in enumerate(grid.columns):  # names stay whole; long labels of runs fold
        column.no_wrap, column.overflow = number == 0, "fold"
    for family in FAMILIES:
        mine = [
            (name, kind, part)
            for name, kind in kinds.items()
            if kind.family == family
            for part in dict.fromkeys(s.slice for c in cards for s in c.scores if s.metric == name)
        ]
        if mine:
            grid.add_row(f"[bold]{family}[/bold]")
        for name, kind, part in mine:
            cells = [_cell(card.score(name, part)) for card in cards]
            better = "higher" if kind.higher_is_better else "lower"
            better = better if getattr(kind, "ranked", True) else "unranked"
            grid.add_row(f"  {name}" if part == "all" else f"    {part}", better, *cells)
    console.print(grid)
    for label, card in zip(labels, cards, strict=True):
        for one in card.judged:
            console.print(_spoken(one), markup=False, soft_wrap=True)
        for note in card.notes:
            console.print(f"{label}: {note}", markup=False, soft_wrap=True)


def _cell(score: Score | None) -> str:
    if score is None:
        return ""
    ends = f"{score.ci_low:.3f} {score.ci_high:.3f}"
    return f"{score.value:.3f} [{ends}]".replace("0.", ".").replace("[", "\\[")


def _spoken(one: Judged) -> str:
    lost = ", ".join(f"{getattr(one, k)} {k}" for k in ("abstained", "invalid", "unanswered") if getattr(one, k))
    ceiling = one.ceiling.get("value")
    words = f"people's alpha {ceiling:.2f}" if ceiling is not None else "no agreement of people to set beside it"
    kappa = (one.agreement.get("weighted_kappa") or {}).get("value")
    beside = f", weighted kappa with people {kappa:.2f}" if kappa is not None else ""
    return f"{one.by} on {one.question}: {one.n} answers" + (f" ({lost})" if lost else "") + f"; {words}{beside}"
