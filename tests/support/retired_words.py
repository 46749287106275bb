"""Identifiers that the code no longer uses, and the field's term for each. ``CONTRIBUTING.md`` shows the same list.

``python tests/support/retired_words.py [FOLDER...]`` prints every place where a retired word is bound as a name:
a variable, an argument, a function, a class, an attribute or a module. Words in strings, comments and prose are not
read here.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("rad", "annotation", "benchmarks", "leaderboard", "examples", "tests")

PARTICIPLE = "a noun that says what the value is"
RETIRED = {
    **dict.fromkeys(
        ("told", "found", "given", "said", "asked", "made", "kept", "known", "taught", "stated"), PARTICIPLE
    ),
    "Story": "ClaimWeights",
    "Gate": "Teacher",
    "Voice": "OutputHead",
    "loudness": "logit_scale",
    "firmness": "preference_scale",
    "Lesson": "DistillationLoss",
    "rivals": "exclusive_reasons",
    "standing": "lasting",
    "together": "co_purchase",
    "anchors": "cited_items",
    "slots": "recency_positions",
    "Heeding": "faithful",
    "Ignoring": "rationale_blind",
    "against": "baselines",
    "chance": "stochastic",
    "quick": "test_settings",
    "space": "search_space",
    "whole": "atomic_write",
    "over": "parallel_map",
    "settle": "configure_torch",
    "speaking": "argilla_errors",
    "place": "resolve_path",
    **dict.fromkeys(("Fault", "fault", "faults", "wrong", "why"), "violation, violations (of rules), reason or errors"),
    "testbed": "control_rationales",
    "asking": "counterfactuals",
    **dict.fromkeys(("reader", "Reader"), "proxy_ranker, ProxyRanker"),
    **dict.fromkeys(("browser", "Browser"), "examples"),
    **dict.fromkeys(("panel", "Panel"), "reliability_data, ReliabilityData"),
    "marks": "missing_mask or spans",
    **dict.fromkeys(("pace", "Pace"), "rate_limit"),
    "decide": "aggregate",
    **dict.fromkeys(("connection", "speak"), "client"),
    **dict.fromkeys(("People", "Life"), "UserStates, Trajectory"),
    "engine": "choice_model (where it is not the execution engine of a command)",
    "bits": "rng",
    "strangers": "untrusted",
    **dict.fromkeys(("boards", "Board", "board"), "tables, Table"),
    "standings": "rows",
    "groups": "significance_groups",
    **dict.fromkeys(("Job", "Work"), "Experiment"),
}
# A name that a file format, a flag or another library fixes: (path, word).
ALLOWED: set[tuple[str, str]] = {
    ("rad/types.py", "found"),  # a field of rationales in files: Evidence.support
    ("benchmarks/metrics/soundness/said.py", "said"),  # a name of a metric, and so of results
    ("rad/data/describe.py", "Panel"),  # of the library rich
    ("rad/runtime/parallel.py", "connection"),  # of the module multiprocessing
    ("rad/runtime/parallel.py", "engine"),  # what runs the work: the flag --engine
    ("rad/data/shard_writer.py", "engine"),
    ("rad/commands/build.py", "engine"),
    ("benchmarks/scale.py", "engine"),  # the execution engine: the flag --engine
    ("benchmarks/harness/sharded.py", "engine"),  # and the same in scores.json
    ("tests/rad/data/test_shards.py", "engine"),  # stand-ins for parallel_map, with its arguments
    ("tests/benchmarks/test_scale.py", "engine"),
    ("annotation/agreement/results.py", "against"),  # a field of agreement.json
    ("annotation/drafters/llm_answers.py", "against"),  # a field of the model's answer, and so of the prompt's schema
}


def uses(path: Path) -> Iterator[tuple[int, str]]:
    """Line and retired word of every name in a source file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names: list[str | None] = []
        if isinstance(node, ast.Name):
            names = [node.id] if isinstance(node.ctx, ast.Store) else []
        elif isinstance(node, ast.arg):
            names = [node.arg]
        elif isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
            names = [node.name]
        elif isinstance(node, ast.Attribute):
            names = [node.attr] if isinstance(node.ctx, ast.Store) else []
        elif isinstance(node, ast.ImportFrom) and node.module == "hypothesis":
            continue  # its decorator is called ``given``
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.asname or alias.name.rpartition(".")[2] for alias in node.names]
        for name in names:
            word = (name or "").lstrip("_")
            if word in RETIRED:
                yield getattr(node, "lineno", 0), word


def offences(folders: tuple[str, ...] = PACKAGES) -> list[str]:
    """A line for every use in ``folders`` that nothing allows."""
    lines = []
    for folder in folders:
        root = ROOT / folder
        for path in sorted(root.rglob("*.py")) if root.is_dir() else [root]:
            name = path.relative_to(ROOT).as_posix()
            for line, word in uses(path):
                if (name, word) not in ALLOWED:
                    lines.append(f"{name}:{line}: '{word}' is retired: {RETIRED[word]}")
    return lines


if __name__ == "__main__":
    print(*offences(tuple(sys.argv[1:]) or PACKAGES), sep="\n")
