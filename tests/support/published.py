"""How well ``rad check`` reads published rationales: ``python -m tests.support.published [--misses | --profiles]``.

The texts are written here, in the manner of sets that others have published: a sentence on the history, often with its
ratings, or one that knows the answer. Prints precision and recall of each rule, for each half.

``--profiles`` reads real ones instead, under ``RAD_DATA``: profiles that a language model wrote of the purchases before
a target. They speak of the history alone, so whatever is flagged in them is in vain, or of nobody knows which.
"""

from __future__ import annotations

import csv
import importlib
import json
import os
import sys
import zlib
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

from rad.leakage.plain_rationales import PlainRationale, plain_rules, plain_violations

HALVES = ("develop", "heldout")
RULES = ("hindsight", "rating", "names_target")


@dataclass(frozen=True, slots=True)
class Counts:
    """Texts of a half: those that break a rule, and of these those that the check flags; and those flagged in vain."""

    planted: int
    found_of_them: int
    in_vain: int

    @property
    def precision(self) -> float:
        return self.found_of_them / max(1, self.found_of_them + self.in_vain)

    @property
    def recall(self) -> float:
        return self.found_of_them / max(1, self.planted)


def flagged(half: str) -> list[tuple[str, frozenset[str], frozenset[str]]]:
    """Each text with the rules that it breaks and those that the check says it breaks."""
    rows = importlib.import_module(f"tests.data.published_{half}").ROWS
    texts = [PlainRationale(text, target, history) for text, target, history, _ in rows]
    rules = plain_rules(texts)
    broken = [frozenset(one.rule for one in plain_violations(text, rules)) for text in texts]
    return [(row[0], row[3], one) for row, one in zip(rows, broken, strict=True)]


def counts(half: str) -> dict[str, Counts]:
    """By rule."""
    rows = flagged(half)
    return {
        rule: Counts(
            sum(rule in due for _, due, _ in rows),
            sum(rule in due & flags for _, due, flags in rows),
            sum(rule in flags - due for _, due, flags in rows),
        )
        for rule in RULES
    }


def profiles(half: int) -> tuple[int, Counter[str]]:
    """Of half of the profiles of Amazon Fashion, by a hash of the user: their number, and those flagged by rule.

    Users who buy their target again are left out: what is said of it is of both.
    """
    folder = Path(os.environ["RAD_DATA"]) / "amazon_fashion"
    names = ("processed_item_information.json", "user_profile_summary.json", "user_test.json")
    items, written, test = (json.loads((folder / name).read_text(encoding="utf-8")) for name in names)
    sequences: dict[str, list[tuple[float, str]]] = defaultdict(list)
    with open(folder / "ratings.csv", encoding="utf-8", newline="") as file:
        for item, user, _, time in list(csv.reader(file))[1:]:
            sequences[user].append((float(time), item))
    title = {key: fields.get("title", "") for key, fields in items.items() if "\n" not in fields.get("title", "\n")}
    rows = []
    for user in sorted(written.keys() & test.keys()):
        target = str(test[user][-1])
        history = tuple(title[i] for _, i in sorted(sequences[user]) if i != target and title.get(i))
        is_new = title.get(target) and title[target] not in history
        if zlib.crc32(user.encode()) % 2 == half and history and is_new:
            rows.append(PlainRationale(written[user].strip(), title[target], history))
    rules = plain_rules(rows)
    return len(rows), Counter(rule for row in rows for rule in {one.rule for one in plain_violations(row, rules)})


def main(misses: bool) -> None:
    for half in HALVES:
        for rule, of in counts(half).items():
            print(f"{half}: {rule}: precision {of.precision:.2f}, recall {of.recall:.2f} of {of.planted}")
        for text, due, flags in flagged(half) if misses else ():
            if due != flags:
                print(f"  {sorted(flags - due)} in vain, {sorted(due - flags)} missed: {text}")


if __name__ == "__main__":
    if "--profiles" in sys.argv[1:]:
        for number, name in enumerate(HALVES):
            n, flags = profiles(number)
            print(f"{name}: {n} profiles, in vain: " + ", ".join(f"{rule} {flags[rule] / n:.0%}" for rule in RULES))
    else:
        main("--misses" in sys.argv[1:])
