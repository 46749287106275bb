"""Other papers' claims, measured here: ``docs/reproductions.md``, rendered from ``results/reproductions``.

    python -m benchmarks.reproductions                # renders the page from what was measured
    python -m benchmarks.reproductions --runs RUNS    # measures LR-Recsys's claims from finished runs first
    python -m benchmarks.reproductions --check        # exits 1 where the page does not say what results/ say

The runs are those of ``benchmarks.run --task rating|choice`` with their predictions beside them: ``lr_recsys``, its
arms (``--set explanations=...``), the same from a share of training (``--set train_share=0.25``), and the plain models.
The page lists the commands. What was not run is left out.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from typer import Option

from benchmarks.pairs import lr_recsys_findings
from benchmarks.pairs.claims import find_runs
from benchmarks.pairs.reproductions import page, read_papers
from rad.errors import run
from rad.runtime.commands import command
from rad.runtime.files import atomic_write


@command
def main(
    runs: Annotated[list[Path] | None, Option(metavar="DIR", help="folders of finished runs to measure")] = None,
    findings: Annotated[Path, Option(metavar="DIR", help="where findings lie")] = Path("results/reproductions"),
    out: Annotated[Path, Option(metavar="FILE", help="the page")] = Path("docs/reproductions.md"),
    check: Annotated[bool, Option("--check", help="change nothing; exit 1 where the page is out of date")] = False,
) -> int:
    if runs and not check:
        measured = lr_recsys_findings.paper(find_runs(runs))
        with atomic_write(findings / "lr_recsys.json") as file:
            file.write(measured.model_dump_json(indent=1) + "\n")
        print(f"wrote {findings / 'lr_recsys.json'}: {len(measured.findings)} findings")
    text = page(read_papers(findings))
    if out.is_file() and out.read_text(encoding="utf-8") == text:
        return 0
    if check:
        print(f"{out} does not say what {findings} says: python -m benchmarks.reproductions")
        return 1
    with atomic_write(out) as file:
        file.write(text)
    print(f"wrote {out}")
    return 0


if __name__ == "__main__":
    run(main)
