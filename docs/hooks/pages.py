"""Pages that are made from the code when the site is built: the API, a page a folder, and the help of every command.

Nothing here lists a module: a new file, or a new command, is on the site with the next build.
"""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("rad", "annotation", "benchmarks", "leaderboard")
GUARD = re.compile(r'^if __name__ == "__main__":', re.MULTILINE)
# Started by `annotation serve` and `benchmarks.crosscheck`, each in an environment of its own.
NOT_COMMANDS = {"annotation.argilla.server.app", "benchmarks.audits.rectools_rank"}


def on_config(config: Any) -> Any:
    """Put the pages of the API where the navigation says ``api/``."""
    pages = [{package: [f"api/{name}.md" for name in folders(package)]} for package in PACKAGES]
    for entry in config.nav:
        if entry.get("API") == "api/":
            entry["API"] = pages
    return config


def on_files(files: Files, config: Any) -> Files:
    """Add the generated pages."""
    for package in PACKAGES:
        for name, modules in folders(package).items():
            files.append(File.generated(config, f"api/{name}.md", content=api_page(name, modules)))
    files.append(File.generated(config, "help.md", content=help_page()))
    return files


def folders(package: str) -> dict[str, list[str]]:
    """Dotted name of a folder with code -> its public modules, the folder's own first."""
    pages = {}
    for folder in [ROOT / package, *sorted(path for path in (ROOT / package).rglob("*") if path.is_dir())]:
        if not (folder / "__init__.py").is_file():
            continue
        name = ".".join(folder.relative_to(ROOT).parts)
        public = [path.stem for path in sorted(folder.glob("*.py")) if not path.stem.startswith("_")]
        own = [name] if (folder / "__init__.py").read_text(encoding="utf-8").strip() else []
        pages[name] = [*own, *(f"{name}.{stem}" for stem in public)]
    return pages


def api_page(name: str, modules: list[str]) -> str:
    """One heading a module; what is private stays out."""
    return f"# {name}\n\n" + "\n\n".join(f"::: {module}" for module in modules) + "\n"


def commands() -> list[list[str]]:
    """The words after ``python -m`` of every command: modules that can be run, and the commands of packages."""
    words = []
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            if module in NOT_COMMANDS or not GUARD.search(path.read_text(encoding="utf-8")):
                continue
            subcommands = getattr(importlib.import_module(module), "COMMANDS", ()) if path.stem == "__main__" else ()
            name = module.removesuffix(".__main__")
            words += [[name], *([name, subcommand] for subcommand in subcommands)]
    return words


def help_page() -> str:
    """What each command prints for ``--help``, word for word."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        texts = list(pool.map(help_of, commands()))
    parts = ["# The commands' help", "Printed by the commands themselves. [By purpose](commands.md) is the way in."]
    for words, text in zip(commands(), texts, strict=True):
        parts.append(f"## python -m {' '.join(words)}\n\n```text\n{text}\n```")
    return "\n\n".join(parts) + "\n"


def help_of(words: list[str]) -> str:
    """The help of one command, or an exception that names it."""
    plain = {"COLUMNS": "110", "NO_COLOR": "1", "TERM": "dumb"}
    done = subprocess.run(
        [sys.executable, "-m", *words, "--help"], capture_output=True, text=True, cwd=ROOT, env=os.environ | plain
    )
    if done.returncode:
        raise RuntimeError(f"python -m {' '.join(words)} --help: {done.stderr.strip()}")
    return done.stdout.strip()
