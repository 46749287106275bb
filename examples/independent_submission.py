"""A submission by someone who never saw this project's code: reads data and writes an entry by their formats alone.

    python -m rad load world --out DATA_DIR
    python examples/independent_submission.py DATA_DIR ENTRIES_DIR

Imports nothing of the project. Ranks by how often items were bought, scores that with pytrec_eval, and writes what
``leaderboard/README.md`` describes. Of ``DATA_DIR`` it reads ``items.parquet``, ``validation.parquet`` and
``test.parquet`` (a row a query), and ``dataset.json`` (name, version and sha256 of the data).
"""

import gzip
import hashlib
import json
import random
import resource
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytrec_eval


def read(path: Path) -> list[dict]:
    return pyarrow.parquet.read_table(path).to_pylist()


def interval(values: list[float]) -> tuple[float, float]:
    """2.5% and 97.5% of the means of 1,000 resamples."""
    rng = random.Random(7)
    means = sorted(sum(rng.choices(values, k=len(values))) / len(values) for _ in range(1000))
    return means[25], means[974]


def main(data: Path, entries: Path) -> None:
    task = json.loads((data / "dataset.json").read_text())
    clock = time.perf_counter()
    bought = Counter(x["item_id"] for e in read(data / "validation.parquet") for x in e["history"] + e["relevant"])
    order = sorted((x["item_id"] for x in read(data / "items.parquet")), key=lambda item: (-bought[item], item))
    fitted = time.perf_counter()
    run, qrels, lines, repeats = {}, {}, [], 0
    for e in read(data / "test.parquet"):
        query, past = e["query_id"], {x["item_id"] for x in e["history"]}
        relevant = {x["item_id"]: x["grade"] for x in e["relevant"]}
        repeats += any(item in past for item in relevant)
        ranking = [item for item in order if item not in past][:100]
        run[query] = {item: float(len(ranking) - k) for k, item in enumerate(ranking)}
        qrels[query] = relevant
        lines.append(json.dumps({"query_id": query, "ranking": ranking}) + "\n")
    predicted = time.perf_counter()
    evaluation = pytrec_eval.RelevanceEvaluator(qrels, {"ndcg_cut_10", "recall_10"}).evaluate(run)
    scores = []
    for name, theirs in (("ndcg@10", "ndcg_cut_10"), ("recall@10", "recall_10")):
        values = [evaluation[query][theirs] for query in qrels]
        low, high = interval(values)
        mean = sum(values) / len(values)
        scores.append({"metric": name, "value": mean, "ci_low": low, "ci_high": high, "n": len(values)})
    raw = "".join(lines).encode()
    packed = gzip.compress(raw, mtime=0)
    run_id = "independent-" + hashlib.sha256(raw).hexdigest()[:8]
    entry: dict[str, Any] = {
        "schema_version": 1,
        "submitter": {"name": "Someone Else", "contact": "someone@example.org"},
        "submitted_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "model_card": "# Most bought\n\nItems by how often they were bought before.",
        "trained_on": [f"{task['name']}/validation"],
        "result": {
            "schema_version": 1,
            "run_id": run_id,
            "task": {
                **{"domain": task["name"], "split": "test", "protocol": "full"},
                **{"n": len(lines), "n_failed": 0, "n_repeat": repeats},
            },
            "dataset": {"version": task["version"], "sha256": task["sha256"]},
            "model": {"name": "most_bought", "version": "1"},
            "scores": scores,
            "cost": {
                "fit_seconds": fitted - clock,
                "predict_seconds": predicted - fitted,
                "ms_per_query": 1000 * (predicted - fitted) / len(lines),
                "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            },
            "predictions": {"path": "predictions.jsonl", "sha256": hashlib.sha256(raw).hexdigest()},
            "provenance": {},
        },
        "predictions": {
            "path": f"{run_id}.predictions.jsonl.gz",
            "sha256": hashlib.sha256(packed).hexdigest(),
        },
    }
    folder = entries / "most_bought"
    folder.mkdir(parents=True)
    (folder / entry["predictions"]["path"]).write_bytes(packed)
    (folder / f"{run_id}.json").write_text(json.dumps(entry, indent=1))
    print(f"{scores[0]['value']!r}")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: python examples/independent_submission.py DATA_DIR ENTRIES_DIR")
    main(Path(sys.argv[1]), Path(sys.argv[2]))
