"""A run's rankings and answers in the formats that other libraries of metrics read."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from benchmarks.explanations.finished_run import predictions_path, refuse_pairs
from benchmarks.harness.base import CUT
from benchmarks.harness.results import read_result
from rad.errors import RadError
from rad.runtime import records
from rad.runtime.files import atomic_write, read_jsonl
from rad.types import Prediction

RUN, QRELS, RANKED, ANSWERS = "run.trec", "qrels.trec", "rankings.csv", "answers.csv"


def export(folder: Path, out: Path) -> list[Path]:
    """Write the run in ``folder`` below ``out``: ``RUN`` and ``QRELS`` as TREC has them, ``RANKED`` and ``ANSWERS`` as
    RecTools does.

    In TREC's run, scores fall by one a rank, since trec_eval orders by them and breaks ties by ids. A query that failed
    has no line there. In the tables a query stands for a user, so that each query of a user counts.

    Raises:
        RadError: a file is missing, or is not the one that the result speaks of.
    """
    result = read_result(folder)
    refuse_pairs(folder, result)
    folder = folder if folder.is_dir() else folder.parent
    path = predictions_path(folder, result)
    label = "".join(result.label.split())
    with atomic_write(out / RUN) as run, atomic_write(out / RANKED) as ranked:
        table = csv.writer(ranked, lineterminator="\n")
        table.writerow(("user_id", "item_id", "rank"))
        for _, p in records.read(path, Prediction):
            for rank, item in enumerate(() if p.error is not None else p.ranking, 1):
                run.write(f"{p.query_id} Q0 {item} {rank} {CUT + 1 - rank} {label}\n")
                table.writerow((p.query_id, item, rank))
    with atomic_write(out / QRELS) as qrels, atomic_write(out / ANSWERS) as answers:
        table = csv.writer(answers, lineterminator="\n")
        table.writerow(("user_id", "item_id"))
        for query, item, grade in _answers(folder / "queries.jsonl"):
            qrels.write(f"{query} 0 {item} {grade}\n")
            table.writerow((query, item))
    return [out / name for name in (RUN, QRELS, RANKED, ANSWERS)]


def _answers(path: Path) -> Iterator[tuple[str, str, int]]:
    for number, row in read_jsonl(path):
        query, relevant = row.get("query_id"), row.get("relevant")
        if not isinstance(query, str) or not isinstance(relevant, dict):
            raise RadError(f"{path}:{number}: no query_id with relevant items: not the file of a finished run")
        yield from ((query, item, grade) for item, grade in relevant.items())
