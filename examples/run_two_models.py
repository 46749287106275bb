"""Fit two models, score both on the test queries, and test whether they differ.

    python examples/run_two_models.py [DOMAIN]

``python -m benchmarks.run --model popularity item_knn`` does the same and keeps the results.
"""

import sys

import numpy as np

from benchmarks.harness.evaluate import evaluate
from rad import registry
from rad.data.load import open_dataset

data = open_dataset(sys.argv[1] if len(sys.argv) > 1 else "world:users=200,items=300")
test = data.examples["test"]
queries = [example.query for example in test]  # all that a model sees: no answers
scores = {}
for name in ("popularity", "item_knn"):
    model = registry.load("benchmarks.models", name)()
    model.fit(data.examples["train"], data.examples["validation"], data.items, 0)
    evaluation = evaluate(model.predict(queries), test, ["ndcg@10", "recall@10"], data.items)
    scores[name] = evaluation.values["ndcg@10"]
    for score in (s for s in evaluation.scores if s.slice == "all"):
        print(f"{name:10} {score.metric:9} {score.value:.4f} [{score.ci_low:.4f}, {score.ci_high:.4f}]")

# A 95% bootstrap interval of the mean difference: both models answered the same queries, so these are drawn in pairs.
difference = scores["item_knn"] - scores["popularity"]
draws = np.random.default_rng(0).integers(len(difference), size=(2000, len(difference)))
low, high = np.quantile(difference[draws].mean(axis=1), [0.025, 0.975])
print(f"item_knn - popularity: {difference.mean():.4f} [{low:.4f}, {high:.4f}]")
