"""A second opinion on NDCG: recomputed from a run's files with nothing but Python's json and math.

    python benchmarks/rescore.py RESULT_DIR...

Reads ``predictions.jsonl`` and the answers in ``queries.jsonl``, and exits 1 where a mean NDCG@10 is not that of
``result.json``. It imports no part of the project, so that an error of the harness cannot hide in it.
"""

import json
import math
import sys
from pathlib import Path


def ndcg(ranking: list[str], relevant: dict[str, int], k: int) -> float:
    """Grade / log2(rank + 1) summed over the first k ranks, divided by the same sum for the best order."""
    gained = sum(relevant.get(item, 0) / math.log2(rank + 1) for rank, item in enumerate(ranking[:k], 1))
    grades = sorted(relevant.values(), reverse=True)[:k]
    return gained / sum(grade / math.log2(rank + 1) for rank, grade in enumerate(grades, 1))


def rescore(folder: Path, k: int = 10) -> float:
    """Mean NDCG@k over all queries; a prediction that is missing or has an error scores 0."""
    rankings: dict[str, list[str]] = {}
    for line in (folder / "predictions.jsonl").read_text(encoding="utf-8").splitlines():
        prediction = json.loads(line)
        rankings[prediction["query_id"]] = [] if prediction.get("error") else prediction["ranking"]
    queries = [json.loads(line) for line in (folder / "queries.jsonl").read_text(encoding="utf-8").splitlines()]
    return math.fsum(ndcg(rankings.get(q["query_id"], []), q["relevant"], k) for q in queries) / len(queries)


def main(folders: list[str]) -> int:
    if not folders or folders[0] == "--help":
        print(__doc__)
        return 0
    n_different = 0
    for name in folders:
        try:
            result = json.loads((Path(name) / "result.json").read_text(encoding="utf-8"))
            claimed = next(s["value"] for s in result["scores"] if s["metric"] == "ndcg@10" and s["slice"] == "all")
            value = rescore(Path(name))
        except OSError as error:
            sys.exit(f"error: {error.filename}: cannot be read ({error.strerror}); RESULT_DIR is a finished run")
        except StopIteration:
            sys.exit(f"error: {name}/result.json: no score of ndcg@10")
        except (ValueError, TypeError, KeyError, ZeroDivisionError) as error:
            sys.exit(f"error: {name}: its files are no finished run's ({type(error).__name__}: {error})")
        same = math.isclose(value, claimed, abs_tol=1e-9)
        print(f"{name}: ndcg@10 {value:.6f}, result.json says {claimed:.6f}: {'equal' if same else 'DIFFERENT'}")
        n_different += not same
    return 1 if n_different else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
