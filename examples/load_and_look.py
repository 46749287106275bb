"""Load a domain and read one query with its rationale.

    python examples/load_and_look.py [DOMAIN]

Without an argument it makes a small world, which takes a second.
"""

import sys

import rad

data = rad.load(sys.argv[1] if len(sys.argv) > 1 else "world:users=200,items=300")
titles = dict(zip(data.items["item_id"], data.items["title"], strict=True))
sizes = {split: len(rows) for split, rows in data.examples.items()}
print(f"{data.name} {data.version}: {len(data.items)} items, {sizes}")

# The first test query whose known rationale gives reasons: a domain without known ones has none.
rows = (row for row in data.examples["test"] if row["rationale"] and row["rationale"]["reasons"])
row = next(rows, data.examples["test"][0])
for position, purchase in enumerate(row["history"], 1):
    print(f"[{position}] {titles[purchase['item_id']]}")
if row["rationale"]:
    print("because:", row["rationale"]["text"])
print("then:", *(titles[item["item_id"]] for item in row["relevant"]))
