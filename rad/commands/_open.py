"""Opening the data that a command's options name."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, cast

from rad import registry
from rad.errors import RadError

if TYPE_CHECKING:
    from rad.data.dataset import Dataset, Protocol


def check_names(*options: tuple[str, str, Iterable[str]]) -> None:
    """Refuse all unknown names at once; each option is a noun, the name and the names that there are."""
    if errors := [registry.unknown(noun, [name], names) for noun, name, names in options if name not in names]:
        raise RadError("; ".join(errors))


def domain_option(name: str) -> list[tuple[str, str, Iterable[str]]]:
    """The option ``name`` for :func:`check_names`: none for a release or a folder, which no registry lists."""
    from rad.data.load import is_folder, is_release

    is_elsewhere = is_release(name) or is_folder(name)
    return [] if is_elsewhere else [("domain", name.partition(":")[0], registry.names("rad.domains"))]


def opened(name: str, data_dir: Path | None, protocol: str = "full") -> Dataset:
    """The data set ``name``, with a spinner while it is built."""
    from rich.console import Console

    from rad.data.dataset import PROTOCOLS
    from rad.data.load import open_dataset

    check_names(*domain_option(name), ("protocol", protocol, PROTOCOLS))
    with Console(stderr=True).status(f"opening {name}"):
        return open_dataset(name, data_dir, cast("Protocol", protocol))
