"""A second opinion on scores: recomputed from a run's files with nothing but Python's json and math.

    python benchmarks/rescore.py RESULT_DIR...

Reads ``predictions.jsonl`` and the answers in ``queries.jsonl``, and exits 1 where a score is not that of
``result.json``: mean NDCG@10 of a ranking, RMSE of ratings, log loss and AUC of choices. It imports no part of the
project, so that an error of the harness cannot hide in it.
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


def read_lines(path: Path) -> list[dict]:
    """The objects of a file, one a line."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8-sig").splitlines()]


def ranking_scores(folder: Path, k: int = 10) -> dict[str, float]:
    """Mean NDCG@k over all queries; a prediction that is missing or has an error scores 0."""
    rankings: dict[str, list[str]] = {}
    for prediction in read_lines(folder / "predictions.jsonl"):
        rankings[prediction["query_id"]] = [] if prediction.get("error") else prediction["ranking"]
    queries = read_lines(folder / "queries.jsonl")
    total = math.fsum(ndcg(rankings.get(q["query_id"], []), q["relevant"], k) for q in queries)
    return {f"ndcg@{k}": total / len(queries)}


def pair_scores(folder: Path, task: str, constant: float) -> dict[str, float]:
    """RMSE, or log loss and AUC, over all pairs; one that is missing or has an error is predicted as ``constant``."""
    field = "rating" if task == "rating" else "probability"
    stored = {p["query_id"]: p for p in read_lines(folder / "predictions.jsonl") if not p.get("error")}
    queries = read_lines(folder / "queries.jsonl")
    predicted = [stored[q["query_id"]][field] if q["query_id"] in stored else constant for q in queries]
    if task == "rating":
        squares = ((p - q["answer"]) ** 2 for p, q in zip(predicted, queries, strict=True))
        return {"rmse": math.sqrt(math.fsum(squares) / len(queries))}
    inside = [min(max(p, 1e-6), 1 - 1e-6) for p in predicted]
    logs = (math.log(p if q["liked"] else 1 - p) for p, q in zip(inside, queries, strict=True))
    scores = {"log_loss": -math.fsum(logs) / len(queries)}
    likes = [p for p, q in zip(predicted, queries, strict=True) if q["liked"]]
    others = [p for p, q in zip(predicted, queries, strict=True) if not q["liked"]]
    if likes and others:
        won = math.fsum(sum((a > b) + (a == b) / 2 for b in others) for a in likes)
        scores["auc"] = won / (len(likes) * len(others))
    return scores


def rescore(folder: Path, result: dict) -> dict[str, float]:
    """The scores of a run by name."""
    task = result["task"].get("name", "ranking")
    return ranking_scores(folder) if task == "ranking" else pair_scores(folder, task, result["task"]["constant"])


def main(folders: list[str]) -> int:
    if not folders or folders[0] == "--help":
        print(__doc__)
        return 0
    n_different = 0
    for name in folders:
        try:
            result = json.loads((Path(name) / "result.json").read_text(encoding="utf-8-sig"))
            claims = {s["metric"]: s["value"] for s in result["scores"] if s["slice"] == "all"}
            scores = {metric: value for metric, value in rescore(Path(name), result).items() if metric in claims}
        except OSError as error:
            sys.exit(f"error: {error.filename}: cannot be read ({error.strerror}); RESULT_DIR is a finished run")
        except (ValueError, TypeError, KeyError, ZeroDivisionError) as error:
            sys.exit(f"error: {name}: its files are no finished run's ({type(error).__name__}: {error})")
        if not scores:
            sys.exit(f"error: {name}/result.json: no score of ndcg@10, rmse, log_loss or auc")
        for metric, value in scores.items():
            same = math.isclose(value, claims[metric], abs_tol=1e-9)
            verdict = "equal" if same else "DIFFERENT"
            print(f"{name}: {metric} {value:.6f}, result.json says {claims[metric]:.6f}: {verdict}")
            n_different += not same
    return 1 if n_different else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
