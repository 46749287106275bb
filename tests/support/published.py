"""How well ``rad check FILE`` reads published rationales: ``python -m tests.support.published [--misses]``.

The texts are written here, in the manner of sets that others have published: a sentence on the history, often with its
ratings, or one that knows the answer. Prints precision and recall of each rule, for each half.
"""

from __future__ import annotations

import importlib
import sys
from dataclasses import dataclass

from rad.leakage.file_checks import PlainRationale, plain_rules, plain_violations

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


def main(misses: bool) -> None:
    for half in HALVES:
        for rule, of in counts(half).items():
            print(f"{half}: {rule}: precision {of.precision:.2f}, recall {of.recall:.2f} of {of.planted}")
        for text, due, flags in flagged(half) if misses else ():
            if due != flags:
                print(f"  {sorted(flags - due)} in vain, {sorted(due - flags)} missed: {text}")


if __name__ == "__main__":
    main("--misses" in sys.argv[1:])
