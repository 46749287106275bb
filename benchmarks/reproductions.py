"""Other papers' claims, measured here: ``docs/reproductions.md``, rendered from ``results/reproductions``.

    python -m benchmarks.reproductions                # renders the page from what was measured
    python -m benchmarks.reproductions --runs RUNS    # measures the papers' claims from finished runs first
    python -m benchmarks.reproductions --check        # exits 1 where the page does not say what results/ say

The runs are those of ``benchmarks.run --task rating|choice`` with their predictions beside them: ``lr_recsys``, its
arms (``--set explanations=...``), the same from a share of training (``--set train_share=0.25``), ``reasoning_rec``
with its arms, and the plain models. The page lists the commands. What was not run is left out, and a paper without runs
in the folders stays as it was measured before. Curves are tables on the page and drawings in a folder beside
it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from typer import Option

from benchmarks.pairs import lr_recsys_findings, reasoning_rec_findings
from benchmarks.pairs.claims import find_runs
from benchmarks.pairs.drawings import drawings
from benchmarks.pairs.reproductions import FIGURES, page, read_papers
from rad.errors import RadError, run
from rad.runtime.commands import command
from rad.runtime.files import atomic_write

PAPERS = (lr_recsys_findings, reasoning_rec_findings)


@command
def main(
    runs: Annotated[list[Path] | None, Option(metavar="DIR", help="folders of finished runs to measure")] = None,
    findings: Annotated[Path, Option(metavar="DIR", help="where findings lie")] = Path("results/reproductions"),
    out: Annotated[Path, Option(metavar="FILE", help="the page")] = Path("docs/reproductions.md"),
    check: Annotated[bool, Option("--check", help="change nothing; exit 1 where the page is out of date")] = False,
) -> int:
    if runs and not check:
        finished = find_runs(runs)
        there = [paper for paper in PAPERS if any(paper.MODEL in labels for labels in finished.values())]
        if not there:
            models = " or ".join(paper.MODEL for paper in PAPERS)
            raise RadError(f"{runs[0]}: no runs of {models}: python -m benchmarks.run --task choice --model ...")
        for paper in there:
            measured, path = paper.paper(finished), findings / f"{paper.MODEL}.json"
            with atomic_write(path) as file:
                file.write(measured.model_dump_json(indent=1) + "\n")
            print(f"wrote {path}: {len(measured.findings)} findings")
    papers = read_papers(findings)
    files = {out: page(papers)}
    # bytes of a drawing are those of one version of matplotlib, so a check asks only whether it is there
    files |= {out.parent / FIGURES / name: svg for name, svg in ({} if check else drawings(papers)).items()}
    stale = [path for path, text in files.items() if not path.is_file() or path.read_text(encoding="utf-8") != text]
    missing = [c.file for paper in papers for c in paper.charts if not (out.parent / FIGURES / c.file).is_file()]
    if check:
        for name in [*(str(path) for path in stale), *missing]:
            print(f"{name} does not say what {findings} says: python -m benchmarks.reproductions")
        return int(bool(stale or missing))
    for path in stale:
        with atomic_write(path) as file:
            file.write(files[path])
        print(f"wrote {path}")
    for path in set((out.parent / FIGURES).glob("*.svg")) - files.keys():
        path.unlink()
    return 0


if __name__ == "__main__":
    run(main)
