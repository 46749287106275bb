"""Let a language model of your own write the rationales, in place of ours.

    python examples/your_language_model.py [MODEL] [DOMAIN] [LESSONS]

MODEL is a name of the Hub or a folder. It learns from LESSONS training queries; with 0 it writes as it is. The same
from the command line, on all test queries:

    python -m benchmarks.run --model rationale_first --set reasoner=language base=MODEL
"""

import sys

from benchmarks.harness.evaluate import evaluate
from benchmarks.models.rationale_first.model import Model
from rad.data.load import open_dataset

DEFAULTS = ("HuggingFaceTB/SmolLM2-135M-Instruct", "world", "1000")
base, domain, lessons = [*sys.argv[1:], *DEFAULTS[len(sys.argv) - 1 :]]
data = open_dataset(domain)
model = Model(Model.Settings(reasoner="language", base=base, lessons=int(lessons)))
model.fit(data.examples["train"], data.examples["validation"], data.items, seed=0)

test = data.examples["test"][:50]
answers = list(model.predict([example.query for example in test]))
score = evaluate(answers, test, ["ndcg@10"], data.items).value("ndcg@10")
print(f"{base}: NDCG@10 {score:.4f} on {len(test)} queries")
for prediction in answers[:3]:
    print(f"\n{prediction.rationale.text if prediction.rationale else ''}")
