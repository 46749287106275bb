"""Claims of other papers, measured here: what is compared, how it came out, and the page that says so.

A *finding* is one comparison on one domain, with its interval, p and command. Findings of one paper are a JSON file in
``results/reproductions``, since the predictions that they follow from stay out of the repository. ``page`` renders all
such files, whoever wrote them: a paper is added by a file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, ValidationError

from benchmarks.reporting.markdown import markdown
from rad.errors import RadError

FIGURES = "reproductions"  # the folder of drawings, beside the page
RUNS = (
    "Real data are read from `RAD_DATA`. What is run is measured by `python -m benchmarks.reproductions --runs runs`."
)
Verdict = Literal["reproduced here", "not reproduced here", "not testable here"]
HEAD = """# Claims of other papers, measured here

Rendered by `python -m benchmarks.reproductions` from `results/reproductions/`. Each figure is a paired difference on
the test pairs of one domain, seeds averaged, with its 95% interval by bootstrap over pairs; p is of a paired
randomisation test, by Holm's correction over all comparisons of the claim, on every domain. A claim counts as
reproduced on a domain only where the whole interval is on its side and p is below 0.05; what cannot be decided that way
is *not reproduced here*, which says nothing of the paper's own data. Where no p stands, the interval decides by itself:
of twenty such, one lies on a side by chance. *Best* is by the mean score. *Parameters* are those of the two models, in
this order. Numbers of the drawings are those of the columns of the table above each.
"""


class Finding(BaseModel):
    """One claim on one domain. ``value`` and its interval are in units of ``figure``; None where it is not testable.

    ``parameters`` are those of both models that are compared.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    claim: str
    where: str
    figure: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    seeds: int | None = None
    parameters: str = ""
    verdict: Verdict
    because: str = ""
    command: str = ""


class Estimate(BaseModel):
    """A number of a chart, with its 95% interval where it has one."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    value: float
    low: float | None = None
    high: float | None = None


class Chart(BaseModel):
    """Curves below a claim: a table on the page, and a drawing beside it. A series has an estimate a tick, or None."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    claim: str
    title: str
    x: str
    y: str
    ticks: tuple[float, ...]
    series: dict[str, tuple[Estimate | None, ...]]

    @property
    def file(self) -> str:
        """The name of the drawing, from the title."""
        return re.sub(r"[^a-z0-9]+", "_", self.title.lower()).strip("_") + ".svg"


class Paper(BaseModel):
    """The findings on one paper; ``first`` is what the page says before anything else of it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str
    reference: str
    first: str
    text: str = ""
    findings: tuple[Finding, ...]
    charts: tuple[Chart, ...] = ()


def read_papers(folder: Path) -> list[Paper]:
    """The papers of a folder, by the names of their files. :class:`RadError` names the file and its first violation."""
    papers = []
    for path in sorted(folder.glob("*.json")):
        try:
            papers.append(Paper.model_validate(json.loads(path.read_text(encoding="utf-8"))))
        except ValidationError as error:
            first = error.errors()[0]
            raise RadError(f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from error
        except ValueError as error:
            raise RadError(f"{path}: not a JSON file ({error})") from error
    if not papers:
        raise RadError(f"{folder}: no findings there: python -m benchmarks.reproductions --runs RUNS")
    return papers


def page(papers: Iterable[Paper]) -> str:
    """The page as Markdown."""
    parts = [HEAD]
    for paper in papers:
        parts.append(f"## {paper.title}\n\n**{paper.first}**\n\n{paper.reference}\n\n{paper.text}".rstrip())
        parts.append(_summary(paper.findings))
        for claim in dict.fromkeys([*(f.claim for f in paper.findings), *(chart.claim for chart in paper.charts)]):
            own = [f for f in paper.findings if f.claim == claim]
            decided = f"\n\n{markdown([_row(f) for f in own])}" if own else ""
            parts.append(f"### {claim}{decided}")
            parts += [_charted(chart) for chart in paper.charts if chart.claim == claim]
        parts.append(f"### Commands\n\n{_commands(paper.findings)}")
    return "\n\n".join(parts) + "\n"


def _charted(chart: Chart) -> str:
    """The numbers of a chart as a table, and its drawing."""
    rows = []
    for k, tick in enumerate(chart.ticks):
        row = {chart.x: f"{tick:g}"}
        for number, (name, values) in enumerate(chart.series.items(), 1):
            row[f"{number} {name}"] = _estimated(values[k])
        rows.append(row)
    return f"**{chart.title}**\n\n{markdown(rows)}\n\n![{chart.title}]({FIGURES}/{chart.file})"


def _estimated(one: Estimate | None) -> str:
    if one is None:
        return ""
    return f"{round(one.value, 4) + 0.0:.4f}" + (f" [{one.low:.3f}, {one.high:.3f}]" if one.low is not None else "")


def _summary(findings: Sequence[Finding]) -> str:
    """A row a claim: how many comparisons came out how, and where it was reproduced."""
    rows = []
    for claim in dict.fromkeys(f.claim for f in findings):
        own = [f for f in findings if f.claim == claim]
        row = {"claim": claim, "comparisons": str(len([f for f in own if f.where]) or "")}
        for verdict in get_args(Verdict):
            there = [f for f in own if f.verdict == verdict]
            row[verdict] = str(len(there) or "")
        row["reproduced on"] = "; ".join(dict.fromkeys(f.where for f in own if f.verdict == "reproduced here"))
        rows.append(row)
    return markdown(rows)


def _row(f: Finding) -> dict[str, str]:
    value = f"{f.value:+.4f}" if f.value is not None else ""
    interval = f"[{f.low:+.4f}, {f.high:+.4f}]" if f.low is not None and f.high is not None else ""
    return {
        "where": f.where,
        "figure": f.figure,
        "value": value,
        "95% interval": interval,
        "p": f"{f.p:.4f}" if f.p is not None else "",
        "seeds": str(f.seeds or ""),
        "parameters": f.parameters,
        "verdict": f.verdict + (f": {f.because}" if f.because else ""),
    }


def _commands(findings: Sequence[Finding]) -> str:
    lines = dict.fromkeys(line for f in findings for line in f.command.splitlines())
    return f"{RUNS}\n\n```bash\n" + "\n".join(lines) + "\n```"
