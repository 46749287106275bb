"""The project's pages, and what stands in them: code, commands and the files that they name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NEW = ("last_brand", "last_colour", "precision", "shop")  # what the pages themselves add, as examples of a new file
SHELL = (
    "venv",
    "pip",
    "mkdocs",
    "pytest",
    "build",
    "twine",
    "potato.",
    "tests.",
)  # modules that are no command of the project


def pages() -> dict[str, str]:
    """Path from the root -> text, of the pages that say what is; the changes also name what was."""
    paths = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")]
    paths += [ROOT / "annotation" / "README.md", ROOT / "leaderboard" / "README.md", *sorted(ROOT.glob("docs/**/*.md"))]
    return {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in paths}


def parts(text: str) -> Iterator[tuple[str | None, str]]:
    """The page in order: a block's language (``""`` where none is given) or None for prose, and the text."""
    language: str | None = None
    lines: list[str] = []
    for line in [*text.split("\n"), "```"]:
        if line.startswith("```"):
            yield language, "\n".join(lines) + "\n"
            language, lines = (line[3:].split(" ")[0] if language is None else None), []
        else:
            lines.append(line)


def block(text: str, marker: str) -> str:
    """The code after ``<!-- marker -->``."""
    match = re.search(rf"<!-- {marker} -->\n```\w+\n(.*?)```", text, re.DOTALL)
    assert match, f"no block after <!-- {marker} -->"
    return match.group(1)


def python_blocks(text: str) -> list[str]:
    """The Python of a page, in order."""
    return [code for language, code in parts(text) if language == "python"]


def commands(text: str) -> set[str]:
    """What follows ``python -m`` in code, a command each, without what a shell would add."""
    lines: list[str] = []
    for language, part in parts(text):
        if language is None:
            lines += re.findall(r"`([^`\n]+)`", part)
        elif language in ("", "bash"):
            lines += part.split("\n")
    words = (match for line in lines for match in re.findall(r"python -m (.+?)(?=\s+#|\s+&&|\s{3,}|$)", line))
    return {word.strip() for word in words if not word.startswith(SHELL)}


def paths(text: str) -> set[str]:
    """Files and folders of the repository that the prose of a page names."""
    prose = "".join(part for language, part in parts(text) if language is None)
    named = re.findall(r"`((?:rad|annotation|benchmarks|leaderboard|tests|examples|docs|results)/[\w/.-]*)`", prose)
    return {path for path in named if Path(path).stem not in NEW}
