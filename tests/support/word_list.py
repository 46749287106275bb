"""The word list of ``CONTRIBUTING.md``: ``python -m tests.support.word_list`` renders it from ``retired_words``."""

from __future__ import annotations

from pathlib import Path

from tests.support.retired_words import RETIRED

PAGE = Path(__file__).resolve().parents[2] / "CONTRIBUTING.md"
BEGIN, END = "<!-- words:begin -->", "<!-- words:end -->"


def rendered(page: str) -> str:
    """The page with its table as it should be: a row a term, with all the words that it replaces."""
    words: dict[str, list[str]] = {}
    for word, term in RETIRED.items():
        words.setdefault(term, []).append(f"`{word}`")
    rows = [
        "| instead of | a name is |",
        "|---|---|",
        *(f"| {', '.join(old)} | {term} |" for term, old in words.items()),
    ]
    before, _, rest = page.partition(BEGIN)
    return f"{before}{BEGIN}\n" + "\n".join(rows) + f"\n{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    PAGE.write_text(rendered(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
