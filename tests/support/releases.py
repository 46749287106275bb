"""Two data sets that are released in tests, and how anybody reads a release."""

from __future__ import annotations

from pathlib import Path

from rad.types import Evidence, Rationale, Reason

WORLD = "world:seed=5,users=60,items=200"
THIRD = "scientific:changed"


def quoting(data) -> list[Rationale]:
    """Of the first two test queries: one rationale that says brands, one that quotes a title of the history."""
    first, second = data.examples["test"][:2]
    reason = Reason(Evidence((0,), "sequence"), weight=0.5)

    def rationale(query, text):
        return Rationale(f"r-{query.query_id}", query.query_id, (reason,), text, "supported", "llm", "test", "1")

    title = next(t for x in second.query.history if "Oscilloscope" in (t := data.items[x.item_id].title))
    return [
        rationale(first.query, "Because of [1], more of that."),
        rationale(second.query, f"[1] is the {title}, so a probe."),
    ]


def plain(folder: Path, config: str, cache: Path):
    """What anybody gets with ``datasets`` alone."""
    import datasets

    parts = datasets.load_dataset(str(folder), config, cache_dir=str(cache))
    return {split: rows.data.table.combine_chunks() for split, rows in parts.items()}
