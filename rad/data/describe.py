"""A data set in numbers, and three readable examples: ``python -m rad describe NAME``."""

from __future__ import annotations

import statistics
from collections.abc import Iterator

from rich.console import Console, Group
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table

from rad.data.dataset import Dataset
from rad.data.splits import SPLITS, is_warm, learnable
from rad.types import Evidence, Example, Reason

_SHOWN = 8  # history items of an example


def numbers(data: Dataset) -> dict[str, float]:
    """The counts that ``describe`` prints; shares are in [0, 1]. ``density`` is interactions over users x items."""
    sequences = data.sequences
    lengths = sorted(len(s) for s in sequences.values())
    n = sum(lengths)
    ever = {x.item_id for s in sequences.values() for x in s}
    out: dict[str, float] = {
        "users": len(sequences),
        "items": len(data.items),
        "items in no sequence": len(data.items) - len(ever),
        "interactions": n,
        "density": n / max(1, len(sequences) * len(data.items)),
        "timestamps": sum(x.timestamp is not None for s in sequences.values() for x in s),
        "ratings": sum(x.rating is not None for s in sequences.values() for x in s),
        "reviews": sum(x.review is not None for s in sequences.values() for x in s),
    }
    for split in SPLITS:
        rows = data.examples[split]
        learnt = learnable(data.examples, split)
        warm = sum(is_warm(e, learnt) for e in rows)
        own = sum(bool(e.relevant.keys() & {x.item_id for x in e.query.history}) for e in rows)
        out[f"{split} queries"] = len(rows)
        out[f"{split} warm"] = warm / len(rows) if rows else 0.0
        out[f"{split} repeats"] = own / len(rows) if rows else 0.0
        out[f"{split} rationales"] = sum(e.rationale is not None for e in rows)
    return out


def render(data: Dataset, console: Console) -> None:
    """Print tables and examples."""
    n = numbers(data)
    console.print(f"[bold]{escape(data.name)}[/] version {escape(data.version)}, protocol {data.protocol}")
    console.print(f"sha256 {data.sha256}", soft_wrap=True)
    console.print(_counts(data, n), _splits(data, n), _lengths(data), _attributes(data))
    if data.notes:
        table = Table("left out, mended or worth knowing", "count", title="Notes", title_justify="left")
        table.columns[1].justify = "right"
        for what, count in data.notes.items():
            table.add_row(escape(what), f"{count:,}")
        console.print(table)
    for example in _chosen(data):
        console.print(_framed(data, example))


def _counts(data: Dataset, n: dict[str, float]) -> Table:
    table = Table("", "count", title="Counts", title_justify="left", show_header=False)
    table.columns[1].justify = "right"
    for name in ("users", "items", "items in no sequence", "interactions"):
        table.add_row(name, f"{n[name]:,}")
    table.add_row("density", f"{n['density']:.4%} (sparsity {1 - n['density']:.4%})")
    for name in ("timestamps", "ratings", "reviews"):
        table.add_row(f"interactions with {name}", f"{n[name]:,}")
    table.add_row("order", "as in the source, oldest first" if data.ordered else "none (a set)")
    return table


def _splits(data: Dataset, n: dict[str, float]) -> Table:
    table = Table(title="Splits", title_justify="left")
    table.add_column("split")
    for name in ("queries", "warm targets", "cold targets", "targets in own history", "with a known rationale"):
        table.add_column(name, justify="right")
    for s in SPLITS:
        shares = (f"{n[f'{s} warm']:.1%}", f"{1 - n[f'{s} warm']:.1%}", f"{n[f'{s} repeats']:.1%}")
        shares = shares if n[f"{s} queries"] and s != "train" else ("", "", shares[2])
        table.add_row(s, f"{n[f'{s} queries']:,}", *shares, f"{n[f'{s} rationales']:,}")
    return table


def _lengths(data: Dataset) -> Table:
    table = Table(title="Length of test histories", title_justify="left")
    lengths = sorted(len(e.query.history) for e in data.examples["test"])
    for name in ("least", "median", "mean", "most", "up to 5", "6 to 10", "over 10"):
        table.add_column(name, justify="right")
    if lengths:
        share = [sum(low <= x <= high for x in lengths) / len(lengths) for low, high in ((0, 5), (6, 10), (11, 10**9))]
        ends = (f"{lengths[0]}", f"{statistics.median(lengths):g}", f"{statistics.mean(lengths):.1f}", f"{lengths[-1]}")
        table.add_row(*ends, *(f"{x:.1%}" for x in share))
    return table


def _attributes(data: Dataset) -> Table:
    table = Table("attribute", "items with it", "values", "most frequent", title="Attributes", title_justify="left")
    names: dict[str, dict[str, int]] = {}
    have: dict[str, int] = {}
    for item in data.items.values():
        for name, values in item.attributes.items():
            have[name] = have.get(name, 0) + 1
            for value in values:
                counts = names.setdefault(name, {})
                counts[value] = counts.get(value, 0) + 1
    for name, counts in names.items():
        top = sorted(counts, key=lambda value: (-counts[value], value))[:3]
        table.add_row(escape(name), f"{have[name] / len(data.items):.1%}", f"{len(counts):,}", escape("; ".join(top)))
    return table


def _chosen(data: Dataset) -> Iterator[Example]:
    """Three test queries, of short, middle and longer histories: with a supported rationale where there are any."""
    rows = sorted(data.examples["test"], key=lambda e: (len(e.query.history), e.query.query_id))
    rows = [e for e in rows if e.rationale and e.rationale.verdict == "supported"] or rows
    yield from (rows[k * (len(rows) - 1) // 3] for k in range(min(3, len(rows))))


def _framed(data: Dataset, example: Example) -> Panel:
    history = example.query.history
    first = max(0, len(history) - _SHOWN)
    lines = [f"... {first} earlier items"] if first else []
    lines += [f"[{k + 1}] {data.items[history[k].item_id].title}" for k in range(first, len(history))]
    parts = [escape("\n".join(lines))]
    if example.rationale:
        parts.append(f"[bold]why[/] ({example.rationale.verdict}): {escape(example.rationale.text)}")
        parts += [
            escape(f"    {reason.weight:.2f} because of {_evidence(reason.evidence)}: {_wishes(reason)}")
            for reason in example.rationale.reasons
        ]
    parts.append("[bold]next[/] " + escape("; ".join(data.items[item_id].title for item_id in example.relevant)))
    return Panel(Group(*parts), title=f"test query {escape(example.query.query_id)}", title_align="left")


def _evidence(evidence: Evidence) -> str:
    cited = "".join(f"[{k + 1}]" for k in evidence.history)
    fact = f" ({evidence.attribute} {evidence.value})" if evidence.attribute else ""
    return f"{evidence.kind} {cited}{fact}"


def _wishes(reason: Reason) -> str:
    wants = [f"wants {attribute} {value}" for attribute, value in reason.wants]
    avoids = [f"avoids {attribute} {value}" for attribute, value in reason.avoids]
    return ", ".join(wants + avoids) or "wants something like it"
