"""RAD: recommendation data whose users say why. ``rad.load(name)`` is all that a reader needs.

>>> import rad
>>> data = rad.load("world:users=200,items=300")
>>> example = next(iter(data.examples["test"]))
>>> example["rationale"].get("text")
'Nothing in the history points anywhere: perhaps a gift or an impulse.'
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal, overload

from rad.errors import quiet_interruptions

if TYPE_CHECKING:
    import datasets

    from rad.data.tables import Loaded

    __version__: str
else:

    def __getattr__(name: str) -> str:
        """``rad.__version__``, read from the installed package: pyproject.toml alone states it."""
        if name == "__version__":
            from importlib import metadata

            return metadata.version("rad-bench")
        raise AttributeError(f"module 'rad' has no attribute '{name}'")


quiet_interruptions()


@overload
def load(name: str, config: None = None, data_dir: str | Path | None = None) -> Loaded: ...
@overload
def load(name: str, config: Literal["examples"], data_dir: str | Path | None = None) -> datasets.DatasetDict: ...
@overload
def load(
    name: str, config: Literal["items", "rationales", "instruct"], data_dir: str | Path | None = None
) -> datasets.Dataset: ...
def load(name: str, config: str | None = None, data_dir: str | Path | None = None) -> object:
    """A domain as ``datasets`` tables: ``.examples`` (by split), ``.items``, ``.rationales``, ``.instruct``.

    ``name`` is a file of ``rad/domains`` (``world``, ``scientific``), with an argument where the domain takes one
    (``world:seed=3``); or a release: ``OWNER/NAME@REVISION`` of the Hub, or a folder. ``config`` asks for one of the
    tables alone: ``rad.load("world", "instruct")`` has the training queries as conversations whose assistant writes the
    rationale, for whatever trains language models. Built-in worlds need nothing; for real data, and for a release of
    it, ``data_dir`` (or the environment variable ``RAD_DATA``) names the folder with the raw files. Raises
    :class:`rad.errors.RadError`, whose text says what to do, on an unknown name and on missing or broken files. Nothing
    is fetched but releases.
    """
    from rad.data import tables  # here, so that importing rad stays quick

    return tables.load(name, config, data_dir)
