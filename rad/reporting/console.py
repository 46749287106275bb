"""What commands print with: the one console, and the one kind of table."""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_uppercase

from rich import box
from rich.console import Console
from rich.table import Table

console = Console(highlight=False, emoji=False)  # "judge:x:" is no emoji


def table(title: str, *columns: str) -> Table:
    """An empty table for 80 columns. Numbers never wrap, the first column may fold.

    Args:
        title: A line above the table; empty for none.
        columns: The heads. ``@`` begins a head's second line.
    """
    grid = Table(
        title=f"\n{title}" if title else None,
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        show_edge=False,
        pad_edge=False,
    )
    for number, column in enumerate(columns):
        first = number == 0
        head = column.replace("Coverage@", "Cover.@").replace("@", "\n@")
        grid.add_column(head, justify="left" if first else "right", no_wrap=not first, overflow="fold")
    return grid


def labels(names: Sequence[str], longest: int) -> dict[str, str]:
    """By name, what stands for it in a table: itself where all have room, and otherwise a letter or two.

    >>> labels(["random", "popularity"], longest=10)
    {'random': 'random', 'popularity': 'popularity'}
    >>> labels(["random", "popularity"], longest=9)
    {'random': 'A', 'popularity': 'B'}
    """
    if all(len(name) <= longest for name in names):
        return {name: name for name in names}
    letters = [first + second for first in ("", *ascii_uppercase) for second in ascii_uppercase]
    return dict(zip(names, letters, strict=False))


def printable(text: str) -> str:
    """A stranger's text as one line: what a terminal would obey, or no file can hold, stands there as an escape.

    >>> printable("a\\x1b[31m\\nok b")
    'a\\\\x1b[31m\\\\nok b'
    """
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def count(n: int, noun: str, plural: str = "") -> str:
    """A number with its noun.

    >>> count(1, "entry", "entries"), count(2_000, "page")
    ('1 entry', '2,000 pages')
    """
    return f"{n:,} {noun if n == 1 else plural or f'{noun}s'}"
