"""Score rankings that came from elsewhere: write predictions as JSON lines, read them back, evaluate.

    python examples/score_my_predictions.py [DOMAIN]

Only ids and rankings are needed: a system in any language can write the file.
"""

import random
import sys
import tempfile
from pathlib import Path

from benchmarks.harness.evaluate import evaluate
from rad.data.load import open_dataset
from rad.runtime.files import read_jsonl, write_jsonl
from rad.types import Prediction

data = open_dataset(sys.argv[1] if len(sys.argv) > 1 else "world:users=200,items=300")
test = data.examples["test"]
path = Path(tempfile.mkdtemp()) / "predictions.jsonl"

# Your system writes a line a query: at most 100 items, best first, none from the history. This one draws by chance.
rng = random.Random(0)
lines = []
for example in test:
    bought = {purchase.item_id for purchase in example.query.history}
    ranking = rng.sample([item for item in data.items if item not in bought], 100)
    lines.append({"query_id": example.query.query_id, "ranking": ranking})
write_jsonl(path, lines)

predictions = [Prediction(line["query_id"], tuple(line["ranking"])) for _, line in read_jsonl(path)]
evaluation = evaluate(predictions, test, ["ndcg@10", "hit_rate@10", "coverage@10"], data.items)
print(f"{len(predictions)} predictions, {evaluation.n_failed} failed {evaluation.failures or ''}")
for score in evaluation.scores:
    print(f"{score.metric:12} {score.slice:12} {score.value:.4f} [{score.ci_low:.4f}, {score.ci_high:.4f}]")
