"""The house in numbers: what ``python tests/support/house.py [ROOT]`` prints, and what ``tests/test_house.py`` holds.

A line counts if it is in a Python file of the packages. An import circle is a set of modules that import each other,
wherever the import stands, but for those under ``TYPE_CHECKING``. A comment is a line that holds nothing else.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("rad", "annotation", "benchmarks", "leaderboard")
# Folders that may hold any number of entries: one file a command, a domain or a model. A package's root may be long,
# too: it holds the rooms themselves (14 in rad), and a room above them would only make every import longer.
REGISTRIES = (*PACKAGES, "rad/domains", "annotation/commands", "benchmarks/models")
LONGEST_FILE, LONGEST_FUNCTION, MOST_ENTRIES = 400, 60, 12


def sources(root: Path = ROOT) -> dict[str, Path]:
    """Dotted module name -> file, of the packages."""
    paths = (path for package in PACKAGES for path in sorted((root / package).rglob("*.py")))
    return {_module(path.relative_to(root)): path for path in paths}


def _module(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def imports(path: Path, modules: dict[str, Path]) -> set[str]:
    """The modules of the packages that a file imports, at its top or inside a function."""
    imported = set()
    for node in _runtime_nodes(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = (f"{node.module}.{alias.name}" for alias in node.names)
            imported |= {name if name in modules else node.module for name in names}
    return imported & modules.keys()


def _runtime_nodes(tree: ast.AST) -> Iterator[ast.AST]:
    """All nodes but those that only a type checker reads."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        yield node
        yield from _runtime_nodes(node)


def circles(modules: dict[str, Path]) -> list[list[str]]:
    """Sets of modules that reach each other by imports (strongly connected components of more than one)."""
    graph = {name: imports(path, modules) - {name} for name, path in modules.items()}
    reach = {name: _reachable(name, graph) for name in graph}
    components = {name: frozenset(other for other in reach[name] if name in reach[other]) for name in graph}
    return sorted(sorted(group) for group in set(components.values()) if len(group) > 1)


def _reachable(start: str, graph: dict[str, set[str]]) -> set[str]:
    reached: set[str] = set()
    waiting = [start]
    while waiting:
        for name in graph[waiting.pop()] - reached:
            reached.add(name)
            waiting.append(name)
    return reached


def crowded_folders(root: Path = ROOT) -> list[tuple[str, int]]:
    """Folders of the packages with more than ``MOST_ENTRIES`` files and folders, registries aside."""
    out = []
    for package in PACKAGES:
        for folder in [root / package, *sorted((root / package).rglob("*"))]:
            name = folder.relative_to(root).as_posix()
            if (
                not folder.is_dir()
                or "__pycache__" in name
                or name in REGISTRIES
                or name.startswith("leaderboard/entries")
            ):
                continue
            entries = [e for e in folder.iterdir() if e.name not in ("__pycache__", "__init__.py", "py.typed")]
            if len(entries) > MOST_ENTRIES:
                out.append((name, len(entries)))
    return out


def long_functions(modules: dict[str, Path]) -> list[tuple[str, int]]:
    """Functions of more than ``LONGEST_FUNCTION`` lines, as ``module.function`` and lines."""
    out = []
    for name, path in modules.items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > LONGEST_FUNCTION:
                    out.append((f"{name}.{node.name}", lines))
    return out


def figures(root: Path = ROOT) -> dict[str, str]:
    """The table of the house: a row a figure."""
    modules = sources(root)
    texts = {name: path.read_text(encoding="utf-8").split("\n") for name, path in modules.items()}
    lines = sum(len(text) - 1 for text in texts.values())
    tests = sum(path.read_text(encoding="utf-8").count("\n") for path in (root / "tests").rglob("*.py"))
    comments = sum(bool(re.match(r"\s*#", line)) for text in texts.values() for line in text)
    any_type = sum(len(re.findall(r"\bAny\b", line)) for text in texts.values() for line in text)
    getattrs = sum(len(re.findall(r"\bgetattr\(", line)) for text in texts.values() for line in text)
    crowded, loops, long = crowded_folders(root), circles(modules), long_functions(modules)
    longest = [f"{name} ({len(text) - 1})" for name, text in texts.items() if len(text) - 1 > LONGEST_FILE]
    return {
        "lines in packages": f"{lines:,}",
        "lines in tests": f"{tests:,}",
        "modules": str(len(modules)),
        f"folders over {MOST_ENTRIES} entries": _listed([f"{name} ({n})" for name, n in crowded]),
        f"files over {LONGEST_FILE} lines": _listed(longest),
        f"functions over {LONGEST_FUNCTION} lines": _listed([f"{name} ({n})" for name, n in long]),
        "import circles": _listed([" <-> ".join(loop) for loop in loops]),
        "`Any`": str(any_type),
        "`getattr(`": str(getattrs),
        "comment lines": f"{comments} ({comments / lines:.1%})",
    }


def _listed(entries: list[str]) -> str:
    return f"{len(entries)}" + (": " + "; ".join(entries) if entries else "")


if __name__ == "__main__":
    for title, figure in figures(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT).items():
        print(f"{title:28} {figure}")
