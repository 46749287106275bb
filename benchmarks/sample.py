"""Random rationales of a finished run, as they come: read forty before you believe a figure about them.

    python -m benchmarks.sample runs/rationale_first/world-full-test-s0-1a2b3c4d --n 40
    python -m benchmarks.sample RUN... --markdown docs/guide/rationales.md

Each is shown with the rank of what was bought (``-`` beyond 100). The draw depends on the seed and the query ids alone,
so that nobody can pick.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from benchmarks.harness.results import read_result
from rad.errors import RadError, run
from rad.runtime import records
from rad.runtime.commands import command
from rad.runtime.files import atomic_write, read_jsonl
from rad.types import Prediction


@command
def main(
    folders: Annotated[list[Path], Argument(metavar="RUN", help="folders of finished runs")],
    n: Annotated[int, Option("--n", min=1, help="rationales of each run")] = 40,
    seed: Annotated[int, Option("--seed", help="of the draw")] = 7,
    markdown: Annotated[Path | None, Option("--markdown", metavar="FILE", help="write a page instead")] = None,
) -> int:
    sections = [_section(folder, n, seed) for folder in folders]
    if markdown is None:
        print("\n\n".join(sections))
        return 0
    with atomic_write(markdown) as page:
        page.write("\n\n".join([_HEAD.format(n=n, seed=seed), *sections]) + "\n")
    print(f"wrote {markdown}")
    return 0


_HEAD = """# Rationales as they come

{n} of each run, drawn at random (seed {seed}) by `python -m benchmarks.sample`, none left out. `[k]` is the k-th
purchase of the history, oldest first; *bought* is the rank of what was bought next, - beyond 100."""


def _section(folder: Path, n: int, seed: int) -> str:
    """The draw of one run: ids in the order of a hash of the seed and the id."""
    result = read_result(folder)
    answers = {str(row["query_id"]): set(row["relevant"]) for _, row in read_jsonl(folder / "queries.jsonl")}
    drawn = set(sorted(answers, key=lambda key: hashlib.sha256(f"{seed}:{key}".encode()).digest())[:n])
    lines: list[str] = []
    path = folder / "predictions.jsonl"
    for number, row in read_jsonl(path):
        if row.get("query_id") not in drawn:
            continue
        prediction = records.parse(Prediction, row, f"{path}:{number}")
        rationale = prediction.rationale
        if rationale is None:
            raise RadError(f"{path}:{number}: this run has no rationales")
        ranks = [k for k, item in enumerate(prediction.ranking, 1) if item in answers[prediction.query_id]]
        lines.append(f"{len(lines) + 1}. {rationale.text} *Bought: {ranks[0] if ranks else '-'}.*")
    task = result.task
    return f"## {result.label} on {task.domain}, {task.split}\n\n" + "\n".join(lines)


if __name__ == "__main__":
    run(main)
