"""Draft rationales for training purchases from data alone, and check a text of one's own for leaks.

    python examples/draft_rationales.py [DOMAIN]

``python -m annotation draft CAMPAIGN`` does this for a campaign in which people review the drafts.
"""

import dataclasses
import sys

from rad import registry
from rad.data.load import open_dataset
from rad.rationales.rules import Rules

data = open_dataset(sys.argv[1] if len(sys.argv) > 1 else "world:users=200,items=300")
drafter = registry.load("annotation.drafters", "evidence")()
drafter.fit(data.examples["train"], data.items, seed=0)

examples = data.examples["train"][:20]
drafts = list(drafter.drafts(examples))
accepted = [(example, draft.rationale) for example, draft in zip(examples, drafts, strict=True) if draft.rationale]
print(f"{len(accepted)} of {len(drafts)} drafts passed the checks")
for _, rationale in accepted[:3]:
    print("-", rationale.text)

# A rationale is written before the choice: a text that speaks of the choice as made is a leak.
example, rationale = accepted[0]
target = data.items[next(iter(example.relevant))]
careless = dataclasses.replace(rationale, text="They bought it because they love this brand.")
for violation in Rules(data.items).violations(careless, example.query, target):
    print(f"{violation.rule}: {violation.detail}" + (" (a leak)" if violation.leak else ""))
